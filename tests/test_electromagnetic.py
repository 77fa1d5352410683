"""Charge radius, anapole moment and millicharge of neutrinos.

Kinds: reference (rows of shared/reference.csv, the photon as a vector boson, numbers of the
literature in physics.md §5), property and unit.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import recoil
from probes import S2W, argon, electrons, flavour, three_knots
from reference import Row, reference_rows

from cevns.constants import G_F, alpha, hbar_c, m_e, m_W
from cevns.cross_sections import differential_cross_section
from cevns.flavours import NEUTRINOS
from cevns.form_factors import FormFactor
from cevns.interactions import Interaction, Model, StandardModel
from cevns.interactions.electromagnetic import Anapole, ChargeRadius, Millicharge
from cevns.interactions.magnetic_moment import MagneticMoment
from cevns.interactions.vector_mediator import LightVector
from cevns.rate import recoil_spectrum
from cevns.scatterers import nucleus
from cevns.spectra import LineSpectrum
from cevns.targets import Target
from cevns.testing import check_interaction
from cevns.units import GeV, MeV, cm, eV, keV

ROUNDING = 1e-12  # the same closed form on both sides
SAME_INPUTS = 1e-6  # the table's own number for closed forms
OWN_MASSES = 1e-5  # nuclear masses here contain the electrons' binding energy
ENERGY, RECOIL = 30 * MeV, np.array([0.1, 1.0, 5.0, 12.0]) * keV
STANDARD = StandardModel(sin2_theta_w=S2W)
AREA = 1e-32 * cm**2


def exactly(value: Any, tolerance: float = ROUNDING) -> Any:
    """A purely relative comparison: the default abs=1e-12 would hide any cm²."""
    return pytest.approx(value, rel=tolerance, abs=0)


def sigma(model: Interaction | Model, kind: str = "nu_e", target: str = "Ar40") -> Any:
    """dσ/dT at one energy and several recoils."""
    return differential_cross_section(ENERGY, RECOIL, target, flavour=kind, model=model)


# --- the rows, and the same from the outside ------------------------------------------------------

ROWS: dict[str, Callable[[Row], Interaction]] = {
    "em.millicharge.": lambda row: Millicharge(nu_e=row.inputs["q_nu_e"]),
    "em.chargeradius.": lambda row: ChargeRadius(nu_e=row.inputs["r2_cm2"] * cm**2),
}


def by_hand(row: Row) -> float:
    """dσ/dT of a row [cm²/keV] with couplings by hand and the oracle's form factor."""
    E, T, M = row.inputs["E_MeV"], row.inputs["T_keV"] / 1e3, row.inputs["M_MeV"]
    if "q_nu_e" in row.inputs:
        shift = math.sqrt(2) * math.pi / 137.035999084 * row.inputs["q_nu_e"] / (recoil.G_F * M * T)
    else:
        area = row.inputs["r2_cm2"] / (recoil.HBARC_MEV_FM * 1e-13) ** 2  # 1/MeV²
        shift = -math.sqrt(2) * math.pi / 137.035999084 * area / (3 * recoil.G_F)
    charge = 18 * (0.5 - 2 * row.inputs["s2w"] + shift) - 11
    factor = float(recoil.helm_lewin_smith(40)(math.sqrt(2 * M * T)))
    bracket = 1 - T / E - M * T / (2 * E**2)
    natural = float(recoil.G_F**2 * M / math.pi * charge**2 * factor**2 * bracket)
    return natural * (recoil.HBARC_MEV_FM * 1e-13) ** 2 / 1e3


@pytest.mark.parametrize("prefix", ROWS)
def test_rows(prefix: str) -> None:
    """reference: em.* with the mass of the row, and by the public function with its own."""
    for row in reference_rows(prefix):
        model = StandardModel(sin2_theta_w=row.inputs["s2w"]) + ROWS[prefix](row)
        E, T = row.inputs["E_MeV"] * MeV, row.inputs["T_keV"] * keV
        kind, name = "helm-lewin-smith", row.inputs["nucleus"]
        (part,) = Target(name).constituents
        own = nucleus(part, FormFactor(kind), 1.0)
        same = replace(own, mass=row.inputs["M_MeV"] * MeV)
        beam = [flavour("nu_e", LineSpectrum([E], [1.0]))]
        engine = recoil_spectrum(np.array([T]), beam, same, model.terms())[0, 0]
        assert engine / (cm**2 / keV) == exactly(row.value, SAME_INPUTS)
        assert by_hand(row) == exactly(row.value, SAME_INPUTS)
        public = differential_cross_section(E, T, name, model=model, form_factor=kind)
        assert public / (cm**2 / keV) == exactly(row.value, OWN_MASSES)


def on(site: str, interaction: Interaction, q_squared: float, theta: Any = None) -> Any:
    """What an interaction adds to g_V of ν_e, ν_μ, ν_τ at ``site`` and Q²."""
    (term,) = [t for t in interaction.terms() if t.site == site and t.structure == "V"]
    profile = 1.0 if term.profile is None else term.profile(np.array([q_squared]), theta or {})
    return np.diagonal(term.coupling(theta or {})) * profile


