"""How good maps are, pixel by pixel: curves, overlaps and similarities by loops in float64."""

from itertools import permutations
from math import exp

import numpy as np


def slow_order(importance, ties):
    """The pixels, most important first; of equals the one with the smaller number in `ties`."""
    return sorted(np.ndindex(importance.shape), key=lambda place: (-importance[place], ties[place]))


def slow_curve(network, before, after, *, order, target, steps):
    """Replaces one pixel after the other of one image, and asks the network at every step."""
    image, curve, done = np.array(before, np.float64), [], 0
    for step in range(steps + 1):
        while done < int(step * len(order) / steps + 1e-9):
            image[order[done]] = after[order[done]]
            done += 1
        powers = [exp(logit) for logit in network(image)]
        curve.append(powers[target] / sum(powers))
    return curve


def slow_blur(image, sigma):
    """Weighs the pixels around each one; outside, the nearest one inside counts."""
    height, width, _ = image.shape
    reach = range(-int(4 * sigma + 0.5), int(4 * sigma + 0.5) + 1)
    result = np.zeros(image.shape)
    for row, column in np.ndindex(height, width):
        weights = 0
        for down in reach:
            for across in reach:
                weight = exp(-(down**2 + across**2) / (2 * sigma**2))
                near_row = min(max(row + down, 0), height - 1)
                near_column = min(max(column + across, 0), width - 1)
                result[row, column] += weight * image[near_row, near_column]
                weights += weight
        result[row, column] /= weights
    return result


def slow_mass(importance, mask):
    """Sums the map's values inside and everywhere."""
    places = list(np.ndindex(importance.shape))
    inside = sum(float(importance[place]) for place in places if mask[place])
    return inside / sum(float(importance[place]) for place in places)


def slow_rank_accuracy(importance, mask):
    """Takes the K largest for each of all orders of the pixels, and averages; for tiny maps."""
    size = int(mask.sum())
    pixels = list(zip(importance.ravel().tolist(), mask.ravel().tolist(), strict=True))
    shares = []
    for order in permutations(pixels):
        largest = sorted(order, key=lambda pixel: -pixel[0])[:size]  # stable
        shares.append(sum(inside for _, inside in largest) / size)
    return np.mean(shares)


def slow_dice(importance, mask, fraction):
    """Counts what two sets of pixels have in common."""
    places = list(np.ndindex(importance.shape))
    chosen = {place for place in places if importance[place] > fraction * importance.max()}
    inside = {place for place in places if mask[place]}
    return 2 * len(chosen & inside) / (len(chosen) + len(inside))


def slow_box(box, size):
    """Asks each pixel whether its centre lies in the box."""
    x, y, width, height = box
    mask = np.zeros(size, bool)
    for row, column in np.ndindex(size):
        across, down = (column + 0.5) / size[1], (row + 0.5) / size[0]
        mask[row, column] = x <= across < x + width and y <= down < y + height
    return mask


def slow_ssim(a, b):
    """Moments of each whole window of 11 x 11 px around their means, from maps on 0..1."""
    a, b = ((m - m.min()) / (m.max() - m.min()) for m in (np.float64(a), np.float64(b)))
    window = np.array(
        [[exp(-(i * i + j * j) / (2 * 1.5**2)) for j in range(-5, 6)] for i in range(-5, 6)]
    )
    window /= window.sum()
    values = []
    for row in range(a.shape[0] - 10):
        for column in range(a.shape[1] - 10):
            x, y = (m[row : row + 11, column : column + 11] for m in (a, b))
            mean_x, mean_y = (window * x).sum(), (window * y).sum()
            variance_x = (window * (x - mean_x) ** 2).sum()
            variance_y = (window * (y - mean_y) ** 2).sum()
            covariance = (window * (x - mean_x) * (y - mean_y)).sum()
            luminance = (2 * mean_x * mean_y + 0.0001) / (mean_x**2 + mean_y**2 + 0.0001)
            structure = (2 * covariance + 0.0009) / (variance_x + variance_y + 0.0009)
            values.append(luminance * structure)
    return np.mean(values)
