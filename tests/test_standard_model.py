"""Couplings, kinematics and cross-sections of the Standard Model.

Kinds: reference (numbers of the literature in physics.md, Dirac traces of tests/oracle, rows of
shared/reference.csv, mpmath) and property (inverses, limits).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import recoil
from probes import flavour
from reference import Row, reference_rows

from cevns.amplitudes import Scatterer, Term
from cevns.beam import Component
from cevns.constants import G_F, alpha, hbar_c, m_e, m_mu, m_tau
from cevns.cross_sections import (
    differential_cross_section,
    flux_averaged_cross_section,
    total_cross_section,
)
from cevns.detector import Detector
from cevns.experiment import Experiment
from cevns.exposure import Exposure
from cevns.form_factors import FormFactor
from cevns.interactions import StandardModel
from cevns.interactions.standard_model import SCHEMES, vacuum_polarisation
from cevns.kinematics import (
    KINEMATICS,
    coefficients,
    maximum_recoil,
    minimum_energy,
    recoil_range,
)
from cevns.nodes import beam_breaks, panel_nodes
from cevns.rate import recoil_spectrum
from cevns.scatterers import nucleus
from cevns.sources import StoppedPion
from cevns.sources.stopped_pion import LINE_ENERGY
from cevns.spectra import LineSpectrum
from cevns.targets import Target
from cevns.units import MeV, cm, keV, s

SAME_INPUTS = 1e-6  # the table's own number for closed forms; constants agree to 1e-8
OWN_MASSES = 1e-5  # nuclear masses here contain the electrons' binding energy, up to 1.7e-6


def exactly(value: Any, tolerance: float) -> Any:
    """A purely relative comparison: the default abs=1e-12 would hide any cm²."""
    return pytest.approx(value, rel=tolerance, abs=0)


# --- couplings ------------------------------------------------------------------------------------


def test_tree_couplings() -> None:
    """reference: g_V^p = ½ − 2s², g_V^n = −½, for any array of s²."""
    s2 = np.array([0.2, 0.23857, 0.25])
    model = StandardModel()
    protons = model.proton_couplings({"sin2_theta_w": s2})
    assert protons.shape == (3, 3)
    assert protons == exactly(np.repeat((0.5 - 2 * s2)[:, None], 3, axis=1), 1e-15)
    assert model.neutron_coupling() == -0.5
    assert model.proton_couplings({})[0] == exactly(0.02286, 1e-12)  # s² = 0.23857


def test_radiative_couplings() -> None:
    """reference: the set of arXiv:2411.03122 in physics.md §3; dg_V^p/ds² = −2."""
    model = StandardModel(scheme="radiative")
    assert model.proton_couplings({}) == exactly(np.array([0.0382, 0.0300, 0.0256]), 1e-13)
    assert model.neutron_coupling() == -0.5117
    moved = model.proton_couplings({"sin2_theta_w": 0.23857 + 0.001})
    assert moved - model.proton_couplings({}) == exactly(np.full(3, -0.002), 1e-11)


def test_flavours_differ_by_the_charge_radius() -> None:
    """reference: the splitting of g_V^p is that of ⟨r²⟩ = −G_F/(2√2π²) [3 − 2 ln(m²/m_W²)].

    A charge radius moves g_V^p by −(√2πα/3G_F)⟨r²⟩, so two flavours differ by
    (2α/3π) ln(m′/m): G_F, the 3 and m_W drop out. The table has four decimals: 1e-4 between two.
    """
    table = StandardModel(scheme="radiative").proton_couplings({})
    masses = np.array([m_e, m_mu, m_tau])
    m_W = 80369.2 * MeV
    radius = -G_F / (2 * math.sqrt(2) * math.pi**2) * (3 - 2 * np.log(masses**2 / m_W**2))
    shift = -math.sqrt(2) * math.pi * alpha / (3 * G_F) * radius
    assert shift[0] - shift[1] == exactly(2 * alpha / (3 * math.pi) * math.log(m_mu / m_e), 1e-12)
    for a, b in ((0, 1), (1, 2), (0, 2)):
        assert table[a] - table[b] == pytest.approx(shift[a] - shift[b], abs=1e-4)
    # the radii themselves: (−0.83, −0.48, −0.30)e-32 cm², two digits in physics.md
    expected = np.array([-0.83, -0.48, -0.30])
    assert radius * hbar_c**2 / (1e-32 * cm**2) == pytest.approx(expected, abs=0.005)


def _polarised(r: Any, x: Any) -> Any:
    return x * (1 - x) * mp.log1p(x * (1 - x) * r)


def _logarithm(Q: float) -> Any:
    """L(Q) of the electron: −6∫ x(1−x) ln[(m² + x(1−x)Q²)/m_W²] dx."""
    square, unit = mp.mpf(Q) ** 2, (80369.2 * MeV) ** 2

    def integrand(x: Any) -> Any:
        return x * (1 - x) * mp.log((m_e**2 + x * (1 - x) * square) / unit)

    return -6 * mp.quad(integrand, [0, 0.001, 0.01, 0.5, 0.99, 0.999, 1])


def test_vacuum_polarisation() -> None:
    """reference: 6∫x(1−x) ln[1 + x(1−x) r] dx by mpmath; 1e-9 for rounding and the series' rest."""
    r = np.geomspace(1e-6, 1e8, 85)
    ours = vacuum_polarisation(r)
    with mp.workdps(25):
        for value, mine in zip(r, ours, strict=True):
            exact = 12 * mp.quad(partial(_polarised, mp.mpf(value)), [0, 1e-6, 1e-3, 0.1, 0.5])
            assert mine == exactly(float(exact), 1e-9)
    assert vacuum_polarisation(np.zeros(1)) == 0


