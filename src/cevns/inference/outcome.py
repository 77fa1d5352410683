"""A finished scan: heights above the best point, and the regions below a level."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cevns.errors import InputError, Mistake
from cevns.inference.minimum import ROUGH
from cevns.inference.plane import HEIGHT, Grid, roughly
from cevns.scan.merge import OK, Result

Array = np.ndarray[Any, np.dtype[Any]]
Region = tuple[float | None, float | None]
"""Ends of an interval; None where the scan does not reach it."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """A finished scan.

    Attributes
    ----------
    heights : array
        −2 Δ ln L above the best point, of the shape of the grid; NaN where a point failed.
    best : mapping
        Address → value, of the axes at the best point.
    minimum : float, −2 ln(L/L_saturated) there
    fitted : bool
        Whether the best point is from a fit with the axes floating, not the lowest of the grid.
    failures : mapping
        Reason → number of points that failed for it.
    """

    grid: Grid
    heights: Array
    best: Mapping[str, float]
    minimum: float
    fitted: bool
    failures: Mapping[str, int]

    def as_dict(self) -> dict[str, Any]:
        """Plain data under the names of the results contract; values in their units."""
        grid, heights, table = self.grid, self.heights, self.grid.likelihood.parameters
        content: dict[str, Any] = {
            "name": grid.analysis.study.name,
            "axes": {a: (v / table[a].scale).tolist() for a, v in grid.axes.items()},
            "units": {a: table[a].unit for a in grid.axes if table[a].unit},
            "statistic": np.where(np.isfinite(heights), heights, np.array(None)).tolist(),
            "confidence": [confidence for confidence, _ in grid.levels],
            "levels": [height for _, height in grid.levels],
            "dof": grid.dof,
            "best": {
                "from": "fit" if self.fitted else "grid",
                "minimum": self.minimum,
                "parameters": {a: v / table[a].scale for a, v in self.best.items()},
            },
            "profiled": list(grid.profiled),
            "morphed": grid.morphed,
            "failed": sum(self.failures.values()),
        }
        if len(grid.axes) == 1:
            content["intervals"] = [_plain(regions(self, height)) for _, height in grid.levels]
        if self.failures:
            content["failures"] = dict(self.failures)
        return content


def outcome(grid: Grid, result: Result) -> Outcome:
    """The heights above the best point.

    That is found by a fit with the axes floating, from the lowest point of the grid, where this
    has higher neighbours along every axis; elsewhere the best fit may be off the grid or nowhere,
    and the lowest point stands for it.
    """
    heights = np.where(result.status == OK, result.columns[HEIGHT], np.nan)
    failures = dict(Counter(result.failures.values()).most_common())
    if not np.any(np.isfinite(heights)):
        reason = f"no point that succeeded ({next(iter(failures))})"
        raise InputError(Mistake("scan", reason, "a likelihood somewhere on the grid"))
    place = np.unravel_index(int(np.nanargmin(heights)), heights.shape)
    lowest, table = float(heights[place]), grid.likelihood.parameters
    best = {a: float(v[i]) for (a, v), i in zip(grid.axes.items(), place, strict=True)}
    if _inside(heights, place):
        profiled = grid.likelihood.floating
        start = {a: float(result.columns[a][place]) * table[a].scale for a in profiled}
        found = roughly(grid.free, {**start, **best})
        if found.converged and found.value <= lowest + ROUGH:
            lowest, best = min(lowest, found.value), {a: found.at(a) for a in grid.axes}
            return Outcome(grid, heights - lowest, best, lowest, True, failures)
    return Outcome(grid, heights - lowest, best, lowest, False, failures)


def _inside(heights: Array, place: tuple[Any, ...]) -> bool:
    """Whether a point has neighbours on both sides along every axis, none of which failed."""
    for axis, index in enumerate(place):
        line = heights[(*place[:axis], slice(None), *place[axis + 1 :])]
        if not 0 < index < len(line) - 1 or not np.all(np.isfinite(line[index - 1 : index + 2])):
            return False
    return True


def regions(outcome: Outcome, height: float) -> list[Region]:
    """Where a scan of one parameter is below ``height``, in the unit of the parameter.

    Interpolated by `spans`; a fitted best point is one of the nodes.
    """
    grid = outcome.grid
    ((address, nodes),) = grid.axes.items()
    heights, scale = outcome.heights, grid.likelihood.parameters[address].scale
    if outcome.fitted:
        place = int(np.searchsorted(nodes, outcome.best[address]))
        nodes = np.insert(nodes, place, outcome.best[address])
        heights = np.insert(heights, place, 0.0)
    return spans(nodes / scale, heights, height, address in grid.logarithmic)


def spans(nodes: Array, heights: Array, height: float, log: bool) -> list[Region]:
    """Where ``heights`` above the lowest point, shape (n,), are below ``height``.

    By linear interpolation of √(−2 Δ ln L), which is exact for a parabola, over the parameter, or
    over its logarithm on a logarithmic axis. An end is None where the nodes end first, or are
    interrupted by points that failed.
    """
    there, back = (np.log, np.exp) if log else (np.asarray, float)
    ends = below(there(nodes), np.sqrt(np.maximum(heights, 0.0)), math.sqrt(height))
    return [
        (None if low is None else float(back(low)), None if high is None else float(back(high)))
        for low, high in ends
    ]


def below(nodes: Any, roots: Any, limit: float) -> list[Region]:
    """Where ``roots``, linear between ascending ``nodes``, are below ``limit``."""

    def end(inside: int, outside: int) -> float | None:
        if not (0 <= outside < len(nodes) and np.isfinite(roots[outside])):
            return None
        share = (limit - roots[inside]) / (roots[outside] - roots[inside])
        return float(nodes[inside] + share * (nodes[outside] - nodes[inside]))

    low = np.concatenate([[False], roots <= limit, [False]])
    changes = np.flatnonzero(low[1:] != low[:-1]).reshape(-1, 2)
    return [(end(first, first - 1), end(after - 1, after)) for first, after in changes.tolist()]


def column_title(name: str, unit: str) -> str:
    """The title of a column with values in ``unit``."""
    return f"{name} [{unit}]" if unit else name


def limit_row(leading: Iterable[float], at: Iterable[float], region: Region) -> str:
    """A row of CSV: what a limit is for, where it is, and its ends, empty where there are none."""
    ends = ("" if one is None else f"{one:.8g}" for one in region)
    shares = (f"{one:.6g}" for one in leading)
    return ",".join([*shares, *(f"{one:.8g}" for one in at), *ends])


def _plain(found: list[Region]) -> list[dict[str, float]]:
    """Regions as plain data; an end that is not there is absent."""
    sides = [zip(("lower", "upper"), one, strict=True) for one in found]
    return [{side: end for side, end in one if end is not None} for one in sides]
