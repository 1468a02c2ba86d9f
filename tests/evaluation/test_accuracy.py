import numpy as np
import pytest
from sklearn import metrics

from camtrap_jax.evaluation import (
    accuracy,
    confusion_matrix,
    mean_species_accuracy,
    top_k_accuracy,
)


def sample():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(5), [50, 3, 20, 7, 0])
    logits = rng.normal(size=(len(labels), 5)) + 1.5 * np.eye(5)[labels]
    return logits, labels


def test_accuracies_equal_sklearn():
    logits, labels = sample()
    predictions = logits.argmax(axis=1)
    assert accuracy(predictions, labels) == metrics.accuracy_score(labels, predictions)
    mean = np.mean([(predictions[labels == c] == c).mean() for c in range(4)])
    np.testing.assert_allclose(mean_species_accuracy(predictions, labels, num_classes=5), mean)
    np.testing.assert_array_equal(
        confusion_matrix(predictions, labels, num_classes=5),
        metrics.confusion_matrix(labels, predictions, labels=range(5)),
    )
    for k in (1, 2, 3):
        expected = metrics.top_k_accuracy_score(labels, logits, k=k, labels=range(5))
        np.testing.assert_allclose(top_k_accuracy(logits, labels, k=k), expected)


def test_rare_species_count_as_much_as_common_ones():
    labels, predictions = np.array([0] * 9 + [1]), np.zeros(10, int)
    assert accuracy(predictions, labels) == 0.9
    assert mean_species_accuracy(predictions, labels, num_classes=3) == 0.5


def test_ties_go_to_the_lower_class_as_in_argmax():
    logits = np.zeros((3, 3))
    labels = np.arange(3)
    assert top_k_accuracy(logits, labels, k=1) == accuracy(logits.argmax(axis=1), labels)
    assert top_k_accuracy(logits, labels, k=2) == pytest.approx(2 / 3)
    assert top_k_accuracy(logits, labels, k=5) == 1


def test_without_images_all_is_undefined():
    none = np.zeros(0, int)
    assert np.isnan(accuracy(none, none))
    assert np.isnan(mean_species_accuracy(none, none, num_classes=3))
    assert np.isnan(top_k_accuracy(np.zeros((0, 3)), none, k=5))
    assert confusion_matrix(none, none, num_classes=3).sum() == 0
