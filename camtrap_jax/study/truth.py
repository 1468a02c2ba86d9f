"""Stage `truth`: holds the results against what was planted in synthetic images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image
from scipy import stats
from scipy.cluster.hierarchy import cophenet
from scipy.spatial.distance import squareform

from camtrap_jax.config import Config
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import read_json, read_table, write_json

Check = dict[str, Any]


def check_truth(run: RunFolder, config: Config) -> None:
    """Writes RUN/truth/truth.json: a list of checks; empty where the source planted no truth."""
    truth = read_truth(run)
    checks: list[Check] = []
    if truth is not None:
        checks += attribution_checks(run, config, truth)
        checks += tree_checks(run, truth)
        checks += bias_checks(run, truth)
        checks += novelty_checks(run)
    write_json(run.root / "truth" / "truth.json", checks)


def read_truth(run: RunFolder) -> dict[str, Any] | None:
    """Reads the source's `truth.json`, or returns None where there is none."""
    source = run.provenance.get("source")
    path = Path(source) / "truth.json" if source else None
    return read_json(path) if path and path.exists() else None


def attribution_checks(run: RunFolder, config: Config, truth: dict[str, Any]) -> list[Check]:
    """Tells how often a map's maximum lies inside the animal's mask.

    Counted over the correctly classified test images of the gallery; mislabelled frames, whose
    animal is another, are left out.
    """
    index, maps_index = run.index, run.maps_index
    predicted = np.array(run.dataset.classes)[run.array("logits").argmax(-1)]
    by_id = index.assign(predicted=predicted).set_index("image_id")
    chosen = by_id.loc[maps_index["image_id"]]
    usable = (chosen["predicted"] == chosen["species"]) & (chosen["split"] == "test")
    keys = [truth_path(path) for path in chosen["filepath"]]
    honest = np.array([key in truth["images"] and key not in truth["mislabelled"] for key in keys])
    rows = np.flatnonzero(usable.to_numpy() & honest)
    if not rows.size:
        return []
    side = config.model.image_size
    masks = np.stack([_mask(run, truth, keys[row], config.data.crop_bottom, side) for row in rows])
    heatmaps = run.rows("grad_cam", chosen["row"].to_numpy()[rows])
    hits = {"Grad-CAM": _maximum_inside(_enlarge(heatmaps, side), masks)}
    for name, title in (
        ("guided_backprop", "guided backpropagation"),
        ("guided_grad_cam", "guided Grad-CAM"),
    ):
        if run.has_array(name):
            saliency = np.abs(run.rows(name, rows).astype(np.float32)).max(-1)
            hits[title] = _maximum_inside(saliency, masks)
    area = float((masks > 0).mean())
    expected = f"at least 0.8; by chance {area:.2f}, the mask's share of the frame"
    return [
        _check(
            f"{title}: maximum inside the animal",
            expected,
            inside.mean(),
            inside.mean() >= 0.8,
            count=len(inside),
        )
        for title, inside in hits.items()
    ]


def tree_checks(run: RunFolder, truth: dict[str, Any]) -> list[Check]:
    """Compares the tree's cophenetic distances with the planted distances between traits."""
    if not truth.get("trait_distance"):
        return []
    table = read_table(run.root / "tree" / "linkage.csv")
    linkage = table[["left", "right", "distance", "leaves"]].to_numpy(float)
    classes = run.dataset.classes
    names = truth["trait_distance"]["species"]
    if not set(classes) <= set(names):
        return []
    order = [names.index(species) for species in classes]
    traits = np.array(truth["trait_distance"]["matrix"], float)[np.ix_(order, order)]
    correlation = stats.spearmanr(cophenet(linkage), squareform(traits, checks=False)).statistic
    return [
        _check(
            "tree: Spearman correlation with trait distances",
            "at least 0.4",
            correlation,
            correlation >= 0.4,
            count=len(classes) * (len(classes) - 1) // 2,
        )
    ]


