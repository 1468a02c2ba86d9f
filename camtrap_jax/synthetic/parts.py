"""Names of the parts of an animal, and of their numbers in a mask."""

PARTS = (
    "background",
    "body",
    "neck",
    "head",
    "ears",
    "eye",
    "muzzle",
    "horns",
    "trunk",
    "tusks",
    "legs",
    "tail",
    "mane",
    "crest",
    "beard",
    "dewlap",
    "quills",
    "stripes",
    "spots",
    "belly",
    "rump_patch",
    "rump_ring",
    "rump_streaks",
    "face_mask",
    "face_marks",
    "mantle",
    "scales",
    "bill",
    "throat",
    "wings",
)
"""Names of the parts in every mask of the drawings; the position is the value in the mask."""

PART_ID = {name: number for number, name in enumerate(PARTS)}

CUTOUT_PARTS = ("background", "animal")
"""Parts in the masks of cut-outs, whose anatomy nobody marked."""
