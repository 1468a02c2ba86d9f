"""Which class is explained, and against which, by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from camtrap_jax.explain.targets import PREDICTED, RUNNER_UP, resolve, rivals, seeds

LOGITS = jnp.array([[1.0, 5.0, -2.0, 3.0], [0.5, -1.0, -0.25, -3.0], [-4.0, -3.0, -2.0, -1.0]])
FIRST, SECOND, THIRD = np.array([1, 0, 3]), np.array([3, 2, 2]), np.array([0, 1, 1])


def every(class_):
    return jnp.full(3, class_)


def test_the_predicted_class_and_the_runner_up_have_the_largest_logits():
    np.testing.assert_array_equal(resolve(LOGITS, every(PREDICTED)), FIRST)
    np.testing.assert_array_equal(resolve(LOGITS, every(RUNNER_UP)), SECOND)


@pytest.mark.parametrize("class_", range(4))
def test_a_class_stays_what_it_is(class_):
    np.testing.assert_array_equal(resolve(LOGITS, every(class_)), [class_] * 3)


def test_each_image_has_its_own_and_may_have_several():
    targets = jnp.array([[PREDICTED, 2], [1, RUNNER_UP], [RUNNER_UP, PREDICTED]])
    resolved = resolve(LOGITS, targets)
    np.testing.assert_array_equal(resolved, [[1, 2], [1, 2], [2, 3]])
    assert resolved.dtype == jnp.int32
    np.testing.assert_array_equal(resolve(LOGITS, targets[:, 0]), [1, 1, 2])


@pytest.mark.parametrize(
    ("logits", "predicted", "runner_up"),
    [
        ([1.0, 3, 3, 0], 1, 2),
        ([3.0, 1, 0, 3], 0, 3),
        ([0.0, 2, 1, 1], 1, 2),
        ([1.0, 1, 2, 0], 2, 0),
        ([7.0, 7, 7, 7], 0, 1),
        ([0.0, 0, 0, -1], 0, 1),
    ],
)
def test_the_first_of_equal_logits_wins_and_the_runner_up_is_another_class(
    logits, predicted, runner_up
):
    targets = jnp.array([[PREDICTED, RUNNER_UP]])
    np.testing.assert_array_equal(resolve(jnp.array([logits]), targets), [[predicted, runner_up]])
    against = jnp.full((1, 2), PREDICTED)
    found = seeds(jnp.array([logits]), resolve(jnp.array([logits]), targets), against)
    lead = np.eye(4)[predicted] - np.eye(4)[runner_up]
    np.testing.assert_array_equal(found, [[lead, -lead]])


def test_one_seed_is_one_at_the_target():
    found = seeds(LOGITS, jnp.array([2, 0, 3]), None)
    np.testing.assert_array_equal(found, [[0, 0, 1, 0], [1, 0, 0, 0], [0, 0, 0, 1]])
    several = seeds(LOGITS, jnp.array([[2, 1], [0, 0], [3, 2]]), None)
    np.testing.assert_array_equal(several[:, 0], found)
    np.testing.assert_array_equal(several[:, 1], [[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0]])


def test_a_lead_is_one_at_the_target_and_minus_one_at_its_rival():
    found = seeds(LOGITS, jnp.array([2, 3, 0]), jnp.array([0, PREDICTED, RUNNER_UP]))
    np.testing.assert_array_equal(found, [[-1, 0, 1, 0], [-1, 0, 0, 1], [1, 0, -1, 0]])


@pytest.mark.parametrize(
    ("targets", "against", "rival"),
    [
        (FIRST, THIRD, THIRD),
        (THIRD, FIRST, FIRST),
        (SECOND, every(PREDICTED), FIRST),
        (FIRST, every(PREDICTED), SECOND),
        (FIRST, FIRST, SECOND),
        (FIRST, every(RUNNER_UP), SECOND),
        (SECOND, every(RUNNER_UP), FIRST),
        (SECOND, SECOND, FIRST),
        (THIRD, every(RUNNER_UP), SECOND),
        (THIRD, THIRD, FIRST),
    ],
)
def test_the_rival_of_a_class_against_itself_is_the_strongest_other(targets, against, rival):
    targets, against = jnp.asarray(targets), jnp.asarray(against)
    np.testing.assert_array_equal(rivals(LOGITS, targets, against), rival)
    lead = np.eye(4)[np.asarray(targets)] - np.eye(4)[rival]
    np.testing.assert_array_equal(seeds(LOGITS, targets, against), lead)
    several = seeds(LOGITS, targets[:, None], against[:, None])
    np.testing.assert_array_equal(several, lead[:, None])


def test_seeds_are_of_the_logits_type_and_resolve_can_be_compiled():
    targets = jnp.array([[PREDICTED, 0], [RUNNER_UP, 1], [3, 2]])

    @jax.jit
    def run(logits, targets):
        return seeds(logits, resolve(logits, targets), jnp.full_like(targets, RUNNER_UP))

    found = run(LOGITS.astype(jnp.bfloat16), targets)
    assert found.dtype == jnp.bfloat16
    assert found.shape == (3, 2, 4)
    np.testing.assert_array_equal(found.sum(-1), np.zeros((3, 2)))