def proton_coupling_at(Q: float, flavour: int) -> float:
    """g_V^p of a flavour at momentum transfer Q, from the terms of the model."""
    terms = [t for t in StandardModel(scheme="radiative-q").terms() if t.site == "p"]
    square = np.array([Q**2])
    profiles = [1.0 if t.profile is None else float(t.profile(square, {})[0]) for t in terms]
    couplings = [np.asarray(t.coupling({}))[flavour, flavour] for t in terms]
    return float(np.dot(profiles, couplings))


@pytest.mark.parametrize(("Q", "shift"), [(10.0, -0.0033), (50.0, -0.0058)])
def test_charge_radius_at_q(Q: float, shift: float) -> None:
    """reference: −0.0033 at 10 MeV and −0.0058 at 50 MeV for ν_e (physics.md §3, two digits)."""
    static = StandardModel(scheme="radiative").proton_couplings({})
    moved = [proton_coupling_at(Q * MeV, i) - static[i] for i in range(3)]
    assert moved[0] == pytest.approx(shift, abs=5e-5)
    assert abs(moved[1]) < 1e-4 > abs(moved[2])  # negligible for ν_μ and ν_τ

    exact = alpha / (3 * math.pi) * float(_logarithm(Q * MeV) - _logarithm(0.0))
    assert moved[0] == exactly(exact, 1e-9)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_antineutrinos_scatter_alike(scheme: Any) -> None:
    """property: a vector current on spin 0 does not tell ν from ν̄."""
    model, T = StandardModel(scheme=scheme), np.array([1.0, 20.0]) * keV
    for one in ("nu_e", "nu_mu", "nu_tau"):
        pair = [
            differential_cross_section(40 * MeV, T, "Xe132", flavour=name, model=model)
            for name in (one, f"{one}_bar")
        ]
        assert pair[0] == exactly(pair[1], 1e-15)


# --- kinematics and the table of coefficients -----------------------------------------------------

POINTS = [(30.0, 0.0), (50.0, 5.0), (18.0, 17.0), (200.0, 60.0)]  # E, m₄ [MeV]
MASSES = [18617.73, 938.272, 0.51099895]  # 20Ne, p, e [MeV]


OPEN = [(E, m4, M) for E, m4 in POINTS for M in MASSES if m4 + m4**2 / (2 * M) < E]


@pytest.mark.parametrize(("E", "m4", "M"), OPEN)
def test_coefficients_against_traces(E: float, m4: float, M: float) -> None:
    """reference: every row of the table from explicit Dirac traces (1e-9: they cancel a little)."""
    low, high = (float(t) for t in recoil.t_range(E, M, m4))
    unit = (G_F * hbar_c) ** 2 / (cm**2 / MeV)

    def ours(pair: str, spin: str, T: float) -> float:
        row = coefficients(pair, spin, np.array([T * MeV]), M * MeV, m4 * MeV)
        assert row is not None
        return float(sum(a * (E * MeV) ** -n for n, a in enumerate(row))[0] * unit)

    for part in (0.01, 0.3, 0.7, 0.97):
        T = low + part * (high - low)
        vv, aa, plus, minus = (
            recoil.trace_dsigma_dT(E, T, M, v, a, False, m4)
            for v, a in ((1, 0), (0, 1), (1, 1), (1, -1))
        )
        assert ours("VV", "1/2", T) == exactly(vv, 1e-9)
        assert ours("AA", "1/2", T) == exactly(aa, 1e-9)
        # one ordered pair is half of the interference; its size is T/E of the squares
        assert ours("AV", "1/2", T) == pytest.approx((plus - minus) / 4, rel=1e-9, abs=1e-12 * vv)
        spin_0 = recoil.trace_dsigma_dT_spin0(E, T, M, 1.0, m4)
        assert ours("VV", "0", T) == exactly(spin_0, 1e-9)
    assert coefficients("AA", "0", np.ones(1), M * MeV) is None
    assert coefficients("AV", "0", np.ones(1), M * MeV) is None


