"""Scans of a likelihood: its value on a grid of parameters, the others held or fitted again."""

from __future__ import annotations

import hashlib
import json
import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from cevns.analysis import Analysis, acting_on_data, analysis_of
from cevns.config.choices import with_choices
from cevns.config.schema import Couplings, ScanBlock
from cevns.config.settings import read_axis
from cevns.config.study import Study, study_from
from cevns.errors import InputError, Mistake
from cevns.inference.minimum import ROUGH, Minimum, minimise
from cevns.inference.refit import settled
from cevns.likelihood.joint import Likelihood
from cevns.merge import with_files
from cevns.parameters import Parameter, Parameters
from cevns.scan.evaluate import Evaluator, Make
from cevns.scan.plan import Axis, Column, Plan, fingerprint

Array = np.ndarray[Any, np.dtype[Any]]

HEIGHT = "minus_two_log_likelihood"
_LARGEST_CHUNK = 128
_FEWEST_CHUNKS = 16  # so that a stop loses little and several processes have work
_NO_MATTER = ("name", "scan", "study", "about")
"""Blocks that no point depends on: the axes of a scan are in its plan."""
_USUAL = {"model": ["standard-model"], "kinematics": "exact", "form_factor": "helm"}
_DEFAULTS: Mapping[str, Any] = {**_USUAL, "electron_scattering": False, "axial": "none"}
"""Said or not, these are the same; a folder of results says them."""
_ROUNDING = 1e-12  # of units: a point on its bound is not beyond it
_OFF_BOUNDS = 0.1  # of a natural step
_LONGEST = 50_000  # characters of text that an attribute of an HDF5 file surely takes


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
    logarithmic : frozenset of str
        Axes with equal factors between their points.
    confidence, dof
        Of the levels of a region (`degrees_of_freedom`).
    """

    analysis: Analysis
    axes: Mapping[str, Array]
    profiled: tuple[str, ...]
    morphed: bool
    logarithmic: frozenset[str]
    confidence: tuple[float, ...]
    dof: int

    @cached_property
    def likelihood(self) -> Likelihood:
        """What floats at each point: the profiled parameters."""
        return held_at(self.analysis, self._middle(), self.profiled).with_(morphed=self.morphed)

    @property
    def line(self) -> str | None:
        """The axis that intervals are on; none where several have more than one point."""
        return line_of(self.axes)

    @property
    def free(self) -> Likelihood:
        """The same with the axes floating as well, between the ends of the grid."""
        moved = moving(self.axes)
        own = self.likelihood.held({a: float(v[0]) for a, v in self.axes.items() if a not in moved})
        ends = {a: {"bounds": (float(self.axes[a][0]), float(self.axes[a][-1]))} for a in moved}
        return own.with_(parameters=_changed(own.parameters, ends)).freed(moved)

    @property
    def levels(self) -> tuple[tuple[float, float], ...]:
        """(confidence, height of its contour), the lowest first."""
        return tuple((one, level(one, self.dof)) for one in sorted(self.confidence))

    def plan(self) -> Plan:
        """The grid as a plan: its points, the columns of each, and what it was made of."""
        table = self.likelihood.parameters
        axes = tuple(Axis(a, *_unit(table[a]), values) for a, values in self.axes.items())
        columns = (
            Column(HEIGHT, long_name="-2 ln(L/L_saturated)"),
            *(Column(a, *_unit(table[a]), "profiled") for a in self.likelihood.floating),
        )
        own = {"profiled": list(self.profiled), "morphed": self.morphed}
        content = {**content_of(self.analysis.study), **own}
        text = json.dumps(content, sort_keys=True, ensure_ascii=False)
        attributes = {"title": self.analysis.study.name, **settings_of(text)}
        return Plan(axes, columns, self._chunk(), fingerprint(content), attributes)

    def _chunk(self) -> int:
        """Points of one chunk: a row or an even share of it, not too many and not too few."""
        last = len(list(self.axes.values())[-1])
        points = math.prod(len(values) for values in self.axes.values())
        most = max(1, min(_LARGEST_CHUNK, points // _FEWEST_CHUNKS))
        return math.ceil(last / math.ceil(last / most))

    def _middle(self) -> dict[str, float]:
        return {address: float(values[len(values) // 2]) for address, values in self.axes.items()}

    def make(self) -> Make:
        """Makes the evaluator in each process, from the content of the file."""
        study = self.analysis.study
        options = (self._middle(), self.profiled, self.morphed)
        return partial(make_evaluator, dict(study.written), str(study.directory), *options)


def content_of(study: Study) -> dict[str, Any]:
    """What the points of a scan depend on: settings, and for each file what is in it."""
    kept = _without(with_choices(study, study.resolved), _DEFAULTS)
    couplings = _without(kept.pop("couplings", {}), Couplings().model_dump())

    def digest(name: str) -> str:
        return hashlib.sha256((study.directory / name).read_bytes()).hexdigest()[:32]

    return {**with_files(kept, digest), "couplings": couplings}


def settings_of(text: str) -> dict[str, str]:
    """The attribute that lets a folder say what its scan was made of, where it is not too long."""
    return {"settings": text} if len(text.encode()) < _LONGEST else {}


def _without(content: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    unsaid = [*_NO_MATTER, *(key for key, value in defaults.items() if content.get(key) == value)]
    return {key: value for key, value in content.items() if key not in unsaid}


def _unit(parameter: Parameter) -> tuple[str, float]:
    return parameter.unit, parameter.scale


def held_at(analysis: Analysis, axes: Mapping[str, float], profiled: tuple[str, ...]) -> Likelihood:
    """The likelihood with nothing but ``profiled`` floating.

    An axis whose nominal value is none or complex, such as the mass of a bare interaction, is at
    the value in ``axes`` until it gets another.
    """
    own = analysis.likelihood
    values = {address: own.parameters[address].value for address in axes}
    unset = {a: axes[a] for a, x in values.items() if x is None or isinstance(x, complex)}
    table = _changed(own.parameters, {address: {"value": x} for address, x in unset.items()})
    held = {
        address: own.fixed.get(address, table[address].value)
        for address in own.floating
        if address not in profiled
    }
    return own.with_(parameters=table).held({**held, **unset})


def _changed(table: Parameters, changes: Mapping[str, Mapping[str, Any]]) -> Parameters:
    return Parameters(one.with_(**changes.get(address, {})) for address, one in table.items())


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
    logarithmic = set()
    for name, axis in scan.axes.items():
        path = f"scan.parameters.{name}"
        address = _one(study, analysis, name, path)
        if address in axes:
            raise InputError(Mistake(path, f"{address} for the second time", "each axis once"))
        axes[address], powers = axis_values(axis, study.parameters[address], path)
        if powers:
            logarithmic.add(address)
    profiled = _profiled(study, analysis, axes)
    dof = degrees_of_freedom(scan, len(moving(axes)))
    return Grid(analysis, axes, profiled, not exact, frozenset(logarithmic), scan.confidence, dof)


def _one(study: Study, analysis: Analysis, name: str, path: str) -> str:
    """The address of an axis: the only one with data that ``name`` stands for."""
    matches = study.matching(name)
    acting = acting_on_data(analysis.likelihood)
    ends = dict.fromkeys(study.ties.get(a, a) for a in matches if a in acting)
    if len(ends) != 1:
        found = f"{name!r} for {', '.join(ends)}" if ends else f"{name!r}, which no data depend on"
        raise InputError(Mistake(path, found, "the full address of one that acts on data"))
    return next(iter(ends))


def _profiled(study: Study, analysis: Analysis, axes: Mapping[str, Array]) -> tuple[str, ...]:
    """What is fitted again at each point."""
    scan = study.together.scan
    assert scan is not None
    floating = [a for a in analysis.likelihood.floating if a not in axes]
    if scan.profile == "all":
        return tuple(floating)
    if scan.profile == "none":
        return ()
    meant = [(address, name) for name in scan.profile for address in study.matching(name)]
    wanted = {study.ties.get(address, address): name for address, name in meant}
    for address, name in wanted.items():
        if address not in floating:
            why = "is an axis" if address in axes else "has no prior and is not in 'fit'"
            found = f"{name!r}, which {why}"
            raise InputError(Mistake("scan.profile", found, "parameters that float"))
    return tuple(address for address in floating if address in wanted)


# --- what axes and levels are, in scans and in sensitivity studies --------------------------------


def axis_values(axis: Any, parameter: Parameter, path: str) -> tuple[Array, bool]:
    """The values of an axis in internal units, and whether they have equal factors between them.

    Raises
    ------
    InputError
        For what is no axis, and for a prior around a value that there is not.
    """
    value = parameter.value
    if parameter.prior is not None and (value is None or isinstance(value, complex)):
        why = "has no value" if value is None else "may have a phase"
        found = f"a prior on {parameter.address}, which {why}"
        raise InputError(Mistake(path, found, "a prior on a parameter with a real value"))
    read = read_axis(axis, parameter, path)
    return spaced(read), read["spacing"] == "log"


def spaced(read: Mapping[str, Any]) -> Array:
    """The points of an axis as `read_axis` has it; a single one is where it starts."""
    make = np.geomspace if read["spacing"] == "log" else np.linspace
    return make(read["from"], read["to"], read["points"])


def moving(axes: Mapping[str, Array]) -> tuple[str, ...]:
    """The axes with more than one point; a parameter with a single one is held there."""
    return tuple(address for address, values in axes.items() if len(values) > 1)


def line_of(axes: Mapping[str, Array]) -> str | None:
    """The only axis, of those with more than one point if there are any."""
    left = moving(axes) or tuple(axes)
    return left[0] if len(left) == 1 else None


def degrees_of_freedom(scan: ScanBlock, parameters: int) -> int:
    """Of the level of a statement about so many parameters, unless the file says otherwise.

    Wilks' theorem counts what is free in one of two hypotheses and not in the other: 1 for an
    interval of a parameter, also for one at each value of another that is not asked for (a mass,
    a setting); 2 for a region in a plane, which asks for both.
    """
    return max(1, parameters) if scan.dof is None else scan.dof


# --- one point after the other ----------------------------------------------------------------


def make_evaluator(
    written: dict[str, Any],
    directory: str,
    axes: Mapping[str, float],
    profiled: tuple[str, ...],
    morphed: bool,
) -> Evaluator:
    """The evaluator of a grid, from the content of its file; called once in each process.

    ``axes`` are the addresses of its axes, each with a value from its middle.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what there is to say was said for the whole scan
        analysis = analysis_of(study_from(written, directory))
    likelihood = held_at(analysis, axes, profiled).with_(morphed=morphed)
    _ = likelihood.steps  # at the nominal point, so that no result depends on the order of points

    def evaluate(points: Mapping[str, Array], seeds: Any) -> Mapping[str, Any]:
        start: Mapping[str, float] = {}
        columns: dict[str, list[Any]] = {HEIGHT: [], "status": []}
        columns.update({address: [] for address in likelihood.floating})
        for point in zip(*points.values(), strict=True):
            values = dict(zip(points, map(float, point), strict=True))
            height, best, status = height_at(likelihood, values, start)
            # The neighbour is a good start, a failed fit is not.
            start = {} if status else best
            columns[HEIGHT].append(height)
            columns["status"].append(status)
            for address in likelihood.floating:
                columns[address].append(best.get(address, math.nan))
        return columns

    return evaluate


