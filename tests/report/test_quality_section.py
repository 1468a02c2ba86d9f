import pytest

from camtrap_jax.config import METHODS
from camtrap_jax.explain.engine import Explanation
from camtrap_jax.explain.methods import METHODS as BY_NAME
from camtrap_jax.explain.methods import TITLES
from camtrap_jax.report.sections.quality import chance_of, doubts

GOOD = {
    "randomisation_similarity": 0.1,
    "class_similarity": 0.6,
    "noise_similarity": 0.8,
    "deletion_auc": {"value": 0.2, "low": 0.15, "high": 0.25},
}
CHANCE = {"deletion_auc": {"value": 0.3, "low": 0.26, "high": 0.35}}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, []),
        ({"randomisation_similarity": {"value": 0.5}}, ["forgotten everything"]),
        ({"randomisation_similarity": None}, []),  # every map was blank
        ({"class_similarity": 0.95}, ["another species"]),
        ({"noise_similarity": 0.3}, ["noise"]),
        ({"deletion_auc": {"value": 0.2, "low": 0.1, "high": 0.27}}, ["no better than chance"]),
        ({"deletion_auc": None}, ["no better than chance"]),
        ({"class_similarity": 1.0, "noise_similarity": 0.0}, ["another species", "noise"]),
    ],
)
def test_what_speaks_against_a_method(changed, words):
    found = doubts({**GOOD, **changed}, CHANCE)
    assert len(found) == len(words)
    for line, word in zip(found, words, strict=True):
        assert word in line


def test_every_method_has_its_place_everywhere():
    assert set(BY_NAME) == set(METHODS) == set(TITLES)
    assert set(BY_NAME) < set(Explanation._fields)


def test_a_map_is_held_against_chance_of_its_own_grain():
    coarse = {name for name in METHODS if chance_of(name) == "random_heatmap"}
    cams = {"grad_cam", "grad_cam_plus_plus", "hires_cam", "layer_cam", "xgrad_cam", "score_cam"}
    assert coarse == cams
