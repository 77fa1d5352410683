"""Models of the second code on nuclei: charges first, then what flips helicity, then spins."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping

from oracle import second_code_formulas as formulas
from oracle.second_code_cases import (
    CM2,
    COUPLING,
    FLAVOURS,
    MASS,
    Matrix,
    Sigma,
    added,
    is_open,
    propagator,
)
from oracle.second_code_formulas import G_V_N, G_V_P, HALF
from oracle.second_code_targets import (
    G_A,
    M_E,
    M_MU,
    M_N,
    M_P,
    M_TAU,
    M_Z,
    S2W,
    Nucleus,
    helm,
    spin_response,
    spin_strength,
)

# Vector charges of a nucleus.


def charges(nucleus: Nucleus, T: float) -> tuple[float, float]:
    """Z F and N F."""
    return nucleus.Z * helm(nucleus, T), nucleus.N * helm(nucleus, T)


def weak_charge(nucleus: Nucleus, T: float) -> float:
    """Z g_V^p F + N g_V^n F."""
    protons, neutrons = charges(nucleus, T)
    return G_V_P * protons + G_V_N * neutrons


def shifted(nucleus: Nucleus, shift: Callable[[float, str, str], complex]) -> Sigma:
    """Scholberg 2006 Eq. 4: Σ_β |δ_αβ Q + shift(T, α, β)|² in the place of Q²."""

    def sigma(E: float, T: float, flavour: str, bar: bool) -> float:
        square = 0.0
        for other in FLAVOURS:
            weak = weak_charge(nucleus, T) if other == flavour else 0
            square += abs(weak + shift(T, flavour, other)) ** 2
        return formulas.coherent(E, T, nucleus.mass, square)

    return sigma


def standard(nucleus: Nucleus) -> Sigma:
    """The Standard Model on a nucleus without spin."""
    return shifted(nucleus, lambda T, a, b: 0)


RADIATIVE = {"e": (0.0382, M_E), "mu": (0.0300, M_MU), "tau": (0.0256, M_TAU)}
"""g_V^p of Giunti et al. 2024 (2411.03122) at Q = 0 and s² = 0.23857, and m_ℓ; g_V^n = −0.5117."""


def radiative(nucleus: Nucleus, runs: bool) -> Sigma:
    """Radiative couplings, and their charge-radius logarithm at Q of 2402.16709."""

    def sigma(E: float, T: float, flavour: str, bar: bool) -> float:
        proton, lepton = RADIATIVE[flavour]
        if runs:
            # (α/3π)[L(Q) − L(0)], L = −6∫x(1−x) ln[(m² + x(1−x)Q²)/m_W²]dx
            proton -= formulas.photon_loop(T, nucleus.mass, lepton, None)
        protons, neutrons = charges(nucleus, T)
        square = (proton * protons - 0.5117 * neutrons) ** 2
        return formulas.coherent(E, T, nucleus.mass, square)

    return sigma


def nsi_matrix(nucleus: Nucleus, up: Matrix, down: Matrix, T: float) -> Matrix:
    """Q δ_αβ + Z(2ε^u + ε^d) + N(ε^u + 2ε^d), all nine."""
    protons, neutrons = charges(nucleus, T)
    weak = weak_charge(nucleus, T)
    matrix = {}
    for pair in itertools.product(FLAVOURS, FLAVOURS):
        u, d = complex(up.get(pair, 0)), complex(down.get(pair, 0))
        shift = protons * (2 * u + d) + neutrons * (u + 2 * d)
        matrix[pair] = shift + weak * (pair[0] == pair[1])
    return matrix


def nsi(nucleus: Nucleus, up: Matrix, down: Matrix) -> Sigma:
    """Z(2ε^u + ε^d) + N(ε^u + 2ε^d) of Scholberg 2006 Eq. 4 (Barranco et al. 2005)."""

    def shift(T: float, a: str, b: str) -> complex:
        protons, neutrons = charges(nucleus, T)
        u, d = up.get((a, b), 0), down.get((a, b), 0)
        return protons * (2 * u + d) + neutrons * (u + 2 * d)

    return shifted(nucleus, shift)


def vector(nucleus: Nucleus, neutrino: Mapping[str, float], u: float, d: float) -> Sigma:
    """L = −gZ'(Q_ν ν̄_Lγν_L + Q_q q̄γq): Q' = g²Q_ν[ZF(2u + d) + NF(u + 2d)]."""

    def shift(T: float, a: str, b: str) -> complex:
        protons, neutrons = charges(nucleus, T)
        quarks = protons * (2 * u + d) + neutrons * (u + 2 * d)
        product = COUPLING**2 * neutrino.get(a, 0) * quarks * (a == b)
        return formulas.mediator(product, T, nucleus.mass, MASS)

    return shifted(nucleus, shift)


def lepton_loop(
    nucleus: Nucleus, g: float, leptons: tuple[str, str], masses: tuple[float, float]
) -> Sigma:
    """L_α − L_β through a loop and the photon: + on protons, so that ν_α scatters less there.

    A loop of charge Q'Q (Z' and photon) screens, −(α/3π) Q'Q ln Λ²/m² relative to tree level; the
    charges (1, −1) and −1 of the two leptons leave +(α/3π) ln m_β²/m_α² (2008.05022; 2202.11002).
    """

    def shift(T: float, a: str, b: str) -> complex:
        loop = formulas.photon_loop(T, nucleus.mass, *masses)
        sign = {leptons[0]: 1, leptons[1]: -1}.get(a, 0) * (a == b)
        product = g**2 * sign * loop * charges(nucleus, T)[0]
        return formulas.mediator(product, T, nucleus.mass, MASS)

    return shifted(nucleus, shift)


def sequential(nucleus: Nucleus, mass: float) -> Sigma:
    """The charges of the Z: Q (1 + m_Z²/(m² + 2MT))."""

    def shift(T: float, a: str, b: str) -> complex:
        ratio = M_Z**2 / (mass**2 + 2 * nucleus.mass * T)
        return weak_charge(nucleus, T) * ratio * (a == b)

    return shifted(nucleus, shift)


def zprime(nucleus: Nucleus, neutrino: float, u: float, d: float, mass: float) -> Sigma:
    """Dutta et al. 2015 (1508.07981) Sect. IV: Q → Q + Q'{Q'_ν/Q_ν · (5/3)s² · (m_Z/m)²}.

    Q_ν = 1/2, (g' cos θ/g)² = (5/3) sin²θ; charges of Table II, u and d their sums of L and R.
    """

    def shift(T: float, a: str, b: str) -> complex:
        protons, neutrons = charges(nucleus, T)
        quarks = protons * (2 * u + d) + neutrons * (u + 2 * d)
        strength = neutrino / HALF * 5.0 / 3 * S2W * (M_Z / mass) ** 2
        return quarks * strength * (a == b)

    return shifted(nucleus, shift)


def electromagnetic(nucleus: Nucleus, radii: Matrix, millicharges: Matrix) -> Sigma:
    """g_V^p − Q̃_αα, and Q̃_αβ without interference (1810.05606; 2005.01645)."""

    def shift(T: float, a: str, b: str) -> complex:
        radius = formulas.radius_shift(radii.get((a, b), 0) * CM2)
        charge = formulas.charge_shift(millicharges.get((a, b), 0), T, nucleus.mass)
        return -(radius + charge) * charges(nucleus, T)[0]

    return shifted(nucleus, shift)


# Helicity flips on a nucleus.


def moments(nucleus: Nucleus, matrix: Matrix, form_factor: bool = True) -> Sigma:
    """Standard Model and Vogel & Engel 1989 with μ_α² = Σ_β |μ_αβ|²."""

    def sigma(E: float, T: float, flavour: str, bar: bool) -> float:
        mu = math.sqrt(sum(abs(matrix.get((flavour, b), 0)) ** 2 for b in FLAVOURS))
        protons = charges(nucleus, T)[0] if form_factor else nucleus.Z
        return formulas.moment(E, T, protons**2, mu)

    return added(standard(nucleus), sigma)


def upscattering(nucleus: Nucleus, mu: Mapping[str, float], m4: float) -> Sigma:
    """Standard Model and the dipole portal, above the threshold of the heavy lepton."""

    def sigma(E: float, T: float, flavour: str, bar: bool) -> float:
        if not is_open(E, T, nucleus.mass, m4):
            return 0.0
        protons = charges(nucleus, T)[0]
        return formulas.dipole(E, T, nucleus.mass, m4, protons**2, mu.get(flavour, 0.0))

    return added(standard(nucleus), sigma)


def nucleon_sum(nucleus: Nucleus, T: float, proton: float, neutron: float) -> float:
    """Z F c_p + N F c_n."""
    protons, neutrons = charges(nucleus, T)
    return protons * proton + neutrons * neutron


SCALAR_P = M_P * (0.0208 / 2.16 + 0.0411 / 4.67)
SCALAR_N = M_N * (0.0189 / 2.16 + 0.0451 / 4.67)
TENSOR = 0.784 - 0.204  # u and d with charge 1: the same for p and n


def scalar(nucleus: Nucleus, g: float) -> Sigma:
    """Q_S = g² [ZF Σ(m_p/m_q)f_q^p + NF Σ(m_n/m_q)f_q^n] of u and d, Hoferichter et al. 2015."""
    return added(
        standard(nucleus),
        lambda E, T, f, bar: formulas.scalar(
            E,
            T,
            nucleus.mass,
            g**2 * nucleon_sum(nucleus, T, SCALAR_P, SCALAR_N),
            propagator(T, nucleus.mass),
        ),
    )


def axial_of_spins(nucleus: Nucleus, shift: Callable[[float], tuple[float, float]]) -> Sigma:
    """F_A = (16/3)((J+1)/J)(a_p⟨S_p⟩ + a_n⟨S_n⟩)², a = ±g_A/2 and the shifts of p and n."""

    def sigma(E: float, T: float, flavour: str, bar: bool) -> float:
        proton, neutron = shift(T)
        strength = spin_strength(nucleus, G_A / 2 + proton, -G_A / 2 + neutron)
        factor = 4 * strength * spin_response(nucleus, T, along=False)
        return formulas.axial_nucleus(E, T, nucleus.mass, factor)

    return added(standard(nucleus), sigma)


def spin_standard(nucleus: Nucleus) -> Sigma:
    """The Standard Model with the spins of the shell model."""
    return axial_of_spins(nucleus, lambda T: (0.0, 0.0))


QUARKS = {"u": (2.16, 0.842, -0.427), "d": (4.67, -0.427, 0.842), "s": (93.4, -0.085, -0.085)}
"""MeV (PDG 2022), Δ_q of the proton and of the neutron."""


def pseudoscalar_nucleon(neutron: bool) -> float:
    """h_N/m_N = Σ_q Δ_q/m_q [g_q − m̄ Σ g_q'/m_q'], u and d of charge 1, s of none (Cheng 1989).

    From ∂(q̄γγ₅q) = 2m_q q̄iγ₅q + anomaly, which Σ_q ⟨q̄iγ₅q⟩ = 0 eliminates.
    """
    reduced = 1 / sum(1 / mass for mass, _, _ in QUARKS.values())
    mean = reduced * sum(1 / QUARKS[q][0] for q in "ud")
    return sum(
        spins[neutron] / mass * ((name != "s") - mean) for name, (mass, *spins) in QUARKS.items()
    )


def pseudoscalar(nucleus: Nucleus, g: float) -> Sigma:
    """Q_P = g² M Σ_N (h_N/m_N) s_N, of the spin along the momentum transfer."""

    def sigma(E: float, T: float, flavour: str, bar: bool) -> float:
        strength = spin_strength(nucleus, pseudoscalar_nucleon(False), pseudoscalar_nucleon(True))
        charge = g**2 * nucleus.mass * math.sqrt(strength * spin_response(nucleus, T, along=True))
        D = propagator(T, nucleus.mass)
        return formulas.pseudoscalar_on_fermion(E, T, nucleus.mass, charge, D)

    return added(spin_standard(nucleus), sigma)


def tensor_coherent(nucleus: Nucleus, g: float) -> Sigma:
    """The literature's: every nucleon adds up, the row of spin ½."""
    return added(
        standard(nucleus),
        lambda E, T, f, bar: formulas.tensor_on_fermion(
            E,
            T,
            nucleus.mass,
            g**2 * nucleon_sum(nucleus, T, TENSOR, TENSOR),
            propagator(T, nucleus.mass),
        ),
    )


def tensor_of_motion(nucleus: Nucleus, g: float) -> Sigma:
    """⟨σ^{0i}⟩ of nucleons at rest is −iq^i/2m_N, so that B = (M/2m_N) Σ d_N F."""

    def sigma(E: float, T: float, flavour: str, bar: bool) -> float:
        total = nucleon_sum(nucleus, T, TENSOR, TENSOR)
        strength = g**2 * total * nucleus.mass / (M_P + M_N)
        D = propagator(T, nucleus.mass)
        return formulas.tensor_scalar_nucleus(E, T, strength, D)

    return sigma


def tensor_nuclear(nucleus: Nucleus, g: float) -> Sigma:
    """Spins of the nucleons and what their motion makes of the charge."""

    def spins(E: float, T: float, flavour: str, bar: bool) -> float:
        response = spin_response(nucleus, T, along=False)
        charge = g**2 * math.sqrt(spin_strength(nucleus, TENSOR, TENSOR) * response)
        D = propagator(T, nucleus.mass)
        return formulas.tensor_on_fermion(E, T, nucleus.mass, charge, D)

    return added(spin_standard(nucleus), added(spins, tensor_of_motion(nucleus, g)))


def simple_axial(nucleus: Nucleus) -> Sigma:
    """Scholberg 2020 Eqs. 1-3 with an odd neutron of G_A = −1/2 times the form factor."""

    def sigma(E: float, T: float, flavour: str, bar: bool) -> float:
        gV, gA = weak_charge(nucleus, T), -HALF * helm(nucleus, T)
        left, right = (gV + gA) / 2, (gV - gA) / 2
        if bar:
            left, right = right, left
        return formulas.chiral(E, T, nucleus.mass, left, right)

    return sigma
