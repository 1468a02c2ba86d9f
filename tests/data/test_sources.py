import json
import os

import pytest

from camtrap_jax.data.sources import read_source


def listed(source, format="auto"):  # noqa: A002
    return [(i.filepath, i.species, i.camera) for i in read_source(source, format).images]


@pytest.mark.parametrize(
    ("folder", "layout", "camera"),
    [
        ("lion", "label/file", ""),
        ("train/lion", "split/label/file", ""),
        ("C1/lion", "camera/label/file", "C1"),
        ("Test/C1/lion", "split/camera/label/file", "C1"),
        ("north/C1/lion", "camera/label/file", "north/C1"),
    ],
)
def test_folder_layouts(folder, layout, camera, tmp_path, pictures):
    paths = pictures(tmp_path, {folder: 3})
    assert read_source(tmp_path).layout == layout
    assert listed(tmp_path) == [(path, "lion", camera) for path in paths]


def test_splits_beside_other_folders_are_cameras(tmp_path, pictures):
    pictures(tmp_path, {"train/lion": 1, "C1/lion": 1})
    assert [camera for _, _, camera in listed(tmp_path)] == ["C1", "train"]


def test_names_that_look_like_something_else(tmp_path, pictures):
    names = ["007", "NA", "None", "1e5", "élan", "a b", "nan", "=SUM(1)", "train"]
    paths = pictures(tmp_path, dict.fromkeys(names, 1))
    assert [path for path, _, _ in listed(tmp_path)] == paths
    assert {species for _, species, _ in listed(tmp_path)} == set(names)


def test_strays_are_failures_and_a_mixed_layout_an_error(tmp_path, pictures):
    pictures(tmp_path, {"C1/lion": 30})
    pictures(tmp_path, {"eland": 1, "C1/lion/burst": 1})
    (tmp_path / "notes.txt").write_text("no picture")
    listing = read_source(tmp_path)
    assert len(listing.images) == 30
    failed = {failure.filepath for failure in listing.failures}
    assert failed == {"eland/000.jpg", "C1/lion/burst/000.jpg", "notes.txt"}
    pictures(tmp_path, {"eland": 9})
    with pytest.raises(ValueError, match=r"several depths \(9 like 'eland/000.jpg', 30 like"):
        read_source(tmp_path)


def test_every_file_is_listed_or_explained(tmp_path, pictures):
    root = tmp_path / "source"
    pictures(root, {"lion": 9, "eland": 8})
    (tmp_path / "secret.jpg").write_bytes(b"outside")
    (tmp_path / "elsewhere").mkdir()
    (root / "lion" / "out.jpg").symlink_to(tmp_path / "secret.jpg")
    (root / "lion" / "gone.jpg").symlink_to(root / "nothing.jpg")
    (root / "lion" / "loop.jpg").symlink_to(root / "lion" / "loop.jpg")
    (root / "lion" / "inside.jpg").symlink_to(root / "lion" / "000.jpg")
    (root / "linked").symlink_to(tmp_path / "elsewhere")
    (root / "again").symlink_to(root / "lion")
    (root / ".hidden").mkdir()
    (root / "lion" / "@eaDir").mkdir()
    (root / "lion" / ".DS_Store").write_bytes(b"x")
    os.mkfifo(root / "lion" / "pipe.jpg")
    bad_name = os.fsdecode(b"lion/\xff.jpg")
    (root / bad_name).write_bytes(b"x")
    listing = read_source(root)
    reasons = {failure.filepath: failure.reason for failure in listing.failures}
    assert len(listing.images) == 18
    assert reasons == {
        "lion/out.jpg": "a link that leaves the source",
        "lion/gone.jpg": "a link to nothing",
        "lion/loop.jpg": reasons["lion/loop.jpg"],
        "linked/": "a link to a folder, not followed",
        "again/": "a link to a folder, not followed",
        ".hidden/": "a hidden folder, not read",
        "lion/@eaDir/": "thumbnails of another program, not read",
        "lion/.DS_Store": "a hidden file",
        "lion/pipe.jpg": "not a plain file",
        "lion/\\xff.jpg": "the name is not UTF-8",
    }


def test_the_order_of_the_file_system_does_not_matter(tmp_path, pictures, monkeypatch):
    pictures(tmp_path, {"C2/lion": 3, "C1/lion": 3, "C1/eland": 3})
    before = read_source(tmp_path)
    walk = os.walk

    def backwards(top):
        for folder, subfolders, names in walk(top):
            subfolders.sort(reverse=True)
            yield folder, subfolders, sorted(names, reverse=True)

    monkeypatch.setattr(os, "walk", backwards)
    assert read_source(tmp_path) == before


@pytest.mark.parametrize(
    ("content", "format", "reason"),
    [
        (None, "auto", "no such file or folder"),
        ({}, "auto", "no files found"),
        ({"a.jpg": b"x"}, "folder", "without a folder that names their label"),
        ({"lion/a.jpg": b"x"}, "coco_camera_traps", "got no JSON file"),
        ({"x.json": b"{}"}, "coco_camera_traps", "images, annotations, categories; got x.json"),
        ({"x.json": b"{,}", "lion/a.jpg": b"x"}, "auto", "x.json: expected JSON.*--format=folder"),
        ({"lion/a.jpg": b"x"}, "zip", "--format: expected auto, folder"),
    ],
)
def test_sources_that_are_none(content, format, reason, tmp_path):  # noqa: A002
    source = tmp_path / "source"
    for name, data in (content or {}).items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(data)
    if content == {}:
        source.mkdir()
    with pytest.raises(ValueError, match=reason) as caught:
        read_source(source, format)
    assert "\n" not in str(caught.value)


def test_two_annotation_files_are_ambiguous(tmp_path):
    empty = json.dumps({"images": [], "annotations": [], "categories": []})
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text(empty)
    (tmp_path / "truth.json").write_text("[1, 2]")
    with pytest.raises(ValueError, match=r"\(a.json, b.json\); give one as --source"):
        read_source(tmp_path)
    assert read_source(tmp_path / "a.json").images == []
