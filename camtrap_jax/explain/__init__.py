"""What the network looks at: Grad-CAM, guided backpropagation and their product."""

from camtrap_jax.explain.engine import Explanation, make_explainer

__all__ = ["Explanation", "make_explainer"]
