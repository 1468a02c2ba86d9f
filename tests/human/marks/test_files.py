"""Marks in files of three formats: the same marks are the same mask, and bad ones are named."""

import json

import numpy as np
import pytest
from PIL import Image

from camtrap_jax.human.marks import list_marks, mask_of

BOX = [[4, 3], [24, 3], [24, 18], [4, 18]]
EXPECTED = np.zeros((30, 40), bool)
EXPECTED[3:18, 4:24] = True


def mask_in(entry):
    return mask_of(entry.read(), (40, 30), crop_bottom=0, size_px=120)


def full(mask):
    return np.asarray(Image.fromarray(mask).resize((120, 120), Image.Resampling.NEAREST))


def save(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))
    return path


def coco(segmentation=None, **changes):
    polygon = [[number for point in BOX for number in point]]
    return {
        "images": [{"id": 7, "file_name": "C0/kudu/1.jpg", "width": 40, "height": 30}],
        "annotations": [{"image_id": 7, "segmentation": segmentation or polygon}],
    } | changes


def labelme(points=BOX, kind="polygon", **changes):
    return {
        "imagePath": "1.jpg",
        "imageWidth": 40,
        "imageHeight": 30,
        "shapes": [{"shape_type": kind, "points": points}],
    } | changes


def runs(mask):
    """Run lengths of a mask, column by column, beginning with what is not marked."""
    values, counts = mask.T.ravel().tolist(), []
    wanted = False
    while values:
        count = next((k for k, value in enumerate(values) if value != wanted), len(values))
        counts.append(count)
        values, wanted = values[count:], not wanted
    return counts


def test_coco_polygons_and_run_lengths_are_united_over_annotations(tmp_path):
    (entry,) = list_marks(save(tmp_path / "a.json", coco()))
    assert entry.names == ("C0/kudu/1.jpg",)
    np.testing.assert_array_equal(mask_in(entry), full(EXPECTED))
    lengths = {"size": [30, 40], "counts": runs(EXPECTED)}
    (entry,) = list_marks(save(tmp_path / "b.json", coco(lengths)))
    np.testing.assert_array_equal(mask_in(entry), full(EXPECTED))
    left, right = [4, 3, 14, 3, 14, 18, 4, 18], [14, 3, 24, 3, 24, 18, 14, 18]
    both = [{"image_id": "7", "segmentation": [one]} for one in (left, right)]
    boxed = {"image_id": 7, "bbox": [0, 0, 40, 30]}
    (entry,) = list_marks(save(tmp_path / "c.json", coco(annotations=[*both, boxed])))
    np.testing.assert_array_equal(mask_in(entry), full(EXPECTED))


def test_a_picture_of_coco_without_annotations_is_marked_nowhere(tmp_path):
    value = coco()
    value["images"].append({"id": 8, "file_name": "2.jpg", "width": 40, "height": 30})
    entries = list_marks(save(tmp_path / "a.json", value))
    assert [mask_in(one).any() for one in entries] == [True, False]


def test_labelme_shapes(tmp_path):
    save(tmp_path / "C0" / "1.json", labelme())
    save(tmp_path / "C0" / "2.json", labelme([[24, 18], [4, 3]], "rectangle"))
    save(tmp_path / "C0" / "3.json", labelme(BOX, "rectangle", imagePath="..\\pictures\\3.jpg"))
    save(tmp_path / "4.json", labelme([[20, 15], [20, 22]], "circle"))
    (tmp_path / "C0" / "1.png").write_bytes(b"the picture itself")
    (tmp_path / ".DS_Store.json").write_text("")
    of_circle, *of_boxes = list_marks(tmp_path)
    for entry in of_boxes:
        np.testing.assert_array_equal(mask_in(entry), full(EXPECTED))
    assert [one.names for one in of_boxes] == [
        ("C0/1.jpg", "1.jpg"), ("C0/1.jpg", "1.jpg"), ("pictures/3.jpg", "../pictures/3.jpg"),
    ]  # fmt: skip
    assert mask_in(of_circle).mean() == pytest.approx(np.pi * 49 / 1200, rel=0.02)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "I;16"])
