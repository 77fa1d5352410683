r"""Shapes that move with a nuisance: from a nominal array and what it becomes at ±1 σ.

For :math:`|\alpha| \le 1` a polynomial of sixth order, beyond it straight lines through the
points at 0 and ±1; value, slope and curvature are continuous. It is the additive interpolation
"code 4p" of HistFactory (CERN-OPEN-2012-016, sec. 4.1, and the documentation of pyhf):

.. math::
    n(\alpha) = n_0 + \alpha S + g(\alpha) A,\quad S = \tfrac12 (n_+ - n_-),\quad
    A = \tfrac12 (n_+ + n_- - 2 n_0)

with :math:`g = \alpha^2 (15 - 10\alpha^2 + 3\alpha^4)/8` inside and :math:`|\alpha|` outside.

Where templates are known for several nuisances at once, at all combinations of −1, 0 and +1 σ, each
nuisance has the weights of its three values, and those of a combination multiply: what two do
together is then not left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import product
from typing import Any

import numpy as np

from cevns.parameters import Theta

Array = np.ndarray[Any, np.dtype[Any]]


def bend(alpha: float) -> tuple[float, float]:
    """The even weight g(α) and its derivative."""
    if abs(alpha) >= 1:
        return abs(alpha), float(np.sign(alpha))
    square = alpha * alpha
    value = square * (15 + square * (3 * square - 10)) / 8
    slope = alpha * (15 + square * (9 * square - 20)) / 4
    return value, slope


SIDES = (-1, 0, 1)
"""Values of a nuisance, in standard deviations, at which templates are known."""


def combinations(nuisances: int) -> list[tuple[int, ...]]:
    """The values of several nuisances at which a grid of templates is known, the last fastest."""
    return list(product(SIDES, repeat=nuisances))


def grid_weights(addresses: Sequence[str], theta: Theta) -> Array:
    """The weights of the templates at all `combinations` of nuisances, shape (3**n,)."""
    each = [_weights(float(theta.get(address, 0.0))) for address in addresses]
    weights: Array = reduce(np.multiply.outer, each, np.ones(())).ravel()
    return weights


def _weights(alpha: float) -> Array:
    """Those of the templates at −1, 0 and +1 σ."""
    even = bend(alpha)[0]
    return np.array([0.5 * (even - alpha), 1.0 - even, 0.5 * (even + alpha)])


@dataclass(frozen=True, eq=False)
class Morph:
    """What one nuisance adds to an array: ``odd`` is S and ``even`` is A, both of its shape."""

    odd: Array
    even: Array

    @classmethod
    def between(cls, low: Any, nominal: Any, high: Any) -> Morph:
        """From the arrays at −1, 0 and +1 σ, of one shape."""
        low, nominal, high = (np.asarray(one, dtype=float) for one in (low, nominal, high))
        return cls(0.5 * (high - low), 0.5 * (high + low) - nominal)

    @classmethod
    def one_sided(cls, nominal: Any, high: Any) -> Morph:
        """Where only one variation is known: a straight line through it."""
        odd = np.asarray(high, dtype=float) - np.asarray(nominal, dtype=float)
        return cls(odd, np.zeros_like(odd))

    def __call__(self, alpha: float) -> Array:
        """What is added at α."""
        change: Array = alpha * self.odd + bend(alpha)[0] * self.even
        return change

    def times(self, factor: Any) -> Morph:
        """The morph of the array times ``factor``, which must not depend on α."""
        return Morph(self.odd * factor, self.even * factor)
