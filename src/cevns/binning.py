"""The axes on which an experiment counts: observable energy, and time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, PrivateAttr, ValidationInfo, model_validator
from pydantic_core import core_schema

from cevns.errors import InputError, Mistake, show
from cevns.quantities import Labelled, unit_scale
from cevns.response import ACCEPTED
from cevns.spec import Quantity, Spec, in_file, mistake

MAXIMUM_BINS = 2_000
MAXIMUM_CELLS = 100_000
"""Limits far beyond any measurement: the fold takes a second at 2000 bins, minutes at 20 000."""


class _Edges:
    """Annotation of a list of ascending numbers, as quantities or bare beside a ``unit``."""

    def _validate(self, value: Any, info: ValidationInfo) -> tuple[Any, ...]:
        listed = isinstance(value, (list, tuple, np.ndarray))
        if not listed or not 2 <= len(value) <= MAXIMUM_BINS + 1:
            raise mistake(show(value), f"a list of 2 to {MAXIMUM_BINS + 1} ascending edges")
        return tuple(value)

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.with_info_plain_validator_function(self._validate)


class Axis(Spec):
    """Bins on one axis: {from, to, bins, spacing} or {edges, unit}. Subclasses fix the units."""

    start: Any = None
    to: Any = None
    bins: Annotated[int, Field(strict=True, ge=1, le=MAXIMUM_BINS)] | None = None
    spacing: Literal["linear", "log"] = "linear"
    edges_: Annotated[Any, _Edges()] | None = Field(default=None, alias="edges")
    unit: str | None = None

    _values: tuple[Any, ...] = PrivateAttr(default=())

    @model_validator(mode="after")
    def _one_way(self, info: ValidationInfo) -> Self:
        by_range = (self.start, self.to, self.bins)
        if self.edges_ is not None:
            if any(part is not None for part in by_range):
                raise mistake("both edges and a range", "either 'edges' or 'from', 'to', 'bins'")
            self._values = self._explicit(self.edges_, in_file(info))
        elif any(part is None for part in by_range):
            raise mistake("an incomplete axis", "'from', 'to' and 'bins', or 'edges' and 'unit'")
        elif self.unit is not None:
            raise mistake("'unit' beside 'from' and 'to'", "'from' and 'to' with their units")
        elif not self.start < self.to:
            raise mistake(f"from {_shown(self.start)} to {_shown(self.to)}", "'from' below 'to'")
        elif self.spacing == "log" and not self.start > 0:
            raise mistake("a logarithmic axis from 0", "a positive 'from'")
        else:
            self._values = self._range()
        if not all(b > a for a, b in zip(self._values, self._values[1:], strict=False)):
            raise mistake("edges out of order or the same", "ascending edges")
        kinds = self._kinds
        if {"keVee", "keVnr"} <= kinds or ("PE" in kinds and len(kinds) > 1):
            found = f"an axis in {' and in '.join(sorted(kind or 'keV' for kind in kinds))}"
            raise mistake(found, "one unit")
        return self

    def _quantity(self) -> Quantity:
        raise NotImplementedError

    def _explicit(self, given: Sequence[Any], from_file: bool) -> tuple[float, ...]:
        """The values of explicit edges."""
        quantity = self._quantity()
        try:
            if self.unit is not None:
                return tuple(quantity.parse(_with_unit(value, self.unit), True) for value in given)
            return tuple(quantity.parse(value, from_file) for value in given)
        except InputError as error:
            first = error.mistakes[0]
            raise mistake(first.found, first.expected, first.nearest) from None

    def _range(self) -> tuple[float, ...]:
        """The edges of a range; those that a float cannot tell apart are the same."""
        assert self.bins is not None
        make = np.linspace if self.spacing == "linear" else np.geomspace
        with np.errstate(all="ignore"):  # NaN where the range overflows: not ascending
            return tuple(make(float(self.start), float(self.to), self.bins + 1))

    @property
    def edges(self) -> Any:
        """The bin edges in internal units, shape (bins + 1,)."""
        return np.array(self._values, dtype=float)

    @property
    def kind(self) -> str:
        """Which energy the axis is stated in: "keVee", "keVnr", "PE" or "" (the observable's)."""
        return next(iter(self._kinds - {""}), "")

    @property
    def _kinds(self) -> set[str]:
        given = (*self._values, self.start, self.to)
        return {value.kind for value in given if isinstance(value, Labelled)}


def _shown(value: float) -> str:
    """A limit as it was written."""
    unit = value.unit if isinstance(value, Labelled) else ""
    return f"{value / unit_scale(unit):g} {unit}".rstrip()


def _with_unit(value: Any, unit: str) -> Any:
    """A bare number of the list with the unit that stands beside it."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"{value!r} {unit}"
    raise InputError(Mistake("", show(value), "a bare number, since 'unit' is given"))


_ENERGY = Quantity("keV", ("keVee", "keVnr", "PE"), range="any")
_TIME = Quantity("us", range="any")


class EnergyAxis(Axis):
    """Bins of the observable: energy (keV, keVnr, keVee) or light (PE)."""

    start: Annotated[float, _ENERGY] | None = Field(default=None, alias="from")
    to: Annotated[float, _ENERGY] | None = None

    def _quantity(self) -> Quantity:
        return _ENERGY


class TimeAxis(Axis):
    """Bins of the time since the beam's reference."""

    start: Annotated[float, _TIME] | None = Field(default=None, alias="from")
    to: Annotated[float, _TIME] | None = None

    def _quantity(self) -> Quantity:
        return _TIME


class Binning(Spec):
    """One axis of energy, and perhaps one of time."""

    energy: EnergyAxis
    time: TimeAxis | None = None

    @classmethod
    def normalised(cls, data: Any) -> Any:
        """A block without ``energy`` or ``time`` is the energy axis itself."""
        if isinstance(data, Mapping) and not {"energy", "time"} & set(data):
            return {"energy": data}
        return data

    @model_validator(mode="after")
    def _not_too_many(self) -> Self:
        if self.time is not None:
            cells = (len(self.energy.edges) - 1) * (len(self.time.edges) - 1)
            if cells > MAXIMUM_CELLS:
                found = f"{cells} bins of energy and time together"
                raise mistake(found, f"at most {MAXIMUM_CELLS}")
        return self

    def check_axis(self, observable: str) -> None:
        """Raise an `InputError` where energies are not those of ``observable`` ("keVee", "PE")."""
        kind = self.energy.kind or "keV"
        if kind not in ACCEPTED[observable]:
            expected = f"the observable's unit, {observable}"
            raise InputError(Mistake("binning", f"an axis in {kind}", expected))
