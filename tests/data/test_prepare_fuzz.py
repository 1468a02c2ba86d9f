"""Damaged pictures of every kind: no crash, no hang, nothing lost."""

import io
import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from camtrap_jax.data.prepare import prepare_dataset
from camtrap_jax.data.records import RecordSource
from camtrap_jax.run_folder import DatasetFolder
from camtrap_jax.store import read_table


def originals(pixels):
    """Small pictures in many encodings."""
    image = Image.fromarray(pixels(5, 40, 30))
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8769)[0x9003] = "2019:05:06 07:08:09"
    settings = {
        "plain": ("JPEG", image, {}),
        "progressive": ("JPEG", image, {"progressive": True, "exif": exif}),
        "cmyk": ("JPEG", image.convert("CMYK"), {}),
        "rgba": ("PNG", image.convert("RGBA"), {"exif": exif}),
        "palette": ("PNG", image.convert("P"), {}),
        "sixteen": ("PNG", Image.fromarray(np.arange(1200, dtype=np.uint16).reshape(30, 40)), {}),
        "bits": ("PNG", image.convert("1"), {}),
        "animated": ("GIF", image, {"save_all": True, "append_images": [image.convert("L")]}),
        "webp": ("WEBP", image, {}),
        "tiff": ("TIFF", image, {"compression": "tiff_lzw"}),
        "bmp": ("BMP", image, {}),
    }
    encoded = {}
    for name, (kind, picture, options) in settings.items():
        stream = io.BytesIO()
        picture.save(stream, kind, **options)
        encoded[name] = stream.getvalue()
    return encoded


def mutated(data, rng, others):
    """Damages a file as cards, cables and programs do, and as an attacker would."""
    data = bytearray(data)
    for _ in range(rng.integers(1, 4)):
        at, count = int(rng.integers(len(data) + 1)), int(rng.integers(1, 40))
        kind = rng.integers(8)
        if kind == 0:
            del data[at:]
        elif kind == 1:
            data[at : at + count] = bytes(count)
        elif kind == 2:
            del data[at : at + count]
        elif kind == 3:
            data[at:at] = rng.bytes(count)
        elif kind == 4 and data:
            data[at % len(data)] ^= 1 << rng.integers(8)
        elif kind == 5:
            data[at : at + 4] = struct.pack(">I", rng.choice([0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 65500]))
        elif kind == 6:
            other = others[rng.integers(len(others))]
            data[at:] = other[at:]
        else:
            data[at : at + 2] = struct.pack(">H", rng.choice([0, 1, 0xFFFF, 0xFFD8, 0xFFD9]))
    return with_checksums(bytes(data)) if rng.integers(2) else bytes(data)


def with_checksums(data):
    """Makes a PNG's checksums right again, so that what lies behind them is reached."""
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        return data
    parts, at = [data[:8]], 8
    while at + 12 <= len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        body = data[at + 4 : at + 8 + length]
        if len(body) < 4 + length:
            break
        parts.append(data[at : at + 4] + body + struct.pack(">I", zlib.crc32(body)))
        at += 12 + length
    return b"".join([*parts, data[at:]])


@pytest.fixture
def source(tmp_path, pixels, pictures):
    """A folder of good pictures."""
    pictures(tmp_path / "source", {"lion": 6, "eland": 6})
    for name, data in originals(pixels).items():
        (tmp_path / "source" / "lion" / f"{name}.jpg").write_bytes(data)
    return tmp_path / "source"


def check_nothing_is_lost(source, whole, config, *, count, seed):
    good = {path.relative_to(source).as_posix() for path in source.rglob("*.jpg")}
    rng, damaged = np.random.default_rng(seed), set()
    for number in range(count):
        name = f"eland/damaged{number:05d}.png"
        (source / name).write_bytes(mutated(whole[number % len(whole)], rng, whole))
        damaged.add(name)
    prepare_dataset(source, source.parent / "dataset", config)
    dataset = DatasetFolder(source.parent / "dataset")
    failures = read_table(dataset.root / "failures.csv")
    kept, failed = set(dataset.manifest["filepath"]), set(failures["filepath"])
    assert kept | failed == good | damaged
    assert not kept & failed
    assert kept >= good
    assert failures["reason"].str.fullmatch(r"\S[^\r\n]{3,250}").all()
    assert len(failed) > count / 5  # the damage is real
    assert len(kept & damaged) > count / 20
    records = RecordSource(dataset.records)
    assert len(records) == len(dataset.manifest)
    for row in range(len(records)):
        with Image.open(io.BytesIO(records[row]["image"])) as image:
            assert (image.format, image.mode) == ("JPEG", "RGB")
            image.load()


def test_a_few_hundred_damaged_pictures(source, pixels, config):
    check_nothing_is_lost(source, list(originals(pixels).values()), config, count=300, seed=0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 5))
def test_thousands_of_damaged_pictures(seed, source, pixels, config):
    check_nothing_is_lost(source, list(originals(pixels).values()), config, count=1500, seed=seed)


def bomb(width, height):
    """A PNG of a few bytes that unpacks to `width` x `height` pixels."""

    def chunk(kind, body):
        checksum = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + checksum

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compressobj(9)
    body = rows.compress(bytes(min((width + 1) * height, 50_000_000))) + rows.flush()
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    )


def test_hostile_names_and_files(source, pixels, encoded, config):
    names = [
        "new\nline.jpg",
        "quo\"te's,;.jpg",
        "עברית.jpg",
        "\u202egpj.exe",
        " a .jpg",
        "=1+1.jpg",
    ]
    good = [path.relative_to(source).as_posix() for path in source.rglob("*.jpg")]
    for number, name in enumerate(names):
        (source / "lion" / name).write_bytes(encoded(pixels(100 + number)))
        good.append(f"lion/{name}")
    (source / os.fsdecode(b"lion/\xff\xfe.jpg")).write_bytes(encoded(pixels(200)))
    (source / "lion" / "gigapixel.png").write_bytes(bomb(60_000, 60_000))
    (source / "lion" / "wide.png").write_bytes(bomb(2_000_000_000, 1))
    (source / "lion" / "gone.jpg").symlink_to(source / "nothing")
    (source / "lion" / "out.jpg").symlink_to("/etc/hostname")
    prepare_dataset(source, source.parent / "dataset", config)
    dataset = DatasetFolder(source.parent / "dataset")
    assert sorted(dataset.manifest["filepath"]) == sorted(good)
    failures = read_table(dataset.root / "failures.csv").set_index("filepath")["reason"]
    assert set(failures.index) == {
        "lion/\\xff\\xfe.jpg",
        "lion/gigapixel.png",
        "lion/wide.png",
        "lion/gone.jpg",
        "lion/out.jpg",
    }
    assert "pixels; refused" in failures["lion/gigapixel.png"]
