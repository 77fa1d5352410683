"""Counting studies: the χ² of a measurement that finds what the nominal model predicts.

A study is an experiment file with the blocks ``study`` and ``scan``, as ``cevns sensitivity`` takes
it; here its χ² is asked for anywhere, not only on the grid of the file.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from pydantic import Field

from cevns.errors import InputError, Mistake
from cevns.parameters import NOMINAL, Theta
from cevns.reproductions.computations import Computation, vocabulary
from cevns.reproductions.workbench import Workbench
from cevns.spec import Number, Relative


class Chi2(Computation):
    """χ² of a counting study, with one of the systematic errors that its file lists."""

    type: Literal["chi2"] = "chi2"
    study: str
    systematic: Relative = 0.0
    at: dict[str, Number] = Field(default_factory=dict)

    def value(self, bench: Workbench, theta: Theta = NOMINAL) -> Any:
        counting = bench.counting(self.study)
        design = counting.design
        if self.systematic not in design.systematics:
            listed = ", ".join(f"{one:g}" for one in design.systematics)
            expected = f"one of those of {self.study}: {listed}"
            raise InputError(Mistake("systematic", f"{self.systematic:g}", expected))
        column = design.columns[design.systematics.index(self.systematic)]
        names = {**theta, **self.at}
        grid = np.broadcast_arrays(*names.values()) if names else [np.zeros(())]
        points = {name: values.ravel() for name, values in zip(names, grid, strict=False)}
        heights, problems = counting.columns(points, grid[0].size)
        wrong = next((text for text in problems if text), "")
        if wrong:
            raise InputError(Mistake("chi2", wrong, "a point where the study has a χ²"))
        return heights[column].reshape(grid[0].shape)[()]


vocabulary(Chi2)
