import json
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference.camtrap_dp_package import (
    DEPLOYMENTS,
    LABELS,
    MEDIA,
    OBSERVATIONS,
    PICTURES,
    changed,
    descriptor,
    labels,
    medium,
    observation,
    package,
    table,
    write_folder,
    write_zip,
)

from camtrap_jax.data.sources.camtrap_dp import events as events_module
from camtrap_jax.data.sources.camtrap_dp import is_camtrap_dp, read_camtrap_dp


@pytest.fixture
def read(tmp_path):
    """Returns a function that writes a package's files and lists it."""
    return lambda files: read_camtrap_dp(write_folder(tmp_path / "package", files))


def test_a_good_package(read):
    listing = read(package())
    assert listing.failures == []
    assert labels(listing) == LABELS
    fox, heron, blank, human, vehicle, _ = listing.images
    assert fox.box == pytest.approx((0.1, 0.1, 0.65, 0.5))
    assert fox.box_frame == (1.0, 1.0)
    assert (fox.camera, fox.sequence, fox.datetime) == ("d1", "e1", "2020-03-24 11:00:46")
    assert (heron.box, heron.box_frame, heron.sequence) == (None, None, "e1")
    assert (blank.sequence, blank.camera) == ("", "d1")
    assert human.camera == "d2"
    assert vehicle.datetime == "2020-12-31 23:59:59"
    assert not any(image.sequence_level for image in listing.images)
    assert listing.layout == "camtrap_dp"
    assert listing.notes == ["1 pictures are marked as not public (filePublic is false)"]


def test_coordinates_and_places_are_read_into_nothing(read):
    shown = repr(read(package()))
    for secret in ("-18.97", "34.35", "Chitengo"):
        assert secret not in shown


@pytest.mark.parametrize("name", ["", "datapackage.json"])
def test_folder_and_descriptor_are_the_same_source(name, tmp_path):
    root = write_folder(tmp_path, package())
    assert is_camtrap_dp(root / name)
    assert labels(read_camtrap_dp(root / name)) == LABELS


@pytest.mark.parametrize("folder", ["", "export/", "a/b/"])
def test_pictures_in_a_zip_are_read_in_place(folder, tmp_path):
    source = write_zip(tmp_path / "package.zip", package(), folder)
    assert is_camtrap_dp(source)
    listing = read_camtrap_dp(source)
    assert listing.failures == []
    assert labels(listing) == [(folder + path, species) for path, species in LABELS]
    assert listing.storage.read(listing.images[0].filepath) == b"picture media/a.jpg"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["package.zip"]


def test_what_is_no_package(tmp_path):
    (tmp_path / "x.zip").write_bytes(b"no archive")
    write_zip(tmp_path / "pictures.zip", {"lion/a.jpg": b"a"})
    (tmp_path / "empty").mkdir()
    for name in ("x.zip", "pictures.zip", "empty", "none", "datapackage.json"):
        assert not is_camtrap_dp(tmp_path / name)
        with pytest.raises(ValueError, match=name) as caught:
            read_camtrap_dp(tmp_path / name)
        assert "\n" not in str(caught.value)


def test_two_packages_in_a_zip_are_an_error(tmp_path):
    files = {"a/" + name: data for name, data in package().items()}
    files |= {"b/" + name: data for name, data in package().items()}
    with pytest.raises(ValueError, match=r"'a/datapackage.json', 'b/datapackage.json'"):
        read_camtrap_dp(write_zip(tmp_path / "two.zip", files))


@pytest.mark.parametrize("version", ["1.0", "1.0.1", "1.0.2", "1.1", "1.0-rc.1"])
def test_versions_of_the_first_major_are_read(version, read):
    assert labels(read(package(about=descriptor(version)))) == LABELS


@pytest.mark.parametrize(
    "profile",
    [
        "http://rs.gbif.org/data-packages/camtrap-dp/1.0/profile/camtrap-dp-profile.json",
        "tabular-data-package",
        None,
    ],
)
def test_other_spellings_of_the_profile_are_read(profile, read):
    assert labels(read(package(about=descriptor() | {"profile": profile}))) == LABELS


