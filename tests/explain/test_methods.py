"""Every method against captum or its paper's formula in torch, and what must hold of all."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from reference.narrow_networks import (
    NAMES,
    NUM_CLASSES,
    QUICK,
    WIDTH,
    doubled,
    narrow_model,
    narrow_network,
    random_images,
    random_variables,
)
from reference.two_layers import TwoLayers, small_variables

from camtrap_jax.explain import engine, make_explainer
from camtrap_jax.explain.cam import CAMS
from camtrap_jax.explain.gradients import integrated_gradients, smooth_grad
from camtrap_jax.explain.methods import GRADIENTS, HEATMAPS, METHODS, SALIENCIES, Settings
from camtrap_jax.explain.perturbation import masked_by_units, occluded, occlusion
from camtrap_jax.explain.targets import PREDICTED, RUNNER_UP
from camtrap_jax.models.torchvision import tensors_of

torch = pytest.importorskip("torch")
attr = pytest.importorskip("captum.attr")

from reference import slow_attribution, torch_networks  # noqa: E402 (only where torch is)

pytestmark = pytest.mark.filterwarnings("ignore:Setting backward hooks on ReLU activations")

SIZE = (64, 48)
TARGETS = np.array([[4, 0], [2, 1]])  # two for each of two images
SETTINGS = Settings(noise_samples=3, path_steps=4, window_px=24, stride_px=17, parallel=7)
# Where the gradients differ from cell to cell; before ResNet's average they do not.
LAYERS = {"vgg16": "conv4_2", "resnet50": "layer2_2"}
# captum divides and weighs in single precision.
TOLERANCE = {"occlusion": 1e-6, "integrated_gradients": 1e-6}
SMALL = (33, 40)
LINEAR = (*GRADIENTS, "occlusion")  # in the signal at the logits


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """These networks are too narrow for more: torch's threads would wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def quick_compilation(monkeypatch):
    monkeypatch.setattr(engine, "compiler_options", lambda: QUICK)


@functools.cache
def torch_network(name):
    network = torch_networks.torch_network(name, num_classes=NUM_CLASSES, width=WIDTH)
    tensors = tensors_of(narrow_network(name)[1])
    network.load_state_dict({key: torch.tensor(one) for key, one in tensors.items()}, strict=False)
    return network


def captum_maps(network, module, images, targets):
    """What captum has, with channels last; its hooks serve a ReLU that a block calls three times.

    They change the gradient at each call's input and need nothing of its output.
    """
    window, stride = SETTINGS.window_px, SETTINGS.stride_px
    pixels = torch_networks.to_torch(images).requires_grad_()
    target = torch.tensor(targets)
    found = {
        "gradient": attr.Saliency(network).attribute(pixels, target, abs=False),
        "gradient_x_input": attr.InputXGradient(network).attribute(pixels, target),
        "integrated_gradients": attr.IntegratedGradients(network).attribute(
            pixels, target=target, n_steps=SETTINGS.path_steps, method="gausslegendre"
        ),
        "guided_backprop": attr.GuidedBackprop(network).attribute(pixels, target),
        "grad_cam": attr.LayerGradCam(network, module).attribute(
            pixels, target, relu_attributions=True
        ),
        "guided_grad_cam": attr.GuidedGradCam(network, module).attribute(
            pixels, target, interpolate_mode="bilinear"
        ),
        "occlusion": attr.Occlusion(network).attribute(
            pixels,
            target=target,
            sliding_window_shapes=(3, window, window),
            strides=(3, stride, stride),
            perturbations_per_eval=4,
        ),
    }
    maps = {name: one.detach().permute(0, 2, 3, 1).numpy() for name, one in found.items()}
    return {name: one[..., 0] if name in HEATMAPS else one for name, one in maps.items()}


def reference_maps(network, layer, images, targets, noise):
    """All methods' maps for one target an image, none of them by our code."""
    module = slow_attribution.module_of(network, layer)
    maps, gradients = slow_attribution.maps_and_gradients(network, module, images, targets)
    with torch.no_grad():
        logits = network(torch_networks.to_torch(images)).numpy()
    scores = logits[np.arange(len(images)), targets]
    of_exponential = slow_attribution.grad_cam_plus_plus(maps, gradients, scores)
    return {
        **captum_maps(network, module, images, targets),
        "grad_cam_plus_plus": of_exponential / np.exp(scores)[:, None, None],
        "hires_cam": slow_attribution.hires_cam(maps, gradients),
        "layer_cam": slow_attribution.layer_cam(maps, gradients),
        "xgrad_cam": slow_attribution.xgrad_cam(maps, gradients),
        "score_cam": slow_attribution.score_cam(network, images, maps, targets),
        "smooth_grad": slow_attribution.smooth_grad(
            network, images, targets, noise, SETTINGS.noise
        ),
    }


