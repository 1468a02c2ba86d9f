"""How right, how sure and how wary the network is: accuracy, calibration, detection."""

from camtrap_jax.evaluation.accuracy import (
    accuracy,
    confusion_matrix,
    in_top_k,
    mean_species_accuracy,
    top_k_accuracy,
)
from camtrap_jax.evaluation.calibration import (
    calibration_gaps,
    entropy,
    expected_calibration_error,
    fit_temperature,
    margin,
    negative_log_likelihood,
    probabilities_of,
)
from camtrap_jax.evaluation.detection import detection_metrics
from camtrap_jax.evaluation.intervals import Statistic, bootstrap_interval, wilson_interval

__all__ = [
    "Statistic",
    "accuracy",
    "bootstrap_interval",
    "calibration_gaps",
    "confusion_matrix",
    "detection_metrics",
    "entropy",
    "expected_calibration_error",
    "fit_temperature",
    "in_top_k",
    "margin",
    "mean_species_accuracy",
    "negative_log_likelihood",
    "probabilities_of",
    "top_k_accuracy",
    "wilson_interval",
]
