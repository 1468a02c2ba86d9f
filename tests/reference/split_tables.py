"""Tables of images to split, drawn or by hand."""

import pandas as pd
from hypothesis import strategies as st

COLUMNS = ["filepath", "species", "camera", "sequence", "datetime", "sha256", "near_duplicate"]


def table(rows):
    return pd.DataFrame(rows, columns=COLUMNS)


@st.composite
def tables(draw, max_rows=30):
    """Up to 3 species, 4 cameras, bursts, files under several labels, copies, likenesses."""
    size = draw(st.integers(1, max_rows))

    def column(values):
        return draw(st.lists(st.sampled_from(values), min_size=size, max_size=size))

    files = draw(st.lists(st.integers(0, size + 5), min_size=size, max_size=size))
    shas = draw(st.lists(st.integers(0, 3 * size), min_size=size, max_size=size))
    alike = draw(st.lists(st.integers(0, 3 * size), min_size=size, max_size=size))
    rows = zip(
        [f"{number:03d}.jpg" for number in files],
        column(["eland", "lion", "red duiker"]),
        column(["", "A", "B", "C", "A 1"]),
        column(["", "", "", "1", "2", "1 2"]),
        [""] * size,
        [f"{number:x}" if number % 5 else "" for number in shas],
        alike,
        strict=True,
    )
    return table(rows).drop_duplicates(["filepath", "species"], ignore_index=True)


@st.composite
def cameras(draw, most=6):
    """Images of 1 to 4 species at 1 to 6 cameras."""
    names = draw(st.lists(st.sampled_from("ABCDEF"[:most]), min_size=1, unique=True))
    rows = []
    for camera in names:
        of_species = st.dictionaries(
            st.sampled_from(["eland", "lion", "oribi", "red duiker"]),
            st.integers(1, 12),
            min_size=1,
        )
        for species, count in draw(of_species).items():
            for number in range(count):
                path = f"{camera}/{species}/{number}.jpg"
                rows.append((path, species, camera, "", "", "", len(rows)))
    return table(rows)


def stations():
    counts = {
        "StationA": {"PBE": 6, "VTA": 2},
        "StationB": {"MNE": 10, "PBE": 10, "VTA": 2},
        "StationC": {"EGY": 9, "PBE": 10, "TRA": 17, "VTA": 1},
    }
    return table(
        [
            (f"{camera}/{species}/{number}.jpg", species, camera, "", "", "", 100 * row + number)
            for row, (camera, of_species) in enumerate(counts.items())
            for species, count in of_species.items()
            for number in range(count)
        ]
    )
