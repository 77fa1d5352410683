"""The cases of the second code: each interaction, in the words of a file and in those of papers."""

from __future__ import annotations

import cmath
import math
from collections.abc import Mapping
from typing import Any

from oracle import second_code_nuclei as of
from oracle.second_code_cases import (
    CHI,
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
    light_vector,
    times,
)
from oracle.second_code_electrons import ELECTRON, ELECTRON_CASES
from oracle.second_code_formulas import coherent, mediator
from oracle.second_code_targets import (
    AR40,
    CS133,
    GE73,
    HBAR_C,
    M_E,
    M_MU,
    M_TAU,
    XE131,
)

SHELL = {"axial": "shell-model"}
NO_MATRIX: Matrix = {}


# Standard Model and NSI.

STANDARD = [
    Case("standard-model", "Ar40", [SM], of.standard(AR40)),
    Case("standard-model", "Cs133", [SM], of.standard(CS133), "nu_e"),
    Case(
        "standard-model-radiative",
        "Ar40",
        [SM],
        of.radiative(AR40, False),
        settings={"couplings": {"scheme": "radiative"}},
    ),
    Case(
        "standard-model-radiative-q",
        "Cs133",
        [SM],
        of.radiative(CS133, True),
        "nu_e",
        settings={"couplings": {"scheme": "radiative-q"}},
    ),
    Case(
        "standard-model-axial",
        "Xe131",
        [SM],
        of.spin_standard(XE131),
        settings=SHELL,
    ),
    Case(
        "standard-model-simple",
        "Ge73",
        [SM],
        of.simple_axial(GE73),
        "nu_mu_bar",
        settings={"axial": "simple"},
    ),
]


NSI = [
    Case(
        "nsi-diagonal",
        "Ar40",
        [SM, {"nsi": {"eps_ee_u": 0.3, "eps_mumu_d": -0.2}}],
        of.nsi(AR40, hermitian(e_e=0.3), hermitian(mu_mu=-0.2)),
        "nu_e",
    ),
    Case(
        "nsi-off-diagonal",
        "Cs133",
        [SM, {"nsi": {"eps_etau_d": "0.2+0.15j", "eps_etau_u": "-0.1+0.3j", "eps_emu_u": "0.1j"}}],
        of.nsi(
            CS133,
            hermitian(e_tau=complex(-0.1, 0.3), e_mu=complex(0, 0.1)),
            hermitian(e_tau=complex(0.2, 0.15)),
        ),
        "nu_e",
    ),
]

# Vector mediators.


LEPTON = {**MEDIATOR, "coupling": 2e-3}
USER = {"nu": 1, "u": 0.5, "d": -0.7}
THIRD = 1.0 / 3
NEGATIVE = dict.fromkeys(FLAVOURS, -1.0)
VECTOR = [
    Case(
        "light-vector-universal",
        "Ar40",
        light_vector(charges="universal"),
        of.vector(AR40, EVERY, 1.0, 1.0),
    ),
    Case(
        "light-vector-b-l",
        "Cs133",
        light_vector(charges="b-l"),
        of.vector(CS133, NEGATIVE, THIRD, THIRD),
    ),
    Case(
        "light-vector-lmu-ltau",
        "Ar40",
        [SM, {"light-vector": {**LEPTON, "charges": "lmu-ltau"}}],
        of.lepton_loop(AR40, 2e-3, ("mu", "tau"), (M_MU, M_TAU)),
    ),
    Case(
        "light-vector-user", "Cs133", light_vector(charges=USER), of.vector(CS133, EVERY, 0.5, -0.7)
    ),
    Case(
        "heavy-zprime-sequential",
        "Ar40",
        [SM, {"heavy-zprime": {"charges": "sequential", "mass": "150 GeV"}}],
        of.sequential(AR40, 150e3),
    ),
    Case(
        "light-vector-b-3lmu",
        "Ar40",
        light_vector(charges="b-3lmu"),
        of.vector(AR40, {"mu": -3.0}, THIRD, THIRD),
    ),
    Case(
        "light-vector-le-lmu",
        "Ar40",
        [SM, {"light-vector": {**LEPTON, "charges": "le-lmu"}}],
        of.lepton_loop(AR40, 2e-3, ("e", "mu"), (M_E, M_MU)),
        "nu_e",
    ),
]

