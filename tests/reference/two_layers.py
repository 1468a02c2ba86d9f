"""A network that compiles in a moment and can be explained at either of its two layers."""

import functools
from collections.abc import Callable

from flax import linen as nn
from reference.narrow_networks import random_variables


class TwoLayers(nn.Module):
    """A network that can be cut after either convolution and compiles in a moment."""

    num_classes: int = 4
    act: Callable = nn.relu
    layers = ("first", "second")

    def setup(self):
        self.convolutions = [nn.Conv(6, (3, 3), strides=2), nn.Conv(9, (3, 3), strides=2)]
        self.dense = nn.Dense(self.num_classes)

    def bottom(self, images, layer):
        return self._run(images, self.convolutions[: self.layers.index(layer) + 1])

    def top(self, maps, layer):
        features = self._run(maps, self.convolutions[self.layers.index(layer) + 1 :]).mean((1, 2))
        return self.dense(features), features

    def _run(self, x, convolutions):
        for convolution in convolutions:
            x = self.act(convolution(x))
        return x

    def __call__(self, images):
        return self.top(self.bottom(images, "second"), "second")

    def fold(self, variables):
        return self, variables


@functools.cache
def small_variables():
    return random_variables(TwoLayers(), seed=1)
