"""What every setting may be, and which do not go together."""

from __future__ import annotations

import itertools
import math

import numpy as np

from camtrap_jax.config import (
    BALANCES,
    CONFLICTS,
    FINAL_WEIGHTS,
    FORMATS,
    LINKAGES,
    METHODS,
    NETWORKS,
    SPLITS,
    Config,
    config_to_dict,
)

MAX_EDGES = 254  # bins are numbered in a byte


def validate(config: Config, *, for_training: bool = True) -> None:
    """Checks every setting.

    Args:
      config: all settings.
      for_training: whether what a network starts from has to be there, too.

    Raises:
      ValueError: one line for each problem, all of them at once.
    """
    problems = problems_of(config, for_training=for_training)
    if problems:
        raise ValueError("config: " + "; ".join(problems))


def problems_of(config: Config, *, for_training: bool = True) -> list[str]:
    """Lists what is wrong with the settings, as `validate` says it."""
    problems = _types(config)
    if problems:  # no number can be compared with a word
        return problems
    problems = [*_choices(config), *_ranges(config)]
    problems += _combinations(config) if for_training else []
    if bool(config.synthetic.sprites) != bool(config.synthetic.backgrounds):
        problems.append("synthetic: sprites and backgrounds go together; give both or neither")
    problems += _edges(config.units.edges)
    problems += [
        f"{name}: expected 0 for none, or at least 2, as one draw makes no interval; got 1"
        for name, rounds in (
            ("units.rounds", config.units.rounds),
            ("tree.bootstrap_rounds", config.tree.bootstrap_rounds),
        )
        if rounds == 1
    ]
    problems += [
        f"{setting}: expected some of {', '.join(METHODS)}, got {name!r}"
        for setting, names in (
            ("explain.maps", config.explain.maps),
            ("quality.methods", config.quality.methods),
        )
        for name in names
        if name not in METHODS
    ]
    return problems


def _edges(edges: tuple[float, ...]) -> list[str]:
    """Checks that edges of bins are few enough and rise, in float32 as the responses."""
    if len(edges) > MAX_EDGES:
        return [f"units.edges: expected at most {MAX_EDGES} numbers, got {len(edges)}"]
    largest = float(np.finfo(np.float32).max)
    # Compared, not converted: that would overflow. No comparison with nan holds.
    are_held = all(isinstance(edge, int | float) and abs(edge) <= largest for edge in edges)
    rounded = [float(np.float32(edge)) for edge in edges] if are_held else []
    if are_held and all(low < high for low, high in itertools.pairwise(rounded)):
        return []
    return [
        f"units.edges: expected rising numbers that float32 can hold and tell apart (up to "
        f"{largest:.2g}), got {edges}"
    ]


def _types(config: Config) -> list[str]:
    """Compares each value with its default; a whole number is a float, too."""
    defaults, problems = config_to_dict(Config()), []
    for section, settings in config_to_dict(config).items():
        for name, value in settings.items():
            kind = type(defaults[section][name])
            allowed = (int, float) if kind is float else kind
            if not isinstance(value, allowed) or (isinstance(value, bool) and kind is not bool):
                problems.append(f"{section}.{name}: expected {kind.__name__}, got {value!r}")
    return problems


def _combinations(config: Config) -> list[str]:
    """Names settings of training that go together, and one of which is missing."""
    settings, problems = config.train, []
    if settings.frozen_stages and not config.model.init_from:
        problems.append("train.frozen_stages: needs model.init_from; random stages learn nothing")
    if settings.reused_views and not settings.frozen_stages:
        problems.append("train.reused_views: needs train.frozen_stages; other maps change")
    return problems


def _choices(config: Config) -> list[str]:
    allowed = {
        "data.format": (config.data.format, FORMATS),
        "data.split": (config.data.split, SPLITS),
        "data.conflicts": (config.data.conflicts, CONFLICTS),
        "model.name": (config.model.name, NETWORKS),
        "train.schedule": (config.train.schedule, ("step", "cosine")),
        "train.class_balance": (config.train.class_balance, BALANCES),
        "train.final_weights": (config.train.final_weights, FINAL_WEIGHTS),
        "train.compute_dtype": (config.train.compute_dtype, ("float32", "bfloat16")),
        "explain.images": (config.explain.images, ("gallery", "all")),
        "units.binning": (config.units.binning, ("frequency", "width")),
        "units.response": (config.units.response, ("max", "mean")),
        "tree.linkage": (config.tree.linkage, LINKAGES),
    }
    return [
        f"{name}: expected one of {', '.join(choices)}, got {value!r}"
        for name, (value, choices) in allowed.items()
        if value not in choices
    ]


