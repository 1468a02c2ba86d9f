import itertools
import re
import shutil

import numpy as np
import pandas as pd
import pytest
from reference.pictured_run import HOSTILE, KNOWN, LONG, UNKNOWN, small_config
from scipy.cluster.hierarchy import cophenet, leaves_list, linkage
from scipy.spatial.distance import squareform

from camtrap_jax.embedding import tree_of_heights
from camtrap_jax.report.dendrogram import RED
from camtrap_jax.report.drawing import svg_text
from camtrap_jax.report.page import write_report
from camtrap_jax.report.pictures import Pictures
from camtrap_jax.report.plane import plane_chart
from camtrap_jax.report.results import Results
from camtrap_jax.report.sections.tree import tree_section
from camtrap_jax.report.spots import THUMB_POINTS, choose_spots
from camtrap_jax.report.tanglegram import tanglegram, untangled
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import read_table, write_table
from camtrap_jax.study.tree import build_tree


@pytest.fixture
def compared(full_run, tmp_path):
    """The run, its tree compared with a taxonomy of hostile names that lacks a species."""
    root = shutil.copytree(full_run.root, tmp_path / "run", ignore=shutil.ignore_patterns("report"))
    taxonomy = pd.DataFrame({
        "species": [HOSTILE.upper(), LONG.strip(), "Nyala"], "genus": ["<b>", "x", "x"],
    })  # fmt: skip
    write_table(tmp_path / "<i>.csv", taxonomy)
    config = small_config()
    config.tree.taxonomy = str(tmp_path / "<i>.csv")
    config.tree.permutations = 9
    config.tree.embedded_images = 3
    build_tree(RunFolder(root), config)
    return RunFolder(root), config


def section_of(run, config, folder):
    return tree_section(Results(run, config), Pictures(run, folder))


def test_the_section_says_all_there_is(compared, tmp_path):
    run, config = compared
    found = section_of(run, config, tmp_path / "page")
    assert sorted(name for one in found["clusters"] for name in one["species"]) == sorted(KNOWN)
    distances = [row["distance"] for row in found["placements"]]
    assert distances == sorted(distances, reverse=True)
    assert [one["species"] for one in found["placed"]] == [
        r["species"] for r in found["placements"]
    ]
    assert found["comparison"]["missing"] == ["red duiker"]
    assert set(found["planes"]) == {"pca", "tsne"}
    for one in found["placed"]:
        assert one["drawing"]["svg"].count(RED) > 1  # a branch, and the name
    write_report(run, config)
    page = (run.root / "report" / "index.html").read_text(encoding="utf-8")
    assert "<i>" not in page
    assert "lacks them: red duiker" in page


def test_nothing_is_said_of_resamples_and_shuffles_that_were_not_made(compared):
    run, config = compared
    words = ("resamples", ">support<", ">95 % interval<", "Forks below 70")
    assert all(word in tree_part(run, config) for word in words)
    config.tree.bootstrap_rounds = 0
    build_tree(run, config)
    text = tree_part(run, config)
    assert not any(word in text for word in words)
    assert "The images were not resampled" in text
    assert "Chance is the mean over 9 trees" in text


def test_nothing_is_said_of_chance_where_no_species_were_shuffled(compared):
    run, config = compared
    words = ("Chance is the mean", ">by chance<", ">p<", "A p-value says")
    assert all(word in tree_part(run, config) for word in words)
    config.tree.permutations = 0
    build_tree(run, config)
    text = tree_part(run, config)
    assert not any(word in text for word in words)
    assert "Species were not shuffled" in text
    assert ">95 % interval<" in text


def tree_part(run, config):
    """The tree's part of the page, without its drawings."""
    write_report(run, config)
    page = (run.root / "report" / "index.html").read_text(encoding="utf-8")
    start = page.index('<section id="tree"')
    part = page[start : page.index("</section>", start)]
    return re.sub("<svg.*?</svg>", "", part, flags=re.DOTALL)


