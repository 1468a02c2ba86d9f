"""What a trained network says about pictures that nobody has labelled."""

from camtrap_jax.study.new_pictures.predict import Wanted, predict_pictures

__all__ = ["Wanted", "predict_pictures"]
