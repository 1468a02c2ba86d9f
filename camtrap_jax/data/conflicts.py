"""Pictures that are stored under several labels, and what becomes of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from jaxtyping import Bool


def set_aside(images: pd.DataFrame, conflicts: str) -> Bool[np.ndarray, " images"]:
    """Tells which rows a rule takes out of the study.

    Two rows are of one picture when their files have the same bytes; they conflict when their
    labels differ.

    Args:
      images: columns `sha256` and `species`, in the manifest's order.
      conflicts: `keep` takes out none (the paper's way: the picture counts under each label),
        `drop` all rows of such a picture, `first` all but those with the picture's first label.
    """
    if conflicts == "keep":
        return np.zeros(len(images), bool)
    of_picture = images.groupby("sha256", sort=False)["species"]
    if conflicts == "drop":
        return np.asarray(of_picture.transform("nunique")) > 1
    return np.asarray(images["species"] != of_picture.transform("first"))


def reasons(images: pd.DataFrame, rows: Bool[np.ndarray, " images"], conflicts: str) -> list[str]:
    """Says of each row that is set aside which labels its picture has, for `failures.csv`."""
    affected = images[images["sha256"].isin(images.loc[rows, "sha256"])]
    labels = {
        str(picture): ", ".join(map(repr, dict.fromkeys(of_picture)))
        for picture, of_picture in affected.groupby("sha256", sort=False)["species"]
    }
    return [
        f"set aside as {species!r}: the picture is labelled {labels[picture]} "
        f"(data.conflicts={conflicts})"
        for species, picture in images.loc[rows, ["species", "sha256"]].itertuples(index=False)
    ]
