#!/usr/bin/env bash
# Sets everything up and runs all checks; arguments go to pytest, e.g. -m slow or -k grad_cam.
set -euo pipefail
source "$(dirname "$0")/setup.sh"
ruff check .
ruff format --check .
basedpyright
lint-imports
exec pytest "$@"
