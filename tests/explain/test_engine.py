"""One pass over a batch against slow versions of everything that it returns."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import safetensors.numpy
from jax.interpreters.partial_eval import dce_jaxpr
from reference import numpy_maps
from reference.narrow_networks import (
    NAMES,
    NUM_CLASSES,
    QUICK,
    WIDTH,
    doubled,
    explain,
    narrow_model,
    narrow_network,
    output_and_gradient,
    random_images,
    random_variables,
)
from reference.numpy_networks import run_network
from reference.programs import primitives

from camtrap_jax.explain import engine, make_explainer
from camtrap_jax.explain.engine import MAPS, unit_responses
from camtrap_jax.mesh import make_mesh, put_batch, put_replicated
from camtrap_jax.models import save_weights

SIZE = (64, 96)
TARGETS = np.array([4, 0, 2, 1])
# Forward and backward; kernels of 1 px, and backward those at stride 2, are products of matrices.
CONVOLUTIONS = {"vgg16": (13, 13), "resnet50": (17, 14)}
PRODUCTS = {"vgg16": (0, 0), "resnet50": (36, 39)}
MAX_OTHERS = 30  # products of the heads, with which the maps are weighed


@pytest.fixture(scope="module", params=NAMES)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def images():
    return random_images(4, *SIZE)


@pytest.fixture(scope="module")
def explanation(name, images):
    return explain(name, images, TARGETS)


@pytest.fixture(scope="module")
def reference(name, images, tmp_path_factory):
    """What NumPy computes, plainly and guided, from the same weights."""
    path = tmp_path_factory.mktemp("weights") / "w.safetensors"
    save_weights(path, narrow_network(name)[1])
    tensors = safetensors.numpy.load_file(path)
    seed = np.eye(NUM_CLASSES)[TARGETS]
    plain = run_network(name, tensors, images)
    maps = plain.maps.transpose(0, 2, 3, 1)
    gradients = plain.head_backward(seed).transpose(0, 2, 3, 1)
    guided = run_network(name, tensors, images, guided=True).image_gradient(seed)
    return plain, maps, gradients, guided


def test_logits_features_and_responses_are_those_of_the_network(explanation, reference):
    plain, maps, _, _ = reference
    np.testing.assert_allclose(explanation.logits, plain.logits, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(explanation.features, plain.features, rtol=1e-6, atol=1e-7)
    largest, mean, cell = numpy_maps.unit_responses(maps)
    np.testing.assert_allclose(explanation.unit_max, largest, atol=1e-9)
    np.testing.assert_allclose(explanation.unit_mean, mean, atol=1e-9)
    np.testing.assert_array_equal(explanation.unit_cell, cell)


def test_logits_and_features_equal_apply(name, images, explanation):
    output, _ = output_and_gradient(name, images, TARGETS)
    np.testing.assert_allclose(explanation.logits, output.logits, rtol=1e-6)
    np.testing.assert_allclose(explanation.features, output.features, rtol=1e-6)
    np.testing.assert_allclose(explanation.unit_max, output.maps.max((1, 2)), atol=1e-12)


def test_grad_cam_equals_numpy(explanation, reference):
    _, maps, gradients, _ = reference
    expected = numpy_maps.grad_cam(maps, gradients)
    assert explanation.grad_cam.shape == maps.shape[:3]
    assert_equal_to_its_maximum(explanation.grad_cam, expected)


def test_grad_cam_equals_jax_through_the_head_alone(name, images, explanation):
    model, variables = narrow_network(name)
    maps = output_and_gradient(name, images, TARGETS)[0].maps

    def logit(variables, maps, target):  # of a single image
        return model.apply(variables, maps[None], method="head")[0][0, target]

    with jax.enable_x64(True):
        gradient = jax.jit(jax.vmap(jax.grad(logit, argnums=1), (None, 0, 0)))
        weights = gradient(doubled(variables), maps, TARGETS).mean((1, 2))
        weights = np.asarray(weights)
    expected = np.maximum([maps[row] @ weights[row] for row in range(4)], 0)
    assert_equal_to_its_maximum(explanation.grad_cam, expected)


def test_grad_cam_of_pool_and_dense_is_the_dense_column(images):
    """ResNet-50's head is an average and a dense layer: alpha is its column over the cells."""
    _, variables = narrow_network("resnet50")
    column = np.asarray(variables["params"]["fc"]["kernel"], np.float64)[:, TARGETS]
    maps = output_and_gradient("resnet50", images, TARGETS)[0].maps
    cells = maps.shape[1] * maps.shape[2]
    expected = np.maximum(np.einsum("bhwk,kb->bhw", maps, column) / cells, 0)
    assert_equal_to_its_maximum(explain("resnet50", images, TARGETS).grad_cam, expected)


