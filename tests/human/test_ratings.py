"""Raters' files: what is read from them, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from camtrap_jax.human import Sheet, read_ratings
from camtrap_jax.human.answers import COLUMNS

FEATURES = {"kudu": ("spiral horns", "quills", "stripes"), "nyala": ("mane", "background")}
KINDS = {"kudu": ("descriptor", "decoy", "descriptor"), "nyala": ("descriptor", "general")}
IMAGES = {"kudu": ("k1", "k2"), "nyala": ("n1",)}
SHEET = Sheet("abc", FEATURES, KINDS, IMAGES)


def answers(rater, ticked=(), typed=()):
    """Rows of one rater: `ticked` are (image, feature), `typed` (species, image, feature)."""
    rows = [
        ("abc", rater, species, image, "offered", word, str(int((image, word) in ticked)))
        for species, words in FEATURES.items()
        for image in IMAGES[species]
        for word in words
    ]
    return rows + [("abc", rater, *other[:2], "typed", other[2], "1") for other in typed]


def write(path, rows, columns=COLUMNS, **settings):
    pd.DataFrame(rows, columns=columns).to_csv(path, index=False, **settings)
    return path


def test_ticks_of_several_raters(tmp_path):
    ana = answers("Ana", {("k1", "stripes"), ("n1", "mane")}, [("kudu", "k2", "Termite  Mound")])
    ben = answers("Ben", {("k1", "quills"), ("k2", "stripes")}, [("kudu", "k2", "termite mound")])
    paths = [write(tmp_path / "a.csv", ana), write(tmp_path / "b.csv", ben[::-1])]
    found = read_ratings(paths, SHEET)
    kudu = found["kudu"]
    assert kudu.raters == ("Ana", "Ben")
    assert kudu.images == ("k1", "k2")
    assert kudu.features == (*FEATURES["kudu"], "termite mound")
    assert kudu.kinds == (*KINDS["kudu"], "typed")
    assert kudu.described.tolist() == [True, False, True, False]
    assert kudu.offered.tolist() == [True, True, True, False]
    assert kudu.ticks[0].tolist() == [[False, False, True, False], [False, False, False, True]]
    assert kudu.ticks[1].tolist() == [[False, True, False, False], [False, False, True, True]]
    assert found["nyala"].ticks.tolist() == [[[True, False]], [[False, False]]]
    one_file = write(tmp_path / "both.csv", ana + ben)
    for species, one in read_ratings([one_file], SHEET).items():
        np.testing.assert_array_equal(one.ticks, found[species].ticks)


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_spreadsheets_may_have_saved_the_file(tmp_path, delimiter):
    path = write(tmp_path / "a.csv", answers("Ana", {("k1", "stripes")}), sep=delimiter)
    text = path.read_text().replace("stripes", " Stripes ").replace("\n", "\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + text.encode() + b"\r\n")
    assert read_ratings([path], SHEET)["kudu"].ticks[0, 0].tolist() == [False, False, True]


HOSTILE = '=1+1,"<img src=x onerror=alert(1)>"'


def test_hostile_names_are_what_they_were(tmp_path):
    sheet = Sheet("abc", {HOSTILE: ('a, "b"',)}, {HOSTILE: ("descriptor",)}, {HOSTILE: ("k1",)})
    path = write(tmp_path / "a.csv", [("abc", HOSTILE, HOSTILE, "k1", "offered", 'A, "b"', "1")])
    found = read_ratings([path], sheet)
    assert found[HOSTILE].raters == (HOSTILE,)
    assert found[HOSTILE].ticks.tolist() == [[[True]]]


def drop(species):
    return lambda rows: [row for row in rows if row[2] != species]


def change(column, value, line=0):
    def changed(rows):
        row = list(rows[line])
        row[COLUMNS.index(column)] = value
        return [*rows[:line], tuple(row), *rows[line + 1 :]]

    return changed


@pytest.mark.parametrize(
    ("changed", "parts"),
    [
        (drop("nyala"), ["rater 'Ana' did not answer about nyala"]),
        (lambda rows: rows[1:], ["left out 1 answers", "'spiral horns' on image k1 of 'kudu'"]),
        (lambda rows: [], ["expected answers, got none"]),
        (change("feature", "spots"), ["row 2", "'spots' is not offered for 'kudu'", "quills"]),
        (change("image_id", "k9", 1), ["row 3", "image k9 of 'kudu' is not on the scoring sheet"]),
        (change("species", "lion", 1), ["row 3", "image k1 of 'lion' is not on the scoring"]),
        (change("shown", "yes"), ["row 2", "expected shown to be 0 or 1, got 'yes'"]),
        (change("kind", "guess"), ["row 2", "expected kind to be offered or typed, got 'guess'"]),
        (change("sheet", "old"), ["row 2", "expected sheet to be abc", "by another scoring sheet"]),
        (change("rater", " "), ["row 2", "expected a rater, got nothing"]),
        (lambda rows: [*rows, rows[0]], ["row 10", "'Ana' answered twice", "'spiral horns'"]),
        (
            lambda rows: [*rows, ("abc", "Eve", "kudu", "k1", "typed", "mound", "1")],
            ["rater 'Eve' did not answer about kudu, nyala"],
        ),
    ],
)
def test_what_is_refused(tmp_path, changed, parts):
    path = write(tmp_path / "a.csv", changed(answers("Ana")))
    refused(path, parts)


def refused(path, parts):
    with pytest.raises(ValueError, match=r".") as caught:
        read_ratings([path], SHEET)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    for part in parts:
        assert part in message


def test_rows_that_are_no_rows_are_named(tmp_path):
    path = write(tmp_path / "a.csv", answers("Ana"))
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:3], lines[3] + ",more", *lines[4:]]))
    refused(path, ["row 4", "expected 7 cells, got 8"])
    path.write_text("\n".join([*lines[:3], lines[3].rpartition(",")[0], *lines[4:]]))
    refused(path, ["row 4", "expected 7 cells, got 6"])
    path.write_text("\n".join([*lines[:3], lines[3].replace("abc", '"abc'), *lines[4:]]))
    refused(path, ["row 4", "quotes do not match"])
    write(path, [row[1:] for row in answers("Ana")], COLUMNS[1:])
    refused(path, ["expected the columns sheet,rater,species,", "got rater,species,"])
    path.write_text("")
    refused(path, ["got nothing"])


def test_a_rater_in_two_files_is_refused(tmp_path):
    paths = [write(tmp_path / f"{name}.csv", answers(name)) for name in ("Ana", "ANA")]
    with pytest.raises(ValueError, match=r"ANA\.csv: rater 'ANA' is in .*Ana\.csv, too"):
        read_ratings(paths, SHEET)
    with pytest.raises(ValueError, match=r"rater 'Ana' is in"):
        read_ratings([paths[0], paths[0]], SHEET)
    with pytest.raises(FileNotFoundError):
        read_ratings([tmp_path / "absent.csv"], SHEET)
