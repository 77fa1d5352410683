"""Cross-sections of the second code: closed forms of the papers, each in its own notation.

All are dσ/dT in natural units [MeV⁻³]; E is the neutrino's energy, T the recoil, M the target's
mass. Couplings enter as in the paper that a docstring names; second_code_cases.py translates.
"""

from __future__ import annotations

import math
from functools import cache

from mpmath import fp

from oracle.second_code_targets import ALPHA, G_F, M_E, S2W

HALF = 1.0 / 2
SQRT2 = math.sqrt(2)
G_SQUARED = G_F**2
G_V_P, G_V_N = HALF - 2 * S2W, -HALF  # tree level, Scholberg 2006 below Eq. 1


# On a nucleus without spin.


def coherent(E: float, T: float, M: float, charge_squared: float) -> float:
    """Scholberg 2006 Eq. 1 without its approximation: the charge is Z g_V^p F + N g_V^n F."""
    return G_SQUARED * M / math.pi * charge_squared * (1 - T / E - M * T / (2 * E**2))


def scalar(E: float, T: float, M: float, charge: float, D: float) -> float:
    """Cerdeño et al. 2016 (1604.01025), light scalar: Q_S² M²T/(4πE²D²), D = 2MT + m²."""
    return charge**2 * M**2 * T / (4 * math.pi * E**2 * D**2)


def moment(E: float, T: float, charge_squared: float, mu: float) -> float:
    """Scholberg 2006 Eq. 6 (Vogel & Engel 1989): (πα²μ²/m_e²)Z²[(1 − T/E)/T + T/4E²]."""
    k = math.pi * (ALPHA * mu / M_E) ** 2 * charge_squared
    return k * ((1 - T / E) / T + T / (4 * E**2))


def dipole(E: float, T: float, M: float, m4: float, charge_squared: float, mu: float) -> float:
    """Upscattering on a spin-0 charge, McKeen & Pospelov 2010, in powers of 1/E.

    The papers' form is that of spin ½: see :func:`dipole_on_fermion`. The last term follows from
    the charge current (p + p')^μ of a scalar in place of the Dirac one.
    """
    s = 2 * M * T + m4**2
    k = math.pi * (ALPHA * mu / M_E) ** 2 * charge_squared
    bracket = 1 / T - s / (2 * M * T * E) - (m4**2 - T**2) * s / (8 * M * T**2 * E**2)
    return k * bracket


def tensor_scalar_nucleus(E: float, T: float, charge: float, D: float) -> float:
    """A tensor on spin 0: ⟨p'|q̄σ^{μν}q|p⟩ = iB(P^μq^ν − q^μP^ν)/M, P = p + p'; ``charge`` = gB.

    The form of a magnetic moment: 4T(1 − T/2E)² where spin ½ has M[(2 − T/E)² − MT/E²].
    """
    return 4 * T * charge**2 / (math.pi * D**2) * (1 - T / (2 * E)) ** 2


# On a fermion: an electron, or a nucleus taken for one.


def chiral(E: float, T: float, M: float, left: complex, right: complex) -> float:
    """'t Hooft 1971; Scholberg 2020 Eq. 1 with G_V ± G_A = 2g_L, 2g_R.

    (2G²M/π)[g_L² + g_R²(1 − T/E)² − g_L g_R MT/E²] for neutrinos; for antineutrinos L ↔ R.
    """
    y = T / E
    mixed = (left * right.conjugate()).real
    sizes = abs(left) ** 2 + abs(right) ** 2 * (1 - y) ** 2
    return 2 * G_SQUARED * M / math.pi * (sizes - mixed * M * T / E**2)


def scalar_on_fermion(E: float, T: float, M: float, charge: float, D: float) -> float:
    """Cerdeño et al. 2016 on electrons: M²T(1 + T/2M)/(4πE²D²)."""
    return scalar(E, T, M, charge, D) * (1 + T / (2 * M))


