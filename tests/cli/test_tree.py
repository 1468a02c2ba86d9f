"""camtrap tree --taxonomy: the file on the command line."""

import shutil

import pytest

from camtrap_jax.store import read_json, read_table


@pytest.fixture
def root(tiny_run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taxa.csv").write_text("species,genus,family\nNyala,T,B\nKUDU,T,B\noribi,O,B\n")
    return shutil.copytree(tiny_run, tmp_path / "run")


def test_a_relative_path_is_remembered_from_anywhere(camtrap, root, tmp_path, monkeypatch):
    result = camtrap("tree", f"--workdir={root}", "--taxonomy=taxa.csv")
    assert result.code == 0
    assert len(read_table(root / "tree" / "comparison.csv")) == 4
    assert read_json(root / "config.json")["tree"]["taxonomy"] == str(tmp_path / "taxa.csv")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert "up to date" in camtrap("tree", f"--workdir={root}").err
    assert camtrap("truth", f"--workdir={root}").code == 0
    assert camtrap("report", f"--workdir={root}").code == 0  # evaluate and novelty stay
    assert "taxa.csv" in (root / "report" / "index.html").read_text(encoding="utf-8")
    assert camtrap("tree", f"--workdir={root}", "--taxonomy=none").code == 0
    assert not (root / "tree" / "comparison.csv").exists()


def test_another_run_s_tree_is_a_taxonomy_too(camtrap, root, tmp_path):
    shutil.copy(root / "tree" / "tree.nwk", tmp_path / "other.nwk")
    assert camtrap("tree", f"--workdir={root}", "--taxonomy=other.nwk").code == 0
    rows = read_table(root / "tree" / "comparison.csv").set_index("measure")["value"]
    assert rows["cophenetic_correlation"] == pytest.approx(1)
    assert rows["robinson_foulds"] == 0


def test_a_folder_is_no_taxonomy_and_is_called_one(camtrap, root, tmp_path):
    (tmp_path / "taxa").mkdir()
    result = camtrap("tree", f"--workdir={root}", "--taxonomy=taxa")
    assert result.code == 1
    assert "taxa: is a folder; expected a Newick or CSV file (--taxonomy)" in result.error
    assert (root / "tree" / "tree.json").exists()


@pytest.mark.parametrize(
    ("text", "part"), [(None, "no such file"), ("species,genus\nelan,T\n", "lacks")]
)
def test_a_taxonomy_that_cannot_be_used_is_one_line(camtrap, root, tmp_path, text, part):
    before = (root / "config.json").read_bytes()
    if text:
        (tmp_path / "bad.csv").write_text(text)
    result = camtrap("tree", f"--workdir={root}", "--taxonomy=bad.csv")
    assert result.code == 1
    assert part in result.error
    assert "bad.csv" in result.error
    if not text:
        assert (root / "config.json").read_bytes() == before
        assert (root / "tree" / "tree.json").exists()
