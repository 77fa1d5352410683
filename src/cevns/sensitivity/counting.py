r"""The χ² of counting studies, and the significance of a signal, in closed form.

.. math:: \chi^2 = (x - x_0)^T V^{-1} (x - x_0)

Pure functions of arrays. Grids are leading axes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

_LARGEST = 4_000_000  # numbers in the covariances of the points that are solved at once


def covariance(variances: Any, effects: Any, correlation: Any) -> Array:
    """V = diag(v) + Eᵀ ρ E, shape (..., n, n).

    Parameters
    ----------
    variances : array, shape (..., n)
        Of the counts alone.
    effects : array, shape (..., p, n)
        What one standard deviation of each nuisance does to what is counted.
    correlation : array, shape (p, p)
        Between the nuisances.
    """
    effects = np.asarray(effects, dtype=float)
    shared = np.swapaxes(effects, -1, -2) @ (np.asarray(correlation) @ effects)
    diagonal = np.eye(shared.shape[-1]) * np.asarray(variances, dtype=float)[..., None, :]
    total: Array = shared + diagonal
    return total


def chi_squared(residuals: Any, matrix: Any) -> Array:
    """rᵀ V⁻¹ r, shape (...), of ``residuals``, shape (..., n), and ``matrix``, shape (..., n, n).

    Profiling nuisances that act linearly gives the same as adding what they do to V. Where V has
    no inverse, which takes a count without any uncertainty, the result is NaN.
    """
    residuals, matrix = np.asarray(residuals, dtype=float), np.asarray(matrix, dtype=float)
    if matrix.ndim == 2:
        weighted = residuals @ _inverse(matrix)
        found: Array = np.sum(weighted * residuals, axis=-1)
        return found
    shape, size = residuals.shape[:-1], matrix.shape[-1]
    rows = residuals.reshape(-1, size)
    blocks = np.broadcast_to(matrix, (*shape, size, size)).reshape(-1, size, size)
    step = max(1, _LARGEST // size**2)
    parts = [
        _solved(rows[start : start + step], blocks[start : start + step])
        for start in range(0, len(rows), step)
    ]
    return np.concatenate(parts).reshape(shape)


def _inverse(matrix: Array) -> Array:
    try:
        inverse: Array = np.linalg.inv(matrix)
    except np.linalg.LinAlgError:
        return np.full_like(matrix, np.nan)
    return inverse


def _solved(rows: Array, blocks: Array) -> Array:
    usable = np.all(np.diagonal(blocks, axis1=-2, axis2=-1) > 0, axis=-1)
    found = np.full(len(rows), np.nan)
    chosen = rows[usable]
    solved = np.linalg.solve(blocks[usable], chosen[..., None])[..., 0]
    found[usable] = np.sum(chosen * solved, axis=-1)
    return found


def ratio_variance(over: Any, under: Any, over_variance: Any, under_variance: Any) -> Array:
    """Variance of a/b for independent a and b: (a/b)² (v_a/a² + v_b/b²)."""
    over, under = np.asarray(over, dtype=float), np.asarray(under, dtype=float)
    relative = over_variance / over**2 + under_variance / under**2
    found: Array = (over / under) ** 2 * relative
    return found


def significance(signal: Any, background: Any, off_over_on: Any = np.inf) -> Array:
    """Median significance of a signal over a background, all bins together, shape (...).

    Li & Ma's (ApJ 272 (1983) 317, Eq. 17) at the expected counts s + b with the source and τ b
    without it; for a background that is known, τ = ∞, that is Cowan et al.'s (EPJ C 71 (2011)
    1554, Eq. 97), √(2[(s + b) ln(1 + s/b) − s]). A bin without background has none: NaN.

    Parameters
    ----------
    signal, background : arrays, shape (..., n)
    off_over_on : float
        τ, the time without the source over that with it.
    """
    s, b, tau = (np.asarray(one, dtype=float) for one in (signal, background, off_over_on))
    with np.errstate(all="ignore"):
        on = s + b
        # Li & Ma's two logarithms, written so that τ = ∞ is their limit.
        pooled = np.where(np.isinf(tau), b, (on + tau * b) / (1.0 + tau))
        first = on * np.log(on / pooled)
        off = tau * b * np.log1p((b - pooled) / pooled)
        second = np.where(np.isinf(tau), -s, off)
        each = np.where(b > 0, first + second, np.nan)
        found: Array = np.sqrt(2.0 * np.maximum(np.sum(each, axis=-1), 0.0))
    return found
