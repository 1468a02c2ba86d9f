import pytest
from reference.pictured_run import make_run, small_config

from camtrap_jax.store import write_json


@pytest.fixture(scope="session")
def full_run(tmp_path_factory):
    run = make_run(tmp_path_factory.mktemp("full"), small_config())
    checks = [
        {"check": "maximum <inside>", "expected": "0.8", "measured": 0.91234, "passed": True},
        {"check": "tree", "expected": "0.4", "measured": "none", "passed": False},
    ]
    write_json(run.root / "truth" / "truth.json", checks)
    return run
