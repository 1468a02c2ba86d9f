"""camtrap prepare: turns anyone's images into a dataset."""

from __future__ import annotations

from pathlib import Path

from absl import flags as absl_flags

from camtrap_jax.cli import flags
from camtrap_jax.cli.console import TerminalConsole
from camtrap_jax.config import CONFLICTS, FORMATS, SPLITS
from camtrap_jax.config_checks import validate

# Each overrides the config's setting of the same name.
_SETTINGS = {
    "format": "of the source",
    "boxes": "MegaDetector results JSON, for images whose source has no box",
    "split": "how images are divided among train, val and test",
    "conflicts": "what becomes of a picture under two labels",
    "burst_gap_sec": "frames of a camera closer in time are one burst; 0: no bursts",
    "num_known": "species to train on, the most abundant ones",
    "excluded_labels": "labels to set aside, besides human, unknown and the like",
    "crop_bottom": "fraction of the height to cut off",
    "short_side": "px of a record's short side",
    "keep_exif": "keep EXIF blocks, coordinates included, in the records",
}


def define_flags() -> None:
    """Defines the command's flags."""
    flags.define_config(has_defaults=True)
    flags.define_overwrite()
    absl_flags.DEFINE_string("source", None, "the images", required=True)
    absl_flags.DEFINE_string("dataset", None, "folder to write", required=True)
    text = {name: f"{words}; default: the config's" for name, words in _SETTINGS.items()}
    for name, choices in {"format": FORMATS, "split": SPLITS, "conflicts": CONFLICTS}.items():
        absl_flags.DEFINE_enum(name, None, choices, text[name])
    for name in ("num_known", "short_side"):
        absl_flags.DEFINE_integer(name, None, text[name])
    for name in ("burst_gap_sec", "crop_bottom"):
        absl_flags.DEFINE_float(name, None, text[name])
    absl_flags.DEFINE_string("boxes", None, text["boxes"])
    absl_flags.DEFINE_list("excluded_labels", None, text["excluded_labels"])
    absl_flags.DEFINE_bool("keep_exif", None, text["keep_exif"])


def main() -> None:
    """Prepares, or does nothing where that is done already."""
    from camtrap_jax.data.prepare import prepare_dataset  # noqa: PLC0415 (flags first, then JAX)
    from camtrap_jax.data.summary import summary  # noqa: PLC0415
    from camtrap_jax.run_folder import DatasetFolder  # noqa: PLC0415

    values, config = absl_flags.FLAGS, flags.config_given()
    for name in _SETTINGS:
        value = values[name].value
        if value is not None:
            setattr(config.data, name, tuple(value) if isinstance(value, list) else value)
    validate(config, for_training=False)
    dataset, console = Path(values.dataset), TerminalConsole()
    prepare_dataset(
        Path(values.source),
        dataset,
        config.data,
        overwrite=values.overwrite,
        on_progress=console.progress("prepare"),
    )
    for line in summary(DatasetFolder(dataset)):
        console.say(f"prepare: {line}")
    console.say(f"prepare: done, {dataset}")
