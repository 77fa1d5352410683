"""Figures of a scan: a profile with its levels, contours in a plane, or limits along a mass."""

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
from cevns.inference.plane import level, moving
from cevns.inference.raster import Raster, raster_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DASHES = ("-", "--", ":", "-.")
_FEW = 60  # points that are marked one by one
_CLOSE = 1e-3  # of the step of a grid: no further from its end is on it
_ROUNDING = 1e-9  # of the logarithm of a mass
_LOOSE: Any = {"linestyle": "none", "clip_on": False, "zorder": 3}  # of points


@style()
def figures(outcome: Outcome) -> dict[str, Figure]:
    """Name → figure: one for a scan of one or two parameters, none for more.

    Nor is there one where an axis has a single point.
    """
    if outcome.heights.ndim > 2 or min(outcome.heights.shape) < 2:
        return {}
    figure = new_figure(height=4.6, width=5.6)
    axes = figure.add_subplot()
    raster = raster_of(outcome)
    if raster is not None:
        _draw_limits(axes, raster)
    elif outcome.heights.ndim == 2:
        _draw_contours(axes, outcome)
    else:
        _draw_profile(axes, outcome)
    _label_axes(axes, outcome)
    figure.legend(loc="outside lower center", ncols=2)
    limits = f"limits at each {raster.along}, " if raster is not None else ""
    title = f"{outcome.grid.analysis.study.name}: {limits}{_meaning(outcome)}"
    return {"scan": finish(figure, title.removeprefix(": "))}


def _draw_profile(axes: Axes, outcome: Outcome) -> None:
    (values,) = _shown(outcome)
    levels, dof = outcome.grid.levels, outcome.grid.dof
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
        label = _level_name(confidence, dof, height)
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
        label = _level_name(confidence, outcome.grid.dof, height)
        if height < heights.max():
            axes.contour(x, y, heights, levels=[height], colors=BLUE, **look)
        else:
            label = f"{label}, not reached"
        axes.plot([], [], color=BLUE, linestyle=look["linestyles"], label=label)
    # A cross would be one with the frame.
    mark: Any = {"marker": "o", "markerfacecolor": "white"} if _at_end(outcome) else {"marker": "+"}
    axes.plot(*_best(outcome), color=BLACK, label=_best_name(outcome), **mark, **_LOOSE)
    _mark_failed(axes, outcome)


def _draw_limits(axes: Axes, raster: Raster) -> None:
    """What is allowed at each value of an axis, as `Raster.limits` has it.

    The lines join the ends of its regions: they are found between the same points, in the root of
    the same heights, and over the logarithm of what has a logarithmic axis. What a contour has
    between two of those values is left out: there are no limits.
    """
    from contourpy import contour_generator
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    outcome = raster.outcome
    grid = outcome.grid
    powers = [address in grid.logarithmic for address in grid.axes]

    nodes = [np.log(v) if log else v for v, log in zip(_shown(outcome), powers, strict=True)]
    across = list(grid.axes).index(raster.address)
    roots = np.sqrt(raster.heights)
    surface: Any = (*nodes, np.ma.masked_invalid(roots.T))
    generator: Any = contour_generator(*surface, fill_type="OuterOffset")

    def limits(line: Any) -> Any:
        distances = np.abs(line[:, 1 - across, None] - nodes[1 - across])
        pairs = zip(line[np.min(distances, axis=1) < _ROUNDING].T, powers, strict=True)
        return np.column_stack([np.exp(one) if log else one for one, log in pairs])

    levels = [(one, level(one, raster.dof)) for one in sorted(grid.confidence)]
    shades = _shades(len(levels))
    for shade, (_, height) in reversed(list(zip(shades, levels, strict=True))):
        regions = generator.filled(-1.0, float(np.sqrt(height)))  # -1 is below every point
        for points, offsets in zip(*regions, strict=True):
            rings = (limits(ring) for ring in np.split(points, offsets[1:-1]))
            closed = (Path([*one, one[0]], closed=True) for one in rings if len(one))
            outline = Path.make_compound_path(*closed)
            axes.add_patch(PathPatch(outline, facecolor=shade, linewidth=0.0))
    for index, (confidence, height) in enumerate(levels):
        look: Any = {"color": BLUE, "linestyle": _DASHES[index % len(_DASHES)], "linewidth": 1.2}
        lines = generator.lines(float(np.sqrt(height)))
        for line in lines:
            axes.plot(*limits(line).T, **look)
        label = _level_name(confidence, raster.dof, height)
        axes.plot([], [], label=label if lines else f"{label}, not reached", **look)
    _mark_failed(axes, outcome)


def _mark_failed(axes: Axes, outcome: Outcome) -> None:
    """Marks at the points of a plane that failed, and its ends as those of the axes."""
    x, y = _shown(outcome)
    failed = np.argwhere(np.isnan(outcome.heights))
    if len(failed):
        places = x[failed[:, 0]], y[failed[:, 1]]
        axes.plot(*places, marker="x", markersize=3, color=ORANGE, label="Failed", **_LOOSE)
    axes.set_xlim(x[0], x[-1])
    axes.set_ylim(y[0], y[-1])


def _shades(number: int) -> list[tuple[float, float, float]]:
    """From strong to faint."""
    from matplotlib.colors import to_rgb

    sky = np.array(to_rgb(SKY))
    return [tuple(1 - (1 - sky) * (0.75 - 0.5 * i / number)) for i in range(number)]


def _level_name(confidence: float, dof: int, height: float) -> str:
    """The label of a level, with its degrees of freedom."""
    return f"{100 * confidence:.4g} % C.L., {dof} dof ({height:.2f})"


def _best_name(outcome: Outcome) -> str:
    """The best fit; only the lowest point where a grid ends there, as beyond it may be a better."""
    values = ", ".join(f"{one:.4g}" for one in _best(outcome)).replace("-", "−")
    if _at_end(outcome):
        return f"Lowest, at an end of the scan: {values}"
    return f"{'Best fit' if outcome.fitted else 'Lowest point'}: {values}"


def _at_end(outcome: Outcome) -> bool:
    """Whether the best point is where an axis ends."""
    axes = outcome.grid.axes
    ends = [(a, end, step) for a in moving(axes) for end, step in ((0, 1), (-1, -2))]
    return any(
        abs(axes[a][end] - outcome.best[a]) <= _CLOSE * abs(axes[a][end] - axes[a][step])
        for a, end, step in ends
    )


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
