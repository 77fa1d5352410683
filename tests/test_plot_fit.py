"""Figures of a fit: what they show, and that every one is labelled and tidy."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest

from cevns.analysis import analysis_of
from cevns.config.study import load
from cevns.display.plot_fit import (
    correlation_figure,
    data_figure,
    impact_figure,
    poisson_interval,
    profile_figure,
)
from cevns.inference.fit import Fit, Variation, fit
from cevns.inference.minimum import minimise
from cevns.inference.profile import Impact, Profile, impacts, profile, profile_range

Axes = Any  # matplotlib types its artists too loosely to be asked for what they hold
NORM = "signal.norm"
FLAT = "{name: flat, type: flat, rate: 0.02 / keV / kg / day}"
STEADY = "{name: steady-state, type: flat, rate: 0.01 / keV / kg / day}"
NEUTRONS = "{name: beam-neutrons, type: flat, rate: 0.002 / keV / kg / day}"
ENERGY = "{from: 10 keV, to: 60 keV, bins: 5}"
COUNTS = (470, 440, 425, 410, 400)
HELD = {
    "shape.one-sided": {NORM: Variation(None, 0.5)},
    "shape.no-effect": {NORM: Variation(1e-12, -1e-12)},
}


@dataclass(frozen=True)
class Case:
    """What an experiment file has."""

    backgrounds: tuple[str, ...] = (STEADY, NEUTRONS)
    binning: str = ENERGY
    header: str = "energy [keV],counts"
    rows: tuple[str, ...] = tuple(f"{15 + 10 * n},{count}" for n, count in enumerate(COUNTS))
    more: str = "parameters: {background.beam-neutrons.norm: {prior: 25 %}}"
    name: str = "own"

    def text(self) -> str:
        """The file."""
        return f"""
