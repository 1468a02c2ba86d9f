"""The machine and the software that a figure was measured with."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
from pathlib import Path
from typing import Any

_OTHERS = ("torch", "torchvision")
INSTALL = (
    "torch and torchvision are not installed: `pip install 'torch>=2.8' torchvision` into this "
    "environment adds them to the comparison"
)


def has_torch() -> bool:
    """Tells whether torch and torchvision are installed."""
    return all(importlib.util.find_spec(name) for name in _OTHERS)


def describe() -> dict[str, Any]:
    """Returns processor, cores, load and versions."""
    from camtrap_jax.provenance import provenance  # noqa: PLC0415 (see `sides`)

    found = provenance()
    installed = {dist.name: dist.version for dist in importlib.metadata.distributions()}
    found["versions"] |= {name: installed.get(name) for name in _OTHERS}
    return {
        **found,
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "load": os.getloadavg(),
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
