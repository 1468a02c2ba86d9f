"""Packages changed at random.

Either one line says which file cannot be read, or all pictures that the change does not touch are
as they were, the others are explained, and no path leaves the package.
"""

import io
import json
import os
import tempfile
import time
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reference.camtrap_dp_package import (
    DEPLOYMENTS,
    MEDIA,
    OBSERVATIONS,
    PICTURES,
    changed,
    descriptor,
    medium,
    observation,
    package,
    table,
    write_folder,
)

from camtrap_jax.data.sources.camtrap_dp import read_camtrap_dp

TABLES = {"media.csv": MEDIA, "observations.csv": OBSERVATIONS, "deployments.csv": DEPLOYMENTS}
NASTY = st.sampled_from(
    [
        *("", " ", "0", "-1", "1e999", "NaN", "nan", "inf", "NA", "false", "\0", "a\nb", '"', '""'),
        *("m1", "m2", "\ufeffm1", "media/a.jpg", "event", "media", "human", "video/mp4"),
        *("../x.jpg", "/etc/passwd", "media/../../a.jpg", "C:\\a.jpg", "https://x.org"),
        *("\ufffd", "\u202e", "é" * 300, "2020-02-30T00:00:00Z"),
        *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"),
    ]
)
few = settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
many = settings(few, max_examples=5000)


def listed(source):
    """Returns the listing and no error, or no listing and the error."""
    try:
        return read_camtrap_dp(source), ""
    except ValueError as error:
        return None, str(error)


def by_picture(listing):
    return {
        name: [image for image in listing.images if image.filepath == name] for name in PICTURES
    }


def good_pictures():
    with tempfile.TemporaryDirectory() as folder:
        return by_picture(read_camtrap_dp(write_folder(Path(folder), package())))


GOOD = good_pictures()


def check(root, files, touched):
    """Reads a package and holds it against the good one, except for pictures that are touched."""
    listing, error = listed(write_folder(root, files))
    if listing is None:
        assert "\n" not in error
        assert any(f"{root}/{name}" in error for name in files)
        return
    for image in listing.images:
        assert (root / image.filepath).resolve().is_relative_to(root.resolve())
        assert (root / image.filepath).is_file()
    for name, images in by_picture(listing).items():
        assert images == GOOD[name] or name in touched
        is_listed = name.encode() in files["media.csv"].replace(b"\\", b"/")
        assert images or listing.failures or not is_listed


def touched_by(name, row, value):
    """Returns the pictures that may differ when a field of a row becomes `value`."""
    if name == "deployments.csv":
        return set()
    plain = value.strip().lstrip("\ufeff")
    return {
        entry["filePath"].replace("\\", "/")
        for entry in MEDIA
        if plain in (entry["mediaID"], entry["filePath"]) or row["mediaID"] == entry["mediaID"]
    }


