"""Readers under attack: any bytes, and valid files with entries broken, dropped and shuffled.

Whatever a file holds, it ends in one line of error that names it, or in a listing: every sound
picture is in it exactly as before, the others are explained, and no path leaves the source.
"""

import copy
import csv
import io
import json
import os
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from camtrap_jax.data.sources import read_source
from camtrap_jax.data.sources.files import printable
from camtrap_jax.data.sources.megadetector import read_boxes

CAMERAS, LABELS = ("A 01", "B02"), ("lion", "Ground Hornbill", "élan")
PICTURES = [
    f"Park_season_{season}/{label}/{camera}_{k}.jpg"
    for season, camera in enumerate(CAMERAS, start=1)
    for label in LABELS
    for k in range(2)
]
QUICK = settings(deadline=None, max_examples=100)
LONG = settings(deadline=None, max_examples=3000, suppress_health_check=list(HealthCheck))

NASTY_TEXT = st.one_of(
    st.sampled_from(
        [
            *("", " ", "..", ".", "/", "~", "../secret.jpg", "linked/secret.jpg", "out.jpg"),
            *("/etc/passwd", "C:\\x\\a.jpg", "\\\\server\\a.jpg", "a\0b", "a\nb", '"', "'", ",;\t"),
            *("NA", "N/A", "nan", "e\u0301", "c:/A 01_0.jpg"),
            *("\u202eabc", "\ufeff", "\ud800", "\u05d0", "x" * 5000, "=1+1", "NaN", "-1", "1e999"),
            *("31/02/2019 10:00", "0000-00-00 00:00:00", "2019-05-06", "99/99/99 9:99"),
        ]
    ),
    st.text(max_size=20),
)
NASTY = st.one_of(
    NASTY_TEXT,
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from([10**400, -1, 0, 1e308, [], {}, [[]], {"id": {}}]),
    st.lists(st.floats() | st.integers() | st.none(), max_size=5),
)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A folder of pictures with a secret outside and links to it."""
    root = tmp_path_factory.mktemp("fuzz") / "source"
    for name in PICTURES:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    (root.parent / "secret").mkdir()
    (root.parent / "secret.jpg").touch()
    (root.parent / "secret" / "secret.jpg").touch()
    (root / "linked").symlink_to(root.parent / "secret")
    (root / "out.jpg").symlink_to(root.parent / "secret.jpg")
    return root


def outcome(read):
    """Returns what a function returns, or None and its error's message."""
    try:
        return read(), ""
    except ValueError as error:
        return None, str(error)


def listed(path, format):  # noqa: A002
    """Lists a source and checks what holds of every listing; None where it is an error."""
    listing, message = outcome(lambda: read_source(path, format))
    if listing is None:
        assert printable(message) == message
        assert path.name in message
        return None
    for failure in listing.failures:
        for text in (failure.filepath, failure.reason):
            assert text.encode().decode() == printable(text) == text
    for image in listing.images:
        for text in (image.filepath, image.species, image.camera, image.sequence):
            assert "\0" not in text.encode().decode()
        assert not listing.storage.problem(image.filepath)
        assert image.species == image.species.strip() != ""
        assert image.frame is None or 0 <= image.frame < 2**31
    keys = [(image.filepath, image.species) for image in listing.images]
    assert len(set(keys)) == len(keys)
    assert [key[0] for key in keys] == sorted(key[0] for key in keys)
    return listing


def check_good(listing, good):
    """Checks that the pictures are in a listing as they were, but for those that occur again."""
    again = {failure.filepath for failure in listing.failures if "kept once" in failure.reason}
    found = set(map(repr, listing.images))
    for image in good:
        assert image.filepath in again or repr(image) in found, image


def remade(data, entries, break_one):
    """Returns entries of which some are broken, dropped, repeated or moved; and the sound ones."""
    broken = data.draw(st.sets(st.integers(0, len(entries) - 1), max_size=3))
    made = [(entry, True) for k, entry in enumerate(entries) if k not in broken]
    for k in broken:
        kind = data.draw(st.sampled_from(["broken", "dropped", "repeated"]))
        if kind == "broken":
            made.insert(data.draw(st.integers(0, len(made))), (break_one(entries[k]), False))
        elif kind == "repeated":
            made += [(entries[k], True)] * 2
    if data.draw(st.booleans()):
        made = data.draw(st.permutations(made))
    return [entry for entry, _ in made], [entry for entry, is_sound in made if is_sound]


