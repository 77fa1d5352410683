"""Figures of sensitivity studies: contours in a plane, curves of χ², reach and counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from cevns.display.plot_style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    VERMILION,
    axis_title,
    finish,
    new_figure,
    plain_text,
    style,
)
from cevns.overlays import Shape, read_overlay
from cevns.sensitivity.design import SIGNIFICANCE, Design
from cevns.sensitivity.result import Sensitivity

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE)
_DASHES = ("-", "--", ":", "-.")
_FAINT = 0.14
_DOTS: Any = {"color": GREY, "linewidth": 1.0, "linestyle": (0, (1, 1.2))}


@style()
def figures(made: Sensitivity) -> dict[str, Figure]:
    """Name → figure: contours in a plane, χ² along a line, or what moves with one setting.

    None for more axes, nor where an axis has a single point.
    """
    design = made.design
    drawers = {
        (0, 2): ("contours", _draw_contours),
        (0, 1): ("chi2", _draw_curves),
        (1, 1): ("reach", _draw_reach),
        (1, 0): ("counts", _draw_counts),
    }
    chosen = drawers.get((len(design.settings), len(design.axes)))
    if chosen is None or min(made.shape) < 2:
        return {}
    name, draw = chosen
    figure = new_figure(height=4.8, width=5.8)
    axes = figure.add_subplot()
    draw(axes, made)
    axes.tick_params(axis="x", pad=8)  # clear of the lowest number of the other axis
    figure.legend(loc="outside lower center", ncols=1 if len(_labels(axes)) < 4 else 2)
    title = f"{design.study.name}: {_meaning(design)}".removeprefix(": ")
    return {name: finish(figure, title)}


def _labels(axes: Axes) -> list[str]:
    return list(axes.get_legend_handles_labels()[1])


def _meaning(design: Design) -> str:
    """What is compared, for the title."""
    if not design.axes:
        return "expected events"
    if not design.counting:
        return "expected sensitivity from a binned likelihood"
    kinds = {"counts": "event counts", "spectrum": "event counts in bins"}
    ratio = " / ".join(design.block.ratio)
    return f"expected sensitivity from {kinds.get(design.observable, f'the ratio {ratio}')}"


# --- labels -----------------------------------------------------------------------------------


def axis_label(design: Design, name: str) -> str:
    """The symbol of a parameter, or its address, with the unit."""
    latex = "" if name in design.settings else design.study.parameters[name].latex
    return axis_title(name, design.unit(name)[0], latex)


def _chosen_levels(design: Design) -> tuple[tuple[tuple[float, float], ...], int]:
    """(confidence, height) of what is drawn and its degrees of freedom.

    Those of limits wherever there are any, also along a mass: those of a region would ask for the
    best mass as well.
    """
    if design.lines is None:
        return design.levels, design.dof
    return design.limit_levels, design.limit_dof


def _level_label(design: Design, confidence: float, height: float) -> str:
    """What a level is: confidence, degrees of freedom, height."""
    _, dof = _chosen_levels(design)
    return f"{100 * confidence:.4g} % C.L., {dof} dof ({height:.2f})"


def _curve_label(design: Design, systematic: float, confidence: float, height: float) -> str:
    """What a contour is: its level and the systematic."""
    text = _level_label(design, confidence, height)
    several = len(design.systematics) > 1 or systematic
    return f"{text}, systematic {100 * systematic:.4g} %" if several else text


def _set_axis(axes: Axes, design: Design, name: str, which: str) -> None:
    getattr(axes, f"set_{which}label")(axis_label(design, name))
    values = design.shown(name)
    getattr(axes, f"set_{which}lim")(values[0], values[-1])
    if name in design.logarithmic:
        getattr(axes, f"set_{which}scale")("log")


def _levels(made: Sensitivity) -> Iterator[tuple[Any, str, str, str, float]]:
    """Heights, colour, dashes, label and height of each contour.

    Contours of different systematics that are one on the other differ in their dashes too.
    """
    design = made.design
    for place, (systematic, heights) in enumerate(made.surfaces.items()):
        for index, (confidence, height) in enumerate(_chosen_levels(design)[0]):
            label = _curve_label(design, systematic, confidence, height)
            dashes = _DASHES[(place + index) % len(_DASHES)]
            yield heights, _COLOURS[place % len(_COLOURS)], dashes, label, height


# --- a plane ----------------------------------------------------------------------------------


def _draw_contours(axes: Axes, made: Sensitivity) -> None:
    design = made.design
    first, second = design.axes
    x, y = design.shown(first), design.shown(second)
    for heights, color, dashes, label, height in _levels(made):
        if not np.any(heights > height):
            label = f"{label}, not reached"
        if height == _chosen_levels(design)[0][0][1]:
            roots = np.ma.masked_invalid(np.sqrt(np.maximum(heights.T, 0.0)))
            below = [-1.0, float(np.sqrt(height))]
            axes.contourf(x, y, roots, levels=below, colors=[color], alpha=_FAINT)
        for line in made.contours(heights, height):
            axes.plot(*line, color=color, linestyle=dashes, linewidth=1.2)
        axes.plot([], [], color=color, linestyle=dashes, label=label)
    _draw_overlays(axes, design, (x, y))
    if set(design.nominal) == set(design.axes):
        point = [[design.nominal[a] / design.unit(a)[1]] for a in design.axes]
        axes.plot(*point, marker="+", color=BLACK, linestyle="none", label="Nominal point")
    _set_axis(axes, design, first, "x")
    _set_axis(axes, design, second, "y")


def _draw_overlays(axes: Axes, design: Design, ends: tuple[Any, Any]) -> None:
    """Limits from elsewhere, in grey; those of one parameter as lines at their ends."""
    names = list(design.axes)
    labels = set()
    for name in design.scan.overlays:
        for shape in read_overlay(name).on(names):
            if _draw_shape(axes, shape, names, ends):
                alone = ", one at a time" if len(shape.parameters) == 1 else ""
                labels.add((f"{plain_text(shape.label)}{alone}", shape.kind))
    for label, kind in sorted(labels):
        if kind == "ellipse":
            axes.fill([], [], facecolor=_fill(), edgecolor=GREY, linewidth=1.0, label=label)
        else:
            look = _DOTS if "one at a time" in label else {**_DOTS, "linestyle": "-"}
            axes.plot([], [], label=label, **look)


def _fill() -> Any:
    """The colour of what an overlay allows."""
    from matplotlib.colors import to_rgba

    return to_rgba(GREY, 0.12)


def _draw_shape(axes: Axes, shape: Shape, names: list[str], ends: tuple[Any, ...]) -> bool:
    """Draw a limit; whether anything of it can be seen."""
    if len(shape.parameters) == 1:
        place = names.index(shape.parameters[0])
        inside = [x for x in shape.interval if ends[place][0] < x < ends[place][-1]]
        for end in inside:
            (axes.axhline if place else axes.axvline)(end, zorder=0.5, **_DOTS)
        return bool(inside)
    places = [names.index(parameter) for parameter in shape.parameters]
    curve = shape.curve(ends[places[0]][[0, -1]])
    x, y = (curve[places.index(number)] for number in range(2))
    axes.plot(x, y, color=GREY, linewidth=1.0, zorder=0.5)
    if shape.kind == "ellipse":
        axes.fill(x, y, facecolor=_fill(), linewidth=0.0, zorder=0.4)
    (left, *_, right), (bottom, *_, top) = ends
    return bool(np.any((x > left) & (x < right) & (y > bottom) & (y < top)))


# --- along one axis ---------------------------------------------------------------------------


def _draw_curves(axes: Axes, made: Sensitivity) -> None:
    """χ² along the only parameter, with the levels."""
    design = made.design
    (address,) = design.axes
    x = design.shown(address)
    for place, (systematic, heights) in enumerate(made.surfaces.items()):
        look: Any = {"color": _COLOURS[place % len(_COLOURS)]}
        look["linestyle"] = _DASHES[place % len(_DASHES)]  # one curve may be on another
        axes.plot(x, heights, label=f"Systematic {100 * systematic:.4g} %", **look)
    for index, (confidence, height) in enumerate(design.levels):
        label = _level_label(design, confidence, height)
        dashes = _DASHES[(index + 1) % len(_DASHES)]
        axes.axhline(height, color=BLACK, linestyle=dashes, linewidth=0.9, label=label)
    _draw_overlays(axes, design, (x, x))
    top = design.levels[-1][1]
    highest = max(float(np.nanmax(heights)) for heights in made.surfaces.values())
    axes.set_ylim(0.0, float(np.clip(highest, 1.3 * top, 4.0 * top)))
    axes.set_ylabel(r"$\chi^2$" if design.counting else r"$-2\,\Delta\ln L$")
    _set_axis(axes, design, address, "x")


def _draw_reach(axes: Axes, made: Sensitivity) -> None:
    """What is allowed of the only parameter against the setting, its ends as lines."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    design = made.design
    (setting,), (address,) = design.settings, design.axes
    _set_axis(axes, design, setting, "x")
    _set_axis(axes, design, address, "y")
    lowest = _chosen_levels(design)[0][0][1]
    ends: list[float] = []
    for heights, color, dashes, label, height in _levels(made):
        if height == lowest:
            for area in made.areas(heights, height):
                look: Any = {"facecolor": color, "alpha": _FAINT, "linewidth": 0.0}
                axes.add_patch(PathPatch(Path(*area), **look))
        for line in made.contours(heights, height):
            axes.plot(*line, color=color, linestyle=dashes, linewidth=1.2)
        found = [(at, end) for (at,), one in made.limits(heights, height) for end in one]
        dots = [(at, end) for at, end in found if end is not None]
        if dots:
            axes.plot(*zip(*dots, strict=True), color=color, linestyle="none", **_DOT)
            ends.extend(end for _, end in dots)
        seen = label if dots else f"{label}, not reached"
        axes.plot([], [], color=color, linestyle=dashes, label=seen)
    _zoom(axes, ends, address in design.logarithmic)


