"""Vector bosons: closed forms for all charges, the loop, limits, named models.

Kinds: reference (formulas of physics.md §5 written out here, mpmath, the prescription and the table
of Dutta et al. 2016, rows of shared/reference.csv), property and unit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from probes import S2W, argon, electrons, flavour, three_knots
from reference import reference_rows

from cevns.amplitudes import Term
from cevns.config import study_from
from cevns.constants import G_F, alpha, m_e, m_mu, m_tau, m_Z
from cevns.cross_sections import differential_cross_section
from cevns.errors import InputError
from cevns.interactions import Interaction, Model, StandardModel
from cevns.interactions.nsi import Nsi
from cevns.interactions.vector_mediator import (
    NAMES,
    OF_A_MODEL,
    HeavyZprime,
    LightVector,
    mixing_loop,
)
from cevns.parameters import Parameters
from cevns.rate import recoil_spectrum
from cevns.spectra import LineSpectrum
from cevns.targets import Target
from cevns.testing import check_interaction
from cevns.units import GeV, MeV, TeV, keV

ROUNDING = 1e-12  # the same closed form on both sides
ENERGY, RECOIL = 30 * MeV, np.array([0.1, 1.0, 5.0, 12.0]) * keV
STANDARD = StandardModel(sin2_theta_w=S2W)
SQRT2_GF = math.sqrt(2) * G_F
FLAVOURS = ("nu_e", "nu_mu", "nu_tau")


def exactly(value: Any, tolerance: float = ROUNDING) -> Any:
    """A purely relative comparison: the default abs=1e-12 would hide any cm²."""
    return pytest.approx(value, rel=tolerance, abs=0)


def sigma(model: Interaction | Model, kind: str = "nu_e", target: str = "Ar40") -> Any:
    """dσ/dT of point-like nuclei at one energy and several recoils."""
    return differential_cross_section(
        ENERGY, RECOIL, target, flavour=kind, model=model, form_factor="point"
    )


def ratio(boson: Interaction, kind: str = "nu_e", target: str = "Ar40") -> Any:
    """With the boson over without."""
    return sigma(STANDARD + boson, kind, target) / sigma(STANDARD, kind, target)


def on_electrons(model: Interaction | Model, kind: str) -> Any:
    """dσ/dT on a free electron."""
    beam = [flavour(kind, LineSpectrum([ENERGY], [1.0]))]
    T = np.array([0.01, 1.0, 10.0, 25.0]) * MeV
    return recoil_spectrum(T, beam, electrons(1.0), model.terms())[0]


# --- all charges against the closed form ----------------------------------------------------------


def loop_by_mpmath(q_squared: Any, first: float, second: float) -> float:
    """∫ x(1−x) ln[(m₂² + x(1−x)Q²)/(m₁² + x(1−x)Q²)] dx."""
    square, light, heavy = mp.mpf(q_squared), mp.mpf(first) ** 2, mp.mpf(second) ** 2

    def integrand(x: Any) -> Any:
        y = x * (1 - x)
        return y * mp.log((heavy + y * square) / (light + y * square))

    with mp.workdps(25):
        return float(2 * mp.quad(integrand, [0, 1e-6, 1e-3, 0.1, 0.5]))


Charge = Callable[[int, int, Any], Any]
"""(Z, N, Q²) → Q′/g² per unit of charge of the neutrino."""


def _quarks(u: float, d: float) -> Charge:
    return lambda Z, N, q_squared: Z * (2 * u + d) + N * (u + 2 * d)


def _mixed(first: float, second: float) -> Charge:
    def charge(Z: int, N: int, q_squared: Any) -> Any:
        loops = [loop_by_mpmath(value, first, second) for value in q_squared]
        return Z * 2 * alpha / math.pi * np.array(loops)

    return charge


THIRD = 1 / 3
CHI = _quarks(0.0, -1 / math.sqrt(10))
EXPECTED: dict[str, tuple[tuple[float, float, float], Charge]] = {
    "universal": ((1, 1, 1), lambda Z, N, q_squared: 3 * (Z + N)),
    "b-l": ((-1, -1, -1), lambda Z, N, q_squared: Z + N),
    "b-3le": ((-3, 0, 0), _quarks(THIRD, THIRD)),
    "b-3lmu": ((0, -3, 0), _quarks(THIRD, THIRD)),
    "b-3ltau": ((0, 0, -3), _quarks(THIRD, THIRD)),
    "lmu-ltau": ((0, 1, -1), _mixed(m_mu, m_tau)),
    "le-lmu": ((1, -1, 0), _mixed(m_e, m_mu)),
    "e6-chi": ((3 / (2 * math.sqrt(10)),) * 3, CHI),
}
"""Charges of ν_e, ν_μ, ν_τ and of the nucleus as physics.md §5 has them."""


def amplitude(
    name: str, g: float, mass: float, target: str, kind: int, T: Any = RECOIL
) -> tuple[float, Any]:
    """(Q_V, its shift) by hand, for a point-like nucleus."""
    (nuclide,) = Target(target).nuclides
    q_squared = 2 * nuclide.mass * T
    neutrinos, charge = EXPECTED[name]
    shift = neutrinos[kind] * charge(nuclide.Z, nuclide.N, q_squared)
    weak = nuclide.Z * (0.5 - 2 * S2W) - 0.5 * nuclide.N
    return weak, g**2 * shift / (SQRT2_GF * (q_squared + mass**2))


@pytest.mark.parametrize("mass", [1.0, 30.0, 5e3])
@pytest.mark.parametrize("name", EXPECTED)
def test_closed_forms(name: str, mass: float) -> None:
    """reference: Q_V + Q′/(√2 G_F (2MT + m²)) for each flavour, ν and ν̄, with the right sign."""
    g = 3e-5 * max(mass, 10.0)
    boson = LightVector(charges=name, mass=mass * MeV, coupling=g)
    for target in ("Ne20", "Xe132"):
        for kind, one in enumerate(FLAVOURS):
            weak, shift = amplitude(name, g, mass * MeV, target, kind)
            expected = np.broadcast_to(((weak + shift) / weak) ** 2, RECOIL.shape)
            # 1e-9 for the loop, whose series is cut there
            assert ratio(boson, one, target) == exactly(expected, 1e-9)
            assert ratio(boson, f"{one}_bar", target) == exactly(expected, 1e-9)


def test_every_name_is_tested() -> None:
    """unit: the sequential boson has a test of its own."""
    assert {*EXPECTED, "sequential"} == set(NAMES)


@pytest.mark.parametrize("beta", [0.0, 0.7, math.acos(math.sqrt(3 / 8)), math.pi / 2, -2.0])
def test_e6_closed_form(beta: float) -> None:
    """reference: Q_u = 0, Q_d = −cos β/√10, Q_ν = 3 cos β/(2√10) + sin β/(2√6)."""
    g, mass = 3e-3, 50 * MeV
    boson = LightVector(charges={"e6": {"beta": beta}}, mass=mass, coupling=g)
    neutrino = 3 * math.cos(beta) / (2 * math.sqrt(10)) + math.sin(beta) / (2 * math.sqrt(6))
    (nuclide,) = Target("Ge72").nuclides
    charge = -math.cos(beta) / math.sqrt(10) * (nuclide.Z + 2 * nuclide.N)
    weak = nuclide.Z * (0.5 - 2 * S2W) - 0.5 * nuclide.N
    shift = g**2 * neutrino * charge / (SQRT2_GF * (2 * nuclide.mass * RECOIL + mass**2))
    assert ratio(boson, "nu_tau", "Ge72") == exactly((1 + shift / weak) ** 2)


@pytest.mark.parametrize("mass", [0.05 * GeV, 1 * TeV])
def test_sequential(mass: float) -> None:
    """reference: Q_V (1 + g² m_Z²/(m² + 2MT)), g = 1 for the heavy Z′."""
    (nuclide,) = Target("Ar40").nuclides
    growth = m_Z**2 / (mass**2 + 2 * nuclide.mass * RECOIL)
    for g in (1.0, 0.1):
        boson = LightVector(charges="sequential", mass=mass, coupling=g, sin2_theta_w=S2W)
        assert ratio(boson) == exactly((1 + g**2 * growth) ** 2)
    assert ratio(HeavyZprime(mass=mass, sin2_theta_w=S2W)) == exactly((1 + growth) ** 2)


# --- the charges ----------------------------------------------------------------------------------

HYPERCHARGE = {
    "uL": Fraction(1, 6),
    "dL": Fraction(1, 6),
    "uR": Fraction(2, 3),
    "dR": Fraction(-1, 3),
    "nuL": Fraction(-1, 2),
    "eL": Fraction(-1, 2),
    "eR": Fraction(-1),
}
TABLE_II = {  # √40 Q^χ, √24 Q^ψ of Dutta et al. 2016
    "uL": (-1, 1),
    "dL": (-1, 1),
    "uR": (1, -1),
    "dR": (-3, -1),
    "nuL": (3, 1),
    "eL": (3, 1),
    "eR": (1, -1),
}


def test_table_of_e6() -> None:
    """reference: √40 Q^χ = 4Y − 5(B−L), Q^ψ is the same for all left-handed fields of a 16.

    That is the table; our vector and axial charges are half its sums and differences.
    """
    for name, (chi, psi) in TABLE_II.items():
        baryon_minus_lepton = Fraction(1, 3) if name[0] in "ud" else Fraction(-1)
        assert chi == 4 * HYPERCHARGE[name] - 5 * baryon_minus_lepton
        assert psi == (1 if name.endswith("L") else -1)
    beta = 0.9
    ours = LightVector(charges={"e6": {"beta": beta}}).charges_at({})
    mixed = {
        name: math.cos(beta) * chi / math.sqrt(40) + math.sin(beta) * psi / math.sqrt(24)
        for name, (chi, psi) in TABLE_II.items()
    }
    assert ours.nu == exactly(mixed["nuL"])
    for quark, value in (("u", ours.u), ("d", ours.d), ("e", ours.e)):
        both = (mixed[f"{quark}L"] + mixed[f"{quark}R"]) / 2
        assert value == pytest.approx(both, rel=ROUNDING, abs=1e-16)
    assert ours.axial_e == exactly((mixed["eL"] - mixed["eR"]) / 2)


def test_psi_is_axial() -> None:
    """reference: at β = π/2 nuclei of spin zero see nothing (Dutta et al. 2016)."""
    psi = HeavyZprime(charges={"e6": {"beta": math.pi / 2}}, mass=0.2 * TeV)
    assert ratio(psi) == exactly(np.ones(4), 1e-15)
    assert np.all(on_electrons(psi, "nu_e") > 0)


def dutta(g: float, charges: Mapping[str, float], mass: float, s2: float, target: str) -> Any:
    """(Q_V + shift)/Q_V by the prescription of Dutta et al. 2016, Sec. IV, from chiral charges.

    Q_SM(i) → Q_SM(i) + Q_BSM(i) (Q_BSM(ν)/Q_SM(ν)) r² (m_Z/m)², r = g′ cos θ_W/g, Q_V being the
    sum over quarks of left and right.
    """
    (nuclide,) = Target(target).nuclides

    def nucleus(u: float, d: float) -> float:
        return nuclide.Z * (2 * u + d) + nuclide.N * (u + 2 * d)

    weak = nucleus(0.5 - 4 / 3 * s2, -0.5 + 2 / 3 * s2)
    other = nucleus(charges["uL"] + charges["uR"], charges["dL"] + charges["dR"])
    return 1 + other / weak * charges["nuL"] / 0.5 * g**2 * (m_Z / mass) ** 2


def test_prescription_of_dutta() -> None:
    """reference: E₆χ with (g′/g)² = (5/3) tan² θ_W, B−L with g′ = 0.4, and the sequential Z′.

    The momentum transfer is no part of it: Q²/m² = 2e-9 at a TeV.
    """
    s2, mass = 0.231, 1 * TeV
    standard = StandardModel(sin2_theta_w=s2)
    third = {name: 1 / 3 if name[0] in "ud" else -1.0 for name in TABLE_II}
    chi = {name: value / math.sqrt(40) for name, (value, _) in TABLE_II.items()}
    isospin = {"uL": 0.5, "dL": -0.5, "nuL": 0.5}
    electric = {"uL": 2 / 3, "uR": 2 / 3, "dL": -1 / 3, "dR": -1 / 3}
    z = {n: isospin.get(n, 0.0) - electric.get(n, 0.0) * s2 for n in TABLE_II}
    # g/cos θ_W from √2 G_F = (g/cos θ_W)²/(4 m_Z²)
    weak = 2 * m_Z * math.sqrt(SQRT2_GF)
    cases: list[tuple[Interaction, float, Mapping[str, float]]] = [
        (HeavyZprime(charges="e6-chi", mass=mass, sin2_theta_w=s2), math.sqrt(5 / 3 * s2), chi),
        (LightVector(charges="b-l", mass=mass, coupling=0.4), 0.4 / weak, third),
        (HeavyZprime(mass=mass, sin2_theta_w=s2), 1.0, z),
    ]
    for boson, r, charges in cases:
        for target in ("Ge72", "Si28"):
            ours = sigma(standard + boson, "nu_e_bar", target) / sigma(standard, "nu_e_bar", target)
            expected = dutta(r, charges, mass, s2, target) ** 2
            assert ours == exactly(np.full(4, expected), 1e-8)
            assert abs(expected - 1) > 1e-3


def interference(make: Callable[[float], Interaction], target: str) -> float:
    """The part linear in 1/m², over the Standard Model: from 1/m² and 2/m²."""
    standard = StandardModel(sin2_theta_w=0.231)
    once, twice = (
        sigma(standard + make(m * TeV), "nu_e_bar", target)[0] / sigma(standard, target=target)[0]
        for m in (2.0, math.sqrt(2.0))
    )
    return float(4 * (once - 1) - (twice - 1)) / 2


def test_xi_of_dutta() -> None:
    """reference: dutta.xi.*: vector parts only; 1e-9 for the difference of two rates.

    The row of E₆χ has the paper's axial term of ⁷²Ge, which a nucleus of spin zero has not: 0.918
    without it. Published are 0.86 (B−L) and 0.89 (E₆χ).
    """

    def b_l(mass: float) -> Interaction:
        return LightVector(charges="b-l", mass=mass, coupling=0.4)

    def chi(mass: float) -> Interaction:
        return HeavyZprime(charges="e6-chi", mass=mass, sin2_theta_w=0.231)

    xi = [interference(make, "Ge72") / interference(make, "Si28") for make in (b_l, chi)]
    for row in reference_rows("dutta.xi.BL."):
        assert xi[0] == exactly(row.value, 1e-9)
    assert xi[1] == pytest.approx(0.918, abs=5e-4)


def test_kinetic_mixing_of_lmu_ltau() -> None:
    """reference: the loop is a kinetic mixing of g/70 (e.g. arXiv:1901.02010), to 2 %."""
    mixing = 2 * alpha / math.pi * mixing_loop(np.zeros(1), m_mu, m_tau)
    assert mixing / math.sqrt(4 * math.pi * alpha) == exactly(1 / 70, 0.02)


def test_mixing_loop() -> None:
    """reference: mpmath, 1e-9 of the larger of the two logarithms."""
    q_squared = np.geomspace(1e-6, 1e6, 30) * MeV**2
    for pair in ((m_mu, m_tau), (m_e, m_mu)):
        ours = mixing_loop(q_squared, *pair)
        truth = [loop_by_mpmath(value, *pair) for value in q_squared]
        assert ours == exactly(np.array(truth), 1e-9)
        assert mixing_loop(q_squared, *pair[::-1]) == exactly(-ours, 1e-12)
        static = mixing_loop(np.zeros(1), *pair)
        assert static == exactly(math.log(pair[1] / pair[0]) / 3)
    # 1.78 → 0.53 (physics.md §5): at rest and at 50 MeV
    ends = mixing_loop(np.array([0.0, 50 * MeV]) ** 2, m_e, m_mu)
    assert ends == pytest.approx([1.78, 0.53], abs=0.005)


# --- limits and signs -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "charges",
    [*(name for name in EXPECTED if name[0] != "l"), {"nu": 0.7, "u": 0.3, "d": -0.4, "e": 1}],
)
def test_heavy_limit_is_nsi(charges: Any) -> None:
    """reference: ε^q = g² Q_ν Q_q/(√2 G_F m²), to Q²/m² = 1e-9 at a TeV."""
    mass, g = 1 * TeV, 3.0
    boson = LightVector(charges=charges, mass=mass, coupling=g)
    given_ = boson.charges_at({})
    size = g**2 / (SQRT2_GF * mass**2) * given_.nu
    eps = {
        f"eps_{pair}_{quark}": float(size * getattr(given_, quark) * given_.flavours[i])
        for i, pair in enumerate(("ee", "mumu", "tautau"))
        for quark in "ud"
    }
    for kind in FLAVOURS:
        assert sigma(STANDARD + boson, kind) == exactly(sigma(STANDARD + Nsi(**eps), kind), 1e-8)
    changes = [ratio(boson, kind)[0] - 1 for kind in FLAVOURS]
    assert np.max(np.abs(changes)) > 1e-3


SIGNS = {
    ("universal", "nu_e"): -1,
    ("b-l", "nu_e"): 1,
    ("b-3le", "nu_e"): 1,
    ("b-3le", "nu_mu"): 0,
    ("b-3lmu", "nu_mu"): 1,
    ("b-3ltau", "nu_tau"): 1,
    ("lmu-ltau", "nu_e"): 0,
    ("lmu-ltau", "nu_mu"): -1,
    ("lmu-ltau", "nu_tau"): 1,
    ("le-lmu", "nu_e"): -1,
    ("le-lmu", "nu_mu"): 1,
    ("e6-chi", "nu_e"): 1,
    ("sequential", "nu_mu"): 1,
}


@pytest.mark.parametrize(("name", "kind"), SIGNS)
def test_interference(name: str, kind: str) -> None:
    """reference: destructive for universal charges and ν_μ of L_μ−L_τ, constructive for B−L."""
    boson = LightVector(charges=name, mass=30 * MeV, coupling=1e-5)
    for one in (kind, f"{kind}_bar"):
        change = sigma(STANDARD + boson, one) - sigma(STANDARD, one)
        assert np.all(np.sign(change) == SIGNS[name, kind])


def test_degenerate_coupling() -> None:
    """reference: at 3g²A/(√2 G_F m²) = −2Q_V the amplitude only changes its sign."""
    (nuclide,) = Target("Ar40").nuclides
    weak = nuclide.Z * (0.5 - 2 * S2W) - 0.5 * nuclide.N
    mass = 1 * TeV
    g = math.sqrt(-2 * weak * SQRT2_GF * mass**2 / (3 * nuclide.A))
    flipped = ratio(LightVector(mass=mass, coupling=g))
    half = ratio(LightVector(mass=mass, coupling=g / math.sqrt(2)))
    assert flipped == exactly(np.ones(4), 1e-7)  # Q²/m² = 1e-9, a few times
    assert np.all(half < 1e-12)  # in between it is gone; Q²/m², squared


def test_a_light_mediator_distorts_the_spectrum() -> None:
    """property: alone it falls like 1/(2MT + m²)², beside a constant for a heavy one."""
    (nuclide,) = Target("Ar40").nuclides
    light, heavy = (sigma(LightVector(mass=m, coupling=1e-4)) for m in (5 * MeV, 1 * TeV))
    shape = light / heavy * (2 * nuclide.mass * RECOIL + (5 * MeV) ** 2) ** 2
    assert shape == exactly(np.full(4, shape[0]), 1e-8)


def vector_and_axial(interaction: Interaction, q_squared: float) -> list[Any]:
    """g_V and g_A that it adds on electrons, for the three flavours."""
    found = []
    for structure in "VA":
        terms: list[Term] = [
            t for t in interaction.terms() if (t.site, t.structure) == ("e", structure)
        ]
        total: Any = np.zeros(3)
        for term in terms:
            assert term.profile is not None
            total = total + np.diagonal(term.coupling({})) * term.profile(np.array([q_squared]), {})
        found.append(total)
    return found


def test_electrons() -> None:
    """reference: a sequential boson has the Z's −½ + 2s² and −½; B−3L_i only its own flavour."""
    mass, square = 0.3 * TeV, 4 * MeV**2
    g_v, g_a = vector_and_axial(HeavyZprime(mass=mass, sin2_theta_w=S2W), square)
    growth = m_Z**2 / (mass**2 + square)
    assert g_v == exactly(np.full(3, (-0.5 + 2 * S2W) * growth))
    assert g_a == exactly(np.full(3, -0.5 * growth))

    unit = 1e-8 / (SQRT2_GF * (square + (1 * MeV) ** 2))
    loop = 2 * alpha / math.pi * loop_by_mpmath(square, m_mu, m_tau)
    expected: dict[str, list[float]] = {
        "universal": [1, 1, 1],
        "b-l": [1, 1, 1],
        "b-3le": [9, 0, 0],
        "b-3lmu": [0, 0, 0],
        "b-3ltau": [0, 0, 0],
        "le-lmu": [1, -1, 0],
        "lmu-ltau": [0, -loop, loop],
    }
    for name, charges in expected.items():
        boson = LightVector(charges=name, mass=1 * MeV, coupling=1e-4)
        g_v, g_a = vector_and_axial(boson, square)
        assert g_v / unit == exactly(np.array(charges), 1e-9)
        assert not g_a.any()


