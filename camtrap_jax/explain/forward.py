"""One forward pass of a network, and what can be pulled back through it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import jax
from jaxtyping import Array, Float

from camtrap_jax.explain.guided import guided_relu

Variables = Any
Images = Float[Array, "batch H W 3"]
Maps = Float[Array, "batch h w units"]
Logits = Float[Array, "batch classes"]


class Explainable(Protocol):
    """A network that can be cut after any of its layers and given another activation."""

    num_classes: int

    @property
    def layers(self) -> tuple[str, ...]:
        """Names the layers in order; the last is the last convolutional one."""
        ...

    def apply(self, variables: Variables, *args: Any, **kwargs: Any) -> Any:
        """Calls `bottom` (images, layer -> maps) or `top` (maps, layer -> logits, features)."""
        ...

    def clone(self, *, act: Callable[[Array], Array]) -> Explainable:
        """Returns the same network with `act` in place of every ReLU."""
        ...

    def fold(self, variables: Variables) -> tuple[Explainable, Variables]:
        """Returns a network that computes the same with fixed statistics, but faster."""
        ...


@dataclass(frozen=True)
class Cut:
    """A network that is cut after a layer.

    Attributes:
      network: the whole of it.
      variables: its variables.
      layer: the one whose maps lie between bottom and top.
    """

    network: Explainable
    variables: Variables
    layer: str

    @property
    def guided(self) -> Cut:
        """The same with the guided ReLU; its forward pass gives the same numbers."""
        return Cut(self.network.clone(act=guided_relu), self.variables, self.layer)

    def bottom(self, images: Images) -> Maps:
        """Returns the layer's maps."""
        return self.network.apply(self.variables, images, self.layer, method="bottom")

    def top(self, maps: Maps) -> tuple[Logits, Float[Array, "batch dim"]]:
        """Returns logits and features."""
        return self.network.apply(self.variables, maps, self.layer, method="top")

    def logits(self, images: Images) -> Logits:
        """Returns the logits."""
        return self.top(self.bottom(images))[0]


class Forward:
    """A batch that went through a network once; each pull back is traced when it is asked for.

    A guided ReLU has the ReLU's forward value, so the guided bottom's maps are the network's. Only
    the top is differentiated twice, once plainly and once guided; the bottom, where the time goes,
    runs once forward, and backward as often as what is wanted differs.
    """

    def __init__(self, cut: Cut, images: Images, *, is_guided: bool) -> None:
        """Runs the network.

        Args:
          cut: the network.
          images: normalised.
          is_guided: whether signals will be pulled back to the images through guided ReLUs, and
            not plainly.
        """
        self.cut = cut
        self.images = images
        self._is_guided = is_guided
        bottom = (cut.guided if is_guided else cut).bottom
        self.maps, self._pull_bottom = jax.vjp(bottom, images)
        self.logits, self._pull_top, self.features = jax.vjp(cut.top, self.maps, has_aux=True)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the images."""
        _, height, width, _ = self.images.shape
        return height, width

    def map_gradient(self, seed: Logits) -> Maps:
        """Pulls a signal at the logits back to the maps."""
        return self._pull_top(seed)[0]

    def guided_signal(self, seed: Logits) -> Images:
        """Pulls it back to the images through guided ReLUs."""
        return self._pull(guided=True)(self._guided_top(seed)[0])[0]

    def image_gradient(self, seed: Logits) -> Images:
        """Pulls it back to the images plainly."""
        return self._pull(guided=False)(self.map_gradient(seed))[0]

    @cached_property
    def _guided_top(self) -> Callable[[Logits], tuple[Maps]]:
        return jax.vjp(self.cut.guided.top, self.maps, has_aux=True)[1]

    def _pull(self, *, guided: bool) -> Callable[[Maps], tuple[Images]]:
        """Returns the bottom's pull back; the second kind costs another forward pass."""
        return self._pull_bottom if guided == self._is_guided else self._other_pull

    @cached_property
    def _other_pull(self) -> Callable[[Maps], tuple[Images]]:
        bottom = (self.cut if self._is_guided else self.cut.guided).bottom
        return jax.vjp(bottom, self.images)[1]
