"""The kinds of place where cameras stand."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Habitat:
    """Colours and plants of a place.

    Attributes:
        sky, ground, grass: Colours; top and bottom, far and near, two tones.
        hills: Colour of the hills on the horizon; empty for none.
        treeline: Colour of the woods on the horizon, their height as a fraction of the view.
        leaves: Colour of the foliage.
        elements: (kind, number, height as a fraction of the view, depth 0 horizon..1 front).
        water: Whether a pool lies in the middle distance.
        horizon: Its height from the top, as a fraction of the view.
    """

    sky: tuple[str, str]
    ground: tuple[str, str]
    grass: tuple[str, str]
    leaves: str
    elements: tuple[tuple[str, int, float, float], ...]
    hills: str = ""
    treeline: tuple[str, float] = ("#55633f", 0.08)
    water: bool = False
    horizon: float = 0.40


HABITATS: dict[str, Habitat] = {
    "savanna": Habitat(
        sky=("#8fb4d6", "#dbe5e6"),
        ground=("#b9b183", "#9c9a62"),
        grass=("#a8a45e", "#c9bd7c"),
        leaves="#5f7037",
        hills="#93a6a8",
        elements=(("acacia", 3, 0.34, 0.06), ("bush", 4, 0.10, 0.12)),
    ),
    "woodland": Habitat(
        sky=("#b7c9c9", "#dfe6d8"),
        ground=("#a3a476", "#969363"),
        grass=("#6f7f42", "#8f9352"),
        leaves="#4a6331",
        treeline=("#4a5a38", 0.20),
        horizon=0.42,
        elements=(
            ("broadleaf", 5, 0.55, 0.05),
            ("broadleaf", 2, 0.85, 0.25),
            ("bush", 5, 0.14, 0.15),
        ),
    ),
    "waterhole": Habitat(
        sky=("#9cc0dc", "#e6ece6"),
        ground=("#b3a681", "#a3906a"),
        grass=("#8d9a58", "#a9a468"),
        leaves="#5a6e3a",
        water=True,
        horizon=0.36,
        elements=(("acacia", 2, 0.30, 0.03), ("dead tree", 1, 0.36, 0.10), ("bush", 4, 0.10, 0.05)),
    ),
    "palm thicket": Habitat(
        sky=("#a9c7d4", "#e3eadf"),
        ground=("#9aa065", "#868a52"),
        grass=("#7e8f48", "#a3a65e"),
        leaves="#5f7d3c",
        treeline=("#5a6d42", 0.12),
        elements=(("palm", 4, 0.50, 0.06), ("palm", 2, 0.72, 0.18), ("bush", 6, 0.14, 0.10)),
    ),
    "rocks": Habitat(
        sky=("#94b6d4", "#e2e4da"),
        ground=("#b0a588", "#a2977a"),
        grass=("#9a955f", "#b8ac78"),
        leaves="#66703f",
        hills="#9c9a8c",
        horizon=0.38,
        elements=(
            ("rock", 6, 0.14, 0.08),
            ("rock", 2, 0.22, 0.18),
            ("acacia", 1, 0.34, 0.05),
            ("bush", 2, 0.10, 0.2),
        ),
    ),
    "floodplain": Habitat(
        sky=("#86b0d8", "#e4ecec"),
        ground=("#a3ad6c", "#86964f"),
        grass=("#8aa04e", "#a9b568"),
        leaves="#62783f",
        hills="#8ba0ad",
        treeline=("#6c7c58", 0.04),
        horizon=0.33,
        elements=(("palm", 2, 0.22, 0.02), ("bush", 3, 0.06, 0.04)),
    ),
    "fever trees": Habitat(
        sky=("#b2c8c4", "#e8e9d4"),
        ground=("#a7a06c", "#96905a"),
        grass=("#94984f", "#b4ad66"),
        leaves="#8a9440",
        treeline=("#77804a", 0.16),
        horizon=0.40,
        elements=(("acacia", 5, 0.52, 0.06), ("bush", 3, 0.11, 0.18)),
    ),
    "dry bed": Habitat(
        sky=("#a7bfd0", "#e9e2cf"),
        ground=("#c4b391", "#bba67e"),
        grass=("#a39a66", "#bdb07c"),
        leaves="#6b7340",
        treeline=("#6d6f48", 0.12),
        horizon=0.38,
        elements=(("dead tree", 2, 0.42, 0.07), ("rock", 3, 0.10, 0.15), ("bush", 5, 0.13, 0.06)),
    ),
}
