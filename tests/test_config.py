import dataclasses
import json
import math
import runpy
from pathlib import Path

import pytest

from camtrap_jax.config import (
    Config,
    config_differences,
    config_from_dict,
    config_to_dict,
)
from camtrap_jax.config_checks import validate

CONFIGS = sorted(Path(__file__).parents[1].joinpath("configs").glob("*.py"))
SETTINGS = [
    (section.name, setting.name)
    for section in dataclasses.fields(Config)
    for setting in dataclasses.fields(getattr(Config(), section.name))
]
NUMBERS = [
    (section, name)
    for section, name in SETTINGS
    if type(getattr(getattr(Config(), section), name)) in (int, float)
]


def test_the_defaults_are_valid():
    validate(Config())


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_file_in_configs_is_valid_and_tells_its_command(path):
    module = runpy.run_path(str(path))
    config = module["get_config"]()
    assert type(config) is Config
    if config.train.frozen_stages and "--config.model.init_from=" in module["__doc__"]:
        config.model.init_from = "given on the command line"
    validate(config)
    assert "camtrap study" in module["__doc__"]
    assert f"--config=configs/{path.name}" in module["__doc__"]


def test_the_demonstration_has_settings_for_both_networks():
    get_config = runpy.run_path(str(next(path for path in CONFIGS if path.stem == "demo")))[
        "get_config"
    ]
    for network in ("vgg16", "resnet50"):
        config = get_config(network)
        validate(config)
        assert config.model.name == network


@pytest.mark.parametrize(("section", "name"), NUMBERS, ids=".".join)
@pytest.mark.parametrize("bad", [float("nan"), -1.0], ids=["nan", "negative"])
def test_no_number_escapes_validation(section, name, bad):
    config = Config()
    setattr(getattr(config, section), name, bad)
    with pytest.raises(ValueError, match=rf"{section}\.{name}: expected"):
        validate(config)


def test_the_borders_of_a_range_are_inside():
    config = Config()
    config.train.warmup_fraction, config.model.dropout, config.train.min_crop_area = 0.9, 0.95, 1.0
    config.units.num_bins, config.units.patch_px, config.data.crop_bottom = 2, 224, 0.5
    validate(config)


@pytest.mark.parametrize("section", ["quality", "human", "evaluate", "novelty", "tree", "units"])
def test_one_draw_makes_no_interval(section):
    config, name = Config(), "rounds" if section == "units" else "bootstrap_rounds"
    setattr(getattr(config, section), name, 1)
    with pytest.raises(ValueError, match=rf"{section}\.{name}: expected .*at least 2.* got 1"):
        validate(config)
    setattr(getattr(config, section), name, 2)
    validate(config)


@pytest.mark.parametrize(
    ("edges", "part"),
    [
        ((1e38, 1e39), "that float32 can hold"),
        ((-(10**400), 0), "that float32 can hold"),
        ((1.0, 1.0 + 1e-12), "tell apart"),
        ((0.0, math.nan), "expected rising numbers"),
        (tuple(range(255)), "expected at most 254 numbers, got 255"),
    ],
)
def test_edges_of_bins_that_cannot_be_used_are_one_line(edges, part):
    config = Config()
    config.units.edges = edges
    with pytest.raises(ValueError, match=r"^config: units\.edges: ") as caught:
        validate(config)
    assert part in str(caught.value)
    assert str(caught.value).count("units.edges") == 1
    config.units.edges = (-3.4e38, 0, 3.4e38)
    validate(config)


def test_validation_names_all_problems_at_once():
    config = Config()
    config.train.epochs = 0
    config.model.name = "alexnet"
    config.tree.linkage = "centroid"
    config.explain.maps = ("grad_cam", "lime")
    config.train.frozen_stages = 5
    config.synthetic.sprites = "somewhere"
    with pytest.raises(ValueError, match=r"^config: ") as caught:
        validate(config)
    message = str(caught.value)
    for part in (
        "train.epochs: expected at least 1, got 0",
        "model.name: expected one of vgg16, resnet50, got 'alexnet'",
        "tree.linkage: expected one of average, ward, complete, single, got 'centroid'",
        "got 'lime'",
        "train.frozen_stages: needs model.init_from",
        "sprites and backgrounds go together",
    ):
        assert part in message
    assert "\n" not in message


