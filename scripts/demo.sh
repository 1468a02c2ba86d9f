#!/usr/bin/env bash
# Sets everything up and carries out the study on synthetic images: five to nine minutes on two cores.
# Arguments are passed on: bash scripts/demo.sh --config=configs/demo.py:resnet50 --workdir=runs/r50
set -euo pipefail
source "$(dirname "$0")/setup.sh"
exec camtrap study --config=configs/demo.py --workdir=runs/demo "$@"
