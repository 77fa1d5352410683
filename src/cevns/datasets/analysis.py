"""How a public data set is analysed: its ``analysis.yaml``, as declarations.

The apparatus (source, detector, exposure, binning) is written as in any experiment file; it says
nothing of the physics, which is the user's. What is counted, which backgrounds there are and what
can shift is said in a small vocabulary, and read from the files of the release: nothing here
knows any particular data set.

Energies and times in the files of a release are in the units of the axes: PE, keVee or keV, and
microseconds. Rows are located by the centres of their bins.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StrictBool, ValidationError, model_validator

from cevns.datasets.release import FOLDER, dataset_names
from cevns.declared import background_norm
from cevns.errors import InputError
from cevns.merge import with_files
from cevns.parameters import Parameter
from cevns.spec import Number, Quantity, Spec, Tagged, family, mistake, mistakes_of
from cevns.yaml_reader import read_file

ANALYSIS = "analysis.yaml"
Columns = Annotated[tuple[str, ...], Field(min_length=2)]
Positive = Annotated[float, Quantity("1", range="positive")]
Time = Annotated[float, Quantity("us", range="any")]


class Rows(Spec):
    """A file of numbers and what its columns are: axes by name, and perhaps ``counts``."""

    file: str
    columns: Columns


class Profile(Spec):
    """Base: how a background is spread over the bins of one axis, normalised to 1 there."""

    efficiency: StrictBool = False
    """Whether the detector's efficiency on this axis still has to be applied."""


class CountsProfile(Profile):
    """As the events of a sample are, in all cells together."""

    type: Literal["counts"] = "counts"
    sample: str


class TableProfile(Profile):
    """As the rows (centre, value) of a file say; values are per row, the rows equally wide."""

    type: Literal["table"] = "table"
    file: str


class FlatProfile(Profile):
    """The same everywhere."""

    type: Literal["flat"] = "flat"


class ExponentialProfile(Profile):
    """An exponential; its rate is fitted to a sample, in the region of energy between two times."""

    type: Literal["exponential"] = "exponential"
    sample: str
    start: Annotated[Time, Field(alias="from")]
    to: Time


ProfileField = Annotated[
    Profile,
    Tagged(family(CountsProfile, TableProfile, FlatProfile, ExponentialProfile), "profile"),
]


class BackgroundTemplate(Spec):
    """A background: a number of events times a profile per axis, or a template over all cells.

    A template keeps its own number of events where ``events`` is not given. ``prior`` is the
    relative width of its norm, ``background.<name>.norm``.
    """

    prior: Positive | None = None
    events: Positive | None = None
    energy: ProfileField | None = None
    time: ProfileField | None = None
    cells: Rows | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        profiles = self.energy is not None and self.time is not None
        if (self.cells is None) != (profiles and self.events is not None):
            raise mistake("an incomplete template", "'cells', or 'events', 'energy' and 'time'")
        return self


class SignalTemplate(Spec):
    """What the release says of the signal beyond what this package predicts.

    ``template`` is the release's own prediction: it spreads the events of an energy bin over
    further axes, and its shape may take the place of ours. ``arrival`` names, for each group of
    beam components, a file with the share of each time bin (centre, value), where the pulse is
    known in that form only. ``rate`` is the relative width of ``signal.rate``, the uncertainty
    of the number of events without that of the flux.
    """

    template: Rows | None = None
    arrival: dict[str, str] = Field(default_factory=dict)
    rate: Positive | None = None


class Nuisance(Spec):
    """Something that may be off by α standard deviations: ``shape.<name>``, nominally 0 ± 1.

    ``moves`` holds {address: [value at −1 σ, value at +1 σ]} of the apparatus; ``varies`` names a
    component and ``low`` and ``high`` its templates at −1 and +1 σ, normalised to the nominal
    one. With ``high`` alone the variation is a straight line through it. ``fixed`` is for what
    the collaboration does not profile but varies by hand.
    """

    fixed: StrictBool = False
    moves: dict[str, tuple[Any, Any]] | None = None
    varies: str | None = None
    low: Rows | None = None
    high: Rows | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        by_template = self.varies is not None and self.high is not None
        if (self.moves is None) != by_template:
            raise mistake("an incomplete nuisance", "'moves', or 'varies' with 'high'")
        return self


class ExtraAxis(Spec):
    """Bins of an axis that this package does not predict; a pure number."""

    start: Annotated[Number, Field(alias="from")]
    to: Number
    bins: Annotated[int, Field(strict=True, ge=1, le=1000)]


class Analysis(Spec):
    """The content of an ``analysis.yaml``."""

    experiment: dict[str, Any]
    axes: dict[str, ExtraAxis] = Field(default_factory=dict)
    samples: dict[str, Rows]
    observed: str
    signal: SignalTemplate = SignalTemplate()
    backgrounds: dict[str, BackgroundTemplate]
    nuisances: dict[str, Nuisance] = Field(default_factory=dict)
    given: dict[str, dict[str, Any]] = Field(default_factory=dict, alias="parameters")

    def declared(self) -> Iterator[Parameter]:
        """The parameters that the data set adds to those of the apparatus."""
        unit = Parameter("", 1.0, bounds=(0.0, float("inf")))
        if self.signal.rate is not None:
            yield unit.with_(
                address=SIGNAL_RATE,
                prior=self.signal.rate,
                fixed=False,
                source="multiplies the signal: uncertainties of the rate other than the flux",
            )
        for name, background in self.backgrounds.items():
            yield unit.with_(
                address=background_norm(name),
                prior=background.prior,
                fixed=False,
                source=f"multiplies {name}",
            )
        for name, nuisance in self.nuisances.items():
            source = "standard deviations"
            yield Parameter(shape(name), 0.0, prior=1.0, fixed=nuisance.fixed, source=source)


SIGNAL_RATE = "signal.rate"


def shape(name: str) -> str:
    """The address of a nuisance."""
    return f"shape.{name}"


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


def apparatus(name: str) -> Mapping[str, Any]:
    """The blocks of an experiment file that describe the data set, with its tables at hand."""
    folder: Path = FOLDER / name
    blocks: Mapping[str, Any] = with_files(
        read_analysis(name).experiment, lambda file: str(folder / file)
    )
    return blocks
