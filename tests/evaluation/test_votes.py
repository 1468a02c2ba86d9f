import numpy as np

from camtrap_jax.evaluation import mean_probabilities


def test_each_sequence_gets_the_mean_of_its_images():
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.ones(4), 9)
    sequences = np.array([0, 1, 0, 2, 1, 1, 3, 0, 3])
    expected = [probabilities[sequences == number].mean(axis=0) for number in range(4)]
    np.testing.assert_allclose(mean_probabilities(probabilities, sequences), expected)


def test_one_certain_frame_does_not_outvote_the_others():
    """The mean of logarithms would give the second species."""
    frames = np.array([[0.9, 0.1], [0.9, 0.1], [1e-12, 1 - 1e-12]])
    assert mean_probabilities(frames, np.zeros(3, int)).argmax() == 0
    assert np.log(frames).mean(axis=0).argmax() == 1


def test_no_images():
    assert mean_probabilities(np.zeros((0, 3)), np.zeros(0, int)).shape == (0, 3)
