"""Scans of a likelihood: its value on a grid of parameters, the others held or fitted again."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from cevns.analysis import Analysis, analysis_of
from cevns.config.settings import read_axis
from cevns.config.study import Study, study_from
from cevns.errors import InputError, Mistake
from cevns.inference.minimum import ROUGH, minimise
from cevns.likelihood.joint import Likelihood
from cevns.parameters import Parameter
from cevns.scan.evaluate import Evaluator, Make
from cevns.scan.merge import Result
from cevns.scan.plan import Axis, Column, Plan, fingerprint

Array = np.ndarray[Any, np.dtype[Any]]

HEIGHT = "minus_two_log_likelihood"
_LARGEST_CHUNK = 128
_FEWEST_CHUNKS = 16  # so that a stop loses little and several processes have work


@dataclass(frozen=True, eq=False)
class Grid:
    """What the ``scan`` block of a file asks for.

    Attributes
    ----------
    axes : mapping
        Address → values in internal units.
    profiled : tuple of str
        What is fitted again at each point.
    morphed : bool
    """

    analysis: Analysis
    axes: Mapping[str, Array]
    profiled: tuple[str, ...]
    morphed: bool

    @property
    def likelihood(self) -> Likelihood:
        """What floats at each point: the profiled parameters."""
        own = self.analysis.likelihood
        held = {
            address: own.fixed.get(address, own.parameters[address].value)
            for address in own.floating
            if address not in self.profiled
        }
        return own.held(held).with_(morphed=self.morphed)

    @property
    def free(self) -> Likelihood:
        """The same with the axes floating as well."""
        return self.likelihood.freed(self.axes)

    def plan(self) -> Plan:
        """The grid as a plan: its points, the columns of each, and what it was made of."""
        table = self.likelihood.parameters
        axes = tuple(Axis(a, *_unit(table[a]), values) for a, values in self.axes.items())
        columns = (
            Column(HEIGHT, long_name="-2 ln(L/L_saturated)"),
            *(Column(a, *_unit(table[a]), "profiled") for a in self.likelihood.floating),
        )
        content = {
            "study": self.analysis.study.resolved,
            "profiled": list(self.profiled),
            "morphed": self.morphed,
        }
        title = self.analysis.study.name
        return Plan(axes, columns, self._chunk(), fingerprint(content), {"title": title})

    def _chunk(self) -> int:
        """Points of one chunk: a row or an even share of it, not too many and not too few."""
        last = len(list(self.axes.values())[-1])
        points = math.prod(len(values) for values in self.axes.values())
        most = max(1, min(_LARGEST_CHUNK, points // _FEWEST_CHUNKS))
        return math.ceil(last / math.ceil(last / most))

    def make(self) -> Make:
        """Makes the evaluator in each process, from the content of the file."""
        study = self.analysis.study
        options = (tuple(self.axes), self.profiled, self.morphed)
        return partial(make_evaluator, dict(study.written), str(study.directory), *options)


def _unit(parameter: Parameter) -> tuple[str, float]:
    return parameter.unit, parameter.scale


def grid_of(study: Study, exact: bool = False) -> Grid:
    """The scan that the file asks for.

    Templates are morphed wherever something is profiled, unless ``exact``.

    Raises
    ------
    InputError
        Where there is no scan, no data, or an axis that cannot be scanned.
    """
    scan = study.together.scan
    if scan is None or not scan.axes:
        expected = "a block 'scan' with 'parameters', such as {sin2_theta_w: [0.1, 0.4, 61]}"
        raise InputError(Mistake("scan", "no axes", expected))
    if scan.settings:
        found = f"settings ({', '.join(scan.settings)})"
        raise InputError(Mistake("scan.settings", found, "parameters: data have no other settings"))
    analysis = analysis_of(study)
    axes: dict[str, Array] = {}
    for name, axis in scan.axes.items():
        path = f"scan.parameters.{name}"
        for address in _one(study, name, path):
            read = read_axis(axis, study.parameters[address], path)
            space = np.geomspace if read["spacing"] == "log" else np.linspace
            axes[address] = space(read["from"], read["to"], read["points"])
    return Grid(analysis, axes, _profiled(study, analysis, axes), not exact)


def _one(study: Study, name: str, path: str) -> list[str]:
    """The address of an axis; a name that stands for several is no axis."""
    matches = study.matching(name)
    ends = dict.fromkeys(study.ties.get(address, address) for address in matches)
    if len(ends) != 1:
        raise InputError(Mistake(path, f"{name!r} for {', '.join(ends)}", "one full address"))
    return list(ends)


def _profiled(study: Study, analysis: Analysis, axes: Mapping[str, Array]) -> tuple[str, ...]:
    """What is fitted again at each point."""
    scan = study.together.scan
    assert scan is not None
    floating = [a for a in analysis.likelihood.floating if a not in axes]
    if scan.profile == "all":
        return tuple(floating)
    if scan.profile == "none":
        return ()
    wanted = [address for name in scan.profile for address in study.matching(name)]
    missing = [address for address in wanted if address not in floating]
    if missing:
        found = f"{missing[0]}, which has no prior and is not in 'fit'"
        raise InputError(Mistake("scan.profile", found, "parameters that float"))
    return tuple(wanted)


def make_evaluator(
    written: dict[str, Any],
    directory: str,
    axes: tuple[str, ...],
    profiled: tuple[str, ...],
    morphed: bool,
) -> Evaluator:
    """The evaluator of a grid, from the content of its file; called once in each process."""
    analysis = analysis_of(study_from(written, directory))
    likelihood = Grid(analysis, dict.fromkeys(axes, np.empty(0)), profiled, morphed).likelihood
    _ = likelihood.steps  # at the nominal point, so that no result depends on the order of points

    def evaluate(points: Mapping[str, Array], seeds: Any) -> Mapping[str, Any]:
        start: Mapping[str, float] = {}
        columns: dict[str, list[Any]] = {HEIGHT: [], "status": []}
        columns.update({address: [] for address in likelihood.floating})
        for point in zip(*points.values(), strict=True):
            values = dict(zip(points, map(float, point), strict=True))
            found = minimise(likelihood.held(values), start, ROUGH)
            best = dict(zip(likelihood.floating, found.values.tolist(), strict=True))
            # The neighbour is a good start, a failed fit is not.
            start = best if found.converged else {}
            columns[HEIGHT].append(found.value)
            columns["status"].append("" if found.converged else "the fit did not converge")
            for address, value in best.items():
                columns[address].append(value)
        return columns

    return evaluate


# --- results ---------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Outcome:
    """A finished scan.

    Attributes
    ----------
    heights : array
        −2 Δ ln L above the best point, of the shape of the grid; NaN where a point failed.
    best : mapping
        Address → value, of the axes at the best fit with everything floating.
    minimum : float
        −2 ln(L/L_saturated) there.
    """

    grid: Grid
    heights: Array
    best: Mapping[str, float]
    minimum: float

    def as_dict(self) -> dict[str, Any]:
        """Plain data under the names of the results contract; values in their units."""
        scan = self.grid.analysis.study.together.scan
        assert scan is not None
        table = self.grid.likelihood.parameters
        return {
            "name": self.grid.analysis.study.name,
            "axes": {a: (v / table[a].scale).tolist() for a, v in self.grid.axes.items()},
            "units": {a: table[a].unit for a in self.grid.axes if table[a].unit},
            "statistic": _plain(self.heights),
            "confidence": list(scan.confidence),
            "levels": [level(one, scan.dof) for one in scan.confidence],
            "dof": scan.dof,
            "best": {
                "minimum": self.minimum,
                "parameters": {a: v / table[a].scale for a, v in self.best.items()},
            },
            "profiled": list(self.grid.profiled),
            "morphed": self.grid.morphed,
            "failed": int(np.sum(np.isnan(self.heights))),
        }


def outcome(grid: Grid, result: Result) -> Outcome:
    """The heights above the best fit, which starts from the lowest point of the grid."""
    heights = np.asarray(result.columns[HEIGHT])
    free = grid.free
    start = {
        address: float(value)
        for address, value in _lowest(grid, heights, result).items()
        if address in free.floating
    }
    found = minimise(free, start)
    lowest = min(found.value, float(np.nanmin(heights)))
    best = {a: found.at(a) for a in grid.axes} if found.value <= lowest + 1e-9 else start
    return Outcome(grid, heights - lowest, {a: best[a] for a in grid.axes}, lowest)


def _lowest(grid: Grid, heights: Array, result: Result) -> dict[str, float]:
    """Every parameter at the lowest point of the grid, in internal units."""
    if not np.any(np.isfinite(heights)):
        raise InputError(Mistake("scan", "no point that succeeded", "a fit that converges"))
    table = grid.likelihood.parameters
    place = np.unravel_index(int(np.nanargmin(heights)), heights.shape)
    on_axes = {
        address: values[index]
        for (address, values), index in zip(grid.axes.items(), place, strict=True)
    }
    fitted = {a: float(result.columns[a][place]) * table[a].scale for a in grid.likelihood.floating}
    return {**fitted, **on_axes}


def level(confidence: float, dof: int) -> float:
    """Height of a contour: the quantile of χ² with ``dof`` degrees of freedom."""
    from scipy.special import gammaincinv

    return float(2.0 * gammaincinv(0.5 * dof, confidence))


def _plain(values: Array) -> Any:
    """Nested lists, with None at points that failed."""
    if values.ndim > 1:
        return [_plain(row) for row in values]
    return [float(value) if math.isfinite(value) else None for value in values]


def scan_folder(directory: Path) -> Path:
    """Where the shards of a scan lie in the folder of its results."""
    return directory / "scan"
