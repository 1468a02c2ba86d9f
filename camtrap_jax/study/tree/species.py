"""The species that a tree is made of: their images, centroids, and the distances between those."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import jax.numpy as jnp
import numpy as np
from scipy.spatial.distance import pdist

from camtrap_jax import embedding
from camtrap_jax.config import Config
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.study.sample import centroid_sample, finite_rows, rows_of, sampled_rows


@dataclass(frozen=True)
class Species:
    """All species, the known ones first, in class order, then the unknown ones.

    Attributes:
      names: of the species.
      num_known: how many are known.
      rows: of the sampled images in the arrays.
      labels: the species of each of them.
      features: of each of them.
      points: the centroid of each species; nan where there is no image.
    """

    names: list[str]
    num_known: int
    rows: np.ndarray  # [images]
    labels: np.ndarray  # [images]
    features: np.ndarray  # [images, dim]
    points: np.ndarray  # [species, dim]

    @property
    def known(self) -> list[str]:
        """Names of the known species."""
        return self.names[: self.num_known]

    @cached_property
    def images(self) -> np.ndarray:
        """How many images each species has in the sample."""
        return np.bincount(self.labels, minlength=len(self.names))

    @cached_property
    def present(self) -> np.ndarray:
        """The species that have images; every known one has."""
        return np.flatnonzero(self.images)

    @cached_property
    def distances(self) -> np.ndarray:
        """Between all species' centroids, in SciPy's condensed form."""
        return pdist(self.points.astype(np.float64))


def sampled_species(run: RunFolder, config: Config) -> Species:
    """Draws up to as many images of each unknown species as of the known ones, and reads them.

    Raises:
      ValueError: features are not finite, or a known species has no training image.
    """
    known, unknown = run.dataset.classes, run.dataset.unknown
    rows, labels = centroid_sample(run, config)
    parts, codes = [rows], [labels]
    for code, species in enumerate(unknown, start=len(known)):
        available = rows_of(run.explained, species, "unknown")
        seed = [config.tree.seed, code]
        parts.append(sampled_rows(available, config.tree.images_per_species, seed))
        codes.append(np.full(len(parts[-1]), code))
    everything, code_of = np.concatenate(parts), np.concatenate(codes)
    features = finite_rows(run, "features", everything)
    points = embedding.class_centroids(
        jnp.asarray(features), jnp.asarray(code_of), num_classes=len(known) + len(unknown)
    )
    return Species(
        [*known, *unknown], len(known), everything, code_of, features, np.asarray(points)
    )
