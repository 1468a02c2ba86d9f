import pytest

from camtrap_jax.data.sources import read_source

PICTURES = ("C1/a.jpg", "C1/b.jpg", "C2/c d.jpg", "C2/é.jpg")
HEADER = "filepath,label,site,datetime,seq_id,frame_num"
ROWS = (
    "C1/a.jpg,lion,C1,2019-05-06 07:08:09,s1,1",
    "C1/b.jpg,eland,C1,2019-05-06 07:08:10,s1,2",
    "C2/c d.jpg,empty,007,,,",
    "C2/é.jpg,lion,NA,2019-05-06 07:08:11,s2,",
)


NOT_LISTED = "3 of the source's 4 pictures are not in labels.csv and not used, such as 'C1/b.jpg'"


@pytest.fixture
def folder(tmp_path):
    for name in PICTURES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


@pytest.fixture
def read(folder):
    """Returns a function that writes `labels.csv` beside four pictures and lists it."""

    def read(*lines, data=None, name="labels.csv"):
        data = "\n".join(lines).encode() if data is None else data
        (folder / name).write_bytes(data)
        return read_source(folder / name)

    return read


def rows(listing):
    return [
        (i.filepath, i.species, i.camera, i.datetime, i.sequence, i.frame) for i in listing.images
    ]


GOOD = [
    ("C1/a.jpg", "lion", "C1", "2019-05-06 07:08:09", "s1", 1),
    ("C1/b.jpg", "eland", "C1", "2019-05-06 07:08:10", "s1", 2),
    ("C2/c d.jpg", "empty", "007", "", "", None),
    ("C2/é.jpg", "lion", "", "2019-05-06 07:08:11", "s2", None),
]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_delimiters_line_ends_and_encodings(delimiter, end, encoding, read, folder):
    text = end.join([HEADER, *ROWS, ""]).replace(",", delimiter)
    listing = read(data=text.encode(encoding))
    assert rows(listing) == GOOD
    assert (listing.failures, listing.notes, listing.layout) == ([], [], "csv")
    assert listing.storage.root == folder
    assert rows(read_source(folder)) == rows(read_source(folder, "csv")) == GOOD


def test_a_delimiter_hint_and_empty_rows(read):
    listing = read("sep=;", "", HEADER.replace(",", ";"), ";;;;;", ROWS[0].replace(",", ";"), "x;y")
    assert rows(listing) == GOOD[:1]
    [failure] = listing.failures
    assert failure.reason == "labels.csv row 5: expected 6 fields as in the header, got 2"


@pytest.mark.parametrize(
    "names",
    [
        ("FilePath", "Label", "Site", "Timestamp"),
        ("file", "species", "Location", "Date Time"),
        ("File Name", "common_name", "deploymentID", "DateTimeOriginal"),
        ("filename", "scientificName", "station", "datetime"),
        ("image_path", "class", "Camera", "date_taken"),
        ("path", "category", "camera-id", "TIMESTAMP"),
        ('"image"', '"taxon"', '"locationID"', '"date_time"'),
    ],
)
def test_names_of_columns(names, read):
    listing = read("x," + ",".join(names), "9,C1/a.jpg,lion,C1,2019-05-06 07:08:09")
    assert rows(listing) == [(*GOOD[0][:4], "", None)]
    assert listing.notes == ["columns that are not used: 'x'", NOT_LISTED]


def test_date_and_time_and_folder_in_columns_of_their_own(read):
    listing = read(
        "File,RelativePath,Date,Time,Species",
        "a.jpg,C1,16-May-2019,07:08:09,lion",
        "c d.jpg,C2,16-May-2019,,lion",
        "é.jpg,C2,,07:08:10,lion",
        "C1\\b.jpg,,17-May-2019,07:08,lion",
    )
    assert [(i.filepath, i.datetime) for i in listing.images] == [
        ("C1/a.jpg", "2019-05-16 07:08:09"),
        ("C1/b.jpg", "2019-05-17 07:08:00"),
        ("C2/c d.jpg", ""),
        ("C2/é.jpg", ""),
    ]
    assert listing.failures == []
    assert [note[:32] for note in listing.notes] == ["1 of 4 times are dates without a"]


