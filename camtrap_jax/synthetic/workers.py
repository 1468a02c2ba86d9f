"""Drawing in several processes; kept apart so that a worker loads nothing but the drawing."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path

from camtrap_jax.synthetic.staging import save_sprites
from camtrap_jax.synthetic.studio import Filed, Studio
from camtrap_jax.synthetic.views.cameras import Place

SMALL = 600
"""Below this many frames the start of the workers costs more than they save."""


@contextmanager
def mapper(num_workers: int | None, total: int) -> Iterator[Callable]:
    """`map` in this process, or that of a pool of workers."""
    workers = num_workers or (1 if total < SMALL else len(os.sched_getaffinity(0)))
    if workers == 1:
        yield map
        _studio.cache_clear()
        return
    # Spawned, not forked: the caller may run threads of a GPU library.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        try:
            yield pool.map
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def save(task: tuple) -> None:
    """Draws the pictures of one species; see `save_sprites`."""
    *arguments, variants = task
    save_sprites(*arguments, variants=variants)


@lru_cache(maxsize=1)
def _studio(folder: Path, places: tuple[Place, ...], image_size: int, seed: int) -> Studio:
    return Studio(folder, list(places), image_size, seed)


def shoot(task: tuple) -> list[Filed]:
    """Draws some bursts: (arguments of `Studio`, bursts, orientations)."""
    studio, bursts, rotated = task
    drawer = _studio(*studio)
    return [filed for burst in bursts for filed in drawer.shoot(burst, rotated)]
