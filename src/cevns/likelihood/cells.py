"""The cells in which events are counted: bins on one axis or on several."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cevns.errors import InputError, Mistake

Array = np.ndarray[Any, np.dtype[Any]]
_ROUNDING = 1e-9  # of the axis: an event this close to an edge lies on it


@dataclass(frozen=True, eq=False)
class CellAxis:
    """One axis: its name, its edges in internal units, and the unit that shows them.

    Bins are half-open, [a, b), but for the last one where the axis is ``closed``.
    """

    name: str
    edges: Array
    unit: str = ""
    scale: float = 1.0
    closed: bool = False

    @property
    def bins(self) -> int:
        """How many bins it has."""
        return len(self.edges) - 1

    @property
    def shown(self) -> Array:
        """The edges in the unit that shows them."""
        shown: Array = self.edges / self.scale
        return shown

    def locate(self, values: Any) -> Array:
        """The bin of each value, −1 where it lies outside."""
        values = np.asarray(values, dtype=float)
        slack = _ROUNDING * (self.edges[-1] - self.edges[0])
        found = np.searchsorted(self.edges - slack, values, side="right") - 1
        if self.closed:
            found = np.where(np.abs(values - self.edges[-1]) <= slack, self.bins - 1, found)
        return np.where((found >= 0) & (found < self.bins), found, -1)


@dataclass(frozen=True, eq=False)
class Cells:
    """All combinations of the bins of ``axes``, the last axis running fastest."""

    axes: tuple[CellAxis, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Bins of each axis."""
        return tuple(axis.bins for axis in self.axes)

    @property
    def size(self) -> int:
        """How many cells there are."""
        return math.prod(self.shape)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the axes."""
        return tuple(axis.name for axis in self.axes)

    def axis(self, name: str) -> CellAxis:
        """The axis called ``name``."""
        return self.axes[self.names.index(name)]

    def sorted_in(self, columns: Sequence[Any], weights: Any = None) -> Array:
        """How much of ``weights`` falls in each cell, shape (cells,).

        ``columns`` holds one array of values per axis; what lies outside is left out.
        """
        bins = [axis.locate(column) for axis, column in zip(self.axes, columns, strict=True)]
        inside = np.all([one >= 0 for one in bins], axis=0)
        flat = np.ravel_multi_index([one[inside] for one in bins], self.shape)
        chosen = None if weights is None else np.asarray(weights, dtype=float)[inside]
        return np.bincount(flat, chosen, minlength=self.size).astype(float)

    def filled(self, columns: Sequence[Any], values: Any, where: str) -> Array:
        """``values`` at the cells in which the rows of ``columns`` lie, each exactly once.

        Raises
        ------
        InputError
            Where a cell has no row or two.
        """
        rows = self.sorted_in(columns)
        if not np.array_equal(rows, np.ones(self.size)):
            found = (
                f"{int(np.sum(rows == 0))} cells without a row, {int(np.sum(rows > 1))} with more"
            )
            raise InputError(Mistake(where, found, f"one row for each of {self.size} cells"))
        return self.sorted_in(columns, values)

    def along(self, name: str, values: Any) -> Array:
        """An array over one axis, ready to be multiplied with arrays of `shape`."""
        place = self.names.index(name)
        shape = [1] * len(self.axes)
        shape[place] = -1
        return np.asarray(values, dtype=float).reshape(shape)

    def product(self, profiles: dict[str, Any]) -> Array:
        """The product of one array per axis, shape (cells,)."""
        total = np.ones(self.shape)
        for name, values in profiles.items():
            total = total * self.along(name, values)
        return total.ravel()

    def projection(self, values: Any, name: str) -> Array:
        """``values``, shape (cells,), summed over all axes but one."""
        place = self.names.index(name)
        others = tuple(index for index in range(len(self.axes)) if index != place)
        projected: Array = np.sum(np.asarray(values).reshape(self.shape), axis=others)
        return projected
