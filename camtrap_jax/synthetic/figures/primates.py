"""Builds of the monkeys."""

from camtrap_jax.synthetic.figures.hair import ridge, tail
from camtrap_jax.synthetic.figures.heads import Head
from camtrap_jax.synthetic.figures.markings import face, patch, saddle, underside
from camtrap_jax.synthetic.figures.quadruped import Build

_MONKEY_TAIL = ((0, 0), (14, 8), (26, 26), (34, 48), (44, 62), (56, 66))

PRIMATES: dict[str, Build] = {
    "baboon": Build(
        length=72, height=66, profile="sloping", neck=(15, 30, 15, 11), leg=3.7, thigh=2.9,
            foot="hand", shift=8, hoof="#2e2721",
        coat=("#716846", "#8b8160"), limbs=("#6f6646", "#4f4836"), nape="#756b4a", fur=0.14,
        head=Head(skull="dog", length=31, angle=24, colour=("#6d6444", "#4a4031"),
            muzzle="#211b18", muzzle_size=0.0, ears=(0.2, 0.3, 10), ear_colour="#2c2521",
            eye=1.4),
        behind=(tail("#655c3f", path=((0, 0), (8, 12), (17, 20), (26, 12), (31, -10),
            (33, -32)), radii=(3.6, 3.2, 2.8, 2.4, 2), at=(0.0, 0.12)),),
        over=(ridge("#807654", length=9, count=60, span=(0.6, 0.98), part="mane"),
            patch("#3a3029", at=(-0.03, 0.34), radius=(4, 6), part=None, on=("body", "legs"))),
        front=(face("#1f1a17", ((0.40, -0.2), (0.62, -0.2), (1.1, -0.16), (1.12, 0.2),
            (0.56, 0.26), (0.42, 0.1)), part="muzzle"),),
    ),
    "vervet": Build(
        length=64, height=60, profile="monkey", neck=(11, 44, 9, 7), leg=2.7, thigh=3.0,
            foot="hand", shift=16, hoof="#171413",
        coat=("#9c9a78", "#c9c8b8"), limbs=("#a8a795", "#4b4741"), nape="#9c9a78", fur=0.1,
        head=Head(skull="monkey", length=23, angle=8, colour="#a3a17f", ears=(0.0, 0.0, 0),
            muzzle_size=0.0, eye=1.9, eye_colour="#c9812e"),
        behind=(tail("#a4a28a", path=_MONKEY_TAIL, radii=(2.6, 2.4, 2.2, 2.0, 1.8),
            tip="#1c1917", tip_size=5),),
        over=(underside("#f4f2ea", start=0.62),),
        front=(face("#f6f4ec", ((0.1, -0.42), (0.66, -0.46), (0.8, -0.1), (0.82, 0.4),
            (0.4, 0.56), (0.08, 0.3)), part="face_marks"),
               face("#161211", ((0.34, -0.24), (0.68, -0.26), (0.86, 0.02), (0.86, 0.3),
                   (0.6, 0.44), (0.36, 0.24)), part="face_mask", on=("head", "face_marks"))),
    ),
    "samango monkey": Build(
        length=64, height=60, profile="monkey", neck=(11, 40, 10, 8), leg=2.9, thigh=3.0,
            foot="hand", shift=16, hoof="#121010",
        coat=("#565a58", "#6c6f6a"), limbs=("#2b2a29", "#151312"), nape="#3b3d3d", fur=0.12,
        head=Head(skull="monkey", length=24, angle=10, colour="#5c5f58", ears=(0.0, 0.0, 0),
            muzzle_size=0.0, eye=1.9, eye_colour="#c9812e"),
        behind=(tail("#262423", path=_MONKEY_TAIL, radii=(3, 2.8, 2.6, 2.6, 2.4)),),
        over=(saddle("#6e5f4a", down=0.35, span=(-0.06, 0.7), neck=False),),
        front=(face("#2c2a29", ((0.36, -0.26), (0.68, -0.26), (0.86, 0.02), (0.86, 0.3),
            (0.6, 0.44), (0.36, 0.24)), part="face_mask"),),
    ),
}  # fmt: skip
