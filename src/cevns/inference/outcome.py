"""A finished scan: heights above the best point, and the regions below a level."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cevns.errors import InputError, Mistake
from cevns.inference.minimum import ROUGH
from cevns.inference.plane import HEIGHT, Grid, height_at, moving, roughly
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
    at_zero : array or None
        −2 Δ ln L where the parameter of a logarithmic axis is zero, which that axis cannot be: for
        each value of the axis that limits are along, shape (n,), or shape (1,) where there is none.
    """

    grid: Grid
    heights: Array
    best: Mapping[str, float]
    minimum: float
    fitted: bool
    failures: Mapping[str, int]
    at_zero: Array | None = None

    @property
    def without(self) -> bool:
        """Whether zero, beside a logarithmic axis, is better than all of the grid."""
        return self.at_zero is not None and bool(np.any(self.at_zero == 0.0))

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
                "from": "fit" if self.fitted else "zero" if self.without else "grid",
                "minimum": self.minimum,
                "parameters": {a: v / table[a].scale for a, v in self.best.items()},
            },
            "profiled": list(grid.profiled),
            "morphed": grid.morphed,
            "failed": sum(self.failures.values()),
        }
        if grid.line is not None:
            content["intervals"] = [_plain(regions(self, height)) for _, height in grid.levels]
        if coarse_line(self):
            content["coarse"] = True
        if self.failures:
            content["failures"] = dict(self.failures)
        return content


def outcome(grid: Grid, result: Result) -> Outcome:
    """The heights above the best point.

    That is found by a fit with the axes floating, from the lowest point of the grid, where this
    has higher neighbours along every axis; elsewhere the best fit may be off the grid or nowhere,
    and the lowest point stands for it. A coupling on a logarithmic axis may also be zero, which is
    below all of them: where that is better it is the best point.
    """
    heights = np.where(result.status == OK, result.columns[HEIGHT], np.nan)
    failures = dict(Counter(result.failures.values()).most_common())
    if not np.any(np.isfinite(heights)):
        reason = f"no point that succeeded ({next(iter(failures))})"
        raise InputError(Mistake("scan", reason, "a likelihood somewhere on the grid"))
    place = np.unravel_index(int(np.nanargmin(heights)), heights.shape)
    lowest, table = float(heights[place]), grid.likelihood.parameters
    best = {a: float(v[i]) for (a, v), i in zip(grid.axes.items(), place, strict=True)}
    fitted = False
    if _inside(heights, place):
        profiled = grid.likelihood.floating
        start = {a: float(result.columns[a][place]) * table[a].scale for a in profiled}
        found = roughly(grid.free, {**start, **best})
        if found.converged and found.value <= lowest + ROUGH:
            lowest, fitted = min(lowest, found.value), True
            best = {**best, **{a: found.at(a) for a in moving(grid.axes)}}
    zeros = _at_zero(grid)
    if zeros is None:
        return Outcome(grid, heights - lowest, best, lowest, fitted, failures)
    if np.nanmin(zeros) < lowest - ROUGH:
        lowest, fitted = float(np.nanmin(zeros)), False
        best = {**best, **_zero_point(grid, int(np.nanargmin(zeros)))}
    return Outcome(grid, heights - lowest, best, lowest, fitted, failures, zeros - lowest)


def limited(grid: Grid) -> tuple[str | None, str] | None:
    """What limits are along, and the parameter they are on; None where there are none.

    The only axis with several points, along nothing; or of two axes the one beside that which is
    logarithmic, the first if both are. None where what is to be limited has a single point.
    """
    if grid.line is not None and len(grid.axes) == 1:
        return None, grid.line
    axes = list(grid.axes)
    if len(axes) != 2 or not grid.logarithmic:
        return None
    along = axes[0] if axes[0] in grid.logarithmic else axes[1]
    (address,) = (one for one in axes if one != along)
    return (along, address) if len(grid.axes[address]) > 1 else None


def _at_zero(grid: Grid) -> Array | None:
    """−2 ln L with the limited parameter at zero, at each value that limits are along.

    None where its axis is linear, where zero is outside its bounds, and where nothing can be
    predicted there.
    """
    found = limited(grid)
    if found is None or found[1] not in grid.logarithmic:
        return None
    along, address = found
    places = [{}] if along is None else [{along: float(one)} for one in grid.axes[along]]
    heights, start = [], dict[str, float]()
    for place in places:
        try:
            height, best, failure = height_at(grid.likelihood, {**place, address: 0.0}, start)
        except ArithmeticError:  # what is divided by
            height, best, failure = math.nan, {}, "no number"
        start = {} if failure else best
        heights.append(height)
    return np.array(heights) if np.any(np.isfinite(heights)) else None


def _zero_point(grid: Grid, place: int) -> dict[str, float]:
    found = limited(grid)
    assert found is not None
    along, address = found
    return (
        {address: 0.0} if along is None else {along: float(grid.axes[along][place]), address: 0.0}
    )


