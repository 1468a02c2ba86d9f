"""Several processes of one run on this machine, started as a user starts them."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

PROGRAM = ("-m", "camtrap_jax")
WATCHED = (str(Path(__file__).with_name("watched_camtrap.py")),)
PATIENCE_SEC = 300


def start_together(words, logs, *, extra=None, num_devices=1, program=PROGRAM, cwds=None, **env):
    """Starts a process for each log file, and returns them.

    `extra` words and `cwds` have one entry a process; a single process gets no flags of several.
    """
    count, port = len(logs), free_port()
    environment = {
        **os.environ,
        "XLA_FLAGS": f"--xla_force_host_platform_device_count={num_devices} "
        "--xla_backend_optimization_level=0",  # halves the time of compilation
        "PYTHONPATH": os.pathsep.join(sys.path),
        **env,
    }
    processes = []
    for number, log in enumerate(logs):
        own = [*words, *(extra[number] if extra else ())]
        if count > 1:
            own += [f"--coordinator_address=localhost:{port}"]
            own += [f"--num_processes={count}", f"--process_id={number}"]
        with log.open("w") as stream:
            process = subprocess.Popen(
                [sys.executable, *program, *map(str, own)],
                stdout=stream,
                stderr=stream,
                env={**environment, "NUMBER": str(number), "ROWS": str(log.with_suffix(".rows"))},
                cwd=cwds[number] if cwds else None,
            )
        processes.append(process)
    return processes


def finish(processes):
    """Waits for processes and returns their exit codes; kills what takes too long."""
    try:
        return [process.wait(PATIENCE_SEC) for process in processes]
    finally:
        kill(processes)


def kill(processes):
    for process in processes:
        process.kill()
    for process in processes:
        process.wait()


def run_together(words, logs, **settings):
    """Starts processes and returns their exit codes."""
    return finish(start_together(words, logs, **settings))


def wait_until(processes, is_time):
    """Waits for a moment at which all processes are still running."""
    end = time.monotonic() + PATIENCE_SEC
    while not is_time():
        if time.monotonic() > end or any(process.poll() is not None for process in processes):
            kill(processes)
            raise AssertionError("the moment never came")
        time.sleep(0.01)


def said(log):
    """Returns what our program said; Gloo greets on its own, and JAX speaks of proxies."""
    greetings = ("[Gloo]", "WARNING:")
    return [line for line in log.read_text().splitlines() if not line.startswith(greetings)]


def free_port():
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]
