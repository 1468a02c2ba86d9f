"""The program is started anew once, as the same process with the same words."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import os, sys
from camtrap_jax.cli.large_pages import restart_with_large_pages
print("start", flush=True)
restart_with_large_pages()
print(os.getpid(), os.environ["GLIBC_TUNABLES"], sys.argv[1:])
"""

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's setting")


def run(**variables):
    kept = {name: value for name, value in os.environ.items() if name != "GLIBC_TUNABLES"}
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "--a=b c", ""],
        env={**kept, **variables},
        stdout=subprocess.PIPE,
        text=True,
    )
    return process.pid, process.communicate(timeout=60)[0].splitlines()


def test_starts_anew_as_the_same_process_with_the_same_words():
    pid, lines = run()
    assert lines == ["start", "start", f"{pid} glibc.malloc.hugetlb=1 ['--a=b c', '']"]


def test_the_users_own_setting_stays():
    pid, lines = run(GLIBC_TUNABLES="glibc.malloc.arena_max=2")
    assert lines == ["start", f"{pid} glibc.malloc.arena_max=2 ['--a=b c', '']"]
