"""Whether a unit tells of the animal or of the place: information beyond the other of the two.

Where species and cameras are bound to each other, a unit that knows a bush carries information
about the species that lives beside it. What a unit tells about the camera *among images of one
species* comes from the place, what it tells about the species *among images of one camera* from the
animal.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from camtrap_jax.units.counting import count_cells
from camtrap_jax.units.information import bias_of_counts, information_of_counts
from camtrap_jax.units.patches import hottest_images

ROUNDING_NATS = 1e-6  # equal tables may differ by so much in float32
PAD = 128
HOTTEST = 30  # images by which it is judged what a unit responds to


class Conditional(NamedTuple):
    """Information of each unit about one thing beyond another, and what chance gives."""

    nats: Float[np.ndarray, " units"]  # plug-in
    by_chance: Float[np.ndarray, " units"]  # mean over shuffles
    p_value: Float[np.ndarray, " units"]

    @property
    def excess(self) -> Float[np.ndarray, " units"]:
        """What is there beyond chance, at least 0."""
        return np.maximum(self.nats - self.by_chance, 0.0)


def conditional_information(
    bins: Int[np.ndarray, "images units"],
    target: Int[np.ndarray, " images"],
    given: Int[np.ndarray, " images"],
    groups: Int[np.ndarray, " images"],
    *,
    num_bins: int,
    permutations: int = 20,
    seed: int = 0,
) -> Conditional:
    """Information I(unit; target | given) over all values of the target, against chance.

    `sum_g p(g) I(unit; target | g)`, plug-in. With few images in many cells it lies far too high;
    the same sum after the targets of whole groups were shuffled among the groups of each g says how
    far. It is 0, and its p-value 1, where every g has one target.

    Args:
      bins: of each unit's responses.
      target: class of each image, such as its camera, from 0.
      given: class of each image, such as its species, from 0.
      groups: number of the burst of each image: its frames are shuffled as one, so that their
        likeness does not pass for information about the place.
      num_bins: number of bins.
      permutations: number of shuffles, at least 1.
      seed: of the shuffles.

    Source:
      Wyner 1978, "A definition of conditional mutual information for arbitrary ensembles"; the
      shuffles within the given classes, and by bursts, are ours.
    """
    parts, group_of = np.unique(np.stack([given, groups, target]), axis=1, return_inverse=True)
    group_of, rng = group_of.ravel(), np.random.default_rng(seed)
    measure = partial(_conditional, bins, num_bins=num_bins)
    nats = measure(target, given)
    shuffled = [
        measure(_shuffled_within(parts[0], parts[2], rng)[group_of], given)
        for _ in range(permutations)
    ]
    reached = sum((value >= nats - ROUNDING_NATS for value in shuffled), np.zeros(len(nats)))
    return Conditional(nats, np.mean(shuffled, axis=0), (1 + reached) / (1 + permutations))


def _shuffled_within(given: np.ndarray, target: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Shuffles the targets of groups among those of the same given class."""
    by_chance = np.lexsort((rng.random(len(given)), given))
    in_order = np.argsort(given, kind="stable")
    shuffled = np.empty_like(target)
    shuffled[in_order] = target[by_chance]
    return shuffled


