import numpy as np
import pytest
from reference.slow_embedding import slow_tree_heights
from scipy.cluster.hierarchy import cophenet
from scipy.spatial.distance import squareform

from camtrap_jax.embedding import (
    has_lengths,
    leaf_names,
    linkage_tree,
    newick,
    newick_heights,
    parse_newick,
)

NAMES = ["red duiker", "o'ribi", "(lion)", "eland_2", "a:b,c;[d]", "Ñandú", "serval"]


@pytest.mark.parametrize("method", ["average", "ward", "complete", "single"])
@pytest.mark.parametrize("support", [None, np.full(6, 0.87)])
def test_what_is_written_is_read_again(method, support):
    tree = linkage_tree(np.random.default_rng(0).normal(size=(7, 4)), method=method)
    parsed = parse_newick(newick(tree, NAMES, support=support) + "\n")
    assert sorted(leaf_names(parsed)) == sorted(NAMES)
    np.testing.assert_allclose(newick_heights(parsed, NAMES), cophenet(tree), rtol=1e-6)


def test_heights_equal_the_recursion():
    # A polytomy, leaves at unequal depths, a node with one branch, blanks and comments.
    text = "((a:1,b:2,c:0.5)87:1, ((d_x:2[&x=1])e:1,'f''s':4):0.25)root:7;"
    inner = ((("a", 1.0), ("b", 2.0), ("c", 0.5)), 1.0)
    outer = ((((("d x", 2.0),), 1.0), ("f's", 4.0)), 0.25)
    leaves, _, meetings = slow_tree_heights((inner, outer))
    names = sorted(leaves)
    square = squareform(newick_heights(parse_newick(text), names))
    for pair, height in meetings.items():
        one, other = (names.index(name) for name in pair)
        assert square[one, other] == pytest.approx(height)
    assert has_lengths(parse_newick(text))


def test_leaves_that_are_not_asked_for_leave_no_trace():
    parsed = parse_newick("(((a:1,b:1):1,x:9):1,(c:3,y:8):0);")
    np.testing.assert_allclose(newick_heights(parsed, ["c", "a", "b"]), [6, 6, 2])


def test_without_lengths_levels_count():
    parsed = parse_newick("((a,b,(c,d)),e,(f,x));")
    assert not has_lengths(parsed)
    found = squareform(newick_heights(parsed, list("abcdef")))
    assert found[2, 3] == 2
    assert found[0, 1] == found[0, 2] == 4
    assert set(found[4, [0, 1, 2, 3, 5]]) == {6}  # f's own node has one branch left: none


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "expected one Newick tree, got 0"),
        ("(a,b);(c,d);", "got 2"),
        ("(a,b));", "line 1, column 6"),
        ("((a,b),\n(c,d)));", "line 2, column 7"),
        ("(a,(b,c);", "line 1, column 10"),
        ("(a,red duiker);", "line 1, column 8"),
        ("(a,'b);", "no Newick tree"),
        ("(a,b]);", "line 1, column 5"),
        ("(a:1,b);", "1 of 2 branches have no length"),
        ("((a:1,b:1):1,(c:1,d):1)x:0;", "1 of 6 branches have no length"),
        ("(a:1,b:x);", "'b'.*expected a number.*'x'"),
        ("(a:1,b:-2);", "'b' has length -2"),
        ("(a:1,b:nan);", "'b' has length nan"),
        ("(" * 3000 + "a,b" + ")" * 3000 + ";", "nested too deeply"),
    ],
)
def test_what_is_no_tree_is_refused_with_its_place(text, part):
    with pytest.raises(ValueError, match=part) as caught:
        parse_newick(text)
    assert "\n" not in str(caught.value)