_DOT: Any = {"marker": ".", "markersize": 4}


def _zoom(axes: Axes, ends: list[float], log: bool) -> None:
    """The part of the other axis on which there are ends."""
    if len(set(ends)) < 2:
        return
    there, back = (np.log, np.exp) if log else (float, float)
    low, high = there(min(ends)), there(max(ends))
    first, last = (there(one) for one in axes.get_ylim())
    margin = 0.06 * (high - low)
    shown = max(low - margin, first), min(high + margin, last)
    axes.set_ylim(float(back(shown[0])), float(back(shown[1])))


def _draw_counts(axes: Axes, made: Sensitivity) -> None:
    """Expected events against the setting, and the significance of the signal."""
    design = made.design
    (setting,) = design.settings
    x = design.shown(setting)
    names = list(design.study.blocks)
    for place, name in enumerate(names):
        color, shown = _COLOURS[place % len(_COLOURS)], plain_text(name) if name else ""
        for kind, dashes in (("total", "-"), ("background", "--")):
            values = made.columns[f"{name}.{kind}".lstrip(".")]
            if kind == "background" and not np.any(values > 0):
                continue
            label = f"{shown}: {_EVENTS[kind]}" if shown else _EVENTS[kind].capitalize()
            axes.plot(x, values, color=color, linestyle=dashes, label=label)
    _set_axis(axes, design, setting, "x")
    axes.set_ylabel("Events")
    if _wide(made):
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0.0)
    significance = made.columns[SIGNIFICANCE]
    if np.any(np.isfinite(significance)):
        other = axes.twinx()
        other.plot(x, significance, color=GREY, linestyle=":", label="Significance")
        other.set_ylabel("Significance of the signal [σ]")
        other.set_ylim(bottom=0.0)


_EVENTS = {"total": "signal events", "background": "background events"}


def _wide(made: Sensitivity) -> bool:
    """Whether the events span more than a linear axis shows."""
    events = [made.columns[n] for n in made.design.columns if n.endswith(("total", "background"))]
    positive = np.concatenate([one[one > 0] for one in events])
    return bool(len(positive)) and float(np.max(positive) / np.min(positive)) > 30.0
