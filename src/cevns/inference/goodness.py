"""How well a fit describes the data."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cevns.inference.minimum import Minimum


@dataclass(frozen=True)
class Goodness:
    """−2 ln(L/L_saturated) at the minimum beside what data drawn from the fit give.

    Attributes
    ----------
    deviance : float
        Of the counts alone.
    penalty : float
        Of the constraints.
    cells, dof : int
        ``dof`` are cells and constraints less the parameters that the data fix.
    mean, spread : float
        Those of the sum of the two: with few counts in a cell it does not follow χ². Moments of
        the cells are summed at the fitted expectation. Each constraint adds 1 to the mean and each
        parameter that the data fix takes 1 away, exact for many counts; the variance shrinks by
        the same factor as the mean.
    """

    deviance: float
    penalty: float
    cells: int
    dof: int
    mean: float
    spread: float

    @property
    def total(self) -> float:
        """Deviance of the counts and of the constraints together: the value of the minimum."""
        return self.deviance + self.penalty

    @property
    def p_value(self) -> float:
        """Probability of a larger total; NaN where no freedom is left.

        That of a gamma distribution with the mean and the variance, which is χ² where these are.
        """
        from scipy.special import gammaincc

        if self.dof <= 0:
            return math.nan
        if self.total < 1e-9 * self.cells:  # every cell as expected: nothing fits better
            return 1.0
        if not self.mean > 0:
            return math.nan
        scale = self.spread**2 / self.mean
        return float(gammaincc(self.mean / scale, self.total / scale))


def goodness(minimum: Minimum) -> Goodness:
    """The goodness of the fit that found ``minimum``."""
    likelihood, theta = minimum.likelihood, minimum.theta
    moments = [
        channel.statistic.typical_deviance(channel.expected(theta, likelihood.morphed))
        for channel in likelihood.channels
    ]
    cells = sum(channel.cells.size for channel in likelihood.channels)
    free = minimum.determined - len(likelihood.constraints.addresses)
    whole = sum(mean for mean, _ in moments)
    mean = max(whole - free, 0.0)
    variance = sum(variance for _, variance in moments)
    variance *= mean / whole if whole > 0 else 1.0
    return Goodness(
        likelihood.deviance(theta),
        likelihood.constraints.value(theta),
        cells,
        cells - free,
        mean,
        math.sqrt(variance),
    )
