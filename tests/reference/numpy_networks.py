"""VGG-16 and ResNet-50 in NumPy on torchvision-named tensors, differentiated by hand."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from reference.numpy_layers import (
    adaptive_average_pool,
    batch_norm,
    convolution,
    dense,
    max_pool,
    relu,
)

VGG_LAYERS = "CCPCCPCCCPCCCPCCC"  # convolution + ReLU, pooling; without the last pooling
RESNET_BLOCKS = (3, 4, 6, 3)


class Reference(NamedTuple):
    """What a network computes, in NCHW; the functions take the gradient of what is above them."""

    logits: np.ndarray
    features: np.ndarray
    maps: np.ndarray
    head_backward: Callable[[np.ndarray], np.ndarray]  # of logits -> of maps
    trunk_backward: Callable[[np.ndarray], np.ndarray]  # of maps -> of images

    def image_gradient(self, seed: np.ndarray) -> np.ndarray:
        """Returns the gradient with respect to the images, NHWC."""
        return self.trunk_backward(self.head_backward(seed)).transpose(0, 2, 3, 1)


def run_network(name: str, tensors: Mapping[str, np.ndarray], images, *, guided=False) -> Reference:
    """Runs `vgg16` or `resnet50` on NHWC images; `guided` replaces every ReLU's gradient."""
    tensors = {key: np.asarray(value, np.float64) for key, value in tensors.items()}
    x = np.asarray(images, np.float64).transpose(0, 3, 1, 2)
    return {"vgg16": _vgg16, "resnet50": _resnet50}[name](tensors, x, guided)


def _vgg16(tensors, x, guided) -> Reference:
    trunk, head, index = [], [], 0
    for kind in VGG_LAYERS:
        if kind == "P":
            x = _record(trunk, max_pool(x, window=2, stride=2))
            index += 1
            continue
        weight, bias = _weight_and_bias(tensors, f"features.{index}")
        x = _record(trunk, convolution(x, weight, bias, pad=1))
        x = _record(trunk, relu(x, guided=guided))
        index += 2
    maps = x
    x = _record(head, max_pool(maps, window=2, stride=2))
    x = _record(head, adaptive_average_pool(x, 7))
    shape = x.shape
    head.append(lambda gradient: gradient.reshape(shape))
    x = x.reshape(len(x), -1)
    for name in ("classifier.0", "classifier.3"):
        x = _record(head, dense(x, *_weight_and_bias(tensors, name)))
        x = _record(head, relu(x, guided=guided))
    logits = _record(head, dense(x, *_weight_and_bias(tensors, "classifier.6")))
    return Reference(logits, x, maps, _chain(head), _chain(trunk))


def _resnet50(tensors, x, guided) -> Reference:
    trunk = []
    x = _record(trunk, convolution(x, tensors["conv1.weight"], stride=2, pad=3))
    x = _record(trunk, batch_norm(x, *_statistics(tensors, "bn1")))
    x = _record(trunk, relu(x, guided=guided))
    x = _record(trunk, max_pool(x, window=3, stride=2, pad=1))
    for stage, count in enumerate(RESNET_BLOCKS, start=1):
        for block in range(count):
            stride = 2 if stage > 1 and block == 0 else 1
            name = f"layer{stage}.{block}"
            x = _record(trunk, _bottleneck(tensors, name, x, stride, guided))
    features = x.mean((2, 3))
    logits, backward = dense(features, *_weight_and_bias(tensors, "fc"))
    cells = x.shape[2] * x.shape[3]

    def head_backward(seed):
        return np.ones_like(x) * backward(seed)[:, :, None, None] / cells

    return Reference(logits, features, x, head_backward, _chain(trunk))


def _bottleneck(tensors, name, x, stride, guided):
    branch, shortcut = [], []
    y = x
    for layer, (step, pad) in enumerate([(1, 0), (stride, 1), (1, 0)], start=1):
        weight = tensors[f"{name}.conv{layer}.weight"]
        y = _record(branch, convolution(y, weight, stride=step, pad=pad))
        y = _record(branch, batch_norm(y, *_statistics(tensors, f"{name}.bn{layer}")))
        if layer < 3:
            y = _record(branch, relu(y, guided=guided))
    if f"{name}.downsample.0.weight" in tensors:
        x = _record(shortcut, convolution(x, tensors[f"{name}.downsample.0.weight"], stride=stride))
        x = _record(shortcut, batch_norm(x, *_statistics(tensors, f"{name}.downsample.1")))
    y, last = relu(x + y, guided=guided)

    def backward(gradient):
        gradient = last(gradient)
        return _chain(branch)(gradient) + _chain(shortcut)(gradient)

    return y, backward


def _record(backwards: list, result):
    value, backward = result
    backwards.append(backward)
    return value


def _chain(backwards):
    def backward(gradient):
        for step in reversed(backwards):
            gradient = step(gradient)
        return gradient

    return backward


def _weight_and_bias(tensors, name):
    return tensors[f"{name}.weight"], tensors[f"{name}.bias"]


def _statistics(tensors, name):
    kinds = ("weight", "bias", "running_mean", "running_var")
    return [tensors[f"{name}.{kind}"] for kind in kinds]
