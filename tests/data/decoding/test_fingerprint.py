import io
import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from camtrap_jax.config import DataConfig, SyntheticConfig
from camtrap_jax.data.decoding.fingerprint import INFRARED_BELOW, fingerprint
from camtrap_jax.data.decoding.strip import information_strip
from camtrap_jax.store import read_json
from camtrap_jax.synthetic.dataset import write_dataset

STATIONS = Path(__file__).parents[4] / "shared" / "data" / "camera_trap_stations"
ALIKE = 16  # bits: copies differ in no more, two moments at one camera in more


def blobs(seed, width=341, height=256, cells=12):
    coarse = np.random.default_rng(seed).integers(0, 256, (cells, cells, 3), np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


def scene(moment, *, width=640, height=480):
    """A fixed view with grain, and an animal of 3 % of the frame that stands where it likes."""
    rng = np.random.default_rng([7, moment])
    view = np.asarray(blobs(0, width, height)) * 0.5 + 40
    image = Image.fromarray(np.uint8(np.clip(view + rng.normal(0, 4, view.shape), 0, 255)))
    draw = ImageDraw.Draw(image)
    x, y = (rng.uniform(0.1, 0.7, 2) * (width, height)).tolist()
    draw.ellipse((x, y, x + 0.22 * width, y + 0.17 * height), fill=(60, 40, 30))
    return image


def encoded(image, quality):
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return Image.open(io.BytesIO(stream.getvalue())).convert("RGB")


def distance(one, other, crop_bottom=0.0):
    first, second = (int(fingerprint(i, crop_bottom=crop_bottom).phash, 16) for i in (one, other))
    return (first ^ second).bit_count()


def slow_hash(pixels):
    """Each coefficient by its own sum, in order of the diagonals."""
    grey = np.sqrt(pixels @ [0.299, 0.587, 0.114])
    places = sorted(
        ((i, j) for i in range(32) for j in range(32)), key=lambda p: (p[0] + p[1], p[0])
    )
    bits = ""
    for i, j in places[100:356]:
        rows = [math.cos(math.pi * (2 * y + 1) * i / 64) for y in range(32)]
        columns = [math.cos(math.pi * (2 * x + 1) * j / 64) for x in range(32)]
        bits += "1" if np.array(rows) @ grey @ np.array(columns) > 0 else "0"
    return f"{int(bits, 2):064x}"


@pytest.mark.parametrize("seed", range(5))
def test_the_hash_is_the_signs_of_the_middle_coefficients(seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (32, 32, 3), np.uint8)
    expected = slow_hash(pixels)
    found = fingerprint(Image.fromarray(pixels), crop_bottom=0.0).phash
    assert (int(found, 16) ^ int(expected, 16)).bit_count() <= 1  # single precision
    assert len(found) == 64


CHANGES = {
    "compressed": lambda image: encoded(image, 40),
    "half the size": lambda image: encoded(image.resize((320, 240)), 80),
    "another size": lambda image: encoded(image.resize((853, 640)), 90),
    "brighter": lambda image: encoded(ImageEnhance.Brightness(image).enhance(1.2), 85),
    "darker": lambda image: encoded(ImageEnhance.Brightness(image).enhance(0.7), 85),
    "more contrast": lambda image: encoded(ImageEnhance.Contrast(image).enhance(1.3), 85),
    "grey": lambda image: ImageOps.grayscale(image).convert("RGB"),
    "cut by a pixel": lambda image: encoded(image.crop((1, 1, 640, 480)), 90),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_copy_stays_alike(change):
    for moment in range(6):
        image = scene(moment)
        assert distance(image, CHANGES[change](image)) <= ALIKE


def test_two_moments_at_one_camera_are_not_alike():
    frames = [scene(moment) for moment in range(12)]
    apart = [distance(a, b) for k, a in enumerate(frames) for b in frames[:k]]
    assert min(apart) > ALIKE


@given(st.integers(17, 400), st.integers(17, 400), st.floats(0, 0.5))
@settings(deadline=None, max_examples=60)
def test_pictures_of_any_size_have_a_fingerprint(width, height, crop_bottom):
    found = fingerprint(blobs(1, width, height), crop_bottom=crop_bottom)
    assert len(bytes.fromhex(found.phash)) == 32
    assert 0 < found.saturation < 1
    assert 0 < found.brightness < 1


@pytest.mark.parametrize("size", [(1, 1), (1, 200), (300, 1), (5, 4)])
def test_tiny_pictures_have_one_too(size):
    assert fingerprint(Image.new("RGB", size, (9, 9, 9)), crop_bottom=0.07).strip == 0


@pytest.mark.parametrize("level", [0, 1, 128, 255])
def test_a_picture_without_structure_has_no_bit_set(level):
    found = fingerprint(Image.new("RGB", (300, 200), (level,) * 3), crop_bottom=0.07)
    assert found.phash == "0" * 64
    assert found.brightness == pytest.approx(level / 255, abs=1e-4)
    assert found.saturation == 0


def test_what_is_cut_off_leaves_no_trace():
    image = blobs(3, 320, 240)
    printed = image.copy()
    ImageDraw.Draw(printed).rectangle((0, 216, 320, 240), fill=(200, 0, 0))
    assert distance(image, printed, 0.1) == 0
    assert distance(image, printed, 0.0) > 0
    one, other = (fingerprint(i, crop_bottom=0.1) for i in (image, printed))
    assert (one.saturation, one.brightness) == (other.saturation, other.brightness)


def with_logo(image, strip=24):
    """Puts a black bar with text and a coloured logo under a picture."""
    framed = Image.new("RGB", (image.width, image.height + strip))
    framed.paste(image)
    draw = ImageDraw.Draw(framed)
    draw.text((8, image.height + 5), "2016-08-09 12:33:11  23 C  CAMERA 7", fill=(255, 255, 255))
    x, y = 0.8 * image.width, image.height
    draw.ellipse((x, y + 3, x + 45, y + strip - 3), fill=(20, 120, 255))
    return framed


def test_infrared_frames_have_no_saturation():
    night = ImageOps.grayscale(scene(1)).convert("RGB")
    tinted = Image.fromarray(np.uint8(np.asarray(night) * [1.0, 0.88, 0.95]))
    for image in (night, encoded(night, 30), tinted, encoded(with_logo(night), 75)):
        assert fingerprint(image, crop_bottom=0.0).saturation < INFRARED_BELOW
    assert fingerprint(encoded(scene(1), 30), crop_bottom=0.0).saturation > 2 * INFRARED_BELOW
    dark = ImageEnhance.Brightness(scene(1)).enhance(0.1)
    assert fingerprint(dark, crop_bottom=0.0).saturation > INFRARED_BELOW


def test_the_bar_of_a_strip_is_no_darkness():
    image = scene(2)
    found = fingerprint(with_logo(image), crop_bottom=0.0)
    assert found.brightness == pytest.approx(
        fingerprint(image, crop_bottom=0).brightness, abs=0.005
    )


def test_threads_find_the_same():
    frames = [scene(moment, width=320, height=240) for moment in range(8)] * 4
    alone = [fingerprint(frame, crop_bottom=0.07) for frame in frames]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda i: fingerprint(i, crop_bottom=0.07), frames)) == alone


