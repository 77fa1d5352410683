"""Physics beyond the Standard Model on electrons: the sign of each interference, each closed form.

Kinds: reference (closed forms of physics.md §5 and §8 written out here, Dirac traces through
tests/oracle/recoil.py), property (zeros, limits, Z_eff) and unit.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from oracle import electrons as oracle
from oracle import recoil
from probes import Given, flavour

import cevns
from cevns.constants import hbar_c
from cevns.cross_sections import differential_cross_section
from cevns.interactions import Interaction, Model, StandardModel
from cevns.interactions.axial import LightAxial
from cevns.interactions.dipole_portal import DipolePortal
from cevns.interactions.electromagnetic import Anapole, ChargeRadius, Millicharge
from cevns.interactions.magnetic_moment import MagneticMoment
from cevns.interactions.nsi import Nsi
from cevns.interactions.pseudoscalar import LightPseudoscalar
from cevns.interactions.scalar import LightScalar
from cevns.interactions.tensor import LightTensor
from cevns.interactions.vector_mediator import HeavyZprime, LightVector
from cevns.spectra import LineSpectrum
from cevns.testing import check_interaction
from cevns.units import MeV, cm, day, keV, kg

S2W, E = 0.23857, 6.0
T = np.array([1e-3, 0.3, 2.0, 5.5])  # MeV
STANDARD = StandardModel(sin2_theta_w=S2W)
SQRT2_GF = math.sqrt(2) * oracle.G_F
M = oracle.M_E
INPUTS = 1e-9  # the last digits of ħc
AREA = 1e-32 * cm**2
NUMU = ("nu_mu", "nu_mu_bar")


def exactly(value: Any, tolerance: float = INPUTS) -> Any:
    """A purely relative comparison: the default abs=1e-12 would hide any cm²."""
    return pytest.approx(value, rel=tolerance, abs=0)


def sigma(model: Interaction | Model, name: str) -> Any:
    """dσ/dT [cm²/MeV] on a free electron."""
    values = differential_cross_section(E * MeV, T * MeV, "electron", flavour=name, model=model)
    return values / (cm**2 / MeV)


def chiral(name: str, vector: Any, axial: Any = 0.0) -> Any:
    """The Standard Model's form with g_V and g_A shifted; axial ones turn for antineutrinos."""
    gV, gA = oracle.couplings(name, S2W)
    sign = -1 if name.endswith("_bar") else 1
    shifts = np.broadcast_arrays(vector, axial, T)
    return np.array(
        [
            float(recoil.dsigma_dT_chiral(E, t, M, gV + v, gA + sign * a, False))
            for v, a, t in zip(*shifts, strict=True)
        ]
    )


# --- what adds to g_V and g_A ---------------------------------------------------------------------

Q2 = 2 * M * T
PHOTON = 2 * math.sqrt(2) * math.pi / 137.035999084 / oracle.G_F  # MeV²
RADIUS = AREA / hbar_c**2 * MeV**2
SHIFTS: dict[str, tuple[Interaction, Any, Any]] = {
    "left-handed NSI": (Nsi(eps_mumu_eL=0.07), 0.07, 0.07),
    "right-handed NSI": (Nsi(eps_mumu_eR=0.07), 0.07, -0.07),
    "charge radius": (ChargeRadius(nu_mu=AREA), PHOTON / 6 * RADIUS, 0.0),
    "anapole moment": (Anapole(nu_mu=AREA), -PHOTON * RADIUS, 0.0),
    "millicharge": (Millicharge(nu_mu=1e-13), -PHOTON * 1e-13 / Q2, 0.0),
    "B − L": (
        LightVector(mass=2 * MeV, coupling=1e-6, charges="b-l"),
        1e-12 / SQRT2_GF / (Q2 + 4),
        0.0,
    ),
    "given charges": (
        LightVector(mass=2 * MeV, coupling=1e-6, charges={"nu": 2, "e": -0.5}),
        -1e-12 / SQRT2_GF / (Q2 + 4),
        0.0,
    ),
    "a copy of the Z": (
        HeavyZprime(mass=2e5 * MeV, sin2_theta_w=S2W),
        (2 * S2W - 0.5) * (91188.0 / 2e5) ** 2,
        -0.5 * (91188.0 / 2e5) ** 2,
    ),
    "axial boson": (
        LightAxial(mass=2 * MeV, coupling=1e-6, electron=0.6),
        0.0,
        -0.6e-12 / SQRT2_GF / (Q2 + 4),
    ),
}


