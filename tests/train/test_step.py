import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from reference.narrow_networks import QUICK, narrow_model, random_variables
from reference.small_network import (
    NUM_CLASSES,
    SmallNetwork,
    assert_same_bits,
    make_training,
    random_batch,
)

from camtrap_jax.config import TrainConfig
from camtrap_jax.data.batches.augment import normalise
from camtrap_jax.mesh import make_mesh, put_batch
from camtrap_jax.train import step as train_step_module
from camtrap_jax.train.loop import evaluate_split
from camtrap_jax.train.optimizer import make_optimizer
from camtrap_jax.train.state import init_state
from camtrap_jax.train.step import eval_counts, make_train_step, mean_loss


def states_after(steps, **settings):
    mesh = make_mesh()
    state, train_step, _ = make_training(mesh=mesh, **settings)
    for step in range(steps):
        state, metrics = train_step(state, put_batch(random_batch(step), mesh))
    return state, metrics


def assert_close(one, other, tolerance):
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_a_step_is_the_gradient_of_the_mean_cross_entropy(smoothing):
    """Against a plain loop: no dropout, no momentum, no decay, the head's kernel by hand."""
    config = TrainConfig(learning_rate=0.5, head_learning_rate=0.5, momentum=0, weight_decay=0)
    config.label_smoothing = smoothing
    model = SmallNetwork(dropout=0.0)
    state, train_step, _ = make_training(config, model=model, num_steps=30, identity=True)
    before = jax.device_get(state)
    batch = random_batch(0)
    after, metrics = train_step(state, put_batch(batch, make_mesh()))
    logits, features = model.apply(
        before.variables, normalise(batch["pixels"]), train=True, mutable=["batch_stats"]
    )[0][:2]
    probability = np.asarray(jax.nn.softmax(logits), np.float64)
    wanted = (1 - smoothing) * np.eye(NUM_CLASSES)[batch["label"]] + smoothing / NUM_CLASSES
    losses = -(wanted * np.log(probability)).sum(1)
    assert float(metrics["loss"]) == pytest.approx(losses.mean(), rel=1e-5)
    assert float(metrics["accuracy"]) == (probability.argmax(1) == batch["label"]).mean()
    error = (probability - wanted) / 8
    kernel = before.params["fc8"]["kernel"] - 0.5 * np.asarray(features, np.float64).T @ error
    np.testing.assert_allclose(after.params["fc8"]["kernel"], kernel, atol=1e-5)
    bias = before.params["fc8"]["bias"] - 0.5 * error.sum(0)
    np.testing.assert_allclose(after.params["fc8"]["bias"], bias, atol=1e-6)


@pytest.mark.parametrize("name", ["vgg16", pytest.param("resnet50", marks=pytest.mark.slow)])
def test_bfloat16_trains_float32_parameters_to_nearly_the_same(name, monkeypatch):
    monkeypatch.setattr(train_step_module, "compiler_options", lambda: QUICK)
    config = TrainConfig(learning_rate=1e-3, head_learning_rate=1e-3)
    batch = random_batch(0, size=8, side=48)
    start = random_variables(narrow_model(name, width=1 / 16), block_scale=0.0)
    losses, states = {}, {}
    for dtype in (jnp.float32, jnp.bfloat16):
        model = narrow_model(name, width=1 / 16, dropout=0.0, dtype=jnp.dtype(dtype))
        optimizer = make_optimizer(config, 300)
        step = make_train_step(model, optimizer, lambda _, pixels: normalise(pixels), seed=0)
        state = init_state(jax.tree.map(jnp.copy, start), optimizer)
        losses[dtype] = []
        for _ in range(3):
            state, metrics = step(state, put_batch(batch, make_mesh()))
            losses[dtype].append(float(metrics["loss"]))
        states[dtype] = state
    np.testing.assert_allclose(losses[jnp.bfloat16], losses[jnp.float32], rtol=0.05)
    assert losses[jnp.bfloat16] != losses[jnp.float32]
    for leaf in jax.tree.leaves((states[jnp.bfloat16].params, states[jnp.bfloat16].batch_stats)):
        assert leaf.dtype == jnp.float32


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weights", [None, [0.2, 1.0, 3.0, 0.0]])
def test_the_loss_is_torchs(smoothing, weights):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(9, 4)), rng.integers(0, 4, 9)
    criterion = torch.nn.CrossEntropyLoss(
        weight=None if weights is None else torch.tensor(weights, dtype=torch.float64),
        label_smoothing=smoothing,
    )
    scores = torch.tensor(logits, requires_grad=True)
    expected = criterion(scores, torch.tensor(labels))
    expected.backward()
    with jax.enable_x64(True):
        loss, gradient = jax.value_and_grad(mean_loss)(
            jnp.asarray(logits),
            jnp.asarray(labels),
            smoothing=smoothing,
            class_weights=None if weights is None else np.array(weights),
        )
    np.testing.assert_allclose(loss, expected.item(), rtol=1e-12)
    np.testing.assert_allclose(gradient, scores.grad, atol=1e-14)


def test_batchnorm_remembers_a_tenth_of_each_batch():
    model = SmallNetwork()
    state, train_step, _ = make_training(model=model, identity=True)
    before = jax.device_get(state)
    batch = random_batch(0)
    after, _ = train_step(state, put_batch(batch, make_mesh()))
    kernel = before.params["conv1_1"]["kernel"]
    maps = jax.lax.conv_general_dilated(
        normalise(batch["pixels"]),
        kernel,
        (2, 2),
        "SAME",
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )
    expected = 0.1 * np.asarray(maps).mean((0, 1, 2))
    np.testing.assert_allclose(after.batch_stats["bn1"]["mean"], expected, atol=1e-5)