energies = st.floats(0.1, 500.0)


@given(E=energies, M=st.sampled_from(MASSES), kin=st.sampled_from(KINEMATICS))
def test_the_end_point_inverts(E: float, M: float, kin: str) -> None:
    """property: E_min(T_max(E)) = E, to rounding."""
    top = maximum_recoil(E * MeV, M * MeV, kin)
    assert minimum_energy(top, M * MeV, 0.0, kin) / MeV == exactly(E, 1e-12)
    assert recoil_range(E * MeV, M * MeV, 0.0, kin) == (0.0, top)


@pytest.mark.parametrize("kin", KINEMATICS)
@given(E=energies, M=st.sampled_from(MASSES), part=st.floats(0.01, 0.9))
def test_massive_ends_invert(kin: str, E: float, M: float, part: float) -> None:
    """property: E_min(T±(E)) = E with an outgoing mass, in each kinematics with itself.

    The mass is some part of the largest that E can make; 1e-8 for what T± lose in the root.
    """
    m4 = part * (math.sqrt(M**2 + 2 * M * E) - M)
    for T in recoil_range(E * MeV, M * MeV, m4 * MeV, kin):
        assert minimum_energy(T, M * MeV, m4 * MeV, kin) / MeV == exactly(E, 1e-8)


@pytest.mark.parametrize(("E", "m4"), POINTS)
def test_massive_range(E: float, m4: float) -> None:
    """reference: T± against the oracle; the threshold m₄ + m₄²/2M at T = m₄²/(2(M + m₄))."""
    M = 18617.73
    ours = recoil_range(np.array([E * MeV]), M * MeV, m4 * MeV)
    truth = [float(t) for t in recoil.t_range(E, M, m4)]
    assert [float(t[0]) / MeV for t in ours] == exactly(truth, 1e-9)
    if m4:
        threshold = m4 + m4**2 / (2 * M)
        touching = m4**2 / (2 * (M + m4)) * MeV
        assert minimum_energy(touching, M * MeV, m4 * MeV) / MeV == exactly(threshold, 1e-12)
        below = recoil_range(np.array([threshold * (1 - 1e-9) * MeV]), M * MeV, m4 * MeV)
        assert not np.any(below)


def test_without_t_over_e() -> None:
    """unit: the named pair E_min = √(MT/2), T_max = 2E²/M and the bracket 1 ∓ MT/2E²."""
    M, T = 37215.5 * MeV, np.array([0.01, 0.05]) * MeV
    assert minimum_energy(T, M, 0.0, "no-T-over-E") == exactly(np.sqrt(M * T / 2), 1e-15)
    assert maximum_recoil(30 * MeV, M, "no-T-over-E") == exactly(2 * (30 * MeV) ** 2 / M, 1e-15)
    for pair, spin, sign in (("VV", "0", -1), ("VV", "1/2", -1), ("AA", "1/2", 1)):
        a0, a1, a2 = coefficients(pair, spin, T, M, 0.0, "no-T-over-E") or (0, 0, 0)
        assert np.all(a1 == 0)
        assert a2 / a0 == exactly(sign * M * T / 2, 1e-14)


@pytest.mark.parametrize("m4", [0.0, 10.0])
def test_interference_without_t_over_e(m4: float) -> None:
    """unit: V–A interference is of order T/E as a whole, so that nothing is left of it."""
    T = np.array([0.01, 0.05]) * MeV
    row = coefficients("AV", "1/2", T, 37215.5 * MeV, m4 * MeV, "no-T-over-E")
    assert row is None or not any(np.any(a) for a in row)


def test_kin_rows() -> None:
    """reference: kin.* (closed forms)."""
    for row in reference_rows("kin."):
        M = row.inputs["M_MeV"] * MeV
        if "Tmax" in row.id:
            ours = maximum_recoil(row.inputs["E_MeV"] * MeV, M) / keV
        else:
            ours = minimum_energy(row.inputs["T_keV"] * keV, M) / MeV
        assert ours == exactly(row.value, 1e-12)


# --- cross-sections and rates ---------------------------------------------------------------------


def public(row: Row) -> dict[str, Any]:
    """Model and form factor of a row, for the public functions."""
    kind = {"helm_ls": "helm-lewin-smith", "unity": "point"}[row.inputs["ff"]]
    return {"model": StandardModel(sin2_theta_w=row.inputs["s2w"]), "form_factor": kind}