def test_planted_nights_strips_and_moments_are_found(tmp_path):
    """Every infrared frame and no other; no two bursts of a camera alike."""
    write_dataset(
        tmp_path / "s",
        SyntheticConfig(images_per_species=10, image_size=240, num_cameras=4),
        num_workers=1,
    )
    truth = read_json(tmp_path / "s" / "truth.json")
    broken = {*truth["truncated"], *truth["not_images"]}
    copies = {pair[1] for pair in (*truth["two_species"], *truth["duplicates"])}
    crop, hashes = DataConfig().crop_bottom, {}
    for path, planted in truth["images"].items():
        if path in broken:
            continue
        image = ImageOps.exif_transpose(Image.open(tmp_path / "s" / "images" / path))
        found = fingerprint(image.convert("RGB"), crop_bottom=crop)
        assert information_strip(image.crop((0, 0, 240, 180 - 13))) == 0  # grass is no print
        assert (found.saturation < INFRARED_BELOW) == planted["night"]
        assert found.strip == pytest.approx(13 / 180, abs=1 / 180)
        if path not in copies and planted["species"] != "empty":
            hashes[path] = int(found.phash, 16)
    alike = [
        (one, other)
        for k, one in enumerate(hashes)
        for other in list(hashes)[:k]
        if (hashes[one] ^ hashes[other]).bit_count() <= ALIKE
    ]
    bursts = {path: truth["images"][path]["sequence"] for path in hashes}
    assert alike
    assert all(bursts[one] == bursts[other] for one, other in alike)


@pytest.mark.skipif(not STATIONS.exists(), reason=f"needs {STATIONS}")
def test_real_stations_have_strips_white_flash_and_no_two_frames_alike():
    found = []
    for path in sorted(STATIONS.rglob("*.JPG")):
        with Image.open(path) as image:
            found.append(fingerprint(image.convert("RGB"), crop_bottom=0.07))
    assert sum(f.strip == pytest.approx(0.04) for f in found) == 67  # one frame is torn
    assert min(f.saturation for f in found) > INFRARED_BELOW
    hashes = [int(f.phash, 16) for f in found]
    assert min((a ^ b).bit_count() for k, a in enumerate(hashes) for b in hashes[:k]) > ALIKE
