import jax
import jax.numpy as jnp
import numpy as np
import pytest
from reference.slow_information import (
    slow_bins,
    slow_corrected,
    slow_information,
    slow_p_value,
)

from camtrap_jax.units import (
    corrected_information,
    false_discovery_rates,
    information_sign,
    mutual_information,
    permutation_p_values,
)
from camtrap_jax.units.binning import bin_of, frequency_bins

NUM_CLASSES = 4

pytestmark = pytest.mark.usefixtures("machine")


def response_bins(responses, used, num_bins):
    return bin_of(responses, frequency_bins(responses, used, num_bins=num_bins))


def sample(num_images=157, num_units=9, seed=0):
    """Post-ReLU responses: with ties, without zeros, constant, silent, of two values."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, NUM_CLASSES, num_images)
    responses = np.maximum(rng.normal(size=(num_images, num_units)) + 0.3 * labels[:, None], 0)
    responses[:, 1] = np.round(responses[:, 1])  # many ties
    responses[:, 2] += 1  # no zeros
    responses[:, 3] = np.where(rng.random(num_images) < 0.97, 0, responses[:, 3])  # few active
    responses[:, 4] = 0
    responses[:, 5] = 0.1
    responses[:, 6] = np.where(responses[:, 6] > 0, 7.0, 0)  # two values
    return responses.astype(np.float32), labels.astype(np.int32)


@pytest.mark.parametrize("num_bins", [2, 3, 10, 40])
def test_equals_sklearn_on_the_same_bins(num_bins):
    responses, labels = sample()
    expected = slow_information(responses, labels, NUM_CLASSES, num_bins)
    got = mutual_information(responses, labels, num_classes=NUM_CLASSES, num_bins=num_bins)
    np.testing.assert_allclose(got, expected, atol=2e-6)
    assert (np.asarray(got) >= 0).all()
    assert (got[4:6] == 0).all()  # constant units, zero or not


@pytest.mark.parametrize("num_bins", [2, 5, 10])
def test_bins_are_those_of_the_slow_version(num_bins):
    responses, _ = sample()
    got = response_bins(responses, np.ones(len(responses), bool), num_bins=num_bins)
    for unit in range(responses.shape[1]):
        np.testing.assert_array_equal(got[:, unit], slow_bins(responses[:, unit], num_bins))


def test_bins_hold_equal_numbers_and_zeros_take_one():
    values = np.r_[np.zeros(7), np.arange(1, 91)].astype(np.float32)[:, None]
    used = np.ones(len(values), bool)
    bins = np.asarray(response_bins(values, used, num_bins=10))[:, 0]
    np.testing.assert_array_equal(np.bincount(bins), [7] + [10] * 9)
    bins = np.asarray(response_bins(values[7:], used[7:], num_bins=10))[:, 0]
    np.testing.assert_array_equal(np.bincount(bins), [9] * 10)


def test_corrected_equals_the_slow_version():
    responses, labels = sample()
    got = corrected_information(responses, labels, num_classes=NUM_CLASSES)
    expected = [
        [slow_corrected(responses[:, unit], labels == label) for label in range(NUM_CLASSES)]
        for unit in range(responses.shape[1])
    ]
    np.testing.assert_allclose(got, expected, atol=2e-6)


def test_correction_takes_the_bias_off():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(NUM_CLASSES), 250)
    responses = rng.random((1000, 300)).astype(np.float32)
    plain = np.asarray(mutual_information(responses, labels, num_classes=NUM_CLASSES))
    corrected = np.asarray(corrected_information(responses, labels, num_classes=NUM_CLASSES))
    # The plug-in estimate of independent variables lies (bins - 1)(2 - 1) / (2 n) too high.
    np.testing.assert_allclose(plain.mean(), 9 / 2000, rtol=0.05)
    assert corrected.mean() < 0.3 * plain.mean()


def test_perfect_detector_has_the_entropy_of_the_species():
    labels = np.repeat(np.arange(NUM_CLASSES), [10, 30, 20, 40])
    responses = (labels == 2)[:, None].astype(np.float32) * np.linspace(1, 2, 100)[:, None]
    information = mutual_information(
        responses.astype(np.float32), labels, num_classes=NUM_CLASSES, num_bins=10
    )
    entropy = -(0.2 * np.log(0.2) + 0.8 * np.log(0.8))
    np.testing.assert_allclose(information[0, 2], entropy, rtol=1e-6)
    silent = mutual_information(
        (labels != 2)[:, None].astype(np.float32), labels, num_classes=NUM_CLASSES
    )
    np.testing.assert_allclose(silent[0, 2], entropy, rtol=1e-6)  # silence tells as much


def test_independent_unit_has_none():
    labels = np.tile(np.arange(NUM_CLASSES), 30)
    responses = np.repeat(np.arange(30), NUM_CLASSES)[:, None].astype(np.float32)
    information = mutual_information(responses, labels, num_classes=NUM_CLASSES)
    np.testing.assert_allclose(information, 0, atol=1e-7)


def test_absent_or_only_species_has_none():
    responses, _ = sample()
    only = mutual_information(responses, np.ones(len(responses), int), num_classes=NUM_CLASSES)
    assert (only == 0).all()


@pytest.mark.parametrize("monotone", [np.sqrt, lambda x: 3 * x, lambda x: np.exp(x) - 1])
def test_monotone_transform_changes_nothing(monotone):
    responses, labels = sample()
    responses = np.round(responses, 2)
    before = mutual_information(responses, labels, num_classes=NUM_CLASSES)
    after = mutual_information(
        monotone(responses).astype(np.float32), labels, num_classes=NUM_CLASSES
    )
    np.testing.assert_array_equal(before, after)


def test_order_of_images_changes_nothing():
    responses, labels = sample()
    order = np.random.default_rng(1).permutation(len(labels))
    for function in (mutual_information, corrected_information):
        np.testing.assert_array_equal(
            function(responses, labels, num_classes=NUM_CLASSES),
            function(responses[order], labels[order], num_classes=NUM_CLASSES),
        )


def test_left_out_images_count_nowhere():
    responses, labels = sample()
    labels = np.where(np.arange(len(labels)) % 3 == 0, -1, labels)
    kept = labels >= 0
    for function in (mutual_information, corrected_information, information_sign):
        np.testing.assert_allclose(
            function(responses, labels, num_classes=NUM_CLASSES),
            function(responses[kept], labels[kept], num_classes=NUM_CLASSES),
            atol=1e-7,
        )
    arguments = {"num_classes": NUM_CLASSES, "permutations": 7, "seed": 3}
    np.testing.assert_array_equal(
        permutation_p_values(responses, labels, **arguments),
        permutation_p_values(responses[kept], labels[kept], **arguments),
    )


def test_works_inside_jit():
    responses, labels = sample()
    inside = jax.jit(lambda r, y: mutual_information(r, y, num_classes=NUM_CLASSES))
    np.testing.assert_allclose(
        inside(jnp.asarray(responses), jnp.asarray(labels)),
        mutual_information(responses, labels, num_classes=NUM_CLASSES),
        atol=1e-6,
    )


def test_too_few_bins_are_refused():
    responses, labels = sample()
    with pytest.raises(ValueError, match="num_bins"):
        mutual_information(responses, labels, num_classes=NUM_CLASSES, num_bins=1)


def test_sign_compares_with_the_rest():
    responses, labels = sample()
    got = np.asarray(information_sign(responses, labels, num_classes=NUM_CLASSES))
    for unit in range(responses.shape[1]):
        for label in range(NUM_CLASSES):
            own, rest = labels == label, labels != label
            more = responses[own, unit].mean() > responses[rest, unit].mean()
            constant = np.ptp(responses[:, unit]) == 0
            assert got[unit, label] == (1 if more and not constant else -1)
    absent = information_sign(responses, labels, num_classes=NUM_CLASSES + 1)
    assert (absent[:, NUM_CLASSES] == -1).all()


def test_a_constant_unit_never_responds_more():
    # Means of equal numbers over groups of different sizes differ in their last digit.
    constants = np.tile(np.linspace(0.01, 9, 64, dtype=np.float32), (157, 1))
    _, labels = sample()
    assert (information_sign(constants, labels, num_classes=NUM_CLASSES) == -1).all()


def test_p_values_equal_the_slow_version():
    responses, labels = sample(80, 7)
    got = permutation_p_values(
        responses, labels, num_classes=NUM_CLASSES, num_bins=5, permutations=23, seed=7
    )
    expected = [
        [
            slow_p_value(responses[:, u], labels, c, num_bins=5, permutations=23, seed=7)
            for c in range(NUM_CLASSES)
        ]
        for u in range(7)
    ]
    np.testing.assert_allclose(got, expected)
    assert (got[4:6] == 1).all()  # constant units


def test_p_values_of_noise_are_uniform_and_of_a_detector_lowest():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(NUM_CLASSES), 40)
    responses = rng.random((160, 400)).astype(np.float32)
    responses[:, 0] += 5 * (labels == 1)
    got = permutation_p_values(responses, labels, num_classes=NUM_CLASSES, permutations=99)
    assert got[0, 1] == 1 / 100
    for level in (0.05, 0.2, 0.5):
        # One species after another is nearly independent; 4.5 standard errors.
        assert abs((got[1:, 0] <= level).mean() - level) < 4.5 * np.sqrt(level / 400)


def test_no_permutations_say_nothing():
    responses, labels = sample()
    got = permutation_p_values(responses, labels, num_classes=NUM_CLASSES, permutations=0)
    assert (got == 1).all()


def test_frames_of_a_burst_are_shuffled_as_one():
    """Units that are alike within bursts and know nothing: p-values are honest by whole bursts."""
    rng = np.random.default_rng(0)
    bursts = np.repeat(np.arange(80), 4)
    labels = rng.integers(0, NUM_CLASSES, 80)[bursts]
    responses = rng.random((80, 300)).astype(np.float32)[bursts]
    arguments = {"num_classes": NUM_CLASSES, "permutations": 99, "num_bins": 5}
    honest = permutation_p_values(responses, labels, groups=bursts, **arguments)
    assert abs((honest <= 0.1).mean() - 0.1) < 0.04
    naive = permutation_p_values(responses, labels, **arguments)
    assert (naive <= 0.1).mean() > 0.5
    alone = permutation_p_values(responses, labels, groups=np.arange(320), **arguments)
    # Each image a burst of its own: the same shuffles in another order.
    assert abs(alone.mean() - naive.mean()) < 0.02


def test_false_discovery_rates_by_hand():
    p_values = np.array([[0.01, 0.02], [0.03, np.nan], [0.5, 0.04]])
    # Sorted 0.01 0.02 0.03 0.04 0.5, times 5 / rank: 0.05 0.05 0.05 0.05 0.5.
    expected = np.array([[0.05, 0.05], [0.05, np.nan], [0.5, 0.05]])
    np.testing.assert_allclose(false_discovery_rates(p_values), expected)
    assert np.isnan(false_discovery_rates(np.full((2, 2), np.nan))).all()
