"""Figures of scans: what their labels say, that nothing hides anything, gaps and levels."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from cevns.config.study import study_from
from cevns.display.plot_scan import figures
from cevns.display.plot_style import save
from cevns.inference.outcome import Outcome
from cevns.inference.plane import grid_of
from cevns.inference.raster import raster_of
from cevns.yaml_reader import read_text

BASE = """
name: A $name$ of the user's
source: {type: stopped-pion, flux: 1e7 /cm^2/s}
exposure: 1 year
data: {file: own.csv}
detector:
  {target: Ar40, mass: 10 kg, backgrounds: [{name: flat, type: flat, rate: 0.02 / keV / kg / day}]}
binning: {from: 10 keV, to: 60 keV, bins: 5}
model: [standard-model, {light-vector: {mass: 30 MeV, coupling: 1e-4}}]
parameters: {background.flat.norm: {prior: 20 %}}
"""
SKIN = "Ar.neutron_skin: {from: -1 fm, to: 3 fm, points: 21}"
MASS = "light-vector.mass: {from: 1 MeV, to: 1 GeV, points: 16, spacing: log}"
COUPLING = "light-vector.coupling: {from: 1e-6, to: 1e-2, points: 17, spacing: log}"
MORE = "profile: all, confidence: [68.27 %, 90 %]"


def made(
    folder: Path, *axes: str, fitted: bool = True, height: float = 9.0, more: str = MORE
) -> Outcome:
    """A paraboloid over the steps of the axes, up to ``height`` at the ends of each axis."""
    rows = "".join(f"{energy},800\n" for energy in range(15, 65, 10))
    (folder / "own.csv").write_text(f"energy [keV],counts\n{rows}")
    text = f"{BASE}scan: {{parameters: {{{', '.join(axes)}}}, {more}}}\n"
    grid = grid_of(study_from(read_text(text), folder))
    steps = [np.linspace(-1, 1, len(values)) for values in grid.axes.values()]
    heights = sum(np.meshgrid(*[height * one**2 for one in steps], indexing="ij"))
    best = {a: float(values[len(values) // 2]) for a, values in grid.axes.items()}
    return Outcome(grid, np.asarray(heights), best, 5.0, fitted, {})


def with_gaps(outcome: Outcome) -> Outcome:
    """The same with failed points at the start of the first axis."""
    heights = outcome.heights.copy()
    heights[:3] = np.nan
    return Outcome(outcome.grid, heights, outcome.best, 5.0, outcome.fitted, {"bad": 3})


def drawn(outcome: Outcome) -> Figure:
    return figures(outcome)["scan"]


def legend(figure: Figure) -> list[str]:
    (found,) = figure.legends
    return [text.get_text() for text in found.get_texts()]


CASES: dict[str, tuple[str, ...]] = {
    "profile": (SKIN,),
    "log profile": (MASS,),
    "plane": ("sin2_theta_w: [0.1, 0.4, 21]", SKIN),
    "log plane": (MASS, COUPLING),
}


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_no_text_hides_another_or_leaves_the_figure(case: str, gaps: bool, tmp_path: Path) -> None:
    """property: boxes of all texts and the legend, as they are drawn."""
    outcome = made(tmp_path, *CASES[case])
    figure = drawn(with_gaps(outcome) if gaps else outcome)
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    (axes,) = figure.axes
    ticks = [*axes.get_xticklabels(), *axes.get_yticklabels()]
    inside = [
        label
        for label in ticks
        if axes.bbox.expanded(1.001, 1.001).count_contains([_anchor(label, axes)])
    ]
    texts: list[Text] = [*inside, axes.xaxis.label, axes.yaxis.label, *figure.texts]
    renderer = canvas.get_renderer()
    boxes = [text.get_window_extent(renderer) for text in texts if text.get_text().strip()]
    boxes.append(figure.legends[0].get_window_extent(renderer))
    boxes.append(axes.get_window_extent(renderer).padded(-1))
    for one, two in combinations(boxes, 2):
        assert not one.overlaps(two), (one, two)
    for box in boxes:
        assert box.x0 >= 0 and box.y0 >= 0
        assert box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1


def _anchor(label: Text, axes: Any) -> tuple[float, float]:
    """Where the tick of a label is, in pixels; labels outside the limits are not drawn."""
    x, y = label.get_transform().transform(label.get_position())
    on_x = label in axes.get_xticklabels()
    return (x, axes.bbox.y0) if on_x else (axes.bbox.x0, y)


# --- unit: a profile ------------------------------------------------------------------------------


def test_profile_says_what_it_shows(tmp_path: Path) -> None:
    figure = drawn(made(tmp_path, SKIN))
    (axes,) = figure.axes
    assert axes.get_xlabel() == r"$\Delta R_{np}(\mathrm{Ar})$ [fm]"
    assert axes.get_ylabel() == r"$-2\,\Delta\ln L$"
    assert axes.get_xlim() == pytest.approx((-1.0, 3.0), rel=1e-9, abs=0)
    assert legend(figure) == [
        *("Profile", "Best fit: 1"),
        *("68.27 % C.L., 1 dof (1.00)", "90 % C.L., 1 dof (2.71)"),
    ]
    assert figure.get_suptitle() == r"A \$name\$ of the user's: 1 other parameter profiled"


def test_nothing_profiled_is_said(tmp_path: Path) -> None:
    figure = drawn(made(tmp_path, SKIN, fitted=False, more="profile: none, dof: 2"))
    assert legend(figure) == ["Likelihood", "Lowest point: 1", "90 % C.L., 2 dof (4.61)"]
    assert "all other parameters held" in figure.get_suptitle()


def test_the_curve_touches_zero_at_the_best_fit(tmp_path: Path) -> None:
    outcome = made(tmp_path, SKIN)
    best = {"Ar.neutron_skin": outcome.best["Ar.neutron_skin"] * 1.02}
    figure = drawn(Outcome(outcome.grid, outcome.heights + 0.1, best, 5.0, True, {}))
    line = next(one for one in figure.axes[0].lines if one.get_label() == "Profile")
    x, y = np.asarray(line.get_xdata()), np.asarray(line.get_ydata())
    assert x[np.argmin(y)] == pytest.approx(1.02, rel=1e-9, abs=0) and np.min(y) == 0.0
    assert np.all(np.diff(x) > 0)


def test_failed_points_are_gaps_and_marked(tmp_path: Path) -> None:
    figure = drawn(with_gaps(made(tmp_path, SKIN)))
    (axes,) = figure.axes
    line = next(one for one in axes.lines if one.get_label() == "Profile")
    assert np.isnan(np.asarray(line.get_ydata(), dtype=float)).sum() == 3
    marks = next(one for one in axes.lines if one.get_label() == "Failed")
    assert np.asarray(marks.get_xdata()) == pytest.approx([-1.0, -0.8, -0.6], rel=1e-9, abs=0)


@pytest.mark.parametrize(("height", "top"), [(0.2, 1.3), (6.0, 6.0 / 2.706), (900.0, 4.0)])
def test_the_levels_are_in_sight(height: float, top: float, tmp_path: Path) -> None:
    """However flat or steep the profile is: the highest is 1.3 to 4 times below the top."""
    low, high = drawn(made(tmp_path, SKIN, height=height)).axes[0].get_ylim()
    assert low == 0.0
    assert high == pytest.approx(top * 2.7055, rel=1e-3, abs=0)  # the level to four digits


# --- unit: a plane --------------------------------------------------------------------------------


def test_plane_says_what_it_shows(tmp_path: Path) -> None:
    figure = drawn(made(tmp_path, "sin2_theta_w: [0.1, 0.4, 21]", SKIN))
    (axes,) = figure.axes
    assert axes.get_xlabel() == r"$\sin^2\theta_W$"
    assert axes.get_ylabel() == r"$\Delta R_{np}(\mathrm{Ar})$ [fm]"
    assert legend(figure) == [
        *("68.27 % C.L., 2 dof (2.30)", "90 % C.L., 2 dof (4.61)", "Best fit: 0.25, 1"),
    ]


@pytest.mark.parametrize("axes", [(MASS, COUPLING), (SKIN, MASS)])
def test_limits_along_a_mass_are_those_of_the_table(axes: tuple[str, ...], tmp_path: Path) -> None:
    """reference: the lines are the ends of `Raster.limits`, and nothing but these."""
    outcome = made(tmp_path, *axes)
    raster = raster_of(outcome)
    assert raster is not None
    figure = drawn(outcome)
    assert legend(figure) == ["68.27 % C.L., 1 dof (1.00)", "90 % C.L., 1 dof (2.71)"]
    assert "limits at each light-vector.mass, 1 other" in figure.get_suptitle().replace("\n", " ")
    lines = [np.asarray(one.get_xydata()) for one in figure.axes[0].lines]
    found = np.concatenate(lines)[:, slice(None, None, 1 if axes[0] == MASS else -1)]
    expected = [
        (mass, end)
        for confidence in (0.6827, 0.9)
        for mass, regions in raster.limits(confidence)
        for region in regions or ()
        for end in region
    ]
    assert len(found) == len(expected) == 2 * 2 * 16
    in_order, wanted = (
        sorted(pairs, key=lambda one: (round(one[0], 6), one[1]))
        for pairs in (found.tolist(), expected)
    )
    # 1e-9: the rounding of logarithms and of differences of heights
    assert np.asarray(in_order) == pytest.approx(np.asarray(wanted), rel=1e-9, abs=1e-9)


def test_the_region_of_a_raster_is_filled_between_its_limits(tmp_path: Path) -> None:
    figure = drawn(made(tmp_path, MASS, COUPLING))
    outcome = made(tmp_path, MASS, COUPLING)
    raster = raster_of(outcome)
    assert raster is not None
    patches = figure.axes[0].patches
    assert len(patches) == 2
    for patch, confidence in zip(patches, (0.9, 0.6827), strict=True):
        for mass, regions in list(raster.limits(confidence))[1:-1]:
            assert regions is not None
            ((low, high),) = regions
            assert low is not None and high is not None
            inside = [(mass, low * 0.99), (mass, low * 1.01), (mass, high * 0.99)]
            path = patch.get_path()
            assert [path.contains_point(point) for point in inside] == [False, True, True]
            assert not path.contains_point((mass, high * 1.01))


@pytest.mark.parametrize("place", [0, -1])
def test_a_lowest_point_at_the_end_of_the_grid_is_no_best_fit(place: int, tmp_path: Path) -> None:
    outcome = made(tmp_path, "sin2_theta_w: [0.1, 0.4, 21]", SKIN)
    end = float(outcome.grid.axes["Ar.neutron_skin"][place])
    best = {**outcome.best, "Ar.neutron_skin": end}
    figure = drawn(Outcome(outcome.grid, outcome.heights, best, 5.0, True, {}))
    shown = "3" if place else "−1"
    assert legend(figure)[-1] == f"Lowest, at an end of the scan: 0.25, {shown}"
    assert figure.axes[0].lines[-1].get_marker() == "o"


def test_logarithmic_axes(tmp_path: Path) -> None:
    (axes,) = drawn(made(tmp_path, MASS, COUPLING)).axes
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    (axes,) = drawn(made(tmp_path, MASS, SKIN)).axes
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "linear")


def test_a_contour_is_where_the_level_is(tmp_path: Path) -> None:
    """reference: of 9 (x² + y²) it is a circle; 1 % for straight lines between 21 points."""
    outcome = made(tmp_path, "sin2_theta_w: [0.1, 0.4, 21]", SKIN)
    (axes,) = drawn(outcome).axes
    radii = []
    for one in axes.collections:
        for path in one.get_paths():
            x, y = np.asarray(path.vertices).T
            if len(x) and not one.get_fill():
                radii.append(np.hypot((x - 0.25) / 0.15, (y - 1.0) / 2.0))
    for radius, level in zip(radii, (2.2958, 4.6052), strict=True):
        assert radius == pytest.approx(np.sqrt(level / 9.0), rel=0.01, abs=0)


def test_a_level_that_is_not_reached_is_said(tmp_path: Path) -> None:
    figure = drawn(made(tmp_path, "sin2_theta_w: [0.1, 0.4, 21]", SKIN, height=1.5))
    assert legend(figure)[:2] == [
        *("68.27 % C.L., 2 dof (2.30)", "90 % C.L., 2 dof (4.61), not reached"),
    ]


def test_failed_points_of_a_plane_are_marked(tmp_path: Path) -> None:
    outcome = with_gaps(made(tmp_path, "sin2_theta_w: [0.1, 0.4, 21]", SKIN))
    marks = next(one for one in drawn(outcome).axes[0].lines if one.get_label() == "Failed")
    assert len(np.asarray(marks.get_xdata())) == 3 * 21


# --- unit: what has no figure ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "axes",
    [
        ("signal.norm: [0.5, 1.5, 3]", SKIN, "sin2_theta_w: [0.1, 0.4, 3]"),
        ("signal.norm: [0.5, 1.5, 1]",),
        (SKIN, "sin2_theta_w: [0.1, 0.4, 1]"),
    ],
)
def test_no_figure(axes: tuple[str, ...], tmp_path: Path) -> None:
    assert figures(made(tmp_path, *axes)) == {}


def test_the_same_bytes_every_time(tmp_path: Path) -> None:
    outcome = made(tmp_path, "sin2_theta_w: [0.1, 0.4, 21]", SKIN)
    for name in ("one.svg", "two.svg"):
        save(drawn(outcome), tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
