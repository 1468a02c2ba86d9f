"""VGG-16 and ResNet-50: sizes, and every number against NumPy's and torch's versions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import safetensors.numpy
from flax import traverse_util
from reference.narrow_networks import (
    NAMES,
    NUM_CLASSES,
    WIDTH,
    narrow_model,
    narrow_network,
    output_and_gradient,
    random_images,
    random_variables,
)
from reference.numpy_networks import run_network
from reference.programs import primitives

from camtrap_jax.models import load_weights, make_model, save_weights
from camtrap_jax.models.resnet import Bottleneck
from camtrap_jax.models.torchvision import variable_shapes
from camtrap_jax.models.vgg import scaled

PARAMETERS = {"vgg16": 138_357_544, "resnet50": 25_557_032}  # at 1000 classes
CELL_PX = {"vgg16": 16, "resnet50": 32}
DIM = {"vgg16": 4096, "resnet50": 2048}
UNITS = {"vgg16": 512, "resnet50": 2048}
RELUS = {"vgg16": 15, "resnet50": 49}
SIZES = [(64, 96), (97, 70)]  # the second odd and asymmetric, where pooling drops or pads


def cells(name, length):
    """VGG's pooling drops what does not fill a cell; ResNet's strides round up."""
    quotient = length / CELL_PX[name]
    return int(np.floor(quotient) if name == "vgg16" else np.ceil(quotient))


@pytest.mark.parametrize("name", NAMES)
def test_a_network_of_1000_classes_has_the_published_number_of_parameters(name):
    shapes = variable_shapes(make_model(name, num_classes=1000))
    assert (
        sum(np.prod(leaf.shape) for leaf in jax.tree.leaves(shapes["params"])) == (PARAMETERS[name])
    )


@pytest.mark.parametrize("size", [(32, 32), (64, 64), (100, 140), (224, 224)])
@pytest.mark.parametrize("name", NAMES)
def test_any_size_of_image_gives_maps_in_proportion_and_the_same_features(name, size):
    model = make_model(name, num_classes=20)
    images = jax.ShapeDtypeStruct((2, *size, 3), jnp.float32)
    output = jax.eval_shape(model.apply, variable_shapes(model), images)
    assert output._fields == ("logits", "features", "maps")
    assert output.logits.shape == (2, 20)
    assert output.features.shape == (2, DIM[name])
    assert output.maps.shape == (2, cells(name, size[0]), cells(name, size[1]), UNITS[name])
    assert {leaf.dtype for leaf in output} == {np.dtype(np.float32)}


def test_maps_of_224_px_have_the_sizes_of_the_paper():
    assert [cells("vgg16", 224), cells("resnet50", 224)] == [14, 7]


@pytest.mark.parametrize("width", [1 / 16, 0.5])
@pytest.mark.parametrize("name", NAMES)
def test_width_scales_every_layer(name, width):
    model = make_model(name, num_classes=3, width=width)
    output = jax.eval_shape(
        model.apply, variable_shapes(model), jax.ShapeDtypeStruct((1, 64, 64, 3), jnp.float32)
    )
    narrow = 4 * scaled(512, width) if name == "resnet50" else scaled(512, width)
    assert output.maps.shape[-1] == narrow == UNITS[name] * width
    assert output.features.shape[-1] == DIM[name] * width


def test_the_narrowest_layer_keeps_four_channels():
    assert scaled(64, 1e-3) == 4


def test_half_precision_computes_in_it_and_returns_logits_and_features_in_single():
    for name in NAMES:
        model = make_model(name, num_classes=3, width=WIDTH, dtype=jnp.bfloat16)
        images = jax.ShapeDtypeStruct((1, 64, 64, 3), jnp.float32)
        output = jax.eval_shape(model.apply, variable_shapes(model), images)
        assert [leaf.dtype for leaf in output] == [jnp.float32, jnp.float32, jnp.bfloat16]
        assert {leaf.dtype for leaf in jax.tree.leaves(variable_shapes(model))} == {
            np.dtype(np.float32)
        }


def test_another_name_is_refused_with_the_names_there_are():
    with pytest.raises(ValueError, match="expected vgg16 or resnet50, got 'vgg19'"):
        make_model("vgg19", num_classes=2)


@pytest.mark.parametrize("name", NAMES)
def test_every_relu_of_the_network_is_its_activation(name):
    calls = []

    def counting(x):
        calls.append(x.shape)
        return x

    model = narrow_model(name)
    variables, images = random_variables(model), jnp.zeros((1, 64, 64, 3))
    program = jax.make_jaxpr(model.clone(act=counting).apply)(variables, images)
    assert len(calls) == RELUS[name]
    # With the activation gone, nothing that rectifies is left.
    names = set(primitives(program.jaxpr))
    assert "reduce_window_max" in names
    assert not names & {"max", "clamp", "select_n", "custom_jvp_call"}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", NAMES)
def test_outputs_and_gradient_equal_numpy_on_the_saved_tensors(name, size, tmp_path):
    _, variables = narrow_network(name)
    save_weights(tmp_path / "w.safetensors", variables)
    images, targets = random_images(4, *size), np.array([3, 0, 1, 4])
    output, gradient = output_and_gradient(name, images, targets)
    tensors = safetensors.numpy.load_file(tmp_path / "w.safetensors")
    expected = run_network(name, tensors, images)
    np.testing.assert_allclose(output.logits, expected.logits, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(output.features, expected.features, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(output.maps, expected.maps.transpose(0, 2, 3, 1), atol=1e-10)
    reference = expected.image_gradient(np.eye(NUM_CLASSES)[targets])
    assert_equal_to_its_maximum(gradient, reference)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_torch_wrote_is_read_tensor_for_tensor(name, tmp_path):
    pytest.importorskip("torch")
    from reference import torch_networks
    from safetensors.torch import save_file

    network = torch_networks.torch_network(name, num_classes=NUM_CLASSES, width=WIDTH)
    save_file(network.float().state_dict(), tmp_path / "theirs.safetensors")
    model = narrow_model(name)
    variables = load_weights(tmp_path / "theirs.safetensors", model)
    save_weights(tmp_path / "ours.safetensors", variables)
    ours = safetensors.numpy.load_file(tmp_path / "ours.safetensors")
    theirs = {
        key: value.numpy()
        for key, value in network.state_dict().items()
        if not key.endswith("num_batches_tracked")
    }
    assert ours.keys() == theirs.keys()
    for key, value in theirs.items():
        np.testing.assert_array_equal(ours[key], value, err_msg=key)


def test_dropout_acts_on_both_hidden_layers_of_vgg_and_only_in_training():
    model = narrow_model("vgg16", dropout=0.5)
    variables = random_variables(model)
    maps = jnp.abs(jnp.asarray(random_images(1, 4, 4)[..., :1].astype(np.float32)))
    maps = jnp.tile(maps, (2, 1, 1, 64))

    def head(dropout, *, train, seed=0):
        rngs = {"dropout": jax.random.key(seed)}
        chosen = narrow_model("vgg16", dropout=dropout)
        return chosen.apply(variables, maps, train=train, method="head", rngs=rngs)

    still, features = head(0.5, train=False)
    np.testing.assert_array_equal(still, head(0.0, train=True)[0])
    first, first_features = head(0.5, train=True)
    second, _ = head(0.5, train=True, seed=1)
    assert not np.allclose(first, second)
    # Two identical images are given different masks, on fc6 already.
    np.testing.assert_array_equal(features[0], features[1])
    assert not np.allclose(first_features[0], first_features[1])
    # All of fc7 dropped leaves the bias of fc8: the second mask lies between features and logits.
    gone, _ = head(1.0, train=True)
    bias = variables["params"]["fc8"]["bias"]
    np.testing.assert_allclose(gone, jnp.stack([bias, bias]), rtol=1e-6)


def test_dense_scale_shrinks_the_first_weights_of_both_hidden_layers_and_no_others():
    def first_weights(scale):
        model = narrow_model("vgg16", width=0.02, dense_scale=scale)
        variables = model.init(jax.random.key(0), jnp.zeros((1, 32, 32, 3)))
        return traverse_util.flatten_dict(variables["params"])

    small, large = first_weights(0.1), first_weights(0.4)
    for key, value in large.items():
        factor = 0.25 if key in (("fc6", "kernel"), ("fc7", "kernel")) else 1.0
        np.testing.assert_allclose(small[key], factor * value, rtol=1e-6, err_msg=str(key))


def assert_equal_to_its_maximum(value, reference):
    largest = np.abs(reference).max()
    assert largest > 1e-6
    np.testing.assert_allclose(value, reference, atol=1e-9 * largest)


def test_a_block_of_resnet_starts_as_its_shortcut():
    x = jax.random.normal(jax.random.key(1), (2, 5, 5, 16))
    block = Bottleneck(channels=4, stride=1, project=False, act=jax.nn.relu, dtype=x.dtype)
    output, variables = block.init_with_output(jax.random.key(0), x, train=False)
    np.testing.assert_array_equal(output, jax.nn.relu(x))
    for layer in ("bn1", "bn2"):
        np.testing.assert_array_equal(variables["params"][layer]["scale"], 1)
