import os
import zipfile

import pytest

from camtrap_jax.data.sources import storage
from camtrap_jax.data.sources.storage import FolderStorage, ZipStorage


def test_a_folder_reads_what_lies_in_it_and_nothing_else(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpg").write_bytes(b"aaa")
    (tmp_path / "secret").write_bytes(b"s")
    (tmp_path / "in" / "link").symlink_to(tmp_path / "secret")
    folder = FolderStorage(tmp_path / "in")
    assert folder.problem("a.jpg") == ""
    assert folder.read("a.jpg") == b"aaa"
    os.utime(tmp_path / "in" / "a.jpg", ns=(5, 123456789))
    assert folder.stamp("a.jpg") == (3, 123456789)
    assert folder.stamp("b.jpg") == folder.stamp("a\0b") == (-1, 0)
    assert folder.problem("../secret") == "the path leaves the source"
    assert folder.problem("link") == "a link that leaves the source"


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "package.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("media/a.jpg", b"aaa")
        made.writestr("media/empty/", b"")
        made.writestr("big.jpg", b"\0" * 5000)
    return path


def test_an_archive_is_read_in_place(archive):
    stored = ZipStorage(archive)
    assert stored.problem("media/a.jpg") == ""
    assert stored.read("media/a.jpg") == b"aaa"
    assert stored.stamp("media/a.jpg")[0] == 3
    assert stored.problem("media/empty/") == "not a plain file"
    assert stored.problem("../a.jpg") == "not found in the archive"
    assert stored.stamp("b.jpg") == (-1, 0)
    with pytest.raises(OSError, match="not found in the archive"):
        stored.read("b.jpg")


def test_a_member_that_unpacks_to_too_much_is_refused(archive, monkeypatch):
    monkeypatch.setattr(storage, "MAX_BYTES", 4000)
    with pytest.raises(ValueError, match="larger than"):
        ZipStorage(archive).read("big.jpg")


def test_a_damaged_member_is_an_error_of_its_own(archive):
    data = bytearray(archive.read_bytes())
    start = data.index(b"media/a.jpg") + len("media/a.jpg")
    data[start] ^= 0xFF
    archive.write_bytes(data)
    stored = ZipStorage(archive)
    with pytest.raises(ValueError, match="cannot be unpacked"):
        stored.read("media/a.jpg")
    assert stored.read("big.jpg") == b"\0" * 5000


def test_what_is_no_archive_is_refused(tmp_path):
    (tmp_path / "x.zip").write_bytes(b"nothing")
    with pytest.raises(ValueError, match=r"x\.zip: expected a zip archive"):
        ZipStorage(tmp_path / "x.zip")
