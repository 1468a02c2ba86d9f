"""VGG-16, configuration D of Simonyan & Zisserman 2014, laid out as torchvision's `vgg16`."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float

from camtrap_jax.models.convolution import convolution
from camtrap_jax.models.dense import dense
from camtrap_jax.models.initial import scaled_normal
from camtrap_jax.models.output import Activation, Output
from camtrap_jax.models.pooling import adaptive_average_pool, max_pool
from camtrap_jax.models.stages import NUM_STAGES

BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))  # channels, convolutions
STAGE_STARTS = (0, 2, 4, 7, 10, 13)  # convolutions before each stage, and in all
HIDDEN = 4096
POOLED = 7  # the dense layers see 7 x 7 positions, whatever the image's size


class VGG16(nn.Module):
    """Thirteen convolutions and three dense layers.

    `maps` are relu(conv5_3), before the last pooling; `features` are fc7 after its ReLU.
    """

    num_classes: int
    width: float = 1.0  # multiplies every layer's channels
    dropout: float = 0.5
    dense_scale: float = 0.5  # of fc6's and fc7's initial weights
    act: Activation = nn.relu
    dtype: jnp.dtype = jnp.float32

    def setup(self) -> None:
        """Names every layer as the literature does: conv1_1 ... conv5_3, fc6, fc7, fc8."""
        self.convolutions = [
            convolution(
                scaled(channels, self.width),
                3,
                bias=True,
                dtype=self.dtype,
                name=f"conv{block}_{layer}",
            )
            for block, (channels, count) in enumerate(BLOCKS, start=1)
            for layer in range(1, count + 1)
        ]
        hidden = scaled(HIDDEN, self.width)
        dense_init = scaled_normal(self.dense_scale)
        self.fc6 = dense(hidden, kernel_init=dense_init, dtype=self.dtype)
        self.fc7 = dense(hidden, kernel_init=dense_init, dtype=self.dtype)
        self.fc8 = dense(
            self.num_classes, kernel_init=nn.initializers.normal(0.01), dtype=self.dtype
        )
        self.drop = nn.Dropout(self.dropout)

    def __call__(
        self, images: Float[Array, "b H W c"], *, train: bool = False, first: int = 0
    ) -> Output:
        """Classifies normalised images, or their maps after the first `first` stages."""
        maps = self.trunk(images, train=train, first=first)
        logits, features = self.head(maps, train=train)
        return Output(logits, features, maps)

    def trunk(
        self,
        images: Float[Array, "b H W c"],
        *,
        train: bool = False,
        first: int = 0,
        last: int = NUM_STAGES,
    ) -> Float[Array, "b h w units"]:
        """Runs the convolutions; the map has one cell for every 16 pixels.

        Stages `first` to `last` - 1 are run: `images` are maps where `first` is not 0, and so is
        the result where `last` is less than `NUM_STAGES`.
        """
        del train  # no layer here behaves differently
        return self._layers(images, STAGE_STARTS[first], STAGE_STARTS[last])

    def fold(self, variables: dict[str, Any]) -> tuple[VGG16, dict[str, Any]]:
        """Returns the network as it is: it has no BatchNorm that could be folded."""
        return self, variables

    @property
    def layers(self) -> tuple[str, ...]:
        """Names the layers after which the network can be cut, each with its ReLU."""
        return tuple(
            f"conv{block}_{layer}"
            for block, (_, count) in enumerate(BLOCKS, start=1)
            for layer in range(1, count + 1)
        )

    def bottom(self, images: Float[Array, "b H W c"], layer: str) -> Float[Array, "b h w units"]:
        """Returns the maps of a layer."""
        return self._layers(images, 0, self.layers.index(layer) + 1)

    def top(
        self, maps: Float[Array, "b h w units"], layer: str
    ) -> tuple[Float[Array, "b classes"], Float[Array, "b dim"]]:
        """Returns logits and features, from the maps of a layer on."""
        done = self.layers.index(layer) + 1
        return self.head(self._layers(maps, done, len(self.layers)))

    def _layers(self, x: Array, start: int, end: int) -> Array:
        """Runs the convolutions `start` to `end` - 1, with the poolings before them."""
        x = x.astype(self.dtype)
        for position in range(start, end):
            if position and position in STAGE_STARTS:
                x = max_pool(x, 2, 2)
            x = self.act(self.convolutions[position](x))
        return x

    def head(
        self, maps: Float[Array, "b h w units"], *, train: bool = False
    ) -> tuple[Float[Array, "b classes"], Float[Array, "b dim"]]:
        """Returns logits and features of a map."""
        x = adaptive_average_pool(max_pool(maps, 2, 2), POOLED)
        # Torch flattens channel first, and its weights expect that order.
        x = x.transpose(0, 3, 1, 2).reshape(len(x), -1)
        x = self.drop(self.act(self.fc6(x)), deterministic=not train)
        features = self.act(self.fc7(x))
        logits = self.fc8(self.drop(features, deterministic=not train))
        wide = jnp.promote_types(self.dtype, jnp.float32)
        return logits.astype(wide), features.astype(wide)


def scaled(channels: int, width: float) -> int:
    """Returns the number of channels at a width; at least 4."""
    return max(4, round(channels * width))
