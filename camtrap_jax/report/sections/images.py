"""What the images are like: the split's honesty, species, copies, cameras, light, unread files."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd

from camtrap_jax.report.pictures import Pictures
from camtrap_jax.report.results import Results
from camtrap_jax.store import read_json, read_table

SPLITS = ("train", "val", "test", "unknown")
EXAMPLES = 10  # of each finding
BOUND = 0.8  # share of a species' images at one camera that calls for a warning

SHARED = {
    "same_picture": ("the same picture", "copies of a file, byte for byte"),
    "near_duplicate": ("a picture that looks the same", "those, and frames that hardly differ"),
    "same_burst": ("a frame of the same burst", "the same animal, seconds earlier or later"),
    "same_camera": ("a picture of the same camera", "the same background"),
}
COPIES = {
    "duplicates": ("Copies of a file", "the same bytes under the same label"),
    "two_labels": (
        "One picture under two labels",
        "two species in the frame, or a wrong label: one of the two answers counts as wrong",
    ),
    "near_duplicates": (
        "Files that look the same",
        "frames of a burst in which nothing moved, or pictures that were saved anew",
    ),
    "near_duplicates_two_labels": (
        "Pictures that look the same under different labels",
        "one of the labels may be wrong",
    ),
    "people": ("People under a species' label", "a detector or another label says so"),
}
ANALYSES = {
    "units_and_centroids": "training images, for the units and the tree",
    "novelty_rounds": "images, for the rounds of the novelty scores",
    "accuracy": "test images, for an accuracy",
}


def images_section(results: Results, pictures: Pictures) -> dict[str, Any] | None:
    """Collects what `prepare` found out about the images, as far as this dataset's audit has it."""
    del pictures
    dataset = results.run.dataset.root
    if not (dataset / "audit.json").is_file():
        return None
    audit = read_json(dataset / "audit.json")
    return {
        "period": _period(results.manifest),
        "split": audit.get("split", results.config.data.split),
        "shared": _shared(audit.get("test_images")),
        "tested": (audit.get("test_images") or {}).get("images"),
        "split_notes": audit.get("split_notes", []),
        "far_off": audit.get("split_shares", {}).get("far_off", []),
        "leak": _leak(results.rows("leak/accuracies.csv")),
        "splits": SPLITS,
        "species": _species(results.manifest, audit),
        "copies": [_copies(name, audit) for name in COPIES],
        "labels_alike": audit.get("labels_alike", []),
        "information": audit.get("species_cameras"),
        "light": audit.get("light"),
        "strip": audit.get("strip"),
        "too_few": [
            {"what": what, **audit["too_few_images"][name]}
            for name, what in ANALYSES.items()
            if audit.get("too_few_images", {}).get(name, {}).get("species")
        ],
        "notes": audit.get("notes", []),
        "failures": _failures(dataset / "failures.csv"),
        "is_old": not {"test_images", "light", "strip", "totals"} <= set(audit),
        "examples": EXAMPLES,
    }


def _period(manifest: pd.DataFrame) -> tuple[str, str] | None:
    days = sorted(text[:10] for text in manifest["datetime"] if text)
    return (days[0], days[-1]) if days else None


def _shared(found: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Lists how many test images have what in common with train; empty for an old dataset."""
    if not found or not found.get("images"):
        return []
    return [
        {"what": what, "which": which, **(found.get(name) or {"images": None, "share": None})}
        for name, (what, which) in SHARED.items()
    ]


def _leak(rows: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    bounded = ("overall", "mean_species")
    return [
        row
        | {
            name: {"value": row[name], "low": row[f"{name}_low"], "high": row[f"{name}_high"]}
            for name in bounded
        }
        for row in rows or []
    ]


def _species(manifest: pd.DataFrame, audit: dict[str, Any]) -> list[dict[str, Any]]:
    """Describes each species: known ones first, then by number of images."""
    light = (audit.get("light") or {}).get("species", {})
    information = (audit.get("species_cameras") or {}).get("species", {})
    rows = []
    animals = manifest.loc[manifest["role"].isin(["known", "unknown"])]
    for (role, name), images in animals.groupby(["role", "species"]):
        splits, cameras = Counter(images["split"]), Counter(images["camera"])
        del cameras[""]
        camera, most = cameras.most_common(1)[0] if cameras else ("", 0)
        rows.append(
            {
                "role": role,
                "species": name,
                "total": len(images),
                **{split: splits[split] for split in SPLITS},
                "cameras": len(cameras),
                "camera": camera,
                "camera_share": most / cameras.total() if cameras else None,
                "is_bound": bool(cameras) and most >= BOUND * cameras.total(),
                "infrared": light.get(name, {}).get("infrared"),
                "night": light.get(name, {}).get("night"),
                "information": information.get(name, {}).get("adjusted"),
            }
        )
    return sorted(rows, key=lambda row: (row["role"], -row["total"], row["species"]))


def _copies(name: str, audit: dict[str, Any]) -> dict[str, Any]:
    """Describes one kind of finding; its `count` is None where the audit does not know it."""
    title, meaning = COPIES[name]
    listed = audit.get(name)
    total = audit.get("totals", {}).get(name, {})
    return {
        "title": title,
        "meaning": meaning,
        "count": total.get("groups", None if listed is None else len(listed)),
        "files": total.get("files"),
        "examples": [_example(entry) for entry in (listed or [])[:EXAMPLES]],
    }


def _example(entry: list[str] | dict[str, Any]) -> dict[str, Any]:
    """Returns the labels and files of an entry, whichever form it has."""
    if isinstance(entry, list):
        return {"labels": [], "files": entry}
    if "images" in entry:
        files = [f"{image['filepath']} ({image['species']})" for image in entry["images"]]
        return {"labels": [], "files": files}
    labels = entry["species"] if isinstance(entry["species"], list) else [entry["species"]]
    return {"labels": labels, "files": sorted({*entry.get("filepaths", [entry.get("filepath")])})}


def _failures(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    table = read_table(path)
    return {"count": len(table), "first": table.head(EXAMPLES).to_dict("records")}
