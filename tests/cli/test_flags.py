import importlib

import pytest

from camtrap_jax.cli.main import COMMANDS
from camtrap_jax.run_folder import RunFolder


@pytest.fixture
def empty_cwd(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_module_and_its_help(camtrap, name):
    module = importlib.import_module(f"camtrap_jax.cli.{name}")
    assert callable(module.define_flags)
    assert callable(module.main)
    result = camtrap(name, "--help")
    assert result.code == 0
    assert result.err == ""
    assert f"camtrap {name}:" in result.out
    for flag in ("--config", "--[no]overwrite"):
        assert flag in result.out
    assert "--stderrthreshold" not in result.out  # nobody's flags but ours


def test_help_shows_what_is_the_command_s_own(camtrap):
    assert "--workdir" in camtrap("explain", "--help").out
    assert "--images" in camtrap("explain", "--help").out
    assert "--num_cameras" in camtrap("synthesize", "-h").out


@pytest.mark.parametrize("word", ["--help", "-h", "help"])
def test_the_program_lists_its_commands(camtrap, word):
    result = camtrap(word)
    assert result.code == 0
    assert all(name in result.out for name in COMMANDS)


@pytest.mark.parametrize("words", [[], ["sutdy"], ["--workdir=x"], [""]])
def test_an_unknown_command_is_wrong_usage(camtrap, words):
    result = camtrap(*words)
    assert result.code == 2
    assert "usage: camtrap COMMAND" in result.err
    assert result.out == ""


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["units"], "--workdir"),
        (["study", "--workdir=x"], "--config"),
        (["study", "CONFIG"], "--workdir"),
        (["units", "--workdir"], "workdir"),
        (["units", "--workdir="], "--workdir: expected a path"),
        (["study", "CONFIG", "--workdir=x", "--source="], "--source: expected a path"),
        (["dice", "--workdir=x", "--ratings="], "--ratings: expected a path, got nothing"),
        (["dice", "--workdir=x", "--ratings=a.csv,"], "--ratings: expected a path, got nothing"),
        (["dice", "--workdir=x", "--masks="], "--masks: expected a path, got nothing"),
        (["units", "--workdir=x", "--wrokdir=y"], "wrokdir"),
        (["units", "--workdir=x", "y"], "'y'"),
        (["units", "--workdir=x", "--config=/nowhere.py"], "/nowhere.py: no such file"),
        (["units", "--workdir=x", "--config="], "no such file"),
        (["units", "--workdir=x", "--config.units.num_bins=3"], "--config=FILE"),
        (
            ["units", "--workdir=x", "CONFIG", "--config.units.num_bin=3"],
            "--config.units.num_bins?",
        ),
        (["units", "--workdir=x", "CONFIG", "--config.trian.epochs=3"], "--config.train.epochs?"),
        (
            ["units", "--workdir=x", "CONFIG", "--config.units=3"],
            "--config.units: there is no such",
        ),
        (["units", "--workdir=x", "CONFIG", "--config.units.num_bins=many"], "many"),
        (["units", "--workdir=x", "CONFIG", "--config.units.num_bins=2.5"], "2.5"),
        (["units", "--workdir=x", "CONFIG", "--config.train.learning_rate=fast"], "fast"),
        (["units", "--workdir=x", "CONFIG", "--config.units.any_sign=maybe"], "maybe"),
        (["explain", "--workdir=x", "--images=some"], "some"),
        (["prepare", "--dataset=x"], "--source"),
        (["prepare", "--dataset=x", "--source=y", "--num_known=many"], "many"),
        (["synthesize", "--output=x", "--images_per_species=1.5"], "1.5"),
        (["study", "CONFIG", "--workdir=x", "--num_processes=0"], "num_processes"),
    ],
)
def test_wrong_usage_is_one_line_and_touches_nothing(camtrap, config_file, empty_cwd, words, part):
    result = camtrap(*[config_file if word == "CONFIG" else word for word in words])
    assert result.code == 2
    assert result.error.startswith(f"camtrap {words[0]}: ")
    assert part in result.error
    assert result.err.count("\n") == 1
    assert not list(empty_cwd.iterdir())


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ("def get_config(:", "invalid syntax"),
        ("import not_there", "not_there"),
        ("def get_config(): return 1 / 0", "division by zero"),
        ("def get_config(): return int('x')", "invalid literal"),
        ("def get_config(): return {'train': 1}", "returns no camtrap_jax.config.Config"),
    ],
)
def test_a_config_file_that_fails_is_one_line(camtrap, tmp_path, content, part):
    path = tmp_path / "bad.py"
    path.write_text(content)
    result = camtrap("units", f"--workdir={tmp_path / 'x'}", f"--config={path}")
    assert result.code == 2
    assert part in result.error
    assert len(result.error) < 300


