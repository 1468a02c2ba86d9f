"""One answer for all images of a sequence."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int


def mean_probabilities(
    probabilities: Float[np.ndarray, "images classes"], sequences: Int[np.ndarray, " images"]
) -> Float[np.ndarray, "sequences classes"]:
    """Mean of the probabilities of each sequence's images.

    The mean, not the product or the mean of logarithms: those take frames for independent
    witnesses, which the frames of one burst are not, and there a single frame that excludes a
    species with certainty outvotes all others.

    Args:
      probabilities: rows that sum to 1.
      sequences: number of each image's sequence, from 0 without gaps.

    Source:
      Kittler et al. 1998, "On combining classifiers": the sum rule, which bears errors in the
      probabilities best.
    """
    images = np.bincount(sequences)
    sums = np.zeros((len(images), probabilities.shape[1]))
    np.add.at(sums, sequences, probabilities)
    return sums / images[:, None]
