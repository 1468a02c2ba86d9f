"""Class activation maps and unit responses by loops, NHWC."""

import numpy as np


def grad_cam(maps, gradients):
    """relu(sum_k mean_ij(gradient_k) map_k), one image, cell and unit at a time."""
    batch, height, width, units = maps.shape
    heatmap = np.zeros((batch, height, width))
    for b in range(batch):
        weights = [
            sum(gradients[b, i, j, k] for i in range(height) for j in range(width))
            / (height * width)
            for k in range(units)
        ]
        for i in range(height):
            for j in range(width):
                heatmap[b, i, j] = max(0, sum(weights[k] * maps[b, i, j, k] for k in range(units)))
    return heatmap


def upsample(heatmap, size):
    """Bilinear with half-pixel centres; outside the centres the nearest cell counts."""
    batch, height, width = heatmap.shape
    result = np.zeros((batch, *size))
    for i in range(size[0]):
        top, bottom, down = _neighbours(i, height, size[0])
        for j in range(size[1]):
            left, right, along = _neighbours(j, width, size[1])
            above = (1 - along) * heatmap[:, top, left] + along * heatmap[:, top, right]
            below = (1 - along) * heatmap[:, bottom, left] + along * heatmap[:, bottom, right]
            result[:, i, j] = (1 - down) * above + down * below
    return result


def _neighbours(index, length, size):
    place = min(max((index + 0.5) * length / size - 0.5, 0), length - 1)
    low = int(place)
    return low, min(low + 1, length - 1), place - low


def unit_responses(maps):
    """Largest value, mean, and first hottest cell in reading order, by running over the cells."""
    batch, height, width, units = maps.shape
    largest = np.zeros((batch, units))
    mean = np.zeros((batch, units))
    cell = np.zeros((batch, units), np.int64)
    for b, k in np.ndindex(batch, units):
        best = -np.inf
        for i, j in np.ndindex(height, width):
            mean[b, k] += maps[b, i, j, k] / (height * width)
            if maps[b, i, j, k] > best:
                best, cell[b, k] = maps[b, i, j, k], i * width + j
        largest[b, k] = best
    return largest, mean, cell
