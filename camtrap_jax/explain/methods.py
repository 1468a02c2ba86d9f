"""Every attribution method: its name, and what it takes of a forward pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial

import jax
from jaxtyping import Array

from camtrap_jax.explain.cam import CAMS, grad_cam, upsample
from camtrap_jax.explain.forward import Forward, Images, Logits, Maps
from camtrap_jax.explain.gradients import integrated_gradients, smooth_grad
from camtrap_jax.explain.perturbation import masked_by_units, occluded, occlusion, score_cam


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the costlier methods leave open.

    Attributes:
      noise_samples: copies of each image for `smooth_grad`.
      noise: their standard deviation, as a fraction of the image's range.
      noise_seed: of the noise.
      path_steps: points of `integrated_gradients`.
      window_px: side of the square that `occlusion` hides.
      stride_px: from one square to the next.
      parallel: masks of `score_cam` and `occlusion` that pass the network in one batch.
    """

    noise_samples: int = 16
    noise: float = 0.15
    noise_seed: int = 0
    path_steps: int = 16
    window_px: int = 32
    stride_px: int = 16
    parallel: int = 1


class Signals:
    """What a forward pass gives for one signal at the logits, each computed once."""

    def __init__(self, forward: Forward, seed: Logits, settings: Settings) -> None:
        """Keeps what it is made from.

        Args:
          forward: the batch's pass.
          seed: the signal: the gradient of what is explained with respect to the logits.
          settings: of the methods.
        """
        self.forward = forward
        self.seed = seed
        self.settings = settings

    @cached_property
    def map_gradient(self) -> Maps:
        """At the maps."""
        return self.forward.map_gradient(self.seed)

    @cached_property
    def image_gradient(self) -> Images:
        """At the images."""
        return self.forward.image_gradient(self.seed)

    @cached_property
    def guided(self) -> Images:
        """At the images, through guided ReLUs."""
        return self.forward.guided_signal(self.seed)

    def gradient_at(self, images: Images) -> Images:
        """At other images."""
        return jax.vjp(self.forward.cut.logits, images)[1](self.seed)[0]


Method = Callable[[Signals], Array]


def _cam(cam: Callable[[Maps, Maps], Array], signals: Signals) -> Array:
    return cam(signals.forward.maps, signals.map_gradient)


def _guided_grad_cam(signals: Signals) -> Array:
    """Source: Selvaraju et al. 2017, "Grad-CAM", section 3.2."""
    heatmap = _cam(grad_cam, signals)
    return signals.guided * upsample(heatmap, signals.forward.size)[..., None]


def _smooth_grad(signals: Signals) -> Array:
    settings = signals.settings
    return smooth_grad(
        signals.gradient_at,
        signals.forward.images,
        samples=settings.noise_samples,
        noise=settings.noise,
        seed=settings.noise_seed,
    )


def _integrated_gradients(signals: Signals) -> Array:
    steps = signals.settings.path_steps
    return integrated_gradients(signals.gradient_at, signals.forward.images, steps=steps)


def _score_cam(signals: Signals) -> Array:
    forward, parallel = signals.forward, signals.settings.parallel
    network = forward.cut.logits
    masked = masked_by_units(network, forward.images, forward.maps, parallel=parallel)
    return score_cam(forward.maps, masked, signals.seed)


def _occlusion(signals: Signals) -> Array:
    forward, settings = signals.forward, signals.settings
    places = {"window_px": settings.window_px, "stride_px": settings.stride_px}
    hidden = occluded(forward.cut.logits, forward.images, parallel=settings.parallel, **places)
    return occlusion(forward.logits, hidden, signals.seed, size=forward.size, **places)


HEATMAPS: dict[str, Method] = {
    **{name: partial(_cam, cam) for name, cam in CAMS.items()},
    "score_cam": _score_cam,
    "occlusion": _occlusion,
}
GUIDED: dict[str, Method] = {
    # Springenberg et al. 2015, "Striving for simplicity: the all convolutional net".
    "guided_backprop": lambda signals: signals.guided,
    "guided_grad_cam": _guided_grad_cam,
}
GRADIENTS: dict[str, Method] = {
    # Simonyan et al. 2014, "Deep inside convolutional networks", section 3, with its sign.
    "gradient": lambda signals: signals.image_gradient,
    # Shrikumar et al. 2016, "Not just a black box".
    "gradient_x_input": lambda signals: signals.image_gradient * signals.forward.images,
    "smooth_grad": _smooth_grad,
    "integrated_gradients": _integrated_gradients,
}
SALIENCIES = {**GUIDED, **GRADIENTS}  # input-shaped, with a value for each colour
METHODS = {**HEATMAPS, **SALIENCIES}
COSTLY_HEATMAPS = ("score_cam", "occlusion")  # hundreds of forward passes
OF_GALLERY = (*SALIENCIES, *COSTLY_HEATMAPS)  # too large, or too costly, for every image

TITLES = {
    "grad_cam": "Grad-CAM",
    "grad_cam_plus_plus": "Grad-CAM++",
    "hires_cam": "HiResCAM",
    "layer_cam": "LayerCAM",
    "xgrad_cam": "XGrad-CAM",
    "score_cam": "Score-CAM",
    "occlusion": "occlusion",
    "guided_backprop": "guided backpropagation",
    "guided_grad_cam": "guided Grad-CAM",
    "gradient": "gradient",
    "gradient_x_input": "gradient x input",
    "smooth_grad": "SmoothGrad",
    "integrated_gradients": "integrated gradients",
}
