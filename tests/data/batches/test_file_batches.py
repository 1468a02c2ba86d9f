import io
import threading
import time

import numpy as np
import pytest
from PIL import Image

from camtrap_jax.config import DataConfig
from camtrap_jax.data.batches.file_batches import decode_file, file_batches
from camtrap_jax.data.batches.frames import decode_frame
from camtrap_jax.data.batches.pipeline import read_pixels
from camtrap_jax.data.decoding.images import make_jpeg
from camtrap_jax.data.prepare import prepare_dataset
from camtrap_jax.data.sources.storage import FolderStorage
from camtrap_jax.run_folder import DatasetFolder

SETTINGS = {"shape": (24, 24), "crop_bottom": 0.0, "batch_size": 4}


@pytest.fixture
def folder(tmp_path, pictures):
    names = pictures(tmp_path, {"lion": 6, "eland": 5})
    return tmp_path, names


def batches_of(root, names, **settings):
    read = FolderStorage(root.resolve()).read
    return list(file_batches(read, names, **{**SETTINGS, **settings}))


def assert_same(first, second):
    assert len(first) == len(second)
    for (one, failed), (other, others_failed) in zip(first, second, strict=True):
        assert failed == others_failed
        assert one.keys() == other.keys()
        for name in one:
            np.testing.assert_array_equal(one[name], other[name])


def test_every_picture_comes_once_in_order_in_batches_of_one_shape(folder):
    root, names = folder
    batches = batches_of(root, names)
    assert [batch["row"].tolist() for batch, _ in batches] == [
        [0, 1, 2, 3],
        [4, 5, 6, 7],
        [8, 9, 10, -1],
    ]
    for batch, failures in batches:
        assert not failures
        assert set(batch) == {"pixels", "row", "mask", "datetime"}
        assert batch["pixels"].shape == (4, 24, 24, 3)
        np.testing.assert_array_equal(batch["mask"], batch["row"] >= 0)
        for row, pixels in zip(batch["row"], batch["pixels"], strict=True):
            if row < 0:
                assert not pixels.any()
                continue
            data = (root / names[row]).read_bytes()
            expected, _ = decode_file(data, (24, 24), crop_bottom=0.0)
            np.testing.assert_array_equal(pixels, expected)