def drawn_noise(size, dtype):
    keys = jax.random.split(jax.random.key(SETTINGS.noise_seed), SETTINGS.noise_samples)
    return np.stack([jax.random.normal(key, (*size, 3), dtype) for key in keys])


@pytest.mark.parametrize("name", NAMES)
def test_every_method_equals_its_reference_for_several_targets_at_once(name):
    images = random_images(2, *SIZE)
    model, variables = narrow_network(name)
    settings = {"outputs": tuple(METHODS), "layer": LAYERS[name], "settings": SETTINGS}
    with jax.enable_x64(True):
        run = make_explainer(model, doubled(variables), **settings)
        found = jax.tree.map(np.asarray, run(jnp.asarray(images), jnp.asarray(TARGETS)))
        noise = drawn_noise(SIZE, np.float64)
    for column in range(TARGETS.shape[1]):
        expected = reference_maps(
            torch_network(name), LAYERS[name], images, TARGETS[:, column], noise
        )
        assert expected.keys() == METHODS.keys()
        for method, value in expected.items():
            ours = getattr(found, method)[:, column]
            assert_close(ours, value, TOLERANCE.get(method, 1e-8), method)


def test_every_method_in_single_precision_equals_its_reference_in_double():
    """No activation lies within rounding of 0 for the image, its noisy copies or on its path."""
    size, targets = (48, 32), TARGETS[:, 0]
    images = random_images(2, *size, seed=28).astype(np.float32)
    model = narrow_model("vgg16")
    run = make_explainer(model, random_variables(model), outputs=tuple(METHODS), settings=SETTINGS)
    found = run(images, targets)
    noise = drawn_noise(size, np.float32).astype(np.float64)
    expected = reference_maps(
        torch_network("vgg16"), "conv5_3", images.astype(np.float64), targets, noise
    )
    for method, value in expected.items():
        ours = np.asarray(getattr(found, method))
        assert ours.dtype == np.float32
        assert_close(ours, value, 1e-4, method)


@pytest.mark.parametrize("name", NAMES)
def test_any_layer_has_its_own_grad_cam_and_responses(name, monkeypatch):
    monkeypatch.setattr(engine, "compiler_options", lambda: None)  # parts of one program
    images, targets = random_images(2, *SIZE), TARGETS[:, 0]
    model, variables = narrow_network(name)

    def run(variables, images, targets):
        folded, variables = model.fold(variables)  # once for all layers
        settings = {"outputs": ("grad_cam",)}
        return {
            layer: make_explainer(folded, variables, layer=layer, **settings)(images, targets)
            for layer in model.layers
        }

    with jax.enable_x64(True):
        program = jax.jit(run, compiler_options=QUICK)
        found = program(doubled(variables), jnp.asarray(images), jnp.asarray(targets))
        found = jax.tree.map(np.asarray, found)
    network = torch_network(name)
    assert len(found) == {"vgg16": 13, "resnet50": 17}[name]
    for layer, explanation in found.items():
        module = slow_attribution.module_of(network, layer)
        maps, gradients = slow_attribution.maps_and_gradients(network, module, images, targets)
        heatmap = np.maximum((gradients.mean((1, 2), keepdims=True) * maps).sum(-1), 0)
        assert_close(explanation.grad_cam, heatmap, 1e-8, layer)
        assert_close(explanation.unit_max, maps.max((1, 2)), 1e-8, layer)
        assert_close(explanation.unit_mean, maps.mean((1, 2)), 1e-8, layer)


@functools.cache
def small_explainer(outputs=tuple(METHODS), **settings):
    settings = dataclasses.replace(SETTINGS, **settings)
    with jax.enable_x64(True):
        return make_explainer(
            TwoLayers(),
            doubled(small_variables()),
            outputs=outputs,
            layer="first",
            settings=settings,
        )


def explain_small(images, targets=None, against=None, **settings):
    with jax.enable_x64(True):
        run = small_explainer(**settings)
        return jax.tree.map(np.asarray, run(jnp.asarray(images), targets, against))


def small_logits(images):
    with jax.enable_x64(True):
        images = jnp.asarray(images)
        return np.asarray(TwoLayers().apply(doubled(small_variables()), images)[0])


