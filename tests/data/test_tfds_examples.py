import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tensorflow_datasets as tfds
from tensorflow_datasets.core.dataset_info import DatasetIdentity

from camtrap_jax.data.decoding.images import decode_image
from camtrap_jax.data.sources.tfds_examples import read_tfds

NAMES = ["lion", "eland", "oribi"]


def features_of(**changes):
    features = {
        "image": tfds.features.Image(shape=(None, None, 3)),
        "label": tfds.features.ClassLabel(names=NAMES),
    } | changes
    return tfds.features.FeaturesDict(
        {name: feature for name, feature in features.items() if feature is not None}
    )


def write_dataset(
    data_dir, splits, features=None, *, keys=("image", "label"), where="tiny_animals/1.0.0"
):
    """Writes a prepared data set as TFDS lays it out; `splits` has the examples by split."""
    name, *_, version = where.split("/")
    folder = data_dir / where
    folder.mkdir(parents=True)
    info = tfds.core.DatasetInfo(
        builder=DatasetIdentity(
            name=name,
            version=tfds.core.Version(version),
            data_dir=str(folder),
            module_name="tests",
            config_name=where.split("/")[1] if where.count("/") == 2 else None,
        ),
        features=features or features_of(),
        supervised_keys=keys,
        disable_shuffling=True,
    )
    writer = tfds.core.SequentialWriter(info, max_examples_per_shard=3, file_format="array_record")
    writer.initialize_splits(list(splits))
    for split, examples in splits.items():
        writer.add_examples({split: examples})
    writer.close_all()
    return folder


@pytest.fixture
def examples(encoded, pixels):
    """Returns a function that makes examples with PNG and JPEG pictures in turn."""

    def examples(labels, first_seed=0):
        return [
            {
                "image": encoded(pixels(first_seed + index), ("PNG", "JPEG")[index % 2]),
                "label": label,
            }
            for index, label in enumerate(labels)
        ]

    return examples


@pytest.fixture
def animals(tmp_path, examples):
    """The folder of a data set with two splits, the first in three files."""
    splits = {"train": examples([0, 1, 2, 0, 1, 2, 0]), "test": examples([2, 2], 50)}
    write_dataset(tmp_path, splits)
    return tmp_path


def test_all_splits_are_listed_with_the_names_of_their_labels(animals, encoded, pixels):
    listing = read_tfds("tiny_animals", data_dir=animals)
    assert [(image.filepath, image.species) for image in listing.images] == [
        ("test/00000000", "oribi"),
        ("test/00000001", "oribi"),
        *[(f"train/{index:08d}", NAMES[index % 3]) for index in range(7)],
    ]
    assert listing.failures == []
    assert listing.layout == "tfds tiny_animals/1.0.0"
    assert listing.notes == ["the source's own splits (train, test) are pooled"]
    for index in range(7):
        kind = ("PNG", "JPEG")[index % 2]
        assert listing.storage.read(f"train/{index:08d}") == encoded(pixels(index), kind)


@pytest.mark.parametrize("name", ["tiny_animals:1.0.0", "tiny_animals:1.*.*", "TinyAnimals"])
def test_versions_may_be_named(name, animals):
    assert len(read_tfds(name, data_dir=animals).images) == 9


@pytest.mark.parametrize("name", ["herd/night:1.0.0", "herd:1.0.0/night", "herd/night"])
def test_configs_may_be_named_before_or_after_the_version(name, tmp_path, examples):
    write_dataset(tmp_path, {"train": examples([0])}, where="herd/night/1.0.0")
    write_dataset(tmp_path, {"train": examples([1, 1])}, where="herd/day/1.0.0")
    listing = read_tfds(name, data_dir=tmp_path)
    assert [image.species for image in listing.images] == ["lion"]


def test_the_folder_may_come_from_the_environment(animals, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(animals))
    assert len(read_tfds("tiny_animals").images) == 9


@pytest.mark.parametrize(
    "name",
    ["", "../x", "/etc/passwd", "a/../b", "kaggle:beans", "a/b=True", "a:1", "a\n", "a/b:1.0.0/c"],
)
def test_other_names_are_refused(name, tmp_path):
    with pytest.raises(ValueError, match="expected the name of a TFDS data set") as caught:
        read_tfds(name, data_dir=tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["mnist", "no_such_thing", "tiny_animals:9.0.0"])
def test_what_is_not_prepared_is_one_line_with_the_command(name, animals):
    with pytest.raises(ValueError, match=rf"^{name}: not prepared in {animals}; run `tfds build "):
        read_tfds(name, data_dir=animals)


def test_another_file_format_is_one_line_with_the_command(animals):
    file = animals / "tiny_animals/1.0.0/dataset_info.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"fileFormat": "tfrecord"}))
    with pytest.raises(ValueError, match=r"as tfrecord, which .* `tfds convert_format --dataset_"):
        read_tfds("tiny_animals", data_dir=animals)


@pytest.mark.parametrize("name", ["dataset_info.json", "features.json"])
@pytest.mark.parametrize("text", ["", "{", '{"x": 1}', "[]"])
def test_damaged_descriptions_are_one_line(name, text, animals):
    (animals / "tiny_animals/1.0.0" / name).write_text(text)
    with pytest.raises(ValueError, match=r"^tiny_animals: ") as caught:
        read_tfds("tiny_animals", data_dir=animals)
    assert "\n" not in str(caught.value)


