"""What the network looks at: Grad-CAM, guided backpropagation and their product."""

from camtrap_jax.explain.engine import Explanation, make_explainer
from camtrap_jax.explain.gallery import gallery_rows

__all__ = ["Explanation", "gallery_rows", "make_explainer"]