# --- properties -----------------------------------------------------------------------------------

charges_of_any_kind = st.one_of(
    st.sampled_from(NAMES),
    st.fixed_dictionaries({name: st.floats(-3, 3) for name in ("nu", "u", "d", "e")}),
    st.fixed_dictionaries({"e6": st.fixed_dictionaries({"beta": st.floats(-4, 4)})}),
)


@settings(max_examples=12, deadline=None)
@given(charges=charges_of_any_kind, mass=st.floats(1e-2, 1e7), size=st.floats(0.0, 10.0))
def test_any_boson(charges: Any, mass: float, size: float) -> None:
    """property: the public checks; zero coupling is the Standard Model exactly."""
    g = 1e-4 * size * max(mass, 30.0) / 30.0
    check_interaction(LightVector(charges=charges, mass=mass * MeV, coupling=g))


@settings(max_examples=6, deadline=None)
@given(beta=st.floats(-4, 4), mass=st.floats(0.1, 20), sin2=st.floats(0.1, 0.4))
def test_any_heavy_boson(beta: float, mass: float, sin2: float) -> None:
    """property: the public checks."""
    for charges in (*OF_A_MODEL, {"e6": {"beta": beta}}):
        check_interaction(HeavyZprime(charges=charges, mass=mass * TeV, sin2_theta_w=sin2))


