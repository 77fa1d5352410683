"""The ends of profile-likelihood intervals."""

from __future__ import annotations

import math

from cevns.inference.bounds import bounds_of
from cevns.inference.kinks import kinks
from cevns.inference.minimum import (
    TOLERANCE,
    Minimum,
    is_bowl,
)
from cevns.inference.minuit import minuit_of, quietly
from cevns.inference.refit import refitted

_DOUBLINGS = 60
"""Of a step, on the way to the end of an interval: after that there is none."""


def interval(minimum: Minimum, address: str, confidence: float = 0.6827) -> tuple[float, float]:
    """Ends of the profile-likelihood interval of one parameter.

    By MINOS; where that fails, and where a parameter is on its bound, an expectation is at zero or
    −2 ln L has kinks, which MINOS does not see well, by finding the roots of the profile. Where a
    bound is reached first, the bound is the end. What the data cannot tell from another parameter
    has no ends (NaN).
    """
    if address in minimum.degenerate:
        return math.nan, math.nan
    likelihood = minimum.likelihood
    place = likelihood.floating.index(address)
    low, high = (float(ends[place]) for ends in bounds_of(likelihood))
    height = _height(confidence)
    plain = minimum.converged and not minimum.on_bounds
    plain = plain and not minimum.at_limit and not kinks(likelihood)
    lower, upper = (plain and _minos(minimum, address, confidence)) or (None, None)
    return (
        _root(minimum, address, height, low) if lower is None else lower,
        _root(minimum, address, height, high) if upper is None else upper,
    )


def _height(confidence: float) -> float:
    """How much −2 ln L rises to the ends of an interval, for one parameter."""
    from scipy.special import erfinv

    return float(2.0 * erfinv(confidence) ** 2)


def _minos(
    minimum: Minimum, address: str, confidence: float
) -> tuple[float | None, float | None] | None:
    """The ends by MINOS; None for what it does not find."""
    likelihood = minimum.likelihood
    low, high = likelihood.parameters[address].bounds or (-math.inf, math.inf)
    seeded = is_bowl(likelihood, minimum.values)
    minuit = minuit_of(likelihood, minimum.values, seeded, TOLERANCE)
    with quietly(minuit):
        minuit.migrad()
        try:
            minuit.minos(address, cl=confidence)
        except RuntimeError:
            return None
    ends = minuit.merrors[address]
    value, step = minuit.values[address], likelihood.steps[likelihood.floating.index(address)]
    lower = (value + ends.lower) * step if ends.lower_valid else None
    upper = (value + ends.upper) * step if ends.upper_valid else None
    return (
        low if ends.at_lower_limit and lower is None else lower,
        high if ends.at_upper_limit and upper is None else upper,
    )


def _root(minimum: Minimum, address: str, height: float, bound: float) -> float:
    """Where the profile is ``height`` above the minimum, on the way to ``bound``."""
    from scipy.optimize import brentq

    likelihood, best = minimum.likelihood, minimum.at(address)
    side = 1.0 if bound > best else -1.0
    step = side * float(likelihood.steps[likelihood.floating.index(address)])

    def above(value: float) -> float:
        return refitted(minimum, {address: value}).value - minimum.value - height

    inner, outer = best, best
    for _ in range(_DOUBLINGS):
        if outer == bound:
            return bound
        inner, outer = outer, min(bound, outer + step, key=lambda end: side * end)
        if above(outer) > 0:
            near = 1e-6 * abs(outer - inner)  # in its unit: the default is 2e-12 of any
            return float(brentq(above, inner, outer, xtol=near, rtol=1e-9))
        step *= 2.0
    return math.nan
