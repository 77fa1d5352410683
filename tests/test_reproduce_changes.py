"""Computations at computed numbers, of other spins, point by point, and curves of them. kind: unit.

Closed forms, to rounding; the counts are those of one small experiment.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cevns.errors import InputError
from cevns.reproductions import changes  # noqa: F401 - it adds to the vocabulary
from cevns.reproductions.computations import COMPUTATIONS
from cevns.reproductions.figures import LAYERS, Axis, Curve
from cevns.reproductions.workbench import Workbench
from cevns.units import TeV, eV

ROUNDING = 1e-12
PARABOLA = {"type": "squares", "squares": [{"of": {"x": 1}, "offset": -0.5}], "constant": 1}
"""(x − 1/2)² + 1."""
FOUR, NINE = ({"type": "amount", "number": number} for number in (4, 9))
X = {"type": "variable", "name": "x"}


def check(content: dict[str, Any]) -> Any:
    return COMPUTATIONS[content["type"]].check(content)


def value(content: dict[str, Any], bench: Workbench | None = None, **theta: Any) -> Any:
    return check(content).value(bench or Workbench(Path("nowhere")), theta)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"type": "amount", "number": 2, "unit": "TeV"}, 2 * TeV),
        ({"type": "variable", "name": "x", "unit": "eV^2"}, 3 * eV**2),
        ({"type": "sum", "of": [FOUR, NINE, X]}, 16.0),
        ({"type": "product", "of": [FOUR, NINE]}, 36.0),
        ({"type": "product", "of": [FOUR, NINE, X], "powers": [0.5, -0.5, 2]}, 6.0),
        ({"type": "excess", "of": NINE, "over": FOUR}, 1.25),
        ({"type": "excess", "of": FOUR, "over": NINE}, -5 / 9),
        ({"type": "significance", "of": NINE, "background": FOUR}, 2.5),
        ({"type": "where", "of": PARABOLA, "are": {"x": {"type": "product", "of": [X, X]}}}, 73.25),
    ],
)
def test_closed_forms(content: dict[str, Any], expected: float) -> None:
    assert value(content, x=3.0) == pytest.approx(expected, rel=ROUNDING, abs=0)


def test_mean_of_a_parabola() -> None:
    """1 + 1/12 between 0 and 1; the trapezoids of 11 points add h²/6."""
    line = {"direction": {"x": 1}, "between": [0, 1], "steps": 11}
    found = value({"type": "mean", "of": PARABOLA, "along": line})
    assert found == pytest.approx(1 + 1 / 12 + 0.01 / 6, rel=ROUNDING, abs=0)


@pytest.mark.parametrize("square", [0.0, 1e-9, 0.02, 0.3, 0.5])
def test_mixing(square: float) -> None:
    """Back from sin²2θ = 4u(1 − u); at its maximum the root of rounding is left."""
    content = {"type": "mixing", "of": X}
    tolerance = 1e-7 if square == 0.5 else ROUNDING
    found = value(content, x=4 * square * (1 - square))
    assert found == pytest.approx(square, rel=tolerance, abs=0)
    with pytest.raises(InputError, match="a number from 0 to 1"):
        value(content, x=1.1)


def test_a_background_knows_no_variables() -> None:
    """The significance evaluates it at the nominal point, whatever is asked for."""
    content = {"type": "significance", "of": PARABOLA, "background": PARABOLA}
    assert value(content, x=2.5) == pytest.approx(3.75 / math.sqrt(1.25), rel=ROUNDING, abs=0)


def test_point_by_point() -> None:
    """Arrays of any shape; single values, and none, as they are."""
    assert value({"type": "pointwise", "over": "x", "of": PARABOLA}, x=2.0) == 3.25
    grid = np.array([[0.0, 0.5], [1.0, 2.0]])
    found = value({"type": "pointwise", "over": "x", "of": PARABOLA}, x=grid)
    np.testing.assert_array_equal(found, (grid - 0.5) ** 2 + 1)
    assert value({"type": "pointwise", "over": "x", "of": PARABOLA}) == 1.25


def test_named_numbers() -> None:
    bench = Workbench(Path("nowhere"), numbers={"four": check(FOUR)})
    assert value({"type": "named", "name": "four"}, bench) == 4.0
    with pytest.raises(InputError, match="four"):
        value({"type": "named", "name": "foul"}, bench)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"type": "product", "of": [FOUR, NINE], "powers": [1]}, "one for each number"),
        ({"type": "with-spins", "of": FOUR, "counts": {"Ge99": [0, 1]}}, "Ge99"),
        ({"type": "amount", "number": 1, "unit": "furlong"}, "furlong"),
    ],
)
def test_mistakes(content: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        check(content)


def test_a_variable_that_is_not_there() -> None:
    with pytest.raises(InputError, match="'x'"):
        value(X, y=1.0)


EXPERIMENT = """
source: {type: monoenergetic, flavour: nu_mu, energy: 10 MeV, flux: 1e10 /cm^2/s}
detector: {target: Ge72, mass: 1 kg}
exposure: 1 year
form_factor: point
kinematics: no-T-over-E
couplings: {sin2_theta_w: 0.25}
"""


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    (tmp_path / "one.yaml").write_text(EXPERIMENT, "utf-8")
    return Workbench(tmp_path)


def test_spins_by_hand(bench: Workbench) -> None:
    """(2, 0) protons aligned are q_A = 1 beside q_V = −20: 1 + 3 q_A²/q_V² without T/E."""
    counts = {"type": "counts", "experiment": "one.yaml"}
    spins = {"type": "with-spins", "counts": {"Ge72": [2, 0]}, "of": counts}
    found = value({"type": "excess", "of": spins, "over": counts}, bench)
    assert found == pytest.approx(3 / 20**2, rel=1e-9, abs=0)  # a difference
    elsewhere = {"type": "with-spins", "counts": {"Ge73": [2, 0]}, "of": counts}
    assert value(elsewhere, bench) == value(counts, bench)


AXES = (
    Axis.check({"label": "x", "unit": "eV", "from": 1, "to": 100, "scale": "log"}),
    Axis.check({"label": "y", "from": 0, "to": 1}),
)


def draw(content: dict[str, Any]) -> Curve:
    layer = LAYERS[content["type"]].check(content)
    drawn = layer.draw(Workbench(Path("nowhere")), *AXES)
    assert isinstance(drawn, Curve)
    return drawn


def test_curve_over_a_number() -> None:
    """Steps of the axis, the number in internal units."""
    curve = draw({"type": "over", "over": "x", "points": 3, "of": X})
    np.testing.assert_allclose(curve.x, [1, 10, 100], rtol=ROUNDING)
    np.testing.assert_allclose(curve.y, curve.x * eV, rtol=ROUNDING)


def test_one_curve_over_another() -> None:
    """At the points of the first; nothing where the second is nothing."""
    fine = {"type": "over", "over": "x", "points": 5, "of": {"type": "product", "of": [X, X]}}
    coarse = {"type": "over", "over": "x", "points": 3, "of": X}
    curve = draw({"type": "quotient", "of": fine, "to": coarse})
    np.testing.assert_allclose(curve.y[::2], curve.x[::2] * eV, rtol=ROUNDING)
    nothing = {"type": "over", "over": "x", "of": {"type": "amount", "number": 0}}
    assert np.all(np.isnan(draw({"type": "quotient", "of": fine, "to": nothing}).y))
