"""The program `camtrap`, noting the rows of every batch it decodes, and failing when asked to."""

import os
from pathlib import Path

from camtrap_jax import processes
from camtrap_jax.cli.main import run
from camtrap_jax.data.batches import pipeline

ROWS = Path(os.environ["ROWS"])
FAILS = os.environ.get("FAILS") == os.environ["NUMBER"]  # whether this process is the one


class WatchedLoadBatch(pipeline.LoadBatch):
    def __call__(self, rows):
        kind = "val" if "mask" in self._columns else "train"
        with ROWS.open("a") as stream:
            stream.write(f"{kind} {' '.join(map(str, rows))}\n")
        if FAILS and len(ROWS.read_text().splitlines()) > 8:
            raise ValueError("row 7 of the records is damaged")
        return super().__call__(rows)


pipeline.LoadBatch = WatchedLoadBatch
processes._ARRIVAL_SEC = int(os.environ.get("ARRIVAL_SEC", processes._ARRIVAL_SEC))
run()
