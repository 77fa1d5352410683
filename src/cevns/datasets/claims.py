"""Published results of a data set, each with where our own value must lie and why.

The folder of a data set holds them in ``claims.yaml``. `cevns.published` computes our values;
tests and the page docs/published.md are made from both.
"""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, ValidationInfo, model_validator
from pydantic_core import core_schema

from cevns.datasets.analysis import analysed
from cevns.datasets.release import FOLDER
from cevns.errors import InputError, show
from cevns.spec import Number, Spec, mistake, mistakes_of
from cevns.yaml_reader import read_file

CLAIMS = "claims.yaml"
Interval = Annotated[tuple[Number, ...], Field(min_length=2, max_length=2)]


class _Error:
    """Annotation of an error: one number, or [down, up] of which the first is negative."""

    def _validate(self, value: Any, info: ValidationInfo) -> tuple[float, float]:
        ends = [value] if not isinstance(value, (list, tuple)) else list(value)
        numbers = all(isinstance(end, (int, float)) for end in ends)
        if numbers and len(ends) == 1:
            ends = [-ends[0], ends[0]]
        if not numbers or len(ends) != 2 or not ends[0] < 0 < ends[1]:
            raise mistake(show(value), "an error, or [down, up] with a negative first")
        return float(ends[0]), float(ends[1])

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.with_info_plain_validator_function(self._validate)


class Claim(Spec):
    """One published number.

    ``quantity`` is the path of ours in the result of a fit ("expected/cevns"), which is that of
    the data set with what ``study`` changes. ``within`` is where ours must lie, ``reason`` says
    why there, ``cause`` why it is not the published one.
    """

    quantity: str
    title: str
    published: Number
    error: Annotated[tuple[float, float], _Error()] | None = None
    unit: str = ""
    reference: str
    study: dict[str, Any] = Field(default_factory=dict)
    within: Interval
    reason: str
    cause: str = ""

    @model_validator(mode="after")
    def _explained(self) -> Self:
        low, high = self.within
        if not low <= high:
            raise mistake(show(list(self.within)), "[lowest, highest]")
        if not low <= self.published <= high and not self.cause:
            raise mistake("a published value outside 'within'", "a 'cause'")
        return self


class Claims(Spec):
    """The content of a ``claims.yaml``."""

    claims: tuple[Claim, ...]


def read_claims(name: str) -> tuple[Claim, ...]:
    """The published results of the data set ``name``, one of `analysed`.

    Raises
    ------
    InputError
        Where the declaration is not as it should be.
    """
    try:
        read = Claims.model_validate(read_file(FOLDER / name / CLAIMS), context={"file": True})
    except ValidationError as error:
        raise InputError(mistakes_of(error, f"{name}/{CLAIMS}", {})) from None
    return read.claims


def all_claims() -> list[tuple[str, Claim]]:
    """(data set, claim) of every data set with a likelihood."""
    return [(name, claim) for name in analysed() for claim in read_claims(name)]
