"""Counts, averages and shares of later papers in plain NumPy: MeV, cm, s.

A source is nodes and weights in the neutrino energy, a detector a list of nuclei; for every energy
the recoils are summed up to the end point. Shapes, constants and isotopes are typed here again, or
come from the other oracles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from oracle import reactor, solar
from oracle.electrons import bound, couplings

G_F, HBAR_C = 1.1663787e-11, 197.3269804e-13  # MeV^-2, MeV cm
M_PI, M_MU, M_E = 139.57039, 105.6583755, 0.51099895
LINE = (M_PI**2 - M_MU**2) / (2 * M_PI)
S2 = 0.23857
U_MEV, U_G = 931.49410242, 1.66053906660e-24
DAY, YEAR, KG, TONNE = 86400.0, 365.25 * 86400, 1e3, 1e6
KPC, MEV_PER_ERG = 3.0856775814913673e21, 1 / 1.602176634e-6
PER_GW = 1e9 / 1.602176634e-13  # MeV/s

Array = Any
FormFactor = Callable[[Any, int], Any]


class Nucleus(NamedTuple):
    """Protons, neutrons and atomic mass [u]."""

    Z: int
    N: int
    atomic: float

    @property
    def A(self) -> int:
        return self.Z + self.N

    @property
    def M(self) -> float:
        """Without the electrons; their binding is 1e-6 of it."""
        return self.atomic * U_MEV - self.Z * M_E

    def charge(self, s2: float = S2) -> float:
        """N - (1 - 4 s²) Z."""
        return self.N - (1 - 4 * s2) * self.Z


NUCLEI = {
    "C12": Nucleus(6, 6, 12.0),
    "Na23": Nucleus(11, 12, 22.989769282),
    "Al27": Nucleus(13, 14, 26.98153841),
    "Si28": Nucleus(14, 14, 27.97692653442),
    "Ar40": Nucleus(18, 22, 39.96238312204),
    "Ge74": Nucleus(32, 42, 73.921177761),
    "I127": Nucleus(53, 74, 126.904472592),
    "Xe132": Nucleus(54, 78, 131.90415508346),
    "Cs133": Nucleus(55, 78, 132.905451958),
    "W184": Nucleus(74, 110, 183.950933),
}
_OXYGEN = [
    (0.99757, Nucleus(8, 8, 15.99491462)),
    (0.00038, Nucleus(8, 9, 16.99913175)),
    (0.00205, Nucleus(8, 10, 17.99915961)),
]
NATURAL = {
    # (nuclei per formula unit, nucleus)
    "Si": [
        (0.92254, Nucleus(14, 14, 27.97692653)),
        (0.04672, Nucleus(14, 15, 28.97649466)),
        (0.03074, Nucleus(14, 16, 29.97377014)),
    ],
    "Ge": [
        (0.2052, Nucleus(32, 38, 69.92424854)),
        (0.2745, Nucleus(32, 40, 71.922075824)),
        (0.0776, Nucleus(32, 41, 72.923458954)),
        (0.3652, Nucleus(32, 42, 73.921177761)),
        (0.0775, Nucleus(32, 44, 75.921402725)),
    ],
    "Al2O3": [(2.0, NUCLEI["Al27"]), *((3 * share, one) for share, one in _OXYGEN)],
    "CaWO4": [
        (0.96941, Nucleus(20, 20, 39.962590851)),
        (0.00647, Nucleus(20, 22, 41.958617780)),
        (0.00135, Nucleus(20, 23, 42.958766381)),
        (0.02086, Nucleus(20, 24, 43.955481489)),
        (0.00187, Nucleus(20, 28, 47.95252265)),
        (0.0012, Nucleus(74, 106, 179.946713)),
        (0.2650, Nucleus(74, 108, 181.94820564)),
        (0.1431, Nucleus(74, 109, 182.95022275)),
        (0.3064, Nucleus(74, 110, 183.95093326)),
        (0.2843, Nucleus(74, 112, 185.9543651)),
        *((4 * share, one) for share, one in _OXYGEN),
    ],
}


def point(q: Any, A: int) -> Any:
    return np.ones_like(q)


def klein_nystrand(q: Any, A: int, radius: float = 1.0) -> Any:
    """``radius`` multiplies R = 1.2 A^(1/3) fm."""
    fm = 1e-13 / HBAR_C
    x = np.maximum(q * 1.2 * A ** (1 / 3) * radius * fm, 1e-4)
    return 3 * (np.sin(x) - x * np.cos(x)) / x**3 / (1 + (q * 0.7 * fm) ** 2)


def helm(q: Any, A: int) -> Any:
    """With the radius of Lewin & Smith."""
    return solar.helm(A)(q)


# --- sources: energies and weights ---------------------------------------------------------------

Nodes = tuple[Array, Array]


def _nodes(edges: Sequence[float], order: int = 60) -> Nodes:
    x, w = np.polynomial.legendre.leggauss(order)
    low, high = np.asarray(edges[:-1])[:, None], np.asarray(edges[1:])[:, None]
    return (low + (high - low) * (x + 1) / 2).ravel(), ((high - low) * w / 2).ravel()


def stopped_pions(panels: int = 20) -> Nodes:
    """One neutrino, a third of each flavour."""
    k, w = _nodes(np.linspace(0, M_MU / 2, panels + 1).tolist())
    x = k / M_MU
    michel = x**2 / M_MU * (192 * (0.5 - x) + 64 * (0.75 - x))
    return np.append(k, LINE), np.append(w * michel, 1.0) / 3


def pinched(mean: float, alpha: float) -> Nodes:
    """(E/⟨E⟩)^α e^{-(α+1)E/⟨E⟩} of unit integral."""
    E, w = _nodes(np.linspace(0, 12 * mean, 61).tolist())
    shape = (E / mean) ** alpha * np.exp(-(alpha + 1) * E / mean)
    return E, w * shape / np.sum(w * shape)


def burst(energy: float, kpc: float = 10.0) -> Nodes:
    """What arrives per cm² of a burst of ``energy`` [erg] in six equal parts."""
    species = ((1, 10.0, 3.0), (1, 14.0, 3.0), (4, 15.0, 2.5))
    parts = [(pinched(mean, alpha), n, mean) for n, mean, alpha in species]
    area = 4 * np.pi * (kpc * KPC) ** 2
    return (
        np.concatenate([E for (E, _), _, _ in parts]),
        np.concatenate(
            [w * n * energy / 6 * MEV_PER_ERG / mean / area for (_, w), n, mean in parts]
        ),
    )


def fission(isotope: str, end: float = 8.0) -> Nodes:
    """Antineutrinos of one fission: lines between points below 2 MeV, an exponential above."""
    points = [(float(E), float(S)) for E, S in reactor.knots(isotope)]
    table = np.array(points).T
    powers = [float(c) for c in reactor.COEFFICIENTS[isotope]]
    E, w = _nodes([*table[0], *np.linspace(2, end, 7)[1:].tolist()], 24)
    above = np.exp(sum(c * E**n for n, c in enumerate(powers)))
    return E, w * np.where(E < 2, np.interp(E, *table), above)


PWR = {"U235": 0.561, "U238": 0.076, "Pu239": 0.307, "Pu241": 0.056}  # Daya Bay
_HEAT = {"U235": 201.92, "U238": 205.52, "Pu239": 209.99, "Pu241": 213.60}  # MeV, Kopeikin 2004


def power_reactor(gigawatts: float, distances: Sequence[float], seconds: float) -> Nodes:
    """What arrives per cm² of cores of one power at distances [cm]; fissions alone, no captures."""
    parts = [(share, fission(isotope)) for isotope, share in PWR.items()]
    heat = sum(share * _HEAT[isotope] for isotope, share in PWR.items())
    area = 1 / sum(1 / (4 * np.pi * distance**2) for distance in distances)
    fissions = gigawatts * PER_GW / heat * seconds / area
    return (
        np.concatenate([E for _, (E, _) in parts]),
        np.concatenate([share * w * fissions for share, (_, w) in parts]),
    )


def pp() -> Nodes:
    """The allowed spectrum of the pp reaction, of unit integral, to 0.4234 MeV."""
    E, w = _nodes(np.linspace(0, 0.4234, 6).tolist(), 24)
    kinetic = 0.4234 - E
    p = np.sqrt(kinetic * (kinetic + 2 * M_E))
    coulomb = np.array([float(solar.fermi(-1, one, 2)) for one in p])
    shape = w * E**2 * p * (kinetic + M_E) * coulomb
    return E, shape / np.sum(shape)


# --- counts --------------------------------------------------------------------------------------


def cross_section(
    E: Any,
    nucleus: Nucleus,
    threshold: float = 0.0,
    form: FormFactor = helm,
    s2: float = S2,
    power: int = 0,
) -> Any:
    """σ above a recoil energy, (G_F²M/4π) Q_w² ∫ F² (1 − T/E − MT/2E²) dT, shape of ``E``.

    With a ``power`` the integral of T to that power times dσ/dT.
    """
    E, M = np.asarray(E, dtype=float), nucleus.M
    x, w = np.polynomial.legendre.leggauss(80)
    low, high = np.sqrt(threshold), np.sqrt(2 * E**2 / (M + 2 * E))
    span = np.maximum(high - low, 0.0)[..., None] / 2
    root = low + span * (x + 1)
    T, k = root**2, E[..., None]
    bracket = T**power * (1 - T / k - M * T / (2 * k**2))
    integral = np.sum(
        w * 2 * root * form(np.sqrt(2 * M * T), nucleus.A) ** 2 * bracket * span, axis=-1
    )
    return (G_F * HBAR_C) ** 2 * M / (4 * np.pi) * nucleus.charge(s2) ** 2 * integral


def mean_recoil(source: Nodes, nucleus: Nucleus, form: FormFactor = helm) -> float:
    """⟨T⟩ over the recoil spectrum."""
    E, weights = source
    first, all_ = (weights @ cross_section(E, nucleus, 0.0, form, power=n) for n in (1, 0))
    return float(first / all_)


def average(
    source: Nodes, nucleus: Nucleus, form: FormFactor = helm, threshold: float = 0.0
) -> float:
    """⟨σ⟩ over a source."""
    E, weights = source
    return float(weights @ cross_section(E, nucleus, threshold, form) / np.sum(weights))


def counts(
    source: Nodes,
    target: Iterable[tuple[float, Nucleus]],
    grams: float,
    threshold: float = 0.0,
    form: FormFactor = helm,
    s2: float = S2,
) -> float:
    """Events of a source [per area] in a mass of (mole fraction, nucleus), above a threshold."""
    parts = list(target)
    moles = grams / U_G / sum(share * nucleus.atomic for share, nucleus in parts)
    E, weights = source
    return sum(
        moles * share * float(weights @ cross_section(E, nucleus, threshold, form, s2))
        for share, nucleus in parts
    )


def electron_counts(
    source: Nodes,
    shells: Sequence[tuple[float, float]],
    ends: tuple[float, float],
    s2: float,
    survival: float = 1.0,
) -> float:
    """Recoils of the electrons of an atom between two energies.

    ``shells`` are (number, binding energy); what is lost of ν_e arrives as ν_μ.
    """
    total = 0.0
    for name, share in (("nu_e", survival), ("nu_mu", 1 - survival)):
        each = [bound(float(E), *ends, shells, *couplings(name, s2)) for E in source[0]]
        total += share * float(source[1] @ np.array(each))
    return total


# --- times ---------------------------------------------------------------------------------------


def arrived(window: float, pulse: float, lifetimes: Sequence[float]) -> float:
    """Share of a box pulse followed by decays that is there before ``window``, by dense sums."""
    start = (np.arange(4000) + 0.5) / 4000 * pulse
    left = np.maximum(window - start, 0.0)
    if len(lifetimes) == 1:
        there = 1 - np.exp(-left / lifetimes[0])
    else:
        a, b = lifetimes
        there = 1 - (a * np.exp(-left / a) - b * np.exp(-left / b)) / (a - b)
    return float(np.mean(there))


# --- sterile neutrinos ---------------------------------------------------------------------------


def sterile_limit(
    source: Nodes,
    target: Sequence[tuple[float, Nucleus]],
    grams: float,
    edges: Sequence[float],
    phase: float,
    norm_error: float,
    height: float,
    s2: float,
) -> float:
    """The smallest u = |U_e4|² whose χ² of binned counts reaches a height.

    Of each neutrino 4u(1 − u) sin²(phase/E) is lost; the norm has an error that all bins share. The
    residuals are proportional to u(1 − u), the covariance is that of the counts without loss.
    """

    def bins(weights: Array) -> Array:
        above = [counts((source[0], weights), target, grams, low, helm, s2) for low in edges]
        return -np.diff(above)

    whole = bins(source[1])
    lost = bins(source[1] * np.sin(phase / source[0]) ** 2)
    inverse = np.linalg.inv(np.diag(whole) + norm_error**2 * np.outer(whole, whole))
    product = float(np.sqrt(height / (16 * lost @ inverse @ lost)))
    return float(1 - np.sqrt(1 - 4 * product)) / 2
