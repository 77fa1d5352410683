"""Straight lines in θ, on which something is looked for."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from pydantic import Field

from cevns.parameters import NOMINAL, Theta
from cevns.spec import BLOCK, WORD, WORD_OR_BLOCK, Number, Spec

Array = np.ndarray[Any, np.dtype[Any]]
Ends = Annotated[tuple[Number, ...], Field(min_length=2, max_length=2)]
_POINTS = 801  # before a root or a minimum is refined between two of them


class Line(Spec):
    """θ = start + t · direction: the straight line on which something is looked for.

    The numbers are in internal units; those of couplings are pure. ``steps`` is at how many points
    it is looked at first.
    """

    start: dict[str, Number] = Field(default_factory=dict)
    direction: Annotated[dict[str, Number], Field(min_length=1)]
    between: Ends
    steps: Annotated[int, Field(strict=True, ge=2)] = _POINTS

    def theta(self, t: Any, given: Theta = NOMINAL) -> dict[str, Any]:
        """θ at ``t``, a number or an array."""
        names = dict.fromkeys([*self.start, *self.direction])
        own = {n: self.start.get(n, 0.0) + self.direction.get(n, 0.0) * t for n in names}
        return {**given, **own}

    @property
    def points(self) -> Array:
        """``t`` at even steps between the ends."""
        return np.linspace(self.between[0], self.between[1], self.steps)


Along = Annotated[Annotated[str, WORD] | Annotated[Line, BLOCK], WORD_OR_BLOCK]
"""A line, or the name of one of the paper's lines."""
