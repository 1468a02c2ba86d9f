"""A network with its BatchNorm folded into the convolutions computes what it did before."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import traverse_util
from reference.narrow_networks import (
    NUM_CLASSES,
    QUICK,
    doubled,
    narrow_model,
    narrow_network,
    output_and_gradient,
    random_images,
    random_variables,
)

from camtrap_jax.models.folding import fold_norms
from camtrap_jax.models.torchvision import variable_shapes

TARGETS = np.array([3, 1])
TOLERANCE = {np.float64: 1e-10, np.float32: 1e-4}  # of the largest value
RELUS = 49


@pytest.fixture(scope="module")
def images():
    """Where no activation lies within rounding of 0, even in single precision."""
    return random_images(2, 64, 48, seed=2)


@pytest.fixture(scope="module")
def unfolded(images):
    return output_and_gradient("resnet50", images, TARGETS)


@functools.cache
def folded_network(dtype):
    model = narrow_model("resnet50", dtype=dtype)
    variables = random_variables(narrow_model("resnet50"))
    with jax.enable_x64(dtype == np.float64):
        fold = jax.jit(lambda variables: model.fold(variables)[1])
        folded = fold(doubled(variables) if dtype == np.float64 else variables)
    return model.fold(variables)[0], folded


def folded_output_and_gradient(images, dtype):
    model, variables = folded_network(dtype)
    calls = []

    def act(x):
        calls.append(None)
        return jax.nn.relu(x)

    def run(variables, images):
        def chosen(images):
            output = model.clone(act=act).apply(variables, images)
            return (output.logits * jax.nn.one_hot(TARGETS, NUM_CLASSES)).sum(), output

        (_, output), gradient = jax.value_and_grad(chosen, has_aux=True)(images)
        return output, gradient

    with jax.enable_x64(dtype == np.float64):
        program = jax.jit(run, compiler_options=QUICK)
        found = jax.device_get(program(variables, jnp.asarray(images, dtype)))
    assert len(calls) == RELUS
    return found


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_a_folded_resnet_computes_what_it_did_and_has_its_gradient(images, unfolded, dtype):
    output, gradient = folded_output_and_gradient(images, dtype)
    expected, expected_gradient = unfolded
    pairs = {
        "logits": (output.logits, expected.logits),
        "features": (output.features, expected.features),
        "maps": (output.maps, expected.maps),
        "gradient": (gradient, expected_gradient),
    }
    for name, (value, reference) in pairs.items():
        assert value.dtype == dtype, name
        atol = TOLERANCE[dtype] * np.abs(reference).max()
        np.testing.assert_allclose(value, reference, rtol=0, atol=atol, err_msg=name)


def test_of_batch_norm_nothing_is_left_and_every_convolution_has_a_bias():
    model, variables = folded_network(np.float32)
    assert variables.keys() == {"params"}
    shapes = traverse_util.flatten_dict(variable_shapes(model))
    found = traverse_util.flatten_dict(variables)
    assert found.keys() == shapes.keys()
    for key, leaf in found.items():
        assert leaf.shape == shapes[key].shape, key
        assert not any("bn" in part for part in key)
    kernels = [key for key in found if key[-1] == "kernel"]
    assert len(kernels) == 53 + 1
    assert all((*key[:-1], "bias") in found for key in kernels)


def test_the_dense_layer_stays_as_it_is():
    given = narrow_network("resnet50")[1]["params"]["fc"]
    folded = folded_network(np.float32)[1]["params"]["fc"]
    jax.tree.map(np.testing.assert_array_equal, folded, given)


def test_folding_twice_is_folding_once():
    model, variables = folded_network(np.float32)
    again, same = model.fold(variables)
    assert again == model
    assert again.folded
    jax.tree.map(np.testing.assert_array_equal, same, variables)


def test_vgg_has_nothing_to_fold():
    model, variables = narrow_network("vgg16")
    same, unchanged = model.fold(variables)
    assert same is model
    assert unchanged is variables


def test_a_fold_by_hand():
    """Of kernels 2 and 5: times 3 / sqrt(4) + 1, and times -2 / sqrt(0.25) + 0.5."""
    norm = {"scale": jnp.array([3.0, -2.0]), "bias": jnp.array([1.0, 0.5])}
    variance = jnp.array([4.0, 0.25]) - 1e-5  # to which epsilon is added
    statistics = {"mean": jnp.array([2.0, -1.0]), "var": variance}
    kernel = jnp.array([[[[2.0, 5.0]]]])
    other = {"kernel": jnp.array([[7.0]])}
    variables = {
        "params": {
            "c": {"kernel": kernel},
            "n": norm,
            "block": {"c": {"kernel": kernel}, "n": norm},
            "fc": other,
        },
        "batch_stats": {"n": statistics, "block": {"n": statistics}},
    }
    folded = fold_norms(variables, {"n": "c"})
    assert folded.keys() == {"params"}
    params = folded["params"]
    assert params.keys() == {"c", "block", "fc"}
    assert params["block"].keys() == {"c"}
    assert params["fc"] == other
    for layer in (params["c"], params["block"]["c"]):
        np.testing.assert_allclose(layer["kernel"], [[[[3, -20]]]], rtol=1e-6)
        np.testing.assert_allclose(layer["bias"], [1 - 2 * 1.5, 0.5 + 1 * -4], rtol=1e-6)
