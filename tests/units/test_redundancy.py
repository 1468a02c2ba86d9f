import numpy as np
import pytest
from reference.slow_information import slow_shared_nats

from camtrap_jax.units import unit_redundancy


def sample():
    rng = np.random.default_rng(0)
    shows = rng.random(500) < 0.3
    first = rng.integers(0, 4, 500) + 2 * shows
    second = np.where(rng.random(500) < 0.5, first, rng.integers(0, 3, 500))
    return first, second, shows


def test_equals_entropies_of_the_joint_values():
    first, second, shows = sample()
    h = slow_shared_nats
    found = unit_redundancy(first, second, shows)
    shared = h(first) + h(second) - h(first, second)
    joint = h(first, second) + h(shows) - h(first, second, shows)
    alone = sum(h(unit) + h(shows) - h(unit, shows) for unit in (first, second))
    assert found.shared == pytest.approx(shared)
    assert found.share == pytest.approx(shared / min(h(first), h(second)))
    assert found.joint == pytest.approx(joint)
    assert found.overlap == pytest.approx(alone - joint)
    assert found == pytest.approx(unit_redundancy(second, first, shows))


def test_bins_of_one_byte_are_no_limit():
    rng = np.random.default_rng(2)
    first, second = rng.integers(0, 200, (2, 400))
    shows = rng.random(400) < 0.5
    narrow = unit_redundancy(first.astype(np.uint8), second.astype(np.uint8), shows)
    assert narrow == unit_redundancy(first, second, shows)


def test_a_copy_is_wholly_redundant_and_exclusive_or_wholly_complementary():
    rng = np.random.default_rng(1)
    first, second = rng.integers(0, 2, (2, 20_000))
    copy = unit_redundancy(first, 1 - first, first == 1)
    assert copy.share == pytest.approx(1)
    assert copy.overlap == pytest.approx(copy.joint)
    parity = unit_redundancy(first, second, first != second)
    assert parity.joint == pytest.approx(np.log(2), abs=1e-3)
    assert parity.overlap == pytest.approx(-np.log(2), abs=1e-3)
    assert parity.shared == pytest.approx(0, abs=1e-3)


def test_a_silent_unit_has_no_share():
    first, _, shows = sample()
    assert np.isnan(unit_redundancy(first, np.zeros_like(first), shows).share)
