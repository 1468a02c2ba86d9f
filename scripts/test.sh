#!/usr/bin/env bash
# Sets everything up and runs all checks. Arguments go to pytest, which then runs in one process:
# bash scripts/test.sh -m slow, or -k grad_cam.
set -euo pipefail
source "$(dirname "$0")/setup.sh"
install tests tests/requirements.txt --requirement tests/requirements.txt
ruff check .
ruff format --check .
basedpyright
lint-imports
export GLIBC_TUNABLES="${GLIBC_TUNABLES-glibc.malloc.hugetlb=1}" # as `camtrap` sets it
if [ $# -eq 0 ]; then
  # A process a core, of one thread each; XLA takes NPROC for the number of cores.
  export NPROC=1 OMP_NUM_THREADS=1
  set -- --numprocesses auto --maxprocesses 8 --dist loadfile
fi
exec pytest "$@"