# CSV


HEADER = ["filepath", "label", "site", "timestamp", "seq_id", "frame_num"]


def csv_rows():
    return [
        [name, name.split("/")[1], CAMERAS[k % 2], f"2019-05-{k + 1:02d} 07:08:09", f"s{k}", str(k)]
        for k, name in enumerate(PICTURES)
    ]


def csv_line(fields, delimiter):
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter, lineterminator="").writerow(fields)
    return stream.getvalue()


def check_table(data, source):
    delimiter, end = data.draw(st.sampled_from(",;\t")), data.draw(st.sampled_from(["\n", "\r\n"]))
    encoding = data.draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))

    def break_row(row):
        if data.draw(st.booleans()):
            return data.draw(st.sampled_from(['"' + row[0], row[0], '"', f'{row[0]},"', '""x']))
        row = list(row)
        row[data.draw(st.integers(0, 5))] = data.draw(NASTY_TEXT)
        return row[: data.draw(st.integers(1, 6))] if data.draw(st.booleans()) else row

    rows, sound = remade(data, csv_rows(), break_row)
    lines = [csv_line(row, delimiter) if isinstance(row, list) else row for row in [HEADER, *rows]]
    file = source / "labels.csv"
    file.write_bytes(end.join(lines).encode(encoding, "replace"))
    (source / "whole.csv").write_bytes(VALID["csv"][1])
    whole = {image.filepath: image for image in listed(source / "whole.csv", "csv").images}
    listing = listed(file, "csv")
    if listing is None:
        assert not sound
        return
    check_good(listing, [whole[row[0]] for row in sound])
    missing = {"", "na", "n/a", "nan", "null", "-"}
    assert not missing & {image.species.casefold() for image in listing.images}
    assert not (missing - {""}) & {image.camera.casefold() for image in listing.images}


# COCO Camera Traps


