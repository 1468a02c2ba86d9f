"""Commands that several processes run together: they join, do the same, and end together."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from camtrap_jax.cli import flags
from camtrap_jax.cli.console import TerminalConsole
from camtrap_jax.cli.main import outcome
from camtrap_jax.config import config_differences, config_to_dict
from camtrap_jax.study.console import Console, Silent

# Flags that must be the same in all processes, as the settings must.
_SHARED = ("workdir", "source", "dataset", "overwrite", "maps", "images")
_POLL_SEC = 0.5
_GRACE_SEC = 5.0
_ending = threading.Lock()


@contextmanager
def joined(command: str) -> Iterator[Console]:
    """Joins this process to the others that the flags name, if any, and ends all when one fails.

    A process that failed leaves the others in a computation that waits for it, some devices for
    ever. So they end at once, as if they were killed: a run folder survives that.

    Yields:
      Where progress is shown: in the first process only.

    Raises:
      ValueError: the processes do not find each other, or were given different things to do.
    """
    values = flags.FLAGS
    if not values.coordinator_address:
        yield TerminalConsole()
        return
    from camtrap_jax import processes  # noqa: PLC0415 (flags first, then JAX)

    processes.join(values.coordinator_address, values.num_processes, values.process_id)
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(done,), daemon=True)
    watcher.start()
    try:
        _check_same_command()
        processes.start_devices()
        yield TerminalConsole() if processes.is_first() else Silent()
    except (Exception, KeyboardInterrupt) as error:
        _fail(command, error)
    finally:
        processes.gather("done")  # until then another one may fail
        done.set()
        watcher.join()


def _check_same_command() -> None:
    from camtrap_jax import processes  # noqa: PLC0415

    values = {name: flags.FLAGS[name].value for name in _SHARED if name in flags.FLAGS}
    given = flags.config_given()  # none where the run's own settings hold
    settings = config_to_dict(given) if given else {}
    first, *others = processes.gather({**settings, "flags": values})
    for number, given in enumerate(others, start=1):
        if differences := config_differences(first, given):
            raise ValueError(
                f"process {number} was started with other settings than process 0 "
                f"({'; '.join(differences)}); give all processes the same command"
            )


def _watch(done: threading.Event) -> None:
    """Ends this process when another one has failed."""
    from camtrap_jax import processes  # noqa: PLC0415

    while not done.wait(_POLL_SEC):
        if failure := processes.published_failure():
            _end(1, failure)


def _fail(command: str, error: BaseException) -> NoReturn:
    """Ends this process, and so the others."""
    from camtrap_jax import processes  # noqa: PLC0415

    if processes.is_connection_error(error):
        time.sleep(3 * _POLL_SEC)  # if the other one said why it ended, the watcher tells it
        error = ConnectionError(
            f"another process is gone ({str(error).splitlines()[0][:200]}); where it was killed, "
            "the same command in all processes goes on from what is saved"
        )
    code, text = outcome(command, error)
    line = text.strip()
    if "\n" in line:  # a traceback, which is here for all to read
        line = f"camtrap {command}: {type(error).__name__}: {str(error).partition(chr(10))[0]}"
    processes.publish_failure(line)
    _end(code, text)


def _end(code: int, text: str) -> NoReturn:
    """Ends this process; JAX's own way out would wait for the others."""
    from camtrap_jax import processes  # noqa: PLC0415

    _ending.acquire()  # for good: a second thread that comes here waits for the end
    print(text, file=sys.stderr, flush=True)
    processes.wait_until_seen(_GRACE_SEC)
    for child in multiprocessing.active_children():
        child.kill()
    os._exit(code)
