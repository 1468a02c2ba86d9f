"""Builds of the carnivores."""

from camtrap_jax.synthetic.figures.hair import halo, ridge, tail
from camtrap_jax.synthetic.figures.heads import Head
from camtrap_jax.synthetic.figures.markings import face, neck_spots, rosettes, saddle
from camtrap_jax.synthetic.figures.quadruped import Build

WHITE = "#f6f1e6"
BLACK = "#191614"

CARNIVORES: dict[str, Build] = {
    "genet": Build(
        length=84, height=38, profile="low", neck=(14, 26, 8.5, 6.5), leg=2.0, thigh=3.6,
            foot="paw", shift=16, hoof="#6f6351",
        coat=("#c7b48c", "#ddd0ae"), limbs=("#bca980", "#8b7b5d"), nape="#c7b48c",
        head=Head(skull="pointed", length=22, angle=14, colour=("#bfad86", "#e6dcc2"),
            ears=(0.5, 0.4, 64), ear_inside="#d8b9a4", muzzle_size=0.07),
        behind=(tail("#e0d3b0", path=((0, 0), (18, -4), (36, 2), (52, 14), (64, 30)),
            radii=(4.5, 5.2, 5.2, 4.6, 3), rings=8, ring_colour=BLACK, at=(0.0, 0.3)),),
        over=(rosettes(4, 11, BLACK, size=2.3, span=(-0.02, 1.0), down=(0.08, 0.82)),
            neck_spots(BLACK, size=1.9), ridge(BLACK, length=3.5, count=70)),
        front=(face(BLACK, ((0.62, -0.02), (0.78, 0.0), (0.78, 0.14), (0.6, 0.14)),
            part="face_mask"), face(WHITE, ((0.42, 0.02), (0.56, 0.0), (0.54, 0.1),
            (0.42, 0.1)))),
    ),
    "civet": Build(
        length=82, height=52, profile="low", neck=(15, 24, 12, 8.5), leg=2.9, thigh=3.4,
            foot="paw", shift=8, hoof="#141110",
        coat=("#9b968b", "#b9b4a7"), limbs=("#2a2623", "#171413"), nape="#9d988d", fur=0.12,
        head=Head(skull="pointed", length=27, angle=16, depth=1.1,
            colour=("#a8a398", "#e8e3d6"), ears=(0.32, 0.34, 58), ear_colour="#2b2724",
            muzzle_size=0.07),
        behind=(tail("#2a2623", path=((0, 0), (14, -5), (28, -14), (40, -26)),
            radii=(5, 7, 6.5, 3.5), rings=4, ring_colour="#8f897c", at=(0.0, 0.3)),),
        over=(rosettes(4, 8, BLACK, size=3.4, span=(0.0, 0.96), down=(0.16, 0.9),
            on=("body", "neck")), ridge(BLACK, length=11, count=90, width=2.6)),
        front=(face(BLACK, ((0.24, -0.2), (0.5, -0.16), (0.6, 0.0), (0.56, 0.2), (0.4, 0.26),
            (0.26, 0.12)), part="face_mask"),
               face(WHITE, ((0.56, -0.08), (0.9, -0.04), (0.92, 0.1), (0.62, 0.14))),
                   face(BLACK, ((-0.1, 0.05), (0.05, 0.2), (0.0, 0.34), (-0.2, 0.2)),
                   on=("head", "neck"))),
    ),
    "serval": Build(
        length=70, height=68, profile="cat", neck=(19, 42, 10.5, 7), leg=2.5, thigh=3.6,
            foot="paw", shift=4, hoof="#c9a468",
        coat=("#d6a24e", "#efdcb0"), limbs=("#d8a755", "#dcb674"), nape="#d6a24e",
        head=Head(skull="cat", length=20, angle=14, colour=("#d3a254", "#f3e6c6"),
            ears=(1.05, 0.62, 66), ear_colour="#2a2019", ear_inside="#f4e9d4",
            muzzle_size=0.07),
        behind=(tail("#d6a24e", path=((0, 0), (9, -6), (15, -18), (18, -30)),
            radii=(2.6, 2.8, 2.6, 2), rings=4, ring_colour=BLACK),),
        over=(rosettes(5, 8, BLACK, size=2.7, span=(0.0, 1.0), down=(0.06, 0.95)),
            neck_spots(BLACK, size=2.2, count=8)),
        front=(face(BLACK, ((0.3, -0.36), (0.36, -0.38), (0.48, -0.22), (0.44, -0.2))),),
    ),
    "lion": Build(
        length=84, height=68, profile="cat", neck=(18, 30, 17, 14), leg=4.5, thigh=3.2,
            foot="paw", shift=2, hoof="#b78f55",
        coat=("#c79a58", "#dcbb82"), limbs=("#c69a5a", "#c49c62"), nape="#b98b4c",
        head=Head(skull="cat", length=29, angle=12, colour=("#c2935a", "#e0c190"),
            ears=(0.34, 0.4, 66), ear_colour="#8a5f30", muzzle_size=0.09, eye=1.5),
        behind=(tail("#c09252", path=((0, 0), (9, -5), (16, -20), (26, -34), (38, -36)),
            radii=(2.4, 2, 1.8), tip="#2b1c12", tip_size=11),),
        over=(halo(("#3a2314", "#55331a", "#7a4a22"), radius=35),),
        front=(face("#f3e8d2", ((0.72, 0.1), (0.9, 0.12), (0.84, 0.3), (0.6, 0.3))),),
    ),
    "honey badger": Build(
        length=86, height=38, profile="low", neck=(12, 10, 12, 10), leg=3.4, thigh=2.6,
            foot="paw", shift=4, hoof="#0f0d0c",
        coat=("#1b1817", "#141211"), limbs=("#1b1817", "#121010"), nape="#1b1817", fur=0.12,
        head=Head(skull="pointed", length=26, angle=16, depth=1.15,
            colour=("#1e1a19", "#141211"), ears=(0.14, 0.3, 40), muzzle_size=0.07),
        behind=(tail("#1b1817", path=((0, 0), (8, 0), (17, 6), (24, 12)),
            radii=(3.5, 4, 3.6, 2.5), at=(0.0, 0.2)),),
        over=(saddle("#e9e4d6", down=0.44),),
        front=(face("#e9e4d6", ((-0.25, -0.4), (0.05, -0.45), (0.42, -0.36), (0.5, -0.2),
            (0.2, -0.1), (-0.1, -0.02)), part="mantle", on=("head", "ears", "neck")),),
    ),
}  # fmt: skip