@pytest.mark.parametrize("name", NUMU)
@pytest.mark.parametrize("case", SHIFTS)
def test_shifts(case: str, name: str) -> None:
    """reference: g_V + v and g_A + a, the axial ones of antineutrinos with the other sign."""
    model, vector, axial = SHIFTS[case]
    # α and m_Z of the package have more digits than here; Q² of the Z′ is left out: 3e-10
    assert sigma(STANDARD + model, name) == exactly(chiral(name, vector, axial), 1e-8)
    assert not np.allclose(sigma(STANDARD + model, name), sigma(STANDARD, name), rtol=1e-6, atol=0)


@pytest.mark.parametrize("case", SHIFTS)
def test_other_flavours(case: str) -> None:
    """property: what is given for ν_μ does nothing to ν_τ; bosons that couple to all do alike."""
    model, vector, axial = SHIFTS[case]
    ours = sigma(STANDARD + model, "nu_tau")
    own = isinstance(model, (Nsi, ChargeRadius, Anapole, Millicharge))
    assert ours == exactly(chiral("nu_tau", *((0, 0) if own else (vector, axial))), 1e-8)


def test_flavour_change() -> None:
    """reference: |ε_μτ|² beside the Standard Model, no interference; g_V = g_A = ε for left."""
    eps = 0.2 + 0.1j
    ours = sigma(STANDARD + Nsi(eps_mutau_eL=eps), "nu_mu") - sigma(STANDARD, "nu_mu")
    alone = [float(recoil.dsigma_dT_chiral(E, t, M, abs(eps), abs(eps), False)) for t in T]
    assert ours == exactly(np.array(alone), 1e-8)  # a difference of two


def test_w_and_the_sign() -> None:
    """property: a charge radius adds to |g_V| of ν_e on electrons and takes from it on protons."""
    positive, negative = (ChargeRadius(nu_e=sign * AREA) for sign in (1, -1))
    assert np.all(sigma(STANDARD + positive, "nu_e") > sigma(STANDARD, "nu_e"))
    assert np.all(sigma(STANDARD + negative, "nu_e") < sigma(STANDARD, "nu_e"))
    nuclear = [
        differential_cross_section(E * MeV, 0.1 * keV, "Ar40", model=STANDARD + one)
        for one in (positive, negative)
    ]
    assert nuclear[0] > nuclear[1]  # g_V^p takes its sign from there, Q_V is negative


# --- what flips the chirality ---------------------------------------------------------------------

G, MASS = 2e-6, 2.0
D = Q2 + MASS**2
UNIT = oracle.HBARC**2
FLIPS: dict[str, tuple[Interaction, Any]] = {
    "scalar": (
        LightScalar(mass=MASS * MeV, coupling=G, electron=-3),
        9 * G**4 * M**2 * T * (1 + T / (2 * M)) / (4 * math.pi * E**2 * D**2),
    ),
    "pseudoscalar": (
        LightPseudoscalar(mass=MASS * MeV, coupling=G, electron=2),
        4 * G**4 * M * T**2 / (8 * math.pi * E**2 * D**2),
    ),
    "tensor": (
        LightTensor(mass=MASS * MeV, coupling=G, electron=1),
        G**4 * M / (math.pi * D**2) * ((2 - T / E) ** 2 - M * T / E**2),
    ),
    "magnetic moment": (
        MagneticMoment(nu_mu=1e-10),
        math.pi / 137.035999084**2 / M**2 * 1e-20 * (1 / T - 1 / E),
    ),
}


@pytest.mark.parametrize("name", NUMU)
@pytest.mark.parametrize("case", FLIPS)
def test_flips(case: str, name: str) -> None:
    """reference: physics.md §8 with M → m_e, Z² → 1, beside the Standard Model, ν and ν̄ alike."""
    model, closed = FLIPS[case]
    assert sigma(model, name) == exactly(closed * UNIT)
    both, standard = sigma(STANDARD + model, name), sigma(STANDARD, name)
    assert both == exactly(standard + closed * UNIT)


