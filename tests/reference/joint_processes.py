"""Several processes of one run on this machine, started as a user starts them."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

PROGRAM = ("-m", "camtrap_jax")
RECORDING = (str(Path(__file__).with_name("recording_camtrap.py")),)  # notes which rows it decodes
PATIENCE_SEC = 300


def free_port():
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]


def flags_of(number, count, port):
    address = f"--coordinator_address=localhost:{port}"
    return [address, f"--num_processes={count}", f"--process_id={number}"]


def start_together(
    words, logs, *, extra=((), ()), num_devices=1, program=PROGRAM, cwd=(None, None), env=None
):
    """Starts one process for each log file and returns them; `extra` words are for one each."""
    port = free_port()
    environment = {
        **os.environ,
        "XLA_FLAGS": f"--xla_force_host_platform_device_count={num_devices}",
        "PYTHONPATH": os.pathsep.join(sys.path),
        **(env or {}),
    }
    processes = []
    for number, log in enumerate(logs):
        command = [sys.executable, *program, *words, *extra[number]]
        command += flags_of(number, len(logs), port) if len(logs) > 1 else []
        with log.open("w") as stream:
            processes.append(
                subprocess.Popen(
                    [str(word) for word in command],
                    stdout=stream,
                    stderr=stream,
                    env={**environment, "RECORD_TO": str(log.with_suffix(".rows"))},
                    cwd=cwd[number],
                )
            )
    return processes


def finish(processes):
    """Waits for processes and returns their exit codes; kills what takes too long."""
    try:
        return [process.wait(PATIENCE_SEC) for process in processes]
    finally:
        for process in processes:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                process.wait()


def said(log):
    """Returns what our program said; Gloo greets on its own."""
    return [line for line in log.read_text().splitlines() if not line.startswith("[Gloo]")]
