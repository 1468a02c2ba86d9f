"""Everything about a batch from one forward and one backward pass through the convolutions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from camtrap_jax.compilation import compiler_options
from camtrap_jax.explain.cam import grad_cam, upsample
from camtrap_jax.explain.guided import guided_relu

MAPS = ("grad_cam", "guided_backprop", "guided_grad_cam")
Variables = Any


class Explainable(Protocol):
    """A network that can be cut into trunk and head and given another activation."""

    def apply(self, variables: Variables, *args: Any, **kwargs: Any) -> Any:
        """Calls `method`, one of `trunk` (images -> maps) and `head` (maps -> logits, features)."""
        ...

    def clone(self, *, act: Callable[[Array], Array]) -> Explainable:
        """Returns the same network with `act` in place of every ReLU."""
        ...


class Explanation(NamedTuple):
    """What is known about each image of a batch; a map that was not asked for is None."""

    logits: Float[Array, "batch classes"]
    features: Float[Array, "batch dim"]
    targets: Int[Array, " batch"]  # the class each map speaks of
    unit_max: Float[Array, "batch units"]  # response: the map's largest value
    unit_mean: Float[Array, "batch units"]
    unit_cell: Int[Array, "batch units"]  # flat index (row-major) of the hottest cell
    grad_cam: Float[Array, "batch h w"] | None = None
    guided_backprop: Float[Array, "batch H W 3"] | None = None
    guided_grad_cam: Float[Array, "batch H W 3"] | None = None


def make_explainer(
    model: Explainable, variables: Variables, *, outputs: Sequence[str] = MAPS
) -> Callable[..., Explanation]:
    """Makes `explain(images, targets=None) -> Explanation`, compiled; only `outputs` is computed.

    Args:
      model: VGG-16, ResNet-50 or any other `Explainable`.
      variables: its variables.
      outputs: which maps, of `grad_cam`, `guided_backprop` and `guided_grad_cam`.

    Returns:
      A function of images float32 [batch, height, width, 3], normalised, and targets int [batch]
      (None, or a negative target: the predicted class). Call it outside `jax.jit`: inside,
      `explain_batch` takes its place.

    Raises:
      ValueError: an output of another name.
    """
    unknown = [name for name in outputs if name not in MAPS]
    if unknown:
        raise ValueError(f"outputs: expected some of {', '.join(MAPS)}, got {', '.join(unknown)}")
    guided = model.clone(act=guided_relu)

    @jax.jit(compiler_options=compiler_options())
    def explain(variables: Variables, images: Array, targets: Array | None) -> Explanation:
        return explain_batch(model, guided, variables, images, targets, outputs=tuple(outputs))

    return lambda images, targets=None: explain(variables, images, targets)


def explain_batch(
    model: Explainable,
    guided: Explainable,
    variables: Variables,
    images: Float[Array, "batch H W 3"],
    targets: Int[Array, " batch"] | None,
    *,
    outputs: tuple[str, ...],
) -> Explanation:
    """Explains a batch; jittable.

    A guided ReLU has the ReLU's forward value, so the guided trunk's maps are the network's. Only
    the head is differentiated twice, once plainly for Grad-CAM and once guided; the trunk, where
    the time goes, runs once forward and, if an input-shaped map is wanted, once backward.
    """
    wants_saliency = bool({"guided_backprop", "guided_grad_cam"} & set(outputs))
    wants_cam = bool({"grad_cam", "guided_grad_cam"} & set(outputs))

    def trunk(x: Array) -> Array:
        return guided.apply(variables, x, method="trunk")

    if wants_saliency:
        maps, trunk_vjp = jax.vjp(trunk, images)
    else:
        maps, trunk_vjp = trunk(images), None
    logits, head_vjp, features = _head(model, variables, maps)
    predicted = logits.argmax(-1)
    targets = predicted if targets is None else jnp.where(targets < 0, predicted, targets)
    seed = jax.nn.one_hot(targets, logits.shape[-1], dtype=logits.dtype)

    heatmap = grad_cam(maps, *head_vjp(seed)) if wants_cam else None
    saliency = None
    if trunk_vjp is not None:
        _, guided_head_vjp, _ = _head(guided, variables, maps)
        (saliency,) = trunk_vjp(*guided_head_vjp(seed))
    product = None
    if heatmap is not None and saliency is not None and "guided_grad_cam" in outputs:
        height, width = images.shape[1:3]
        product = saliency * upsample(heatmap, (height, width))[..., None]
    return Explanation(
        logits,
        features,
        targets,
        *unit_responses(maps),
        grad_cam=heatmap if "grad_cam" in outputs else None,
        guided_backprop=saliency if "guided_backprop" in outputs else None,
        guided_grad_cam=product,
    )


def unit_responses(
    maps: Float[Array, "batch h w units"],
) -> tuple[Float[Array, "batch units"], Float[Array, "batch units"], Int[Array, "batch units"]]:
    """Returns each unit's largest value, its mean, and the flat index of its hottest cell.

    The first cell in reading order wins a tie; a silent unit is hottest at cell 0.
    """
    flat = maps.reshape(len(maps), -1, maps.shape[-1])
    return flat.max(1), flat.mean(1), flat.argmax(1).astype(jnp.int32)


def _head(
    model: Explainable, variables: Variables, maps: Array
) -> tuple[Array, Callable[[Array], tuple[Array]], Array]:
    return jax.vjp(lambda x: model.apply(variables, x, method="head"), maps, has_aux=True)
