"""Figures of a fit: data with the fitted components, profiles, pulls and impacts, correlations."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np

from cevns.display.plot import AXIS_LABELS
from cevns.display.plot_style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    WIDTH,
    bin_widths,
    events_per,
    finish,
    new_figure,
    plain_text,
    shown_events,
    style,
    uneven,
)
from cevns.display.report_fit import felt
from cevns.likelihood.cells import CellAxis
from cevns.likelihood.signal import SIGNAL
from cevns.likelihood.statistic import Gaussian

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from cevns.inference.fit import Fit
    from cevns.inference.profile import Impact, Profile
    from cevns.likelihood.channel import Channel
    from cevns.parameters import Parameter

Array = np.ndarray[Any, np.dtype[Any]]

STEADY = "steady-state"
_COLOURS = {
    SIGNAL: SKY,
    STEADY: "#D0D0D0",
    "beam-neutrons": ORANGE,
    "delayed-beam-neutrons": GREEN,
    "neutrino-induced-neutrons": PURPLE,
}
_OTHERS = (ORANGE, PURPLE, GREEN, "#F0E442", GREY)
_ONE_SIGMA = 0.158655  # of a normal distribution lies below −1 σ
_MOST = 30  # nuisances in one figure
_SIDE_BY_SIDE = 3  # axes of a data set whose panels are wide enough for scales of their own
BIN = "bin"
_READABLE = 16  # parameters of a correlation matrix with its numbers written in
INTERPOLATED = "shapes interpolated between −1, 0 and +1 σ"


# --- data ------------------------------------------------------------------------------------


@style()
def data_figure(channel: Channel, fit: Fit) -> Figure:
    """Counts and fitted components, one column for each axis of the cells.

    On top everything; underneath what is left without the fitted steady state (without all
    backgrounds, where none has that name). Error bars are central 68.27 % intervals of a Poisson
    mean, or the errors that the data have. Bins of unequal width are drawn as densities; where
    there are many axes, all bins are drawn equally wide, with their edges written at them.
    """
    components = channel.components(fit.minimum.theta, fit.likelihood.morphed)
    order = _bottom_first(components)
    removed = [STEADY] if STEADY in order else [name for name in order if name != SIGNAL]
    rows = 2 if removed else 1
    columns = channel.cells.axes
    width = min(WIDTH, 3.0 * len(columns) + 1.2)
    figure = new_figure(height=2.2 * rows + 0.9, width=width)
    grid = figure.subplots(rows, len(columns), sharex="col", squeeze=False)
    entries = _entries(channel, fit)
    many = len(columns) > _SIDE_BY_SIDE
    for panels, axis in zip(grid.T, columns, strict=True):
        drawn = CellAxis(axis.name, np.arange(axis.bins + 1.0), BIN) if many else axis
        project = channel.cells.projection
        observed = project(channel.observed, axis.name)
        ends = _interval(channel, axis, observed)
        stack = {name: project(components[name], axis.name) for name in order}
        _draw_stack(panels[0], drawn, observed, ends, stack, entries)
        if removed:
            _draw_stack(panels[1], drawn, observed, ends, stack, entries, removed)
            what = "steady state" if removed == [STEADY] else "backgrounds"
            panels[1].set_ylabel(f"Without {what}\n[{_per(drawn).replace('E', 'e', 1)}]")
        _energy_scale(panels[-1], drawn)
        panels[-1].set_xlabel(_axis_label(axis))
        if many:
            _write_edges(panels, axis)
    for axes in grid[:, 1:].ravel() if many else ():  # all of them count events in a bin
        axes.set_ylabel("")
    longest = 0.5 + 0.08 * max(map(len, entries.values()))  # inches of an entry in the legend
    _legend_below(figure, (grid[0, 0],), min(int(width / longest), 3) or 1, upwards=True)
    figure.align_ylabels()
    return finish(figure, channel.title or channel.name or "Counts")


def _bottom_first(components: Mapping[str, Array]) -> list[str]:
    """The order of the stack: the steady state below, the signal on top."""
    return sorted(components, key=lambda name: (name == SIGNAL, name != STEADY))


def _colours(names: Sequence[str]) -> dict[str, str]:
    free = cycle(_OTHERS)
    return {name: _COLOURS.get(name) or next(free) for name in names}


def _draw_stack(
    axes: Axes,
    axis: CellAxis,
    observed: Array,
    ends: tuple[Array, Array],
    stack: Mapping[str, Array],
    entries: Mapping[str, str],
    removed: Collection[str] = (),
) -> None:
    """Components on one another and the counts, both less what is ``removed``.

    ``ends`` are those of the error bars of the counts, ``entries`` are their names in the legend.
    """
    edges = axis.shown
    widths = bin_widths(edges)
    gone: Array = np.sum([stack[name] for name in removed], axis=0) if removed else 0 * observed
    total = np.zeros(axis.bins)
    colours = _colours(list(stack))
    for name, counts in stack.items():
        if name in removed:
            continue
        above = total + counts / widths
        look: Any = {"color": colours[name], "linewidth": 0.0, "label": entries[name]}
        axes.stairs(above, edges, baseline=total, fill=True, **look)
        total = above
    axes.stairs(total, edges, baseline=None, color=BLACK, linewidth=0.7)
    low, high = ends
    values = (observed - gone) / widths
    errors = np.array([observed - low, high - observed]) / widths
    centres = 0.5 * (edges[1:] + edges[:-1])
    label = f"Data ({shown_events(float(np.sum(observed)))})"
    size = 3.5 if axis.bins < 60 else 1.8  # so that many points can be told apart
    look = {"fmt": "o", "markersize": size, "color": BLACK, "linewidth": 0.8, "label": label}
    axes.errorbar(centres, values, errors, **look)
    top = max(float(np.max(values + errors[1])), float(np.max(total)), 1e-300)
    bottom = min(float(np.min(values - errors[0])), 0.0) if removed else 0.0
    axes.set_ylim(1.1 * bottom, 1.1 * top)
    axes.set_xlim(edges[0], edges[-1])
    if removed:
        axes.axhline(0.0, color=BLACK, linewidth=0.6)
    axes.set_ylabel(_per(axis))


def _interval(channel: Channel, axis: CellAxis, observed: Array) -> tuple[Array, Array]:
    """Ends of the error bars of the counts on one axis."""
    if not isinstance(channel.statistic, Gaussian):
        return poisson_interval(observed)
    errors = np.sqrt(channel.cells.projection(channel.statistic.errors**2, axis.name))
    return observed - errors, observed + errors


def _write_edges(panels: Sequence[Axes], axis: CellAxis) -> None:
    """The edges of bins that are drawn equally wide, and a label that is not wider than these."""
    for axes in panels:
        axes.set_xticks(range(axis.bins + 1), [f"{edge:.3g}" for edge in axis.shown], rotation=45)
        axes.tick_params(axis="x", which="minor", bottom=False, top=False)
    panels[-1].set_xlabel(_axis_label(axis).replace(" [", "\n["))


def poisson_interval(counts: Any) -> tuple[Array, Array]:
    """Ends of the central 68.27 % interval of a Poisson mean (Garwood, Biometrika 28 (1936) 437).

    For fractions, as an Asimov data set has them, the continuation of the same formula.
    """
    from scipy.special import gammaincinv

    counts = np.asarray(counts, dtype=float)
    some = np.maximum(counts, 1e-9)
    low: Array = np.where(counts > 0, gammaincinv(some, _ONE_SIGMA), 0.0)
    high: Array = gammaincinv(counts + 1, 1 - _ONE_SIGMA)
    return low, high


def _unit(axis: CellAxis) -> str:
    return {"us": "µs"}.get(axis.unit, axis.unit)


def _per(axis: CellAxis) -> str:
    """What the vertical axis counts."""
    return "Events / bin" if axis.unit == BIN else events_per(axis.shown, _unit(axis))


def _axis_label(axis: CellAxis) -> str:
    if axis.name == "energy":
        return AXIS_LABELS.get(axis.unit, f"Energy [{axis.unit}]")
    # A symbol such as cS2 is not a word.
    name = axis.name.capitalize() if axis.name.islower() else axis.name
    return f"{name} [{_unit(axis) or 'dimensionless'}]"


def _energy_scale(axes: Axes, axis: CellAxis) -> None:
    """Logarithmic where bins that grow span more than an order of magnitude and start above 0."""
    edges = axis.shown
    if uneven(edges) and edges[0] > 0 and edges[-1] > 30 * edges[0]:
        axes.set_xscale("log")


def _entries(channel: Channel, fit: Fit) -> dict[str, str]:
    """Name of a component → its entry in the legend."""
    found = fit.events[channel.name]
    return {name: f"{_component(name)} ({_with_error(*found[name])})" for name in found}


def _component(name: str) -> str:
    """A component as a legend shows it."""
    words = plain_text(name.replace("-", " "))
    return "CEvNS" if name == SIGNAL else words[:1].upper() + words[1:]


def _with_error(number: float, error: float) -> str:
    """Events and their error, to the second digit of the error."""
    if not math.isfinite(error) or error <= 0:
        return shown_events(number)
    digits = max(0, 1 - math.floor(math.log10(error)))
    return f"{number:,.{digits}f} ± {error:,.{digits}f}"


def _legend_below(
    figure: Figure, panels: Sequence[Axes], columns: int, upwards: bool = False
) -> None:
    """One legend for all panels, under them."""
    drawn = [axes.get_legend_handles_labels() for axes in panels]
    handles = [handle for found, _ in drawn for handle in found]
    labels = [label for _, found in drawn for label in found]
    if upwards:  # as what is drawn lies on one another
        handles, labels = handles[::-1], labels[::-1]
    figure.legend(handles, labels, loc="outside lower center", ncols=columns)


# --- profiles --------------------------------------------------------------------------------


@style()
def profile_figure(profile: Profile, fit: Fit, interpolated: bool = False) -> Figure:
    """−2 Δ ln L over one parameter of interest, with the fitted value and its interval.

    ``interpolated`` says in the title that the curve comes from interpolated shapes; value and
    interval are always those of the fit.
    """
    parameter = fit.likelihood.parameters[profile.address]
    figure = new_figure(height=4.0, width=5.0)
    axes = figure.subplots()
    values = profile.values / parameter.scale
    axes.plot(values, profile.heights, color=BLUE, label="Profile")
    for height, dashes, share in ((1.0, "--", "68.27 %"), (4.0, ":", "95.45 %")):
        label = f"{share} ({height:g})"
        axes.axhline(height, color=VERMILION, linestyle=dashes, linewidth=0.9, label=label)
    best = fit.minimum.at(profile.address) / parameter.scale
    error = fit.minimum.error(profile.address) / parameter.scale
    lower, upper = (end / parameter.scale for end in fit.intervals[profile.address])
    fitted = f"Fit: {_digits(best, error)}"
    axes.axvline(best, color=BLACK, linewidth=0.8, label=fitted)
    if math.isfinite(lower) and math.isfinite(upper):
        label = f"Interval: [{_digits(lower, error)}, {_digits(upper, error)}]"
        axes.axvspan(lower, upper, color=SKY, alpha=0.3, linewidth=0.0, label=label)
    axes.set_xlim(values[0], values[-1])
    axes.set_ylim(0.0, float(np.clip(np.max(profile.heights), 4.5, 9.5)))
    axes.set_xlabel(_quantity(profile.address, parameter))
    axes.set_ylabel(r"$-2\,\Delta\ln L$")
    _legend_below(figure, (axes,), 2)
    note = f"; {INTERPOLATED}" if interpolated else ""
    return finish(figure, f"Profile likelihood of {profile.address}{note}")


def _digits(value: float, error: float) -> str:
    """A value with three digits of its error."""
    if not math.isfinite(error) or error <= 0:
        return f"{value:.4g}"
    digits = 2 - math.floor(math.log10(error))
    return f"{value:.{max(digits, 0)}f}" if digits <= 6 else f"{value:.4g}"


def _quantity(address: str, parameter: Parameter, prefix: str = "") -> str:
    """A parameter as the label of an axis."""
    return f"{prefix}{plain_text(address)} [{parameter.unit or 'dimensionless'}]"


# --- pulls and impacts -----------------------------------------------------------------------


@style()
def impact_figure(
    address: str, impacts: Sequence[Impact], fit: Fit, interpolated: bool = False
) -> Figure:
    """Pulls of the nuisances beside their impacts on one parameter, the largest on top.

    What is held and varied by hand is among them: it has shifts and no pull.
    """
    parameter = fit.likelihood.parameters[address]
    rows: list[tuple[str, float | None, float, bool]] = [
        (one.nuisance, one.down, one.up, False) for one in impacts if one.nuisance != address
    ]
    for nuisance, moved in felt(fit, address).items():
        rows.append((nuisance, moved.down, moved.up, True))
    rows.sort(key=lambda row: max(abs(row[1] or 0.0), abs(row[2])))
    shown = rows[-_MOST:]
    figure = new_figure(height=1.7 + 0.24 * len(shown))
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=[1, 1.3])
    _draw_pulls(left, [row[0] for row in shown], fit)
    _draw_impacts(right, shown, parameter.scale)
    right.set_xlabel(_quantity(address, parameter, "Shift of "))
    left.set_yticks(range(len(shown)))
    left.set_yticklabels([f"{plain_text(row[0])}{' (held)' if row[3] else ''}" for row in shown])
    left.set_ylim(-0.6, len(shown) - 0.4)
    for axes in (left, right):
        axes.tick_params(axis="y", which="both", length=0)
    _legend_below(figure, (left, right), 4)
    some = f" ({_MOST} of {len(rows)})" if len(rows) > _MOST else ""
    note = f"; {INTERPOLATED}" if interpolated else ""
    return finish(figure, f"Pulls, and impacts on {address}{some}{note}")


def _draw_pulls(axes: Axes, names: Sequence[str], fit: Fit) -> None:
    """(θ − nominal)/σ with the fitted error in σ; the priors as a band."""
    axes.axvspan(-1, 1, color=GREY, alpha=0.25, linewidth=0.0, label="Prior ± 1 σ")
    axes.axvline(0, color=GREY, linewidth=0.8)
    found = fit.pulls
    places = [place for place, name in enumerate(names) if name in found]
    pulls = np.array([found[names[place]] for place in places]).reshape(-1, 2)
    errors = np.nan_to_num(pulls[:, 1])
    look: Any = {"fmt": "o", "color": BLACK, "linewidth": 0.9, "label": "Fitted"}
    axes.errorbar(pulls[:, 0], places, xerr=errors, **look)
    reach = float(np.max(np.abs(pulls[:, 0]) + errors, initial=1.5))
    axes.set_xlim(-1.1 * reach, 1.1 * reach)
    axes.set_xlabel("Pull [σ of the prior]")


def _draw_impacts(
    axes: Axes, rows: Sequence[tuple[str, float | None, float, bool]], scale: float
) -> None:
    """Shifts of the parameter for each nuisance one standard deviation down and up."""
    places = np.arange(len(rows))
    down = np.array([row[1] or 0.0 for row in rows]) / scale
    up = np.array([row[2] for row in rows]) / scale
    # One bar is in each half of a row: both may go to the same side.
    axes.barh(places - 0.18, down, height=0.36, color=ORANGE, label="Nuisance at −1 σ")
    axes.barh(places + 0.18, up, height=0.36, color=BLUE, label="Nuisance at +1 σ")
    axes.axvline(0, color=BLACK, linewidth=0.6)
    reach = float(np.max(np.abs([down, up]), initial=0.0)) or 1.0
    if not (np.any(down) or np.any(up)):
        look: Any = {"ha": "center", "va": "center", "color": GREY, "transform": axes.transAxes}
        axes.text(0.5, 0.8, "Nothing moves it from its best value", **look)
    axes.set_xlim(-1.1 * reach, 1.1 * reach)
    axes.locator_params(axis="x", nbins=6)


# --- correlations ----------------------------------------------------------------------------


@style()
def correlation_figure(fit: Fit) -> Figure:
    """The correlation matrix of what floats, as colours and, where they are few, as numbers."""
    from matplotlib.colors import LinearSegmentedColormap

    names, matrix = fit.likelihood.floating, fit.minimum.correlation
    size = len(names)
    colours = LinearSegmentedColormap.from_list("correlation", [BLUE, "#FFFFFF", VERMILION])
    longest = 0.068 * max(len(name) for name in names)  # inches; the cells come out square
    side = float(np.clip(0.4 * size, 1.5, max(WIDTH - 1.0 - longest, 2.5)))
    figure = new_figure(height=side + longest + 0.4, width=side + longest + 1.0)
    axes = figure.subplots()
    image = axes.imshow(np.ma.masked_invalid(matrix), cmap=colours, vmin=-1, vmax=1, aspect="auto")
    if size <= _READABLE:
        for (row, column), value in np.ndenumerate(matrix):
            text = f"{value:.2f}" if math.isfinite(value) else ""
            text = text.replace("-0.00", "0.00").replace("-", "−")
            colour = "white" if abs(value) > 0.75 else BLACK
            axes.text(column, row, text, ha="center", va="center", fontsize=5, color=colour)
    words = [plain_text(name) for name in names]
    axes.set_xticks(range(size), words, rotation=90)
    axes.set_yticks(range(size), words)
    axes.minorticks_off()
    axes.tick_params(length=0)
    figure.colorbar(image, ax=axes, label="Correlation coefficient", use_gridspec=False)
    return finish(figure, "Correlations of the fitted parameters")
