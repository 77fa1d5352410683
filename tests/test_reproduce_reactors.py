"""The reactor papers of 1989, 2015, 2016 and DAEdALUS against independent numbers. kind: reference.

Rows of the table of reference numbers and tests/oracle/dutta.py, which integrates the papers'
equations in plain NumPy. Masses and constants of both agree to 1e-6, so that 1e-5 is asked of
integrals over smooth spectra and 1e-4 of those over oscillations.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from oracle import dutta as oracle
from reference import reference_rows

from cevns.reproductions.computations import COMPUTATIONS
from cevns.reproductions.paper import read_paper
from cevns.reproductions.workbench import Workbench
from cevns.units import MeV

INTEGRAL = 1e-5
OSCILLATION = 1e-4
NUCLEI = {"germanium": oracle.GE, "silicon": oracle.SI}


@cache
def bench(paper: str) -> Workbench:
    return read_paper(paper)[1]


def value(paper: str, content: dict[str, Any], **theta: float) -> Any:
    """A computation of a paper; ``theta`` are variables."""
    return COMPUTATIONS[content["type"]].check(content).value(bench(paper), theta)


def counts(experiment: str, threshold: float, **more: Any) -> dict[str, Any]:
    """Above ``threshold`` in MeV."""
    content = {"type": "counts", "experiment": experiment, **more}
    return {**content, "threshold": f"{threshold} MeV"}


def named(name: str) -> dict[str, Any]:
    return {"type": "named", "name": name}


# --- Dutta et al. 2015 -------------------------------------------------------------------------


def _vector(nucleus: oracle.Nucleus) -> oracle.Integrand:
    return oracle.eq1(nucleus.M, nucleus.charge())


@pytest.mark.parametrize("threshold", [1e-6, 1e-5, 1e-4, 1e-3])
@pytest.mark.parametrize("target", NUCLEI)
def test_kilogram_years(target: str, threshold: float) -> None:
    """Nuclei and electrons, the Standard Model and a moment of 1e-10 (Fig. 3)."""
    nucleus = NUCLEI[target]
    scale = oracle.per_kg_year(nucleus)
    integrals = {
        ("electrons", "cevns"): oracle.above(threshold, nucleus.M, _vector(nucleus)),
        ("electrons", "electron"): nucleus.Z
        * oracle.above(threshold, oracle.M_E, oracle.electron(with_w=False)),
        ("moment-alone", "cevns"): oracle.above(
            threshold, nucleus.M, oracle.magnetic(1e-10, nucleus.Z)
        ),
        ("moment-alone", "electron"): nucleus.Z
        * oracle.above(threshold, oracle.M_E, oracle.magnetic(1e-10, spinless=False)),
    }
    for (kind, channel), integral in integrals.items():
        content = counts(f"{target}-{kind}.yaml", threshold, channel=channel)
        exact = scale * integral
        assert value("dutta-2015", content) == pytest.approx(exact, rel=INTEGRAL, abs=0)


def test_with_a_w() -> None:
    scale = oracle.GE.Z * oracle.per_kg_year(oracle.GE)
    exact = scale * oracle.above(1e-5, oracle.M_E, oracle.electron(with_w=True))
    content = counts("germanium-electrons-w.yaml", 1e-5, channel="electron")
    assert value("dutta-2015", content) == pytest.approx(exact, rel=INTEGRAL, abs=0)


def _axial(charge_of_new: float, scale: float) -> oracle.Integrand:
    """72Ge with q_A = 2 and new charges ``scale`` times (vector −448/√40, axial) of χ."""
    charge = oracle.GE.charge() + scale * (-4 * 32 - 8 * 40)
    return oracle.eq1(oracle.GE.M, charge, 2.0 + scale * charge_of_new)


def _xi_of_chi(spectrum: Any) -> float:
    """With the axial term of 72Ge in background and signal, linear in the new amplitude."""
    up, down = (
        oracle.above(1e-5, oracle.GE.M, _axial(-8.0, step), spectrum) for step in (1e-3, -1e-3)
    )
    background = oracle.above(1e-5, oracle.GE.M, _axial(0.0, 0.0), spectrum)
    silicon = 2 * (-4 * 14 - 8 * 14) / oracle.SI.charge()
    return float((up - down) / 2e-3 / background / silicon)


def test_rows_of_the_ratio() -> None:
    """ξ of Table III: the vector ratio is one of couplings; the axial one depends on the spectrum.

    The row extends the polynomial to zero energy, which shifts it by 2e-4; at 300 TeV the square of
    the new amplitude is 1e-7 of its interference, and a difference of counts keeps 1e-9.
    """
    (row,) = reference_rows("dutta.xi.BL.closed")
    assert value("dutta-2015", named("xi-b-l")) == pytest.approx(row.value, rel=1e-6, abs=0)
    (row,) = reference_rows("dutta.xi.E6chi.axial")
    assert _xi_of_chi(oracle.extended) == pytest.approx(row.value, rel=OSCILLATION, abs=0)
    spins = {"type": "with-spins", "counts": {"Ge72": [-2, 2]}, "of": named("xi-chi")}
    exact = _xi_of_chi(oracle.fission)
    assert value("dutta-2015", spins) == pytest.approx(exact, rel=INTEGRAL, abs=0)
    assert exact == pytest.approx(row.value, rel=5e-4, abs=0)


def test_boost() -> None:
    vector, axial = (
        oracle.above(1e-5, oracle.GE.M, oracle.eq1(oracle.GE.M, oracle.GE.charge(), axial))
        for axial in (0.0, 2.0)
    )
    found = value("dutta-2015", named("boost"))
    assert found == pytest.approx(axial / vector, rel=INTEGRAL, abs=0)


G_OVER_COS = 4 * np.sqrt(2) * oracle.G_F * 91188.0**2  # squared, from the mass of the Z [MeV]
NEW = {  # charges of p and n times what multiplies (m_Z/M)²; Table II and Sec. IV
    "chi": (-4.0, -8.0, 6 / 40 * 5 / 3 * oracle.S2),
    "b-l": (2.0, 2.0, -2 * 0.4**2 / G_OVER_COS),
    "b-l-weaker": (2.0, 2.0, -2 * 0.2**2 / G_OVER_COS),
    "sequential": (0.5 - 2 * oracle.S2, -0.5, 1.0),
}


@pytest.mark.parametrize("model", NEW)
def test_reach(model: str) -> None:
    """S/√B at a TeV of a kilogram-year, 2:1; 1e-4 for the propagator's momentum and bindings."""
    p, n, size = NEW[model]
    signal = background = 0.0
    for nucleus, share in ((oracle.GE, 2 / 3), (oracle.SI, 1 / 3)):
        events = share * oracle.per_kg_year(nucleus)
        events *= oracle.above(1e-5, nucleus.M, _vector(nucleus))
        shift = size * (0.091188 / 1.0) ** 2 * nucleus.charge(p, n) / nucleus.charge()
        signal, background = signal + events * (2 * shift + shift**2), background + events
    found = value("dutta-2015", named(f"significance-{model}"), M=1.0)
    assert found == pytest.approx(signal / np.sqrt(background), rel=1e-4, abs=0)


