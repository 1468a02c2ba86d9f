"""Processes that may be killed: forked from one that has imported everything, so they start fast.

A fresh `python` needs seconds for its imports; the fork server needs them once.
"""

import multiprocessing
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["camtrap_jax.study.whole", "camtrap_jax.cli.main"])


def start(function: Callable[..., Any], *args: Any, log: Path) -> multiprocessing.Process:
    """Starts `function(*args)` in a process whose output goes to a file."""
    process = _CONTEXT.Process(target=_run, args=(log, function, *args))
    process.start()
    return process


def call(function: Callable[..., Any], *args: Any, log: Path) -> int:
    """Runs `function(*args)` in a process and returns the exit code; an exception is a 1."""
    process = start(function, *args, log=log)
    process.join()
    code = process.exitcode
    process.close()
    return code


def start_camtrap(*words: str, log: Path) -> multiprocessing.Process:
    """Starts the program `camtrap`."""
    return start(_camtrap, [str(word) for word in words], log=log)


def camtrap(*words: str, log: Path) -> int:
    """Runs the program `camtrap` and returns its exit code."""
    return call(_camtrap, [str(word) for word in words], log=log)


def _run(log: Path, function: Callable[..., Any], *args: Any) -> None:
    stream = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(stream, 1)
    os.dup2(stream, 2)
    function(*args)


def _camtrap(words: list[str]) -> None:
    from camtrap_jax.cli.main import run

    sys.argv = ["camtrap", *words]
    run()