name: {self.name}
source: {{type: stopped-pion, flux: 1e7 /cm^2/s, pulse: {{shape: delta}}}}
detector: {{target: Ar40, mass: 10 kg, backgrounds: [{", ".join(self.backgrounds)}]}}
exposure: 1 year
binning: {self.binning}
data: {{file: counts.csv}}
{self.more}
"""


NONE = Case(backgrounds=(), more="")
CASES = {
    "steady": Case(),
    "backgrounds": Case((FLAT,), more="parameters: {background.flat.norm: {prior: 25 %}}"),
    "bare": NONE,
    "uneven": Case(binning="{edges: [10, 20, 30, 60], unit: keV}"),
    "wide": Case(
        binning="{from: 0.1 keV, to: 100 keV, bins: 9, spacing: log}",
        rows=tuple(f"{0.147 * 10 ** (n / 3):.4g},{40 + 40 * n}" for n in range(9)),
    ),
    "long name": Case(name="a $very$ long_name " * 12),
    "timed": Case(
        binning=f"{{energy: {ENERGY}, time: {{edges: [0, 1, 2, 4, 8], unit: us}}}}",
        header="energy [keV],time [us],counts",
        rows=tuple(f"{15 + 10 * n},{t},{9 - n}" for n in range(5) for t in (0.5, 1.5, 3, 5)),
    ),
}


@cache
def fitted(name: str) -> Fit:
    """The fit of a case; what is in it is never changed."""
    case = CASES[name]
    with TemporaryDirectory() as folder:
        Path(folder, "counts.csv").write_text("\n".join([case.header, *case.rows]) + "\n")
        file = Path(folder, "own.yaml")
        file.write_text(case.text(), "utf-8")
        analysis = analysis_of(load(file))
    return fit(analysis.likelihood.freed(analysis.interest), analysis.interest)


@cache
def curve(name: str) -> Profile:
    minimum = minimise(fitted(name).likelihood)
    return profile(minimum, NORM, profile_range(minimum, NORM, 9).tolist())


def data(name: str) -> Any:
    return data_figure(fitted(name).likelihood.channels[0], fitted(name))


def nothing_seen() -> Any:
    channel = fitted("steady").likelihood.channels[0]
    return data_figure(channel.with_observed(0 * channel.observed), fitted("steady"))


def crowd(size: int) -> Fit:
    """A fit with many nuisances held, each with a shift of its own."""
    held = {f"shape.number-{n}": {NORM: Variation(-0.01 * n, 0.02 * n)} for n in range(size)}
    return replace(fitted("steady"), variations=held)


def impact(found: Fit, interpolated: bool = False) -> Any:
    return impact_figure(NORM, impacts(found.minimum, NORM), found, interpolated)


def figures() -> Iterator[Any]:
    for name in CASES:
        yield pytest.param(lambda n=name: data(n), id=f"data: {name}")
    others = {
        "nothing seen": nothing_seen,
        "profile": lambda: profile_figure(curve("steady"), fitted("steady")),
        "interpolated": lambda: profile_figure(curve("steady"), fitted("steady"), True),
        "timed profile": lambda: profile_figure(curve("timed"), fitted("timed")),
        "impacts": lambda: impact(fitted("steady")),
        "held": lambda: impact(replace(fitted("steady"), variations=HELD), True),
        "only held": lambda: impact(replace(fitted("bare"), variations=HELD)),
        "crowd": lambda: impact(crowd(50)),
        "correlation": lambda: correlation_figure(fitted("steady")),
    }
    for name, build in others.items():
        yield pytest.param(build, id=name)


@pytest.mark.parametrize("build", list(figures()))
def test_every_figure_is_labelled_finite_and_tidy(build: Any) -> None:
    """property: also no warning while drawing, since here warnings are errors."""
    figure = build()
    figure.draw_without_rendering()
    for axes in figure.axes:
        limits = (*axes.get_xlim(), *axes.get_ylim())
        assert np.all(np.isfinite(limits))
        for line in axes.lines:
            assert np.all(np.isfinite(np.asarray(line.get_ydata(), dtype=float)))
    check_words(figure)
    check_places(figure)


def check_words(figure: Any) -> None:
    """A title, labels with units, and a legend or numbers with a scale."""
    assert figure.get_suptitle().strip()
    labels = [axes.get_xlabel() for axes in figure.axes]
    assert all(label.endswith("]") or label == "" for label in labels)
    if figure.axes[-1].get_ylabel() == "Correlation coefficient":
        return
    assert labels[-1]
    words = [text.get_text() for text in figure.legends[0].get_texts()]
    assert len(words) == len(set(words)) > 1 and "nan" not in " ".join(words)


def check_places(figure: Any) -> None:
    """No panel, with its labels, reaches into another or off the page; nor title and legend."""
    boxes = [axes.get_tightbbox() for axes in figure.axes]
    boxes.append(figure._suptitle.get_window_extent())
    boxes.extend(legend.get_window_extent() for legend in figure.legends)
    for index, box in enumerate(boxes):
        assert figure.bbox.x0 - 1 <= box.x0 and box.x1 <= figure.bbox.x1 + 1
        assert figure.bbox.y0 - 1 <= box.y0 and box.y1 <= figure.bbox.y1 + 1
        assert not any(box.padded(-1).overlaps(other.padded(-1)) for other in boxes[index + 1 :])


# --- unit: data -----------------------------------------------------------------------------------


def filled(axes: Axes) -> list[Any]:
    return [patch.get_data() for patch in axes.patches if patch.get_fill()]


def points(axes: Axes) -> Any:
    return axes.containers[0].lines[0].get_ydata()


def test_components_are_stacked_with_the_signal_on_top() -> None:
    found = fitted("steady")
    channel = found.likelihood.channels[0]
    expected = channel.components(found.minimum.theta)
    upper, lower = data("steady").axes
    steady, neutrons, signal = filled(upper)
    assert steady.values == pytest.approx(expected["steady-state"])
    assert neutrons.baseline == pytest.approx(steady.values)
    assert signal.values == pytest.approx(channel.expected(found.minimum.theta))
    assert points(upper) == pytest.approx(COUNTS)
    assert [len(filled(axes)) for axes in (upper, lower)] == [3, 2]
    assert points(lower) == pytest.approx(COUNTS - expected["steady-state"])
    assert (upper.get_ylabel(), lower.get_xlabel()) == ("Events / 10 keV", "Recoil energy [keV]")
    assert lower.get_ylabel() == "Without steady state\n[events / 10 keV]"


def test_without_a_steady_state_all_backgrounds_are_taken_away() -> None:
    _, lower = data("backgrounds").axes
    assert len(filled(lower)) == 1
    assert lower.get_ylabel().startswith("Without backgrounds")
    assert len(data("bare").axes) == 1


def test_uneven_bins_are_densities() -> None:
    found = fitted("uneven")
    upper = data("uneven").axes[0]
    counts = found.likelihood.channels[0].observed
    assert list(counts) == [COUNTS[0], COUNTS[1], sum(COUNTS[2:])]
    assert points(upper) == pytest.approx(counts / [10, 10, 30])
    assert upper.get_ylabel() == "Events / keV"
    assert filled(upper)[-1].values @ [10, 10, 30] == pytest.approx(
        sum(number for number, _ in found.events[""].values())
    )


def test_every_axis_has_a_column() -> None:
    figure = data("timed")
    assert [axes.get_xlabel() for axes in figure.axes[2:]] == ["Recoil energy [keV]", "Time [µs]"]
    assert figure.axes[1].get_ylabel() == "Events / µs"
    assert points(figure.axes[0]) == pytest.approx([36, 32, 28, 24, 20])
    assert points(figure.axes[1]) == pytest.approx([35, 35, 17.5, 8.75])


def test_the_legend_has_fitted_events_with_errors() -> None:
    found = fitted("steady")
    words = [text.get_text() for text in data("steady").legends[0].get_texts()]
    number, error = found.events[""]["cevns"]
    assert words[0] == f"Data ({sum(COUNTS):,})"
    assert words[1] == f"CEvNS ({number:,.0f} ± {error:.0f})"
    assert [word.partition(" (")[0] for word in words[2:]] == ["Beam neutrons", "Steady state"]


def test_wide_ranges_are_logarithmic() -> None:
    assert data("wide").axes[-1].get_xscale() == "log"
    assert data("uneven").axes[-1].get_xscale() == "linear"


@pytest.mark.parametrize(
    ("count", "low", "high"),
    [(0, 0.0, 1.841), (1, 0.173, 3.300), (3, 1.367, 5.918), (10, 6.891, 14.267)],
)
def test_error_bars(count: int, low: float, high: float) -> None:
    """reference: Gehrels, ApJ 303 (1986) 336, tables 1 and 2 for 1 σ, to their three decimals."""
    found = poisson_interval([count])
    assert float(found[0][0]) == pytest.approx(low, rel=0, abs=6e-4)
    assert float(found[1][0]) == pytest.approx(high, rel=0, abs=6e-4)


# --- unit: profiles, impacts, correlations --------------------------------------------------------


def test_a_profile_shows_value_interval_and_levels() -> None:
    found = fitted("steady")
    axes: Axes = profile_figure(curve("steady"), found).axes[0]
    line, one, four, best = axes.lines
    assert line.get_ydata() == pytest.approx(curve("steady").heights)
    assert (one.get_ydata()[0], four.get_ydata()[0]) == (1, 4)
    assert best.get_xdata()[0] == found.minimum.at(NORM)
    (band,) = axes.patches
    assert (band.get_x(), band.get_x() + band.get_width()) == pytest.approx(found.intervals[NORM])
    assert axes.get_xlabel() == "signal.norm [dimensionless]"


def test_an_interval_that_is_not_known_is_not_drawn() -> None:
    found = replace(fitted("steady"), intervals={NORM: (math.nan, 1.0)})
    assert not profile_figure(curve("steady"), found).axes[0].patches


def test_interpolated_shapes_are_said() -> None:
    figure: Any = profile_figure(curve("steady"), fitted("steady"), True)
    assert "interpolated" in figure.get_suptitle()
    figure = profile_figure(curve("steady"), fitted("steady"))
    assert "interpolated" not in figure.get_suptitle()


def panels(figure: Any) -> list[Axes]:
    return list(figure.axes)


def names(axes: Axes) -> list[str]:
    return [label.get_text() for label in axes.get_yticklabels()]


def test_impacts_are_ranked_with_what_is_held() -> None:
    found = replace(fitted("steady"), variations=HELD)
    own = impacts(found.minimum, NORM)
    left, right = panels(impact_figure(NORM, own, found))
    # From the bottom to the top; what has no effect but rounding is left out.
    nuisance = "background.beam-neutrons.norm"
    assert own[0].size < 0.5
    assert names(left) == [nuisance, "shape.one-sided (held)"]
    assert [bar.get_width() for bar in right.containers[1]] == pytest.approx([own[0].up, 0.5])
    assert [bar.get_width() for bar in right.containers[0]] == pytest.approx([own[0].down, 0.0])
    (place,) = left.containers[0].lines[0].get_xdata()
    assert place == pytest.approx(found.pulls[nuisance][0])


def test_a_parameter_is_no_nuisance_of_itself() -> None:
    rows = [Impact(NORM, -1.0, 1.0), Impact("background.beam-neutrons.norm", -0.1, 0.1)]
    left, _ = panels(impact_figure(NORM, rows, fitted("steady")))
    assert names(left) == ["background.beam-neutrons.norm"]


def test_the_largest_of_many_are_shown() -> None:
    figure: Any = impact(crowd(50))
    assert len(names(figure.axes[0])) == 30
    assert names(figure.axes[0])[-1] == "shape.number-49 (held)"
    assert "(30 of 50)" in figure.get_suptitle()


def test_correlations_are_written_in_their_cells() -> None:
    found = fitted("steady")
    axes: Axes = correlation_figure(found).axes[0]
    image = axes.images[0].get_array()
    assert np.asarray(image) == pytest.approx(found.minimum.correlation)
    assert axes.texts[0].get_text() == "1.00"
    assert [label.get_text() for label in axes.get_xticklabels()] == list(found.likelihood.floating)
