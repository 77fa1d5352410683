"""Neutrinos on free electrons in closed form, with integrals over T, and edges by hand. MeV, cm."""

from __future__ import annotations

import math
from collections.abc import Sequence

HBARC = 197.3269804e-13  # MeV cm
G_F = 1.1663787e-11  # MeV^-2
M_E = 0.51099895


def couplings(name: str, s2w: float, w: bool = True) -> tuple[float, float]:
    """g_V and g_A at tree level ('t Hooft 1971); g_A has the other sign for antineutrinos."""
    charged = 1.0 if w and name.startswith("nu_e") else 0.0
    axial = -0.5 + charged
    return 2 * s2w - 0.5 + charged, -axial if name.endswith("_bar") else axial


def between(E: float, low: float, high: float, gV: float, gA: float, m: float = M_E) -> float:
    """∫ dσ/dT dT [cm²] from ``low`` to ``high``, cut at the end point."""
    high = min(high, 2 * E**2 / (m + 2 * E))
    if high <= low:
        return 0.0

    def primitive(T: float) -> float:
        third = (gV - gA) ** 2 * E / 3 * (1 - (1 - T / E) ** 3)
        return (gV + gA) ** 2 * T + third - (gV**2 - gA**2) * m * T**2 / (2 * E**2)

    difference = primitive(high) - primitive(low)
    return G_F**2 * m / (2 * math.pi) * HBARC**2 * difference


def bound(
    E: float,
    low: float,
    high: float,
    shells: Sequence[tuple[float, float]],
    gV: float,
    gA: float,
) -> float:
    """The same on an atom with ``shells`` (number, binding energy [MeV]), each from its energy."""
    return sum(n * between(E, max(low, b), high, gV, gA) for n, b in shells)


# X-ray Data Booklet (Thompson et al., LBNL 2009), Table 1-1: electrons, binding energy [eV]
GERMANIUM = (
    *((2, 11103.1), (2, 1414.6), (2, 1248.1), (4, 1217.0), (2, 180.1), (2, 124.9), (4, 120.8)),
    *((4, 29.8), (6, 29.2)),
)
XENON = (
    *((2, 34561), (2, 5453), (2, 5107), (4, 4786), (2, 1148.7), (2, 1002.1), (4, 940.6)),
    *((4, 689.0), (6, 676.4), (2, 213.2), (2, 146.7), (4, 145.5), (4, 69.5), (6, 67.5)),
    *((2, 23.3), (2, 13.4), (4, 12.1)),
)
IODINE = (
    *((2, 33169), (2, 5188), (2, 4852), (4, 4557), (2, 1072), (2, 931), (4, 875), (4, 630.8)),
    *((6, 619.3), (2, 186), (6, 123), (4, 50.6), (6, 48.9)),
)
