import shutil

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.cluster.hierarchy import cophenet, linkage
from scipy.spatial.distance import squareform

from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import create_array, read_json, read_table, write_json, write_table
from camtrap_jax.study.truth import check_truth

SIDE = 32  # of the tiny network's images


@pytest.fixture
def planted(tiny_run, tmp_path):
    """A copy of a run whose source has a truth, and a network that is right about every image."""
    run = RunFolder(shutil.copytree(tiny_run, tmp_path / "run"))
    facts = read_json(run.root / "provenance.json")
    write_json(run.root / "provenance.json", {**facts, "source": "synthetic"})
    classes = run.dataset.classes
    labels = [classes.index(name) if name in classes else 0 for name in run.index["species"]]
    replace_array(run, "logits", np.eye(len(classes), dtype=np.float32)[labels])
    truth = {
        "images": {path: {"mask": f"{row}.png"} for row, path in enumerate(run.index["filepath"])},
        "mislabelled": {},
        "trait_distance": None,
        "camera_bound": {},
        "cameras": {},
        "parts": ["background", "horns"],
        "species": {name: {"diagnostic_parts": ["horns"]} for name in classes},
    }
    write_truth(run, truth)
    write_masks(run, np.ones((30, 40)))
    return run


def replace_array(run, name, values):
    path = run.root / "explain" / f"{name}.zarr"
    array = create_array(path, values.shape, values.dtype, rows_per_chunk=64)
    array[...].write(values).result()


def write_truth(run, truth, **changes):
    write_json(run.root / "synthetic" / "truth.json", {**truth, **changes})


def truth_of(run):
    return read_json(run.root / "synthetic" / "truth.json")


def write_masks(run, mask):
    folder = run.root / "synthetic" / "masks"
    folder.mkdir(exist_ok=True)
    for number in range(len(run.index)):
        Image.fromarray(mask.astype(np.uint8)).save(folder / f"{number}.png")


def checks_of(run):
    check_truth(run, run.config)
    return {check["check"]: check for check in read_json(run.root / "truth" / "truth.json")}


def one_hot_maps(count, row, column, *, side=SIDE):
    maps = np.zeros((count, side, side), np.float16)
    maps[:, row, column] = 1
    return maps


def test_without_a_planted_truth_there_is_nothing_to_check(tiny_run, tmp_path):
    run = RunFolder(shutil.copytree(tiny_run, tmp_path / "run"))
    assert checks_of(run) == {}
    assert read_json(run.root / "truth" / "truth.json") == []