# --- Dutta et al. 2016 -------------------------------------------------------------------------

WINDOWS = [10e-6, 20e-6, 50e-6, 100e-6, 200e-6, 300e-6, 500e-6, 700e-6, 1e-3, np.inf]


@pytest.mark.parametrize("phase", [0.3, 1.0, 4.0, 20.0])
def test_deficits(phase: float) -> None:
    """Fig. 1: all recoils, and the first, a middle and the last of the windows."""
    for index in (0, 4, 8):
        exact = oracle.deficit(oracle.GE, phase, WINDOWS[index], WINDOWS[index + 1])
        found = value("dutta-2016", named(f"deficit-{index + 1}"), D=phase)
        assert found == pytest.approx(exact, rel=OSCILLATION, abs=0)
    exact = oracle.deficit(oracle.GE, phase, 10e-6)
    found = value("dutta-2016", named("deficit"), D=phase)
    assert found == pytest.approx(exact, rel=OSCILLATION, abs=0)


def test_chi_squared_of_counts_and_windows() -> None:
    """Eq. (11) at 5 m, 1 eV² and sin²2θ = 0.03: s² Σ Δ² N by hand."""
    scale = 300 / 25 * oracle.per_kg_year(oracle.GE)
    sums = []
    for edges in ([10e-6, np.inf], WINDOWS):
        total = 0.0
        for low, high in pairwise(edges):
            events = scale * oracle.above(low, oracle.GE.M, _vector(oracle.GE), below=high)
            total += events * oracle.deficit(oracle.GE, 5.0, low, high) ** 2
        sums.append(0.03**2 * total)
    for study, exact in zip(("near", "near-bins"), sums, strict=True):
        found = value("dutta-2016", named(f"chi2-{study}"), D=1.0, s=0.03)
        assert found == pytest.approx(exact, rel=OSCILLATION, abs=0)


