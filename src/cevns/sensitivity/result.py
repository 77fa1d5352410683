"""A finished sensitivity study: regions, limits and contours of each systematic."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cevns.errors import InputError, Mistake
from cevns.inference.outcome import Region, below, column_title, limit_row
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
        nodes, scale = self.design.axes[address], self.design.unit(address)[1]
        nominal = self.design.nominal.get(address)
        if nominal is not None and nodes[0] < nominal < nodes[-1] and self._alone(address):
            place = int(np.searchsorted(nodes, nominal))
            if nodes[place] != nominal:
                nodes = np.insert(nodes, place, nominal)
                heights = np.insert(heights, place, 0.0)
        log = address in self.design.logarithmic
        there, back = (np.log, np.exp) if log else (np.asarray, float)
        ends = below(there(nodes / scale), *_evened(heights, height, log))
        return [
            (None if low is None else float(back(low)), None if high is None else float(back(high)))
            for low, high in ends
        ]

    def _alone(self, address: str) -> bool:
        """Whether the nominal point is on every line along this axis: all others do nothing."""
        return all(one in self.design.silent for one in self.design.axes if one != address)

    @property
    def lines(self) -> tuple[str, tuple[str, ...]] | None:
        """The axis along which there is a limit at each point of the others, and these others.

        The only parameter, at each value of the settings; or the one of two beside which the
        other does nothing by itself: a coupling, at each mass.
        """
        axes = tuple(self.design.axes)
        if len(axes) == 1:
            return axes[0], tuple(self.design.settings)
        silent = [address for address in axes if address in self.design.silent]
        if len(axes) == 2 and len(silent) == 1:
            (other,) = (address for address in axes if address not in silent)
            return other, (*self.design.settings, silent[0])
        return None

    def limits(self, heights: Array, height: float) -> Iterator[tuple[tuple[float, ...], Region]]:
        """Along the axis of `lines`: the values of the others, in their units, and each region."""
        if self.lines is None:
            return
        address, others = self.lines
        place = self.design.names.index(address)
        moved = np.moveaxis(heights, place, -1)
        values = [self.design.shown(name) for name in others]
        for index in np.ndindex(*moved.shape[:-1]):
            at = tuple(float(own[i]) for own, i in zip(values, index, strict=True))
            for region in self.regions(moved[index], address, height):
                yield at, region

    def contours(self, heights: Array, height: float) -> list[tuple[Array, Array]]:
        """Lines in the plane of two scanned parameters, as x and y in their units.

        Interpolated like the ends of `regions`.
        """
        from contourpy import contour_generator

        powers = [name in self.design.logarithmic for name in self.design.axes]
        x, y = (self.design.shown(name) for name in self.design.axes)
        x, y = (np.log(v) if log else v for v, log in zip((x, y), powers, strict=True))
        evened, limit = _evened(heights, height, any(powers))
        lines: Any = contour_generator(x, y, np.ma.masked_invalid(evened.T)).lines(limit)
        back = [np.exp if log else np.asarray for log in powers]
        return [(back[0](line[:, 0]), back[1](line[:, 1])) for line in lines]

    @property
    def has_plane(self) -> bool:
        """Whether it is a plane of two scanned parameters."""
        return len(self.design.axes) == 2 and not self.design.settings

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
        levels = [height for _, height in self.design.levels]
        if not others:
            found["intervals"] = [[_ends(r) for _, r in self.limits(heights, h)] for h in levels]
        else:
            found["limits"] = {
                "parameter": address,
                "along": list(others),
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
    lines = [_comment(made), ",".join([*_LEADING, "contour", *map(_titled(design), design.axes)])]
    for systematic, heights in made.surfaces.items():
        for confidence, height in design.levels:
            start = f"{systematic:.6g},{confidence:.6g}"
            for number, (x, y) in enumerate(made.contours(heights, height), start=1):
                pairs = zip(x.tolist(), y.tolist(), strict=True)
                lines.extend(f"{start},{number},{a:.8g},{b:.8g}" for a, b in pairs)
    return "\n".join(lines) + "\n"


def limits_text(made: Sensitivity) -> str:
    """CSV of limits: systematic, confidence, what they are along, lower and upper end.

    An end that the axis does not reach is empty.
    """
    assert made.lines is not None
    design, (address, others) = made.design, made.lines
    title = _titled(design)
    ends = [title(address, f" {side}") for side in ("lower", "upper")]
    lines = [_comment(made), ",".join([*_LEADING, *map(title, others), *ends])]
    for systematic, heights in made.surfaces.items():
        for confidence, height in design.levels:
            for at, region in made.limits(heights, height):
                lines.append(limit_row([systematic, confidence], at, region))
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


def _comment(made: Sensitivity) -> str:
    design = made.design
    kind = "chi2 of counts" if design.counting else "-2 ln L of expected counts"
    return (
        f"# {design.study.name}: {kind}, {design.dof} dof; systematic and confidence as fractions"
    )


def _titled(design: Design) -> Any:
    """Name of an axis → its column with the unit."""

    def title(name: str, side: str = "") -> str:
        return column_title(f"{name}{side}", design.unit(name)[0])

    return title
