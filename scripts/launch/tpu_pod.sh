#!/usr/bin/env bash
# Trains on all hosts of a Cloud TPU slice. Run it on your own computer:
#   bash scripts/launch/tpu_pod.sh setup    # once: Python and the packages on every host
#   bash scripts/launch/tpu_pod.sh train --config.train.batch_size=256    # starts, or goes on
#   bash scripts/launch/tpu_pod.sh log      # what the first host said last
#   bash scripts/launch/tpu_pod.sh stop     # saves the step and ends on all hosts
#
# What it needs:
# - gcloud, logged in, and the slice:
#     gcloud compute tpus tpu-vm create "$TPU" --project="$PROJECT" --zone="$ZONE" \
#       --accelerator-type=v5litepod-32 --version=v2-alpha-tpuv5-lite
#   to which ssh gets without asking (`ssh-add ~/.ssh/google_compute_engine`);
# - SHARED: a disk that is mounted under the same path on every host and that the hosts' user may
#   write to, such as a Filestore share (NFS). It holds this checkout as SHARED/camtrap_jax, and
#   DATASET and RUN. A bucket mounted with Cloud Storage FUSE is no such disk (no locks, no atomic
#   renames of folders): RUN does not belong there. The dataset may, or be copied to each host's own
#   disk, under the same path on all:
#     gcloud compute tpus tpu-vm ssh "$TPU" --project="$PROJECT" --zone="$ZONE" --worker=all \
#       --command='gcloud storage cp --recursive gs://BUCKET/dataset "$HOME"'
# - a batch size that all chips together can share evenly: a multiple of their number (v2 and v3:
#   of their cores).
#
# JAX finds the hosts of the slice by itself; they reach each other at port 8482. Processes go on
# when your connection ends. TPU7x and later are not behind this interface but are machines of
# Compute Engine or Kubernetes: start the `camtrap train` below in one process on each of them.
# What follows training needs one host. Give it a machine with one TPU host or none, on which SHARED
# is mounted, too:
#   camtrap study --config=CONFIG --dataset=DATASET --workdir=RUN
set -euo pipefail

PROJECT="${PROJECT:-my-project}"
ZONE="${ZONE:-europe-west4-b}"
TPU="${TPU:-camtrap}"
SHARED="${SHARED:-/mnt/shared}"
CONFIG="${CONFIG:-configs/vgg16_gorongosa.py}" # of the checkout
DATASET="${DATASET:-$SHARED/dataset}" # of `camtrap prepare`
RUN="${RUN:-$SHARED/runs/mine}"

# on_hosts WHICH COMMAND: runs a command on one host, or on all.
on_hosts() {
  gcloud compute tpus tpu-vm ssh "$TPU" --project="$PROJECT" --zone="$ZONE" \
    --worker="$1" --command="$2"
}

# quoted WORD...: the words as another shell reads them.
quoted() {
  printf '%q ' "$@"
}

case "${1:-}" in
  setup) # the hosts' own Python is older than 3.11
    on_hosts all "python3 -m pip install --quiet --user uv &&
      ~/.local/bin/uv venv --quiet --clear --python=3.11 ~/camtrap &&
      ~/.local/bin/uv pip install --quiet --python=\$HOME/camtrap/bin/python \
        --requirement=$(quoted "$SHARED/camtrap_jax/requirements.txt") 'jax[tpu]'"
    ;;
  train)
    words=$(quoted train --config="$CONFIG" --dataset="$DATASET" --workdir="$RUN" \
      --coordinator_address=auto "${@:2}")
    on_hosts all "cd $(quoted "$SHARED/camtrap_jax") || exit
      nohup setsid ~/camtrap/bin/python -m camtrap_jax $words > ~/camtrap.log 2>&1 < /dev/null &
      echo \$! > ~/camtrap.pid"
    ;;
  log)
    on_hosts 0 'tail -n 20 ~/camtrap.log'
    ;;
  stop)
    on_hosts all 'kill -TERM "$(cat ~/camtrap.pid)"'
    ;;
  *)
    sed -n '2,6s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
