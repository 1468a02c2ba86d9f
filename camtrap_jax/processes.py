"""The processes of one run: how they find each other, and agree on what devices do not compute.

On several hosts the same command runs in one process or more on each; JAX computes across all their
devices. What else they have to tell each other goes through the key-value store that JAX's
coordination service keeps in the first process: unlike a barrier of devices it waits for hours
without harm, and a process that failed can still say so.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import jax
from jax._src import distributed  # there is no public way to the store

Result = TypeVar("Result")

AUTO = "auto"
_ARRIVAL_SEC = 300
_POLL_MS = 500
_LAST_SEC = 0.3  # between the last word of the others and the end of the store, which aborts them
_FAILURE = "camtrap/failure"
_SEEN = "camtrap/seen"
_rounds = itertools.count()  # of `gather`: all processes call it in the same order


def join(coordinator_address: str, num_processes: int, process_id: int) -> None:
    """Joins this process to the others of a run; comes before anything else that JAX does.

    Where not all have come after five minutes, the process ends with one line.

    Args:
      coordinator_address: HOST:PORT under which all reach process 0; `auto` lets JAX find it and
        the two numbers: in a Slurm job, on a TPU pod, under Open MPI or Kubernetes.
      num_processes: how many they are.
      process_id: which of them this is, from 0.

    Raises:
      ValueError: nothing was found, or process 0 cannot listen at its port.
    """
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    # JAX's own time limit ends in an abort with a stack trace.
    alarm = threading.Timer(_ARRIVAL_SEC, _give_up, (coordinator_address,))
    alarm.daemon = True
    alarm.start()
    initialize = partial(jax.distributed.initialize, initialization_timeout=2 * _ARRIVAL_SEC)
    try:
        if coordinator_address == AUTO:
            initialize()
        else:
            # Under Slurm JAX would else leave each process a single GPU of its host.
            initialize(
                coordinator_address,
                num_processes,
                process_id,
                cluster_detection_method="deactivate",
            )
    except ValueError as error:
        raise ValueError(
            "--coordinator_address=auto: JAX finds no Slurm job, TPU pod, Open MPI or Kubernetes "
            f"here ({error}); give HOST:PORT, --num_processes and --process_id"
        ) from error
    except jax.errors.JaxRuntimeError as error:
        raise ValueError(
            f"--coordinator_address={coordinator_address}: process 0 cannot listen there "
            f"({_first_line(error)}); is the port in use? Give all processes another one"
        ) from error
    finally:
        alarm.cancel()


def start_devices() -> None:
    """Starts the devices of all processes, which have to do it at the same time.

    Later the first process may be the only one that needs some.
    """
    jax.devices()


def is_first() -> bool:
    """Tells whether this process is the one that writes files; starts no device."""
    return distributed.global_state.process_id == 0


def gather(value: Any) -> list[Any]:
    """Returns what each process gives, in their order; waits until all have given something.

    All processes call it equally often, in the same order. A single one returns at once.

    Args:
      value: anything that JSON can hold.
    """
    state = distributed.global_state
    if state.client is None:
        return [value]
    prefix = f"camtrap/round/{next(_rounds)}"
    state.client.key_value_set(f"{prefix}/{state.process_id}", json.dumps(value))
    return [json.loads(_wait_for(f"{prefix}/{one}")) for one in range(state.num_processes)]


def on_first(function: Callable[[], Result]) -> Result:
    """Runs a function in the first process alone, while the others wait, and gives all its result.

    It begins when all have come here: where one failed before, nothing is done.

    Args:
      function: returns something that JSON can hold.
    """
    gather(None)
    return gather(function() if is_first() else None)[0]


def publish_failure(text: str) -> None:
    """Tells the other processes that this one failed, and why; the first failure counts."""
    state = distributed.global_state
    if state.client is None:
        return
    try:
        state.client.key_value_set(_FAILURE, f"{text} (process {state.process_id})")
    except jax.errors.JaxRuntimeError:  # another one was first, or the first process is gone
        return


def published_failure() -> str | None:
    """Returns why a process failed, if one did."""
    return _look_up(_FAILURE)


def wait_until_seen(limit_sec: float) -> None:
    """Says that this process knows of the failure; the first, which keeps the store, waits for all.

    Args:
      limit_sec: how long; one that was killed will never answer.
    """
    state = distributed.global_state
    if state.client is None:
        return
    try:
        state.client.key_value_set(f"{_SEEN}/{state.process_id}", "", allow_overwrite=True)
        end = time.monotonic() + limit_sec
        for one in range(state.num_processes if is_first() else 0):
            left_ms = max(1, round(1000 * (end - time.monotonic())))
            state.client.blocking_key_value_get(f"{_SEEN}/{one}", left_ms)
        time.sleep(_LAST_SEC if is_first() else 0)
    except jax.errors.JaxRuntimeError:  # it does not answer, or the first process is gone
        return


def is_connection_error(error: BaseException) -> bool:
    """Tells whether a computation failed because another process is no longer there."""
    return isinstance(error, jax.errors.JaxRuntimeError) and any(
        word in str(error) for word in ("Gloo", "gloo", "NCCL", "coordination")
    )


def _wait_for(key: str) -> str:
    client: Any = distributed.global_state.client
    while True:  # in turns, so that Python can take notice of signals
        try:
            return client.blocking_key_value_get(key, _POLL_MS)
        except jax.errors.JaxRuntimeError as error:
            if "DEADLINE_EXCEEDED" not in str(error):
                raise


def _look_up(key: str) -> str | None:
    client = distributed.global_state.client
    if client is None:
        return None
    try:
        return client.key_value_try_get(key)
    except jax.errors.JaxRuntimeError:  # not there
        return None


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def _give_up(coordinator_address: str) -> None:
    sys.stderr.write(
        f"camtrap: --coordinator_address={coordinator_address}: not all processes have come "
        f"within {_ARRIVAL_SEC} s; can all hosts reach it, were all started with the same "
        "--num_processes, and each with a --process_id of its own?\n"
    )
    sys.stderr.flush()
    os._exit(1)  # JAX waits in C++, where no exception reaches it