@pytest.mark.parametrize("version", ["0.1.4", "0.6", "2.0"])
def test_other_versions_are_one_clear_error(version, read):
    with pytest.raises(ValueError, match=rf"datapackage.json: profile: .* 1.x, got {version}"):
        read(package(about=descriptor(version)))


@pytest.mark.parametrize(
    ("about", "reason"),
    [
        ([], "expected an object with a list `resources`"),
        ({"resources": {}}, "expected an object with a list `resources`"),
        ({"resources": [1, None, {"name": []}]}, "without deployments, media, observations"),
        ({"resources": descriptor()["resources"][:2]}, "without observations"),
        ({"resources": descriptor()["resources"] * 2}, r"resources\[3\].name: 'deployments' occ"),
        (descriptor(media={"path": None}), r"resources\[1\].path: expected the path of one CSV"),
        (descriptor(media={"path": ["media.csv", "b.csv"]}), r"resources\[1\].path: expected the"),
        (descriptor(media={"path": "media.csv.gz"}), "unpack it first"),
        (descriptor(media={"path": "a\nb.csv"}), "expected a plain file name"),
        (descriptor(media={"path": "../media.csv"}), "'../media.csv': the path leaves the pack"),
        (descriptor(media={"path": "/etc/passwd"}), "'/etc/passwd': the path leaves the pack"),
        (descriptor(media={"path": "https://x.org/m.csv"}), "a URL; nothing is fetched"),
        (descriptor(media={"path": "no.csv"}), "'no.csv': not found in the source"),
        (descriptor(media={"dialect": {"delimiter": 5}}), r"dialect.delimiter: expected one char"),
    ],
)
def test_a_malformed_descriptor_is_one_error(about, reason, read):
    files = package(about=about) | {"datapackage.json": json.dumps(about).encode()}
    with pytest.raises(ValueError, match=reason) as caught:
        read(files)
    assert "\n" not in str(caught.value)
    assert "package" in str(caught.value)


@pytest.mark.parametrize(
    "text", [b"", b"{", b"\xff\xfe{", b"[" * 100_000, b"1" * 5000, b"{'a': 1}"]
)
def test_a_descriptor_that_is_no_json_is_one_error(text, read):
    with pytest.raises(ValueError, match=r"datapackage.json: expected ") as caught:
        read(package() | {"datapackage.json": text})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("about", "convert"),
    [
        (None, lambda data: b"\xef\xbb\xbf" + data),
        (None, lambda data: data.replace(b"\r\n", b"\n")),
        (None, lambda data: data.replace(b"\r\n", b"\r")),
        (None, lambda data: data.replace(b"\r\n", b"\r\n\r\n")),
        (None, lambda data: data.rstrip(b"\r\n")),
        (None, lambda data: data.decode().encode("utf-16")),
        (None, lambda data: data.replace(b",", b";")),
        (None, lambda data: data.replace(b",", b"\t")),
        (None, lambda data: b'"' + data.replace(b"\r\n", b'"\r\n"').replace(b",", b'","') + b'"'),
        (descriptor(media={"dialect": {"delimiter": "#"}}), lambda data: data),
        (None, lambda data: data.replace(b",\r\n", b"\r\n")),
    ],
    ids=["bom", "lf", "cr", "blank", "no_end", "utf16", ";", "tab", "quoted", "#", "short"],
)
def test_every_spelling_of_csv_is_the_same_table(about, convert, read):
    files = package(about=about)
    for name in ("deployments.csv", "media.csv", "observations.csv"):
        files[name] = convert(files[name])
    if about:
        files["media.csv"] = files["media.csv"].replace(b",", b"#")
    listing = read(files)
    assert listing.failures == []
    assert labels(listing) == LABELS


def test_decimal_commas_of_spreadsheets_are_numbers(read):
    rows = [
        row | {key: row[key].replace(".", ",") for key in row if key.startswith("bbox")}
        for row in OBSERVATIONS
    ]
    listing = read(package() | {"observations.csv": table(rows, ";")})
    assert listing.failures == []
    assert listing.images[0].box == pytest.approx((0.1, 0.1, 0.65, 0.5))


def test_lines_of_another_encoding_are_read_and_noted(read):
    rows = changed(OBSERVATIONS, 2, scientificName="Höckerschwan")
    latin = table(rows).decode().encode("latin-1")
    listing = read(package() | {"observations.csv": latin})
    assert listing.failures == []
    assert labels(listing) == [LABELS[0], ("media/a.jpg", "Höckerschwan"), *LABELS[2:]]
    assert "1 lines of observations.csv are not UTF-8 and were read as Windows" in listing.notes[1]


