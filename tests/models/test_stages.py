import jax
import numpy as np
import pytest
from reference.narrow_networks import NAMES, QUICK, narrow_model, random_variables
from reference.small_network import assert_same_bits

from camtrap_jax.models.stages import NUM_STAGES, stage_of

SIDE = 32
SIZES = {"vgg16": (32, 16, 8, 4, 2), "resnet50": (8, 8, 4, 2, 1)}


@pytest.mark.parametrize("name", NAMES)
def test_stages_one_after_the_other_are_the_trunk(name):
    model, images = (
        narrow_model(name),
        np.float32(np.random.default_rng(0).normal(size=(2, 32, 32, 3))),
    )
    variables = random_variables(model)

    def run(images):
        parts = [images]
        for stage in range(NUM_STAGES):
            settings = {"method": "trunk", "first": stage, "last": stage + 1}
            parts.append(model.apply(variables, parts[-1], **settings))
        whole = model.apply(variables, images)
        rest = model.apply(variables, parts[2], first=2)
        return parts[1:], whole, rest

    maps, whole, rest = jax.jit(run, compiler_options=QUICK)(images)
    assert tuple(one.shape[1] for one in maps) == SIZES[name]
    np.testing.assert_array_equal(maps[-1], whole.maps)
    assert_same_bits(rest, whole)


@pytest.mark.parametrize("name", NAMES)
def test_every_layer_has_its_stage(name):
    layers = random_variables(narrow_model(name))["params"]
    stages = {layer: stage_of(layer) for layer in layers}
    assert set(stages.values()) == {*range(NUM_STAGES + 1)}
    for layer, stage in stages.items():
        expected = {
            "vgg16": lambda layer: int(layer[4]) - 1 if layer.startswith("conv") else NUM_STAGES,
            "resnet50": lambda layer: (
                int(layer[5]) if layer.startswith("layer") else NUM_STAGES if layer == "fc" else 0
            ),
        }[name](layer)
        assert stage == expected, layer


def test_a_layer_of_another_network_is_refused():
    with pytest.raises(ValueError, match="expected a layer of vgg16 or resnet50"):
        stage_of("attention")
