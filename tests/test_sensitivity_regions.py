"""Regions of Scholberg 2006: an independent twin and rows of shared/reference.csv.

Kind: reference.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from oracle.sensitivity import NEON, XENON, Delayed
from reference import reference_rows
from studies import SCHOLBERG, design, exactly, finished, heights

TWIN = 1e-6  # of a count: masses and constants of the twin are its own (3e-8), its nodes few
U, D, TAU = "nsi.eps_ee_u", "nsi.eps_ee_d", "nsi.eps_etau_d"


def plane(first: str, second: str, more: str = "", systematic: str = "[0, 5 %, 10 %]") -> str:
    axes = f"{{{first}: [-1, 1, 101], {second}: [-1, 1, 101]}}"
    block = f"study: {{statistic: chi2-counting, systematic: {systematic}{more}}}\n"
    return f"scan: {{parameters: {axes}}}\n{block}"


@pytest.mark.parametrize("observed", [False, True])
def test_plane_against_the_twin(observed: bool) -> None:
    """Every point of the grid that is off the regions where N − N₀ cancels."""
    variance = ", sigma_from: observed" if observed else ""
    made = finished(design(SCHOLBERG, plane(D, U, variance)))
    d, u = np.meshgrid(np.linspace(-1, 1, 101), np.linspace(-1, 1, 101), indexing="ij")
    twin = Delayed.of(NEON)
    off = np.abs(twin.events(u, d) / twin.events() - 1) > 0.1
    for systematic, found in made.surfaces.items():
        expected = twin.chi2(systematic, observed, u=u[off], d=d[off])
        # χ² is quadratic in N − N₀: twice the tolerance, over the relative change.
        assert found[off] == exactly(expected, 2 * TWIN / 0.1)
    assert np.count_nonzero(off) > 8000
    assert made.failures == {}


def test_two_targets_against_the_twin() -> None:
    """χ² of neon and xenon add up; with flavour-changing couplings."""
    both = "experiments: {ne: {}, xe: {detector: {target: Xe132}}}\n"
    made = design(SCHOLBERG, both + plane(D, TAU, systematic="10 %"))
    expected = sum(Delayed.of(one).chi2(0.1, d=0.3, tau_d=-0.2) for one in (NEON, XENON))
    points = {"nsi__eps_ee_d": 0.3, "nsi__eps_etau_d": -0.2}
    assert heights(made, **points)[0] == exactly(expected, 4 * TWIN)


def test_reference_chi2() -> None:
    """A row of shared/reference.csv."""
    (row,) = reference_rows("nsi.chi2.Ne.u0.1.d-0.05.s0.10")
    made = design(SCHOLBERG, plane(D, U, systematic="10 %"))
    # Twice the tolerance of a count over the change of the counts, which is 22 %.
    assert heights(made, nsi__eps_ee_u=0.1, nsi__eps_ee_d=-0.05)[0] == exactly(row.value, 10 * TWIN)


def test_reference_band_and_circle() -> None:
    """The 90 % region on an axis, and the inner of the circles of Fig. 9, from the grid."""
    scan = "scan: {parameters: {%s: [-0.5, 0.9, 281]}, dof: 2}\n"
    block = "study: {statistic: chi2-counting, systematic: 10 %}\n"
    made = finished(design(SCHOLBERG, scan % U + block))
    (row,) = reference_rows("nsi.band.20Ne.u.s0.10.2")
    level = made.design.levels[0][1]
    assert level == exactly(row.inputs["dchi2"])
    ends = [end for _, one in made.limits(made.surfaces[0.1], level) for end in one]
    # From 281 points: between two of them √χ² bends by 1 % of their distance, 5e-3.
    assert len(ends) == 4 and ends[2] == exactly(row.value, 2e-4)
    (circle,) = reference_rows("nsi.fig9.radius.inner.20Ne")
    Z, N, s2w = 10, 10, 0.2312
    centre = -(Z * (0.5 - 2 * s2w) - 0.5 * N) / (Z + 2 * N)
    along = finished(design(SCHOLBERG, scan % D + block))
    regions = [one for _, one in along.limits(along.surfaces[0.1], level)]
    inner = np.array([regions[0][1], regions[1][0]], dtype=float)
    assert inner[1] - inner[0] == exactly(2 * circle.value, 3e-4)
    assert np.mean(inner) == exactly(centre, 3e-4)


def test_degenerate_lines_cross_at_four_points() -> None:
    """Where the lines of neon and xenon cross, χ² vanishes: reference row and ours."""
    (row,) = reference_rows("nsi.NeXe.point3.u")
    both = "experiments: {ne: {}, xe: {detector: {target: Xe132}}}\n"
    made = design(SCHOLBERG, both + plane(D, U, systematic="10 %"))
    lines = []
    for one in (NEON, XENON):
        standard = one.Z * (0.5 - 2 * 0.2312) - 0.5 * one.N
        lines.append((2 * one.Z + one.N, one.Z + 2 * one.N, -2 * standard))
    (a, b, p), (c, e, q) = lines
    u, d = np.linalg.solve([[a, b], [c, e]], [p, q])
    assert u == exactly(row.value)
    found = heights(made, nsi__eps_ee_u=u, nsi__eps_ee_d=d)[0]
    assert found == pytest.approx(0.0, rel=0, abs=1e-12)  # |N/N₀ − 1| < 1e-9 at 1e3 events


def test_lma_dark() -> None:
    """Fig. 12: excluded at ε_ττ = 0; nothing of it reaches 2.71 anywhere (reference row: none)."""
    (lowest,) = reference_rows("nsi.lma0.ettmin")
    (allowed,) = reference_rows("nsi.lma0.allowed.count")
    axes = "{nsi.eps_ee_u: [-1, 1, 3], nsi.eps_ee_d: [-1, 1, 3]}"
    changing = "parameters: {nsi.eps_etau_u: {value: 0}, nsi.eps_etau_d: {value: 0}}\n"
    block = "study: {statistic: chi2-counting, systematic: 10 %}\n"
    more = "nsi.eps_etau_u: [-1, 1, 3], nsi.eps_etau_d: [-1, 1, 3]}"
    text = f"scan: {{parameters: {axes[:-1]}, {more}}}\n"
    made = design(SCHOLBERG, changing + text + block)
    etau = 0.15 / (2 * math.sqrt(0.5))
    tau = np.linspace(-1, 1, 2001)
    ee, same = -0.065 + 0.5 * tau, np.full_like(tau, etau)
    found = heights(
        made, nsi__eps_ee_u=ee, nsi__eps_ee_d=ee, nsi__eps_etau_u=same, nsi__eps_etau_d=same
    )[0]
    # The grid has steps of 1e-3 and a parabola's lowest point within half of one.
    assert tau[np.argmin(found)] == pytest.approx(lowest.value, rel=0, abs=5e-4)
    assert np.count_nonzero(found < 2.71) == allowed.value == 0
    twin = Delayed.of(NEON)
    for place in (1000, int(np.argmin(found))):
        eps = {"u": ee[place], "d": ee[place], "tau_u": etau, "tau_d": etau}
        assert found[place] == exactly(twin.chi2(0.1, **eps), 4 * TWIN)
