"""Stage `truth`: holds the results against what was planted in synthetic images."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from scipy.cluster.hierarchy import cophenet
from scipy.spatial.distance import squareform

from camtrap_jax.config import MAPS, Config
from camtrap_jax.explain.localisation import pointing_game
from camtrap_jax.explain.methods import TITLES
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import read_table, write_json
from camtrap_jax.study.planted import PlantedTruth, read_planted_truth
from camtrap_jax.study.planted_units import background_auroc, part_test, planted_cells

Check = dict[str, Any]

OUTLINE = 0.02  # of the frame's side: how far outside an animal its outline is still its own


def check_truth(run: RunFolder, config: Config) -> None:
    """Writes RUN/truth/truth.json: a list of checks; empty where the source planted no truth."""
    truth = read_planted_truth(run)
    checks: list[Check] = []
    if truth is not None:
        checks += attribution_checks(run, config, truth)
        checks += tree_checks(run, truth)
        checks += bias_checks(run, config, truth)
        checks += background_checks(run, truth)
        checks += unit_checks(run, config, truth)
        checks += novelty_checks(run)
        checks += label_checks(run, truth)
    write_json(run.root / "truth" / "truth.json", checks)


def attribution_checks(run: RunFolder, config: Config, truth: PlantedTruth) -> list[Check]:
    """Tells how often each map's maximum lies inside the animal's mask, or on its outline.

    Counted over the gallery's correctly classified test images; mislabelled frames are left out.
    """
    if not run.has_array("guided_grad_cam"):
        return []
    predicted = np.array(run.dataset.classes)[run.array("logits").argmax(-1)]
    by_id = run.index.assign(predicted=predicted).set_index("image_id")
    chosen = by_id.loc[run.maps_index["image_id"]].reset_index()
    honest = chosen["filepath"].map(truth.is_honest)
    correct = (chosen["predicted"] == chosen["species"]) & (chosen["split"] == "test")
    chosen = chosen[honest & correct]
    if chosen.empty:
        return []
    size_px, crop = config.model.image_size, config.data.crop_bottom
    masks = np.stack(
        [truth.mask(path, crop_bottom=crop, size_px=size_px) for path in chosen["filepath"]]
    )
    checks = []
    for name in MAPS:
        if run.has_array(name):
            rows = chosen["row"] if name == "grad_cam" else chosen.index
            maps = run.rows(name, rows.to_numpy()).astype(np.float32)
            checks += _pointing_checks(
                TITLES[name], maps if maps.ndim == 3 else np.abs(maps).max(-1), masks
            )
    return checks


def _pointing_checks(title: str, maps: np.ndarray, masks: np.ndarray) -> list[Check]:
    """Counts the maxima inside the masks, and those that miss them by an outline's width."""
    chance = f"by chance {(masks > 0).mean():.2f}, the mask's share of the frame"
    inside = pointing_game(maps, masks).mean()
    outline_px = max(1, round(OUTLINE * masks.shape[1]))
    near = pointing_game(maps, masks, tolerance_px=outline_px).mean()
    count = len(maps)
    return [
        _check(f"{title}: maximum inside the animal", inside, bound=0.8, count=count, note=chance),
        _check(f"{title}: inside, or within {outline_px} px of the outline", near, count=count),
    ]


def tree_checks(run: RunFolder, truth: PlantedTruth) -> list[Check]:
    """Compares the tree's cophenetic distances with the planted distances between traits."""
    planted = truth.values["trait_distance"]
    classes = run.dataset.classes
    if not planted or not set(classes) <= set(planted["species"]):
        return []
    table = read_table(run.root / "tree" / "linkage.csv")
    linkage = table[["left", "right", "distance", "leaves"]].to_numpy(float)
    order = [planted["species"].index(species) for species in classes]
    traits = np.array(planted["matrix"], float)[np.ix_(order, order)]
    pairs = squareform(traits, checks=False)
    correlation = np.asarray(stats.spearmanr(cophenet(linkage), pairs))[0]
    name = "tree: Spearman correlation of cophenetic and trait distances"
    return [_check(name, correlation, bound=0.4, count=len(pairs))]


def bias_checks(run: RunFolder, config: Config, truth: PlantedTruth) -> list[Check]:
    """Looks for the camera that a species was bound to in the patches of its top units."""
    patches = read_table(run.root / "units" / "patches.csv")
    checks = []
    for species, camera in truth.values["camera_bound"].items():
        own = patches.query("species == @species")
        if own.empty:
            continue
        elsewhere = patches[patches["species"] != species]
        at_camera = own["camera"] == camera
        usual = (elsewhere["camera"] == camera).mean()
        box = truth.values["cameras"][camera]["landmark_box"]
        on_landmark = at_camera & _centred_in(own, box, config)
        checks += [
            _check(
                f"patches of {species}: from its planted camera {camera}",
                at_camera.mean(),
                bound=0.8,
                count=len(own),
                note=f"{usual:.2f} of the other species' patches",
            ),
            _check(
                f"patches of {species}: centred on that camera's landmark",
                on_landmark.mean(),
                count=len(own),
            ),
        ]
    return checks


