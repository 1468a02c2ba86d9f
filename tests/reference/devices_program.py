"""Trains a narrow network for twenty steps on 1, 2, 4 and 8 simulated devices.

Usage: devices_program.py NETWORK PRECISION FILE, with ENVIRONMENT set; a process has its number of
devices once and for all, so this is a program of its own.
"""

import functools
import sys

import jax
import jax.numpy as jnp
import numpy as np
from reference.narrow_networks import NUM_CLASSES, QUICK, narrow_model, random_variables

from camtrap_jax.config import TrainConfig
from camtrap_jax.data.batches.augment import augment
from camtrap_jax.mesh import make_mesh, put_batch, put_replicated
from camtrap_jax.train import step
from camtrap_jax.train.optimizer import make_optimizer
from camtrap_jax.train.state import init_state

ENVIRONMENT = {"XLA_FLAGS": "--xla_force_host_platform_device_count=8"}
NUM_STEPS = 20
DEVICES = (1, 2, 4, 8)
WIDTH = 1 / 16
# With these no activation comes so near a ReLU's kink in single precision that rounding decides.
SEEDS = {"vgg16": 4, "resnet50": 0}
# A network with BatchNorm multiplies the smallest difference in every step. In single precision
# its blocks begin as their shortcuts, and steps are small; in double both are ordinary.
RATES = {
    ("vgg16", "float32"): 0.01,
    ("vgg16", "float64"): 0.01,
    ("resnet50", "float32"): 0.001,
    ("resnet50", "float64"): 0.01,
}
BLOCK_SCALE = {"float32": 0.0, "float64": 0.1}


def batches():
    """Yields frames whose brightness tells their label."""
    rng = np.random.default_rng(3)
    for _ in range(NUM_STEPS):
        labels = rng.integers(0, NUM_CLASSES, 16).astype(np.int32)
        noise = rng.integers(0, 156, (16, 40, 48, 3))
        yield {
            "pixels": (noise + 20 * labels[:, None, None, None]).astype(np.uint8),
            "label": labels,
        }


def train(name, precision, num_devices):
    """Returns the losses and every number of the last state, with crops, colours and dropout."""
    rate, mesh = RATES[name, precision], make_mesh(jax.devices()[:num_devices])
    config = TrainConfig(learning_rate=rate, head_learning_rate=3 * rate, weight_decay=1e-3)
    optimizer = make_optimizer(config, 1_000_000)  # so that the rates are constant
    model = narrow_model(name, width=WIDTH, dtype=jnp.dtype(precision))
    change = functools.partial(augment, size_px=32, min_area=0.25, jitter=0.4)
    train_step = step.make_train_step(model, optimizer, change, seed=1)
    variables = random_variables(
        narrow_model(name, width=WIDTH), SEEDS[name], block_scale=BLOCK_SCALE[precision]
    )
    variables = jax.tree.map(lambda leaf: jnp.array(leaf, precision), variables)
    state = put_replicated(init_state(variables, optimizer), mesh)
    losses = []
    for batch in batches():
        state, metrics = train_step(state, put_batch(batch, mesh))
        losses.append(float(metrics["loss"]))
    flat = [np.ravel(leaf) for leaf in jax.tree.leaves(jax.device_get(state))]
    return np.array(losses), np.concatenate(flat)


def main(name, precision, path):
    step.compiler_options = lambda: QUICK
    found = {}
    with jax.enable_x64(precision == "float64"):
        for count in DEVICES:
            found[f"losses_{count}"], found[f"state_{count}"] = train(name, precision, count)
    np.savez(path, **found)


if __name__ == "__main__":
    main(*sys.argv[1:])
