import multiprocessing
import shutil
import sys
import threading
import time
from itertools import islice

import jax
import numpy as np
import pytest
import tensorflow_datasets as tfds
from jax.sharding import AxisType
from reference.damaged_records import damage_records
from reference.edited_dataset import change_manifest

from camtrap_jax.data.batches.frames import decode_frame
from camtrap_jax.data.batches.pipeline import (
    eval_batches,
    make_train_batches,
    num_steps_per_epoch,
    read_pixels,
    train_iterator,
    train_rows,
)
from camtrap_jax.data.records import RecordSource
from camtrap_jax.mesh import put_batch
from camtrap_jax.run_folder import DatasetFolder

SETTINGS = {"size_px": 24, "batch_size": 4, "seed": 3}


def first_batches(dataset, count, **settings):
    batches = train_iterator(dataset, **{**SETTINGS, **settings})
    taken = list(islice(batches, count))
    batches.close()
    return taken


def assert_same(first, second):
    assert len(first) == len(second)
    for one, other in zip(first, second, strict=True):
        assert one.keys() == other.keys()
        for name in one:
            np.testing.assert_array_equal(one[name], other[name])


def row_of(pixels, dataset):
    """Finds the manifest row of an image by its pixels."""
    records = RecordSource(dataset.records)
    shape = pixels.shape[:2]
    frames = [decode_frame(records[row]["image"], shape) for row in range(len(records))]
    found = [row for row, frame in enumerate(frames) if (frame == pixels).all()]
    assert len(found) == 1
    return found[0]


def test_every_epoch_has_every_training_image_once_in_another_order(dataset):
    count = len(train_rows(dataset))
    batches = first_batches(dataset, count, batch_size=3)  # 3 epochs, whose borders cut batches
    pixels = np.concatenate([batch["pixels"] for batch in batches])
    labels = np.concatenate([batch["label"] for batch in batches])
    # Records are 40 x 53; none is scaled.
    assert pixels.shape == (3 * count, 40, 53, 3)
    assert (pixels.dtype, labels.dtype) == (np.uint8, np.int32)
    rows = np.array([row_of(image, dataset) for image in pixels])
    species = dataset.manifest["species"].to_numpy()[rows]
    assert [dataset.classes[label] for label in labels] == species.tolist()
    epochs = rows.reshape(3, count)
    for epoch in epochs:
        np.testing.assert_array_equal(np.sort(epoch), train_rows(dataset))
    assert len({tuple(epoch) for epoch in epochs}) == 3


def test_balanced_batches_have_as_many_images_of_each_species(dataset):
    settings = {"batch_size": len(dataset.classes), "balanced": True}
    batches = first_batches(dataset, 12, **settings)
    for batch in batches:
        assert sorted(batch["label"]) == list(range(len(dataset.classes)))
        rows = [row_of(image, dataset) for image in batch["pixels"]]
        assert set(rows) <= set(train_rows(dataset).tolist())
        species = dataset.manifest["species"].to_numpy()[rows]
        assert [dataset.classes[label] for label in batch["label"]] == species.tolist()
    assert_same(batches[5:], first_batches(dataset, 7, start_step=5, num_workers=1, **settings))


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_change_nothing(workers, dataset):
    assert_same(first_batches(dataset, 7, num_workers=workers), first_batches(dataset, 7))


def test_a_restart_with_workers_continues(dataset):
    whole = first_batches(dataset, 6)
    assert_same(first_batches(dataset, 2, start_step=4, num_workers=2), whole[4:])


def test_a_restart_continues(dataset):
    whole = first_batches(dataset, 10)
    for start in (1, 4, 9):
        assert_same(first_batches(dataset, 10 - start, start_step=start), whole[start:])
    assert_same(first_batches(dataset, 1, start_step=1_000_000), [batch_at(dataset, 1_000_000)])


def batch_at(dataset, step):
    return make_train_batches(dataset, **SETTINGS)[step]


