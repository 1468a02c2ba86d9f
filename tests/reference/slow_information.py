"""Mutual information, bias correction and permutation test, one unit and species at a time."""

import numpy as np
from scipy.special import digamma
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


def slow_neighbour_information(values, shows, *, k):
    """Ross's estimate image by image in float64; equal responses counted as Gao et al. do."""
    values = np.asarray(values, np.float64)
    shows = np.asarray(shows)
    if min(shows.sum(), (~shows).sum()) < 2:
        return 0.0
    terms = []
    for value, presence in zip(values, shows, strict=True):
        own = np.sort(np.abs(values[shows == presence] - value))  # itself first
        nearest = min(k, len(own) - 1)
        radius = own[nearest]
        gaps = np.abs(values - value)
        if radius > 0:
            close, every = nearest, (gaps < radius).sum()
        else:
            close, every = (own == 0).sum(), (gaps == 0).sum()
        terms.append(digamma(close) - digamma(len(own)) - digamma(every))
    return max(digamma(len(values)) + np.mean(terms), 0.0)


def slow_conditional_information(bins, target, given):
    """Mean over the given classes of sklearn's information within each."""
    return sum(
        (given == value).mean() * mutual_info_score(bins[given == value], target[given == value])
        for value in np.unique(given)
    )


def slow_shared_nats(*columns):
    """Entropy of some columns' joint values, raised by (occupied cells - 1) / (2 n)."""
    _, counts = np.unique(np.stack(columns, axis=1), axis=0, return_counts=True)
    shares = counts / len(columns[0])
    return -(shares * np.log(shares)).sum() + (len(counts) - 1) / (2 * len(columns[0]))
