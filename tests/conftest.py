"""Strict settings for every test: four CPU devices, no silent rank promotion."""

import os
from pathlib import Path

os.environ["JAX_PLATFORMS"] = "cpu"
# Most of the suite's time is XLA's; processes that a test starts share what was compiled before.
os.environ["JAX_COMPILATION_CACHE_DIR"] = str(Path(__file__).parents[1] / ".pytest_cache" / "xla")
os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0.3"
os.environ["XLA_FLAGS"] = (
    os.environ.get("XLA_FLAGS", "") + " --xla_force_host_platform_device_count=4"
)

import jax
import pytest
from absl import flags
from jax.experimental.compilation_cache import compilation_cache

jax.config.update("jax_numpy_rank_promotion", "raise")
# Grain's workers read absl flags, which nobody parses under pytest.
flags.FLAGS.mark_as_parsed()


@pytest.fixture
def no_cache():
    """Has compiled programs kept nowhere, so that they may have calls of oneDNN."""
    cache = jax.config.jax_compilation_cache_dir
    _use_cache(None)
    yield
    _use_cache(cache)


@pytest.fixture
def one_device(monkeypatch, no_cache):
    """Has convolutions done as in a program with one device: by oneDNN, where that serves."""
    from camtrap_jax.models import onednn

    monkeypatch.setattr(onednn, "_has_one_device", lambda: True)


def _use_cache(folder):
    jax.config.update("jax_compilation_cache_dir", folder)
    compilation_cache.reset_cache()


@pytest.fixture(scope="session")
def tiny_source(tmp_path_factory):
    """Pictures of three known species and an unknown one."""
    from reference.tiny_study import write_tiny_source

    folder = tmp_path_factory.mktemp("tiny") / "source"
    write_tiny_source(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_dataset(tiny_source):
    """The same, prepared."""
    from reference.tiny_study import tiny_config

    from camtrap_jax.data.prepare import prepare_dataset

    folder = tiny_source.parent / "dataset"
    prepare_dataset(tiny_source, folder, tiny_config().data)
    return folder


@pytest.fixture(scope="session")
def tiny_run(tiny_source):
    """A whole study of them, with the dataset inside; for reading, or for copying."""
    from reference.tiny_study import tiny_config

    from camtrap_jax.study.console import Silent
    from camtrap_jax.study.whole import run_study

    folder = tiny_source.parent / "run"
    run_study(folder, tiny_config(), Silent(), source=tiny_source)
    return folder
