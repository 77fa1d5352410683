"""What a file asks of a sensitivity study: its statistic, axes, settings and nuisances."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from cevns.analysis import unmeasured_backgrounds
from cevns.config.schema import ScanBlock, StudyBlock
from cevns.config.settings import MOST_POINTS
from cevns.config.study import Study
from cevns.declared import SIGNAL_NORM
from cevns.errors import InputError, Mistake
from cevns.inference.plane import (
    content_of,
    degrees_of_freedom,
    level,
    line_of,
    moving,
    settings_of,
)
from cevns.parameters import Parameter
from cevns.scan.plan import Axis, Column, Plan, fingerprint
from cevns.sensitivity.axes import Setting, does_nothing, scanned, setting_axes
from cevns.sensitivity.priors import Priors
from cevns.sensitivity.samples import COUNTS, RATIO, SPECTRUM, Counted, counted
from cevns.sensitivity.variants import with_settings, with_values, written

Array = np.ndarray[Any, np.dtype[Any]]

COUNTING, POISSON = "chi2-counting", "poisson"
SIGNIFICANCE, PRECISION = "significance", "precision"
_CHUNKS = 16  # at least, so that a stop loses little and several processes have work
_LARGEST_CHUNK, _LARGEST_OF_FITS = 8192, 128


@dataclass(frozen=True, eq=False)
class Design:
    """What a file asks for.

    Attributes
    ----------
    file : Study
        As it is.
    study : Study
        The same, with values for what only the scan gives one.
    block : StudyBlock
    axes : mapping
        Address → values in internal units, of the scanned parameters.
    settings : mapping
        Name → axis, of the settings for each of whose values the study is made again.
    profiled : tuple of str
        Nuisances, in the addresses of the file.
    logarithmic : frozenset of str
        Axes and settings with equal factors between their points.
    unset : tuple of str
        Axes without a nominal value, which the data therefore must not depend on.
    """

    file: Study
    study: Study
    block: StudyBlock
    scan: ScanBlock
    axes: Mapping[str, Array]
    settings: Mapping[str, Setting]
    profiled: tuple[str, ...]
    logarithmic: frozenset[str]
    unset: tuple[str, ...]

    # --- what is said ------------------------------------------------------------------------

    @cached_property
    def systematics(self) -> tuple[float, ...]:
        """Relative systematic uncertainties, one for each contour."""
        given = self.block.systematic
        return given if isinstance(given, tuple) else (float(given),)

    @cached_property
    def observable(self) -> str:
        """What is compared: by default counts, and the spectrum for a likelihood."""
        return self.block.observable or (COUNTS if self.counting else SPECTRUM)

    @property
    def counting(self) -> bool:
        """Whether the statistic is the χ² of counts."""
        return self.block.statistic == COUNTING

    @property
    def quick(self) -> bool:
        """Whether its statistic is in closed form: nothing is fitted at the points."""
        return self.counting or not (self.profiled or any(self.systematics))

    @property
    def dof(self) -> int:
        """Degrees of freedom of a region in all scanned parameters that have several points."""
        return degrees_of_freedom(self.scan, len(moving(self.axes)))

    @property
    def limit_dof(self) -> int:
        """Degrees of freedom of limits along `lines`."""
        return degrees_of_freedom(self.scan, 1)

    @property
    def levels(self) -> tuple[tuple[float, float], ...]:
        """(confidence, height) of the contours of regions, the lowest first."""
        return self._levels(self.dof)

    @property
    def limit_levels(self) -> tuple[tuple[float, float], ...]:
        """(confidence, height) of limits along `lines`, the lowest first."""
        return self._levels(self.limit_dof)

    def _levels(self, dof: int) -> tuple[tuple[float, float], ...]:
        return tuple((one, level(one, dof)) for one in sorted(self.scan.confidence))

    @cached_property
    def lines(self) -> tuple[str, tuple[str, ...]] | None:
        """The axis along which there is a limit at each point of the others, and these others.

        The only parameter, at each value of the settings; or the one of two beside which the
        other does nothing by itself: a coupling, at each mass. Parameters with a single point are
        among the others.
        """
        moved = moving(self.axes)
        address = line_of(self.axes)
        silent = [one for one in moved if one in self.silent] if len(moved) == 2 else []
        if len(silent) == 1:
            (address,) = (one for one in moved if one not in silent)
        if address is None:
            return None
        return address, (*self.settings, *(one for one in self.axes if one != address))

    @cached_property
    def priors(self) -> Priors:
        """What is known beforehand of axes and nuisances."""
        return Priors.of(self.study, self.axes, self.profiled)

    @property
    def constrained(self) -> tuple[str, ...]:
        """Axes with a prior, which counts as a measurement of the nominal value."""
        return self.priors.axes

    @cached_property
    def held(self) -> tuple[str, ...]:
        """What has a prior but is not profiled."""
        scanned = {*self.axes, *self.profiled}
        table = self.study.parameters
        return tuple(a for a, one in table.items() if one.prior is not None and a not in scanned)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all axes, those of the settings first."""
        return (*self.settings, *self.axes)

    @property
    def shape(self) -> tuple[int, ...]:
        """Points of all axes."""
        each = [one.values for one in self.settings.values()]
        return tuple(len(values) for values in (*each, *self.axes.values()))

    @cached_property
    def nominal(self) -> dict[str, float]:
        """The values of the axes for which the data are made, where they have one."""
        table = self.study.parameters
        known = (address for address in self.axes if address not in self.unset)
        return {address: float(np.real(table[address].value)) for address in known}

    def unit(self, name: str) -> tuple[str, float]:
        """The unit of an axis or setting, and what divides its values to be in it."""
        if name in self.settings:
            return self.settings[name].unit, 1.0
        parameter = self.study.parameters[name]
        return parameter.unit, parameter.scale

    def shown(self, name: str) -> Array:
        """The values of an axis or a setting in its unit, shape (n,)."""
        values = self.settings[name].values if name in self.settings else self.axes[name]
        return np.asarray(values) / self.unit(name)[1]

    @cached_property
    def silent(self) -> tuple[str, ...]:
        """Axes that do nothing while all others are nominal: a mass beside a coupling of zero."""
        made = self.counted(self.study)
        free = [address for address in self.axes if address not in self.constrained]
        return tuple(address for address in free if does_nothing(made, address, self.axes))

    def counted(self, study: Study) -> Counted:
        """What the experiments of ``study``, this one or a variant of it, count."""
        off = self.counting or not self.axes  # a likelihood of bins has no such data
        open_ones = {*self.axes, *self.profiled}
        return counted(study, self.observable, self.block.ratio, open_ones, off)

    # --- its points --------------------------------------------------------------------------

    def variant(self, values: Mapping[str, float]) -> Study:
        """The study with its settings at ``values``, each in its unit."""
        if not values:
            return self.study
        texts = {name: written(value, self.settings[name].unit) for name, value in values.items()}
        return with_settings(self.study, texts)

    @property
    def columns(self) -> tuple[str, ...]:
        """What is computed at each point.

        The statistic for each systematic; without scanned parameters the counts of every
        experiment, the significance of the signal and how precisely its strength is known.
        """
        if self.axes:
            return tuple(f"chi2 at systematic {one:g}" for one in self.systematics)
        counts = [f"{name}.{kind}".lstrip(".") for name in self.study.blocks for kind in _KINDS]
        return (*counts, SIGNIFICANCE, *self.precisions)

    @property
    def precisions(self) -> dict[str, float]:
        """Column → systematic, of how precisely the strength of the signal is known."""
        several = len(self.systematics) > 1
        ends = {s: f" at systematic {s:g}" if several else "" for s in self.systematics}
        return {f"{PRECISION}{end}": systematic for systematic, end in ends.items()}

    def plan(self) -> Plan:
        """The grid as a plan: its points, what is computed, and what it was made of."""
        table = self.study.parameters
        axes = (
            *(Axis(n, one.unit, 1.0, one.values) for n, one in self.settings.items()),
            *(Axis(a, table[a].unit, table[a].scale, v) for a, v in self.axes.items()),
        )
        asked = self.block.model_dump(mode="json")
        content = {**content_of(self.study), "study": asked, "profiled": list(self.profiled)}
        text = json.dumps(content, sort_keys=True, ensure_ascii=False)
        attributes = {"title": self.study.name, **settings_of(text)}
        columns = tuple(Column(name) for name in self.columns)
        return Plan(axes, columns, self._chunk(), fingerprint(content), attributes)

    def _chunk(self) -> int:
        """Points of one chunk: whole rows of the grid where they are quick."""
        points = math.prod(self.shape)
        even = max(1, points // _CHUNKS)
        last = self.shape[-1]
        if self.quick and even > last:
            even = last * math.ceil(even / last)
        return min(even, _LARGEST_CHUNK if self.quick else _LARGEST_OF_FITS)


_KINDS = ("total", "background")

_OVER_STRENGTHS = {
    "settings": {SIGNAL_NORM: {"from": 0.25, "to": 4, "points": 9, "spacing": "log"}}
}
_STRENGTHS = ScanBlock(**_OVER_STRENGTHS)
"""What a study looks at that does not say: how it would see less of a signal, or more."""


def design_of(study: Study) -> Design:
    """The sensitivity study that a file asks for; without a scan, over strengths of the signal.

    Raises
    ------
    InputError
        With places in the file: nothing to scan, data, settings that are not there, nuisances
        that cannot be profiled.
    """
    scan = study.together.scan
    if study.together.study is not None and (scan is None or not (scan.axes or scan.settings)):
        scan = _STRENGTHS if scan is None else scan.model_copy(update=_OVER_STRENGTHS)
    if scan is None or not (scan.axes or scan.settings):
        expected = (
            "a block 'scan' with 'parameters' such as {nsi.eps_ee_d: [-1, 1, 200]}, or 'settings'"
        )
        raise InputError(Mistake("scan", "no axes", expected))
    data = [name for name, blocks in study.blocks.items() if blocks.data is not None]
    if data:
        path = f"experiments.{data[0]}.data" if data[0] else "data"
        expected = "none: the data are what the file predicts (data are scanned by: cevns scan)"
        raise InputError(Mistake(path, "data", expected))
    block = study.together.study or StudyBlock()
    if block.statistic == POISSON and block.observable in (COUNTS, RATIO):
        found = f"{block.observable!r} beside the statistic poisson"
        expected = f"spectrum, the bins of 'binning'; or the statistic {COUNTING}"
        raise InputError(Mistake("study.observable", found, expected))
    if "ratio" in block.model_fields_set and block.observable != RATIO:
        observable = block.observable or (COUNTS if block.statistic == COUNTING else SPECTRUM)
        found = f"two samples beside the observable {observable!r}"
        raise InputError(Mistake("study.ratio", found, f"none, or observable: {RATIO}"))
    axes, logarithmic = scanned(study, scan)
    settings, others = setting_axes(scan)
    powers = frozenset(logarithmic | others)
    table = study.parameters
    unset = tuple(a for a in axes if table[a].value is None)
    whole = with_values(study, {a: _middle(table[a], axes[a]) for a in unset}) if unset else study
    profiled = _profiled(whole, scan, axes)
    design = Design(study, whole, block, scan, axes, settings, profiled, powers, unset)
    _refuse(design)
    return design


def _middle(parameter: Parameter, values: Array) -> dict[str, Any]:
    middle = float(values[len(values) // 2]) / parameter.scale
    return {"value": written(middle, parameter.unit)}


def _profiled(study: Study, scan: ScanBlock, axes: Iterable[str]) -> tuple[str, ...]:
    """The nuisances that are fitted again at each point."""
    table = study.parameters
    floating = [
        address
        for address, one in table.items()
        if not one.fixed and address not in study.ties and address not in axes
    ]
    if scan.profile == "all":
        return tuple(floating)
    if scan.profile == "none":
        return ()
    wanted: dict[str, str] = {}
    for name in scan.profile:
        wanted.update({study.ties.get(a, a): name for a in study.matching(name)})
    for address, name in wanted.items():
        if address not in floating:
            why = "is an axis" if address in axes else "has no prior and is not in 'fit'"
            found = f"{name!r}, which {why}"
            raise InputError(Mistake("scan.profile", found, "parameters that float"))
    return tuple(wanted)


def _refuse(design: Design) -> None:
    """What a study cannot do, said before anything is computed."""
    table, points = design.study.parameters, math.prod(design.shape)
    if points > MOST_POINTS:
        found = f"{points} points of all axes together"
        raise InputError(Mistake("scan", found, f"at most {MOST_POINTS}"))
    for name, setting in design.settings.items():
        if set(design.study.matching(name)) & {*design.axes}:
            found = f"{name!r}, which is one of scan.parameters too"
            raise InputError(Mistake(f"scan.settings.{name}", found, "one of the two"))
        for end in (setting.values[0], setting.values[-1]):
            design.variant({name: end})
    free = [a for a in design.profiled if table[a].prior is None]
    if free and (design.counting or not design.axes):
        found = f"{free[0]}, which has no prior"
        fitted = f", or the statistic {POISSON}" if design.axes else ""
        expected = f"a prior on what is profiled{fitted}"
        raise InputError(Mistake("scan.profile", found, expected))
    _ = design.priors  # correlations that cannot be
    norms = {*design.axes, *(a for a in table if table[a].prior is not None)}
    both = [a for a in norms if f".{a}".endswith(f".{SIGNAL_NORM}")]
    if both and any(design.systematics) and not design.counting:
        found = f"a systematic beside {both[0]}, which is the same uncertainty"
        raise InputError(Mistake("study.systematic", found, "one of the two"))
    _say_about_off(design)
    made = design.counted(design.study)
    nominal = made.net({})
    for address in design.unset:
        ends = (made.net({address: float(design.axes[address][end])}) for end in (0, -1))
        if not all(np.allclose(one, nominal, rtol=1e-9, atol=0.0) for one in ends):
            found = f"no value for {address}, on which the data depend"
            raise InputError(Mistake("model", found, "a value for which data are to be made"))


def _say_about_off(design: Design) -> None:
    """A likelihood has no subtraction: what time without the source is worth is a prior there.

    Without scanned parameters there is no likelihood: significance and precision subtract.
    """
    if not design.axes:
        return
    lacking = unmeasured_backgrounds(design.study, design.study.blocks, design.profiled)
    if lacking and not design.counting:
        listed = ", ".join(lacking)
        text = f"exposure.off is not used by a likelihood: profile {listed}, with a prior"
        warnings.warn(text, UserWarning, stacklevel=2)