def grid_and_loop(
    boson: Interaction, mass_of_the_boson: float, theta: Mapping[str, Any]
) -> tuple[Any, Any]:
    """Binned counts at an array of each number of ``theta`` (the same length), and one by one."""
    beams = [flavour(kind, three_knots()) for kind in ("nu_mu", "nu_tau_bar")]
    experiment = argon(STANDARD + boson, *beams)
    edges = np.array([1.0, 5.0, 20.0]) * keV
    fixed = {f"{boson.name}.mass": mass_of_the_boson}
    (length,) = {len(values) for values in theta.values()}
    loop = [
        experiment.counts(edges, {**fixed, **{name: values[i] for name, values in theta.items()}})
        for i in range(length)
    ]
    return experiment.counts(edges, {**fixed, **theta}), np.array(loop)


STEPS = np.array([0.0, 0.5, 1.0, 2.0])


@pytest.mark.parametrize(
    ("boson", "theta"),
    [
        (LightVector(), {"light-vector.coupling": 1e-4 * STEPS}),
        (LightVector(charges="lmu-ltau"), {"light-vector.coupling": 1e-3 * STEPS}),
        (
            LightVector(charges={"nu": 1}, coupling=1e-4),
            {"light-vector.charges.u": STEPS, "light-vector.charges.nu": STEPS - 1},
        ),
        (
            LightVector(charges={"e6": {"beta": 0}}, coupling=1e-4),
            {"light-vector.charges.e6.beta": STEPS, "light-vector.coupling": 1e-4 * STEPS},
        ),
        (
            LightVector(charges="sequential"),
            {"sin2_theta_w": 0.2 + 0.01 * STEPS, "light-vector.coupling": 1e-5 * STEPS},
        ),
        (HeavyZprime(charges="e6-chi"), {"sin2_theta_w": 0.2 + 0.01 * STEPS}),
    ],
)
@pytest.mark.parametrize("mass", [10.0, 300.0])
def test_grids_are_loops(boson: Interaction, theta: Mapping[str, Any], mass: float) -> None:
    """property: every number but the mass may be an array; the mass comes from θ."""
    grid, loop = grid_and_loop(boson, mass * MeV, theta)
    assert grid.shape == (4, 2, 1, 2)
    assert grid == exactly(loop)


