import numpy as np
import pytest

from camtrap_jax.study.targets import choose_targets, name_targets

SPECIES = ["kudu", "nyala", "oribi"]
LABELS = np.array([0, 0, 2, -1], np.int32)
LOGITS = np.array([[3, 1, 2], [1, 3, 2], [1, 2, 3], [0, 5, 4]], np.float32)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("predicted", ["kudu", "nyala", "oribi", "nyala"]),
        ("true", ["kudu", "kudu", "oribi", "nyala"]),
        ("runner_up", ["oribi", "oribi", "nyala", "oribi"]),
        ("oribi", ["oribi"] * 4),
        # Where the network is right, and for an unknown species: its lead over the runner-up.
        ("contrast", ["kudu - oribi", "kudu - nyala", "oribi - nyala", "nyala - oribi"]),
    ],
)
def test_maps_say_what_they_speak_of(target, expected):
    assert name_targets(target, LABELS, LOGITS, SPECIES) == expected


def test_a_species_may_be_called_like_a_kind_of_target():
    targets, against = choose_targets("true", LABELS, ["kudu", "true"])
    np.testing.assert_array_equal(targets, [1, 1, 1, 1])
    assert against is None


def test_a_target_that_is_none_is_refused_with_the_nearest_name():
    with pytest.raises(ValueError, match=r"or a known species .*kudu.*got 'nyalla'.*'nyala'"):
        choose_targets("nyalla", LABELS, SPECIES)
