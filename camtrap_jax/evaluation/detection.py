"""How well a score tells images of unknown species from those of known ones."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from sklearn import metrics

METRICS = ("auroc", "fpr95", "aupr_in", "aupr_out")


def detection_metrics(
    known: Float[np.ndarray, " known"], unknown: Float[np.ndarray, " unknown"]
) -> dict[str, float]:
    """Measures a score of which larger means less familiar.

    Args:
      known: scores of images of known species (in-distribution).
      unknown: scores of images of unknown species.

    Returns:
      `auroc`: probability that an unknown image scores above a known one, ties counting half;
      `fpr95`: share of unknown images taken for known where at least 95 % of the known ones are;
      `aupr_in`, `aupr_out`: area under the precision-recall curve (trapezoids) with the known and
      with the unknown images as the positives. All from 0 to 1; nan where either side is empty
      or a score is not finite.

    Source:
      Yang et al. 2022, "OpenOOD: benchmarking generalized out-of-distribution detection", whose
      definitions these are, with the known images as the positives of `fpr95`.
    """
    scores = np.concatenate([known, unknown])
    if len(known) == 0 or len(unknown) == 0 or not np.isfinite(scores).all():
        return dict.fromkeys(METRICS, float("nan"))
    is_known = np.arange(len(scores)) < len(known)
    false_rates, true_rates, _ = metrics.roc_curve(is_known, -scores, drop_intermediate=False)
    precision_in, recall_in, _ = metrics.precision_recall_curve(is_known, -scores)
    precision_out, recall_out, _ = metrics.precision_recall_curve(~is_known, scores)
    return {
        "auroc": float(metrics.auc(false_rates, true_rates)),
        "fpr95": float(false_rates[np.argmax(true_rates >= 0.95)]),
        "aupr_in": float(metrics.auc(recall_in, precision_in)),
        "aupr_out": float(metrics.auc(recall_out, precision_out)),
    }