def test_several_targets_at_once_are_explained_as_one_at_a_time():
    images = random_images(2, *SMALL)
    targets = np.array([[3, 0, 1, 2], [2, 2, 0, 3]])
    together = explain_small(images, targets)
    np.testing.assert_array_equal(together.targets, targets)
    for column in range(4):
        alone = explain_small(images, targets[:, column])
        for method in METHODS:
            value = getattr(together, method)[:, column]
            assert_close(value, getattr(alone, method), 1e-12, method)
        np.testing.assert_array_equal(together.logits, alone.logits)
        np.testing.assert_array_equal(together.unit_max, alone.unit_max)


def test_an_image_alone_is_explained_as_in_a_batch_and_masks_alone_as_in_parallel():
    images, targets = random_images(2, *SMALL), np.array([3, 1])
    images[1] *= 3  # another range, and so more noise
    together = explain_small(images, targets)
    alone = explain_small(images[1:], targets[1:], parallel=1)
    for method in METHODS:
        assert_close(getattr(alone, method), getattr(together, method)[1:], 1e-12, method)


def test_a_contrast_is_the_difference_of_two_classes():
    images = random_images(2, *SMALL)
    every = explain_small(images, np.tile(np.arange(4), (2, 1)))
    order = np.argsort(-every.logits)
    first, second, third = order[:, 0], order[:, 1], order[:, 2]
    ahead, behind = np.full(2, PREDICTED), np.full(2, RUNNER_UP)
    pairs = [  # target, against, and what is then compared
        (third, first, third, first),
        (second, third, second, third),
        (first, first, first, second),  # no class has a lead over itself
        (second, second, second, first),
        (third, third, third, first),
        (ahead, ahead, first, second),
        (behind, behind, second, first),
        (behind, third, second, third),
        (third, behind, third, second),
    ]
    targets, against, class_, other = (np.stack(one, axis=1) for one in zip(*pairs, strict=True))
    found = explain_small(images, targets, against, outputs=LINEAR)
    np.testing.assert_array_equal(found.targets, class_)
    rows = np.arange(2)[:, None]
    for method in LINEAR:
        value = getattr(every, method)
        assert_close(
            getattr(found, method), value[rows, class_] - value[rows, other], 1e-10, method
        )


def test_runner_up_and_predicted_name_the_classes_of_the_largest_logits():
    images = random_images(2, *SMALL)
    order = np.argsort(-small_logits(images))
    runner_up = explain_small(images, np.full(2, RUNNER_UP))
    np.testing.assert_array_equal(runner_up.targets, order[:, 1])
    expected = explain_small(images, order[:, 1])
    for method in METHODS:
        np.testing.assert_array_equal(getattr(runner_up, method), getattr(expected, method))
    targets = np.array([[PREDICTED, RUNNER_UP, 2, 0], [1, PREDICTED, RUNNER_UP, RUNNER_UP]])
    mixed = explain_small(images, targets)
    expected = [[order[0, 0], order[0, 1], 2, 0], [1, order[1, 0], order[1, 1], order[1, 1]]]
    np.testing.assert_array_equal(mixed.targets, expected)


def test_without_noise_smooth_grad_is_the_gradient():
    images, targets = random_images(2, *SMALL), np.array([3, 1])
    still = explain_small(images, targets, outputs=("smooth_grad", "gradient"), noise=0)
    assert_close(still.smooth_grad, still.gradient, 1e-12)


def test_integrated_gradients_sum_to_the_change_of_the_logit():
    images, targets = random_images(2, *SMALL), np.array([3, 1])
    settings = {"outputs": ("integrated_gradients",), "path_steps": 400}
    sums = explain_small(images, targets, **settings).integrated_gradients.sum((1, 2, 3))
    change = small_logits(images) - small_logits(np.zeros_like(images))
    assert_close(sums, change[np.arange(2), targets], 1e-4)


def test_n_points_integrate_the_gradient_of_a_polynomial_of_degree_2_n():
    images = jnp.asarray(random_images(2, 3, 4), jnp.float32)
    sixth = integrated_gradients(lambda x: 6 * x**5, images, steps=3)
    np.testing.assert_allclose(sixth, images**6, rtol=1e-4)
    eighth = integrated_gradients(lambda x: 8 * x**7, images, steps=3)
    assert np.abs(eighth / images**8 - 1).max() > 1e-3


def test_noise_is_a_fraction_of_each_images_range():
    """With the square as gradient the average is the square of the image and that of the noise."""
    images = jnp.stack([jnp.linspace(-1, 1, 48), jnp.linspace(0, 6, 48)]).reshape(2, 4, 4, 3)
    smooth = smooth_grad(lambda x: x**2, images, samples=4000, noise=0.25, seed=0)
    added = (smooth - images**2).mean((1, 2, 3))
    np.testing.assert_allclose(added, [(0.25 * 2) ** 2, (0.25 * 6) ** 2], rtol=0.02)


