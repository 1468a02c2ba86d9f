"""Builds of the porcupine, the aardvark and the pangolin."""

from camtrap_jax.synthetic.figures.armour import quills, scales
from camtrap_jax.synthetic.figures.hair import ridge, tail
from camtrap_jax.synthetic.figures.heads import Head
from camtrap_jax.synthetic.figures.quadruped import Build

DIGGERS: dict[str, Build] = {
    "porcupine": Build(
        length=72, height=44, profile="arched", neck=(10, 6, 13, 10), leg=2.9, thigh=2.6,
            foot="paw", shift=14, hoof="#1a1614",
        coat=("#2a2421", "#1d1917"), limbs=("#241f1c", "#171412"), nape="#2a2421", fur=0.1,
        head=Head(skull="pig", length=25, angle=16, depth=1.1, colour=("#2e2825", "#3b332f"),
            ears=(0.2, 0.3, 40), muzzle="#584c45", muzzle_size=0.12, eye=1.4),
        over=(),
        front=(ridge("#ded4bf", length=17, count=36, span=(0.9, 0.98), part="crest", lean=150),
            quills(rows=7, count=26)),
    ),
    "aardvark": Build(
        length=82, height=54, profile="arched", neck=(15, 8, 13, 8), leg=4.2, thigh=3.0,
            foot="paw", shift=10, hoof="#4a3b32",
        coat=("#a98f7a", "#c2a992"), limbs=("#8b705d", "#57453a"), nape="#ab927e", fur=0.05,
        head=Head(skull="tube", length=42, angle=30, depth=1.0, colour=("#b59b88", "#cbb4a2"),
            ears=(0.62, 0.22, 64), ear_colour="#b59b88", ear_inside="#e3c3b3", muzzle="#cf9f90",
            muzzle_size=0.3),
        behind=(tail("#a98f7a", path=((0, 0), (14, -8), (30, -20), (46, -32)),
            radii=(9, 7.5, 5, 2.2), at=(0.0, 0.4)),),
    ),
    "pangolin": Build(
        length=76, height=38, profile="arched", neck=(12, -2, 11, 7), leg=3.0, thigh=2.6,
            foot="paw", shift=16, hoof="#3a2c20",
        coat=("#7a5a36", "#6a4c2c"), limbs=("#6a4f33", "#4a3826"), nape="#7a5a36",
        head=Head(skull="tube", length=24, angle=26, depth=1.1, colour=("#8a6a44", "#a98c68"),
            ears=(0.1, 0.2, 20), muzzle_size=0.05),
        behind=(tail("#7a5a36", path=((0, 0), (18, -12), (38, -22), (56, -22)),
            radii=(12, 10, 7, 2.5), at=(0.0, 0.5)),),
        front=(scales("#8d6a3f", rows=7),),
    ),
}  # fmt: skip
