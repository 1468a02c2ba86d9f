"""What the camera tells about the species, against closed forms and scikit-learn."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from reference.audit_tables import audited, manifest
from sklearn.metrics import mutual_info_score

from camtrap_jax.config import DataConfig
from camtrap_jax.data.audit.information import entropy, information, information_bias

SHAPES = st.tuples(st.integers(1, 5), st.integers(1, 5))
TABLES = arrays(np.int64, SHAPES, elements=st.integers(0, 9))


@given(TABLES)
@settings(deadline=None)
def test_information_is_that_of_scikit_learn(counts):
    if counts.sum() == 0:
        return
    pairs = [(row, column) for row, column in itertools.product(*map(range, counts.shape))
             for _ in range(counts[row, column])]  # fmt: skip
    expected = mutual_info_score(*zip(*pairs, strict=True))
    assert information(counts.astype(float)) == pytest.approx(expected, abs=1e-12)


def test_information_has_its_closed_forms():
    assert information(np.diag([1.0, 2.0, 1.0])) == pytest.approx(
        entropy(np.array([1.0, 2.0, 1.0]))
    )
    assert entropy(np.array([1.0, 2.0, 1.0, 0.0])) == pytest.approx(1.5 * np.log(2))
    assert information(np.outer([1.0, 2.0], [3.0, 1.0])) == 0
    assert information(np.ones((4, 1))) == 0


def test_the_bias_is_that_of_the_three_entropies():
    counts = np.array([[3.0, 0, 1], [2, 2, 0], [0, 0, 0]])
    rows, columns, cells = 2, 3, 4  # that occur
    expected = ((cells - 1) - (rows - 1) - (columns - 1)) / (2 * 8)
    assert information_bias(counts, 8) == pytest.approx(expected)
    # Without the correction the mean over independent samples is above zero, with it close to it.
    rng = np.random.default_rng(0)
    plug_in, corrected = [], []
    for _ in range(400):
        cells = np.bincount(rng.integers(4, size=300) * 5 + rng.integers(5, size=300), minlength=20)
        table = cells.reshape(4, 5).astype(float)
        plug_in.append(information(table))
        corrected.append(information(table) - information_bias(table, 300))
    assert np.mean(plug_in) == pytest.approx(12 / 600, rel=0.1)
    assert abs(np.mean(corrected)) < 0.001


def found_of(cameras, species, sequences=None, seed=0):
    rows = [
        (f"{n:05d}.jpg", name, "known", "train", camera, str(n))
        for n, (camera, name) in enumerate(zip(cameras, species, strict=True))
    ]
    table = manifest(*rows)
    if sequences is not None:
        table = table.assign(sequence=sequences)
    return audited(table, config=DataConfig(seed=seed))["species_cameras"]


def test_a_camera_that_determines_the_species_tells_all_of_it():
    cameras = [f"C{n % 6}" for n in range(120)]
    species = [f"s{n % 3}" for n in range(120)]
    found = found_of(cameras, species)
    assert found["nats"] == pytest.approx(np.log(3))
    assert found["entropy_nats"] == pytest.approx(np.log(3))
    assert found["normalised"] == pytest.approx(1)
    assert found["corrected_nats"] == pytest.approx(np.log(3) - (6 - 6 - 3 + 1) / 240)
    assert found["corrected_normalised"] == 1
    assert found["p_value"] == 1 / 200
    assert found["species"]["s1"]["nats"] == pytest.approx(entropy(np.array([1.0, 2.0])))
    assert (found["images"], found["bursts"]) == (120, 120)


def test_each_species_is_measured_against_the_rest():
    rng = np.random.default_rng(1)
    cameras = rng.choice(["A", "B", "C"], 400)
    species = np.where(cameras == "A", "bound", rng.choice(["x", "y"], 400))
    found = found_of(cameras, species)
    for name in ("bound", "x", "y"):
        expected = mutual_info_score(cameras, species == name)
        assert found["species"][name]["nats"] == pytest.approx(expected, abs=1e-12)
    assert found["nats"] == pytest.approx(mutual_info_score(cameras, species), abs=1e-12)
    assert found["species"]["bound"]["normalised"] == pytest.approx(1)


def test_frames_of_a_burst_are_one_draw():
    """Ten frames a burst make cameras and species look dependent where they are not."""
    p_values, corrected = [], []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        cameras = np.repeat(rng.integers(4, size=60), 10)
        species = np.repeat(rng.integers(3, size=60), 10)
        bursts = [f"s{n}" for n in np.repeat(np.arange(60), 10)]
        found = found_of(map(str, cameras), map(str, species), bursts, seed)
        assert found["bursts"] == 60
        p_values.append(found["p_value"])
        corrected.append(found["nats"] - found["chance_nats"])
    assert 0.3 < np.mean(p_values) < 0.7
    assert min(p_values) > 0.005
    assert abs(np.mean(corrected)) < 0.02
    alone = found_of(map(str, cameras), map(str, species))
    assert alone["p_value"] == 1 / 200  # as if each frame were a new event


def test_the_seed_decides_and_nothing_else():
    rng = np.random.default_rng(2)
    cameras, species = rng.choice(["A", "B"], 50), rng.choice(["x", "y"], 50)
    assert found_of(cameras, species, seed=3) == found_of(cameras, species, seed=3)
    assert found_of(cameras, species, seed=3) != found_of(cameras, species, seed=4)


def test_images_without_a_camera_and_lone_species_are_left_out():
    assert found_of(["A", "A"], ["x", "y"]) is None
    assert found_of(["A", "B"], ["x", "x"]) is None
    assert found_of(["A", "B", ""], ["x", "y", "y"])["images"] == 2
