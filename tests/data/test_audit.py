import pandas as pd

from camtrap_jax.data.audit import audit
from camtrap_jax.data.manifest import COLUMNS


def manifest(*rows):
    """Makes a manifest of (filepath, species, role, split, camera, sha256)."""
    names = ["filepath", "species", "role", "split", "camera", "sha256"]
    table = pd.DataFrame(rows, columns=names).assign(image_id=range(len(rows)), datetime="")
    return table.reindex(columns=COLUMNS, fill_value="")


def animals(species, cameras, role="known", split="train"):
    return [
        (f"{species}/{n}.jpg", species, role, split, camera, f"{species}{n}")
        for n, camera in enumerate(cameras)
    ]


def test_a_camera_that_takes_most_of_a_species_is_named():
    table = manifest(
        *animals("reedbuck", ["C1"] * 9 + ["C2"]),
        *animals("baboon", ["C1"] * 5 + ["C2"] * 5),
        *animals("lion", ["C2"] * 4),  # too few images to say
        *animals("kudu", ["C2"] * 10 + [""] * 5, role="unknown", split="unknown"),
        *animals("empty", ["C2"] * 10, role="empty", split=""),
    )
    found = audit(table)
    assert found["camera_bound_species"] == [
        {"species": "kudu", "camera": "C2", "images": 10, "share": 1.0},
        {"species": "reedbuck", "camera": "C1", "images": 9, "share": 0.9},
    ]
    assert found["without_camera"] == 5
    assert found["roles"] == {"empty": 10, "known": 24, "unknown": 15}
    assert found["splits"] == {"train": 24, "unknown": 15}
    assert found["species"] == {"baboon": 10, "kudu": 15, "lion": 4, "reedbuck": 10}
    assert found["without_datetime"] == found["images"] == 49
    assert found["known_species_splits"]["lion"] == {"train": 4}
    one_camera = table[table["camera"] == "C2"]
    assert audit(one_camera)["camera_bound_species"] == []  # every species is, or none


def test_duplicates_and_double_labels_are_told_apart():
    found = audit(
        manifest(
            ("a/1.jpg", "a", "known", "train", "", "same"),
            ("a/2.jpg", "a", "known", "test", "", "same"),
            ("a/3.jpg", "a", "known", "test", "", "pair"),
            ("b/3.jpg", "b", "known", "test", "", "pair"),
            ("c.jpg", "a", "known", "test", "", "stored twice"),
            ("c.jpg", "b", "known", "test", "", "stored twice"),
            ("b/9.jpg", "b", "known", "val", "", "alone"),
        )
    )
    assert found["duplicates"] == [["a/1.jpg", "a/2.jpg"]]
    assert found["two_labels"] == [
        {"species": ["a", "b"], "filepaths": ["a/3.jpg", "b/3.jpg"], "image_ids": [2, 3]},
        {"species": ["a", "b"], "filepaths": ["c.jpg", "c.jpg"], "image_ids": [4, 5]},
    ]
    assert (found["images"], found["files"]) == (7, 6)


def test_labels_spelt_in_two_ways_are_named():
    names = ["Red Duiker", "red_duiker", "red duiker", "oribi"]
    found = audit(manifest(*[row for name in names for row in animals(name, ["C1"])]))
    assert found["labels_alike"] == [["Red Duiker", "red duiker", "red_duiker"]]
