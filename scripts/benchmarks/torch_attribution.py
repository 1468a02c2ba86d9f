"""The other sides: captum and pytorch-grad-cam as people use them, and torch fused by hand."""
# pyright: reportMissingImports=false
# ruff: noqa: PLC0415 (who lacks one of these libraries can still compare with the others)

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from benchmarks.attribution_task import (
    CAPTUM,
    CAPTUM_GUIDED_GRAD_CAM,
    FUSED,
    PYTORCH_GRAD_CAM,
    Shown,
    Way,
    images_per_sec,
)
from benchmarks.contest import Work
from benchmarks.network_task import Task
from benchmarks.torch_fused import fold, fused

Arrays = dict[str, Any]
Program = Callable[[torch.Tensor, torch.Tensor], Arrays]  # images, classes to explain -> results
_LAST_RELU = 29  # relu(conv5_3) in VGG's `features`


def trial(task: Task, way: Way) -> Shown:
    """Shows a peer's side.

    Raises:
      RuntimeError: this machine cannot do it, for want of a compiler for instance.
    """
    from benchmarks import torch_networks

    explain = _lasting_program(task, way)
    arrays = {name: in_our_layout(array) for name, array in explain().items()}
    return Shown(arrays, images_per_sec(task, explain), torch_networks.device_name())


def work(task: Task, way: Way) -> Work:
    """Counts the images of batches that are done."""
    explain = _lasting_program(task, way)
    while True:
        explain()
        yield task.batch_size


def in_our_layout(array: Any) -> np.ndarray:
    """Returns a result on the host, colours last."""
    array = array.detach().cpu().numpy() if isinstance(array, torch.Tensor) else array
    return array.transpose(0, 2, 3, 1) if array.ndim == 4 else array


def captums_three(network: torch.nn.Module) -> Program:
    """Captum's three attributions, one after another."""
    from captum.attr import GuidedBackprop, GuidedGradCam, LayerGradCam

    layer = map_layer(network)
    guided_backprop = GuidedBackprop(network)
    grad_cam: Any = LayerGradCam(network, layer)
    guided_grad_cam = GuidedGradCam(network, layer)

    def explain(images: torch.Tensor, targets: torch.Tensor) -> Arrays:
        return {
            "guided_backprop": guided_backprop.attribute(images, targets),
            "grad_cam": grad_cam.attribute(images, targets, relu_attributions=True)[:, 0],
            "guided_grad_cam": guided_grad_cam.attribute(images, targets),
        }

    return explain


def captums_guided_grad_cam(network: torch.nn.Module) -> Program:
    """The one of them that computes the others, too, and keeps them to itself."""
    from captum.attr import GuidedGradCam

    guided_grad_cam = GuidedGradCam(network, map_layer(network))
    return lambda images, targets: {"guided_grad_cam": guided_grad_cam.attribute(images, targets)}


def pytorch_grad_cams(network: torch.nn.Module) -> Program:
    """pytorch-grad-cam's two, whose product its readme takes; the guided one takes no batches."""
    from pytorch_grad_cam import GradCAM, GuidedBackpropReLUModel
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    guided_model = GuidedBackpropReLUModel(network)

    def explain(images: torch.Tensor, targets: torch.Tensor) -> Arrays:
        classes = targets.tolist()
        # Anew each time: the guided model has put other ReLUs in place of those with hooks.
        with GradCAM(network, [map_layer(network)]) as cam:
            heatmap = cam(images, [ClassifierOutputTarget(one) for one in classes])
        each = [guided_model(images[row : row + 1], target) for row, target in enumerate(classes)]
        guided = np.stack(each)
        product = guided * heatmap[..., None]
        return {
            "grad_cam": heatmap,
            "guided_backprop": guided.transpose(0, 3, 1, 2),
            "guided_grad_cam": product.transpose(0, 3, 1, 2),
        }

    return explain


PROGRAMS = {
    CAPTUM: captums_three,
    CAPTUM_GUIDED_GRAD_CAM: captums_guided_grad_cam,
    PYTORCH_GRAD_CAM: pytorch_grad_cams,
}


def map_layer(network: Any) -> torch.nn.Module:
    """Returns the layer whose output are the last convolutional maps."""
    return network.features[_LAST_RELU] if hasattr(network, "features") else network.layer4


def _program(task: Task, way: Way) -> Callable[[], Arrays]:
    """Returns a function that explains the batch, and returns when all of it is there."""
    from benchmarks import torch_networks

    warnings.filterwarnings("ignore", module="captum")  # that it sets hooks, at each call
    torch_networks.use_float32()
    network = torch_networks.network(task, channels_last=way.channels_last).eval()
    if way.folded:
        fold(network)
    if way.peer == FUSED:
        explain = fused(network, compiled=way.compiled)
    else:
        explain = PROGRAMS[way.peer](network)
    images, labels = torch_networks.batch(task, channels_last=way.channels_last)

    def explained() -> Arrays:
        found = explain(images, labels)
        torch_networks.wait()
        return found

    return explained


# Compiled once, and going on from round to round.
_lasting_program = functools.cache(_program)
