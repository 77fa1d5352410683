r"""The likelihood of counts: minus twice the logarithm of the Poisson likelihood ratio.

.. math:: D = 2 \sum_i \big[\mu_i - n_i + n_i \ln (n_i/\mu_i)\big]

(Baker and Cousins, NIM 221 (1984) 437; PDG, "Statistics", eq. 40.16), zero where every
expectation equals its count. Where the expectation of a cell falls below `FLOOR`, the logarithm
goes on as a straight line: D stays finite and convex in μ, grows without bound for a count where
nothing is expected, and its slope leads back. Below zero, where a strength of either sign or a
morphed template can bring it, there is no Poisson distribution: (μ/`BELOW`)² is added, so that no
count at all does not reward it. Where the constraint μ ≥ 0 decides a fit, it gives way by λ
`BELOW`²/2 events, λ the slope of −2 ln L there: 1e-4 events for a slope of 2.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

FLOOR = 1e-9
"""Events per cell below which the logarithm is continued; a real expectation is far above."""

BELOW = 1e-2
"""Events below zero that cost 1 in −2 ln L: few to any count, and a curvature MINUIT can follow."""

_MANY = 300.0
"""Events in a cell above which the moments of its deviance are those for large numbers."""


def _logarithm(expected: Array) -> Array:
    """ln μ, continued below the floor by its tangent there."""
    above = np.maximum(expected, FLOOR)
    line: Array = np.log(above) + np.minimum(expected - FLOOR, 0.0) / FLOOR
    return line


def saturated(observed: Array) -> float:
    """2 Σ (n ln n − n): what makes D zero where expectation and counts agree."""
    from scipy.special import xlogy

    return float(2.0 * np.sum(xlogy(observed, observed) - observed))


def deviance(observed: Array, expected: Array, offset: float | None = None) -> float:
    """D for counts (integers or, for an Asimov data set, fractions); both of shape (cells,).

    ``offset`` is ``saturated(observed)`` where that is at hand.
    """
    total = np.sum(expected) - observed @ _logarithm(expected)
    barrier = float(np.sum((np.minimum(expected, 0.0) / BELOW) ** 2))
    return float(2.0 * total) + barrier + (saturated(observed) if offset is None else offset)


def slope(observed: Array, expected: Array) -> Array:
    """∂D/∂μ of each cell, shape (cells,)."""
    gradient: Array = 2.0 * (1.0 - observed / np.maximum(expected, FLOOR))
    gradient += 2.0 * np.minimum(expected, 0.0) / BELOW**2
    return gradient


def curvature(observed: Array, expected: Array) -> Array:
    """∂²D/∂μ² of each cell, shape (cells,)."""
    above = np.maximum(expected, FLOOR)
    second: Array = 2.0 * observed / above**2 * (expected >= FLOOR)
    second += 2.0 / BELOW**2 * (expected < 0.0)
    return second


def typical_deviance(expected: Array) -> tuple[float, float]:
    """Mean and variance of D when the counts are drawn from ``expected``, cell by cell.

    With few counts per cell D is not distributed like χ²; these moments are summed over the
    Poisson distribution itself. Above `_MANY` events they are 1 + 1/(6μ) and 2 + 2/(3μ), the
    expansion for large μ, to 1e-5.
    """
    mu = np.maximum(np.asarray(expected, dtype=float), FLOOR)
    few = mu[mu <= _MANY]
    many = mu[mu > _MANY]
    mean, variance = _summed_moments(few) if few.size else (0.0, 0.0)
    mean += float(np.sum(1.0 + 1.0 / (6.0 * many)))
    variance += float(np.sum(2.0 + 2.0 / (3.0 * many)))
    return mean, variance


def draw(expected: Array, generator: np.random.Generator) -> Array:
    """Counts of a toy, shape (cells,)."""
    return generator.poisson(np.maximum(expected, 0.0)).astype(float)


def _summed_moments(mu: Array) -> tuple[float, float]:
    from scipy.special import gammaln, xlogy

    column = mu[:, None]
    largest = int(np.max(mu) + 12.0 * np.sqrt(np.max(mu)) + 20.0)
    n = np.arange(largest + 1.0)[None, :]
    probability = np.exp(n * np.log(column) - column - gammaln(n + 1.0))
    single = 2.0 * (column - n + xlogy(n, n) - n * np.log(column))
    mean = np.sum(probability * single, axis=1)
    variance = np.sum(probability * single**2, axis=1) - mean**2
    return float(np.sum(mean)), float(np.sum(variance))
