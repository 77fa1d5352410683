"""The spin of one nucleon in an oscillator orbit at momentum q, summed over magnetic states.

With q along z, σ e^{iqz} leaves the projection of l alone, so that the matrix elements are those of
cos qz between states of one l and m, and no multipole, 6j or 9j symbol is needed:

    R(q) = Σ_{m m'} |⟨j m'| σ_i cos qz |j m⟩|²,   i = x across, i = z along the momentum.

Lengths are in units of the oscillator length b; y = (q b/2)².
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.polynomial import legendre
from scipy.special import eval_genlaguerre, gammaln, lpmv


@cache
def _grid() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Radii to 12 b and cosines from 0 to 1, with weights."""
    r, wr = legendre.leggauss(120)
    c, wc = legendre.leggauss(60)
    return 6 * (r + 1), 6 * wr, (c + 1) / 2, wc


def _cosine(n: int, ell: int, m: int, y: float) -> float:
    """⟨nlm| cos qz |nlm⟩."""
    r, wr, c, wc = _grid()
    log = math.log(2) + gammaln(n) - gammaln(n + ell + 0.5)
    radial = np.exp(log - r**2) * r ** (2 * ell + 2) * eval_genlaguerre(n - 1, ell + 0.5, r**2) ** 2
    log = math.log((2 * ell + 1) / 2) + gammaln(ell - abs(m) + 1) - gammaln(ell + abs(m) + 1)
    angular = math.exp(log) * lpmv(abs(m), ell, c) ** 2
    waves = np.cos(2 * math.sqrt(y) * r[:, None] * c)
    return float((wr * radial) @ waves @ (wc * angular))


def _clebsch(ell: int, j: float, m: float, s: float) -> float:
    """⟨l m−s ½ s | j m⟩ in closed form."""
    if abs(m - s) > ell:
        return 0.0
    if j > ell:
        return math.sqrt((ell + 0.5 + 2 * s * m) / (2 * ell + 1))
    return -2 * s * math.sqrt((ell + 0.5 - 2 * s * m) / (2 * ell + 1))


def response(n: int, ell: int, j: float, y: float, across: bool) -> float:
    """R(q)/R(0)."""
    return _sum(n, ell, j, y, across) / _sum(n, ell, j, 0.0, across)


def _sum(n: int, ell: int, j: float, y: float, across: bool) -> float:
    states = np.arange(-j, j + 1)
    cosines = {m: _cosine(n, ell, m, y) for m in range(-ell, ell + 1)}
    total = 0.0
    for before in states:
        for after in states:
            element = 0.0
            for s in (-0.5, 0.5):
                t = after - before + s  # the projection of l stays
                if abs(t) != 0.5 or (t == s) == across or abs(before - s) > ell:
                    continue
                size = 1.0 if across else 2 * s
                both = _clebsch(ell, j, after, t) * _clebsch(ell, j, before, s)
                element += size * both * cosines[round(before - s)]
            total += element**2
    return total


def spin(ell: int, j: float) -> float:
    """⟨S_z⟩ of one nucleon in the state m = j."""
    return sum(s * _clebsch(ell, j, j, s) ** 2 for s in (-0.5, 0.5))