def test_guided_backprop_equals_numpy(explanation, reference):
    assert_equal_to_its_maximum(explanation.guided_backprop, reference[3])


def test_guided_grad_cam_is_the_product_with_the_enlarged_map(explanation, reference):
    _, maps, gradients, guided = reference
    heatmap = numpy_maps.upsample(numpy_maps.grad_cam(maps, gradients), SIZE)
    assert_equal_to_its_maximum(explanation.guided_grad_cam, guided * heatmap[..., None])


def test_all_maps_equal_torch_with_hooks(name, images, explanation, tmp_path):
    torch = pytest.importorskip("torch")
    from reference import torch_networks
    from safetensors.torch import load_file

    save_weights(tmp_path / "w.safetensors", narrow_network(name)[1])
    network = torch_networks.torch_network(name, num_classes=NUM_CLASSES, width=WIDTH)
    network.load_state_dict(load_file(tmp_path / "w.safetensors"))
    heatmap = torch_networks.grad_cam(network, images, TARGETS)
    assert_equal_to_its_maximum(explanation.grad_cam, heatmap)
    guided = torch_networks.guided_backprop(network, images, TARGETS)
    assert_equal_to_its_maximum(explanation.guided_backprop, guided)
    large = torch.nn.functional.interpolate(
        torch.tensor(heatmap)[:, None], SIZE, mode="bilinear", align_corners=False
    )
    assert_equal_to_its_maximum(
        explanation.guided_grad_cam, guided * large.permute(0, 2, 3, 1).numpy()
    )


def test_an_image_alone_is_explained_as_in_a_batch(name, images, explanation):
    alone = explain(name, images[2:3], TARGETS[2:3])
    for field, value in computed(alone):
        together = getattr(explanation, field)[2:3]
        assert_equal_to_its_maximum(value, together, field)


def test_without_targets_the_predicted_class_is_explained(name, images, explanation):
    predicted = explanation.logits.argmax(-1)
    assert (predicted != TARGETS).any()
    expected = explain(name, images, predicted)
    for targets in (None, np.full(4, -1), np.array([-1, predicted[1], -1, predicted[3]])):
        given = explain(name, images, targets)
        np.testing.assert_array_equal(given.targets, predicted)
        for field in MAPS:
            assert_equal_to_its_maximum(getattr(given, field), getattr(expected, field), field)


def test_each_target_has_its_own_maps(name, images, explanation):
    np.testing.assert_array_equal(explanation.targets, TARGETS)
    other = explain(name, images, np.roll(TARGETS, 1))
    for field in MAPS:
        for row in range(4):
            assert not np.allclose(getattr(other, field)[row], getattr(explanation, field)[row])
    np.testing.assert_array_equal(other.logits, explanation.logits)


def test_four_devices_give_what_one_gives(name, images, explanation, monkeypatch):
    monkeypatch.setattr(engine, "compiler_options", lambda: QUICK)
    assert jax.device_count() == 4
    model, variables = narrow_network(name)
    mesh = make_mesh()
    with jax.enable_x64(True):
        placed = put_batch({"images": images, "targets": TARGETS}, mesh)
        run = make_explainer(model, put_replicated(doubled(variables), mesh))
        sharded = run(placed["images"], placed["targets"])
    assert len(sharded.guided_backprop.sharding.device_set) == 4
    assert sharded.guided_backprop.addressable_shards[0].data.shape == (1, *SIZE, 3)
    for field, value in computed(explanation):
        assert_equal_to_its_maximum(getattr(sharded, field), value, field)


def test_a_black_image_has_finite_maps(name, images):
    """All its windows tie, and its activations are constant."""
    black = np.concatenate([images[:2], np.zeros((1, *SIZE, 3)), np.full((1, *SIZE, 3), -2.1)])
    for _, value in computed(explain(name, black, TARGETS)):
        assert np.isfinite(value).all()


def test_a_silent_network_has_maps_of_zeros():
    """Every parameter 0: all maps are, and nothing is divided by them."""
    model = narrow_model("vgg16")
    variables = jax.tree.map(jnp.zeros_like, random_variables(model))
    images = random_images(2, 32, 32).astype(np.float32)  # the smallest
    explanation = make_explainer(model, variables)(images)
    for field, value in computed(explanation):
        np.testing.assert_array_equal(value, np.zeros_like(value), err_msg=field)


