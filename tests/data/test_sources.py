import errno
import json
import os
import sys
import zipfile
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from camtrap_jax.config import FORMATS
from camtrap_jax.data.sources import Failure, read_source
from camtrap_jax.data.sources.files import file_problem, file_problems, printable


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


def test_folders_that_cannot_be_opened_are_failures(tmp_path, pictures, monkeypatch):
    paths = pictures(tmp_path, {"lion": 3, "eland": 2})
    (tmp_path / "lion" / "locked").mkdir()
    scandir = os.scandir

    def locked(path):
        if Path(path).name == "locked":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", locked)
    listing = read_source(tmp_path)
    assert [image.filepath for image in listing.images] == paths
    assert listing.failures == [Failure("lion/locked/", "cannot be opened: Permission denied")]
    (tmp_path / "lion" / "locked").rmdir()
    source = tmp_path.rename(tmp_path.parent / "locked")
    with pytest.raises(ValueError, match="locked: cannot be opened: Permission denied"):
        read_source(source)


def test_the_order_of_the_file_system_does_not_matter(tmp_path, pictures, monkeypatch):
    pictures(tmp_path, {"C2/lion": 3, "C1/lion": 3, "C1/eland": 3, "eland": 1})
    for name in ("b.txt", "a.txt"):
        (tmp_path / name).touch()
    scandir = os.scandir
    listings = []
    for backwards in (False, True):

        @contextmanager
        def ordered(path, backwards=backwards):
            with scandir(path) as entries:
                yield iter(sorted(entries, key=lambda entry: entry.name, reverse=backwards))

        monkeypatch.setattr(os, "scandir", ordered)
        listings.append(read_source(tmp_path))
    assert listings[0] == listings[1]
    assert len(listings[0].failures) == 3


@pytest.mark.parametrize(
    ("content", "format", "reason"),
    [
        (None, "auto", "no such file or folder"),
        ({}, "auto", "no files found"),
        ({"a.jpg": b"x"}, "folder", "without a folder that names their label"),
        ({"lion/a.jpg": b"x"}, "coco_camera_traps", "got no JSON file"),
        (
            {"x.json": b"{}"},
            "coco_camera_traps",
            "images, annotations, categories; got x.json with no keys$",
        ),
        ({"x.json": b"[1, 2]"}, "coco_camera_traps", "got x.json with no object$"),
        ({"x.json": b"{,}", "lion/a.jpg": b"x"}, "auto", "x.json: expected JSON.*--format=folder"),
        ({"lion/a.jpg": b"x"}, "zip", "--format: expected auto, folder"),
        ({"lion/a.jpg": b"x"}, "csv", r"file \(filepath, .*label, species.*; got no CSV file"),
        (
            {"x.csv": b"a,b"},
            "csv",
            r"CSV file with a column for the file .*; got x.csv with the columns 'a', 'b'$",
        ),
        ({"lion/a.jpg": b"x"}, "camtrap_dp", "datapackage.json"),
        ({"lion/a.jpg": b"x"}, "gorongosa", "expected pictures as Place_season_N/Label/Camera_f"),
        ({"x.json": b"[" * 100_000}, "auto", "x.json: expected JSON, got brackets nested"),
        ({"x.json": b"9" * 10_000}, "auto", "x.json: expected JSON, got Exceeds the limit"),
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


COCO = json.dumps({"images": [], "annotations": [], "categories": []}).encode()
BOXES = json.dumps({"images": [], "detection_categories": {"1": "animal"}, "info": {}}).encode()
TABLE = b"file,label\nlion/a.jpg,lion"
LIST = b"lion/a.jpg lion\nlion/b.jpg 4 1557126489"
PACKAGE = b'{"resources": []}'


def write(root, contents):
    for name, data in contents.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ({"a.json": COCO, "b.csv": TABLE}, "a.json, b.csv"),
        ({"a.csv": TABLE, "B.CSV": TABLE.replace(b",", b";")}, "B.CSV, a.csv"),
        ({"a.tsv": TABLE.replace(b",", b"\t"), "train.txt": LIST}, "a.tsv, train.txt"),
        ({"a.json": COCO, "datapackage.json": PACKAGE}, "a.json, datapackage.json"),
        ({"a.json": COCO, "a.txt": LIST, "b.txt": LIST}, "a.json, a.txt, b.txt"),
    ],
)
def test_annotations_in_several_formats_are_ambiguous(content, names, tmp_path):
    write(tmp_path, content)
    with pytest.raises(ValueError, match=rf"several annotation files \({names}\); give one as"):
        read_source(tmp_path)