def _inside(heights: Array, place: tuple[Any, ...]) -> bool:
    """Whether a point has neighbours on both sides along every axis, none of which failed.

    An axis with a single point has none to have.
    """
    for axis, index in enumerate(place):
        line = heights[(*place[:axis], slice(None), *place[axis + 1 :])]
        if len(line) == 1:
            continue
        if not 0 < index < len(line) - 1 or not np.all(np.isfinite(line[index - 1 : index + 2])):
            return False
    return heights.size > 1


def regions(outcome: Outcome, height: float) -> list[Region]:
    """Where a scan along one axis (`Grid.line`) is below ``height``, in the unit of the parameter.

    Interpolated by `spans`; a fitted best point is one of the nodes.
    """
    nodes, heights = _line(outcome)
    address = outcome.grid.line
    assert address is not None
    scale = outcome.grid.likelihood.parameters[address].scale
    return spans(nodes / scale, heights, height, address in outcome.grid.logarithmic)


def _line(outcome: Outcome) -> tuple[Array, Array]:
    """The points of a scan along one axis and their heights, the best fit one of them."""
    address = outcome.grid.line
    assert address is not None
    nodes, heights = outcome.grid.axes[address], outcome.heights.ravel()
    if outcome.fitted:
        place = int(np.searchsorted(nodes, outcome.best[address]))
        nodes = np.insert(nodes, place, outcome.best[address])
        heights = np.insert(heights, place, 0.0)
    return nodes, heights


def below_the_axis(outcome: Outcome, height: float) -> bool:
    """Whether a scan along one logarithmic axis allows zero, and nothing from there to the axis."""
    if outcome.at_zero is None or len(outcome.at_zero) > 1:
        return False
    return hidden(outcome.at_zero[0], outcome.heights.ravel()[0], height)


def hidden(zero: float, first: float, height: float) -> bool:
    """Whether what is allowed at zero ends before the ``first`` point of a logarithmic axis."""
    return bool(zero < height < first)


def coarse_line(outcome: Outcome) -> bool:
    """Whether a scan along one axis has too few points for its intervals (`coarse`)."""
    if outcome.grid.line is None:
        return False
    _, heights = _line(outcome)
    return any(coarse(heights, height) for _, height in outcome.grid.levels)


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


_FAR = 2.0
"""Standard deviations from one point to the next, beyond which a solution may lie between them.

A parabola whose floor is between two points so far apart is less than one standard deviation high
at the nearer one, within any level in use.
"""


def coarse(heights: Array, height: float, ends: bool = True) -> bool:
    """Whether points are too far apart where ``heights`` above the best one are low.

    That is next to a valley which may reach ``height``, if it falls beyond its lowest point at most
    as it did on the way there, and (``ends``) where they cross it.
    """
    roots, limit = np.sqrt(np.maximum(heights, 0.0)), math.sqrt(height)
    far = np.abs(np.diff(roots)) > _FAR
    low = roots <= limit
    if ends and np.any(far & (low[1:] != low[:-1])):
        return True
    left, middle, right = roots[:-2], roots[1:-1], roots[2:]
    valleys = (middle <= left) & (middle <= right)
    reaching = 2.0 * middle - np.maximum(left, right) <= limit
    return bool(np.any(valleys & reaching & (far[:-1] | far[1:])))


def column_title(name: str, unit: str) -> str:
    """The title of a column with values in ``unit``."""
    return f"{name} [{unit}]" if unit else name


INTERVAL, EDGE, BELOW, ABOVE = (
    "interval",
    "interval from the edge",
    "below the axis",
    "above the axis",
)
"""What is allowed, in words: an interval, one above a point at the edge of the axis beyond which
may be better ones, and values beside the axis alone."""


def limit_rows(
    leading: Iterable[float],
    at: Iterable[float],
    found: list[Region] | None,
    word: str = INTERVAL,
    beside: str = "",
) -> Iterator[str]:
    """Rows of CSV: what a limit is for, where it is, its ends, and in a word what these are.

    One for each interval, an end that is not reached empty, and one for what is allowed ``beside``
    the axis. Without any, one that says whether nothing is allowed there, or nothing (None) could
    be computed.
    """
    start = [*(f"{one:.6g}" for one in leading), *(f"{one:.8g}" for one in at)]
    if beside:
        yield ",".join([*start, "", "", beside])
    for region in found or ():
        ends = ("" if one is None else f"{one:.8g}" for one in region)
        yield ",".join([*start, *ends, word])
    if not found and not beside:
        yield ",".join([*start, "", "", "not computed" if found is None else "none"])


ALLOWED = "allowed"
"""The title of the column with that word."""


def _plain(found: list[Region]) -> list[dict[str, float]]:
    """Regions as plain data; an end that is not there is absent."""
    sides = [zip(("lower", "upper"), one, strict=True) for one in found]
    return [{side: end for side, end in one if end is not None} for one in sides]
