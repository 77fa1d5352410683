"""Targets of the second code: constants, nuclei, Helm form factor, response of spins.

Nothing here is imported from the package: every constant and shape is written down anew.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# MeV, fm; CODATA 2018 and PDG 2024.
HBAR_C = 197.3269804  # MeV fm
HBAR_C_SQUARED = HBAR_C**2 * 1e-26  # MeV² cm²
G_F = 1.1663787e-11  # MeV⁻²
ALPHA = 1 / 137.035999084
M_E, M_MU, M_TAU = 0.51099895, 105.6583755, 1776.93
M_PION = 139.57039
M_P, M_N = 938.27208816, 939.56542052
M_Z = 91188.0
UNIT = 931.49410242  # MeV
UNIT_GRAMS = 1.66053906660e-24
S2W = 0.23857
G_A = 1.2764
NEUTRON_RADIUS_SQUARED = -0.1155  # fm², charge radius of the neutron
SKIN = 0.9  # fm, Helm's s


@dataclass(frozen=True)
class Nucleus:
    """One nuclide: atomic mass [u] of AME2020, charge radius [fm] of Angeli & Marinova 2013.

    ``spin`` is J, ``spins`` the pair ⟨S_p⟩, ⟨S_n⟩ of Klos et al. 2013, ``orbit`` the radial
    quantum number (from 1), l and j of the odd nucleon.
    """

    Z: int
    N: int
    mass_u: float
    charge_radius: float
    spin: float = 0.0
    spins: tuple[float, float] = (0.0, 0.0)
    orbit: tuple[int, int, float] = (1, 0, 0.5)

    @property
    def A(self) -> int:
        """Mass number."""
        return self.Z + self.N

    @property
    def mass(self) -> float:
        """Nuclear mass [MeV]: the atom less its electrons, and their binding given back."""
        z = self.Z
        binding = 14.4381 * math.pow(z, 2.39) + 1.55468e-6 * math.pow(z, 5.35)  # eV
        return self.mass_u * UNIT - self.Z * M_E + binding * 1e-6

    @property
    def per_tonne(self) -> float:
        """Nuclei in a tonne."""
        return 1e6 / (self.mass_u * UNIT_GRAMS)


AR40 = Nucleus(18, 22, 39.96238312204, 3.4274)
CS133 = Nucleus(55, 78, 132.905451958, 4.8041)
GE73 = Nucleus(32, 41, 72.923458954, 4.0632, 4.5, (0.031, 0.439), (1, 4, 4.5))
XE131 = Nucleus(54, 77, 130.905084136, 4.7808, 1.5, (-0.009, -0.272), (2, 2, 1.5))


@cache
def helm(nucleus: Nucleus, T: float) -> float:
    """Helm 1956: 3 j₁(x)/x · exp(−q²s²/2), x = qR₀, of the physical proton radius, no skin."""
    rms_squared = nucleus.charge_radius**2 - (nucleus.N / nucleus.Z * NEUTRON_RADIUS_SQUARED)
    q = math.sqrt(2 * nucleus.mass * T) / HBAR_C
    x = q * math.sqrt(5.0 / 3 * (rms_squared - 3 * SKIN**2))
    return 3 * (math.sin(x) - x * math.cos(x)) / x**3 * math.exp(-((q * SKIN) ** 2) / 2)


def spin_strength(nucleus: Nucleus, proton: float, neutron: float) -> float:
    """(4/3)((J+1)/J)(Σ_N c_N ⟨S_N⟩)², 1 for one nucleon of c = 1 (Engel 1991; Klos et al. 2013)."""
    total = proton * nucleus.spins[0] + neutron * nucleus.spins[1]
    return 4 / 3 * (nucleus.spin + 1) / nucleus.spin * total**2


def oscillator_length(A: int) -> float:
    """b [fm] of Blomqvist & Molinari 1968, to the four digits after the point of tables.

    Unrounded it would move what falls off with the spin by 7e-6 at most (⁷³Ge, above 8 keV).
    """
    return round(math.sqrt(41.467 / (45 * A ** (-1 / 3) - 25 * A ** (-2 / 3))), 4)


@cache
def density_on_grid(n: int, orbital: int) -> tuple[Array, Array]:
    """z = r cos θ in units of b, and the weight of each point in ⟨l m|…|l m⟩, for m = 0 … l."""
    x, w = np.polynomial.legendre.leggauss(80)
    r, radial = 4.5 * (1 + x), 4.5 * w  # e^{−r²} at 9 is 1e-35
    c, polar = np.polynomial.legendre.leggauss(32)
    norm = 2 * math.factorial(n - 1) / math.gamma(n + orbital + 0.5)
    laguerre = 1.0 if n == 1 else orbital + 1.5 - r**2  # L_0 and L_1 of order l + 1/2
    radial = radial * norm * r ** (2 * orbital + 2) * np.exp(-(r**2)) * laguerre**2
    weights = []
    for m in range(orbital + 1):
        derivative = np.polynomial.Legendre.basis(orbital).deriv(m)(c)
        legendre = (1 - c**2) ** (m / 2) * derivative
        size = (orbital + 0.5) * math.factorial(orbital - m) / math.factorial(orbital + m)
        weights.append(radial[:, None] * (polar * size * legendre**2)[None, :])
    return r[:, None] * c[None, :], np.array(weights)


@cache
def spin_response(nucleus: Nucleus, T: float, along: bool) -> float:
    """|⟨σ e^{iqz}⟩|² summed over the projections of the odd nucleon, over that at q = 0.

    Brute force in the m-scheme: the oscillator orbit is written in spin up and down, cos qz is
    integrated over it on a grid, every pair (m, m') is added. ``along`` takes σ_z, else σ_x.
    """
    n, orbital, j = nucleus.orbit
    z, weights = density_on_grid(n, orbital)
    q = math.sqrt(2 * nucleus.mass * T) / HBAR_C * oscillator_length(nucleus.A)
    wave = (weights * np.cos(q * z)).sum(axis=(1, 2))
    unity = weights.sum(axis=(1, 2))
    return spin_sum(orbital, j, wave, along) / spin_sum(orbital, j, unity, along)


def spin_sum(orbital: int, j: float, wave: Array, along: bool) -> float:
    """Σ |⟨j m'|σ f|j m⟩|² for a function f with the elements ``wave`` at |m_l| = 0 … l."""

    def amplitude(m: float, spin: int) -> float:
        # Clebsch-Gordan coefficients of l and 1/2; spin is +1 (up) or -1 (down).
        sign = 1 if j > orbital else -1
        size = math.sqrt((orbital + 0.5 + sign * spin * m) / (2 * orbital + 1))
        return -size if (sign, spin) == (-1, 1) else size

    def element(m: float, spin: int) -> float:
        # <l m_l|f|l m_l>, m_l = m - spin/2: none beyond l, where the amplitude is zero as well
        m_l = abs(round(m - spin / 2))
        return float(wave[m_l]) if m_l <= orbital else 0.0

    total = 0.0
    for m in (-j + k for k in range(round(2 * j) + 1)):
        if along:
            total += sum(s * amplitude(m, s) ** 2 * element(m, s) for s in (1, -1)) ** 2
        elif m < j:  # m -> m + 1 by spin down -> up, and as much back
            flip = amplitude(m + 1, 1) * amplitude(m, -1) * element(m, -1)
            total += 2 * flip**2
    return total
