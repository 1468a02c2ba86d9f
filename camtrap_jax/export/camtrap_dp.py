"""Camtrap DP 1.0.2: a data package of deployments, media and observations.

Coordinates are required there, and this software has none, nor would it give them away: every
deployment is at 0, 0 with an uncertainty of half the Earth's circumference, which is true of every
place. Cameras do not tell their time zone: times are written as UTC, and `timestampIssues` says so.

Source: https://camtrap-dp.tdwg.org, version 1.0.2.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from camtrap_jax.export.camtrap_dp_columns import COLUMNS
from camtrap_jax.export.origin import Origin
from camtrap_jax.store import replaced_folder, write_json, write_table

VERSION = "1.0.2"
_SCHEMAS = f"https://raw.githubusercontent.com/tdwg/camtrap-dp/{VERSION}"
_ANYWHERE_M = 20_037_508  # half the circumference at the equator
_MISSING = ("", "NA", "NaN", "nan")  # what the standard takes for no value
_NO_CAMERA = "unknown"
_UTC = "%Y-%m-%dT%H:%M:%SZ"
_MEDIATYPES = {"jpg": "jpeg", "tif": "tiff"}
_NO_PATH = "the path begins with . or ~, or has two dots in a row, which Camtrap DP does not allow"


def write_camtrap_dp(folder: Path, predictions: pd.DataFrame, origin: Origin) -> pd.DataFrame:
    """Writes a package with one observation a picture.

    The pictures are not copied: with the files put beside them the package is whole.

    Args:
      folder: to write; an older one is replaced.
      predictions: `filepath` (no two alike), `datetime` ("YYYY-MM-DD hh:mm:ss", the camera's own),
        `camera`, `sequence`, `predicted`, `probability`, and perhaps `tags`.
      origin: who classified, and when.

    Returns:
      `filepath` and `reason` of the pictures that the format has no place for, such as those
      without a time.

    Raises:
      ValueError: no picture is left.
    """
    reasons = _reasons(predictions)
    kept = predictions.loc[reasons == ""].reset_index(drop=True)
    left_out = pd.DataFrame({"filepath": predictions["filepath"], "reason": reasons})
    left_out = left_out.loc[reasons != ""].reset_index(drop=True)
    if kept.empty:
        raise ValueError(
            f"camtrap_dp: none of {len(predictions)} pictures can be in the package"
            + (f"; the first: {', '.join(left_out.iloc[0])}" if len(left_out) else "")
        )
    media = _media(kept)
    deployments = _deployments(media)
    observations = _observations(kept, media, origin)
    with replaced_folder(folder) as new:
        for name, table in zip(COLUMNS, (deployments, media, observations), strict=True):
            write_table(new / f"{name}.csv", table.reindex(columns=list(COLUMNS[name])))
        write_json(new / "datapackage.json", _descriptor(media, kept, origin))
    return left_out


def _reasons(predictions: pd.DataFrame) -> np.ndarray:
    """Says why pictures cannot be in a package; empty for those that can."""
    paths = predictions["filepath"]
    no_path = paths.str.startswith((".", "~", "/")) | paths.str.contains("..", regex=False)
    no_time = np.where(predictions["datetime"] == "", "no time, which Camtrap DP requires", "")
    return np.where(no_path, _NO_PATH, no_time).astype(object)


def _media(kept: pd.DataFrame) -> pd.DataFrame:
    times = pd.to_datetime(kept["datetime"], format="%Y-%m-%d %H:%M:%S").dt.strftime(_UTC)
    suffixes = kept["filepath"].str.rpartition(".")[2].str.lower()
    return pd.DataFrame(
        {
            "mediaID": kept["filepath"],
            "deploymentID": kept["camera"].mask(kept["camera"].isin(_MISSING), _NO_CAMERA),
            "timestamp": times,
            "filePath": kept["filepath"],
            "filePublic": "false",
            "fileName": kept["filepath"].str.rpartition("/")[2],
            "fileMediatype": "image/" + suffixes.replace(_MEDIATYPES),
        }
    )


def _deployments(media: pd.DataFrame) -> pd.DataFrame:
    """A deployment a camera, as long as its pictures show it to have been there."""
    cameras, codes = np.unique(media["deploymentID"].to_numpy(object), return_inverse=True)
    times = media["timestamp"].groupby(codes)
    return pd.DataFrame(
        {
            "deploymentID": cameras,
            "latitude": 0,
            "longitude": 0,
            "coordinateUncertainty": _ANYWHERE_M,
            "deploymentStart": times.min(),
            "deploymentEnd": times.max(),
            "timestampIssues": "true",
            "deploymentComments": "The coordinates are left out: 0, 0 within half the Earth's "
            "circumference is anywhere. Times are the camera's own, of an unknown zone. Start and "
            "end are those of the first and last picture.",
        }
    )


def _observations(kept: pd.DataFrame, media: pd.DataFrame, origin: Origin) -> pd.DataFrame:
    """One observation a picture; its event is its sequence, or the picture alone."""
    alone = kept["sequence"] == ""
    event = [kept["camera"], kept["sequence"].where(~alone, kept["filepath"]), alone]
    times = media["timestamp"].groupby(event)
    table = {
        "observationID": media["mediaID"],
        "deploymentID": media["deploymentID"],
        "mediaID": media["mediaID"],
        "eventID": kept["sequence"],
        "eventStart": times.transform("min"),
        "eventEnd": times.transform("max"),
        "observationLevel": "media",
        "observationType": "animal",
        "scientificName": kept["predicted"],
        "classificationMethod": "machine",
        "classifiedBy": origin.name,
        "classificationTimestamp": origin.time.strftime(_UTC),
        "classificationProbability": kept["probability"].round(5),
    }
    if "tags" in kept:
        table["observationTags"] = kept["tags"]
    return pd.DataFrame(table)


def _descriptor(media: pd.DataFrame, kept: pd.DataFrame, origin: Origin) -> dict[str, Any]:
    corners = [[-180, -90], [180, -90], [180, 90], [-180, 90], [-180, -90]]
    return {
        "resources": [
            {
                "name": name,
                "path": f"{name}.csv",
                "profile": "tabular-data-resource",
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "schema": f"{_SCHEMAS}/{name}-table-schema.json",
            }
            for name in COLUMNS
        ],
        "profile": f"{_SCHEMAS}/camtrap-dp-profile.json",
        "created": origin.time.strftime(_UTC),
        "description": f"Species named by {origin.name}; nobody has checked them.",
        "contributors": [{"title": origin.name, "role": "contributor"}],
        "project": {
            "title": "Species named by a machine",
            "samplingDesign": "opportunistic",
            "captureMethod": ["activityDetection"],
            "individualAnimals": False,
            "observationLevel": ["media"],
        },
        "spatial": {"type": "Polygon", "coordinates": [corners]},
        "temporal": {
            "start": min(media["timestamp"])[:10],
            "end": max(media["timestamp"])[:10],
        },
        "taxonomic": [{"scientificName": name} for name in sorted(set(kept["predicted"]))],
    }
