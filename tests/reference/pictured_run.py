"""A run of real pictures with made-up network answers and hostile names, through real stages."""

import numpy as np
from PIL import Image

from camtrap_jax.config import Config, config_to_dict
from camtrap_jax.data.prepare import prepare_dataset
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import create_array, write_json, write_table
from camtrap_jax.study.evaluation import evaluate_run
from camtrap_jax.study.novelty import measure_novelty
from camtrap_jax.study.quality.background import write_background
from camtrap_jax.study.quality.results import write_results
from camtrap_jax.study.quality.sample import draw_sample
from camtrap_jax.study.tree import build_tree
from camtrap_jax.study.units import find_units

HOSTILE = "<img src=x onerror=alert(1)>"
LONG = "a species whose name goes on and on " * 3 + "'\"&amp;"
KNOWN = {"nyala": 16, "red duiker": 14, HOSTILE: 14, LONG.strip(): 12}
UNKNOWN = {"pangolin": 5, "$\\alpha$ {{ 7 * 7 }}": 4}
CAMERAS = ("A01", "B<02>")


def make_up_quality(run, config):
    """Writes what `quality` would, which asks a network, with the boxes that it would compare."""
    sample, rng = draw_sample(run, config), np.random.default_rng(2)
    measures = ("class_similarity", "noise_similarity", "randomisation_similarity")
    measures += ("deletion_auc", "insertion_auc", "pointing_game", "mass_in_box")
    values = {
        name: {measure: rng.random(len(sample.images)) for measure in measures}
        for name in (*config.quality.methods, "random_heatmap", "random_saliency")
    }
    write_background(run, config, None)
    write_results(run, config, sample, values, {"head": values})


STAGES = {
    "quality": make_up_quality,
    "evaluate": evaluate_run,
    "units": find_units,
    "tree": build_tree,
    "novelty": measure_novelty,
}


def small_config():
    config = Config()
    config.data.num_known = len(KNOWN)
    config.data.short_side = 48
    config.model.image_size = 64
    config.explain.gallery_per_species = 3
    config.evaluate.bootstrap_rounds = 20
    config.units.permutations = 3
    config.units.top_units = 2
    config.tree.bootstrap_rounds = 5
    config.novelty.rounds = 3
    config.report.title = "Study of <b>five</b> & more"
    return config


def write_source(folder, species):
    """Writes pictures as camera/species/file; every one differs."""
    rng = np.random.default_rng(0)
    for name, count in species.items():
        for number in range(count):
            path = folder / CAMERAS[number % 2] / name / f"{number:03d} & <i>.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            pixels = rng.integers(0, 256, (6, 8, 3), np.uint8)
            Image.fromarray(pixels).resize((80, 60)).save(path)


def write_array(run, name, values):
    array = create_array(
        run.root / "explain" / f"{name}.zarr", values.shape, values.dtype, rows_per_chunk=8
    )
    array[...] = values


def write_explanations(run, *, guided=True, correct=0.75):
    """Fabricates what `explain` stores: features that lie in one cloud a species."""
    rng = np.random.default_rng(1)
    manifest, classes = run.dataset.manifest, run.dataset.classes
    index = manifest[["image_id", "split", "species"]].reset_index(drop=True)
    index.insert(0, "row", np.arange(len(index)))
    write_table(run.root / "explain" / "index.csv", index)
    names = sorted(set(index["species"]))
    codes = np.array([names.index(name) for name in index["species"]])
    clouds = rng.normal(size=(len(names), 8)) * 3
    write_array(run, "features", np.float32(clouds[codes] + rng.normal(size=(len(index), 8))))
    labels = np.array([classes.index(n) if n in classes else 0 for n in index["species"]])
    wrong = rng.random(len(index)) >= correct
    logits = rng.normal(size=(len(index), len(classes))).astype(np.float32)
    logits[np.arange(len(index)), (labels + wrong) % len(classes)] += 6
    write_array(run, "logits", logits)
    responses = np.maximum(0, rng.normal(size=(len(index), 10)) + (codes[:, None] == range(10)))
    write_array(run, "unit_max", np.float32(responses))
    write_array(run, "unit_mean", np.float32(responses / 4))
    write_array(run, "unit_cell", rng.integers(0, 16, responses.shape, np.int32))
    heat = np.maximum(0, rng.normal(size=(len(index), 4, 4)))
    heat[::7] = 0
    write_array(run, "grad_cam", heat.astype(np.float16))
    write_json(run.root / "explain" / "explain.json", {"map_shape": [4, 4]})
    if guided:
        tests = index.loc[index["split"] == "test"].reset_index(drop=True)
        maps = tests[["image_id"]].assign(row=range(len(tests)), target=tests["species"])
        write_table(run.root / "explain" / "maps_index.csv", maps[["row", "image_id", "target"]])
        for name in ("guided_backprop", "guided_grad_cam"):
            write_array(run, name, rng.normal(size=(len(tests), 64, 64, 3)).astype(np.float16))


def write_training(run):
    path = run.root / "train" / "metrics.jsonl"
    path.parent.mkdir()
    lines = [f'{{"step": {step}, "loss": {2 / step}}}' for step in range(1, 9)]
    lines[3:3] = ['{"step": 4, "epoch": 1, "val_accuracy": 0.5}']
    path.write_text("\n".join(lines) + '\n{"step": 9, "lo', encoding="utf-8")


def make_run(folder, config, *, species=None, stages=tuple(STAGES), **explanations):
    """Prepares pictures, fabricates the network's answers, and runs the stages on them."""
    write_source(folder / "source", species or {**KNOWN, **UNKNOWN})
    prepare_dataset(folder / "source", folder / "run" / "dataset", config.data)
    run = RunFolder(folder / "run")
    write_json(run.root / "config.json", config_to_dict(config))
    facts = {"dataset": "dataset", "versions": {"jax": "0.10.2"}, "commit": "abc1234"}
    write_json(run.root / "provenance.json", facts)
    write_explanations(run, **explanations)
    write_training(run)
    for name in stages:
        STAGES[name](run, config)
    return run
