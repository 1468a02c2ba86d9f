"""Filling of holes by the book: averages of quarters, handed down bilinearly, pixel by pixel."""

import numpy as np


def slow_filled(image, hole):
    """Fills one image [H, W, colours] where `hole` [H, W]."""
    known = ~hole
    return _fill(np.where(known[..., None], image, 0.0), known.astype(float))


def _fill(total, weight):
    height, width = weight.shape
    if (height, width) == (1, 1):
        return total / weight[..., None] if weight[0, 0] else np.zeros_like(total)
    coarse = _fill(_quarters(total), _quarters(weight))
    result = np.zeros_like(total)
    for row in range(height):
        for column in range(width):
            handed = _between(coarse, row, column, height, width)
            result[row, column] = total[row, column] + (1 - weight[row, column]) * handed
    return result


def _quarters(x):
    """Averages squares of 2 x 2; outside there is nothing."""
    rows, columns = (-(-length // 2) for length in x.shape[:2])
    result = np.zeros((rows, columns, *x.shape[2:]))
    for row in range(x.shape[0]):
        for column in range(x.shape[1]):
            result[row // 2, column // 2] += x[row, column] / 4
    return result


def _between(coarse, row, column, height, width):
    """Interpolates at the centre of a fine pixel; beyond the outermost centres they go on."""
    places = []
    for at, fine, count in ((row, height, coarse.shape[0]), (column, width, coarse.shape[1])):
        place = min(max((at + 0.5) * count / fine - 0.5, 0), count - 1)
        low = min(int(place), max(count - 2, 0))
        places.append((low, min(low + 1, count - 1), place - low))
    (top, bottom, down), (left, right, across) = places
    upper = (1 - across) * coarse[top, left] + across * coarse[top, right]
    lower = (1 - across) * coarse[bottom, left] + across * coarse[bottom, right]
    return (1 - down) * upper + down * lower