def test_one_column_decides_the_order_of_day_and_month(read):
    lines = ["file,label,timestamp", "C1/a.jpg,lion,05/06/2019 07:08", "C1/b.jpg,lion,{}"]
    listing = read(*lines[:2], lines[2].format("16/06/2019 07:09"))
    assert [i.datetime for i in listing.images] == ["2019-06-05 07:08:00", "2019-06-16 07:09:00"]
    listing = read(*lines[:2], lines[2].format("07/06/2019 07:09"))
    assert [i.datetime for i in listing.images] == ["", ""]
    assert listing.failures == []
    assert "'05/06/2019 07:08' may be 2019-06-05 or 2019-05-06" in listing.notes[0]


def test_a_bad_time_or_frame_costs_only_itself(read):
    listing = read(HEADER, ROWS[0], "C1/b.jpg,eland,C1,2019-02-31 07:08:10,s1,two")
    assert rows(listing)[1] == ("C1/b.jpg", "eland", "C1", "", "s1", None)
    assert [(f.filepath, f.reason) for f in listing.failures] == [
        (
            "C1/b.jpg",
            "labels.csv row 3: column 'datetime': '2019-02-31 07:08:10' is no possible date and "
            "time; the picture is kept without it",
        ),
        (
            "C1/b.jpg",
            "labels.csv row 3: column 'frame_num': expected a whole number, got 'two'; the picture "
            "is kept without",
        ),
    ]


@pytest.mark.parametrize("missing", ["NA", "NaN", "nan", "N/A", "NULL", "", "-", "None", "NaT"])
def test_missing_is_no_camera_time_burst_or_frame(missing, read):
    listing = read(HEADER, ",".join(["C1/a.jpg", "lion", *[missing] * 4]))
    assert rows(listing) == [("C1/a.jpg", "lion", "", "", "", None)]
    assert listing.failures == []


@pytest.mark.parametrize("missing", ["NA", "NaN", "nan", "N/A", "NULL", "null", "-", "NaT"])
def test_missing_is_no_label(missing, read):
    listing = read("file,label", f"C1/a.jpg,{missing}", "C1/b.jpg,lion", "C2/é.jpg,none")
    assert [image.species for image in listing.images] == ["lion", "none"]
    [failure] = listing.failures
    assert failure.filepath == "C1/a.jpg"
    assert failure.reason == f"labels.csv row 2: column 'label': {missing!r} means no label"


def test_missing_is_no_folder_and_no_part_of_a_time(read):
    listing = read(
        "File,Directory,DateTime,Date,Time,Species",
        "C1/a.jpg,NA,NA,2019-05-16,07:08:09,lion",
        "b.jpg,C1,NA,2019-05-17,NA,lion",
    )
    assert [(i.filepath, i.datetime) for i in listing.images] == [
        ("C1/a.jpg", "2019-05-16 07:08:09"),
        ("C1/b.jpg", ""),
    ]
    assert listing.failures == []


def test_of_several_columns_for_one_thing_the_clearest_is_used_and_named(read):
    listing = read(
        "Station,Camera,Directory,FileName,Species,DateTimeOriginal,Date,location",
        "S1,Cam2,C1,a.jpg,lion,2019-05-06 07:08:09,2019-05-06,gs://x",
    )
    assert rows(listing) == [("C1/a.jpg", "lion", "S1", "2019-05-06 07:08:09", "", None)]
    assert "the camera is read from the column 'Station', not from 'location', 'Camera'" in (
        listing.notes
    )


def test_wildlife_insights_names_species_by_genus_and_species(read):
    listing = read(
        "deployment_id,image_id,filename,location,class,genus,species,common_name,timestamp",
        "D1,1,C1/a.jpg,gs://b/1.jpg,Mammalia,Panthera,leo,Lion,2019-05-06 07:08:09",
        "D1,2,C1/b.jpg,gs://b/2.jpg,,,,Blank,2019-05-06 07:08:09",
        "D2,3,C2/c d.jpg,gs://b/3.jpg,Mammalia,Panthera,NA,Big cat,2019-05-06 07:08:09",
        "D2,4,C2/é.jpg,gs://b/4.jpg,Mammalia,,,,2019-05-06 07:08:09",
    )
    assert [(i.species, i.camera) for i in listing.images] == [
        ("Panthera leo", "D1"),
        ("Blank", "D1"),
        ("Panthera", "D2"),
    ]
    [failure] = listing.failures
    assert failure.reason == "labels.csv row 5: column 'species': the label is empty"
    notes = " | ".join(listing.notes)
    assert "the label is read from the columns 'genus' and 'species'" in notes
    assert "and from 'common_name' where both are empty" in notes
    assert "the camera is read from the column 'deployment_id', not from 'location'" in notes