def test_each_step_draws_other_crops_and_other_dropout():
    """Learning rate 0: only the random numbers of the step can change the loss."""
    config = TrainConfig(learning_rate=0, head_learning_rate=0, weight_decay=0)
    for settings in ({"identity": True}, {"model": SmallNetwork(dropout=0.0)}):
        state, train_step, _ = make_training(config, **settings)
        losses = []
        for _ in range(3):
            state, metrics = train_step(state, put_batch(random_batch(0), make_mesh()))
            losses.append(float(metrics["loss"]))
        assert len(set(losses)) == 3


def test_images_of_a_batch_are_augmented_differently():
    keys = []
    state, _, _ = make_training()
    optimizer = make_optimizer(TrainConfig(weight_decay=1e-3), 6)

    def spy(image_keys, pixels):
        keys.append(image_keys.shape)
        return normalise(pixels) + jax.random.normal(image_keys[0], ())

    step = make_train_step(SmallNetwork(), optimizer, spy, seed=0)
    step(state, put_batch(random_batch(0), make_mesh()))
    assert keys == [(8,)]


def test_the_seed_of_training_changes_its_random_numbers():
    losses = {float(states_after(1, seed=seed)[1]["loss"]) for seed in (1, 2)}
    assert len(losses) == 2


def test_eight_images_are_learnt_by_heart():
    config = TrainConfig(learning_rate=0.05, head_learning_rate=0.05, weight_decay=0.0)
    model = SmallNetwork(dropout=0.0)
    state, train_step, _ = make_training(config, model=model, num_steps=100, identity=True)
    batch = put_batch(random_batch(0), make_mesh())
    losses = []
    for _ in range(40):
        state, metrics = train_step(state, batch)
        losses.append(float(metrics["loss"]))
    assert float(metrics["accuracy"]) == 1
    assert losses[-1] < 0.02 < losses[0]


def test_a_frozen_trunk_is_run_as_in_evaluation_and_stays_bit_for_bit():
    config = TrainConfig(frozen_stages=1, weight_decay=0.1, head_learning_rate=0.1)
    state, train_step, _ = make_training(config)
    before = jax.device_get(state)
    for step in range(3):
        state, _ = train_step(state, put_batch(random_batch(step), make_mesh()))
    for name in ("conv1_1", "bn1"):
        assert_same_bits(state.params[name], before.params[name])
    assert_same_bits(state.batch_stats, before.batch_stats)
    change = np.abs(np.asarray(state.params["fc8"]["kernel"]) - before.params["fc8"]["kernel"])
    assert (change > 0).mean() > 0.9


def test_the_loss_over_a_frozen_trunk_is_that_of_evaluation():
    """BatchNorm has to use what it remembers: the batch's own statistics would drift unseen."""
    config, model = TrainConfig(frozen_stages=1), SmallNetwork(dropout=0.0)
    state, train_step, eval_step = make_training(config, model=model, identity=True)
    state.batch_stats["bn1"]["mean"] += 0.3
    batch = random_batch(0)
    expected = eval_step(state.variables, {**batch, "mask": np.ones(8, np.float32)})
    _, metrics = train_step(state, put_batch(batch, make_mesh()))
    assert float(metrics["loss"]) == pytest.approx(float(expected.loss) / 8, rel=1e-5)


def padded_batches(pixels, labels, size):
    for first in range(0, len(pixels), size):
        part, truth = pixels[first : first + size], labels[first : first + size]
        missing = size - len(part)
        yield {
            "pixels": np.concatenate([part, np.zeros((missing, *part.shape[1:]), np.uint8)]),
            "label": np.concatenate([truth, np.full(missing, -1, np.int32)]),
            "mask": np.concatenate([np.ones(len(part)), np.zeros(missing)]).astype(np.float32),
        }


@pytest.mark.parametrize("batch_size", [4, 8, 12, 32])
def test_padded_evaluation_is_that_of_the_images_one_by_one(batch_size):
    state, _, eval_step = make_training()
    batch = random_batch(0, size=21)
    labels = np.minimum(batch["label"], 2)  # a class without images
    logits = SmallNetwork().apply(state.variables, normalise(batch["pixels"])).logits
    losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels)
    correct = np.asarray(logits.argmax(-1)) == labels
    per_class = [correct[labels == label].mean() for label in range(3)]
    batches = padded_batches(batch["pixels"], labels, batch_size)
    found = evaluate_split(eval_step, state.variables, batches, make_mesh())
    assert found["val_loss"] == pytest.approx(float(losses.mean()), rel=1e-5)
    assert found["val_accuracy"] == pytest.approx(correct.mean())
    assert found["val_mean_species_accuracy"] == pytest.approx(np.mean(per_class))


def test_masked_rows_count_nothing_whatever_is_in_them():
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(6, 3)).astype(np.float32), np.int32([0, 1, 2, 2, 0, 1])
    mask = np.float32([1, 0, 1, 1, 0, 1])
    kept = mask == 1
    whole = eval_counts(logits, labels, mask, num_classes=3)
    compact = eval_counts(logits[kept], labels[kept], np.ones(4, np.float32), num_classes=3)
    assert_close(whole, compact, 1e-6)
    assert whole.images.tolist() == [1, 1, 2]
    padding = np.where(kept, labels, -1)
    assert_close(eval_counts(logits, padding, mask, num_classes=3), compact, 1e-6)


def test_nothing_to_evaluate_is_undefined_rather_than_zero():
    _, _, eval_step = make_training()
    found = evaluate_split(eval_step, {}, [], make_mesh())
    assert len(found) == 3
    assert all(np.isnan(value) for value in found.values())
