"""Which features a scoring sheet offers, so that maps can lose by showing something else, too."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from camtrap_jax.human.answers import DECOY, DESCRIPTOR, GENERAL, Texts
from camtrap_jax.human.descriptors import Vocabulary


def offered_features(
    vocabulary: Vocabulary, species: Sequence[str], *, decoys: int, seed: int
) -> tuple[Texts, Texts]:
    """Mixes each species' descriptors with some of other species', and adds the general ones.

    A rater who is shown nothing but what the species should have can only confirm it. Decoys are
    drawn from all species' descriptors, those of many species more often, and none that has a word
    in common with one of the species' own: who knows a nyala by `white stripes` would not be wrong
    to tick `stripes`.

    Args:
      vocabulary: of all species.
      species: those on the sheet.
      decoys: wanted for each; fewer where there are not so many.
      seed: of the draw and of the order.

    Returns:
      The features of each species, and their kinds.
    """
    features, kinds = {}, {}
    for number, name in enumerate(species):
        rng = np.random.default_rng([seed, number])
        own = vocabulary.descriptors[name]
        general = tuple(word for word in vocabulary.general if word not in own)
        drawn = _drawn_decoys(vocabulary, own, decoys, rng)
        mixed = [*((one, DESCRIPTOR) for one in own), *((one, DECOY) for one in drawn)]
        mixed = [mixed[place] for place in rng.permutation(len(mixed))]
        mixed += [(one, GENERAL) for one in general]
        features[name] = tuple(one for one, _ in mixed)
        kinds[name] = tuple(kind for _, kind in mixed)
    return features, kinds


def _drawn_decoys(
    vocabulary: Vocabulary, own: tuple[str, ...], count: int, rng: np.random.Generator
) -> list[str]:
    taken = {part for word in (*own, *vocabulary.general) for part in word.split()}
    pool = [
        word
        for words in vocabulary.descriptors.values()
        for word in words
        if taken.isdisjoint(word.split())
    ]
    return list(dict.fromkeys(pool[place] for place in rng.permutation(len(pool))))[:count]
