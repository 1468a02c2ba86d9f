"""Rank correlation against SciPy's, structural similarity against loops over windows."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from reference.slow_quality import slow_ssim
from scipy.stats import spearmanr

from camtrap_jax.explain import similarity
from camtrap_jax.explain.cam import upsample

spearman, ssim = jax.jit(similarity.spearman), jax.jit(similarity.ssim)
RNG = np.random.default_rng(0)
A = RNG.random((4, 14, 17)).astype(np.float32)
B = (A + RNG.normal(size=A.shape)).astype(np.float32)


def scipy_spearman(a, b):
    return [spearmanr(x, y, axis=None).statistic for x, y in zip(a, b, strict=True)]


SMALL = arrays(np.float32, (1, 3, 4), elements=st.integers(-2, 2).map(float))


@given(SMALL, SMALL)
@settings(deadline=None)
def test_ranks_correlate_as_scipy_has_them_with_any_ties(a, b):
    found = spearman(a, b)[0]
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        assert np.isnan(found)
    else:
        np.testing.assert_allclose(found, scipy_spearman(a, b)[0], atol=1e-6)


def test_ranks_of_whole_images_are_counted_precisely():
    a = RNG.random((3, 224, 224)).astype(np.float32)
    a[0, :150] = 0  # as a ReLU leaves it
    b = np.maximum(a + RNG.normal(size=a.shape).astype(np.float32), 0).astype(np.float16)
    np.testing.assert_allclose(spearman(a, b), scipy_spearman(a, b), atol=2e-6)


def test_only_the_order_of_values_counts_for_the_correlation():
    expected = spearman(A, B)
    assert (np.abs(expected) < 0.9).all()
    np.testing.assert_allclose(spearman(np.exp(3 * A), B**3), expected, atol=1e-6)
    np.testing.assert_allclose(spearman(B, A), expected, atol=1e-6)
    np.testing.assert_allclose(spearman(-A, B), -expected, atol=1e-6)
    np.testing.assert_allclose(spearman(A, 2 * A - 1), 1, atol=1e-6)
    np.testing.assert_allclose(spearman(A, -A), -1, atol=1e-6)


def test_a_map_of_one_value_has_no_similarity_to_any():
    a, b = A.copy(), B.copy()
    a[1], b[2], a[3], b[3] = 0, 0.7, 5, 5
    for compiled in (spearman, ssim):
        np.testing.assert_array_equal(np.isnan(compiled(a, b)), [False, True, True, True])


@pytest.mark.parametrize("name", ["spearman", "ssim"])
def test_neither_batch_nor_jit_changes_a_similarity(name):
    function = getattr(similarity, name)
    compiled = jax.jit(function)
    whole = compiled(A, B)
    np.testing.assert_allclose(function(A, B), whole, atol=1e-6)
    for number in range(len(A)):
        one = slice(number, number + 1)
        np.testing.assert_allclose(compiled(A[one], B[one]), whole[one], atol=1e-6)


def smooth(seed, size):
    coarse = np.random.default_rng(seed).random((4, 4, 5)).astype(np.float32)
    return np.asarray(upsample(jnp.asarray(coarse), size))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (A, B),
        (A, -A),
        (A[:, :11, :11], B[:, :11, :11]),  # a single window
        (smooth(0, (20, 23)), smooth(1, (20, 23))),
        (np.maximum(A - 0.8, 0), np.maximum(A - 0.7, 0)),  # mostly 0
        (1e-9 * A, 1e4 * B),
    ],
)
def test_structural_similarity_equals_loops_over_windows(a, b):
    expected = [slow_ssim(x, y) for x, y in zip(a, b, strict=True)]
    np.testing.assert_allclose(ssim(a, b), expected, atol=2e-4)


def test_structural_similarity_is_of_the_shape_alone():
    expected = ssim(A, B)
    np.testing.assert_allclose(ssim(A, A), 1, atol=1e-5)
    np.testing.assert_allclose(ssim(100 * A - 3, A), 1, atol=1e-3)
    np.testing.assert_allclose(ssim(B, A), expected, atol=1e-5)
    np.testing.assert_allclose(ssim(A.swapaxes(1, 2), B.swapaxes(1, 2)), expected, atol=1e-5)
    assert (ssim(A, -A) < 0).all()


def test_maps_smaller_than_the_window_are_to_be_enlarged():
    heatmaps = A[:, :7, :7]
    with pytest.raises(ValueError, match="at least 11 x 11 px, got 7 x 7; enlarge"):
        ssim(heatmaps, heatmaps)
    large = upsample(jnp.asarray(heatmaps), (56, 56))
    np.testing.assert_allclose(ssim(large, large), 1, atol=1e-5)
