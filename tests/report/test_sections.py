import math

import numpy as np
import pandas as pd
import pytest

from camtrap_jax.report import numbers
from camtrap_jax.report.sections.method import read_metrics, series
from camtrap_jax.report.sections.overview import burst_share, night_share


def manifest(*rows):
    return pd.DataFrame(rows, columns=["split", "sequence"], dtype="str")


def test_burst_share_counts_test_images_of_trained_bursts():
    rows = [("train", "a"), ("train", "b"), ("test", "a"), ("test", "c"), ("test", ""), ("val", "")]
    assert burst_share(manifest(*rows)) == pytest.approx(1 / 3)


def test_burst_share_without_bursts_or_tests_is_undefined():
    assert math.isnan(burst_share(manifest(("train", ""), ("test", ""))))
    assert math.isnan(burst_share(manifest(("train", "a"))))


def test_night_share_is_of_the_dated_images():
    times = ["2016-08-09 05:59:59", "2016-08-09 06:00:00", "2016-08-09 18:00:00", "", "garbage"]
    assert night_share(times) == pytest.approx(2 / 3)
    assert math.isnan(night_share(["", ""]))
    assert math.isnan(night_share([]))


def test_metrics_survive_a_cut_line_and_missing_keys():
    entries = read_metrics(['{"step": 1, "loss": 2.0}', '{"step": 2, "val_accuracy": 0.5}',
                            '{"step": 3, "loss": null}', "[]", '{"step": 4, "lo'])  # fmt: skip
    assert len(entries) == 3
    assert series(entries, "loss") == ([1.0], [2.0])
    assert series(entries, "val_accuracy") == ([2.0], [0.5])


@pytest.mark.parametrize("value", [None, math.nan, "", math.inf, {"value": None}])
def test_undefined_numbers_are_dashes(value):
    assert numbers.percent(numbers.estimate(value)["value"]) == numbers.UNDEFINED
    assert numbers.percent_interval(value) == ""


def test_numbers_are_written_for_people():
    interval = {"value": 0.875, "low": 0.85, "high": 0.9}
    assert numbers.percent(numbers.estimate(interval)["value"]) == "87.5 %"

    assert numbers.percent_interval(interval) == "85.0 to 90.0 %"
    assert numbers.percent_interval(interval, 0) == "85 to 90 %"
    assert numbers.count(111467) == "111,467"
    assert numbers.decimal(np.float32(1.14)) == "1.14"
    assert numbers.p_value(1 / 101) == "0.01"
    assert numbers.p_value(1) == "1"
    assert numbers.p_value(1e-5) == "< 0.001"


def test_nothing_is_minus_zero():
    assert numbers.percent(-0.004, 0) == "0 %"
    assert numbers.decimal(-0.001) == "0.00"
    assert numbers.percent_interval({"low": -0.0004, "high": 0.1}) == "0.0 to 10.0 %"
    assert numbers.percent(-0.006, 0) == "-1 %"
