"""What a network keeps that forgets layer by layer, and how alike its maps are."""

from itertools import pairwise

import jax
import numpy as np
import pytest

from camtrap_jax.explain import sanity, similarity
from camtrap_jax.explain.sanity import randomised

class_sensitivity, stability = jax.jit(sanity.class_sensitivity), jax.jit(sanity.stability)
spearman = jax.jit(similarity.spearman)


def layer(size, start):
    kernel = np.arange(start, start + size**2, dtype=np.float32).reshape(size, size)
    return {"kernel": kernel, "bias": np.arange(size, dtype=np.float32)}


PARAMS = {
    "conv1": layer(5, 0),
    "conv10": layer(5, 50),
    "block": {"conv": layer(6, 100), "norm": {"scale": np.ones(6, np.float32)}},
    "fc7": layer(7, 200),
    "fc8": layer(7, 300),
}
GROUPS = {"head": ["fc8", "fc7/bias"], "fc7": ["fc7"], "block": ["block"], "conv": ["conv1"]}
FORGOTTEN = {
    "head": {"fc8/kernel", "fc8/bias", "fc7/bias"},
    "fc7": {"fc7/kernel"},
    "block": {"block/conv/kernel", "block/conv/bias"},  # the norm has one value, and keeps it
    "conv": {"conv1/kernel", "conv1/bias"},  # and not conv10
}


def by_path(params):
    leaves = jax.tree.leaves_with_path(params)
    return {jax.tree_util.keystr(p, simple=True, separator="/"): np.asarray(v) for p, v in leaves}


def test_each_step_forgets_one_more_group_and_nothing_else():
    given = by_path(PARAMS)
    before = {name: value.copy() for name, value in given.items()}
    forgotten = set()
    for (name, params), group in zip(randomised(PARAMS, GROUPS, seed=0), GROUPS, strict=True):
        assert name == group
        assert jax.tree.structure(params) == jax.tree.structure(PARAMS)
        forgotten |= FORGOTTEN[name]
        values = by_path(params)
        assert {
            path for path in given if not np.array_equal(values[path], given[path])
        } == forgotten
        for path, value in values.items():
            assert value.dtype == given[path].dtype
            np.testing.assert_array_equal(np.sort(value, None), np.sort(given[path], None))
    for path, value in given.items():
        np.testing.assert_array_equal(value, before[path])


def test_what_was_forgotten_stays_as_it_was_drawn():
    steps = [by_path(params) for _, params in randomised(PARAMS, GROUPS, seed=0)]
    for earlier, later in pairwise(steps):
        for path in FORGOTTEN["head"]:
            np.testing.assert_array_equal(earlier[path], later[path])
    turned = dict(reversed(GROUPS.items()))
    *_, (_, params) = randomised(PARAMS, turned, seed=0)
    for path, value in by_path(params).items():
        np.testing.assert_array_equal(value, steps[-1][path])


def test_a_kernel_is_mixed_along_both_axes_and_each_array_in_its_own_way():
    (_, params), *_ = randomised(PARAMS, {"all": ["fc7", "fc8"]}, seed=0)
    kernels = [np.asarray(params[name]["kernel"]) for name in ("fc7", "fc8")]
    assert (kernels[0] - 200 != kernels[1] - 300).any()
    for places in np.divmod(kernels[0] - 200, 7):
        assert all(len(set(line)) > 1 for line in [*places, *places.T])


def test_the_seed_decides():
    def kernel(seed):
        (_, params), *_ = randomised(PARAMS, {"fc8": ["fc8"]}, seed=seed)
        return np.asarray(params["fc8"]["kernel"])

    np.testing.assert_array_equal(kernel(0), kernel(0))
    assert (kernel(0) != kernel(1)).any()


def test_an_unknown_path_is_refused_before_anything_is_forgotten():
    steps = randomised(PARAMS, {"head": ["fc8"], "rest": ["fc"]}, seed=0)
    with pytest.raises(ValueError, match="below block, conv1, conv10, fc7, fc8, got 'fc'"):
        next(steps)


def test_a_map_that_does_not_care_which_class_scores_1():
    maps = np.random.default_rng(0).random((3, 5, 6)).astype(np.float32)
    np.testing.assert_allclose(class_sensitivity(maps, 2 * maps), 1, atol=1e-6)
    np.testing.assert_allclose(class_sensitivity(maps, 1 - maps), -1, atol=1e-6)


def test_stability_is_the_mean_over_draws():
    rng = np.random.default_rng(0)
    maps = rng.random((3, 5, 6, 3)).astype(np.float32)
    noisy = maps + np.array([0.1, 1, 3])[:, None, None, None, None] * rng.random((3, *maps.shape))
    expected = np.mean([spearman(maps, one) for one in noisy], axis=0)
    assert len(np.unique(expected)) == 3
    np.testing.assert_allclose(stability(maps, noisy), expected, atol=1e-6)
    noisy[1, 2] = 4
    np.testing.assert_array_equal(np.isnan(stability(maps, noisy)), [False, False, True])
