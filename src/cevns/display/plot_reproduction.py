"""The figures of a paper, drawn from what its layers compute, and their points as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cevns.display.plot_style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    finish,
    new_figure,
    style,
)
from cevns.reproductions.figures import (
    Band,
    Curve,
    Drawn,
    FigureSpec,
    Layer,
    Look,
    Panel,
    Region,
)
from cevns.reproductions.workbench import Workbench

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = {
    "black": BLACK,
    "blue": BLUE,
    "green": GREEN,
    "grey": GREY,
    "orange": ORANGE,
    "purple": PURPLE,
    "sky": SKY,
    "vermilion": VERMILION,
    "light": "#d9d9d9",
    "medium": "#a6a6a6",
    "dark": "#595959",
}
"""The colours that a paper's file names."""

_DASHES = {"solid": "-", "dashed": "--", "dotted": ":", "dash-dot": "-.", "none": "none"}
_MARKERS = {"none": "", "circle": "o", "square": "s", "diamond": "D"}
_WIDTH, _HEIGHT = 5.4, 3.6  # inches of a panel

Panels = Sequence[Sequence[tuple[Layer, Drawn]]]
"""For each panel its layers with what they computed."""


def drawn(spec: FigureSpec, bench: Workbench) -> Panels:
    """What the layers of a figure compute, panel by panel."""
    return [
        [(layer, layer.draw(bench, panel.x, panel.y)) for layer in panel.layers]
        for panel in spec.panels
    ]


@style()
def reproduction_figure(spec: FigureSpec, panels: Panels, title: str) -> Figure:
    """The figure with its panels below one another.

    Parameters
    ----------
    spec : FigureSpec
    panels : sequence
        What `drawn` gives for it.
    title : str
    """
    below = sum(panel.legend == "below" for panel in spec.panels)
    figure = new_figure(height=_HEIGHT * len(panels) + below + 0.6, width=_WIDTH)
    grid = figure.subplots(len(panels), squeeze=False)[:, 0]
    for axes, panel, layers in zip(grid, spec.panels, panels, strict=True):
        for layer, data in layers:
            _draw(axes, layer, data)
        _frame(axes, panel)
    return finish(figure, title)


def _frame(axes: Axes, panel: Panel) -> None:
    """Ranges, scales, labels and the legend."""
    axes.set(xscale=panel.x.scale, yscale=panel.y.scale)
    axes.set_xlim(panel.x.start, panel.x.to)
    axes.set_ylim(panel.y.start, panel.y.to)
    axes.set(xlabel=panel.x.label, ylabel=panel.y.label)
    if panel.text:
        axes.set_title(panel.text, fontsize=8, loc="left", pad=3)
    if any(layer.label for layer in panel.layers):
        below: Any = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.15), "ncols": 2}
        axes.legend(**below if panel.legend == "below" else {"loc": panel.legend})


def _draw(axes: Axes, layer: Layer, data: Drawn) -> None:
    if isinstance(data, Curve):
        _draw_curve(axes, layer, data)
    elif isinstance(data, Region):
        _draw_region(axes, layer, data)
    else:
        for low, high in data.intervals:
            look: Any = {"color": COLOURS[layer.look.colour], "linewidth": 0.0, "zorder": 0.5}
            axes.axvspan(low, high, **look)
        _key(axes, layer)


def _draw_curve(axes: Axes, layer: Layer, data: Curve) -> None:
    if layer.look.fill:
        axes.fill(data.x, data.y, color=COLOURS[layer.look.colour], linewidth=0.0, zorder=0.5)
        _key(axes, layer)
    else:
        axes.plot(data.x, data.y, label=layer.label or None, **_stroke(layer.look))


def _draw_region(axes: Axes, layer: Layer, data: Region) -> None:
    """A filled region, or its outline."""
    grid: Any = (data.x, data.y, data.values.T)
    colour = COLOURS[layer.look.colour]
    if layer.look.fill:
        low = min(data.low, float(np.min(data.values)) - 1.0) if data.low == -np.inf else data.low
        axes.contourf(*grid, levels=[low, data.high], colors=[colour], zorder=1)
    else:
        heights = [height for height in (data.low, data.high) if np.isfinite(height)]
        dashes = _DASHES[layer.look.line]
        axes.contour(
            *grid, levels=heights, colors=colour, linestyles=dashes, linewidths=layer.look.width
        )
    _key(axes, layer)


def _key(axes: Axes, layer: Layer) -> None:
    """An entry of the legend for what has none of its own."""
    if not layer.label:
        return
    if layer.look.fill:
        axes.fill([], [], color=COLOURS[layer.look.colour], linewidth=0.0, label=layer.label)
    else:
        axes.plot([], [], label=layer.label, **_stroke(layer.look))


def _stroke(look: Look) -> dict[str, Any]:
    return {
        "color": COLOURS[look.colour],
        "linestyle": _DASHES[look.line],
        "marker": _MARKERS[look.marker],
        "markersize": 4.0,
        "linewidth": look.width,
        "zorder": 2,
    }


# --- points --------------------------------------------------------------------------------------


def points(spec: FigureSpec, panels: Panels) -> str:
    """Every curve and outline of a figure as CSV, in the units of the axes.

    Columns: panel and layer (from 1), the layer's label, piece (of an outline, from 1), x and y.
    A band has its two ends as x and no y.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    for number, panel in enumerate(spec.panels, start=1):
        stream.write(f"# panel {number}: x = {panel.x.label}, y = {panel.y.label}\n")
    writer.writerow(("panel", "layer", "label", "piece", "x", "y"))
    for number, layers in enumerate(panels, start=1):
        for index, (layer, data) in enumerate(layers, start=1):
            for piece, (x, y) in enumerate(_pieces(data), start=1):
                rows = zip(x, y, strict=True)
                head = (number, index, layer.label, piece)
                writer.writerows((*head, f"{a:.6g}", _cell(b)) for a, b in rows)
    return stream.getvalue()


def _cell(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.6g}"


def _pieces(data: Drawn) -> Iterator[tuple[Any, Any]]:
    """The unbroken lines of drawn data, as x and y."""
    if isinstance(data, Region):
        yield from _outlines(data)
    elif isinstance(data, Band):
        for interval in data.intervals:
            yield interval, (np.nan, np.nan)
    else:
        breaks = np.flatnonzero(np.isnan(data.x) | np.isnan(data.y))
        for x, y in zip(np.split(data.x, breaks), np.split(data.y, breaks), strict=True):
            there = ~(np.isnan(x) | np.isnan(y))
            if np.any(there):
                yield x[there], y[there]


def _outlines(data: Region) -> Iterator[tuple[Any, Any]]:
    from contourpy import contour_generator

    made = contour_generator(data.x, data.y, data.values.T)
    for height in (data.low, data.high):
        if np.isfinite(height):
            for line in map(np.asarray, made.lines(height)):
                yield line[:, 0], line[:, 1]
