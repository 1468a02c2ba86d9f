import dataclasses
import zlib
from contextlib import closing

import pytest

from camtrap_jax.data.decoding.pictures import Measured
from camtrap_jax.data.decoding.spool import Spool

SETTINGS = {"short_side": 40}


def measured(name, jpeg=None, **changes):
    jpeg = name.encode() * 9 if jpeg is None else jpeg
    values = Measured(
        filepath=name,
        num_bytes=5,
        modified_ns=7,
        width=4,
        height=3,
        orientation=1,
        datetime="",
        sha256="ab" * 32,
        phash="0" * 64,
        saturation=0.1,
        brightness=0.2,
        strip=0.0,
        jpeg_crc32=zlib.crc32(jpeg),
    )
    return dataclasses.replace(values, **changes)


@pytest.fixture
def filled(tmp_path):
    """The folder of a spool with three pictures, whose process has ended."""
    spool = Spool(tmp_path / "spool", SETTINGS)
    for name in ("a\n.jpg", "ä.jpg", "c"):
        spool.add(measured(name), name.encode() * 9)
    spool.close()
    return tmp_path / "spool"


def opened(folder, settings=SETTINGS):
    return closing(Spool(folder, settings))


def test_a_later_process_finds_everything(filled):
    with opened(filled) as spool:
        everything = [measured(name) for name in ("a\n.jpg", "ä.jpg", "c")]
        assert list(spool.measured.values()) == everything
        assert spool.jpeg("ä.jpg") == "ä.jpg".encode() * 9
        spool.add(measured("c", b"new", num_bytes=6), b"new")
        assert spool.jpeg("c") == b"new"
        assert spool.jpeg("a\n.jpg") == b"a\n.jpg" * 9
    with opened(filled) as again:
        assert again.jpeg("c") == b"new"
        assert again.measured["c"].num_bytes == 6


@pytest.mark.parametrize("lost", [1, 10, 40])
@pytest.mark.parametrize("name", ["measured.jsonl", "pictures.jpegs"])
def test_what_a_killed_process_left_unfinished_is_cut_off(name, lost, filled):
    path = filled / name
    path.write_bytes(path.read_bytes()[:-lost])
    with opened(filled) as spool:
        whole = list(spool.measured)
        assert whole in (["a\n.jpg", "ä.jpg"], ["a\n.jpg"], [])
        assert all(spool.jpeg(n) == n.encode() * 9 for n in whole)
        spool.add(measured("d", b"dd"), b"dd")
    with opened(filled) as again:
        assert list(again.measured) == [*whole, "d"]
        assert again.jpeg("d") == b"dd"


def test_a_hole_in_the_pictures_ends_what_is_taken_up(filled):
    """After a loss of power, blocks that were never written read as zeros."""
    path = filled / "pictures.jpegs"
    data = bytearray(path.read_bytes())
    data[60] = 0
    path.write_bytes(data)
    with opened(filled) as spool:
        assert list(spool.measured) == ["a\n.jpg"]


def test_other_settings_start_anew(filled):
    for _ in range(2):
        with opened(filled, {"short_side": 41}) as spool:
            assert spool.measured == {}


def test_two_processes_do_not_share_one(filled):
    spool = Spool(filled, SETTINGS)
    with pytest.raises(ValueError, match="another process is preparing this dataset"):
        Spool(filled, SETTINGS)
    spool.remove()
    assert not filled.exists()
