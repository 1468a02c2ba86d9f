import threading

import pytest

from camtrap_jax.data.decoding.parallel import ordered_map


def test_results_come_in_order_whichever_is_ready_first():
    last_started = threading.Event()

    def slow_first(item):
        if item == 0:
            assert last_started.wait(10)
        if item == 3:
            last_started.set()
        return item * item

    results = ordered_map(slow_first, range(50), num_threads=4)
    assert list(results) == [item * item for item in range(50)]


def test_only_a_few_items_are_taken_ahead():
    taken = []

    def items():
        for item in range(1000):
            taken.append(item)
            yield item

    results = ordered_map(str, items(), num_threads=2)
    for done in range(1, 100):
        next(results)
        assert len(taken) <= done + 2 * 4
    results.close()
    assert len(taken) < 120


def test_an_error_stops_the_rest():
    def fail(item):
        if item == 5:
            raise KeyError(item)
        return item

    with pytest.raises(KeyError):
        list(ordered_map(fail, range(10**6), num_threads=2))
