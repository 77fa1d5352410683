"""The 2005 paper on the SNS against independent numbers. kind: reference.

The rows of the table of reference numbers and tests/oracle/scholberg.py, which integrates the
paper's equations in plain NumPy. Both state a nuclear mass, sin²θ_W and constants that ours equal
to 1e-5, so that 1e-4 is asked of integrals.
"""

from __future__ import annotations

import csv
from functools import cache
from typing import Any

import numpy as np
import pytest
from oracle import scholberg as oracle
from reference import reference_rows

from cevns.overlays import read_overlay
from cevns.reproductions.computations import COMPUTATIONS
from cevns.reproductions.paper import read_paper
from cevns.reproductions.workbench import Workbench
from cevns.units import cm, keV

NUCLEI = {
    "neon": oracle.NE,
    "argon": oracle.AR,
    "germanium": oracle.GE,
    "xenon": oracle.XE,
}
SYMBOLS = {"20Ne": "neon", "40Ar": "argon", "76Ge": "germanium", "132Xe": "xenon"}
INTEGRAL = 1e-4
CLOSED = 1e-6


@cache
def bench() -> Workbench:
    return read_paper("scholberg-2006")[1]


def value(content: dict[str, Any], **theta: float) -> Any:
    """A computation at θ, whose addresses are those of ``nsi``."""
    at = {f"nsi.{name}": number for name, number in theta.items()}
    return COMPUTATIONS[content["type"]].check(content).value(bench(), at)


def chi2(study: str = "neon-delayed.yaml", systematic: str | float = "10 %") -> dict[str, Any]:
    return {"type": "chi2", "study": study, "systematic": systematic}


def only(prefix: str) -> Any:
    """The one row that starts so."""
    (row,) = reference_rows(prefix)
    return row


# --- the table of reference numbers ------------------------------------------------------------


def test_yields_at_10_kev() -> None:
    for row in reference_rows("sns.dNdT."):
        _, _, nuclide, group, _ = row.id.split(".")
        content = {"type": "spectrum", "recoil": "10 keV", "of": [group]}
        found = value({**content, "experiment": f"{SYMBOLS[nuclide]}.yaml"}) * keV
        assert found == pytest.approx(row.value, rel=INTEGRAL, abs=0)


def test_degenerate_lines() -> None:
    def crossing(target: str) -> dict[str, Any]:
        along = {"direction": {"nsi.eps_ee_u": 1}, "between": [-0.6, 0.9]}
        counted = {"type": "counts", "experiment": f"{target}.yaml", "of": ["nu_e"]}
        return {"type": "crossing", "which": 2, "of": counted, "along": along}

    slope = {"type": "slope", "over": "nsi.eps_ee_d", "between": [-0.2, 0.2]}
    row = only("nsi.line.slope.20Ne")
    assert value({**slope, "of": crossing("neon")}) == pytest.approx(row.value, rel=CLOSED, abs=0)
    row = only("nsi.line.intercept.132Xe")
    assert value(crossing("xenon")) == pytest.approx(row.value, rel=CLOSED, abs=0)
    row = only("nsi.NeXe.point3.u")
    at = {"eps_ee_d": 0.6917333333333333, "eps_ee_u": row.value}  # on both lines by hand
    ratio = {"type": "counts", "of": ["nu_e"]}
    for target in ("neon", "xenon"):
        here = {**ratio, "experiment": f"{target}.yaml"}
        assert value(here, **at) == pytest.approx(value(here), rel=CLOSED, abs=0)


@pytest.mark.parametrize(("row_id", "target"), [("20Ne", "neon"), ("132Xe", "xenon")])
def test_ratio_with_interactions(row_id: str, target: str) -> None:
    row = only(f"nsi.ratio.{row_id}")
    (mu, tau) = row.inputs["flavour_changing (u,d) list (each beta != e once)"]
    theta = {"eps_ee_u": row.inputs["eps_ee_uV"], "eps_ee_d": row.inputs["eps_ee_dV"]}
    theta |= {"eps_emu_u": mu[0], "eps_emu_d": mu[1], "eps_etau_u": tau[0], "eps_etau_d": tau[1]}
    counted = {"type": "counts", "experiment": f"{target}.yaml", "of": ["nu_e"]}
    found = value(counted, **theta) / value(counted)
    assert found == pytest.approx(row.value, rel=CLOSED, abs=0)


def test_counting_study() -> None:
    """Events, χ² at a point, an edge of the band, a radius of the ring."""
    row = only("nsi.N.20Ne.numu")
    counted = {"type": "counts", "experiment": "neon.yaml", "threshold": "10 keV", "of": ["nu_mu"]}
    found = value({**counted, "at": {"detector.mass": "100 kg"}})
    assert found == pytest.approx(row.value, rel=INTEGRAL, abs=0)
    row = only("nsi.chi2.Ne")
    found = value(chi2(), eps_ee_u=0.1, eps_ee_d=-0.05)
    assert found == pytest.approx(row.value, rel=INTEGRAL, abs=0)
    level = {"confidence": "90 %", "dof": 2}
    crossing = {"type": "crossing", "of": chi2(), "equals": level}
    row = only("nsi.band.20Ne.u.s0.10.2")
    along: dict[str, Any] = {"direction": {"nsi.eps_ee_u": 1}, "between": [-0.3, 0.6]}
    found = value({**crossing, "along": along, "which": 3})
    assert found == pytest.approx(row.value, rel=INTEGRAL, abs=0)
    row = only("nsi.fig9.radius.inner.20Ne")
    start = {"nsi.eps_ee_d": 0.15413333333333334}
    along = {"start": start, "direction": {"nsi.eps_etau_d": 1}, "between": [0, 0.5]}
    found = value({**crossing, "along": along, "which": 1})
    assert found == pytest.approx(row.value, rel=INTEGRAL, abs=0)


