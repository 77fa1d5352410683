"""A finished sensitivity study: regions, limits and contours of each systematic."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cevns.errors import InputError, Mistake
from cevns.inference.outcome import (
    ABOVE,
    ALLOWED,
    BELOW,
    Region,
    below,
    coarse,
    column_title,
    limit_rows,
)
from cevns.inference.plane import moving
from cevns.scan.merge import OK, Result
from cevns.sensitivity.design import PRECISION, SIGNIFICANCE, Design

Array = np.ndarray[Any, np.dtype[Any]]
_VANISHING = 1e-8  # of a level: χ² whose logarithm is no longer told apart from that of zero


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """A finished study.

    Attributes
    ----------
    design : Design
    columns : mapping
        Name → array over all axes, those of the settings first; NaN where a point failed.
    failures : mapping
        Reason → number of points that failed for it.
    """

    design: Design
    columns: Mapping[str, Array]
    failures: Mapping[str, int]

    @property
    def surfaces(self) -> dict[float, Array]:
        """Systematic → statistic on the grid; empty where no parameter is scanned."""
        if not self.design.axes:
            return {}
        return dict(zip(self.design.systematics, self.columns.values(), strict=True))

    # --- regions -----------------------------------------------------------------------------

    def regions(self, heights: Array, address: str, height: float) -> list[Region]:
        """Where ``heights`` along the axis ``address``, shape (n,), are below ``height``.

        In the unit of the parameter; by linear interpolation of √χ², which is exact for what
        is counted in proportion to the parameter, or on a logarithmic axis of ln χ² over ln of it,
        exact for powers. The nominal value is one of the nodes. An end that the axis does not
        reach is None.
        """
        scale = self.design.unit(address)[1]
        nodes, heights = self._with_nominal(heights, address)
        log = address in self.design.logarithmic
        there, back = (np.log, np.exp) if log else (np.asarray, float)
        ends = below(there(nodes / scale), *_evened(heights, height, log))
        return [
            (None if low is None else float(back(low)), None if high is None else float(back(high)))
            for low, high in ends
        ]

    def _with_nominal(self, heights: Array, address: str) -> tuple[Array, Array]:
        """Points along an axis, shape (n,), and heights, shape (..., n), with the nominal ones."""
        nodes, nominal = self.design.axes[address], self.design.nominal.get(address)
        if nominal is None or not nodes[0] < nominal < nodes[-1] or not self._alone(address):
            return nodes, heights
        place = int(np.searchsorted(nodes, nominal))
        if nodes[place] == nominal:
            return nodes, heights
        return np.insert(nodes, place, nominal), np.insert(heights, place, 0.0, axis=-1)

    def beside(self, heights: Array, height: float) -> Iterator[str]:
        """For each of `rows`, in a word, whether what is allowed at the nominal point is off it.

        A coupling whose nominal value is zero is below any logarithmic axis.
        """
        if self.lines is None:
            return
        address, _ = self.lines
        nodes, nominal = self.design.axes[address], self.design.nominal.get(address)
        moved = np.moveaxis(heights, self.design.names.index(address), -1)
        for first, last in moved.reshape(-1, len(nodes))[:, [0, -1]]:
            below = nominal is not None and nominal < nodes[0] and first > height
            above = nominal is not None and nominal > nodes[-1] and last > height
            alone = self._alone(address)
            yield BELOW if below and alone else ABOVE if above and alone else ""

    @property
    def coarse(self) -> bool:
        """Whether the points along `lines` are too far apart (`cevns.inference.outcome.coarse`)."""
        if self.lines is None:
            return False
        address, _ = self.lines
        ends = address not in self.design.logarithmic  # on which powers are exact
        for surface in self.surfaces.values():
            moved = np.moveaxis(surface, self.design.names.index(address), -1)
            _, all_heights = self._with_nominal(moved, address)
            rows = all_heights.reshape(-1, all_heights.shape[-1])
            if any(coarse(row, h, ends) for row in rows for _, h in self.design.limit_levels):
                return True
        return False

    def _alone(self, address: str) -> bool:
        """Whether the nominal point is on every line along this axis: all others do nothing."""
        return all(one in self.design.silent for one in self.design.axes if one != address)

    @property
    def lines(self) -> tuple[str, tuple[str, ...]] | None:
        """Where there are limits: `Design.lines`."""
        return self.design.lines

    def limits(self, heights: Array, height: float) -> Iterator[tuple[tuple[float, ...], Region]]:
        """Along the axis of `lines`: the values of the others, in their units, and each region."""
        for at, found in self.rows(heights, height):
            for region in found or ():
                yield at, region

    def rows(
        self, heights: Array, height: float
    ) -> Iterator[tuple[tuple[float, ...], list[Region] | None]]:
        """The same at all values of the others, regions or none; None where all points failed."""
        if self.lines is None:
            return
        address, others = self.lines
        place = self.design.names.index(address)
        moved = np.moveaxis(heights, place, -1)
        values = [self.design.shown(name) for name in others]
        for index in np.ndindex(*moved.shape[:-1]):
            at = tuple(float(own[i]) for own, i in zip(values, index, strict=True))
            there = np.any(np.isfinite(moved[index]))
            yield at, self.regions(moved[index], address, height) if there else None

    def contours(self, heights: Array, height: float) -> list[tuple[Array, Array]]:
        """Lines in the plane of two axes, as x and y in their units.

        Interpolated like the ends of `regions`.
        """
        back = self._back
        lines: Any = self._surface(heights, height).lines(self._limit(height))
        return [(back[0](line[:, 0]), back[1](line[:, 1])) for line in lines]

    def areas(self, heights: Array, height: float) -> list[tuple[Array, Array]]:
        """What the `contours` enclose in the plane, as corners and codes of paths."""
        back = self._back
        generator = self._surface(heights, height)
        limit = self._limit(height)
        points, codes = generator.filled(min(-1.0, limit + math.log(_VANISHING) - 1.0), limit)
        corners = [np.column_stack([back[i](one[:, i]) for i in range(2)]) for one in points]
        return list(zip(corners, codes, strict=True))

    @property
    def _powers(self) -> list[bool]:
        return [name in self.design.logarithmic for name in self.design.names]

    @property
    def _back(self) -> list[Any]:
        return [np.exp if log else np.asarray for log in self._powers]

    @property
    def _in_powers(self) -> bool:
        """Whether χ² in the plane is interpolated like powers: what `regions` have on a line."""
        return self._powers[-1] if self.design.settings else any(self._powers)

    def _limit(self, height: float) -> float:
        return _evened(np.zeros(0), height, self._in_powers)[1]

    def _surface(self, heights: Array, height: float) -> Any:
        """χ² between the points of a plane, the second axis with its nominal value."""
        from contourpy import contour_generator

        first, second = self.design.names
        x, y = self.design.shown(first), self.design.shown(second)
        if self.design.settings:
            y, heights = self._with_nominal(heights, second)
            y = y / self.design.unit(second)[1]
        x, y = (np.log(v) if log else v for v, log in zip((x, y), self._powers, strict=True))
        evened, _ = _evened(heights, height, self._in_powers)
        return contour_generator(x, y, np.ma.masked_invalid(evened.T), fill_type="OuterCode")

    @property
    def has_plane(self) -> bool:
        """Whether it is a plane of two scanned parameters, each with several points."""
        axes = self.design.axes
        return len(axes) == len(moving(axes)) == 2 and not self.design.settings

    @property
    def shape(self) -> tuple[int, ...]:
        """Points of all axes."""
        return self.design.shape

    # --- plain data --------------------------------------------------------------------------

    def as_dict(self) -> dict[str, Any]:
        """Plain data under the names of the results contract; values in their units."""
        design = self.design
        units = {name: design.unit(name)[0] for name in design.names}
        content: dict[str, Any] = {
            "name": design.study.name,
            "asimov": True,
            "axes": {name: design.shown(name).tolist() for name in design.names},
            "units": {name: unit for name, unit in units.items() if unit},
        }
        content.update(self._statistics() if design.axes else self._counts())
        content["failed"] = sum(self.failures.values())
        if self.failures:
            content["failures"] = dict(self.failures)
        return content

    def _statistics(self) -> dict[str, Any]:
        design = self.design
        each = [self._of_one(one, heights) for one, heights in self.surfaces.items()]
        best = {a: v / design.unit(a)[1] for a, v in design.nominal.items()}
        content = {
            **{key: value for key, value in each[0].items() if key != "systematic"},
            "confidence": [confidence for confidence, _ in design.levels],
            "levels": [height for _, height in design.levels],
            "dof": design.dof,
            "best": {"from": "asimov", "minimum": 0.0, "parameters": best},
            "study": {
                "statistic": design.block.statistic,
                "observable": design.observable,
                "systematic": list(design.systematics),
                "correlated": design.block.correlated,
                "sigma_from": design.block.sigma_from,
            },
            "profiled": list(design.profiled),
        }
        return {**content, "by_systematic": each} if len(each) > 1 else content

    def _of_one(self, systematic: float, heights: Array) -> dict[str, Any]:
        """The statistic of one systematic, with intervals or limits where it has them."""
        found: dict[str, Any] = {"systematic": systematic, "statistic": _plain(heights)}
        if self.lines is None:
            return found
        address, others = self.lines
        levels = [height for _, height in self.design.limit_levels]
        if not others:
            found["intervals"] = [[_ends(r) for _, r in self.limits(heights, h)] for h in levels]
        else:
            found["limits"] = {
                "parameter": address,
                "along": list(others),
                "levels": levels,
                "dof": self.design.limit_dof,
                "regions": [
                    [{**dict(zip(others, at, strict=True)), **_ends(r)} for at, r in some]
                    for some in (self.limits(heights, height) for height in levels)
                ],
            }
        return found

    def _counts(self) -> dict[str, Any]:
        """Counts of each experiment along the settings."""
        names = list(self.design.study.blocks)
        each = {
            name: {
                "counts": {
                    kind: _plain(self.columns[f"{name}.{kind}".lstrip(".")])
                    for kind in ("total", "background")
                }
            }
            for name in names
        }
        content: dict[str, Any] = each[""] if names == [""] else {"experiments": each}
        precisions = {s: self.columns[name] for name, s in self.design.precisions.items()}
        first = next(iter(precisions.values()))
        for name, values in ((SIGNIFICANCE, self.columns[SIGNIFICANCE]), (PRECISION, first)):
            if np.any(np.isfinite(values)):
                content[name] = _plain(values)
        if len(precisions) > 1:
            content["by_systematic"] = [
                {"systematic": s, PRECISION: _plain(values)} for s, values in precisions.items()
            ]
        return content


def _evened(heights: Array, height: float, log: bool) -> tuple[Array, float]:
    """χ² and a level of it as what is nearly linear between the points of a grid."""
    if log:
        return np.log(np.maximum(heights, _VANISHING * height)), math.log(height)
    return np.sqrt(np.maximum(heights, 0.0)), math.sqrt(height)


def _plain(values: Array) -> Any:
    return np.where(np.isfinite(values), values, np.array(None)).tolist()


def _ends(region: Region) -> dict[str, float]:
    sides = zip(("lower", "upper"), region, strict=True)
    return {side: end for side, end in sides if end is not None}


def sensitivity(design: Design, result: Result) -> Sensitivity:
    """The study from its finished grid.

    Raises
    ------
    InputError
        Where no point succeeded.
    """
    good = result.status == OK
    failures = dict(Counter(result.failures.values()).most_common())
    if not np.any(good):
        found = f"no point that succeeded ({next(iter(failures))})"
        raise InputError(Mistake("scan", found, "a statistic somewhere on the grid"))
    columns = {n: np.where(good, result.columns[n], np.nan) for n in design.columns}
    return Sensitivity(design, columns, failures)


# --- tables ------------------------------------------------------------------------------------


def contours_text(made: Sensitivity) -> str:
    """CSV of all contours of a plane: systematic, confidence, number of the line, x, y."""
    design = made.design
    titles = [*_LEADING, "contour", *map(_titled(design), design.axes)]
    lines = [_comment(made, design.dof), ",".join(titles)]
    for systematic, heights in made.surfaces.items():
        for confidence, height in design.levels:
            start = f"{systematic:.6g},{confidence:.6g}"
            for number, (x, y) in enumerate(made.contours(heights, height), start=1):
                pairs = zip(x.tolist(), y.tolist(), strict=True)
                lines.extend(f"{start},{number},{a:.8g},{b:.8g}" for a, b in pairs)
    return "\n".join(lines) + "\n"


def limits_text(made: Sensitivity) -> str:
    """CSV of limits: systematic, confidence, what they are along, both ends, what these are.

    See `cevns.inference.outcome.limit_rows`.
    """
    assert made.lines is not None
    design, (address, others) = made.design, made.lines
    title = _titled(design)
    ends = [title(address, f" {side}") for side in ("lower", "upper")]
    titles = [*_LEADING, *map(title, others), *ends, ALLOWED]
    lines = [_comment(made, design.limit_dof), ",".join(titles)]
    for systematic, heights in made.surfaces.items():
        for confidence, height in design.limit_levels:
            each = zip(made.rows(heights, height), made.beside(heights, height), strict=True)
            for (at, found), beside in each:
                lines.extend(limit_rows([systematic, confidence], at, found, beside=beside))
    return "\n".join(lines) + "\n"


def counts_text(made: Sensitivity) -> str:
    """CSV of what is expected along the settings."""
    design = made.design
    lines = [
        f"# {design.study.name}: expected counts of the signal and the backgrounds",
        ",".join([*map(_titled(design), design.settings), *design.columns]),
    ]
    values = [design.shown(name) for name in design.settings]
    for index in np.ndindex(*made.shape):
        at = [float(own[i]) for own, i in zip(values, index, strict=True)]
        row = [*at, *(float(made.columns[name][index]) for name in design.columns)]
        lines.append(",".join(f"{one:.8g}" if math.isfinite(one) else "" for one in row))
    return "\n".join(lines) + "\n"


_LEADING = ("systematic", "confidence")


def _comment(made: Sensitivity, dof: int) -> str:
    design = made.design
    kind = "chi2 of counts" if design.counting else "-2 ln L of expected counts"
    return f"# {design.study.name}: {kind}, {dof} dof; systematic and confidence as fractions"


def _titled(design: Design) -> Any:
    """Name of an axis → its column with the unit."""

    def title(name: str, side: str = "") -> str:
        return column_title(f"{name}{side}", design.unit(name)[0])

    return title