def _ranges(config: Config) -> list[str]:
    """Checks numbers against closed intervals; None is an open end."""
    limits: dict[str, tuple[float, float | None, float | None]] = {
        "synthetic.images_per_species": (config.synthetic.images_per_species, 10, None),
        "synthetic.image_size": (config.synthetic.image_size, 96, 4096),
        "synthetic.num_cameras": (config.synthetic.num_cameras, 3, 99),
        "data.box_confidence": (config.data.box_confidence, 0.0, 1.0),
        "data.num_known": (config.data.num_known, 2, None),
        "data.burst_gap_sec": (config.data.burst_gap_sec, 0.0, None),
        "data.near_duplicate_bits": (config.data.near_duplicate_bits, 0, 128),
        "data.crop_bottom": (config.data.crop_bottom, 0.0, 0.5),
        "data.short_side": (config.data.short_side, 32, None),
        "data.min_images": (config.data.min_images, 3, None),
        "model.width": (config.model.width, 0.01, 4.0),
        "model.image_size": (config.model.image_size, 32, None),
        "model.dropout": (config.model.dropout, 0.0, 0.95),
        "model.dense_scale": (config.model.dense_scale, 0.001, 1.0),
        "train.batch_size": (config.train.batch_size, 1, None),
        "train.epochs": (config.train.epochs, 1, None),
        "train.learning_rate": (config.train.learning_rate, 0.0, None),
        "train.head_learning_rate": (config.train.head_learning_rate, 0.0, None),
        "train.momentum": (config.train.momentum, 0.0, 0.9999),
        "train.weight_decay": (config.train.weight_decay, 0.0, None),
        "train.label_smoothing": (config.train.label_smoothing, 0.0, 0.99),
        "train.accumulate_steps": (config.train.accumulate_steps, 1, None),
        "train.warmup_fraction": (config.train.warmup_fraction, 0.0, 0.9),
        "train.gradient_clip": (config.train.gradient_clip, 0.0, None),
        "train.frozen_stages": (config.train.frozen_stages, 0, 5),
        "train.reused_views": (config.train.reused_views, 0, None),
        "train.average_decay": (config.train.average_decay, 0.0, 0.999999),
        "train.patience": (config.train.patience, 0, None),
        "train.min_crop_area": (config.train.min_crop_area, 0.01, 1.0),
        "train.color_jitter": (config.train.color_jitter, 0.0, 1.0),
        "train.eval_every_epochs": (config.train.eval_every_epochs, 1, None),
        "train.checkpoint_every_steps": (config.train.checkpoint_every_steps, 1, None),
        "train.num_workers": (config.train.num_workers, 0, None),
        "explain.batch_size": (config.explain.batch_size, 1, None),
        "explain.gallery_per_species": (config.explain.gallery_per_species, 0, None),
        "explain.gallery_mistakes": (config.explain.gallery_mistakes, 0, None),
        "explain.noise_samples": (config.explain.noise_samples, 1, None),
        "explain.noise": (config.explain.noise, 0.0, 10.0),
        "explain.path_steps": (config.explain.path_steps, 1, None),
        "explain.occlusion_px": (config.explain.occlusion_px, 1, 224),
        "explain.occlusion_stride_px": (config.explain.occlusion_stride_px, 1, 224),
        "quality.images": (config.quality.images, 1, None),
        "quality.steps": (config.quality.steps, 1, None),
        "quality.noise": (config.quality.noise, 0.0, 10.0),
        "quality.moved_images": (config.quality.moved_images, 0, None),
        "quality.backgrounds": (config.quality.backgrounds, 1, None),
        "quality.bootstrap_rounds": (config.quality.bootstrap_rounds, 2, None),
        "human.images_per_species": (config.human.images_per_species, 1, None),
        "human.agreement": (config.human.agreement, 1, None),
        "human.min_images": (config.human.min_images, 1, None),
        "human.decoys": (config.human.decoys, 0, None),
        "human.bootstrap_rounds": (config.human.bootstrap_rounds, 2, None),
        "evaluate.bootstrap_rounds": (config.evaluate.bootstrap_rounds, 2, None),
        "evaluate.permutations": (config.evaluate.permutations, 1, None),
        "evaluate.neighbours": (config.evaluate.neighbours, 1, None),
        "units.images_per_species": (config.units.images_per_species, 1, None),
        "units.num_bins": (config.units.num_bins, 2, 255),
        "units.neighbours": (config.units.neighbours, 0, 100),
        "units.rounds": (config.units.rounds, 0, None),
        "units.camera_permutations": (config.units.camera_permutations, 1, None),
        "units.significance": (config.units.significance, 0.0, 1.0),
        "units.top_units": (config.units.top_units, 1, None),
        "units.patches": (config.units.patches, 1, None),
        "units.patch_px": (config.units.patch_px, 1, 224),
        "units.permutations": (config.units.permutations, 0, None),
        "tree.images_per_species": (config.tree.images_per_species, 1, None),
        "tree.bootstrap_rounds": (config.tree.bootstrap_rounds, 0, None),
        "tree.clusters": (config.tree.clusters, 1, None),
        "tree.permutations": (config.tree.permutations, 0, None),
        "tree.embedded_images": (config.tree.embedded_images, 0, None),
        "novelty.rounds": (config.novelty.rounds, 1, None),
        "novelty.images_per_round": (config.novelty.images_per_round, 1, None),
        "novelty.neighbours": (config.novelty.neighbours, 1, None),
        "novelty.vim_dim": (config.novelty.vim_dim, 0, None),
        "novelty.bootstrap_rounds": (config.novelty.bootstrap_rounds, 2, None),
        "novelty.review": (config.novelty.review, 0, None),
        "report.panels_per_species": (config.report.panels_per_species, 0, None),
        "report.mistakes": (config.report.mistakes, 0, None),
        **{f"{name}.seed": (seed, 0, None) for name, seed in _seeds(config).items()},
    }
    problems = []
    for name, (value, low, high) in limits.items():
        too_low = low is not None and not value >= low  # also catches nan
        too_high = value == math.inf or (high is not None and not value <= high)
        if too_low or too_high:
            end = " and less than infinity" if value == math.inf else ""
            upper = end if high is None else f" and at most {high}"
            problems.append(f"{name}: expected at least {low}{upper}, got {value}")
    return problems


def _seeds(config: Config) -> dict[str, int]:
    return {
        name: settings["seed"]
        for name, settings in config_to_dict(config).items()
        if "seed" in settings
    }
