"""Bursts: the frames that a camera took in quick succession."""

from __future__ import annotations

import numpy as np
import pandas as pd

_FROM_SOURCE = ["camera", "sequence", "datetime", "frame"]


def find_sequences(images: pd.DataFrame, *, gap_sec: float) -> pd.DataFrame:
    """Completes the sequence of each image and its place in it.

    What the source gives stays. The other frames of one camera form a burst as long as each is
    less than `gap_sec` later than the one before; a frame alone is a burst of one. A found burst
    is called after its camera and the time of its first frame, so that images of other cameras or
    other times do not change its name; apostrophes are added where the source uses that name.
    Frames are numbered by time, then by file, in found bursts and in given ones of which the
    source numbers no frame.

    All images without a camera count as one camera: frames seconds apart are likelier one burst
    than two, and two bursts joined do less harm than one cut in two, half of it trained on and half
    tested on. A given sequence is one burst per camera: many sources number them anew at each.

    Args:
      images: columns `filepath`, `camera`, `sequence` ("" where it is not known), `frame` (Int64)
        and `datetime` ("YYYY-MM-DD hh:mm:ss" or ""). A file may have several rows, one a label.
      gap_sec: in seconds; 0 leaves everything as it is.

    Returns:
      `sequence` and `frame` (Int64, from 1) with the index of `images`; "" and missing for images
      without a sequence and a time.
    """
    sequences, frames = images["sequence"].tolist(), images["frame"].astype("Int64")
    if gap_sec > 0:
        files = _one_row_a_file(images)
        files = files.assign(sequence=_with_found_bursts(files, gap_sec))
        files = files.assign(frame=_with_positions(files)).set_index("filepath")
        of_file = files.loc[images["filepath"].tolist()]
        found = zip(sequences, of_file["sequence"], strict=True)
        sequences = [given or burst for given, burst in found]
        frames = frames.fillna(of_file["frame"].set_axis(images.index))
    return pd.DataFrame({"sequence": pd.Series(sequences, images.index, str), "frame": frames})


def burst_names(images: pd.DataFrame) -> list[str]:
    """Names the burst of each image by camera and sequence; "" where it is in none.

    Args:
      images: columns `camera` and `sequence`.
    """
    # The length keeps camera "a b" with sequence "c" apart from "a" with "b c".
    return [
        f"{len(camera)} {camera} {sequence}" if sequence else ""
        for camera, sequence in zip(images["camera"], images["sequence"], strict=True)
    ]


def _one_row_a_file(images: pd.DataFrame) -> pd.DataFrame:
    """Returns the files of each camera in order of time."""
    # "" is the smallest text, so the largest is one that is known, if any of a file's rows has one.
    files = pd.DataFrame(images.groupby("filepath")[_FROM_SOURCE].max()).reset_index()
    times = np.array([text or "NaT" for text in files["datetime"]], dtype="datetime64[s]")
    files = files.assign(time=times)
    return files.sort_values(["camera", "time", "filepath"], ignore_index=True)


def _with_found_bursts(files: pd.DataFrame, gap_sec: float) -> list[str]:
    """Names the bursts of files that have a time and no sequence; leaves the other names."""
    names = files["sequence"].tolist()
    taken = set(names)
    cameras, moments = files["camera"].tolist(), files["datetime"].tolist()
    loose = [row for row, name in enumerate(names) if not name and moments[row]]
    time_sec = files["time"].to_numpy("datetime64[s]").astype(np.int64)
    last = -1
    for row in loose:
        same = last >= 0 and cameras[row] == cameras[last]
        if same and time_sec[row] - time_sec[last] < gap_sec:
            names[row] = names[last]
        else:
            name = f"{cameras[row]} {moments[row]}" if cameras[row] else moments[row]
            names[row] = _free(name, taken)
        last = row
    return names


def _free(name: str, taken: set[str]) -> str:
    """Adds apostrophes; found names end in a time, so two of them stay apart."""
    while name in taken:
        name += "'"
    return name


def _with_positions(files: pd.DataFrame) -> pd.Series:
    """Numbers the frames of bursts in which no frame has a number; files in order of time."""
    burst = pd.Series(burst_names(files), files.index)
    position = burst.groupby(burst).cumcount() + 1
    numbered = files["frame"].notna().groupby(burst).transform("any")
    frame = files["frame"].astype("Int64").mask((burst != "") & ~numbered, position)
    return pd.Series(frame)
