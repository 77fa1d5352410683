"""Papers done again: every claim, every figure, and the vocabulary they are made of."""

from __future__ import annotations

import csv
import io
import math
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cevns.display.plot_reproduction import drawn, points, reproduction_figure
from cevns.errors import InputError
from cevns.reproductions.computations import COMPUTATIONS, Computation
from cevns.reproductions.figures import Axis, Band, Curve, Drawn, FigureSpec, Region
from cevns.reproductions.paper import Claim, Paper, names, read_paper
from cevns.reproductions.results import Row, as_dict, compute, shown, table, tally
from cevns.reproductions.workbench import Workbench

PAPERS = names()
CLAIMS = [(name, claim) for name in PAPERS for claim in read_paper(name)[0].claims]
FIGURES = [(name, spec) for name in PAPERS for spec in read_paper(name)[0].figures]


@cache
def bench_of(name: str) -> Workbench:
    """The experiments of a paper; what they fold is kept from claim to claim."""
    return read_paper(name)[1]


# --- kind: reference (the papers) ------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "claim"), CLAIMS, ids=[f"{name}-{claim.id}" for name, claim in CLAIMS]
)
def test_ours_is_where_it_must_be(name: str, claim: Claim) -> None:
    """Where that is and why stands beside each claim; a mismatch with its cause."""
    row = compute(claim, bench_of(name))
    assert row.inside, f"{row.ours} is not in {claim.within} ({claim.reason})"
    assert row.verdict == claim.expect


# --- kind: unit (the figures of the papers) --------------------------------------------------


def _inside(data: Drawn, x: Axis, y: Axis) -> bool:
    """Whether anything of what is drawn lies within the axes."""
    if isinstance(data, Band):
        return any(low < x.to and high > x.start for low, high in data.intervals)
    if isinstance(data, Region):
        return bool(np.any((data.values > data.low) & (data.values < data.high)))
    seen = (data.x >= x.start) & (data.x <= x.to) & (data.y >= y.start) & (data.y <= y.to)
    return bool(np.count_nonzero(seen) > 1)


@pytest.mark.parametrize(
    ("name", "spec"), FIGURES, ids=[f"{name}-{spec.id}" for name, spec in FIGURES]
)
def test_every_figure_shows_what_it_says(name: str, spec: FigureSpec) -> None:
    """Title, labels and legend are there, and every layer has something within the axes."""
    panels = drawn(spec, bench_of(name))
    for panel, layers in zip(spec.panels, panels, strict=True):
        for layer, data in layers:
            assert _inside(data, panel.x, panel.y), layer.label
    figure = reproduction_figure(spec, panels, spec.title)
    assert figure.get_suptitle().replace("\n", " ") == spec.title
    for axes, panel in zip(figure.axes, spec.panels, strict=True):
        assert (axes.get_xlabel(), axes.get_ylabel()) == (panel.x.label, panel.y.label)
        legend = axes.get_legend()
        labels = [] if legend is None else [text.get_text() for text in legend.get_texts()]
        assert labels == [layer.label for layer in panel.layers if layer.label]
    rows = list(
        csv.DictReader(line for line in points(spec, panels).splitlines() if line[0] != "#")
    )
    layers_written = {(row["panel"], row["layer"]) for row in rows}
    assert len(layers_written) == sum(len(panel.layers) for panel in spec.panels)
    assert all(math.isfinite(float(row["x"])) for row in rows)


# --- kind: unit (the vocabulary, on closed forms) ---------------------------------------------


def computation(content: dict[str, Any]) -> Computation:
    """A computation as a paper's file declares it."""
    return COMPUTATIONS[content["type"]].check(content)


