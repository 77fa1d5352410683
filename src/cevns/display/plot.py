"""Figures fit for a paper: a prediction, counts over threshold, ours against a released result.

Figures are `matplotlib.figure.Figure`, made and saved under the style of
`cevns.display.plot_style`. A flavour has one colour everywhere, dashed for its antineutrino.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np

from cevns import units
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
)
from cevns.prediction import AXIS_SCALE, Prediction

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from cevns.uncertainty import Uncertainty

Array = np.ndarray[Any, np.dtype[Any]]

AXIS_LABELS = {
    "keV": "Recoil energy [keV]",
    "keVee": "Electron-equivalent energy [keVee]",
    "PE": "Light [PE]",
}
"""What the observable is called, by its unit."""

DECADES = 5  # shown on a logarithmic axis of counts, below the largest value


_FLAVOURS = {"nu_e": BLUE, "nu_mu": VERMILION, "nu_tau": GREEN}
_FIXED = {
    **{name: (color, "-") for name, color in _FLAVOURS.items()},
    **{f"{name}_bar": (color, "--") for name, color in _FLAVOURS.items()},
    "nu_x": (PURPLE, "-"),
    "prompt": (VERMILION, "-"),
    "delayed": (BLUE, "--"),
}
_OTHERS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, GREY)
_BACKGROUNDS = (ORANGE, PURPLE, GREEN, GREY)
_UNEVEN = 30  # ends of spectra, one over the other


@style()
def prediction_figure(prediction: Prediction, error: Uncertainty | None = None) -> Figure:
    """The recoil spectrum, the counts and, where there is a time axis, the counts in time.

    Parameters
    ----------
    prediction : Prediction
    error : Uncertainty, optional
        A band on the counts.

    Returns
    -------
    Figure
        Two panels side by side, or three with a time axis. The recoil spectrum is before any
        response; the counts are what is detected, with the backgrounds below the signal. Bins of
        unequal width are drawn as densities.
    """
    timed = prediction.time_edges is not None
    figure = new_figure(height=5.6 if timed else 3.5)
    axes = figure.subplot_mosaic("SS;CT" if timed else "SC")
    _draw_spectrum(axes["S"], prediction)
    uneven = _uneven_ends(prediction)
    if uneven or _logarithmic(prediction.edges):
        _logarithmic_energies(axes["S"], 0.0 if uneven else _lowest_shown(prediction))
    _name_lines(axes["S"])
    _draw_counts(axes["C"], prediction, error)
    if timed:
        _draw_time(axes["T"], prediction)
    name = textwrap.shorten(prediction.name, 200, placeholder=" …")
    total = f"{shown_events(prediction.total)} signal events"
    return finish(figure, f"{name}: {total}" if name else total)


def _draw_spectrum(axes: Axes, prediction: Prediction) -> None:
    """dN/dT by flavour and in all, over the decades and energies where there is something."""
    energy = np.asarray(prediction.recoil_energy) / units.keV
    total = np.asarray(prediction.recoil_spectrum) * units.keV
    flavours = prediction.recoil_by_flavour
    if len(flavours) != 1:
        axes.plot(energy, total, color=BLACK, label="Total")
    for name, (color, dashes) in _line_styles(flavours).items():
        values = np.asarray(flavours[name]) * units.keV
        axes.plot(energy, values, color=color, linestyle=dashes, label=_label(name))
    floor = _log_counts(axes, total)
    seen = energy[total > floor]
    axes.set_xlim(0.0, seen[-1] if seen.size else energy[-1])
    axes.locator_params(axis="x", nbins=6)
    axes.set_xlabel("Recoil energy [keVnr]")
    axes.set_ylabel(r"$\mathrm{d}N/\mathrm{d}T$ [events / keV]")


def _name_lines(axes: Axes) -> None:
    """A legend of the lines of which something is in sight."""
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()

    def in_sight(line: Any) -> bool:
        x, y = line.get_data()
        return bool(np.any((left <= x) & (x <= right) & (bottom <= y) & (y <= top)))

    axes.legend(handles=[line for line in axes.lines if in_sight(line)])


def _uneven_ends(prediction: Prediction) -> bool:
    """Whether some flavours end so far below others that they would be a line on the axis."""
    energy = np.asarray(prediction.recoil_energy)
    spectra = [np.asarray(one) for one in prediction.recoil_by_flavour.values()]
    ends = [energy[np.flatnonzero(one)[-1]] for one in spectra if np.any(one)]
    return bool(ends) and max(ends) > _UNEVEN * min(ends)


def _lowest_shown(prediction: Prediction) -> float:
    """Where the observable starts [keV], if that is a recoil energy, else 0."""
    return float(prediction.edges[0] / units.keV) if prediction.axis == "keV" else 0.0


def _logarithmic_energies(axes: Axes, first: float) -> None:
    """From ``first`` [keV] where that is on the axis, else over four decades."""
    top = axes.get_xlim()[1]
    axes.set_xscale("log")
    axes.set_xlim(first if 0 < first < top else 1e-4 * top, top)


def _draw_counts(axes: Axes, prediction: Prediction, error: Uncertainty | None) -> None:
    """Signal and backgrounds in bins of the observable; says what is off the axis."""
    edges = np.asarray(prediction.edges) / AXIS_SCALE[prediction.axis]
    inside, total = shown_events(np.sum(prediction.counts)), shown_events(prediction.total)
    label = f"Signal ({inside})" if inside == total else f"Signal ({inside} of {total})"
    band = None if error is None else error.bins
    _draw_bins(axes, edges, prediction.counts, label, prediction.backgrounds, band)
    axes.set(xlabel=AXIS_LABELS[prediction.axis], ylabel=events_per(edges, prediction.axis))


def _draw_time(axes: Axes, prediction: Prediction) -> None:
    """The signal in time; backgrounds have no time axis."""
    counts = np.sum(prediction.counts_2d, axis=0)
    label = "Signal without backgrounds" if prediction.backgrounds else "Signal"
    edges = np.asarray(prediction.time_edges) / units.us
    _draw_bins(axes, edges, counts, f"{label} ({shown_events(np.sum(counts))})", {})
    axes.set(xlabel="Time [µs]", ylabel=events_per(edges, "µs"))


def _draw_bins(
    axes: Axes,
    edges: Array,
    counts: Array,
    label: str,
    backgrounds: Mapping[str, Array],
    band: Array | None = None,
) -> None:
    """A histogram of the signal on top of the backgrounds, with its ±1σ ``band``.

    All are counts in bins. A signal that would be a hairline on its backgrounds stands in front of
    them instead.
    """
    widths = bin_widths(edges)
    signal, stacked = counts / widths, np.zeros(len(widths))
    for (name, values), color in zip(backgrounds.items(), cycle(_BACKGROUNDS), strict=False):
        text = f"{plain_text(name)} ({shown_events(np.sum(values))})"
        _fill(axes, edges, stacked, stacked + values / widths, color, text)
        stacked = stacked + values / widths
    swamped = bool(np.max(stacked) > 20 * np.max(signal))
    base = np.zeros_like(signal) if swamped else stacked
    _fill(axes, edges, base, base + signal, SKY, label)
    top = base + signal
    if band is not None:
        band = band / widths
        low = np.maximum(top - band, 0.0)
        style: Any = {"fill": True, "facecolor": "none", "edgecolor": BLACK, "linewidth": 0.0}
        axes.stairs(
            top + band, edges, baseline=low, hatch="////", label="±1σ of the priors", **style
        )
        top = top + band
    _counts_axis(axes, np.maximum(top, stacked), signal, swamped)
    if _logarithmic(edges):
        axes.set_xscale("log")
    axes.set_xlim(edges[0], edges[-1])


def _fill(axes: Axes, edges: Array, low: Array, high: Array, color: str, label: str) -> None:
    """A histogram filled from ``low`` to ``high``, with its outline."""
    axes.stairs(high, edges, baseline=low, fill=True, color=color, linewidth=0.0, label=label)
    axes.stairs(high, edges, baseline=None, color=BLACK, linewidth=0.6)


def _counts_axis(axes: Axes, heights: Array, signal: Array, swamped: bool) -> None:
    """Linear from zero, logarithmic where that would hide most of the signal; legend on top.

    The legend is above the histogram, since backgrounds often fill the whole width.
    """
    entries = len(axes.get_legend_handles_labels()[1])
    columns = 1 if entries <= 6 else 2
    axes.legend(loc="upper right", ncols=columns)
    share = max(0.95 - 0.09 * np.ceil(entries / columns), 0.3)  # of the axis
    hidden = np.mean(signal > 0.01 * np.max(signal)) < 0.25
    top = float(np.max(heights))
    if top > 0 and (swamped or hidden):
        floor = _log_counts(axes, np.append(heights, signal))
        axes.set_ylim(floor, floor * (top / floor) ** (1 / share))
    else:
        axes.set_ylim(0.0, top / share or 1.0)


@style()
def threshold_figure(
    thresholds: Any,
    counts: Mapping[str, Any],
    title: str,
    unit: str,
    prediction: Prediction | None = None,
) -> Figure:
    """Events over threshold, with the recoil spectrum underneath if a prediction is given.

    The two panels are those of figs. 2 to 5 of Scholberg, Phys. Rev. D 73 (2006) 033005.

    Parameters
    ----------
    thresholds : array, shape (n,)
        On the observable axis, internal units.
    counts : mapping
        Name ("prompt", "delayed", a flavour, a target) → events over each threshold, shape (n,).
    title : str
    unit : {"keV", "keVee", "PE"}
        The unit of the observable.
    prediction : Prediction, optional
        Whose recoil spectrum to show.
    """
    figure = new_figure(height=3.8 if prediction is None else 6.2, width=5.0)
    axes = figure.subplots(1 if prediction is None else 2, squeeze=False)[:, 0]
    _draw_thresholds(axes[0], np.asarray(thresholds) / AXIS_SCALE[unit], counts, unit)
    if prediction is not None:
        _draw_spectrum(axes[1], prediction)
        if unit == "keV":
            # One energy scale for both, as the panels are read against each other.
            axes[1].set_xlim(axes[0].get_xlim())
    for panel in axes:
        _name_lines(panel)
    return finish(figure, title)


def _draw_thresholds(axes: Axes, thresholds: Array, counts: Mapping[str, Any], unit: str) -> None:
    for name, (color, dashes) in _line_styles(counts).items():
        axes.plot(thresholds, counts[name], color=color, linestyle=dashes, label=_label(name))
    values = np.array([np.asarray(line, dtype=float) for line in counts.values()])
    floor = _log_counts(axes, values)
    seen = thresholds[np.any(values > floor, axis=0)]
    axes.set_xlim(thresholds[0], seen[-1] if seen.size > 1 else thresholds[-1])
    quantity = AXIS_LABELS[unit].partition(" [")[0].lower()
    axes.set_xlabel(f"Threshold in {quantity} [{unit}]")
    axes.set_ylabel("Events over threshold")


@dataclass(frozen=True, eq=False)
class ComparisonPanel:
    """One projection of a comparison.

    Attributes
    ----------
    edges : array, shape (bins + 1,)
        In ``unit``.
    ours, released : arrays, shape (bins,)
        Events in each bin.
    name : str
        What is on the horizontal axis.
    unit : str
    """

    edges: Any
    ours: Any
    released: Any
    name: str
    unit: str


@style()
def comparison_figure(panels: Sequence[ComparisonPanel], title: str) -> Figure:
    """Ours as steps and the released as points, one column per panel, the ratio underneath."""
    figure = new_figure(height=4.0, width=WIDTH if len(panels) > 1 else 4.2)
    grid = figure.subplots(2, len(panels), sharex="col", squeeze=False, height_ratios=[2.6, 1])
    for (upper, lower), panel in zip(grid.T, panels, strict=True):
        _draw_comparison(upper, panel)
        _draw_ratio(lower, panel)
        lower.set_xlim(panel.edges[0], panel.edges[-1])
    figure.align_ylabels()
    return finish(figure, title)


def _draw_comparison(axes: Axes, panel: ComparisonPanel) -> None:
    edges, ours, released = map(np.asarray, (panel.edges, panel.ours, panel.released))
    widths = bin_widths(edges)
    label = f"cevns ({shown_events(np.sum(ours))})"
    axes.stairs(ours / widths, edges, color=BLUE, linewidth=1.3, label=label)
    label = f"released ({shown_events(np.sum(released))})"
    axes.plot(_centres(edges), released / widths, "o", color=BLACK, label=label)
    axes.set_ylim(0.0, 1.15 * float(np.max(np.maximum(ours, released) / widths)) or 1.0)
    axes.set_ylabel(events_per(edges, panel.unit))
    axes.legend()


def _draw_ratio(axes: Axes, panel: ComparisonPanel) -> None:
    """Ours over released where something is released; arrows where it is off the axis."""
    ours, released = np.asarray(panel.ours), np.asarray(panel.released)
    some = released > 0
    centres, ratio = _centres(panel.edges)[some], ours[some] / released[some]
    reach = _ratio_reach(ratio, released[some])
    axes.axhline(1.0, color=GREY, linewidth=0.8)
    side = np.sign(ratio - 1) * (np.abs(ratio - 1) > reach)
    for marker, where in (("o", 0), ("^", 1), ("v", -1)):
        shown = np.clip(ratio[side == where], 1 - reach, 1 + reach)
        axes.plot(centres[side == where], shown, marker, color=BLUE)
    axes.set_ylim(1 - 1.15 * reach, 1 + 1.15 * reach)
    axes.set_xlabel(f"{panel.name} [{panel.unit}]")
    axes.set_ylabel("cevns /\nreleased")


def _ratio_reach(ratio: Array, released: Array) -> float:
    """Half the range of the ratio axis: the bins that matter fit in, the empty tails need not."""
    if not ratio.size:
        return 0.1
    heavy = np.abs(ratio - 1)[released > 0.02 * np.max(released)]
    return float(np.clip(1.1 * np.max(heavy), 0.1, 1.0))


def _log_counts(axes: Axes, values: Array) -> float:
    """A logarithmic axis over the decades that hold something; returns its lower end.

    Where nothing is above zero the axis stays linear, from 0 to 1.
    """
    peak = float(np.max(values, initial=0.0))
    if not peak > 0:
        axes.set_ylim(0.0, 1.0)
        return 0.0
    decade = 10 ** np.floor(np.log10(np.min(values[values > 0])))
    floor = float(np.clip(decade, peak * 10.0**-DECADES, peak / 10))
    axes.set_yscale("log")
    axes.set_ylim(floor, 2 * peak)
    return floor


def _line_styles(names: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """(colour, dashes) by name: fixed for flavours and groups, the next free one for others."""
    free = cycle((color, dashes) for dashes in ("-", "--", "-.", ":") for color in _OTHERS)
    return {name: _FIXED[name] if name in _FIXED else next(free) for name in names}


def _label(name: str) -> str:
    """A name as a legend shows it: neutrinos as symbols."""
    match = re.fullmatch(r"nu_(e|mu|tau|x|s)(_bar)?", name)
    if match is None:
        return plain_text(name.capitalize() if name in _FIXED else name)
    symbol = r"\bar{\nu}" if match[2] else r"\nu"
    flavour = rf"\{match[1]}" if len(match[1]) > 1 else match[1]
    return rf"${symbol}_{{{flavour}}}$"


def _logarithmic(edges: Any) -> bool:
    """Whether bins are equally wide on a logarithmic scale, and only there."""
    edges = np.asarray(edges, dtype=float)
    if edges.size < 3 or edges[0] <= 0:
        return False
    steps, widths = np.diff(np.log(edges)), np.diff(edges)
    return bool(np.allclose(steps, steps[0]) and not np.allclose(widths, widths[0]))


def _centres(edges: Any) -> Any:
    edges = np.asarray(edges, dtype=float)
    return (edges[1:] + edges[:-1]) / 2
