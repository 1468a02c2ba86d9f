"""A small Camtrap DP package: five pictures of two deployments, as files in memory."""

import csv
import io
import json
import zipfile

PROFILE = "https://raw.githubusercontent.com/tdwg/camtrap-dp/{}/camtrap-dp-profile.json"
DEPLOYMENTS = [
    {"deploymentID": "d1", "latitude": "-18.97", "longitude": "34.35", "locationName": "Chitengo"},
    {"deploymentID": "d2", "latitude": "-18.98", "longitude": "34.36", "locationName": "Pungue"},
]


def medium(key, camera, minute, path, **changes):
    return {
        "mediaID": key,
        "deploymentID": camera,
        "captureMethod": "activityDetection",
        "timestamp": f"2020-03-24T11:{minute:02d}:46+02:00",
        "filePath": path,
        "filePublic": "true",
        "fileMediatype": "image/jpeg",
        "mediaComments": "",
    } | changes


def observation(key, name, box=("", "", "", ""), **changes):
    return {
        "observationID": f"o-{key}-{name}",
        "deploymentID": "d1",
        "mediaID": key,
        "eventID": "",
        "eventStart": "2020-03-24T11:00:00+02:00",
        "eventEnd": "2020-03-24T11:00:59+02:00",
        "observationLevel": "media",
        "observationType": "animal",
        "cameraSetupType": "",
        "scientificName": name,
        **dict(zip(("bboxX", "bboxY", "bboxWidth", "bboxHeight"), box, strict=True)),
        "classificationMethod": "human",
        "observationComments": "",
    } | changes


MEDIA = [
    medium("m1", "d1", 0, "media/a.jpg"),
    medium("m2", "d1", 0, "media/b.jpg"),
    medium("m3", "d2", 5, "media\\c.jpg", filePublic="false"),
    medium("m4", "d2", 9, "media/d.jpg", timestamp="2020-12-31T23:59:59Z"),
    medium("m5", "d2", 9, "media/e.jpg"),
]
OBSERVATIONS = [
    observation("m1", "Vulpes vulpes", ("0.1", "0.2", "0.3", "0.4"), eventID="e1"),
    observation("m1", "Vulpes vulpes", ("0.5", "0.1", "0.25", "0.25"), eventID="e1"),
    observation("m1", "Ardea", eventID="e1"),
    observation("m2", "", observationType="blank"),
    observation("m3", "Homo sapiens", observationType="human"),
    observation("m4", "", observationType="vehicle"),
    observation("m5", ""),
]
PICTURES = [f"media/{letter}.jpg" for letter in "abcde"]
LABELS = [
    ("media/a.jpg", "Vulpes vulpes"),
    ("media/a.jpg", "Ardea"),
    ("media/b.jpg", "blank"),
    ("media/c.jpg", "human"),
    ("media/d.jpg", "vehicle"),
    ("media/e.jpg", "unidentified"),
]


def table(rows, delimiter=","):
    stream = io.StringIO()
    writer = csv.DictWriter(stream, rows[0], delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue().encode()


def descriptor(version="1.0.2", **resources):
    entries = [
        {"name": name, "path": f"{name}.csv", "profile": "tabular-data-resource"}
        | resources.get(name, {})
        for name in ("deployments", "media", "observations")
    ]
    return {"profile": PROFILE.format(version), "resources": entries}


def package(media=None, observations=None, deployments=None, about=None):
    """Returns the files of a package by name."""
    return {
        "datapackage.json": json.dumps(about or descriptor()).encode(),
        "deployments.csv": table(deployments or DEPLOYMENTS),
        "media.csv": table(media or MEDIA),
        "observations.csv": table(observations or OBSERVATIONS),
        **{name: b"picture " + name.encode() for name in PICTURES},
    }


def write_folder(root, files):
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def write_zip(path, files, folder=""):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(folder + name, data)
    return path


def changed(rows, index, **changes):
    return [row | changes if number == index else row for number, row in enumerate(rows)]


def labels(listing):
    return [(image.filepath, image.species) for image in listing.images]
