"""The program, run in this process."""

import dataclasses
import sys

import pytest
from absl import flags
from reference.tiny_study import CONFIG_FILE


@dataclasses.dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str

    @property
    def error(self):
        """The one line that says what is wrong; fails where there is none, or are several."""
        lines = [line for line in self.err.splitlines() if line.startswith("camtrap ")]
        assert len(lines) == 1, self.err
        assert self.err.splitlines()[-1] == lines[0]
        assert "Traceback" not in self.err
        return lines[0]


def _is_ours(name):
    """Tells a command's flags from those of libraries that it imported, which define them once."""
    module = flags.FLAGS.find_module_defining_flag(name) or ""
    return module.startswith("camtrap_jax") or name.startswith("config")


@pytest.fixture
def camtrap(capsys, monkeypatch):
    """Returns a function that runs a command line; absl's flags are as before afterwards."""

    def run(*words):
        from camtrap_jax.cli.main import main

        argv = ["camtrap", *map(str, words)]
        monkeypatch.setattr(sys, "argv", argv)  # where config_flags looks for overrides
        before = set(flags.FLAGS)
        capsys.readouterr()
        try:
            code = main(argv)
        except SystemExit as end:
            code = end.code
        finally:
            sys.modules.pop("config_config", None)  # config_flags' name for the file
            for name in set(flags.FLAGS) - before:
                if _is_ours(name):
                    delattr(flags.FLAGS, name)
        return Result(code, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def config_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("config") / "tiny.py"
    path.write_text(CONFIG_FILE)
    return f"--config={path}"
