"""The program `scripts/benchmark.py`, run as people run it."""

import json
import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "scripts" / "benchmark.py"


def benchmark(*words, output):
    """Returns what the program wrote to `output`, and what it printed."""
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *words, f"--output={output}"],
        env={**os.environ, "XLA_FLAGS": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(output.read_text()), done.stdout