def test_a_quote_that_is_not_closed_costs_its_row_only(read):
    files = package()
    files["media.csv"] = files["media.csv"].replace(b"m2,", b'"m2,')
    listing = read(files)
    assert labels(listing) == [*LABELS[:2], *LABELS[3:]]
    assert [(failure.filepath, failure.reason) for failure in listing.failures] == [
        ("media.csv", "row 3: its quotes do not match"),
        ("observations.csv", "row 5, mediaID: 'm2' is not in media.csv"),
    ]


@pytest.mark.parametrize("name", ["x" * 300, "a\0b"])
def test_names_that_cannot_be_a_label_cost_their_observation(name, read):
    listing = read(package(observations=changed(OBSERVATIONS, 2, scientificName=name)))
    assert labels(listing) == [LABELS[0], *LABELS[2:]]
    [failure] = listing.failures
    assert failure.reason.startswith("row 4, scientificName: the label ")


@pytest.mark.parametrize(
    ("name", "convert", "reason"),
    [
        ("media.csv", lambda data: b"", "media.csv: expected a header"),
        ("media.csv", lambda data: b"\r\n ,\r\n", "media.csv: expected a"),
        ("media.csv", lambda data: data.replace(b"filePath", b"path"), "a column 'filePath'"),
        ("media.csv", lambda data: data.replace(b"mediaComments", b"mediaID"), "occurs 2 times"),
        ("media.csv", lambda data: b'"' + data, "expected a header .* its quotes do not match"),
        ("observations.csv", lambda data: data.replace(b"mediaID", b"id"), "a column 'mediaID'"),
        ("deployments.csv", lambda data: b"a\r\n1\r\n", "deployments.csv: expected a column"),
    ],
)
def test_a_malformed_table_is_one_error(name, convert, reason, read):
    files = package()
    files[name] = convert(files[name])
    with pytest.raises(ValueError, match=reason) as caught:
        read(files)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("index", "changes", "filepath", "reason"),
    [
        (1, {"filePath": ""}, "media.csv", "media.csv row 3, filePath: empty"),
        (1, {"filePath": "no.jpg"}, "no.jpg", "media.csv row 3, filePath: not found in the source"),
        (1, {"filePath": "media"}, "media", "media.csv row 3, filePath: not a plain file"),
        (1, {"filePath": "../b.jpg"}, "../b.jpg", "row 3, filePath: the path leaves the package"),
        (1, {"filePath": "media/../../b"}, "media/../../b", "filePath: the path leaves the"),
        (1, {"filePath": "..\\b.jpg"}, "../b.jpg", "filePath: the path leaves the package"),
        (1, {"filePath": "/etc/passwd"}, "/etc/passwd", "filePath: the path leaves the package"),
        (1, {"filePath": "https://x.org/b"}, "https://x.org/b", "row 3, filePath: a URL; nothing"),
        (1, {"filePath": "file:///etc/passwd"}, "file:///etc/passwd", "row 3, filePath: a URL"),
        (1, {"fileMediatype": "video/mp4"}, "media/b.jpg", "row 3, fileMediatype: 'video/mp4' is"),
        (1, {"mediaID": ""}, "media/b.jpg", "media.csv row 3, mediaID: empty"),
    ],
)
def test_a_medium_that_cannot_be_used_costs_itself_only(index, changes, filepath, reason, read):
    listing = read(package(media=changed(MEDIA, index, **changes)))
    assert labels(listing) == [*LABELS[:2], *LABELS[3:]]
    own = [failure for failure in listing.failures if failure.filepath != "observations.csv"]
    assert [failure.filepath for failure in own] == [filepath]
    assert reason in own[0].reason


def test_links_that_leave_the_package_are_not_followed(tmp_path):
    root = write_folder(tmp_path / "package", package())
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    (root / "media/b.jpg").unlink()
    (root / "media/b.jpg").symlink_to(tmp_path / "secret.jpg")
    listing = read_camtrap_dp(root)
    assert labels(listing) == [*LABELS[:2], *LABELS[3:]]
    [failure] = listing.failures
    assert "a link that leaves the source" in failure.reason
    (root / "media.csv").rename(tmp_path / "media.csv")
    (root / "media.csv").symlink_to(tmp_path / "media.csv")
    with pytest.raises(ValueError, match=r"'media.csv': a link that leaves the source"):
        read_camtrap_dp(root)


