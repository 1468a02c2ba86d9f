"""Builds of the large antelopes, those with the great horns."""

from camtrap_jax.synthetic.figures.hair import fringe, ridge, tail
from camtrap_jax.synthetic.figures.heads import Head
from camtrap_jax.synthetic.figures.markings import (
    bands,
    face,
    patch,
    rump,
    rump_ring,
    rump_streaks,
    underside,
)
from camtrap_jax.synthetic.figures.quadruped import Build

WHITE = "#f6f1e6"
BLACK = "#191614"
_HANGING = ((0, 0), (4, -4), (5, -14), (4, -24))
_SHORT = ((0, 0), (4, -2), (6, -9), (5, -15))

ANTELOPES: dict[str, Build] = {
    "impala": Build(
        length=74, height=76, profile="antelope", neck=(30, 52, 12, 6.5), leg=2.6, thigh=3.6,
        coat=("#b5622b", "#d39a5c"), limbs=("#b8733c", "#cf9c66"), nape="#b5652f",
        head=Head(skull="antelope", length=23, angle=28, colour=("#b4662f", "#e0bd92"),
            ears=(0.62, 0.24, 28),
                  horns="lyre", horn_length=1.75, horn_width=2.3),
        behind=(tail("#e9dcc6", path=_SHORT, radii=(2, 1.6, 1), tip=BLACK, tip_size=5),),
        over=(underside(WHITE, start=0.70), rump_streaks(BLACK, width=4.2)),
        front=(face(WHITE, ((0.34, -0.16), (0.46, -0.12), (0.4, -0.02), (0.28, -0.04))),
            face(BLACK, ((0.0, -0.26), (0.12, -0.25), (0.1, -0.12), (0.0, -0.12)))),
    ),
    "nyala": Build(
        length=78, height=76, profile="antelope", neck=(29, 48, 15, 8), leg=2.8, thigh=3.6,
        coat=("#3d2c24", "#2f231d"), limbs=("#3a2a22", "#b8742f"), nape="#37291f",
            hoof="#a8672a", fur=0.14,
        head=Head(skull="antelope", length=24, angle=32, colour=("#45332a", "#3a2a22"),
            ears=(0.66, 0.34, 26),
                  horns="short twist", horn_length=1.45, horn_width=2.6, horn_colour="#3a2f28"),
        behind=(tail("#352820", path=((0, 0), (5, 0), (9, -10), (8, -22)), radii=(3, 4, 4, 2),
            tip=WHITE, tip_size=8),),
        over=(
            fringe("#2a1e18", length=13, where="belly", part="mane", count=70),
                bands(9, WHITE, width=3.0, span=(0.05, 0.9), down=(-0.05, 0.85)),
            ridge("#b9a78c", length=5, count=60, part="mane", width=1.8),
        ),
        front=(fringe("#2a1e18", length=14, where="throat", part="mane", count=46),
            face(WHITE, ((0.36, -0.22), (0.46, -0.2), (0.5, 0.0), (0.4, 0.0)))),
    ),
    "kudu": Build(
        length=78, height=86, profile="antelope", neck=(33, 52, 14, 7.5), leg=2.9, thigh=3.6,
        coat=("#8c7f74", "#a09286"), limbs=("#8a7b6d", "#a88a66"), nape="#82766c",
        head=Head(skull="antelope", length=25, angle=30, colour=("#7d6f62", "#8f8070"),
            ears=(0.7, 0.42, 24), ear_inside="#cbb9a6",
                  horns="spiral", horn_length=2.15, horn_width=3.0, horn_colour="#4a3d31"),
        behind=(tail("#857868", path=((0, 0), (5, 0), (8, -10), (7, -20)), radii=(2.4, 3, 3, 2),
            tip=WHITE, tip_size=7),),
        over=(bands(6, WHITE, width=1.7, span=(0.14, 0.82), down=(-0.05, 0.72)),
            ridge("#5a4d42", length=7, count=50, span=(0.75, 0.98), part="mane")),
        front=(fringe("#4c4037", length=9, where="throat", part="beard", count=36),
            face(WHITE, ((0.34, -0.24), (0.46, -0.22), (0.48, -0.04), (0.38, -0.04)))),
    ),
    "waterbuck": Build(
        length=82, height=78, profile="antelope", neck=(30, 50, 16, 9), leg=3.1, thigh=3.6,
        coat=("#6c6057", "#857a70"), limbs=("#5e534b", "#33291f"), nape="#74685f", fur=0.14,
        head=Head(skull="antelope", length=25, angle=28, colour=("#5f534a", "#7a6e64"),
            ears=(0.5, 0.42, 30), ear_inside="#efe7da",
                  horns="swept", horn_length=1.65, horn_width=2.8, hornless=0.3),
        behind=(tail("#5d534a", path=_HANGING, radii=(2.2, 1.8, 1.4), tip="#2b231d",
            tip_size=8),),
        over=(rump_ring(WHITE, radius=12.5, width=6.0),
            patch(WHITE, at=(1.03, 0.2), radius=(3.5, 7), part="throat", on=("neck",)),
            ridge("#5a4f47", length=6, count=40, span=(0.8, 0.98), part="mane")),
        front=(face(WHITE, ((0.26, -0.24), (0.42, -0.2), (0.4, -0.12), (0.28, -0.14))),
            face(WHITE, ((0.86, -0.08), (0.92, -0.1), (0.9, 0.16), (0.82, 0.16)))),
    ),
    "sable": Build(
        length=80, height=80, profile="antelope", neck=(30, 50, 17, 9), leg=3.0, thigh=3.6,
        coat=("#1d1816", "#231b18"), limbs=("#201a17", "#4a2d1c"), nape="#1a1513", fur=0.05,
        head=Head(skull="antelope", length=26, angle=34, colour=("#1c1715", "#f1eadd"),
            ears=(0.66, 0.28, 24), ear_colour="#7a4a2a",
                  horns="scimitar", horn_length=2.1, horn_width=3.6, horn_colour="#3b342e"),
        behind=(tail("#1d1816", path=_HANGING, radii=(2, 1.6, 1.2), tip=BLACK, tip_size=9),),
        over=(underside(WHITE, start=0.74), rump(WHITE, radius=6, at=(-0.03, 0.4)),
            ridge("#0f0c0b", length=10, count=60, span=(0.8, 0.98), part="mane", width=2.6)),
        front=(face(WHITE, ((0.28, -0.22), (0.5, -0.15), (0.95, -0.02), (0.98, 0.16),
            (0.6, 0.18), (0.2, 0.24), (0.1, 0.12), (0.5, 0.02))),
               face(BLACK, ((0.36, -0.06), (0.8, 0.04), (0.78, 0.1), (0.34, 0.04)),
                   on=("head", "face_marks"))),
    ),
    "hartebeest": Build(
        length=78, height=82, profile="sloping", neck=(28, 56, 13, 7), leg=2.6, thigh=3.6,
        coat=("#b5773a", "#d6a25f"), limbs=("#b57a3e", "#cf9c5c"), nape="#b87a3d",
        head=Head(skull="long", length=35, angle=56, depth=1.0, colour=("#93521f", "#b57a45"),
            ears=(0.42, 0.18, 18),
                  horns="bracket", horn_length=0.85, horn_width=3.8),
        behind=(tail("#a8692f", path=_HANGING, radii=(1.8, 1.5, 1.2), tip=BLACK, tip_size=9),),
        over=(rump("#f4e3bd", radius=13, at=(0.03, 0.35), tall=1.25),
            patch("#5a3a1e", at=(0.9, 1.5), radius=(4, 10), part=None, on=("legs",))),
        front=(face("#4a2a14", ((0.3, -0.16), (0.6, -0.12), (0.9, -0.1), (0.9, -0.02),
            (0.6, -0.04), (0.3, -0.08))),),
    ),
    "eland": Build(
        length=86, height=82, profile="massive", neck=(28, 44, 17, 9), leg=3.3, thigh=3.4,
        coat=("#c19a63", "#d2b27c"), limbs=("#bf9862", "#a98757"), nape="#b8925e",
        head=Head(skull="antelope", length=26, angle=30, colour=("#a9824e", "#c4a06c"),
            ears=(0.5, 0.26, 22),
                  horns="straight twist", horn_length=1.35, horn_width=3.4,
                      horn_colour="#4b4034"),
        behind=(tail("#b8925e", path=((0, 0), (5, -3), (6, -18), (5, -36)), radii=(2, 1.7, 1.4),
            tip=BLACK, tip_size=9),),
        over=(bands(6, "#f3e6c8", width=1.3, span=(0.2, 0.8), down=(-0.05, 0.65), strength=0.8),
            ),
        front=(fringe("#a9814d", length=21, where="throat", part="dewlap", count=90, width=5),
            face("#6b4a28", ((0.1, -0.24), (0.4, -0.22), (0.4, -0.12), (0.12, -0.14)))),
    ),
}  # fmt: skip
