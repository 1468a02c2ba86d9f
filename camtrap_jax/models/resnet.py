"""ResNet-50 of He et al. 2015, laid out as torchvision's `resnet50` (stride in the 3x3)."""

from __future__ import annotations

import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float

from camtrap_jax.compilation import materialised
from camtrap_jax.models.batch_norm import BatchNorm
from camtrap_jax.models.convolution import convolution
from camtrap_jax.models.dense import dense
from camtrap_jax.models.output import Activation, Output
from camtrap_jax.models.pooling import max_pool
from camtrap_jax.models.stages import NUM_STAGES
from camtrap_jax.models.vgg import scaled

STAGES = ((64, 3), (128, 4), (256, 6), (512, 3))  # bottleneck channels, blocks
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

    @nn.compact
    def __call__(self, x: Float[Array, "b h w c"], *, train: bool) -> Float[Array, "b h2 w2 c2"]:
        """Returns the block's map, after its last ReLU."""

        def normalised(x: Array, channels: int, kernel: int, *, layer: str, stride: int) -> Array:
            conv, norm = LAYER_NAMES[layer]
            x = convolution(
                channels, kernel, stride=stride, bias=False, dtype=self.dtype, name=conv
            )(x)
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
    """

    num_classes: int
    width: float = 1.0  # multiplies every layer's channels
    act: Activation = nn.relu
    dtype: jnp.dtype = jnp.float32

    def setup(self) -> None:
        """Names every layer as torchvision does, with `_` for its dots."""
        self.conv1 = convolution(
            scaled(64, self.width), 7, stride=2, bias=False, dtype=self.dtype, name="conv1"
        )
        self.bn1 = BatchNorm(dtype=self.dtype)
        self.blocks = [
            [
                Bottleneck(
                    scaled(channels, self.width),
                    stride=2 if stage > 1 and block == 0 else 1,
                    project=block == 0,
                    act=self.act,
                    dtype=self.dtype,
                    name=f"layer{stage}_{block}",
                )
                for block in range(count)
            ]
            for stage, (channels, count) in enumerate(STAGES, start=1)
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
        x = images.astype(self.dtype)
        for stage in range(first, last):
            if stage == 0:
                x = max_pool(self.act(self.bn1(self.conv1(x), train=train)), 3, 2, 1)
            else:
                for block in self.blocks[stage - 1]:
                    x = block(x, train=train)
        return x

    def head(
        self, maps: Float[Array, "b h w units"], *, train: bool = False
    ) -> tuple[Float[Array, "b classes"], Float[Array, "b dim"]]:
        """Returns logits and features of a map."""
        del train  # no layer here behaves differently
        features = maps.mean((1, 2))
        logits = self.fc(features)
        wide = jnp.promote_types(self.dtype, jnp.float32)
        return logits.astype(wide), features.astype(wide)
