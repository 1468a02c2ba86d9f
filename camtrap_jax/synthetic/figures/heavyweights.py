"""Builds of the cattle, the pigs and the elephant."""

from camtrap_jax.synthetic.figures.hair import fringe, ridge, tail
from camtrap_jax.synthetic.figures.heads import Head
from camtrap_jax.synthetic.figures.markings import bands, face, patch
from camtrap_jax.synthetic.figures.proboscis import elephant_ear, trunk, tusks
from camtrap_jax.synthetic.figures.quadruped import Build

BLACK = "#191614"
_HANGING = ((0, 0), (4, -4), (5, -14), (4, -24))

HEAVYWEIGHTS: dict[str, Build] = {
    "wildebeest": Build(
        length=80, height=78, profile="massive", neck=(24, 34, 18, 11), leg=2.7, thigh=3.5,
        coat=("#5d6066", "#6b6c6f"), limbs=("#55565a", "#6d6255"), nape="#565a61", fur=0.08,
        head=Head(skull="bovine", length=33, angle=58, depth=0.86,
            colour=("#2a2725", "#2f2b29"), ears=(0.4, 0.2, 10),
                  horns="cow", horn_length=0.72, horn_width=3.6, horn_colour="#38332e"),
        behind=(tail("#26221f", path=((0, 0), (6, -2), (8, -18), (7, -40)),
            radii=(2, 2.6, 3, 2), tip=BLACK, tip_size=16),),
        over=(bands(8, "#26262a", width=3.0, span=(0.5, 1.0), down=(-0.05, 0.8), strength=0.9),
            ridge(BLACK, length=16, count=70, span=(0.72, 0.98), part="mane", width=3,
            lean=165)),
        front=(fringe("#e2d5b5", length=22, where="throat", part="beard", count=70, width=2.6),
            ),
    ),
    "buffalo": Build(
        length=88, height=78, profile="massive", neck=(22, 22, 20, 13), leg=4.2, thigh=3.0,
        coat=("#26221f", "#33302d"), limbs=("#282421", "#1c1917"), nape="#24201e", fur=0.05,
        head=Head(skull="bovine", length=31, angle=46, depth=1.0, colour=("#2b2724", "#37322e"),
            ears=(0.62, 0.3, -14), ear_inside="#4f423a", muzzle="#0f0d0c",
                  horns="boss", horn_length=1.0, horn_width=6.0, horn_colour="#7d7266"),
        behind=(tail("#26221f", path=_HANGING, radii=(2, 1.6, 1.2), tip=BLACK, tip_size=9),),
        front=(),
    ),
    "warthog": Build(
        length=82, height=58, profile="pig", neck=(13, 12, 17, 12), leg=2.8, thigh=3.4,
        coat=("#7d7069", "#94877d"), limbs=("#756a62", "#5c5049"), nape="#7b6f67", fur=0.05,
        head=Head(skull="pig", length=36, angle=30, depth=1.0, colour=("#756860", "#8b7d72"),
            ears=(0.26, 0.16, 60), muzzle="#52453e", muzzle_size=0.09),
        behind=(tail("#6f635b", path=((0, 0), (5, 8), (7, 22), (6, 36)), radii=(1.7, 1.4, 1.1),
            tip=BLACK, tip_size=10, at=(0.0, 0.08)),),
        over=(ridge("#4a3020", length=15, count=90, span=(0.35, 0.98), part="mane", width=2.4,
            lean=158),),
        front=(tusks("#fbf6e6", path=((0.74, 0.10), (0.88, 0.26), (1.04, 0.14), (1.02, -0.12),
            (0.90, -0.34)), radius=2.4),
               patch("#5d524b", at=(1.32, 0.36), radius=(3, 2.4), part=None, on=("head",))),
    ),
    "bushpig": Build(
        length=80, height=54, profile="pig", neck=(12, 14, 18, 13), leg=2.7, thigh=3.6,
        coat=("#7a3b22", "#5a2c1c"), limbs=("#4a271b", "#2a1a14"), nape="#7a3e25", fur=0.13,
        head=Head(skull="pig", length=33, angle=28, depth=0.95, colour=("#8a5a40", "#4f3226"),
            ears=(0.36, 0.2, 48), muzzle="#3a2a24", muzzle_size=0.09),
        behind=(tail("#4a271b", path=((0, 0), (5, -4), (7, -14), (6, -22)), radii=(1.6, 1.3, 1),
            tip="#2a1a14", tip_size=6),),
        over=(ridge("#efe2c6", length=13, count=110, span=(0.04, 0.98), part="crest", width=2.6,
            lean=150),),
        front=(face("#efe2c6", ((0.0, 0.28), (0.22, 0.1), (0.34, 0.16), (0.3, 0.34),
            (0.1, 0.36))), tusks("#fbf6e6", path=((0.80, 0.10), (0.86, 0.14), (0.88, 0.02)),
            radius=1.1)),
    ),
    "elephant": Build(
        length=88, height=88, profile="elephant", neck=(12, 22, 22, 20), leg=8.2, thigh=1.9,
            foot="column", hoof="#b9aea0", shift=-10,
        coat=("#807a76", "#8f8883"), limbs=("#7d7773", "#6c6662"), nape="#807a76", fur=0.05,
        head=Head(skull="elephant", length=38, angle=10, colour=("#827c78", "#8a837e"),
            ears=(0, 0, 0), muzzle_size=0.0, eye=1.4),
        behind=(tail("#746e6a", path=((0, 0), (4, -6), (5, -22), (4, -36)),
            radii=(2.2, 1.6, 1.2), tip=BLACK, tip_size=7),),
        front=(trunk("#847e79"), tusks("#fbf5e2",
            path=((0.50, 0.40), (0.72, 0.62), (0.98, 0.66), (1.2, 0.52)), radius=3.0),
            elephant_ear("#746e6b")),
    ),
}  # fmt: skip
