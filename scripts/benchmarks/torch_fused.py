"""What a good engineer writes by hand: one pass forward, one back through the convolutions."""
# pyright: reportMissingImports=false

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

_LAST_POOLING = 30  # in VGG's `features`

# What a head returns: logits, features, each unit's plain gradients summed over the map's cells,
# and the guided signal at what the head was given.
Head = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]


def fused(
    network: Any, *, compiled: bool
) -> Callable[[torch.Tensor, torch.Tensor], dict[str, torch.Tensor]]:
    """Makes a function of images and classes that returns all that `make_explainer`'s does.

    A guided ReLU has the ReLU's forward value, so one pass through the convolutions serves
    prediction, Grad-CAM and guided backpropagation; of Grad-CAM only the head's gradient is needed,
    and that is written down.

    Args:
      network: torchvision's VGG-16 or ResNet-50; it is changed.
      compiled: whether `torch.compile` makes programs of the passes through the convolutions.
    """
    is_vgg = hasattr(network, "features")
    network.requires_grad_(False)
    _replace_relus(network, _GuidedRelu(in_place=not compiled))
    bottom = _vgg_bottom(network) if is_vgg else _resnet_bottom(network)
    bottom = torch.compile(bottom) if compiled else bottom
    head = _vgg_head if is_vgg else _resnet_head

    def explain(images: torch.Tensor, targets: torch.Tensor) -> dict[str, torch.Tensor]:
        images = images.detach().requires_grad_()
        maps, pooled = bottom(images)
        with torch.no_grad():
            cells = maps.flatten(2)
            logits, features, gradients, signal = head(network, pooled, targets)
            weights = gradients / cells.shape[2]
            heatmap = torch.einsum("bchw,bc->bhw", maps, weights).relu_()
            enlarged = functional.interpolate(heatmap[:, None], images.shape[2:], mode="bilinear")
        (guided,) = torch.autograd.grad(pooled, images, signal)
        return {
            "logits": logits,
            "features": features,
            "unit_max": cells.amax(2),
            "unit_mean": cells.mean(2),
            "unit_cell": cells.argmax(2),
            "grad_cam": heatmap,
            "guided_backprop": guided,
            "guided_grad_cam": guided * enlarged,
        }

    return explain


def fold(network: nn.Module) -> None:
    """Folds every BatchNorm into the convolution before it."""
    for parent in list(network.modules()):
        children = list(parent.named_children())
        for (name, one), (next_name, other) in itertools.pairwise(children):
            if isinstance(one, nn.Conv2d) and isinstance(other, nn.BatchNorm2d):
                setattr(parent, name, fuse_conv_bn_eval(one, other))
                setattr(parent, next_name, nn.Identity())


class _Guided(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        y = x.relu()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        (y,) = ctx.saved_tensors
        return torch.where(y > 0, gradient.relu(), 0)


class _GuidedInPlace(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        x.relu_()
        ctx.mark_dirty(x)
        ctx.save_for_backward(x)
        return x

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        (y,) = ctx.saved_tensors
        return torch.ops.aten.threshold_backward(gradient, y, 0).clamp_min_(0)


class _GuidedRelu(nn.Module):
    def __init__(self, *, in_place: bool) -> None:
        super().__init__()
        self.function = _GuidedInPlace if in_place else _Guided

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function.apply(x)


def _replace_relus(network: nn.Module, relu: nn.Module) -> None:
    for parent in list(network.modules()):
        for name, child in parent.named_children():
            if isinstance(child, nn.ReLU):
                setattr(parent, name, relu)


def _vgg_bottom(network: Any) -> Callable[[torch.Tensor], tuple[torch.Tensor, torch.Tensor]]:
    trunk = network.features[:_LAST_POOLING]
    pooling = nn.Sequential(network.features[_LAST_POOLING], network.avgpool)

    def bottom(images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        maps = trunk(images)
        return maps, pooling(maps)

    return bottom


def _resnet_bottom(network: Any) -> Callable[[torch.Tensor], tuple[torch.Tensor, torch.Tensor]]:
    def bottom(images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        maps = network.maxpool(network.relu(network.bn1(network.conv1(images))))
        maps = network.layer4(network.layer3(network.layer2(network.layer1(maps))))
        return maps, maps

    return bottom


def _vgg_head(network: Any, pooled: torch.Tensor, targets: torch.Tensor) -> Head:
    fc6, fc7, fc8 = (network.classifier[position] for position in (0, 3, 6))
    hidden = fc6(pooled.flatten(1)).relu_()
    features = fc7(hidden).relu_()
    seed = fc8.weight[targets]
    # The plain and the guided signal in one product each: the weights are read once.
    both = torch.cat((seed, seed.relu())) * (features > 0).repeat(2, 1)
    plain, guided = (both @ fc7.weight).chunk(2)
    both = torch.cat((plain, guided.relu_())) * (hidden > 0).repeat(2, 1)
    plain, guided = (both @ fc6.weight).view(2, *pooled.shape)
    # Poolings hand on all that they get: the sum is that at the maps.
    return fc8(features), features, plain.sum((2, 3)), guided


def _resnet_head(network: Any, pooled: torch.Tensor, targets: torch.Tensor) -> Head:
    features = pooled.mean((2, 3))
    seed = network.fc.weight[targets]
    signal = seed[:, :, None, None].expand(pooled.shape) / pooled[0, 0].numel()
    return network.fc(features), features, seed, signal
