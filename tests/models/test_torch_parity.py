"""Every activation and every gradient on the way is torch's, in single and in double precision."""

import copy
import functools
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from reference.narrow_networks import QUICK, random_images

from camtrap_jax.models import make_model
from camtrap_jax.models.torchvision import tensors_of, variables_of
from camtrap_jax.train.step import mean_loss

torch = pytest.importorskip("torch")

from reference import torch_trace  # noqa: E402 (only where torch is)

pytestmark = pytest.mark.usefixtures("one_device")

TOLERANCE = {"float32": 1e-4, "float64": 1e-10}  # of the largest value


@dataclass(frozen=True)
class Case:
    name: str
    width: float
    num_classes: int
    size: tuple[int, int]
    train: bool = False  # VGG does the same in both modes, as dropout is off

    @property
    def batch(self):
        """As BatchNorm's statistics of few values multiply rounding."""
        return 8 if self.train else 2


VGG = Case("vgg16", 1 / 8, 2, (97, 75))
RESNET = Case("resnet50", 0.3, 2, (64, 96))
TRAINED = Case("resnet50", 1 / 8, 5, (65, 33), train=True)
MORE = [
    Case("vgg16", 0.3, 5, (64, 96)),
    Case("vgg16", 1 / 4, 1000, (64, 64)),
    Case("vgg16", 1 / 8, 5, (96, 96)),
    Case("vgg16", 1 / 16, 3, (33, 110)),
    Case("resnet50", 1 / 8, 2, (97, 75)),
    Case("resnet50", 1 / 4, 1000, (64, 64)),
    Case("resnet50", 1 / 8, 5, (96, 96), train=True),
    Case("resnet50", 0.3, 1000, (64, 96), train=True),
    Case("resnet50", 1 / 4, 2, (97, 75), train=True),
]
SOON = [
    *((case, precision) for case in (VGG, TRAINED) for precision in TOLERANCE),
    (RESNET, "float32"),
]
LATE = [(RESNET, "float64"), *((case, precision) for case in MORE for precision in TOLERANCE)]


def settled(case):
    return torch_trace.settled_network(
        case.name,
        num_classes=case.num_classes,
        width=case.width,
        size=case.size,
        train=case.train,
        batch=case.batch,
    )


def our_model(case, dtype):
    return make_model(
        case.name, num_classes=case.num_classes, width=case.width, dropout=0.0, dtype=dtype
    )


def our_variables(case, dtype):
    """Returns torch's network as our variables; call it where `dtype` is enabled."""
    network, _, _ = settled(case)
    tensors = {key: value.numpy() for key, value in network.state_dict().items()}
    variables = variables_of(our_model(case, dtype), tensors)
    return jax.tree.map(lambda leaf: leaf.astype(dtype), variables)


@functools.cache
def compiled(model, train):
    """Makes the function (variables, images, labels) -> everything on the way and back."""

    def loss_of(params, images, variables, labels):
        activations = []

        def act(x):
            activations.append(x)
            return jax.nn.relu(x)

        output, changed = model.clone(act=act).apply(
            {**variables, "params": params}, images, train=train, mutable=["batch_stats"]
        )
        return mean_loss(output.logits, labels), (output.logits, activations, changed)

    def run(variables, images, labels):
        (loss, rest), gradients = jax.value_and_grad(loss_of, (0, 1), has_aux=True)(
            variables["params"], images, variables, labels
        )
        return loss, *rest, *gradients

    return jax.jit(run, compiler_options=QUICK)


def our_trace(case, precision):
    dtype = np.dtype(precision)
    _, images, labels = settled(case)
    with jax.enable_x64(precision == "float64"):
        program = compiled(our_model(case, dtype), case.train)
        found = program(
            our_variables(case, dtype), jnp.asarray(images, dtype), jnp.asarray(labels, jnp.int32)
        )
        loss, logits, activations, changed, gradients, image_gradient = jax.device_get(found)
    return torch_trace.Trace(
        float(loss),
        logits,
        activations,
        image_gradient,
        tensors_of({"params": gradients}),
        tensors_of(changed),
    )


def assert_close(value, expected, tolerance, name=""):
    largest = np.abs(expected).max()
    assert largest > 0, name
    assert value.dtype == expected.dtype, name
    np.testing.assert_allclose(value, expected, rtol=0, atol=tolerance * largest, err_msg=name)


@pytest.mark.parametrize(
    ("case", "precision"),
    [*SOON, *(pytest.param(*pair, marks=pytest.mark.slow) for pair in LATE)],
    ids=str,
)
def test_activations_and_gradients_equal_torch(case, precision):
    network, images, labels = settled(case)
    theirs = torch_trace.trace(network, images, labels, getattr(torch, precision))
    ours = our_trace(case, precision)
    tolerance = TOLERANCE[precision]
    assert ours.loss == pytest.approx(theirs.loss, rel=tolerance)
    assert_close(ours.logits, theirs.logits, tolerance, "logits")
    assert len(ours.activations) == {"vgg16": 15, "resnet50": 49}[case.name]
    for number, (one, other) in enumerate(zip(ours.activations, theirs.activations, strict=True)):
        assert_close(one, other, tolerance, f"activation {number}")
        np.testing.assert_array_equal(one > 0, other > 0)  # none at its kink
    assert_close(ours.image_gradient, theirs.image_gradient, tolerance, "images")
    assert ours.statistics.keys() == theirs.statistics.keys()
    assert bool(theirs.statistics) == (case.name == "resnet50")
    for name, expected in theirs.statistics.items():
        assert_close(ours.statistics[name], expected, tolerance, name)
    assert ours.gradients.keys() == theirs.gradients.keys()
    exact = torch_trace.trace(network, images, labels, torch.float64).gradients
    for name, expected in theirs.gradients.items():
        # Through BatchNorm's statistics torch's own float32 strays farther than that.
        strays = np.abs(expected - exact[name]).max() / np.abs(exact[name]).max()
        assert_close(ours.gradients[name], expected, max(tolerance, 2 * strays), name)


@pytest.mark.parametrize("precision", TOLERANCE)
def test_running_statistics_after_several_steps_equal_torch(precision):
    case = TRAINED
    network, _, labels = settled(case)
    dtype, tolerance = np.dtype(precision), TOLERANCE[precision]
    twin = copy.deepcopy(network).to(getattr(torch, precision))
    batches = [random_images(case.batch, *case.size, seed=seed) for seed in range(4)]
    with torch.no_grad():
        for images in batches:
            twin(torch_trace.to_torch(images, getattr(torch, precision)))
    with jax.enable_x64(precision == "float64"):
        program = compiled(our_model(case, dtype), True)
        variables = our_variables(case, dtype)
        for images in batches:
            changed = program(
                variables, jnp.asarray(images, dtype), jnp.asarray(labels, jnp.int32)
            )[3]
            variables = {**variables, **changed}
        ours = tensors_of({"batch_stats": variables["batch_stats"]})
    expected = torch_trace.statistics(twin)
    before = torch_trace.statistics(network)
    assert ours.keys() == expected.keys()
    assert len(expected) == 2 * 53
    for name, value in expected.items():
        assert_close(ours[name], value, tolerance, name)
        assert np.abs(value - before[name]).max() > 1e-3
