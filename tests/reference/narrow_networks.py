"""Narrow networks with random variables, and what they compute in double precision."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import traverse_util

from camtrap_jax.explain import engine
from camtrap_jax.models import make_model
from camtrap_jax.models.torchvision import variable_shapes

NAMES = ("vgg16", "resnet50")
NUM_CLASSES = 5
WIDTH = 1 / 8
QUICK = {"xla_backend_optimization_level": 1}  # compiles in half the time, runs nearly as fast


def narrow_model(name, **settings):
    """Makes the network at an eighth of its width."""
    return make_model(name, **{"num_classes": NUM_CLASSES, "width": WIDTH, **settings})


@functools.cache
def random_variables(model, seed=0, block_scale=None):
    """Draws variables of a network, BatchNorm's statistics and every bias away from 0 and 1.

    With `block_scale` BatchNorm scales by 1, and what ResNet's blocks add to their shortcuts by so
    much: the smaller, the less a network multiplies rounding.

    `model.init` would leave those trivial, and its compilation takes longer than all the rest.
    """
    rng = np.random.default_rng(seed)
    flat = {}
    for key, leaf in traverse_util.flatten_dict(variable_shapes(model)).items():
        if key[-1] == "kernel":
            scale = np.sqrt(2 / np.prod(leaf.shape[:-1]))
            value = rng.normal(0, scale, leaf.shape)
        elif key[-1] == "var":
            value = rng.uniform(0.5, 1.5, leaf.shape)
        elif key[-1] == "scale" and block_scale is not None:
            value = np.full(leaf.shape, block_scale if key[-2] == "bn3" else 1.0)
        elif key[-1] == "scale":
            value = rng.uniform(0.2, 0.8, leaf.shape)
        else:
            value = rng.normal(0, 0.1, leaf.shape)
        flat[key] = jnp.asarray(value.astype(np.float32))
    return traverse_util.unflatten_dict(flat)


@functools.cache
def narrow_network(name):
    """Returns a narrow network in double precision and its variables, the same in every test.

    In single precision two correct programs may disagree about the sign of an activation near 0,
    and so about its gradient.
    """
    return narrow_model(name, dtype=np.float64), random_variables(narrow_model(name))


def random_images(*shape, seed=1):
    """Draws normalised images, float64."""
    return np.random.default_rng(seed).normal(size=(*shape, 3))


@functools.cache
def _compiled(name):
    model, _ = narrow_network(name)

    def run(variables, images, targets):
        def chosen(images):
            output = model.apply(variables, images)
            rows = jnp.arange(len(images))
            return output.logits[rows, targets].sum(), output

        (_, output), gradient = jax.value_and_grad(chosen, has_aux=True)(images)
        return output, gradient

    return jax.jit(run, compiler_options=QUICK)


def output_and_gradient(name, images, targets):
    """Returns the network's Output and the gradient of the targets' logits, as NumPy arrays."""
    _, variables = narrow_network(name)
    with jax.enable_x64(True):
        result = _compiled(name)(doubled(variables), jnp.asarray(images), jnp.asarray(targets))
        return jax.tree.map(np.asarray, result)


@functools.cache
def _explainer(name):
    model, variables = narrow_network(name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "compiler_options", lambda: QUICK)
        return engine.make_explainer(model, doubled(variables))


def explain(name, images, targets=None):
    """Explains images with all maps in double precision; arrays are NumPy's."""
    with jax.enable_x64(True):
        targets = None if targets is None else jnp.asarray(targets)
        explanation = _explainer(name)(jnp.asarray(images), targets)
        return jax.tree.map(np.asarray, explanation)


def doubled(variables):
    """Returns the variables in double precision; call it where that is enabled."""
    return jax.tree.map(lambda leaf: leaf.astype(np.float64), variables)