def test_charge_radius_in_units_of_the_weak_force() -> None:
    """reference: √2πα/(3G_F) = 926.6 GeV²; ⅔ m_W² s² is 7–11 % larger (physics.md §5)."""
    (shift, *others) = on("p", ChargeRadius(nu_e=AREA), 1 * MeV**2)
    size = -shift / (AREA / hbar_c**2) / GeV**2
    assert size == pytest.approx(926.6, abs=0.05)
    assert others == [0, 0]
    of_many_papers = [2 / 3 * (m_W / GeV) ** 2 * s2 for s2 in (0.2312, 0.23857)]
    assert [value / size - 1 for value in of_many_papers] == pytest.approx([0.074, 0.108], abs=2e-3)


def test_published_radii_are_the_radiative_couplings() -> None:
    """reference: (−0.83, −0.48, −0.30)e-32 cm² split g_V^p as arXiv:2411.03122 has it.

    Two decimals of each radius are 1.2e-4 of g_V^p, four decimals of each coupling 1e-4: 2.2e-4.
    """
    radii = ChargeRadius(nu_e=-0.83 * AREA, nu_mu=-0.48 * AREA, nu_tau=-0.30 * AREA)
    shift = on("p", radii, 1 * MeV**2)
    table = StandardModel(scheme="radiative").proton_couplings({})
    assert np.diff(shift) == pytest.approx(np.diff(table), abs=2.2e-4)


def test_charge_radius_moves_the_mixing_angle() -> None:
    """reference: s² → s² + √2πα⟨r²⟩/(6G_F) is the same thing at tree level."""
    moved = S2W + math.sqrt(2) * math.pi * alpha / (6 * G_F) * 0.7 * AREA / hbar_c**2
    ours = sigma(STANDARD + ChargeRadius(nu_mu=0.7 * AREA), "nu_mu")
    assert ours == exactly(sigma(StandardModel(sin2_theta_w=moved), "nu_mu"))
    assert sigma(STANDARD + ChargeRadius(nu_mu=0.7 * AREA)) == exactly(sigma(STANDARD))


def test_charge_radius_is_a_charge_that_grows_with_q() -> None:
    """reference: the charge form factor is q + q²⟨r²⟩/6, and q² = −Q²."""
    for Q in (1.0, 30.0, 100.0):
        square = (Q * MeV) ** 2
        charge = Millicharge(nu_tau=-square * AREA / hbar_c**2 / 6)
        for site in ("p", "e"):
            ours = on(site, ChargeRadius(nu_tau=AREA), square)
            assert ours == exactly(on(site, charge, square))


def test_anapole() -> None:
    """reference: ⟨r²⟩ − 6a is all that is seen of the two (arXiv:1403.6344)."""
    both = STANDARD + ChargeRadius(nu_e=6 * AREA, nu_mu=AREA) + Anapole(nu_e=AREA, nu_mu=-AREA)
    assert sigma(both) == exactly(sigma(STANDARD))
    assert sigma(both, "nu_mu") == exactly(sigma(STANDARD + ChargeRadius(nu_mu=7 * AREA), "nu_mu"))


def test_photon_exchange() -> None:
    """reference: a boson of 1 eV with electric charges and g = e; another file, another formula.

    (1 eV)² beside Q² of (0.1 MeV)² on electrons: 1e-10, twice in a rate.
    """
    charges = {"nu": 1e-9, "u": 2 / 3, "d": -1 / 3, "e": -1}
    g = math.sqrt(4 * math.pi * alpha)
    photon = LightVector(mass=1 * eV, coupling=g, charges=charges)
    one = Millicharge(nu_e=1e-9, nu_mu=1e-9, nu_tau=1e-9)
    assert sigma(STANDARD + one) == exactly(sigma(STANDARD + photon), 1e-9)
    beam = [flavour("nu_mu", LineSpectrum([ENERGY], [1.0]))]
    T = np.array([0.02, 1.0, 20.0]) * MeV
    alone = [recoil_spectrum(T, beam, electrons(1.0), m.terms())[0] for m in (one, photon)]
    assert alone[0] == exactly(alone[1], 1e-9)


def test_electrons() -> None:
    """reference: +√2πα⟨r²⟩/(3G_F) and −√2πα q/(G_F m_e T) on electrons (physics.md §5)."""
    T = 0.3 * MeV
    area = AREA / hbar_c**2
    assert on("e", ChargeRadius(nu_e=AREA), 2 * m_e * T)[0] == exactly(
        math.sqrt(2) * math.pi * alpha * area / (3 * G_F)
    )
    assert on("e", Millicharge(nu_e=1e-12), 2 * m_e * T)[0] == exactly(
        -math.sqrt(2) * math.pi * alpha * 1e-12 / (G_F * m_e * T)
    )
    for interaction in (ChargeRadius(), Anapole(), Millicharge()):
        assert sorted(term.site for term in interaction.terms()) == ["e", "p"]


