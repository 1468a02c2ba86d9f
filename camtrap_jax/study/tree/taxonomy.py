"""A tree of the user's, that the species' tree is compared with."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from camtrap_jax import embedding
from camtrap_jax.config import Config
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import check_file

MIN_SPECIES = 3  # of fewer there is but one tree
RANKS = "the place of the finest shared rank, from 1"
LENGTHS = "twice the height, by branch lengths, of the node where two species meet"
LEVELS = "twice the number of levels above the species, as no branch has a length"


@dataclass(frozen=True)
class Taxonomy:
    """What a file says of the known species.

    Attributes:
      places: the known species that it has, by their places among all known ones.
      missing: those that it has not.
      tree: a linkage matrix over the former.
      heights: how the distances in it were made.
      ranks: of a table, from fine to coarse; none of a Newick file.
    """

    places: list[int]
    missing: list[str]
    tree: np.ndarray
    heights: str
    ranks: list[str]


def check_taxonomy(run: RunFolder, config: Config) -> None:
    """Refuses a file in `tree.taxonomy` that cannot be compared; raises as `read_taxonomy`."""
    if config.tree.taxonomy:
        read_taxonomy(Path(config.tree.taxonomy), run.classes)


def read_taxonomy(path: Path, known: Sequence[str]) -> Taxonomy:
    """Reads a Newick file, or a CSV file with a column `species` and its ranks.

    Raises:
      FileNotFoundError: there is no such file.
      IsADirectoryError: it is a folder.
      ValueError: it is neither, names a species twice, or has fewer than three known species.
    """
    check_file(path, "tree.taxonomy", expected="a Newick or CSV file")
    try:
        text = path.read_text(encoding="utf-8-sig")
        if text.lstrip().startswith(("(", "[")):
            return _from_newick(text, known)
        return _from_table(text, known)
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: expected text in UTF-8, got {error}") from None
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _from_newick(text: str, known: Sequence[str]) -> Taxonomy:
    parsed = embedding.parse_newick(text)
    found = embedding.leaf_names(parsed)
    places, theirs, missing = _matched(known, found)
    heights = embedding.newick_heights(parsed, [found[leaf] for leaf in theirs])
    made = LENGTHS if embedding.has_lengths(parsed) else LEVELS
    return Taxonomy(places, missing, embedding.tree_of_heights(heights), made, [])


def _from_table(text: str, known: Sequence[str]) -> Taxonomy:
    table = _table(text)
    places, theirs, missing = _matched(known, list(table.pop("species")))
    ranks = {name: list(table[name].iloc[theirs]) for name in table}
    order = list(ranks)
    try:
        heights = embedding.rank_distances(list(ranks.values()), order)
    except ValueError as error:
        try:  # a table from coarse to fine
            order.reverse()
            heights = embedding.rank_distances([ranks[name] for name in order], order)
        except ValueError:
            raise error from None
    return Taxonomy(places, missing, embedding.tree_of_heights(heights), RANKS, order)


def _table(text: str) -> pd.DataFrame:
    """Reads a table's `species` and ranks as text, without blanks around it."""
    if text[:6].upper() == "#NEXUS":
        raise ValueError("is a NEXUS file; save the tree as Newick")
    lines = text.splitlines()
    separator = max(",;\t", key=lines[0].count) if lines else ","
    try:
        reader = csv.reader(lines, delimiter=separator)
        rows = [(reader.line_num, row) for row in reader if any(row)]
    except csv.Error as error:
        raise ValueError(f"expected a Newick tree or a CSV file, got {error}") from None
    header, *body = rows or [(0, [])]
    names = [name.strip() for name in header[1]]
    for number, row in body:
        if len(row) != len(names):
            raise ValueError(
                f"line {number}: expected {len(names)} fields as in the header, got {len(row)}"
            )
    texts = [[field.strip() for field in row] for _, row in body]
    table = pd.DataFrame(texts, columns=names, dtype="str")
    table = table.rename(columns={name: "species" for name in table if name.lower() == "species"})
    if "species" not in table or table.shape[1] < 2 or not table.columns.is_unique:
        raise ValueError(
            "expected a Newick tree, or a CSV file with one column `species` and its ranks, each "
            "once, such as species,genus,family,order; got the columns "
            f"{', '.join(names) or 'none'}"
        )
    return table


def _matched(known: Sequence[str], found: Sequence[str]) -> tuple[list[int], list[int], list[str]]:
    """Pairs known species with the names in a file, without regard to case.

    Returns:
      Places among the known species, places in the file, and the known species that it lacks.
    """
    keys = [name_key(name) for name in found]
    twice = sorted(key for key, count in Counter(keys).items() if count > 1 and key)
    if twice:
        raise ValueError(
            f"names {', '.join(map(repr, twice))} more than once; expected each species once "
            "(case, and _ for a blank, do not count)"
        )
    places = [place for place, name in enumerate(known) if name_key(name) in keys]
    theirs = [keys.index(name_key(known[place])) for place in places]
    missing = [name for name in known if name_key(name) not in keys]
    if len(set(theirs)) < len(theirs):
        raise ValueError("known species that differ in case alone cannot be told apart in it")
    if len(places) < MIN_SPECIES:
        raise ValueError(
            f"has {len(places)} of the {len(known)} known species, expected at least "
            f"{MIN_SPECIES}; it lacks {', '.join(missing)}: name them as the dataset does (case "
            "does not count)"
        )
    return places, theirs, missing


def name_key(name: str) -> str:
    """Brings names that mean the same species into one form."""
    return " ".join(name.replace("_", " ").split()).casefold()
