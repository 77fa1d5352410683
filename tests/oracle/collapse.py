"""Neutrinos of collapsing stars, textbook formulas with mpmath: MeV, cm, s.

Pinched spectra (Keil, Raffelt & Janka 2003) and the redshift integral of the diffuse background
(Horiuchi, Beacom & Dwek 2009), written down a second time from the papers; moments
int_E^inf phi E'^-n dE' come from incomplete gamma functions and from adaptive quadrature.
"""

from __future__ import annotations

from typing import Any

import mpmath as mp

KPC = mp.mpf("3.0856775814913673e21")  # cm
MEV_PER_ERG = mp.mpf(1) / mp.mpf("1.602176634e-6")
LIGHT = mp.mpf(29979245800)  # cm/s
YEAR = mp.mpf(31557600)  # s
HUBBLE = 70 * mp.mpf(10) ** 5 / (1000 * KPC)  # /s


def pinched_moment(energy: float, n: int, mean: float, alpha: float) -> Any:
    """int_E^inf f E'^-n dE' = beta^n Gamma(alpha + 1 - n, beta E) / Gamma(alpha + 1)."""
    beta = (mp.mpf(alpha) + 1) / mp.mpf(mean)
    upper = mp.gammainc(mp.mpf(alpha) + 1 - n, beta * mp.mpf(energy))
    return beta**n * upper / mp.gamma(mp.mpf(alpha) + 1)


def fluence(share: Any, mean: Any, distance_kpc: Any) -> Any:
    """Neutrinos per cm^2 of one species that carries ``share`` [erg]."""
    return share * MEV_PER_ERG / mp.mpf(mean) / (4 * mp.pi * (distance_kpc * KPC) ** 2)


def collapse_rate(z: Any) -> Any:
    """Collapses per cm^3 and s: fiducial star formation over 143 solar masses."""
    z = mp.mpf(z)
    a, b, c, eta = mp.mpf("3.4"), mp.mpf("-0.3"), mp.mpf("-3.5"), mp.mpf(-10)
    B = 2 ** (1 - a / b)
    C = 2 ** ((b - a) / c) * 5 ** (1 - b / c)
    terms = (1 + z) ** (a * eta) + ((1 + z) / B) ** (b * eta) + ((1 + z) / C) ** (c * eta)
    per_mpc3_and_year = mp.mpf("0.0178") / 143 * terms ** (1 / eta)
    return per_mpc3_and_year / (1000 * KPC) ** 3 / YEAR


def diffuse_flux(energy: float, temperature: float, share: Any) -> Any:
    """dphi/dE [/cm^2/s/MeV] of a species with ``share`` erg per collapse at ``temperature``.

    N(E) = share (120 / 7 pi^4) E^2 / T^4 / (e^{E/T} + 1), seen from redshifts up to 5.
    """
    T = mp.mpf(temperature)
    first = collapse_rate(0)

    def integrand(z: Any) -> Any:  # of order one: the tolerance of the quadrature is absolute
        x = energy * (1 + z) / T
        expansion = mp.sqrt(mp.mpf("0.3") * (1 + z) ** 3 + mp.mpf("0.7"))
        return collapse_rate(z) / first * x**2 / (mp.exp(x) + 1) / expansion

    per_collapse = share * MEV_PER_ERG * 120 / (7 * mp.pi**4) / T**2
    whole = mp.quad(lambda z: integrand(z) / integrand(0), [0, 0.5, 1, 2, 4, 5]) * integrand(0)
    return LIGHT / HUBBLE * first * per_collapse * whole
