"""The guided ReLU by hand, and that it reaches every ReLU of both networks."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from reference.narrow_networks import (
    NAMES,
    NUM_CLASSES,
    doubled,
    explain,
    narrow_network,
    random_images,
)

from camtrap_jax.explain.guided import guided_relu

RELUS = {"vgg16": 15, "resnet50": 49}


def test_the_forward_value_is_the_relu_bit_for_bit():
    x = jnp.asarray(np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32))
    x = x.at[0].set(jnp.array([0.0, -0.0, 1e-38]))
    np.testing.assert_array_equal(guided_relu(x), jax.nn.relu(x))
    np.testing.assert_array_equal(jax.jit(guided_relu)(x), jax.nn.relu(x))


def test_the_gradient_passes_where_input_and_incoming_gradient_are_positive():
    x = jnp.array([2.0, 2.0, -2.0, -2.0, 0.0, 0.0, 0.5])
    cotangent = jnp.array([3.0, -3.0, 3.0, -3.0, 3.0, -3.0, 0.0])
    _, pullback = jax.vjp(guided_relu, x)
    np.testing.assert_array_equal(pullback(cotangent)[0], [3, 0, 0, 0, 0, 0, 0])
    _, pullback = jax.vjp(jax.nn.relu, x)
    np.testing.assert_array_equal(pullback(cotangent)[0], [3, -3, 0, 0, 0, 0, 0])


def test_two_layers_by_hand():
    """y = a.relu(b relu(x)): the negative weight of the second layer stops the signal there."""
    x = jnp.array([1.0, 2.0])

    def network(x, act):
        hidden = act(jnp.array([[1.0, -1.0], [-1.0, 1.0]]) @ act(x))  # (-1, 1)
        return jnp.array([5.0, 7.0]) @ act(hidden)

    np.testing.assert_array_equal(jax.grad(network)(x, jax.nn.relu), [-7, 7])
    np.testing.assert_array_equal(jax.grad(network)(x, guided_relu), [0, 7])


@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float32])
def test_the_gradient_keeps_the_type(dtype):
    gradient = jax.grad(lambda x: guided_relu(x).sum())(jnp.ones(3, dtype))
    assert gradient.dtype == dtype


@jax.custom_vjp
def switched_relu(x, guided):
    """A ReLU that is guided where the number `guided` is 1, and a plain one where it is 0."""
    return jnp.where(x > 0, x, 0)


def _switched_forward(x, guided):
    return switched_relu(x, guided), (x, guided)


def _switched_backward(residuals, cotangent):
    x, guided = residuals
    stopped = (x <= 0) | ((guided > 0) & (cotangent < 0))
    return jnp.where(stopped, 0, cotangent), jnp.zeros_like(guided)


switched_relu.defvjp(_switched_forward, _switched_backward)


@pytest.mark.parametrize("name", NAMES)
def test_every_relu_of_the_network_is_guided_and_each_makes_a_difference(name):
    model, variables = narrow_network(name)
    images, targets = random_images(4, 64, 96), np.array([0, 1, 2, 3])
    expected = explain(name, images, targets).guided_backprop[:2]
    images, targets = images[:2], targets[:2]

    def saliency(variables, images, switches):
        """The gradient of the network whose k-th ReLU is guided where switches[k] is 1."""
        calls = []

        def act(x):
            calls.append(None)
            return switched_relu(x, switches[len(calls) - 1])

        def chosen(images):
            logits = model.clone(act=act).apply(variables, images).logits
            return (logits * jax.nn.one_hot(targets, NUM_CLASSES)).sum()

        gradient = jax.grad(chosen)(images)
        assert len(calls) == len(switches) == RELUS[name]
        return gradient

    with jax.enable_x64(True):
        variables, images = doubled(variables), jnp.asarray(images)
        every = np.ones(RELUS[name])
        compiled = jax.jit(saliency)
        largest = np.abs(expected).max(axis=(1, 2, 3))
        assert largest.min() > 1e-6
        guided = compiled(variables, images, every)
        np.testing.assert_allclose(guided, expected, atol=1e-9 * largest.max())
        for position in range(RELUS[name]):
            one_plain = compiled(variables, images, every - np.eye(len(every))[position])
            change = np.abs(one_plain - expected).max(axis=(1, 2, 3)) / largest
            assert change.max() > 1e-4, f"ReLU {position} is not guided"
