"""The stages that only read arrays, on a hundred thousand images."""

import json
import subprocess
import sys

import pytest
from reference import large_run


def measured(folder, images, dim, units):
    words = [sys.executable, large_run.__file__, *map(str, (folder, images, dim, units))]
    for _ in range(2):  # writes the run, then measures the stages in a process of their own
        done = subprocess.run(words, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.slow
def test_a_hundred_thousand_images_take_little_time_and_memory(tmp_path):
    """512 units, 4,096 features: the features alone are 1.6 GB, all arrays 2.3 GB."""
    found = measured(tmp_path, 100_000, 4096, 512)
    assert sum(found["seconds"].values()) < 300, found
    assert found["peak_gib"] < 4 * 1e9 / 2**30, found
