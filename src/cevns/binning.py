"""The axes on which an experiment counts: observable energy, and time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, ValidationInfo, model_validator
from pydantic_core import core_schema

from cevns.errors import InputError, Mistake, show
from cevns.quantities import Labelled
from cevns.spec import Quantity, Spec, in_file, mistake

MAXIMUM_BINS = 20_000


class _Edges:
    """Annotation of a list of ascending numbers, as quantities or bare beside a ``unit``."""

    def _validate(self, value: Any, info: ValidationInfo) -> tuple[Any, ...]:
        if not isinstance(value, (list, tuple, np.ndarray)) or not 2 <= len(value) <= MAXIMUM_BINS:
            raise mistake(show(value), f"a list of 2 to {MAXIMUM_BINS} ascending edges")
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

    @model_validator(mode="after")
    def _one_way(self, info: ValidationInfo) -> Self:
        by_range = (self.start, self.to, self.bins)
        if self.edges_ is not None:
            if any(part is not None for part in by_range):
                raise mistake("both edges and a range", "either 'edges' or 'from', 'to', 'bins'")
            self._explicit(in_file(info))
        elif any(part is None for part in by_range):
            raise mistake("an incomplete axis", "'from', 'to' and 'bins', or 'edges' and 'unit'")
        elif not self.start < self.to:
            raise mistake(f"from {show(self.start)} to {show(self.to)}", "'from' below 'to'")
        elif self.spacing == "log" and not self.start > 0:
            raise mistake("a logarithmic axis from 0", "a positive 'from'")
        return self

    def _quantity(self) -> Quantity:
        raise NotImplementedError

    def _explicit(self, from_file: bool) -> Any:
        """The values of explicit edges, checked."""
        assert self.edges_ is not None
        quantity = self._quantity()
        try:
            if self.unit is not None:
                texts = [_with_unit(value, self.unit) for value in self.edges_]
                values = [quantity.parse(text, True) for text in texts]
            else:
                values = [quantity.parse(value, from_file) for value in self.edges_]
        except InputError as error:
            first = error.mistakes[0]
            raise mistake(first.found, first.expected, first.nearest) from None
        if any(b <= a for a, b in zip(values, values[1:], strict=False)):
            raise mistake("edges out of order", "ascending edges")
        return values

    @property
    def edges(self) -> Any:
        """The bin edges in internal units, shape (bins + 1,)."""
        if self.edges_ is not None:
            return np.array([float(value) for value in self._explicit(False)])
        assert self.bins is not None
        make = np.linspace if self.spacing == "linear" else np.geomspace
        return make(float(self.start), float(self.to), self.bins + 1)

    @property
    def kind(self) -> str:
        """Which energy the axis is stated in: "keVee", "keVnr", "PE" or "" (the observable's)."""
        first = self._explicit(False)[0] if self.edges_ is not None else self.start
        labels = {v.kind for v in (first, self.to) if isinstance(v, Labelled)} - {""}
        return labels.pop() if labels else ""


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

    @model_validator(mode="before")
    @classmethod
    def _bare_axis(cls, data: Any) -> Any:
        """A block without ``energy`` or ``time`` is the energy axis itself."""
        if isinstance(data, Mapping) and not {"energy", "time"} & set(data):
            return {"energy": data}
        return data
