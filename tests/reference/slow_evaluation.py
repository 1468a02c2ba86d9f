"""Calibration error and detection metrics by loops over bins and thresholds."""

from itertools import pairwise

import numpy as np


def slow_calibration_error(probabilities, labels, num_bins=15):
    """Loops over the bins (b/15, (b+1)/15]."""
    confidence, hit = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    error = 0.0
    for number in range(num_bins):
        inside = (confidence > number / num_bins) & (confidence <= (number + 1) / num_bins)
        if inside.any():
            error += inside.mean() * abs(confidence[inside].mean() - hit[inside].mean())
    return error


def slow_auroc(known, unknown):
    """Share of pairs in which the unknown image scores higher; ties count half."""
    return np.mean([(u > k) + 0.5 * (u == k) for k in known for u in unknown])


def slow_fpr95(known, unknown):
    """Lowest threshold that takes at least 95 % of the known images for known."""
    for threshold in sorted({*known, *unknown}):
        if np.mean(np.asarray(known) <= threshold) >= 0.95:
            return np.mean(np.asarray(unknown) <= threshold)
    raise AssertionError


def slow_aupr(positive, negative):
    """Trapezoids under precision over recall; larger scores are more positive."""
    points = [(0.0, 1.0)]
    for threshold in sorted({*positive, *negative}, reverse=True):
        hits = sum(score >= threshold for score in positive)
        misses = sum(score >= threshold for score in negative)
        points.append((hits / len(positive), hits / (hits + misses)))
    return sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in pairwise(points))
