"""Limits from elsewhere: what the tables say, and what is derived from what was printed.

Kinds: reference (published limits, projections and curves written out here) and unit.
"""

from __future__ import annotations

import math
from importlib.resources import files

import numpy as np
import pytest

from cevns.overlays import NUMBERS, overlay_names, read_overlay

U, D = "nsi.eps_ee_u", "nsi.eps_ee_d"
LEFT, RIGHT = {"u": 0.346, "d": -0.4285}, {"u": -0.1546, "d": 0.0775}
"""Standard couplings of quarks to ν_e, with radiative corrections."""
R, ERROR, SIDED = 0.406, 0.140, 1.645
"""CHARM's ratio of neutral to charged currents, its error, and 90 % in one degree of freedom."""


@pytest.mark.parametrize("name", overlay_names())
def test_every_table(name: str) -> None:  # unit
    text = (files("cevns") / "data" / "overlays" / f"{name}.csv").read_text("utf-8")
    for key in ("what", "reference", "method", "uncertainty"):
        assert f"# {key}: " in text
    made = read_overlay(name)
    assert made.reference and made.shapes
    for shape in made.shapes:
        assert len(shape.numbers) == NUMBERS[shape.kind]
        assert shape.label and 1 <= len(shape.parameters) <= 2
        if len(shape.parameters) == 1:
            assert shape.interval[0] < shape.interval[1]


def test_projection_on_vector_couplings() -> None:
    """reference: ε^L = ε^R = ε^V/2 where ε^A = 0, so that both limits hold twice."""
    bands = {shape.parameters[0]: shape.interval for shape in read_overlay("charm-2003").shapes[:4]}
    assert bands[U] == pytest.approx((-0.8, 0.6), rel=1e-12, abs=0)
    assert bands[D] == pytest.approx((-0.6, 0.6), rel=1e-12, abs=0)
    assert bands["nsi.eps_etau_d"] == pytest.approx((-1.0, 1.0), rel=1e-12, abs=0)
    muons = read_overlay("nutev-2003").on(["nsi.eps_mumu_d"])
    assert [one.interval for one in muons] == [pytest.approx((-0.006, 0.006), rel=1e-12, abs=0)]


def ratio(**eps: float) -> float:
    """Σ (g_L + ε_L)² + (g_R + ε_R)² of the quarks."""
    left = sum((g + eps.get(f"{q}L", 0.0)) ** 2 for q, g in LEFT.items())
    return left + sum((g + eps.get(f"{q}R", 0.0)) ** 2 for q, g in RIGHT.items())


@pytest.mark.parametrize(
    ("which", "low", "high"),
    [("uL", -1, 0.3), ("uR", -0.4, 0.7), ("dL", -0.3, 0.3), ("dR", -0.6, 0.5)],
)
def test_one_measurement_gives_the_printed_limits(which: str, low: float, high: float) -> None:
    """reference: R_e = 0.406 ± 0.140 is what Davidson et al.'s intervals of ε_ee come from."""
    values = np.linspace(-2, 2, 40001)
    allowed = [abs(ratio(**{which: float(x)}) - R) < SIDED * ERROR for x in values]
    inside = values[allowed]
    around = inside[np.cumsum(np.append(0.0, np.diff(inside)) > 1e-3) == _piece_of_zero(inside)]
    # They are printed with one digit.
    assert around[0] == pytest.approx(low, rel=0, abs=0.05)
    assert around[-1] == pytest.approx(high, rel=0, abs=0.05)


def _piece_of_zero(inside: np.ndarray) -> int:
    """The number of the interval that holds zero."""
    pieces = np.cumsum(np.append(0.0, np.diff(inside)) > 1e-3)
    return int(pieces[np.argmin(np.abs(inside))])


def test_ellipse_of_the_same_measurement() -> None:
    """reference: on the drawn line ε^L = ε^R = ε^V/2 gives R_e at its upper end."""
    (ellipse,) = (one for one in read_overlay("charm-2003").on([U, D]) if one.kind == "ellipse")
    u, d = ellipse.curve((-1.0, 1.0))
    for x, y in zip(u.tolist(), d.tolist(), strict=True):
        found = ratio(uL=x / 2, uR=x / 2, dL=y / 2, dR=y / 2)
        # Centre and radius are written with four digits.
        assert found == pytest.approx(R + SIDED * ERROR, rel=5e-4, abs=0)


@pytest.mark.parametrize("quark", ["u", "d"])
def test_parabola_of_oscillations(quark: str) -> None:
    """reference: the printed condition with ε = 3 ε^q is met with equality on the line."""
    tau, ee = f"nsi.eps_etau_{quark}", f"nsi.eps_ee_{quark}"
    (shape,) = read_overlay("oscillations-2005").on([ee, tau])
    assert shape.parameters == (tau, ee)
    for x, y in zip(*(one.tolist() for one in shape.curve((-0.5, 0.5))), strict=True):
        total = 1 + 3 * y
        if total > -0.1:  # where the root is taken of a square that may be negative: |…| is left
            condition = abs(total - math.sqrt(total**2 + 4 * (3 * x) ** 2))
            assert condition == pytest.approx(0.4, rel=1e-9, abs=0)


def test_what_concerns_other_axes_is_left_out() -> None:  # unit
    assert read_overlay("charm-2003").on(["nsi.eps_mumu_u"]) == []
    assert len(read_overlay("charm-2003").on([U])) == 1