def test_values_of_a_wrong_type_are_named_together():
    config = Config()
    config.train.epochs, config.train.learning_rate = "ten", None
    config.units.any_sign, config.explain.maps, config.train.batch_size = 1, "grad_cam", True
    config.train.momentum = 0  # a whole number is a number
    with pytest.raises(ValueError, match=r"^config: ") as caught:
        validate(config)
    problems = str(caught.value).removeprefix("config: ").split("; ")
    assert sorted(problems) == [
        "explain.maps: expected tuple, got 'grad_cam'",
        "train.batch_size: expected int, got True",
        "train.epochs: expected int, got 'ten'",
        "train.learning_rate: expected float, got None",
        "units.any_sign: expected bool, got 1",
    ]


def test_what_training_starts_from_matters_to_training_only():
    config = Config()
    config.train.frozen_stages = 5
    validate(config, for_training=False)
    with pytest.raises(ValueError, match=r"needs model\.init_from"):
        validate(config)


def test_a_config_survives_json():
    config = Config()
    config.explain.maps = ("grad_cam",)
    config.train.learning_rate = 0.1 + 0.2
    config.report.title = 'Wölfe & "Bären"'
    config.train.frozen_stages = 5
    restored = config_from_dict(json.loads(json.dumps(config_to_dict(config))))
    assert restored == config
    assert type(restored.explain.maps) is tuple


def test_settings_of_another_version_are_named():
    values = config_to_dict(Config())
    values["train"]["lerning_rate"] = 1
    values["bias"] = {"a": 1}
    with pytest.raises(ValueError, match=r"train\.lerning_rate, bias.*--overwrite"):
        config_from_dict(values)


def test_a_config_written_before_a_setting_existed_gets_its_default():
    values = config_to_dict(Config())
    del values["train"]["momentum"], values["novelty"]
    assert config_from_dict(values) == Config()


def test_differences_name_the_setting_and_both_values():
    old, new = config_to_dict(Config()), config_to_dict(Config())
    assert config_differences(old, new) == []
    new["train"]["epochs"] = 31
    new["model"]["name"] = "resnet50"
    assert config_differences(old, new) == [
        "model.name: 'vgg16' -> 'resnet50'",
        "train.epochs: 30 -> 31",
    ]


@pytest.mark.parametrize(("frozen", "stages"), [(False, 0), (True, 5)])
def test_a_frozen_trunk_of_an_older_version_is_five_frozen_stages(frozen, stages):
    old, new = config_to_dict(Config()), config_to_dict(Config())
    del old["train"]["frozen_stages"]
    old["train"]["freeze_trunk"] = frozen
    new["train"]["frozen_stages"] = stages
    assert config_from_dict(old).train.frozen_stages == stages
    assert config_differences(old, new) == []
    new["train"]["frozen_stages"] = 2
    assert config_differences(old, new) == [f"train.frozen_stages: {stages} -> 2"]


def test_a_setting_that_is_new_had_its_default():
    old, new = config_to_dict(Config()), config_to_dict(Config())
    del old["train"]["patience"], old["train"]["momentum"]
    new["train"]["momentum"] = 0.5
    assert config_differences(old, new) == ["train.momentum: 0.9 -> 0.5"]


def test_a_tuple_and_the_list_that_json_made_of_it_do_not_differ():
    values = config_to_dict(Config())
    assert config_differences(json.loads(json.dumps(values)), values) == []


def test_configs_are_independent_of_each_other():
    Config().train.epochs = 1
    assert Config().train.epochs == 30


def test_a_mistyped_setting_in_a_config_file_is_an_error():
    with pytest.raises(AttributeError):
        Config().train.epoch = 3  # pyright: ignore[reportAttributeAccessIssue]
