"""Networks of any width and head go to torch and back through every format, number for number."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference.narrow_networks import NAMES, random_images

from camtrap_jax.models import load_weights, make_model, save_weights
from camtrap_jax.models.conversion import convert_weights
from camtrap_jax.models.torchvision import recognise
from camtrap_jax.models.vgg import scaled

torch = pytest.importorskip("torch")

from reference import torch_trace  # noqa: E402 (only where torch is)

FORMS = ("zip", "old")
FORMATS = (".pth", ".safetensors", ".npz")
HEADS = [(1 / 8, 1000), (1 / 4, 2), (0.3, 7)]
PUBLISHED = {
    "vgg16": {
        **{f"features.{i}.weight": 64 << n for n, i in enumerate((0, 5, 10, 17))},
        "classifier.3.weight": 4096,
    },
    "resnet50": {
        "conv1.weight": 64,
        **{f"layer{n}.0.conv1.weight": 32 << n for n in (2, 3, 4)},
    },
}
LAST = {"vgg16": "classifier.6.weight", "resnet50": "fc.weight"}


def theirs(name, width, num_classes, seed=0):
    return torch_trace.random_network(name, num_classes=num_classes, width=width, seed=seed)


def assert_same_state(network, state):
    expected = network.state_dict()
    counters = {key for key in expected if key.endswith("num_batches_tracked")}
    assert state.keys() == expected.keys() - counters
    for key, value in state.items():
        assert value.dtype == torch.float32
        assert torch.equal(value, expected[key]), key


def read_by_torch(path):
    """Reads a file as torch's users do, by its suffix."""
    if path.suffix == ".pth":
        return torch.load(path, weights_only=True)
    if path.suffix == ".npz":
        return {key: torch.from_numpy(value) for key, value in np.load(path).items()}
    from safetensors.torch import load_file

    return load_file(path)


@pytest.mark.parametrize(("width", "num_classes"), HEADS)
@pytest.mark.parametrize("name", NAMES)
def test_what_torch_saves_comes_back_through_every_format(name, width, num_classes, tmp_path):
    network = theirs(name, width, num_classes)
    other = theirs(name, width, num_classes, seed=1)
    model = make_model(name, num_classes=num_classes, width=width)
    for form in FORMS:
        source = tmp_path / f"{form}.pth"
        is_zip = form == "zip"
        torch.save(network.state_dict(), source, _use_new_zipfile_serialization=is_zip)
        variables = load_weights(source, model)
        for suffix in FORMATS if is_zip else FORMATS[:1]:
            target = tmp_path / f"{form}.again{suffix}"
            save_weights(target, variables)
            state = read_by_torch(target)
            assert_same_state(network, state)
            other.load_state_dict(state, strict=True)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", NAMES)
def test_a_network_of_ours_that_torch_loads_and_saves_again_is_ours(name, form, tmp_path):
    """And torch computes with it in between what it computed with the original."""
    width, num_classes = 0.3, 7
    network = theirs(name, width, num_classes).eval()
    torch.save(network.state_dict(), tmp_path / "theirs.pth")
    model = make_model(name, num_classes=num_classes, width=width)
    save_weights(tmp_path / "ours.pth", load_weights(tmp_path / "theirs.pth", model))
    other = theirs(name, width, num_classes, seed=1).eval()
    other.load_state_dict(torch.load(tmp_path / "ours.pth", weights_only=True))
    images = torch_trace.to_torch(random_images(1, 64, 48), torch.float32)
    with torch.no_grad():
        assert torch.equal(other(images), network(images))
    is_zip = form == "zip"
    torch.save(other.state_dict(), tmp_path / "again.pth", _use_new_zipfile_serialization=is_zip)
    save_weights(tmp_path / "back.pth", load_weights(tmp_path / "again.pth", model))
    assert (tmp_path / "back.pth").read_bytes() == (tmp_path / "ours.pth").read_bytes()


@pytest.mark.parametrize(("name", "width"), [("vgg16", 0.12), ("resnet50", 0.13)])
def test_a_network_of_a_width_that_rounds_unevenly_is_converted(name, width, tmp_path):
    """The widest layer alone tells another width, at which other layers have a channel more."""
    network = theirs(name, width, 3)
    torch.save({"state_dict": network.state_dict()}, tmp_path / "w.pth")
    words = convert_weights(tmp_path / "w.pth", tmp_path / "w.safetensors")
    assert f"{name} of 3 classes, width {str(width)[:3]}" in words
    assert_same_state(network, read_by_torch(tmp_path / "w.safetensors"))


@given(width=st.floats(0.005, 2.0), num_classes=st.integers(1, 1000), name=st.sampled_from(NAMES))
def test_every_width_is_recognised(name, width, num_classes):
    tensors = {LAST[name]: np.empty((num_classes, 0))}
    for tensor, channels in PUBLISHED[name].items():
        tensors[tensor] = np.empty((scaled(channels, width), 0))
    found = recognise(tensors)
    assert (found.name, found.num_classes) == (name, num_classes)
    for channels in PUBLISHED[name].values():
        assert scaled(channels, found.width) == scaled(channels, width)
