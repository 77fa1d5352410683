"""Models and cases of the second code on electrons."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from oracle import second_code_formulas as formulas
from oracle.second_code_cases import (
    CHI,
    CM2,
    COUPLING,
    EVERY,
    FLAVOURS,
    MASS,
    MEDIATOR,
    RADII,
    RADII_OFF,
    RADIUS,
    RADIUS_OFF,
    SM,
    ZPRIME_MODEL,
    Case,
    Matrix,
    Sigma,
    added,
    hermitian,
    is_open,
    light_vector,
    propagator,
    times,
)
from oracle.second_code_formulas import HALF
from oracle.second_code_targets import (
    M_E,
    M_MU,
    M_TAU,
    M_Z,
    S2W,
)


def chiral_electron(shift: Callable[[float, str, str], tuple[complex, complex]]) -> Sigma:
    """g_L = s² ∓ 1/2 (+ for ν_e), g_R = s², each with its shift(T, α, β); L ↔ R for ν̄."""

    def sigma(E: float, T: float, flavour: str, bar: bool) -> float:
        total = 0.0
        for other in FLAVOURS:
            left, right = shift(T, flavour, other)
            if other == flavour:
                left += S2W + (HALF if flavour == "e" else -HALF)
                right += S2W
            pair = (right, left) if bar else (left, right)
            total += formulas.chiral(E, T, M_E, *pair)
        return total

    return sigma


def vector_electron(charge: Callable[[float, str, str], complex]) -> Sigma:
    """A shift of g_V^e: half of it in g_L and in g_R."""

    def shift(T: float, a: str, b: str) -> tuple[complex, complex]:
        value = charge(T, a, b)
        return value / 2, value / 2

    return chiral_electron(shift)


ELECTRON = chiral_electron(lambda T, a, b: (0, 0))


def electron_moments(matrix: Matrix) -> Sigma:
    """Standard Model and Vogel & Engel 1989."""

    def sigma(E: float, T: float, flavour: str, bar: bool) -> float:
        mu = math.sqrt(sum(abs(matrix.get((flavour, b), 0)) ** 2 for b in FLAVOURS))
        return formulas.moment_on_fermion(E, T, mu)

    return added(ELECTRON, sigma)


def electron_upscattering(mu: Mapping[str, float], m4: float) -> Sigma:
    """Standard Model and the dipole portal."""

    def sigma(E: float, T: float, flavour: str, bar: bool) -> float:
        if not is_open(E, T, M_E, m4):
            return 0.0
        return formulas.dipole_on_fermion(E, T, M_E, m4, mu.get(flavour, 0.0))

    return added(ELECTRON, sigma)


def exchanged(
    formula: Callable[[float, float, float, float, float], float], product: float
) -> Sigma:
    """Standard Model and a mediator that flips the helicity, with the product of its charges."""
    return added(ELECTRON, lambda E, T, f, bar: formula(E, T, M_E, product, propagator(T, M_E)))


def electron_scalar_tensor(scalar_charge: float, tensor_charge: float) -> Sigma:
    """Both mediators at once: their amplitudes interfere, oppositely for ν and ν̄."""

    def sigma(E: float, T: float, flavour: str, bar: bool) -> float:
        D = propagator(T, M_E)
        mixed = formulas.scalar_tensor_on_fermion(E, T, M_E, scalar_charge, tensor_charge, D)
        return (
            formulas.scalar_on_fermion(E, T, M_E, scalar_charge, D)
            + formulas.tensor_on_fermion(E, T, M_E, tensor_charge, D)
            + (-mixed if bar else mixed)
        )

    return added(ELECTRON, sigma)


def nsi_electrons(left: Matrix, right: Matrix) -> Sigma:
    """g_L + ε^eL, g_R + ε^eR (Barranco et al. 2005)."""
    return chiral_electron(lambda T, a, b: (left.get((a, b), 0), right.get((a, b), 0)))


def electron_mediator(neutrino: Mapping[str, float], charge: float) -> Sigma:
    """g_V^e + g²Q_νQ_e/(√2G(2m_eT + m²))."""

    def shift(T: float, a: str, b: str) -> float:
        product = neutrino.get(a, 0) * charge * (a == b)
        return formulas.mediator(product, T, M_E, MASS)

    return vector_electron(shift)


def electron_muon_less_tau(g: float) -> Sigma:
    """The photon sees −1 where a proton has +1."""

    def shift(T: float, a: str, b: str) -> float:
        sign = {"mu": -1, "tau": 1}.get(a, 0) * (a == b)
        loop = formulas.photon_loop(T, M_E, M_MU, M_TAU)
        return formulas.mediator(g**2 * sign * loop, T, M_E, MASS)

    return vector_electron(shift)


def zprime_electron(neutrino: float, left: float, right: float, mass: float) -> Sigma:
    """Dutta et al. 2015 with the chiral charges of the electron, each in its own coupling."""
    strength = neutrino / HALF * 5 / 3 * S2W * (M_Z / mass) ** 2
    return chiral_electron(
        lambda T, a, b: (left * strength * (a == b), right * strength * (a == b))
    )


def electron_axial(product: float) -> Sigma:
    """g_A^e − g²g_e/(√2G(2m_eT + m²)): half of it in g_L, and taken from g_R."""

    def shift(T: float, a: str, b: str) -> tuple[complex, complex]:
        value = -formulas.mediator(product, T, M_E, MASS) * (a == b)
        return value / 2, -value / 2

    return chiral_electron(shift)


def electron_radius(matrix: Matrix) -> Sigma:
    """g_V^e + √2πα⟨r²⟩/3G: the electron has the other sign."""
    return vector_electron(lambda T, a, b: formulas.radius_shift(matrix.get((a, b), 0) * CM2))


def electron_charge(matrix: Matrix) -> Sigma:
    """g_V^e − √2πα q/(G m_e T)."""
    return vector_electron(lambda T, a, b: formulas.charge_shift(matrix.get((a, b), 0), T, M_E))


ELECTRON_CASES = [
    Case("standard-model-e", "Ar40", [SM], ELECTRON, "nu_e", electrons=True),
    Case("standard-model-e-bar", "Ar40", [SM], ELECTRON, "nu_mu_bar", electrons=True),
    Case(
        "nsi-electron",
        "Ar40",
        [
            SM,
            {
                "nsi": {
                    "eps_ee_eL": 0.2,
                    "eps_ee_eR": -0.3,
                    "eps_emu_eL": "0.3+0.2j",
                    "eps_emu_eR": "-0.1+0.4j",
                }
            },
        ],
        nsi_electrons(
            hermitian(e_e=0.2, e_mu=complex(0.3, 0.2)), hermitian(e_e=-0.3, e_mu=complex(-0.1, 0.4))
        ),
        "nu_e",
        electrons=True,
    ),
    Case(
        "light-vector-universal-e",
        "Ar40",
        light_vector(charges="universal"),
        electron_mediator(EVERY, COUPLING**2),
        electrons=True,
    ),
    Case(
        "light-vector-le-lmu-e",
        "Ar40",
        light_vector(charges="le-lmu"),
        electron_mediator({"e": COUPLING, "mu": -COUPLING}, COUPLING),
        "nu_e",
        electrons=True,
    ),
    Case(
        "light-vector-b-l-e",
        "Ar40",
        light_vector(charges="b-l"),
        electron_mediator(dict.fromkeys(FLAVOURS, -COUPLING), -COUPLING),
        "nu_e",
        electrons=True,
    ),
    Case(
        "light-vector-lmu-ltau-e",
        "Ar40",
        [SM, {"light-vector": {**MEDIATOR, "coupling": 2e-2, "charges": "lmu-ltau"}}],
        electron_muon_less_tau(2e-2),
        electrons=True,
    ),
    Case(
        "heavy-zprime-chi-e",
        "Ar40",
        ZPRIME_MODEL,
        zprime_electron(3 * CHI, 3 * CHI, CHI, 150e3),
        "nu_e",
        electrons=True,
    ),
    Case(
        "light-scalar-e",
        "Ar40",
        [SM, {"light-scalar": {**MEDIATOR, "electron": 1}}],
        exchanged(formulas.scalar_on_fermion, COUPLING**2),
        electrons=True,
    ),
    Case(
        "light-pseudoscalar-e",
        "Ar40",
        [SM, {"light-pseudoscalar": {**MEDIATOR, "electron": -1}}],
        exchanged(formulas.pseudoscalar_on_fermion, -(COUPLING**2)),
        electrons=True,
    ),
    Case(
        "light-axial-e",
        "Ar40",
        [SM, {"light-axial": {**MEDIATOR, "electron": 2}}],
        electron_axial(2 * COUPLING**2),
        "nu_mu_bar",
        electrons=True,
    ),
    Case(
        "light-tensor-e",
        "Ar40",
        [SM, {"light-tensor": {**MEDIATOR, "electron": 1}}],
        exchanged(formulas.tensor_on_fermion, COUPLING**2),
        electrons=True,
    ),
    Case(
        "light-scalar-and-tensor-e",
        "Ar40",
        [
            SM,
            {"light-scalar": {**MEDIATOR, "electron": 1}},
            {"light-tensor": {**MEDIATOR, "electron": 0.1}},
        ],
        electron_scalar_tensor(COUPLING**2, COUPLING**2 / 10),
        electrons=True,
    ),
    Case(
        "magnetic-moment-e",
        "Ar40",
        [
            SM,
            {
                "magnetic-moment": {
                    "nu_e": "3e-10 mu_B",
                    "nu_mu": "2e-10 mu_B",
                    "nu_e_tau": "1e-10 mu_B",
                }
            },
        ],
        electron_moments(hermitian(e_e=3e-10, mu_mu=2e-10, e_tau=1e-10)),
        "nu_e",
        electrons=True,
    ),
    Case(
        "charge-radius-e",
        "Ar40",
        [SM, {"charge-radius": RADII_OFF}],
        electron_radius(RADIUS_OFF),
        "nu_e",
        electrons=True,
    ),
    Case(
        "millicharge-e",
        "Ar40",
        [SM, {"millicharge": {"nu_e": 2e-9, "nu_mu": -1e-9, "nu_e_tau": 3e-9}}],
        electron_charge(hermitian(e_e=2e-9, mu_mu=-1e-9, e_tau=3e-9)),
        "nu_e",
        electrons=True,
    ),
    Case(
        "anapole-e",
        "Ar40",
        [SM, {"anapole": RADII}],
        electron_radius(times(-6, RADIUS)),
        electrons=True,
    ),
    Case(
        "dipole-portal-e",
        "Ar40",
        [SM, {"dipole-portal": {"nu_e": "2e-10 mu_B", "nu_mu": "4e-10 mu_B", "mass": "2 MeV"}}],
        electron_upscattering({"e": 2e-10, "mu": 4e-10}, 2.0),
        "nu_e",
        electrons=True,
        m4=2.0,
    ),
]