ZPRIME = [
    Case("heavy-zprime-chi", "Ar40", ZPRIME_MODEL, of.zprime(AR40, 3 * CHI, 0.0, -4 * CHI, 150e3)),
]

# Scalar, tensor, axial.


def axial_shift(T: float) -> tuple[float, float]:
    """−g²(Δ_u + Δ_d)/(√2G(2MT + m²)), the same for protons and neutrons."""
    both = -mediator(25e-8 * (0.842 - 0.427), T, XE131.mass, MASS)
    return both, both


SCALAR_TENSOR = [
    Case(
        "light-scalar",
        "Ar40",
        [SM, {"light-scalar": {**MEDIATOR, "coupling": 2e-5}}],
        of.scalar(AR40, 2e-5),
    ),
    Case(
        "light-pseudoscalar",
        "Ge73",
        [SM, {"light-pseudoscalar": {**MEDIATOR, "coupling": 2e-2}}],
        of.pseudoscalar(GE73, 2e-2),
        settings=SHELL,
    ),
    Case(
        "light-axial",
        "Xe131",
        [SM, {"light-axial": {**MEDIATOR, "coupling": 5e-4}}],
        of.axial_of_spins(XE131, axial_shift),
        settings=SHELL,
    ),
    Case(
        "light-tensor-coherent",
        "Cs133",
        [SM, {"light-tensor": {**MEDIATOR, "convention": "coherent"}}],
        of.tensor_coherent(CS133, COUPLING),
    ),
    Case(
        "light-tensor-nuclear",
        "Ar40",
        [SM, {"light-tensor": {**MEDIATOR, "coupling": 2e-3, "convention": "nuclear"}}],
        added(of.standard(AR40), of.tensor_of_motion(AR40, 2e-3)),
    ),
    Case(
        "light-tensor-nuclear",
        "Xe131",
        [SM, {"light-tensor": {**MEDIATOR, "coupling": 2e-3, "convention": "nuclear"}}],
        of.tensor_nuclear(XE131, 2e-3),
        settings=SHELL,
    ),
]

# Electromagnetic properties.

MU = {"nu_e": "3e-9 mu_B", "nu_mu": "2e-9 mu_B"}
MU_OFF = {"nu_e": "3e-9 mu_B", "nu_e_mu": "2e-9 mu_B", "nu_mu_tau": "1e-9 mu_B"}
MOMENTS = hermitian(e_e=3e-9, mu_mu=2e-9)
MAGNETIC = [
    Case("magnetic-moment", "Ar40", [SM, {"magnetic-moment": MU}], of.moments(AR40, MOMENTS)),
    Case(
        "magnetic-moment-point",
        "Ar40",
        [SM, {"magnetic-moment": {**MU, "form_factor": "none"}}],
        of.moments(AR40, MOMENTS, form_factor=False),
    ),
    Case(
        "magnetic-moment-transition",
        "Cs133",
        [SM, {"magnetic-moment": MU_OFF}],
        of.moments(CS133, hermitian(e_e=3e-9, e_mu=2e-9, mu_tau=1e-9)),
    ),
]
CHARGES = {"nu_e": 2e-7, "nu_mu": -1e-7, "nu_e_tau": 3e-7}
CHARGE = hermitian(e_e=2e-7, mu_mu=-1e-7, e_tau=3e-7)


ELECTROMAGNETIC = [
    Case(
        "charge-radius",
        "Ar40",
        [SM, {"charge-radius": RADII}],
        of.electromagnetic(AR40, RADIUS, NO_MATRIX),
    ),
    Case(
        "charge-radius-off-diagonal",
        "Cs133",
        [SM, {"charge-radius": RADII_OFF}],
        of.electromagnetic(CS133, RADIUS_OFF, NO_MATRIX),
        "nu_mu_bar",
    ),
    Case(
        "millicharge",
        "Cs133",
        [SM, {"millicharge": CHARGES}],
        of.electromagnetic(CS133, NO_MATRIX, CHARGE),
        "nu_e",
    ),
    Case(
        "anapole",
        "Ar40",
        [SM, {"anapole": RADII}],
        of.electromagnetic(AR40, times(-6, RADIUS), NO_MATRIX),
    ),
]

