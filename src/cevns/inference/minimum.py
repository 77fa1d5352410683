"""The minimum of a likelihood and its covariance, found by MINUIT (iminuit)."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from cevns.likelihood.joint import Likelihood

Array = np.ndarray[Any, np.dtype[Any]]

TOLERANCE = 1e-4
"""Of MIGRAD: the minimum is trusted once its estimated distance is below 2e-7 in −2 ln L."""


@dataclass(frozen=True, eq=False)
class Minimum:
    """Where −2 ln L is smallest.

    Attributes
    ----------
    likelihood : Likelihood
    values : array, shape (n,)
        Of the floating parameters, in their order.
    value : float
        −2 ln(L/L_saturated) there.
    converged : bool
    calls : int
    """

    likelihood: Likelihood
    values: Array
    value: float
    converged: bool
    calls: int = 0

    @property
    def theta(self) -> dict[str, Any]:
        """Every parameter that is not nominal."""
        return self.likelihood.theta(self.values)

    def at(self, address: str) -> float:
        """The value of one parameter, floating or held."""
        parameters = self.likelihood.parameters
        return float(self.theta.get(address, parameters[address].value))

    @cached_property
    def covariance(self) -> Array:
        """Inverse of half the second derivatives (HESSE), shape (n, n); NaN where they fail."""
        n = len(self.values)
        if not n:
            return np.zeros((0, 0))
        minuit = _minuit(self.likelihood, self.values, approximate=False)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what went wrong is seen in the result
            minuit.hesse()
        if minuit.covariance is None:
            return np.full((n, n), np.nan)
        return np.array(minuit.covariance)

    @property
    def errors(self) -> Array:
        """Standard deviations of the floating parameters, shape (n,)."""
        with np.errstate(invalid="ignore"):
            errors: Array = np.sqrt(np.diag(self.covariance))
        return errors

    @property
    def correlation(self) -> Array:
        """Correlation matrix of the floating parameters, shape (n, n)."""
        errors = self.errors
        with np.errstate(invalid="ignore", divide="ignore"):
            matrix: Array = self.covariance / np.outer(errors, errors)
        return matrix

    def error(self, address: str) -> float:
        """The standard deviation of one parameter, 0 where it is held."""
        floating = self.likelihood.floating
        return float(self.errors[floating.index(address)]) if address in floating else 0.0


def minimise(likelihood: Likelihood, start: Mapping[str, float] | None = None) -> Minimum:
    """The minimum, from the nominal point or from ``start`` (by address).

    MIGRAD with gradients, seeded with the second derivatives of the expectations; where that does
    not converge, once more without them, and after a simplex.
    """
    given = start or {}
    first = np.array(
        [given.get(a, x) for a, x in zip(likelihood.floating, likelihood.start, strict=True)]
    )
    if not len(first):
        return Minimum(likelihood, first, likelihood(first), True)
    best, calls = None, 0
    for attempt in range(3):
        minuit = _minuit(likelihood, first, approximate=attempt == 0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what went wrong is seen in the result
            if attempt == 2:
                minuit.simplex()
            minuit.migrad()
        calls += minuit.nfcn
        if best is None or (minuit.valid, -minuit.fval) >= (best.valid, -best.fval):
            best = minuit
        if best.valid:
            break
    assert best is not None
    return Minimum(likelihood, np.array(best.values), float(best.fval), bool(best.valid), calls)


def interval(minimum: Minimum, address: str, confidence: float = 0.6827) -> tuple[float, float]:
    """Ends of the profile-likelihood interval of one parameter (MINOS).

    Where a bound is reached first, the bound is the end.
    """
    likelihood = minimum.likelihood
    low, high = likelihood.parameters[address].bounds or (-math.inf, math.inf)
    minuit = _minuit(likelihood, minimum.values, approximate=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        minuit.migrad()
        try:
            minuit.minos(address, cl=confidence)
        except RuntimeError:
            return math.nan, math.nan
    found = minuit.merrors[address]
    value = minuit.values[address]
    lower = value + found.lower if found.lower_valid else low if found.at_lower_limit else math.nan
    upper = value + found.upper if found.upper_valid else high if found.at_upper_limit else math.nan
    return lower, upper


def _minuit(likelihood: Likelihood, values: Array, approximate: bool) -> Any:
    """A MINUIT for the likelihood; ``approximate`` gives it the approximate second derivatives."""
    from iminuit import Minuit

    minuit = Minuit(
        likelihood,
        values,
        grad=likelihood.gradient,
        hessian=likelihood.hessian if approximate else None,
        name=likelihood.floating,
    )
    minuit.errordef = Minuit.LEAST_SQUARES
    minuit.tol = TOLERANCE
    minuit.errors = likelihood.steps
    for address in likelihood.floating:
        minuit.limits[address] = likelihood.parameters[address].bounds
    return minuit