NOTHING = Workbench(Path("nowhere"))
CIRCLE = {"type": "squares", "squares": [{"of": {"x": 1}}, {"of": {"y": 1}, "offset": -0.5}]}
"""x² + (y − 1/2)²."""
ALONG_X = {"start": {"y": 0.5}, "direction": {"x": 1}, "between": [-3, 3]}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({**CIRCLE, "constant": 2}, 2.25),
        ({"type": "ratio", "of": CIRCLE, "to": {**CIRCLE, "constant": 1}}, 0.2),
        ({"type": "difference", "of": {**CIRCLE, "constant": 1}, "less": CIRCLE}, 1.0),
        ({"type": "crossing", "of": CIRCLE, "along": ALONG_X, "equals": 4, "which": 1}, -2.0),
        ({"type": "crossing", "of": CIRCLE, "along": ALONG_X, "equals": 4, "which": 2}, 2.0),
        ({"type": "crossing", "of": CIRCLE, "along": ALONG_X, "which": 2}, 0.5),
        ({"type": "intervals", "of": CIRCLE, "along": ALONG_X, "below": 4}, 1.0),
        ({"type": "intervals", "of": CIRCLE, "along": ALONG_X, "below": 0}, 0.0),
        ({"type": "slope", "of": CIRCLE, "over": "x", "between": [1, 3]}, 4.0),
        ({"type": "exposures-for", "of": {**CIRCLE, "constant": 99.75}, "error": "5 %"}, 4.0),
        ({"type": "spread", "of": [CIRCLE, {**CIRCLE, "constant": 0.25}]}, 1.0),
    ],
)
def test_numbers_made_of_numbers(content: dict[str, Any], expected: float) -> None:
    """Closed forms, to the rounding of a root finder in t of order one."""
    found = computation(content).value(NOTHING)
    assert found == pytest.approx(expected, rel=1e-9, abs=0)


def test_where_a_curve_is_lowest() -> None:
    """x² + 1/4 + 1 at x = t − 1: a minimum of 5/4 at t = 1 (a parabola is known to √ε)."""
    along = {"start": {"x": -1}, "direction": {"x": 1}, "between": [-3, 3]}
    content = {"type": "minimum", "of": {**CIRCLE, "constant": 1}, "along": along}
    assert computation(content).value(NOTHING) == pytest.approx(1.25, rel=1e-12, abs=0)
    place = computation({**content, "report": "place"}).value(NOTHING)
    assert place == pytest.approx(1.0, rel=1e-7, abs=0)


def test_fewer_crossings_than_asked_for() -> None:
    content = {"type": "crossing", "of": CIRCLE, "along": ALONG_X, "equals": 4, "which": 3}
    assert math.isnan(computation(content).value(NOTHING))
    found = row(ours=content, within=[0, 1])
    assert not found.inside and "ours" not in as_dict(found)


def test_a_level_is_a_quantile_of_chi_squared() -> None:
    """90 %: 2.706 for one degree of freedom, 2 ln 10 for two (closed form)."""
    content = {"type": "crossing", "of": CIRCLE, "along": ALONG_X, "which": 2}
    for dof, height in ((1, 2.7055434540954), (2, 2 * math.log(10))):
        level = {"confidence": "90 %", "dof": dof}
        found = computation({**content, "equals": level}).value(NOTHING)
        assert found == pytest.approx(math.sqrt(height), rel=1e-9, abs=0)


def test_area_of_a_circle() -> None:
    """4π; straight pieces of a step of 0.015 cut 1e-5 off a circle of radius 2. Nothing below 0."""
    area = {"type": "area", "of": CIRCLE, "plane": {"x": [-3, 3], "y": [-3, 3]}}
    found = computation({**area, "below": 4}).value(NOTHING)
    assert found == pytest.approx(4 * math.pi, rel=1e-4, abs=0)
    assert computation({**area, "below": -1}).value(NOTHING) == 0


