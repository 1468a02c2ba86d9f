"""The files of stage `quality`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from camtrap_jax.config import Config
from camtrap_jax.evaluation import bootstrap_interval
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import write_json, write_table
from camtrap_jax.study.quality.conditions import ByMethod, Values
from camtrap_jax.study.quality.places import shares_of
from camtrap_jax.study.quality.sample import Sample

INTERVAL = "95 % percentile bootstrap over the images"


def write_results(
    run: RunFolder,
    config: Config,
    sample: Sample,
    values: ByMethod,
    cascade: dict[str, ByMethod],
) -> None:
    """Writes quality.json, and as tables the means, each image's values, and the cascade.

    Args:
      run: the run.
      config: its settings.
      sample: the images.
      values: of each method and measure.
      cascade: the similarities after each group of layers was forgotten.
    """
    settings, folder = config.quality, run.root / "quality"
    methods = {name: _summaries(of, config) for name, of in values.items()}
    means = {name: {key: one["value"] for key, one in of.items()} for name, of in methods.items()}
    write_table(folder / "methods.csv", _table(means))
    images = {
        name: pd.DataFrame({"image_id": sample.images["image_id"], "method": name, **of})
        for name, of in values.items()
    }
    write_table(folder / "images.csv", pd.concat(images.values(), ignore_index=True))
    write_table(folder / "cascade.csv", _cascade_table(cascade))
    write_json(
        run.root / "explain" / "quality.json",
        {
            "images": len(sample.images),
            "species": len(set(sample.labels.tolist())),
            "interval": INTERVAL,
            "bootstrap_rounds": settings.bootstrap_rounds,
            "seed": settings.seed,
            "steps": settings.steps,
            "noise": settings.noise,
            "shares": _summaries(shares_of(sample.regions), config),
            "methods": methods,
        },
    )


def _summaries(values: Values, config: Config) -> dict[str, dict[str, Any]]:
    """Returns each measure's mean over the images of which it is defined, with its interval."""
    settings, found = config.quality, {}
    for name, of in values.items():
        known = of[np.isfinite(of)]
        low, high = bootstrap_interval(
            lambda weights, known=known: weights @ known / len(known),
            np.zeros(len(known), np.int64),
            rounds=settings.bootstrap_rounds,
            seed=settings.seed,
        )
        mean = float(known.mean()) if len(known) else np.nan
        found[name] = {"value": mean, "low": low, "high": high, "images": len(known)}
    return found


def _table(means: dict[str, dict[str, float]]) -> pd.DataFrame:
    """Methods by measures, both in the order in which they first come."""
    return pd.DataFrame([{"method": name, **of} for name, of in means.items()])


def _cascade_table(cascade: dict[str, ByMethod]) -> pd.DataFrame:
    rows = [
        {
            "method": method,
            "forgotten": group,
            **{name: known_mean(of) for name, of in values.items()},
        }
        for group, by_method in cascade.items()
        for method, values in by_method.items()
    ]
    return pd.DataFrame(rows)


def known_mean(values: np.ndarray) -> float:
    """Averages what is no nan; nan where nothing is left."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else np.nan
