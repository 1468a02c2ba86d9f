"""Training is torch's, step by step: the same weights and batches give the same losses."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from reference.narrow_networks import (
    NAMES,
    NUM_CLASSES,
    QUICK,
    WIDTH,
    narrow_model,
    random_variables,
)
from scipy.ndimage import zoom

from camtrap_jax.config import TrainConfig
from camtrap_jax.models.torchvision import tensors_of
from camtrap_jax.train import step
from camtrap_jax.train.optimizer import make_optimizer
from camtrap_jax.train.state import init_state

pytestmark = pytest.mark.usefixtures("one_device")

NUM_STEPS = 20
BATCH = 8
SIDE_PX = 64
SETTINGS = {"momentum": 0.9, "weight_decay": 0.01}


@dataclasses.dataclass(frozen=True)
class Case:
    rates: dict[str, float]  # of the trunk; the head's are three times as large
    block_scale: float  # how much of what is normalised a block of ResNet adds to its shortcut
    tolerance: float  # of losses and weights, relative


# A network with BatchNorm multiplies the smallest difference in every step: torch's own float32
# then leaves its own float64 by a tenth within twenty steps. In single precision the blocks begin
# as their shortcuts, and steps are small. In VGG an activation so near a ReLU's kink that it counts
# in one precision and not in the other costs up to a hundredth after ordinary steps, after small
# ones 1e-6 to 2e-4 (five draws).
CASES = {
    "float32": Case({"vgg16": 1e-5, "resnet50": 0.001}, block_scale=0.0, tolerance=1e-3),
    "float64": Case({"vgg16": 0.002, "resnet50": 0.01}, block_scale=0.1, tolerance=1e-9),
}


def draw_batches():
    """Draws smooth images that hold their label, so that there is something to learn."""
    rng = np.random.default_rng(3)
    patterns = smooth(rng, NUM_CLASSES)
    for _ in range(NUM_STEPS):
        labels = rng.integers(0, NUM_CLASSES, BATCH)
        yield (1.5 * patterns[labels] + smooth(rng, BATCH)).astype(np.float32), labels


def smooth(rng, count):
    coarse = rng.normal(size=(count, 4, 4, 3))
    return zoom(coarse, (1, SIDE_PX / 4, SIDE_PX / 4, 1), order=1)


def our_losses(name, variables, dtype, rate):
    model = narrow_model(name, dropout=0.0, dtype=dtype)
    settings = TrainConfig(learning_rate=rate, head_learning_rate=3 * rate, **SETTINGS)
    optimizer = make_optimizer(settings, 1_000_000)  # so that the rates are constant
    train_step = step.make_train_step(model, optimizer, lambda keys, images: images, seed=0)
    # A copy: a step takes its state's buffers.
    state = init_state(jax.tree.map(lambda leaf: jnp.array(leaf, dtype), variables), optimizer)
    losses = []
    for images, labels in draw_batches():
        batch = {"pixels": jnp.asarray(images, dtype), "label": jnp.asarray(labels, jnp.int32)}
        state, metrics = train_step(state, batch)
        losses.append(float(metrics["loss"]))
    return np.array(losses), tensors_of(state.variables)


def torch_losses(torch, name, variables, dtype, rate):
    from reference import torch_networks

    network = {"vgg16": torch_networks.VGG16, "resnet50": torch_networks.ResNet50}[name]
    network = network(NUM_CLASSES, WIDTH, **({"dropout": 0.0} if name == "vgg16" else {}))
    tensors = tensors_of(variables)
    state = {key: torch.tensor(np.array(value)) for key, value in tensors.items()}
    network.load_state_dict(state)
    network.to(dtype).train()
    head = [p for key, p in network.named_parameters() if key.startswith(("classifier", "fc"))]
    trunk = [p for key, p in network.named_parameters() if not key.startswith(("classifier", "fc"))]
    sgd = torch.optim.SGD(
        [
            {"params": trunk, "lr": rate},
            {"params": head, "lr": 3 * rate},
        ],
        **SETTINGS,
    )
    losses = []
    for images, labels in draw_batches():
        pixels = torch.tensor(images, dtype=dtype).permute(0, 3, 1, 2)
        loss = torch.nn.functional.cross_entropy(network(pixels), torch.tensor(labels))
        sgd.zero_grad()
        loss.backward()
        sgd.step()
        losses.append(loss.item())
    return np.array(losses), {key: value.numpy() for key, value in network.state_dict().items()}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("precision", CASES)
def test_losses_and_weights_of_twenty_steps(name, precision, monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(step, "compiler_options", lambda: QUICK)
    case = CASES[precision]
    rate, tolerance = case.rates[name], case.tolerance
    variables = random_variables(narrow_model(name), block_scale=case.block_scale)
    with jax.enable_x64(precision == "float64"):
        losses, ours = our_losses(name, variables, np.dtype(precision), rate)
    expected, theirs = torch_losses(torch, name, variables, getattr(torch, precision), rate)
    np.testing.assert_allclose(losses, expected, rtol=tolerance)
    for key, start in tensors_of(variables).items():
        change = theirs[key] - start
        # Ten times: an activation at a ReLU's kink counts for one program and not for the other.
        atol = 10 * tolerance * np.abs(change).max()
        np.testing.assert_allclose(ours[key] - start, change, atol=atol, err_msg=key)
    untrained, _ = torch_losses(torch, name, variables, getattr(torch, precision), 0.0)
    assert (np.abs(expected / untrained - 1)[-5:] > 10 * tolerance).all()
    if (name, precision) != ("vgg16", "float32"):  # whose steps are too small for it
        assert expected[-5:].mean() < 0.9 * expected[:5].mean()  # something was learnt
