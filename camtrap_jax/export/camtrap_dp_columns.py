"""The columns of Camtrap DP's tables, in its order. Validators want all of them, empty or not.

Source: https://camtrap-dp.tdwg.org/data, version 1.0.2.
"""

COLUMNS = {
    "deployments": (
        *("deploymentID", "locationID", "locationName", "latitude", "longitude"),
        *("coordinateUncertainty", "deploymentStart", "deploymentEnd", "setupBy", "cameraID"),
        *("cameraModel", "cameraDelay", "cameraHeight", "cameraDepth", "cameraTilt"),
        *("cameraHeading", "detectionDistance", "timestampIssues", "baitUse", "featureType"),
        *("habitat", "deploymentGroups", "deploymentTags", "deploymentComments"),
    ),
    "media": (
        *("mediaID", "deploymentID", "captureMethod", "timestamp", "filePath", "filePublic"),
        *("fileName", "fileMediatype", "exifData", "favorite", "mediaComments"),
    ),
    "observations": (
        *("observationID", "deploymentID", "mediaID", "eventID", "eventStart", "eventEnd"),
        *("observationLevel", "observationType", "cameraSetupType", "scientificName", "count"),
        *("lifeStage", "sex", "behavior", "individualID", "individualPositionRadius"),
        *("individualPositionAngle", "individualSpeed", "bboxX", "bboxY", "bboxWidth"),
        *("bboxHeight", "classificationMethod", "classifiedBy", "classificationTimestamp"),
        *("classificationProbability", "observationTags", "observationComments"),
    ),
}