def _conditional(
    bins: np.ndarray, target: np.ndarray, given: np.ndarray, *, num_bins: int
) -> Float[np.ndarray, " units"]:
    """I(Z; T | G) = H(Z, G) + H(T, G) - H(Z, T, G) - H(G), from counts of the pairs that occur."""
    pairs, pair_of = np.unique(np.stack([given, target]), axis=1, return_inverse=True)
    # A few numbers of columns only: shuffles have slightly different ones, each a program.
    columns = -(-pairs.shape[1] // PAD) * PAD
    counts = count_cells(bins, pair_of.ravel(), num_classes=columns, num_bins=num_bins)
    counts = np.asarray(counts, np.float64)[..., : pairs.shape[1]]
    first_of_given = np.flatnonzero(np.diff(pairs[0], prepend=-1))
    per_given = np.add.reduceat(counts, first_of_given, axis=2)
    images = len(given)
    return np.maximum(
        _entropy(per_given, images)
        + _entropy(counts.sum(axis=0, keepdims=True), images)
        - _entropy(counts, images)
        - _entropy(per_given.sum(axis=0, keepdims=True), images),
        0.0,
    )


def _entropy(counts: Float[np.ndarray, "bins units columns"], images: int) -> np.ndarray:
    shares = counts / images
    logs = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    return -(shares * logs).sum(axis=(0, 2))


def information_given(
    bins: Int[np.ndarray, "images units"],
    labels: Int[np.ndarray, " images"],
    given: Int[np.ndarray, " images"],
    *,
    num_classes: int,
    num_bins: int,
) -> Float[np.ndarray, "units classes"]:
    """Information I(unit; species | camera), one species against the rest, less its bias.

    The mean over cameras, by their images, of what `corrected_information` gives for the images
    of one camera; negative terms count until the sum, which is at least 0. 0 for a species that is
    alone at its camera and nowhere else.

    Args:
      bins: of each unit's responses.
      labels: species of each image.
      given: camera of each image.
      num_classes: number of species.
      num_bins: number of bins.
    """
    total = np.zeros((bins.shape[1], num_classes))
    for value in np.unique(given):
        rows = np.flatnonzero(given == value)
        counts = count_cells(bins[rows], labels[rows], num_classes=num_classes, num_bins=num_bins)
        nats = np.asarray(information_of_counts(counts) - bias_of_counts(counts))
        total += len(rows) / len(given) * nats
    return np.maximum(total, 0.0)


def background_share(camera: Conditional, species: Conditional) -> Float[np.ndarray, " units"]:
    """Share of what a unit tells that is about the place: 0 animal, 1 background.

    What it tells about the camera beyond the species, over that plus what it tells about the
    species beyond the camera, both beyond chance; nan for a unit that tells neither.
    """
    both = camera.excess + species.excess
    return np.divide(camera.excess, both, out=np.full(len(both), np.nan), where=both > 0)


def fixed_place(
    responses: Float[np.ndarray, "images units"],
    cells: Int[np.ndarray, "images units"],
    cameras: Int[np.ndarray, " images"],
    groups: Int[np.ndarray, " images"],
    on_animal: Bool[np.ndarray, "images units"] | None = None,
    *,
    count: int = HOTTEST,
) -> Float[np.ndarray, " units"]:
    """Share of a unit's hottest images that one camera took and that are hottest in one cell.

    A camera does not move, and animals do: what a unit finds burst after burst in one place of one
    view is part of the view, unless an animal stands there each time.

    Args:
      responses: of each image and unit.
      cells: the unit map's hottest cell.
      cameras: number of each image's camera.
      groups: number of each image's burst, of which only the hottest frame counts.
      on_animal: whether the hottest cell is known to be the animal's: it is no place then.
      count: images to look at; as many as the unit responds to where they are fewer.

    Returns:
      From 0 to 1; nan for a silent unit.
    """
    is_place = np.ones(cells.shape, bool) if on_animal is None else ~on_animal
    shares = np.full(responses.shape[1], np.nan)
    for unit in range(responses.shape[1]):
        order = hottest_images(responses[:, unit], len(responses))
        order = order[responses[order, unit] > 0]
        _, first = np.unique(groups[order], return_index=True)
        hottest = order[np.sort(first)][:count]
        if hottest.size:
            seen = hottest[is_place[hottest, unit]]
            places = np.stack([cameras[seen], cells[seen, unit]])
            _, found = np.unique(places, axis=1, return_counts=True)
            shares[unit] = found.max(initial=0) / hottest.size
    return shares


def verdicts(
    place: Float[np.ndarray, " units"],
    share: Float[np.ndarray, " units"],
    camera: Conditional,
    species: Conditional,
    *,
    level: float,
) -> list[str]:
    """Calls each unit `animal`, `background`, or `unclear`.

    Background: at least half of its hottest images show one place of one view, or more than half
    of what it tells is about the camera, and that is not chance. Animal: neither, and what it tells
    about the species is not chance. Everything else is unclear.

    Args:
      place: `fixed_place`.
      share: `background_share`.
      camera: what it tells about the camera beyond the species.
      species: what it tells about the species beyond the camera.
      level: p-values up to it count.
    """
    found = np.full(len(share), "unclear", object)
    found[(share < 0.5) & (species.p_value <= level)] = "animal"
    found[((share > 0.5) & (camera.p_value <= level)) | (place >= 0.5)] = "background"
    return list(found)
