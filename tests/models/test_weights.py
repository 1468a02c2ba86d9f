"""Weights on disk: names, layouts, errors, and files made to do harm."""

import io
import os
import pickle
import zipfile
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import safetensors.numpy
from flax import traverse_util
from jax import lax
from reference.narrow_networks import NAMES, narrow_model, random_variables

import camtrap_jax
from camtrap_jax.models import load_weights, make_model, save_weights
from camtrap_jax.models.imagenet_convolutions import CAFFE_MEAN, IMAGENET_MEAN, IMAGENET_STD
from camtrap_jax.models.weights import start_from

CONVOLUTIONS = {1: 2, 2: 2, 3: 3, 4: 3, 5: 3}  # of each of VGG's blocks
IMAGENET = Path(camtrap_jax.__file__).parents[2] / "shared/weights/vgg16_imagenet_conv.npz"


def flat(variables):
    return {"/".join(key): leaf for key, leaf in traverse_util.flatten_dict(variables).items()}


def saved_tensors(path, model, **changes):
    """Saves a narrow network with some tensors changed, or left out where the change is None."""
    save_weights(path, random_variables(model))
    tensors = safetensors.numpy.load_file(path) | changes
    kept = {key: value for key, value in tensors.items() if value is not None}
    safetensors.numpy.save_file(kept, path)
    return tensors


def convolution_archive(path, variables):
    """Writes a VGG's convolutions under the names of the ImageNet file."""
    arrays = {}
    for block, count in CONVOLUTIONS.items():
        for layer in range(1, count + 1):
            for kind in ("kernel", "bias"):
                value = variables["params"][f"conv{block}_{layer}"][kind]
                arrays[f"block{block}_conv{layer}/{kind}"] = np.asarray(value)
    np.savez(path, **arrays)
    return arrays


@pytest.mark.parametrize("name", NAMES)
def test_saved_weights_come_back_bit_for_bit(name, tmp_path):
    model = narrow_model(name)
    variables = random_variables(model)
    save_weights(tmp_path / "w.safetensors", variables)
    back = load_weights(str(tmp_path / "w.safetensors"), model)
    assert flat(back).keys() == flat(variables).keys()
    for key, leaf in flat(variables).items():
        np.testing.assert_array_equal(flat(back)[key], leaf, err_msg=key, strict=True)
    assert [path.name for path in tmp_path.iterdir()] == ["w.safetensors"]


@pytest.mark.parametrize("name", NAMES)
def test_weights_are_recognised_by_content_not_by_extension(name, tmp_path):
    model = narrow_model(name)
    variables = random_variables(model)
    suffixes = (".safetensors", ".npz", ".pth", ".pt")
    for suffix, other in zip(suffixes, (*suffixes[1:], suffixes[0]), strict=True):
        save_weights(tmp_path / f"w{suffix}", variables)
        file = (tmp_path / f"w{suffix}").rename(tmp_path / f"renamed{other}")
        for key, leaf in flat(load_weights(file, model)).items():
            np.testing.assert_array_equal(leaf, flat(variables)[key], err_msg=key, strict=True)
    with pytest.raises(ValueError, match=r"w\.bin: expected a name that ends in \.safetensors"):
        save_weights(tmp_path / "w.bin", variables)


def test_tensors_have_torchvision_names_and_layouts(tmp_path):
    variables = random_variables(narrow_model("vgg16"))
    save_weights(tmp_path / "w.safetensors", variables)
    tensors = safetensors.numpy.load_file(tmp_path / "w.safetensors")
    indices = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
    names = {f"features.{i}" for i in indices} | {f"classifier.{i}" for i in (0, 3, 6)}
    assert tensors.keys() == {f"{name}.{kind}" for name in names for kind in ("weight", "bias")}
    kernel = np.asarray(variables["params"]["conv5_3"]["kernel"])
    assert tensors["features.28.weight"][3, 5, 0, 2] == kernel[0, 2, 5, 3]
    dense = np.asarray(variables["params"]["fc6"]["kernel"])
    assert tensors["classifier.0.weight"][7, 11] == dense[11, 7]

    variables = random_variables(narrow_model("resnet50"))
    save_weights(tmp_path / "w.safetensors", variables)
    tensors = safetensors.numpy.load_file(tmp_path / "w.safetensors")
    assert len(tensors) == 53 + 53 * 4 + 2
    block, stats = (variables[kind]["layer3_0"] for kind in ("params", "batch_stats"))
    for name, value in {
        "layer3.0.downsample.1.weight": block["downsample_bn"]["scale"],
        "layer3.0.downsample.1.bias": block["downsample_bn"]["bias"],
        "layer3.0.bn2.running_mean": stats["bn2"]["mean"],
        "layer3.0.bn2.running_var": stats["bn2"]["var"],
    }.items():
        np.testing.assert_array_equal(tensors[name], value)
    assert {"conv1.weight", "bn1.running_var", "layer4.2.conv3.weight", "fc.bias"} < tensors.keys()


