#!/usr/bin/env bash
# Trains on all GPUs of one machine, or of several machines on each of which you start it by hand.
#
# One machine: one process drives all its GPUs. Arguments are passed on to `camtrap train`.
#   bash scripts/launch/gpus.sh --config.train.batch_size=256
# CUDA_VISIBLE_DEVICES=0,1 before it leaves the other GPUs to others.
#
# Two machines: the same command on each, with a number of its own, within five minutes.
#   COORDINATOR=gpu1:4321 NUM_PROCESSES=2 PROCESS_ID=0 bash scripts/launch/gpus.sh    # on gpu1
#   COORDINATOR=gpu1:4321 NUM_PROCESSES=2 PROCESS_ID=1 bash scripts/launch/gpus.sh    # on gpu2
#
# What it needs:
# - this checkout on each machine, in the same version, with
#     bash scripts/setup.sh && .venv/bin/pip install -e '.[cuda13]'
#   and an NVIDIA driver 580 or newer; CUDA comes with the packages;
# - a batch size that all GPUs together can share evenly: a multiple of their number;
# - for several machines: DATASET, RUN and any file of model.init_from under the same path on all
#   of them, RUN in a folder that they share, such as NFS (process 0 writes there, all read);
#   COORDINATOR is the machine of process 0 and a free port of it, and the others must reach that
#   and the ports that NCCL chooses. Where NCCL takes the wrong network, NCCL_SOCKET_IFNAME names
#   another one.
#
# Ctrl-C or SIGTERM saves the step and ends; with several machines SIGTERM to one process ends all.
# The same command goes on from there. What follows training needs one machine:
#   camtrap study --config=CONFIG --dataset=DATASET --workdir=RUN
set -euo pipefail
cd "$(dirname "$0")/../.."

CONFIG="${CONFIG:-configs/vgg16_gorongosa.py}"
DATASET="${DATASET:-datasets/mine}" # of `camtrap prepare`
RUN="${RUN:-runs/mine}"
COORDINATOR="${COORDINATOR:-}" # HOST:PORT of process 0; empty for one machine
NUM_PROCESSES="${NUM_PROCESSES:-1}"
PROCESS_ID="${PROCESS_ID:-0}"

. .venv/bin/activate
processes=()
if [ -n "$COORDINATOR" ]; then
  processes=(
    --coordinator_address="$COORDINATOR"
    --num_processes="$NUM_PROCESSES"
    --process_id="$PROCESS_ID"
  )
fi
exec camtrap train --config="$CONFIG" --dataset="$DATASET" --workdir="$RUN" "${processes[@]}" "$@"
