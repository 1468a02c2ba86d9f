"""Bins of other kinds, and counts that arrive in parts."""

import numpy as np
import pytest
from reference.slow_information import slow_information

from camtrap_jax.units import (
    bin_of,
    corrected_information,
    corrected_of_counts,
    count_responses,
    counting,
    frequency_bins,
    given_bins,
    information_of_counts,
    information_sign,
    mutual_information,
    sign_of_counts,
    width_bins,
)

NUM_CLASSES = 3

pytestmark = pytest.mark.usefixtures("machine")


def sample(num_images=211, num_units=5, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(-1, NUM_CLASSES, num_images)
    responses = np.maximum(rng.normal(size=(num_images, num_units)) + 0.4 * labels[:, None], 0)
    responses[:, 3] = 0.1
    responses[:, 4] -= 0.5  # negative values and no zeros
    return responses.astype(np.float32), labels.astype(np.int32)


def test_equal_widths_are_numpys():
    responses, labels = sample()
    used = labels >= 0
    got = np.asarray(bin_of(responses, width_bins(responses, used, num_bins=7)))
    for unit in (0, 1, 2, 4):
        edges = np.histogram_bin_edges(responses[used, unit].astype(np.float64), 7)
        expected = np.clip(np.digitize(responses[used, unit], edges) - 1, 0, 6)
        # An inner edge may round to the other side of a response that lies on it.
        assert (got[used, unit] != expected).mean() < 0.01
    assert (got[:, 3] == got[0, 3]).all()


def test_given_edges_cut_every_unit_alike():
    responses, labels = sample()
    bins = given_bins([-0.2, 0.0, 0.5, 1.5], num_units=responses.shape[1])
    assert bins.number == 5
    expected = np.digitize(responses, np.float32([-0.2, 0.0, 0.5, 1.5]))
    np.testing.assert_array_equal(bin_of(responses, bins), expected)
    nats = mutual_information(responses, labels, num_classes=NUM_CLASSES, bins=bins)
    # sklearn on the bins themselves.
    used = labels >= 0
    by_hand = slow_information(
        expected[used].astype(float) + 1, labels[used], NUM_CLASSES, num_bins=100
    )
    np.testing.assert_allclose(nats, by_hand, atol=2e-6)


@pytest.mark.parametrize("edges", [[], [1.0, 1.0], [2.0, 1.0], [[1.0]], [np.nan, 1.0]])
def test_edges_that_do_not_rise_are_refused(edges):
    with pytest.raises(ValueError, match="edges: expected rising numbers"):
        given_bins(edges, num_units=2)


@pytest.mark.parametrize("sizes", [[211], [1, 210], [100, 11, 0, 100]])
def test_a_stream_in_any_parts_is_the_whole(sizes, monkeypatch):
    monkeypatch.setattr(counting, "CHUNK", 64)
    responses, labels = sample()
    bins = frequency_bins(responses, labels >= 0, num_bins=6)
    ends = np.cumsum(sizes)[:-1]
    parts = [
        count_responses(r, y, bins, num_classes=NUM_CLASSES)
        for r, y in zip(np.split(responses, ends), np.split(labels, ends), strict=True)
    ]
    total = parts[0]
    for part in parts[1:]:
        total = part + total
    used = labels >= 0
    for label in range(NUM_CLASSES):
        assert total.images[label] == (labels == label).sum()
    given = {"num_classes": NUM_CLASSES, "bins": bins}
    cells = total.cells.astype(np.float64)
    plain = information_of_counts(cells)
    assert plain.dtype == np.float64
    np.testing.assert_allclose(plain, mutual_information(responses, labels, **given), atol=1e-6)
    np.testing.assert_allclose(
        corrected_of_counts(cells), corrected_information(responses, labels, **given), atol=1e-6
    )
    np.testing.assert_array_equal(
        sign_of_counts(total), information_sign(responses, labels, num_classes=NUM_CLASSES)
    )
    np.testing.assert_array_equal(plain, information_of_counts(cells[:, ::1]))
    assert total.cells.sum() == used.sum() * responses.shape[1]


def test_more_images_than_float32_counts():
    """Ten images, a billion times each: float32 would lose the odd ones."""
    responses, labels = sample(10)
    bins = frequency_bins(responses, labels >= 0, num_bins=3)
    once = count_responses(responses, labels, bins, num_classes=NUM_CLASSES)
    many = counting.Counts(once.cells * 10**9 + 1, once.sums * 1e9)
    cells = many.cells.astype(np.float64)
    np.testing.assert_allclose(
        information_of_counts(cells), information_of_counts(once.cells / 1.0), atol=1e-7
    )
    assert (many.images == once.images * 10**9 + bins.number).all()


def test_counts_of_other_bins_are_refused():
    responses, labels = sample()
    bins = frequency_bins(responses, labels >= 0, num_bins=6)
    other = frequency_bins(responses, labels >= 0, num_bins=5)
    counts = [count_responses(responses, labels, b, num_classes=NUM_CLASSES) for b in (bins, other)]
    with pytest.raises(ValueError, match="counts: expected"):
        counts[0] + counts[1]
