import numpy as np
import pytest
from reference.slow_embedding import slow_joined_group
from scipy.spatial.distance import pdist

from camtrap_jax.embedding import place_species


def sample(seed=0, num_known=6, num_unknown=2, rounds=25):
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(num_known + num_unknown, 3))
    again = points + 0.3 * rng.normal(size=(rounds, *points.shape))
    return points, again


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("newcomer", [6, 7])
def test_placement_equals_clustering_by_hand(seed, newcomer):
    points, again = sample(seed)
    resampled = np.stack([pdist(one) for one in again])
    found = place_species(pdist(points), resampled, num_known=6, newcomer=newcomer)
    chosen = [*range(6), newcomer]
    joins, height = slow_joined_group(points[chosen], 6)
    assert found.joins == joins
    assert found.height == pytest.approx(height)
    shares = [slow_joined_group(one[chosen], 6)[0] == joins for one in again]
    assert found.support == pytest.approx(np.mean(shares))
    distances = np.linalg.norm(points[:6] - points[newcomer], axis=1)
    assert found.nearest == distances.argmin()
    assert found.distance == pytest.approx(distances.min())


def test_other_unknown_species_have_no_say_even_without_images():
    points, again = sample()
    resampled = np.stack([pdist(one) for one in again])
    alone = place_species(pdist(points), resampled, num_known=6, newcomer=6)
    points[7], again[:, 7] = np.nan, np.nan
    resampled = np.stack([pdist(one) for one in again])
    assert place_species(pdist(points), resampled, num_known=6, newcomer=6) == alone


def test_a_stranger_joins_all_and_a_twin_its_likeness():
    points = np.array([[0.0], [1], [10], [12], [500], [10.1]])
    none = np.empty((0, 15))
    stranger = place_species(pdist(points), none, num_known=4, newcomer=4)
    assert stranger.joins == {0, 1, 2, 3}
    assert np.isnan(stranger.support)
    twin = place_species(pdist(points), none, num_known=4, newcomer=5)
    assert (twin.joins, twin.nearest) == ({2}, 2)
    assert twin.height == pytest.approx(0.1)


def test_the_place_does_not_depend_on_the_order_of_the_known():
    points, again = sample()
    order = np.array([3, 0, 5, 1, 4, 2, 6, 7])
    one, other = (
        place_species(
            pdist(points[rows]),
            np.stack([pdist(round_[rows]) for round_ in again]),
            num_known=6,
            newcomer=6,
        )
        for rows in (np.arange(8), order)
    )
    assert {int(order[place]) for place in other.joins} == one.joins
    assert order[other.nearest] == one.nearest
    assert (other.height, other.support) == pytest.approx((one.height, one.support))
