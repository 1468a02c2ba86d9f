import io
import struct
import zlib
from datetime import datetime, timedelta

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from camtrap_jax.data.decoding.images import decode_image, make_jpeg

# EXIF: on which visual side the stored row 0 and the stored column 0 lie.
SIDES = {
    1: ("top", "left"),
    2: ("top", "right"),
    3: ("bottom", "right"),
    4: ("bottom", "left"),
    5: ("left", "top"),
    6: ("right", "top"),
    7: ("right", "bottom"),
    8: ("left", "bottom"),
}


def stored_as(upright, orientation):
    """Places each stored pixel by the words of the EXIF standard."""
    height, width = upright.shape[:2]
    row_side, column_side = SIDES[orientation]
    turned = row_side in ("left", "right")
    stored = np.zeros((width, height, 3) if turned else upright.shape, np.uint8)
    for i in range(stored.shape[0]):
        for j in range(stored.shape[1]):
            at = {row_side: i, column_side: j}
            y = at["top"] if "top" in at else height - 1 - at["bottom"]
            x = at["left"] if "left" in at else width - 1 - at["right"]
            stored[i, j] = upright[y, x]
    return stored


@pytest.mark.parametrize("orientation", SIDES)
def test_pictures_are_turned_upright(orientation, pixels, encoded):
    upright = pixels(0, 7, 5)
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = decode_image(encoded(stored_as(upright, orientation), "PNG", exif=exif))
    np.testing.assert_array_equal(np.asarray(picture.image), upright)
    assert picture.size == (7, 5)
    assert picture.orientation == orientation


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2021:03:04 05:06:07", "2021-03-04 05:06:07"),
        ("2021-03-04 05:06:07", "2021-03-04 05:06:07"),
        ("2021/03/04 05:06:07", "2021-03-04 05:06:07"),
        ("2021-03-04T05:06:07+02:00", "2021-03-04 05:06:07"),
        ("1990:01:01 00:00:00", "1990-01-01 00:00:00"),
        ("1989:12:31 23:59:59", ""),
        ("0001:01:01 00:00:00", ""),
        ("1970:01:01 00:00:00", ""),
        ("2099:01:01 00:00:00", ""),
        ("2021:03:04", ""),
        ("2021:02:30 05:06:07", ""),
        ("05/06/2021 05:06:07", ""),
        ("13/06/2021 05:06:07", ""),
        ("1557126489", ""),
        ("    :  :     :  :  ", ""),
    ],
)
def test_exif_times_are_read_where_a_picture_may_have_been_taken_then(text, time, encoded, pixels):
    exif = Image.Exif()
    exif[0x0132] = text
    assert decode_image(encoded(pixels(0), exif=exif)).datetime == time


def test_exif_times_may_be_a_day_ahead_of_ours(encoded, pixels):
    now = datetime.now().replace(microsecond=0)
    exif = Image.Exif()
    for days, is_read in ((1, True), (3, False)):
        moment = now + timedelta(days=days)
        exif[0x0132] = f"{moment:%Y:%m:%d %H:%M:%S}"
        found = decode_image(encoded(pixels(0), exif=exif)).datetime
        assert found == (str(moment) if is_read else "")


