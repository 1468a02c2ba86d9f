"""Stage `quality`: every method's maps, held against the network, the animal and its parts."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from camtrap_jax.config import Config
from camtrap_jax.data.batches.augment import normalise
from camtrap_jax.explain.faithfulness import pixel_importance, random_heatmaps
from camtrap_jax.explain.targets import PREDICTED, RUNNER_UP
from camtrap_jax.models import load_weights
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import read_json
from camtrap_jax.study.console import Console
from camtrap_jax.study.network import build_network
from camtrap_jax.study.quality.conditions import (
    ByMethod,
    Maps,
    Subject,
    Values,
    along_the_path,
    groups_from_top,
    of_another_class,
    while_forgetting,
    with_noise,
)
from camtrap_jax.study.quality.maps import Judge
from camtrap_jax.study.quality.places import places_of
from camtrap_jax.study.quality.results import write_results
from camtrap_jax.study.quality.sample import Sample, draw_sample

# A map's grain decides how much holes in its pattern disturb a network: so chance has two.
CHANCE = ("random_heatmap", "random_saliency")


def measure_quality(run: RunFolder, config: Config, console: Console) -> None:
    """Writes RUN/explain/quality.json, and RUN/quality: methods.csv, images.csv, cascade.csv.

    Raises:
      ValueError: there is no test image, or the weights do not fit the network.
    """
    sample = draw_sample(run, config)
    subject = _subject(run, config, sample)
    values: ByMethod = {name: {} for name in (*subject.maps, *CHANCE)}
    cascade: dict[str, ByMethod] = {}
    parts = [of_another_class(subject), with_noise(subject), along_the_path(subject)]
    steps = len(groups_from_top(subject.variables["params"])) + len(values)
    progress = console.progress("quality", unit="steps")
    group = ""
    for group, alike in while_forgetting(subject):
        cascade[group] = alike
        progress(len(cascade), steps)
    parts.append(cascade[group])  # of the network that has forgotten everything
    cells = read_json(run.root / "explain" / "explain.json")["map_shape"]
    maps = subject.maps | _chance_maps(subject, cells, config.quality.seed)
    for number, (name, importance) in enumerate(maps.items(), start=len(cascade) + 1):
        parts.append({name: _worth(subject, importance) | places_of(importance, sample.regions)})
        progress(number, steps)
    for part in parts:
        for name, of in part.items():
            values[name] |= of
    write_results(run, config, sample, values, cascade)


def _subject(run: RunFolder, config: Config, sample: Sample) -> Subject:
    model = build_network(config, len(run.dataset.classes))
    variables = load_weights(run.weights, model)
    images = np.asarray(normalise(jnp.asarray(sample.pixels)))
    judge = Judge(model, config)
    wanted = np.tile(np.array([PREDICTED, RUNNER_UP], np.int32), (len(images), 1))
    maps, facts = judge.maps(variables, images, wanted)
    first, second = ({name: of[:, one] for name, of in maps.items()} for one in (0, 1))
    return Subject(judge, variables, images, facts["targets"], first, second, facts)


def _chance_maps(subject: Subject, cells: list[int], seed: int) -> Maps:
    """Draws maps that know nothing, in the grain of heatmaps and in that of saliencies."""
    count, height, width, _ = subject.images.shape
    rows, columns = cells
    shapes = {"random_heatmap": (rows, columns), "random_saliency": (height, width)}
    return {
        name: np.asarray(pixel_importance(random_heatmaps(seed, (count, *shape)), (height, width)))
        for name, shape in shapes.items()
    }


def _worth(subject: Subject, importance: np.ndarray) -> Values:
    return subject.judge.areas(subject.variables, subject.images, importance, subject.targets[:, 0])