def test_no_picture_with_people_is_shown(compared, tmp_path):
    run, config = compared
    rows = read_table(run.root / "tree" / "embedding.csv")
    pictures = read_table(run.root / "dataset" / "pictures.csv")
    shown = count_photos(section_of(run, config, tmp_path / "one"))
    assert 0 < shown <= len({*KNOWN, *UNKNOWN}) * 2
    manifest = run.dataset.manifest.set_index("image_id")
    files = manifest.loc[rows.loc[rows["species"] == "nyala", "image_id"], "filepath"]
    people = pictures["filepath"].isin(files).astype(int)
    write_table(run.root / "dataset" / "pictures.csv", pictures.assign(people=people))
    run = RunFolder(run.root)
    found = section_of(run, config, tmp_path / "two")
    assert "nyala" in found["planes"]["pca"]["svg"]
    people = pictures.assign(people=1)
    write_table(run.root / "dataset" / "pictures.csv", people)
    assert count_photos(section_of(RunFolder(run.root), config, tmp_path / "three")) == 0


def count_photos(section):
    return sum(len(re.findall("data:image/jpeg", one["svg"])) for one in section["planes"].values())


def cloud(count=60, species=6, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame({
        "image_id": [f"i{number}" for number in range(count)],
        "species": [f"s{number % species}" for number in range(count)],
        "role": ["unknown" if number % species == 0 else "known" for number in range(count)],
        "x": rng.normal(size=count), "y": rng.normal(size=count), "is_shown": True,
    })  # fmt: skip


@pytest.mark.parametrize("size", [(600, 400), (150, 100)])
def test_no_thumbnail_covers_another_and_each_shows_its_place(size):
    images = cloud()
    spots = choose_spots(images, ("x", "y"), size)
    spread = np.ptp(images[["x", "y"]].to_numpy(), axis=0)
    scale = np.array(size) / (1.14 * spread)
    pictures = [spot for spot in spots if spot.image_id]
    assert len(pictures) == 6 if size[0] == 600 else 0 < len(pictures) < 6
    for one, other in itertools.combinations(pictures, 2):
        gap = np.abs(np.array([one.x - other.x, one.y - other.y])) * scale
        assert gap[0] >= THUMB_POINTS or gap[1] >= 0.75 * THUMB_POINTS
    by_id = images.set_index("image_id")
    for spot in pictures:
        assert by_id.loc[spot.image_id, ["x", "y", "species"]].tolist() == [
            spot.x, spot.y, spot.species]  # fmt: skip


def test_the_chart_draws_every_image_and_asks_only_for_pictures_that_may_be_shown():
    images = cloud().assign(is_shown=lambda table: table["species"] != "s2")
    asked = []

    def thumbnail(image_id):
        asked.append(image_id)
        return np.zeros((54, 72, 3), np.uint8)

    groups = {"s1": 0, "s2": 0, "s3": 1, "s4": -1, "s5": -1}
    figure = plane_chart(images, ("x", "y"), groups, thumbnail, labels=("a", "b"))
    (axes,) = figure.axes
    assert sum(len(dots.get_offsets()) for dots in axes.collections) == len(images)
    shown = images.set_index("image_id").loc[asked]
    assert shown["is_shown"].all()
    assert shown["species"].is_unique
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["group 1", "group 2", "known, in no group", "unknown species"]
    text = svg_text(figure, has_photos=True)
    assert "image/jpeg" in text
    assert "image/png" not in text


def test_a_taxonomy_is_turned_to_cross_no_line_where_it_need_not():
    left = linkage(np.array([0.0, 1, 3, 7, 15, 31])[:, None], "single")
    # Two families, listed the other way round; within them any order is as good.
    square = np.full((6, 6), 2.0)
    square[:3, :3] = square[3:, 3:] = 1
    np.fill_diagonal(square, 0)
    right = tree_of_heights(squareform(square))
    rows = np.argsort(leaves_list(left))
    turned = untangled(right, rows)
    np.testing.assert_array_equal(cophenet(turned), squareform(square))
    np.testing.assert_array_equal(np.argsort(leaves_list(turned)), rows)
    figure = tanglegram(left, right, list("abcdef"), {"a": 0}, titles=("one", "$x$"))
    lines = [line.get_ydata() for line in figure.axes[1].lines]
    assert all(start == end for start, end in lines)


def test_nothing_to_show_is_not_there(full_run, tmp_path):
    found = section_of(full_run, small_config(), tmp_path / "page")
    assert found["comparison"] is None
    root = shutil.copytree(full_run.root, tmp_path / "run", ignore=shutil.ignore_patterns("report"))
    shutil.rmtree(root / "tree")
    assert section_of(RunFolder(root), small_config(), tmp_path / "page") is None