ETAU = 0.15 / np.sqrt(2)
LMA_0 = {
    "start": {**dict.fromkeys(("nsi.eps_ee_u", "nsi.eps_ee_d"), -0.065)}
    | dict.fromkeys(("nsi.eps_etau_u", "nsi.eps_etau_d"), float(ETAU)),
    "direction": dict.fromkeys(("nsi.eps_ee_u", "nsi.eps_ee_d"), 0.5)
    | dict.fromkeys(("nsi.eps_tautau_u", "nsi.eps_tautau_d"), 1),
    "between": [-1, 1],
}


def test_lma_0_rows() -> None:
    """The place of a minimum of a parabola is known to √ε."""
    place = {"type": "minimum", "report": "place", "of": chi2(), "along": LMA_0}
    row = only("nsi.lma0.ettmin")
    assert value(place) == pytest.approx(row.value, rel=CLOSED, abs=0)
    below = {"confidence": "90 %", "dof": 1}
    intervals = {"type": "intervals", "of": chi2(), "along": LMA_0, "below": below}
    assert value(intervals) == only("nsi.lma0.allowed.count").value


def test_magnetic_moment_rows() -> None:
    row = only("mag.dsdT.")
    content: dict[str, Any] = {"type": "cross-section", "energy": "30 MeV"}
    at = {"magnetic-moment.nu_e": "1e-10 mu_B"}
    content |= {"experiment": "neon-magnetic.yaml", "recoil": "1 keV", "at": at}
    found = value(content) * keV / cm**2
    assert found == pytest.approx(row.value, rel=CLOSED, abs=0)
    row = only("mag.fig14.")
    at = {"magnetic-moment.nu_mu": "6e-10 mu_B"}
    content = {"type": "spectrum", "experiment": "neon.yaml", "recoil": "10 keV", "of": ["prompt"]}
    found = value({**content, "at": at}) * keV
    assert found == pytest.approx(row.value, rel=INTEGRAL, abs=0)


def test_mixing_angle_rows() -> None:
    for row in reference_rows("wma.lin."):
        target = SYMBOLS[row.id.split(".")[2]]
        counted = {"type": "counts", "experiment": f"{target}.yaml"}
        content = {"type": "propagated-error", "parameter": "sin2_theta_w", "nominal": 0.2312}
        found = value({**content, "error": "10 %", "of": counted})
        assert found == pytest.approx(row.value, rel=CLOSED, abs=0)


# --- the paper's equations in plain NumPy ------------------------------------------------------


@pytest.mark.parametrize("target", NUCLEI)
@pytest.mark.parametrize("flavour", oracle.FLAVOURS)
@pytest.mark.parametrize("threshold", [5, 10, 20])
def test_events_over_threshold(target: str, flavour: str, threshold: float) -> None:
    exact = oracle.above(NUCLEI[target], flavour, threshold * 1e-3)
    content = {"type": "counts", "experiment": f"{target}.yaml", "of": [flavour]}
    found = value({**content, "threshold": f"{threshold} keV"})
    assert found == pytest.approx(exact, rel=INTEGRAL, abs=0)


@pytest.mark.parametrize("flavour", oracle.FLAVOURS)
@pytest.mark.parametrize("moment", [0.0, 6e-10])
def test_spectrum_of_neon(flavour: str, moment: float) -> None:
    """Figs. 2 and 14, from 0.5 keV on; the magnetic part by itself."""
    recoils = np.array([0.5, 3.0, 30.0, 80.0])
    exact = oracle.yield_sm(oracle.NE, flavour, recoils * 1e-3)
    file, at = "neon.yaml", {}
    if moment:
        exact = oracle.yield_magnetic(oracle.NE, flavour, recoils * 1e-3, moment)
        file = "neon-magnetic.yaml"
        at = {f"magnetic-moment.{name}": f"{moment} mu_B" for name in ("nu_e", "nu_mu")}
    for recoil, wanted in zip(recoils, exact * 1e-3, strict=True):
        content = {"type": "spectrum", "experiment": file, "of": [flavour], "at": at}
        found = value({**content, "recoil": f"{recoil} keV"}) * keV
        assert found == pytest.approx(wanted, rel=INTEGRAL, abs=0)


