"""The written data set against what it says about itself."""

import dataclasses
import hashlib
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from camtrap_jax.config import SyntheticConfig
from camtrap_jax.synthetic import dataset
from camtrap_jax.synthetic.dataset import write_dataset

TINY = SyntheticConfig(images_per_species=6, image_size=64, num_cameras=3)


class Written:
    """A data set on disk with its two descriptions."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.coco = json.loads((folder / "annotations.json").read_text())
        self.truth = json.loads((folder / "truth.json").read_text())
        self.images = self.truth["images"]
        self.broken = {*self.truth["truncated"], *self.truth["not_images"]}

    def pixels(self, path: str) -> np.ndarray:
        """The upright frame, int [height, width, 3]."""
        with Image.open(self.folder / "images" / path) as image:
            return np.asarray(ImageOps.exif_transpose(image).convert("RGB")).astype(int)

    def mask(self, path: str) -> np.ndarray:
        with Image.open(self.folder / "masks" / self.images[path]["mask"]) as image:
            return np.asarray(image)

    def whole(self):
        """(path, facts) of the images that can be read."""
        return [(path, facts) for path, facts in self.images.items() if path not in self.broken]

    def parts(self, path: str) -> set[str]:
        return {self.truth["parts"][value] for value in np.unique(self.mask(path)) if value}


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Written:
    folder = tmp_path_factory.mktemp("synthetic") / "data"
    config = SyntheticConfig(images_per_species=12, image_size=160, num_cameras=4)
    write_dataset(folder, config, num_workers=1)
    return Written(folder)


def digest(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def test_same_bytes_for_any_number_of_workers_and_other_bytes_for_another_seed(tmp_path):
    calls = []
    write_dataset(tmp_path / "a", TINY, num_workers=1, on_progress=lambda *call: calls.append(call))
    write_dataset(tmp_path / "b", TINY, num_workers=2)
    other = SyntheticConfig(images_per_species=6, image_size=64, num_cameras=3, seed=1)
    write_dataset(tmp_path / "c", other, num_workers=1)
    assert digest(tmp_path / "a") == digest(tmp_path / "b")
    same = set(digest(tmp_path / "a" / "images").values())
    same &= set(digest(tmp_path / "c" / "images").values())
    assert len(same) == 2  # the empty file and the text file
    assert [done for done, _ in calls] == sorted({done for done, _ in calls})
    assert calls[-1][0] == calls[-1][1]
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_every_unknown_species_is_rarer_than_every_known_one_by_label(written):
    roles = {name: species["role"] for name, species in written.truth["species"].items()}
    counts = Counter(facts["label"] for path, facts in written.whole())
    assert Counter(roles.values()) == {"known": 20, "unknown": 10}
    known = [counts[name] for name, role in roles.items() if role == "known"]
    unknown = [counts[name] for name, role in roles.items() if role == "unknown"]
    assert max(unknown) < min(known)
    assert min(unknown) >= 6
    assert min(known) >= 9
    assert max(known) >= 1.8 * min(known)
    assert 0.03 < counts["empty"] / sum(counts.values()) < 0.07


def test_annotations_are_coco_camera_traps(written):
    images = {image["id"]: image for image in written.coco["images"]}
    names = {category["id"]: category["name"] for category in written.coco["categories"]}
    files = {str(p.relative_to(written.folder / "images")) for p in written.folder.rglob("*.jpg")}
    assert len(images) == len(written.coco["images"])
    assert {image["file_name"] for image in images.values()} == files == set(written.images)
    assert names[0] == "empty"
    assert all(isinstance(image_id, str) for image_id in images)
    assert len({entry["id"] for entry in written.coco["annotations"]}) == len(
        written.coco["annotations"]
    )
    assert {entry["image_id"] for entry in written.coco["annotations"]} == set(images)
    for entry in written.coco["annotations"]:
        path = images[entry["image_id"]]["file_name"]
        assert names[entry["category_id"]] == path.split("/")[1] == written.images[path]["label"]
        assert ("bbox" in entry) == (written.images[path]["species"] != "empty")


def test_sequences_are_bursts_a_second_apart_at_one_camera(written):
    sequences: dict[str, list] = {}
    for image in written.coco["images"]:
        sequences.setdefault(image["seq_id"], []).append(image)
    for images in sequences.values():
        frames = {image["frame_num"]: image["datetime"] for image in images}
        seconds = [int(frames[number][-2:]) for number in sorted(frames)]
        assert sorted(frames) == list(range(1, images[0]["seq_num_frames"] + 1))
        assert np.diff(seconds).tolist() == [1] * (len(seconds) - 1)
        assert len({image["location"] for image in images}) == 1
    assert Counter(len(images) for images in sequences.values()).most_common(1)[0][0] == 3


def test_boxes_enclose_the_masks(written):
    boxes: dict[str, list] = {}
    paths = {image["id"]: image["file_name"] for image in written.coco["images"]}
    for entry in written.coco["annotations"]:
        if "bbox" in entry:
            boxes.setdefault(paths[entry["image_id"]], []).append(entry["bbox"])
    for path, of_image in boxes.items():
        x, y, width, height = np.array(of_image, float).T
        rows, columns = np.nonzero(written.mask(path))
        union = [x.min(), y.min(), (x + width).max() - 1, (y + height).max() - 1]
        assert union == [columns.min(), rows.min(), columns.max(), rows.max()], path


def test_animals_fill_the_frame_unless_far_or_cut_off(written):
    widths = {True: [], False: []}
    for path, facts in written.whole():
        if facts["species"] != "empty" and not facts["partial"]:
            columns = np.flatnonzero(written.mask(path).any(0))
            widths[facts["far"]].append((columns[-1] - columns[0] + 1) / 160)
    assert np.median(widths[False]) > 0.38
    assert max(widths[True]) < 0.25


def test_diagnostic_parts_are_in_the_masks_of_their_species(written):
    for name, species in written.truth["species"].items():
        clear = [
            written.parts(path)
            for path, facts in written.whole()
            if facts["species"] == name and not facts["far"] and not facts["partial"]
        ]
        for part in species["diagnostic_parts"]:
            assert np.mean([part in parts for parts in clear]) > 0.6, (name, part)


@pytest.mark.parametrize(
    ("part", "species"),
    [
        ("quills", "porcupine"),
        ("trunk", "elephant"),
        ("scales", "pangolin"),
        ("rump_ring", "waterbuck"),
    ],
)
def test_some_parts_belong_to_one_species(written, part, species):
    owners = {facts["species"] for path, facts in written.whole() if part in written.parts(path)}
    assert owners == {species}


def test_masks_lie_on_the_animals(written):
    """Day frames of a camera differ from its empty frames where the mask is, not elsewhere."""
    inside, outside = [], []
    for camera in written.truth["cameras"]:
        day = [
            path
            for path, facts in written.whole()
            if facts["camera"] == camera
            and not facts["night"]
            and path not in written.truth["rotated"]
        ]
        view = np.median([written.pixels(path) for path in day], axis=0)
        for path in day[::4]:
            if written.mask(path).any() and not _two_animals(written, path):
                difference = np.abs(written.pixels(path) - view).mean(-1)[:111]
                mask = written.mask(path)[:111] > 0
                inside.append(difference[mask].mean())
                outside.append(difference[~mask].mean())
    assert np.mean(inside) > 3 * np.mean(outside)


def _two_animals(written: Written, path: str) -> bool:
    return any(path in pair for pair in written.truth["two_species"])


def test_night_frames_are_grey_and_day_frames_are_not(written):
    for path, facts in written.whole()[::3]:
        spread = np.ptp(written.pixels(path)[:108], axis=-1)
        assert (np.percentile(spread, 99) <= 2) == facts["night"], path


def test_the_strip_is_black_with_text_and_never_masked(written):
    for path, _ in written.whole()[::5]:
        strip = written.pixels(path)[-8:]
        assert np.median(strip) < 12, path
        assert strip.max() > 150, path
        assert written.pixels(path)[-12:-9].mean() > np.median(strip) + 5
        assert not written.mask(path)[-8:].any()


def test_exif_has_time_and_maker_but_no_position(written):
    times = {image["file_name"]: image["datetime"] for image in written.coco["images"]}
    for path, _ in written.whole()[::7]:
        with Image.open(written.folder / "images" / path) as image:
            exif = image.getexif()
        taken = exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal]
        assert taken.replace(":", "-", 2) == times[path]
        assert exif[ExifTags.Base.Make]
        assert not exif.get_ifd(ExifTags.IFD.GPSInfo)


def test_rotated_frames_are_stored_turned_and_their_masks_are_not(written):
    assert len(written.truth["rotated"]) >= 3
    orientations = set()
    for path in written.truth["rotated"]:
        with Image.open(written.folder / "images" / path) as image:
            orientations.add(image.getexif()[ExifTags.Base.Orientation])
            stored = np.asarray(image.convert("L")).astype(int)
        assert stored[-8:].mean() > 20 or stored.shape == (160, 120)
        assert written.pixels(path).shape[:2] == written.mask(path).shape == (120, 160)
        assert np.median(written.pixels(path)[-8:]) < 12
    assert orientations == {3, 6, 8}


def test_duplicates_and_frames_of_two_species_are_equal_byte_for_byte(written):
    images = written.folder / "images"
    assert written.truth["duplicates"]
    assert written.truth["two_species"]
    for first, second in written.truth["duplicates"] + written.truth["two_species"]:
        assert (images / first).read_bytes() == (images / second).read_bytes()
    for first, second in written.truth["duplicates"]:
        assert written.images[first] == written.images[second] | {
            "mask": written.images[first]["mask"]
        }
    for first, second in written.truth["two_species"]:
        assert written.images[first]["label"] != written.images[second]["label"]
        masks = written.mask(first) > 0, written.mask(second) > 0
        assert masks[0].sum() > 50 < masks[1].sum()
        assert not (masks[0] & masks[1]).any()


def test_no_other_frames_are_equal(written):
    pairs = written.truth["duplicates"] + written.truth["two_species"]
    hashes = digest(written.folder / "images")
    hashes = {path: value for path, value in hashes.items() if path not in written.broken}
    assert len(set(hashes.values())) == len(hashes) - len(pairs)


def test_mislabelled_frames_lie_in_the_wrong_folder_and_no_others_do(written):
    wrong = {
        path: facts["species"]
        for path, facts in written.images.items()
        if facts["label"] != facts["species"]
    }
    assert wrong == written.truth["mislabelled"]
    assert wrong
    assert all(path.split("/")[1] == written.images[path]["label"] for path in written.images)


def test_broken_files_are_broken_and_only_they(written):
    images = written.folder / "images"
    assert len(written.truth["truncated"]) == 3
    for path in written.truth["truncated"]:
        with Image.open(images / path) as image, pytest.raises(OSError, match="truncated"):
            image.load()
    assert len(written.truth["not_images"]) == 3
    assert [(images / path).stat().st_size for path in written.truth["zero_byte"]] == [0]
    for path in written.truth["not_images"]:
        with pytest.raises(UnidentifiedImageError):
            Image.open(images / path)
    for path, _ in written.whole():
        assert written.pixels(path).shape == (120, 160, 3)


def test_two_species_are_bound_to_a_camera_with_a_landmark_nothing_covers(written):
    bound = written.truth["camera_bound"]
    assert set(bound) == {"reedbuck", "porcupine"}
    marked = {name for name, camera in written.truth["cameras"].items() if camera["landmark"]}
    assert set(bound.values()) == marked
    for species, camera in bound.items():
        at = Counter(
            facts["camera"] for facts in written.images.values() if facts["species"] == species
        )
        assert at[camera] >= 0.8 * at.total()
        x, y, width, height = written.truth["cameras"][camera]["landmark_box"]
        assert height > 0.3
        box = np.s_[
            round(y * 120) : round((y + height) * 120), round(x * 160) : round((x + width) * 160)
        ]
        for path, facts in written.whole():
            if facts["camera"] == camera:
                assert (written.mask(path)[box] > 0).mean() < 0.05, path


def test_cameras_are_shared_and_few_others_come_to_the_bound_ones(written):
    bound = written.truth["camera_bound"]
    seen = Counter((facts["camera"], facts["species"]) for facts in written.images.values())
    others = {pair: count for pair, count in seen.items() if pair[1] not in bound}
    at_bound = sum(count for (camera, _), count in others.items() if camera in bound.values())
    assert at_bound < 0.2 * sum(others.values())
    for camera in set(written.truth["cameras"]) - set(bound.values()):
        assert len([pair for pair in others if pair[0] == camera]) > 20


def test_an_output_that_holds_something_is_refused_in_one_line(tmp_path):
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="not an empty folder") as error:
        write_dataset(tmp_path, TINY)
    assert "\n" not in str(error.value)
    assert [path.name for path in tmp_path.iterdir()] == ["note.txt"]


def test_the_same_again_draws_nothing_and_other_settings_are_refused(tmp_path, monkeypatch):
    folder = tmp_path / "data"
    write_dataset(folder, TINY, num_workers=1)
    before = digest(folder)
    monkeypatch.setattr(dataset, "make_cast", None)  # any attempt to draw would fail
    write_dataset(folder, TINY, num_workers=1)
    other = dataclasses.replace(TINY, seed=1)
    with pytest.raises(ValueError, match=r"synthetic\.seed: 0 -> 1.*--overwrite"):
        write_dataset(folder, other, num_workers=1)
    assert digest(folder) == before


def test_drawing_anew_keeps_the_old_pictures_until_the_new_ones_are_complete(tmp_path):
    folder, other = tmp_path / "data", dataclasses.replace(TINY, seed=1)
    write_dataset(folder, TINY, num_workers=1)
    before = digest(folder)

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_dataset(folder, other, overwrite=True, num_workers=1, on_progress=interrupt)
    assert digest(folder) == before
    write_dataset(folder, other, overwrite=True, num_workers=1)
    assert json.loads((folder / "truth.json").read_text())["settings"]["seed"] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_only_a_drawn_dataset_is_overwritten(tmp_path):
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="not an empty folder"):
        write_dataset(tmp_path, TINY, overwrite=True)
    assert (tmp_path / "note.txt").read_text() == "mine"


def test_an_interrupted_run_leaves_nothing(tmp_path):
    def interrupt(done: int, total: int) -> None:
        assert list(tmp_path.rglob("*.jpg"))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_dataset(tmp_path / "data", TINY, num_workers=1, on_progress=interrupt)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("setting", "value"), [("num_cameras", 2), ("image_size", 32), ("images_per_species", 3)]
)
def test_settings_too_small_are_refused(tmp_path, setting, value):
    with pytest.raises(ValueError, match=f"--{setting}={value}: expected at least"):
        write_dataset(tmp_path / "data", SyntheticConfig(**{setting: value}))
