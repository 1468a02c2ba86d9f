from datetime import UTC, datetime

import pandas as pd
import pytest
from reference.camtrap_dp_rules import read_package, violations

from camtrap_jax.data.sources import read_source
from camtrap_jax.export import Origin, write_camtrap_dp

ORIGIN = Origin("camtrap_jax 9, vgg16", datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC))
COLUMNS = ["filepath", "datetime", "camera", "sequence", "predicted", "probability"]
ROWS = [
    ("A/DCIM/1.JPG", "2021-03-04 05:06:07", "A", "A 1", "Vulpes vulpes", 0.9),
    ("A/DCIM/2.JPG", "2021-03-04 05:06:09", "A", "A 1", "Ardea, sp.", 1.0),
    ("A/DCIM/3.png", "2021-03-05 00:00:00", "A", "", 'the "reed" buck', 0.2),
    ("B/4.tif", "2019-12-31 23:59:59", "B", "A 1", "Vulpes vulpes", 0.123456789),
    ("5.jpg", "2020-01-01 00:00:00", "", "", "Vulpes vulpes", 0.5),
    ("NA/6.jpg", "2020-01-02 00:00:00", "NA", "", "Vulpes vulpes", 0.5),
]
ALLOWED = [row[0] for row in ROWS]
REFUSED = [
    ("A/7.jpg", "", "A", "", "Vulpes vulpes", 0.5),
    (".x/8.jpg", "2020-01-01 00:00:00", "A", "", "Vulpes vulpes", 0.5),
    ("A/9..jpg", "2020-01-01 00:00:00", "A", "", "Vulpes vulpes", 0.5),
]


def write(folder, rows, **columns):
    table = pd.DataFrame(rows, columns=COLUMNS).assign(**columns)
    return write_camtrap_dp(folder, table, ORIGIN)


def test_the_package_keeps_every_rule_of_the_standard(tmp_path):
    left_out = write(tmp_path / "dp", [*ROWS, *REFUSED], tags="unfamiliarity:1.2 | odd")
    assert violations(tmp_path / "dp") == []
    assert left_out["filepath"].tolist() == [row[0] for row in REFUSED]
    assert "time" in left_out["reason"][0]
    assert "begins with" in left_out["reason"][1]


def test_events_are_the_bursts_of_one_camera(tmp_path):
    write(tmp_path, ROWS)
    _, tables = read_package(tmp_path)
    spans = [(row["eventStart"], row["eventEnd"]) for row in tables["observations"]]
    assert spans[0] == spans[1] == ("2021-03-04T05:06:07Z", "2021-03-04T05:06:09Z")
    assert spans[2] == ("2021-03-05T00:00:00Z",) * 2
    assert spans[3] == ("2019-12-31T23:59:59Z",) * 2  # a sequence of that name at another camera
    stays = {row["deploymentID"]: row for row in tables["deployments"]}
    assert sorted(stays) == ["A", "B", "unknown"]
    assert stays["A"]["deploymentStart"] == "2021-03-04T05:06:07Z"
    assert stays["A"]["deploymentEnd"] == "2021-03-05T00:00:00Z"


def test_no_place_is_given_away(tmp_path):
    write(tmp_path, ROWS)
    _, tables = read_package(tmp_path)
    for row in tables["deployments"]:
        assert (row["latitude"], row["longitude"]) == ("0", "0")
        assert int(row["coordinateUncertainty"]) >= 20_037_508  # as far as any place is away
    assert {row["filePublic"] for row in tables["media"]} == {"false"}


def test_our_reader_reads_back_what_was_written(tmp_path):
    for row in ROWS:
        path = tmp_path / row[0]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"picture")
    write(tmp_path / "dp", ROWS)
    for path in (tmp_path / "dp").iterdir():
        path.rename(tmp_path / path.name)
    (tmp_path / "dp").rmdir()
    listing = read_source(tmp_path)
    assert listing.layout == "camtrap_dp"
    assert listing.failures == []
    found = {
        image.filepath: (image.datetime, image.camera, image.sequence, image.species)
        for image in listing.images
    }
    cameras = {"": "unknown", "NA": "unknown"}
    assert found == {
        path: (time, cameras.get(camera, camera), sequence, species)
        for path, time, camera, sequence, species, _ in ROWS
    }


def test_a_package_without_pictures_is_not_written(tmp_path):
    with pytest.raises(ValueError, match=r"none of 3 pictures .* A/7.jpg, no time"):
        write(tmp_path / "dp", REFUSED)
    assert not (tmp_path / "dp").exists()
