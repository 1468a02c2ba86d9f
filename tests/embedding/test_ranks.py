import itertools

import numpy as np
import pytest
from scipy.spatial.distance import squareform

from camtrap_jax.embedding import rank_distances

GENUS = ["Kobus", "Kobus", "Redunca", "Panthera", "", ""]
FAMILY = ["Bovidae", "Bovidae", "Bovidae", "Felidae", "", "Felidae"]
ORDER = ["Artiodactyla"] * 3 + ["Carnivora", "", "Carnivora"]


def test_distances_are_the_place_of_the_finest_shared_rank():
    found = squareform(rank_distances([GENUS, FAMILY, ORDER], ["genus", "family", "order"]))
    for one, other in itertools.combinations(range(6), 2):
        shared = [
            place
            for place, rank in enumerate((GENUS, FAMILY, ORDER), start=1)
            if rank[one] == rank[other] != ""
        ]
        assert found[one, other] == min(shared, default=4)


def test_what_has_no_group_stands_alone_and_ranks_may_share_names():
    # A family called as a genus is another group; empty ranks do not join species.
    found = rank_distances([["A", "B", ""], ["B", "", ""]], ["genus", "family"])
    np.testing.assert_array_equal(found, [3, 3, 3])


def test_a_group_in_two_groups_is_refused():
    with pytest.raises(ValueError, match="genus 'Kobus' is in family 'X' and in family 'Y'"):
        rank_distances([["Kobus", "Kobus"], ["X", "Y"]], ["genus", "family"])
    with pytest.raises(ValueError, match="'X' and in family 'none'"):
        rank_distances([["Kobus", "Kobus"], ["X", ""]], ["genus", "family"])
