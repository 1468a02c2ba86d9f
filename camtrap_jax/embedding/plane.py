"""Images as points of a plane."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

NUM_AXES = 50  # principal axes that t-SNE looks at: the rest is noise, and takes time
PERPLEXITY = 30.0  # neighbours that count, where there are enough images
MIN_IMAGES = 4  # fewer have no neighbourhoods


def principal_axes(
    features: Float[np.ndarray, "images dim"], *, seed: int = 0
) -> tuple[Float[np.ndarray, "images axes"], Float[np.ndarray, " axes"]]:
    """Coordinates of images along the directions in which they differ most, up to `NUM_AXES`.

    Returns:
      The coordinates, and each axis's share of the variance; without any axis where there are
      fewer than two images or all are the same.
    """
    features = np.asarray(features, np.float64)
    num_axes = min(NUM_AXES, *features.shape)
    if len(features) < 2 or not np.ptp(features, axis=0).any():
        return np.empty((len(features), 0)), np.empty(0)
    model = PCA(num_axes, random_state=seed)
    return model.fit_transform(features), model.explained_variance_ratio_


def neighbour_map(
    points: Float[np.ndarray, "images axes"], *, seed: int = 0
) -> Float[np.ndarray, "images 2"]:
    """Lays images out so that near neighbours stay near; far distances mean nothing.

    Args:
      points: `principal_axes` of the images.
      seed: of the optimiser.

    Returns:
      t-SNE's coordinates, at perplexity `PERPLEXITY` or a third of the other images; nan for fewer
      than `MIN_IMAGES` images or two axes.

    Source:
      van der Maaten and Hinton 2008, "Visualizing data using t-SNE", as in scikit-learn.
    """
    if len(points) < MIN_IMAGES or points.shape[1] < 2:
        return np.full((len(points), 2), np.nan)
    perplexity = perplexity_of(len(points))
    model = TSNE(2, perplexity=perplexity, init="pca", learning_rate="auto", random_state=seed)
    return model.fit_transform(np.asarray(points, np.float32)).astype(np.float64)


def perplexity_of(num_images: int) -> float:
    """Returns how many neighbours count among so many images."""
    return min(PERPLEXITY, (num_images - 1) / 3)
