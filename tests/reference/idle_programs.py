"""Programs for the benchmarks' stopwatch; in a module that a spawned process can import."""

import os
import time


def waiting(seconds, images=10):
    while True:
        time.sleep(seconds)
        yield images


def failing():
    yield 1
    raise KeyError("broken")


def counting_by_variable():
    while True:
        time.sleep(0.02)
        yield int(os.environ["CAMTRAP_TEST_COUNT"])
