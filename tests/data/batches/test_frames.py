import io
from itertools import islice

import jax
import numpy as np
import pytest
from PIL import Image

from camtrap_jax.data.batches.frames import common_shape, decode_frame, empty_frames, read_frame
from camtrap_jax.data.batches.pipeline import train_iterator, train_rows
from camtrap_jax.data.records import RecordSource


def records_of(encoded, pixels, *sizes):
    return [{"image": encoded(pixels(seed, *size))} for seed, size in enumerate(sizes)]


def test_a_frame_of_the_wanted_shape_is_not_scaled(encoded, pixels):
    jpeg = encoded(pixels(0, 80, 60), quality=95)
    frame = decode_frame(jpeg, (60, 80))
    np.testing.assert_array_equal(frame, Image.open(io.BytesIO(jpeg)))


@pytest.mark.parametrize("scale", [2, 4, 8])
def test_a_large_frame_is_decoded_at_a_reduced_scale(scale, encoded, pixels):
    jpeg = encoded(pixels(0, 320, 240), quality=95)
    shape = (240 // scale, 320 // scale)
    with Image.open(io.BytesIO(jpeg)) as image:
        image.draft("RGB", shape[::-1])
        reduced = np.asarray(image)
    np.testing.assert_array_equal(decode_frame(jpeg, shape), reduced)
    whole = np.asarray(Image.open(io.BytesIO(jpeg)), float)
    means = whole.reshape(shape[0], scale, shape[1], scale, 3).mean((1, 3))
    assert np.abs(reduced - means).mean() < 1.5


def test_no_side_is_decoded_smaller_than_wanted(encoded, pixels):
    jpeg = encoded(pixels(0, 320, 240), quality=95)
    whole = Image.open(io.BytesIO(jpeg))
    for shape in [(121, 60), (60, 161)]:
        expected = whole.resize(shape[::-1], Image.Resampling.BILINEAR)
        np.testing.assert_array_equal(decode_frame(jpeg, shape), expected)


@pytest.mark.parametrize(
    ("sizes", "size_px", "shape"),
    [
        ([(455, 256), (341, 256), (455, 256)], 224, (256, 455)),
        ([(455, 256), (341, 256)], 224, (256, 341)),  # of ties, the smaller
        ([(455, 256), (455, 256)], 128, (128, 228)),  # decoded at 1/2
        ([(100, 75), (100, 75), (455, 256)], 224, (224, 224)),
        ([(2000, 60), (2000, 60)], 32, (60, 128)),
    ],
)
def test_the_shape_is_that_of_most_records(sizes, size_px, shape, encoded, pixels):
    records = records_of(encoded, pixels, *sizes)
    assert common_shape(records, np.arange(len(records)), size_px) == shape


def test_only_the_given_rows_count(encoded, pixels):
    records = records_of(encoded, pixels, (80, 60), (80, 60), (60, 80))
    assert common_shape(records, np.array([2]), 32) == (80, 60)


def test_training_takes_records_as_they_are(dataset):
    records, rows = RecordSource(dataset.records), train_rows(dataset)
    batches = train_iterator(dataset, size_px=24, batch_size=len(rows), seed=0)
    [batch] = islice(batches, 1)
    batches.close()
    whole = [np.asarray(Image.open(io.BytesIO(records[int(row)]["image"]))) for row in rows]
    seen = {frame.tobytes() for frame in batch["pixels"]}
    assert seen == {frame.tobytes() for frame in whole}


def test_a_device_in_memory_takes_frames_uncopied():
    frames = empty_frames(3, (5, 7))
    assert (frames.shape, frames.dtype) == ((3, 5, 7, 3), np.uint8)
    assert not frames.any()
    frames[1] = 7
    placed = jax.device_put(frames, jax.devices("cpu")[0])
    assert placed.unsafe_buffer_pointer() == frames.ctypes.data


def test_a_record_is_read_as_it_is_decoded(encoded, pixels):
    records = records_of(encoded, pixels, (80, 60), (64, 48))
    expected = decode_frame(records[1]["image"], (24, 32))
    np.testing.assert_array_equal(read_frame(records, 1, (24, 32)), expected)


@pytest.mark.parametrize(
    ("jpeg", "reason"),
    [
        (b"", "not a JPEG, by its content"),
        (b"nonsense", "not a JPEG, by its content"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "not a JPEG, by its content"),
        ("start", r"[Tt]runcated"),
        ("half", r"[Tt]runcated"),
    ],
)
def test_a_damaged_record_is_one_line(jpeg, reason, encoded, pixels):
    whole = encoded(pixels(0, 80, 60))
    cut = {"start": whole[:200], "half": whole[: len(whole) // 2]}
    with pytest.raises(ValueError, match=reason) as caught:
        read_frame([{"image": cut.get(jpeg, jpeg)}], 0, (60, 80))
    assert "0x" not in str(caught.value)  # an address would differ from run to run
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Corrupted Riegeli/records file: chunk data hash mismatch\nat byte 9", ValueError),
        ("open() failed: No such file or directory; opening records", OSError),
        ("read() failed: Input/output error; reading records", OSError),
    ],
)
def test_only_damage_is_the_record_s_own_fault(text, kind):
    class Failing:
        def __getitem__(self, row):
            raise RuntimeError(text)

    with pytest.raises(kind) as caught:
        read_frame(Failing(), 0, (8, 8))
    assert str(caught.value) == " ".join(text.split())
