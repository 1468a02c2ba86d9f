"""The benchmark of explaining: its agreement, its bars, its peers on stand-ins, and a small run."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parents[2] / "scripts"))

from benchmark import parse
from benchmarks.attribution_agreement import check_explanation
from benchmarks.attribution_bars import against_bars, bar_line
from benchmarks.attribution_speed import fastest
from benchmarks.attribution_task import FUSED, OURS, PEERS, Way, ways
from benchmarks.machine import install_lines
from reference.benchmark_program import benchmark
from reference.narrow_networks import (
    NAMES,
    NUM_CLASSES,
    WIDTH,
    explain,
    narrow_network,
    random_images,
)

from camtrap_jax.models import save_weights

CAPTUM, GUIDED_GRAD_CAM, PYTORCH_GRAD_CAM = (
    "captum's three",
    "captum's GuidedGradCam",
    "pytorch-grad-cam",
)
TARGETS = np.array([4, 0, 2, 1])


def test_peers_can_be_chosen():
    options = parse(["--suite=attribution", "--peers", "fused torch", "--rounds=3"])
    assert (options.peers, options.rounds, options.seconds) == (["fused torch"], 3, 10)
    assert parse(["attribution"]).peers == list(PEERS)


def explanation_of(seed=0):
    """Draws two explanations with heatmaps of 2 x 3 cells, of images four times as large."""
    rng = np.random.default_rng(seed)
    heatmap, guided = rng.uniform(size=(2, 2, 3)), rng.normal(size=(2, 8, 12, 3))
    enlarged = 0.1 + 0.8 * rng.uniform(size=(2, 8, 12))
    return {
        "logits": rng.normal(size=(2, 5)),
        "unit_cell": rng.integers(0, 6, (2, 300)),
        "grad_cam": heatmap,
        "enlarged": enlarged,
        "guided_backprop": guided,
        "guided_grad_cam": guided * enlarged[..., None],
    }


def as_captum_does(ours):
    nearest = np.stack([np.kron(heatmap, np.ones((4, 4))) for heatmap in ours["grad_cam"]])
    product = ours["guided_backprop"] * nearest[..., None]
    return {
        "grad_cam": ours["grad_cam"],
        "guided_backprop": ours["guided_backprop"],
        "guided_grad_cam": product,
    }


def as_pytorch_grad_cam_does(ours):
    stretched = np.stack([(one - one.min()) / (one.max() - one.min()) for one in ours["enlarged"]])
    product = ours["guided_backprop"] * stretched[..., None]
    return {**as_captum_does(ours), "grad_cam": stretched, "guided_grad_cam": product}


def as_fused_does(ours):
    return {name: array for name, array in ours.items() if name != "enlarged"}


RULES = {
    CAPTUM: as_captum_does,
    PYTORCH_GRAD_CAM: as_pytorch_grad_cam_does,
    FUSED: as_fused_does,
}


@pytest.mark.parametrize("peer", RULES)
def test_each_peer_agrees_by_its_own_rule_and_by_no_other(peer):
    ours = explanation_of()
    found = check_explanation("a", peer, RULES[peer](ours), ours)
    assert max(value for name, value in found.items() if "correlation" not in name) < 1e-12
    assert found["guided_grad_cam, correlation"] == pytest.approx(1)
    for other in RULES.keys() - {peer}:
        with pytest.raises(ValueError, match="a: "):
            check_explanation("a", peer, RULES[other](ours), ours)


@pytest.mark.parametrize(
    ("output", "slight", "wrong"),
    [
        ("logits", 9e-4, 1.1e-3),
        ("grad_cam", 9e-4, 1.1e-3),
        ("guided_backprop", 1e-2, 0.3),
        ("logits", 0, np.nan),
        ("guided_backprop", 0, np.nan),
    ],
)
def test_what_differs_is_refused_by_its_name(output, slight, wrong):
    ours = explanation_of()
    theirs = as_fused_does(ours)
    unit = np.zeros_like(ours[output])
    unit[-1, 0, ...] = np.abs(ours[output]).max()
    check_explanation("vgg16, b", FUSED, {**theirs, output: ours[output] + slight * unit}, ours)
    with pytest.raises(ValueError, match=f"vgg16, b: {output} "):
        check_explanation("vgg16, b", FUSED, {**theirs, output: ours[output] + wrong * unit}, ours)


def test_other_hottest_cells_and_other_shapes_are_refused():
    ours = explanation_of()
    theirs = as_fused_does(ours)
    cells = theirs["unit_cell"].copy()
    cells[0, :6] += 1
    assert check_explanation("b", FUSED, {"unit_cell": cells}, ours) == {"unit_cell": 0.01}
    cells[1, 0] += 1
    with pytest.raises(ValueError, match=r"b: unit_cell differs for 1.17% of the units"):
        check_explanation("b", FUSED, {"unit_cell": cells}, ours)
    with pytest.raises(ValueError, match=r"logits has the shape \[1, 5\], ours \[2, 5\]"):
        check_explanation("b", FUSED, {"logits": theirs["logits"][:1]}, ours)


def test_an_image_without_signal_agrees_with_none_alone():
    ours = explanation_of()
    silent = ours["guided_backprop"].copy()
    silent[1] = 0
    both = {**ours, "guided_backprop": silent}
    check_explanation("b", FUSED, {"guided_backprop": silent}, both)
    with pytest.raises(ValueError, match=r"guided_backprop has a correlation of 0\.0"):
        check_explanation("b", FUSED, {"guided_backprop": ours["guided_backprop"]}, both)


def test_the_fastest_ways_of_each_peer_compete():
    found = ways("resnet50", (CAPTUM, FUSED))
    assert len(set(found)) == len({way.name for way in found}) == 8
    assert not any(way.folded for way in ways("vgg16", (FUSED,)))
    last = [Way(peer, channels_last=True) for peer in (CAPTUM, FUSED)]
    rates = dict.fromkeys(found, 1.0) | dict(zip(last, (2, 3), strict=True)) | {found[-1]: 4.0}
    assert fastest(rates) == {CAPTUM: [last[0]], FUSED: [found[-1], last[1]]}


def test_bars_are_held_against_ratios_within_rounds():
    rates = {name: [4.0, 8.0, 2.0] for name in OURS} | {
        "ours, predicting": [9.2, 20.0, 4.8],
        "c": [1.0, 2.0, 0.4],
        "slow": [1.0, 1.0, 1.0],
        "f": [5.0, 8.0, 3.0],
    }
    finalists = {CAPTUM: ["c"], FUSED: ["slow", "f"]}
    found = {(bar["ours"], bar["other"]): bar for bar in against_bars("vgg16", rates, finalists)}
    verdicts = {pair: (bar["median"], bar["is_met"]) for pair, bar in found.items()}
    assert verdicts == {
        ("ours, three maps", "c"): (4, True),
        ("ours, three maps", "f"): (0.8, False),
        ("ours, three maps", "ours, predicting"): (2.4, True),
        ("ours, Grad-CAM", "ours, predicting"): (2.4, False),
    }
    assert [bar_line(bar).strip() for bar in found.values()][1:3] == [
        "ours, three maps: 0.80 times as fast as f (0.67 to 1.00); wanted at least 1: MISSED",
        "ours, three maps: 2.40 times the time of ours, predicting (2.30 to 2.50); "
        "wanted at most 2.4: met",
    ]


def test_each_missing_module_has_its_line(monkeypatch):
    installed = ("torch", "captum")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name in installed or None)
    modules = [module for peer in PEERS.values() for module in peer.modules]
    lines = install_lines(modules)
    assert [line.split(" ")[0] for line in lines] == ["torchvision", "pytorch_grad_cam"]
    assert "`pip install 'grad-cam'`" in lines[1]


@pytest.fixture(params=NAMES)
def stand_in(request, tmp_path):
    """Returns torch's layers with our weights, and our explanation of the same images."""
    pytest.importorskip("torch")
    from reference import torch_networks
    from safetensors.torch import load_file

    save_weights(tmp_path / "w.safetensors", narrow_network(request.param)[1])
    network = torch_networks.torch_network(request.param, num_classes=NUM_CLASSES, width=WIDTH)
    network.load_state_dict(load_file(tmp_path / "w.safetensors"))
    images = random_images(len(TARGETS), 64, 96)
    return network, torch_networks.to_torch(images), explain(request.param, images, TARGETS)


