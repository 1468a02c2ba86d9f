"""Whether a map depends on what it claims to explain: the weights, the class and the animal.

A map that looks the same from a network that has forgotten everything, or for another class, shows
edges and not reasons.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

from camtrap_jax.explain.similarity import spearman

Params = Any  # nested dicts of arrays


def randomised(
    params: Params, groups: Mapping[str, Sequence[str]], *, seed: int
) -> Iterator[tuple[str, Params]]:
    """Yields networks that have forgotten one more group of their parameters each, top first.

    Each array is replaced by a permutation of its own values, kernels and biases alike: what was
    learned is gone, while the distribution of the values stays that of the trained network, so that
    signals keep their scale. Arrays of one value stay as they are. An array's draw depends on
    its place in `params` and the seed only; `params` itself is not changed.

    Running statistics of BatchNorm are no parameters and stay; give them, too (all the variables as
    `params`, and their paths in the groups), to have them permuted like the rest.

    Args:
      params: nested dicts of arrays.
      groups: name -> paths of keys, joined by "/", in the order in which they are forgotten. A path
        stands for an array or for all below it: `{"head": ["fc8", "fc7/bias"], ...}`.
      seed: of the permutations.

    Yields:
      The group's name, and parameters of which it and all before it are drawn anew.

    Raises:
      ValueError: a path that is not in `params`; at the first step.

    Source: Adebayo et al. 2018, "Sanity checks for saliency maps", "cascading
    randomization"; there weights are initialised anew.
    """
    leaves, structure = jax.tree.flatten_with_path(params)
    paths = [jax.tree_util.keystr(path, simple=True, separator="/") for path, _ in leaves]
    values = [value for _, value in leaves]
    chosen = {name: [_below(path, paths) for path in group] for name, group in groups.items()}
    for name, numbers in chosen.items():
        for number in sorted(set().union(*numbers)):
            values[number] = _permuted(leaves[number][1], seed=[seed, number])
        yield name, structure.unflatten(values)


def class_sensitivity(
    maps: Float[Array, "images ..."], others: Float[Array, "images ..."]
) -> Float[Array, " images"]:
    """Returns how alike the maps for two classes are: 1 where a map does not care which class.

    It is Spearman's correlation, -1..1; nan where one of the maps has only one value.

    Args:
      maps: for the predicted class.
      others: of the same images for another one: the runner-up, or the least likely.

    Source: Rudin 2019, "Stop explaining black box machine learning models", shows maps that
    are much the same for all classes.
    """
    return spearman(maps, others)


def stability(
    maps: Float[Array, "images ..."], noisy_maps: Float[Array, "draws images ..."]
) -> Float[Array, " images"]:
    """Returns how alike maps stay when the images get a little noise: 1 for the same order.

    It is the mean over draws of Spearman's correlation, -1..1. nan where any of the maps has only
    one value: leaving such draws out would hide the worst.

    Args:
      maps: of the images.
      noisy_maps: of the same images with noise that does not change what the network sees in them.

    Source: Alvarez-Melis & Jaakkola 2018, "On the robustness of interpretability methods", for the
    question.
    """
    return lax.map(lambda noisy: spearman(maps, noisy), noisy_maps).mean(0)


def _below(path: str, paths: Sequence[str]) -> set[int]:
    """Returns the numbers of the arrays that a path stands for."""
    found = {n for n, one in enumerate(paths) if one == path or one.startswith(f"{path}/")}
    if not found:
        raise ValueError(f"groups: expected paths below {_heads(paths)}, got {path!r}")
    return found


def _heads(paths: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(path.split("/")[0] for path in paths))


def _permuted(values: Array, *, seed: Sequence[int]) -> Array:
    # By NumPy: 8 million values take jax.random.permutation 10 s on a CPU, and NumPy 0.4.
    flat = np.random.default_rng(seed).permutation(np.ravel(values))
    return jnp.asarray(flat.reshape(np.shape(values)))
