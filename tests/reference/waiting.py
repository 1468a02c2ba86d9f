"""Kills a process at a moment of the test's choosing."""

import time

POLL_SEC = 0.002
PATIENCE_SEC = 120


def kill_when(process, is_time):
    """Kills a process as soon as `is_time()`; tells whether it was still running."""
    end = time.monotonic() + PATIENCE_SEC
    while process.is_alive() and not is_time():
        assert time.monotonic() < end, "the moment never came"
        time.sleep(POLL_SEC)
    was_alive = process.is_alive()
    process.kill()
    process.join()
    process.close()
    return was_alive


def after(delay_sec, condition):
    """A condition that is true some time after another became so."""
    since = []

    def is_time():
        if condition() and not since:
            since.append(time.monotonic())
        return bool(since) and time.monotonic() - since[0] >= delay_sec

    return is_time