def test_a_species_with_its_genus_is_not_given_it_twice(read):
    listing = read("file,genus,species", "C1/a.jpg,Panthera,Panthera leo", "C1/b.jpg,,leo")
    assert [image.species for image in listing.images] == ["Panthera leo", "leo"]
    listing = read("file,genus,label", "C1/a.jpg,Panthera,lion")
    assert [image.species for image in listing.images] == ["lion"]


def test_one_name_in_two_unicode_forms_is_one_label_and_one_camera(read):
    composed, decomposed = "\u00e9lan", "e\u0301lan"
    listing = read(
        "file,label,site",
        f"C1/a.jpg,{composed},{composed}",
        f"C1/b.jpg,{decomposed},{decomposed}",
    )
    assert {(image.species, image.camera) for image in listing.images} == {(composed, composed)}


@pytest.mark.parametrize(
    ("row", "filepath", "reason"),
    [
        ("C1/b.jpg", "C1/b.jpg", "expected 2 fields as in the header, got 1"),
        ("C1/b.jpg,lion,x", "C1/b.jpg", "expected 2 fields as in the header, got 3"),
        ("C1/b.jpg,", "C1/b.jpg", "column 'label': the label is empty"),
        (",lion", "labels.csv", "column 'filepath': the path is empty"),
        (
            "C1/b.jpg,li\0on",
            "C1/b.jpg",
            r"column 'label': the label 'li\x00on' has characters that",
        ),
        ("C1/b.jpg," + "x" * 300, "C1/b.jpg", "column 'label': the label has 300 characters, exp"),
        ("filepath,label", "filepath", "the header again"),
        ("C1/a.jpg,lion", "C1/a.jpg", "listed as 'lion' in row 2 too, kept once"),
        ("./C1//a.jpg, lion ", "C1/a.jpg", "listed as 'lion' in row 2 too, kept once"),
        ("C1/x.jpg,lion", "C1/x.jpg", "not found in the source"),
        ("C1,lion", "C1", "not a plain file"),
        ("C1/b\0.jpg,lion", r"C1/b\x00.jpg", "cannot be opened: embedded null byte"),
        ("y" * 300 + ",lion", "y" * 300, "cannot be opened: File name too long"),
        ("../secret.jpg,lion", "../secret.jpg", "the path leaves the source"),
        ("C1/../../secret.jpg,lion", "C1/../../secret.jpg", "the path leaves the source"),
        ("/etc/passwd,lion", "/etc/passwd", "the path leaves the source"),
        ("C:\\data\\a.jpg,lion", "C:/data/a.jpg", "a path of another computer; write paths"),
        ("\\\\server\\share\\a.jpg,lion", "//server/share/a.jpg", "a path of another computer"),
        ("C1/out.jpg,lion", "C1/out.jpg", "a link that leaves the source"),
        ("C1/gone.jpg,lion", "C1/gone.jpg", "a link to nothing"),
        ("linked/secret.jpg,lion", "linked/secret.jpg", "a link that leaves the source"),
        ('"C1/b.jpg,lion', "labels.csv", "its quotes do not match"),
        ('"C1/b.jpg"x,lion', "labels.csv", "its quotes do not match"),
        ('"C1/b.jpg\n",lion', "C1/b.jpg", ""),
    ],
)
def test_a_bad_row_costs_only_itself(row, filepath, reason, folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "secret.jpg").touch()
    (folder / "C1" / "out.jpg").symlink_to(elsewhere / "secret.jpg")
    (folder / "C1" / "gone.jpg").symlink_to(folder / "nothing.jpg")
    (folder / "linked").symlink_to(elsewhere)
    lines = ["filepath,label", "C1/a.jpg,lion", row, "C2/é.jpg,eland"]
    (folder / "labels.csv").write_text("\n".join(lines))
    listing = read_source(folder)
    good = [("C1/a.jpg", "lion"), ("C2/é.jpg", "eland")]
    if not reason:
        good.insert(1, (filepath, "lion"))
    assert [(image.filepath, image.species) for image in listing.images] == good
    assert [failure.filepath for failure in listing.failures] == [filepath] * bool(reason)
    for failure in listing.failures:
        assert failure.reason.startswith(f"labels.csv row 3: {reason}")


