"""A program that is killed while a worker makes its batches."""

import os
import signal

import numpy as np
from absl import flags

from camtrap_jax.data.batches.loading import endless, iterate

if __name__ == "__main__":
    flags.FLAGS.mark_as_parsed()
    batches = iterate(endless(lambda step: {"step": np.array([step])}), num_workers=1)
    next(batches)
    os.kill(os.getpid(), signal.SIGKILL)