@pytest.mark.parametrize(
    ("timestamp", "problem"),
    [
        ("24/03/2020 11:00", "no ISO 8601 time"),
        ("", "no ISO 8601 time"),
        ("1970-01-01T00:00:00Z", "before 1990"),
        ("2999-12-31T23:59:59+02:00", "in the future"),
        ("2020-03-24T11:00:46", ""),
    ],
)
def test_times_that_cannot_be_read_cost_the_time_only(timestamp, problem, read):
    listing = read(package(media=changed(MEDIA, 1, timestamp=timestamp)))
    assert labels(listing) == LABELS
    assert listing.images[2].datetime == ("" if problem else "2020-03-24 11:00:46")
    reasons = [failure.reason for failure in listing.failures]
    said = f"media.csv row 3, timestamp: {timestamp!r} is {problem}"
    assert reasons == ([said] if problem else [])


def test_repeated_media_ids(read):
    again = medium("m2", "d1", 0, "media/b.jpg")
    listing = read(package(media=[*MEDIA, again]))
    assert labels(listing) == LABELS
    assert [failure.reason for failure in listing.failures] == [
        "media.csv row 7, mediaID: 'm2' is listed before, in row 3; kept once"
    ]
    other = medium("m2", "d1", 0, "media/e.jpg")
    listing = read(package(media=[*MEDIA[:4], other]))
    assert labels(listing) == [*LABELS[:2], *LABELS[3:5]]
    assert {(failure.filepath, failure.reason) for failure in listing.failures} == {
        ("media/b.jpg", "media.csv row 3, mediaID: 'm2' is also the id of row 6, another file"),
        ("media/e.jpg", "media.csv row 6, mediaID: 'm2' is also the id of row 3, another file"),
        ("observations.csv", "row 8, mediaID: 'm5' is not in media.csv"),
    }


def test_one_file_under_two_ids_is_kept_once_a_species(read):
    media = [*MEDIA, medium("m6", "d1", 1, "media/a.jpg")]
    more = [observation("m6", "Ardea"), observation("m6", "Anas")]
    listing = read(package(media=media, observations=[*OBSERVATIONS, *more]))
    assert labels(listing) == [*LABELS[:2], ("media/a.jpg", "Anas"), *LABELS[2:]]
    [failure] = listing.failures
    assert failure.reason == "media.csv row 7, filePath: listed twice as 'Ardea', kept once"


def test_unknown_deployments_are_reported_once_and_their_pictures_kept(read):
    listing = read(package(deployments=DEPLOYMENTS[:1]))
    assert labels(listing) == LABELS
    assert listing.images[-1].camera == "d2"
    [failure] = listing.failures
    assert failure.filepath == "media.csv"
    assert failure.reason.startswith("row 4, deploymentID: 'd2' is not in deployments.csv")
    assert "(3)" in failure.reason


def test_pictures_without_an_observation_are_reported(read):
    listing = read(package(observations=OBSERVATIONS[:-1]))
    assert labels(listing) == LABELS[:-1]
    [failure] = listing.failures
    assert failure.filepath == "media/e.jpg"
    assert failure.reason == "media.csv row 6, mediaID: no observation of it"


@pytest.mark.parametrize(
    "box",
    [
        ("NaN", "0.1", "0.1", "0.1"),
        ("inf", "0.1", "0.1", "0.1"),
        ("-0.1", "0.1", "0.1", "0.1"),
        ("0.1", "0.1", "0", "0.1"),
        ("0.1", "0.1", "0.1", "-0.5"),
        ("0.8", "0.1", "0.3", "0.1"),
        ("0.1", "0.1", "0.1", "1.5"),
        ("10", "10", "200", "300"),
        ("0.1", "0.1", "0.1", ""),
        ("left", "0.1", "0.1", "0.1"),
        ("1e999", "0.1", "0.1", "0.1"),
        ("1", "0.1", "0.0005", "0.1"),
    ],
)
def test_a_broken_box_costs_the_box_only(box, read):
    observations = [*OBSERVATIONS, observation("m5", "Ardea", box)]
    listing = read(package(observations=observations))
    assert labels(listing) == [*LABELS, ("media/e.jpg", "Ardea")]
    assert listing.images[-1].box is None
    [failure] = listing.failures
    assert failure.filepath == "media/e.jpg"
    assert failure.reason.startswith("observations.csv row 9, bboxX to bboxHeight: ")


