"""The blocks of an experiment file, as declarations.

`ExperimentBlocks` is one experiment: what `cevns predict` needs. `DataBlocks` is one that names a
data set instead. `StudyBlocks` holds what is said about all of them together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    StrictBool,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError, core_schema

from cevns.binning import Binning
from cevns.declared import named_sources
from cevns.detector import Detector
from cevns.errors import InputError, Mistake, nearest, show
from cevns.experiment import Experiment
from cevns.exposure import Exposure
from cevns.form_factor_spec import FormFactorField
from cevns.form_factors import FormFactor
from cevns.interactions import INTERACTIONS, Interaction, Model, StandardModel
from cevns.interactions.standard_model import SIN2_THETA_W
from cevns.overlays import known_overlay
from cevns.sources import SOURCES, Source
from cevns.spec import (
    BLOCK,
    WORD,
    WORD_OR_BLOCK,
    ExistingFile,
    Fraction,
    Number,
    Relative,
    Spec,
    Tagged,
    mistake,
    problem_of,
    relay,
)


class _SourceField(Tagged):
    """One source, or a list of named ones."""

    def _validate(self, value: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, (list, tuple)):
            return super()._validate(value, info)
        sources, mistakes = [], []
        for index, entry in enumerate(value):
            try:
                sources.append(super()._validate(entry, info))
            except (ValidationError, PydanticCustomError) as error:
                mistakes.extend(_lines(error, (index,)))
        if mistakes:
            raise ValidationError.from_exception_data("source", mistakes)
        try:
            named_sources(sources)
        except InputError as error:
            raise relay(InputError([_unplaced(m) for m in error.mistakes]), "source") from None
        return tuple(sources)


class _ModelField:
    """A list of interactions: names, or {name: {coupling: value}}."""

    def _validate(self, value: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, (list, tuple)) or not value:
            raise mistake(show(value), "a list of interactions such as [standard-model]")
        made: list[Interaction] = []
        lines: list[InitErrorDetails] = []
        for index, entry in enumerate(value):
            try:
                made.append(self._one(entry, info))
            except (ValidationError, PydanticCustomError) as error:
                lines.extend(_lines(error, (index,)))
        for name, times in Counter(interaction.name for interaction in made).items():
            if times > 1:
                problem = mistake(f"{name!r} {times} times", "each interaction once")
                lines.append(InitErrorDetails(type=problem, loc=(), input=None))
        if lines:
            raise ValidationError.from_exception_data("model", lines)
        return tuple(made)

    @staticmethod
    def _one(entry: Any, info: ValidationInfo) -> Interaction:
        if isinstance(entry, Interaction):
            return entry
        name, numbers = entry, dict[str, Any]()
        if isinstance(entry, Mapping) and len(entry) == 1:
            name, numbers = next(iter(entry.items()))
        if not isinstance(name, str) or name not in INTERACTIONS:
            close = nearest(name, INTERACTIONS)
            raise mistake(show(entry), f"an interaction: {', '.join(INTERACTIONS)}", close)
        if not isinstance(numbers, Mapping):
            raise mistake(show(numbers), f"a block of the couplings of {name}")
        try:
            return INTERACTIONS[name].model_validate(numbers, context=info.context)
        except ValidationError as error:
            raise ValidationError.from_exception_data(name, _lines(error, (name,))) from None

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.with_info_plain_validator_function(self._validate)


def _lines(
    error: ValidationError | PydanticCustomError, location: tuple[int | str, ...]
) -> list[InitErrorDetails]:
    """The errors of a nested validation, one level further down."""
    if isinstance(error, PydanticCustomError):
        return [InitErrorDetails(type=error, loc=location, input=None)]
    return [
        InitErrorDetails(type=problem_of(line), loc=(*location, *line["loc"]), input=None)
        for line in error.errors(include_url=False)
    ]


def _unplaced(one: Mistake) -> Mistake:
    return Mistake("", one.found, one.expected, one.nearest)


class Couplings(Spec):
    """Which Standard Model couplings."""

    scheme: Literal["tree", "radiative", "radiative-q"] = "tree"
    sin2_theta_w: Fraction = SIN2_THETA_W


class ElectronScattering(Spec):
    """Options of neutrino–electron scattering.

    Without ``w_exchange`` ν_e scatter as the other flavours do; ``binding`` says whether electrons
    that are bound by more than the recoil are left out, or all are as if they were free.
    """

    w_exchange: StrictBool = True
    binding: Literal["stepped", "free"] = "stepped"


class DataChoice(Spec):
    """Which counts: a public data set by name, or a file of the user's own.

    ``observable`` is the title of the column of the observable in an own file, or which energy
    ("keVee", "PE") its column "energy" holds. ``quenching`` chooses between the variants of a
    release that offers some, ``runs`` some of the parts of one that has several. Where a release
    holds a simulated signal, ``signal`` says whether its shape is taken (the default) or the one
    predicted here.
    """

    name: str | None = None
    file: ExistingFile | None = None
    observable: str = "energy"
    quenching: str | None = None
    runs: tuple[str, ...] | None = None
    signal: Literal["released", "predicted"] | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.name is None) == (self.file is None):
            raise mistake("both or neither of name and file", "one of 'name' and 'file'")
        if self.file is not None and self.signal is not None:
            raise mistake(f"signal {show(self.signal)} of a file", "no 'signal': it is predicted")
        for key in ("quenching", "runs") if self.file is not None else ():
            if getattr(self, key) is not None:
                raise mistake(f"{key!r} beside a file", f"{key!r} with a public data set only")
        return self

    @classmethod
    def normalised(cls, data: Any) -> Any:
        """A bare name is that of a public data set."""
        return {"name": data} if isinstance(data, str) else data


class ExperimentBlocks(Spec):
    """One experiment; one with ``data`` can be fitted as well as predicted."""

    name: str = ""
    source: Annotated[Any, _SourceField(lambda: SOURCES, "source")]
    detector: Detector
    exposure: Exposure
    data: DataChoice | None = None
    model: Annotated[tuple[Interaction, ...], _ModelField()] = (StandardModel(),)
    couplings: Couplings = Couplings()
    kinematics: Literal["exact", "no-T-over-E"] = "exact"
    form_factor: FormFactorField = FormFactor("helm")
    electron_scattering: Annotated[
        Annotated[StrictBool, WORD] | Annotated[ElectronScattering, BLOCK], WORD_OR_BLOCK
    ] = False
    axial: Literal["none", "simple", "shell-model"] = "none"
    binning: Binning | None = None

    @property
    def data_set(self) -> str | None:
        """The public data set that it is, if it is one."""
        return None if self.data is None else self.data.name

    def own_couplings(self) -> list[str]:
        """What the Standard Model's own block in ``model`` says, in place of ``couplings``."""
        return [
            name
            for part in self.model
            if isinstance(part, StandardModel)
            for name in sorted(part.model_fields_set)
        ]

    @model_validator(mode="after")
    def _said_once(self) -> Self:
        own = self.own_couplings()
        if own and self.couplings.model_fields_set:
            found = f"couplings beside {', '.join(own)} of standard-model in 'model'"
            expected = "couplings in one of the two places"
            raise relay(InputError(Mistake("couplings", found, expected)), "couplings")
        return self

    def interactions(self) -> Model:
        """The model with the couplings asked for; its parts share one weak mixing angle."""
        asked = {} if self.own_couplings() else self.couplings.model_dump()
        if not self.electrons.w_exchange:
            asked["w_exchange"] = False
        standard = [
            one.model_copy(update=asked) for one in self.model if isinstance(one, StandardModel)
        ]
        angle = {"sin2_theta_w": standard[0].sin2_theta_w} if standard else {}

        def settled(part: Interaction) -> Interaction:
            if isinstance(part, StandardModel):
                return standard[0]
            unsaid = angle.keys() & type(part).model_fields.keys() - part.model_fields_set
            return part.model_copy(update=angle) if unsaid else part

        return Model([settled(part) for part in self.model])

    @property
    def electrons(self) -> ElectronScattering:
        """What is said about scattering on electrons, the defaults where nothing is."""
        given = self.electron_scattering
        return given if isinstance(given, ElectronScattering) else ElectronScattering()

    def build(self, name: str = "") -> Experiment:
        """The experiment, called ``name`` where it has no name of its own.

        Raises
        ------
        InputError
            Where the parts do not fit.
        """
        source: Source | tuple[Source, ...] = self.source
        return Experiment(
            source=source,
            detector=self.detector,
            exposure=self.exposure,
            model=self.interactions(),
            kinematics=self.kinematics,
            form_factor=self.form_factor,
            axial=self.axial,
            electrons="none" if self.electron_scattering is False else self.electrons.binding,
            binning=self.binning,
            name=self.name or name,
        )


