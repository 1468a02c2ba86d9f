import pandas as pd
import pytest

from camtrap_jax.data.conflicts import reasons, set_aside

IMAGES = pd.DataFrame(
    [
        ("one.jpg", "kudu", "1"),
        ("two.jpg", "nyala", "2"),
        ("two.jpg", "kudu", "2"),
        ("three.jpg", "oribi", "3"),
        ("copy of two.jpg", "kudu", "2"),
        ("copy of three.jpg", "oribi", "3"),
    ],
    columns=["filepath", "species", "sha256"],
)


@pytest.mark.parametrize(
    ("conflicts", "gone"),
    [("keep", []), ("drop", [1, 2, 4]), ("first", [2, 4])],
)
def test_which_rows_go(conflicts, gone):
    aside = set_aside(IMAGES, conflicts)
    assert list(aside.nonzero()[0]) == gone


def test_reasons_name_all_labels_of_the_picture():
    aside = set_aside(IMAGES, "first")
    assert (
        reasons(IMAGES, aside, "first")
        == ["set aside as 'kudu': the picture is labelled 'nyala', 'kudu' (data.conflicts=first)"]
        * 2
    )