def test_boxes_may_exceed_the_picture_by_rounding_and_are_clipped(read):
    box = ("-0.0004", "0.5", "0.25", "0.5004")
    listing = read(package(observations=[*OBSERVATIONS, observation("m5", "Ardea", box)]))
    assert listing.failures == []
    assert listing.images[-1].box == pytest.approx((0, 0.5, 0.2496, 0.5))


def test_missing_values_of_the_standard_are_no_box_and_no_name(read):
    missing = observation("m5", "NA", ("NaN", "nan", "NA", ""), observationType="unknown")
    listing = read(package(observations=[*OBSERVATIONS[:-1], missing]))
    assert listing.failures == []
    assert (listing.images[-1].species, listing.images[-1].box) == ("unknown", None)


@pytest.mark.parametrize(
    ("changes", "species"),
    [
        ({"observationType": "human"}, "human"),
        ({"observationType": "human", "scientificName": "Homo sapiens"}, "human"),
        ({"observationType": "human", "cameraSetupType": "setup"}, "human"),
        ({"observationType": "unknown", "cameraSetupType": "calibration"}, "setup"),
        ({"observationType": "unclassified"}, "unclassified"),
        ({"observationType": "Animal"}, "unidentified"),
        ({"observationType": "unknown", "scientificName": "Aves"}, "Aves"),
        ({"observationType": "", "scientificName": " Aves "}, "Aves"),
    ],
)
def test_labels_of_observations_without_a_species(changes, species, read):
    listing = read(package(observations=changed(OBSERVATIONS, 6, **changes)))
    assert listing.failures == []
    assert listing.images[-1].species == species


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"mediaID": "m9"}, "row 8, mediaID: 'm9' is not in media.csv"),
        ({"mediaID": ""}, "row 8, mediaID: '' is not in media.csv"),
        ({"observationLevel": "burst"}, "row 8, observationLevel: expected media or event, got 'b"),
        ({"observationType": "plant"}, "row 8, observationType: 'plant' is none of animal, human"),
    ],
)
def test_an_observation_that_cannot_be_used_costs_itself_only(changes, reason, read):
    listing = read(package(observations=changed(OBSERVATIONS, 6, **changes)))
    assert labels(listing) == LABELS[:-1]
    assert listing.failures[0].filepath == "observations.csv"
    assert listing.failures[0].reason.startswith(reason)


def test_rows_with_too_many_fields_are_not_guessed_at(read):
    files = package()
    files["media.csv"] = files["media.csv"].replace(b"media/b.jpg", b"media/b,c.jpg")
    files["media.csv"] = files["media.csv"].replace(b"image/jpeg,\r\n", b"image/jpeg,x\r\n")
    listing = read(files)
    assert labels(listing) == [*LABELS[:2], *LABELS[3:]]
    assert listing.failures[0].reason == "row 3: 9 fields, expected 8 as in the header"


def test_what_people_saw_goes_before_a_machine(read):
    machine = {"classificationMethod": "machine"}
    more = [
        observation("m1", "Canis lupus", ("0", "0", "1", "1"), **machine),
        observation("m1", "Ardea", ("0.5", "0.5", "0.25", "0.25"), **machine),
    ]
    rows = changed([*OBSERVATIONS, *more], 3, classificationMethod="machine")
    listing = read(package(observations=rows))
    assert labels(listing) == LABELS
    assert listing.images[1].box == (0.5, 0.5, 0.25, 0.25)
    assert any(note.startswith("a machine's other labels of 1 pictures") for note in listing.notes)


def test_events_are_counted_where_pictures_have_labels_of_their_own(read):
    event = observation("", "Canis lupus", observationLevel="event")
    listing = read(package(observations=[*OBSERVATIONS, event, event]))
    assert listing.failures == []
    assert labels(listing) == LABELS
    assert "2 observations of whole events are not used: there are 7 of single" in listing.notes[1]


