import pytest
from reference.benchmark_program import benchmark


@pytest.mark.slow
def test_input_speed_is_measured_and_written(tmp_path):
    settings = ["--images=24", "--rounds=1", "--seconds=0.1"]
    written, printed = benchmark("input", *settings, output=tmp_path / "found.json")
    assert set(written["sources"]) == {"records", "raw"}
    for found in written["sources"].values():
        for where in ("one_core", "all_cores"):
            rates = found[where]["images_per_sec"]
            ours = {name.split(",")[0]: rate["median"] for name, rate in rates.items()}
            assert ours["ours host"] > ours["ours complete"] > 1
    assert written["versions"]["pillow"]
    if None in (written["versions"]["torch"], written["versions"]["torchvision"]):
        assert "pip install" in printed
    else:
        assert "without augmentation the two sides differ by" in printed