# Heavy leptons and oscillations.

DIPOLE = {"nu_e": "2e-9 mu_B", "nu_mu": "4e-9 mu_B"}
DIPOLES = {"e": 2e-9, "mu": 4e-9}
PORTAL = [
    Case(
        "dipole-portal",
        "Ar40",
        [SM, {"dipole-portal": {**DIPOLE, "mass": "15 MeV"}}],
        of.upscattering(AR40, DIPOLES, 15.0),
        m4=15.0,
    ),
]
MIXING = {"e": 0.1, "mu": 0.15, "tau": 0.0}
STERILE = {"dm2": "1 eV^2", "Ue4_sq": 0.1, "Umu4_sq": 0.15}


def phase(E: float) -> float:
    """Δm²L/4E at 1 eV² and 20 m."""
    return 1e-12 * 20 * 1e15 / (4 * E * HBAR_C)


def active(E: float, flavour: str) -> Mapping[str, float]:
    """P_αβ of 3+1: 1 − 4U_α(1 − U_α) sin² and 4U_αU_β sin²; the sterile one is lost."""
    s = math.sin(phase(E)) ** 2
    own = MIXING[flavour]
    return {
        other: 1 - 4 * own * (1 - own) * s if other == flavour else 4 * own * MIXING[other] * s
        for other in FLAVOURS
    }


def surviving(E: float, flavour: str) -> Mapping[str, float]:
    """P_αα alone, as where appearance in other flavours is not seen (Anderson et al. 2012)."""
    return {flavour: active(E, flavour)[flavour]}


def coherent_arrival(up: Matrix, down: Matrix) -> Sigma:
    """Flavours arrive in step: |C S ν_α|², S = 1 + (e^{−iφ} − 1)uuᵀ, φ = Δm²L/2E, u_α = U_α4.

    C_αβ of L = … ε_αβ ν̄_αγν_β takes β to α; antineutrinos have its conjugate.
    """

    def sigma(E: float, T: float, flavour: str, bar: bool) -> float:
        turned = cmath.exp(-2j * phase(E)) - 1
        u = {name: math.sqrt(value) for name, value in MIXING.items()}
        arriving = {b: (b == flavour) + turned * u[b] * u[flavour] for b in FLAVOURS}
        coupling = of.nsi_matrix(AR40, up, down, T)
        square = 0.0
        for a in FLAVOURS:
            row = {b: coupling[a, b].conjugate() if bar else coupling[a, b] for b in FLAVOURS}
            square += abs(sum(row[b] * arriving[b] for b in FLAVOURS)) ** 2
        return coherent(E, T, AR40.mass, square)

    return sigma


def sterile(**numbers: Any) -> dict[str, Any]:
    """As in a file."""
    return {"sterile": {**STERILE, **numbers}}


OSCILLATION = [
    Case(
        "sterile",
        "Ar40",
        [SM, sterile(convention="active-deficit")],
        of.standard(AR40),
        survival=active,
    ),
    Case(
        "sterile-survival",
        "Ar40",
        [SM, sterile(convention="survival")],
        of.standard(AR40),
        survival=surviving,
    ),
    Case(
        "sterile-nsi",
        "Ar40",
        [SM, {"nsi": {"eps_ee_u": 0.3, "eps_mumu_d": -0.2}}, sterile()],
        NSI[0].sigma,
        survival=active,
    ),
    Case(
        "sterile-nsi-off-diagonal",
        "Ar40",
        [SM, {"nsi": {"eps_ee_u": 0.3, "eps_emu_d": "0.2+0.3j"}}, sterile()],
        coherent_arrival(hermitian(e_e=0.3), hermitian(e_mu=complex(0.2, 0.3))),
        survival=lambda E, flavour: {flavour: 1.0},
    ),
    Case("sterile-e", "Ar40", [SM, sterile()], ELECTRON, electrons=True, survival=active),
]

CASES = [
    *STANDARD,
    *NSI,
    *VECTOR,
    *ZPRIME,
    *SCALAR_TENSOR,
    *MAGNETIC,
    *ELECTROMAGNETIC,
    *PORTAL,
    *ELECTRON_CASES,
    *OSCILLATION,
]
