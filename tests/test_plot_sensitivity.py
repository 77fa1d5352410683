"""Figures of sensitivity studies: labels, levels, overlays, and that no text hides another."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from studies import design, finished

from cevns.display.plot_sensitivity import figures

NEON = """
source: {type: stopped-pion, flux: 1e7 /cm^2/s}
detector:
  target: Ne20
  threshold: 10 keV
  backgrounds: [{name: flat, type: flat, rate: 2e-4 /keV/kg/day}]
  mass: 100 kg
exposure: 1 year
"""
NSI = "model: [standard-model, nsi]\n"
BLOCK = "study: {statistic: chi2-counting, systematic: [0, 5 %]}\n"
PLANE = "scan: {parameters: {nsi.eps_ee_d: [-1, 1, 41], nsi.eps_ee_u: [-1, 1, 41]}, %s}\n"
CURVE = "scan: {parameters: {nsi.eps_ee_d: [-0.7, 0.7, 141]}, overlays: [charm-2003]}\n"
MOMENT = "magnetic-moment.nu_mu: {from: 1e-10 mu_B, to: 1e-8 mu_B, points: 21, spacing: log}"
REACH = f"scan: {{parameters: {{{MOMENT}}}, settings: {{exposure: [10 day, 90 day, 3]}}}}\n"
MAGNETIC = "model: [standard-model, magnetic-moment]\n"
COUNTS = "scan: {settings: {detector.threshold: [10 keV, 60 keV, 6]}}\n"

VECTOR = "model: [standard-model, light-vector]\n"
MASS = "light-vector.mass: {from: 1 MeV, to: 100 MeV, points: 3, spacing: log}"
COUPLING = "light-vector.coupling: {from: 1e-6, to: 1e-2, points: 81, spacing: log}"

CASES = {
    "contours": NSI + PLANE % "confidence: [68 %, 90 %], overlays: [charm-2003]" + BLOCK,
    "limits": VECTOR + f"scan: {{parameters: {{{MASS}, {COUPLING}}}}}\n" + BLOCK,
    "chi2": NSI + CURVE + BLOCK,
    "reach": MAGNETIC + REACH + BLOCK,
    "counts": COUNTS + BLOCK,
}


def drawn(case: str) -> Figure:
    (found,) = figures(finished(design(NEON, CASES[case]))).items()
    assert found[0] == {"limits": "contours"}.get(case, case)
    return found[1]


def legend(figure: Figure) -> list[str]:
    (found,) = figure.legends
    return [text.get_text() for text in found.get_texts()]


@pytest.mark.parametrize("case", CASES)
def test_no_text_hides_another_or_leaves_the_figure(case: str) -> None:
    """property: boxes of titles, labels of axes, legend and data, as they are drawn."""
    figure = drawn(case)
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    texts = [label for one in figure.axes for label in (one.xaxis.label, one.yaxis.label)]
    boxes = [one.get_window_extent(renderer) for one in (*texts, *figure.texts) if one.get_text()]
    boxes.append(figure.legends[0].get_window_extent(renderer))
    boxes.append(figure.axes[0].get_window_extent(renderer).padded(-1))
    for one, two in combinations(boxes, 2):
        assert not one.overlaps(two), (one, two)
    for box in boxes:
        assert box.x0 >= 0 and box.y0 >= 0
        assert box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1


def test_contours_say_what_they_are() -> None:  # unit
    figure = drawn("contours")
    (axes,) = figure.axes
    assert axes.get_xlabel() == r"$\varepsilon_{ee}^{dV}$"
    assert axes.get_ylabel() == r"$\varepsilon_{ee}^{uV}$"
    assert legend(figure) == [
        "68 % C.L., 2 dof (2.28), systematic 0 %",
        "90 % C.L., 2 dof (4.61), systematic 0 %",
        "68 % C.L., 2 dof (2.28), systematic 5 %",
        "90 % C.L., 2 dof (4.61), systematic 5 %",
        "CHARM (axial couplings 0)",
        "CHARM, one at a time",
        "Nominal point",
    ]
    assert figure.get_suptitle() == "A study: expected sensitivity from event counts"


def test_along_a_mass_the_limits_are_drawn() -> None:
    """reference: with their degree of freedom; the lines go through the points of limits.csv."""
    made = finished(design(NEON, CASES["limits"]))
    figure = drawn("limits")
    assert legend(figure) == [f"90 % C.L., 1 dof (2.71), systematic {one} %" for one in (0, 5)]
    points = np.concatenate([np.asarray(one.get_xydata()) for one in figure.axes[0].lines])
    ((_, height),) = made.design.limit_levels
    limits = [
        (*at, end)
        for heights in made.surfaces.values()
        for at, region in made.limits(heights, height)
        for end in region
        if end is not None
    ]
    assert len(limits) > 6  # three masses, two systematics, and second solutions
    for limit in limits:
        # 1e-9: the rounding of logarithms
        assert np.min(np.max(np.abs(points / limit - 1), axis=1)) < 1e-9


def test_contours_on_each_other_are_both_seen() -> None:  # unit
    """The lowest level of each systematic has dashes of its own; all of them are filled."""
    (axes,) = drawn("contours").axes
    named = {str(line.get_label()): line for line in axes.lines}
    nothing, some = (
        named[f"68 % C.L., 2 dof (2.28), systematic {one} %"].get_linestyle() for one in (0, 5)
    )
    assert (nothing, some) == ("-", "--")
    assert len(axes.collections) == 2


def test_the_legend_has_the_grey_of_an_area() -> None:  # unit
    patches: Any = drawn("contours").legends[0].get_patches()
    (area,) = (patch for patch in patches if patch.get_fill())
    assert area.get_facecolor()[3] == pytest.approx(0.12, rel=1e-9, abs=0)


def test_contours_are_where_the_level_is() -> None:
    """reference: N = Z, so that χ² depends on ε_u + ε_d alone: lines of slope −1."""
    (axes,) = drawn("contours").axes
    lines = [line for line in axes.lines if len(np.asarray(line.get_xdata())) > 30]
    blue = [line for line in lines if line.get_color() == "#0072B2"]
    assert len(blue) >= 4
    for line in blue:
        total = np.asarray(line.get_xdata()) + np.asarray(line.get_ydata())
        # Interpolated between points whose χ² is the same to 1e-12.
        assert np.ptp(total) < 1e-6


def test_a_curve_and_its_levels() -> None:  # unit
    figure = drawn("chi2")
    (axes,) = figure.axes
    assert axes.get_ylabel() == r"$\chi^2$"
    assert legend(figure) == [
        *("Systematic 0 %", "Systematic 5 %", "90 % C.L., 1 dof (2.71)", "CHARM, one at a time"),
    ]


def test_limits_out_of_sight_are_not_in_the_legend() -> None:  # unit
    near = CURVE.replace("-0.7, 0.7", "-0.2, 0.2")
    (figure,) = figures(finished(design(NEON, NSI + near + BLOCK))).values()
    assert not [text for text in legend(figure) if "CHARM" in text]


def test_reach_against_a_setting() -> None:  # unit
    figure = drawn("reach")
    (axes,) = figure.axes
    assert axes.get_xlabel() == "Exposure [day]"
    assert (
        axes.get_ylabel() == r"Magnetic moment $\nu_\mu$ [$\mu_\mathrm{B}$]"
        and axes.get_yscale() == "log"
    )
    (line,) = [one for one in axes.lines if len(np.asarray(one.get_xdata())) == 3][:1]
    assert np.all(np.diff(np.asarray(line.get_ydata())) < 0)


def test_reach_of_two_solutions() -> None:
    """reference: lines through the ends of each interval, and the allowed side shaded."""
    setting = "settings: {exposure: {from: 0.1 year, to: 10 year, points: 3, spacing: log}}"
    scan = f"scan: {{parameters: {{nsi.eps_ee_d: [-0.3, 0.7, 201]}}, {setting}}}\n"
    text = NSI + scan + BLOCK.replace("[0, 5 %]", "0")
    made = finished(design(NEON.replace("100 kg", "24 kg"), text))
    ((_, height),) = made.design.limit_levels
    limits = list(made.limits(made.surfaces[0.0], height))
    assert len([at for (at,), _ in limits if at == pytest.approx(10)]) == 2
    (figure,) = figures(made).values()
    (axes,) = figure.axes
    curves = [one for one in axes.lines if one.get_linestyle() == "-" and np.size(one.get_xydata())]
    points = np.concatenate([np.asarray(one.get_xydata()) for one in curves])
    for (at,), ends in limits:
        for end in ends:
            assert end is not None
            near = points[np.abs(points[:, 0] / at - 1) < 1e-9, 1]
            # The same interpolation between the same points.
            assert np.min(np.abs(near - end)) < 1e-9
    assert len(axes.patches) == 1
    inside = axes.patches[0].get_path().contains_points([(1.0, 0.0), (10.0, 0.18)])
    assert inside.tolist() == [True, False]


def test_counts_against_a_setting() -> None:  # unit
    figure = drawn("counts")
    axes, other = figure.axes
    assert axes.get_xlabel() == "Detector threshold [keV]" and axes.get_ylabel() == "Events"
    assert other.get_ylabel() == "Significance of the signal [σ]"
    assert legend(figure) == ["Signal events", "Background events", "Significance"]


@pytest.mark.parametrize(
    "scan",
    [
        "scan: {settings: {exposure: [100 day, 300 day, 3], detector.mass: [10 kg, 20 kg, 2]}}\n",
        "scan: {parameters: {nsi.eps_ee_d: [-1, 1, 3], nsi.eps_ee_u: [-1, 1, 3],"
        " nsi.eps_etau_u: [-1, 1, 3]}}\n",
    ],
)
def test_no_figure(scan: str) -> None:  # unit
    assert figures(finished(design(NEON, NSI + scan + BLOCK))) == {}
