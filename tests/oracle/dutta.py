"""Reactor papers of 1989, 2015 and 2016 and a source paper of 2012 in plain NumPy.

Vogel & Engel 1989, Dutta et al. (arXiv:1508.07981, arXiv:1511.02834), Anderson et al.
(arXiv:1201.3805), from their equations. Nothing here comes from the package: masses are those of
AME2020, the spectrum of ²³⁵U is typed again. Integrals over the neutrino energy stand inside, over
all pieces of the spectrum, those over the recoil outside. MeV, cm, s.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .scholberg import LINE, M_MU, density, helm

Array = np.ndarray[Any, np.dtype[Any]]

G_F, HBAR_C = 1.1663787e-11, 197.3269804e-13  # MeV^-2, MeV cm
M_E, U, ALPHA = 0.51099895, 931.49410242, 1 / 137.035999084
U_G, YEAR, MEV_PER_J = 1.66053906660e-24, 365.25 * 86400, 1 / 1.602176634e-13
S2 = 0.231

# Vogel & Engel 1989, Table II, 235U, and Eq. (4) above 2 MeV
KNOTS = np.array([7.813e-3, 1.563e-2, 3.12e-2, 6.25e-2, 0.125, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0])
TABLE = np.array([0.024, 0.092, 0.35, 0.61, 1.98, 2.16, 2.66, 2.66, 2.41, 1.69])
END = 10.0
HEAT = 201.92  # MeV per fission of 235U: Kopeikin et al. 2004


def tail(E: Any) -> Any:
    """exp of the polynomial, per MeV per fission."""
    return np.exp(0.870 - 0.160 * E - 0.0910 * E**2)


def fission(E: Any) -> Any:
    """Straight lines through the table and the polynomial's value at 2 MeV, then the polynomial."""
    points = np.append(TABLE, tail(2.0))
    low = np.interp(E, KNOTS, points, left=0.0)
    return np.where(E < 2.0, low, tail(E))


def extended(E: Any) -> Any:
    """The polynomial down to zero energy."""
    return tail(E)


@dataclass(frozen=True)
class Nucleus:
    """Protons, neutrons, mass of the atom [u]."""

    Z: int
    N: int
    atomic: float

    @property
    def M(self) -> float:
        """The mass of the nucleus [MeV]; electron bindings are 1e-6 of it."""
        return self.atomic * U - self.Z * M_E

    def charge(self, p: float = 0.5 - 2 * S2, n: float = -0.5) -> float:
        """Z q_p + N q_n."""
        return self.Z * p + self.N * n


GE, SI = Nucleus(32, 40, 71.922075826), Nucleus(14, 14, 27.97692653442)

Integrand = Callable[[Any, Any], Any]


def gauss(ends: Array, order: int = 60) -> tuple[Array, Array]:
    """Nodes and weights on the pieces between ``ends``, shape (..., pieces, order)."""
    x, w = np.polynomial.legendre.leggauss(order)
    half = np.diff(ends, axis=-1)[..., None] / 2
    return ends[..., :-1, None] + half * (x + 1), half * w


def minimum(T: Any, M: float) -> Any:
    """The energy that gives T at most."""
    return (T + np.sqrt(T**2 + 2 * M * T)) / 2


def folded(T: Any, M: float, sigma: Integrand, spectrum: Callable[[Any], Any] = fission) -> Array:
    """∫ dE φ(E) dσ/dT(T, E) at recoils T, shape (n,), from E_min up, per fission."""
    T = np.atleast_1d(np.asarray(T, dtype=float))
    breaks = np.append(KNOTS, np.linspace(2.0, END, 5)[1:])
    low = np.minimum(minimum(T, M), END)[:, None]
    ends = np.sort(np.maximum(np.concatenate([low, np.broadcast_to(breaks, (len(T), 15))], 1), low))
    E, w = gauss(ends)
    total: Array = np.sum(w * spectrum(E) * sigma(T[:, None, None], E), axis=(1, 2))
    return total


