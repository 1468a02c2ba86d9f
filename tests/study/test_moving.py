"""Animals moved to other backgrounds, as networks see them that know the place, or the animal."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from camtrap_jax.config import Config
from camtrap_jax.data.batches.augment import normalise
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.study.quality import moving
from camtrap_jax.study.quality.moving import drawn_backgrounds, move_animals

SIDE = 24
BOX = "0.25,0.25,0.5,0.5"
SPECIES = ("kudu", "nyala", "oribi")
CAMERAS = ("A", "B", "C", "D")


class DrawnRun(RunFolder):
    """A run of which only a table of images exists."""

    classes = SPECIES

    def __init__(self, root, images):
        super().__init__(root)
        self.__dict__ |= {"index": images, "dataset": self}

    @property
    def manifest(self):
        return self.index


def pictures(images):
    """Cameras have greys of their own, 50 apart, and species pure colours."""
    pixels = np.zeros((len(images), SIDE, SIDE, 3), np.uint8)
    for picture, species, camera in zip(pixels, images["species"], images["camera"], strict=True):
        picture[:] = 30 + 50 * CAMERAS.index(camera)
        picture[9:15, 9:15] = 0
        picture[9:15, 9:15, SPECIES.index(species)] = 255
    return pixels


@pytest.fixture
def images():
    """Kudus stand at camera A only, nyalas and oribis everywhere; a burst has two frames."""
    made = [("kudu", "A", f"k{burst}") for burst in range(4)]
    for name, camera, burst in product(SPECIES[1:], CAMERAS, range(2)):
        made.append((name, camera, f"{name} {camera} {burst}"))
    table = pd.DataFrame([row for row in made for _ in range(2)])
    table.columns = ["species", "camera", "sequence"]
    table["image_id"] = [f"image {row:02d}" for row in range(len(table))]
    return table.assign(split="test", bbox=BOX)


@pytest.fixture
def run(images, tmp_path, monkeypatch):
    drawn = pictures(images)
    monkeypatch.setattr(moving, "read_pixels", lambda dataset, row, side: drawn[row])
    monkeypatch.setattr(moving, "light_of_images", lambda dataset, table: ["day"] * len(table))
    monkeypatch.setattr(moving, "_IMAGES", 7)
    return DrawnRun(tmp_path, images)


def config():
    settings = Config()
    settings.model.image_size = SIDE
    return settings


def unnormalised(images):
    black, white = (np.asarray(normalise(np.full((1, 1, 1, 3), v, np.uint8))) for v in (0, 255))
    return 255 * (images - black) / (white - black)


class KnowsThePlace:
    """Answers kudu where the corner is as at camera A, else by the animal's colour."""

    def logits(self, variables, images):
        seen = unnormalised(images)
        by_animal = seen[:, 12, 12] > 200
        at_a = np.abs(seen[:, 0, 0, 0] - 30) < 2
        by_animal[at_a] = [True, False, False]
        return np.where(by_animal, 50.0, 0.0)


class KnowsTheAnimal:
    """Answers by the animal's colour; without one, as nyala."""

    def logits(self, variables, images):
        by_animal = unnormalised(images)[:, 12, 12] > 200
        by_animal[~by_animal.any(1)] = [False, True, False]
        return np.where(by_animal, 50.0, 0.0)


class NeedsThePlace:
    """Answers by colour, and kudu only at camera A."""

    def logits(self, variables, images):
        seen = unnormalised(images)
        by_animal = seen[:, 12, 12] > 200
        by_animal[:, 0] &= np.abs(seen[:, 0, 0, 0] - 30) < 2
        return np.where(by_animal, 50.0, 0.0)


def means(table):
    columns = ["at_home", "moved", "lost", "empty_home", "empty_moved", "alone"]
    return table.groupby("species")[columns].mean().round(6).T.to_dict()


def test_a_network_that_knows_the_animal_loses_nothing(run):
    found = means(move_animals(run, config(), KnowsTheAnimal(), None))
    for species, empty in (("kudu", 0.0), ("nyala", 1.0), ("oribi", 0.0)):
        assert found[species]["at_home"] == found[species]["moved"] == 1.0
        assert found[species]["lost"] == found[species]["alone"] == 0.0
        assert found[species]["empty_home"] == found[species]["empty_moved"] == empty


