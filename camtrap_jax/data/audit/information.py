"""Mutual information between two columns, from the table of their counts."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float


def information(counts: Float[np.ndarray, "rows columns"]) -> float:
    """Returns `sum p(x, y) ln(p(x, y) / (p(x) p(y)))` in nats, the plug-in estimate.

    It is 0 where one side has a single value, and at most the smaller entropy of the two.
    """
    joint = counts / counts.sum()
    apart = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    seen = joint > 0
    return max(0.0, float((joint[seen] * np.log(joint[seen] / apart[seen])).sum()))


def information_bias(counts: Float[np.ndarray, "rows columns"], num_samples: float) -> float:
    """Returns what the plug-in estimate is too large by, to first order, in nats.

    An entropy of m values that occur is (m - 1) / (2 n) too small; the information is the sum of
    the two sides' entropies less the joint one's.

    Args:
      counts: table of the two columns.
      num_samples: n, the independent draws behind the table: fewer than its sum where several
        counts belong together.

    Source:
      Miller 1955, Note on the bias of information estimates.
    """
    seen = counts > 0
    rows, columns = int(seen.any(axis=1).sum()), int(seen.any(axis=0).sum())
    return (int(seen.sum()) - rows - columns + 1) / (2 * num_samples)


def entropy(counts: Float[np.ndarray, " values"]) -> float:
    """Returns the entropy of a column in nats."""
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log(shares)).sum())
