"""The program `camtrap`, which notes the manifest rows of every batch that it decodes."""

import os
from pathlib import Path

from camtrap_jax.cli.main import run
from camtrap_jax.data.batches import pipeline

ROWS = Path(os.environ["RECORD_TO"])


class RecordingLoadBatch(pipeline.LoadBatch):
    def __call__(self, rows):
        kind = "val" if "mask" in self._columns else "train"
        with ROWS.open("a") as stream:
            stream.write(f"{kind} {' '.join(map(str, rows))}\n")
        return super().__call__(rows)


pipeline.LoadBatch = RecordingLoadBatch
run()
