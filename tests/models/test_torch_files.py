"""Files of torch's, written by torch itself and read by torch again."""

import pickle
import struct
import warnings
import zipfile

import numpy as np
import pytest
from reference.narrow_networks import NAMES, narrow_model, random_variables

from camtrap_jax.models import load_weights, save_weights
from camtrap_jax.models.tensor_files import read_tensors, write_tensors

torch = pytest.importorskip("torch")
DTYPES = ("float32", "float64", "float16", "int64", "int32", "int16", "int8", "uint8", "bool")


def save(value, path, form):
    torch.save(value, path, _use_new_zipfile_serialization=form == "zip")


def draws():
    """Tensors that share storages, begin within them, and lie across them."""
    base = torch.arange(60.0).reshape(3, 4, 5)
    return {
        "whole": base,
        "part": base[1:, 1:3],
        "turned": base.permute(2, 0, 1),
        "repeated": torch.arange(4.0).expand(3, 4),
        "scalar": torch.tensor(7.5),
        "empty": torch.zeros(0, 3),
        "channels last": torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last),
        **{name: torch.tensor([0, 1, 1, 5]).to(getattr(torch, name)) for name in DTYPES},
    }


@pytest.mark.parametrize("form", ["zip", "old"])
def test_tensors_of_every_layout_and_type_come_back(form, tmp_path):
    tensors = draws()
    save(tensors, tmp_path / "w.pth", form)
    read = read_tensors(tmp_path / "w.pth")
    assert list(read) == list(tensors)
    for name, tensor in tensors.items():
        np.testing.assert_array_equal(read[name], tensor.numpy(), err_msg=name, strict=True)
        assert read[name].flags.c_contiguous


@pytest.mark.parametrize("form", ["zip", "old"])
def test_bfloat16_comes_back(form, tmp_path):
    tensor = torch.randn(50).to(torch.bfloat16)
    save({"x": tensor}, tmp_path / "w.pth", form)
    np.testing.assert_array_equal(
        read_tensors(tmp_path / "w.pth")["x"].astype(np.float32), tensor.float().numpy()
    )


@pytest.mark.parametrize("form", ["zip", "old"])
@pytest.mark.parametrize("key", ["state_dict", "model_state_dict", "model"])
def test_the_state_is_found_in_a_checkpoint_with_other_things(form, key, tmp_path):
    layer = torch.nn.Linear(3, 2)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1, momentum=0.9)
    layer(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    saved = {"epoch": 3, key: layer.state_dict(), "optimizer": optimizer.state_dict()}
    save(saved, tmp_path / "w.pth", form)
    read = read_tensors(tmp_path / "w.pth")
    assert read.keys() == {"weight", "bias"}
    np.testing.assert_array_equal(read["weight"], layer.weight.detach().numpy())


def test_parameters_outside_a_module_come_back(tmp_path):
    parameter = torch.nn.Parameter(torch.randn(4))
    torch.save({"p": parameter}, tmp_path / "w.pth")
    np.testing.assert_array_equal(read_tensors(tmp_path / "w.pth")["p"], parameter.detach().numpy())


@pytest.mark.parametrize("name", NAMES)
def test_torch_reads_what_we_write_without_running_anything(name, tmp_path):
    from reference import torch_networks

    variables = random_variables(narrow_model(name))
    save_weights(tmp_path / "w.pth", variables)
    state = torch.load(tmp_path / "w.pth", weights_only=True)
    save_weights(tmp_path / "w.npz", variables)
    for key, value in np.load(tmp_path / "w.npz").items():
        np.testing.assert_array_equal(state[key].numpy(), value, err_msg=key, strict=True)
        assert state[key].is_contiguous()
    kinds = {"vgg16": torch_networks.VGG16, "resnet50": torch_networks.ResNet50}
    network = kinds[name](num_classes=5, width=narrow_model(name).width)
    network.load_state_dict(state)


@pytest.mark.parametrize("form", ["zip", "old"])
@pytest.mark.parametrize("prefix", ["", "module.", "net.backbone."])
def test_a_network_that_torch_saved_is_loaded(form, prefix, tmp_path):
    variables = random_variables(narrow_model("resnet50"))
    save_weights(tmp_path / "ours.pth", variables)
    state = torch.load(tmp_path / "ours.pth", weights_only=True)
    renamed = {prefix + name: tensor for name, tensor in state.items()}
    save({**renamed, f"{prefix}bn1.num_batches_tracked": torch.tensor(5)}, tmp_path / "w", form)
    loaded = load_weights(tmp_path / "w", narrow_model("resnet50"))
    save_weights(tmp_path / "again.pth", loaded)
    assert (tmp_path / "again.pth").read_bytes() == (tmp_path / "ours.pth").read_bytes()


def test_written_types_are_torchs_own(tmp_path):
    arrays = {name: tensor.numpy() for name, tensor in draws().items()}
    write_tensors(tmp_path / "w.pth", arrays)
    state = torch.load(tmp_path / "w.pth", weights_only=True)
    for name, tensor in draws().items():
        if name != "channels last":  # drawn anew
            assert torch.equal(state[name], tensor), name
            assert state[name].dtype == tensor.dtype
    with pytest.raises(ValueError, match=r"x: expected numbers of a type of torch's, got complex"):
        write_tensors(tmp_path / "c.pth", {"x": np.zeros(2, complex)})
    assert not (tmp_path / "c.pth").exists()


@pytest.mark.parametrize("form", ["zip", "old"])
def test_every_truncated_file_is_one_line_of_error(form, tmp_path):
    save({"x": torch.arange(30.0), "y": torch.arange(4)}, tmp_path / "w.pth", form)
    whole = (tmp_path / "w.pth").read_bytes()
    for length in range(0, len(whole) - 1, 7):
        (tmp_path / "w.pth").write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"w\.pth: expected \.safetensors, \.npz or "):
            read_tensors(tmp_path / "w.pth")


