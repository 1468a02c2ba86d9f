"""Insertion and deletion against loops over pixels, and closed forms of networks known by heart."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import numpy_maps
from reference.slow_quality import slow_blur, slow_curve, slow_order

from camtrap_jax.explain.faithfulness import (
    area_under,
    blurred,
    deletion_curve,
    insertion_curve,
    pixel_importance,
    pixel_ranks,
    random_heatmaps,
)

SIZE = (6, 7)  # 42 pixels: no multiple of the steps
STEPS = 5
TARGETS = np.array([2, 0, 1])
RNG = np.random.default_rng(0)
IMAGES = RNG.normal(size=(3, *SIZE, 3)).astype(np.float32)
WEIGHTS = (RNG.normal(size=(*SIZE, 3, 3)) / 3).astype(np.float32)
# Two values only, so that most places are decided among equals.
TIED = (RNG.random((3, *SIZE)) < 0.3).astype(np.float32)
DISTINCT = RNG.random((3, *SIZE)).astype(np.float32)


def network(images):
    """Sees colours, places and neighbours."""
    differences = jnp.square(images[:, 1:] - images[:, :-1]).mean((1, 2))
    return jnp.einsum("bhwc,hwck->bk", images, WEIGHTS) + differences


def slow_network(image):
    differences = np.square(image[1:] - image[:-1]).mean((0, 1))
    return np.einsum("hwc,hwck->k", image, WEIGHTS.astype(np.float64)) + differences


def reader(images):
    """Two classes, whose logits are three times the red of one pixel, and 0."""
    return jnp.stack([3 * images[:, 2, 3, 0], jnp.zeros(len(images))], -1)


def linear(images):
    """Two classes, whose logits are a sum over pixels, and 0."""
    logits = jnp.einsum("bhwc,hwc->b", images, WEIGHTS[..., 0])
    return jnp.stack([logits, jnp.zeros_like(logits)], -1)


# Compiled as a whole: operation by operation most of the time would go into compiling those.
deletion = jax.jit(deletion_curve, static_argnums=0, static_argnames=("steps", "parallel"))
insertion = jax.jit(
    insertion_curve, static_argnums=0, static_argnames=("steps", "blur_px", "parallel")
)
ranks_of = jax.jit(pixel_ranks)
FIRST = np.zeros(3, int)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize("importance", [DISTINCT, TIED, DISTINCT - 0.5])
def test_curves_equal_loops_over_pixels(importance):
    ties = np.asarray(ranks_of(jnp.zeros((1, *SIZE))))[0]
    deleted = deletion(network, IMAGES, importance, TARGETS, steps=STEPS)
    inserted = insertion(network, IMAGES, importance, TARGETS, steps=STEPS, blur_px=1.2)
    for number, (image, target) in enumerate(zip(IMAGES, TARGETS, strict=True)):
        order = slow_order(importance[number], ties)
        gone, blur = np.zeros_like(image), slow_blur(image, 1.2)
        way = {"order": order, "target": target, "steps": STEPS}
        expected = slow_curve(slow_network, image, gone, **way)
        np.testing.assert_allclose(deleted[number], expected, atol=1e-5)
        expected = slow_curve(slow_network, blur, image, **way)
        np.testing.assert_allclose(inserted[number], expected, atol=1e-5)


@pytest.mark.parametrize("steps", [1, 42])
def test_a_network_that_reads_the_best_pixel_is_decided_at_the_first_step(steps):
    importance = np.zeros((3, *SIZE), np.float32)
    importance[:, 2, 3] = 1
    before, after = sigmoid(3 * IMAGES[:, 2, 3, 0]), 0.5
    curve = deletion(reader, IMAGES, importance, FIRST, steps=steps)
    np.testing.assert_allclose(curve, np.c_[before, np.full((3, steps), after)], atol=1e-6)
    area = (before + after) / 2 / steps + after * (1 - 1 / steps)
    np.testing.assert_allclose(area_under(curve), area, atol=1e-6)

    start = sigmoid(3 * np.array([slow_blur(image, 2.0)[2, 3, 0] for image in IMAGES]))
    curve = insertion(reader, IMAGES, importance, FIRST, steps=steps, blur_px=2.0)
    np.testing.assert_allclose(curve, np.c_[start, np.tile(before, (steps, 1)).T], atol=1e-5)
    area = (start + before) / 2 / steps + before * (1 - 1 / steps)
    np.testing.assert_allclose(area_under(curve), area, atol=1e-5)


def test_a_network_that_reads_the_worst_pixel_is_decided_at_the_last_step():
    importance = np.ones((3, *SIZE), np.float32)
    importance[:, 2, 3] = -1
    curve = deletion(reader, IMAGES, importance, np.ones(3, int), steps=4)
    before = sigmoid(-3 * IMAGES[:, 2, 3, 0])  # of the other class
    np.testing.assert_allclose(curve, np.c_[np.tile(before, (4, 1)).T, [0.5] * 3], atol=1e-6)


def test_curves_start_and_end_at_the_networks_own_answers():
    def probability(images):
        return jax.nn.softmax(network(images))[np.arange(3), TARGETS]

    deleted = deletion(network, IMAGES, TIED, TARGETS, steps=STEPS)
    inserted = insertion(network, IMAGES, TIED, TARGETS, steps=STEPS)
    np.testing.assert_allclose(deleted[:, 0], probability(IMAGES), atol=1e-6)
    np.testing.assert_allclose(deleted[:, -1], 1 / 3, atol=1e-6)
    np.testing.assert_allclose(inserted[:, 0], probability(blurred(IMAGES, 5.0)), atol=1e-6)
    np.testing.assert_allclose(inserted[:, -1], probability(IMAGES), atol=1e-6)


@given(st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=30)
def test_no_order_beats_that_of_what_the_pixels_contribute(seed):
    """Where contributions add up, taking the largest first lowers the logit most at every step."""
    contributions = np.einsum("bhwc,hwc->bhw", IMAGES, WEIGHTS[..., 0])
    gains = np.einsum("bhwc,hwc->bhw", IMAGES - blurred(IMAGES, 1.5), WEIGHTS[..., 0])
    other = np.random.default_rng(seed).random(contributions.shape).astype(np.float32)
    areas = [
        area_under(deletion(linear, IMAGES, one, FIRST, steps=STEPS))
        for one in (contributions, other, -contributions)
    ]
    assert (areas[0] <= areas[1] + 1e-6).all()
    assert (areas[1] <= areas[2] + 1e-6).all()
    areas = [
        area_under(insertion(linear, IMAGES, one, FIRST, steps=STEPS, blur_px=1.5))
        for one in (gains, other, -gains)
    ]
    assert (areas[0] >= areas[1] - 1e-6).all()
    assert (areas[1] >= areas[2] - 1e-6).all()


@pytest.mark.parametrize("curve", [deletion_curve, insertion_curve])
def test_neither_batch_nor_jit_nor_parallel_points_change_a_curve(curve):
    compiled = deletion if curve is deletion_curve else insertion
    whole = compiled(network, IMAGES, TIED, TARGETS, steps=STEPS)
    for number in range(3):
        one = slice(number, number + 1)
        alone = compiled(network, IMAGES[one], TIED[one], TARGETS[one], steps=STEPS)
        np.testing.assert_allclose(alone, whole[one], atol=1e-6)
    eager = curve(network, jnp.asarray(IMAGES), jnp.asarray(TIED), TARGETS, steps=STEPS)
    np.testing.assert_allclose(eager, whole, atol=1e-6)
    for parallel in (3, 4, 100):  # six points: a multiple, with a remainder, and all at once
        found = compiled(network, IMAGES, TIED, TARGETS, steps=STEPS, parallel=parallel)
        np.testing.assert_allclose(found, whole, atol=1e-6)


@pytest.mark.parametrize(("parallel", "passes"), [(1, 6), (3, 2)])
def test_points_pass_the_network_a_few_at_a_time(parallel, passes):
    for curve in (deletion, insertion):
        program = jax.make_jaxpr(partial(curve, network, steps=STEPS, parallel=parallel))(
            IMAGES, TIED, TARGETS
        )
        assert f"length={passes}" in str(program)  # of the loop over them


def test_only_the_order_of_a_map_counts():
    ranks = ranks_of(jnp.asarray(DISTINCT))
    for same in (1000 * DISTINCT, DISTINCT**3, DISTINCT - 7):
        np.testing.assert_array_equal(ranks_of(jnp.asarray(same)), ranks)
    flat = DISTINCT.reshape(3, -1)
    np.testing.assert_array_equal(
        ranks.reshape(3, -1), [[(row > value).sum() for value in row] for row in flat]
    )


def test_equals_are_taken_in_one_random_order():
    ranks = np.asarray(ranks_of(jnp.zeros((2, 30, 40)))).astype(float)
    np.testing.assert_array_equal(ranks[0], ranks[1])
    np.testing.assert_array_equal(np.sort(ranks[0], axis=None), np.arange(1200))
    rows, columns = np.mgrid[:30, :40]
    for direction in (rows, columns, 40 * rows + columns):
        assert abs(np.corrcoef(ranks[0].ravel(), direction.ravel())[0, 1]) < 0.08  # 0.03 by chance
    # The same order within the equals of any other map, and zeros of either sign are equal.
    half = jnp.where(columns < 20, 1.0, jnp.where(rows < 15, 0.0, -0.0))
    both = np.asarray(ranks_of(half[None]))[0]
    for part in (columns < 20, columns >= 20):
        np.testing.assert_array_equal(np.argsort(both[part]), np.argsort(ranks[0][part]))


def test_a_map_of_one_value_is_no_better_than_chance():
    """The logit is the mean of a white picture: half of it is left after half of the way."""
    white = jnp.ones((1, 30, 40, 3))
    for weights in (np.mgrid[:30, :40] / 20).astype(np.float32):

        def weighed(images, weights=weights):
            logit = jnp.einsum("bhwc,hw->b", images, weights) / weights.sum()
            return jnp.stack([logit, jnp.zeros_like(logit)], -1)

        curve = deletion(weighed, white, jnp.zeros((1, 30, 40)), np.array([0]), steps=10)
        np.testing.assert_allclose(curve[0], sigmoid(np.linspace(3, 0, 11)), atol=0.03)


def test_areas_by_hand():
    curves = jnp.array([[1.0, 0.5, 0.0], [0.2, 0.2, 0.2], [1.0, 1.0, 0.0]])
    np.testing.assert_allclose(area_under(curves), [0.5, 0.2, 0.75], rtol=1e-6)


def test_a_saliency_is_the_sum_of_its_absolute_values():
    saliency = np.array([[[[1, -2, 0.5], [0, 0, 0]]]], np.float16)
    importance = pixel_importance(saliency, (1, 2))
    assert importance.dtype == np.float32
    np.testing.assert_array_equal(importance, [[[3.5, 0]]])
    large = np.full((1, 1, 1, 3), 60000, np.float16)  # whose sum float16 does not hold
    np.testing.assert_array_equal(
        pixel_importance(large, (1, 1)), [[[3 * float(large[0, 0, 0, 0])]]]
    )


def test_a_heatmap_is_enlarged_and_what_speaks_against_the_class_is_0():
    heatmaps = (DISTINCT[:, :3, :2] - 0.5).astype(np.float16)
    expected = np.maximum(numpy_maps.upsample(heatmaps.astype(np.float64), (8, 9)), 0)
    assert (expected == 0).any()
    np.testing.assert_allclose(pixel_importance(heatmaps, (8, 9)), expected, atol=1e-6)


def test_blurring_equals_loops_and_keeps_a_plain_colour():
    for sigma in (0.7, 2.5):  # the second reaches beyond the image
        expected = [slow_blur(image, sigma) for image in IMAGES]
        np.testing.assert_allclose(blurred(IMAGES, sigma), expected, atol=1e-5)
    np.testing.assert_allclose(blurred(jnp.full((1, 5, 9, 3), 2.5), 5.0), 2.5, rtol=1e-5)


def test_random_maps_are_uniform_and_each_row_has_its_own():
    maps = np.asarray(random_heatmaps(3, (20, 30, 40)))
    np.testing.assert_array_equal(maps[:4], random_heatmaps(3, (4, 30, 40)))
    counts, _ = np.histogram(maps, bins=10, range=(0, 1))
    np.testing.assert_allclose(counts / maps.size, 0.1, atol=0.01)
    ties = np.asarray(ranks_of(jnp.zeros((1, 30, 40))))
    others = np.asarray(random_heatmaps(4, (3, 30, 40)))
    correlations = np.corrcoef(np.concatenate([maps, others, ties]).reshape(24, -1))
    assert np.abs(correlations - np.eye(24)).max() < 0.15  # 0.03 each by chance


def test_a_map_of_another_size_is_refused():
    with pytest.raises(
        ValueError, match=r"expected one value a pixel, \[3, 6, 7\], got \[3, 7, 6\]"
    ):
        deletion_curve(network, IMAGES, DISTINCT.swapaxes(1, 2), TARGETS, steps=STEPS)