def assert_same(theirs, ours, names):
    from benchmarks.torch_attribution import in_our_layout

    assert set(theirs) == set(names)
    for name, array in theirs.items():
        expected = getattr(ours, name)
        np.testing.assert_allclose(
            in_our_layout(array), expected, rtol=0, atol=1e-9 * np.abs(expected).max()
        )


@pytest.mark.parametrize("channels_last", [False, True])
def test_torch_fused_by_hand_explains_as_we_do(stand_in, channels_last):
    import torch
    from benchmarks.torch_fused import fold, fused

    network, images, ours = stand_in
    if channels_last:
        network.to(memory_format=torch.channels_last)
        images = images.contiguous(memory_format=torch.channels_last)
        fold(network)
        assert not any(isinstance(one, torch.nn.BatchNorm2d) for one in network.modules())
    run = fused(network, compiled=False)
    names = [name for name, array in ours._asdict().items() if array is not None]
    for _ in range(2):  # nothing in place outlives a call
        assert_same(run(images, torch.tensor(TARGETS)), ours, set(names) - {"targets"})


@pytest.mark.filterwarnings("ignore::UserWarning")  # captum tells of its hooks at each call
def test_captum_explains_as_we_do_but_for_the_enlarging(stand_in):
    pytest.importorskip("captum")
    import torch
    from benchmarks.torch_attribution import captums_guided_grad_cam, captums_three, in_our_layout

    network, images, ours = stand_in
    for _ in range(2):
        theirs = captums_three(network)(images, torch.tensor(TARGETS))
        product = theirs.pop("guided_grad_cam")
        assert_same(theirs, ours, ("grad_cam", "guided_backprop"))
        alone = captums_guided_grad_cam(network)(images, torch.tensor(TARGETS))
        np.testing.assert_array_equal(alone["guided_grad_cam"].detach(), product.detach())
        factor = 64 // ours.grad_cam.shape[1]
        nearest = np.stack([np.kron(one, np.ones((factor, factor))) for one in ours.grad_cam])
        expected = ours.guided_backprop * nearest[..., None]
        np.testing.assert_allclose(
            in_our_layout(product), expected, rtol=0, atol=1e-9 * np.abs(expected).max()
        )


@pytest.mark.slow
def test_explaining_is_measured_and_written(tmp_path):
    sizes = ["--image_size=64", "--batch_size=2", "--rounds=1", "--seconds=0.1"]
    written, printed = benchmark("--suite=attribution", *sizes, output=tmp_path / "found.json")
    assert set(written["networks"]) == {"vgg16", "resnet50"}
    for found in written["networks"].values():
        assert set(OURS) <= set(found["images_per_sec"])
        assert {bar["wanted"] for bar in found["bars"] if bar["is_cost"]} == {2.4, 1.05}
        assert all(trial["per_sec"] > 0 for trial in found["trials"].values())
    others = ("torch", "torchvision", "captum", "grad-cam")
    assert printed.count("pip install") == [written["versions"][one] for one in others].count(None)
