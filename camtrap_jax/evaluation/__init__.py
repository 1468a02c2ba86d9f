"""How right, how sure and how wary the network is: accuracy, calibration, detection."""

from camtrap_jax.evaluation.accuracy import (
    accuracy,
    confusion_matrix,
    in_top_k,
    mean_species_accuracy,
    top_k_accuracy,
)
from camtrap_jax.evaluation.calibration import (
    entropy,
    fit_temperature,
    margin,
    negative_log_likelihood,
    probabilities_of,
)
from camtrap_jax.evaluation.confusion import Agreement, confusion_shares, rank_agreement
from camtrap_jax.evaluation.detection import DETECTION_METRICS, detection_metrics
from camtrap_jax.evaluation.intervals import Statistic, bootstrap_interval, wilson_interval
from camtrap_jax.evaluation.label_errors import confident_disagreement
from camtrap_jax.evaluation.reliability import (
    Reliability,
    calibration_gaps,
    errors_of_chance,
    expected_calibration_error,
    reliability,
)
from camtrap_jax.evaluation.resampled_detection import resampled_detection
from camtrap_jax.evaluation.votes import mean_probabilities

__all__ = [
    "DETECTION_METRICS",
    "Agreement",
    "Reliability",
    "Statistic",
    "accuracy",
    "bootstrap_interval",
    "calibration_gaps",
    "confident_disagreement",
    "confusion_matrix",
    "confusion_shares",
    "detection_metrics",
    "entropy",
    "errors_of_chance",
    "expected_calibration_error",
    "fit_temperature",
    "in_top_k",
    "margin",
    "mean_probabilities",
    "mean_species_accuracy",
    "negative_log_likelihood",
    "probabilities_of",
    "rank_agreement",
    "reliability",
    "resampled_detection",
    "top_k_accuracy",
    "wilson_interval",
]
