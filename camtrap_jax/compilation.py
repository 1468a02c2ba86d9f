"""What XLA has to be told on a CPU; other backends are left as they are."""

from __future__ import annotations

from typing import Any

import jax
from jaxtyping import Array


def compiler_options() -> dict[str, str] | None:
    """Options for `jax.jit` that make programs of convolutions 2 to 3 times as fast on a CPU.

    - By default XLA:CPU gathers the whole network into one YNNPACK fusion, which is slower than
      the sum of its parts. Here YNNPACK gets single matrix products, and the sums over batch and
      positions, which XLA's own loops take twenty times as long for.
    - XLA:CPU drops optimization barriers before it fuses. Without the pass that drops them they
      hold, and `materialised` means what it says.

    Given here, the options hold for one program and leave the user's XLA_FLAGS alone.
    """
    if not is_cpu():
        return None
    kinds = ("INDIVIDUAL_DOT", "REDUCE")
    fusions = ",".join(f"LIBRARY_FUSION_TYPE_{kind}" for kind in kinds)
    return {
        "xla_cpu_experimental_ynn_fusion_type": fusions,
        "xla_disable_hlo_passes": "cse_barrier_expander",
    }


@jax.custom_vjp
def materialised(x: Array) -> Array:
    """Has an array computed once and kept, rather than anew within each operation that reads it.

    XLA:CPU fuses what is computed for each element into all its readers: three blocks of a residual
    network into each of their successor's gradients, and always the ReLU before a transposition,
    which is then ten times as slow. Gradients pass as they are.
    """
    return jax.lax.optimization_barrier(x) if is_cpu() else x


def _forward(x: Array) -> tuple[Array, None]:
    return materialised(x), None


def _backward(_: None, cotangent: Any) -> tuple[Any]:
    return (cotangent,)


materialised.defvjp(_forward, _backward)


def is_cpu() -> bool:
    """Tells whether programs run on the processor."""
    return jax.default_backend() == "cpu"
