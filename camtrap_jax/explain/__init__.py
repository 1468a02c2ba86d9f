"""What the network looks at: attribution methods, and how far their maps can be trusted."""

from camtrap_jax.explain.engine import Explanation, make_explainer
from camtrap_jax.explain.gallery import gallery_rows
from camtrap_jax.explain.targets import PREDICTED, RUNNER_UP

__all__ = ["PREDICTED", "RUNNER_UP", "Explanation", "gallery_rows", "make_explainer"]
