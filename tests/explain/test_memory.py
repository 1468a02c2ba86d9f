"""A pass needs no more memory for more images."""

import subprocess
import sys
import tracemalloc

import pytest
from reference import pass_program


def traced_peak(folder, num_rows):
    tracemalloc.start()
    try:
        pass_program.write(folder, num_rows)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_arrays_in_python_do_not_grow_with_the_images(tmp_path):
    """Ten times the images, of which all together would be 86 MB: a tenth more memory at most."""
    pass_program.write(tmp_path / "before", 200)  # what is made once
    few, many = (traced_peak(tmp_path / str(count), count) for count in (512, 5120))
    assert few > 5e6
    assert many <= 1.1 * few


def resident_peak(folder, num_rows):
    words = [sys.executable, pass_program.__file__, folder, str(num_rows)]
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, check=True)
    return float(done.stdout)


@pytest.mark.slow
def test_the_process_does_not_grow_with_the_images(tmp_path):
    few, many = (resident_peak(tmp_path / str(count), count) for count in (2_000, 20_000))
    assert many <= 1.1 * few, (few, many)