@pytest.mark.parametrize(
    ("content", "layout"),
    [
        ({"labels.CSV": TABLE}, "csv"),
        ({"labels.tsv": TABLE.replace(b",", b"\t")}, "csv"),
        ({"train.txt": LIST, "val.txt": LIST}, "gorongosa"),
        ({"season_1.json": COCO}, "coco_camera_traps"),
        ({"a.json": COCO, "broken.json": b"{", "x.csv": b"a,b\n1,2", "r.txt": b"x"}, "coco_cam.*"),
        ({"labels.csv": TABLE, "truth.json": b"[1, 2]", "detections.json": BOXES}, "csv"),
        ({"Kruger_season_1/lion/C1_1.jpg": b"x"}, "gorongosa"),
        ({"Kruger_season_1/lion/C1_1.jpg": b"x", "a.csv": TABLE}, "csv"),
    ],
)
def test_a_folder_is_what_is_in_it(content, layout, tmp_path):
    write(tmp_path, {"lion/a.jpg": b"x", "lion/b.jpg": b"x", **content})
    found = read_source(tmp_path).layout
    assert found == layout or (layout.endswith("*") and found.startswith(layout[:-2]))


def test_files_that_are_no_annotations_do_not_disturb_a_folder(tmp_path):
    strays = {
        "weather.csv": b"date,mm\n2019-05-06,3",
        "cameras.csv": b"site,label\nC1,by the pan",
        "truth.json": b'{"species": [1]}',
        "exif.csv": b"SourceFile,FileName,Model\nlion/a.jpg,a.jpg,RC60",
        "empty.csv": b"",
        "detections.json": BOXES,
        "notes.txt": b"Batteries changed.",
    }
    write(tmp_path, {"lion/a.jpg": b"x", "eland/b.jpg": b"x", **strays})
    os.mkfifo(tmp_path / "pipe.json")
    listing = read_source(tmp_path)
    assert listing.layout == "label/file"
    assert [image.species for image in listing.images] == ["eland", "lion"]
    assert {failure.filepath for failure in listing.failures} == {*strays, "pipe.json"}
    assert listing.notes == [
        "detections.json has boxes for --boxes and no labels",
        "cameras.csv was not used: the columns 'site', 'label' do not name both a file and a label",
        "empty.csv was not used: it is empty",
        "exif.csv was not used: it is exiftool's, without labels",
        "weather.csv was not used: the columns 'date', 'mm' do not name both a file and a label",
        "truth.json was not used: it has none of the lists images, annotations, categories",
    ]


