from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camtrap_jax.data.sources.time_spellings import parse_exif_time
from camtrap_jax.data.sources.times import parse_times


def one(value):
    """Returns what a column of one value says: its time, or why there is none."""
    times = parse_times([value])
    return times.texts[0] or " ".join([*times.problems.values(), *times.notes])


@pytest.mark.parametrize(
    "value",
    [
        "2019-05-06 07:08:09",
        "2019-05-06T07:08:09",
        "2019-05-06T07:08:09Z",
        "2019-05-06T07:08:09.999",
        "2019-05-06T07:08:09.1+02:00",
        "2019-05-06 07:08:09 +0000",
        "2019-05-06 07:08:09-05",
        "2019-05-06 07:08:09 CAT",
        "2019:05:06 07:08:09",
        "2019/5/6 7:08:09",
        "2019.05.06 07:08:09",
        "2019-05-06 07-08-09",
        "2019_05_06_07-08-09",
        "2019-5-6, 7:08:09 AM",
        "16/05/2019 07:08:09",
        "05/16/2019 07:08:09 am",
        "5/16/19 7:08:09 a.m.",
        "16.05.2019 07:08:09",
        "16-5-2019 7:08:09",
        "06-May-2019 07:08:09",
        "6 May 2019 07:08:09",
        "6th may 2019 at 07:08:09",
        "06MAY2019:07:08:09",
        "06-May-19 07:08:09",
        "2019-May-06 07:08:09",
        "May 6, 2019 7:08:09 AM",
        "Monday, May 6th, 2019 07:08:09",
        "2019-05-06 07h08m09s",
        "16/05/2019 7h08min09",
        "20190506_070809",
        "20190506T070809Z",
        "20190506 070809",
        "20190506070809",
        " 2019-05-06\t07:08:09 ",
        20190506070809,
        1557126489,
        1557126489.9,
        "1557126489",
        1557126489000,
        "1557126489123",
        43591.29732638889,
        "43591.29733",
    ],
)
def test_one_moment_in_many_spellings(value):
    day = "16" if "16" in str(value)[:5] else "06"
    assert one(value) == f"2019-05-{day} 07:08:09"


@pytest.mark.parametrize(
    ("value", "time"),
    [
        ("2019-05-06 07:08", "2019-05-06 07:08:00"),
        ("201905060708", "2019-05-06 07:08:00"),
        ("2019-05-06 05h06", "2019-05-06 05:06:00"),
        ("16/05/2019 5 h 06", "2019-05-16 05:06:00"),
        ("2019-05-06 24h06", "'2019-05-06 24h06' is no possible date and time"),
        ("2019-05-06 05h", "'2019-05-06 05h' is no time that can be read"),
        ("5/16/19 7:08 PM", "2019-05-16 19:08:00"),
        ("11-Sep-2019 3 PM", "2019-09-11 15:00:00"),
        ("31 Sept 2019 3 PM", "'31 Sept 2019 3 PM' is no possible date and time"),
        ("2019-05-06 12:00 AM", "2019-05-06 00:00:00"),
        ("2019-05-06 12:30 pm", "2019-05-06 12:30:00"),
        ("2019-05-06 00:00:00", "2019-05-06 00:00:00"),
        ("2019-12-31 23:59:59.9", "2019-12-31 23:59:59"),
        ("2020-02-29 01:00:00", "2020-02-29 01:00:00"),
        ("16/5/99 01:00:00", "1999-05-16 01:00:00"),
        (1_000_000_000_000, "2001-09-09 01:46:40"),
        (43591.5, "2019-05-06 12:00:00"),
    ],
)
def test_details_of_spellings(value, time):
    assert one(value) == time


@pytest.mark.parametrize("value", [None, "", " ", "NA", "n/a", "None", "null", "-", float("nan")])
def test_no_value_is_no_problem(value):
    assert parse_times([value]).texts == [""]
    assert one(value) == ""


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("5", "no time that can be read"),
        ("07:08:09", "no time that can be read"),
        ("soon", "no time that can be read"),
        ("2019-05-06 7", "no time that can be read"),
        ("2019-05-06 07:08:09 and more", "no time that can be read"),
        ("2019-05-06T07:08+02:00:00:00", "no time that can be read"),
        ("\u0662\u0660\u0661\u0669-05-06 07:08:09", "no time that can be read"),
        ("1.55713E+09", "no time that can be read"),
        (True, "no time that can be read"),
        ([2019], "no time that can be read"),
        ({}, "no time that can be read"),
        (10**400, "no time that can be read"),
        (-5, "no time that can be read"),
        (float("inf"), "no time that can be read"),
        (0, "no time that can be read"),
        (631_151_999, "no time that can be read"),
        ("2019-02-30 07:08:09", "no possible date and time"),
        ("31/02/2019 07:08:09", "no possible date and time"),
        ("2019-13-06 07:08:09", "no possible date and time"),
        ("2019-05-06 24:00:00", "no possible date and time"),
        ("2019-05-06 07:60:00", "no possible date and time"),
        ("2019-05-06 13:00 PM", "no possible date and time"),
        ("0000-00-00 00:00:00", "no possible date and time"),
        ("6 Foo 2019 07:08:09", "no possible date and time"),
        ("1899-12-30 00:00:00", "before 1990"),
        ("1980-01-01 00:00:00", "before 1990"),
        ("2099-01-01 00:00:00", "in the future"),
        ("13/01/2099 00:00:00", "in the future"),
        (4_000_000_000, "in the future"),
    ],
)
def test_values_that_are_no_times(value, reason):
    times = parse_times([value, "2019-05-06 07:08:09"])
    assert times.texts == ["", "2019-05-06 07:08:09"]
    assert list(times.problems) == [0]
    assert times.problems[0].endswith(f" is {reason}")
    assert times.notes == []


