import pytest


@pytest.fixture(params=["as on a CPU", "as on an accelerator"])
def machine(request, monkeypatch):
    """Runs a test with NumPy's counts and with XLA's: which are used depends on the device."""
    if request.param == "as on an accelerator":
        for module in ("binning", "counting", "information", "permutation"):
            monkeypatch.setattr(f"camtrap_jax.units.{module}.is_on_host", lambda *_: False)
    return request.param
