"""Traits, drawings and the plan, without a data set on disk."""

from datetime import datetime

import numpy as np
import pytest
from scipy.ndimage import label

from camtrap_jax.synthetic.bursts import abundances, plan_bursts
from camtrap_jax.synthetic.figures.sprites import draw_sprite
from camtrap_jax.synthetic.parts import PART_ID, PARTS
from camtrap_jax.synthetic.species import SPECIES, trait_distances
from camtrap_jax.synthetic.views.strip import moon

NAMES = list(SPECIES)
KNOWN = [name for name in NAMES if SPECIES[name].role == "known"]
UNKNOWN = [name for name in NAMES if SPECIES[name].role == "unknown"]


def nearest_known(name: str) -> list[str]:
    distance = trait_distances()[NAMES.index(name), : len(KNOWN)]
    return [KNOWN[k] for k in np.argsort(distance)]


def test_trait_distances_are_a_dissimilarity():
    distance = trait_distances()
    assert distance.shape == (30, 30)
    np.testing.assert_array_equal(distance, distance.T)
    assert (np.diag(distance) == 0).all()
    assert (distance[~np.eye(30, dtype=bool)] > 0).all()
    assert distance.max() <= 1


def test_the_relatives_are_near_in_traits():
    assert nearest_known("samango monkey")[0] == "vervet"
    assert SPECIES[nearest_known("eland")[0]].traits.shape == "antelope"
    assert nearest_known("nyala")[1] in {"bushbuck", "kudu"}
    assert nearest_known("bushpig")[1] == "warthog"
    assert nearest_known("genet")[1] == "civet"
    distance = trait_distances()[:, : len(KNOWN)].min(1)
    near = [distance[NAMES.index(name)] for name in ("samango monkey", "eland")]
    far = [
        distance[NAMES.index(name)] for name in ("pangolin", "ground hornbill", "rodent", "lion")
    ]
    assert max(near) < min(far)


@pytest.mark.parametrize("name", NAMES)
def test_a_drawing_shows_its_diagnostic_parts_facing_right(name):
    sprite = draw_sprite(name, np.random.default_rng(4), width_px=200)
    alpha = np.asarray(sprite.image.getchannel("A"))
    assert sprite.parts.shape == alpha.shape
    assert set(np.unique(sprite.parts)) <= set(range(len(PARTS)))
    assert (alpha[sprite.parts > 0] > 0).all()
    for part in SPECIES[name].diagnostic:
        assert (sprite.parts == PART_ID[part]).sum() > 0.002 * (alpha > 127).sum(), part
    columns = np.nonzero(np.isin(sprite.parts, [PART_ID["eye"], PART_ID["head"]]))[1]
    assert columns.mean() > 0.6 * alpha.shape[1]
    pieces = np.bincount(label(alpha > 127)[0].ravel())[1:]
    assert pieces.max() > 0.98 * pieces.sum()


def test_no_drawing_is_cut_off_by_the_canvas(monkeypatch):
    from camtrap_jax.synthetic.figures import canvas, sprites

    edges = []

    class Watched(canvas.Canvas):
        def finish(self, **settings):
            part = self.part
            edges.append(part[0].any() or part[-1].any() or part[:, 0].any() or part[:, -1].any())
            return super().finish(**settings)

    monkeypatch.setattr(sprites, "Canvas", Watched)
    for name in NAMES:
        for seed in range(2):
            draw_sprite(name, np.random.default_rng(seed), width_px=60)
            assert not edges[-1], (name, seed)


def test_individuals_differ_and_the_same_seed_is_the_same_individual():
    pictures = [
        np.asarray(draw_sprite("kudu", np.random.default_rng(seed), width_px=120).image)
        for seed in (1, 1, 2)
    ]
    np.testing.assert_array_equal(pictures[0], pictures[1])
    assert pictures[0].shape != pictures[2].shape or (pictures[0] != pictures[2]).any()


def test_an_unknown_name_is_an_error_that_lists_the_species():
    with pytest.raises(ValueError, match=r"unicorn.*baboon"):
        draw_sprite("unicorn", np.random.default_rng(0))


@pytest.mark.parametrize("mean", [60, 150, 400])
def test_abundance_falls_geometrically_around_its_mean(mean):
    abundance = abundances(KNOWN, UNKNOWN, mean)
    known, unknown = (
        np.array(list(part.values())) for part in (abundance.known, abundance.unknown)
    )
    assert known.mean() == pytest.approx(mean, rel=0.02)
    assert known[0] / known[-1] == pytest.approx(1.9 / 0.5, rel=0.05)
    np.testing.assert_allclose(np.diff(np.log(known)), np.log(0.5 / 1.9) / 19, atol=0.04)
    assert 24 <= unknown.min() <= unknown.max() < known.min()
    assert next(iter(abundance.known)) == "baboon"
    assert list(abundance.known)[-1] == "hartebeest"


def test_bursts_follow_the_hours_of_a_species_and_never_meet():
    cameras = [f"C{k:02d}" for k in range(6)]
    abundance = abundances(KNOWN, UNKNOWN, 300)
    nights = {name: SPECIES[name].night for name in NAMES}
    bursts = plan_bursts(abundance, nights, cameras, {"reedbuck": "C00"}, seed=0)
    assert len({(burst.camera, burst.start.replace(second=0)) for burst in bursts}) == len(bursts)
    for name in ("baboon", "civet"):
        own = [burst for burst in bursts if burst.species == name]
        assert sum(burst.frames for burst in own) == abundance.known[name]
        assert np.mean([burst.night for burst in own]) == pytest.approx(nights[name], abs=0.06)
    for burst in bursts:
        assert burst.night == (not 6 <= burst.start.hour < 18)
    share = np.mean([burst.camera == "C00" for burst in bursts if burst.species == "reedbuck"])
    assert share == pytest.approx(0.9, abs=0.02)
    assert np.mean([burst.far for burst in bursts]) == pytest.approx(0.05, abs=0.015)
    assert np.mean([burst.partial for burst in bursts]) == pytest.approx(0.08, abs=0.02)


def test_the_moon_of_2016():
    assert moon(datetime(2016, 7, 19, 23)) == "full moon"
    assert moon(datetime(2016, 9, 1, 9)) == "new moon"
