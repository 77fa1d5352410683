"""What data allow of one parameter: every interval of it, with ends by root search.

A coupling of new physics is rarely a parameter with one minimum and an error. What interferes with
the weak amplitude fits twice, near zero and where it turns the sign of the amplitude. What enters
squared (a magnetic moment, the coupling of a mediator) has a slope of zero at zero whatever the
data say, so that neither a minimum nor its second derivatives can be trusted there. Here the
parameter is held at given values and only the rest is fitted: the profile has no such places. The
values find its valleys; their floors and the places where they cross the level are then searched
for along the profile itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cevns.errors import InputError, Mistake
from cevns.inference.minimum import ROUGH
from cevns.inference.plane import height_at, level
from cevns.likelihood.joint import Likelihood
from cevns.likelihood.steps import natural_step

Array = np.ndarray[Any, np.dtype[Any]]
Region = tuple[float | None, float | None]
"""Ends of an interval; None where it goes on beyond the values that were given."""

_WIDTH = 1e-3
"""Of the distance to its neighbours: how well the floor of a valley is found."""

_END = 1e-5
"""Of itself: how well the end of an interval is found."""

_STEPS = 16.0
"""Natural steps up to which a coupling is looked at."""

_POINTS = 33
"""Of a coupling: a factor of 1.19 from one to the next."""


@dataclass(frozen=True)
class Allowed:
    """What is allowed of one parameter, in internal units.

    Attributes
    ----------
    address : str
    confidence : float
    best : float
        Where the profile is lowest, among the values given and between them.
    minimum : float
        −2 ln(L/L_saturated) there.
    regions : tuple
        Intervals, the lowest first; the profile is less than the level above `minimum` in each.
    """

    address: str
    confidence: float
    best: float
    minimum: float
    regions: tuple[Region, ...]

    @property
    def upper(self) -> float | None:
        """The largest value allowed; None where that is beyond the values given."""
        return self.regions[-1][1]


class _Profile:
    """−2 ln L with one parameter held and all that floats fitted; remembers where it has been.

    Each fit starts from the result of the nearest one, and again from the nominal point where that
    fails. Where both do, and where nothing can be predicted, it is NaN.
    """

    def __init__(self, likelihood: Likelihood, address: str):
        self.likelihood, self.address = likelihood, address
        self.known: dict[float, float] = {}
        self._fitted: dict[float, Mapping[str, float]] = {}

    def __call__(self, value: float) -> float:
        if value not in self.known:
            self.known[value] = self._at(value)
        return self.known[value]

    def _at(self, value: float) -> float:
        near = min(self._fitted, key=lambda one: abs(one - value), default=None)
        starts = [{}] if near is None else [self._fitted[near], {}]
        for start in starts:
            height, best, failure = height_at(self.likelihood, {self.address: value}, start)
            if not failure:
                self._fitted[value] = best
                return height
        return math.nan


def allowed(
    likelihood: Likelihood, address: str, values: Sequence[float] | Array, confidence: float = 0.90
) -> Allowed:
    """The intervals of a parameter in which its profile is below a level, one degree of freedom.

    Parameters
    ----------
    likelihood : Likelihood
        What floats in it is fitted at each value; the parameter itself need not float.
    address : str
    values : sequence of float, shape (n,)
        Ascending, in internal units. A valley of the profile is seen if one of them lies in it,
        lower than its neighbours; how close they are does not matter for the result.
    confidence : float

    Raises
    ------
    InputError
        For fewer than three values, values that do not ascend, and where nothing can be predicted
        at any of them.
    """
    nodes = np.asarray(values, dtype=float)
    if len(nodes) < 3 or not np.all(np.diff(nodes) > 0):
        raise InputError(Mistake(address, f"{len(nodes)} values", "three or more that ascend"))
    profile = _Profile(likelihood, address)
    first = int(np.argmin(np.abs(nodes)))  # from the Standard Model outwards
    for node in (*nodes[first:], *nodes[:first][::-1]):
        profile(float(node))
    heights = np.array([profile(float(node)) for node in nodes])
    if not np.any(np.isfinite(heights)):
        raise InputError(Mistake(address, "no value that can be predicted", "other values"))
    rise = level(confidence, 1)
    for ends in _valleys(nodes, heights, float(np.nanmin(heights)) + rise):
        _search_floor(profile, *ends)
    points = sorted(profile.known)
    heights = np.array([profile(point) for point in points])
    best = min(points, key=lambda one: _rank(profile, one))
    limit = profile(best) + rise
    regions = tuple(_regions(profile, np.array(points), heights, limit))
    return Allowed(address, confidence, best, profile(best), regions)


def limit_curve(
    likelihood: Likelihood,
    along: str,
    points: Sequence[float] | Array,
    address: str,
    confidence: float = 0.90,
) -> list[Allowed]:
    """What is allowed of a coupling at each of ``points`` of another parameter, such as a mass.

    Each point is a measurement of its own, compared with its own lowest value: one degree of
    freedom. The coupling is looked at from zero upwards, at its `natural_values`.
    """
    each = (likelihood.held({along: float(point)}) for point in points)
    return [allowed(one, address, natural_values(one, address), confidence) for one in each]


def natural_values(likelihood: Likelihood, address: str) -> Array:
    """Zero, and values from a sixteenth of a natural step to sixteen of them, shape (n,).

    Natural is a step that changes the deviance by about one: a coupling of a boson of 1 MeV and one
    of 10 GeV are treated alike. Where a coupling turns the sign of the weak amplitude, at seven to
    nine steps for the data of COHERENT, lies within.
    """
    parameter = likelihood.parameters[address].with_(value=0.0)
    fixed = likelihood.fixed
    step = natural_step(parameter, lambda value: likelihood.deviance({**fixed, address: value}))
    return np.concatenate([[0.0], step * np.geomspace(1 / _STEPS, _STEPS, _POINTS)])


def _valleys(nodes: Array, heights: Array, limit: float) -> Iterator[tuple[float, float]]:
    """The neighbours of each node that is lower than they are; ends of the nodes are no valleys.

    Beyond its lowest node a valley falls at most as much again as it did on the way there, as a
    parabola between even nodes does: what cannot reach ``limit`` so is left out.
    """
    for index in range(1, len(nodes) - 1):
        left, middle, right = heights[index - 1 : index + 2].tolist()
        if middle < left and middle <= right and 2.0 * middle - max(left, right) <= limit:
            yield float(nodes[index - 1]), float(nodes[index + 1])


def _search_floor(profile: _Profile, low: float, high: float) -> None:
    """Let the profile know the lowest point between two values."""
    from scipy.optimize import minimize_scalar

    width = _WIDTH * (high - low)
    minimize_scalar(profile, bounds=(low, high), method="bounded", options={"xatol": width})


def _rank(profile: _Profile, value: float) -> tuple[float, float]:
    """For the lowest point: of those as low within the accuracy of a fit, that nearest to zero."""
    height = profile(value)
    return (round(height / ROUGH) if math.isfinite(height) else math.inf, abs(value))


def _regions(profile: _Profile, points: Array, heights: Array, limit: float) -> Iterator[Region]:
    """Runs of points that are not above ``limit``, with their ends where the profile crosses it."""
    inside = np.concatenate([[False], heights <= limit, [False]])
    changes = np.flatnonzero(inside[1:] != inside[:-1]).reshape(-1, 2)
    for first, after in changes.tolist():
        yield (
            _crossing(profile, points, first, first - 1, limit),
            _crossing(profile, points, after - 1, after, limit),
        )


def _crossing(
    profile: _Profile, points: Array, inside: int, outside: int, limit: float
) -> float | None:
    """Where the profile crosses ``limit`` between a point inside and its neighbour outside.

    None where there is no neighbour, or none that could be fitted.
    """
    from scipy.optimize import brentq

    if not 0 <= outside < len(points):
        return None
    low, high = sorted((float(points[inside]), float(points[outside])))
    if not math.isfinite(profile(float(points[outside]))):
        return None
    near_zero = _END * min(high - low, max(abs(low), abs(high)))
    root = brentq(lambda value: profile(value) - limit, low, high, xtol=near_zero, rtol=_END)
    return float(root)
