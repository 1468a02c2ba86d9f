"""The options that make networks fast on a CPU still do so in this version of XLA."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from camtrap_jax import compilation
from camtrap_jax.compilation import compiler_options, materialised


def compiled(function, *shapes):
    given = [jax.ShapeDtypeStruct(shape, jnp.float32) for shape in shapes]
    return jax.jit(function, compiler_options=compiler_options()).lower(*given).compile().as_text()


def used_twice(keep):
    def function(x, weights):
        y = keep(jax.nn.relu(3 * x + 1))
        return y.T @ weights, y + 1

    return function


@pytest.mark.parametrize(("keep", "count"), [(materialised, 1), (lambda x: x, 2)])
def test_what_is_materialised_is_computed_once(keep, count):
    text = compiled(used_twice(keep), (96, 64), (96, 32))
    assert len(re.findall(r" maximum\(", text)) == count


def test_gradients_pass_what_is_materialised_as_they_are():
    x = jnp.arange(3.0)
    _, pullback = jax.vjp(lambda x: materialised(x) ** 2, x)
    np.testing.assert_array_equal(pullback(jnp.ones(3))[0], 2 * x)


def test_sums_over_positions_are_given_to_ynnpack():
    text = compiled(lambda x: jnp.square(x).sum((0, 1, 2)), (8, 14, 14, 64))
    assert "ynn_fusion" in text


def test_other_backends_are_told_nothing(monkeypatch):
    monkeypatch.setattr(compilation.jax, "default_backend", lambda: "gpu")
    assert compiler_options() is None
    text = jax.make_jaxpr(lambda x: compilation.materialised(x) + 1)(jnp.ones(3)).pretty_print()
    assert "optimization_barrier" not in text
