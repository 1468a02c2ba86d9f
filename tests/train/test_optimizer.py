import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from camtrap_jax.config import TrainConfig
from camtrap_jax.train.optimizer import make_optimizer, make_schedule


def torch_sgd(params, grads_of, *, rates, momentum, decay, num_steps):
    """torch.optim.SGD's rule, one number at a time: buf = m * buf + (g + wd * p); p -= lr * buf."""
    params = {name: np.array(value, np.float64) for name, value in params.items()}
    buffers = {name: np.zeros_like(value) for name, value in params.items()}
    for step in range(num_steps):
        grads = grads_of(params, step)
        for name in params:
            grad = grads[name] + decay * params[name]
            buffers[name] = momentum * buffers[name] + grad
            params[name] = params[name] - rates[name](step) * buffers[name]
    return params


def run_optax(optimizer, params, grads_of, num_steps):
    state = optimizer.init(params)
    for step in range(num_steps):
        flat = {name: params[name]["kernel"] for name in params}
        grads = {name: {"kernel": jnp.asarray(g)} for name, g in grads_of(flat, step).items()}
        updates, state = optimizer.update(grads, state, params)
        params = optax.apply_updates(params, updates)
    return {name: np.asarray(value["kernel"]) for name, value in params.items()}


def quadratic(params, step):
    """Gradients of a bowl that moves a little every step."""
    return {name: np.asarray(value) * 2 - 1 + 0.1 * step for name, value in params.items()}


START = {"conv1_1": np.float32([1.0, -2.0]), "fc8": np.float32([0.5, 3.0, -1.0])}


def nested(params):
    return {name: {"kernel": jnp.asarray(value)} for name, value in params.items()}


def test_it_is_torch_s_sgd_with_a_rate_for_trunk_and_head():
    config = TrainConfig(
        learning_rate=0.01, head_learning_rate=0.05, momentum=0.9, weight_decay=0.02
    )
    num_steps = 12

    def rate(base):
        return lambda step: base * (1 if step < 4 else 0.1 if step < 8 else 0.01)

    expected = torch_sgd(
        START,
        quadratic,
        rates={"conv1_1": rate(0.01), "fc8": rate(0.05)},
        momentum=0.9,
        decay=0.02,
        num_steps=num_steps,
    )
    found = run_optax(make_optimizer(config, num_steps), nested(START), quadratic, num_steps)
    for name in START:
        np.testing.assert_allclose(found[name], expected[name], rtol=2e-6)


def test_torch_itself_agrees():
    torch = pytest.importorskip("torch")
    config = TrainConfig(
        learning_rate=0.02, head_learning_rate=0.02, momentum=0.8, weight_decay=0.1
    )
    tensors = {name: torch.tensor(value, requires_grad=True) for name, value in START.items()}
    sgd = torch.optim.SGD(tensors.values(), lr=0.02, momentum=0.8, weight_decay=0.1)
    for step in range(3):
        values = {name: tensor.detach().numpy() for name, tensor in tensors.items()}
        for name, grad in quadratic(values, step).items():
            tensors[name].grad = torch.tensor(grad)
        sgd.step()
    found = run_optax(make_optimizer(config, 300), nested(START), quadratic, 3)
    for name in START:
        np.testing.assert_allclose(found[name], tensors[name].detach().numpy(), rtol=1e-6)


def test_a_frozen_trunk_stays_bit_for_bit_while_the_head_moves():
    config = TrainConfig(weight_decay=0.5)
    optimizer = make_optimizer(config, 3, is_frozen=lambda layer: layer == "conv1_1")
    found = run_optax(optimizer, nested(START), quadratic, 3)
    np.testing.assert_array_equal(found["conv1_1"], START["conv1_1"])
    assert np.abs(found["fc8"] - START["fc8"]).min() > 1e-3


@pytest.mark.parametrize("scale", [0.5, 20.0])
def test_clipping_limits_the_norm_over_both_groups_before_decay(scale):
    config = TrainConfig(
        gradient_clip=1.0,
        learning_rate=0.1,
        head_learning_rate=0.1,
        momentum=0.0,
        weight_decay=0.3,
    )
    grads = {"conv1_1": np.float32([0.3, 0.0]), "fc8": np.float32([0.0, 0.4, 0.0])}
    grads = {name: scale * value for name, value in grads.items()}
    found = run_optax(make_optimizer(config, 30), nested(START), lambda *_: grads, 1)
    norm = np.sqrt(sum((value**2).sum() for value in grads.values()))
    for name, start in START.items():
        clipped = grads[name] / max(norm, 1.0)
        np.testing.assert_allclose(found[name], start - 0.1 * (clipped + 0.3 * start), rtol=1e-6)