@pytest.mark.parametrize(
    ("window", "stride", "parallel"),
    [(4, 3, 1), (5, 5, 4), (2, 4, 3), (3, 1, 7), (20, 6, 2)],
    ids=["overlapping", "side by side", "with gaps", "everywhere", "larger than the image"],
)
def test_occlusion_averages_what_each_window_takes_away(window, stride, parallel):
    rng = np.random.default_rng(0)
    images, weights = rng.normal(size=(2, 12, 9, 3)), rng.normal(size=(12, 9, 3, 4))
    places = {"window_px": window, "stride_px": stride}

    def network(images):
        return jnp.einsum("bhwc,hwcn->bn", images, weights)

    with jax.enable_x64(True):
        hidden = occluded(network, jnp.asarray(images), parallel=parallel, **places)
        seed = jnp.asarray([[0.0, 0, 1, 0], [1, 0, 0, -1]])
        logits = network(jnp.asarray(images))
        found = np.asarray(occlusion(logits, hidden, seed, size=(12, 9), **places))
    for row, vector in enumerate(np.asarray(seed)):
        expected = slow_attribution.occlusion(
            lambda image, vector=vector: (image[..., None] * weights).sum((0, 1, 2)) @ vector,
            images[row],
            window,
            stride,
        )
        np.testing.assert_allclose(found[row], expected, atol=1e-6 * np.abs(expected).max())
        assert (found[row] == 0).any() == (window < stride)


def test_a_unit_that_is_everywhere_the_same_lets_nothing_through():
    images = jnp.asarray(random_images(2, 8, 6), jnp.float32)
    maps = jnp.zeros((2, 2, 2, 3)).at[..., 1].set(5.0).at[1, 0, 0, 2].set(2.0)
    masked = masked_by_units(lambda x: x.sum((1, 2)), images, maps, parallel=2)
    np.testing.assert_array_equal(masked[:2], np.zeros((2, 2, 3)))
    np.testing.assert_array_equal(masked[2, 0], np.zeros(3))
    assert (masked[2, 1] != 0).all()


@pytest.mark.parametrize("cam", CAMS)
def test_silent_units_and_gradients_of_zero_leave_an_empty_heatmap(cam):
    zeros, ones = np.zeros((1, 2, 3, 4), np.float32), np.ones((1, 2, 3, 4), np.float32)
    for maps, gradients in ((zeros, zeros), (zeros, ones), (ones, zeros), (ones, -ones)):
        np.testing.assert_array_equal(CAMS[cam](maps, gradients), np.zeros((1, 2, 3)))


def test_a_black_image_has_finite_maps_by_every_method():
    found = explain_small(np.zeros((2, *SMALL, 3)), np.array([3, 1]))
    for method in METHODS:
        assert np.isfinite(getattr(found, method)).all(), method


def test_shapes_are_known_without_running_anything(monkeypatch):
    # A program with options for the compiler cannot be traced as a part of another.
    monkeypatch.setattr(engine, "compiler_options", lambda: None)
    run = make_explainer(TwoLayers(), small_variables(), outputs=tuple(METHODS), settings=SETTINGS)
    images = jax.ShapeDtypeStruct((2, *SMALL, 3), jnp.float32)
    targets = jax.ShapeDtypeStruct((2, 3), jnp.int32)
    shapes = jax.eval_shape(run, images, targets, targets)
    assert shapes.logits.shape == (2, 4)
    assert shapes.targets.shape == (2, 3)
    assert shapes.unit_max.shape == shapes.unit_cell.shape == (2, 9)
    for method in METHODS:
        size = SMALL if method in SALIENCIES or method == "occlusion" else (9, 10)
        colours = (3,) if method in SALIENCIES else ()
        assert getattr(shapes, method).shape == (2, 3, *size, *colours), method
    alone = jax.eval_shape(run, images)
    assert alone.occlusion.shape == (2, *SMALL)
    with pytest.raises(ValueError, match="images: expected"):
        jax.eval_shape(run, jax.ShapeDtypeStruct((2, 3, *SMALL), jnp.float32))
    with pytest.raises(ValueError, match="targets: expected"):
        jax.eval_shape(run, images, jax.ShapeDtypeStruct((3,), jnp.int32))


def assert_close(value, expected, tolerance, message=""):
    largest = np.abs(expected).max()
    assert largest > 0, message
    assert value.shape == expected.shape, message
    np.testing.assert_allclose(value, expected, rtol=0, atol=tolerance * largest, err_msg=message)
