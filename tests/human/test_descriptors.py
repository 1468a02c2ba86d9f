"""The words that people know species by, and those that a sheet offers."""

from pathlib import Path

import numpy as np
import pytest

from camtrap_jax.human import Vocabulary, offered_features, read_descriptors
from camtrap_jax.synthetic.species import SPECIES

WORDS = {
    "kudu": ("spiral horns", "stripes"),
    "nyala": ("white stripes", "mane"),
    "oribi": ("black spot below the ear",),
    "civet": ("black mask", "ringed tail"),
    "genet": ("ringed tail", "spots"),
}


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_descriptors_are_read_in_order_and_once(tmp_path):
    path = write(
        tmp_path / "a.csv",
        "descriptor,source,species\nSpiral  Horns,guide,kudu\nstripes,guide,kudu\n"
        "\nspiral horns,guide,kudu\n\u0065\u0301pi,guide,nyala\nGrass,me,*\nmane,guide,lion\n",
    )
    found = read_descriptors(path, ["nyala", "kudu"])
    assert found.descriptors == {
        "kudu": ("spiral horns", "stripes"), "nyala": ("\u00e9pi",), "lion": ("mane",),
    }  # fmt: skip
    assert found.general == ("grass",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("species,descriptor\nkudu,horns\nniala,mane\n", r"none of nyala; the file has niala, not"),
        ("species,descriptor\nkudu,horns\n", r"expected a descriptor of each species, .* nyala$"),
        ("species,word\nkudu,horns\n", r"expected the columns species,descriptor, got species,"),
        ("species,descriptor\nkudu,\n", r"row 2: expected a descriptor, got nothing"),
        ("", r"got nothing"),
    ],
)
def test_what_is_refused(tmp_path, text, message):
    path = write(tmp_path / "a.csv", text)
    with pytest.raises(ValueError, match=message) as caught:
        read_descriptors(path, ["kudu", "nyala"])
    assert str(caught.value).startswith(str(path))


def test_the_example_names_each_species_of_the_study():
    known = [name for name, one in SPECIES.items() if one.role == "known"]
    found = read_descriptors(Path(__file__).parents[2] / "docs" / "descriptors.csv", known)
    assert set(found.descriptors) == set(known)
    assert found.general
    features, kinds = offered_features(found, known, decoys=4, seed=0)
    assert all(of.count("decoy") == 4 for of in kinds.values())
    assert max(map(len, features.values())) <= 10  # each has a key


@pytest.mark.parametrize("decoys", [0, 1, 2, 99])
def test_decoys_are_other_species_features_that_are_in_no_way_its_own(decoys):
    vocabulary = Vocabulary(WORDS, ("background",))
    features, kinds = offered_features(vocabulary, ["kudu", "civet"], decoys=decoys, seed=0)
    allowed = {"kudu": {"mane", "black spot below the ear", "black mask", "ringed tail", "spots"},
               "civet": {"spiral horns", "stripes", "white stripes", "mane", "spots"}}  # fmt: skip
    for name in ("kudu", "civet"):
        of_kind = {
            kind: [one for one, its in zip(features[name], kinds[name], strict=True) if its == kind]
            for kind in ("descriptor", "decoy", "general")
        }
        assert set(of_kind["descriptor"]) == set(WORDS[name])
        assert of_kind["general"] == ["background"]
        assert set(of_kind["decoy"]) <= allowed[name]
        assert len(of_kind["decoy"]) == min(decoys, len(allowed[name]))
        assert len(set(features[name])) == len(features[name])


def test_the_order_does_not_give_descriptors_away_and_stays():
    vocabulary = Vocabulary({name: WORDS[name] for name in ("kudu", "civet", "genet")}, ())
    places = []
    for seed in range(200):
        again = [offered_features(vocabulary, ["kudu"], decoys=2, seed=seed) for _ in range(2)]
        assert again[0] == again[1]
        places.append([kind == "descriptor" for kind in again[0][1]["kudu"]])
    np.testing.assert_allclose(np.mean(places, 0), 0.5, atol=0.12)


def test_features_of_many_species_are_the_likelier_decoys():
    words = {"kudu": ("horns",), **{f"s{n}": ("tail",) for n in range(8)}, "civet": ("mask",)}
    drawn = [
        offered_features(Vocabulary(words, ()), ["kudu"], decoys=1, seed=seed)[0]["kudu"]
        for seed in range(200)
    ]
    assert np.mean(["tail" in one for one in drawn]) == pytest.approx(8 / 9, abs=0.07)