def test_biases_and_norms_can_be_left_without_decay():
    params = {
        "conv1_1": {"kernel": jnp.float32([2.0]), "bias": jnp.float32([3.0])},
        "bn1": {"scale": jnp.float32([4.0]), "bias": jnp.float32([5.0])},
        "fc8": {"kernel": jnp.float32([6.0]), "bias": jnp.float32([7.0])},
    }
    zero = jax.tree.map(jnp.zeros_like, params)
    settings = {"learning_rate": 0.1, "head_learning_rate": 0.2, "weight_decay": 0.5}
    for decays in (True, False):
        config = TrainConfig(decay_biases_and_norms=decays, **settings)
        optimizer = make_optimizer(config, 300)
        updates, _ = optimizer.update(zero, optimizer.init(params), params)
        for layer, rate in (("conv1_1", 0.1), ("bn1", 0.1), ("fc8", 0.2)):
            for kind, value in params[layer].items():
                wanted = -rate * 0.5 * value if decays or kind == "kernel" else jnp.zeros(1)
                np.testing.assert_allclose(updates[layer][kind], wanted, err_msg=(layer, kind))


@pytest.mark.parametrize("freeze", [False, True])
def test_accumulated_batches_are_one_update_of_their_mean(freeze):
    """Twelve steps of three: four updates, with clipping, decay, and a schedule of four."""
    settings = {"momentum": 0.9, "weight_decay": 0.1, "gradient_clip": 1.5, "schedule": "cosine"}
    frozen = {"is_frozen": lambda layer: freeze and layer == "conv1_1"}
    rng = np.random.default_rng(0)
    grads = [{name: rng.normal(size=v.shape) for name, v in START.items()} for _ in range(12)]
    means = [
        {name: np.mean([one[name] for one in grads[k : k + 3]], axis=0) for name in START}
        for k in range(0, 12, 3)
    ]
    accumulated = run_optax(
        make_optimizer(TrainConfig(accumulate_steps=3, **settings), 12, **frozen),
        nested(START),
        lambda _, step: {name: np.float32(g) for name, g in grads[step].items()},
        12,
    )
    expected = run_optax(
        make_optimizer(TrainConfig(**settings), 4, **frozen),
        nested(START),
        lambda _, step: {name: np.float32(g) for name, g in means[step].items()},
        4,
    )
    for name, value in expected.items():
        np.testing.assert_allclose(accumulated[name], value, rtol=1e-5)
    assert np.abs(expected["fc8"] - START["fc8"]).max() > 1e-3


def test_fewer_batches_than_one_update_takes_are_refused():
    make_optimizer(TrainConfig(accumulate_steps=4), 4)
    with pytest.raises(ValueError, match=r"accumulate_steps: expected at most the 3 batches"):
        make_optimizer(TrainConfig(accumulate_steps=4), 3)


def test_each_layer_moves_at_the_rate_of_its_group():
    """The head's is twice the trunk's; of the trunk some layers are frozen."""
    trunk, head = ("conv1_1", "layer3_0", "bn1"), ("fc", "fc6", "fc7", "fc8")
    params = {name: {"kernel": jnp.zeros(1)} for name in (*trunk, *head)}
    config = TrainConfig(learning_rate=0.1, head_learning_rate=0.2, weight_decay=0.0)
    optimizer = make_optimizer(config, 300, is_frozen=lambda layer: layer in ("bn1", "fc6"))
    ones = jax.tree.map(jnp.ones_like, params)
    updates, _ = optimizer.update(ones, optimizer.init(params), params)
    found = {name: -float(value["kernel"][0]) for name, value in updates.items()}
    assert found == pytest.approx(
        {**dict.fromkeys(trunk, 0.1), **dict.fromkeys(head, 0.2), "bn1": 0}
    )


def rates(num_steps, **settings):
    schedule = make_schedule(TrainConfig(**settings), 0.6, num_steps)
    return [float(schedule(step)) for step in range(num_steps)]


def test_steps_fall_to_a_tenth_exactly_after_each_third():
    assert rates(9, schedule="step") == pytest.approx([0.6] * 3 + [0.06] * 3 + [0.006] * 3)


def test_the_cosine_begins_at_the_rate_is_half_in_the_middle_and_ends_near_zero():
    found = rates(100, schedule="cosine")
    assert found[0] == pytest.approx(0.6)
    assert found[50] == pytest.approx(0.3)
    assert 0 < found[99] < 0.6 * 0.001
    assert found == sorted(found, reverse=True)


@pytest.mark.parametrize("schedule", ["step", "cosine"])
def test_warm_up_rises_in_equal_steps_to_the_rate_and_then_the_schedule_begins(schedule):
    found = rates(24, schedule=schedule, warmup_fraction=0.25)
    assert found[:7] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.6])
    assert found[6:] == pytest.approx(rates(18, schedule=schedule))


@pytest.mark.parametrize("num_steps", [1, 2, 3, 4])
@pytest.mark.parametrize("schedule", ["step", "cosine"])
@pytest.mark.parametrize("warmup_fraction", [0.0, 0.3])
def test_a_run_of_a_few_steps_starts_at_the_full_rate(num_steps, schedule, warmup_fraction):
    found = rates(num_steps, schedule=schedule, warmup_fraction=warmup_fraction)
    assert found[0] == pytest.approx(0.6)
    assert all(0 < rate <= 0.6 + 1e-6 for rate in found)
