"""Profile likelihoods and impacts: one parameter moved, everything else fitted again."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cevns.inference.minimum import Minimum
from cevns.inference.refit import refitted

Array = np.ndarray[Any, np.dtype[Any]]

_MARGIN = 1.2  # distances of an end of the interval that a figure shows at least
_LINEAR = 4.5  # the same from a bound, where −2 ln L may rise as a line


@dataclass(frozen=True, eq=False)
class Profile:
    """−2 Δ ln L of one parameter, everything else fitted again at each point.

    ``values`` are in internal units; ``heights`` are above the smallest value known.
    """

    address: str
    values: Array
    heights: Array


@dataclass(frozen=True)
class Impact:
    """What a nuisance does to a parameter of interest.

    ``down`` and ``up`` are its shifts when the nuisance is put one fitted standard deviation below
    and above its best value and everything else is fitted again.
    """

    nuisance: str
    down: float
    up: float

    @property
    def size(self) -> float:
        """The larger of the two, without sign."""
        return max(abs(self.down), abs(self.up))


def profile(minimum: Minimum, address: str, values: Sequence[float]) -> Profile:
    """The profile at ascending ``values``, each fit starting from its neighbour's result."""
    likelihood = minimum.likelihood
    points = np.asarray(values, dtype=float)
    heights = np.full(points.shape, np.nan)
    first = int(np.argmin(np.abs(points - minimum.at(address))))
    for order in (range(first, len(points)), range(first - 1, -1, -1)):
        start = dict(zip(likelihood.floating, minimum.values.tolist(), strict=True))
        for index in order:
            found = refitted(minimum, {address: float(points[index])}, start)
            heights[index] = found.value
            start = dict(zip(found.likelihood.floating, found.values.tolist(), strict=True))
    lowest = min(minimum.value, float(np.nanmin(heights)))
    return Profile(address, points, heights - lowest)


def profile_range(
    minimum: Minimum,
    address: str,
    points: int = 31,
    widths: float = 3.0,
    ends: tuple[float, float] = (math.nan, math.nan),
) -> Array:
    """Values around the best one, to three standard deviations or to its bounds.

    Beyond the ``ends`` of its interval in any case, and to 95.45 % where it has no error.
    """
    low, high = minimum.likelihood.parameters[address].bounds or (-np.inf, np.inf)
    best, error = minimum.at(address), minimum.error(address)
    known = error > 0  # on its bound, it has none
    step = float(minimum.likelihood.steps[minimum.likelihood.floating.index(address)])
    away = [abs(end - best) if math.isfinite(end) else 0.0 for end in ends]
    below, above = (
        max(widths * error, _MARGIN * one) if known else (_LINEAR * one or widths * step)
        for one in away
    )
    return np.linspace(max(low, best - below), min(high, best + above), points)


def impacts(minimum: Minimum, address: str) -> list[Impact]:
    """The impacts of all nuisances with a prior on one parameter, the largest first."""
    likelihood = minimum.likelihood
    found = []
    for nuisance in likelihood.constraints.addresses:
        low, high = likelihood.parameters[nuisance].bounds or (-np.inf, np.inf)
        best, error = minimum.at(nuisance), minimum.error(nuisance)
        if not math.isfinite(error):  # on its bound
            continue
        ends = [float(np.clip(best + side * error, low, high)) for side in (-1.0, 1.0)]
        sides = [refitted(minimum, {nuisance: end}, stay=[address]).at(address) for end in ends]
        shifts = [side - minimum.at(address) for side in sides]
        found.append(Impact(nuisance, shifts[0], shifts[1]))
    return sorted(found, key=lambda one: -one.size)
