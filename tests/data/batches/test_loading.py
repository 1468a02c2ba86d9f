"""Workers: what reaches them beside the program that they work for."""

import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
from reference import killed_program

from camtrap_jax.data.batches.loading import endless, iterate


def test_a_worker_leaves_signals_to_the_program():
    batches = iterate(endless(lambda step: {"step": np.array([step])}), num_workers=1)
    assert next(batches)["step"] == 0
    (worker,) = multiprocessing.active_children()
    for number in (signal.SIGTERM, signal.SIGINT):
        os.kill(worker.pid, number)
    for step in range(1, 200):  # far more than were made ahead
        assert next(batches)["step"] == step
    batches.close()
    assert not worker.is_alive()


def test_a_killed_program_leaves_no_worker_behind():
    program = subprocess.run(
        [sys.executable, killed_program.__file__],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([*sys.path, str(Path.cwd())])},
        stdout=subprocess.PIPE,  # which the worker holds open, too
        stderr=subprocess.DEVNULL,
        timeout=30,
        check=False,
    )
    assert program.returncode == -signal.SIGKILL
