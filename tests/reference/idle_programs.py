"""Programs for the benchmarks' stopwatch; in a module that a spawned process can import."""

import time


def waiting(seconds, images=10):
    while True:
        time.sleep(seconds)
        yield images


def failing():
    yield 1
    raise KeyError("broken")
