"""Magnetic moments and the dipole portal.

Kinds: reference (rows of shared/reference.csv, closed forms, double integrals of tests/oracle) and
property (zero couplings, limits, thresholds).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from oracle import folding, recoil
from probes import (
    argon,
    brute_factors,
    electrons,
    flavour,
    mixture,
    per_kilogram,
    three_knots,
)
from reference import Row, reference_rows

from cevns.amplitudes import Scatterer
from cevns.beam import Component
from cevns.constants import alpha, hbar_c, m_e
from cevns.cross_sections import differential_cross_section, total_cross_section
from cevns.errors import InputError
from cevns.flavours import NEUTRINOS
from cevns.form_factors import FormFactor
from cevns.interactions import Interaction, Model, StandardModel
from cevns.interactions.dipole_portal import DipolePortal
from cevns.interactions.magnetic_moment import MagneticMoment
from cevns.rate import recoil_spectrum
from cevns.scatterers import nucleus
from cevns.spectra import LineSpectrum
from cevns.targets import Target
from cevns.testing import check_interaction
from cevns.units import MeV, cm, keV, s, year

SAME_INPUTS = 1e-6  # the table's own number for closed forms; constants agree to 1e-8
OWN_MASSES = 1e-5  # nuclear masses here contain the electrons' binding energy, up to 1.7e-6
COUNTS = 1e-6  # the contract for counts; the brute force is good to 1e-9
ROUNDING = 1e-12

BOHR = math.pi * (alpha / (m_e / MeV) * hbar_c / (MeV * cm)) ** 2  # πα²/m_e² [cm²], T, E in MeV


def exactly(value: Any, tolerance: float) -> Any:
    """A purely relative comparison: the default abs=1e-12 would hide any cm²."""
    return pytest.approx(value, rel=tolerance, abs=0)


def line(energy: float, name: str = "nu_e") -> Component:
    return flavour(name, LineSpectrum([energy * MeV], [1.0]))


def spectrum(
    T: Any, beam: Component, scatterer: Scatterer, model: Interaction | Model, kin: str = "exact"
) -> Any:
    """[cm²/MeV] for T in MeV."""
    rate = recoil_spectrum(np.asarray(T) * MeV, [beam], scatterer, model.terms(), {}, kin)
    return rate[0] / (cm**2 / MeV)


def argon40(spin: str = "0") -> Scatterer:
    """40Ar with the radii of `brute_factors`, or what it would be with a spin."""
    return replace(argon(StandardModel(), line(30.0)).scatterers[0], spin=spin)


def spin_0(mu: float, factor: Callable[[Any], Any], m4: float = 0.0, M: float = 1.0) -> Any:
    """dσ/dT [cm²/MeV] on spin 0 as physics.md §5 has it; ``factor`` is Z F_p at T."""

    def sigma(E: Any, T: Any) -> Any:
        s = m4**2 + 2 * M * T
        last = -(m4**2 - T**2) * s / (8 * M * T**2 * E**2)
        return BOHR * (mu * factor(T)) ** 2 * (1 / T - s / (2 * M * T * E) + last)

    return sigma


# --- magnetic moments: closed forms and rows of the table -----------------------------------------


def row_scatterer(row: Row, form_factor: str = "helm") -> Scatterer:
    """The nucleus of a row with its mass."""
    (part,) = Target(str(row.inputs["nucleus"])).constituents
    return replace(nucleus(part, FormFactor(form_factor), 1.0), mass=row.inputs["M_MeV"] * MeV)


def test_row_of_the_cross_section() -> None:
    """reference: mag.dsdT.*: without form factor, as Eq. 6 of Scholberg 2006 is printed."""
    (row,) = reference_rows("mag.dsdT.")
    energy, T = row.inputs["E_MeV"], row.inputs["T_keV"]
    model = MagneticMoment(nu_e=row.inputs["mu_muB"], form_factor="none")
    engine = spectrum([T * 1e-3], line(energy), row_scatterer(row), model)[0] * 1e-3
    assert engine == exactly(row.value, SAME_INPUTS)
    ours = differential_cross_section(energy * MeV, T * keV, row.inputs["nucleus"], model=model)
    assert ours / (cm**2 / keV) == exactly(row.value, OWN_MASSES)


def test_row_of_the_figure() -> None:
    """reference: mag.fig14.*: prompt ν_μ on neon, the two parts in different kinematics.

    The row's Standard Model is without T/E, its magnetic part with it, as the paper prints them.
    """
    (row,) = reference_rows("mag.fig14.")
    T, beam = [row.inputs["T_keV"] * 1e-3], line(recoil.LINE_ENERGY, "nu_mu")
    standard = StandardModel(sin2_theta_w=row.inputs["s2w"])
    moment = MagneticMoment(nu_mu=row.inputs["mu_numu_muB"], form_factor="none")
    scatterer = row_scatterer(row, "helm-lewin-smith")
    atom = row.inputs["atomic_mass_u"] * 1.66053906660e-27  # kg
    exposure = row.inputs["flux_per_flavour"] * (year / s) * 1000 / atom * 1e-3  # per keV
    both = [spectrum(T, beam, scatterer, standard, "no-T-over-E")[0]]
    both.append(spectrum(T, beam, scatterer, moment)[0])
    assert sum(both) * exposure == exactly(row.value, SAME_INPUTS)
    # dropping T/E in the magnetic part too: by T/E = 3.4e-4 of it
    dropped = spectrum(T, beam, scatterer, moment, "no-T-over-E")[0]
    assert dropped / both[1] - 1 == pytest.approx(T[0] / recoil.LINE_ENERGY, rel=1e-3)


@pytest.mark.parametrize("name", NEUTRINOS)
def test_electrons(name: str) -> None:
    """reference: πα²μ²/m_e² (1/T − 1/E) for each electron, ν and ν̄ alike (rounding)."""
    moments = {"nu_e": 1e-10, "nu_mu": -6e-10, "nu_tau": 3e-10}
    T, E = np.array([1e-4, 0.1, 3.0]), 10.0
    ours = spectrum(T, line(E, name), electrons(1.0), MagneticMoment(**moments))
    mu = moments[name.removesuffix("_bar")]
    assert ours == exactly(BOHR * mu**2 * (1 / T - 1 / E), ROUNDING)


def test_form_factor() -> None:
    """unit: Z F_p(Q) by default, Z without; electrons do not care."""
    T = np.array([1e-3, 0.02, 0.05])
    M = argon40().mass / MeV
    with_, without = (
        spectrum(T, line(40.0), argon40(), MagneticMoment(nu_e=1e-9, form_factor=kind))
        for kind in ("proton", "none")
    )
    factors = np.array([brute_factors(t, M)[0] for t in T]) / 18
    assert with_ / without == exactly(factors**2, ROUNDING)
    free = MagneticMoment(nu_e=1e-9, form_factor="none")
    bound = MagneticMoment(nu_e=1e-9)
    rates = [spectrum(T, line(40.0), electrons(1.0), model) for model in (free, bound)]
    assert np.all(rates[0] == rates[1])


def test_counts_of_a_magnetic_moment() -> None:
    """reference: the double integral over a table and E above bin edges; 1/T inside."""
    edges = np.array([1e-3, 0.01, 0.05, 0.2])
    experiment = argon(MagneticMoment(nu_mu=5e-10), flavour("nu_mu", three_knots()))
    M = experiment.scatterers[0].mass / MeV
    ours = experiment.counts(edges * MeV)[0, 0]

    sigma = spin_0(5e-10, np.vectorize(lambda t: brute_factors(t, M)[0]), 0.0, M)
    truth = folding.counts(sigma, recoil.three_knot, M, edges, order=24)
    assert ours == exactly(truth * per_kilogram(), COUNTS)


@pytest.mark.parametrize("spin", ["0", "1/2"])
@pytest.mark.parametrize("name", ["nu_e", "nu_mu_bar"])
def test_no_interference_with_the_standard_model(spin: str, name: str) -> None:
    """property: the helicity flips: spectra add."""
    moment, standard = MagneticMoment(nu_e=3e-9, nu_mu=3e-9), StandardModel()
    T, beam = [1e-3, 0.02, 0.04], flavour(name, three_knots())
    both, one, other = (
        spectrum(T, beam, argon40(spin), model) for model in (standard + moment, standard, moment)
    )
    assert both == exactly(one + other, ROUNDING)
    assert np.all(other > 0.01 * one)


INSTANCES = [
    MagneticMoment(nu_e=1e-10, nu_mu=-6e-10, nu_tau=2e-9),
    MagneticMoment(nu_tau=1e-10, form_factor="none"),
    DipolePortal(nu_mu=1e-9, nu_e=2e-9, mass=5 * MeV),
    DipolePortal(nu_mu=1e-9, form_factor="none", mass=0.01 * MeV),
    DipolePortal(nu_tau=1e-9, mass=45 * MeV),
    DipolePortal(nu_e=1e-9, mass=500 * MeV),
]


@pytest.mark.parametrize("interaction", INSTANCES, ids=repr)
def test_what_holds_for_every_interaction(interaction: Interaction) -> None:
    """property: the public checks; zero moments are the Standard Model exactly."""
    check_interaction(interaction)


@pytest.mark.parametrize("threshold", [1e-5, 1e-4])
def test_above_a_threshold(threshold: float) -> None:
    """reference: ∫dT by hand, ln(T_max/T_min) and two powers, for 3 MeV ν̄_e on germanium."""
    E, M = 3.0, Target("Ge76").nuclides[0].mass / MeV
    top = 2 * E**2 / (M + 2 * E)
    log = math.log(top / threshold)
    closed = log - (top - threshold) / E + (top**2 - threshold**2) / (8 * E**2)
    model = MagneticMoment(nu_e=1e-11, form_factor="none")
    ours = total_cross_section(
        E * MeV, "Ge76", threshold=threshold * MeV, model=model, flavour="nu_e_bar"
    )
    assert ours / cm**2 == exactly(BOHR * (1e-11 * 32) ** 2 * closed, 1e-9)


# --- the dipole portal ----------------------------------------------------------------------------


@pytest.mark.parametrize("mass", [0.2, 5.0, 20.0])
def test_counts_of_the_dipole_portal(mass: float) -> None:
    """reference: the double integral with both ends of the recoil, down to the smallest one."""
    portal = DipolePortal(nu_mu=2e-9, mass=mass * MeV)
    experiment = argon(portal, flavour("nu_mu_bar", three_knots()))
    M = experiment.scatterers[0].mass / MeV
    edges = np.array([1e-3, 2e-3, 0.01, 0.05, 0.2])
    ours = experiment.counts(edges * MeV)[0, 0]

    sigma = spin_0(2e-9, np.vectorize(lambda t: brute_factors(t, M)[0]), mass, M)
    truth = folding.counts(sigma, recoil.three_knot, M, edges, mass, order=24)
    assert ours == exactly(truth * per_kilogram(), COUNTS)


def test_dipole_threshold() -> None:
    """reference: E ≥ m₄ + m₄²/2M, at the recoil m₄²/(2(M + m₄)); T± beyond which there is none."""
    M, m4 = argon40().mass / MeV, 20.0
    portal = DipolePortal(nu_e=1e-9, mass=m4 * MeV)
    threshold, touching = m4 + m4**2 / (2 * M), m4**2 / (2 * (M + m4))
    for side, expected in ((1 - 1e-6, 0), (1 + 1e-6, 1)):
        rate = spectrum([touching], line(threshold * side), argon40(), portal)
        assert np.sum(rate > 0) == expected
        total = total_cross_section(threshold * side * MeV, "Ar40", model=portal)
        assert (total > 0) == bool(expected)
    low, high = (float(t) for t in folding.recoil_ends(np.float64(30.0), M, m4))
    T = np.array([low * (1 - 1e-9), low * (1 + 1e-9), high * (1 - 1e-9), high * (1 + 1e-9)])
    assert list(spectrum(T, line(30.0), argon40(), portal) > 0) == [False, True, True, False]


@pytest.mark.parametrize("spin", ["0", "1/2"])
def test_a_light_portal_is_a_magnetic_moment(spin: str) -> None:
    """property: m₄ → 0 on nuclei of either spin and on electrons (m₄²/2MT = 1e-6 there)."""
    moments = {"nu_e": 1e-9, "nu_mu": 2e-9, "nu_tau": 0.0}
    portal, moment = DipolePortal(**moments, mass=1e-4 * MeV), MagneticMoment(**moments)
    T = np.array([0.01, 0.03, 0.05])
    for target in (argon40(spin), electrons(1.0)):
        ours, massless = (spectrum(T, line(40.0, "nu_mu"), target, m) for m in (portal, moment))
        assert ours == exactly(massless, 2e-6)


def test_one_lepton_for_all_flavours() -> None:
    """property: amplitudes of a superposition add up for one N, not for magnetic moments."""
    both = np.array([[0.5, 0.5, 0.0], [0.5, 0.5, 0.0], [0.0, 0.0, 0.0]])
    beam = mixture(three_knots(), False, both)
    T, numbers = [0.005, 0.03], {"nu_e": 1e-9, "nu_mu": 2e-9}
    portal = DipolePortal(**numbers, mass=8 * MeV)
    single = DipolePortal(nu_e=1e-9, mass=8 * MeV)
    pure = flavour("nu_e", three_knots())
    ours = spectrum(T, beam, argon40(), portal) / spectrum(T, pure, argon40(), single)
    assert ours == exactly((1 + 2) ** 2 / 2, ROUNDING)
    moment, alone = MagneticMoment(**numbers), MagneticMoment(nu_e=1e-9)
    ours = spectrum(T, beam, argon40(), moment) / spectrum(T, pure, argon40(), alone)
    assert ours == exactly((1 + 4) / 2, ROUNDING)


def test_a_mass_is_needed() -> None:
    """unit: without one the address is named; θ may give it, and move it."""
    T, terms = np.array([0.01]) * MeV, DipolePortal(nu_e=1e-9).terms()
    with pytest.raises(InputError, match=r"dipole-portal\.mass"):
        recoil_spectrum(T, [line(40.0)], argon40(), terms)
    given = recoil_spectrum(T, [line(40.0)], argon40(), terms, {"dipole-portal.mass": 5 * MeV})
    fixed = DipolePortal(nu_e=1e-9, mass=5 * MeV)
    assert given == exactly(recoil_spectrum(T, [line(40.0)], argon40(), fixed.terms()), ROUNDING)
