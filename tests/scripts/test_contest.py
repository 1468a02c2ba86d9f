"""The benchmarks' stopwatch, with programs that only wait."""

import sys
from functools import partial
from pathlib import Path

import pytest
from reference.idle_programs import failing, waiting

sys.path.append(str(Path(__file__).parents[2] / "scripts"))

from benchmarks.contest import Contender, call_apart, compete, ratios, spread


def test_rates_are_images_a_second_by_the_wall():
    runs = compete(
        [Contender("slow", partial(waiting, 0.04)), Contender("fast", partial(waiting, 0.02))],
        rounds=3,
        seconds=0.2,
    )
    assert [len(of) for of in runs.values()] == [3, 3]
    slow, fast = ([run.per_sec for run in runs[name]] for name in ("slow", "fast"))
    assert 100 < spread(slow)["median"] <= 251  # a busy machine wakes late, never early
    assert 1.3 < spread(ratios(fast, slow))["median"] < 3
    # Waiting takes no processor's time.
    assert min(run.per_cpu_sec for run in runs["slow"]) > 1000


def test_ratios_are_taken_within_a_round():
    assert ratios([10, 40, 30], [5, 10, 60]) == [2, 4, 0.5]
    assert spread([2, 4, 0.5]) == {"median": 2, "min": 0.5, "max": 4}


def test_a_program_that_fails_ends_the_contest():
    with pytest.raises(RuntimeError, match="a contender ended"):
        compete([Contender("bad", failing)], rounds=1, seconds=0.1)


def test_a_call_apart_returns_its_result():
    assert call_apart(divmod, 7, 2) == (3, 1)
