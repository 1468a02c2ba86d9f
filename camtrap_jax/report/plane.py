"""Images as points of a plane, some of them shown where they lie."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from jaxtyping import UInt8
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.offsetbox import AnnotationBbox, OffsetImage

from camtrap_jax.report.dendrogram import GROUP_COLORS, RED
from camtrap_jax.report.drawing import CHART_INCHES, INK, STYLE, new_figure, plain, shorten
from camtrap_jax.report.spots import LABEL_LETTERS, THUMB_POINTS, Spot, choose_spots

HEIGHT_INCHES = 6.4
THUMB_PX = 72  # long side of a thumbnail

Thumbnail = Callable[[str], UInt8[np.ndarray, "height width 3"]]


@rc_context(STYLE)
def plane_chart(
    images: pd.DataFrame,
    columns: tuple[str, str],
    groups: Mapping[str, int],
    thumbnail: Thumbnail,
    *,
    labels: tuple[str, str],
) -> Figure:
    """Draws a dot an image, and one picture of each species, as far as they find room.

    Args:
      images: `image_id`, `species`, `role`, `is_shown` (whether a picture may be), coordinates.
      columns: the coordinates.
      groups: the primary group of each known species, from 0; -1 for none.
      thumbnail: returns the small picture of an image.
      labels: of the axes.
    """
    figure, (axes,) = new_figure(CHART_INCHES, HEIGHT_INCHES)
    figure.set_dpi(72 * THUMB_PX / THUMB_POINTS)  # no finer than the thumbnails are
    colors = {name: species_color(name, groups) for name in images["species"].unique()}
    for role, marker in (("known", "o"), ("unknown", "D")):
        chosen = images.loc[images["role"] == role]
        style = {"s": 11, "alpha": 0.5, "linewidths": 0, "marker": marker}
        dots = chosen[list(columns)].to_numpy(np.float64).T
        axes.scatter(*dots, color=[colors[name] for name in chosen["species"]], **style)
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    axes.margins(0.06)
    size = (72 * (CHART_INCHES - 0.6), 72 * (HEIGHT_INCHES - 0.8))
    for spot in choose_spots(images, columns, size):
        _draw_spot(axes, spot, colors[spot.species], thumbnail)
    _add_legend(axes, groups, has_unknown=bool((images["role"] == "unknown").any()))
    return figure


def species_color(name: str, groups: Mapping[str, int]) -> str:
    """Returns the colour of a species' group; red for an unknown one."""
    if name not in groups:
        return RED
    return INK if groups[name] < 0 else GROUP_COLORS[groups[name] % len(GROUP_COLORS)]


def _draw_spot(axes: Axes, spot: Spot, color: str, thumbnail: Thumbnail) -> None:
    name = plain(shorten(spot.species, LABEL_LETTERS))
    style = {"fontsize": 7.5, "color": color, "ha": "center", "zorder": 5}
    if not spot.image_id:
        axes.annotate(name, (spot.x, spot.y), va="center", fontweight="bold", **style)
        return
    picture = thumbnail(spot.image_id)
    zoom = THUMB_POINTS / max(picture.shape[:2])
    frame = {"edgecolor": color, "linewidth": 1.4, "boxstyle": "square,pad=0"}
    axes.add_artist(
        AnnotationBbox(
            OffsetImage(picture, zoom=zoom), (spot.x, spot.y), pad=0, bboxprops=frame, zorder=4
        )
    )
    below = (0, -zoom * picture.shape[0] / 2 - 2)
    axes.annotate(name, (spot.x, spot.y), below, textcoords="offset points", va="top", **style)


def _add_legend(axes: Axes, groups: Mapping[str, int], *, has_unknown: bool) -> None:
    found = sorted({group for group in groups.values() if group >= 0})
    entries = [(f"group {group + 1}", GROUP_COLORS[group % len(GROUP_COLORS)], "o")
               for group in found]  # fmt: skip
    if any(group < 0 for group in groups.values()):
        entries.append(("known, in no group", INK, "o"))
    if has_unknown:
        entries.append(("unknown species", RED, "D"))
    dots = [
        Line2D([], [], color=color, marker=marker, linestyle="none", markersize=5, label=label)
        for label, color, marker in entries
    ]
    axes.legend(handles=dots, loc="lower left", bbox_to_anchor=(0, 1), ncols=len(dots),
                frameon=False, borderpad=0, handletextpad=0.2, columnspacing=1.4)  # fmt: skip
