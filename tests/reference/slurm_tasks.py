"""Stands in for `srun` with two tasks on this machine, each a group of processes as under Slurm."""

import os
import subprocess
import sys
from pathlib import Path

words = sys.argv[1:]
while words[0].startswith("--"):
    words.pop(0)
tasks = []
for number in map(str, range(2)):
    facts = {"SLURM_STEP_NODELIST": "localhost", "SLURM_NTASKS": "2"}
    facts |= {"SLURM_PROCID": number, "SLURM_LOCALID": number}
    tasks.append(subprocess.Popen(words, env={**os.environ, **facts}, start_new_session=True))
Path("tasks").write_text(" ".join(str(task.pid) for task in tasks))
sys.exit(max(task.wait() for task in tasks))
