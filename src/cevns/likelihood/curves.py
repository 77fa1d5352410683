"""Backgrounds that are functions of the energy, with parameters that a fit may vary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from cevns.likelihood.cells import Cells
from cevns.likelihood.part import Part
from cevns.memo import Memo
from cevns.parameters import Theta

Array = np.ndarray[Any, np.dtype[Any]]


class Shares(Protocol):
    """A function that says which share of an area lies in each bin."""

    def shares(self, edges: Array, theta: Theta, address: str) -> Array:
        """Shape (bins,), its numbers at θ."""
        ...


@dataclass(frozen=True, eq=False)
class CurveBackground:
    """A curve along the energy, spread over the other axes as ``others`` say.

    Attributes
    ----------
    name, address : str
        The component, and where the numbers of the curve are.
    curve : Shares
    events : float
        Its whole area, what lies outside the cells too.
    cells : Cells
    norms : tuple of str
    others : mapping
        Name of a further axis → share of its bins.
    """

    name: str
    address: str
    curve: Shares
    events: float
    cells: Cells
    norms: tuple[str, ...]
    others: Mapping[str, Array] = field(default_factory=dict)
    _memo: Memo = field(default_factory=Memo, init=False, repr=False)

    def parts(self, theta: Theta, morphed: bool) -> tuple[Part, ...]:
        """One part, its norms left open."""
        return (Part(self.name, self._memo.get("cells", theta, self._nominal), self.norms),)

    def _nominal(self, theta: Theta) -> Array:
        shares = self.curve.shares(self.cells.axis("energy").edges, theta, self.address)
        return self.events * self.cells.product({"energy": shares, **self.others})
