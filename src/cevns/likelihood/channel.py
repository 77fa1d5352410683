"""One data set in a likelihood, or one run of it: what was counted, and what is expected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from cevns.likelihood import poisson
from cevns.likelihood.cells import Cells
from cevns.likelihood.part import Part
from cevns.likelihood.signal import Contribution
from cevns.likelihood.statistic import Gaussian, Statistic
from cevns.parameters import Theta

Array = np.ndarray[Any, np.dtype[Any]]


class Local(Mapping[str, Any]):
    """θ of a joint likelihood as one data set sees it, at addresses of its own.

    ``names`` holds the shared address of each of its own; nothing else of θ is visible.
    """

    def __init__(self, theta: Theta, names: Mapping[str, str]):
        self._theta, self._names = theta, names

    def __getitem__(self, address: str) -> Any:
        return self._theta[self._names[address]]

    def __iter__(self) -> Iterator[str]:
        return (own for own, shared in self._names.items() if shared in self._theta)

    def __len__(self) -> int:
        return sum(1 for _ in self)


@dataclass(frozen=True, eq=False)
class Channel:
    """Counts in cells and the components expected there.

    Attributes
    ----------
    name : str
        Unique within a likelihood; "" where there is only one.
    title : str
        For tables and figures.
    cells : Cells
    observed : array, shape (cells,)
    contributions : tuple of Contribution
        The signal first.
    names : mapping
        Own address → address in the likelihood, of every parameter that acts here.
    one_sided : frozenset of str
        Own addresses of nuisances whose effect is known on one side only, at +1 σ.
    statistic : Statistic
        What the numbers in the cells are; Poisson counts by default.
    experiment, run : str
        The experiment that it is of, and which of its runs; "" where it has one only.
    """

    name: str
    title: str
    cells: Cells
    observed: Array
    contributions: tuple[Contribution, ...]
    names: Mapping[str, str] = field(default_factory=dict)
    one_sided: frozenset[str] = frozenset()
    statistic: Statistic = poisson
    experiment: str = ""
    run: str = ""

    @cached_property
    def _saturated(self) -> float:
        """What makes −2 ln L zero where expectation and counts agree."""
        return self.statistic.saturated(self.observed)

    def deviance(self, expected: Array) -> float:
        """−2 ln(L/L_saturated) of the counts at ``expected``, shape (cells,)."""
        return self.statistic.deviance(self.observed, expected, self._saturated)

    def slope(self, expected: Array) -> Array:
        """Its derivatives by the expectations, shape (cells,)."""
        return self.statistic.slope(self.observed, expected)

    def curvature(self, expected: Array) -> Array:
        """Its second derivatives, shape (cells,)."""
        return self.statistic.curvature(self.observed, expected)

    def unexplained(self, expected: Array, share: float = 0.0) -> bool:
        """Whether there are counts where nothing is ``expected``: their likelihood is zero.

        Or no more than a ``share`` of the counts of a cell.
        """
        counted = not isinstance(self.statistic, Gaussian)
        least = np.maximum(poisson.FLOOR, share * self.observed)
        return counted and bool(np.any((self.observed > 0) & (expected <= least)))

    def impossible(self, expected: Array) -> bool:
        """Whether a mean of counts is below zero, where nothing but a barrier holds it."""
        return not isinstance(self.statistic, Gaussian) and bool(np.any(expected < 0))

    def own(self, theta: Theta) -> Theta:
        """θ at the addresses of this data set."""
        return Local(theta, self.names)

    def parts(self, theta: Theta, morphed: bool = False) -> list[Part]:
        """All components at θ, which is in the addresses of the likelihood."""
        local = self.own(theta)
        return [part for one in self.contributions for part in one.parts(local, morphed)]

    def components(self, theta: Theta, morphed: bool = False) -> dict[str, Array]:
        """Events in each cell by component, arrays of shape (cells,)."""
        local = self.own(theta)
        total: dict[str, Array] = {}
        for part in self.parts(theta, morphed):
            total[part.name] = total.get(part.name, 0.0) + part.expected(local)
        return total

    def expected(self, theta: Theta, morphed: bool = False) -> Array:
        """Events in each cell, shape (cells,)."""
        total: Array = np.sum(list(self.components(theta, morphed).values()), axis=0)
        return total

    def with_observed(self, observed: Any) -> Channel:
        """The same with other counts: a toy, or an Asimov data set."""
        return replace(self, observed=np.asarray(observed, dtype=float))
