"""What `make_explainer` refuses: each in one line that says what was expected."""

import numpy as np
import pytest
from reference.narrow_networks import narrow_network
from reference.two_layers import TwoLayers, small_variables

from camtrap_jax.explain import make_explainer

SMALL = (33, 40)


def good_images(*shape):
    return np.zeros(shape or (2, *SMALL, 3), np.float32)


def with_hole(value, *rows):
    images = good_images()
    images[list(rows), 5, 7, 1] = value
    return images


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (with_hole(np.nan, 1), "got nan or infinity in row 1$"),
        (with_hole(-np.inf, 0, 1), "got nan or infinity in row 0, 1$"),
        (np.zeros((2, *SMALL, 3), np.uint8), "expected normalised floats, got uint8; .*normalise"),
        (np.zeros((2, *SMALL, 3), np.int32), "expected normalised floats, got int32"),
        (good_images(*SMALL, 3), r"expected \[batch, height, width, 3\].*, got \[33, 40, 3\]"),
        (good_images(2, *SMALL, 1), r"got \[2, 33, 40, 1\]"),
        (good_images(2, 3, *SMALL), r"got \[2, 3, 33, 40\]"),
        (good_images(2, 31, 40, 3), r"at least 32 px, got \[2, 31, 40, 3\]"),
    ],
)
def test_images_of_another_kind_are_refused_in_one_line(images, message):
    run = make_explainer(TwoLayers(), small_variables())
    assert_refused(lambda: run(images), f"^images: .*{message}")


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ([0, 4], r"classes from 0 to 3, or -1 \(predicted\) or -2 \(runner-up\), got 4$"),
        ([[0, 1], [-3, 2]], "classes from 0 to 3, .*got -3$"),
        ([0.0, 1.0], "classes from 0 to 3, .*got float64$"),
        ([True, False], "classes from 0 to 3, .*got bool$"),
        ([0, 1, 2], r"\[2\] or \[2, several\], one for each image, got \[3\]$"),
        (1, r"\[2\] or .*got \[\]$"),
        ([[[0]], [[1]]], r"\[2\] or .*got \[2, 1, 1\]$"),
    ],
)
@pytest.mark.parametrize("argument", ["targets", "against"])
def test_targets_of_another_kind_are_refused_in_one_line(argument, classes, message):
    run = make_explainer(TwoLayers(), small_variables())
    arguments = {"targets": np.array([0, 1]), argument: np.array(classes)}
    assert_refused(lambda: run(good_images(), **arguments), f"^{argument}: expected .*{message}")


@pytest.mark.parametrize("targets", [None, np.array([0, 1]), np.array([[0], [1]])])
def test_classes_to_compare_with_of_another_shape_than_the_targets_are_refused(targets):
    run = make_explainer(TwoLayers(), small_variables())
    against = np.array([[0, 1], [2, 3]])
    assert_refused(lambda: run(good_images(), targets, against), "^against: expected ")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"layer": "conv6_1"}, "^layer: expected one of conv1_1, .*conv5_3, got 'conv6_1'$"),
        ({"layer": ""}, "^layer: expected one of conv1_1, .*, got ''$"),
        (
            {"outputs": ("gradient", "saliency", "lime")},
            "^outputs: expected some of grad_cam, .*gradient.*, got saliency, lime$",
        ),
    ],
)
def test_layers_and_outputs_of_other_names_are_refused_with_those_there_are(settings, message):
    model, variables = narrow_network("vgg16")
    assert_refused(lambda: make_explainer(model, variables, **settings), message)


def assert_refused(call, message):
    with pytest.raises(ValueError, match=message) as refusal:
        call()
    assert "\n" not in str(refusal.value)