def name_of(row: Row) -> str:
    """The nuclide. The rows leave out the electrons' binding energy: 1.7e-6 of the mass at most."""
    name = str(row.inputs["nucleus"])
    (nuclide,) = Target(name).nuclides
    assert nuclide.mass / MeV == exactly(row.inputs["M_MeV"], 2e-6)
    return name


def same_inputs(row: Row, components: Sequence[Component]) -> tuple[Any, ...]:
    """Beam, nucleus with the mass of the row, and terms."""
    (part,) = Target(name_of(row)).constituents
    given_ = public(row)
    scatterer = nucleus(part, FormFactor(given_["form_factor"]), 1.0)
    mass = row.inputs["M_MeV"] * MeV
    return components, replace(scatterer, mass=mass), given_["model"].terms()


def integral(components: Sequence[Component], scatterer: Scatterer, terms: Sequence[Term]) -> float:
    """∫ Σ_c dσ_c/dT dT [cm²] by the engine's nodes."""
    T, weights = panel_nodes(beam_breaks(components, scatterer, terms, {}, "exact"))
    return float(np.sum(recoil_spectrum(T, components, scatterer, terms) @ weights) / cm**2)


@pytest.mark.parametrize("prefix", ["sm.dsdT.", "sm.sigtot."])
def test_sm_rows(prefix: str) -> None:
    """reference: sm.* by the engine with the masses of the rows, and by the public functions."""
    for row in reference_rows(prefix):
        E = row.inputs["E_MeV"] * MeV
        inputs = same_inputs(row, [flavour("nu_e", LineSpectrum([E], [1.0]))])
        if prefix == "sm.dsdT.":
            T = row.inputs["T_keV"] * keV
            engine = recoil_spectrum(np.array([T]), *inputs)[0, 0] / (cm**2 / keV)
            ours = differential_cross_section(E, T, name_of(row), **public(row)) / (cm**2 / keV)
        else:
            engine = integral(*inputs)
            ours = total_cross_section(E, name_of(row), **public(row)) / cm**2
        assert engine == exactly(row.value, SAME_INPUTS)
        assert ours == exactly(row.value, OWN_MASSES)


def test_pidar_rows() -> None:
    """reference: pidar.*: line energy, Michel spectra, flux averages of Cs and I."""
    rows = {row.id: row for row in reference_rows("pidar.")}
    source = StoppedPion(flux=1 / cm**2 / s)
    spectra = {part.name: part.spectrum for part in source.components("source")}
    assert LINE_ENERGY / MeV == exactly(rows["pidar.Eprompt"].value, 1e-12)
    for key, name in (("pidar.f.nue.E30", "nu_e"), ("pidar.f.numubar.E30", "nu_mu_bar")):
        assert spectra[name](np.array([30 * MeV]))[0] * MeV == exactly(rows[key].value, 1e-12)
    iodine = rows["pidar.sigavg.127I"]
    engine = integral(*same_inputs(iodine, source.components("source"))) / 3
    assert engine == exactly(iodine.value, SAME_INPUTS)
    ours = flux_averaged_cross_section(source, name_of(iodine), **public(iodine))
    assert ours / cm**2 == exactly(iodine.value, OWN_MASSES)
    both = flux_averaged_cross_section(source, "CsI", **public(iodine))
    assert both / cm**2 == exactly(rows["pidar.sigavg.CsI"].value, OWN_MASSES)


def tonne_year(target: str, s2w: float, kinematics: str) -> Experiment:
    """1e7 /cm²/s per flavour on a tonne for a year."""
    return Experiment(
        source=StoppedPion(flux=1e7 / cm**2 / s),
        detector=Detector(target=Target(target)),
        exposure=Exposure.parse("1 tonne*year"),
        model=StandardModel(sin2_theta_w=s2w),
        kinematics=kinematics,
        form_factor="helm-lewin-smith",
    )


def test_sns_rows() -> None:
    """reference: sns.*: dN/dT at 10 keV, prompt and delayed, T/E dropped.

    The rows keep T ≤ 2E²/(M + 2E) where the package's pair has 2E²/M. At 10 keV that moves the
    lower end of the delayed integral by 5 keV where its integrand vanishes: 1e-6, beside the
    masses.
    """
    for row in reference_rows("sns."):
        experiment = tonne_year(name_of(row), row.inputs["s2w"], "no-T-over-E")
        T = np.array([row.inputs["T_keV"] * keV])
        spectra = experiment.recoil_spectra(T)[:, 0, 0] * keV
        groups = [component.group for component in experiment.components]
        (wanted,) = {"prompt", "delayed"} & set(row.id.split("."))
        ours = sum(v for v, group in zip(spectra, groups, strict=True) if group == wanted)
        assert ours == exactly(row.value, OWN_MASSES)
