"""Stage `explain`: the one pass of the network over the images."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import jax
import numpy as np
import pandas as pd
from jax.sharding import Mesh

from camtrap_jax.config import MAPS, Config
from camtrap_jax.data.batches.augment import normalise
from camtrap_jax.data.batches.pipeline import eval_batches
from camtrap_jax.data.manifest import class_labels
from camtrap_jax.explain import make_explainer
from camtrap_jax.explain.dataset import Rows, write_explanations
from camtrap_jax.explain.gallery import gallery_rows
from camtrap_jax.mesh import Batch, make_local_mesh, padded_batch_size, put_batch, put_replicated
from camtrap_jax.models import load_weights
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import open_array, write_json, write_table
from camtrap_jax.study.console import Console
from camtrap_jax.study.training import build_network

EXPLAINED_SPLITS = ("train", "val", "test", "unknown")
INPUT_SHAPED = ("guided_backprop", "guided_grad_cam")


def explain_run(run: RunFolder, config: Config, console: Console) -> None:
    """Writes RUN/explain: responses, features, logits and maps of every image.

    All images get logits, features, unit responses and Grad-CAM; the input-shaped maps are stored
    for the gallery (a second pass over those few) or, with `explain.images=all`, for all of them.
    """
    folder = run.root / "explain"
    manifest = run.dataset.manifest
    positions = np.flatnonzero(manifest["split"].isin(EXPLAINED_SPLITS).to_numpy())
    index = manifest.iloc[positions].reset_index(drop=True)
    index.insert(0, "row", np.arange(len(index)))
    write_table(folder / "index.csv", index[["row", "image_id", "split", "species"]])

    saliency = [name for name in config.explain.maps if name in INPUT_SHAPED]
    cam = [name for name in config.explain.maps if name not in INPUT_SHAPED]
    everywhere = [*cam, *saliency] if config.explain.images == "all" else cam
    run_pass = _make_pass(run, config, index, positions)
    run_pass("images", np.arange(len(index)), everywhere, console)
    chosen = index["row"].to_numpy()
    if config.explain.images == "gallery":
        chosen = _gallery(run, config, index)
        run_pass("maps", chosen, saliency, console)
    if saliency:
        _write_maps_index(run, config, index, chosen)
    grad_cam = open_array(folder / "grad_cam.zarr") if "grad_cam" in everywhere else None
    write_json(
        folder / "explain.json",
        {
            "images": len(index),
            "maps": list(config.explain.maps),
            "maps_of": config.explain.images,
            "target": config.explain.target,
            "map_shape": _map_shape(run, config) if grad_cam is None else grad_cam.shape[1:],
        },
    )


def _make_pass(
    run: RunFolder, config: Config, index: pd.DataFrame, positions: np.ndarray
) -> Callable[[str, np.ndarray, list[str], Console], None]:
    """Returns the function that explains some rows of the index and stores the arrays."""
    dataset, mesh = run.dataset, make_local_mesh()
    model = build_network(config, len(dataset.classes))
    variables = put_replicated(load_weights(run.weights, model), mesh)
    labels = class_labels(index, dataset.classes)
    batch_size = padded_batch_size(config.explain.batch_size)

    def run_pass(name: str, rows: np.ndarray, outputs: list[str], console: Console) -> None:
        if not (len(rows) and (outputs or name == "images")):
            return
        explainer = make_explainer(model, variables, outputs=outputs)
        order = labels[rows]

        def batches_from(start: int) -> Iterator[Batch]:
            batches = eval_batches(
                dataset,
                positions[rows[start:]],
                size_px=config.model.image_size,
                batch_size=batch_size,
            )
            for first, batch in zip(range(start, len(rows), batch_size), batches, strict=True):
                targets = np.zeros(batch_size, np.int32)
                part = order[first : first + batch_size]
                targets[: len(part)] = part
                yield {"pixels": batch["pixels"], "target": targets}

        def explain(batch: Batch) -> Rows:
            return _explain(explainer, batch, mesh, config, only_maps=name == "maps")

        write_explanations(
            run.root / "explain",
            name,
            num_rows=len(rows),
            batch_size=batch_size,
            batches_from=batches_from,
            explain=explain,
            on_progress=console.progress(f"explain {name}"),
        )

    return run_pass


def _explain(
    explainer: Callable, batch: Batch, mesh: Mesh, config: Config, *, only_maps: bool
) -> Rows:
    placed = put_batch(batch, mesh)
    targets = placed["target"] if config.explain.target == "true" else None
    explanation = explainer(normalise(placed["pixels"]), targets)._asdict()
    names = [name for name in explanation if explanation[name] is not None and name != "targets"]
    if only_maps:
        names = [name for name in names if name in MAPS]
    return {
        name: explanation[name].astype(np.float16) if name in MAPS else explanation[name]
        for name in names
    }


def _gallery(run: RunFolder, config: Config, index: pd.DataFrame) -> np.ndarray:
    settings = config.explain
    return gallery_rows(
        class_labels(index, run.dataset.classes),
        run.array("logits"),
        np.flatnonzero((index["split"] == "test") & ~index["image_id"].isin(list(run.hidden))),
        per_class=settings.gallery_per_species,
        mistakes=settings.gallery_mistakes,
        seed=settings.seed,
    )


def _write_maps_index(
    run: RunFolder, config: Config, index: pd.DataFrame, chosen: np.ndarray
) -> None:
    classes = np.array(run.dataset.classes, object)
    targets = classes[run.array("logits")[chosen].argmax(-1)]
    if config.explain.target == "true":
        is_known = class_labels(index, run.dataset.classes)[chosen] >= 0
        targets = np.where(is_known, index["species"].to_numpy()[chosen], targets)
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
    shapes = jax.eval_shape(model.init_with_output, jax.random.key(0), images)
    return shapes[0].maps.shape[1:3]
