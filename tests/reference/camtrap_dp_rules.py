"""What Camtrap DP 1.0.2 asks of the tables and the descriptor that are written, said once more."""

import csv
import json
import re
from datetime import datetime

ZONED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)")
PATH = re.compile(r"(?=^[^./~])(^((?!\.{2}).)*$)")
MISSING = {"", "NA", "NaN", "nan"}


def moment(text):
    return bool(ZONED.fullmatch(text)) and datetime.fromisoformat(text) is not None


def number(low, high):
    return lambda text: low <= float(text) <= high


def one_of(*choices):
    return lambda text: text in choices


def text(value):
    return bool(value)


# Column -> (whether it is required, what a value must be); the others are to stay empty.
RULES = {
    "deployments": {
        "deploymentID": (True, text),
        "latitude": (True, number(-90, 90)),
        "longitude": (True, number(-180, 180)),
        "coordinateUncertainty": (False, lambda value: int(value) >= 1),
        "deploymentStart": (True, moment),
        "deploymentEnd": (True, moment),
        "timestampIssues": (False, one_of("true", "false")),
        "deploymentComments": (False, text),
    },
    "media": {
        "mediaID": (True, text),
        "deploymentID": (True, text),
        "captureMethod": (False, one_of("activityDetection", "timeLapse")),
        "timestamp": (True, moment),
        "filePath": (True, PATH.match),
        "filePublic": (True, one_of("true", "false")),
        "fileName": (False, text),
        "fileMediatype": (True, re.compile(r"(image|video|audio)/.+").fullmatch),
    },
    "observations": {
        "observationID": (True, text),
        "deploymentID": (True, text),
        "mediaID": (False, text),
        "eventID": (False, text),
        "eventStart": (True, moment),
        "eventEnd": (True, moment),
        "observationLevel": (True, one_of("media", "event")),
        "observationType": (True, one_of("animal", "human", "vehicle", "blank", "unknown")),
        "scientificName": (False, text),
        "classificationMethod": (False, one_of("human", "machine")),
        "classifiedBy": (False, text),
        "classificationTimestamp": (False, moment),
        "classificationProbability": (False, number(0, 1)),
        "observationTags": (False, text),
    },
}
COLUMNS = {
    "deployments": "deploymentID locationID locationName latitude longitude coordinateUncertainty"
    " deploymentStart deploymentEnd setupBy cameraID cameraModel cameraDelay cameraHeight"
    " cameraDepth cameraTilt cameraHeading detectionDistance timestampIssues baitUse featureType"
    " habitat deploymentGroups deploymentTags deploymentComments",
    "media": "mediaID deploymentID captureMethod timestamp filePath filePublic fileName"
    " fileMediatype exifData favorite mediaComments",
    "observations": "observationID deploymentID mediaID eventID eventStart eventEnd"
    " observationLevel observationType cameraSetupType scientificName count lifeStage sex behavior"
    " individualID individualPositionRadius individualPositionAngle individualSpeed bboxX bboxY"
    " bboxWidth bboxHeight classificationMethod classifiedBy classificationTimestamp"
    " classificationProbability observationTags observationComments",
}
KEYS = {"deployments": "deploymentID", "media": "mediaID", "observations": "observationID"}
REQUIRED = {"resources", "profile", "created", "contributors", "project", "spatial", "temporal"}
REQUIRED |= {"taxonomic"}
PROJECT = {"title", "samplingDesign", "captureMethod", "individualAnimals", "observationLevel"}


def read_package(folder):
    """Returns the descriptor and the tables as rows of text."""
    tables = {}
    for name in RULES:
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
            tables[name] = list(csv.DictReader(stream))
    return json.loads((folder / "datapackage.json").read_text()), tables


def violations(folder):
    """Lists everything in a package that the standard does not allow."""
    descriptor, tables = read_package(folder)
    return [*_of_descriptor(descriptor), *_of_tables(tables)]


def _is_broken(required, rule, value):
    return required if value in MISSING else not rule(value)


def _of_descriptor(descriptor):
    found = [f"descriptor: no {name}" for name in REQUIRED - set(descriptor)]
    found += [f"project: no {name}" for name in PROJECT - set(descriptor["project"])]
    for entry in descriptor["resources"]:
        schema = f"camtrap-dp/1.0.2/{entry['name']}-table-schema.json"
        if not (entry["profile"] == "tabular-data-resource" and entry["schema"].endswith(schema)):
            found.append(f"resource {entry}")
    if not moment(descriptor["created"]):
        found.append("created")
    return found


def _of_tables(tables):
    found = []
    for name, rules in RULES.items():
        rows = tables[name]
        keys = [row[KEYS[name]] for row in rows]
        if len(set(keys)) < len(keys):
            found.append(f"{name}: {KEYS[name]} is not unique")
        if not rows or list(rows[0]) != COLUMNS[name].split():  # all of them, in this order
            found.append(f"{name}: other columns")
        found += [
            f"{name}.{column}: {value!r}"
            for row in rows
            for column, value in row.items()
            if _is_broken(*rules.get(column, (False, lambda _: False)), value)
        ]
        for other in ("deployments", "media"):
            known = {row[KEYS[other]] for row in tables[other]}
            strays = {row[KEYS[other]] for row in rows if KEYS[other] in row} - known - {""}
            found += [f"{name}: {stray!r} is not in {other}" for stray in strays]
    return found
