"""What torch's networks compute on the way, and networks of which no ReLU stands at its kink.

Where an activation lies within rounding of zero, or two of a pooling window within rounding of each
other, two right programs in single precision send a gradient different ways.
"""

import copy
import functools
import itertools
import math
from typing import NamedTuple

import numpy as np
import torch
from reference.narrow_networks import random_images
from reference.torch_networks import VGG16, ResNet50
from torch import nn

MARGIN = 4  # at least, in units of what single precision changes


class Trace(NamedTuple):
    """What a network does with a batch; maps are NHWC, all arrays NumPy's."""

    loss: float
    logits: np.ndarray
    activations: list[np.ndarray]  # what enters each ReLU, in order
    image_gradient: np.ndarray
    gradients: dict[str, np.ndarray]  # of the loss, under torch's names
    statistics: dict[str, np.ndarray]  # BatchNorm's, afterwards


@functools.cache
def settled_network(name, *, num_classes, width, size, train, batch):
    """Returns a network in single precision, and images and labels of which none is at a kink.

    Args:
      name: vgg16 or resnet50.
      num_classes: of the logits.
      width: of every layer.
      size: of the images.
      train: whether in training mode.
      batch: number of images.
    """
    labels = np.arange(batch) % num_classes

    def draw(seed):
        network = random_network(name, num_classes=num_classes, width=width, seed=seed)
        images = random_images(batch, *size, seed=seed)
        settle(network.train(train), images)
        return network, images

    draws = (draw(seed) for seed in itertools.count())
    network, images = next(one for one in draws if margin(*one) > MARGIN)
    return network, images, labels


def random_network(name, *, num_classes, width, seed=0):
    """Makes a network without dropout whose weights are nowhere 0 or 1."""
    torch.manual_seed(seed)
    network = {"vgg16": VGG16, "resnet50": ResNet50}[name](num_classes, width)
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.2, 0.8)
            nn.init.normal_(module.bias, 0, 0.1)
            nn.init.normal_(module.running_mean, 0, 0.1)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
        elif isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    return network


def settle(network, images):
    """Moves every bias so that what enters the ReLUs keeps far from zero, layer by layer.

    Of each channel's values the middle of the widest gap between the 30th and the 70th per cent
    becomes zero.
    """
    latest = []

    def remember(module, _inputs, _output):
        latest[:] = [module]

    def move(_relu, inputs):
        shift = -_middle_of_widest_gap(inputs[0].transpose(0, 1).flatten(1))
        latest[0].bias += shift
        return (inputs[0] + shift.reshape(1, -1, *[1] * (inputs[0].ndim - 2)),)

    hooks = []
    for module in network.modules():
        if getattr(module, "bias", None) is not None:
            hooks.append(module.register_forward_hook(remember))
        if isinstance(module, nn.ReLU):
            hooks.append(module.register_forward_pre_hook(move))
    with torch.no_grad():
        network.double()(to_torch(images, torch.float64))
    for hook in hooks:
        hook.remove()
    network.float()


def margin(network, images):
    """Returns how far from kinks and ties a network keeps, in units of what rounding changes."""
    exact, rounded = (_taps(network, images, dtype) for dtype in (torch.float64, torch.float32))
    changes = [(one - other).abs().max() for one, other in zip(exact, rounded, strict=True)]
    pools = [module for module in network.modules() if isinstance(module, nn.MaxPool2d)]
    relus = len(exact) - len(pools)
    least = [one.abs().min() for one in exact[:relus]]
    least += [_least_lead(*pair) for pair in zip(pools, exact[relus:], strict=True)]
    return min((one / change).item() for one, change in zip(least, changes, strict=True))


def trace(network, images, labels, dtype):
    """Runs a copy of a network forward and backward in a precision, in the network's mode."""
    twin = copy.deepcopy(network).to(dtype)
    activations = _inputs_of(twin, nn.ReLU)
    pixels = to_torch(images, dtype).requires_grad_()
    logits = twin(pixels)
    loss = nn.functional.cross_entropy(logits, torch.as_tensor(labels))
    loss.backward()
    return Trace(
        loss.item(),
        _to_numpy(logits),
        [_to_numpy(one) for one in activations],
        _to_numpy(pixels.grad),
        {name: one.grad.numpy() for name, one in twin.named_parameters()},
        statistics(twin),
    )


def statistics(network):
    """Returns BatchNorm's running statistics under torch's names."""
    return {name: one.numpy() for name, one in network.named_buffers() if "running" in name}


def to_torch(images, dtype):
    """Turns NHWC into NCHW."""
    return torch.tensor(images, dtype=dtype).permute(0, 3, 1, 2).contiguous()


def _taps(network, images, dtype):
    """Returns what enters the ReLUs, and then what enters the poolings."""
    twin = copy.deepcopy(network).to(dtype)
    activations, pooled = (_inputs_of(twin, kind) for kind in (nn.ReLU, nn.MaxPool2d))
    with torch.no_grad():
        twin(to_torch(images, dtype))
    return activations + pooled


def _inputs_of(network, kind):
    """Returns a list into which modules of a kind put what enters them."""
    seen = []
    for module in network.modules():
        if isinstance(module, kind):
            module.register_forward_pre_hook(lambda _module, inputs: seen.append(inputs[0]))
    return seen


def _middle_of_widest_gap(values):
    """Returns for each row of `values` the middle of the widest gap in its middle."""
    ordered = values.sort(1).values
    last = ordered.shape[1] - 1
    ordered = ordered[:, math.floor(0.3 * last) : math.ceil(0.7 * last) + 1]
    widest = ordered.diff(dim=1).argmax(1, keepdim=True)
    return (ordered.gather(1, widest) + ordered.gather(1, widest + 1)).squeeze(1) / 2


def _least_lead(pool, maps):
    """Returns by how much a window's maximum leads at least; windows of zeros aside."""
    channels = maps.flatten(0, 1)[:, None]
    windows = nn.functional.unfold(
        channels, pool.kernel_size, padding=pool.padding, stride=pool.stride
    )
    first, second = windows.topk(2, dim=1).values.unbind(1)
    return (first - second)[first > 0].min()


def _to_numpy(value):
    value = value.detach()
    return (value.permute(0, 2, 3, 1) if value.ndim == 4 else value).numpy()
