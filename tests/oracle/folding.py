"""True double integrals of any dsigma/dT over a spectrum, E outside and T inside: MeV, cm.

Double precision. Panels end wherever a bin edge or the threshold of a massive lepton meets the
beam; Gauss-Legendre in sqrt(E - start) there (the range of T opens like a root) and in ln T.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from oracle import recoil

Sigma = Callable[[Any, Any], Any]  # (E, T) -> dsigma/dT, arrays that broadcast


def recoil_ends(E: Any, M: float, m4: float = 0.0) -> tuple[Any, Any]:
    """(T_-, T_+) [MeV] for energies E above threshold; the lower one from T_- T_+."""
    root = np.sqrt(np.maximum((2 * E * M - m4**2) ** 2 - 4 * M**2 * m4**2, 0.0))
    upper = (2 * E**2 * M - m4**2 * (M + E) + E * root) / (2 * M * (M + 2 * E))
    return m4**4 / (4 * M * (M + 2 * E) * upper), upper


def _inner(sigma: Sigma, E: Any, low: float, high: float, M: float, m4: float, rule: Any) -> Any:
    """int dT dsigma/dT [cm^2] in the bin, for each E."""
    x, w = rule
    bottom, top = recoil_ends(E, M, m4)
    start = np.maximum(bottom, low)
    span = np.log(np.maximum(np.minimum(top, high), start) / start)
    T = start[:, None] * np.exp(span[:, None] * x)
    return span * ((sigma(E[:, None], T) * T) @ w)


def counts(
    sigma: Sigma,
    spectrum: recoil.Spectrum,
    M: float,
    edges: Any,
    m4: float = 0.0,
    order: int = 48,
) -> Any:
    """int dE phi int dT dsigma/dT between each two edges > 0 [cm^2 per unit of the spectrum]."""
    x, w = np.polynomial.legendre.leggauss(order)
    rule = (0.5 * (x + 1), 0.5 * w)
    threshold = m4 + m4**2 / (2 * M)
    starts = [float(recoil.e_min(t, M, m4)) for t in edges if np.isfinite(t)]
    total: Any = np.zeros(len(edges) - 1)
    for i, (low, high) in enumerate(pairwise(edges)):
        for a, b, density in spectrum.segments:
            inner = [e for e in (threshold, *starts) if a < e < b]
            for p, q in pairwise(sorted({a, b, *inner})):
                if q <= threshold:
                    continue
                u, weight = rule
                E = p + (q - p) * u**2
                value = density(E) * _inner(sigma, E, low, high, M, m4, rule)
                total[i] += (q - p) * ((2 * u * value) @ weight)
        for energy, share in spectrum.lines:
            if energy > threshold:
                at = np.array([energy])
                total[i] += share * _inner(sigma, at, low, high, M, m4, rule)[0]
    return total