@pytest.mark.parametrize(
    ("name", "data", "seen"),
    [
        ("labels.csv", "Datei;Art\ncam1/a.jpg;Löwe", "the columns 'Datei', 'Art' are not"),
        ("labels.csv", "Datei;Art\nA.JPG;Löwe", "the columns 'Datei', 'Art' are not"),
        ("labels.tsv", 'Datei\tArt\nx.jpg\t1\n"C:\\cam1\\b.jpg"\tx', "the columns 'Datei', 'Art'"),
        ("labels.csv", "a.jpg,lion\nb.jpg,eland", "the columns 'a.jpg', 'lion' are not"),
        ("labels.csv", "Datei,Art\nRCNX0001,x", "the columns 'Datei', 'Art' are not"),
        ("labels.csv", "filename,animal\na.jpg,lion", "the columns 'filename', 'animal' are not"),
        ("x.json", '{"images": [], "annotations": []}', "the keys 'images', 'annotations' are not"),
        ("x.json", '{"images": [{"a": 1}], "info": 1}', "the keys 'images', 'info' are not all of"),
        (
            "x.json",
            '{"images": 1, "annotations": [], "categories": {}}',
            "the keys 'images', 'annotations', 'categories' are not all of the lists",
        ),
    ],
)
def test_labels_that_are_not_understood_are_one_error(name, data, seen, tmp_path):
    """And cameras do not become species, as they would were the file passed over."""
    write(tmp_path, {"cam1/a.jpg": b"x", "cam1/b.jpg": b"x", "cam2/RCNX0001.jpg": b"x"})
    (tmp_path / name).write_text(data)
    with pytest.raises(ValueError, match=seen) as caught:
        read_source(tmp_path)
    message = str(caught.value)
    assert f"{tmp_path / name}: " in message
    assert "expected " in message
    assert "--format=folder" in message
    assert "\n" not in message
    assert {image.species for image in read_source(tmp_path, "folder").images} == {"cam1", "cam2"}
    assert name in {failure.filepath for failure in read_source(tmp_path, "folder").failures}


@pytest.mark.parametrize("data", [b"", b"\n\n", b"x\n"])
def test_an_error_names_the_files_that_are_no_annotations(data, tmp_path):
    write(tmp_path, {"a.jpg": b"x", "labels.csv": data, "x.json": b"{}"})
    with pytest.raises(ValueError, match=r"without a folder .*; labels.csv, x.json: no"):
        read_source(tmp_path)
    with pytest.raises(ValueError, match=r"label/file, camera/label/file or split/label/file$"):
        read_source(tmp_path, "folder")


