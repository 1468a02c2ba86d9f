"""Running means of the weights, against the plainest way to keep them."""

import jax
import numpy as np
import pytest
from reference.small_network import assert_same_bits, make_training, random_batch

from camtrap_jax.config import TrainConfig


def slow_average(states, decay):
    """Follows the variables after each update, in double precision, one leaf at a time."""
    means = [np.asarray(leaf, np.float64) for leaf in jax.tree.leaves(states[0])]
    for number, state in enumerate(states[1:], start=1):
        kept = min(decay, number / (number + 9))
        leaves = jax.tree.leaves(state)
        means = [
            kept * m + (1 - kept) * np.asarray(leaf, np.float64)
            for m, leaf in zip(means, leaves, strict=True)
        ]
    return means


def trained(config, num_steps):
    """Returns the variables before the first step and after each, and the last state."""
    state, train_step, _ = make_training(config, num_steps=num_steps)
    seen = [jax.device_get(state.variables)]
    for step in range(num_steps):
        state, _ = train_step(state, random_batch(step))
        seen.append(jax.device_get(state.variables))
    return seen, state


@pytest.mark.parametrize("decay", [0.15, 0.9])
def test_means_follow_weights_and_statistics(decay):
    config = TrainConfig(average_decay=decay, learning_rate=0.1, head_learning_rate=0.1)
    seen, state = trained(config, 6)
    for found, expected in zip(
        jax.tree.leaves(state.result), slow_average(seen, decay), strict=True
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
    change = np.abs(
        np.asarray(state.result["params"]["fc8"]["kernel"]) - state.params["fc8"]["kernel"]
    )
    assert change.max() > 1e-4


def test_batches_between_updates_do_not_move_the_means():
    config = TrainConfig(average_decay=0.5, accumulate_steps=3, learning_rate=0.1)
    seen, state = trained(config, 7)
    updates = [seen[0], seen[3], seen[6]]
    for found, expected in zip(
        jax.tree.leaves(state.result), slow_average(updates, 0.5), strict=True
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_training_itself_does_not_see_the_means():
    plain, _ = trained(TrainConfig(), 3)
    averaged, state = trained(TrainConfig(average_decay=0.9), 3)
    assert_same_bits(averaged[-1], plain[-1])
    assert set(state.average) == {"params", "batch_stats"}