def test_errors_and_powers() -> None:
    """A quadratic has an exact central difference; y = x³ a power of 3."""
    square = {"type": "squares", "squares": [{"of": {"x": 1}}]}
    error = {"type": "propagated-error", "of": square, "parameter": "x", "nominal": 2}
    found = computation({**error, "error": "10 %"}).value(NOTHING)
    assert found == pytest.approx(0.05, rel=1e-9, abs=0)
    cubes = [{"type": "squares", "squares": [], "constant": n**3} for n in (1, 2, 5)]
    power = computation({"type": "power-law", "x": [1, 2, 5], "of": cubes}).value(NOTHING)
    assert power == pytest.approx(3.0, rel=1e-12, abs=0)
    order = computation({"type": "order", "of": {"one": cubes[0], "five": cubes[2]}})
    assert order.value(NOTHING) == "five > one"


def test_matter_splitting_is_an_eigenvalue() -> None:
    """Twice the smaller eigenvalue of the potential, by numpy (rounding of a difference: 1e-12)."""
    theta = {"nsi.eps_ee_d": 0.1, "nsi.eps_etau_d": 0.2, "nsi.eps_tautau_d": 0.05}
    ours = computation({"type": "matter-splitting", "weight": {"d": 3, "u": 3}})
    matrix = [[1 + 3 * 0.1, 3 * 0.2], [3 * 0.2, 3 * 0.05]]
    exact = 2 * abs(min(np.linalg.eigvalsh(matrix), key=abs))
    assert ours.value(NOTHING, theta) == pytest.approx(exact, rel=1e-12, abs=0)


# --- kind: unit (drawn data) -------------------------------------------------------------------


def one_layer(layer: dict[str, Any], **axes: Any) -> tuple[FigureSpec, Drawn]:
    """A figure with one layer, and what that computes."""
    x = {"label": "x", "from": -3, "to": 3, **axes}
    panel = {"x": x, "y": {"label": "y", "from": -3, "to": 3}, "layers": [layer]}
    panel["legend"] = "below"
    spec = FigureSpec.check({"id": "one", "title": "One", "panels": [panel]})
    return spec, drawn(spec, NOTHING)[0][0][1]


def test_outline_of_a_region() -> None:
    """Every written point is at the radius 2 (linear between points 0.02 apart: 1e-4)."""
    layer = {"type": "region", "of": CIRCLE, "x": "x", "y": "y", "below": 4, "label": "inside"}
    spec, data = one_layer(layer)
    assert isinstance(data, Region)
    rows = list(csv.DictReader(points(spec, drawn(spec, NOTHING)).splitlines()[1:]))
    radii = [math.hypot(float(row["x"]), float(row["y"]) - 0.5) for row in rows]
    assert len(radii) > 100
    np.testing.assert_allclose(radii, 2.0, rtol=1e-4)


def test_ends_of_a_band() -> None:
    """|x| < 2, to a step of the line."""
    layer = {"type": "band", "of": CIRCLE, "along": ALONG_X, "below": 4}
    _, data = one_layer(layer)
    assert isinstance(data, Band)
    np.testing.assert_allclose(data.intervals, [(-2, 2)], atol=6 / 800)


def test_a_curve_is_what_it_is_made_of() -> None:
    _, data = one_layer({"type": "curve", "of": CIRCLE, "along": ALONG_X})
    assert isinstance(data, Curve)
    np.testing.assert_allclose(data.y, data.x**2, rtol=1e-12, atol=1e-15)  # y is at 1/2


def test_an_axis_has_a_range() -> None:
    with pytest.raises(InputError, match="on a log scale above 0"):
        one_layer({"type": "level", "at": 1}, **{"from": -1, "scale": "log"})


# --- kind: unit (declarations) -----------------------------------------------------------------

GOOD: dict[str, Any] = {
    "id": "a-claim",
    "where": "Sec. I",
    "claim": "a number",
    "published": 4,
    "ours": {"type": "squares", "squares": [], "constant": 4.5},
    "within": [3, 5],
    "reason": "a test",
}


