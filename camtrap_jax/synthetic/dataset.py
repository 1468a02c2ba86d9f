"""`camtrap synthesize`: camera-trap frames with a planted truth, from drawings or from cut-outs."""

import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from camtrap_jax.config import SyntheticConfig, config_differences
from camtrap_jax.store import read_json, replaced_folder, write_json
from camtrap_jax.synthetic.cast import make_cast
from camtrap_jax.synthetic.cutouts import read_backgrounds
from camtrap_jax.synthetic.faults import break_files
from camtrap_jax.synthetic.plan import Plan, make_plan
from camtrap_jax.synthetic.staging import num_variants
from camtrap_jax.synthetic.studio import Filed
from camtrap_jax.synthetic.truth import annotations, truth, with_duplicates
from camtrap_jax.synthetic.views.cameras import make_places
from camtrap_jax.synthetic.workers import mapper, save, shoot

CHUNK = 12
"""Bursts that a worker draws at a time."""

LEAST = {"num_cameras": 3, "images_per_species": 6, "image_size": 64}
"""Smallest settings that leave something to see, and a camera without landmark."""

Progress = Callable[[int, int], None]


def write_dataset(
    output: Path,
    config: SyntheticConfig,
    *,
    overwrite: bool = False,
    on_progress: Progress | None = None,
    num_workers: int | None = None,
) -> None:
    """Writes images/, masks/, annotations.json and truth.json; all of them or nothing.

    A dataset that was drawn with the same settings is left as it is.

    Args:
        output: Folder to make; it may exist if it is empty.
        config: What to draw. The same config gives the same bytes for any number of workers.
        overwrite: Whether to draw anew where a dataset is; it stays until the new one is complete.
        on_progress: Called with the frames drawn so far and their number.
        num_workers: Processes; by default the cores at hand. One draws in this process.

    Raises:
        FileExistsError: `output` holds something else.
        ValueError: The config asks for what cannot be drawn, or `output` was drawn otherwise.
    """
    for name, least in LEAST.items():
        if getattr(config, name) < least:
            raise ValueError(f"--{name}={getattr(config, name)}: expected at least {least}")
    if _is_drawn(output, config, overwrite=overwrite):
        return
    cast = make_cast(config.sprites, config.seed)
    photographs = read_backgrounds(Path(config.backgrounds)) if config.backgrounds else []
    places = make_places(config.num_cameras, photographs)
    plan = make_plan(cast, places, config.images_per_species, config.seed)
    total = sum(burst.frames for burst in plan.bursts)
    with replaced_folder(output) as folder, mapper(num_workers, total) as run:
        _draw_sprites(folder / "sprites", plan, config, run)
        filed = _draw_bursts(folder, plan, config, run, on_progress)
        filed = with_duplicates(filed, plan.faults)
        break_files(folder / "images", folder / "masks", plan.faults)
        write_json(folder / "annotations.json", annotations(filed, plan, config.image_size))
        write_json(folder / "truth.json", truth(filed, plan, config))
        shutil.rmtree(folder / "sprites")


def _is_drawn(output: Path, config: SyntheticConfig, *, overwrite: bool) -> bool:
    """Tells whether `output` holds what `config` draws; refuses anything but that or nothing."""
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        if not (output / "truth.json").is_file():
            raise FileExistsError(
                f"--output={output}: exists and is not an empty folder; name a new one or remove it"
            )
        if not overwrite:
            _check_settings(output, config)
            return True
    return False


def _check_settings(output: Path, config: SyntheticConfig) -> None:
    found = {"synthetic": read_json(output / "truth.json").get("settings", {})}
    differences = config_differences(found, {"synthetic": asdict(config)})
    if differences:
        raise ValueError(
            f"{output}: was drawn with other settings ({'; '.join(differences)}); choose another "
            "folder or start afresh with --overwrite"
        )


def _draw_sprites(folder: Path, plan: Plan, config: SyntheticConfig, run: Callable) -> None:
    folder.mkdir()
    variants = num_variants(config.images_per_species)
    settings = (config.image_size, config.seed, variants)
    tasks = [(folder, *each, *settings) for each in plan.cast.pictures.items()]
    for _ in run(save, tasks):
        pass


def _draw_bursts(
    folder: Path, plan: Plan, config: SyntheticConfig, run: Callable, on_progress: Progress | None
) -> list[Filed]:
    """Draws all bursts; the order of the result is the plan's."""
    total = sum(burst.frames for burst in plan.bursts)
    studio = (folder, tuple(plan.places), config.image_size, config.seed)
    starts = range(0, len(plan.bursts), CHUNK)
    chunks = [(studio, plan.bursts[k : k + CHUNK], plan.faults.rotated) for k in starts]
    filed: list[Filed] = []
    done = 0
    for chunk, results in zip(chunks, run(shoot, chunks), strict=True):
        filed += results
        done += sum(burst.frames for burst in chunk[1])
        if on_progress:
            on_progress(done, total)
    return filed
