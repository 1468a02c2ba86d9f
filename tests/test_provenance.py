from camtrap_jax import provenance


def test_provenance_tells_command_and_environment(monkeypatch):
    monkeypatch.setattr("sys.argv", ["camtrap", "train", "--config.train.epochs=3"])
    monkeypatch.setenv("XLA_FLAGS", "--some_flag")
    monkeypatch.setenv("JAX_PLATFORMS", "cpu")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "nobody's business")
    facts = provenance.provenance()
    assert facts["command"] == ["camtrap", "train", "--config.train.epochs=3"]
    assert facts["environment"]["XLA_FLAGS"] == "--some_flag"
    assert facts["environment"]["JAX_PLATFORMS"] == "cpu"
    assert "nobody" not in str(facts)


def test_provenance_names_versions_and_works_outside_git(monkeypatch):
    facts = provenance.provenance()
    assert facts["versions"]["jax"]
    assert None not in facts["versions"].values()
    monkeypatch.setenv("PATH", "")
    assert provenance.provenance()["commit"] is None
