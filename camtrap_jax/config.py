"""Every setting of a study, with its default, in one place.

A file in `configs/` returns a `Config` from `get_config()`; the command line overrides single
values (`--config.train.epochs=3`). The dataclasses are mutable because
`ml_collections.config_flags` sets overrides on them after construction. Annotations are types here,
not strings: config_flags parses by them (so no `from __future__ import annotations`).
"""

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any

BALANCES = ("none", "loss", "sampling")
NETWORKS = ("vgg16", "resnet50")
MAPS = ("grad_cam", "guided_backprop", "guided_grad_cam")
LINKAGES = ("average", "ward", "complete")
SPLITS = ("random", "sequence", "camera", "time")
FORMATS = ("auto", "folder", "csv", "coco_camera_traps", "camtrap_dp", "gorongosa", "tfds")
CONFLICTS = ("keep", "drop", "first")


@dataclass(slots=True, kw_only=True)
class SyntheticConfig:
    """Pictures with a planted truth, drawn when a study is given no images."""

    sprites: str = ""  # folder of RGBA cut-outs (alpha = mask); empty: the embedded drawings
    backgrounds: str = ""  # folder of photographs; empty: drawn backgrounds
    seed: int = 0
    images_per_species: int = 150  # mean over the known species; the abundance has a long tail
    image_size: int = 320  # width of a frame in px; frames are 4:3
    num_cameras: int = 12


@dataclass(slots=True, kw_only=True)
class DataConfig:
    """How source images become records."""

    format: str = "auto"
    boxes: str = ""  # MegaDetector results JSON: boxes for images whose source has none
    box_confidence: float = 0.2  # detections below are no boxes
    empty_labels: tuple[str, ...] = ()  # labels that mean no animal, besides those of data/labels
    excluded_labels: tuple[str, ...] = ()  # labels to set aside, besides those of data/labels
    num_known: int = 20  # the most abundant species; the rest are unknown to the network
    min_images: int = 3  # a known species with fewer is refused: it cannot be split
    split: str = "random"
    seed: int = 0
    conflicts: str = "keep"  # a picture under two labels: keep (the paper), drop, or the first
    burst_gap_sec: float = 2.0  # frames of a camera closer in time are one sequence; 0: no bursts
    near_duplicate_bits: int = 16  # of 256: pictures whose hashes differ in no more are alike
    crop_bottom: float = 0.07  # fraction of the height cut off: the information strip
    short_side: int = 256  # px of a record's short side; smaller images are kept as they are
    keep_exif: bool = False  # whether records keep the EXIF block, coordinates and all


@dataclass(slots=True, kw_only=True)
class ModelConfig:
    """Which network, and where its weights start."""

    name: str = "vgg16"
    width: float = 1.0  # multiplies every layer's number of channels
    image_size: int = 224  # px, square
    dropout: float = 0.5  # on VGG's two hidden dense layers
    dense_scale: float = 0.5  # of the same layers' initial weights; see make_model
    init_from: str = ""  # .npz of convolutions to start from; empty: random


@dataclass(slots=True, kw_only=True)
class TrainConfig:
    """Stochastic gradient descent with momentum, as the paper's group trains."""

    batch_size: int = 64
    epochs: int = 30
    learning_rate: float = 0.01  # of the trunk
    head_learning_rate: float = 0.01
    momentum: float = 0.9
    weight_decay: float = 5e-4
    decay_biases_and_norms: bool = True  # whether it acts on them, as it does in torch
    label_smoothing: float = 0.0  # how much of a label is spread evenly over all species
    class_balance: str = "none"  # none (the paper); loss: rarer species weigh more; sampling
    accumulate_steps: int = 1  # batches of whose gradients the mean is taken before one update
    compute_dtype: str = "float32"  # or bfloat16; parameters and statistics stay float32
    schedule: str = "step"  # step: a tenth after each third; cosine: to zero
    warmup_fraction: float = 0.0  # of all steps, linear from zero
    gradient_clip: float = 0.0  # largest global norm; 0: no clipping
    freeze_trunk: bool = False
    min_crop_area: float = 0.25  # random resized crop, fraction of the frame
    color_jitter: float = 0.4
    seed: int = 0
    eval_every_epochs: int = 1
    checkpoint_every_steps: int = 200
    num_workers: int = 0  # Grain worker processes; 0: threads only


@dataclass(slots=True, kw_only=True)
class ExplainConfig:
    """What the one pass over the images stores."""

    batch_size: int = 32
    maps: tuple[str, ...] = MAPS
    images: str = "gallery"  # the guided maps of which images: gallery or all
    target: str = "predicted"
    gallery_per_species: int = 9  # test images a species whose guided maps are stored
    gallery_mistakes: int = 24  # and so many misclassified test images over all species
    show_people: bool = False  # whether galleries and patches may show frames with people
    seed: int = 0


@dataclass(slots=True, kw_only=True)
class EvaluateConfig:
    """Accuracy with intervals."""

    bootstrap_rounds: int = 1000
    seed: int = 0


@dataclass(slots=True, kw_only=True)
class UnitsConfig:
    """Mutual information between units and species, and the patches of the top units."""

    images_per_species: int = 300
    num_bins: int = 10
    response: str = "max"
    top_units: int = 5
    patches: int = 9
    patch_px: int = 60  # of a 224 px input; scaled in proportion for other sizes
    any_sign: bool = False
    permutations: int = 100
    seed: int = 0