def bias_checks(run: RunFolder, truth: dict[str, Any]) -> list[Check]:
    """Looks for the species that were bound to one camera in the patches of their top units."""
    patches = read_table(run.root / "units" / "patches.csv")
    checks = []
    for species, camera in truth["camera_bound"].items():
        own = patches[patches["species"] == species]
        if own.empty:
            continue
        box = truth["cameras"][camera]["landmark_box"]
        inside = [_in_box(patch, box, run) for _, patch in own.iterrows()]
        at_camera = own["camera"] == camera
        share = float(at_camera.mean())
        checks.append(
            _check(
                f"patches of {species} (bound to camera {camera}): share from that camera",
                "at least 0.8",
                share,
                share >= 0.8,
                count=len(own),
            )
        )
        on_landmark = float((np.array(inside) & at_camera.to_numpy()).mean())
        checks.append(
            _check(
                f"patches of {species}: share centred on that camera's landmark",
                "reported, no bound",
                on_landmark,
                True,
                count=len(own),
            )
        )
    return checks


def novelty_checks(run: RunFolder) -> list[Check]:
    """Counts the unknown species above the threshold."""
    table = read_table(run.root / "novelty" / "unfamiliarity.csv")
    unknown = table[table["role"] == "unknown"]
    if unknown.empty:
        return []
    above = unknown["above_threshold"].astype(str).str.lower().isin(("true", "1", "1.0")).mean()
    known = table[table["role"] == "known"]["mean"].mean()
    return [
        _check(
            "novelty: unknown species above the threshold",
            "reported; the paper found 0.7",
            above,
            True,
            count=len(unknown),
        ),
        _check(
            "novelty: mean unfamiliarity of unknown over known species",
            "above 1",
            unknown["mean"].mean() / known,
            unknown["mean"].mean() > known,
            count=len(table),
        ),
    ]


def truth_path(filepath: str) -> str:
    """Turns a manifest's path into one of truth.json, which counts from `images/`."""
    return filepath.removeprefix("images/")


def _mask(
    run: RunFolder, truth: dict[str, Any], key: str, crop_bottom: float, side: int
) -> np.ndarray:
    """Reads the part mask as the network saw the frame: strip cut off, squashed to a square."""
    path = (
        Path(run.provenance["source"])
        / "masks"
        / truth["images"][key]["mask"].removeprefix("masks/")
    )
    with Image.open(path) as mask:
        height = round(mask.height * (1 - crop_bottom))
        cropped = mask.crop((0, 0, mask.width, height))
        return np.asarray(cropped.resize((side, side), Image.Resampling.NEAREST))


def _enlarge(heatmaps: np.ndarray, side: int) -> np.ndarray:
    """Enlarges bilinearly with half-pixel centres."""
    size = (side, side)
    return np.stack(
        [
            np.asarray(
                Image.fromarray(h.astype(np.float32)).resize(size, Image.Resampling.BILINEAR)
            )
            for h in heatmaps
        ]
    )


def _maximum_inside(maps: np.ndarray, masks: np.ndarray) -> np.ndarray:
    hottest = maps.reshape(len(maps), -1).argmax(-1)
    return masks.reshape(len(masks), -1)[np.arange(len(masks)), hottest] > 0


def _in_box(patch: pd.Series, box: list[float], run: RunFolder) -> bool:
    side = run.config.model.image_size
    x, y = (patch["x"] + patch["size"] / 2) / side, (patch["y"] + patch["size"] / 2) / side
    y *= 1 - run.config.data.crop_bottom  # the box is relative to the whole frame
    return bool(box[0] <= x <= box[0] + box[2] and box[1] <= y <= box[1] + box[3])


def _check(name: str, expected: str, measured: float, passed: bool, *, count: int) -> Check:
    return {
        "check": name,
        "expected": expected,
        "measured": round(float(measured), 4),
        "passed": bool(passed),
        "count": count,
    }
