"""`camtrap weights`: the same network in every format, and what cannot be converted."""

import numpy as np
import pytest
import safetensors.numpy
from reference.narrow_networks import NAMES, narrow_model, random_variables

from camtrap_jax.models import load_weights, save_weights
from camtrap_jax.models.tensor_files import read_tensors, write_tensors

FORMATS = (".pth", ".safetensors", ".npz")


@pytest.fixture
def saved(tmp_path):
    """Saves a narrow network with random variables; returns the file."""

    def save(name, suffix=".safetensors"):
        path = tmp_path / f"{name}{suffix}"
        save_weights(path, random_variables(narrow_model(name)))
        return path

    return save


@pytest.mark.parametrize("name", NAMES)
def test_a_round_through_every_format_changes_no_byte(camtrap, saved, tmp_path, name):
    first = saved(name)
    before = first.read_bytes()
    path = first
    for suffix in FORMATS:
        new = tmp_path / f"new{suffix}"
        result = camtrap("weights", f"--import={path}", f"--export={new}")
        assert result.code == 0
        assert f"weights: {name} of 5 classes, width 0.125: {new}" in result.err
        path = new
    assert (
        camtrap("weights", f"--import={path}", f"--output={tmp_path / 'w.safetensors'}").code == 0
    )
    assert (tmp_path / "w.safetensors").read_bytes() == before
    assert first.read_bytes() == before


def test_prefixes_other_numbers_and_other_types_are_left_behind(camtrap, saved, tmp_path):
    tensors = read_tensors(saved("resnet50"))
    wrapped = {f"module.{name}": value.astype(np.float64) for name, value in tensors.items()}
    extra = {"module.bn1.num_batches_tracked": np.int64(7), "ema.decay": np.float32(0.9)}
    write_tensors(tmp_path / "wrapped.pth", {**wrapped, **extra})
    words = [f"--import={tmp_path / 'wrapped.pth'}", f"--output={tmp_path / 'w.safetensors'}"]
    assert camtrap("weights", *words).code == 0
    found = safetensors.numpy.load_file(tmp_path / "w.safetensors")
    assert found.keys() == tensors.keys()
    for name, value in found.items():
        np.testing.assert_array_equal(value, tensors[name], err_msg=name, strict=True)


def test_a_run_gives_its_network_away(camtrap, tiny_run, tmp_path):
    words = ["weights", f"--workdir={tiny_run}", f"--export={tmp_path / 'run.pth'}"]
    assert camtrap(*words).code == 0
    ours, theirs = (
        read_tensors(tiny_run / "weights.safetensors"),
        read_tensors(tmp_path / "run.pth"),
    )
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        np.testing.assert_array_equal(theirs[name], value, err_msg=name)


def test_the_same_command_again_changes_nothing_and_another_network_is_kept(
    camtrap, saved, tmp_path
):
    target = tmp_path / "w.pth"
    vgg, resnet = saved("vgg16"), saved("resnet50")
    for _ in range(2):
        assert camtrap("weights", f"--import={vgg}", f"--export={target}").code == 0
    before = target.read_bytes()
    refused = camtrap("weights", f"--import={resnet}", f"--export={target}")
    assert refused.code == 1
    assert f"{target}: exists with another content; --overwrite replaces it" in refused.error
    assert target.read_bytes() == before
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["resnet50.safetensors", "vgg16.safetensors", "w.pth"]
    words = ["weights", f"--import={resnet}", f"--export={target}", "--overwrite"]
    assert camtrap(*words).code == 0
    load_weights(target, narrow_model("resnet50"))


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"classifier.6.weight": None}, "expected a tensor classifier.6.weight for vgg16"),
        ({"features.28.bias": None}, "expected a tensor features.28.bias for VGG16"),
        ({"features.28.bias": np.zeros(3, np.float32)}, "features.28.bias has shape (3,)"),
        ({"features.0.weight": None}, "expected a tensor features.0.weight or conv1.weight"),
    ],
)
def test_half_a_network_is_refused(camtrap, saved, tmp_path, changes, part):
    tensors = read_tensors(saved("vgg16")) | changes
    kept = {name: value for name, value in tensors.items() if value is not None}
    write_tensors(tmp_path / "half.npz", kept)
    words = ["weights", f"--import={tmp_path / 'half.npz'}", f"--export={tmp_path / 'w.pth'}"]
    refused = camtrap(*words)
    assert refused.code == 1
    assert f"{tmp_path / 'half.npz'}: {part}" in refused.error
    assert not (tmp_path / "w.pth").exists()


@pytest.mark.parametrize(
    ("words", "code", "part"),
    [
        (["--import={a}"], 2, "output"),
        (["--export={b}"], 2, "import"),
        (["--import={a}", "--workdir=run", "--export={b}"], 2, "import"),
        (["--import={a}", "--output={b}", "--export={b}"], 2, "output"),
        (["--import={a}", "--export="], 2, "--export: expected a path, got nothing"),
        (["--import={a}", "--export={b}.bin"], 1, "w.pth.bin: expected a name that ends in"),
        (["--import={b}", "--export={a}"], 1, "w.pth: no such file of weights"),
        (["--workdir=absent", "--export={b}"], 1, "run `camtrap train` first"),
    ],
)
def test_wrong_words(camtrap, saved, tmp_path, *, words, code, part):
    names = {"a": saved("vgg16"), "b": tmp_path / "w.pth"}
    refused = camtrap("weights", *[word.format(**names) for word in words])
    assert refused.code == code
    assert part in refused.error
    assert [path.name for path in tmp_path.iterdir()] == ["vgg16.safetensors"]