def test_clocks_may_be_a_day_ahead_of_ours():
    now = datetime.now().replace(microsecond=0)
    ahead, far = (str(now + timedelta(days=days)) for days in (1, 3))
    times = parse_times([ahead, far])
    assert times.texts == [ahead, ""]
    assert times.problems[1].endswith("in the future")


@pytest.mark.parametrize("value", ["2019-05-06", "20190506", "16/05/2019", "6 May 2019", 43591])
def test_dates_without_a_time_of_day_are_one_note(value):
    times = parse_times([value, "2019-05-06 07:08:09", value])
    assert times.texts == ["", "2019-05-06 07:08:09", ""]
    assert times.problems == {}
    [note] = times.notes
    assert note.startswith("2 of 3 times are dates without a time of day, such as ")


@pytest.mark.parametrize(
    ("decisive", "date"),
    [
        ("13/05/2019 00:00:00", "2019-06-05"),
        ("05/13/2019 00:00:00", "2019-05-06"),
        ("12/31/19 00:00:00", "2019-05-06"),
        ("31.12.19 00:00:00", "2019-06-05"),
    ],
)
def test_one_value_decides_for_the_column(decisive, date):
    values = ["05/06/2019 07:08:09", "2018-01-02 03:04:05", decisive, "31/31/2019 00:00", ""]
    times = parse_times(values)
    assert times.texts[:2] == [f"{date} 07:08:09", "2018-01-02 03:04:05"]
    assert times.texts[2][5:] in ("05-13 00:00:00", "12-31 00:00:00")
    assert list(times.problems) == [3]
    assert times.notes == []


def test_years_of_two_digits_may_come_first():
    assert parse_times(["19/05/06 01:00", "19/05/31 01:00"]).texts == [
        "2019-05-06 01:00:00",
        "2019-05-31 01:00:00",
    ]
    [note] = parse_times(["19/05/06 01:00"]).notes
    assert "'19/05/06 01:00' may be 2006-05-19 or 2019-05-06, and no value decides it" in note


def test_undecidable_columns_lose_these_times_only():
    times = parse_times(["05/06/2019 07:08:09", "07/08/2019 01:00", "2019-05-06 07:08:09", "x"])
    assert times.texts == ["", "", "2019-05-06 07:08:09", ""]
    assert list(times.problems) == [3]
    [note] = times.notes
    assert note == (
        "2 of 4 times are not used: '05/06/2019 07:08:09' may be 2019-06-05 or 2019-05-06, and no "
        "value decides it; write YYYY-MM-DD hh:mm:ss"
    )


def test_columns_whose_orders_all_agree_are_used():
    assert parse_times(["05/05/2019 07:08:09"]).texts == ["2019-05-05 07:08:09"]


def test_contradictory_columns_lose_these_times_only():
    values = ["05/06/2019 1:00", "13/05/2019 2:00", "05/13/2019 3:00", "2019-05-06 07:08:09"]
    times = parse_times(values)
    assert times.texts == ["", "", "", "2019-05-06 07:08:09"]
    assert times.problems == {}
    [note] = times.notes
    assert note.startswith("3 of 4 times are not used: '13/05/2019 2:00' and '05/13/2019 3:00' do")


EXIF = r"[0-9]{4}[:-][0-9]{2}[:-][0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}"
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2025, 12, 31)).map(
    lambda moment: moment.replace(microsecond=0)
)
FORMATS = (
    *("%Y-%m-%d %H:%M:%S", "%Y:%m:%d %H:%M:%S", "%Y%m%d_%H%M%S", "%Y-%m-%dT%H:%M:%S.%f"),
    *("%d/%m/%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%d.%m.%y %H:%M:%S", "%d-%b-%Y %H:%M:%S"),
    *("%B %d, %Y %I:%M:%S %p", "%a %d %B %Y %H:%M:%S", "%y/%m/%d %H:%M:%S"),
)


@given(st.lists(MOMENTS, min_size=1, max_size=8), st.sampled_from(FORMATS))
def test_what_is_read_is_what_was_written(moments, spelling):
    """The right order fits every value, so it is found or left undecided, never another."""
    times = parse_times([f"{moment:{spelling}}" for moment in moments])
    assert times.problems == {}
    if not times.notes:
        assert times.texts == list(map(str, moments))


@given(st.lists(st.text() | st.integers() | st.floats() | st.none() | st.booleans(), max_size=9))
def test_anything_is_a_time_or_explained(values):
    times = parse_times(values)
    assert len(times.texts) == len(values)
    for index, text in enumerate(times.texts):
        assert not (text and index in times.problems)
        if text:
            assert str(datetime.fromisoformat(text)) == text


@given(st.text() | st.binary() | st.integers() | st.none() | st.from_regex(EXIF, fullmatch=True))
def test_anything_in_exif_is_a_time_that_can_be_or_none(value):
    text = parse_exif_time(value)
    if text:
        assert 1990 <= datetime.fromisoformat(text).year <= datetime.now().year + 1
        assert text.startswith(value[:4])


@given(MOMENTS)
def test_exif_times_are_what_was_written(moment):
    for spelling in ("%Y:%m:%d %H:%M:%S", "%Y-%m-%d %H:%M:%S"):
        assert parse_exif_time(f"{moment:{spelling}}") == str(moment)
