"""One component of the expectation, in closed form in its norms and shape nuisances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cevns.likelihood.morph import Morph
from cevns.parameters import Theta

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, eq=False)
class Part:
    """Expected events of a component in the cells of a data set.

    Attributes
    ----------
    name : str
        The component it is counted under ("cevns", "steady-state", ...).
    nominal : array, shape (cells,)
    norms : tuple of str
        Addresses of the factors that multiply it; nominally 1.
    morphs : mapping
        Address of a shape nuisance, nominally 0 → what it adds.
    """

    name: str
    nominal: Array
    norms: tuple[str, ...] = ()
    morphs: Mapping[str, Morph] = field(default_factory=dict)

    def factor(self, theta: Theta) -> float:
        """Product of the norms at θ."""
        product = 1.0
        for address in self.norms:
            product *= theta.get(address, 1.0)
        return product

    def shape(self, theta: Theta) -> Array:
        """The expectation without the norms, shape (cells,)."""
        total = self.nominal
        for address, morph in self.morphs.items():
            alpha = theta.get(address, 0.0)
            if alpha:
                total = total + morph(alpha)
        return total

    def expected(self, theta: Theta) -> Array:
        """Events in each cell at θ, shape (cells,)."""
        return self.factor(theta) * self.shape(theta)