def above(
    threshold: float,
    M: float,
    sigma: Integrand,
    spectrum: Callable[[Any], Any] = fission,
    below: float = np.inf,
) -> float:
    """∫ dT of that between a threshold and ``below``, √T as the variable."""
    top = min(below, 2 * END**2 / (M + 2 * END))
    kinks = 2 * KNOTS**2 / (M + 2 * KNOTS)
    inside = kinks[(kinks > threshold) & (kinks < top)]
    root, w = gauss(np.sqrt(np.concatenate([[threshold], inside, [top]])))
    values = folded(root.ravel() ** 2, M, sigma, spectrum) * 2 * root.ravel()
    return float(np.sum(w.ravel() * values))


def eq1(M: float, vector: float, axial: float = 0.0) -> Integrand:
    """Eq. (1) of arXiv:1508.07981 for neutrinos; for antineutrinos ``axial`` changes its sign."""
    front = G_F**2 * M / (2 * np.pi) * HBAR_C**2
    left, right, cross = (vector + axial) ** 2, (vector - axial) ** 2, vector**2 - axial**2
    return lambda T, E: front * (left + right * (1 - T / E) ** 2 - cross * M * T / E**2)


def electron(with_w: bool, antineutrino: bool = True, s2: float = S2) -> Integrand:
    """ν_e on a free electron at rest, with the exchange of a W or without."""
    vector, axial = 2 * s2 - 0.5 + with_w, -0.5 + with_w
    return eq1(M_E, vector, -axial if antineutrino else axial)


def magnetic(moment: float, Z: int = 1, spinless: bool = True) -> Integrand:
    """A magnetic moment in Bohr magnetons on a charge Z without form factor."""
    front = np.pi * ALPHA**2 * moment**2 * Z**2 / M_E**2 * HBAR_C**2
    return lambda T, E: front * (1 / T - 1 / E + spinless * T / (4 * E**2))


def per_kg_year(nucleus: Nucleus, power_MW: float = 1.0, distance: float = 100.0) -> float:
    """What an integral per fission is multiplied by: nuclei in a kilogram, fissions in a year."""
    fissions = power_MW * 1e6 * MEV_PER_J / HEAT * YEAR
    return fissions / (4 * np.pi * distance**2) * 1e3 / (nucleus.atomic * U_G)


def disappearance(phase: float, E: Any) -> Any:
    """sin²(Δm²L/4E) with Δm²L [eV² m], E [MeV]."""
    return np.sin(phase * 1e-12 * 100 / (4 * HBAR_C * E)) ** 2


def deficit(nucleus: Nucleus, phase: float, low: float, high: float = np.inf) -> float:
    """Δ of Eq. (10) of arXiv:1511.02834 between two recoils, for Δm²L in eV² m.

    Dense steps in 1/E, over which the oscillation is even.
    """
    sigma = eq1(nucleus.M, nucleus.charge())
    top = min(high, 2 * END**2 / (nucleus.M + 2 * END))
    root, w = gauss(np.linspace(np.sqrt(low), np.sqrt(top), 13), 12)
    T = root.ravel() ** 2
    start = 1 / minimum(T, nucleus.M)
    steps = np.linspace(0.0, 1.0, 4001)
    inverse = 1 / END + (start - 1 / END)[:, None] * steps
    E = 1 / inverse
    weight = fission(E) * sigma(T[:, None], E) * E**2
    lost = np.trapezoid(weight * disappearance(phase, E), inverse, axis=1)
    all_ = np.trapezoid(weight, inverse, axis=1)
    recoil = w.ravel() * 2 * root.ravel()
    return float(recoil @ lost / (recoil @ all_))


# --- a source inside a detector, near and far detectors --------------------------------------

CHROMIUM = ((0.747, 0.8163), (0.427, 0.0895), (0.752, 0.0849), (0.432, 0.0093))  # MeV, per decay


def line_integral(sigma: Integrand, threshold: float, lines: Any = CHROMIUM) -> float:
    """Σ weight ∫ dT dσ/dT over the lines, on a free electron."""
    total = 0.0
    for E, weight in lines:
        T, w = gauss(np.linspace(threshold, 2 * E**2 / (M_E + 2 * E), 9), 40)
        total += weight * float(np.sum(w * sigma(T, E)))
    return total


AR40 = Nucleus(18, 22, 39.9623831238)
GERMANIUM = tuple(  # isotopes of natural germanium with their mole fractions
    (Nucleus(32, N, atomic), share)
    for N, atomic, share in (
        *((38, 69.92424854, 0.2052), (40, 71.922075826, 0.2745), (41, 72.923458954, 0.0776)),
        *((42, 73.921177761, 0.3652), (44, 75.921402725, 0.0775)),
    )
)