def test_a_tensor_beyond_its_storage_is_refused(tmp_path):
    """The pickle of a file is changed so that a tensor would read others' memory."""
    torch.save({"x": torch.arange(6.0).reshape(2, 3)}, tmp_path / "w.pth")
    with zipfile.ZipFile(tmp_path / "w.pth") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for old, new in ((b"K\x02K\x03", b"K\x02K\x04"), (b"K\x00K\x02K\x03", b"K\x01K\x02K\x03")):
        with zipfile.ZipFile(tmp_path / "bad.pth", "w") as archive:
            for name, data in members.items():
                assert not name.endswith("data.pkl") or old in data
                archive.writestr(name, data.replace(old, new) if "data.pkl" in name else data)
        with pytest.raises(ValueError, match="reaches beyond its storage"):
            read_tensors(tmp_path / "bad.pth")


def test_a_program_is_told_from_a_state(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's successors of this form are other files
        torch.jit.script(torch.nn.Linear(2, 2)).save(tmp_path / "program.pt")
    with pytest.raises(ValueError, match="TorchScript program; save its state_dict"):
        read_tensors(tmp_path / "program.pt")
    torch.save(torch.nn.Linear(2, 2), tmp_path / "module.pth")
    with pytest.raises(ValueError, match="no tensors in it; save the network's state_dict"):
        read_tensors(tmp_path / "module.pth")


def test_an_old_file_of_the_other_byte_order_is_read(tmp_path):
    """As torch on a big-endian machine would write it: only the storages differ, and a flag."""
    torch.save({"x": torch.arange(5.0)}, tmp_path / "w.pth", _use_new_zipfile_serialization=False)
    whole = (tmp_path / "w.pth").read_bytes()
    storage = struct.pack("<q", 5) + np.arange(5.0, dtype="<f4").tobytes()
    swapped = struct.pack(">q", 5) + np.arange(5.0, dtype=">f4").tobytes()
    flag = b"little_endianq\x02"
    assert storage in whole
    assert flag + pickle.NEWTRUE in whole
    changed = whole.replace(storage, swapped)
    changed = changed.replace(flag + pickle.NEWTRUE, flag + pickle.NEWFALSE)
    (tmp_path / "w.pth").write_bytes(changed)
    np.testing.assert_array_equal(read_tensors(tmp_path / "w.pth")["x"], np.arange(5.0))
