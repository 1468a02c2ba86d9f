"""Which units know the place: against slow references, and on units whose truth is known."""

import numpy as np
import pytest
from reference.slow_information import slow_conditional_information

from camtrap_jax.units import (
    background_share,
    conditional_information,
    fixed_place,
    given_bins,
    information_given,
    mutual_information,
    verdicts,
)
from camtrap_jax.units.information import bias_of_counts, class_counts

SPECIES, CAMERAS = 4, 5

pytestmark = pytest.mark.usefixtures("machine")


def sample(seed=0, num_bursts=240):
    """Bursts of three frames; species 0 is at camera 0 alone."""
    rng = np.random.default_rng(seed)
    species = rng.integers(0, SPECIES, num_bursts)
    camera = np.where(species == 0, 0, rng.integers(0, CAMERAS, num_bursts))
    bursts = np.repeat(np.arange(num_bursts), 3)
    return species[bursts], camera[bursts], bursts, rng


def test_equals_the_mean_of_sklearns_within_each_given_class():
    species, camera, bursts, rng = sample()
    bins = rng.integers(0, 4, (len(species), 3)) + (species[:, None] == 1) * [0, 1, 2]
    found = conditional_information(
        bins, species, camera, bursts, num_bins=6, permutations=2, seed=0
    )
    expected = [slow_conditional_information(bins[:, u], species, camera) for u in range(3)]
    np.testing.assert_allclose(found.nats, expected, atol=1e-6)


def test_animal_and_place_are_told_apart_and_bursts_do_not_pass_for_evidence():
    species, camera, bursts, rng = sample()
    of_burst = rng.normal(size=bursts.max() + 1)[bursts]  # alike within a burst, else nothing
    responses = np.stack(
        [
            (species == 0) + 0.3 * rng.normal(size=len(species)),  # the animal at its camera
            (camera == 0) + 0.3 * rng.normal(size=len(species)),  # the bush beside it
            (species == 2) + 0.3 * rng.normal(size=len(species)),
            of_burst,
            np.zeros(len(species)),
        ],
        axis=1,
    )
    bins = np.digitize(responses, [-0.5, 0, 0.5, 1])
    arguments = {"num_bins": 5, "permutations": 40, "seed": 1}
    place = conditional_information(bins, camera, species, bursts, **arguments)
    animal = conditional_information(bins, species, camera, bursts, **arguments)
    share = background_share(place, animal)
    assert share[1] > 0.9
    assert share[0] < 0.1
    assert share[2] < 0.1
    assert place.p_value[3] > 0.1  # frame by frame shuffled it would be 1 / 41
    assert place.excess[3] < 0.3 * place.nats[3]
    assert np.isnan(share[4])
    nowhere = np.zeros(5)
    called = verdicts(nowhere, share, place, animal, level=0.05)
    assert called == ["animal", "background", "animal", "unclear", "unclear"]
    # Without the condition the bush tells of species 0 as much as the animal's own unit does.
    nats = np.asarray(mutual_information(responses.astype("f4"), species, num_classes=SPECIES))
    assert nats[1, 0] > 0.5 * nats[0, 0]


def test_nothing_is_left_where_each_camera_has_one_species():
    species = np.repeat([0, 1], 30)
    bins = (species[:, None] + [0, 0]).astype(int)
    found = conditional_information(bins, species, species, np.arange(60), num_bins=2)
    np.testing.assert_allclose(found.nats, 0, atol=1e-7)
    assert (found.p_value == 1).all()
    assert (found.excess == 0).all()


def test_information_given_the_camera_is_the_mean_over_cameras_less_the_bias():
    species, camera, _, rng = sample()
    responses = (rng.normal(size=(len(species), 4)) + (species[:, None] == 1)).astype("f4")
    bins = np.digitize(responses, [-0.5, 0.5, 1.5])
    got = information_given(bins, species, camera, num_classes=SPECIES, num_bins=4)
    cut = given_bins([-0.5, 0.5, 1.5], num_units=4)
    for unit in range(4):
        for label in range(SPECIES):
            plain = slow_conditional_information(bins[:, unit], species == label, camera)
            bias = 0.0
            for value in range(CAMERAS):
                at = camera == value
                counts = class_counts(responses[at], species[at], num_classes=SPECIES, bins=cut)
                bias += at.mean() * float(bias_of_counts(counts)[unit, label])
            assert got[unit, label] == pytest.approx(max(plain - bias, 0), abs=1e-6)


def test_order_of_images_changes_nothing_but_the_shuffles():
    species, camera, bursts, rng = sample()
    bins = rng.integers(0, 4, (len(species), 3))
    order = rng.permutation(len(species))
    both = [
        conditional_information(b, s, c, g, num_bins=4, permutations=3)
        for b, s, c, g in (
            (bins, species, camera, bursts),
            (bins[order], species[order], camera[order], bursts[order]),
        )
    ]
    for one, other in zip(*both, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)


def test_a_view_that_does_not_move_gives_the_unit_away():
    species, camera, bursts, rng = sample()
    count = len(species)
    cells = rng.integers(0, 36, (count, 4))
    responses = rng.random((count, 4))
    responses[:, 0] += camera == 3  # a bush in one cell
    cells[camera == 3, 0] = 17
    responses[:, 1] += (species == 0) * (camera == 0)  # an animal that walks about at one camera
    responses[:, 2] += species == 1
    cells[:, 2] = 17  # in the middle of every view
    responses[:, 3] = 0
    got = fixed_place(responses, cells, camera, bursts)
    assert got[0] == 1
    assert got[1] < 0.3
    assert got[2] < 0.5
    assert np.isnan(got[3])


def test_fixed_place_counts_one_frame_a_burst_by_hand():
    responses = np.array([[9.0], [8.0], [7.0], [6.0], [0.0]])
    cells = np.array([[1], [1], [2], [1], [1]])
    cameras = np.array([0, 0, 0, 0, 0])
    got = fixed_place(responses, cells, cameras, np.array([0, 0, 1, 2, 3]))
    assert got == pytest.approx([2 / 3])  # frames 0, 2 and 3; the last is silent
    assert fixed_place(responses, cells, cameras, np.arange(5), count=2) == pytest.approx([1])
    on_animal = np.array([[True], [False], [False], [False], [False]])
    got = fixed_place(responses, cells, cameras, np.array([0, 0, 1, 2, 3]), on_animal)
    assert got == pytest.approx([1 / 3])  # frames 2 and 3, in different cells, of three
    assert fixed_place(responses, cells, cameras, np.arange(5), ~on_animal[:, :] | True) == 0