def pion_rate(
    nucleus: Nucleus,
    T: Any,
    distance: float,
    lost: Callable[[Any], Any] | None = None,
    flavours: tuple[str, ...] = ("nu_mu", "nu_mu_bar", "nu_e"),
) -> Array:
    """dN/dT [1/MeV] at recoils T of a kilogram-year for 4e22 of each flavour a year.

    Lewin & Smith's form factor, sin²θ_W = 0.23. With ``lost``, what becomes sterile as a function
    of the energy, only the deficit.
    """
    T = np.atleast_1d(np.asarray(T, dtype=float))
    M = nucleus.M
    form = helm(np.sqrt(2 * M * T), nucleus.Z + nucleus.N)
    front = G_F**2 * M / np.pi * (HBAR_C * nucleus.charge(p=0.5 - 2 * 0.23) * form) ** 2

    def shape(E: Any, T: Any) -> Any:
        return np.maximum(1 - T / E - M * T / (2 * E**2), 0.0)

    total = np.where(minimum(T, M) < LINE, shape(LINE, T) * (lost(LINE) if lost else 1.0), 0.0)
    total = total * ("nu_mu" in flavours)
    top = np.maximum(M_MU / 2, minimum(T, M))
    E, w = gauss(np.stack([minimum(T, M), top], axis=-1), 200)
    for flavour in set(flavours) - {"nu_mu"}:
        weight = density(flavour, E) * (lost(E) if lost else 1.0)
        total = total + np.sum(w * weight * shape(E, T[:, None, None]), axis=(1, 2))
    per_area = 4e22 / (4 * np.pi * distance**2)
    rate: Array = front * total * per_area * 1e3 / (nucleus.atomic * U_G)
    return rate


def pion_counts(nucleus: Nucleus, edges: Any, distance: float, **options: Any) -> Array:
    """Those between recoils, shape (bins,), integrated up to the ends of the spectra."""
    ends = [2 * E**2 / (nucleus.M + 2 * E) for E in (LINE, M_MU / 2)]
    inner = [e for e in ends if edges[0] < e < edges[-1]]
    points = np.unique([*edges, *inner])
    T, w = gauss(points[None, :], 24)
    each = np.sum(
        w[0] * pion_rate(nucleus, T.ravel(), distance, **options).reshape(w[0].shape), axis=1
    )
    found: Array = np.histogram(points[:-1], bins=edges, weights=each)[0]
    return found


MUON = ("nu_mu", "nu_mu_bar")


def lost_on_the_way(dm2: float, distance: float, spread: float = 25.0) -> Callable[[Any], Any]:
    """½(1 − ⟨cos φ⟩) for Δm² [eV²], lengths in cm, a Gaussian spread of the length."""

    def lost(E: Any) -> Any:
        phase = dm2 * 1e-12 * distance / (2 * HBAR_C * E)
        return 0.5 * (1 - np.cos(phase) * np.exp(-0.5 * (phase * spread / distance) ** 2))

    return lost


def near_far_chi2(
    dm2: float,
    norm: float,
    rho: float,
    years: tuple[float, float] = (1, 4),
    flavours: tuple[str, ...] = MUON,
    intensity: float = 1.0,
) -> float:
    """χ² of 456 kg of argon at 20 and 40 m for 4|Uα4|²|Us4|² = 1; it goes with its square."""
    mass = 456 * intensity
    edges = np.linspace(0.03, 0.15, 13)
    counts, losses = [], []
    for distance, time in zip((2000.0, 4000.0), years, strict=True):
        counts.append(mass * time * pion_counts(AR40, edges, distance))
        options = {"lost": lost_on_the_way(dm2, distance), "flavours": flavours}
        losses.append(mass * time * pion_counts(AR40, edges, distance, **options))
    n, d = np.concatenate(counts), np.concatenate(losses)
    used = n > 0
    blocks = np.kron([[1, rho], [rho, 1]], np.ones((12, 12)))
    matrix = np.diag(n) + norm**2 * blocks * n[:, None] * n[None, :]
    matrix, d = matrix[np.ix_(used, used)], d[used]
    return float(d @ np.linalg.solve(matrix, d))