@dataclass(slots=True, kw_only=True)
class TreeConfig:
    """Centroids of species and their hierarchical clustering."""

    images_per_species: int = 300
    linkage: str = "average"
    bootstrap_rounds: int = 200
    seed: int = 0


@dataclass(slots=True, kw_only=True)
class NoveltyConfig:
    """Relative unfamiliarity."""

    rounds: int = 10
    images_per_round: int = 20
    neighbours: int = 10
    seed: int = 0


@dataclass(slots=True, kw_only=True)
class ReportConfig:
    """How much the HTML page shows."""

    title: str = "Camera-trap study"
    panels_per_species: int = 2
    mistakes: int = 12


@dataclass(slots=True, kw_only=True)
class Config:
    """A whole study."""

    synthetic: SyntheticConfig = field(default_factory=SyntheticConfig)
    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    train: TrainConfig = field(default_factory=TrainConfig)
    explain: ExplainConfig = field(default_factory=ExplainConfig)
    evaluate: EvaluateConfig = field(default_factory=EvaluateConfig)
    units: UnitsConfig = field(default_factory=UnitsConfig)
    tree: TreeConfig = field(default_factory=TreeConfig)
    novelty: NoveltyConfig = field(default_factory=NoveltyConfig)
    report: ReportConfig = field(default_factory=ReportConfig)


def config_to_dict(config: Config) -> dict[str, Any]:
    """Returns the settings as nested dictionaries that JSON can hold."""
    return dataclasses.asdict(config)


def config_from_dict(values: dict[str, Any]) -> Config:
    """Builds a `Config` from `config_to_dict`'s form.

    Raises:
      ValueError: a section or setting does not exist in this version.
    """
    config = Config()
    problems = []
    for section, settings in values.items():
        if not hasattr(config, section):
            problems.append(section)
            continue
        target = getattr(config, section)
        for name, value in settings.items():
            if not hasattr(target, name):
                problems.append(f"{section}.{name}")
                continue
            setattr(target, name, tuple(value) if isinstance(value, list) else value)
    if problems:
        raise ValueError(
            f"config: unknown settings {', '.join(problems)}; written by another version? "
            "--overwrite starts afresh"
        )
    return config


def config_differences(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Lists the settings that differ, as `section.name: old -> new`, sections in order."""
    return [
        f"{section}.{name}: {before.get(name)!r} -> {after.get(name)!r}"
        for section, after in new.items()
        for before in [old.get(section, {})]
        for name in sorted({*before, *after})
        if _plain(before.get(name)) != _plain(after.get(name))
    ]


def validate(config: Config, *, for_training: bool = True) -> None:
    """Checks every setting.

    Args:
      config: all settings.
      for_training: whether what a network starts from has to be there, too.

    Raises:
      ValueError: one line for each problem, all of them at once.
    """
    problems = [*_choices(config), *_ranges(config)]
    if for_training and config.train.freeze_trunk and not config.model.init_from:
        problems.append("train.freeze_trunk: needs model.init_from; a random trunk learns nothing")
    if bool(config.synthetic.sprites) != bool(config.synthetic.backgrounds):
        problems.append("synthetic: sprites and backgrounds go together; give both or neither")
    problems += [
        f"explain.maps: expected some of {', '.join(MAPS)}, got {name!r}"
        for name in config.explain.maps
        if name not in MAPS
    ]
    if problems:
        raise ValueError("config: " + "; ".join(problems))


def _choices(config: Config) -> list[str]:
    allowed = {
        "data.format": (config.data.format, FORMATS),
        "data.split": (config.data.split, SPLITS),
        "data.conflicts": (config.data.conflicts, CONFLICTS),
        "model.name": (config.model.name, NETWORKS),
        "train.schedule": (config.train.schedule, ("step", "cosine")),
        "train.class_balance": (config.train.class_balance, BALANCES),
        "train.compute_dtype": (config.train.compute_dtype, ("float32", "bfloat16")),
        "explain.images": (config.explain.images, ("gallery", "all")),
        "explain.target": (config.explain.target, ("predicted", "true")),
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
        "train.min_crop_area": (config.train.min_crop_area, 0.01, 1.0),
        "train.color_jitter": (config.train.color_jitter, 0.0, 1.0),
        "train.eval_every_epochs": (config.train.eval_every_epochs, 1, None),
        "train.checkpoint_every_steps": (config.train.checkpoint_every_steps, 1, None),
        "train.num_workers": (config.train.num_workers, 0, None),
        "explain.batch_size": (config.explain.batch_size, 1, None),
        "explain.gallery_per_species": (config.explain.gallery_per_species, 0, None),
        "explain.gallery_mistakes": (config.explain.gallery_mistakes, 0, None),
        "evaluate.bootstrap_rounds": (config.evaluate.bootstrap_rounds, 1, None),
        "units.images_per_species": (config.units.images_per_species, 1, None),
        "units.num_bins": (config.units.num_bins, 2, None),
        "units.top_units": (config.units.top_units, 1, None),
        "units.patches": (config.units.patches, 1, None),
        "units.patch_px": (config.units.patch_px, 1, 224),
        "units.permutations": (config.units.permutations, 0, None),
        "tree.images_per_species": (config.tree.images_per_species, 1, None),
        "tree.bootstrap_rounds": (config.tree.bootstrap_rounds, 0, None),
        "novelty.rounds": (config.novelty.rounds, 1, None),
        "novelty.images_per_round": (config.novelty.images_per_round, 1, None),
        "novelty.neighbours": (config.novelty.neighbours, 1, None),
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


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