def event(camera, name, start, end, key="e", **changes):
    return observation(
        "",
        name,
        observationLevel="event",
        deploymentID=camera,
        eventID=key,
        eventStart=start,
        eventEnd=end,
        **changes,
    )


def test_events_label_the_pictures_taken_meanwhile_by_their_camera(read):
    rows = [
        event("d1", "Vulpes vulpes", "2020-03-24T09:00:00Z", "2020-03-24T09:00:46Z", "e1"),
        event("d1", "Ardea", "2020-03-24T11:00:46+02:00", "2020-03-24T11:00:46+02:00", "e2"),
        event("d2", "Anas", "2020-03-24T11:00:00+02:00", "2020-03-24T11:06:00+02:00", "e3"),
        event("d2", "Rattus", "2020-03-24T11:00:00Z", "2020-03-24T11:59:00Z", "e4"),
    ]
    listing = read(package(observations=rows))
    assert labels(listing) == [
        ("media/a.jpg", "Vulpes vulpes"),
        ("media/a.jpg", "Ardea"),
        ("media/b.jpg", "Vulpes vulpes"),
        ("media/b.jpg", "Ardea"),
        ("media/c.jpg", "Anas"),
    ]
    assert all(image.sequence_level for image in listing.images)
    assert [image.sequence for image in listing.images] == ["e1"] * 4 + ["e3"]
    assert [failure.filepath for failure in listing.failures] == ["media/d.jpg", "media/e.jpg"]
    assert "4 observations of whole events label each picture" in listing.notes[1]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (event("d1", "Anas", "", "2020-03-24T11:00:59Z"), "row 3, eventStart and eventEnd: '' to"),
        (event("d1", "Anas", "2020-03-25", "2020-03-24"), "'2020-03-25' to '2020-03-24' is no per"),
        (event("d9", "Anas", "2020-03-24", "2020-03-25"), "row 3, deploymentID: 'd9' has no pict"),
    ],
)
def test_events_that_cannot_be_used_are_reported(row, reason, read):
    good = event("d1", "Vulpes vulpes", "2020-03-24T11:00:00+02:00", "2020-03-24T11:00:59+02:00")
    listing = read(package(observations=[good, row]))
    assert labels(listing) == [(name, "Vulpes vulpes") for name in PICTURES[:2]]
    assert reason in listing.failures[0].reason


def test_events_need_their_columns(read):
    row = event("d1", "Anas", "2020-03-24", "2020-03-25")
    del row["eventStart"]
    with pytest.raises(ValueError, match=r"observations.csv: .* need a column 'eventStart'"):
        read(package(observations=[row]))


def test_too_many_labels_at_once_are_one_error(read):
    rows = [event("d1", f"s{n}", "2020-03-24", "2020-03-25") for n in range(51)]
    with pytest.raises(ValueError, match=r"observations.csv: rows 2, 3, 4, ...: more than 50"):
        read(package(observations=rows))
    assert len(labels(read(package(observations=rows[:50])))) == 100


periods = st.tuples(st.integers(0, 30), st.integers(0, 10), st.sampled_from("abc"))


@settings(max_examples=200, deadline=None)
@given(st.lists(periods, max_size=12), st.lists(st.integers(0, 40), max_size=12))
def test_pictures_of_events_equal_a_double_loop(spans, moments):
    events = [
        events_module.Event(start, start + length, row, species, f"e{row}")
        for row, (start, length, species) in enumerate(spans)
    ]
    pictures = [(float(moment), f"m{index}") for index, moment in enumerate(moments)]
    found = dict(events_module.events_by_picture(events, pictures))
    for moment, key in pictures:
        during = [each for each in events if each.start <= moment <= each.end]
        got = found.get(key, [])
        assert {each.species for each in got} == {each.species for each in during}
        assert len({each.species for each in got}) == len(got)
        assert all(each in during for each in got)
        assert [each.row for each in got] == sorted(each.row for each in got)