def test_overrides_reach_the_settings_with_their_types(camtrap, config_file, monkeypatch):
    from camtrap_jax.cli import units

    seen = []
    monkeypatch.setattr(
        units.stage, "run_one", lambda name: seen.append(units.stage.flags.FLAGS.config)
    )
    result = camtrap(
        "units",
        "--workdir=x",
        config_file,
        "--config.train.epochs=7",
        "--config.train.learning_rate=1",
        "--config.units.any_sign",
        "--noconfig.train.tensorboard",
        "--config.model.name",
        "resnet50",
        "--config.report.title=A, b: 'c'",
        "--config.explain.maps=grad_cam",
        "--config.explain.maps=guided_backprop",
    )
    assert result.code == 0
    (config,) = seen
    assert config.train.epochs == 7
    assert type(config.train.learning_rate) is float
    assert config.units.any_sign is True
    assert config.train.tensorboard is False
    assert config.model.name == "resnet50"
    assert config.report.title == "A, b: 'c'"
    assert config.explain.maps == ("grad_cam", "guided_backprop")
    assert config.data.num_known == 3  # the file's


def test_bad_values_are_all_told_in_one_line(camtrap, config_file, tmp_path):
    result = camtrap(
        "study",
        config_file,
        f"--workdir={tmp_path / 'x'}",
        "--config.train.epochs=0",
        "--config.tree.linkage=centroid",
    )
    assert result.code == 1
    assert "train.epochs" in result.error
    assert "tree.linkage" in result.error
    assert not list(tmp_path.iterdir())


def test_unknown_settings_wrong_types_and_bad_combinations_are_told_together(
    camtrap, config_file, tmp_path
):
    result = camtrap(
        "study",
        config_file,
        f"--workdir={tmp_path / 'x'}",
        "--config.train.lerning_rate=0.1",
        "--config.trian.epochs",
        "3",
        "--config.train.batch_size=many",
        "--config.units.any_sign=maybe",
        "--config.units.num_bins",
        "2.5",
        "--config.train.momentum=7",
        "--config.tree.linkage=centroid",
        "--config.train.reused_views=2",
        "--config.train.seed",
    )
    assert result.code == 2
    for part in (
        "--config.train.lerning_rate: there is no such setting; did you mean "
        "--config.train.learning_rate?",
        "--config.trian.epochs: there is no such setting",
        "--config.train.batch_size: expected int, got 'many'",
        "--config.units.any_sign: expected bool, got 'maybe'",
        "--config.units.num_bins: expected int, got '2.5'",
        "train.momentum: expected at least 0.0 and at most 0.9999, got 7.0",
        "tree.linkage: expected one of average",
        "train.reused_views: needs train.frozen_stages",
        "--config.train.seed: expected int, got nothing",
    ):
        assert part in result.error, part
    assert not list(tmp_path.iterdir())


def test_a_stage_without_config_takes_the_run_s_own(camtrap, tiny_run):
    result = camtrap("units", f"--workdir={tiny_run}")
    assert result.code == 0
    assert result.err == "units: up to date\n"
    assert RunFolder(tiny_run).config.units.num_bins == 10