def pseudoscalar_on_fermion(E: float, T: float, M: float, charge: float, D: float) -> float:
    """Cerdeño et al. 2016 on electrons, pseudoscalar: M T²/(8πE²D²)."""
    return charge**2 * M * T**2 / (8 * math.pi * E**2 * D**2)


def tensor_on_fermion(E: float, T: float, M: float, charge: float, D: float) -> float:
    """Lindner, Rodejohann & Xu 2017 with ν̄σP_Lν X̄σX: (M/π D²)[(2 − T/E)² − MT/E²].

    Light-mediator papers print M/2π: their g is √2 larger at the same cross-section.
    """
    return M * charge**2 / (math.pi * D**2) * ((2 - T / E) ** 2 - M * T / E**2)


def moment_on_fermion(E: float, T: float, mu: float) -> float:
    """Vogel & Engel 1989: (πα²μ²/m_e²)(1/T − 1/E)."""
    return math.pi * (ALPHA * mu / M_E) ** 2 * (1 / T - 1 / E)


def dipole_on_fermion(E: float, T: float, M: float, m4: float, mu: float) -> float:
    """Miranda et al. 2021 (2109.09545), McKeen & Pospelov 2010: the form with m₄⁴."""
    k = math.pi * (ALPHA * mu / M_E) ** 2
    first = 1 / T - 1 / E
    second = m4**2 / (2 * E * T * M) * (1 - T / (2 * E) + M / (2 * E))
    third = m4**4 * (T - M) / (8 * E**2 * T**2 * M**2)
    return k * (first - second + third)


# On the spin of a nucleus.


def axial_nucleus(E: float, T: float, M: float, axial_factor: float) -> float:
    """Hoferichter, Menéndez & Schwenk 2020 (2007.08529): (G²M/4π)[1 − T/E + MT/2E²]F_A."""
    return G_SQUARED * M / (4 * math.pi) * (1 - T / E + M * T / (2 * E**2)) * axial_factor


# Couplings that the target sees.


def mediator(product: float, T: float, M: float, mass: float) -> float:
    """Shift of a vector or axial charge in units of G_F: g²QQ'/(√2 G (2MT + m²))."""
    return product / (SQRT2 * G_F * (2 * M * T + mass**2))


def radius_shift(area: complex) -> complex:
    """√2πα⟨r²⟩/3G of Giunti & Studenikin 2015 (1403.6344), with α(0); ⟨r²⟩ in MeV⁻²."""
    return SQRT2 * math.pi * ALPHA * area / (3 * G_F)


def charge_shift(charge: complex, T: float, M: float) -> complex:
    """2√2πα q/(G q²), q² = −2MT (2005.01645): of a neutrino of charge q, on one of +e."""
    return -2 * SQRT2 * math.pi * ALPHA * charge / (G_F * 2 * M * T)


def scalar_tensor_on_fermion(
    E: float, T: float, M: float, scalar_charge: float, tensor_charge: float, D: float
) -> float:
    """Interference of the two exchanges, with equal mass and for neutrinos; − for antineutrinos.

    A scalar's exchange attracts, +J²/2D, where the tensor is −J²/D as a vector: contact couplings
    of the same sign would have the other sign (Dirac traces; the table of physics.md has those).
    """
    amplitudes = scalar_charge * tensor_charge / D**2
    return M * T * amplitudes / (math.pi * E) * (1 - T / (2 * E))


@cache
def photon_loop(T: float, M: float, light: float, heavy: float | None) -> float:
    """(2α/π)∫x(1−x) ln[(m_h² + x(1−x)Q²)/(m_l² + x(1−x)Q²)]dx (2008.05022, 2202.11002 at Q).

    Without a heavy lepton it is the running of the light one alone, ln[1 + x(1−x)Q²/m_l²].
    """
    Q_squared = 2 * M * T

    def integrand(x: float) -> float:
        w = x * (1 - x)
        if heavy is None:
            return w * math.log1p(w * Q_squared / light**2)
        return w * math.log((heavy**2 + w * Q_squared) / (light**2 + w * Q_squared))

    return float(2 * ALPHA / math.pi * fp.quad(integrand, [0, HALF, 1]))