def test_dipole_portal() -> None:
    """reference: K[1/T − (1 + m₄²/2MT)/E − m₄²(M − T)(m₄² + 2MT)/(8M²T²E²)] with Z² → 1."""
    m4, moment = 0.9, 1e-9
    ours = sigma(DipolePortal(nu_mu=moment, mass=m4 * MeV), "nu_mu")
    last = m4**2 * (M - T) * (m4**2 + Q2) / (8 * M**2 * T**2 * E**2)
    K = math.pi / 137.035999084**2 / M**2 * moment**2
    closed = K * (1 / T - (1 + m4**2 / Q2) / E - last)
    root = np.sqrt(T**2 + Q2)
    open_ = (m4**2 + Q2) / (2 * (root - T)) < E
    assert open_.any() and not open_.all()
    assert ours == exactly(np.where(open_, closed, 0.0) * UNIT, 1e-8)


# --- properties -----------------------------------------------------------------------------------

ALL = {case: model for case, (model, *_) in {**SHIFTS, **FLIPS}.items()}


@pytest.mark.parametrize("case", ALL)
def test_what_holds_for_every_interaction(case: str) -> None:
    """property: the public checks; couplings of zero are the Standard Model exactly."""
    check_interaction(ALL[case])


@pytest.mark.parametrize("boson", [LightScalar, LightPseudoscalar, LightAxial, LightTensor])
def test_electrons_have_none_by_default(boson: Any) -> None:
    """property: exactly nothing; quarks and electrons have one coupling, that of the boson."""
    model = boson(mass=MASS * MeV, coupling=0.1)
    assert np.array_equal(sigma(STANDARD + model, "nu_e"), sigma(STANDARD, "nu_e"))


@pytest.mark.parametrize("boson", [LightScalar, LightPseudoscalar, LightAxial, LightTensor])
def test_heavy_bosons(boson: Any) -> None:
    """property: only g²/m² is left above Q (Q²/m² = 6e-6 at 1 GeV)."""
    light, heavy = (
        sigma(boson(mass=m * MeV, coupling=1e-4 * m, electron=1), "nu_e") for m in (1e3, 1e6)
    )
    assert light == exactly(heavy, 2e-5)


@pytest.mark.parametrize("case", ["magnetic moment", "B − L", "scalar"])
def test_each_electron_counts_once(case: str) -> None:
    """property: Z_eff times one electron; a Z² of the nucleus would be 54 times more."""
    model = STANDARD + ALL[case]
    beam = flavour("nu_mu", LineSpectrum([E * MeV], [1.0]))
    source = Given(parts=(beam,), fluence=1e14 / cm**2)
    detector = cevns.Detector(target="Xe132", mass=1 * kg)
    experiment = cevns.Experiment(source, detector, 1 * day, model, electrons="stepped")
    spectrum = experiment.recoil_spectra(T * MeV)[0, -1]
    # 40 of them at 1 keV: without the shells K, L, M1 and M2
    taking_part = np.array([sum(n for n, b in oracle.XENON if b < t * 1e6) for t in T])
    per_electron = sigma(model, "nu_mu") * cm**2 / MeV
    atoms = experiment.scatterers[0].density * kg * 1e14 / cm**2
    assert spectrum == exactly(per_electron * taking_part * atoms, 1e-9)


def test_grids_are_loops() -> None:
    """property: masses and couplings as arrays, on nuclei with spin and electrons together."""
    model = STANDARD + LightAxial(mass=MeV, coupling=1e-5, electron=1) + Nsi()
    beam = flavour("nu_mu_bar", LineSpectrum([E * MeV], [1.0]))
    source = Given(parts=(beam,), fluence=1e14 / cm**2)
    detector = cevns.Detector(target="Xe129", mass=1 * kg)
    experiment = cevns.Experiment(
        source, detector, 1 * day, model, electrons="stepped", axial="shell-model"
    )
    edges = np.array([0.05, 0.3, 2.0, 50.0]) * keV
    masses, eps = np.array([0.5, 3.0, 40.0]) * MeV, np.array([-0.1, 0.2])
    names = ("light-axial.mass", "nsi.eps_mumu_eL")
    grid = experiment.counts(edges, dict(zip(names, (masses[:, None], eps), strict=True)))
    assert grid.shape == (3, 2, 1, 2, 3)
    for i, mass in enumerate(masses):
        for j, value in enumerate(eps):
            one = experiment.counts(edges, dict(zip(names, (mass, value), strict=True)))
            assert grid[i, j] == exactly(one, 1e-11)
