import jax
import numpy as np
import pytest
import safetensors.numpy
from reference.narrow_networks import NAMES, narrow_model, random_variables

from camtrap_jax.models import load_last_layer, save_weights


@pytest.mark.parametrize("name", NAMES)
def test_it_turns_features_into_logits(name, tmp_path):
    model = narrow_model(name)
    variables = random_variables(model)
    save_weights(tmp_path / "w.safetensors", variables)
    weight, bias = load_last_layer(tmp_path / "w.safetensors")
    images = np.random.default_rng(0).normal(size=(3, 64, 64, 3)).astype(np.float32)
    output = jax.jit(lambda v, x: model.apply(v, x, train=False))(variables, images)
    np.testing.assert_allclose(
        np.asarray(output.features) @ weight.T + bias, output.logits, rtol=1e-3
    )


def test_another_file_is_refused(tmp_path):
    safetensors.numpy.save_file({"x": np.zeros(2)}, tmp_path / "w.safetensors")
    with pytest.raises(ValueError, match=r"expected a tensor classifier.6.weight or fc.weight"):
        load_last_layer(tmp_path / "w.safetensors")
