"""Reactor antineutrinos by brute force: MeV, cm.

The coefficients and the table are typed here again, from the papers; integrals are adaptive
quadrature in mpmath, panel by panel.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import mpmath as mp

COEFFICIENTS = {
    # Huber 2011, Table III; 238U: Mueller et al. 2011, Table VI
    "U235": ("4.367", "-4.577", "2.100", "-5.294e-1", "6.186e-2", "-2.777e-3"),
    "U238": ("4.833e-1", "1.927e-1", "-1.283e-1", "-6.762e-3", "2.233e-3", "-1.536e-4"),
    "Pu239": ("4.757", "-5.392", "2.563", "-6.596e-1", "7.820e-2", "-3.536e-3"),
    "Pu241": ("2.990", "-2.882", "1.278", "-3.343e-1", "3.905e-2", "-1.754e-3"),
}
# Vogel & Engel 1989, Table II
ENERGIES = (
    "7.813e-3",
    "1.563e-2",
    "3.12e-2",
    "6.25e-2",
    "0.125",
    "0.25",
    "0.5",
    "0.75",
    "1",
    "1.5",
)
TABLE = {
    "U235": (".024", ".092", ".35", ".61", "1.98", "2.16", "2.66", "2.66", "2.41", "1.69"),
    "U238": (".089", ".35", "1.32", ".65", "2.02", "2.18", "2.91", "2.96", "2.75", "1.97"),
    "Pu239": (".14", ".56", "2.13", ".64", "1.99", "2.08", "2.63", "2.58", "2.32", "1.48"),
    "Pu241": (".20", ".79", "3.00", ".59", "1.85", "2.14", "2.82", "2.90", "2.63", "1.75"),
}


def polynomial(isotope: str, E: Any) -> Any:
    """exp of the fitted polynomial, per MeV per fission."""
    return mp.exp(sum(mp.mpf(a) * mp.mpf(E) ** p for p, a in enumerate(COEFFICIENTS[isotope])))


def knots(isotope: str) -> list[tuple[Any, Any]]:
    """Points of the table, the last one at 2 MeV on the polynomial."""
    points = zip(map(mp.mpf, ENERGIES), map(mp.mpf, TABLE[isotope]), strict=True)
    return [*points, (mp.mpf(2), polynomial(isotope, 2))]


def moment(isotope: str, energy: float, n: int, end: float = 8) -> Any:
    """∫ S E⁻ⁿ dE from ``energy`` to ``end``: straight lines below 2 MeV, the polynomial above."""
    points = knots(isotope)
    low = max(mp.mpf(energy), points[0][0])
    total = mp.mpf(0)
    for (E1, S1), (E2, S2) in pairwise(points):
        start = max(E1, low)
        if start < E2:
            slope = (S2 - S1) / (E2 - E1)

            def line(E: Any, E1: Any = E1, S1: Any = S1, slope: Any = slope) -> Any:
                return (S1 + slope * (E - E1)) / E**n

            total += mp.quad(line, [start, E2])
    start = max(mp.mpf(2), low)
    if start < end:
        total += mp.quad(lambda E: polynomial(isotope, E) / E**n, [start, end])
    return total


M_E, M_N_MINUS_M_P = mp.mpf("0.51099895"), mp.mpf("1.29333")


def inverse_beta_scale() -> Any:
    """σ/(p_e E_e) of inverse beta decay without recoil [cm²/MeV²].

    2π²/(m_e⁵ f τ_n) in natural units, f = 1.7152, τ_n = 878.4 s (PDG 2022): Vogel & Beacom 1999,
    Eq. (7), whose corrections of order 1/M lower it by 1 to 3 % for reactors.
    """
    hbar = mp.mpf("6.582119569e-22")  # [MeV s]
    hbar_c = mp.mpf("1.973269804e-11")  # [MeV cm]
    return 2 * mp.pi**2 * hbar_c**2 * hbar / (M_E**5 * mp.mpf("1.7152") * mp.mpf("878.4"))


def inverse_beta_yield(isotope: str, end: float = 8) -> Any:
    """∫ S σ dE of inverse beta decay [cm² per fission], without recoil."""

    def rate(E: Any) -> Any:
        E_e = E - M_N_MINUS_M_P
        return polynomial(isotope, E) * E_e * mp.sqrt(abs(E_e**2 - M_E**2))

    edges = [M_N_MINUS_M_P + M_E, *(E for E in (2, 4, 6, 8) if end > E), end]
    return inverse_beta_scale() * mp.quad(rate, edges)


def coherent_bracket(E: Any, threshold: float, mass: float) -> Any:
    """∫ (1 − T/E − MT/2E²) dT above ``threshold``, up to T_max = 2E²/(M + 2E) [MeV]."""
    top = 2 * E**2 / (mass + 2 * E)
    if top <= threshold:
        return mp.mpf(0)
    slope = 1 / E + mass / (2 * E**2)
    return top - threshold - slope * (top**2 - mp.mpf(threshold) ** 2) / 2


def coherent_yield(isotope: str, threshold: float, mass: float, end: float = 8) -> Any:
    """∫ S dE ∫ (1 − T/E − MT/2E²) dT above ``threshold`` [MeV]: a count but for its constants."""
    lowest = (threshold + mp.sqrt(threshold * (threshold + 2 * mass))) / 2
    points = knots(isotope)

    def below(E: Any) -> Any:
        (E1, S1), (E2, S2) = next(
            pair for pair in pairwise(points) if pair[0][0] <= E <= pair[1][0]
        )
        return S1 + (S2 - S1) * (E - E1) / (E2 - E1)

    edges = [max(lowest, points[0][0]), *(E for E, _ in points if lowest < E), mp.mpf(end)]
    total = mp.mpf(0)
    for start, stop in pairwise(edges):
        middle = (start + stop) / 2

        def integrand(E: Any, low: bool = middle < 2) -> Any:
            S = below(E) if low else polynomial(isotope, E)
            return S * coherent_bracket(E, threshold, mass)

        total += mp.quad(integrand, [start, stop])
    return total
