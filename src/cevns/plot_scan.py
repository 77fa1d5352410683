"""Figures of a scan: a profile with its levels, or contours in a plane."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cevns.inference.plane import Outcome, level
from cevns.plot_style import BLACK, BLUE, GREY, SKY, finish, new_figure, plain_text, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DASHES = ("-", "--", ":", "-.")


@style()
def figures(outcome: Outcome) -> dict[str, Figure]:
    """Name → figure: one for a scan of one or two parameters, none for more."""
    drawers = {1: _draw_profile, 2: _draw_contours}
    draw = drawers.get(outcome.heights.ndim)
    if draw is None:
        return {}
    figure = new_figure(height=4.4, width=5.6)
    draw(figure.add_subplot(), outcome)
    return {"scan": finish(figure, outcome.grid.analysis.study.name)}


def _draw_profile(axes: Axes, outcome: Outcome) -> None:
    (values,) = _shown(outcome)
    axes.plot(values, outcome.heights, color=BLUE, label=_meaning(outcome))
    for (height, text), dashes in zip(_levels(outcome), _DASHES * 3, strict=False):
        axes.axhline(height, color=GREY, linestyle=dashes, label=text)
    (best,) = _best(outcome)
    axes.axvline(best, color=BLACK, linewidth=0.8, label=f"best fit: {best:.4g}")
    axes.set_ylim(0.0, min(float(np.nanmax(outcome.heights)), 4 * _levels(outcome)[-1][0]))
    _scale(axes, outcome)
    axes.set_ylabel(r"$-2\,\Delta\ln L$")
    axes.legend()


def _draw_contours(axes: Axes, outcome: Outcome) -> None:
    x, y = _shown(outcome)
    heights = np.ma.masked_invalid(outcome.heights.T)
    levels = sorted(_levels(outcome))
    axes.contourf(x, y, heights, levels=[0.0, *(h for h, _ in levels)], colors=_shades(len(levels)))
    for (height, text), dashes in zip(levels, _DASHES * 3, strict=False):
        axes.contour(x, y, heights, levels=[height], colors=BLUE, linestyles=dashes)
        axes.plot([], [], color=BLUE, linestyle=dashes, label=text)
    axes.plot(*_best(outcome), marker="+", color=BLACK, linestyle="none", label="best fit")
    axes.plot([], [], linestyle="none", label=_meaning(outcome))
    _scale(axes, outcome)
    axes.set_ylabel(_titles(outcome)[1])
    axes.legend()


def _shades(number: int) -> list[tuple[float, float, float]]:
    """From strong to faint: the region of the lowest level is the strongest."""
    from matplotlib.colors import to_rgb

    sky = np.array(to_rgb(SKY))
    return [tuple(1 - (1 - sky) * (0.75 - 0.5 * i / number)) for i in range(number)]


def _levels(outcome: Outcome) -> list[tuple[float, str]]:
    """(height, label) of each confidence level, with its degrees of freedom."""
    scan = outcome.grid.analysis.study.together.scan
    assert scan is not None
    found = []
    for confidence in scan.confidence:
        height = level(confidence, scan.dof)
        found.append((height, f"{100 * confidence:.4g} % C.L., {scan.dof} dof ({height:.3g})"))
    return found


def _meaning(outcome: Outcome) -> str:
    profiled = len(outcome.grid.profiled)
    return f"{profiled} parameters profiled" if profiled else "all other parameters held"


def _titles(outcome: Outcome) -> list[str]:
    table = outcome.grid.likelihood.parameters
    return [plain_text(f"{a} [{table[a].unit}]" if table[a].unit else a) for a in outcome.grid.axes]


def _shown(outcome: Outcome) -> list[Any]:
    table = outcome.grid.likelihood.parameters
    return [values / table[address].scale for address, values in outcome.grid.axes.items()]


def _best(outcome: Outcome) -> list[float]:
    table = outcome.grid.likelihood.parameters
    return [outcome.best[address] / table[address].scale for address in outcome.grid.axes]


def _scale(axes: Axes, outcome: Outcome) -> None:
    """Titles of the axes, logarithmic where the grid is."""
    setters = (axes.set_xscale, axes.set_yscale)
    for values, set_scale in zip(_shown(outcome), setters, strict=False):
        steps = np.diff(values)
        if values[0] > 0 and len(values) > 2 and steps[-1] > 1.5 * steps[0]:
            set_scale("log")
    axes.set_xlabel(_titles(outcome)[0])
