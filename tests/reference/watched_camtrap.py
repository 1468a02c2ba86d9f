"""The program `camtrap`, noting the rows of every batch it decodes, and failing when asked to.

CHUNK_ROWS makes chunks of `explain` small enough for several processes to have some.
"""

import os
from pathlib import Path

from camtrap_jax import processes
from camtrap_jax.cli.main import run
from camtrap_jax.data.batches import pipeline
from camtrap_jax.explain import dataset

ROWS = Path(os.environ["ROWS"])
FAILS = os.environ.get("FAILS") == os.environ["NUMBER"]  # whether this process is the one

AFTER = int(os.environ.get("AFTER", "8"))  # batches


class WatchedLoadBatch(pipeline.LoadBatch):
    def __call__(self, rows):
        kind = "val" if "mask" in self._columns else "train"
        with ROWS.open("a") as stream:
            stream.write(f"{kind} {' '.join(map(str, rows))}\n")
        if FAILS and len(ROWS.read_text().splitlines()) > AFTER:
            raise ValueError("row 7 of the records is damaged")
        return super().__call__(rows)


pipeline.LoadBatch = WatchedLoadBatch
dataset.CHUNK_ROWS = int(os.environ.get("CHUNK_ROWS", dataset.CHUNK_ROWS))
processes._ARRIVAL_SEC = int(os.environ.get("ARRIVAL_SEC", processes._ARRIVAL_SEC))
run()
