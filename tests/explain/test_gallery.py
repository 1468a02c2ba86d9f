"""Which images are drawn for the gallery."""

import numpy as np
import pytest

from camtrap_jax.explain import gallery_rows

NUM_CLASSES = 4


@pytest.fixture
def case():
    """100 images, of which the odd rows are candidates; 12 of them are of unknown species."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, NUM_CLASSES, 100)
    labels[rng.permutation(100)[:12]] = -1
    logits = rng.normal(size=(100, NUM_CLASSES)) * rng.uniform(0.1, 5, (100, 1))
    return labels, logits, np.arange(1, 100, 2)


def draw(case, **settings):
    return gallery_rows(*case, **({"per_class": 3, "mistakes": 0, "seed": 0} | settings))


def test_rows_are_known_candidates_in_order_and_none_twice(case):
    labels, _, candidates = case
    rows = draw(case, mistakes=10)
    assert rows.dtype == np.int64
    assert (np.diff(rows) > 0).all()
    assert set(rows) <= set(candidates)
    assert (labels[rows] >= 0).all()


def test_every_class_gives_as_many_as_asked_for_or_all_it_has(case):
    labels, _, candidates = case
    labels[candidates[labels[candidates] == 2][2:]] = 1  # two are left
    for per_class in (0, 3, 1000):
        rows = draw(case, per_class=per_class)
        for index in range(NUM_CLASSES):
            available = (labels[candidates] == index).sum()
            assert (labels[rows] == index).sum() == min(per_class, available)


def test_the_surest_mistakes_are_added(case):
    labels, logits, candidates = case
    probability = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    wrong = [
        row for row in candidates if labels[row] >= 0 and probability[row].argmax() != labels[row]
    ]
    wrong.sort(key=lambda row: -probability[row].max())
    assert len(wrong) > 7
    assert set(draw(case, per_class=0, mistakes=7)) == set(wrong[:7])
    assert set(draw(case, per_class=0, mistakes=1000)) == set(wrong)
    assert set(draw(case, mistakes=7)) == set(draw(case)) | set(wrong[:7])


def test_confidence_of_huge_logits_does_not_overflow(case):
    labels, logits, candidates = case
    expected = draw(case, per_class=0, mistakes=5)
    shifted = gallery_rows(labels, logits + 1e4, candidates, per_class=0, mistakes=5, seed=0)
    np.testing.assert_array_equal(shifted, expected)


def test_the_draw_depends_on_the_seed_and_on_nothing_else(case):
    labels, logits, candidates = case
    np.testing.assert_array_equal(draw(case), draw(case))
    assert not np.array_equal(draw(case), draw(case, seed=1))
    # Another class's images do not change which of this class are drawn.
    fewer = candidates[labels[candidates] != 3]
    rows = gallery_rows(labels, logits, fewer, per_class=3, mistakes=0, seed=0)
    np.testing.assert_array_equal(rows, [row for row in draw(case) if labels[row] != 3])


def test_the_draw_is_random_within_a_class(case):
    labels, _, candidates = case
    known = candidates[labels[candidates] >= 0]
    drawn = np.concatenate([draw(case, seed=seed) for seed in range(60)])
    assert set(drawn) == set(known)


def test_no_candidates_give_no_rows(case):
    labels, logits, _ = case
    rows = gallery_rows(labels, logits, np.array([], int), per_class=3, mistakes=3, seed=0)
    assert rows.shape == (0,)


def test_a_perfect_network_adds_no_mistakes(case):
    labels, _, candidates = case
    perfect = np.eye(NUM_CLASSES)[np.maximum(labels, 0)]
    settings = {"per_class": 2, "seed": 0}
    np.testing.assert_array_equal(
        gallery_rows(labels, perfect, candidates, mistakes=9, **settings),
        gallery_rows(labels, perfect, candidates, mistakes=0, **settings),
    )
