"""Limits from a scan of two parameters: one of them at each value of the other, such as a mass.

Each value is a measurement of its own: its levels have one degree of freedom and are above its own
lowest point. The region of a plane, with two, asks for the best mass as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from cevns.inference.outcome import Outcome, Region, column_title, limit_row, spans
from cevns.inference.plane import level

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

    def limits(self, confidence: float) -> Iterator[tuple[float, Region]]:
        """The values of ``along`` with each region, in their units; without those that failed.

        Interpolated like the intervals of a scan of one parameter
        (`cevns.inference.outcome.regions`), above the lowest point of the grid at that value.
        """
        grid = self.outcome.grid
        rows = np.moveaxis(self.outcome.heights, list(grid.axes).index(self.along), 0)
        log, height = self.address in grid.logarithmic, level(confidence, 1)
        for value, row in zip(self._shown(self.along), rows, strict=True):
            if np.any(np.isfinite(row)):
                for region in spans(self._shown(self.address), row - np.nanmin(row), height, log):
                    yield float(value), region

    def _shown(self, address: str) -> Array:
        """The values of an axis in its unit, shape (n,)."""
        grid = self.outcome.grid
        return np.asarray(grid.axes[address] / grid.likelihood.parameters[address].scale)


def raster_of(outcome: Outcome) -> Raster | None:
    """The raster along the logarithmic axis, along the first one if both are.

    None for a scan that is not of two parameters, and where neither axis is logarithmic.
    """
    axes, powers = list(outcome.grid.axes), outcome.grid.logarithmic
    if len(axes) != 2 or not powers:
        return None
    along = axes[0] if axes[0] in powers else axes[1]
    (address,) = (one for one in axes if one != along)
    return Raster(outcome, along, address)


def limits_text(raster: Raster) -> str:
    """CSV of limits: confidence, what they are along, lower and upper end.

    An end that the axis does not reach is empty.
    """
    grid = raster.outcome.grid
    table, name = grid.likelihood.parameters, grid.analysis.study.name
    said = f"-2 ln L above the lowest at each {raster.along}, 1 dof; confidence as a fraction"
    names = (raster.along, f"{raster.address} lower", f"{raster.address} upper")
    units = (table[address].unit for address in (raster.along, raster.address, raster.address))
    lines = [f"# {name}: {said}", ",".join(["confidence", *map(column_title, names, units)])]
    for confidence in sorted(grid.confidence):
        for value, region in raster.limits(confidence):
            lines.append(limit_row([confidence], [value], region))
    return "\n".join(lines) + "\n"
