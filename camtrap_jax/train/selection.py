"""Which evaluation was the best so far, and whether a better one is still to be waited for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

Evaluations = Sequence[Mapping[str, float]]  # lines of the log, in the order of their steps


def best_step(evaluations: Evaluations) -> int | None:
    """Returns the step of the best evaluation; None where nothing could be evaluated.

    The best has the highest mean species accuracy, then the lowest loss, then the lowest step.
    """
    best = _place_of_best(evaluations)
    return None if best is None else int(evaluations[best]["step"])


def is_over(evaluations: Evaluations, *, patience: int) -> bool:
    """Tells whether the last `patience` evaluations were none of them the best; 0 waits for ever.

    Source: Prechelt 1998, "Early stopping - but when?", the criterion UP with single evaluations.
    """
    best = _place_of_best(evaluations)
    return bool(patience) and best is not None and len(evaluations) - 1 - best >= patience


def _place_of_best(evaluations: Evaluations) -> int | None:
    accuracies = [one["val_mean_species_accuracy"] for one in evaluations]
    places = [place for place, value in enumerate(accuracies) if math.isfinite(value)]
    if not places:
        return None
    return min(places, key=lambda place: (-accuracies[place], evaluations[place]["val_loss"]))
