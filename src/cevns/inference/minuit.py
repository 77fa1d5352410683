"""MINUIT (iminuit) for a likelihood, every parameter in its natural steps.

A coupling of 1e-31 is then as good as one of 1: MINUIT takes bounds that are less than 1e-20 apart
for one.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from cevns.inference.bounds import bounds_of
from cevns.likelihood.joint import Likelihood

Array = np.ndarray[Any, np.dtype[Any]]

_EDGE = 0.05
"""Natural steps from a bound at which a parameter that is drawn to it is put on it."""


def minuit_of(likelihood: Likelihood, values: Array, approximate: bool, tolerance: float) -> Any:
    """A MINUIT for the likelihood; ``approximate`` gives it the approximate second derivatives."""
    from iminuit import Minuit

    steps = likelihood.steps

    def second(scaled: Any) -> Array:
        found: Array = likelihood.hessian(np.asarray(scaled) * steps) * np.outer(steps, steps)
        return found

    minuit = Minuit(
        lambda scaled: likelihood(np.asarray(scaled) * steps),
        values / steps,
        grad=lambda scaled: likelihood.gradient(np.asarray(scaled) * steps) * steps,
        hessian=second if approximate else None,
        name=likelihood.floating,
    )
    minuit.errordef = Minuit.LEAST_SQUARES
    minuit.tol = tolerance / 0.002  # of which it aims for a 500th
    minuit.errors = np.ones_like(steps)
    for address, low, high in zip(likelihood.floating, *ends_of(likelihood), strict=True):
        minuit.limits[address] = (low, high)
    return minuit


def ends_of(likelihood: Likelihood) -> tuple[Array, Array]:
    """Lower and upper bounds as MINUIT has them, arrays of shape (n,)."""
    low, high = bounds_of(likelihood)
    with np.errstate(over="ignore"):  # the largest of all numbers is no bound
        return low / likelihood.steps, high / likelihood.steps


def values_of(likelihood: Likelihood, minuit: Any) -> Array:
    """Where it is, shape (n,); on a bound to the last digit."""
    scaled, (lowest, highest) = np.array(minuit.values), ends_of(likelihood)
    low, high = bounds_of(likelihood)
    inside = np.clip(scaled * likelihood.steps, low, high)
    found: Array = np.select([scaled <= lowest, scaled >= highest], [low, high], inside)
    return found


@contextmanager
def quietly(minuit: Any) -> Iterator[None]:
    """Without a word from MINUIT: what went wrong is seen in the result."""
    level = minuit.print_level  # of all that there are
    minuit.print_level = -1
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        minuit.print_level = level


def migrated(minuit: Any, calls: int | None = None) -> bool:
    """Whether MIGRAD ran: iminuit 2.33 breaks off where given second derivatives are of no use."""
    try:
        minuit.migrad(ncall=calls)
    except TypeError:
        return False
    return True


def hold_at(minuit: Any, ends: Array, likelihood: Likelihood) -> None:
    """Fix parameters at the bounds in ``ends``, where those are not NaN."""
    for index in np.flatnonzero(np.isfinite(ends)):
        minuit.values[index] = ends[index] / likelihood.steps[index]
        minuit.fixed[index] = True


def settle_bounds(likelihood: Likelihood, minuit: Any) -> bool:
    """Hold what creeps towards a bound there, let go what is drawn inside; whether anything did.

    MIGRAD approaches a bound ever more slowly and asks for hundreds of values on the way, since it
    sees a bounded parameter through a sine, whose slope on the bound is zero.
    """
    low, high = bounds_of(likelihood)
    values, steps = values_of(likelihood, minuit), likelihood.steps
    slope = likelihood.gradient(values)
    changed = False
    for index in np.flatnonzero(minuit.fixed):
        inside = slope[index] < 0 if values[index] == low[index] else slope[index] > 0
        if inside:
            side = 1.0 if values[index] == low[index] else -1.0
            room = min(0.1 * steps[index], 0.5 * (high[index] - low[index]))
            minuit.values[index] = (values[index] + side * room) / steps[index]
            minuit.fixed[index] = False
            changed = True
    edge = _EDGE * steps
    ends = np.where((values - low < edge) & (slope > 0), low, np.nan)
    ends = np.where((high - values < edge) & (slope < 0), high, ends)
    ends[np.array(minuit.fixed)] = np.nan
    hold_at(minuit, ends, likelihood)
    return changed or bool(np.any(np.isfinite(ends)))
