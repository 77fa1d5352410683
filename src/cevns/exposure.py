"""How long, or for how many protons, an experiment looks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import GetCoreSchemaHandler, ValidationInfo
from pydantic_core import core_schema

from cevns.errors import InputError, Mistake, show
from cevns.quantities import parse_quantity, parse_unit
from cevns.spec import in_file, mistake

KINDS = {
    "time": "day",
    "protons": "POT",
    "beam energy": "GW*hour",
    "mass-time": "tonne*year",
    "burst": "burst",
}
"""The kinds of exposure and a unit of each."""


class Exposure:
    """An amount of one of `KINDS`, in internal units.

    ``off`` is the live time without the source (reactor off), in which only background counts.
    """

    def __init__(self, amount: float, kind: str = "time", off: float = 0.0):
        self.amount = float(amount)
        self.kind = kind
        self.off = float(off)

    def __repr__(self) -> str:
        return (
            f"Exposure({self.amount / parse_unit(KINDS[self.kind]).scale:.6g} {KINDS[self.kind]})"
        )

    @property
    def live_time(self) -> float | None:
        """Time with the source on, None where the exposure does not say."""
        return self.amount if self.kind == "time" else None

    @classmethod
    def parse(cls, value: object, from_file: bool = True) -> Exposure:
        """An exposure from text, a block {on, off}, or (in Python) a time as a float.

        Raises
        ------
        InputError
            For anything else.
        """
        if isinstance(value, Exposure):
            return value
        if isinstance(value, Mapping):
            return cls._on_off(value)
        if isinstance(value, float) and not from_file:
            return cls(value)
        quantity = parse_quantity(value, *KINDS.values())
        dimension = parse_unit(quantity.unit).dimension
        kind = next(k for k, unit in KINDS.items() if parse_unit(unit).dimension == dimension)
        if quantity <= 0:
            raise _error(value)
        return cls(quantity, kind)

    @classmethod
    def _on_off(cls, value: Mapping[Any, Any]) -> Exposure:
        if not {"on"} <= set(value) <= {"on", "off"}:
            raise _error(dict(value))
        on, off = (parse_quantity(value.get(key, "0 day"), "day") for key in ("on", "off"))
        if on <= 0 or off < 0:
            raise _error(dict(value))
        return cls(on, "time", off)

    @classmethod
    def _validate(cls, value: Any, info: ValidationInfo) -> Exposure:
        try:
            return cls.parse(value, in_file(info))
        except InputError as error:
            first = error.mistakes[0]
            raise mistake(first.found, first.expected, first.nearest) from None

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.with_info_plain_validator_function(cls._validate)


def _error(value: object) -> InputError:
    expected = (
        "a positive '1 year', '1e23 POT', '7 GW*hour', '1 tonne*year', '1 burst' or {on, off}"
    )
    return InputError(Mistake("", show(value), expected))
