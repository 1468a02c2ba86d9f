"""A checkout with stand-ins for the programs that the launch examples start."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

LAUNCH = Path(__file__).parents[2] / "scripts" / "launch"
NOTE = '#!/bin/sh\n{ printf "%s\\t" "${0##*/}" "$@" | tr "\\n" " "; echo; } >> "$CALLS"\n'
STAND_INS = {
    "bin/camtrap": NOTE + 'exit "${CODE:-0}"\n',
    "bin/scontrol": NOTE,
    "bin/srun": '#!/bin/sh\nwhile [ "${1#--}" != "$1" ]; do shift; done\nexec "$@"\n',
    "bin/gcloud": NOTE + 'for word; do last="$word"; done\nexec bash -c "${last#--command=}"\n',
    "bin/nohup": '#!/bin/sh\nexec "$@"\n',
    "camtrap/bin/python": NOTE,
    ".venv/bin/activate": "",
}


def make_checkout(folder):
    """Copies the examples into a folder, and puts the stand-ins beside them."""
    shutil.copytree(LAUNCH, folder / "scripts" / "launch")
    (folder / "camtrap_jax").mkdir()
    for name, text in STAND_INS.items():
        write_program(folder / name, text)


def write_program(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def environment(folder, **given):
    """Returns the variables under which an example meets the stand-ins."""
    return {
        "PATH": os.pathsep.join([str(folder / "bin"), os.environ["PATH"]]),
        "HOME": str(folder),
        "SHARED": str(folder),
        "CALLS": str(folder / "calls"),
        "SLURM_JOB_ID": "4711",
        **given,
    }


def launch(folder, name, *words, **given):
    """Runs an example; returns its exit code and the calls of stand-ins, program first."""
    calls = folder / "calls"
    calls.unlink(missing_ok=True)
    done = subprocess.run(
        ["bash", f"scripts/launch/{name}.sh", *words],
        cwd=folder,
        env=environment(folder, **given),
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    lines = calls.read_text().splitlines() if calls.exists() else []
    return done.returncode, [line.rstrip("\t").split("\t") for line in lines]


def use_real_tasks(folder):
    """Lets `srun` start two real tasks, as Slurm would, in place of nothing."""
    tasks = Path(__file__).with_name("slurm_tasks.py")
    write_program(folder / "bin/srun", f'#!/bin/sh\nexec {sys.executable} {tasks} "$@"\n')
    program = f'#!/bin/sh\nexec {sys.executable} -P -m camtrap_jax "$@"\n'
    write_program(folder / "bin/camtrap", program)
