"""`camtrap synthesize`: camera-trap frames with a planted truth, from drawings or from cut-outs."""

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from camtrap_jax.config import SyntheticConfig
from camtrap_jax.store import write_json
from camtrap_jax.synthetic.cameras import Place, make_places
from camtrap_jax.synthetic.cutouts import read_backgrounds, read_cutouts
from camtrap_jax.synthetic.faults import Faults, break_files, plant
from camtrap_jax.synthetic.plan import Burst, abundances, plan_bursts
from camtrap_jax.synthetic.species import SPECIES
from camtrap_jax.synthetic.staging import save_sprites
from camtrap_jax.synthetic.studio import Filed, Studio
from camtrap_jax.synthetic.truth import annotations, truth, with_duplicates

CHUNK = 12
"""Bursts that a worker draws at a time."""

SMALL = 250
"""Below this many frames the start of the workers costs more than they save."""

BOUND = ("reedbuck", "porcupine")
"""Drawn species tied to one camera each, those whose backgrounds the network of the paper had learnt."""

LANDMARKS = ("termite mound", "white rock")


@dataclass(frozen=True, slots=True)
class Cast:
    """Who is in the data set.

    Attributes:
        roles: 'known' or 'unknown' per species, known ones first and by falling abundance.
        nights: Probability of a night burst per species.
        pictures: Paths of the cut-outs per species, empty for drawings.
        bound: The species that are tied to a camera.
    """

    roles: dict[str, str]
    nights: dict[str, float]
    pictures: dict[str, tuple[str, ...]]
    bound: tuple[str, ...]

    def names(self, role: str) -> list[str]:
        """Species of a role."""
        return [name for name, other in self.roles.items() if other == role]


def write_dataset(
    output: Path,
    config: SyntheticConfig,
    *,
    on_progress: Callable[[int, int], None] | None = None,
    num_workers: int | None = None,
) -> None:
    """Writes images/, masks/, annotations.json and truth.json; all of them or nothing.

    Args:
        output: Folder to make; it may exist if it is empty.
        config: What to draw. The same config gives the same bytes, whatever the number of workers.
        on_progress: Called with the frames drawn so far and their number.
        num_workers: Processes; by default the cores at hand. One draws in this process.

    Raises:
        FileExistsError: `output` holds something.
        ValueError: The config asks for what cannot be drawn.
    """
    _check(output, config)
    cast = _drawn_cast() if not config.sprites else _cutout_cast(Path(config.sprites), config.seed)
    photographs = read_backgrounds(Path(config.backgrounds)) if config.backgrounds else []
    first = config.num_cameras - len(LANDMARKS)
    places = make_places(config.num_cameras, photographs, {first + k: name for k, name in enumerate(LANDMARKS)})
    bound = {name: places[first + k].name for k, name in enumerate(cast.bound)}
    abundance = abundances(cast.names("known"), cast.names("unknown"), config.images_per_species)
    bursts = plan_bursts(abundance, cast.nights, [place.name for place in places], bound, config.seed)
    faults = plant(bursts, abundance, bound, config.seed)
    with _temporary(output) as folder:
        filed = with_duplicates(_draw(folder, config, cast, places, bursts, faults, on_progress, num_workers), faults)
        break_files(folder / "images", folder / "masks", faults)
        write_json(folder / "annotations.json", annotations(filed, bursts, sorted(cast.roles), config.image_size))
        facts = truth(filed, bursts, faults, cast.roles, places, bound, config.image_size, config.seed, drawn=not config.sprites)
        write_json(folder / "truth.json", facts)


def _check(output: Path, config: SyntheticConfig) -> None:
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise FileExistsError(f"--output={output}: exists and is not an empty folder; name a new one or remove it")
    for name, least in (("num_cameras", 3), ("images_per_species", 10), ("image_size", 96)):
        if getattr(config, name) < least:
            raise ValueError(f"--{name}={getattr(config, name)}: expected at least {least}")


def _drawn_cast() -> Cast:
    roles = {name: species.role for name, species in SPECIES.items()}
    nights = {name: species.night for name, species in SPECIES.items()}
    return Cast(roles, nights, dict.fromkeys(SPECIES, ()), BOUND)


def _cutout_cast(folder: Path, seed: int) -> Cast:
    cutouts = read_cutouts(folder)
    roles = {name: cutout.role for name, cutout in cutouts.items()}
    known = [name for name, role in roles.items() if role == "known"]
    rng = np.random.default_rng([seed, 1_000_003, 3])
    nights = {name: float(rng.choice((0.05, 0.3, 0.85))) for name in roles}
    # The two after those that carry the other faults, so no species has both.
    after = len(known) * 6 // 10
    return Cast(roles, nights, {name: cutout.paths for name, cutout in cutouts.items()}, tuple(known[after : after + 2]))


@contextmanager
def _temporary(output: Path) -> Iterator[Path]:
    """A sibling that becomes `output` when all went well, and vanishes when not."""
    output.parent.mkdir(parents=True, exist_ok=True)
    folder = output.parent / f".{output.name}.{os.getpid()}.tmp"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "sprites").mkdir(parents=True)
    try:
        yield folder
        shutil.rmtree(folder / "sprites")
        folder.replace(output)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _draw(
    folder: Path, config: SyntheticConfig, cast: Cast, places: list[Place], bursts: list[Burst], faults: Faults,
    on_progress: Callable[[int, int], None] | None, num_workers: int | None,
) -> list[Filed]:  # fmt: skip
    """Draws sprites, then bursts, here or in worker processes; the order of the result is the plan's."""
    total = sum(burst.frames for burst in bursts)
    sprites = [(folder / "sprites", name, paths, config.image_size, config.seed) for name, paths in cast.pictures.items()]
    studio = (folder, tuple(places), config.image_size, config.seed)
    chunks = [(studio, bursts[k : k + CHUNK], faults.rotated) for k in range(0, len(bursts), CHUNK)]
    filed: list[Filed] = []
    done = 0
    with _mapper(num_workers, total) as run:
        for _ in run(_save_sprites, sprites):
            pass
        for chunk, results in zip(chunks, run(_shoot, chunks), strict=True):
            filed += results
            done += sum(burst.frames for burst in chunk[1])
            if on_progress:
                on_progress(done, total)
    _studio.cache_clear()
    return filed


@contextmanager
def _mapper(num_workers: int | None, total: int) -> Iterator[Callable]:
    workers = num_workers or (1 if total < SMALL else len(os.sched_getaffinity(0)))
    if workers == 1:
        yield map
        return
    # Spawned, not forked: the caller may run threads of a GPU library.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        try:
            yield pool.map
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _save_sprites(task: tuple) -> None:
    save_sprites(*task)


@lru_cache(maxsize=1)
def _studio(folder: Path, places: tuple[Place, ...], image_size: int, seed: int) -> Studio:
    return Studio(folder, list(places), image_size, seed)


def _shoot(task: tuple) -> list[Filed]:
    studio, bursts, rotated = task
    drawer = _studio(*studio)
    return [filed for burst in bursts for filed in drawer.shoot(burst, rotated)]
