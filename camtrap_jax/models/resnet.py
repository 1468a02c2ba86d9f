"""ResNet-50 of He et al. 2015, laid out as torchvision's `resnet50` (stride in the 3x3)."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float

from camtrap_jax.compilation import materialised
from camtrap_jax.models.batch_norm import BatchNorm
from camtrap_jax.models.convolution import convolution
from camtrap_jax.models.dense import dense
from camtrap_jax.models.folding import fold_norms
from camtrap_jax.models.output import Activation, Output
from camtrap_jax.models.pooling import max_pool
from camtrap_jax.models.stages import NUM_STAGES
from camtrap_jax.models.vgg import scaled

STAGES = ((64, 3), (128, 4), (256, 6), (512, 3))  # bottleneck channels, blocks
STAGE_STARTS = (0, 1, 4, 8, 14, 17)  # the stem and the blocks before each stage, and in all
STEM = "stem"  # with its pooling
EXPANSION = 4
LAYER_NAMES = {
    "1": ("conv1", "bn1"),
    "2": ("conv2", "bn2"),
    "3": ("conv3", "bn3"),
    "shortcut": ("downsample_conv", "downsample_bn"),
}


class Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 convolutions around a shortcut."""

    channels: int
    stride: int
    project: bool  # the shortcut needs a convolution because the shape changes
    act: Activation
    dtype: jnp.dtype
    folded: bool = False

    @nn.compact
    def __call__(self, x: Float[Array, "b h w c"], *, train: bool) -> Float[Array, "b h2 w2 c2"]:
        """Returns the block's map, after its last ReLU."""

        def normalised(x: Array, channels: int, kernel: int, *, layer: str, stride: int) -> Array:
            conv, norm = LAYER_NAMES[layer]
            x = convolution(
                channels, kernel, stride=stride, bias=self.folded, dtype=self.dtype, name=conv
            )(x)
            if self.folded:
                return x
            # Blocks start as their shortcuts (Goyal et al. 2017); few images train none otherwise.
            scale = nn.initializers.zeros if layer == "3" else nn.initializers.ones
            return BatchNorm(dtype=self.dtype, scale_init=scale, name=norm)(x, train=train)

        wide = EXPANSION * self.channels
        y = self.act(normalised(x, self.channels, 1, layer="1", stride=1))
        y = self.act(normalised(y, self.channels, 3, layer="2", stride=self.stride))
        y = normalised(y, wide, 1, layer="3", stride=1)
        if self.project:
            x = normalised(x, wide, 1, layer="shortcut", stride=self.stride)
        return materialised(self.act(x + y))


class ResNet50(nn.Module):
    """A stem, four stages of bottleneck blocks, and one dense layer.

    `maps` are the output of stage 4 after the last residual ReLU; `features` their average.
    A `folded` network has biases in place of BatchNorm; `fold` makes it.
    """

    num_classes: int
    width: float = 1.0  # multiplies every layer's channels
    act: Activation = nn.relu
    dtype: jnp.dtype = jnp.float32
    folded: bool = False

    def setup(self) -> None:
        """Names every layer as torchvision does, with `_` for its dots."""
        self.conv1 = convolution(
            scaled(64, self.width), 7, stride=2, bias=self.folded, dtype=self.dtype, name="conv1"
        )
        if not self.folded:
            self.bn1 = BatchNorm(dtype=self.dtype)
        self.blocks = [
            Bottleneck(
                scaled(channels, self.width),
                stride=2 if stage > 1 and block == 0 else 1,
                project=block == 0,
                act=self.act,
                dtype=self.dtype,
                folded=self.folded,
                name=f"layer{stage}_{block}",
            )
            for stage, (channels, count) in enumerate(STAGES, start=1)
            for block in range(count)
        ]
        self.fc = dense(self.num_classes, dtype=self.dtype)

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
        """Runs the convolutions; the map has one cell for every 32 pixels.

        Stages `first` to `last` - 1 are run: `images` are maps where `first` is not 0, and so is
        the result where `last` is less than `NUM_STAGES`.
        """
        return self._layers(images, STAGE_STARTS[first], STAGE_STARTS[last], train=train)

    def fold(self, variables: dict[str, Any]) -> tuple[ResNet50, dict[str, Any]]:
        """Returns the network without BatchNorm, for fixed statistics, and its variables."""
        if self.folded:
            return self, variables
        convolution_of = {norm: conv for conv, norm in LAYER_NAMES.values()}
        fold = jax.jit(partial(fold_norms, convolution_of=convolution_of))
        return self.clone(folded=True), fold(variables)

    @property
    def layers(self) -> tuple[str, ...]:
        """Names the layers after which the network can be cut: the stem and the blocks."""
        blocks = (
            f"layer{stage}_{block}"
            for stage, (_, count) in enumerate(STAGES, start=1)
            for block in range(count)
        )
        return (STEM, *blocks)

    def bottom(self, images: Float[Array, "b H W c"], layer: str) -> Float[Array, "b h w units"]:
        """Returns the maps of a layer."""
        return self._layers(images, 0, self.layers.index(layer) + 1, train=False)

    def top(
        self, maps: Float[Array, "b h w units"], layer: str
    ) -> tuple[Float[Array, "b classes"], Float[Array, "b dim"]]:
        """Returns logits and features, from the maps of a layer on."""
        done = self.layers.index(layer) + 1
        return self.head(self._layers(maps, done, len(self.layers), train=False))

    def _layers(self, x: Array, start: int, end: int, *, train: bool) -> Array:
        """Runs the layers `start` to `end` - 1, of which the stem is the first."""
        x = x.astype(self.dtype)
        for position in range(start, end):
            x = self.blocks[position - 1](x, train=train) if position else self._stem(x, train)
        return x

    def _stem(self, x: Array, train: bool) -> Array:
        x = self.conv1(x)
        x = x if self.folded else self.bn1(x, train=train)
        return max_pool(self.act(x), 3, 2, 1)

    def head(
        self, maps: Float[Array, "b h w units"], *, train: bool = False
    ) -> tuple[Float[Array, "b classes"], Float[Array, "b dim"]]:
        """Returns logits and features of a map."""
        del train  # no layer here behaves differently
        features = maps.mean((1, 2))
        logits = self.fc(features)
        wide = jnp.promote_types(self.dtype, jnp.float32)
        return logits.astype(wide), features.astype(wide)
