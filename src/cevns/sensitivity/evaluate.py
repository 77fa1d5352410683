"""The points of a sensitivity study: each against the data of the nominal point."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np

from cevns.analysis import Analysis, prediction_of
from cevns.config.study import Study, study_from
from cevns.declared import SIGNAL_NORM
from cevns.errors import InputError, Mistake, unknown_name
from cevns.inference.plane import height_at, held_at
from cevns.likelihood.joint import Likelihood
from cevns.likelihood.poisson import deviance, saturated
from cevns.parameters import Theta
from cevns.scan.evaluate import Evaluator, Make
from cevns.scan.plan import Plan
from cevns.sensitivity.counting import chi_squared, covariance, significance
from cevns.sensitivity.design import SIGNIFICANCE, Design, design_of
from cevns.sensitivity.few import warn_of_few
from cevns.sensitivity.samples import COUNTS, Sample, counted
from cevns.sensitivity.variants import with_values

Array = np.ndarray[Any, np.dtype[Any]]
Points = Mapping[str, Array]

_ROUNDING = 1e-12  # of units: a point on its bound is not beyond it
_NO_ERROR = "a count without any uncertainty"


@dataclass(frozen=True, eq=False)
class StudyGrid:
    """The grid of a design, ready for the engine of scans."""

    design: Design

    def plan(self) -> Plan:
        """Its points."""
        return self.design.plan()

    def make(self) -> Make:
        """Makes the evaluator in each process, from the content of the file."""
        study = self.design.file
        return partial(make_evaluator, dict(study.written), str(study.directory))

    def try_out(self) -> None:
        """Evaluate the two ends and the middle of the grid, before anything is written.

        Warns of a χ² of few counts.

        Raises
        ------
        InputError
            Where none of them can be had.
        """
        plan = self.plan()
        points = plan.points(np.array([0, plan.size // 2, plan.size - 1]))
        texts = evaluator_of(self.design)(points, plan.seeds())["status"]
        if all(texts):
            raise InputError(Mistake("scan", f"no point that succeeds ({texts[1]})", _POSSIBLE))
        warn_of_few(self.design)


_POSSIBLE = "a grid on which the study can be made"


def make_evaluator(content: dict[str, Any], directory: str) -> Evaluator:
    """The evaluator of a study, from the content of its file; called once in each process."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what there is to say was said for the whole study
        design = design_of(study_from(content, directory))
    return evaluator_of(design)


def evaluator_of(design: Design) -> Evaluator:
    """The evaluator of `Design.plan`: points in, the columns of the design out."""
    kept: dict[tuple[float, ...], Any] = {}

    def at(key: tuple[float, ...]) -> Any:
        """What a study at some values of the settings needs; that of the last values is kept."""
        if key not in kept:
            kept.clear()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                study = design.variant(dict(zip(design.settings, key, strict=True)))
            kept[key] = _kind(design)(design, study)
        return kept[key]

    def evaluate(points: Points, seeds: Any) -> Mapping[str, Any]:
        size = len(next(iter(points.values())))
        columns = {name: np.full(size, np.nan) for name in design.columns}
        status = np.full(size, "", dtype=object)
        settings = [points[name] for name in design.settings]
        for key, rows in _groups(settings, size):
            own = {address: points[address][rows] for address in design.axes}
            found, texts = at(key).columns(own, len(rows))
            status[rows] = texts
            for name, values in found.items():
                columns[name][rows] = values
        return {**columns, "status": status.tolist()}

    return evaluate


def _kind(design: Design) -> Callable[[Design, Study], Any]:
    """What computes the columns of a design."""
    if not design.axes:
        return _Yield
    if design.counting:
        return Counting
    return Expected if design.quick else Asimov


def _groups(columns: list[Array], size: int) -> Iterator[tuple[tuple[float, ...], Array]]:
    """Different rows of ``columns``, and where each of them is."""
    if not columns:
        yield (), np.arange(size)
        return
    rows, places = np.unique(np.stack(columns, axis=1), axis=0, return_inverse=True)
    for number, row in enumerate(rows):
        yield tuple(map(float, row)), np.flatnonzero(places.ravel() == number)


def _outside(study: Study, points: Points, size: int) -> Array:
    """Why points are beyond the bounds of a parameter, "" for the others."""
    texts = np.full(size, "", dtype=object)
    for address, values in points.items():
        parameter = study.parameters[address]
        low, high = parameter.bounds or (-math.inf, math.inf)
        beyond = (values < low - _ROUNDING * abs(low)) | (values > high + _ROUNDING * abs(high))
        ends = ", ".join(f"{end / parameter.scale:.6g}" for end in (low, high))
        text = f"{address} outside its bounds [{ends}] {parameter.unit}".rstrip()
        texts[beyond] = text
    return texts


# --- whole arrays of points ----------------------------------------------------------------------


