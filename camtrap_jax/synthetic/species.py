"""The thirty species as data: who is known, when it is active, which traits tell it apart.

Traits are what a field guide lists; the drawings show them, larger than life. They are also the
truth against which the network's species tree is compared (`trait_distances`).
"""

from dataclasses import dataclass, fields

import numpy as np


@dataclass(frozen=True, slots=True)
class Traits:
    """What the eye compares; text is equal or not, numbers are distances.

    Attributes:
        size: log10 of the mass in kg.
        shape: Body plan.
        horns: Shape of the horns, or none.
        pattern: What covers the coat.
        tail: Shape of the tail.
        hue: Main colour.
        lightness: Brightness of the coat, 0..1.
        legs: Length of the legs as a fraction of the height at the shoulder.
        snout: Length of the face as a fraction of the head's.
        mark: The one mark a guide names first.
    """

    size: float
    shape: str
    horns: str
    pattern: str
    tail: str
    hue: str
    lightness: float
    legs: float
    snout: float
    mark: str


@dataclass(frozen=True, slots=True)
class Species:
    """One species of the synthetic data.

    Attributes:
        role: 'known' or 'unknown' to the network.
        night: Probability that a burst is taken at night.
        traits: See `Traits`.
        diagnostic: Parts that tell it from its neighbours.
    """

    role: str
    night: float
    traits: Traits
    diagnostic: tuple[str, ...]


def _known(night: float, diagnostic: str, *traits) -> Species:
    return Species("known", night, Traits(*traits), tuple(diagnostic.split()))


def _unknown(night: float, diagnostic: str, *traits) -> Species:
    return Species("unknown", night, Traits(*traits), tuple(diagnostic.split()))


# From the most to the least abundant, as in the study: baboon first, hartebeest last.
# fmt: off
SPECIES: dict[str, Species] = {
    "baboon": _known(0.02, "muzzle tail", 1.4, "primate", "none", "plain", "arched", "olive", 0.42,
        0.60, 0.75, "dog snout"),
    "warthog": _known(0.05, "tusks mane tail", 1.9, "pig", "none", "plain", "upright tuft", "grey",
        0.38, 0.42, 0.85, "tusks"),
    "waterbuck": _known(0.25, "rump_ring", 2.3, "antelope", "swept", "plain", "tuft", "grey", 0.42,
        0.52, 0.65, "rump ring"),
    "bushbuck": _known(0.40, "spots stripes", 1.6, "antelope", "short twist", "spots", "bushy",
        "red", 0.36, 0.52, 0.62, "haunch spots"),
    "impala": _known(0.10, "horns rump_streaks belly", 1.7, "antelope", "lyre", "two-tone", "thin",
        "red", 0.52, 0.58, 0.60, "rump streaks"),
    "oribi": _known(0.15, "face_marks rump_patch tail", 1.2, "antelope", "spike", "two-tone",
        "tuft", "tan", 0.62, 0.60, 0.55, "ear spot"),
    "elephant": _known(0.30, "trunk tusks ears", 3.6, "elephant", "none", "plain", "thin", "grey",
        0.45, 0.50, 0.95, "trunk"),
    "genet": _known(0.98, "tail spots", 0.3, "viverrid", "none", "spots", "ringed", "sand", 0.62,
        0.38, 0.50, "ringed tail"),
    "nyala": _known(0.20, "stripes mane", 1.9, "antelope", "short twist", "stripes", "bushy",
        "dark brown", 0.26, 0.52, 0.62, "white stripes"),
    "bushpig": _known(0.85, "crest", 1.8, "pig", "none", "plain", "tuft", "red brown", 0.30, 0.42,
        0.80, "pale crest"),
    "porcupine": _known(0.98, "quills", 1.2, "porcupine", "none", "quills", "none", "black", 0.32,
        0.25, 0.40, "quills"),
    "civet": _known(0.98, "spots face_mask crest", 1.1, "viverrid", "none", "spots", "brush",
        "grey", 0.48, 0.42, 0.48, "face mask"),
    "vervet": _known(0.02, "face_mask tail", 0.7, "primate", "none", "plain", "long", "grey", 0.62,
        0.62, 0.35, "black face"),
    "reedbuck": _known(0.45, "horns tail", 1.8, "antelope", "hook", "plain", "bushy", "tan", 0.56,
        0.55, 0.58, "hooked horns"),
    "kudu": _known(0.25, "horns stripes", 2.3, "antelope", "spiral", "stripes", "bushy",
        "grey brown", 0.46, 0.60, 0.62, "spiral horns"),
    "buffalo": _known(0.35, "horns", 2.8, "bovine", "boss", "plain", "tuft", "black", 0.16, 0.42,
        0.62, "horn boss"),
    "sable": _known(0.15, "horns face_marks belly mane", 2.3, "antelope", "scimitar", "two-tone",
        "tuft", "black", 0.18, 0.52, 0.65, "scimitar horns"),
    "red duiker": _known(0.50, "crest", 1.1, "antelope", "spike", "plain", "thin", "red", 0.40,
        0.45, 0.55, "head tuft"),
    "wildebeest": _known(0.20, "beard mane stripes horns", 2.3, "bovine", "cow", "brindled",
        "horse", "blue grey", 0.36, 0.52, 0.80, "beard"),
    "hartebeest": _known(0.10, "head horns rump_patch", 2.1, "antelope", "bracket", "two-tone",
        "tuft", "tan", 0.52, 0.58, 0.85, "long face"),
    "samango monkey": _unknown(0.03, "tail mantle", 0.8, "primate", "none", "plain", "long",
        "grey", 0.34, 0.60, 0.35, "black face"),
    "eland": _unknown(0.20, "dewlap horns stripes", 2.8, "antelope", "straight twist", "stripes",
        "tuft", "tan", 0.60, 0.52, 0.62, "dewlap"),
    "aardvark": _unknown(0.98, "muzzle ears tail", 1.7, "aardvark", "none", "plain", "thick",
        "pink grey", 0.52, 0.40, 1.00, "long snout"),
    "lion": _unknown(0.50, "mane tail", 2.2, "cat", "none", "plain", "long tuft", "sand", 0.62,
        0.48, 0.45, "mane"),
    "serval": _unknown(0.75, "spots ears", 1.0, "cat", "none", "spots", "short ringed", "gold",
        0.64, 0.62, 0.40, "big ears"),
    "honey badger": _unknown(0.80, "mantle", 1.0, "badger", "none", "mantle", "short", "black",
        0.45, 0.30, 0.50, "white mantle"),
    "ground hornbill": _unknown(0.02, "bill throat", 0.6, "bird", "none", "plain", "feathers",
        "black", 0.10, 0.50, 1.10, "red throat"),
    "pangolin": _unknown(0.95, "scales", 1.0, "pangolin", "none", "scales", "thick", "brown", 0.40,
        0.22, 0.70, "scales"),
    "bushbaby": _unknown(1.00, "eye ears tail", -0.3, "galago", "none", "plain", "brush", "grey",
        0.55, 0.45, 0.25, "huge eyes"),
    "rodent": _unknown(0.97, "tail ears", -0.8, "rodent", "none", "plain", "thin", "brown", 0.42,
        0.22, 0.45, "thin tail"),
}
# fmt: on