def test_unreadable_files_are_named_and_stop_nothing(folder):
    root, names = folder
    whole = batches_of(root, names)
    (root / names[2]).write_bytes(b"no picture")
    half = (root / names[5]).read_bytes()
    (root / names[5]).write_bytes(half[: 3 * len(half) // 4])
    (root / names[9]).unlink()
    batches = batches_of(root, names)
    assert [sorted(failures) for _, failures in batches] == [[2], [5], [9]]
    assert batches[0][1][2] == "not a picture, by its content"
    assert "truncated" in batches[1][1][5]
    assert batches[2][1][9] == "cannot be opened: No such file or directory"
    for (batch, failures), (complete, _) in zip(batches, whole, strict=True):
        failed = np.isin(batch["row"], list(failures))
        assert not batch["mask"][failed].any()
        assert not batch["pixels"][failed].any()
        np.testing.assert_array_equal(batch["row"], complete["row"])
        np.testing.assert_array_equal(batch["mask"][~failed], complete["mask"][~failed])
        np.testing.assert_array_equal(batch["pixels"][~failed], complete["pixels"][~failed])


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_change_nothing(workers, folder):
    root, names = folder
    (root / names[3]).write_bytes(b"")
    alone = batches_of(root, names)
    assert alone[0][1] == {3: "an empty file (0 bytes)"}
    assert_same(batches_of(root, names, num_workers=workers), alone)


def test_processes_share_the_batches_of_one(folder):
    root, names = folder
    (root / names[3]).write_bytes(b"")
    whole = batches_of(root, names)
    shares = [batches_of(root, names, process_index=i, process_count=2) for i in (0, 1)]
    joined = [
        (
            {name: np.concatenate([one[name], other[name]]) for name in one},
            failed | others_failed,
        )
        for (one, failed), (other, others_failed) in zip(*shares, strict=True)
    ]
    assert_same(joined, whole)


def test_times_come_from_the_pictures_themselves(folder):
    root, names = folder
    exif = Image.Exif()
    exif[0x0132] = "2021:03:04 05:06:07"
    with Image.open(root / names[1]) as image:
        image.load()
        image.save(root / names[1], "JPEG", exif=exif)
    times = np.concatenate([batch["datetime"] for batch, _ in batches_of(root, names)])
    assert times.tolist() == ["", "2021-03-04 05:06:07", *[""] * 10]


def test_no_pictures_no_batches():
    assert list(file_batches(bytes, [], **SETTINGS)) == []


def test_pictures_are_read_ahead_and_no_further_after_closing(encoded, pixels):
    data, read, lock = encoded(pixels(0)), [], threading.Lock()

    def remember(name):
        with lock:
            read.append(name)
        return data

    batches = file_batches(remember, [str(n) for n in range(4000)], **SETTINGS)
    next(batches)
    limit = time.monotonic() + 20
    while len(read) < 12:  # nobody asked for the second and third batch
        assert time.monotonic() < limit
        time.sleep(0.01)
    batches.close()
    count = len(read)
    time.sleep(0.2)
    assert len(read) == count < 400


def upright_and_turned(orientation, transposed):
    """Returns a frame with a red corner, upright and as a turned camera stores it."""
    upright = np.zeros((60, 80, 3), np.uint8)
    upright[:, 40:] = (0, 90, 0)
    upright[:20, :30] = (250, 0, 0)
    stored = Image.fromarray(upright)
    if transposed is not None:
        stored = stored.transpose(transposed)
    exif = Image.Exif()
    exif[0x0112] = orientation
    stream = io.BytesIO()
    stored.save(stream, "JPEG", quality=95, exif=exif)
    return upright, stream.getvalue()


@pytest.mark.parametrize(
    ("orientation", "stored"),
    [
        (1, None),
        (3, Image.Transpose.ROTATE_180),
        (6, Image.Transpose.ROTATE_90),
        (8, Image.Transpose.ROTATE_270),
    ],
)
def test_pictures_are_turned_upright(orientation, stored):
    upright, data = upright_and_turned(orientation, stored)
    expected = Image.fromarray(upright).resize((24, 24), Image.Resampling.BILINEAR)
    difference = decode_file(data, (24, 24), crop_bottom=0.0)[0] - np.asarray(expected, float)
    assert np.abs(difference).mean() < 3


@pytest.mark.parametrize("shape", [(48, 80), (24, 24), (96, 40)])
def test_the_bottom_strip_is_cut_off_before_scaling(shape, encoded):
    frame = np.zeros((60, 80, 3), np.uint8)
    frame[:48] = 200
    cut, _ = decode_file(encoded(frame, quality=95), shape, crop_bottom=0.2)
    assert cut.shape == (*shape, 3)
    assert np.abs(cut.astype(int) - 200).max() < 4


@pytest.mark.parametrize("size", [(640, 360), (360, 640), (250, 200)])
@pytest.mark.parametrize("crop_bottom", [0.0, 0.07])
def test_the_same_as_by_way_of_records(size, crop_bottom, encoded, pixels):
    data = encoded(pixels(4, *size), quality=92)
    with Image.open(io.BytesIO(data)) as image:
        record = make_jpeg(image, crop_bottom=crop_bottom, short_side=128)
    direct, _ = decode_file(data, (112, 112), crop_bottom=crop_bottom)
    difference = np.abs(direct - decode_frame(record, (112, 112)).astype(float))
    assert difference.mean() < 1
    assert difference.max() < 25


@pytest.mark.parametrize(("short_side", "tolerance"), [(0, 3), (40, 0)])
def test_the_same_as_a_prepared_dataset(tmp_path, pictures, short_side, tolerance):
    names = pictures(tmp_path / "source", {"lion": 4, "eland": 4})
    settings = DataConfig(num_known=2, min_images=3, crop_bottom=0.1, short_side=40)
    prepare_dataset(tmp_path / "source", tmp_path / "dataset", settings)
    dataset = DatasetFolder(tmp_path / "dataset")
    rows = {name: row for row, name in enumerate(dataset.manifest["filepath"])}
    sizes = {"crop_bottom": 0.1, "short_side": short_side}
    for batch, _ in batches_of(tmp_path / "source", names, **sizes):
        for row, pixels in zip(batch["row"], batch["pixels"], strict=True):
            prepared = read_pixels(dataset, rows[names[row]], 24).astype(float)
            assert np.abs(pixels - prepared).mean() <= tolerance
