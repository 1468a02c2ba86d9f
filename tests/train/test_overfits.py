"""Training learns twenty images by heart, with the program's steps, weights and augmentation."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from reference.narrow_networks import QUICK, narrow_model
from scipy.ndimage import zoom

from camtrap_jax.config import TrainConfig
from camtrap_jax.data.batches.augment import augment, normalise
from camtrap_jax.mesh import make_mesh, put_batch, put_replicated
from camtrap_jax.train import step
from camtrap_jax.train.loop import evaluate_split
from camtrap_jax.train.optimizer import make_optimizer
from camtrap_jax.train.state import init_state

NUM_IMAGES, NUM_CLASSES = 20, 5
SIDE_PX = 32
NUM_STEPS = 80
# Without clipping a VGG so narrow stays at chance for more than a hundred steps.
SETTINGS = {
    "learning_rate": 0.1,
    "head_learning_rate": 0.1,
    "schedule": "cosine",
    "gradient_clip": 1.0,
}


def draw_batch():
    """Draws images that have nothing in common with others of their label."""
    coarse = np.random.default_rng(0).uniform(size=(NUM_IMAGES, 6, 6, 3))
    pixels = (255 * zoom(coarse, (1, SIDE_PX / 6, SIDE_PX / 6, 1), order=1)).astype(np.uint8)
    return {"pixels": pixels, "label": np.arange(NUM_IMAGES, dtype=np.int32) % NUM_CLASSES}


@pytest.mark.parametrize("name", ["vgg16", pytest.param("resnet50", marks=pytest.mark.slow)])
def test_twenty_images_are_learnt_by_heart(name, monkeypatch):
    monkeypatch.setattr(step, "compiler_options", lambda: QUICK)
    mesh, batch = make_mesh(), draw_batch()
    model = narrow_model(name, num_classes=NUM_CLASSES, width=1 / 16, dropout=0.1)
    optimizer = make_optimizer(TrainConfig(**SETTINGS), NUM_STEPS)
    mildly = partial(augment, size_px=SIDE_PX, min_area=0.8, jitter=0.1)
    train_step = step.make_train_step(model, optimizer, mildly, seed=0)
    eval_step = step.make_eval_step(model, normalise, num_classes=NUM_CLASSES)

    def evaluate(state):
        whole = {**batch, "mask": np.ones(NUM_IMAGES, np.float32)}
        return evaluate_split(eval_step, state.variables, [whole], mesh)

    init = jax.jit(model.init, compiler_options=QUICK)
    variables = init(jax.random.key(0), jnp.zeros((1, SIDE_PX, SIDE_PX, 3)))
    state = put_replicated(init_state(variables, optimizer), mesh)
    assert evaluate(state)["val_accuracy"] < 0.5
    on_devices = put_batch(batch, mesh)
    for _ in range(NUM_STEPS):
        state, metrics = train_step(state, on_devices)
        float(metrics["loss"])  # devices that are simulated wait for each other, but not for long
    found = evaluate(state)
    assert found["val_accuracy"] == 1
    assert found["val_loss"] < 0.2
