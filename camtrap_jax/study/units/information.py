"""What each unit tells about each species, how sure that is, and what top units share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
import pandas as pd

from camtrap_jax import units
from camtrap_jax.config import UnitsConfig
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.study.sample import resampled_rows, rows_of, sequence_codes


@dataclass(frozen=True)
class Sample:
    """The balanced training sample that a stage looks at; one entry an image."""

    rows: np.ndarray  # of the arrays
    labels: np.ndarray  # class indices
    bursts: np.ndarray  # number of each image's burst
    responses: np.ndarray  # [images, units]
    bins: units.Bins  # where the responses are cut


@dataclass(frozen=True)
class Information:
    """What each unit tells about each species; all arrays [units, species], nan where not asked."""

    nats: np.ndarray
    corrected: np.ndarray
    sign: np.ndarray
    p_value: np.ndarray
    q_value: np.ndarray
    neighbours: np.ndarray  # the estimate without bins
    low: np.ndarray  # of the interval around `corrected`
    high: np.ndarray
    top_share: np.ndarray  # of the rounds in which the unit is among the species' top units


def make_bins(responses: np.ndarray, settings: UnitsConfig) -> units.Bins:
    """Cuts the responses as the settings say."""
    if settings.edges:
        return units.given_bins(settings.edges, num_units=responses.shape[1])
    cut = units.width_bins if settings.binning == "width" else units.frequency_bins
    used = jnp.ones(len(responses), bool)
    return cut(jnp.asarray(responses), used, num_bins=settings.num_bins)


def measure_information(
    run: RunFolder, responses: np.ndarray, sample: Sample, settings: UnitsConfig
) -> Information:
    """Estimates the information of the sample, and repeats it on fresh draws.

    Args:
      run: the run.
      responses: of all explained images.
      sample: the one that is reported.
      settings: how.
    """
    classes = {"num_classes": len(run.classes)}
    given = {**classes, "bins": sample.bins}
    counts = units.count_responses(sample.responses, sample.labels, **given)
    cells = counts.cells.astype(np.float64)
    undefined = np.full((responses.shape[1], len(run.classes)), np.nan)
    p_value = neighbours = undefined
    if settings.permutations:
        p_value = units.permutation_p_values(
            sample.responses,
            sample.labels,
            groups=sample.bursts,
            permutations=settings.permutations,
            seed=settings.seed,
            **given,
        )
    if settings.neighbours:
        on_device, labels = jnp.asarray(sample.responses), jnp.asarray(sample.labels)
        found = units.neighbour_information(on_device, labels, k=settings.neighbours, **classes)
        neighbours = np.asarray(found)
    corrected = units.corrected_of_counts(cells)
    low, high, top_share = _repeated(run, responses, corrected, settings)
    return Information(
        units.information_of_counts(cells),
        corrected,
        units.sign_of_counts(counts),
        p_value,
        units.false_discovery_rates(p_value),
        neighbours,
        low,
        high,
        top_share,
    )


def _repeated(
    run: RunFolder, responses: np.ndarray, corrected: np.ndarray, settings: UnitsConfig
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Interval of the corrected information, and how often each unit is a top one, over rounds.

    The interval is the basic one, `2 estimate - quantile`: a sample drawn with replacement looks
    more certain than it is, so that its information lies too high once more.
    """
    if not settings.rounds:
        undefined = np.full(corrected.shape, np.nan)
        return undefined, undefined, undefined
    found, is_top = [], np.zeros(corrected.shape)
    for rows, labels in _draws(run, settings):
        drawn = responses[rows]
        counts = units.count_responses(
            drawn, labels, make_bins(drawn, settings), num_classes=len(run.classes)
        )
        cells = counts.cells.astype(np.float64)
        found.append(units.corrected_of_counts(cells))
        top = ranked(units.information_of_counts(cells), units.sign_of_counts(counts), settings)
        for label, best in enumerate(top):
            is_top[best[best >= 0], label] += 1
    upper, lower = np.quantile(found, [0.975, 0.025], axis=0)
    low, high = (np.maximum(2 * corrected - end, 0) for end in (upper, lower))
    return low, high, is_top / settings.rounds


def ranked(nats: np.ndarray, sign: np.ndarray, settings: UnitsConfig) -> np.ndarray:
    """Names the top units of each species, [species, ranks]; -1 where there is none."""
    return units.top_units(nats, sign, count=settings.top_units, any_sign=settings.any_sign)


def _draws(run: RunFolder, settings: UnitsConfig) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yields fresh balanced samples: whole bursts with replacement, as many images as the first."""
    index = run.index
    bursts = pd.Series(sequence_codes(index), index=index["row"])
    available = [rows_of(index, species, "train") for species in run.classes]
    for number in range(settings.rounds):
        rows = [
            resampled_rows(
                of_species,
                bursts.loc[of_species].to_numpy(),
                min(len(of_species), settings.images_per_species),
                [settings.seed, number, label],
            )
            for label, of_species in enumerate(available)
        ]
        yield np.concatenate(rows), np.repeat(np.arange(len(rows)), [len(part) for part in rows])


def redundancy_table(sample: Sample, top: np.ndarray, classes: list[str]) -> pd.DataFrame:
    """Compares the top units of each species with one another, pair by pair."""
    bins = np.asarray(units.bin_of(jnp.asarray(sample.responses), sample.bins))
    rows = []
    for label, species in enumerate(classes):
        best = top[label][top[label] >= 0]
        for first, one in enumerate(best):
            for other in best[first + 1 :]:
                found = units.unit_redundancy(bins[:, one], bins[:, other], sample.labels == label)
                rows.append({"species": species, "unit": one, "other": other, **found._asdict()})
    columns = ["species", "unit", "other", *units.Redundancy._fields]
    return pd.DataFrame(rows, columns=columns)
