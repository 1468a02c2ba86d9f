import re
import shlex

import pytest
from hypothesis import assume, given, settings
from reference.split_tables import cameras, stations, table

from camtrap_jax.data.splits import assignment as engine
from camtrap_jax.data.splits import coverage, split_images


@settings(deadline=None, max_examples=60)
@given(cameras())
def test_a_refusal_names_the_species_its_cameras_and_a_setting_that_helps(images):
    try:
        split_images(images, method="camera", seed=0)
    except ValueError as error:
        check_refusal(images, str(error))
    else:
        assume(False)


def check_refusal(images, message):
    """Names each untrained species, its cameras, and a setting that helps."""
    cameras = sorted(set(images["camera"]))
    assert "--split=sequence" in message
    if len(cameras) < 2:
        assert f"expected at least 2 cameras, got {len(cameras)} ({cameras[0]})" in message
        return
    setting = re.search(r"--config\.data\.excluded_labels=(.*), or use", message)
    if not setting:
        return
    (names,) = shlex.split(setting[1])
    for name in names.split(","):
        places = sorted(set(images.loc[images["species"] == name, "camera"]))
        counted = f"{len(places)} camera{'s' if len(places) > 1 else ''} ({', '.join(places)})"
        assert f"{name} is seen at {counted}" in message
    rest = images[~images["species"].isin(names.split(","))]
    assert rest["species"].nunique() >= 2
    split_images(rest, method="camera", seed=0)


def test_a_species_without_any_camera_is_refused():
    images = stations()
    images.loc[images["species"] == "TRA", "camera"] = ""
    with pytest.raises(
        ValueError, match=r"TRA \(17 images\); .*excluded_labels=TRA, or .*sequence"
    ):
        split_images(images, method="camera", seed=0)
    with pytest.raises(ValueError, match="none of 67 images has a camera; use --split=sequence"):
        split_images(images.assign(camera=""), method="camera", seed=0)


def test_a_species_that_only_one_camera_of_two_sees_is_refused_and_quoted():
    rows = [
        (f"{camera}/{species}/{number}.jpg", species, camera, "", "", "", 10 * row + number)
        for row, (camera, species) in enumerate(
            [("A", "lion"), ("A", "eland"), ("B", "eland"), ("B", "red duiker"), ("B", "oribi")]
        )
        for number in range(5)
    ]
    expected = (
        "--split=camera: no choice of cameras for test, among 2, leaves training images of every "
        "species: lion is seen at 1 camera (A); leave it out with "
        "--config.data.excluded_labels=lion, or use --split=sequence"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}$"):
        split_images(table(rows), method="camera", seed=0)
    renamed = table(rows).replace({"species": {"lion": "honey badger"}})
    with pytest.raises(ValueError, match="excluded_labels='honey badger', or"):
        split_images(renamed, method="camera", seed=0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "_FEW", 0)
        patch.setattr(coverage, "_MOST", 0)
        unproven = "no choice was found of cameras for test, among 2, that leaves training images"
        with pytest.raises(ValueError, match=f"^--split=camera: {unproven} of every species: lion"):
            split_images(table(rows), method="camera", seed=0)


def test_one_group_is_refused():
    images = stations().assign(near_duplicate=0)
    expected = "expected at least 2 groups of bursts and duplicates, got 1; use --split=random"
    with pytest.raises(ValueError, match=expected):
        split_images(images, method="sequence", seed=0)