def test_a_network_that_needs_the_place_loses_all_of_the_species_bound_to_it(run):
    table = move_animals(run, config(), NeedsThePlace(), None)
    found = means(table)
    assert found["kudu"]["at_home"] == 1.0
    # No logit is raised, so all three species are as probable.
    assert found["kudu"]["moved"] == pytest.approx(1 / 3, abs=1e-5)
    assert found["kudu"]["lost"] == pytest.approx(2 / 3, abs=1e-5)
    assert found["nyala"]["lost"] == found["oribi"]["lost"] == 0.0
    assert table["alone"].tolist() == [0.0] * len(table)  # not enough, though needed
    np.testing.assert_array_equal(table["changed"], table["lost"].abs())


def test_a_network_that_names_the_place_names_it_without_the_animal(run):
    table = move_animals(run, config(), KnowsThePlace(), None)
    found = means(table)
    # It knows the kudu anywhere: the place is enough, and not needed.
    assert found["kudu"]["lost"] == pytest.approx(0.0, abs=1e-5)
    assert found["kudu"]["empty_home"] == 1.0
    # Elsewhere what was painted over is none of the three.
    assert found["kudu"]["empty_moved"] == pytest.approx(1 / 3, abs=1e-5)
    assert found["kudu"]["alone"] == pytest.approx(2 / 3, abs=1e-5)
    # Nyalas at camera A are called kudus there, and are themselves elsewhere.
    misled = table.loc[(table["species"] == "nyala") & (table["camera"] == "A")]
    np.testing.assert_allclose(misled["lost"], -1.0, atol=1e-5)
    np.testing.assert_allclose(misled["changed"], 1.0, atol=1e-5)
    np.testing.assert_allclose(misled["empty_home"], 0.0, atol=1e-5)
    np.testing.assert_allclose(misled["alone"], -1 / 3, atol=1e-5)


def test_painted_over_animals_leave_no_trace(run, monkeypatch):
    seen = []

    class Watches:
        def logits(self, variables, images):
            seen.append(unnormalised(images))
            return np.zeros((len(images), 3))

    move_animals(run, config(), Watches(), None)
    for one in np.concatenate(seen):
        surroundings = np.round(one[0, 0])
        inside = np.round(one[12, 12])
        assert (surroundings == surroundings[0]).all()  # a camera's grey
        is_animal = sorted(inside.tolist()) == [0, 0, 255]
        assert is_animal or np.abs(inside - surroundings).max() <= 1


def test_backgrounds_are_of_other_bursts_in_the_same_light(images):
    images["light"] = np.where(np.arange(len(images)) % 4 < 2, "day", "night")  # whole bursts
    own, others = drawn_backgrounds(images, count=5, seed=0)
    camera, burst, light = (images[name].to_numpy() for name in ("camera", "sequence", "light"))
    for row in range(len(images)):
        assert set(light[own[row]]) == set(light[others[row]]) == {light[row]}
        assert set(camera[own[row]]) == {camera[row]}
        assert camera[row] not in set(camera[others[row]])
        assert burst[row] not in {*burst[own[row]], *burst[others[row]]}
        assert len(set(others[row])) == 5
    assert not np.array_equal(own, drawn_backgrounds(images, count=5, seed=1)[0])
    again = drawn_backgrounds(images, count=5, seed=0)
    np.testing.assert_array_equal(np.stack(again), np.stack([own, others]))


def test_where_there_is_no_other_background_nothing_is_claimed(run):
    run.index.loc[run.index["species"] != "kudu", "camera"] = "A"
    table = move_animals(run, config(), KnowsTheAnimal(), None)
    assert table["at_home"].notna().all()
    assert table["empty_home"].notna().all()
    assert table[["moved", "lost", "changed", "empty_moved", "alone"]].isna().all(axis=None)


@pytest.mark.parametrize(("column", "value"), [("bbox", ""), ("camera", ""), ("split", "train")])
def test_images_that_cannot_be_moved_are_left_out(run, column, value):
    run.index.loc[run.index["species"] == "oribi", column] = value
    table = move_animals(run, config(), KnowsTheAnimal(), None)
    assert set(table["species"]) == {"kudu", "nyala"}
    run.index[column] = value
    assert move_animals(run, config(), KnowsTheAnimal(), None) is None


def test_so_many_images_a_species_as_the_config_says(run):
    settings = config()
    settings.quality.moved_images = 3
    table = move_animals(run, settings, KnowsTheAnimal(), None)
    assert table["species"].value_counts().to_dict() == dict.fromkeys(SPECIES, 3)
    settings.quality.moved_images = 0
    assert move_animals(run, settings, KnowsTheAnimal(), None) is None