def test_single_precision_agrees_with_double(name, images, explanation):
    """But for activations so near to 0 that rounding decides whether a ReLU passes a gradient."""
    model = narrow_model(name)
    run = make_explainer(model, random_variables(model))
    single = run(jnp.asarray(images, jnp.float32), jnp.asarray(TARGETS))
    for field, value in computed(single):
        expected = getattr(explanation, field)
        assert value.dtype == (np.int32 if field in ("targets", "unit_cell") else np.float32)
        if field in ("guided_backprop", "guided_grad_cam"):
            assert np.corrcoef(np.ravel(value), expected.ravel())[0, 1] > 0.9999
        elif field != "unit_cell":
            np.testing.assert_allclose(
                value, expected, atol=1e-3 * np.abs(expected).max(), err_msg=field
            )


@pytest.mark.parametrize(
    ("outputs", "passes"),
    [
        ((), 1),
        (("grad_cam",), 1),
        (("guided_grad_cam",), 2),
        (MAPS, 2),
    ],
)
def test_one_forward_and_at_most_one_backward_pass(name, outputs, passes, monkeypatch):
    """Counts convolutions: each layer once forward, and once backward to its input."""
    # A program with options for the compiler cannot be traced as a part of another.
    monkeypatch.setattr(engine, "compiler_options", lambda: None)
    model = narrow_model(name)
    run = make_explainer(model, random_variables(model), outputs=outputs)
    program, explanation = jax.make_jaxpr(run, return_shape=True)(jnp.zeros((2, 64, 64, 3)))
    needed, _ = dce_jaxpr(program.jaxpr, [True] * len(program.out_avals))
    names = primitives(needed)
    assert names.count("conv_general_dilated") == sum(CONVOLUTIONS[name][:passes])
    others = names.count("dot_general") - sum(PRODUCTS[name][:passes])
    assert 0 <= others < MAX_OTHERS
    returned = {field for field in MAPS if getattr(explanation, field) is not None}
    assert returned == set(outputs)


def test_half_precision_and_odd_sizes_give_the_same_shapes(name, monkeypatch):
    monkeypatch.setattr(engine, "compiler_options", lambda: None)
    model = narrow_model(name, dtype=jnp.bfloat16)
    variables = random_variables(narrow_model(name))
    shapes = jax.eval_shape(
        make_explainer(model, variables), jax.ShapeDtypeStruct((2, 70, 101, 3), jnp.float32)
    )
    cells = {"vgg16": (4, 6), "resnet50": (3, 4)}[name]
    units = {"vgg16": 64, "resnet50": 256}[name]
    assert shapes.logits.shape == (2, NUM_CLASSES)
    assert shapes.grad_cam.shape == (2, *cells)
    assert shapes.unit_cell.shape == (2, units)
    assert shapes.unit_cell.dtype == np.dtype(np.int32)
    assert shapes.guided_backprop.shape == shapes.guided_grad_cam.shape == (2, 70, 101, 3)


def test_the_first_hottest_cell_in_reading_order_wins():
    maps = np.zeros((1, 2, 3, 2), np.float32)
    maps[0, 0, 2, 0] = maps[0, 1, 0, 0] = 5
    maps[0, 1, 1, 1] = 2
    largest, mean, cell = unit_responses(jnp.asarray(maps))
    np.testing.assert_array_equal(largest, [[5, 2]])
    np.testing.assert_allclose(mean, [[10 / 6, 2 / 6]], rtol=1e-6)
    np.testing.assert_array_equal(cell, [[2, 4]])
    assert cell.dtype == np.int32


def test_responses_equal_loops():
    maps = np.random.default_rng(0).integers(0, 4, (3, 3, 4, 5)).astype(np.float32)
    for ours, expected in zip(
        unit_responses(jnp.asarray(maps)), numpy_maps.unit_responses(maps), strict=True
    ):
        np.testing.assert_allclose(ours, expected, rtol=1e-6)


def test_an_output_of_another_name_is_refused():
    model, variables = narrow_network("vgg16")
    with pytest.raises(ValueError, match=r"some of grad_cam, .*guided_backprop.* got gradcam"):
        make_explainer(model, variables, outputs=("gradcam",))


def assert_equal_to_its_maximum(value, reference, message=""):
    largest = np.abs(reference).max()
    assert largest > 0
    # Logits and features leave the network in single precision.
    tolerance = 1e-6 if value.dtype == np.float32 else 1e-9
    np.testing.assert_allclose(value, reference, atol=tolerance * largest, err_msg=message)


def computed(explanation):
    """Returns the names and values of what was asked for."""
    return [(name, value) for name, value in explanation._asdict().items() if value is not None]