# --- Vogel and Engel 1989 ----------------------------------------------------------------------


@pytest.mark.parametrize("recoil", [0.025, 0.2, 1.0, 4.0])
def test_folded_cross_sections(recoil: float) -> None:
    """Fig. 2, for one antineutrino: the integral of the spectrum has the oracle's own panels."""
    ends = np.append(oracle.KNOTS, oracle.END)
    E, w = oracle.gauss(ends)
    number = float(np.sum(w * oracle.fission(E)))
    sigmas = {
        "uranium": oracle.electron(with_w=True, s2=0.23),
        "uranium-moment-alone": oracle.magnetic(1e-10, spinless=False),
    }
    for file, sigma in sigmas.items():
        exact = oracle.folded(recoil, oracle.M_E, sigma)[0] / number
        content = {"type": "spectrum", "experiment": f"{file}.yaml", "recoil": f"{recoil} MeV"}
        found = value("vogel-engel-1989", content) * MeV
        assert found == pytest.approx(exact, rel=INTEGRAL, abs=0)


@pytest.mark.parametrize("file", ["chromium", "chromium-shell"])
def test_source_inside_argon(file: str) -> None:
    """n × 50 cm × activity × hour × σ; 1e-3 for the decay within the hour and the mass of Ar."""
    column = 18 * 1.396 / (39.948 * oracle.U_G) * 50
    decays = 600e3 * 3.7e10 * 3600
    exact = (
        decays
        * column
        * oracle.line_integral(oracle.electron(with_w=True, antineutrino=False, s2=0.23), 0.05)
    )
    content = {"type": "counts", "experiment": f"{file}.yaml", "channel": "electron"}
    assert value("vogel-engel-1989", content) == pytest.approx(exact, rel=1e-3, abs=0)


# --- Anderson et al. 2012 ----------------------------------------------------------------------


def test_events_near_and_far() -> None:
    for threshold in (0.01, 0.03):
        for distance in (20, 40):
            at = {"source.distance": f"{distance} m", "detector.threshold": f"{threshold} MeV"}
            content = {"type": "counts", "experiment": "argon.yaml", "at": at}
            edges = np.array([threshold, 0.2])
            exact = oracle.pion_counts(oracle.AR40, edges, 100.0 * distance)[0]
            found = value("anderson-2012", content)
            assert found == pytest.approx(exact, rel=INTEGRAL, abs=0)


def test_germanium_of_five_isotopes() -> None:
    mean = sum(share * one.atomic for one, share in oracle.GERMANIUM)
    exact = sum(
        share * one.atomic / mean * oracle.pion_counts(one, np.array([0.01, 0.2]), 2000.0)[0]
        for one, share in oracle.GERMANIUM
    )
    content = {"type": "counts", "experiment": "germanium.yaml"}
    found = value("anderson-2012", content)
    assert found == pytest.approx(exact, rel=3e-4, abs=0)  # digits of the mole fractions


@pytest.mark.parametrize("dm2", [0.3, 1.0, 3.0])
@pytest.mark.parametrize(
    ("study", "norm", "rho"),
    [
        ("near-far", 0.015, 0.9),
        ("near-far-independent", 0.015, 0.0),
        ("near-far-common", 0.015, 1.0),
        ("near-far-10-percent", 0.1, 0.9),
        ("near-far-1-percent", 0.011, 0.9),
    ],
)
def test_two_baselines(dm2: float, study: str, norm: float, rho: float) -> None:
    """χ² with the covariance written out."""
    exact = 0.05**2 * oracle.near_far_chi2(dm2, norm, rho)
    found = value("anderson-2012", named(f"chi2-{study}"), D=dm2, s=0.05)
    assert found == pytest.approx(exact, rel=OSCILLATION, abs=0)


def test_both_flavours() -> None:
    """LSND's point, 4 u_e² u_μ² = 0.003: deficits of 4 u² (1 − 2u²) for all flavours."""
    square = np.sqrt(0.003) / 2
    lost = 4 * square * (1 - 2 * square)
    exact = lost**2 * oracle.near_far_chi2(1.0, 0.015, 0.9, flavours=(*oracle.MUON, "nu_e"))
    found = value("anderson-2012", named("chi2-near-far-both"), D=1.0, s=0.003)
    assert found == pytest.approx(exact, rel=OSCILLATION, abs=0)
