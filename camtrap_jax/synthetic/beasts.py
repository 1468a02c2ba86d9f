"""Builds of the carnivores, the monkeys, the elephant, the porcupine, the aardvark and the pangolin."""

from camtrap_jax.synthetic.armour import quills, scales
from camtrap_jax.synthetic.coats import (
    bands,
    face,
    halo,
    neck_spots,
    patch,
    ridge,
    rosettes,
    saddle,
    tail,
    tusks,
    underside,
)
from camtrap_jax.synthetic.heads import Head
from camtrap_jax.synthetic.proboscis import elephant_ear, trunk
from camtrap_jax.synthetic.quadruped import Build

WHITE, BLACK = "#f6f1e6", "#191614"

_MONKEY_TAIL = ((0, 0), (14, 8), (26, 26), (34, 48), (44, 62), (56, 66))

BEASTS: dict[str, Build] = {
    "genet": Build(
        length=84, height=38, profile="low", neck=(14, 26, 8.5, 6.5), leg=2.0, thigh=3.6, foot="paw", shift=16, hoof="#6f6351",
        coat=("#c7b48c", "#ddd0ae"), limbs=("#bca980", "#8b7b5d"), nape="#c7b48c",
        head=Head(skull="pointed", length=22, angle=14, colour=("#bfad86", "#e6dcc2"), ears=(0.5, 0.4, 64), ear_inside="#d8b9a4", muzzle_size=0.07),
        behind=(tail("#e0d3b0", path=((0, 0), (18, -4), (36, 2), (52, 14), (64, 30)), radii=(4.5, 5.2, 5.2, 4.6, 3), rings=8, ring_colour=BLACK, at=(0.0, 0.3)),),
        over=(rosettes(4, 11, BLACK, size=2.3, span=(-0.02, 1.0), down=(0.08, 0.82)), neck_spots(BLACK, size=1.9), ridge(BLACK, length=3.5, count=70)),
        front=(face(BLACK, ((0.62, -0.02), (0.78, 0.0), (0.78, 0.14), (0.6, 0.14)), part="face_mask"), face(WHITE, ((0.42, 0.02), (0.56, 0.0), (0.54, 0.1), (0.42, 0.1)))),
    ),
    "civet": Build(
        length=82, height=52, profile="low", neck=(15, 24, 12, 8.5), leg=2.9, thigh=3.4, foot="paw", shift=8, hoof="#141110",
        coat=("#9b968b", "#b9b4a7"), limbs=("#2a2623", "#171413"), nape="#9d988d", fur=0.12,
        head=Head(skull="pointed", length=27, angle=16, depth=1.1, colour=("#a8a398", "#e8e3d6"), ears=(0.32, 0.34, 58), ear_colour="#2b2724", muzzle_size=0.07),
        behind=(tail("#2a2623", path=((0, 0), (14, -5), (28, -14), (40, -26)), radii=(5, 7, 6.5, 3.5), rings=4, ring_colour="#8f897c", at=(0.0, 0.3)),),
        over=(rosettes(4, 8, BLACK, size=3.4, span=(0.0, 0.96), down=(0.16, 0.9), on=("body", "neck")), ridge(BLACK, length=11, count=90, width=2.6)),
        front=(face(BLACK, ((0.24, -0.2), (0.5, -0.16), (0.6, 0.0), (0.56, 0.2), (0.4, 0.26), (0.26, 0.12)), part="face_mask"),
               face(WHITE, ((0.56, -0.08), (0.9, -0.04), (0.92, 0.1), (0.62, 0.14))), face(BLACK, ((-0.1, 0.05), (0.05, 0.2), (0.0, 0.34), (-0.2, 0.2)), on=("head", "neck"))),
    ),
    "serval": Build(
        length=70, height=68, profile="cat", neck=(19, 42, 10.5, 7), leg=2.5, thigh=3.6, foot="paw", shift=4, hoof="#c9a468",
        coat=("#d6a24e", "#efdcb0"), limbs=("#d8a755", "#dcb674"), nape="#d6a24e",
        head=Head(skull="cat", length=20, angle=14, colour=("#d3a254", "#f3e6c6"), ears=(1.05, 0.62, 66), ear_colour="#2a2019", ear_inside="#f4e9d4", muzzle_size=0.07),
        behind=(tail("#d6a24e", path=((0, 0), (9, -6), (15, -18), (18, -30)), radii=(2.6, 2.8, 2.6, 2), rings=4, ring_colour=BLACK),),
        over=(rosettes(5, 8, BLACK, size=2.7, span=(0.0, 1.0), down=(0.06, 0.95)), neck_spots(BLACK, size=2.2, count=8)),
        front=(face(BLACK, ((0.3, -0.36), (0.36, -0.38), (0.48, -0.22), (0.44, -0.2))),),
    ),
    "lion": Build(
        length=84, height=68, profile="cat", neck=(18, 30, 17, 14), leg=3.9, thigh=3.2, foot="paw", shift=2, hoof="#b78f55",
        coat=("#c79a58", "#dcbb82"), limbs=("#c69a5a", "#c49c62"), nape="#b98b4c",
        head=Head(skull="cat", length=29, angle=12, colour=("#c2935a", "#e0c190"), ears=(0.34, 0.4, 66), ear_colour="#8a5f30", muzzle_size=0.09, eye=1.5),
        behind=(tail("#c09252", path=((0, 0), (9, -5), (16, -20), (26, -34), (38, -36)), radii=(2.4, 2, 1.8), tip="#2b1c12", tip_size=11),),
        over=(halo(("#3a2314", "#55331a", "#7a4a22"), radius=35),),
        front=(face("#f3e8d2", ((0.72, 0.1), (0.9, 0.12), (0.84, 0.3), (0.6, 0.3))),),
    ),
    "honey badger": Build(
        length=86, height=38, profile="low", neck=(12, 10, 12, 10), leg=3.4, thigh=2.6, foot="paw", shift=4, hoof="#0f0d0c",
        coat=("#1b1817", "#141211"), limbs=("#1b1817", "#121010"), nape="#1b1817", fur=0.12,
        head=Head(skull="pointed", length=26, angle=16, depth=1.15, colour=("#1e1a19", "#141211"), ears=(0.14, 0.3, 40), muzzle_size=0.07),
        behind=(tail("#1b1817", path=((0, 0), (8, 0), (17, 6), (24, 12)), radii=(3.5, 4, 3.6, 2.5), at=(0.0, 0.2)),),
        over=(saddle("#e9e4d6", down=0.44),),
        front=(face("#e9e4d6", ((-0.25, -0.4), (0.05, -0.45), (0.42, -0.36), (0.5, -0.2), (0.2, -0.1), (-0.1, -0.02)), part="mantle", on=("head", "ears", "neck")),),
    ),
    "baboon": Build(
        length=72, height=66, profile="sloping", neck=(15, 30, 15, 11), leg=3.7, thigh=2.9, foot="hand", shift=8, hoof="#2e2721",
        coat=("#716846", "#8b8160"), limbs=("#6f6646", "#4f4836"), nape="#756b4a", fur=0.14,
        head=Head(skull="dog", length=31, angle=24, colour=("#6d6444", "#4a4031"), muzzle="#211b18", muzzle_size=0.0, ears=(0.2, 0.3, 10), ear_colour="#2c2521", eye=1.4),
        behind=(tail("#655c3f", path=((0, 0), (8, 12), (17, 20), (26, 12), (31, -10), (33, -32)), radii=(3.6, 3.2, 2.8, 2.4, 2), at=(0.0, 0.12)),),
        over=(ridge("#807654", length=9, count=60, span=(0.6, 0.98), part="mane"), patch("#3a3029", at=(-0.03, 0.34), radius=(4, 6), part=None, on=("body", "legs"))),
        front=(face("#1f1a17", ((0.40, -0.2), (0.62, -0.2), (1.1, -0.16), (1.12, 0.2), (0.56, 0.26), (0.42, 0.1)), part="muzzle"),),
    ),
    "vervet": Build(
        length=64, height=60, profile="monkey", neck=(11, 44, 9, 7), leg=2.7, thigh=3.0, foot="hand", shift=16, hoof="#171413",
        coat=("#9c9a78", "#c9c8b8"), limbs=("#a8a795", "#4b4741"), nape="#9c9a78", fur=0.1,
        head=Head(skull="monkey", length=23, angle=8, colour="#a3a17f", ears=(0.0, 0.0, 0), muzzle_size=0.0, eye=1.3, eye_colour="#c07a2c"),
        behind=(tail("#a4a28a", path=_MONKEY_TAIL, radii=(2.6, 2.4, 2.2, 2.0, 1.8), tip="#1c1917", tip_size=5),),
        over=(underside("#f4f2ea", start=0.62),),
        front=(face("#f6f4ec", ((0.1, -0.42), (0.66, -0.46), (0.8, -0.1), (0.82, 0.4), (0.4, 0.56), (0.08, 0.3)), part="face_marks"),
               face("#161211", ((0.34, -0.24), (0.68, -0.26), (0.86, 0.02), (0.86, 0.3), (0.6, 0.44), (0.36, 0.24)), part="face_mask", on=("head", "face_marks"))),
    ),
    "samango monkey": Build(
        length=64, height=60, profile="monkey", neck=(11, 40, 10, 8), leg=2.9, thigh=3.0, foot="hand", shift=16, hoof="#121010",
        coat=("#565a58", "#6c6f6a"), limbs=("#2b2a29", "#151312"), nape="#3b3d3d", fur=0.12,
        head=Head(skull="monkey", length=24, angle=10, colour="#5c5f58", ears=(0.0, 0.0, 0), muzzle_size=0.0, eye=1.3, eye_colour="#b5702a"),
        behind=(tail("#262423", path=_MONKEY_TAIL, radii=(3, 2.8, 2.6, 2.6, 2.4)),),
        over=(saddle("#6e5f4a", down=0.35, span=(-0.06, 0.7), neck=False),),
        front=(face("#2c2a29", ((0.36, -0.26), (0.68, -0.26), (0.86, 0.02), (0.86, 0.3), (0.6, 0.44), (0.36, 0.24)), part="face_mask"),),
    ),
    "elephant": Build(
        length=88, height=88, profile="elephant", neck=(12, 22, 22, 20), leg=8.2, thigh=1.9, foot="column", hoof="#b9aea0", shift=-10,
        coat=("#807a76", "#8f8883"), limbs=("#7d7773", "#6c6662"), nape="#807a76", fur=0.05,
        head=Head(skull="elephant", length=38, angle=10, colour=("#827c78", "#8a837e"), ears=(0, 0, 0), muzzle_size=0.0, eye=1.4),
        behind=(tail("#746e6a", path=((0, 0), (4, -6), (5, -22), (4, -36)), radii=(2.2, 1.6, 1.2), tip=BLACK, tip_size=7),),
        front=(trunk("#847e79"), tusks("#fbf5e2", path=((0.50, 0.40), (0.72, 0.62), (0.98, 0.66), (1.2, 0.52)), radius=3.0), elephant_ear("#746e6b")),
    ),
    "porcupine": Build(
        length=72, height=44, profile="arched", neck=(10, 6, 13, 10), leg=2.9, thigh=2.6, foot="paw", shift=14, hoof="#1a1614",
        coat=("#2a2421", "#1d1917"), limbs=("#241f1c", "#171412"), nape="#2a2421", fur=0.1,
        head=Head(skull="pig", length=25, angle=16, depth=1.1, colour=("#2e2825", "#3b332f"), ears=(0.2, 0.3, 40), muzzle="#584c45", muzzle_size=0.12, eye=1.4),
        over=(),
        front=(ridge("#ded4bf", length=17, count=36, span=(0.9, 0.98), part="crest", lean=150), quills(rows=7, count=26)),
    ),
    "aardvark": Build(
        length=82, height=54, profile="arched", neck=(15, 8, 13, 8), leg=4.2, thigh=3.0, foot="paw", shift=10, hoof="#4a3b32",
        coat=("#a98f7a", "#c2a992"), limbs=("#8b705d", "#57453a"), nape="#ab927e", fur=0.05,
        head=Head(skull="tube", length=42, angle=30, depth=1.0, colour=("#b59b88", "#cbb4a2"), ears=(0.62, 0.22, 64), ear_colour="#b59b88", ear_inside="#e3c3b3", muzzle="#cf9f90", muzzle_size=0.3),
        behind=(tail("#a98f7a", path=((0, 0), (14, -8), (30, -20), (46, -32)), radii=(9, 7.5, 5, 2.2), at=(0.0, 0.4)),),
    ),
    "pangolin": Build(
        length=76, height=38, profile="arched", neck=(12, -2, 11, 7), leg=3.0, thigh=2.6, foot="paw", shift=16, hoof="#3a2c20",
        coat=("#7a5a36", "#6a4c2c"), limbs=("#6a4f33", "#4a3826"), nape="#7a5a36",
        head=Head(skull="tube", length=24, angle=26, depth=1.1, colour=("#8a6a44", "#a98c68"), ears=(0.1, 0.2, 20), muzzle_size=0.05),
        behind=(tail("#7a5a36", path=((0, 0), (18, -12), (38, -22), (56, -22)), radii=(12, 10, 7, 2.5), at=(0.0, 0.5)),),
        front=(scales("#8d6a3f", rows=7),),
    ),
}  # fmt: skip
