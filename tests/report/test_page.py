import re
import shutil
from html.parser import HTMLParser

import pandas as pd
import pytest
from PIL import Image
from reference.pictured_run import HOSTILE, KNOWN, LONG, STAGES, UNKNOWN, make_run, small_config

from camtrap_jax.report import page
from camtrap_jax.report.page import OPTIONAL, SECTIONS, write_report
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import write_table


class Page(HTMLParser):
    """What a browser would make of the report: elements, attributes, text."""

    def __init__(self, path):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], ""
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_data(self, data):
        self.text += data

    def values(self, *names):
        return [value for _, name, value in self.attributes if name in names]


@pytest.fixture(scope="module")
def report(full_run):
    write_report(full_run, small_config())
    return Page(full_run.root / "report" / "index.html")


def copy_without(run, target, *names):
    shutil.copytree(run.root, target, ignore=shutil.ignore_patterns("report"))
    for name in names:
        path = target / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return RunFolder(target)


def test_every_section_is_there_and_full(report):
    assert set(report.values("id")) >= set(SECTIONS) - set(OPTIONAL)
    assert "Not there yet" not in report.text
    for figure in ("tree", "tree-with-unknown", "unfamiliarity", "accuracy-species", "training",
                   "accuracy-cameras", "confusion-matrix", "confusion-distance",
                   "reliability", "tree-pca", "tree-tsne"):  # fmt: skip
        assert f"images/{figure}.svg" in report.values("href")
    assert report.tags.count("svg") == 11 + len(UNKNOWN)


def test_every_reference_is_a_file_of_the_run(report, full_run):
    folder = full_run.root / "report"
    references = report.values("src", "href", "xlink:href")
    inner = {f"#{value}" for value in report.values("id")}
    data = ("data:image/png;base64,", "data:image/jpeg;base64,")
    for reference in references:
        assert reference in inner or reference.startswith(data) or (folder / reference).is_file()
    pictures = {f"images/{path.name}" for path in (folder / "images").iterdir()}
    assert pictures <= set(references)


def test_the_page_asks_nothing_of_the_network(report):
    assert "script" not in report.tags
    assert not {"link", "iframe", "object", "form"} & set(report.tags)
    assert not re.search(r"https?://|@import|url\((?!#)", report.source)


def test_names_of_strangers_are_text(report):
    assert not any(name.startswith("on") for _, name, _ in report.attributes)
    assert "x" not in report.values("src")
    assert report.tags.count("b") == report.tags.count("i") == 0
    for name in (HOSTILE, LONG.strip(), "$\\alpha$ {{ 7 * 7 }}", "Study of <b>five</b> & more",
                 "B<02>", "& <i>.jpg", "maximum <inside>"):  # fmt: skip
        assert name in report.text


def test_every_picture_has_words_and_waits_for_the_reader(report):
    count = report.tags.count("img")
    assert count > 20
    assert len([value for value in report.values("alt") if value]) == count
    assert report.values("loading") == ["lazy"] * count


def test_every_species_is_shown_in_the_galleries(report):
    summaries = report.tags.count("summary")
    # random images, units, unknown species in the tree, the review list in two parts, two galleries
    # of extremes, the scores of each unknown species, three lists of the method, rare species
    assert summaries == 2 * len(KNOWN) + len(UNKNOWN) + 2 + 2 + 1 + 3 + 1


def test_pictures_carry_no_metadata(report, full_run):
    for path in (full_run.root / "report" / "images").glob("*.jpg"):
        with Image.open(path) as image:
            assert not image.getexif()
            assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_pictures_have_the_shape_of_the_frame(report, full_run):
    # 80 x 60 without the lowest 7 %
    for path in (full_run.root / "report" / "images").glob("novelty-*.jpg"):
        with Image.open(path) as image:
            assert image.size == (340, round(340 * 60 * 0.93 / 80))


@pytest.mark.parametrize("missing", [("units",), ("tree", "novelty"), tuple(STAGES)])
def test_a_section_without_its_stage_says_so(full_run, tmp_path, missing):
    elsewhere = ["explain/quality.json"] if "quality" in missing else []
    run = copy_without(full_run, tmp_path / "run", *missing, *elsewhere, "truth", "train")
    write_report(run, small_config())
    found = Page(run.root / "report" / "index.html")
    silent = {"evaluate": 4}  # stages that fill several sections
    assert found.text.count("Not there yet") == sum(silent.get(name, 1) for name in missing)
    assert set(found.values("id")) >= set(SECTIONS) - set(OPTIONAL)


def test_without_guided_maps_grad_cam_is_shown_and_damaged_records_are_counted(full_run, tmp_path):
    guided = [f"explain/{name}.zarr" for name in ("guided_backprop", "guided_grad_cam")]
    run = copy_without(full_run, tmp_path / "run", *guided, "explain/maps_index.csv")
    columns = ["image_id", "filepath", "reason"]
    damaged = pd.DataFrame([["a", "a.jpg", "cut short"], ["b", "b.jpg", "none"]], columns=columns)
    write_table(run.root / "explain" / "failures.csv", damaged)
    write_report(run, small_config())
    assert "2 records were found damaged" in Page(run.root / "report" / "index.html").text
    views = {path.name.rsplit("-", 2)[-1] for path in (run.root / "report/images").glob("panel-*")}
    assert views == {"image.jpg", "cam.jpg"}


def test_without_mistakes_unknown_species_or_bursts(tmp_path):
    config = small_config()
    run = make_run(tmp_path, config, species=KNOWN, correct=1.0)
    write_report(run, config, title="Another")
    found = Page(run.root / "report" / "index.html")
    assert "None of the" in found.text
    assert "The dataset has no unknown species." in found.text
    assert "tree-with-unknown" not in found.source
    assert "Not there yet" not in found.text
    assert "<title>Another</title>" in found.source


def test_a_new_report_takes_the_place_of_the_old_one_as_a_whole(full_run, tmp_path, monkeypatch):
    run = copy_without(full_run, tmp_path / "run")
    write_report(run, small_config())
    (run.root / "report" / "images" / "old.jpg").touch()
    write_report(run, small_config())
    assert not (run.root / "report" / "images" / "old.jpg").exists()

    def fail(*_):
        raise OSError("disk full")

    before = (run.root / "report" / "index.html").read_bytes()
    monkeypatch.setitem(page.SECTIONS, "tree", ("Species tree", "tree", fail))
    with pytest.raises(OSError, match="disk full"):
        write_report(run, small_config())
    assert (run.root / "report" / "index.html").read_bytes() == before
    assert not [path for path in run.root.iterdir() if path.name.startswith(".report")]


def test_the_same_run_gives_the_same_page(full_run, report):
    write_report(full_run, small_config())
    again = (full_run.root / "report" / "index.html").read_text(encoding="utf-8")
    assert again == report.source


def test_counts_and_checks_are_those_of_the_run(report):
    assert f"{sum(KNOWN.values()) + sum(UNKNOWN.values())} images" in report.text
    assert "0.912" in report.text
    assert "✗ failed" in report.text
    assert "Synthetic pictures" in report.text


def test_the_galleries_hold_the_test_images_and_no_others(report, full_run):
    pairs = [value for value in report.values("src") if value.startswith("images/pair-")]
    names = {path.removeprefix("images/pair-").removesuffix(".jpg") for path in pairs}
    index = full_run.index
    assert names == set(index.loc[index["split"] == "test", "image_id"])
