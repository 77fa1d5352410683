"""Relative errors: of a count with its systematic errors, and of several measurements together."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from cevns.parameters import NOMINAL, Theta
from cevns.reproductions.computations import Computation, Computed, vocabulary
from cevns.reproductions.workbench import Workbench
from cevns.spec import Relative


class RelativeError(Computation):
    """√(1/N + Σσ²) of ``of``, N counts with the relative ``systematic`` errors σ."""

    type: Literal["relative-error"] = "relative-error"
    of: Computed
    systematic: tuple[Relative, ...] = ()

    def value(self, bench: Workbench, theta: Theta = NOMINAL) -> Any:
        squares = sum(error**2 for error in self.systematic)
        return np.sqrt(1 / self.of.value(bench, theta) + squares)


class CombinedError(Computation):
    """(Σ σ⁻²)^(−1/2) of independent measurements of one number, whose errors σ are ``of``."""

    type: Literal["combined-error"] = "combined-error"
    of: Annotated[tuple[Computed, ...], Field(min_length=1)]

    def value(self, bench: Workbench, theta: Theta = NOMINAL) -> Any:
        return sum(one.value(bench, theta) ** -2.0 for one in self.of) ** -0.5


vocabulary(RelativeError, CombinedError)
