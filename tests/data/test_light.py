import numpy as np
import pandas as pd

from camtrap_jax.data.audit.light import light_of

GREY, COLOUR = 0.01, 0.3


def light(*rows):
    table = pd.DataFrame(rows, columns=["camera", "saturation", "hour"])
    times = [f"2016-08-09 {hour:02d}:59:59" if hour >= 0 else "" for hour in table.pop("hour")]
    return list(light_of(table.assign(datetime=times)))


def test_the_picture_decides_where_the_camera_has_infrared_light():
    assert light(("A", GREY, 12), ("A", COLOUR, 23), ("A", COLOUR, -1), ("A", GREY, -1)) == [
        "night", "day", "day", "night"]  # fmt: skip


def test_elsewhere_the_clock_decides_from_six_to_six():
    hours = [5, 6, 17, 18, -1]
    rows = [("flash", COLOUR, hour) for hour in hours]
    expected = ["night", "day", "day", "night", "unknown"]
    assert light(*rows) == expected
    # other cameras' infrared frames say nothing about this one
    assert light(*rows, ("A", GREY, 12)) == [*expected, "night"]


def test_frames_of_no_known_camera_are_no_camera():
    assert light(("", GREY, 12), ("", COLOUR, 23), ("", COLOUR, -1)) == [
        "night", "night", "unknown"]  # fmt: skip


def test_without_a_measured_colour_the_clock_decides():
    assert light(("A", GREY, 23), ("A", np.nan, 23), ("A", np.nan, -1)) == [
        "night", "night", "unknown"]  # fmt: skip


def test_the_index_is_kept():
    table = pd.DataFrame({"camera": ["A"], "saturation": [GREY], "datetime": [""]}, index=[7])
    assert light_of(table).loc[7] == "night"
