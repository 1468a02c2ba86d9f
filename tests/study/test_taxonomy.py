import numpy as np
import pytest
from scipy.cluster.hierarchy import cophenet

from camtrap_jax.study.tree.taxonomy import LENGTHS, LEVELS, RANKS, read_taxonomy

KNOWN = ["Red Duiker", "kudu", "nyala", "lion"]


def write(folder, text, name="tree.txt"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


CSV = "species,genus,family\nkudu,T,B\nnyala,T,B\nred duiker,C,B\nlion,P,F\n"


@pytest.mark.parametrize(
    "text",
    [
        CSV,
        CSV.replace(",", ";"),
        CSV.replace(",", "\t"),
        "\ufeff" + CSV.replace("\n", "\r\n"),
        "Family, Genus , Species \nB,T,KUDU\n B ,T, Nyala\nB,C,red_duiker\nF,P,Lion\nX,Y,z\n",
    ],
)
def test_tables_as_programs_write_them(tmp_path, text):
    found = read_taxonomy(write(tmp_path, text), KNOWN)
    assert found.places == [0, 1, 2, 3]
    assert found.missing == []
    assert [name.lower() for name in found.ranks] == ["genus", "family"]  # fine to coarse
    assert found.heights == RANKS
    np.testing.assert_array_equal(cophenet(found.tree), [2, 2, 3, 1, 3, 3])


@pytest.mark.parametrize(
    ("text", "distances", "made"),
    [
        ("((kudu:1,NYALA:1):1,('red  duiker':2,lion:2):0);", [4, 4, 4, 2, 4, 4], LENGTHS),
        ("[&R] ((kudu,nyala,red_duiker)80,lion);", [2, 2, 4, 2, 4, 4], LEVELS),
    ],
)
def test_newick_files(tmp_path, text, distances, made):
    found = read_taxonomy(write(tmp_path, text), KNOWN)
    np.testing.assert_allclose(cophenet(found.tree), distances)
    assert found.heights == made
    assert found.ranks == []


def test_species_that_are_missing_are_left_out_and_named(tmp_path):
    found = read_taxonomy(write(tmp_path, CSV.replace("kudu", "greater kudu")), KNOWN)
    assert found.places == [0, 2, 3]
    assert found.missing == ["kudu"]
    assert len(found.tree) == 2


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (CSV.replace("kudu", "x").replace("lion", "y"), ["2 of the 4", "kudu, lion", "at least 3"]),
        (CSV + "Kudu,T,B\n", ["'kudu' more than once"]),
        ("(kudu,nyala,lion,KUDU);", ["'kudu' more than once"]),
        (CSV.replace("species", "animal"), ["species,genus,family,order", "animal, genus, family"]),
        ("species\nkudu\n", ["got the columns species"]),
        ("species,Species,genus\na,b,c\n", ["one column `species`"]),
        (CSV.replace("nyala,T,B", "nyala,T,F"), ["genus 'T' is in family 'B' and in family 'F'"]),
        ("", ["expected a Newick tree", "got the columns none"]),
        ("species,genus\n\n\nlion,d\nkudu,a,b,c\n", ["line 5: expected 2 fields", "got 4"]),
        ("#NEXUS\nbegin trees;", ["NEXUS", "Newick"]),
        ("((kudu,nyala,lion);", ["line 1, column 20", "no Newick tree"]),
        (b"species,genus\n\xff\xfe,b\n", ["UTF-8"]),
    ],
)
def test_bad_files_are_one_line_that_says_what_is_wrong(tmp_path, text, parts):
    path = write(tmp_path, text)
    with pytest.raises(ValueError, match=r"tree\.txt: ") as caught:
        read_taxonomy(path, KNOWN)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    assert all(part in message for part in parts)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.csv: no such file"):
        read_taxonomy(tmp_path / "nothing.csv", KNOWN)


def test_a_folder_is_called_one(tmp_path):
    with pytest.raises(IsADirectoryError, match="is a folder; expected a Newick or CSV file"):
        read_taxonomy(tmp_path, KNOWN)


def test_known_species_that_differ_in_case_alone_are_refused(tmp_path):
    with pytest.raises(ValueError, match="differ in case"):
        read_taxonomy(write(tmp_path, CSV), ["kudu", "Kudu", "nyala", "lion"])
