"""Devices and processes: the only file that knows how many there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import jax
import numpy as np
from jax.experimental import multihost_utils
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

Batch = Mapping[str, np.ndarray]


def make_mesh(devices: Sequence[Any] | None = None) -> Mesh:
    """Makes a mesh with the one axis `data`.

    Args:
      devices: which; by default all of all processes, which then have to compute together.

    Raises:
      ValueError: JAX sees devices of other processes, which were not joined.
    """
    if jax.process_count() > 1 and not jax.distributed.is_initialized():
        raise ValueError(
            f"expected the devices of one process, got those of {jax.process_count()}; start the "
            "same command in all of them with --coordinator_address=auto"
        )
    # Auto axes: linen.Dropout raises ShardingTypeError under Explicit ones (flax 0.12).
    chosen = jax.devices() if devices is None else devices
    return jax.make_mesh((len(chosen),), ("data",), (AxisType.Auto,), devices=chosen)


def make_local_mesh() -> Mesh:
    """Makes a mesh of this process's devices alone, for what one process computes by itself."""
    return make_mesh(jax.local_devices())


def computing_on(mesh: Mesh) -> AbstractContextManager[Any]:
    """Says of the programs that are begun in this block that they run on no other devices.

    Of the devices of several processes one's own may be the only ones, and what cannot be divided
    among devices is then as good as in a process by itself.
    """
    return jax.set_mesh(mesh)


def put_batch(batch: Batch, mesh: Mesh) -> dict[str, jax.Array]:
    """Spreads this process's share of a batch over its devices, along the first axis.

    Raises:
      ValueError: the number of rows is no multiple of the number of local devices.
    """
    sharding = NamedSharding(mesh, PartitionSpec("data"))
    return {
        name: jax.make_array_from_process_local_data(sharding, value)
        for name, value in batch.items()
    }


def put_replicated(tree: Any, mesh: Mesh) -> Any:
    """Copies every array of a tree to all devices."""
    return jax.device_put(tree, NamedSharding(mesh, PartitionSpec()))


def padded_batch_size(batch_size: int, mesh: Mesh | None = None) -> int:
    """Rounds a batch size up to a multiple of a mesh's devices; without one, of all there are."""
    devices = jax.device_count() if mesh is None else mesh.size
    return -(-batch_size // devices) * devices


def process_share() -> tuple[int, int]:
    """Returns this process's index and the number of processes."""
    return jax.process_index(), jax.process_count()


def is_first_process() -> bool:
    """Tells whether this process is the one that writes files."""
    return jax.process_index() == 0


def reached_preemption(step: int) -> bool:
    """Tells, in several processes and in all of them alike, whether one was asked to end.

    Args:
      step: number of this question, the same in all processes.
    """
    return multihost_utils.reached_preemption_sync_point(step)


def describe_devices() -> dict[str, Any]:
    """Returns what a run computes on, for its records; starts the devices.

    Several processes have to have started them together before one asks alone.
    """
    first = jax.devices()[0]
    return {
        "platform": first.platform,
        "kind": first.device_kind,
        "num_devices": jax.device_count(),
        "num_processes": jax.process_count(),
    }