def test_interference() -> None:
    """reference: a positive charge beside the negative weak charge lowers the rate, ν and ν̄ alike.

    The antineutrino has the opposite charge and the opposite weak current.
    """
    for kind in ("nu_e", "nu_e_bar"):
        base = sigma(STANDARD, kind)
        assert np.all(sigma(STANDARD + Millicharge(nu_e=1e-10), kind) < base)
        assert np.all(sigma(STANDARD + Millicharge(nu_e=-1e-10), kind) > base)
        assert np.all(sigma(STANDARD + ChargeRadius(nu_e=AREA), kind) > base)
        assert np.all(sigma(STANDARD + ChargeRadius(nu_e=-AREA), kind) < base)


def test_a_charge_grows_towards_small_recoils() -> None:
    """property: over the Standard Model it goes like 1/T² if large, like 1/T if small."""
    T = np.array([1e-4, 1e-3]) * keV
    ratios = [
        differential_cross_section(ENERGY, T, "Ar40", model=STANDARD + Millicharge(nu_e=q))
        / differential_cross_section(ENERGY, T, "Ar40", model=STANDARD)
        - 1
        for q in (1e-6, -1e-15)
    ]
    assert ratios[0][0] / ratios[0][1] == exactly(100, 1e-3)  # interference: 1e-4 at this size
    assert ratios[1][0] / ratios[1][1] == exactly(10, 1e-3)  # the square: 2e-5


# --- properties -----------------------------------------------------------------------------------

numbers = st.floats(-3.0, 3.0)


@settings(max_examples=8, deadline=None)
@given(a=numbers, b=numbers, c=numbers)
def test_any_numbers(a: float, b: float, c: float) -> None:
    """property: the public checks; zero is the Standard Model exactly."""
    check_interaction(ChargeRadius(nu_e=a * AREA, nu_mu=b * AREA, nu_tau=c * AREA))
    check_interaction(Anapole(nu_e=a * AREA, nu_mu=b * AREA, nu_tau=c * AREA))
    check_interaction(Millicharge(nu_e=a * 1e-9, nu_mu=b * 1e-9, nu_tau=c * 1e-9))


@pytest.mark.parametrize(
    ("interaction", "unit"), [(ChargeRadius(), AREA), (Anapole(), AREA), (Millicharge(), 1e-10)]
)
def test_grids_are_loops(interaction: Interaction, unit: float) -> None:
    """property: arrays of two flavours at once through the binned counts."""
    experiment = argon(STANDARD + interaction, flavour("nu_e", three_knots()))
    edges = np.array([1.0, 5.0, 20.0]) * keV
    e, mu = (f"{interaction.name}.nu_{kind}" for kind in ("e", "mu"))
    first, second = unit * np.array([-1.0, 0.0, 2.0]), unit * np.array([[1.0], [3.0]])
    grid = experiment.counts(edges, {e: first, mu: second})
    loop = [[experiment.counts(edges, {e: x, mu: y}) for x in first] for y in second[:, 0]]
    assert grid.shape == (2, 3, 1, 1, 2)
    assert grid == exactly(np.array(loop))


def test_units() -> None:
    """unit: an area and a pure number, at the addresses of the contract."""
    block = {"nu_mu": "1e-32 cm^2"}
    for made in (ChargeRadius.check(block), Anapole.check(block)):
        assert made.nu_mu == exactly(AREA)
        assert {one.unit for one in made.numbers()} == {"cm^2"}
    made_ = Millicharge.check({"nu_e": 1e-12})
    addresses = [one.address for one in made_.numbers()]
    assert addresses[:3] == ["millicharge.nu_e", "millicharge.nu_mu", "millicharge.nu_tau"]


@pytest.mark.parametrize("pair", [("nu_e", "nu_mu"), ("nu_e", "nu_tau"), ("nu_mu", "nu_tau")])
def test_between_flavours(pair: tuple[str, str]) -> None:
    """Reference: the square of the shift beside an untouched Standard Model, for both flavours."""
    radius = 5 * AREA
    model = STANDARD + ChargeRadius(**{f"{pair[0]}_{pair[1].removeprefix('nu_')}": radius})
    weak = (0.5 - 2 * S2W) * 18 - 0.5 * 22  # at one form factor of protons and neutrons
    shift = math.sqrt(2) * math.pi * alpha / (3 * G_F) * radius / hbar_c**2 * 18
    for kind in NEUTRINOS:
        acts = kind.removesuffix("_bar") in pair
        expected = 1 + (shift / weak) ** 2 if acts else 1.0
        found = sigma(model, kind) / sigma(STANDARD, kind)
        assert found == exactly(np.full(len(RECOIL), expected), 1e-9)  # radii agree to rounding


@pytest.mark.parametrize("kind", ["nu_e", "nu_mu", "nu_tau"])
def test_transition_moments(kind: str) -> None:
    """Reference: a transition moment is an effective one of both of its flavours."""
    transition = sigma(MagneticMoment(nu_e_mu=1e-9), kind)
    assert transition == exactly(sigma(MagneticMoment(nu_e=1e-9, nu_mu=1e-9), kind))