class ParameterSetting(Spec):
    """What a file says about one parameter; numbers are read in the parameter's unit."""

    value: Any = None
    prior: Any = None
    bounds: Any = None
    fixed: StrictBool | None = None
    same_as: str | None = None


class Correlation(Spec):
    """A correlation between the priors of two parameters."""

    between: Annotated[tuple[str, ...], Field(min_length=2, max_length=2)]
    rho: Number

    @model_validator(mode="after")
    def _coefficient(self) -> Self:
        if not -1 <= self.rho <= 1:
            raise mistake(show(self.rho), "a coefficient from -1 to 1")
        return self


class FitBlock(Spec):
    """What a fit varies."""

    addresses: Annotated[tuple[str, ...], Field(alias="parameters")] = ()
    statistic: Literal["poisson", "chi2", "chi2-counting"] = "poisson"


def _inside(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise mistake(show(confidence), "a confidence between 0 and 1")
    return confidence


Confidence = Annotated[
    tuple[Annotated[Fraction, AfterValidator(_inside)], ...], Field(min_length=1)
]


class ScanBlock(Spec):
    """Axes of a scan and what happens to the other parameters.

    ``settings`` are numbers of the file by address or by the path of their key; ``overlays`` are
    limits from elsewhere to be drawn beside the result (`cevns.overlays`).
    """

    axes: dict[str, Any] = Field(default_factory=dict, alias="parameters")
    settings: dict[str, Any] = Field(default_factory=dict)
    profile: Annotated[
        Annotated[Literal["all", "none"], WORD] | Annotated[tuple[str, ...], BLOCK], WORD_OR_BLOCK
    ] = "none"
    confidence: Confidence = (0.90,)
    dof: Annotated[int, Field(strict=True, ge=1, le=10)] | None = None
    overlays: tuple[Annotated[str, AfterValidator(known_overlay)], ...] = ()


class StudyBlock(Spec):
    """The statistic of a sensitivity study.

    ``systematic`` is relative to what is counted, several are several contours; ``correlated``
    tells whether all experiments share it. ``observable`` is what is compared (a number of counts
    per experiment, its bins, or the ratio of two samples), ``ratio`` the two: groups of the
    source, or experiments.
    """

    statistic: Literal["chi2-counting", "poisson"] = "poisson"
    systematic: Annotated[
        Annotated[Relative, WORD] | Annotated[tuple[Relative, ...], BLOCK], WORD_OR_BLOCK
    ] = 0.0
    sigma_from: Literal["expected", "observed"] = "expected"
    correlated: StrictBool = False
    observable: Literal["counts", "spectrum", "ratio"] | None = None
    ratio: Annotated[tuple[str, ...], Field(min_length=2, max_length=2)] = ("prompt", "delayed")


class About(Spec):
    """What a file says of itself: where its numbers are from, and which of them nobody published.

    ``references`` and ``missing`` map the path of a key ("detector.mass", "source") to a text. A
    number that is ``missing`` may be given by a file that extends this one.
    """

    title: str = ""
    references: dict[str, str] = Field(default_factory=dict)
    missing: dict[str, str] = Field(default_factory=dict)


class StudyBlocks(Spec):
    """What concerns all experiments of a file."""

    about: About = About()
    given: dict[str, ParameterSetting] = Field(default_factory=dict, alias="parameters")
    correlations: tuple[Correlation, ...] = ()
    fit: FitBlock | None = None
    scan: ScanBlock | None = None
    study: StudyBlock | None = None
    allow_overlap: StrictBool = False
