import io
from itertools import islice

import jax
import numpy as np
import pytest
from PIL import Image

from camtrap_jax.data.batches.frames import common_shape, decode_frame, empty_frames
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