@pytest.mark.parametrize(("row", "is_near"), [(10, True), (16, True), (17, False), (25, False)])
def test_the_share_of_maxima_inside_the_mask_is_that_of_the_planted_maps(planted, row, is_near):
    """The masks cover the upper half of what is left when the strip is cut off."""
    count = len(planted.maps_index)
    inside = planted.config.data.crop_bottom
    height = 300
    mask = np.zeros((height, 400))
    mask[: round(height * (1 - inside)) // 2] = 3
    write_masks(planted, mask)
    for name in ("guided_backprop", "guided_grad_cam"):
        maps = -one_hot_maps(count, row, 5)[..., None].repeat(3, -1)  # the sign does not count
        maps[0] *= 0
        maps[0, 31 - row, 2] = 1  # one map on the other side
        replace_array(planted, name, maps)
    replace_array(planted, "grad_cam", one_hot_maps(len(planted.index), row, 5))
    found = checks_of(planted)
    is_inside = row < SIDE // 2
    one = 1 / count
    for title in ("guided backpropagation", "guided Grad-CAM"):
        check = found[f"{title}: maximum inside the animal"]
        assert check["measured"] == pytest.approx(1 - one if is_inside else one, abs=1e-4)
        assert check["count"] == count
        assert check["passed"] == (check["measured"] >= 0.8)
    check = found["Grad-CAM: maximum inside the animal"]
    assert check["measured"] == float(is_inside)
    assert check["passed"] is is_inside
    assert "by chance 0.50" in check["expected"]
    near = found["Grad-CAM: inside, or within 1 px of the outline"]
    assert near["measured"] == float(is_near)
    assert near["passed"] is None


def test_wrong_predictions_and_wrong_labels_are_not_held_against_a_map(planted):
    everything = checks_of(planted)["Grad-CAM: maximum inside the animal"]["count"]
    shown = planted.index.set_index("image_id").loc[planted.maps_index["image_id"]]
    mislabelled = shown["filepath"].iloc[0]
    wrong = int(shown["row"].iloc[1])
    write_truth(planted, truth_of(planted), mislabelled={mislabelled: "lion"})
    logits = planted.array("logits")
    logits[wrong] = np.roll(logits[wrong], 1)
    replace_array(planted, "logits", logits)
    assert checks_of(planted)["Grad-CAM: maximum inside the animal"]["count"] == everything - 2


def plant_distances(planted, matrix, names):
    distances = {"species": names, "matrix": matrix.tolist()}
    write_truth(planted, truth_of(planted), trait_distance=distances)


@pytest.mark.parametrize("sign", [1, -1])
def test_the_tree_is_compared_with_the_distances_of_the_same_pairs(planted, sign):
    """The truth lists more species, in another order."""
    classes = planted.dataset.classes
    points = np.array([[0.0], [1.0], [5.0]])
    tree = linkage(points, "average")
    columns = {"node": [3, 4], "left": tree[:, 0], "right": tree[:, 1], "distance": tree[:, 2]}
    table = pd.DataFrame({**columns, "leaves": tree[:, 3], "support": [1.0, 1.0]})
    write_table(planted.root / "tree" / "linkage.csv", table)
    ultrametric = squareform(cophenet(tree))
    names = ["lion", *reversed(classes)]
    matrix = np.full((4, 4), 100.0)
    matrix[1:, 1:] = sign * ultrametric[::-1, ::-1]
    plant_distances(planted, matrix, names)
    (check,) = [found for name, found in checks_of(planted).items() if name.startswith("tree")]
    assert check["measured"] == sign
    assert check["passed"] is (sign == 1)
    assert check["count"] == 3


def test_a_tree_of_species_that_were_not_planted_is_not_checked(planted):
    plant_distances(planted, np.zeros((2, 2)), ["kudu", "lion"])
    assert not any(name.startswith("tree") for name in checks_of(planted))


def test_patches_are_counted_by_camera_and_by_what_they_centre_on(planted):
    """The landmark fills the right half of the frame, and all of its height."""
    truth = truth_of(planted)
    truth["camera_bound"] = {"kudu": "C1", "lion": "C0"}
    truth["cameras"] = {"C0": {"landmark_box": None}, "C1": {"landmark_box": [0.5, 0, 0.5, 1]}}
    write_truth(planted, truth)
    rows = [("kudu", "C1", 20), ("kudu", "C1", 0), ("kudu", "C0", 20), ("kudu", "C1", 14)]
    rows += [("nyala", "C1", 20), ("nyala", "C0", 20)]
    table = pd.DataFrame(rows, columns=["species", "camera", "x"])
    same = {"rank": 1, "unit": 0, "patch": 1, "image_id": "a", "response": 1.0}
    columns = {**same, "y": 4, "size": 8}
    write_table(planted.root / "units" / "patches.csv", table.assign(**columns))
    found = {name: check for name, check in checks_of(planted).items() if "patches" in name}
    camera, landmark = found.values()
    assert camera["measured"] == 0.75
    assert camera["passed"] is False
    assert "0.50 of the other" in camera["expected"]
    assert landmark["measured"] == 0.5
    assert landmark["passed"] is None
    assert all("kudu" in name for name in found)  # the lion is no known species: it has no patches


def test_unfamiliarity_of_unknown_species_is_set_against_that_of_known_ones(planted):
    rows = [
        ("kudu", "known", 1.0, False),
        ("nyala", "known", 3.0, False),
        ("lion", "unknown", 5.0, True),
        ("serval", "unknown", 1.0, False),
        ("unseen", "unknown", np.nan, None),
    ]
    table = pd.DataFrame(rows, columns=["species", "role", "mean", "above_threshold"])
    write_table(planted.root / "novelty" / "unfamiliarity.csv", table)
    found = {name: check for name, check in checks_of(planted).items() if "novelty" in name}
    ratio, above = found.values()
    assert ratio["measured"] == 1.5
    assert ratio["passed"] is True
    assert above["measured"] == 0.5  # of the unknown species that have images
    assert above["count"] == 2


def test_planted_wrong_labels_are_looked_for_among_the_suspected_ones(planted):
    """Three were planted; two of them are suspected, at the ranks 1 and 4."""
    known = planted.index[planted.index["split"] != "unknown"]
    unknown = planted.index[planted.index["split"] == "unknown"]
    wrong = [*known["filepath"].iloc[:3], unknown["filepath"].iloc[0]]  # the last has no label
    write_truth(planted, truth_of(planted), mislabelled=dict.fromkeys(wrong, "lion"))
    suspects = known.iloc[[0, 7, 8, 2]][["image_id"]]
    write_table(planted.root / "evaluate" / "suspected_labels.csv", suspects)
    found, first = (check for name, check in checks_of(planted).items() if "labels" in name)
    assert found["measured"] == pytest.approx(2 / 3, abs=1e-4)
    assert first["measured"] == pytest.approx(1 / 3, abs=1e-4)
    assert found["count"] == first["count"] == 3
    assert "4 suspected, the last at rank 4" in found["expected"]


def test_without_planted_wrong_labels_there_is_nothing_to_look_for(planted):
    assert not any("labels" in name for name in checks_of(planted))


def bind(run, cameras):
    """Plants species that stand before one camera only."""
    landmarks = {camera: {"landmark_box": [0, 0, 1, 1]} for camera in cameras.values()}
    write_truth(run, truth_of(run), camera_bound=cameras, cameras=landmarks)


def write_background(run, name, values):
    table = pd.DataFrame(values)
    write_table(run.root / "quality" / f"{name}.csv", table)


@pytest.mark.parametrize(
    ("by_place", "share", "ranks"),
    [
        ([0.3, 0.2, 0.1], 1.0, "1, 2"),
        ([0.3, 0.1, 0.2], 1.0, "1, 2"),  # the list is taken as it is
        ([0.3, np.nan, 0.2], 1.0, "1"),  # what could not be measured is not held against it
    ],
)
def test_species_known_by_their_background_head_the_list(planted, by_place, share, ranks):
    bind(planted, {"kudu": "C1", "oribi": "C0"})
    species = {"species": ["oribi", "kudu", "nyala"], "by_place": by_place}
    write_background(planted, "background", species)
    cameras = {"camera": ["C9", "C1", "C0"], "by_place": [0.3, 0.2, 0.1]}
    write_background(planted, "background_cameras", cameras)
    found = checks_of(planted)
    species = found["background: planted species at the head of the list"]
    assert species["measured"] == share
    assert species["passed"]
    assert f"ranks {ranks} of" in species["expected"]
    cameras = found["background: planted camera at the head of the list"]
    assert cameras["measured"] == 0.5
    assert not cameras["passed"]
    assert "ranks 2, 3 of 3" in cameras["expected"]


def test_without_backgrounds_nothing_is_claimed(planted):
    bind(planted, {"kudu": "C1"})
    for name in ("background", "background_cameras"):
        (planted.root / "quality" / f"{name}.csv").unlink(missing_ok=True)
    assert not [name for name in checks_of(planted) if name.startswith("background")]


def test_a_table_without_the_measure_claims_nothing(planted):
    bind(planted, {"kudu": "C1"})
    write_background(planted, "background", {"species": ["kudu"], "lost": [0.3]})
    write_background(planted, "background_cameras", {"camera": ["C1"], "changed": [0.3]})
    assert not [name for name in checks_of(planted) if name.startswith("background")]


def plant_units(run, *, on_part, on_landmark):
    """Gives every unit a hottest cell: in the corner of the horns, of the landmark, or between."""
    mask = np.zeros((32, 32))
    mask[:8, :8] = 1
    write_masks(run, mask)
    truth = truth_of(run)
    landmarks = {camera: {"landmark_box": [0.75, 0.75, 0.25, 0.25]}
                 for camera in set(run.index["camera"])}  # fmt: skip
    write_truth(run, truth, cameras=landmarks)
    shape = read_json(run.root / "explain" / "explain.json")["map_shape"]
    last = shape[0] * shape[1] - 1
    units = run.array("unit_max").shape[1]
    cells = np.full((len(run.index), units), last - 1, np.int32)
    cells[:, on_part], cells[:, on_landmark] = 0, last
    replace_array(run, "unit_cell", cells)
    replace_array(run, "unit_max", np.ones((len(run.index), units), np.float32))
    return units


def test_units_that_respond_to_planted_places_are_found(planted):
    classes = planted.dataset.classes
    units = plant_units(planted, on_part=[0, 1], on_landmark=[2, 3, 4])
    top = pd.DataFrame(
        [{"species": name, "unit": unit} for name in classes for unit in (0, 1, units - 1)]
    )
    write_table(planted.root / "units" / "top_units.csv", top)
    table = read_table(planted.root / "units" / "background.csv").reindex(range(units))
    score = np.linspace(0.1, 0.2, units)
    score[[2, 3]], score[4] = 1.0, 0.0
    write_table(planted.root / "units" / "background.csv",
                table.assign(unit=range(units), fixed_place=score))  # fmt: skip
    checks = checks_of(planted)
    found = checks["units: top ones that respond to telling parts, over as many at random"]
    # Two of three top units respond, as two of all units do.
    assert found["count"] == 2 * len(classes)
    assert found["measured"] == pytest.approx(units / 3, abs=1e-3)
    by_hand = (3 / (units * (units - 1) / 2)) ** len(classes)  # both among three of all
    assert f"p {by_hand:.2g}" in found["expected"]
    auroc = checks["units: area under the ROC curve for those that respond to a landmark"]
    assert auroc["count"] == 3
    assert auroc["measured"] == pytest.approx(
        2 / 3, abs=1e-4
    )  # two above all others, one below them
    assert auroc["passed"] is False
    nothing = checks["units: area under the ROC curve for those that respond to no animal"]
    assert nothing["passed"] is None


def test_no_unit_on_a_landmark_is_no_failure(planted):
    plant_units(planted, on_part=[0], on_landmark=[])
    assert not any("a landmark" in name for name in checks_of(planted))
