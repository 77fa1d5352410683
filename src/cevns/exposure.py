"""How long, or for how many protons, an experiment looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import GetCoreSchemaHandler, ValidationInfo
from pydantic_core import core_schema

from cevns.errors import InputError, Mistake, nearest, show
from cevns.quantities import parse_quantity, parse_unit
from cevns.spec import in_file, relay
from cevns.units import kg

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

    ``off`` is the live time without the source (reactor off), in which only background counts;
    ``text`` is how it was written, where it was, for messages.
    """

    def __init__(self, amount: float, kind: str = "time", off: float = 0.0, text: str = ""):
        self.amount = float(amount)
        self.kind = kind
        self.off = float(off)
        self.text = text

    def __repr__(self) -> str:
        return self.text or (
            f"Exposure({self.amount / parse_unit(KINDS[self.kind]).scale:.6g} {KINDS[self.kind]})"
        )

    @property
    def live_time(self) -> float | None:
        """Time with the source on, None where the exposure does not say."""
        return self.amount if self.kind == "time" else None

    @property
    def on_a_kilogram(self) -> Exposure:
        """As a source sees it: a mass-time is that time on one kilogram."""
        return Exposure(self.amount / kg, "time") if self.kind == "mass-time" else self

    def check_mass(self, given: bool, path: str) -> None:
        """Raise an `InputError` where a mass is ``given`` twice, or not at all, at ``path``."""
        if self.kind == "mass-time" and given:
            expected = f"no {path}.mass beside an exposure in mass and time"
            raise InputError(Mistake("exposure", repr(self), expected))
        if self.kind != "mass-time" and not given:
            raise InputError(Mistake(path, "no mass", "the key 'mass' such as '10 kg'"))

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
        return cls(quantity, kind, text=show(value))

    @classmethod
    def _on_off(cls, value: Mapping[Any, Any]) -> Exposure:
        keys = ("on", "off")
        mistakes = [
            Mistake(str(key), f"the unknown key {show(key)}", "on, off", nearest(key, keys))
            for key in value
            if key not in keys
        ]
        if "on" not in value:
            mistakes.append(Mistake("", "no 'on'", "the live time with the source on"))
        times = {"off": 0.0}
        for key in value.keys() & {"on", "off"}:
            try:
                times[key] = parse_quantity(value[key], "day")
                if times[key] < 0 or (key == "on" and times[key] == 0):
                    raise InputError(Mistake("", show(value[key]), "a positive time"))
            except InputError as error:
                mistakes.extend(replace(one, path=key) for one in error.mistakes)
        if mistakes:
            raise InputError(mistakes)
        return cls(times["on"], "time", times["off"], show(value))

    @classmethod
    def _validate(cls, value: Any, info: ValidationInfo) -> Exposure:
        try:
            return cls.parse(value, in_file(info))
        except InputError as error:
            raise relay(error, "exposure") from None

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