@pytest.mark.parametrize("format", ["auto", "coco_camera_traps"])
@pytest.mark.parametrize("name", ["detections.json", "detections"])
def test_boxes_are_no_source(format, name, tmp_path):  # noqa: A002
    (tmp_path / name).write_bytes(BOXES)
    with pytest.raises(ValueError, match=f"{name}: has MegaDetector results.*give it as --boxes"):
        read_source(tmp_path / name, format)


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.jpg", b"\xff\xd8\xff\xe0" + bytes(range(256)), "expected a folder of pictures, COCO"),
        (
            "notes.txt",
            b"Batteries changed.",
            r"or a list with lines `path label`; got none of them",
        ),
        ("a.csv", b"a,b\n1,2", r"a.csv: expected a header .* got the columns \['a', 'b'\]"),
        ("a.json", b"{}", "a.json: expected COCO Camera Traps JSON"),
        ("empty", b"", "expected a folder of pictures"),
    ],
)
def test_files_that_are_no_source(name, data, reason, tmp_path):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ValueError, match=reason) as caught:
        read_source(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_archives_and_special_files_are_no_source(tmp_path):
    with zipfile.ZipFile(tmp_path / "sheet.xlsx", "w") as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
    with pytest.raises(ValueError, match=r"an archive without datapackage.json; unpack pictures"):
        read_source(tmp_path / "sheet.xlsx")
    os.mkfifo(tmp_path / "pipe")
    for format in FORMATS[:-1]:  # noqa: A001
        with pytest.raises(ValueError, match="pipe: expected a folder or a plain file"):
            read_source(tmp_path / "pipe", format)


@pytest.mark.parametrize("format", ["csv", "coco_camera_traps", "camtrap_dp", "gorongosa"])
def test_formats_that_are_given_are_not_replaced_by_others(format, tmp_path):  # noqa: A002
    write(tmp_path, {"C1/lion/a.jpg": b"x", "C1/eland/b.jpg": b"x"})
    with pytest.raises(ValueError, match=str(tmp_path)):
        read_source(tmp_path, format)
    write(tmp_path, {"labels.csv": TABLE, "annotations.json": COCO, "train.txt": LIST})
    assert read_source(tmp_path, "folder").layout == "camera/label/file"
    if format != "camtrap_dp":
        assert read_source(tmp_path, format).layout == format


def test_tfds_names_are_no_paths(monkeypatch):
    module = SimpleNamespace(read_tfds=lambda name: f"examples of {name}")
    monkeypatch.setitem(sys.modules, "camtrap_jax.data.sources.tfds_examples", module)
    assert read_source(Path("caltech101:3.0.1"), "tfds") == "examples of caltech101:3.0.1"
    with pytest.raises(ValueError, match=r"caltech101:3.0.1: no such file .* --format=tfds"):
        read_source(Path("caltech101:3.0.1"))


def test_names_of_sources_may_break_lines_but_messages_do_not(tmp_path):
    (tmp_path / "a\nb\u202e").mkdir()
    with pytest.raises(ValueError, match=r"a\\nb\\u202e: no files found") as caught:
        read_source(tmp_path / "a\nb\u202e")
    assert "\n" not in str(caught.value)


NAMES = (
    *("new\nline.jpg", "quo'te\".jpg", "\u05d0\u05d1.jpg", "\u202egpj.exe.jpg", " .jpg", "-rf.jpg"),
    *(
        "%s{0}.jpg",
        "x" * 250 + ".jpg",
        "\u2028.jpg",
        "\x7f\x01.jpg",
        "back\\slash.jpg",
        "\ufeff.jpg",
    ),
)


def test_strange_names_are_pictures_like_others(tmp_path):
    write(tmp_path, {f"C1/lion/{name}": b"x" for name in NAMES})
    listing = read_source(tmp_path)
    assert [image.filepath for image in listing.images] == sorted(f"C1/lion/{n}" for n in NAMES)
    write(tmp_path, {f"C1/lion/deeper/{name}": b"x" for name in NAMES[:1]})
    [failure] = read_source(tmp_path).failures
    assert failure.filepath == "C1/lion/deeper/new\\nline.jpg"


@pytest.mark.parametrize("label", ["a\x01b", "\u202eab", " "])
def test_labels_that_cannot_be_written_are_failures(label, tmp_path):
    write(tmp_path, {f"{label}/a.jpg": b"x", "lion/a.jpg": b"x", "a\nb/a.jpg": b"x"})
    listing = read_source(tmp_path)
    assert [image.species for image in listing.images] == ["a b", "lion"]
    [failure] = listing.failures
    assert failure.filepath == printable(f"{label}/a.jpg")
    assert failure.reason.startswith("the label ")


def test_failures_are_lines_of_utf8():
    failure = Failure("a\nb\0\udcff\ud800\u202e\u05d0é\u200d", "x\r\u2029y")
    assert failure.filepath == "a\\nb\\x00\\xff\\ud800\\u202e\u05d0é\u200d"
    assert failure.reason == "x\\r\\u2029y"
    assert len(Failure("a" * 10**6, "b").filepath) == 4096


def test_many_paths_are_judged_as_one_by_one(tmp_path):
    root = tmp_path / "source"
    write(root, {"a/b.jpg": b"x", "a/c/d.jpg": b"x", "e.jpg": b"x"})
    write(tmp_path, {"secret/s.jpg": b"x"})
    (root / "link").symlink_to(root / "a")
    (root / "out").symlink_to(tmp_path / "secret")
    (root / "a" / "f.jpg").symlink_to(root / "e.jpg")
    (root / "a" / "s.jpg").symlink_to(tmp_path / "secret" / "s.jpg")
    paths = [
        *("a/b.jpg", "a/c/d.jpg", "e.jpg", "a/f.jpg", "a/s.jpg", "link/b.jpg", "link/c/d.jpg"),
        *("out/s.jpg", "../secret/s.jpg", "a/../e.jpg", "a/c", ".", "", "/e.jpg", f"{root}/e.jpg"),
        *("a/x.jpg", "x/y.jpg", "e.jpg/x.jpg", "a\0/b.jpg", "a/b\0.jpg", "n" * 300, "\ud800.jpg"),
    ]
    assert list(file_problems(root, paths)) == [file_problem(root, path) for path in paths]
    good = [
        path for path, reason in zip(paths, file_problems(root, paths), strict=True) if not reason
    ]
    assert good == ["a/b.jpg", "a/c/d.jpg", "e.jpg", "a/f.jpg", "link/b.jpg", "link/c/d.jpg"]


@pytest.mark.parametrize(
    ("folder", "species", "camera"),
    [
        ("lion/100RECNX", "lion", ""),
        ("lion/DCIM/101_PANA", "lion", ""),
        ("C1/lion/999RECNX", "lion", "C1"),
        ("C1/lion/DCIM", "lion", "C1"),
        ("train/lion/100MEDIA", "lion", ""),
        ("100RECNX/lion", "lion", "100RECNX"),
        ("lion/100recnx", "100recnx", "lion"),
        ("lion/1000RECNX", "1000RECNX", "lion"),
    ],
)
def test_folders_that_a_camera_makes_are_no_labels(folder, species, camera, tmp_path, pictures):
    paths = pictures(tmp_path, {folder: 2})
    listing = read_source(tmp_path)
    assert listed(tmp_path) == [(path, species, camera) for path in paths]
    made = species != folder.rpartition("/")[2]
    assert [note for note in listing.notes if "made by cameras" in note] == (
        [f"folders made by cameras, such as {folder!r}, are no labels: the one above is"] * made
    )


def test_card_folders_beside_each_other_and_pictures_above_them_are_one_label(tmp_path, pictures):
    pictures(tmp_path, {"lion/100RECNX": 1, "lion/101RECNX": 1, "lion": 1, "eland": 1})
    assert [species for _, species, _ in listed(tmp_path)] == ["eland", "lion", "lion", "lion"]


def test_a_card_alone_has_no_label(tmp_path, pictures):
    pictures(tmp_path, {"DCIM/100RECNX": 2, "DCIM/101RECNX": 2})
    with pytest.raises(ValueError, match="without a folder that names their label"):
        read_source(tmp_path)


def test_folders_in_two_unicode_forms_are_one_label_and_one_camera(tmp_path):
    composed, decomposed = "\u00e9lan", "e\u0301lan"
    write(tmp_path, {f"{name}/{name}/{name}.jpg": b"x" for name in (composed, decomposed)})
    images = read_source(tmp_path).images
    assert {(image.species, image.camera) for image in images} == {(composed, composed)}
    assert len({image.filepath for image in images}) == 2


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("C1/img.jpg", "C1/IMG.JPG"),
        ("c1/IMG.JPG", "C1/IMG.JPG"),
        ("C1/e\u0301.jpg", "C1/\u00e9.jpg"),
        ("C1/img.png", ""),
        ("secret/A.jpg", ""),
        ("c1", ""),
    ],
)
def test_a_missing_file_is_told_of_the_one_that_differs_in_case(path, found, tmp_path):
    write(tmp_path, {"root/C1/IMG.JPG": b"x", "root/C1/\u00e9.jpg": b"x", "out/a.jpg": b"x"})
    (tmp_path / "root" / "secret").symlink_to(tmp_path / "out")
    reason = file_problem(tmp_path / "root", path)
    hint = f"; {found} is there: names must agree in upper and lower case and accents"
    assert reason.endswith(hint) if found else "is there" not in reason
    assert list(file_problems(tmp_path / "root", [path] * 2)) == [reason] * 2


@pytest.mark.parametrize("path", ["C:/Users/me/a.jpg", "//server/share/a.jpg"])
def test_paths_of_another_computer_are_said_to_be(path, tmp_path):
    assert file_problem(tmp_path, path) == (
        "a path of another computer; write paths relative to the source, such as camera/file.jpg"
    )


def test_half_an_archive_is_said_to_be_damaged(tmp_path):
    with zipfile.ZipFile(tmp_path / "whole.zip", "w") as archive:
        archive.writestr("datapackage.json", "{}" * 1000)
    data = (tmp_path / "whole.zip").read_bytes()
    (tmp_path / "half.zip").write_bytes(data[: len(data) // 2])
    for format in ("auto", "camtrap_dp"):  # noqa: A001
        with pytest.raises(ValueError, match=r"half.zip: a damaged archive.*copy it again"):
            read_source(tmp_path / "half.zip", format)