def test_an_encrypted_or_damaged_zip_is_explained(tmp_path):
    source = write_zip(tmp_path / "package.zip", package())
    whole = source.read_bytes()
    data = bytearray(whole)
    for at in range(len(data)):  # sets the flag of encryption of media/a.jpg in the directory
        if data[at : at + 4] == b"PK\x01\x02" and data[at + 46 : at + 57] == b"media/a.jpg":
            data[at + 8] |= 1
    source.write_bytes(data)
    listing = read_camtrap_dp(source)
    assert labels(listing) == LABELS[2:]
    assert "encrypted in the archive" in listing.failures[0].reason
    for size in (0, 10, 200, len(whole) // 2, len(whole) - 1):
        source.write_bytes(whole[:size])
        with pytest.raises(ValueError, match=r"package.zip: ") as caught:
            read_camtrap_dp(source)
        assert "\n" not in str(caught.value)


def test_members_that_leave_the_archive_are_neither_package_nor_picture(tmp_path):
    files = package(media=changed(MEDIA, 1, filePath="../b.jpg"))
    source = write_zip(tmp_path / "package.zip", files | {"../b.jpg": b"x"}, "in/")
    with zipfile.ZipFile(source, "a") as archive:
        archive.writestr("../datapackage.json", b"{}")
        archive.writestr("b.jpg", b"outside")
    listing = read_camtrap_dp(source)
    assert labels(listing) == [("in/" + path, name) for path, name in [*LABELS[:2], *LABELS[3:]]]
    [failure] = listing.failures
    assert "filePath: the path leaves the package" in failure.reason


@pytest.mark.parametrize("size", [3, 2**31])
def test_members_that_lie_about_their_size_are_not_believed(size, tmp_path):
    source = write_zip(tmp_path / "package.zip", package())
    data = bytearray(source.read_bytes())
    for at in range(len(data)):
        if data[at : at + 4] == b"PK\x01\x02" and data[at + 46 : at + 57] == b"media/a.jpg":
            data[at + 24 : at + 28] = size.to_bytes(4, "little")
    source.write_bytes(data)
    listing = read_camtrap_dp(source)
    assert labels(listing) == LABELS
    if size == 3:
        with pytest.raises(ValueError, match="cannot be unpacked"):
            listing.storage.read("media/a.jpg")
    else:
        assert listing.storage.read("media/a.jpg") == b"picture media/a.jpg"


@pytest.mark.parametrize("is_zip", [False, True])
def test_pictures_that_are_not_in_the_package_s_media_are_one_note(is_zip, tmp_path):
    files = package() | {"media/x.JPG": b"x", "media/y.jpg": b"y", "media/readme.txt": b"z"}
    source = write_zip(tmp_path / "p.zip", files, "export/") if is_zip else tmp_path / "p"
    if not is_zip:
        write_folder(source, files)
    example = "export/media/x.JPG" if is_zip else "media/x.JPG"
    listing = read_camtrap_dp(source)
    assert listing.failures == []
    assert listing.notes[1:] == [
        f"2 of the source's 7 pictures are not in media.csv and not used, such as {example!r}"
    ]


def test_a_picture_that_is_dropped_is_not_said_to_be_kept(read):
    other = medium("m1", "nowhere", 0, "media/b.jpg")
    observations = changed(OBSERVATIONS, 0, bboxX="wide")
    listing = read(
        package(
            media=[MEDIA[0] | {"deploymentID": "gone"}, other, *MEDIA[2:]],
            observations=observations,
        )
    )
    assert not any(path in ("media/a.jpg", "media/b.jpg") for path, _ in labels(listing))
    assert not any("kept" in failure.reason for failure in listing.failures)


@pytest.mark.parametrize("missing", ["NA", "NaN", ""])
def test_missing_deployments_and_events_are_no_camera_and_no_burst(missing, read):
    media = changed(MEDIA, 0, deploymentID=missing)
    observations = [row | {"eventID": missing} for row in OBSERVATIONS]
    first = read(package(media=media, observations=observations)).images[0]
    assert (first.camera, first.sequence) == ("", "")


def test_names_in_two_unicode_forms_are_one(read):
    composed, decomposed = "\u00e9lan", "e\u0301lan"
    media = changed(changed(MEDIA, 0, deploymentID=composed), 1, deploymentID=decomposed)
    named = [observation("m1", composed), observation("m2", decomposed)]
    images = read(package(media=media, observations=named)).images
    assert {(image.species, image.camera) for image in images} == {(composed, composed)}
    assert len(images) == 2
