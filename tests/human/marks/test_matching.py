import pytest

from camtrap_jax.human.marks import Entry, match_pictures

PICTURES = ["images/A/kudu/1.jpg", "images/A/kudu/2.JPG", "images/B/kudu/1.jpg", "x.jpg",
            "images/A/x.jpg", "a.2016.jpg"]  # fmt: skip
IDS = {"ce3c": "images/A/kudu/2.JPG"}


def entry(*names):
    return Entry(f"file of {names[0]}", names, lambda: None)


@pytest.mark.parametrize(
    ("names", "picture"),
    [
        (["images/A/kudu/1.jpg"], PICTURES[0]),
        (["A/kudu/1.png"], PICTURES[0]),  # a mask of a folder's part
        (["/home/ana/images/B/kudu/1.jpg"], PICTURES[2]),  # an absolute path
        (["C:\\data\\images\\B\\kudu\\1.jpg"], PICTURES[2]),
        (["../B/kudu/1.jpg"], PICTURES[2]),
        (["2.png"], PICTURES[1]),
        (["ce3c.png"], PICTURES[1]),
        (["x.png"], "x.jpg"),  # a whole path before the end of another
        (["a.2016.png"], "a.2016.jpg"),
        (["2.jpg.png", "2.jpg"], PICTURES[1]),
        (["C/2.jpg"], None),  # another folder's
        (["images/A/1.jpg"], None),
        (["9.png"], None),
    ],
)
def test_the_picture_that_a_name_means(names, picture):
    one = entry(*names)
    found, strangers = match_pictures([one], PICTURES, IDS)
    assert found == ({picture: one} if picture else {})
    assert strangers == ([] if picture else [one])


def test_a_name_of_several_pictures_and_two_of_one_are_refused():
    with pytest.raises(ValueError, match=r"file of 1.png: 1.png may be images/A.* or images/B.*;"):
        match_pictures([entry("1.png")], PICTURES, IDS)
    with pytest.raises(ValueError, match=r"file of ce3c: marks images/A/kudu/2.JPG, as file of 2"):
        match_pictures([entry("2.png"), entry("ce3c")], PICTURES, IDS)