def test_a_time_that_cannot_be_gives_way_to_the_next(encoded, pixels):
    exif = Image.Exif()
    exif[0x0132] = "2020:01:02 03:04:05"
    exif.get_ifd(0x8769)[0x9003] = "1970:01:01 00:00:00"
    assert decode_image(encoded(pixels(0), exif=exif)).datetime == "2020-01-02 03:04:05"


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_exif_time_and_nonsense(encoded, pixels):
    exif = Image.Exif()
    exif[0x0112] = 77
    exif[0x0132] = "2020:01:02 03:04:05"
    exif.get_ifd(0x8769)[0x9003] = "0000:00:00 00:00:00"
    picture = decode_image(encoded(pixels(0), exif=exif))
    assert picture.orientation == 1
    assert picture.datetime == "2020-01-02 03:04:05"
    exif.get_ifd(0x8769)[0x9003] = "2019:12:31 23:59:59\0"
    assert decode_image(encoded(pixels(0), exif=exif)).datetime == "2019-12-31 23:59:59"
    broken = encoded(pixels(0), exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")
    assert decode_image(broken).datetime == ""


def test_sixteen_bits_keep_their_brightness():
    levels = np.arange(256, dtype=np.uint16).reshape(16, 16)
    for mode_pixels in (levels * 257, (levels * 257).astype(np.int32)):
        stream = io.BytesIO()
        Image.fromarray(mode_pixels).save(stream, "TIFF")
        image = decode_image(stream.getvalue()).image
        np.testing.assert_array_equal(np.asarray(image), np.repeat(levels[..., None], 3, axis=2))


@pytest.mark.parametrize(
    ("mode", "kind"),
    [("L", "PNG"), ("1", "PNG"), ("P", "PNG"), ("CMYK", "JPEG"), ("L", "JPEG"), ("P", "GIF")],
)
def test_other_modes_become_rgb(mode, kind, pixels):
    source = Image.fromarray(pixels(3)).convert(mode)
    stream = io.BytesIO()
    source.save(stream, kind, **({"quality": 100} if kind == "JPEG" else {}))
    image = decode_image(stream.getvalue()).image
    assert image.mode == "RGB"
    expected = np.asarray(source.convert("RGB"), np.int32)
    assert np.abs(np.asarray(image, np.int32) - expected).max() <= 12


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_is_black(mode):
    image = Image.new(mode, (4, 4), (200,) * (len(mode) - 1) + (0,))
    image.putpixel((1, 2), (200,) * (len(mode) - 1) + (255,))
    stream = io.BytesIO()
    image.save(stream, "PNG")
    pixels = np.asarray(decode_image(stream.getvalue()).image)
    assert pixels[2, 1].tolist() == [200, 200, 200]
    assert pixels.sum() == 600


def test_animations_give_their_first_frame():
    frames = [Image.new("RGB", (9, 9), color) for color in ("red", "blue")]
    for kind in ("GIF", "WEBP", "TIFF"):
        stream = io.BytesIO()
        settings = {"lossless": True} if kind == "WEBP" else {}
        frames[0].save(stream, kind, save_all=True, append_images=frames[1:], **settings)
        image = decode_image(stream.getvalue()).image
        assert image.getpixel((4, 4)) == (255, 0, 0), kind


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP"])
def test_a_cut_file_is_refused_or_shows_everything(kind, pixels, encoded):
    data = encoded(pixels(1), kind)
    whole = np.asarray(decode_image(data).image)
    reasons = []
    for length in np.linspace(0, len(data) - 1, 40).astype(int):
        try:
            found = decode_image(data[:length])
        except ValueError as error:
            reasons.append(str(error))
        else:
            np.testing.assert_array_equal(np.asarray(found.image), whole)
    assert len(reasons) >= 38
    assert all(reason.strip() and "\n" not in reason for reason in reasons)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty file"),
        (b"no picture at all", "not a picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "."),
    ],
)
def test_what_is_no_picture_is_refused(data, reason):
    with pytest.raises(ValueError, match=reason) as caught:
        decode_image(data)
    assert "\n" not in str(caught.value)
    assert "0x" not in str(caught.value)


@pytest.mark.parametrize("side", [9_460, 12_000, 60_000])
def test_bombs_are_refused_before_they_are_decoded(side):
    def chunk(kind, body):
        checksum = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + checksum

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b""))
    with pytest.raises(ValueError, match="pixels; refused"):
        decode_image(data)


def test_records_carry_no_metadata(pixels):
    exif = Image.Exif()
    exif[0x010F] = "MAKER-SECRET"
    exif.get_ifd(0x8825)[2] = (18.0, 58.0, 12.0)
    for kind in ("JPEG", "PNG"):
        text = PngImagePlugin.PngInfo()
        text.add_text("Comment", "TEXT-SECRET")
        settings = {"pnginfo": text} if kind == "PNG" else {"comment": b"COMMENT-SECRET"}
        stream = io.BytesIO()
        Image.fromarray(pixels(0)).save(
            stream, kind, exif=exif, icc_profile=b"ICC-SECRET", **settings
        )
        assert b"SECRET" in stream.getvalue()
        image = decode_image(stream.getvalue()).image
        jpeg = make_jpeg(image, crop_bottom=0.1, short_side=32)
        assert b"SECRET" not in jpeg
        with Image.open(io.BytesIO(jpeg)) as record:
            assert not record.getexif()
            assert set(record.info) == {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


@pytest.mark.parametrize("crop_bottom", [0.0, 0.07, 0.25])
def test_the_strip_is_cut_off(crop_bottom):
    shown = np.full((200, 300, 3), 40, np.uint8)
    first = 200 - round(200 * crop_bottom)
    shown[first:] = 250
    jpeg = make_jpeg(Image.fromarray(shown), crop_bottom=crop_bottom, short_side=500)
    with Image.open(io.BytesIO(jpeg)) as record:
        assert record.size == (300, first)
        assert np.asarray(record).max() < 60


@pytest.mark.parametrize(
    ("size", "kept"), [((300, 200), (150, 100)), ((90, 400), (90, 400)), ((2000, 1), (2000, 1))]
)
def test_only_large_pictures_shrink(size, kept):
    jpeg = make_jpeg(Image.new("RGB", size), crop_bottom=0.0, short_side=100)
    with Image.open(io.BytesIO(jpeg)) as record:
        assert record.size == kept


def test_reduced_decoding_shows_the_same_picture(pixels, encoded):
    data = encoded(pixels(5, 1203, 907), quality=95)
    whole, reduced = decode_image(data), decode_image(data, smallest_side_px=110)
    assert reduced.size == whole.size == (1203, 907)
    assert reduced.image.width < 400
    assert min(reduced.image.size) >= 110
    views = [p.image.resize((60, 45), Image.Resampling.BOX) for p in (whole, reduced)]
    assert np.abs(np.subtract(*[np.asarray(view, np.int32) for view in views])).max() <= 6
