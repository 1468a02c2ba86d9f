#!/usr/bin/env bash
# Trains as a Slurm job on two nodes of four GPUs each, and goes on in the next time slice.
#
#   sbatch scripts/launch/slurm.sh --config.train.batch_size=256
# from this checkout. Options of sbatch before the script's name override those below; arguments
# behind it are passed on to `camtrap train`.
#
# What it needs:
# - this checkout in a folder that the nodes share, with
#     bash scripts/setup.sh && .venv/bin/pip install -e '.[cuda13]'
#   and an NVIDIA driver 580 or newer on the nodes; for nodes without GPUs leave out the second
#   command and --gres;
# - DATASET, RUN and any file of model.init_from in a folder that the nodes share, too;
# - a batch size that all GPUs together can share evenly: a multiple of their number;
# - a cluster that allows jobs to be requeued (`scontrol show config | grep JobRequeue`).
#
# A task for each GPU: under Slurm JAX gives each process one GPU, that of its number on the node
# (SLURM_LOCALID). So every task must see all GPUs of its node: --gres=gpu:N or --gpus-per-node=N,
# not --gpus-per-task or --gpu-bind, under which each sees one, number 0. For a task for each node
# say --ntasks-per-node=1 and, below, export JAX_LOCAL_DEVICE_IDS=0,1,2,3, or three GPUs are idle.
#
# Five minutes before the time limit Slurm sends SIGTERM to all tasks, and not to this script. They
# save the step and end with 143; then the job is requeued under its number, and goes on. `scancel`
# ends this script as well: nothing is requeued. A process that fails ends all, without requeueing.
# What follows training needs one node, where it finds training up to date:
#   camtrap study --config=CONFIG --dataset=DATASET --workdir=RUN
#
#SBATCH --job-name=camtrap
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=4
#SBATCH --gres=gpu:4
#SBATCH --cpus-per-task=8
#SBATCH --time=12:00:00
#SBATCH --signal=TERM@300
#SBATCH --requeue
#SBATCH --open-mode=append
set -euo pipefail

CONFIG="${CONFIG:-configs/vgg16_gorongosa.py}"
DATASET="${DATASET:-datasets/mine}" # of `camtrap prepare`
RUN="${RUN:-runs/mine}"

. .venv/bin/activate
# The processes would look for each other through the proxy.
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY
# A task that ended must not end those that still save. srun does not take over sbatch's processors.
code=0
srun --kill-on-bad-exit=0 --wait=0 --cpus-per-task="${SLURM_CPUS_PER_TASK:-1}" \
  camtrap train --config="$CONFIG" --dataset="$DATASET" --workdir="$RUN" \
  --coordinator_address=auto "$@" || code=$?
if [ "$code" -eq 143 ]; then
  scontrol requeue "$SLURM_JOB_ID"
fi
exit "$code"
