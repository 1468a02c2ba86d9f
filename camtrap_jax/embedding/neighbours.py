"""The training images that lie nearest in feature space."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float, Int

CHUNK = 1024  # images whose distances are held at once


def squared_distances(
    features: Float[np.ndarray, "images dim"], training_features: Float[np.ndarray, "training dim"]
) -> Iterator[tuple[slice, Float[np.ndarray, "chunk training"]]]:
    """Yields squared Euclidean distances of some images at a time to all training images.

    Distances come from centred float64 products, whose rounding is far below the float32 of the
    features; it may leave a distance of 0 slightly negative.
    """
    centre = np.asarray(training_features, np.float64).mean(axis=0)
    training = np.asarray(training_features, np.float64) - centre
    norms = np.square(training).sum(axis=1)
    for start in range(0, len(features), CHUNK):
        rows = slice(start, start + CHUNK)
        part = np.asarray(features[rows], np.float64) - centre
        yield rows, np.square(part).sum(axis=1)[:, None] - 2 * part @ training.T + norms


def neighbour_score(
    features: Float[np.ndarray, "images dim"],
    training_features: Float[np.ndarray, "training dim"],
    *,
    k: int,
) -> Float[np.ndarray, " images"]:
    """Euclidean distance to the k-th nearest training image; to the farthest if there are fewer.

    Larger = less familiar. Distances are taken in the feature space as it is, as for
    `unfamiliarity`.

    Source:
      Sun et al. 2022, "Out-of-distribution detection with deep nearest neighbors", which
      normalises the features to unit length first.
    """
    nth = min(k, len(training_features)) - 1
    distances = np.empty(len(features))
    for rows, squares in squared_distances(features, training_features):
        distances[rows] = np.partition(squares, nth, axis=1)[:, nth]
    return np.sqrt(np.maximum(distances, 0))


def neighbour_shares(
    features: Float[np.ndarray, "images dim"],
    training_features: Float[np.ndarray, "training dim"],
    training_labels: Int[np.ndarray, " training"],
    *,
    k: int,
    num_classes: int,
    groups: Int[np.ndarray, "images kinds"],
    training_groups: Int[np.ndarray, "training kinds"],
) -> Float[np.ndarray, "images classes"]:
    """Shares of the classes among the k nearest training images that are none of one's own.

    Args:
      features: one vector per image.
      training_features: of the images that vote.
      training_labels: their classes.
      k: number of neighbours, in Euclidean distance; all where there are fewer.
      num_classes: number of columns of the result.
      groups: what an image belongs to, one column a kind of group (its burst, its file): training
        images that share any of its groups do not vote.
      training_groups: the same of the training images.

    Returns:
      Rows that sum to 1; nan for an image of which every training image shares a group.
    """
    shares = np.empty((len(features), num_classes))
    count = min(k, len(training_features))
    one_hot = np.eye(num_classes)[training_labels]
    for rows, squares in squared_distances(features, training_features):
        for own, others in zip(groups[rows].T, training_groups.T, strict=True):
            squares[own[:, None] == others] = np.inf
        nearest = np.argpartition(squares, count - 1, axis=1)[:, :count]
        votes = np.isfinite(np.take_along_axis(squares, nearest, axis=1))
        total = votes.sum(axis=1, keepdims=True)
        found = (one_hot[nearest] * votes[..., None]).sum(axis=1)
        shares[rows] = found / np.where(total > 0, total, np.nan)
    return shares
