"""A run folder with made-up arrays, for the stages that only read arrays."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from camtrap_jax.config import Config, config_to_dict
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import create_array, write_json

SPLITS = {"train": 12, "val": 4, "test": 6}
MAP_HW = (4, 4)
IMAGE_PX = 64
NAMES = ["red duiker", "vervet (blue)", "o'ribi", "Ñandú"]


def fabricate_run(
    root: Path,
    *,
    known: list[str] | None = None,
    unknown: list[str] | None = None,
    counts: dict[str, int] | None = None,
    num_unknown_images: int = 5,
    dim: int = 6,
    num_units: int = 8,
    seed: int = 0,
    order_seed: int | None = None,
) -> RunFolder:
    """Writes a run whose species are points on the axes of feature space, plus noise.

    Unit k responds to species k alone; the last unit is constant. `order_seed` shuffles the rows.
    """
    known = NAMES if known is None else known
    unknown = ["lion", "unseen"] if unknown is None else unknown
    rng = np.random.default_rng(seed)
    table = _table(known, unknown, counts or SPLITS, num_unknown_images)
    codes = np.array([[*known, *unknown].index(species) for species in table["species"]])
    centres = 5 * np.eye(max(dim, len(known) + len(unknown)))[:, :dim]
    features = centres[codes] + rng.normal(size=(len(codes), dim))
    logits = 3 * np.eye(64)[codes][:, : len(known)] + rng.normal(size=(len(codes), len(known)))
    responses = np.maximum(rng.normal(size=(len(codes), num_units)), 0)
    hit = codes < min(len(known), num_units - 1)
    responses[np.flatnonzero(hit), codes[hit]] += 3
    responses[:, -1] = 1
    arrays = {
        "features": features,
        "logits": logits,
        "unit_max": responses,
        "unit_mean": responses / 4,
        "unit_cell": rng.integers(0, MAP_HW[0] * MAP_HW[1], responses.shape),
    }
    order = np.arange(len(table))
    if order_seed is not None:
        order = np.random.default_rng(order_seed).permutation(len(table))
    manifest = table.iloc[order].reset_index(drop=True)
    _write(root, manifest, known, unknown, {k: v[order] for k, v in arrays.items()})
    return RunFolder(root / "run")


def _table(known, unknown, counts, num_unknown_images) -> pd.DataFrame:
    rows = []
    for species in known:
        for split, count in counts.items():
            rows += [(species, "known", split)] * count
    for species in unknown:
        count = 0 if species == "unseen" else num_unknown_images
        rows += [(species, "unknown", "unknown")] * count
    table = pd.DataFrame(rows, columns=["species", "role", "split"])
    table["image_id"] = [f"id{number:05d}" for number in range(len(table))]
    table["camera"] = [["C1", "C2", ""][number % 3] for number in range(len(table))]
    table["sequence"] = [f"s{number // 6}" for number in range(len(table))]  # two frames a camera
    table["sha256"] = table["image_id"]
    return table.assign(filepath=table["image_id"] + ".jpg", frame=0, datetime="", bbox="")


def _write(root, manifest, known, unknown, arrays) -> None:
    explain = root / "run" / "explain"
    explain.mkdir(parents=True)
    (root / "dataset").mkdir()
    manifest.to_csv(root / "dataset" / "manifest.csv", index=False)
    write_json(root / "dataset" / "classes.json", {"known": known, "unknown": unknown})
    config = small_config()
    write_json(root / "run" / "config.json", config_to_dict(config))
    write_json(root / "run" / "provenance.json", {"dataset": str(root / "dataset")})
    index = manifest[["image_id", "split", "species"]].copy()
    index.insert(0, "row", range(len(index)))
    index.to_csv(explain / "index.csv", index=False)
    (explain / "explain.json").write_text(json.dumps({"map_shape": MAP_HW}))
    for name, values in arrays.items():
        dtype = np.int32 if name == "unit_cell" else np.float32
        array = create_array(explain / f"{name}.zarr", values.shape, dtype, rows_per_chunk=64)
        array[...].write(values.astype(dtype)).result()


def small_config() -> Config:
    """Settings that keep the stages' tests quick."""
    config = Config()
    config.model.image_size = IMAGE_PX
    config.evaluate.bootstrap_rounds = 200
    config.units.permutations = 20
    config.units.top_units = 2
    config.tree.bootstrap_rounds = 20
    return config
