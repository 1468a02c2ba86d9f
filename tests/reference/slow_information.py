"""Mutual information, bias correction and permutation test, one unit and species at a time."""

import numpy as np
from sklearn.metrics import mutual_info_score


def slow_bins(values, num_bins):
    """Ranks the distinct non-zero values by hand; a value takes the bin of its last edge."""
    active = sorted(value for value in values if value != 0)
    has_zero = len(active) < len(values)
    shared = num_bins - has_zero
    edges = [active[step * len(active) // shared] for step in range(1, shared)] if active else []
    return [
        0 if value == 0 else has_zero + sum(value >= edge for edge in edges) for value in values
    ]


def slow_information(responses, labels, num_classes, num_bins=10):
    """sklearn's estimate on the same bins."""
    responses, labels = responses[labels >= 0], labels[labels >= 0]
    bins = [slow_bins(responses[:, unit], num_bins) for unit in range(responses.shape[1])]
    return np.array(
        [[mutual_info_score(b, labels == label) for label in range(num_classes)] for b in bins]
    )


def slow_corrected(values, shows, num_bins=10):
    """Adds (occupied cells - 1) / (2 n) to each of the three entropies."""
    bins = slow_bins(values, num_bins)

    def entropy(symbols):
        _, counts = np.unique(symbols, return_counts=True, axis=0)
        shares = counts / len(symbols)
        return -(shares * np.log(shares)).sum() + (len(counts) - 1) / (2 * len(symbols))

    joint = np.stack([bins, shows], axis=1)
    return max(entropy(np.array(bins)) + entropy(np.array(shows)) - entropy(joint), 0)


def slow_p_value(values, labels, label, *, num_bins, permutations, seed):
    """Counts shuffles one by one; draws as the fast version does, ten at a time."""
    bins = slow_bins(values, num_bins)
    observed = mutual_info_score(bins, labels == label)
    rng = np.random.default_rng(seed)
    reached = [
        mutual_info_score(bins, rng.permutation(labels) == label) >= observed - 1e-6
        for _ in range(permutations)
    ]
    return (1 + sum(reached)) / (1 + permutations)
