"""Solar neutrinos by brute force: MeV, cm, s; eV for masses and potentials.

Beta spectra with mpmath (Behrens & Bühring 1982 for the Fermi function), three flavours by
diagonalising the whole Hamiltonian where the neutrino is made and in vacuum, and recoil spectra and
counts by dense sums over the energy. Nothing here is a two-flavour formula.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath as mp
import numpy as np

from oracle.recoil import G_F, HBARC_MEV_FM

ALPHA = 1 / mp.mpf("137.035999084")
M_E = mp.mpf("0.51099895")
YEAR = 365.25 * 86400
PER_TONNE = 1e6 / 1.66053906660e-24  # atomic mass units in a tonne

Array = Any


def fermi(Z: int, p: Any, A: int) -> Any:
    """F(Z, W) at the momentum ``p``; Z negative for positrons."""
    p = mp.mpf(p)
    gamma = mp.sqrt(1 - (ALPHA * Z) ** 2)
    eta = ALPHA * Z * mp.sqrt(p**2 + M_E**2) / p
    radius = mp.mpf("1.2") * mp.cbrt(A) / mp.mpf("197.3269804")
    ratio = abs(mp.gamma(gamma + 1j * eta)) ** 2 / mp.gamma(2 * gamma + 1) ** 2
    return 2 * (1 + gamma) * (2 * p * radius) ** (2 * gamma - 2) * mp.exp(mp.pi * eta) * ratio


def beta_moments(energy: float, end: float, Z: int, A: int) -> list[float]:
    """∫ φ E^-n above ``energy`` for n = 0, 1, 2 over ∫ φ of everything, by mpmath."""

    def density(T: Any) -> Any:
        p = mp.sqrt(T * (T + 2 * M_E))
        return (end - T) ** 2 * p * (T + M_E) * fermi(Z, p, A) if T else T

    def integral(low: float, n: int) -> Any:
        # The end, where slow positrons are rare, in a variable in which it is flat.
        edges = mp.linspace(0, mp.sqrt(mp.mpf(end) - low), 5)
        return mp.quad(lambda u: 2 * u * density(u**2) / (end - u**2) ** n, edges)

    with mp.workdps(20):
        whole = integral(0.0, 0)
        return [float(integral(energy, n) / whole) for n in range(3)]


def mixing(s12: float, s13: float, s23: float, delta: float) -> Array:
    """The matrix U of the PDG from squared sines, entry by entry."""
    (a, b, c), (x, y, z) = (
        np.sqrt([s12, s13, s23]),
        np.sqrt([1 - s12, 1 - s13, 1 - s23]),
    )
    e = np.exp(1j * delta)
    return np.array(
        [
            [x * y, a * y, b / e],
            [-a * z - x * c * b * e, x * z - a * c * b * e, c * y],
            [a * c - x * z * b * e, -x * c - a * z * b * e, z * y],
        ]
    )


def arriving(energy: float, potential: float, U: Array, dm21: float, dm31: float) -> Array:
    """Density matrix by day: eigenstates in matter become mass states, without phases.

    ``energy`` in MeV, ``potential`` in eV, mass differences in eV².
    """
    vacuum = U @ np.diag([0.0, dm21, dm31]) @ U.conj().T / (2 * energy * 1e6)
    _, states = np.linalg.eigh(vacuum + np.diag([potential, 0.0, 0.0]))
    made = np.abs(states[0]) ** 2  # of ν_e in each eigenstate, ascending
    return (U * made) @ U.conj().T


def weight(M: float, Z: int, N: int, s2w: float, form_factor: Callable[[Any], Any], T: Any) -> Any:
    """(G_F²M/π) Q_V² F² [cm²/MeV] of a nucleus at rest."""
    QV = Z * (0.5 - 2 * s2w) - 0.5 * N
    strength = G_F**2 * M / np.pi * (HBARC_MEV_FM * 1e-13) ** 2
    return strength * QV**2 * form_factor(np.sqrt(2 * M * T)) ** 2


def helm(A: int) -> Callable[[Any], Any]:
    """Helm's form factor with the radius of Lewin & Smith; q in MeV."""
    R = np.sqrt((1.23 * A ** (1 / 3) - 0.60) ** 2 + 7 / 3 * np.pi**2 * 0.52**2 - 5 * 0.9**2)

    def form_factor(q: Any) -> Any:
        x = np.maximum(q * R / HBARC_MEV_FM, 1e-4)
        ball = 3 * (np.sin(x) - x * np.cos(x)) / x**3
        return ball * np.exp(-((q * 0.9 / HBARC_MEV_FM) ** 2) / 2)

    return form_factor


def per_tonne_year(
    energy: Array, flux: Array, nucleus: tuple[float, float, int, int], threshold: float, s2w: float
) -> float:
    """Events above ``threshold`` [MeV] of a tonne in a year.

    ``flux`` [/cm²/s/MeV] at ``energy``, equally spaced and dense; ``nucleus`` is (atomic mass in u,
    nuclear mass in MeV, Z, N). For each energy the recoils are summed up to T_max.
    """
    atomic_mass, M, Z, N = nucleus
    x, w = np.polynomial.legendre.leggauss(60)
    top = 2 * energy**2 / (M + 2 * energy)
    span = np.maximum(top - threshold, 0.0)[:, None]
    T = threshold + span * (x + 1) / 2
    E = energy[:, None]
    bracket = 1 - T / E - M * T / (2 * E**2)
    sigma = np.sum(weight(M, Z, N, s2w, helm(Z + N), T) * bracket * w * span / 2, axis=1)
    return float(np.trapezoid(flux * sigma, energy) * YEAR * PER_TONNE / atomic_mass)
