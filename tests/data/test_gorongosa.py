from collections import Counter

import pytest

from camtrap_jax.data.sources import read_source

BABOON = "Mozambique_season_1/Baboon"
HORNBILL = "Mozambique_season_2/Ground Hornbill"
PICTURES = (
    f"{BABOON}/A01_Station 1_0001.JPG",
    f"{BABOON}/A01_Station 1_0002.JPG",
    f"{BABOON}/nameless.JPG",
    f"{HORNBILL}/A01_0003.jpg",
    f"{HORNBILL}/B 02_0004.jpg",
)
CAMERAS = ["A01", "A01", "", "A01", "B 02"]


@pytest.fixture
def release(tmp_path):
    for name in PICTURES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def rows(listing):
    return [(i.filepath, i.species, i.camera, i.datetime) for i in listing.images]


def failed(listing):
    return {failure.filepath: failure.reason for failure in listing.failures}


def labels(listing):
    return [image.species for image in listing.images]


@pytest.mark.parametrize("format", ["auto", "gorongosa"])
def test_folders_alone(format, release):  # noqa: A002
    (release / "readme.txt").write_text("About this release.\n")
    (release / "Mozambique_season_1" / "stray.jpg").touch()
    listing = read_source(release, format)
    assert listing.layout == "gorongosa"
    assert rows(listing) == [
        (path, path.split("/")[1], camera, "")
        for path, camera in zip(PICTURES, CAMERAS, strict=True)
    ]
    expected = "expected Place_season_N/Label/Camera_file"
    assert failed(listing) == dict.fromkeys(
        ["readme.txt", "Mozambique_season_1/stray.jpg"], expected
    )
    assert listing.notes == [
        "the camera is the file name up to the first '_', in whichever season",
        f"1 pictures have no camera: no '_' in their names, such as '{PICTURES[2]}'",
    ]


def test_one_season_alone(release):
    listing = read_source(release / "Mozambique_season_2")
    assert [(i.filepath, i.camera) for i in listing.images] == [
        ("Ground Hornbill/A01_0003.jpg", "A01"),
        ("Ground Hornbill/B 02_0004.jpg", "B 02"),
    ]


@pytest.mark.parametrize("format", ["auto", "gorongosa"])
def test_lists_with_labels_class_ids_and_times(format, release):  # noqa: A002
    (release / "train.txt").write_bytes(
        f"{PICTURES[0]} Yellow Baboon 1557126489\r\n"
        f"{PICTURES[1]} 3 1557126490.7\r\n\r\n"
        f"{PICTURES[2]} 3\r\n".encode("utf-8-sig")
    )
    (release / "val.txt").write_text(
        f"{PICTURES[3].replace('/', chr(92))}\tGround  Hornbill\n{PICTURES[4]} 12 1557126492"
    )
    listing = read_source(release, format)
    assert rows(listing) == [
        (PICTURES[0], "Yellow Baboon", "A01", "2019-05-06 07:08:09"),
        (PICTURES[1], "Baboon", "A01", "2019-05-06 07:08:10"),
        (PICTURES[2], "Baboon", "", ""),
        (PICTURES[3], "Ground Hornbill", "A01", ""),
        (PICTURES[4], "Ground Hornbill", "B 02", "2019-05-06 07:08:12"),
    ]
    assert listing.failures == []
    assert "the lists train.txt, val.txt are pooled" in listing.notes


def test_one_list_is_a_source_and_what_it_lacks_is_explained(release):
    (release / "train.txt").write_text(f"{PICTURES[0]} 1\n")
    (release / "val.txt").write_text(f"{PICTURES[1]} 1\n")
    listing = read_source(release / "train.txt")
    assert [image.filepath for image in listing.images] == [PICTURES[0]]
    assert failed(listing) == dict.fromkeys([*PICTURES[1:], "val.txt"], "not in train.txt")


