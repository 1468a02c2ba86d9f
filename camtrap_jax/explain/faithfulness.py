"""Whether the network relies on what a map marks: pixels are taken away or put back, best first.

Curves are probabilities of one class against the share of pixels replaced. A good map has a small
area under its deletion curve and a large one under its insertion curve; areas mean something only
beside those of `random_heatmaps` and of other maps of the same network and images.
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int
from scipy.ndimage import gaussian_filter1d

from camtrap_jax.explain.cam import upsample

Images = Float[Array, "batch H W 3"]
Importance = Float[Array, "batch H W"]  # one value a pixel
Targets = Int[Array, " batch"]
Curve = Float[Array, "batch points"]
Network = Callable[[Images], Float[Array, "batch classes"]]

_TIES_SEED = 1  # any will do, as long as it stays


def pixel_importance(
    maps: Float[Array, "batch h w"] | Float[Array, "batch H W 3"], size: tuple[int, int]
) -> Importance:
    """Reduces any map to one value of at least 0 for each pixel of the image.

    - A saliency becomes the sum of its absolute values over the colours: the sign of a gradient
      tells which way a colour would have to change, not whether the pixel matters.
    - A heatmap is enlarged bilinearly; what lies below 0 speaks against the class and becomes 0, as
      the ReLU of Grad-CAM has it, so that all maps are judged as evidence for their class.

    Args:
      maps: heatmaps, or saliencies of the given size; float16 is computed with as float32.
      size: height and width of the image.
    """
    values = jnp.asarray(maps, jnp.float32)
    if values.ndim == 4:
        return jnp.abs(values).sum(-1)
    return jnp.maximum(upsample(values, size), 0)


def deletion_curve(
    network: Network,
    images: Images,
    importance: Importance,
    targets: Targets,
    *,
    steps: int,
    parallel: int = 1,
) -> Curve:
    """Returns the target's probability while the most important pixels become the mean colour.

    At point k of 0..steps the first floor(k pixels / steps) pixels of `pixel_ranks` are replaced:
    none at the first point, all at the last. A map of one value replaces them in a random order.

    Args:
      network: from images to logits.
      images: normalised; 0 is the mean colour.
      importance: larger where a pixel matters more; only its order counts, and it may be signed.
      targets: the class whose probability (softmax of the logits) is returned.
      steps: in which all pixels go.
      parallel: points that pass the network in one batch; bounds the memory.

    Returns:
      [batch, steps + 1], 0..1.

    Raises:
      ValueError: the map has another size than the image.

    Source: Petsiuk et al. 2018, "RISE".
    """
    after = jnp.zeros_like(images)
    return _curve(network, images, after, importance, targets, steps=steps, parallel=parallel)


def insertion_curve(
    network: Network,
    images: Images,
    importance: Importance,
    targets: Targets,
    *,
    steps: int,
    blur_px: float = 5.0,
    parallel: int = 1,
) -> Curve:
    """Returns the target's probability while a blurred copy gets its most important pixels back.

    The other way round than `deletion_curve`, with the same order of pixels. It starts from a blur
    because pixels on a plain colour have edges of their own, which the network would see.

    Args:
      network: from images to logits.
      images: normalised.
      importance: larger where a pixel matters more.
      targets: the class whose probability is returned.
      steps: in which all pixels come back.
      blur_px: the blur's standard deviation.
      parallel: points that pass the network in one batch.

    Returns:
      [batch, steps + 1], 0..1; the last point is the image's own probability.

    Raises:
      ValueError: the map has another size than the image.

    Source: Petsiuk et al. 2018, "RISE"; there the same blur is cut after 5 px.
    """
    before = blurred(images, blur_px)
    return _curve(network, before, images, importance, targets, steps=steps, parallel=parallel)


def area_under(curve: Curve) -> Float[Array, " batch"]:
    """Returns the area by trapezoids, 0..1, where the whole way has length 1."""
    return ((curve[..., 1:] + curve[..., :-1]) / 2).mean(-1)


def random_heatmaps(seed: int, shape: tuple[int, int, int]) -> Float[Array, "batch h w"]:
    """Draws maps that know nothing, uniform on 0..1: the yardstick for an area.

    Each row has its own map, the same whatever the number of rows. Draw them in the size of the map
    that is judged (7 x 7 for Grad-CAM) and enlarge them alike: holes in single pixels disturb a
    network more than one large hole, so that maps of other grains do not compare.

    Args:
      seed: of the draw.
      shape: batch, height and width.
    """
    keys = jax.vmap(jax.random.fold_in, (None, 0))(jax.random.key(seed), jnp.arange(shape[0]))
    return jax.vmap(lambda key: jax.random.uniform(key, shape[1:]))(keys)


def pixel_ranks(importance: Importance) -> Int[Array, "batch H W"]:
    """Numbers each image's pixels from 0, the most important one.

    Equal values follow one another in a pseudo-random order, the same for all images and calls. In
    reading order a map of one value would take the picture away from the top, the sky first, and
    look better than chance or worse; and nothing may depend on the batch.
    """
    flat = importance.reshape(len(importance), -1)
    ties = jax.random.permutation(jax.random.key(_TIES_SEED), flat.shape[1])
    order = ties[jnp.argsort(-flat[:, ties], axis=1, stable=True)]
    return jnp.argsort(order, axis=1).reshape(importance.shape)


def blurred(images: Images, sigma_px: float) -> Images:
    """Blurs by a Gaussian, cut at 4 sigma; beyond the border the outermost pixels go on."""
    rows, columns = (
        jnp.asarray(
            gaussian_filter1d(np.eye(length), sigma_px, axis=0, mode="nearest"), jnp.float32
        )
        for length in images.shape[1:3]
    )
    return jnp.einsum("hr,brwc,vw->bhvc", rows, images, columns, precision="highest")


def _curve(
    network: Network,
    before: Images,
    after: Images,
    importance: Importance,
    targets: Targets,
    *,
    steps: int,
    parallel: int,
) -> Curve:
    """Returns the target's probability while pixels of `before` give way to those of `after`."""
    if importance.shape != before.shape[:3]:
        raise ValueError(
            f"importance: expected one value a pixel, {list(before.shape[:3])}, got "
            f"{list(importance.shape)}; `pixel_importance` enlarges and reduces maps"
        )
    ranks = pixel_ranks(importance)[..., None]
    counts = np.arange(steps + 1) * (before.shape[1] * before.shape[2]) // steps

    def probability_at(count: Array) -> Array:
        logits = network(jnp.where(ranks < count, after, before))
        probabilities = jax.nn.softmax(logits.astype(jnp.float32), axis=-1)
        return jnp.take_along_axis(probabilities, targets[:, None], axis=1)[:, 0]

    return lax.map(probability_at, jnp.asarray(counts), batch_size=parallel).T
