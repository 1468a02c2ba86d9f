"""Which bursts are taken: species, camera, time, light, size and place in the frame."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

FRAMES = 3
"""Frames of a burst, one second apart; the last burst of a species may be shorter."""

EMPTY = "empty"
_STREAM = 1_000_003  # keeps the plan's random numbers apart from the bursts'


@dataclass(slots=True)
class Burst:
    """One trigger of one camera.

    Attributes:
        number: Position in the plan; seeds what is drawn.
        camera: Name of the camera.
        species: What stands before the camera, or 'empty'.
        label: Folder it is filed under; not the species where it is mislabelled.
        start: Time of the first frame.
        frames: Number of frames.
        night, far, partial: How it is taken.
        herd: Number of individuals.
        companion: A second species in the same frames, filed under its own name too, or empty.
    """

    number: int
    camera: str
    species: str
    label: str
    start: datetime
    frames: int
    night: bool
    far: bool = False
    partial: bool = False
    herd: int = 1
    companion: str = ""

    @property
    def sequence(self) -> str:
        """Id of the burst."""
        return f"{self.camera}-{self.number:05d}"

    def time(self, frame: int) -> datetime:
        """When a frame is taken."""
        return self.start + timedelta(seconds=frame)

    def path(self, frame: int, label: str) -> str:
        """Where a frame is filed, relative to the folder of images."""
        return f"{self.camera}/{label}/{self.camera}_{self.time(frame):%Y%m%d_%H%M%S}.jpg"


@dataclass(slots=True)
class Abundance:
    """Frames of every species; known ones first, by falling number."""

    known: dict[str, int] = field(default_factory=dict)
    unknown: dict[str, int] = field(default_factory=dict)


def abundances(known: list[str], unknown: list[str], mean: int) -> Abundance:
    """A geometric long tail around `mean`, from about 1.8 to 0.47 times.

    Every unknown species is rarer than the rarest known one. With few images the floors (10 known,
    6 unknown) flatten the tail, so that each species can still be split.
    """
    ratio = np.linspace(np.log(1.9), np.log(0.5), len(known)) if len(known) > 1 else np.zeros(1)
    share = np.exp(ratio) / np.exp(ratio).mean()
    counts = {name: max(10, round(mean * part)) for name, part in zip(known, share, strict=True)}
    floor, ceiling = (24 if mean >= 60 else 6), min(counts.values()) - 4
    rare = 0.3 * mean * np.linspace(1.1, 0.9, len(unknown))
    return Abundance(
        counts,
        {
            name: int(min(max(floor, round(part)), ceiling))
            for name, part in zip(unknown, rare, strict=True)
        },
    )


def plan_bursts(
    abundance: Abundance,
    nights: dict[str, float],
    cameras: list[str],
    bound: dict[str, str],
    seed: int,
) -> list[Burst]:
    """Deals every species' bursts out to cameras and times.

    Args:
        abundance: Frames per species.
        nights: Probability of a night burst per species.
        cameras: Names of the cameras.
        bound: Species that are tied to a camera: nine of ten bursts there, and few others come by.
        seed: The plan is a function of it and the other arguments.
    """
    rng = np.random.default_rng([seed, _STREAM, 1])
    counts = abundance.known | abundance.unknown
    counts[EMPTY] = max(6, round(0.05 * sum(counts.values()) / 0.95))
    taken: set[tuple[str, datetime]] = set()
    bursts: list[Burst] = []
    for species, count in counts.items():
        number = -(-count // FRAMES)
        places = _places(species, number, cameras, bound, rng)
        for k, camera in enumerate(places):
            night = bool(rng.random() < nights.get(species, 0.4))
            start = _free_time(camera, night, taken, rng)
            burst = Burst(
                len(bursts), camera, species, species, start, min(FRAMES, count - k * FRAMES), night
            )
            # The first burst is plain, so that even the rarest species is seen well once.
            if species != EMPTY and k:
                _stage(burst, rng)
            bursts.append(burst)
    return bursts


def _places(species: str, number: int, cameras: list[str], bound: dict[str, str], rng) -> list[str]:
    """A camera for each of a species' bursts."""
    home = bound.get(species)
    if home:
        away = round(0.1 * number)
        others = [camera for camera in cameras if camera not in bound.values()] or cameras
        return [home] * (number - away) + list(rng.choice(others, away))
    # A range of its own for each species, so wide that most cameras meet it.
    weights = rng.gamma(2.5, size=len(cameras)) * [
        0.12 if camera in bound.values() else 1.0 for camera in cameras
    ]
    return list(rng.choice(cameras, number, p=weights / weights.sum()))


def _free_time(camera: str, night: bool, taken: set, rng) -> datetime:
    """A minute at which this camera has not yet been triggered."""
    day = datetime(2016, 7, 1) + timedelta(days=int(rng.integers(100)))
    minute = (
        int(rng.integers(18 * 60 + 40, 29 * 60))
        if night
        else int(rng.integers(6 * 60 + 10, 17 * 60 + 40))
    )
    when = day + timedelta(minutes=minute)
    while (camera, when) in taken:
        when += timedelta(minutes=1)
    taken.add((camera, when))
    return when + timedelta(seconds=int(rng.integers(50)))


def _stage(burst: Burst, rng) -> None:
    """Far away, cut off by the frame's edge, or a herd."""
    chance = rng.random()
    burst.far = bool(chance < 0.05)
    burst.partial = bool(0.05 <= chance < 0.13)
    if 0.13 <= chance < 0.21:
        burst.herd = int(rng.integers(2, 4))
