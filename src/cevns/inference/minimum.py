"""The minimum of a likelihood and what surrounds it.

MIGRAD of MINUIT (iminuit) finds the minimum. Its result is polished by the gradient, and errors
are from differences of the gradient: HESSE would see a parameter on its bound through a sine, and
stops where −2 ln L is rounded.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from cevns.inference.bounds import bounds_of, off_bounds, on_bounds
from cevns.inference.kinks import Stretch, kinks
from cevns.inference.minuit import hold_at, migrated, minuit_of, quietly, settle_bounds, values_of
from cevns.likelihood.joint import Likelihood

Array = np.ndarray[Any, np.dtype[Any]]

TOLERANCE = 2e-7
"""Estimated distance to the minimum, in −2 ln L, at which MIGRAD stops."""

ROUGH = 1e-4
"""The same for one of many fits."""

_CLOSEST = 1e-14
"""A distance that needs no step: 1e-7 of a standard deviation."""

_POLISHING = 6
"""Steps after MIGRAD, which rounding of −2 ln L stops at 1e-5 of a standard deviation."""

_FLAT = 1e-6
"""Second derivative in natural steps below which a parameter has no effect."""

_PATIENCE = 12
"""Values of −2 ln L that MIGRAD may ask for at first, for each parameter and three more."""

_RELEASES = 4
"""Times that a fit goes on from a bound which it should have left."""

_BOWL = 1e-4
"""Least eigenvalue of second derivatives in natural steps that MIGRAD is seeded with."""

_DEGENERATE = 1e-8
"""Eigenvalue of the correlations below which parameters cannot be told apart."""

_CURVED = 1e-2
"""The same of differences: the error of those with steps of a tenth, along a curve."""

_PART = 0.1
"""Of a flat direction: the least that makes a parameter one of those not told apart."""

_DIFFERENCE = 0.1
"""Of a standard deviation: the step of second derivatives."""

_NEAR = 1e-6
"""A parameter this close to its bound, in its natural steps, lies on it."""


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
        """Inverse of half the second derivatives, shape (n, n); NaN where −2 ln L is no bowl.

        A parameter on its bound or on a kink has no error of its own (NaN), and the others are
        those with it held there. None has one where counts of less than nothing would fit better.
        """
        free, matrix = self._curvature
        covariance = np.full((len(self.values), len(self.values)), np.nan)
        if self.at_limit or not len(free) or self._flat.size or not np.all(np.isfinite(matrix)):
            return covariance
        scale = 1.0 / np.sqrt(np.diag(matrix))
        scaled = matrix * np.outer(scale, scale)
        inverse = 2.0 * np.linalg.inv(scaled) * np.outer(scale, scale)
        covariance[np.ix_(free, free)] = inverse
        return covariance

    @cached_property
    def degenerate(self) -> dict[str, float]:
        """Parameters that −2 ln L cannot tell apart, or that it does not feel at all.

        With the largest component, of either sign, that each has of a flat direction.
        """
        free, _ = self._curvature
        found = {}
        for place, parts in zip(free, self._flat, strict=True):
            largest = max(parts.tolist(), key=abs, default=0.0)
            if abs(largest) > _PART:
                found[self.likelihood.floating[place]] = largest
        return found

    @cached_property
    def at_limit(self) -> bool:
        """Whether it is as low as it is only because no mean of counts can be below zero."""
        return self.likelihood.impossible(self.theta)

    @cached_property
    def on_bounds(self) -> tuple[str, ...]:
        """Parameters on a bound beyond which −2 ln L falls."""
        held = on_bounds(self.likelihood, self.values)
        return tuple(a for a, one in zip(self.likelihood.floating, held, strict=True) if one)

    @property
    def determined(self) -> int:
        """How many directions the data fix: not those held at bounds, and not flat ones."""
        free, _ = self._curvature
        return int(len(free) - self._flat.shape[1])

    @cached_property
    def on_kinks(self) -> tuple[str, ...]:
        """Parameters whose best value is where −2 ln L has a kink."""
        at = dict(zip(self.likelihood.floating, self.values.tolist(), strict=True))
        return tuple(a for a, edges in kinks(self.likelihood).items() if at[a] in edges)

    @cached_property
    def _curvature(self) -> tuple[Array, Array]:
        """Places of the parameters that are not held, and the second derivatives by those."""
        smooth = Stretch.around(self.likelihood, self.values).likelihood
        held = on_bounds(smooth, self.values)
        held |= [address in self.on_kinks for address in self.likelihood.floating]
        free = np.flatnonzero(~held)
        if not len(free):
            return free, np.zeros((0, 0))
        return free, _second_derivatives(smooth, self.values)[np.ix_(free, free)]

    @cached_property
    def _flat(self) -> Array:
        """Directions along which −2 ln L does not rise, in its widths, one in each column.

        Along a curve, as that of a product of two, differences see a rise: there the derivatives
        of the expectations tell, as long as the differences agree in what is left.
        """
        free, matrix = self._curvature
        scale = 1.0 / np.sqrt(np.maximum(np.abs(np.diag(matrix)), 1e-300))
        scaled = matrix * np.outer(scale, scale)
        if not np.all(np.isfinite(scaled)):
            return np.zeros((len(free), 0))
        rises, directions = np.linalg.eigh(scaled)
        if np.any(rises <= _DEGENERATE):
            return directions[:, rises <= _DEGENERATE]
        first = self.likelihood.hessian(self.values)[np.ix_(free, free)] * np.outer(scale, scale)
        felt = np.flatnonzero(np.diag(first) > _FLAT)
        rises, inner = np.linalg.eigh(first[np.ix_(felt, felt)])
        directions = np.zeros((len(free), len(felt)), dtype=float)
        directions[felt] = inner
        small = np.einsum("ik,ij,jk->k", directions, scaled, directions) < _CURVED
        return directions[:, (rises <= _DEGENERATE) & small]

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


def minimise(
    likelihood: Likelihood,
    start: Mapping[str, float] | None = None,
    tolerance: float = TOLERANCE,
) -> Minimum:
    """The minimum, from the nominal point or from ``start`` (by address).

    By MIGRAD with gradients, seeded with the second derivatives of the expectations where those
    are positive; where that does not converge, without them, and after a simplex. A result that
    is not `ROUGH` is then polished. Where −2 ln L has kinks, all this happens between two of them,
    and beyond one for as long as that leads further down.
    """
    given = start or {}
    first = np.array(
        [given.get(a, x) for a, x in zip(likelihood.floating, likelihood.start, strict=True)]
    )
    stretch = Stretch.around(likelihood, first)
    found = _smooth_minimum(stretch.likelihood, first, tolerance)
    while (lower := _lower_beyond(stretch, found, tolerance)) is not None:
        stretch, found = lower
    return replace(found, likelihood=likelihood)


def _lower_beyond(
    stretch: Stretch, found: Minimum, tolerance: float
) -> tuple[Stretch, Minimum] | None:
    """Across a kink, where that is lower than ``found``."""
    for other, start in stretch.beyond(found.values):
        there = _smooth_minimum(other.likelihood, start, tolerance)
        if there.converged and there.value < found.value - tolerance:
            return other, there
    return None


def _smooth_minimum(likelihood: Likelihood, first: Array, tolerance: float) -> Minimum:
    """The minimum from ``first``, shape (n,), of what has no kinks.

    Close to where nothing is expected −2 ln L turns so sharply that what is drawn to a bound from
    outside is drawn away from it on it. From there the fit goes on, nothing held any more.
    """
    found = _descent(likelihood, first, tolerance, hold=True)
    for _ in range(_RELEASES):
        inside = off_bounds(likelihood, found.values)
        if inside is None:
            return found
        lower = _descent(likelihood, inside, tolerance, hold=False)
        if not lower.value < found.value:
            break
        found = lower
    stuck = off_bounds(likelihood, found.values) is not None
    return replace(found, converged=False) if stuck else found


def _descent(likelihood: Likelihood, first: Array, tolerance: float, hold: bool) -> Minimum:
    """By MIGRAD from ``first``; ``hold`` puts what is drawn to a bound on it."""
    if not len(first):
        return Minimum(likelihood, first, likelihood(first), True)
    best, valid, calls = None, False, 0
    highest = likelihood(first) + 1e-9
    for attempt in range(3):
        seeded = attempt == 0 and is_bowl(likelihood, first)
        minuit = minuit_of(likelihood, first, seeded, tolerance)
        if attempt == 0 and hold:
            hold_at(minuit, _beyond(likelihood, first), likelihood)
        with quietly(minuit):
            if attempt == 2:
                minuit.simplex()
            if not migrated(minuit, _PATIENCE * (3 + len(first))):
                continue
            if hold and settle_bounds(likelihood, minuit) and not migrated(minuit):
                continue
        calls += minuit.nfcn
        # A first step too far along a product of norms can end where one of them is zero and the
        # other without bounds, uphill of the start: MIGRAD calls that valid.
        sound = bool(minuit.valid) and not minuit.fval > highest
        if best is None or (sound, -minuit.fval) >= (valid, -best.fval):
            best, valid = minuit, sound
        if valid:
            break
    if best is None:
        return _polished(Minimum(likelihood, first, highest, False, calls))
    found = Minimum(likelihood, values_of(likelihood, best), float(best.fval), valid, calls)
    return found if found.converged and tolerance >= ROUGH else _polished(found)


def _beyond(likelihood: Likelihood, values: Array) -> Array:
    """Bounds that the next step of Newton's method would cross, or that hold a parameter already.

    NaN elsewhere, shape (n,).
    """
    low, high = bounds_of(likelihood)
    step, _ = _newton_step(likelihood, values)
    crossed = np.where(values + step < low, low, np.where(values + step > high, high, np.nan))
    return np.where(on_bounds(likelihood, values), values, crossed)


def is_bowl(likelihood: Likelihood, values: Array) -> bool:
    """Whether the approximate second derivatives are those of a bowl, as MIGRAD needs them."""
    scale = likelihood.steps
    matrix = likelihood.hessian(values) * np.outer(scale, scale)
    finite = bool(np.all(np.isfinite(matrix)))
    return finite and float(np.min(np.linalg.eigvalsh(matrix))) > _BOWL


def _polished(found: Minimum) -> Minimum:
    """The minimum by the gradient alone, which is exact where the value is already rounded.

    A few steps of Newton's method from where MIGRAD stopped, each taken only if it leads nearer.
    A parameter on its bound stays there while −2 ln L falls beyond it: MIGRAD knows no distance
    then, so that it is also seen here whether such a fit has converged.
    """
    likelihood = found.likelihood
    low, high = bounds_of(likelihood)
    near = _NEAR * likelihood.steps

    def onto_bounds(values: Array) -> Array:
        values = np.where(values - low < near, low, values)
        return np.where(high - values < near, high, values)

    values = onto_bounds(found.values)
    step, distance = _newton_step(likelihood, values)
    for _ in range(_POLISHING):
        if not distance > _CLOSEST:
            break
        moved = onto_bounds(values + step)
        next_step, next_distance = _newton_step(likelihood, moved)
        if not next_distance < distance:
            break
        values, step, distance = moved, next_step, next_distance
    converged = found.converged or distance < TOLERANCE
    return Minimum(likelihood, values, likelihood(values), converged, found.calls)


def _newton_step(likelihood: Likelihood, values: Array) -> tuple[Array, float]:
    """The step to where the gradient vanishes, and the estimated distance in −2 ln L."""
    slope = likelihood.gradient(values)
    free = np.flatnonzero(~on_bounds(likelihood, values))
    scale = likelihood.steps[free]
    matrix = likelihood.hessian(values)[np.ix_(free, free)] * np.outer(scale, scale)
    step = np.zeros_like(values)
    if not np.all(np.isfinite(matrix)) or np.any(np.diag(matrix) < _FLAT):
        return step, math.inf
    # Where the matrix has no inverse, the shortest step that comes closest.
    own = -np.linalg.lstsq(matrix, slope[free] * scale, rcond=1e-13)[0]
    step[free] = own * scale
    return step, float(-0.5 * own @ (slope[free] * scale))


def _second_derivatives(likelihood: Likelihood, values: Array) -> Array:
    """∂²(−2 ln L)/∂θ∂θ by differences of the gradient, shape (n, n); inwards at a bound.

    Unlike HESSE, which sees a bounded parameter through a sine: on its bound that is flat.
    """
    low, high = bounds_of(likelihood)
    approximate = np.maximum(np.diag(likelihood.hessian(values)), 1e-300)
    widths = _DIFFERENCE * np.minimum(likelihood.steps, np.sqrt(2.0 / approximate))
    rows = []
    for index, width in enumerate(widths):
        ends = [values.copy(), values.copy()]
        ends[0][index] = max(values[index] - width, low[index])
        ends[1][index] = min(values[index] + width, high[index])
        slopes = [likelihood.gradient(end) for end in ends]
        rows.append((slopes[1] - slopes[0]) / (ends[1][index] - ends[0][index]))
    matrix = np.array(rows)
    symmetric: Array = 0.5 * (matrix + matrix.T)
    return symmetric
