import numpy as np
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import pdist, squareform

from camtrap_jax.embedding import linkage_tree, primary_groups, silhouettes

# Three pairs and a hermit on a line.
POINTS = np.array([0.0, 0.1, 5.0, 5.1, 10.0, 10.1, 50.0])[:, None]
TREE = linkage(POINTS, "average")


def test_primary_groups_are_as_many_as_wanted_of_two_or_more():
    groups = primary_groups(TREE, 3)
    assert groups[6] == -1
    assert groups[0] == groups[1] != groups[2] == groups[3] != groups[4] == groups[5]
    assert set(primary_groups(TREE, 2)) == {-1, 0, 1}
    assert set(primary_groups(TREE, 9)) == {-1, 0, 1, 2}  # there are no more


def test_primary_groups_of_two_species_are_one():
    np.testing.assert_array_equal(primary_groups(linkage([[0.0], [1.0]]), 3), [0, 0])


def test_silhouettes_by_hand():
    labels = np.array([1, 1, 2, 2, 3])
    points = np.array([0.0, 1, 4, 6, 20])[:, None]
    found = silhouettes(pdist(points), labels)
    # The first: 1 to its own, (4 + 6) / 2 to the next.
    np.testing.assert_allclose(found[0], (5 - 1) / 5)
    np.testing.assert_allclose(found[2], (3.5 - 2) / 3.5)
    assert np.isnan(found[4])  # alone


def test_silhouettes_equal_the_loop_over_species():
    points = np.random.default_rng(0).normal(size=(9, 3))
    labels = np.array([5, 5, 5, 2, 2, 2, 2, 7, 7])
    between = squareform(pdist(points))
    for one, value in enumerate(silhouettes(pdist(points), labels)):
        means = {
            label: np.mean([between[one, j] for j in range(9) if labels[j] == label and j != one])
            for label in (2, 5, 7)
        }
        own = means.pop(labels[one])
        near = min(means.values())
        np.testing.assert_allclose(value, (near - own) / max(own, near))


def test_silhouettes_of_one_cluster_or_of_all_alone_are_undefined():
    distances = pdist(POINTS)
    for labels in (np.ones(7, int), np.arange(7)):
        assert np.isnan(silhouettes(distances, labels)).all()
    assert linkage_tree(POINTS).shape == (6, 4)
