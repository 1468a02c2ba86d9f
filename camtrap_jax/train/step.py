"""One step of training and one of evaluation, compiled."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int

from camtrap_jax.compilation import compiler_options
from camtrap_jax.train.state import TrainState, running_average

Batch = dict[str, jax.Array]
Augment = Callable[[Array, Array], Array]  # keys, pixels -> images


class Trainable(Protocol):
    """A network whose trunk is cut into stages."""

    def apply(self, variables: Any, *args: Any, **kwargs: Any) -> Any:
        """Calls the network from stage `first` on, or with `method="trunk"` the trunk alone."""
        ...


class EvalCounts(NamedTuple):
    """Sums over real images; padded rows add nothing."""

    loss: Float[Array, ""]
    correct: Float[Array, " classes"]
    images: Float[Array, " classes"]


def make_train_step(
    model: Trainable,
    optimizer: optax.GradientTransformation,
    augment: Augment,
    *,
    seed: int,
    frozen_stages: int = 0,
    first: int = 0,
    label_smoothing: float = 0.0,
    class_weights: np.ndarray | None = None,
    average_decay: float = 0.0,
    accumulate_steps: int = 1,
) -> Callable[[TrainState, Batch], tuple[TrainState, dict[str, Array]]]:
    """Makes the function (state, batch) -> (state, metrics).

    The batch is split over the mesh's `data` axis and the state is on every device, so the mean of
    the loss and BatchNorm's statistics are those of the whole batch, on any number of devices.

    Args:
      model: the network.
      optimizer: of its parameters.
      augment: from keys and pixels to images, or to maps where `first` is not 0.
      seed: of augmentation and dropout.
      frozen_stages: how many stages of the trunk are run as in evaluation and not learnt.
      first: the stage that images enter; what is before it was computed before.
      label_smoothing: how much of the label is spread evenly over all classes.
      class_weights: [classes] how much each image of a class weighs in the mean of the loss.
      average_decay: of the running means in `state.average`; see `running_average`.
      accumulate_steps: batches of which the optimizer makes one update.
    """
    forward = _make_forward(model, first=first, frozen_stages=frozen_stages)
    averaged = _make_averaging(average_decay, accumulate_steps)

    @partial(jax.jit, donate_argnums=0, compiler_options=compiler_options())
    def train_step(state: TrainState, batch: Batch) -> tuple[TrainState, dict[str, Array]]:
        key = jax.random.fold_in(jax.random.key(seed), state.step)
        augment_key, dropout_key = jax.random.split(key)
        keys = jax.random.split(augment_key, len(batch["label"]))
        images = augment(keys, batch["pixels"])

        def loss_of(params: Any) -> tuple[Array, tuple[Array, Any]]:
            variables = {"params": params, "batch_stats": state.batch_stats}
            logits, stats = forward(variables, images, dropout_key)
            loss = mean_loss(
                logits, batch["label"], smoothing=label_smoothing, class_weights=class_weights
            )
            return loss, (logits, stats)

        (loss, (logits, stats)), grads = jax.value_and_grad(loss_of, has_aux=True)(state.params)
        updates, opt_state = optimizer.update(grads, state.opt_state, state.params)
        new_state = TrainState(
            step=state.step + 1,
            params=optax.apply_updates(state.params, updates),
            batch_stats=stats,
            opt_state=opt_state,
            average=state.average,
        )
        accuracy = (logits.argmax(-1) == batch["label"]).mean()
        return averaged(new_state), {"loss": loss, "accuracy": accuracy}

    return train_step


def make_eval_step(
    model: Trainable,
    normalise: Callable[[Array], Array],
    *,
    num_classes: int,
    first: int = 0,
) -> Callable[[Any, Batch], EvalCounts]:
    """Makes the function (variables, batch with `mask`) -> counts; images enter stage `first`."""

    @partial(jax.jit, compiler_options=compiler_options())
    def eval_step(variables: Any, batch: Batch) -> EvalCounts:
        images = normalise(batch["pixels"])
        logits = model.apply(variables, images, train=False, first=first).logits
        return eval_counts(logits, batch["label"], batch["mask"], num_classes=num_classes)

    return eval_step


def eval_counts(
    logits: Float[Array, "batch classes"],
    labels: Int[Array, " batch"],
    mask: Float[Array, " batch"],
    *,
    num_classes: int,
) -> EvalCounts:
    """Sums the loss and the correct predictions of the rows where `mask` is 1."""
    losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels)
    truth = jax.nn.one_hot(labels, num_classes) * mask[:, None]
    correct = (logits.argmax(-1) == labels).astype(jnp.float32)
    return EvalCounts((losses * mask).sum(), correct @ truth, truth.sum(0))


def mean_loss(
    logits: Float[Array, "batch classes"],
    labels: Int[Array, " batch"],
    *,
    smoothing: float = 0.0,
    class_weights: Float[np.ndarray, " classes"] | None = None,
) -> Float[Array, ""]:
    """Returns the mean cross-entropy of a batch, as `torch.nn.CrossEntropyLoss` defines it.

    Args:
      logits: of each image.
      labels: of each image.
      smoothing: how much of a label is spread evenly over all classes.
      class_weights: the mean is weighted by those of the images' labels; where labels are smoothed,
        each class that shares in them brings its own weight.

    Source: Szegedy et al. 2016, "Rethinking the Inception architecture", for the smoothing.
    """
    if not smoothing and class_weights is None:
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()
    wanted = jax.nn.one_hot(labels, logits.shape[-1], dtype=logits.dtype)
    wanted = optax.smooth_labels(wanted, smoothing)
    if class_weights is None:
        return optax.softmax_cross_entropy(logits, wanted).mean()
    weights = jnp.asarray(class_weights, logits.dtype)
    return optax.softmax_cross_entropy(logits, wanted * weights[None]).sum() / weights[labels].sum()


def _make_forward(
    model: Trainable, *, first: int, frozen_stages: int
) -> Callable[[Any, Array, Array], tuple[Array, Any]]:
    """Makes the function (variables, images, key) -> (logits, new BatchNorm statistics).

    Frozen stages are run as in evaluation: BatchNorm uses what it remembers, and no gradient goes
    there.
    """
    learnt = max(first, frozen_stages)

    def forward(variables: Any, images: Array, key: Array) -> tuple[Array, Any]:
        x = images
        if learnt > first:
            maps = model.apply(variables, x, method="trunk", first=first, last=learnt)
            x = jax.lax.stop_gradient(maps)
        output, changed = model.apply(
            variables, x, train=True, first=learnt, rngs={"dropout": key}, mutable=["batch_stats"]
        )
        # What was not run did not change.
        stats = {**variables["batch_stats"], **changed.get("batch_stats", {})}
        return output.logits, stats

    return forward


def _make_averaging(decay: float, accumulate_steps: int) -> Callable[[TrainState], TrainState]:
    """Makes the function that moves the running means after a step, where there are any."""

    def averaged(state: TrainState) -> TrainState:
        variables = {name: state.variables[name] for name in state.average}
        num_updates = state.step // accumulate_steps
        moved = running_average(state.average, variables, num_updates, decay=decay)
        is_update = state.step % accumulate_steps == 0
        average = jax.tree.map(partial(jnp.where, is_update), moved, state.average)
        return dataclasses.replace(state, average=average)

    return averaged
