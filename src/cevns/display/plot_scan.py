"""Figures of a scan: a profile with its levels, or contours in a plane."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cevns.display.plot_style import (
    BLACK,
    BLUE,
    ORANGE,
    SKY,
    VERMILION,
    axis_title,
    finish,
    new_figure,
    style,
)
from cevns.inference.outcome import Outcome

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DASHES = ("-", "--", ":", "-.")
_FEW = 60  # points that are marked one by one


@style()
def figures(outcome: Outcome) -> dict[str, Figure]:
    """Name → figure: one for a scan of one or two parameters, none for more.

    Nor is there one where an axis has a single point.
    """
    drawers = {1: _draw_profile, 2: _draw_contours}
    draw = drawers.get(outcome.heights.ndim)
    if draw is None or min(outcome.heights.shape) < 2:
        return {}
    figure = new_figure(height=4.6, width=5.6)
    axes = figure.add_subplot()
    draw(axes, outcome)
    _label_axes(axes, outcome)
    figure.legend(loc="outside lower center", ncols=2)
    name = outcome.grid.analysis.study.name
    return {"scan": finish(figure, f"{name}: {_meaning(outcome)}".removeprefix(": "))}


def _draw_profile(axes: Axes, outcome: Outcome) -> None:
    (values,) = _shown(outcome)
    levels = outcome.grid.levels
    marker = "." if len(values) <= _FEW else "None"
    label = "Profile" if outcome.grid.profiled else "Likelihood"
    axes.plot(values, outcome.heights, color=BLUE, marker=marker, markersize=4, linestyle="none")
    axes.plot(*_curve(values, outcome), color=BLUE, label=label)
    (best,) = _best(outcome)
    axes.axvline(best, color=BLACK, linewidth=0.8, label=_best_name(outcome))
    failed = values[np.isnan(outcome.heights)]
    if len(failed):
        look: Any = {"color": ORANGE, "marker": "x", "linestyle": "none", "clip_on": False}
        axes.plot(failed, np.zeros(len(failed)), label="Failed", zorder=3, **look)
    for index, (confidence, height) in enumerate(levels):
        dashes = _DASHES[(index + 1) % len(_DASHES)]
        label = _level_name(outcome, confidence, height)
        axes.axhline(height, color=VERMILION, linestyle=dashes, linewidth=0.9, label=label)
    top = levels[-1][1]
    axes.set_ylim(0.0, float(np.clip(np.nanmax(outcome.heights), 1.3 * top, 4.0 * top)))
    axes.set_xlim(values[0], values[-1])
    axes.set_ylabel(r"$-2\,\Delta\ln L$")


def _curve(values: Any, outcome: Outcome) -> tuple[Any, Any]:
    """The points with that of the best fit between them, where the curve is zero."""
    if not outcome.fitted:
        return values, outcome.heights
    (best,) = _best(outcome)
    place = int(np.searchsorted(values, best))
    return np.insert(values, place, best), np.insert(outcome.heights, place, 0.0)


def _draw_contours(axes: Axes, outcome: Outcome) -> None:
    x, y = _shown(outcome)
    heights = np.ma.masked_invalid(outcome.heights.T)
    levels = outcome.grid.levels
    # The region of the lowest level is the strongest; -1 is below every point.
    edges = sorted({-1.0, *(height for _, height in levels)})
    axes.contourf(x, y, heights, levels=edges, colors=_shades(len(edges) - 1))
    for index, (confidence, height) in enumerate(levels):
        look: Any = {"linestyles": _DASHES[index % len(_DASHES)], "linewidths": 1.2}
        label = _level_name(outcome, confidence, height)
        if height < heights.max():
            axes.contour(x, y, heights, levels=[height], colors=BLUE, **look)
        else:
            label = f"{label}, not reached"
        axes.plot([], [], color=BLUE, linestyle=look["linestyles"], label=label)
    marker: Any = {"linestyle": "none", "clip_on": False, "zorder": 3}
    axes.plot(*_best(outcome), marker="+", color=BLACK, label=_best_name(outcome), **marker)
    failed = np.argwhere(np.isnan(outcome.heights))
    if len(failed):
        places = x[failed[:, 0]], y[failed[:, 1]]
        axes.plot(*places, marker="x", markersize=3, color=ORANGE, label="Failed", **marker)
    axes.set_xlim(x[0], x[-1])
    axes.set_ylim(y[0], y[-1])


def _shades(number: int) -> list[tuple[float, float, float]]:
    """From strong to faint."""
    from matplotlib.colors import to_rgb

    sky = np.array(to_rgb(SKY))
    return [tuple(1 - (1 - sky) * (0.75 - 0.5 * i / number)) for i in range(number)]


def _level_name(outcome: Outcome, confidence: float, height: float) -> str:
    """The label of a level, with its degrees of freedom."""
    return f"{100 * confidence:.4g} % C.L., {outcome.grid.dof} dof ({height:.2f})"


def _best_name(outcome: Outcome) -> str:
    values = ", ".join(f"{one:.4g}" for one in _best(outcome))
    return f"{'Best fit' if outcome.fitted else 'Lowest point'}: {values}"


def _meaning(outcome: Outcome) -> str:
    """What happens to the other parameters."""
    number = len(outcome.grid.profiled)
    if not number:
        return "all other parameters held"
    return f"{number} other parameter{'s' if number > 1 else ''} profiled"


def _shown(outcome: Outcome) -> list[Any]:
    table = outcome.grid.likelihood.parameters
    return [values / table[address].scale for address, values in outcome.grid.axes.items()]


def _best(outcome: Outcome) -> list[float]:
    table = outcome.grid.likelihood.parameters
    return [outcome.best[address] / table[address].scale for address in outcome.grid.axes]


def _label_axes(axes: Axes, outcome: Outcome) -> None:
    """Titles with units; logarithmic where the grid is."""
    grid = outcome.grid
    table = grid.likelihood.parameters
    titles = [axis_title(a, table[a].unit, table[a].latex) for a in grid.axes]
    axes.set_xlabel(titles[0])
    axes.tick_params(axis="x", pad=8)  # clear of the lowest number of the other axis
    if len(titles) > 1:
        axes.set_ylabel(titles[1])
    for address, set_scale in zip(grid.axes, (axes.set_xscale, axes.set_yscale), strict=False):
        if address in grid.logarithmic:
            set_scale("log")
