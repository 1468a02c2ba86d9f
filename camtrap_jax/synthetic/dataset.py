"""`camtrap synthesize`: camera-trap frames with a planted truth, from drawings or from cut-outs."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from camtrap_jax.config import SyntheticConfig
from camtrap_jax.store import remove_leftovers, write_json
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
    on_progress: Progress | None = None,
    num_workers: int | None = None,
) -> None:
    """Writes images/, masks/, annotations.json and truth.json; all of them or nothing.

    Args:
        output: Folder to make; it may exist if it is empty.
        config: What to draw. The same config gives the same bytes for any number of workers.
        on_progress: Called with the frames drawn so far and their number.
        num_workers: Processes; by default the cores at hand. One draws in this process.

    Raises:
        FileExistsError: `output` holds something.
        ValueError: The config asks for what cannot be drawn.
    """
    _check(output, config)
    cast = make_cast(config.sprites, config.seed)
    photographs = read_backgrounds(Path(config.backgrounds)) if config.backgrounds else []
    places = make_places(config.num_cameras, photographs)
    plan = make_plan(cast, places, config.images_per_species, config.seed)
    total = sum(burst.frames for burst in plan.bursts)
    with _temporary(output) as folder, mapper(num_workers, total) as run:
        _draw_sprites(folder / "sprites", plan, config, run)
        filed = _draw_bursts(folder, plan, config, run, on_progress)
        filed = with_duplicates(filed, plan.faults)
        break_files(folder / "images", folder / "masks", plan.faults)
        write_json(folder / "annotations.json", annotations(filed, plan, config.image_size))
        write_json(folder / "truth.json", truth(filed, plan, config.image_size, config.seed))


def _check(output: Path, config: SyntheticConfig) -> None:
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise FileExistsError(
            f"--output={output}: exists and is not an empty folder; name a new one or remove it"
        )
    for name, least in LEAST.items():
        if getattr(config, name) < least:
            raise ValueError(f"--{name}={getattr(config, name)}: expected at least {least}")


@contextmanager
def _temporary(output: Path) -> Iterator[Path]:
    """A sibling that becomes `output` when all went well, and vanishes when not."""
    output.parent.mkdir(parents=True, exist_ok=True)
    folder = output.parent / f".{output.name}.{os.getpid()}.tmp"
    remove_leftovers(output)
    (folder / "sprites").mkdir(parents=True)
    try:
        yield folder
        shutil.rmtree(folder / "sprites")
        folder.replace(output)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _draw_sprites(folder: Path, plan: Plan, config: SyntheticConfig, run: Callable) -> None:
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
