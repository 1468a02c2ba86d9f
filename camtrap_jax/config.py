"""Every setting of a study, with its default, in one place.

A file in `configs/` returns a `Config` from `get_config()`; the command line overrides single
values (`--config.train.epochs=3`). The dataclasses are mutable because
`ml_collections.config_flags` sets overrides on them after construction. Annotations are types here,
not strings: config_flags parses by them (so no `from __future__ import annotations`).
"""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

BALANCES = ("none", "loss", "sampling")
NETWORKS = ("vgg16", "resnet50")
FINAL_WEIGHTS = ("last", "best")
MAPS = ("grad_cam", "guided_backprop", "guided_grad_cam")  # the paper's
SINGLE_PASS_METHODS = (
    *MAPS,
    "grad_cam_plus_plus",
    "hires_cam",
    "layer_cam",
    "xgrad_cam",
    "gradient",
    "gradient_x_input",
)
GRADIENT_METHODS = (*SINGLE_PASS_METHODS, "smooth_grad", "integrated_gradients")
METHODS = (*GRADIENT_METHODS, "score_cam", "occlusion")  # the last two: hundreds of forward passes
TARGETS = ("predicted", "true", "runner_up", "contrast")  # or a species
LINKAGES = ("average", "ward", "complete", "single")
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
    frozen_stages: int = 0  # of the trunk's five, from the image on, that stay as they start
    reused_views: int = 0  # views of an image whose frozen maps are computed once; 0: always anew
    average_decay: float = (
        0.0  # of a running mean of the weights, which is then the result; 0: none
    )
    patience: int = 0  # evaluations without a better one after which training ends; 0: never
    final_weights: str = "last"  # or best: those of the best evaluation
    min_crop_area: float = 0.25  # random resized crop, fraction of the frame
    color_jitter: float = 0.4
    seed: int = 0
    eval_every_epochs: int = 1
    checkpoint_every_steps: int = 200
    num_workers: int = 0  # Grain worker processes; 0: threads only
    tensorboard: bool = False  # whether the log is written as TensorBoard's event files, too


@dataclass(slots=True, kw_only=True)
class ExplainConfig:
    """What the one pass over the images stores."""

    batch_size: int = 32
    maps: tuple[str, ...] = MAPS
    layer: str = ""  # whose units and class activation maps; empty: the last convolutional one
    images: str = "gallery"  # the input-shaped maps of which images: gallery or all
    # predicted, true, runner_up, or a species; contrast: what speaks for the true species and
    # against the predicted one, or where that is right, against its runner-up.
    target: str = "predicted"
    noise_samples: int = 16  # noisy copies of an image for smooth_grad
    noise: float = 0.15  # their standard deviation, as a fraction of the image's range
    path_steps: int = 16  # points of integrated_gradients
    occlusion_px: int = 32  # side of the square that occlusion hides, of a 224 px input
    occlusion_stride_px: int = 16  # from one square to the next
    gallery_per_species: int = 9  # test images a species whose guided maps are stored
    gallery_mistakes: int = 24  # and so many misclassified test images over all species
    show_people: bool = False  # whether galleries and patches may show frames with people
    seed: int = 0


@dataclass(slots=True, kw_only=True)
class QualityConfig:
    """How far each method's maps can be trusted, measured on test images."""

    methods: tuple[str, ...] = GRADIENT_METHODS
    images: int = 60  # test images, spread over the species
    steps: int = 10  # of the insertion and deletion curves
    noise: float = 0.05  # on the images, as a fraction of their range: do the maps stay?
    moved_images: int = 20  # test images a species, whose animals are moved to other backgrounds
    backgrounds: int = 3  # of other cameras that each is moved to, and as many of its own
    bootstrap_rounds: int = 1000
    seed: int = 0


@dataclass(slots=True, kw_only=True)
class EvaluateConfig:
    """Accuracy with intervals, confusions, and labels in doubt."""

    bootstrap_rounds: int = 1000
    permutations: int = 1000  # of the species, to test confusion against distance
    neighbours: int = 20  # images of other bursts that vote on a label
    seed: int = 0


