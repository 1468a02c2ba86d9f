"""What the report's charts have in common: colours, fonts, and how they become SVG.

Colours are Okabe and Ito's, which colour-blind readers tell apart. Text and axes use `INK`, which
`inline_svg` turns into the page's own text colour, so that a chart fits a light and a dark page.
"""

from __future__ import annotations

import base64
import io
import re
import warnings
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

INK = "#26302b"
BLUE, VERMILLION, GREEN, ORANGE, PURPLE = "#0072b2", "#d55e00", "#009e73", "#e69f00", "#cc79a7"
STYLE: Any = {
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.linewidth": 0.6,
    "font.size": 9.0,
    "svg.fonttype": "none",  # text stays text: it can be searched and uses the reader's fonts
    "svg.hashsalt": "camtrap_jax",  # the same figure is the same file
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
}
CHART_INCHES = 9.4  # width of a chart with rows; the page is a little wider
ROW_INCHES = 0.235  # height of a row of a chart


def new_figure(width: float, height: float, *, columns: int = 1) -> tuple[Figure, list[Axes]]:
    """Makes a figure of axes side by side; sizes in inches. Call it inside `STYLE`."""
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots(1, columns, squeeze=False)
    return figure, list(axes[0])


def plain(name: str) -> str:
    """Protects a stranger's name from being read as a formula by matplotlib."""
    return name.replace("$", r"\$").replace("\n", " ")


def shorten(name: str, limit: int = 32) -> str:
    """Cuts a long name so that it leaves room for the data."""
    return name if len(name) <= limit else f"{name[: limit - 1]}…"


def svg_text(figure: Figure, *, has_photos: bool = False) -> str:
    """Returns a figure as the text of an SVG file.

    Args:
      figure: what to write.
      has_photos: whether its pictures are photographs, which are a quarter as large in JPEG as in
        the PNG that matplotlib writes.
    """
    stream = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with rc_context(STYLE), warnings.catch_warnings():
        # The reader's fonts, not matplotlib's, draw the text: a missing glyph here means nothing.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(stream, format="svg", transparent=True, metadata=nothing)
    text = stream.getvalue()
    return re.sub(r"data:image/png;base64,([^\"]+)", _as_jpeg, text) if has_photos else text


def _as_jpeg(found: re.Match[str]) -> str:
    """Encodes a picture of an SVG file anew, on white where it is transparent."""
    picture = Image.open(io.BytesIO(base64.b64decode(found[1]))).convert("RGBA")
    paper = Image.new("RGBA", picture.size, "white")
    stream = io.BytesIO()
    Image.alpha_composite(paper, picture).convert("RGB").save(stream, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(stream.getvalue()).decode()}"


def inline_svg(text: str) -> str:
    """Turns an SVG file into an element for a page.

    The element takes its text colour from the page and refers to nothing outside it.
    """
    element = text[text.index("<svg") :].replace(INK, "currentColor")
    return re.sub(r"\sxmlns(:\w+)?=\"[^\"]*\"", "", element)
