"""Builds of the small antelopes, which resemble each other."""

from camtrap_jax.synthetic.figures.hair import ridge, tail, topknot
from camtrap_jax.synthetic.figures.heads import Head
from camtrap_jax.synthetic.figures.markings import bands, face, patch, rosettes, rump, underside
from camtrap_jax.synthetic.figures.quadruped import Build

WHITE = "#f6f1e6"
BLACK = "#191614"
_SHORT = ((0, 0), (4, -2), (6, -9), (5, -15))

SMALL_ANTELOPES: dict[str, Build] = {
    "oribi": Build(
        length=62, height=66, profile="antelope", neck=(27, 58, 9.5, 5), leg=2.0, thigh=3.6,
        coat=("#d99a4e", "#e6b878"), limbs=("#d69a55", "#dcae74"), nape="#d99a50",
        head=Head(skull="antelope", length=19, angle=26, colour=("#c98a45", "#f1dcb8"),
            ears=(0.85, 0.4, 36), ear_inside="#f4ead8",
                  horns="spike", horn_length=0.75, horn_width=1.6),
        behind=(tail("#d99a4e", path=_SHORT, radii=(2, 1.8, 1.4), tip=BLACK, tip_size=9),),
        over=(underside(WHITE, start=0.62), rump(WHITE, radius=10, at=(-0.02, 0.45))),
        front=(face(BLACK, ((-0.02, -0.12), (0.14, -0.1), (0.15, 0.08), (0.02, 0.1),
            (-0.06, 0.0))), face(WHITE, ((0.2, -0.24), (0.46, -0.18), (0.42, -0.08),
            (0.24, -0.14)))),
    ),
    "reedbuck": Build(
        length=74, height=74, profile="antelope", neck=(30, 56, 12, 6.5), leg=2.6, thigh=3.5,
        coat=("#a3906a", "#c4b48e"), limbs=("#a08d68", "#8b7a5c"), nape="#a8966e", fur=0.09,
        head=Head(skull="antelope", length=22, angle=28, colour=("#97845f", "#cdbf9f"),
            ears=(0.7, 0.32, 30), ear_inside="#e9dfca",
                  horns="hook", horn_length=1.35, horn_width=3.2),
        behind=(tail("#a3906a", path=((0, 0), (6, 2), (11, -6), (11, -16)),
            radii=(3, 4.5, 4.5, 3), tip=WHITE, tip_size=15),),
        over=(rump(WHITE, radius=5, at=(-0.04, 0.4)),
            patch(BLACK, at=(0.88, 1.6), radius=(1.8, 9), part=None, on=("legs",))),
        front=(face(WHITE, ((0.0, 0.28), (0.4, 0.18), (0.35, 0.12), (0.05, 0.16)),
            part="throat"),),
    ),
    "bushbuck": Build(
        length=74, height=66, profile="hunched", neck=(24, 44, 13, 7), leg=2.6, thigh=3.7,
        coat=("#8a3f1c", "#a5552a"), limbs=("#7a3a1e", "#3a241a"), nape="#7d4526", fur=0.09,
        head=Head(skull="antelope", length=22, angle=30, colour=("#9a5228", "#b87a4a"),
            ears=(0.66, 0.4, 34), ear_inside="#e8d6be",
                  horns="short twist", horn_length=0.95, horn_width=2.4, hornless=0.25),
        behind=(tail("#7a3a1e", path=((0, 0), (5, 1), (8, -7), (7, -16)),
            radii=(3, 3.6, 3.4, 2), tip=WHITE, tip_size=9),),
        over=(
            rosettes(4, 5, WHITE, size=1.9, span=(0.02, 0.34), down=(0.22, 0.82)),
                rosettes(2, 4, WHITE, size=1.6, span=(0.5, 0.95), down=(0.5, 0.8)),
            bands(3, WHITE, width=1.9, span=(0.4, 0.64), down=(-0.05, 0.5), strength=0.85),
            patch(WHITE, at=(0.99, 0.62), radius=(4, 5), part="throat", on=("neck", "body")),
                ridge("#3a2015", length=5, count=50),
        ),
        front=(face(WHITE, ((0.36, -0.1), (0.46, -0.08), (0.42, 0.06), (0.34, 0.04))),),
    ),
    "red duiker": Build(
        length=66, height=55, profile="hunched", neck=(19, 38, 10, 5.5), leg=2.0, thigh=3.8,
        coat=("#8f2f16", "#c05a2c"), limbs=("#8a3018", "#4a2015"), nape="#9c3c20", fur=0.05,
        head=Head(skull="antelope", length=21, angle=26, colour=("#96401f", "#d39a6c"),
            ears=(0.46, 0.34, 20),
                  horns="spike", horn_length=0.42, horn_width=1.6, hornless=0.3),
        behind=(tail("#8f2f16", path=_SHORT, radii=(1.6, 1.4, 1), tip="#4f1d10", tip_size=5),),
        front=(face("#4a1a0d", ((0.1, -0.24), (0.5, -0.17), (0.85, -0.1), (0.5, -0.06),
            (0.15, -0.08))), topknot("#3c130a", length=9)),
    ),
}  # fmt: skip