@dataclass(slots=True, kw_only=True)
class UnitsConfig:
    """Mutual information between units and species, and the patches of the top units."""

    images_per_species: int = 300
    response: str = "max"
    binning: str = "frequency"  # equally many responses a bin, or equal width
    num_bins: int = 10
    edges: tuple[float, ...] = ()  # of the bins of all units, in place of those
    neighbours: int = 3  # of the estimate without bins; 0: none
    top_units: int = 5
    any_sign: bool = False
    permutations: int = 100  # of the species, for p-values
    rounds: int = 50  # fresh samples, for intervals and how often top units are so again
    camera_permutations: int = 40  # of cameras and of species, for what units know of the place
    significance: float = 0.05  # p-values up to it decide between animal and background
    patches: int = 9
    patch_px: int = 60  # of a 224 px input; scaled in proportion for other sizes
    one_per_burst: bool = False  # whether a burst gives a unit one patch only
    original_patches: bool = False  # whether patches are cut out of the source's pictures, too
    seed: int = 0


@dataclass(slots=True, kw_only=True)
class TreeConfig:
    """Centroids of species and their hierarchical clustering."""

    images_per_species: int = 300
    linkage: str = "average"
    bootstrap_rounds: int = 200
    clusters: int = 3  # that the tree is cut into, as many as the paper colours
    taxonomy: str = ""  # Newick or CSV file that the tree is compared with; empty: none
    permutations: int = 1000  # of the species, to test that comparison
    embedded_images: int = 20  # images a species that are laid out in a plane; 0: none
    seed: int = 0


@dataclass(slots=True, kw_only=True)
class NoveltyConfig:
    """Relative unfamiliarity, and other scores that tell unknown species from known ones."""

    rounds: int = 10
    images_per_round: int = 20
    neighbours: int = 10
    vim_dim: int = 0  # directions of ViM's principal subspace; 0: by the number of features
    near: tuple[str, ...] = ()  # unknown species that resemble a known one; empty: by the features
    bootstrap_rounds: int = 1000
    review: int = 50  # the least familiar images, listed with thumbnails; 0: none
    seed: int = 0


@dataclass(slots=True, kw_only=True)
class HumanConfig:
    """The features that maps show, compared with those that people name."""

    images_per_species: int = 9  # on the scoring sheet
    agreement: int = 2  # so many raters have to see a feature on an image
    min_images: int = 1  # on which a species' maps have to show a feature
    decoys: int = 4  # features of other species that the sheet offers among a species' own
    bootstrap_rounds: int = 1000
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
    quality: QualityConfig = field(default_factory=QualityConfig)
    evaluate: EvaluateConfig = field(default_factory=EvaluateConfig)
    units: UnitsConfig = field(default_factory=UnitsConfig)
    tree: TreeConfig = field(default_factory=TreeConfig)
    novelty: NoveltyConfig = field(default_factory=NoveltyConfig)
    human: HumanConfig = field(default_factory=HumanConfig)
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
    for section, settings in _in_todays_words(values).items():
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
    """Lists the settings that differ, as `section.name: old -> new`, sections in order.

    What an older version did not know yet had its default.
    """
    old, defaults = _in_todays_words(old), config_to_dict(Config())
    return [
        f"{section}.{name}: {was!r} -> {after.get(name)!r}"
        for section, after in new.items()
        for before in [old.get(section, {})]
        for name in sorted({*before, *after})
        for was in [before.get(name, defaults.get(section, {}).get(name))]
        if _plain(was) != _plain(after.get(name))
    ]


def _in_todays_words(values: dict[str, Any]) -> dict[str, Any]:
    """Says what older versions called otherwise as this one does."""
    train = dict(values.get("train", {}))
    if "freeze_trunk" not in train:
        return values
    train["frozen_stages"] = 5 if train.pop("freeze_trunk") else 0
    return {**values, "train": train}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
