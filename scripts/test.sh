#!/usr/bin/env bash
# Sets everything up and runs all checks; arguments go to pytest, e.g. -m slow or -k grad_cam.
set -euo pipefail
source "$(dirname "$0")/setup.sh"
install tests tests/requirements.txt --requirement tests/requirements.txt
ruff check .
ruff format --check .
basedpyright
lint-imports
export GLIBC_TUNABLES="${GLIBC_TUNABLES-glibc.malloc.hugetlb=1}" # as `camtrap` sets it
exec pytest "$@"
