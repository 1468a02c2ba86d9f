"""A network that compiles in a moment, with everything that training has to get right."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn

from camtrap_jax.config import TrainConfig
from camtrap_jax.data.batches.augment import augment, normalise
from camtrap_jax.mesh import make_mesh, put_replicated
from camtrap_jax.models.output import Output
from camtrap_jax.train.optimizer import make_optimizer
from camtrap_jax.train.state import init_state
from camtrap_jax.train.step import make_eval_step, make_train_step

NUM_CLASSES = 4
SIDE = 12


class SmallNetwork(nn.Module):
    """One convolution, BatchNorm, dropout, one dense layer; cut into trunk and head."""

    dropout: float = 0.5
    num_classes: int = NUM_CLASSES

    def setup(self):
        self.conv1_1 = nn.Conv(8, (3, 3), strides=2, use_bias=False)
        self.bn1 = nn.BatchNorm(momentum=0.9)
        self.drop = nn.Dropout(self.dropout)
        self.fc8 = nn.Dense(self.num_classes)

    def __call__(self, images, *, train=False, first=0):
        maps = self.trunk(images, train=train, first=first)
        return Output(*self.head(maps, train=train), maps)

    def trunk(self, images, *, train=False, first=0, last=1):
        if first == last:
            return images
        return nn.relu(self.bn1(self.conv1_1(images), use_running_average=not train))

    def head(self, maps, *, train=False):
        features = maps.reshape(len(maps), -1)
        return self.fc8(self.drop(features, deterministic=not train)), features


def init_variables(model=None):
    images = jnp.zeros((1, SIDE, SIDE, 3))
    return (model or SmallNetwork()).init(jax.random.key(0), images)


def random_batch(step, size=8, side=SIDE):
    """Pixels and labels that depend on the step alone."""
    rng = np.random.default_rng(step)
    pixels = rng.integers(0, 256, (size, side, side, 3), np.uint8)
    return {"pixels": pixels, "label": rng.integers(0, NUM_CLASSES, size).astype(np.int32)}


def batches_from(start_step, size=8):
    step = start_step
    while True:
        yield random_batch(step, size)
        step += 1


def make_training(config=None, *, model=None, mesh=None, num_steps=6, seed=3, identity=False):
    """Returns a fresh state and the train and eval steps of the small network."""
    config = config or TrainConfig(weight_decay=1e-3)
    model, mesh = model or SmallNetwork(), mesh or make_mesh()
    optimizer = make_optimizer(config, num_steps, is_frozen=lambda _: config.frozen_stages > 0)
    averages = config.average_decay > 0
    state = put_replicated(init_state(init_variables(model), optimizer, averages=averages), mesh)
    change = functools.partial(augment, size_px=SIDE, min_area=0.5, jitter=0.4)
    train_step = make_train_step(
        model,
        optimizer,
        (lambda _, pixels: normalise(pixels)) if identity else change,
        seed=seed,
        frozen_stages=config.frozen_stages,
        label_smoothing=config.label_smoothing,
        average_decay=config.average_decay,
        accumulate_steps=config.accumulate_steps,
    )
    return state, train_step, make_eval_step(model, normalise, num_classes=NUM_CLASSES)


def assert_same_bits(one, other):
    """Compares two trees of arrays bit for bit."""
    leaves, others = jax.tree.leaves(one), jax.tree.leaves(other)
    assert len(leaves) == len(others) > 0
    for a, b in zip(leaves, others, strict=True):
        assert np.asarray(a).dtype == np.asarray(b).dtype
        assert np.asarray(a).tobytes() == np.asarray(b).tobytes()