class _OnGrids:
    """A statistic in closed form of what is counted.

    Whole arrays of points are one contraction; what shapes the spectrum or the response is taken
    value by value.
    """

    def __init__(self, design: Design, study: Study):
        self.design, self.study = design, study
        self.counted = design.counted(study)
        self._takes_grids: dict[str, bool] = {}

    def heights(self, theta: Theta) -> list[Array]:
        """The statistic for each systematic at θ, arrays of its points or less.

        Without what the priors of the axes add to it.
        """
        raise NotImplementedError

    def _singly(self, points: Points) -> list[str]:
        """What of ``points`` is taken value by value."""
        for address, values in points.items():
            if address not in self._takes_grids:
                span = self.design.axes.get(address, values)
                self._takes_grids[address] = self.counted.takes_grids(address, span)
        return [address for address in points if not self._takes_grids[address]]

    def _check(self, points: Points) -> None:
        """Refuse addresses that nothing has, and to leave open what the model does."""
        for address in points:
            if address not in self.study.parameters:
                raise unknown_name("at", address, self.study.parameters, "parameter")
        for address in self.design.unset:
            if address not in points:
                expected = "one at each point, or in the model"
                raise InputError(Mistake(address, "no value", expected))

    def columns(self, points: Points, size: int) -> tuple[dict[str, Array], Array]:
        """The statistic for each systematic, and why there is none.

        ``points`` has an array of ``size`` values for each address; axes that are not in it stay
        at their nominal values.

        Raises
        ------
        InputError
            For an address that nothing has, and for an axis left out that has no nominal value.
        """
        self._check(points)
        names = self.design.columns
        found = {name: np.full(size, np.nan) for name in names}
        status = _outside(self.study, points, size)
        inside = np.flatnonzero(status == "")
        own = {address: values[inside] for address, values in points.items()}
        singly = self._singly(points)
        for key, places in _groups([own[a] for a in singly], len(inside)):
            rows = inside[places]
            single = dict(zip(singly, key, strict=True))
            grids = {a: own[a][places] for a in own if a not in single}
            try:
                with np.errstate(all="ignore"):
                    each = self.heights({**single, **grids})
            except InputError as error:
                status[rows] = str(error.mistakes[0])
                continue
            known = self.design.priors.height({a: values[rows] for a, values in points.items()})
            for name, heights in zip(names, each, strict=True):
                found[name][rows] = heights + known
                status[rows[~np.isfinite(found[name][rows])]] = _NO_ERROR
        return found, status


class Expected(_OnGrids):
    """−2 ln L of the bins against those of the nominal point, where nothing is profiled."""

    @cached_property
    def _observed(self) -> tuple[Array, float]:
        observed: Array = self.counted.net({}) + self.counted.backgrounds
        return observed, saturated(observed)

    def heights(self, theta: Theta) -> list[Array]:
        """The deviance of each point."""
        observed, offset = self._observed
        expected = np.atleast_2d(self.counted.net(theta) + self.counted.backgrounds)
        each = np.array([deviance(observed, one, offset) for one in expected])
        return [each for _ in self.design.systematics]


class Counting(_OnGrids):
    """The χ² of what is counted, its covariance from counting, systematics and nuisances."""

    @cached_property
    def nominal(self) -> Array:
        """x₀ at the nominal point, shape (m,)."""
        return self._measured[0]

    @cached_property
    def used(self) -> Array:
        """Which of them are compared: where nothing is expected there is no χ², shape (m,)."""
        return np.asarray(self._measured[1] > 0)

    @cached_property
    def _measured(self) -> tuple[Array, Array]:
        return self.counted.measured({})

    def heights(self, theta: Theta) -> list[Array]:
        """χ² of each point, the nuisances profiled."""
        expected, priors = self.design.block.sigma_from == "expected", self.design.priors
        values, variances = self.counted.measured(theta)
        scale = self.nominal if expected else values
        effects = self._effects({} if expected else theta)
        counting = self._measured[1] if expected else variances
        matrix = covariance(counting, effects, priors.covariance)
        # Where the axes are, correlations with them move the nuisances.
        moved = np.einsum("...p,...pm->...m", priors.expected(theta), effects)
        residuals = (values + moved - self.nominal)[..., self.used]
        found = []
        for systematic in self.design.systematics:
            shared = systematic**2 * self._shared(scale)
            chosen = (matrix + shared)[..., self.used, :][..., self.used]
            found.append(chi_squared(residuals, chosen))
        return found

    def _shared(self, scale: Array) -> Array:
        """xᵢ xⱼ where a systematic of the signal acts on both alike, shape (..., m, m)."""
        owners = self.counted.owners
        together = owners[:, None] == owners[None, :]
        if self.design.block.correlated:
            together = np.ones_like(together)
        together = together & (owners >= 0) & (owners >= 0)[:, None]
        shared: Array = scale[..., :, None] * scale[..., None, :] * together
        return shared

    def _effects(self, theta: Theta) -> Array:
        """What one standard deviation of each nuisance does to x, shape (..., p, m)."""
        each = [self._effect(address, theta) for address in self.design.profiled]
        if not each:
            return np.zeros((0, self.nominal.shape[-1]))
        return np.stack(np.broadcast_arrays(*each), axis=-2)

    def _effect(self, address: str, theta: Theta) -> Array:
        """What one standard deviation of a nuisance does to x, shape (..., m)."""
        parameter = self.study.parameters[address]
        value, width = float(parameter.value), float(parameter.prior or 0.0)
        low, high = parameter.bounds or (-math.inf, math.inf)
        ends = max(value - width, low), min(value + width, high)
        below, above = (self.counted.measured({**theta, address: end})[0] for end in ends)
        effect: Array = (above - below) * (width / (ends[1] - ends[0]))
        return effect

    def precision(self, systematic: float) -> float:
        """Relative uncertainty of the strength of the signal, with a systematic."""
        with np.errstate(all="ignore"):
            signal = self._effect_of_signal()[self.used]
            matrix = covariance(self._measured[1], self._effects({}), self.design.priors.covariance)
            matrix = matrix + systematic**2 * self._shared(self.nominal)
            chosen = matrix[np.ix_(self.used, self.used)]
            return float(1.0 / np.sqrt(chi_squared(signal, chosen)))

    def _effect_of_signal(self) -> Array:
        """∂x/∂(strength of the signal), shape (m,); a ratio has none."""
        return np.zeros_like(self.nominal) if self.counted.pairs else self.nominal


