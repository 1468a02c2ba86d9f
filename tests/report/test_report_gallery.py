import numpy as np

from camtrap_jax.report.gallery import (
    extreme_images,
    mistakes,
    one_per_burst,
    random_gallery,
)


def row(image_id, species, predicted, probability=0.5, sequence=""):
    return {
        "image_id": image_id,
        "species": species,
        "predicted": predicted,
        "probability": probability,
        "sequence": sequence,
    }


PREDICTIONS = [
    row("1", "oribi", "oribi", 0.9),
    row("2", "oribi", "impala", 0.6),
    row("3", "oribi", "impala", 0.8),
    row("4", "kudu", "oribi", 0.7),
    row("5", "kudu", "kudu", 0.99),
]


def test_mistakes_with_maps_come_before_surer_ones_without():
    chosen = mistakes(PREDICTIONS, ["2", "4"], limit=2)
    assert [item["image_id"] for item in chosen] == ["4", "2"]
    assert [item["image_id"] for item in mistakes(PREDICTIONS, [], limit=9)] == ["3", "4", "2"]
    assert mistakes(PREDICTIONS, [], limit=0) == []


def test_one_row_a_burst_and_all_without_one():
    rows = [row(str(i), "a", "b", sequence=s) for i, s in enumerate(["x", "", "x", "y", ""])]
    assert [item["image_id"] for item in one_per_burst(rows)] == ["0", "1", "3", "4"]


def test_extreme_images():
    images = [
        {"image_id": str(i), "species": species, "unfamiliarity": value, "sequence": ""}
        for i, (species, value) in enumerate(
            [("kudu", 1.0), ("lion", 3.0), ("kudu", 2.0), ("lion", 0.5)]
        )
    ]
    chosen = extreme_images(images, ["kudu"], limit=2)
    values = {name: [item["unfamiliarity"] for item in rows] for name, rows in chosen.items()}
    assert values == {"unfamiliar": [3.0, 2.0], "doubtful": [2.0, 1.0], "mistaken": [0.5, 3.0]}


def test_the_gallery_is_of_test_images_up_to_the_limit(full_run):
    index = full_run.index
    chosen = random_gallery(full_run, full_run.config.explain, limit=1)
    rows = index[index["image_id"].isin(chosen)]
    assert set(rows["split"]) == {"test"}
    assert sorted(rows["species"]) == sorted(full_run.dataset.classes)
    more = random_gallery(full_run, full_run.config.explain, limit=99)
    assert set(chosen) <= set(more)
    assert len(more) == np.sum(index["split"] == "test")