@pytest.mark.parametrize(
    ("line", "filepath", "reason"),
    [
        (f"{BABOON}/gone_1.JPG 3", f"{BABOON}/gone_1.JPG", "not found in the source"),
        ("../secret.jpg Baboon", "../secret.jpg", "the path leaves the source"),
        ("/etc/x.jpg Baboon", "/etc/x.jpg", "the path leaves the source"),
        (f"{PICTURES[0]} Lion", PICTURES[0], None),
        (f"{PICTURES[0]} 1", PICTURES[0], "listed as 'Baboon' in line 1 too, kept once"),
        (f"{PICTURES[3]} Li\0on", PICTURES[3], r"the label 'Li\x00on' has characters that"),
        ("loose_1.jpg 3", "loose_1.jpg", "the label is a class id, and no folder names it"),
        (f"{PICTURES[3]}", "list.txt", "expected `path label` or `path label unix_seconds`, got"),
        ("a line of text", "list.txt", "expected `path label` or `path label unix_seconds`, got"),
        (f"{PICTURES[3]} 7 20", PICTURES[3], "time: '20' is no time that can be read; the pict"),
        (f"{PICTURES[3]} 7 -1", PICTURES[3], "time: '-1' is no time that can be read; the pict"),
    ],
)
def test_a_bad_line_costs_only_itself(line, filepath, reason, release):
    (release / "loose_1.jpg").touch()
    (release / "list.txt").write_text(f"{PICTURES[0]} 1\n{line}\n{PICTURES[1]} 1\n")
    listing = read_source(release)
    assert {PICTURES[0], PICTURES[1]} <= {image.filepath for image in listing.images}
    found = [f for f in listing.failures if "line 2" in f.reason]
    if reason is None:
        assert found == []
        assert labels(listing)[:2] == ["Baboon", "Lion"]
    else:
        [failure] = found
        assert failure.filepath == filepath
        place = "line 2: " if filepath == "list.txt" else "list.txt line 2: "
        assert failure.reason.startswith(place + reason)
    explained = {image.filepath for image in listing.images} | set(failed(listing))
    assert {*PICTURES, "loose_1.jpg"} <= explained


def test_lists_of_parts_beside_one_of_everything_are_no_failures(release):
    lines = [f"{name} 1" for name in PICTURES]
    (release / "all.txt").write_text("\n".join(lines))
    (release / "train.txt").write_text("\n".join(lines[:3]))
    (release / "val.txt").write_text("\n".join(lines[3:]))
    listing = read_source(release)
    assert Counter(image.filepath for image in listing.images) == dict.fromkeys(PICTURES, 1)
    assert listing.failures == []
    assert "5 lines repeat a picture and label of another list, and are kept once" in listing.notes


@pytest.mark.parametrize(
    "name",
    [
        "Mozambique_season_1/C1/Lion/C1_1.jpg",  # a folder between season and label
        "Mozambique_season_1/Lion/1.jpg",  # no camera in the name
        "Mozambique_season_x/Lion/C1_1.jpg",
    ],
)
def test_other_layouts_are_read_as_folders(name, tmp_path):
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).touch()
    assert read_source(tmp_path).layout == "camera/label/file"
    with pytest.raises(ValueError, match="Place_season_N/Label/Camera_file, or text files"):
        read_source(tmp_path, "gorongosa")


def test_files_that_are_no_lists_are_one_error(release):
    (release / "readme.txt").write_text("See a.jpg for a lion.\nAnd nothing else.\n\n")
    assert read_source(release).layout == "gorongosa"
    for format in ("auto", "gorongosa"):  # noqa: A001
        with pytest.raises(ValueError, match=r"readme.txt: expected .*`path label`"):
            read_source(release / "readme.txt", format)


def test_long_lines_take_no_time(release):
    (release / "list.txt").write_text(
        f"{PICTURES[0]} 1\n{PICTURES[1]} {' ' * 200_000}x{' .jpg' * 50_000}\n{PICTURES[3]} 1"
    )
    assert labels(read_source(release)) == ["Baboon", "Ground Hornbill"]
