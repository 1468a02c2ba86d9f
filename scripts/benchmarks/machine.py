"""The machine and the software that a figure was measured with."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
from collections.abc import Iterable
from pathlib import Path
from typing import Any

# Modules of other programs, and what pip installs them by.
_OTHERS = {
    "torch": "torch>=2.8",
    "torchvision": "torchvision",
    "captum": "captum",
    "pytorch_grad_cam": "grad-cam",
}
_DISTRIBUTIONS = ("torch", "torchvision", "captum", "grad-cam")
INSTALL = (
    "torch and torchvision are not installed: `pip install 'torch>=2.8' torchvision` into this "
    "environment adds them to the comparison"
)


def has_torch() -> bool:
    """Tells whether torch and torchvision are installed."""
    return not missing(("torch", "torchvision"))


def missing(modules: Iterable[str]) -> list[str]:
    """Returns those that are not installed, each once."""
    return [name for name in dict.fromkeys(modules) if importlib.util.find_spec(name) is None]


def install_lines(modules: Iterable[str]) -> list[str]:
    """Says of each module that is not installed how to install it."""
    return [
        f"{name} is not installed: `pip install '{_OTHERS[name]}'` into this environment adds "
        "what needs it to the comparison"
        for name in missing(modules)
    ]


def describe() -> dict[str, Any]:
    """Returns processor, cores, load and versions."""
    from camtrap_jax.provenance import provenance  # noqa: PLC0415 (see `sides`)

    found = provenance()
    installed = {dist.name: dist.version for dist in importlib.metadata.distributions()}
    found["versions"] |= {name: installed.get(name) for name in _DISTRIBUTIONS}
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
