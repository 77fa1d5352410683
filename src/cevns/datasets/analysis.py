"""How a public data set is analysed: its ``analysis.yaml``, as declarations.

The apparatus (source, detector, exposure, binning) is written as in any experiment file; it says
nothing of the physics, which is the user's. What is counted, which backgrounds there are and what
can shift is said in a small vocabulary, and read from the files of the release: nothing here
knows any particular data set. One that was taken in several runs says everything once; its runs
have files, exposures and perhaps norms of their own.

Energies and times in the files of a release are in the units of the axes: PE, keVee or keV, and
microseconds. Rows are located by the centres of their bins.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StrictBool, ValidationError, model_validator

from cevns.backgrounds import background_norm
from cevns.datasets.profiles import Curve, ProfileField
from cevns.datasets.release import FOLDER, dataset_names
from cevns.errors import InputError
from cevns.exposure import Exposure
from cevns.likelihood.morph import SIDES
from cevns.parameters import Parameter
from cevns.spec import Energy, Number, Quantity, Spec, mistake, mistakes_of
from cevns.yaml_reader import read_file

ANALYSIS = "analysis.yaml"
Columns = Annotated[tuple[str, ...], Field(min_length=2)]
Positive = Annotated[float, Quantity("1", range="positive")]


class Rows(Spec):
    """A file of numbers and what its columns are: axes by name, perhaps ``counts`` and ``error``.

    Other names are those of columns that are not used. ``scale`` multiplies counts and errors,
    where they are given per day, say; ``header`` says that the first line holds titles.
    """

    file: str
    columns: Columns
    scale: Positive = 1.0
    header: StrictBool = False


class Histogram(Spec):
    """An HDF5 file with a template: events in every cell, ``per`` exposure where that is given."""

    file: str
    per: Exposure | None = None


class HistogramCells(Spec):
    """Cells with the edges of the template in a file.

    ``axes`` says in the order of the file what they are called here, and the unit of each.
    """

    file: str
    axes: Annotated[dict[str, str], Field(min_length=1)]


class BackgroundTemplate(Spec):
    """A background: an amount times a profile per axis, or a template over all cells.

    The amount is a number of ``events``, or ``ratio`` to another background, whose norm then
    multiplies both. A template keeps its own number of events where none is given. ``prior`` is
    the relative width of its norm, ``background.<name>.norm``; one for each run means a norm for
    each, ``background.<name>.<run>.norm``.
    """

    prior: Positive | dict[str, Positive] | None = None
    events: Positive | None = None
    ratio: tuple[str, Positive] | None = None
    energy: ProfileField | None = None
    time: ProfileField | None = None
    cells: Rows | None = None
    histogram: Histogram | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        amounts = (self.events is not None) + (self.ratio is not None)
        by_profile = self.energy is not None and amounts == 1
        if [by_profile, self.cells is not None, self.histogram is not None].count(True) != 1:
            expected = "'cells', 'histogram', or 'energy' (and 'time') with 'events' or 'ratio'"
            raise mistake("an incomplete template", expected)
        return self

    def norms(self, name: str, runs: Sequence[str]) -> Iterator[tuple[str, float | None]]:
        """Address and prior of each of its norms."""
        if isinstance(self.prior, dict):
            yield from ((background_norm(f"{name}.{run}"), self.prior[run]) for run in runs)
        else:
            yield background_norm(name), self.prior


class Energies(Spec):
    """Recoil energies, equally far apart."""

    start: Annotated[Energy, Field(alias="from")]
    to: Energy
    points: Annotated[int, Field(strict=True, ge=2, le=10_000)]


class RecoilResponse(Spec):
    """Templates of mono-energetic recoils: how probable it is that one is counted in each cell.

    The name of a file has its recoil energy [keV] in it: ``mono_{energy:.3f}.h5``.
    """

    file: str
    energy: Energies


class SignalTemplate(Spec):
    """What the release says of the signal beyond what this package predicts.

    ``response`` takes the place of the detector's.

    ``template`` is the release's own prediction: it spreads the events of an energy bin over
    further axes, and its shape may take the place of ours. ``arrival`` names, for each group of
    beam components, a file with the share of each time bin (centre, value), where the pulse is
    known in that form only. ``rate`` is the relative width of ``signal.rate``, the uncertainty
    of the number of events without that of the flux.
    """

    template: Rows | None = None
    response: RecoilResponse | None = None
    arrival: dict[str, str] = Field(default_factory=dict)
    rate: Positive | None = None


class Nuisance(Spec):
    """Something that may be off by α standard deviations: ``shape.<name>``, nominally 0 ± 1.

    ``moves`` holds {address: [value at −1 σ, value at +1 σ]} of the apparatus; ``varies`` names a
    component and ``low`` and ``high`` its templates at −1 and +1 σ, normalised to the nominal
    one. With ``high`` alone the variation is a straight line through it. ``grid`` is for
    templates with α in the names of their files (``tly_{tly:.1f}.h5``): they are read at −1, 0
    and +1 σ, at all combinations of such nuisances, and α is bounded by what is known. ``fixed``
    is for what the collaboration does not profile but varies by hand.
    """

    fixed: StrictBool = False
    moves: dict[str, tuple[Any, Any]] | None = None
    varies: str | None = None
    low: Rows | None = None
    high: Rows | None = None
    grid: StrictBool = False

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        by_template = self.varies is not None and self.high is not None
        if [self.moves is not None, by_template, self.grid].count(True) != 1:
            raise mistake("an incomplete nuisance", "'moves', 'grid', or 'varies' with 'high'")
        return self


class Run(Spec):
    """A part of the data with an exposure, cells and templates of its own.

    Its name stands in the names of its files: ``data/{run}.csv``.
    """

    exposure: Exposure


class ExtraAxis(Spec):
    """Bins of an axis that this package does not predict; a pure number."""

    start: Annotated[Number, Field(alias="from")]
    to: Number
    bins: Annotated[int, Field(strict=True, ge=1, le=1000)]


class Analysis(Spec):
    """The content of an ``analysis.yaml``.

    The apparatus is ``experiment``, with one of the blocks of ``quenching`` (the first by
    default) and the exposure of the chosen ``runs`` together. ``efficiency`` names a table beside
    the declaration, a column for each run, for predictions where ``signal.response`` holds the
    efficiency of a fit. ``statistic`` tells whether cells hold counts or values with errors.
    """

    experiment: dict[str, Any]
    quenching: dict[str, dict[str, Any]] = Field(default_factory=dict)
    runs: dict[str, Run] = Field(default_factory=dict)
    efficiency: str | None = None
    statistic: Literal["poisson", "gaussian"] = "poisson"
    axes: dict[str, ExtraAxis] = Field(default_factory=dict)
    cells: HistogramCells | None = None
    samples: dict[str, Rows]
    observed: str
    signal: SignalTemplate = SignalTemplate()
    backgrounds: dict[str, BackgroundTemplate]
    nuisances: dict[str, Nuisance] = Field(default_factory=dict)
    given: dict[str, dict[str, Any]] = Field(default_factory=dict, alias="parameters")

    def declared(self, runs: Sequence[str] | None = None) -> Iterator[Parameter]:
        """The parameters that the data set adds to those of the apparatus; all runs by default."""
        unit = Parameter("", 1.0, bounds=(0.0, math.inf), fixed=False)
        if self.signal.rate is not None:
            yield unit.with_(
                address=SIGNAL_RATE,
                prior=self.signal.rate,
                source="multiplies the signal: uncertainties of the rate other than the flux",
            )
        for name, background in self.backgrounds.items():
            for norm, prior in background.norms(name, runs or tuple(self.runs)):
                yield unit.with_(address=norm, prior=prior, source=f"multiplies {name}")
            if isinstance(background.energy, Curve):
                yield from background.energy.parameters(curve_address(name))
        for name, nuisance in self.nuisances.items():
            bounds = (float(SIDES[0]), float(SIDES[-1])) if nuisance.grid else None
            yield Parameter(
                shape(name),
                0.0,
                prior=1.0,
                bounds=bounds,
                fixed=nuisance.fixed,
                source="standard deviations",
            )


SIGNAL_RATE = "signal.rate"


def shape(name: str) -> str:
    """The address of a nuisance."""
    return f"shape.{name}"


def curve_address(background: str) -> str:
    """Where the numbers of a background are that is a function."""
    return f"background.{background}"


def analysed() -> tuple[str, ...]:
    """The data sets that have a likelihood."""
    return tuple(name for name in dataset_names() if (FOLDER / name / ANALYSIS).is_file())


@cache
def read_analysis(name: str) -> Analysis:
    """The analysis of the data set ``name``, one of `analysed`.

    Raises
    ------
    InputError
        Where the declaration is not as it should be.
    """
    path = FOLDER / name / ANALYSIS
    try:
        return Analysis.model_validate(read_file(path), context={"file": True})
    except ValidationError as error:
        raise InputError(mistakes_of(error, "", {})) from None
