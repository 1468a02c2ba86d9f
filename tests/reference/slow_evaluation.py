"""Statistics of the evaluation by loops over bins, thresholds, pairs and images."""

from itertools import combinations, pairwise, permutations

import numpy as np
from scipy.stats import spearmanr


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


def slow_rank_agreement(first, second):
    """Spearman's correlation over pairs, and the share of all orders of species as low as it."""
    size = len(first)
    pairs = list(combinations(range(size), 2))

    def correlation(order):
        moved = [second[order[a]][order[b]] for a, b in pairs]
        return spearmanr([first[a][b] for a, b in pairs], moved).statistic

    observed = correlation(range(size))
    all_orders = [correlation(order) for order in permutations(range(size))]
    return observed, np.mean([value <= observed + 1e-12 for value in all_orders])


def slow_disagreement(probabilities, labels):
    """The off-diagonal of the confident joint, image by image."""
    num_classes = len(probabilities[0])
    thresholds = []
    for c in range(num_classes):
        own = [row[c] for row, label in zip(probabilities, labels, strict=True) if label == c]
        thresholds.append(sum(own) / len(own) if own else np.inf)
    found = []
    for row, label in zip(probabilities, labels, strict=True):
        confident = [c for c in range(num_classes) if row[c] >= thresholds[c] - 1e-12]
        best = max(confident, key=lambda c: row[c], default=label)
        found.append(best if best != label and row[best] > 0.5 else -1)
    return found