def trait_distances() -> np.ndarray:
    """Gower distances between the species, in their order: the mean over the traits, each 0..1.

    A text trait counts 0 where equal, a half where related (`_NEAR`) and 1 elsewhere; a numeric one
    the difference over its range.

    Returns:
        float [species, species], symmetric, zero on the diagonal, 0..1.
    """
    columns = []
    for field in fields(Traits):
        values = [getattr(species.traits, field.name) for species in SPECIES.values()]
        if isinstance(values[0], str):
            columns.append([[_difference(a, b) for b in values] for a in values])
        else:
            numbers = np.asarray(values)
            columns.append(np.abs(numbers[:, None] - numbers[None]) / np.ptp(numbers))
    # The body plan is what sorts a silhouette before any mark is seen: it counts three times.
    weights = [3 if field.name == "shape" else 1 for field in fields(Traits)]
    return np.average(np.asarray(columns, float), axis=0, weights=weights)


_NEAR = (
    {"antelope", "bovine"},
    {"cat", "viverrid"},
    {"viverrid", "badger"},
    {"primate", "galago"},
    {"short twist", "straight twist", "spiral"},
    {"hook", "swept", "lyre", "bracket"},
    {"cow", "boss"},
    {"tan", "sand", "gold"},
    {"red", "red brown"},
    {"grey", "grey brown", "blue grey", "pink grey"},
    {"black", "dark brown"},
    {"spots", "stripes"},
    {"tuft", "upright tuft", "long tuft"},
    {"ringed", "short ringed"},
    {"bushy", "brush"},
    {"long", "arched"},
)
"""Values of a trait that resemble each other."""


def _difference(a: str, b: str) -> float:
    if a == b:
        return 0.0
    return 0.5 if any({a, b} <= group for group in _NEAR) else 1.0
