"""What a network returns."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from jaxtyping import Array, Float

Activation = Callable[[Array], Array]


class Output(NamedTuple):
    """All that later stages read off one forward pass."""

    logits: Float[Array, "batch classes"]
    features: Float[Array, "batch dim"]  # the vector in which species are compared
    maps: Float[Array, "batch h w units"]  # the last convolutional map, after its ReLU
