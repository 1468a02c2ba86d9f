"""Pictures that nobody has labelled, as they lie on a card."""

import zipfile

import pytest
from reference.camtrap_dp_package import MEDIA, OBSERVATIONS, package, write_folder, write_zip

from camtrap_jax.data.sources.pictures import list_pictures

CARD = {
    "DCIM/100RECNX/RCNX0001.JPG": "",
    "DCIM/101RECNX/RCNX0001.JPG": "",
    "North/cam 1/DCIM/100RECNX/RCNX0001.JPG": "North/cam 1",
    "North/x.png": "North",
    "y.jpeg": "",
}
OTHERS = {
    "DCIM/100RECNX/RCNX0002.AVI": "no picture, by its name",
    "notes.txt": "no picture, by its name",
    ".hidden.jpg": "a hidden file",
}


def write(root, names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"picture")
    return root


def found(listing):
    return {image.filepath: image.camera for image in listing.images}


def test_pictures_at_any_depth_belong_to_the_folder_that_no_camera_made(tmp_path):
    listing = list_pictures(write(tmp_path, [*CARD, *OTHERS]))
    assert found(listing) == CARD
    assert [image.filepath for image in listing.images] == sorted(CARD)
    assert {each.filepath: each.reason for each in listing.failures} == OTHERS
    assert {image.species for image in listing.images} == {""}


def test_an_archive_is_read_as_the_folder_in_it(tmp_path):
    with zipfile.ZipFile(tmp_path / "card.zip", "w") as archive:
        for name in CARD:
            archive.writestr(name, b"picture")
        archive.writestr("__MACOSX/North/._x.png", b"fork")
        archive.mkdir("empty")
    listing = list_pictures(tmp_path / "card.zip")
    assert found(listing) == CARD
    assert listing.storage.read("y.jpeg") == b"picture"
    assert [each.filepath for each in listing.failures] == ["__MACOSX/North/._x.png"]


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_a_package_lists_its_media_observed_or_not(tmp_path, kind):
    files = package(observations=OBSERVATIONS[:2])
    folder = write_folder(tmp_path / "dp", files)
    source = folder / "datapackage.json"
    if kind == "zip":
        source = write_zip(tmp_path / "dp.zip", files)
    listing = list_pictures(source)
    expected = {row["filePath"].replace("\\", "/"): row["deploymentID"] for row in MEDIA}
    assert found(listing) == expected
    assert listing.images[0].datetime == "2020-03-24 11:00:46"


def test_a_folder_with_a_table_in_it_is_all_its_pictures(tmp_path):
    folder = write_folder(tmp_path / "dp", package())
    write(folder, ["late.jpg"])
    assert "late.jpg" in found(list_pictures(folder))


def test_a_table_gives_camera_and_time_and_each_picture_once(tmp_path):
    write(tmp_path, ["a.jpg", "b.jpg", "c.jpg"])
    (tmp_path / "t.csv").write_text(
        "filepath,label,site,datetime\na.jpg,kudu,C1,2021-01-02 03:04:05\n"
        "a.jpg,lion,C1,2021-01-02 03:04:05\nb.jpg,kudu,C2,\n"
    )
    listing = list_pictures(tmp_path / "t.csv")
    assert [(i.filepath, i.species, i.camera, i.datetime) for i in listing.images] == [
        ("a.jpg", "", "C1", "2021-01-02 03:04:05"),
        ("b.jpg", "", "C2", ""),
    ]


@pytest.mark.parametrize(
    ("names", "part"),
    [
        (None, "no such file or folder; --source names the pictures"),
        ([], "no pictures found"),
        (["a.avi", "b.txt"], "no pictures found, but 2 other files, the first a.avi"),
    ],
)
def test_where_there_is_nothing_to_name(tmp_path, names, part):
    source = tmp_path / "card"
    if names is not None:
        source.mkdir()
        write(source, names)
    with pytest.raises(ValueError, match=part) as caught:
        list_pictures(source)
    assert str(source) in str(caught.value)