@pytest.mark.parametrize(
    ("study", "sample", "from_model"),
    [
        ("neon-delayed.yaml", ("nu_e", "nu_mu_bar"), False),
        ("neon-delayed-sigma-of-model.yaml", ("nu_e", "nu_mu_bar"), True),
        ("neon-all.yaml", oracle.FLAVOURS, False),
        ("neon-all-sigma-of-model.yaml", oracle.FLAVOURS, True),
    ],
)
def test_readings_of_fig_12(study: str, sample: tuple[str, ...], from_model: bool) -> None:
    """χ² of all four along ε_ττ, the minimum among the points (1e-3: squares of differences)."""
    for t in (-0.4, 0.0, 0.1, 0.284, 0.7):
        ee = -0.065 + t / 2
        factor = oracle.nsi_factor(oracle.NE, (ee, ee), [(ETAU, ETAU)])
        exact = oracle.chi2(oracle.NE, factor, 0.1, sample, from_model)
        theta = {"eps_ee_u": ee, "eps_ee_d": ee, "eps_etau_u": ETAU, "eps_etau_d": ETAU}
        found = value(chi2(study), **theta)
        assert found == pytest.approx(exact, rel=1e-3, abs=0)


@pytest.mark.parametrize(
    ("up", "ends", "claim"),
    [
        ("eps_ee_u", [(-1.0, 1.0), (-1.0, 1.0)], "fig-8-combination"),
        ("eps_etau_d", [(-0.3, 0.6), (-0.45, 0.45)], "fig-10-improvement"),
    ],
)
def test_areas_of_two_targets(up: str, ends: list[tuple[float, float]], claim: str) -> None:
    """Areas counted on a grid of 3000 points: 1 % for the rims of the narrow regions."""
    x, y = (np.linspace(low, high, 3001) for low, high in ends)
    d, u = x[:, None], y[None, :]
    heights = {}
    for name, nucleus in (("neon", oracle.NE), ("xenon", oracle.XE)):
        if up == "eps_ee_u":
            factor = oracle.nsi_factor(nucleus, (u, d))
        else:
            factor = oracle.nsi_factor(nucleus, (0.0, d), [(0.0, u)])
        heights[name] = oracle.chi2(nucleus, factor, 0.1)
    level = 2 * np.log(10)
    exact = np.mean(sum(heights.values()) < level) / np.mean(heights["neon"] < level)
    paper, workbench = read_paper("scholberg-2006")
    (found,) = (one.ours.value(workbench) for one in paper.claims if one.id == claim)
    assert found == pytest.approx(exact, rel=1e-2, abs=0)


@pytest.mark.parametrize("flavour", ["nu_mu", "nu_mu_bar"])
def test_magnetic_electrons(flavour: str) -> None:
    """Note 49: Eq. (6) for electrons without T/4k², integrated over T in closed form.

    10 keV is far above every binding energy of neon, so that free electrons it is.
    """
    strength = np.pi * oracle.ALPHA**2 * 6.8e-10**2 / oracle.M_E**2 * oracle.HBAR_C**2

    def above(k: Any) -> Any:
        top = 2 * k**2 / (oracle.M_E + 2 * k)
        return strength * (np.log(top / 0.01) - (top - 0.01) / k)

    x, w = np.polynomial.legendre.leggauss(200)
    low = (0.01 + np.sqrt(0.01**2 + 2 * oracle.M_E * 0.01)) / 2  # least energy that gives 10 keV
    half = (oracle.M_MU / 2 - low) / 2
    k = low + half * (x + 1)
    mean = np.sum(w * oracle.density("nu_mu_bar", k) * above(k)) * half
    each = {"nu_mu": above(oracle.LINE), "nu_mu_bar": mean}[flavour]
    fluence = oracle.FLUX * oracle.YEAR * oracle.TONNE / (oracle.NE.atomic * oracle.U_G)
    content = {"type": "counts", "experiment": "neon-magnetic-electrons.yaml", "of": [flavour]}
    at = {"magnetic-moment.nu_mu": "6.8e-10 mu_B"}
    found = value({**content, "threshold": "10 keV", "channel": "electron", "at": at})
    assert found == pytest.approx(10 * fluence * each, rel=INTEGRAL, abs=0)


# --- Table I -----------------------------------------------------------------------------------


def test_table_1_is_what_the_overlays_say() -> None:
    """Two copies of the printed table; on the vector couplings both limits hold (unit)."""
    text = (bench().folder / "table-1.csv").read_text("utf-8").splitlines()
    rows = list(csv.DictReader(line for line in text if not line.startswith("#")))
    limits = {row["parameter"]: (float(row["lower"]), float(row["upper"])) for row in rows}
    for overlay in ("charm-2003", "nutev-2003"):
        for shape in read_overlay(overlay).shapes:
            _, pair, quark = shape.parameters[0].split("_")
            if shape.kind != "chiral" or len(shape.parameters) > 1 or pair not in ("ee", "mumu"):
                continue
            left, right = (limits[f"eps_{pair}^{quark}{side}"] for side in "LR")
            assert shape.numbers == (*left, *right)
            both = 2 * max(left[0], right[0]), 2 * min(left[1], right[1])
            assert shape.interval == pytest.approx(both, rel=1e-12, abs=0)
