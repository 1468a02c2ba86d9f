import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "benchmark.py"


@pytest.mark.slow
def test_input_speed_is_measured_and_written(tmp_path):
    output = tmp_path / "input.json"
    settings = ["--images=24", "--rounds=1", "--seconds=0.1", f"--output={output}"]
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "input", *settings],
        env={**os.environ, "XLA_FLAGS": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    written = json.loads(output.read_text())
    assert set(written["sources"]) == {"records", "raw"}
    for found in written["sources"].values():
        for where in ("one_core", "all_cores"):
            rates = found[where]["images_per_sec"]
            ours = {name.split(",")[0]: rate["median"] for name, rate in rates.items()}
            assert ours["ours host"] > ours["ours complete"] > 1
    assert written["versions"]["pillow"]
    if written["versions"]["torch"] is None:
        assert "pip install" in done.stdout
    else:
        assert "without augmentation the two sides differ by" in done.stdout
