"""Limits from a scan of two parameters: one of them at each value of the other, such as a mass.

Each value is a measurement of its own: its levels are those of one parameter and above its own
lowest point, or a coupling of zero. The region of a plane asks for the best mass as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from cevns.inference.minimum import ROUGH
from cevns.inference.outcome import (
    ALLOWED,
    BELOW,
    EDGE,
    INTERVAL,
    Outcome,
    Region,
    coarse,
    column_title,
    hidden,
    limit_rows,
    limited,
    spans,
)
from cevns.inference.plane import degrees_of_freedom, level

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, eq=False)
class Raster:
    """A scan of two parameters, row by row.

    Attributes
    ----------
    outcome : Outcome
    along : str
        The axis whose values are measurements of their own.
    address : str
        The axis of the parameter that is limited.
    """

    outcome: Outcome
    along: str
    address: str

    @property
    def dof(self) -> int:
        """Degrees of freedom of the levels."""
        scan = self.outcome.grid.analysis.study.together.scan
        assert scan is not None
        return degrees_of_freedom(scan, 1)

    @cached_property
    def heights(self) -> Array:
        """−2 Δ ln L above the best of each value of ``along``, of the shape of the grid.

        That is the lowest point there, or a coupling of zero where it is lower still.
        """
        place = list(self.outcome.grid.axes).index(self.along)
        rows = self._rows - self._references[:, None]
        return np.moveaxis(rows, 0, place)

    @property
    def _rows(self) -> Array:
        """Heights above the best point of all, shape (along, of the parameter)."""
        place = list(self.outcome.grid.axes).index(self.along)
        return np.moveaxis(self.outcome.heights, place, 0)

    @property
    def _zeros(self) -> Array:
        """The same with the parameter at zero, NaN where that is none, shape (along,)."""
        zeros = self.outcome.at_zero
        return np.full(len(self._rows), np.nan) if zeros is None else zeros

    @property
    def _references(self) -> Array:
        """What the limits of each row refer to, shape (along,); NaN where all points failed."""
        finite = np.where(np.isfinite(self._rows), self._rows, np.inf)
        lowest = np.min(finite, axis=1)
        return np.fmin(np.where(np.isfinite(lowest), lowest, np.nan), self._zeros)

    def limits(self, confidence: float) -> Iterator[tuple[float, list[Region] | None]]:
        """The values of ``along`` with the regions at each, in their units; None where all failed.

        Interpolated like the intervals of a scan of one parameter
        (`cevns.inference.outcome.regions`), above the best of `heights`.
        """
        log, height = self.address in self.outcome.grid.logarithmic, level(confidence, self.dof)
        nodes = self._shown(self.address)
        rows = self._rows - self._references[:, None]
        for value, row in zip(self._shown(self.along), rows, strict=True):
            there = np.any(np.isfinite(row))
            yield float(value), spans(nodes, row, height, log) if there else None

    def words(self, confidence: float) -> Iterator[tuple[str, str]]:
        """For each value of ``along``: what its regions are, what is allowed beside the axis."""
        height = level(confidence, self.dof)
        each = zip(self._rows, self._zeros, self._references, strict=True)
        for row, zero, reference in each:
            beside = hidden(zero - reference, row[0] - reference, height)
            yield EDGE if self._edge(row, zero) else INTERVAL, BELOW if beside else ""

    @property
    def edges(self) -> int:
        """How many values of ``along`` have their best point at an edge of the axis."""
        return sum(self._edge(row, zero) for row, zero in zip(self._rows, self._zeros, strict=True))

    @property
    def coarse(self) -> bool:
        """Whether the points of any row are too far apart (`cevns.inference.outcome.coarse`)."""
        heights = [level(one, self.dof) for one in self.outcome.grid.confidence]
        rows = self._rows - self._references[:, None]
        return any(coarse(row, height) for row in rows for height in heights)

    def _edge(self, row: Array, zero: float) -> bool:
        """Whether a row falls towards an edge of the axis.

        Neither towards a bound of the parameter nor towards zero, where an interaction ends.
        """
        ends = self.outcome.grid.axes[self.address][[0, -1]]
        bounds = self.outcome.grid.likelihood.parameters[self.address].bounds or ()
        natural = (0.0, *bounds)
        inside = row[1:-1][np.isfinite(row[1:-1])]
        if not len(inside):
            return False
        inner = np.fmin(np.min(inside), zero) - ROUGH
        outer = zip(row[[0, -1]], ends, strict=True)
        return any(height < inner and end not in natural for height, end in outer)

    def _shown(self, address: str) -> Array:
        """The values of an axis in its unit, shape (n,)."""
        grid = self.outcome.grid
        return np.asarray(grid.axes[address] / grid.likelihood.parameters[address].scale)


def raster_of(outcome: Outcome) -> Raster | None:
    """The raster along the logarithmic axis, along the first one if both are.

    None for a scan that is not of two parameters, where neither axis is logarithmic, and where the
    other one has a single point.
    """
    found = limited(outcome.grid)
    return None if found is None or found[0] is None else Raster(outcome, found[0], found[1])


def limits_text(raster: Raster) -> str:
    """CSV of limits: confidence, what they are along, lower and upper end, what these are.

    See `cevns.inference.outcome.limit_rows`.
    """
    grid = raster.outcome.grid
    table, name = grid.likelihood.parameters, grid.analysis.study.name
    zero = "" if raster.outcome.at_zero is None else " or at zero"
    said = f"-2 ln L above the lowest at each {raster.along}{zero}, {raster.dof} dof"
    names = (raster.along, f"{raster.address} lower", f"{raster.address} upper")
    units = (table[address].unit for address in (raster.along, raster.address, raster.address))
    titles = ["confidence", *map(column_title, names, units), ALLOWED]
    lines = [f"# {name}: {said}; confidence as a fraction", ",".join(titles)]
    for confidence in sorted(grid.confidence):
        each = zip(raster.limits(confidence), raster.words(confidence), strict=True)
        for (value, found), words in each:
            lines.extend(limit_rows([confidence], [value], found, *words))
    return "\n".join(lines) + "\n"
