"""Stage `explain`: the one pass of the network over the images."""

from __future__ import annotations

from collections.abc import Collection

import jax
import numpy as np
import pandas as pd
from jaxtyping import Int

from camtrap_jax.config import Config
from camtrap_jax.data.manifest import class_labels
from camtrap_jax.data.record_checks import check_records
from camtrap_jax.explain.forward import Cut
from camtrap_jax.explain.gallery import gallery_rows
from camtrap_jax.explain.methods import OF_GALLERY
from camtrap_jax.processes import on_first
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import open_array, read_array, write_json, write_table
from camtrap_jax.study.attribution import attributed_layer
from camtrap_jax.study.console import Console
from camtrap_jax.study.image_pass import ImagePass
from camtrap_jax.study.network import build_network
from camtrap_jax.study.targets import choose_targets, name_targets

EXPLAINED_SPLITS = ("train", "val", "test", "unknown")


def explain_run(run: RunFolder, config: Config, console: Console) -> None:
    """Writes RUN/explain: responses, features, logits and maps of every image.

    All images get logits, features, unit responses and Grad-CAM; the input-shaped maps are stored
    for the gallery (a second pass over those few) or, with `explain.images=all`, for all of them.
    An image whose record is damaged is a row of failures.csv, and one of nan in the arrays.

    All processes call it; the files that are no arrays are the first one's.

    Raises:
      ValueError: the dataset's records are not those it was prepared with, none can be read, or
        the weights do not fit the network.
    """
    check_records(run.dataset)
    choose_targets(config.explain.target, np.zeros(0, np.int32), run.dataset.classes)  # is it one?
    manifest = run.dataset.manifest
    positions = np.flatnonzero(manifest["split"].isin(EXPLAINED_SPLITS).to_numpy())
    index = manifest.iloc[positions].reset_index(drop=True)
    index.insert(0, "row", np.arange(len(index)))
    on_first(lambda: _write_index(run, index))

    saliency = [name for name in config.explain.maps if name in OF_GALLERY]
    cam = [name for name in config.explain.maps if name not in OF_GALLERY]
    everywhere = [*cam, *saliency] if config.explain.images == "all" else cam
    images = ImagePass(run, config)
    progress = console.progress("explain images")
    failures = images.write("images", positions, everywhere, on_progress=progress)
    on_first(lambda: _write_failures(run, index, failures))
    if failures:
        console.say(f"explain: {len(failures)} images cannot be read, see failures.csv")
    chosen = index["row"].to_numpy()
    if config.explain.images == "gallery":
        chosen = np.array(on_first(lambda: _gallery(run, config, index, failures)), np.int64)
        if saliency and chosen.size:
            progress = console.progress("explain maps")
            images.write("maps", positions[chosen], saliency, only_maps=True, on_progress=progress)
    on_first(lambda: _describe(run, config, index, chosen, failures))


def _write_index(run: RunFolder, index: pd.DataFrame) -> None:
    table = pd.DataFrame(index, columns=["row", "image_id", "split", "species"])
    write_table(run.root / "explain" / "index.csv", table)


def _write_failures(run: RunFolder, index: pd.DataFrame, failures: dict[int, str]) -> None:
    rows = sorted(failures)
    if rows and len(rows) == len(index):
        raise ValueError(
            f"{run.dataset.records}: no record can be read ({failures[0]}); `camtrap prepare "
            "--overwrite` makes the dataset anew"
        )
    columns = {name: index[name].iloc[rows] for name in ("image_id", "filepath")}
    table = pd.DataFrame({**columns, "reason": [failures[row] for row in rows]})
    write_table(run.root / "explain" / "failures.csv", table)


def _gallery(
    run: RunFolder, config: Config, index: pd.DataFrame, failures: Collection[int]
) -> list[int]:
    """Chooses rows among the images that could be read."""
    settings = config.explain
    rows = np.setdiff1d(np.arange(len(index)), np.array(sorted(failures), np.int64))
    read = index.iloc[rows]
    is_test = (read["split"] == "test") & ~read["image_id"].isin(list(run.hidden))
    chosen = gallery_rows(
        class_labels(read, run.dataset.classes),
        read_array(run.root / "explain" / "logits.zarr")[rows],
        np.flatnonzero(is_test),
        per_class=settings.gallery_per_species,
        mistakes=settings.gallery_mistakes,
        seed=settings.seed,
    )
    return rows[chosen].tolist()


def _describe(
    run: RunFolder,
    config: Config,
    index: pd.DataFrame,
    chosen: Int[np.ndarray, " rows"],
    failures: Collection[int],
) -> None:
    """Writes maps_index.csv, where there are input-shaped maps, and explain.json."""
    folder, settings = run.root / "explain", config.explain
    if set(settings.maps) & set(OF_GALLERY):
        _write_maps_index(run, config, index, chosen, failures)
    has_heatmaps = "grad_cam" in settings.maps
    heatmaps = open_array(folder / "grad_cam.zarr").shape[1:] if has_heatmaps else None
    facts = {
        "images": len(index) - len(failures),
        "failures": len(failures),
        "maps": list(settings.maps),
        "maps_of": settings.images,
        "target": settings.target,
        "map_shape": heatmaps or _map_shape(run, config),
    }
    write_json(folder / "explain.json", facts)


def _write_maps_index(
    run: RunFolder,
    config: Config,
    index: pd.DataFrame,
    chosen: Int[np.ndarray, " rows"],
    failures: Collection[int],
) -> None:
    logits = read_array(run.root / "explain" / "logits.zarr")[chosen]
    labels = class_labels(index, run.dataset.classes)[chosen]
    names = name_targets(config.explain.target, labels, logits, run.dataset.classes)
    targets = np.where(np.isin(chosen, list(failures)), "", np.array(names, object))
    table = pd.DataFrame(
        {
            "row": np.arange(len(chosen)),
            "image_id": index["image_id"].to_numpy()[chosen],
            "target": targets,
        }
    )
    write_table(run.root / "explain" / "maps_index.csv", table)


def _map_shape(run: RunFolder, config: Config) -> tuple[int, ...]:
    side = config.model.image_size
    model = build_network(config, len(run.dataset.classes))
    images = jax.ShapeDtypeStruct((1, side, side, 3), np.float32)
    variables = jax.eval_shape(model.init, jax.random.key(0), images)
    layer = attributed_layer(config, model)
    maps = jax.eval_shape(lambda v, x: Cut(model, v, layer).bottom(x), variables, images)
    return maps.shape[1:3]