# --- what a file says -----------------------------------------------------------------------------


def test_a_mass_has_to_come_from_somewhere() -> None:
    """unit: neither the block nor θ has it: the address is named."""
    for boson in (LightVector(coupling=1e-4), HeavyZprime()):
        found = {one.address: one.value for one in boson.numbers()}
        assert found[f"{boson.name}.mass"] is None
        with pytest.raises(InputError, match=f"{boson.name}.mass: found no value"):
            sigma(STANDARD + boson)
        theta = {f"{boson.name}.mass": 1 * GeV}
        given_ = differential_cross_section(
            ENERGY, RECOIL, "Ar40", model=STANDARD + boson, theta=theta
        )
        same = boson.model_copy(update={"mass": 1 * GeV})
        assert given_ == exactly(
            differential_cross_section(ENERGY, RECOIL, "Ar40", model=STANDARD + same)
        )


def test_addresses() -> None:
    """unit: charges that are given are numbers of the model too; sin²θ_W is the shared one."""

    def addresses(boson: Interaction) -> set[str]:
        return {one.address for one in boson.numbers()}

    own = {"light-vector.mass", "light-vector.coupling"}
    assert addresses(LightVector(mass=1.0)) == own
    explicit = {f"light-vector.charges.{name}" for name in ("nu", "u", "d", "e")}
    assert addresses(LightVector(charges={"nu": 1})) == own | explicit
    assert addresses(LightVector(charges={"e6": {"beta": 1}})) == own | {
        "light-vector.charges.e6.beta"
    }
    assert addresses(LightVector(charges="sequential")) == own | {"sin2_theta_w"}
    assert addresses(HeavyZprime(charges="e6-chi")) == {"heavy-zprime.mass", "sin2_theta_w"}