def test_examples_without_a_label_are_counted_a_split(tmp_path, examples):
    write_dataset(tmp_path, {"train": examples([0, -1, 1]), "test": examples([-1, -1])})
    listing = read_tfds("tiny_animals", data_dir=tmp_path)
    assert [image.filepath for image in listing.images] == ["train/00000000", "train/00000002"]
    assert [(failure.filepath, failure.reason) for failure in listing.failures] == [
        ("train/", "1 examples without a label"),
        ("test/", "2 examples without a label"),
    ]


def test_other_features_are_left_alone(tmp_path, examples):
    features = features_of(
        name=tfds.features.Text(),
        mask=tfds.features.Image(shape=(None, None, 1)),
        place=tfds.features.FeaturesDict({"x": np.float32}),
    )
    rows = [
        row | {"name": "a.jpg", "mask": b"no picture", "place": {"x": 1.0}}
        for row in examples([0, 1])
    ]
    write_dataset(tmp_path, {"train": rows}, features)
    listing = read_tfds("tiny_animals", data_dir=tmp_path)
    assert listing.storage.read("train/00000001") == rows[1]["image"]


def test_without_supervised_keys_the_only_image_and_label_are_taken(tmp_path, examples):
    write_dataset(tmp_path, {"train": examples([2])}, keys=None)
    assert read_tfds("tiny_animals", data_dir=tmp_path).images[0].species == "oribi"


def test_pixels_that_are_not_encoded_become_png(tmp_path, pixels):
    features = features_of(image=tfds.features.Tensor(shape=(48, 64, 3), dtype=np.uint8))
    write_dataset(tmp_path, {"train": [{"image": pixels(3), "label": 1}]}, features)
    data = read_tfds("tiny_animals", data_dir=tmp_path).storage.read("train/00000000")
    assert data.startswith(b"\x89PNG")
    np.testing.assert_array_equal(np.asarray(decode_image(data).image), pixels(3))


@pytest.mark.parametrize(
    ("changes", "keys", "seen"),
    [
        ({"label": tfds.features.Text()}, None, r"image \(Image\), label \(Text\)"),
        ({"image": None}, None, r"got label \(ClassLabel\)"),
        ({"more": tfds.features.Image()}, None, r"image \(Image\), label .*, more \(Image\)"),
        ({"more": tfds.features.ClassLabel(names=["a"])}, ("image", "image"), "more"),
        ({"image": tfds.features.Image(shape=(4, 4, 1), dtype=np.float32)}, None, "got image"),
    ],
)
def test_other_kinds_of_data_sets_are_one_error(changes, keys, seen, tmp_path):
    features = features_of(**changes)
    write_dataset(tmp_path, {"train": []}, features, keys=keys)
    with pytest.raises(ValueError, match=f"expected one Image and one ClassLabel.*{seen}"):
        read_tfds("tiny_animals", data_dir=tmp_path)


@pytest.mark.parametrize(
    "filepath",
    ["train/7", "train/00000007", "train/-0000001", "val/00000000", "train/000000001", "", "train"],
)
def test_there_are_no_other_examples(filepath, animals):
    storage = read_tfds("tiny_animals", data_dir=animals).storage
    assert storage.problem(filepath)
    assert storage.stamp(filepath) == (-1, 0)
    with pytest.raises(FileNotFoundError):
        storage.read(filepath)


def test_stamps_differ_between_examples_and_follow_the_data(animals, tmp_path, examples):
    listing = read_tfds("tiny_animals", data_dir=animals)
    stamps = [listing.storage.stamp(image.filepath) for image in listing.images]
    assert len(set(stamps)) == 9
    assert all(0 <= number < 2**63 for stamp in stamps for number in stamp)
    again = read_tfds("tiny_animals", data_dir=animals)
    assert [again.storage.stamp(image.filepath) for image in again.images] == stamps
    splits = {"train": examples([0, 1, 2, 0, 1, 2, 0]), "test": examples([2, 2], 60)}
    write_dataset(tmp_path / "new", splits)
    new = read_tfds("tiny_animals", data_dir=tmp_path / "new")
    changed = [new.storage.stamp(image.filepath) for image in new.images]
    assert changed[2:] == stamps[2:]
    assert not set(changed[:2]) & set(stamps[:2])


def test_threads_read_what_one_reads(animals):
    storage = read_tfds("tiny_animals", data_dir=animals).storage
    names = [f"train/{index:08d}" for index in range(7)] * 40
    fresh = read_tfds("tiny_animals", data_dir=animals).storage
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(fresh.read, names)) == [storage.read(name) for name in names]


def test_a_damaged_file_costs_its_own_examples(animals):
    folder = animals / "tiny_animals/1.0.0"
    shards = sorted(folder.glob("*train*"))
    assert len(shards) == 3
    shards[1].write_bytes(shards[1].read_bytes()[:100])
    listing = read_tfds("tiny_animals", data_dir=animals)
    lost = {f"train/{index:08d}" for index in range(7)} - {i.filepath for i in listing.images}
    assert lost
    assert {failure.filepath for failure in listing.failures} == lost
    assert all("\n" not in failure.reason for failure in listing.failures)
    assert all(listing.storage.read(image.filepath) for image in listing.images)
