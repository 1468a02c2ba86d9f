"""Stage `quality`: every method's maps, held against the network, the animal and its parts."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable

import jax.numpy as jnp
import numpy as np

from camtrap_jax.config import Config
from camtrap_jax.data.batches.augment import normalise
from camtrap_jax.explain.faithfulness import pixel_importance, random_heatmaps
from camtrap_jax.models import load_weights
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import read_json
from camtrap_jax.study.console import Console
from camtrap_jax.study.network import build_network
from camtrap_jax.study.quality.background import write_background
from camtrap_jax.study.quality.conditions import (
    ByMethod,
    Subject,
    Values,
    along_the_path,
    groups_from_top,
    of_another_class,
    while_forgetting,
    with_noise,
)
from camtrap_jax.study.quality.maps import Judge, Maps
from camtrap_jax.study.quality.moving import move_animals
from camtrap_jax.study.quality.places import places_of
from camtrap_jax.study.quality.results import write_results
from camtrap_jax.study.quality.sample import Sample, draw_sample


def measure_quality(run: RunFolder, config: Config, console: Console) -> None:
    """Writes RUN/explain/quality.json, and in RUN/quality the tables behind it and background.csv.

    Raises:
      ValueError: there is no test image, or the weights do not fit the network.
    """
    sample = draw_sample(run, config)
    subject = _subject(run, config, sample)
    cells = read_json(run.root / "explain" / "explain.json")["map_shape"]
    maps = subject.explained[0] | _chance_maps(subject, cells, config.quality.seed)
    steps = 4 + len(groups_from_top(subject.variables["params"])) + len(maps)
    progress = _counter(console, steps)
    parts = [along_the_path(subject)]
    for condition in (of_another_class, with_noise):
        parts.append(condition(subject))
        progress()
    cascade: dict[str, ByMethod] = {}
    for group, alike in while_forgetting(subject):
        cascade[group] = alike
        progress()
    parts += cascade.values()  # what is found last, of all layers forgotten, counts
    for name, importance in maps.items():
        parts.append({name: _worth(subject, importance) | places_of(importance, sample.regions)})
        progress()
    moved = move_animals(run, config, subject.judge, subject.variables)
    progress()
    write_background(run, config, moved)
    write_results(run, config, sample, _merged(parts, maps), cascade)
    progress()


def _counter(console: Console, total: int) -> Callable[[], None]:
    """Returns a function that moves the display by a step."""
    move, steps = console.progress("quality", unit="steps"), itertools.count(1)
    return lambda: move(next(steps), total)


def _merged(parts: list[ByMethod], methods: Iterable[str]) -> ByMethod:
    values: ByMethod = {name: {} for name in methods}
    for part in parts:
        for name, of in part.items():
            values[name] |= of
    return values


def _subject(run: RunFolder, config: Config, sample: Sample) -> Subject:
    model = build_network(config, len(run.dataset.classes))
    images = np.asarray(normalise(jnp.asarray(sample.pixels)))
    return Subject(Judge(model, config), load_weights(run.weights, model), images)


def _chance_maps(subject: Subject, cells: list[int], seed: int) -> Maps:
    """Draws maps that know nothing, in the grain of heatmaps and in that of saliencies.

    A map's grain decides how much the holes in its pattern disturb a network.
    """
    count, height, width, _ = subject.images.shape
    rows, columns = cells
    shapes = {"random_heatmap": (rows, columns), "random_saliency": (height, width)}
    return {
        name: np.asarray(pixel_importance(random_heatmaps(seed, (count, *shape)), (height, width)))
        for name, shape in shapes.items()
    }


def _worth(subject: Subject, importance: np.ndarray) -> Values:
    return subject.judge.areas(
        subject.variables, subject.images, importance, subject.likeliest[:, 0]
    )