def background_checks(run: RunFolder, truth: PlantedTruth) -> list[Check]:
    """Looks for species and cameras that belong together at the head of the background's lists."""
    bound = truth.values["camera_bound"]
    checks = []
    species, cameras = set(bound), set(bound.values())
    for title, name, column, measure, planted in (
        ("background: planted species", "quality/background", "species", "by_place", species),
        ("background: planted camera", "quality/background_cameras", "camera", "by_place", cameras),
        ("units: planted species", "units/species", "species", "lost", species),
    ):
        path = run.root / f"{name}.csv"
        table = read_table(path) if path.exists() else pd.DataFrame()
        table = table.reindex(columns=[column, measure])  # an older table may lack the measure
        listed = table.loc[table[measure].notna(), column].tolist()
        ranks = sorted(listed.index(one) + 1 for one in planted.intersection(listed))
        if ranks:
            checks.append(
                _check(
                    f"{title} at the head of the list",
                    sum(rank <= len(ranks) for rank in ranks) / len(ranks),
                    bound=1.0,
                    count=len(ranks),
                    note=f"ranks {', '.join(map(str, ranks))} of {len(listed)}",
                )
            )
    return checks


def unit_checks(run: RunFolder, config: Config, truth: PlantedTruth) -> list[Check]:
    """Holds the top units against the telling parts, and the background's units against places."""
    if not (run.root / "units" / "background.csv").exists():
        return []
    cells = planted_cells(run, config, truth)
    found, expected, p_value = part_test(run, cells, patches=config.units.patches)
    checks = [
        _check(
            "units: top ones that respond to telling parts, over as many at random",
            found / expected if expected else float("nan"),
            count=found,
            note=f"by chance {expected:.1f} units; p {p_value:.2g} (hypergeometric)",
        )
    ]
    for name, (auroc, positives) in background_auroc(run, cells).items():
        if positives:
            checks.append(
                _check(
                    f"units: area under the ROC curve for those that respond to {name}",
                    auroc,
                    bound=0.9 if name == "a landmark" else None,
                    count=positives,
                )
            )
    return checks


def novelty_checks(run: RunFolder) -> list[Check]:
    """Compares the unfamiliarity of unknown and known species."""
    table = read_table(run.root / "novelty" / "unfamiliarity.csv")
    role = table["role"].to_numpy()
    means = table["mean"].to_numpy(float)
    is_above = (table["above_threshold"].astype(str) == "True").to_numpy()
    if not {"known", "unknown"} <= set(role):
        return []
    ratio = np.nanmean(means[role == "unknown"]) / np.nanmean(means[role == "known"])
    above = is_above[(role == "unknown") & ~np.isnan(means)]  # those that have images
    name = "novelty: unfamiliarity of unknown over known species"
    return [
        _check(name, float(ratio), bound=1.0, count=len(table)),
        _check(
            "novelty: unknown species above the threshold",
            float(above.mean()),
            count=len(above),
            note="the paper: 0.7",
        ),
    ]


def label_checks(run: RunFolder, truth: PlantedTruth) -> list[Check]:
    """Looks for the planted wrong labels among the suspected ones, and at the list's head.

    Those of images that were explained; a frame whose true species is none that the network knows
    counts, too, though nothing can be suggested for it.
    """
    known = run.index.loc[run.index["split"] != "unknown"]
    planted = [name for name, path in zip(known["image_id"], known["filepath"], strict=True)
               if truth.is_mislabelled(path)]  # fmt: skip
    if not planted:
        return []
    suspects = read_table(run.root / "evaluate" / "suspected_labels.csv")
    is_planted = suspects["image_id"].isin(planted).to_numpy(bool)
    count = len(planted)
    ranks = (np.flatnonzero(is_planted) + 1).tolist()
    note = f"{len(suspects)} suspected" + (f", the last at rank {ranks[-1]}" if ranks else "")
    return [
        _check(
            "labels: planted wrong ones that are suspected",
            len(ranks) / count,
            count=count,
            note=note,
        ),
        _check(
            f"labels: planted wrong ones among the {count} most suspected",
            float(is_planted[:count].sum()) / count,
            count=count,
        ),
    ]


def _centred_in(patches: pd.DataFrame, box: list[float], config: Config) -> pd.Series:
    """Tells which patches' centres lie in a box given relative to the whole frame."""
    half, side = patches["size"] / 2, config.model.image_size
    x = (patches["x"] + half) / side
    y = (patches["y"] + half) / side * (1 - config.data.crop_bottom)
    left, top, width, height = box
    return x.between(left, left + width) & y.between(top, top + height)


def _check(
    name: str, measured: float, *, count: int, bound: float | None = None, note: str = ""
) -> Check:
    """One row of the table; without a bound the figure is only reported."""
    expected = "reported" if bound is None else f"at least {bound:g}"
    return {
        "check": name,
        "expected": f"{expected}; {note}" if note else expected,
        "measured": round(float(measured), 4),
        "passed": None if bound is None else bool(measured >= bound),
        "count": count,
    }
