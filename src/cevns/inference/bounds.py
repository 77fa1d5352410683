"""Parameters at the ends of what they may be."""

from __future__ import annotations

from typing import Any

import numpy as np

from cevns.likelihood.joint import Likelihood

Array = np.ndarray[Any, np.dtype[Any]]

_WORTH = 1e-4
"""Of −2 ln L: what a step off a bound has to gain."""


def bounds_of(likelihood: Likelihood) -> tuple[Array, Array]:
    """Lower and upper bounds of what floats, arrays of shape (n,)."""
    bounds = [likelihood.parameters[a].bounds or (-np.inf, np.inf) for a in likelihood.floating]
    low, high = np.array(bounds).reshape(-1, 2).T
    return low, high


def on_bounds(likelihood: Likelihood, values: Array) -> Array:
    """Which parameters lie on a bound beyond which −2 ln L falls, shape (n,)."""
    low, high = bounds_of(likelihood)
    slope = likelihood.gradient(values)
    kept: Array = ((values == low) & (slope > 0)) | ((values == high) & (slope < 0))
    return kept


def off_bounds(likelihood: Likelihood, values: Array) -> Array | None:
    """A natural step inside what lies on a bound though −2 ln L falls from there; None if nothing.

    By more than 1e-4, estimated with the second derivatives.
    """
    low, high = bounds_of(likelihood)
    if not np.any((values == low) | (values == high)):
        return None
    slope = likelihood.gradient(values)
    curvature = np.diag(likelihood.hessian(values))
    inwards = ((values == low) & (slope < 0)) | ((values == high) & (slope > 0))
    inwards &= 0.5 * slope**2 > _WORTH * curvature
    if not np.any(inwards):
        return None
    room = np.minimum(likelihood.steps, 0.5 * (high - low))
    return np.where(inwards, values - np.sign(slope) * room, values)
