"""Manifests and tables of files, made up row by row, for the tests of the audit."""

import numpy as np
import pandas as pd

from camtrap_jax.config import DataConfig
from camtrap_jax.data.audit import audit


def manifest(*rows):
    """Makes a manifest of (filepath, species, role, split, camera, sha256)."""
    names = ["filepath", "species", "role", "split", "camera", "sha256"]
    table = pd.DataFrame(rows, columns=names)
    return table.assign(image_id=range(len(rows)), sequence="", datetime="")


def animals(species, cameras, role="known", split="train"):
    return [
        (f"{species}/{n}.jpg", species, role, split, camera, f"{species}{n}")
        for n, camera in enumerate(cameras)
    ]


def files_of(table, **columns):
    """One row a file: in colour, without strip or people, unless `columns` says otherwise."""
    paths = table["filepath"].unique()
    values = {"saturation": 0.3, "brightness": 0.5, "strip": 0.0, "people": 0, **columns}
    return pd.DataFrame({"filepath": paths, **values})


def audited(table, *, near=None, config=None, notes=(), **columns):
    """Audits a manifest whose pictures are alike only where their bytes are."""
    if near is None:
        near = pd.factorize(table["sha256"])[0]
    return audit(
        table,
        files_of(table, **columns),
        config or DataConfig(),
        near_duplicate=np.asarray(near),
        split_notes=notes,
    )