def test_processes_share_the_batch_of_one(dataset):
    whole = first_batches(dataset, 5)
    parts = [first_batches(dataset, 5, process_index=i, process_count=2) for i in (0, 1)]
    joined = [
        {name: np.concatenate([one[name], other[name]]) for name in one}
        for one, other in zip(*parts, strict=True)
    ]
    assert_same(joined, whole)
    with pytest.raises(ValueError, match="multiple of the 3 processes, got 4"):
        first_batches(dataset, 1, process_count=3)


def test_batches_larger_than_the_dataset(dataset):
    count = len(train_rows(dataset))
    [batch] = first_batches(dataset, 1, batch_size=2 * count + 1)
    assert len(batch["pixels"]) == 2 * count + 1
    assert num_steps_per_epoch(count, 2 * count + 1) == 1


@pytest.mark.parametrize(("images", "batch", "steps"), [(10, 5, 2), (11, 5, 3), (1, 64, 1)])
def test_steps_per_epoch(images, batch, steps):
    assert num_steps_per_epoch(images, batch) == steps


@pytest.mark.parametrize("rows", [[], [5], [3, 1, 2, 0], list(range(24)), [7] * 9])
@pytest.mark.parametrize("process_count", [1, 2])
def test_evaluation_covers_every_row_once_in_order(rows, process_count, dataset):
    shares = [
        list(
            eval_batches(
                dataset,
                np.array(rows, int),
                size_px=16,
                batch_size=4,
                process_index=index,
                process_count=process_count,
            )
        )
        for index in range(process_count)
    ]
    assert [len(share) for share in shares] == [-(-len(rows) // 4)] * process_count
    seen = []
    for parts in zip(*shares, strict=True):
        batch = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        assert batch["pixels"].shape == (4, 16, 16, 3)
        real = batch["mask"] == 1
        assert not batch["pixels"][~real].any()
        assert (batch["row"][~real] == -1).all()
        assert (batch["label"][~real] == -1).all()
        for row, label, pixels in zip(
            batch["row"][real], batch["label"][real], batch["pixels"][real], strict=True
        ):
            seen.append(row)
            species = dataset.manifest["species"][row]
            assert label == (dataset.classes.index(species) if species in dataset.classes else -1)
            np.testing.assert_array_equal(pixels, read_pixels(dataset, row, 16))
    assert seen == rows


def test_evaluation_with_a_worker(dataset):
    settings = {"size_px": 16, "batch_size": 4}
    rows = np.arange(22)
    alone = list(eval_batches(dataset, rows, **settings))
    assert_same(list(eval_batches(dataset, rows, num_workers=1, **settings)), alone)


@pytest.mark.parametrize("rows", [[-1], [24], [0, 99]])
def test_rows_beyond_the_manifest_are_an_error(rows, dataset):
    with pytest.raises(IndexError, match="expected 0 to 23"):
        next(eval_batches(dataset, np.array(rows), size_px=16, batch_size=4))


def test_damaged_records_are_black_and_tell_why_where_reasons_are_wanted(dataset, tmp_path):
    folder = shutil.copytree(dataset.root, tmp_path / "dataset")
    damage_records(folder, [2, 5])
    settings = {"size_px": 16, "batch_size": 4}
    rows = np.array([5, 0, 1, 2, 3, 4])
    found = list(eval_batches(DatasetFolder(folder), rows, has_reasons=True, **settings))
    whole = list(eval_batches(dataset, rows, has_reasons=True, **settings))
    assert not any(batch["reason"].any() for batch in whole)
    for batch, expected in zip(found, whole, strict=True):
        is_damaged = np.isin(batch["row"], [2, 5])
        assert not batch["pixels"][is_damaged].any()
        np.testing.assert_array_equal(batch["mask"], expected["mask"] * ~is_damaged)
        np.testing.assert_array_equal(batch["pixels"][~is_damaged], expected["pixels"][~is_damaged])
        for name in ("row", "label"):
            np.testing.assert_array_equal(batch[name], expected[name])
        assert [reason.startswith("Corrupted") for reason in batch["reason"]] == is_damaged.tolist()
    with pytest.raises(ValueError, match=r"records: record 5: Corrupted"):
        list(eval_batches(DatasetFolder(folder), rows, **settings))


def test_another_number_of_records_than_rows_is_an_error(dataset, tmp_path):
    folder = shutil.copytree(dataset.root, tmp_path / "dataset")
    table = (folder / "manifest.csv").read_text().splitlines()
    change_manifest(folder, lambda _: "\n".join(table[:-2]) + "\n")
    with pytest.raises(ValueError, match=r"expected the 22 records of manifest\.csv, got 24"):
        next(eval_batches(DatasetFolder(folder), np.arange(4), size_px=16, batch_size=4))


@pytest.mark.parametrize("devices", [1, 2, 4])
def test_devices_share_the_batch_of_one(devices, dataset):
    [batch] = first_batches(dataset, 1)
    mesh = jax.make_mesh(
        (devices,), ("data",), axis_types=(AxisType.Auto,), devices=jax.devices()[:devices]
    )
    placed = put_batch(batch, mesh)
    assert_same([{name: np.asarray(value) for name, value in placed.items()}], [batch])
    parts = sorted(placed["pixels"].addressable_shards, key=lambda part: part.index[0].start or 0)
    assert len(parts) == devices
    joined = np.concatenate([np.asarray(part.data) for part in parts])
    np.testing.assert_array_equal(joined, batch["pixels"])


def test_a_batch_that_was_given_out_is_not_written_again(dataset):
    batches = train_iterator(dataset, **SETTINGS)
    first = next(batches)
    placed = jax.device_put(first["pixels"])  # a device in memory may take the array itself
    before = first["pixels"].copy()
    for _ in range(12):
        next(batches)
    batches.close()
    np.testing.assert_array_equal(placed, before)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_closed_iterator_leaves_no_thread_and_no_worker(workers, dataset):
    threads, children = set(threading.enumerate()), set(multiprocessing.active_children())
    batches = train_iterator(dataset, num_workers=workers, **SETTINGS)
    next(batches)
    batches.close()
    assert_soon(lambda: not set(multiprocessing.active_children()) - children)
    assert_soon(lambda: not {t for t in set(threading.enumerate()) - threads if not t.daemon})


def assert_soon(condition):
    limit = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.01)


@pytest.mark.parametrize("size_px", [20, 32, 96, 224])
@pytest.mark.parametrize("size", [(160, 90), (90, 160), (128, 128)])
def test_the_whole_frame_is_squashed(size, size_px, encoded):
    """A relative box stays on its animal, for every decoding scale."""
    width, height = size
    shown = np.zeros((height, width, 3), np.uint8)
    shown[height // 2 :, : width // 4] = 255
    pixels = decode_frame(encoded(shown, quality=95), (size_px, size_px))
    assert pixels.shape == (size_px, size_px, 3)
    fraction = pixels.mean() / 255
    assert fraction == pytest.approx(0.125, abs=0.01)
    inside = pixels[size_px // 2 + 2 :, : size_px // 4 - 2]
    outside = np.concatenate(
        [pixels[: size_px // 2 - 2].ravel(), pixels[:, size_px // 4 + 2 :].ravel()]
    )
    assert np.median(inside) > 250
    assert np.median(outside) < 5
    assert inside.mean() > 230
    assert outside.mean() < 5


def test_others_can_read_the_records(dataset):
    builder = tfds.builder_from_directory(str(dataset.records))
    records = RecordSource(dataset.records)
    source = builder.as_data_source(split="images", decoders={"image": tfds.decode.SkipDecoding()})
    assert [dict(record) for record in source] == [records[row] for row in range(len(records))]
    assert "tensorflow" not in sys.modules


def test_a_dataset_without_records_says_so(tmp_path):
    with pytest.raises(FileNotFoundError, match="no records; run `camtrap prepare`"):
        RecordSource(tmp_path)
