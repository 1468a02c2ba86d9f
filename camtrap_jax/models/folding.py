"""BatchNorm as part of the convolutions before it, for what comes after training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flax import traverse_util
from jax import lax

from camtrap_jax.models.batch_norm import BatchNorm


def fold_norms(variables: Mapping[str, Any], convolution_of: Mapping[str, str]) -> dict[str, Any]:
    """Returns the variables of a network that has biases in place of BatchNorm.

    With fixed statistics BatchNorm multiplies each channel and adds to it, which the convolution
    before it can do as well. The network computes the same but for rounding, in fewer passes.

    Args:
      variables: `params` and `batch_stats`.
      convolution_of: name of the convolution before each BatchNorm, both in the same module.
    """
    params: dict[Any, Any] = traverse_util.flatten_dict(variables["params"])
    statistics: dict[Any, Any] = traverse_util.flatten_dict(variables["batch_stats"])
    norms = {key[:-1] for key in statistics}
    folded = {key: value for key, value in params.items() if key[:-1] not in norms}
    for norm in norms:
        layer = (*norm[:-1], convolution_of[norm[-1]])
        factor = params[*norm, "scale"] * lax.rsqrt(statistics[*norm, "var"] + BatchNorm.epsilon)
        folded[*layer, "kernel"] = params[*layer, "kernel"] * factor[None, None, None]
        folded[*layer, "bias"] = params[*norm, "bias"] - statistics[*norm, "mean"] * factor
    return {"params": traverse_util.unflatten_dict(folded)}
