"""Which logit an explanation speaks of, or which difference of two."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

PREDICTED = -1
RUNNER_UP = -2


def resolve(
    logits: Float[Array, "batch classes"], targets: Int[Array, "batch ..."]
) -> Int[Array, "batch ..."]:
    """Replaces `PREDICTED` and `RUNNER_UP` by the classes that they are; the first of equals wins.

    Args:
      logits: of each image.
      targets: classes from 0, `PREDICTED` or `RUNNER_UP`; one or several an image.
    """
    predicted = logits.argmax(-1)
    others = jnp.where(jax.nn.one_hot(predicted, logits.shape[-1], dtype=bool), -jnp.inf, logits)
    several = (slice(None), *(None,) * (targets.ndim - 1))
    predicted, runner_up = predicted[several], others.argmax(-1)[several]
    chosen = jnp.where(targets == RUNNER_UP, runner_up, targets)
    return jnp.where(targets == PREDICTED, predicted, chosen).astype(jnp.int32)


def rivals(
    logits: Float[Array, "batch classes"],
    targets: Int[Array, "batch ..."],
    against: Int[Array, "batch ..."],
) -> Int[Array, "batch ..."]:
    """Returns the classes over which the targets' leads are explained.

    No class has a lead over itself: where both are the same, the rival is the likeliest of the
    others: the predicted class, or where that is the target, the runner-up.

    Args:
      logits: of each image.
      targets: resolved classes.
      against: classes to compare with, `PREDICTED` or `RUNNER_UP`.
    """
    against = resolve(logits, against)
    predicted = resolve(logits, jnp.full_like(targets, PREDICTED))
    runner_up = resolve(logits, jnp.full_like(targets, RUNNER_UP))
    other = jnp.where(targets == predicted, runner_up, predicted)
    return jnp.where(against == targets, other, against)


def seeds(
    logits: Float[Array, "batch classes"],
    targets: Int[Array, "batch ..."],
    against: Int[Array, "batch ..."] | None,
) -> Float[Array, "batch ... classes"]:
    """Returns the gradient of what is explained with respect to the logits.

    That is the target's logit, or with `against` its lead over the rival's.

    Args:
      logits: of each image.
      targets: resolved classes.
      against: see `rivals`.
    """
    classes, dtype = logits.shape[-1], logits.dtype
    wanted = jax.nn.one_hot(targets, classes, dtype=dtype)
    if against is None:
        return wanted
    return wanted - jax.nn.one_hot(rivals(logits, targets, against), classes, dtype=dtype)