def height_at(
    likelihood: Likelihood, values: Mapping[str, float], start: Mapping[str, float]
) -> tuple[float, dict[str, float], str]:
    """Height, what floats, and why it failed: a corner without physics is no reason to stop."""
    for address, value in values.items():
        parameter = likelihood.parameters[address]
        low, high = parameter.bounds or (-math.inf, math.inf)
        if not low - _ROUNDING * abs(low) <= value <= high + _ROUNDING * abs(high):
            ends = ", ".join(f"{end / parameter.scale:.6g}" for end in (low, high))
            return math.nan, {}, f"{address} outside its bounds [{ends}] {parameter.unit}".rstrip()
    try:
        with np.errstate(all="ignore"):
            found = roughly(likelihood.held(values), start)
            if not found.converged:  # the neighbour may have led astray
                found = settled(likelihood.held(values))
    except InputError as error:
        return math.nan, {}, str(error.mistakes[0])
    best = dict(zip(likelihood.floating, found.values.tolist(), strict=True))
    if not math.isfinite(found.value):
        return math.nan, best, "the likelihood is zero or not a number"
    return found.value, best, "" if found.converged else "the fit did not converge"


def roughly(likelihood: Likelihood, start: Mapping[str, float]) -> Minimum:
    """The minimum from ``start``, moved off bounds: a parameter that starts on one stays there.

    MINUIT sees it through a sine, whose slope on the bound is zero whatever the likelihood's is.
    """
    inside = {}
    nominal = zip(likelihood.floating, likelihood.start, likelihood.steps, strict=True)
    for address, value, step in nominal:
        low, high = likelihood.parameters[address].bounds or (-math.inf, math.inf)
        room = min(_OFF_BOUNDS * step, 0.5 * (high - low))
        inside[address] = min(max(start.get(address, value), low + room), high - room)
    return minimise(likelihood, inside, ROUGH)


def level(confidence: float, dof: int) -> float:
    """Height of a contour: the quantile of χ² with ``dof`` degrees of freedom."""
    from scipy.special import gammaincinv

    return float(2.0 * gammaincinv(0.5 * dof, confidence))


def scan_folder(directory: Path) -> Path:
    """Where the shards of a scan lie in the folder of its results."""
    return directory / "scan"