def row(**changes: Any) -> Row:
    return compute(Claim.check({**GOOD, **changes}), NOTHING)


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, "agreement"),
        ({"within": [4.2, 5], "expect": "mismatch", "cause": "why"}, "mismatch"),
        ({"published": [4, 5]}, "agreement"),
        ({"published": [None, 4], "expect": "mismatch", "cause": "why"}, "mismatch"),
        ({"published": [4, None]}, "agreement"),
        ({"published": None, "expect": "not printed"}, "not printed"),
    ],
)
def test_verdicts(changes: dict[str, Any], verdict: str) -> None:
    """A number agrees if it and ours are where ours must be, a range if ours is in it."""
    found = row(**changes)
    assert found.verdict == found.claim.expect == verdict
    assert found.inside


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"expect": "mismatch"}, "a 'cause' exactly for a mismatch"),
        ({"cause": "none"}, "a 'cause' exactly for a mismatch"),
        ({"published": None}, "'not printed' exactly where nothing is"),
        ({"expect": "agree"}, "did you mean 'agreement'"),
        ({"within": 4}, r"expected \[lowest, highest\], or text"),
        ({"id": "A claim"}, "lower-case words with hyphens"),
        ({"unit": "parsnip"}, "the unit 'parsnip'"),
        ({"ours": {"type": "count"}}, "did you mean 'counts'"),
        ({"ours": {"type": "counts"}}, "no 'experiment'"),
    ],
)
def test_a_claim_that_is_not_as_it_should_be(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Claim.check({**GOOD, **changes})


def test_ids_stand_once() -> None:
    content = {"title": "t", "reference": "r", "summary": "s", "figures": []}
    with pytest.raises(InputError, match="'a-claim' twice"):
        Paper.check({**content, "claims": [GOOD, GOOD]})


def test_an_unknown_paper() -> None:
    with pytest.raises(InputError, match="did you mean 'scholberg-2006'"):
        read_paper("scholbrg-2006")


COUNTS = {"type": "counts", "experiment": "neon.yaml"}
CHI2 = {"type": "chi2", "study": "neon-delayed.yaml"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({**COUNTS, "experiment": "neom.yaml"}, "did you mean 'neon.yaml'"),
        ({**COUNTS, "of": ["prompd"]}, "did you mean 'prompt'"),
        ({**COUNTS, "at": {"nsi.eps_ee_x": 1}}, "did you mean 'nsi.eps_ee_"),
        ({**COUNTS, "channel": "muon"}, "a known channel: cevns"),
        ({"type": "minimum", "of": CHI2, "along": "lma-1"}, "did you mean 'lma-0'"),
        ({**CHI2, "systematic": "7 %"}, "one of those of neon-delayed.yaml: 0, 0.05, 0.1"),
    ],
)
def test_a_computation_that_names_what_is_not_there(content: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        computation(content).value(bench_of("scholberg-2006"))


def test_squares_know_their_numbers() -> None:
    with pytest.raises(InputError, match="found 'z', expected one of x, y"):
        computation(CIRCLE).value(NOTHING, {"z": 1.0})


def test_rows_as_text_and_as_data() -> None:
    found = row(reading="a reading", published=[None, 5])
    assert found.cells()["published"] == "at most 5" and found.cells()["ours"] == "4.5"
    plain = as_dict(found)
    assert (plain["within"], plain["published"]) == ({"from": 3, "to": 5}, {"to": 5})
    assert "cause" not in plain and plain["ours"] == 4.5
    assert tally([found, found]) == {"agreement": 2}
    written = next(csv.DictReader(io.StringIO(table([found]))))
    assert written == found.cells()
    texts = ["12,346", "1.234", "1.235e-43", "at least 2", "1 to 2", "3", "1 to 1.00001"]
    values: list[Any] = [12345.6, 1.234, 1.2346e-43, (2, None), (1, 2), (3, 3), (1, 1.00001)]
    assert [shown(value) for value in values] == texts