def test_absolute_paths_inside_are_relative_and_quotes_may_hold_anything(read, folder):
    (folder / 'C1/say "x",\n.jpg').touch()
    listing = read(
        "filepath,label",
        f"{folder}/C1/a.jpg,lion",
        '"C1/say ""x"",\n.jpg", "two\nlines"',
        "C1\\b.jpg,eland",
        "gone.jpg,lion",
    )
    assert [(image.filepath, image.species) for image in listing.images] == [
        ("C1/a.jpg", "lion"),
        ("C1/b.jpg", "eland"),
        ('C1/say "x",\n.jpg', "two lines"),
    ]
    assert listing.failures[0].reason == "labels.csv row 5: not found in the source"


def test_absolute_paths_may_be_spelled_as_the_source_is(read, folder, tmp_path_factory):
    link = tmp_path_factory.mktemp("elsewhere") / "link"
    link.symlink_to(folder)
    read("filepath,label", f"{link}/C1/a.jpg,lion", f"{folder}/C1/b.jpg,lion")
    listing = read_source(link / "labels.csv")
    assert [image.filepath for image in listing.images] == ["C1/a.jpg", "C1/b.jpg"]


def test_an_unclosed_quote_loses_its_row_only(read):
    listing = read(HEADER, ROWS[0], '"C1/b.jpg,eland,C1,,,', *ROWS[1:])
    assert rows(listing) == GOOD
    assert [failure.reason for failure in listing.failures] == [
        "labels.csv row 3: its quotes do not match"
    ]


def test_two_labels_are_two_entries_in_the_order_of_the_rows(read):
    listing = read("filepath,label", "C1/a.jpg,lion", "C1/b.jpg,lion", "C1/a.jpg,eland")
    assert [(image.filepath, image.species) for image in listing.images] == [
        ("C1/a.jpg", "lion"),
        ("C1/a.jpg", "eland"),
        ("C1/b.jpg", "lion"),
    ]
    assert listing.failures == []


def test_lines_that_are_not_utf8_do_not_change_the_others(read, folder):
    (folder / "C1" / "ü.jpg").touch()
    lines = [b"filepath,label", "C2/é.jpg,élan".encode(), "C1/ü.jpg,Löwe".encode("cp1252")]
    listing = read(data=b"\n".join(lines))
    assert [(i.filepath, i.species) for i in listing.images] == [
        ("C1/ü.jpg", "Löwe"),
        ("C2/é.jpg", "élan"),
    ]
    assert listing.notes[0] == "1 lines are not UTF-8 and were read as Windows-1252"


def test_splits_are_pooled_and_said_to_be(read):
    listing = read("filepath,label,split", "C1/a.jpg,lion,train", "C1/b.jpg,lion,holdout")
    assert len(listing.images) == 2
    assert listing.notes[0] == "the source's own splits are pooled"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "an empty file"),
        ("\n\n", "an empty file"),
        ("filepath,label\n", "a header and no rows below it"),
        (
            "a,b\n1,2\n",
            r"expected a header with a column for the file .* got the columns \['a', 'b'",
        ),
        ("label\nlion\n", r"column for the file \(filepath, file, filename"),
        ("filepath label\nC1/a.jpg lion", r"got the columns \['filepath label'\]"),
        ("file,label,label\n", "row 1: columns 2 'label' and 3 'label' both give the label"),
        ("file,label,Site ID,site_id\n1,2,3,4", "columns 3 'Site ID' and 4 'site_id' both give"),
        ("\0\1\2\3", "expected a header"),
    ],
)
def test_files_that_are_no_tables_are_one_error(text, reason, read):
    with pytest.raises(ValueError, match=reason) as caught:
        read(text)
    assert "labels.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_large_table_is_read_in_seconds(read, folder):
    """Rows without end in quotes, and none that is."""
    (folder / "many").mkdir()
    lines = [HEADER, *(f"C1/a.jpg,species {k},C{k % 50},,,{k}" for k in range(20_000))]
    assert len(read(*lines).images) == 20_000
    assert len(read(HEADER, *['"' + ROWS[0]] * 20_000, ROWS[0]).images) == 1


def test_pictures_that_no_row_lists_are_one_note(read, folder):
    assert read("file,label", "C1/a.jpg,lion").notes == [NOT_LISTED]
    # Those of rows that are failures are listed; other files are no pictures.
    (folder / "notes.txt").touch()
    listing = read("file,label", "C1/a.jpg,lion", "C1/b.jpg,", "C2/c d.jpg,x", "./C2//é.jpg,x,y")
    assert (len(listing.failures), listing.notes) == (2, [])