def coco():
    return {
        "images": [
            {"id": f"i{k}", "file_name": name, "width": 100, "height": 50, "frame_num": k}
            | {"location": k % 2, "datetime": f"2019-05-{k + 1:02d} 07:08:09", "seq_id": f"s{k}"}
            for k, name in enumerate(PICTURES)
        ],
        "categories": [{"id": k, "name": name} for k, name in enumerate(LABELS)],
        "annotations": [
            {"id": k, "image_id": f"i{k}", "category_id": k // 2 % 3, "bbox": [k, 1, 2, 3]}
            for k in range(len(PICTURES))
        ],
    }


def check_coco(data, source):
    whole, value = coco(), coco()

    def break_entry(entry):
        entry = copy.deepcopy(entry)
        key = data.draw(st.sampled_from(sorted(entry)))
        if data.draw(st.booleans()):
            del entry[key]
        else:
            entry[key] = data.draw(NASTY)
        return entry if data.draw(st.integers(0, 9)) else data.draw(NASTY)

    sound = {}
    for section in data.draw(st.sets(st.sampled_from(sorted(value)), min_size=1)):
        value[section], sound[section] = remade(data, value[section], break_entry)
    file = source / "annotations.json"
    (source / "whole.json").write_text(json.dumps(whole))
    file.write_text(json.dumps(value))
    listing = listed(file, "coco_camera_traps")
    if listing is None:
        return
    ids = {entry["id"] for entry in sound.get("images", whole["images"])}
    categories = {entry["id"] for entry in sound.get("categories", whole["categories"])}
    names = {
        whole["images"][entry["id"]]["file_name"]
        for entry in sound.get("annotations", whole["annotations"])
        if entry["image_id"] in ids and entry["category_id"] in categories
    }
    before = listed(source / "whole.json", "coco_camera_traps").images
    check_good(listing, [image for image in before if image.filepath in names])
    explained = {printable(failure.filepath) for failure in listing.failures}
    explained |= {image.filepath for image in listing.images}
    assert {entry["file_name"] for entry in sound.get("images", [])} <= explained


# Gorongosa's lists


def list_lines():
    return [f"{name} {k} {1557126489 + k}" for k, name in enumerate(PICTURES)]


def check_lists(data, source):
    def break_line(line):
        words = line.split(" ")
        words[data.draw(st.integers(0, len(words) - 1))] = data.draw(NASTY_TEXT)
        return " ".join(words)

    made, sound = remade(data, list_lines(), break_line)
    cut = data.draw(st.integers(0, len(made)))
    (source / "a.txt").write_bytes("\n".join(list_lines()).encode())
    whole = {image.filepath: image for image in listed(source / "a.txt", "gorongosa").images}
    for name, part in (("a.txt", made[:cut]), ("b.txt", made[cut:])):
        (source / name).write_bytes("\n".join(part).encode("utf-8", "replace"))
    listing = listed(source, "gorongosa")
    for name in ("a.txt", "b.txt"):
        (source / name).unlink()
    assert listing is not None
    explained = {image.filepath for image in listing.images}
    explained |= {failure.filepath for failure in listing.failures}
    assert set(PICTURES) <= explained
    if any(note == "the lists a.txt, b.txt are pooled" for note in listing.notes):
        check_good(listing, [whole[line.rpartition(".jpg")[0] + ".jpg"] for line in sound])


@QUICK
@given(data=st.data())
@pytest.mark.parametrize("check", [check_table, check_coco, check_lists])
def test_broken_entries_cost_only_themselves(check, source, data):
    check(data, source)


@pytest.mark.slow
@LONG
@given(data=st.data())
@pytest.mark.parametrize("check", [check_table, check_coco, check_lists])
def test_many_broken_entries_cost_only_themselves(check, source, data):
    check(data, source)


# Any bytes


def package():
    """Returns the files of a Camtrap DP package of the pictures."""
    media = [["mediaID", "deploymentID", "timestamp", "filePath", "filePublic", "fileMediatype"]]
    media += [
        [f"m{k}", "d1", f"2019-05-{k + 1:02d}T07:08:09Z", name, "false", "image/jpeg"]
        for k, name in enumerate(PICTURES)
    ]
    seen = [["observationID", "deploymentID", "mediaID", "observationLevel", "observationType"]]
    seen[0].append("scientificName")
    seen += [
        [f"o{k}", "d1", f"m{k}", "media", "animal", name.split("/")[1]]
        for k, name in enumerate(PICTURES)
    ]
    deployments = [["deploymentID", "locationID", "latitude", "longitude"], ["d1", "A", "1", "2"]]
    tables = {"media": media, "observations": seen, "deployments": deployments}
    resources = [{"name": name, "path": f"{name}.csv", "profile": "x"} for name in tables]
    profile = "https://raw.githubusercontent.com/tdwg/camtrap-dp/1.0.2/camtrap-dp-profile.json"
    files = {
        f"{name}.csv": "\n".join(csv_line(row, ",") for row in rows).encode()
        for name, rows in tables.items()
    }
    value = {"profile": profile, "version": "1.0.2", "resources": resources}
    return {"datapackage.json": json.dumps(value).encode(), **files}


def detections():
    images = [
        {"file": name, "detections": [{"category": "1", "conf": 0.9, "bbox": [0.1, 0.1, 0.2, 0.2]}]}
        for name in PICTURES
    ]
    return {"images": images, "detection_categories": {"1": "animal"}, "info": {}}


VALID = {
    "csv": ("labels.csv", "\n".join(csv_line(row, ",") for row in [HEADER, *csv_rows()]).encode()),
    "coco_camera_traps": ("annotations.json", json.dumps(coco()).encode()),
    "gorongosa": ("list.txt", "\n".join(list_lines()).encode()),
}


def damaged(data, valid):
    """Draws bytes that may have something of a valid file."""
    if data.draw(st.integers(0, 3)) == 0:
        return data.draw(st.binary(max_size=200))
    value = bytearray(valid)
    for _ in range(data.draw(st.integers(1, 3))):
        at, size = (data.draw(st.integers(0, len(value))) for _ in range(2))
        kind = data.draw(st.sampled_from(["cut", "drop", "insert", "repeat", "overwrite"]))
        part = value[at : at + size % 100]
        if kind == "cut":
            del value[at:]
        elif kind == "drop":
            del value[at : at + size % 100]
        elif kind == "insert":
            value[at:at] = data.draw(st.binary(max_size=9) | NASTY_TEXT.map(encoded))
        elif kind == "repeat":
            value[at:at] = part * 3
        else:
            value[at : at + 4] = data.draw(st.binary(max_size=4))
    return bytes(value)


def encoded(text):
    return text.encode("utf-8", "replace")


def check_bytes_of(format):  # noqa: A002
    name, valid = VALID[format]

    def check(data, source):
        file = source / name
        file.write_bytes(damaged(data, valid))
        listed(file, format)
        listed(file, "auto")
        file.unlink()

    return check


def check_bytes_of_camtrap_dp(data, source):
    files = package()
    name = data.draw(st.sampled_from(sorted(files)))
    files[name] = damaged(data, files[name])
    for each, content in files.items():
        (source / each).write_bytes(content)
    listed(source, "camtrap_dp")
    for each in files:
        (source / each).unlink()
    archive = source.parent / "package.zip"
    with zipfile.ZipFile(archive, "w") as stream:
        for each, content in files.items():
            stream.writestr(each, content)
        for each in PICTURES:
            stream.writestr(each, b"x")
    listed(archive, "auto")
    archive.write_bytes(damaged(data, archive.read_bytes()))
    listed(archive, "camtrap_dp")
    listed(archive, "auto")


def check_bytes_of_boxes(data, source):
    file = source.parent / "detections.json"
    file.write_bytes(damaged(data, json.dumps(detections()).encode()))
    boxes, message = outcome(lambda: read_boxes(file, min_confidence=0.2))
    if boxes is None:
        assert printable(message) == message
        assert file.name in message
        return
    for box in boxes.animals.values():
        assert all(0 <= number <= 1 for number in box)


BYTES = {
    **{name: check_bytes_of(name) for name in VALID},
    "camtrap_dp": check_bytes_of_camtrap_dp,
    "boxes": check_bytes_of_boxes,
}


@QUICK
@given(data=st.data())
@pytest.mark.parametrize("format", BYTES)
def test_any_bytes_are_a_listing_or_one_line_of_error(format, source, data):  # noqa: A002
    BYTES[format](data, source)


@pytest.mark.slow
@LONG
@given(data=st.data())
@pytest.mark.parametrize("format", BYTES)
def test_many_bytes_are_a_listing_or_one_line_of_error(format, source, data):  # noqa: A002
    BYTES[format](data, source)


def test_whole_packages_and_detections_are_read(source):
    """What the tests above damage is valid."""
    for name, content in package().items():
        (source / name).write_bytes(content)
    assert len(listed(source, "camtrap_dp").images) == len(PICTURES)
    for name in package():
        (source / name).unlink()
    (source.parent / "detections.json").write_text(json.dumps(detections()))
    boxes = read_boxes(source.parent / "detections.json", min_confidence=0.2)
    assert len(boxes.animals) == len(PICTURES)


# Folders


NAMES = (
    st.one_of(
        st.text(st.characters(exclude_characters="/\0", codec="utf-8"), min_size=1, max_size=12),
        st.binary(min_size=1, max_size=12).map(os.fsdecode),
        st.sampled_from(["train", "Test", "lion", "A_1.jpg", "b.JPG", "@eaDir", ".x", "a.csv"]),
    )
    .map(lambda name: name.replace("/", "_").replace("\0", "_"))
    .filter(lambda name: name not in (".", "..") and len(os.fsencode(name)) < 100)
)


def check_folder(data, root):
    paths = data.draw(st.lists(st.lists(NAMES, min_size=1, max_size=4), min_size=1, max_size=12))
    written = set()
    for parts in paths:
        path = root.joinpath(*parts)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
            written.add("/".join(parts))
        except OSError:  # a file of that name is a folder already, or the other way round
            continue
    written = {path for path in written if (root / path).is_file()}
    listing = listed(root, "folder")
    if listing is None:
        return
    images = {image.filepath for image in listing.images}
    failed = {failure.filepath for failure in listing.failures}
    for path in written - images:
        parts = path.split("/")
        above = {"/".join(parts[:k]) + "/" for k in range(1, len(parts))}
        assert failed & {printable(each) for each in (path, *above)}, path
    assert images <= written


@QUICK
@given(data=st.data())
def test_every_file_of_a_folder_is_listed_or_explained(tmp_path_factory, data):
    check_folder(data, tmp_path_factory.mktemp("folder"))


@pytest.mark.slow
@LONG
@given(data=st.data())
def test_every_file_of_many_folders_is_listed_or_explained(tmp_path_factory, data):
    check_folder(data, tmp_path_factory.mktemp("folder"))