class _Yield:
    """What is expected at one value of the settings, where no parameter is scanned."""

    def __init__(self, design: Design, study: Study):
        self.design, self.study, self.counting = design, study, Counting(design, study)

    def columns(self, points: Points, size: int) -> tuple[dict[str, Array], Array]:
        """Signal and background of each experiment as counted, significance and precision."""
        found: dict[str, float] = {}
        for name, sample in self._samples.items():
            each = (("total", sample.signal({})), ("background", sample.background({})))
            for kind, events in each:
                found[f"{name}.{kind}".lstrip(".")] = float(np.sum(events))
        found[SIGNIFICANCE] = self._significance()
        for name, systematic in self.design.precisions.items():
            found[name] = self.counting.precision(systematic)
        rows = {name: np.full(size, value) for name, value in found.items()}
        return rows, np.full(size, "", dtype=object)

    @property
    def _samples(self) -> dict[str, Sample]:
        """Experiment → all that it counts, whatever is compared."""
        samples = counted(self.study, COUNTS, ()).samples
        return dict(zip(self.study.experiments, samples, strict=True))

    def _significance(self) -> float:
        """Of all samples together; NaN where a bin with signal has no background."""
        squares = []
        for sample in self.counting.counted.samples:
            signal, background = sample.signal({}), sample.background({})
            there = (signal > 0) | (background > 0)
            one = significance(signal[there], background[there], sample.off_over_on)
            squares.append(float(one) ** 2)
        return math.sqrt(sum(squares))


# --- likelihoods -------------------------------------------------------------------------------


class Asimov:
    """−2 ln L of the bins against the expected counts of the nominal point, nuisances profiled."""

    def __init__(self, design: Design, study: Study):
        self.design, self.study = design, study
        self.likelihoods = [self._likelihood(one) for one in design.systematics]

    def _likelihood(self, systematic: float) -> Likelihood:
        """With the axes open and the nuisances floating; a systematic is the signal's norm."""
        study, profiled = self.study, self.design.profiled
        if systematic:
            norms = study.matching(SIGNAL_NORM)
            shared = self.design.block.correlated
            said = {a: {"prior": systematic} for a in (norms[:1] if shared else norms)}
            study, profiled = with_values(study, said), (*profiled, *said)
            study = with_values(study, {a: {"same_as": norms[0]} for a in norms if a not in said})
        axes = {a: float(values[len(values) // 2]) for a, values in self.design.axes.items()}
        likelihood = held_at(Analysis(study, prediction_of(study), ()), axes, profiled)
        _ = likelihood.steps  # at the nominal point: no result depends on the order of points
        return likelihood

    def columns(self, points: Points, size: int) -> tuple[dict[str, Array], Array]:
        """−2 ln(L/L_saturated) for each systematic, and why there is none."""
        status = np.full(size, "", dtype=object)
        found = {}
        for name, likelihood in zip(self.design.columns, self.likelihoods, strict=True):
            heights = np.full(size, np.nan)
            start: Mapping[str, float] = {}
            for place in range(size):
                values = {address: float(one[place]) for address, one in points.items()}
                heights[place], best, text = height_at(likelihood, values, start)
                start = {} if text else best  # the neighbour is a good start, a failed fit is not
                status[place] = status[place] or text
            found[name] = heights
        return found, status