def test_a_missing_tensor_is_named_with_its_file(tmp_path):
    path = tmp_path / "w.safetensors"
    saved_tensors(path, narrow_model("resnet50"), **{"layer2.3.bn1.running_var": None})
    message = one_line(ValueError, lambda: load_weights(path, narrow_model("resnet50")))
    assert str(path) in message
    assert "layer2.3.bn1.running_var" in message


def test_the_weights_of_another_network_are_refused(tmp_path):
    save_weights(tmp_path / "w.safetensors", random_variables(narrow_model("vgg16")))
    message = one_line(
        ValueError, lambda: load_weights(tmp_path / "w.safetensors", narrow_model("resnet50"))
    )
    assert "ResNet50" in message


def test_another_number_of_classes_is_named_with_both_shapes(tmp_path):
    path = tmp_path / "w.safetensors"
    save_weights(path, random_variables(narrow_model("vgg16")))
    message = one_line(ValueError, lambda: load_weights(path, narrow_model("vgg16", num_classes=6)))
    assert str(path) in message
    assert "(5,)" in message
    assert "(6,)" in message


def test_shapes_are_told_as_torch_has_them(tmp_path):
    path = tmp_path / "w.safetensors"
    given = {"classifier.6.weight": np.zeros((5, 3), np.float32)}
    wide = saved_tensors(path, narrow_model("vgg16"))["classifier.6.weight"].shape[1]
    saved_tensors(path, narrow_model("vgg16"), **given)
    expected = f"classifier.6.weight has shape (5, 3), the network expects (5, {wide});"
    assert expected in one_line(ValueError, lambda: load_weights(path, narrow_model("vgg16")))


@pytest.mark.parametrize("content", [b"", b"not weights", b"PK\x03\x04 half an archive"])
def test_a_file_that_holds_no_tensors_is_refused_in_one_line(content, tmp_path):
    path = tmp_path / "w.safetensors"
    path.write_bytes(content)
    assert str(path) in one_line(ValueError, lambda: load_weights(path, narrow_model("vgg16")))


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_a_damaged_archive_is_refused_in_one_line(save, tmp_path):
    path = tmp_path / "w.npz"
    save(path, **{"features.0.weight": np.random.default_rng(0).normal(size=(16, 16))})
    whole = path.read_bytes()
    for start in range(80, len(whole) - 160, 100):  # a damaged index is another case
        path.write_bytes(whole[:start] + bytes(16) + whole[start + 16 :])
        assert str(path) in one_line(ValueError, lambda: load_weights(path, narrow_model("vgg16")))


def test_a_missing_file_is_named(tmp_path):
    path = tmp_path / "absent.safetensors"
    message = one_line(FileNotFoundError, lambda: load_weights(path, narrow_model("vgg16")))
    assert str(path) in message
    assert str(tmp_path) in one_line(
        FileNotFoundError, lambda: load_weights(tmp_path, narrow_model("vgg16"))
    )


