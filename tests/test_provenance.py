from camtrap_jax import provenance


def test_provenance_names_versions_and_works_outside_git(monkeypatch):
    facts = provenance.provenance()
    assert facts["versions"]["jax"]
    assert set(facts) == {"versions", "python", "platform", "commit"}
    monkeypatch.setenv("PATH", "")
    assert provenance.provenance()["commit"] is None