def test_png_masks_of_every_kind(tmp_path, mode):
    numbers = EXPECTED.astype(np.uint8)
    image = {
        "1": lambda: Image.fromarray(EXPECTED),
        "L": lambda: Image.fromarray(numbers * 3),
        "P": lambda: palette(numbers),
        "RGB": lambda: Image.fromarray(np.stack([numbers * 0, numbers * 9, numbers * 0], -1)),
        "RGBA": lambda: Image.fromarray(np.stack([*[numbers * 0 + 5] * 3, numbers * 255], -1)),
        "LA": lambda: Image.fromarray(np.stack([numbers, numbers * 0 + 255], -1), "LA"),
        "I;16": lambda: Image.fromarray(numbers.astype(np.uint16) * 300),
    }[mode]()
    assert image.mode == mode
    (tmp_path / "C0").mkdir()
    image.save(tmp_path / "C0" / "1.jpg.png")
    (entry,) = list_marks(tmp_path)
    assert entry.names == ("C0/1.jpg.png", "C0/1.jpg")
    np.testing.assert_array_equal(mask_in(entry), full(EXPECTED))


def palette(numbers):
    """An image of colours by number."""
    image = Image.fromarray(numbers, "P")
    image.putpalette([0, 0, 0, 200, 0, 0])
    return image


def test_a_palette_that_may_mean_either_is_refused(tmp_path):
    image = Image.fromarray(np.eye(4, dtype=np.uint8), "P")
    image.putpalette([255, 255, 255, 0, 0, 0])
    image.save(tmp_path / "1.png")
    (entry,) = list_marks(tmp_path)
    with pytest.raises(ValueError, match=r"1\.png: its palette has a bright colour 0"):
        entry.read()


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        ([1], ["expected COCO's JSON, with a list `images`"]),
        (coco(annotations=None), ["a list `annotations`"]),
        (coco(images=[{"id": 7}]), ["images[0]", "expected id and file_name"]),
        (coco(images=coco()["images"] * 2), ["images[1].id", "also another"]),
        (coco(annotations=[{"image_id": 9}]), ["annotations[0].image_id", "9", "no picture's id"]),
        (
            coco(annotations=[{"image_id": 7, "bbox": [1, 1, 2, 2]}]),
            ["expected annotations with a segmentation, got 1 without"],
        ),
        (
            coco([[1, 2, 3, 4]]),
            ["annotations[0].segmentation[0]", "at least 3 points, got 2"],
        ),
        (coco([[1, 2, 3]]), ["segmentation[0]", "expected x and y in turn"]),
        (coco([[1, 2, 3, 4, 5, "6"]]), ["segmentation[0]", "point 3", "'6'"]),
        (coco({"size": [30, 40], "counts": "abc"}), ["compressed run lengths are not read"]),
        (coco({"size": [40, 30], "counts": [1200]}), ["expected the picture's size, [30, 40]"]),
        (coco({"size": [30, 40], "counts": [1199]}), ["counts that fill it"]),
        (coco(images=[{"id": 7, "file_name": "1"}]), ["expected width and height in px"]),
    ],
)
def test_what_is_wrong_in_coco_is_named(tmp_path, value, parts):
    refused(save(tmp_path / "a.json", value), parts)


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        ({"images": []}, ["expected a LabelMe file, with a list `shapes`"]),
        (labelme(imagePath=None), ["expected imagePath", "None"]),
        (labelme(imageHeight=None), ["expected imageWidth and imageHeight in px", "None"]),
        (labelme(BOX[:2]), ["shapes[0].points", "at least 3 points, got 2"]),
        (labelme(kind="linestrip"), ["shapes[0].shape_type", "'linestrip'"]),
        (labelme(BOX[:3], "rectangle"), ["expected 2 points of a rectangle, got 3"]),
        (labelme(BOX, "circle"), ["expected 2 points of a circle, got 4"]),
        (labelme([[1, 2], [3, None], [4, 5]]), ["point 2: expected [x, y]"]),
        (labelme(shapes=["a"]), ["shapes[0].shape_type"]),
    ],
)
def test_what_is_wrong_in_labelme_is_named(tmp_path, value, parts):
    save(tmp_path / "1.json", value)
    refused(tmp_path, parts)


def test_what_is_no_file_of_marks_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="absent: no such file or folder of marks"):
        list_marks(tmp_path / "absent")
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", ["expected PNG masks or LabelMe"])
    (tmp_path / "a.xml").write_text("<a/>")
    refused(tmp_path / "a.xml", ["a.xml", "expected COCO's JSON"])
    (tmp_path / "a.json").write_text("{")
    refused(tmp_path / "a.json", ["expected JSON"])
    folder = tmp_path / "masks"
    folder.mkdir()
    (folder / "1.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    refused(folder, ["1.png", "cannot be read"])
    Image.fromarray(EXPECTED).save(folder / "1.png")
    whole = (folder / "1.png").read_bytes()
    (folder / "1.png").write_bytes(whole[: len(whole) - 25])
    refused(folder, ["1.png", "cannot be read"])


def refused(path, parts):
    with pytest.raises(ValueError, match=r".") as caught:
        list_marks(path)[0].read()
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    for part in parts:
        assert part in message
