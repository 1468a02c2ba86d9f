"""Trees of other programs, from their text."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

import newick
import numpy as np
from jaxtyping import Float
from newick import NewickString, Node, TokenType
from scipy.spatial.distance import squareform

_NAMES = (TokenType.WORD, TokenType.QWORD)
_SILENT = (TokenType.WHITESPACE, TokenType.COMMENT)


def parse_newick(text: str) -> Node:
    """Reads one rooted tree.

    Raises:
      ValueError: the text is no tree, holds several, or a branch is longer than nothing in some
        places and without a length in others; says at which line and column where it can.
    """
    try:
        trees = newick.loads(text.rstrip())  # or the last line break would be a tree
    except (ValueError, RecursionError) as error:
        reason = str(error) if isinstance(error, ValueError) else "nested too deeply"
        raise ValueError(f"{_place(text)}: no Newick tree ({reason})") from None
    if len(trees) != 1:
        raise ValueError(f"expected one Newick tree, got {len(trees)}")
    tree = trees[0]
    for node in tree.walk():
        if not np.isfinite(_length(node)) or _length(node) < 0:
            raise ValueError(f"the branch of {_name(node)!r} has length {node.length}")
    num_branches = sum(1 for _ in tree.walk()) - 1
    num_lengths = sum(token.type is TokenType.COLON for token in NewickString(text))
    num_lengths -= ":" in text.rstrip().rstrip(";").rpartition(")")[2]  # the root has no branch
    if 0 < num_lengths < num_branches:
        raise ValueError(
            f"{num_branches - num_lengths} of {num_branches} branches have no length; expected "
            "a length on all of them, or on none"
        )
    return tree


def has_lengths(tree: Node) -> bool:
    """Tells whether any branch of a tree is longer than nothing."""
    return any(node.length > 0 for node in tree.walk() if node.ancestor)


def leaf_names(tree: Node) -> list[str]:
    """Lists a tree's leaves; a bare underscore means a blank."""
    return [_name(leaf) for leaf in tree.get_leaves()]


def newick_heights(tree: Node, leaves: Sequence[str]) -> Float[np.ndarray, " pairs"]:
    """Distances at which leaves meet: twice the height of the node where they do.

    The height of a node is the longest way down to one of the leaves asked for; so distances are
    the paths between leaves where all of these lie equally deep. Without lengths a node lies one
    above the highest of the nodes below it.

    Args:
      tree: of `parse_newick`.
      leaves: names of leaves, each there once; other leaves are left out.

    Returns:
      Distances in SciPy's condensed form.
    """
    places = {name: place for place, name in enumerate(leaves)}
    with_lengths = has_lengths(tree)
    square = np.zeros((len(leaves), len(leaves)))
    below: dict[int, tuple[list[int], float]] = {}  # of each node: its leaves, and its height
    for node in tree.walk(mode="postorder"):
        if node.is_leaf:
            place = places.get(_name(node))
            below[id(node)] = ([] if place is None else [place], 0.0)
            continue
        parts = [(*below.pop(id(child)), child) for child in node.descendants]
        parts = [part for part in parts if part[0]]
        step = 1.0 if len(parts) > 1 else 0.0  # a node with one branch is none
        height = max((up + (child.length if with_lengths else step) for _, up, child in parts),
                     default=0.0)  # fmt: skip
        members: list[int] = []
        for own, _, _ in parts:
            square[np.ix_(members, own)] = square[np.ix_(own, members)] = 2 * height
            members = members + own
        below[id(node)] = (members, height)
    return squareform(square)


def _length(node: Node) -> float:
    try:
        return node.length
    except ValueError:
        raise ValueError(
            f"the branch of {_name(node)!r}: expected a number for its length, got "
            f"{node.newick.rpartition(':')[2]!r}"
        ) from None


def _name(node: Node) -> str:
    name = node.name or ""
    return node.unquoted_name if name.startswith("'") else name.replace("_", " ")


def _place(text: str) -> str:
    """Says where reading stops, which the library does not."""
    position = _position(text)
    before = text[:position]
    return f"line {before.count(chr(10)) + 1}, column {position - before.rfind(chr(10))}"


def _position(text: str) -> int:
    """Returns the place of the first character that cannot follow those before it."""

    def is_broken(end: int) -> bool:
        try:
            NewickString(text[:end])
        except ValueError as error:
            return "Unterminated" not in str(error)  # a quote or comment may still end
        return False

    end = bisect_left(range(len(text) + 1), True, key=is_broken)
    if end <= len(text):
        return end - 1
    try:
        tokens = NewickString(text)
    except ValueError:
        return len(text)  # within a quote or comment that never ends
    place, has_name = 0, False
    for token in tokens:
        if token.type in _NAMES and has_name:
            return place
        if token.type not in _SILENT:
            has_name = token.type in _NAMES
        place += len(token.char)
    return len(text)  # a bracket that is still open
