"""Everything about a batch from one forward and one backward pass through the convolutions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from camtrap_jax.compilation import compiler_options
from camtrap_jax.config import MAPS
from camtrap_jax.explain.checks import (
    check_classes,
    check_images,
    check_layer,
    check_outputs,
    check_pairs,
)
from camtrap_jax.explain.forward import Cut, Explainable, Forward, Logits, Variables
from camtrap_jax.explain.methods import GUIDED, METHODS, Settings, Signals
from camtrap_jax.explain.targets import PREDICTED, resolve, seeds


class Explanation(NamedTuple):
    """What is known about each image of a batch; a map that was not asked for is None.

    Where several targets were given, maps have an axis for them after the batch's.
    """

    logits: Float[Array, "batch classes"]
    features: Float[Array, "batch dim"]
    targets: Int[Array, "batch ..."]  # the class each map speaks of
    unit_max: Float[Array, "batch units"]  # response: the map's largest value
    unit_mean: Float[Array, "batch units"]
    unit_cell: Int[Array, "batch units"]  # flat index (row-major) of the hottest cell
    grad_cam: Float[Array, "batch ... h w"] | None = None
    grad_cam_plus_plus: Float[Array, "batch ... h w"] | None = None
    hires_cam: Float[Array, "batch ... h w"] | None = None
    layer_cam: Float[Array, "batch ... h w"] | None = None
    xgrad_cam: Float[Array, "batch ... h w"] | None = None
    score_cam: Float[Array, "batch ... h w"] | None = None
    occlusion: Float[Array, "batch ... H W"] | None = None
    guided_backprop: Float[Array, "batch ... H W 3"] | None = None
    guided_grad_cam: Float[Array, "batch ... H W 3"] | None = None
    gradient: Float[Array, "batch ... H W 3"] | None = None
    gradient_x_input: Float[Array, "batch ... H W 3"] | None = None
    smooth_grad: Float[Array, "batch ... H W 3"] | None = None
    integrated_gradients: Float[Array, "batch ... H W 3"] | None = None


def make_explainer(
    model: Explainable,
    variables: Variables,
    *,
    outputs: Sequence[str] = MAPS,
    layer: str | None = None,
    settings: Settings | None = None,
) -> Callable[..., Explanation]:
    """Makes `explain(images, targets=None, against=None) -> Explanation`, compiled.

    Args:
      model: VGG-16, ResNet-50 or any other `Explainable`.
      variables: its variables.
      outputs: which maps, of `METHODS`; only these are computed.
      layer: whose units and class activation maps; by default the last convolutional one.
      settings: of the methods.

    Returns:
      A function of
      - images float32 [batch, height, width, 3], normalised;
      - targets int [batch], the class whose logit is explained, or [batch, several]: a class,
        `PREDICTED` or `RUNNER_UP`; None: the predicted class;
      - against int, of the targets' shape: the class over which the target's lead is explained;
        where it is the target itself, the likeliest other one.
      It raises `ValueError` for images that are not finite or of another shape, and for targets
      out of range. Call it outside `jax.jit`: inside, `explain_batch` takes its place.

    Raises:
      ValueError: an output or a layer of another name.
    """
    check_outputs(outputs)
    cut_layer = model.layers[-1] if layer is None else layer
    check_layer(model.layers, cut_layer)
    folded, variables = model.fold(variables)

    @jax.jit(compiler_options=compiler_options())
    def explain(
        variables: Variables, images: Array, targets: Array | None, against: Array | None
    ) -> Explanation:
        return explain_batch(
            Cut(folded, variables, cut_layer),
            images,
            targets,
            against,
            outputs=outputs,
            settings=settings or Settings(),
        )

    def checked(images: Any, targets: Any = None, against: Any = None) -> Explanation:
        check_images(images)
        check_classes("targets", targets, len(images), model.num_classes)
        check_classes("against", against, len(images), model.num_classes)
        check_pairs(targets, against, len(images))
        return explain(variables, images, targets, against)

    return checked


def explain_batch(
    cut: Cut,
    images: Float[Array, "batch H W 3"],
    targets: Int[Array, "batch ..."] | None,
    against: Int[Array, "batch ..."] | None = None,
    *,
    outputs: Sequence[str],
    settings: Settings,
) -> Explanation:
    """Explains a batch; jittable. Arguments are not checked, see `make_explainer`."""
    forward = Forward(cut, images, is_guided=bool(set(outputs) & set(GUIDED)))
    logits = forward.logits
    if targets is None:
        targets = jnp.full(len(images), PREDICTED)
    targets = resolve(logits, targets)

    def attribute(seed: Logits) -> dict[str, Array]:
        signals = Signals(forward, seed, settings)
        return {name: METHODS[name](signals) for name in outputs}

    if targets.ndim > 1:  # the network runs once for all targets
        attribute = jax.vmap(attribute, in_axes=1, out_axes=1)
    maps = attribute(seeds(logits, targets, against))
    return Explanation(logits, forward.features, targets, *unit_responses(forward.maps), **maps)


def unit_responses(
    maps: Float[Array, "batch h w units"],
) -> tuple[Float[Array, "batch units"], Float[Array, "batch units"], Int[Array, "batch units"]]:
    """Returns each unit's largest value, its mean, and the flat index of its hottest cell.

    The first cell in reading order wins a tie; a silent unit is hottest at cell 0.
    """
    flat = maps.reshape(len(maps), -1, maps.shape[-1])
    return flat.max(1), flat.mean(1), flat.argmax(1).astype(jnp.int32)
