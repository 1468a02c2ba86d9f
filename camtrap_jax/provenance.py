"""The software and machine that a result comes from."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

_RECORDED_PACKAGES = (
    "camtrap_jax",
    "jax",
    "jaxlib",
    "flax",
    "optax",
    "orbax-checkpoint",
    "grain",
    "numpy",
    "scipy",
    "pillow",
    "ml-collections",
    "pandas",
    "safetensors",
    "scikit-learn",
    "tensorflow-datasets",
    "tensorstore",
)
# What in the environment changes numbers or where they are computed.
_RECORDED_VARIABLES = ("CUDA_VISIBLE_DEVICES", "GLIBC_TUNABLES", "LIBTPU_INIT_ARGS", "XLA_FLAGS")
_RECORDED_PREFIX = "JAX_"


def provenance() -> dict[str, Any]:
    """Describes the software, machine and command line that a result comes from."""
    return {
        "command": sys.argv,
        "time": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "versions": {name: _version(name) for name in _RECORDED_PACKAGES},
        "python": platform.python_version(),
        "platform": platform.platform(),
        "environment": {
            name: value
            for name, value in sorted(os.environ.items())
            if name in _RECORDED_VARIABLES or name.startswith(_RECORDED_PREFIX)
        },
        "commit": _commit(),
    }


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _commit() -> str | None:
    """Returns the checkout's commit, with `+` when files differ from it; None outside git."""
    folder = Path(__file__).parent
    try:
        out = subprocess.run(
            ["git", "describe", "--always", "--dirty=+", "--exclude=*"],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return out.stdout.strip() or None