class Harm:
    """Makes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("read", ["load_weights", "start_from"])
@pytest.mark.parametrize("kind", ["array of objects", "torch archive", "bare pickle", "raw member"])
def test_a_file_that_carries_code_is_refused_and_never_executed(kind, read, tmp_path):
    harm = Harm(tmp_path / "harmed")
    payload = pickle.dumps(harm)
    path = tmp_path / "weights.npz"
    name = "features.0.weight"
    if kind == "array of objects":
        objects = np.empty(1, object)
        objects[0] = harm
        np.savez(path, **{name: objects, "block1_conv1/kernel": objects})
    elif kind == "bare pickle":
        path.write_bytes(payload)
    else:
        member = "archive/data.pkl" if kind == "torch archive" else name + ".npy"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(member, payload)
    pickle.load(io.BytesIO(payload))  # the trap itself works
    harm.path.rmdir()
    model = narrow_model("vgg16")
    if read == "load_weights":
        message = one_line(ValueError, lambda: load_weights(path, model))
    else:
        message = one_line(ValueError, lambda: start_from(path, random_variables(model)))
    assert str(path) in message
    assert not harm.path.exists()


def one_line(error, function):
    with pytest.raises(error) as caught:
        function()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_starting_from_an_archive_replaces_the_convolutions_and_nothing_else(tmp_path):
    model = narrow_model("vgg16")
    before = random_variables(model)
    arrays = convolution_archive(tmp_path / "c.npz", random_variables(model, seed=7))
    after = start_from(tmp_path / "c.npz", before)
    for name in ("fc6", "fc7", "fc8"):
        for kind, leaf in before["params"][name].items():
            np.testing.assert_array_equal(after["params"][name][kind], leaf)
    for key, value in arrays.items():
        name, kind = key.removeprefix("block").replace("_conv", "_").split("/")
        if name != "1_1":
            # The last one as a whole by one factor: the largest unit and cell stay the largest.
            wanted = value / np.float32(7) if name == "5_3" else value
            np.testing.assert_array_equal(after["params"][f"conv{name}"][kind], wanted, err_msg=key)
    assert jax.tree.structure(after) == jax.tree.structure(before)
    assert {leaf.dtype for leaf in jax.tree.leaves(after)} == {np.dtype(np.float32)}


@pytest.mark.parametrize("source", ["random", "imagenet"])
def test_the_first_layer_sees_what_it_was_trained_on(source, tmp_path):
    """conv1_1 on our normalised image is the file's kernel on RGB 0..255 less the file's means."""
    path, width = IMAGENET, 1.0
    if source == "random":
        path, width = tmp_path / "c.npz", 1 / 8
        convolution_archive(path, random_variables(narrow_model("vgg16"), seed=7))
    elif not path.is_file():
        pytest.skip(f"needs {path}")
    model = make_model("vgg16", num_classes=2, width=width)
    arrays = np.load(path)
    # Only the convolutions, so that the dense layers of the full width need not exist.
    empty = {}
    for block, count in CONVOLUTIONS.items():
        for layer in range(1, count + 1):
            kinds = {
                kind: arrays[f"block{block}_conv{layer}/{kind}"] for kind in ("kernel", "bias")
            }
            empty[f"conv{block}_{layer}"] = jax.tree.map(jnp.zeros_like, kinds)
    variables = start_from(path, {"params": empty})

    pixels = np.random.default_rng(0).integers(0, 256, (1, 12, 15, 3)).astype(np.float32)
    images = (pixels / 255 - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)
    first_layer = lambda model, x: model.convolutions[0](x)  # noqa: E731
    ours = model.apply(variables, images.astype(np.float32), method=first_layer)
    original = lax.conv_general_dilated(
        jnp.asarray(pixels - np.array((123.68, 116.779, 103.939), np.float32)),
        jnp.asarray(arrays["block1_conv1/kernel"]),
        (1, 1),
        "SAME",
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
        precision="highest",
    )
    original = np.asarray(original) + arrays["block1_conv1/bias"]
    inside = np.s_[:, 1:-1, 1:-1]
    np.testing.assert_allclose(ours[inside], original[inside], atol=1e-5 * np.abs(original).max())
    # At the border ours pads with its mean colour, which is not quite theirs.
    bound = 0.5 * np.abs(arrays["block1_conv1/kernel"]).sum((0, 1, 2)).max()
    assert np.abs(ours - original).max() < bound


def test_the_constants_of_normalisation_are_those_of_the_file_and_of_imagenet():
    from camtrap_jax.data.batches import augment

    np.testing.assert_array_equal(IMAGENET_MEAN, augment.MEAN)
    np.testing.assert_array_equal(IMAGENET_STD, augment.STD)
    np.testing.assert_allclose(CAFFE_MEAN, 255 * IMAGENET_MEAN, atol=0.5)


def test_an_archive_of_another_width_is_refused(tmp_path):
    convolution_archive(tmp_path / "c.npz", random_variables(narrow_model("vgg16")))
    wide = random_variables(narrow_model("vgg16", width=1 / 4))
    message = one_line(ValueError, lambda: start_from(tmp_path / "c.npz", wide))
    assert "conv1_1" in message
    assert "(3, 3, 3, 16)" in message


def test_an_archive_of_vgg_is_refused_by_resnet(tmp_path):
    convolution_archive(tmp_path / "c.npz", random_variables(narrow_model("vgg16")))
    other = random_variables(narrow_model("resnet50"))
    assert "conv1_1" in one_line(ValueError, lambda: start_from(tmp_path / "c.npz", other))


def test_an_archive_without_one_of_the_convolutions_is_refused(tmp_path):
    arrays = convolution_archive(tmp_path / "c.npz", random_variables(narrow_model("vgg16")))
    del arrays["block3_conv2/bias"]
    np.savez(tmp_path / "c.npz", **arrays)
    variables = random_variables(narrow_model("vgg16"))
    message = one_line(ValueError, lambda: start_from(tmp_path / "c.npz", variables))
    assert "block3_conv2/bias" in message


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("num_classes", [5, 8])
def test_the_last_layer_is_taken_only_where_the_classes_are_as_many(name, num_classes, tmp_path):
    theirs = random_variables(narrow_model(name), seed=7)
    save_weights(tmp_path / "w.safetensors", theirs)
    before = random_variables(narrow_model(name, num_classes=num_classes))
    after = start_from(tmp_path / "w.safetensors", before)
    last = "fc8" if name == "vgg16" else "fc"
    expected = flat(theirs)
    if num_classes != 5:
        expected |= {key: leaf for key, leaf in flat(before).items() if key.split("/")[1] == last}
    for key, leaf in flat(after).items():
        np.testing.assert_array_equal(leaf, expected[key], err_msg=key)


def test_nothing_in_common_is_an_error(tmp_path):
    safetensors.numpy.save_file({"encoder.weight": np.zeros((2, 2))}, tmp_path / "w.safetensors")
    variables = random_variables(narrow_model("vgg16"))
    message = one_line(ValueError, lambda: start_from(tmp_path / "w.safetensors", variables))
    assert "none of its tensors" in message
