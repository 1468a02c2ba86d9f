"""A run of many images with arrays as a whole network's, and what a stage costs on it."""

import json
import resource
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from camtrap_jax.config import Config, config_to_dict
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import create_array, write_json, write_table
from camtrap_jax.study.novelty import measure_novelty
from camtrap_jax.study.tree import build_tree
from camtrap_jax.study.units import find_units

NUM_KNOWN, NUM_UNKNOWN, CAMERAS, BURST = 20, 10, 60, 3
CHUNK = 1000
STAGES = {"units": find_units, "tree": build_tree, "novelty": measure_novelty}


def write(root: Path, *, images: int, dim: int, num_units: int) -> RunFolder:
    """Writes everything but pictures; features are clouds, one a species, units know species."""
    rng = np.random.default_rng(0)
    names = [f"species {number:02d}" for number in range(NUM_KNOWN + NUM_UNKNOWN)]
    bursts = -(-images // BURST)
    is_unknown = rng.random(bursts) < 0.02
    of_burst = np.where(
        is_unknown, rng.integers(NUM_KNOWN, len(names), bursts), rng.integers(0, NUM_KNOWN, bursts)
    )
    codes = np.repeat(of_burst, BURST)[:images]
    split = rng.choice(["train", "val", "test"], images, p=[0.85, 0.05, 0.1])
    split[codes >= NUM_KNOWN] = "unknown"
    manifest = pd.DataFrame(
        {
            "image_id": [f"id{number:06d}" for number in range(images)],
            "filepath": [f"{number:06d}.jpg" for number in range(images)],
            "species": np.array(names)[codes],
            "role": np.where(codes < NUM_KNOWN, "known", "unknown"),
            "split": split,
            "camera": [f"C{number:02d}" for number in np.repeat(
                rng.integers(0, CAMERAS, bursts), BURST)[:images]],
            "sequence": [f"s{number // BURST}" for number in range(images)],
            "frame": np.arange(images) % BURST,
            "datetime": "",
            "sha256": [f"{number:064d}" for number in range(images)],
            "bbox": "0.25,0.25,0.5,0.5",
        }
    )  # fmt: skip
    run, explain = root / "run", root / "run" / "explain"
    explain.mkdir(parents=True)
    (root / "dataset").mkdir()
    write_table(root / "dataset" / "manifest.csv", manifest)
    classes = {"known": names[:NUM_KNOWN], "unknown": names[NUM_KNOWN:]}
    write_json(root / "dataset" / "classes.json", classes)
    write_json(run / "config.json", config_to_dict(Config()))
    write_json(run / "provenance.json", {"dataset": "../dataset"})
    index = manifest[["image_id", "split", "species"]].copy()
    index.insert(0, "row", range(images))
    write_table(explain / "index.csv", index)
    write_json(explain / "explain.json", {"map_shape": [14, 14], "maps": []})
    _write_arrays(explain, codes, dim, num_units, rng)
    return RunFolder(run)


def _write_arrays(
    explain: Path, codes: np.ndarray, dim: int, num_units: int, rng: np.random.Generator
) -> None:
    """Some images at a time, as `explain` does."""
    centres = rng.normal(size=(NUM_KNOWN + NUM_UNKNOWN, dim)).astype(np.float32)
    likes = rng.integers(0, NUM_KNOWN, num_units)
    sizes = {"features": dim, "logits": NUM_KNOWN, "unit_max": num_units, "unit_mean": num_units}
    arrays = {
        name: create_array(explain / f"{name}.zarr", (len(codes), size), dtype, rows_per_chunk=64)
        for name, size, dtype in (
            *((name, size, np.float32) for name, size in sizes.items()),
            ("unit_cell", num_units, np.int32),
        )
    }
    for start in range(0, len(codes), CHUNK):
        part = codes[start : start + CHUNK]
        rows = slice(start, start + len(part))
        noise = rng.standard_normal((len(part), dim), np.float32)
        features = np.maximum(centres[part] + 2 * noise, 0)
        responses = rng.standard_normal((len(part), num_units), np.float32)
        responses = np.maximum(responses + 1.5 * (part[:, None] == likes), 0)
        logits = rng.standard_normal((len(part), NUM_KNOWN), np.float32)
        logits += 4 * (part[:, None] == np.arange(NUM_KNOWN))
        found = {
            "features": features,
            "logits": logits,
            "unit_max": responses,
            "unit_mean": responses / 4,
            "unit_cell": rng.integers(0, 196, responses.shape, np.int32),
        }
        for name, values in found.items():
            arrays[name][rows].write(values.astype(arrays[name].dtype.numpy_dtype)).result()


def black(_dataset: object, _row: int, size_px: int) -> np.ndarray:
    """A picture; the run has none."""
    return np.zeros((size_px, size_px, 3), np.uint8)


def main(root: str, images: str, dim: str, num_units: str) -> None:
    """Writes the run; where it is there, runs the stages and prints their seconds and memory."""
    from camtrap_jax.study.units import patches

    patches.read_pixels = black
    run = RunFolder(Path(root) / "run")
    if not (run.root / "explain" / "unit_cell.zarr").exists():
        write(Path(root), images=int(images), dim=int(dim), num_units=int(num_units))
        return
    seconds = {}
    for name, stage in STAGES.items():
        start = time.perf_counter()
        stage(run, run.config)
        seconds[name] = round(time.perf_counter() - start, 1)
    peak_gib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    sys.stdout.write(json.dumps({"seconds": seconds, "peak_gib": round(peak_gib, 2)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
