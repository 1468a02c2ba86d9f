"""Attribution methods as their papers write them, image by image and cell by cell.

Images, noise and results are NumPy's, with channels last; the network is torch's.
"""

import numpy as np
import torch
from reference.torch_networks import image_gradient, to_torch
from torch import nn


def module_of(network, layer):
    """Returns the module that puts out the maps of one of our layers."""
    if layer == "stem":
        return network.maxpool
    if layer.startswith("layer"):
        stage, block = layer.split("_")
        return getattr(network, stage)[int(block)]
    block, position = 1, 0
    for module in network.features:
        if isinstance(module, nn.MaxPool2d):
            block, position = block + 1, 0
        if isinstance(module, nn.ReLU):
            position += 1
            if layer == f"conv{block}_{position}":
                return module
    raise KeyError(layer)


def maps_and_gradients(network, module, images, targets):
    """Returns what a module puts out and the gradients of the targets' logits there."""
    seen = []
    handle = module.register_forward_hook(lambda _module, _inputs, out: seen.append(out))
    scores = network(to_torch(images))[torch.arange(len(targets)), torch.tensor(targets)]
    handle.remove()
    (gradients,) = torch.autograd.grad(scores.sum(), seen[0])
    return tuple(one.detach().permute(0, 2, 3, 1).numpy() for one in (seen[0], gradients))


def smooth_grad(network, images, targets, noise, level):
    """Smilkov et al. 2017: M(x) = 1/n sum_n dS/dx (x + N(0, sigma^2)).

    Args:
      network: torch's.
      images: of the batch.
      targets: a class for each.
      noise: standard normal, [samples, height, width, 3].
      level: sigma / (x_max - x_min), the paper's noise level.
    """
    total = np.zeros_like(images)
    for drawn in noise:
        noisy = [image + level * (image.max() - image.min()) * drawn for image in images]
        total += image_gradient(network, np.stack(noisy), targets)
    return total / len(noise)


def grad_cam_plus_plus(maps, gradients, scores):
    """Chattopadhay et al. 2018, with Y = exp(S), whose derivatives follow from those of S.

    alpha_ij = Y'' / (2 Y'' + sum_ab A_ab Y'''), w = sum_ij alpha_ij relu(Y'), L = relu(sum_k w A).
    S is piecewise linear in the maps: its own higher derivatives are 0.
    """
    heatmaps = []
    for image, gradient, score in zip(maps, gradients, scores, strict=True):
        weights = []
        for A, slope in zip(_units(image), _units(gradient), strict=True):  # noqa: N806 (paper's)
            weight = 0.0
            for g in slope.flat:
                first, second, third = (np.exp(score) * g**order for order in (1, 2, 3))
                if first > 0:  # elsewhere relu(Y') is 0
                    weight += second / (2 * second + A.sum() * third) * first
            weights.append(weight)
        heatmaps.append(_rectified_sum(weights, image))
    return np.stack(heatmaps)


def hires_cam(maps, gradients):
    """Draelos & Carin 2020: sum_k dS/dA_k * A_k, cell by cell; what speaks against it left out."""
    heatmaps = np.zeros(maps.shape[:3])
    for place in np.ndindex(*heatmaps.shape):
        heatmaps[place] = max(sum(gradients[place] * maps[place]), 0)
    return heatmaps


def layer_cam(maps, gradients):
    """Jiang et al. 2021: w_ij = relu(dS/dA_ij), M = relu(sum_k w_k * A_k)."""
    heatmaps = np.zeros(maps.shape[:3])
    for place in np.ndindex(*heatmaps.shape):
        pairs = zip(gradients[place], maps[place], strict=True)
        heatmaps[place] = max(sum(max(gradient, 0) * value for gradient, value in pairs), 0)
    return heatmaps


def xgrad_cam(maps, gradients):
    """Fu et al. 2020: w_k = sum_ij A_ij / (sum_ab A_ab) dS/dA_ij; a silent unit has none."""
    heatmaps = []
    for image, gradient in zip(maps, gradients, strict=True):
        weights = [
            sum(share * g for share, g in zip((A / A.sum()).flat, slope.flat, strict=True))
            if A.sum()
            else 0
            for A, slope in zip(_units(image), _units(gradient), strict=True)
        ]
        heatmaps.append(_rectified_sum(weights, image))
    return np.stack(heatmaps)


def score_cam(network, images, maps, targets):
    """Wang et al. 2020, algorithm 1, with the black image as the one to compare with.

    M_k = s(upsampled A_k), S_k = f(X * M_k) - f(X_b), alpha = softmax(S) over the units,
    L = relu(sum_k alpha_k A_k); a map of which s is 0 / 0 lets nothing through.
    """
    heatmaps = []
    for image, units, target in zip(images, maps, targets, strict=True):
        masks = enlarged(_units(units), image.shape[:2])
        masked = [image * _zero_to_one(mask)[..., None] for mask in masks]
        masked = np.stack([*masked, np.zeros_like(image)])
        with torch.no_grad():
            *scores, black = network(to_torch(masked))[:, target].tolist()
        powers = np.exp(np.array(scores) - black)
        heatmaps.append(_rectified_sum(powers / powers.sum(), units))
    return np.stack(heatmaps)


def enlarged(heatmaps, size):
    """Bilinear, with half-pixel centres."""
    channels = torch.tensor(heatmaps)[:, None]
    return nn.functional.interpolate(channels, size, mode="bilinear")[:, 0].numpy()


def _zero_to_one(mask):
    extent = mask.max() - mask.min()
    return (mask - mask.min()) / extent if extent else np.zeros_like(mask)


def occlusion(score, image, window, stride):
    """How much windows over a pixel lower the score of an image, on average; 0 without any.

    Windows start every `stride` pixels until the border is reached, across which the last may jut.
    """
    height, width, _ = image.shape
    total, count = np.zeros((height, width)), np.zeros((height, width))
    for top in _starts(height, window, stride):
        for left in _starts(width, window, stride):
            place = slice(top, top + window), slice(left, left + window)
            hidden = image.copy()
            hidden[place] = 0
            total[place] += score(image) - score(hidden)
            count[place] += 1
    return np.where(count > 0, total / np.maximum(count, 1), 0)


def _starts(length, window, stride):
    starts = [0]
    while starts[-1] + window < length:
        starts.append(starts[-1] + stride)
    return starts


def _units(maps):
    return np.moveaxis(maps, -1, 0)


def _rectified_sum(weights, maps):
    heatmap = np.zeros(maps.shape[:2])
    for weight, unit in zip(weights, _units(maps), strict=True):
        heatmap += weight * unit
    return np.maximum(heatmap, 0)