def test_one_mixing_angle() -> None:
    """unit: two values for it in one model are refused, the same value is shared."""
    Parameters((STANDARD + HeavyZprime(mass=1 * TeV)).numbers())
    other = StandardModel(sin2_theta_w=0.231) + HeavyZprime(mass=1 * TeV)
    with pytest.raises(InputError, match="sin2_theta_w: found two declarations"):
        Parameters(other.numbers())


def test_blocks_of_a_file() -> None:
    """unit: units, and charges by number."""
    boson = LightVector.check(
        {"mass": "1 TeV", "coupling": 0.4, "charges": {"nu": 1, "u": "50 %", "d": -1}}
    )
    assert boson == LightVector(mass=1 * TeV, coupling=0.4, charges={"nu": 1, "u": 0.5, "d": -1})
    assert LightVector(charges=boson.charges).charges == boson.charges
    heavy = HeavyZprime.check({"charges": {"e6": {"beta": 0}}, "mass": "1 TeV"})
    assert ratio(heavy) == exactly(ratio(HeavyZprime(charges="e6-chi", mass=1 * TeV)))


WRONG: list[tuple[type[Interaction], dict[str, Any], str]] = [
    (LightVector, {"mass": "-1 MeV"}, "mass: found '-1 MeV', expected a positive number"),
    (LightVector, {"charges": "b-L"}, "charges: found 'b-L'.*did you mean 'b-l'"),
    (LightVector, {"charges": {"nu": 1, "beta": 0}}, "charges.beta: found the unknown key 'beta'"),
    (LightVector, {"charges": {"e6": {}}}, "charges.e6: found no 'beta'"),
    (LightVector, {"charges": {}}, "charges: found {}, expected one of universal"),
    (LightVector, {"sin2_theta_w": 0.23}, "found 'sin2_theta_w', expected only"),
    (HeavyZprime, {"charges": "b-l"}, "charges: found 'b-l'.*light-vector takes others"),
    (HeavyZprime, {"charges": {"nu": 1}}, "charges: found {'nu': 1}.*light-vector takes others"),
    (HeavyZprime, {"coupling": 1}, "coupling: found the unknown key 'coupling'"),
]


@pytest.mark.parametrize(("kind", "block", "message"), WRONG)
def test_bad_input(kind: type[Interaction], block: dict[str, Any], message: str) -> None:
    """unit: named, in one line."""
    with pytest.raises(InputError, match=message) as caught:
        kind.check(block)
    assert "\n" not in str(caught.value)


def test_one_weak_mixing_angle() -> None:
    """unit: the angle of a file is that of all parts of its model, unless one says its own."""
    blocks: dict[str, Any] = {
        "source": {"type": "stopped-pion", "flux": "1e7 /cm^2/s"},
        "detector": {"target": "Ar40", "mass": "1 kg", "threshold": "10 keV"},
        "exposure": "1 year",
        "couplings": {"sin2_theta_w": 0.231},
    }
    zprime = {"heavy-zprime": {"charges": "e6-chi", "mass": "1 TeV"}}
    study = study_from({**blocks, "model": ["standard-model", zprime]})
    assert study.parameters["sin2_theta_w"].value == 0.231
    other = {"heavy-zprime": {**zprime["heavy-zprime"], "sin2_theta_w": 0.24}}
    with pytest.raises(InputError, match="sin2_theta_w"):
        study_from({**blocks, "model": ["standard-model", other]}).predict()
