import numpy as np
import pandas as pd
import pytest
from scipy.cluster.hierarchy import linkage

from camtrap_jax.report.dendrogram import RED, branch_colors, dendrogram
from camtrap_jax.report.drawing import INK, inline_svg, plain, svg_text
from camtrap_jax.report.figures import (
    accuracy_bars,
    confusion_image,
    rank_bars,
    training_curves,
    unfamiliarity_dots,
)
from camtrap_jax.report.reliability import reliability_diagram

HOSTILE = "<script>alert(1)</script> $x$ & \"'"


def bars(names):
    values = np.linspace(0.2, 1, len(names))
    return accuracy_bars(names, values, values - 0.1, values, [3] * len(names), mean=0.5)


def test_names_are_escaped_in_svg():
    text = svg_text(bars([HOSTILE, "nyala"]))
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; $x$ &amp;" in text
    assert "nyala" in text


def test_inline_svg_takes_the_pages_colour_and_refers_to_nothing_outside():
    text = inline_svg(svg_text(bars(["nyala", "oribi"])))
    assert text.startswith("<svg")
    assert "http" not in text
    assert INK not in text
    assert "currentColor" in text


def test_a_figure_is_the_same_text_every_time():
    assert svg_text(bars(["nyala", "oribi"])) == svg_text(bars(["nyala", "oribi"]))


def test_names_outside_the_fonts_are_kept():
    assert "白犀牛" in svg_text(bars(["白犀牛"]))


def test_bars_hold_the_values():
    (axes,) = bars(["a", "b", "c"]).axes
    widths = [patch.get_width() for patch in axes.patches]
    np.testing.assert_allclose(widths, [20, 60, 100])
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b", "c"]
    top, bottom = (axes.transData.transform((0, row))[1] for row in (0, 2))
    assert top > bottom  # the first name is the highest row


def test_bars_without_images_and_without_intervals():
    nan = np.array([np.nan])
    assert "elephant" in svg_text(accuracy_bars(["elephant"], nan, nan, nan, [0], mean=np.nan))


def test_dots_mark_unknown_species_and_the_threshold():
    values = np.array([1.2, 1.0, 0.9])
    figure = unfamiliarity_dots(
        ["lion", "kudu", "oribi"], values, values, values, [True, False, False], threshold=1.0
    )
    (axes,) = figure.axes
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["known species", "unknown species", "threshold 1.00"]


def test_dots_of_known_species_alone():
    one = np.ones(1)
    figure = unfamiliarity_dots(["kudu"], one, one, one, [False], threshold=np.nan)
    assert len(figure.axes[0].get_legend().get_texts()) == 1


def test_confusion_matrix_colours_hits_and_confusions_by_share():
    shares = np.array([[0.75, 0.25], [0.0, 1.0]])
    (axes,) = confusion_image(shares, ["a", "b"]).axes
    image = axes.images[0].get_array()
    np.testing.assert_allclose(image[..., 3], np.sqrt(shares))
    np.testing.assert_allclose(image[0, 0, :3], image[1, 1, :3])
    assert not np.allclose(image[0, 0, :3], image[0, 1, :3])
    assert sorted(text.get_text() for text in axes.texts) == ["100", "25", "75"]


@pytest.mark.parametrize("size", [1, 60])
def test_confusion_matrices_of_any_size(size):
    names = [f"a species with a long name, number {number}" for number in range(size)]
    figure = confusion_image(np.zeros((size, size)), names)
    assert figure.get_size_inches().max() < 14
    assert len(svg_text(figure)) > 1000


def test_training_curves_without_validation():
    assert "training loss" in svg_text(training_curves(([1, 2], [0.5, 0.4]), {}))


def test_dollar_signs_are_no_formula():
    assert plain("$\\alpha$") == "\\$\\alpha\\$"


# Leaves 0,1 | 2,3 | 4,5 | 6 on a line: three pairs and a hermit.
POINTS = np.array([0.0, 0.1, 5.0, 5.1, 10.0, 10.1, 50.0])[:, None]
TREE = linkage(POINTS, "average")


def test_branches_take_the_colour_of_what_they_hold():
    colors = branch_colors(TREE, [0, 0, 1, None, None, None, -1])
    by_members = dict(zip(["0", "1", "2", "3", "4", "5", "6"], colors[:7], strict=True))
    assert by_members["0"] == by_members["1"] != by_members["2"]
    assert by_members["3"] == by_members["4"] == by_members["5"] == RED
    assert by_members["6"] == INK
    pairs = {tuple(sorted(map(int, row[:2]))): color
             for row, color in zip(TREE, colors[7:], strict=True)}  # fmt: skip
    assert pairs[0, 1] == by_members["0"]
    assert pairs[2, 3] == by_members["2"]  # an unknown species joined that cluster
    assert pairs[4, 5] == RED
    assert colors[-1] == INK


def test_dendrogram_draws_merges_at_their_distance():
    names = list("abcdefg")
    figure = dendrogram(TREE, names, dict.fromkeys(names, 0), support=np.linspace(0, 1, 6))
    (axes,) = figure.axes
    ends = [segment for lines in axes.collections for segment in lines.get_segments()]
    forks = sorted(segment[0, 0] for segment in ends if segment[0, 0] == segment[1, 0])
    np.testing.assert_allclose(forks, sorted(TREE[:, 2]))
    assert [text.get_text() for text in axes.texts] == ["0", "20", "40", "60", "80"]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    rows = dict(zip(labels, axes.get_yticks(), strict=True))
    assert abs(rows["a"] - rows["b"]) == abs(rows["c"] - rows["d"]) == 1


def test_dendrogram_of_equal_species():
    figure = dendrogram(linkage(np.zeros((3, 2))), ["a", "b", "c"], {"a": 0, "b": 0})
    assert "svg" in svg_text(figure)


def test_rank_bars_stand_at_their_ranks_beside_chance():
    (axes,) = rank_bars(np.array([3.0, 0, 1])).axes
    places = [(bar.get_x() + bar.get_width() / 2, bar.get_height()) for bar in axes.patches]
    np.testing.assert_allclose(places, [(1, 3), (2, 0), (3, 1)])
    np.testing.assert_allclose(axes.lines[0].get_ydata(), 4 / 3)


def test_reliability_shows_accuracy_against_what_was_stated():
    bins = pd.DataFrame({
        "low": [0.0, 0.5], "high": [0.5, 1.0], "images": [0, 8], "confidence": [np.nan, 0.9],
        "accuracy": [np.nan, 0.75], "accuracy_low": [np.nan, 0.4], "accuracy_high": [np.nan, 0.9],
    })  # fmt: skip
    figure = reliability_diagram({"one": bins, "two": bins})
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["one", "two"]
    dots = figure.axes[0].lines[1]
    np.testing.assert_allclose(dots.get_xydata()[1], [90, 75])
    assert [bar.get_height() for bar in figure.axes[0].patches] == [0, 100]
    assert len(reliability_diagram({"one": bins}).axes) == 1
