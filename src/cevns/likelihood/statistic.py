"""What the numbers in the cells are: counts, or values with errors of their own.

It is a property of the data, not a choice of a fit. `cevns.likelihood.poisson` is the statistic
of counts; `Gaussian` that of rates after subtractions and corrections, whose errors are stated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


class Statistic(Protocol):
    """−2 ln(L/L_saturated) of independent cells; all arrays have the shape (cells,)."""

    def saturated(self, observed: Array) -> float:
        """The part of the deviance that depends on the data alone."""
        ...

    def deviance(self, observed: Array, expected: Array, offset: float | None = None) -> float:
        """−2 ln(L/L_saturated); ``offset`` is ``saturated(observed)`` where that is at hand."""
        ...

    def slope(self, observed: Array, expected: Array) -> Array:
        """The derivative of the deviance by the expectation of each cell."""
        ...

    def curvature(self, observed: Array, expected: Array) -> Array:
        """The second derivative."""
        ...

    def typical_deviance(self, expected: Array) -> tuple[float, float]:
        """Mean and variance of the deviance of data drawn from ``expected``."""
        ...

    def draw(self, expected: Array, generator: np.random.Generator) -> Array:
        """The data of a toy."""
        ...


@dataclass(frozen=True, eq=False)
class Gaussian:
    """χ² with given errors, an array of shape (cells,).

    The errors are those of the data and do not move with the expectation.
    """

    errors: Array

    def saturated(self, observed: Array) -> float:
        """Nothing: χ² is zero where expectation and data agree."""
        return 0.0

    def deviance(self, observed: Array, expected: Array, offset: float | None = None) -> float:
        """χ² = Σ ((n − μ)/σ)²."""
        pulls = (observed - expected) / self.errors
        return float(pulls @ pulls)

    def slope(self, observed: Array, expected: Array) -> Array:
        """∂χ²/∂μ of each cell."""
        slope: Array = 2.0 * (expected - observed) / self.errors**2
        return slope

    def curvature(self, observed: Array, expected: Array) -> Array:
        """∂²χ²/∂μ² of each cell."""
        curvature: Array = 2.0 / self.errors**2
        return curvature

    def typical_deviance(self, expected: Array) -> tuple[float, float]:
        """Those of χ²: the number of cells, and twice that."""
        cells = len(self.errors)
        return float(cells), 2.0 * cells

    def draw(self, expected: Array, generator: np.random.Generator) -> Array:
        """Normal deviates around the expectation."""
        return generator.normal(expected, self.errors)