@st.composite
def changed_fields(draw):
    name = draw(st.sampled_from(sorted(TABLES)))
    rows = TABLES[name]
    index = draw(st.integers(0, len(rows) - 1))
    field = draw(st.sampled_from(sorted(rows[0])))
    value = draw(NASTY | st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
    data = table(changed(rows, index, **{field: value}))
    return name, data, touched_by(name, rows[index], value)


@st.composite
def changed_lines(draw):
    """Puts something into a line's text, without regard to the format."""
    name = draw(st.sampled_from(["media.csv", "observations.csv"]))
    lines = table(TABLES[name]).split(b"\r\n")[:-1]
    index = draw(st.integers(1, len(lines) - 1))
    at = draw(st.integers(0, len(lines[index])))
    length = draw(st.integers(0, 12))
    text = draw(st.binary(max_size=6) | st.sampled_from([b'"', b",", b"\n", b"\r", b';"', b"\xef"]))
    lines[index] = lines[index][:at] + text + lines[index][at + length :]
    touched = touched_by(name, TABLES[name][index - 1], "")
    for entry in MEDIA:  # the line may have become one about another picture
        if any(entry[field].encode() in lines[index] for field in ("mediaID", "filePath")):
            touched.add(entry["filePath"].replace("\\", "/"))
    return name, b"\r\n".join(lines) + b"\r\n", touched


@st.composite
def any_bytes(draw):
    name = draw(st.sampled_from(["datapackage.json", *sorted(TABLES)]))
    return name, draw(st.binary(max_size=200)), set(PICTURES)


@st.composite
def changed_descriptors(draw):
    value = descriptor()
    odd = st.none() | st.booleans() | st.floats() | st.text(max_size=9) | NASTY
    odd = odd | st.lists(odd, max_size=3) | st.dictionaries(st.text(max_size=9), odd, max_size=3)
    entry = draw(st.sampled_from([value, *value["resources"]]))
    key = draw(st.sampled_from([*entry, "dialect", "encoding"]))
    entry[key] = draw(odd | st.fixed_dictionaries({"delimiter": odd}))
    return "datapackage.json", json.dumps(value).encode(), set(PICTURES)


CHANGES = changed_fields() | changed_lines() | any_bytes() | changed_descriptors()


@few
@given(CHANGES)
def test_changes_at_random_touch_nothing_else(tmp_path, change):
    name, data, touched = change
    check(tmp_path / "package", package() | {name: data}, touched)


@pytest.mark.slow
@many
@given(CHANGES)
def test_many_changes_at_random_touch_nothing_else(tmp_path, change):
    name, data, touched = change
    check(tmp_path / "package", package() | {name: data}, touched)


def zip_bytes():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in package().items():
            archive.writestr(name, data)
    return stream.getvalue()


ZIP = zip_bytes()
BYTES = st.tuples(st.integers(0, len(ZIP) - 1), st.integers(0, 255))


def with_bytes(changes):
    data = bytearray(ZIP)
    for at, value in changes:
        data[at] = value
    return bytes(data)


ZIPS = st.lists(BYTES, min_size=1, max_size=8).map(with_bytes)
ZIPS = ZIPS | st.integers(0, len(ZIP)).map(lambda size: ZIP[:size])


def read_or_reason(storage, filepath):
    try:
        return storage.read(filepath)
    except (OSError, ValueError) as error:
        return str(error)


def check_zip(source, data):
    source.write_bytes(data)
    listing, error = listed(source)
    if listing is None:
        assert "\n" not in error
        assert "package.zip" in error
        return
    for image in listing.images:
        assert ".." not in image.filepath.split("/")
        assert read_or_reason(listing.storage, image.filepath)


@few
@given(ZIPS)
def test_a_damaged_zip_is_explained(tmp_path, data):
    check_zip(tmp_path / "package.zip", data)


@pytest.mark.slow
@many
@given(ZIPS)
def test_many_damaged_zips_are_explained(tmp_path, data):
    check_zip(tmp_path / "package.zip", data)


@pytest.mark.slow
def test_a_hundred_thousand_pictures_are_listed_in_seconds(tmp_path):
    count = 100_000
    (tmp_path / "media").mkdir()
    names = [f"media/{number:06d}.jpg" for number in range(count)]
    for name in names:
        os.close(os.open(tmp_path / name, os.O_CREAT))
    media = [medium(f"m{n}", "d1", n % 60, name) for n, name in enumerate(names)]
    seen = [observation(f"m{n}", "Vulpes", ("0.1", "0.1", "0.5", "0.5")) for n in range(count)]
    for name, data in package(media=media, observations=seen).items():
        if name not in PICTURES:
            (tmp_path / name).write_bytes(data)
    start = time.perf_counter()
    assert len(read_camtrap_dp(tmp_path).images) == count
    assert time.perf_counter() - start < 20  # 3 s on an idle core; others may be at work
    tracemalloc.start()
    read_camtrap_dp(tmp_path)
    assert tracemalloc.get_traced_memory()[1] < 400e6
    tracemalloc.stop()
