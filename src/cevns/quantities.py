"""The door for quantities: ``number unit`` text in, a float in internal units out.

The number and the shape of the unit are matched by our own expressions, and a unit is a plain
product of names from one small table: nothing is evaluated, ``9**9**9 keV`` is a mistake like any
other, and there are no pounds and no short tons. Labelled energies (``keVee``, ``keVnr``) and
photo-electrons are told apart, so that a threshold in PE is not taken for one in keV.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from cevns import units
from cevns.errors import InputError, Mistake, nearest, show

_NUMBER = r"[+-]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE][+-]?\d{1,3})?"
_QUANTITY = re.compile(rf"\s*({_NUMBER})\s*(.*?)\s*", re.ASCII)
_FACTOR = re.compile(r"([*/ ]?)\s*([A-Za-z_%]{1,20})(?:\s*(?:\^|\*\*)\s*(0\.5|-?\d{1,2}))?\s*")
_LONGEST = 120

_PREFIXES = {"a": 1e-18, "f": 1e-15, "p": 1e-12, "n": 1e-9, "u": 1e-6, "m": 1e-3, "c": 1e-2}
_PREFIXES |= {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}

# Size in internal units, and exponents of what the unit measures. The labelled energies have
# dimensions of their own; `_dimension` counts them as energies.
_ENERGY, _LENGTH, _TIME = {"electron_volt": 1.0}, {"length": 1.0}, {"time": 1.0}
_MASS = {"electron_volt": 1.0, "time": 2.0, "length": -2.0}
_ROOTS: dict[str, tuple[float, Mapping[str, float]]] = {
    "eV": (units.eV, _ENERGY),
    "eVee": (units.eV, {"electron_volt_ee": 1.0}),
    "eVnr": (units.eV, {"electron_volt_nr": 1.0}),
    "J": (units.J, _ENERGY),
    "m": (units.m, _LENGTH),
    "s": (units.s, _TIME),
    "g": (units.g, _MASS),
    "b": (units.barn, {"length": 2.0}),
    "W": (units.W, {"electron_volt": 1.0, "time": -1.0}),
    "Ci": (units.Ci, {"time": -1.0}),
    "Bq": (units.Bq, {"time": -1.0}),
}
"""Units that take a prefix."""
_WHOLE: dict[str, tuple[float, Mapping[str, float]]] = {
    "erg": (units.erg, _ENERGY),
    "minute": (units.minute, _TIME),
    "hour": (units.hour, _TIME),
    "day": (units.day, _TIME),
    "year": (units.year, _TIME),
    "tonne": (units.tonne, _MASS),
    "barn": (units.barn, {"length": 2.0}),
    "kpc": (units.kpc, _LENGTH),
    "PE": (units.PE, {"photoelectron": 1.0}),
    "POT": (units.POT, {"protons": 1.0}),
    "burst": (units.burst, {"bursts": 1.0}),
    "fission": (units.fission, {"fissions": 1.0}),
    "mu_B": (1.0, {"magnetic_moment": 1.0}),
    "e": (1.0, {"charge": 1.0}),
    "percent": (units.percent, {}),
    "%": (units.percent, {}),
}
"""Units that do not."""
_KIND = {"electron_volt_ee": "keVee", "electron_volt_nr": "keVnr"}

KNOWN_UNITS = [
    "eV",
    "keV",
    "MeV",
    "GeV",
    "TeV",
    "eVee",
    "keVee",
    "MeVee",
    "eVnr",
    "keVnr",
    "MeVnr",
    "m",
    "cm",
    "mm",
    "km",
    "fm",
    "s",
    "ms",
    "us",
    "ns",
    "minute",
    "hour",
    "day",
    "year",
    "g",
    "kg",
    "mg",
    "tonne",
    "W",
    "kW",
    "MW",
    "GW",
    "b",
    "barn",
    "kpc",
    "Ci",
    "kCi",
    "MCi",
    "Bq",
    "erg",
    "J",
    "mu_B",
    "PE",
    "POT",
    "burst",
    "fission",
    "percent",
    "%",
]


def _known(name: str) -> tuple[float, Mapping[str, float]]:
    """Size and dimension of the unit ``name``; raises ValueError(name) where there is none."""
    if name in _WHOLE:
        return _WHOLE[name]
    for root, (size, dimension) in _ROOTS.items():
        prefix = name.removesuffix(root)
        if prefix != name and prefix in _PREFIXES:
            return _PREFIXES[prefix] * size, dimension
    raise ValueError(name)


@dataclass(frozen=True)
class Unit:
    """A unit: its size in internal units, its dimension, and the scale it names (keVee, ...)."""

    scale: float
    dimension: tuple[tuple[str, float], ...]
    kinds: frozenset[str]


def _factors(text: str) -> dict[str, float]:
    """Unit names and exponents of ``text``; raises ValueError on anything but a plain product."""
    rest = text.strip()
    if rest.startswith(("1/", "1 /")):
        rest = rest[1:].lstrip()
    powers: dict[str, float] = {}
    position = 0
    while position < len(rest):
        match = _FACTOR.match(rest, position)
        if match is None or (position > 0 and not match[1] and rest[position - 1] != " "):
            raise ValueError(rest[position : position + 20])
        sign = -1.0 if match[1] == "/" else 1.0
        powers[match[2]] = powers.get(match[2], 0.0) + sign * float(match[3] or 1)
        position = match.end()
    return powers


@cache
def parse_unit(text: str) -> Unit:
    """The unit written as ``text``, a product of names with exponents ("1/cm^2/s").

    Raises
    ------
    ValueError
        Whose argument is the part that is not understood.
    """
    if len(text) > _LONGEST:
        raise ValueError(text[:20])
    scale, base = 1.0, dict[str, float]()
    for name, power in _factors(text).items():
        size, dimension = _known(name)
        try:
            scale *= size**power
        except OverflowError:
            raise ValueError(name) from None
        for part, exponent in dimension.items():
            base[part] = base.get(part, 0.0) + exponent * power
    kinds = frozenset(_KIND[part] for part, power in base.items() if part in _KIND and power)
    return Unit(scale, _dimension(base), kinds)


def _dimension(base: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    """Exponents of the dimensions, the labelled energies counted as energies."""
    merged: dict[str, float] = {}
    for part, exponent in base.items():
        name = "electron_volt" if part in _KIND else part
        merged[name] = merged.get(name, 0.0) + exponent
    return tuple(sorted((name, power) for name, power in merged.items() if power))


class Labelled(float):
    """A float in internal units that remembers the unit it was given in.

    ``unit`` is the text of the unit; ``kind`` is "keVee", "keVnr", "PE" or "" where it is plain.
    """

    unit: str
    kind: str

    def __new__(cls, value: float, unit: str = "", kind: str = "") -> Labelled:
        self = super().__new__(cls, value)
        self.unit = unit
        self.kind = kind
        return self

    def __reduce__(self) -> Any:
        return (Labelled, (float(self), self.unit, self.kind))


def _refuse(value: object, expected: str, close: str | None = None) -> InputError:
    return InputError(Mistake("", show(value), expected, close))


def parse_quantity(value: object, expected: str, *alternatives: str) -> Labelled:
    """``value``, text of the form "number unit", in internal units.

    Parameters
    ----------
    value : str
        The text; anything else is refused (a bare number where a unit is due is a mistake).
    expected, alternatives : str
        Units whose dimension is accepted. "1" stands for a pure number.

    Raises
    ------
    InputError
        With the accepted units and, for a misspelt unit, the nearest known one.
    """
    accepted = (expected, *alternatives)
    wanted = _describe(accepted)
    text = value if isinstance(value, str) else None
    match = _QUANTITY.fullmatch(text) if text is not None and len(text) <= _LONGEST else None
    if match is None:
        raise _refuse(value, wanted)
    try:
        unit = parse_unit(match[2])
    except ValueError as error:
        raise _refuse(value, wanted, _nearest_unit(str(error))) from None
    if not any(_fits(unit, parse_unit(name if name != "1" else "")) for name in accepted):
        raise _refuse(value, wanted)
    number = float(match[1]) * unit.scale
    vanishes = number == 0.0 and any(digit in "123456789" for digit in _mantissa(match[1]))
    if not math.isfinite(number) or vanishes:
        raise _refuse(value, wanted + " of a size that a float holds")
    kind = next(iter(unit.kinds), "PE" if unit.dimension == (("photoelectron", 1.0),) else "")
    return Labelled(number, match[2], kind)


def _nearest_unit(name: str) -> str | None:
    """The unit that ``name`` may be meant for; one letter of three in common is no likeness."""
    return nearest(name, KNOWN_UNITS, 0.5 if len(name) < 3 else 0.55)


def _mantissa(number: str) -> str:
    return number.lower().partition("e")[0]


def _fits(found: Unit, wanted: Unit) -> bool:
    """Same dimension; a labelled energy only where that label is expected."""
    return found.dimension == wanted.dimension and found.kinds <= wanted.kinds


def _describe(accepted: tuple[str, ...]) -> str:
    names = [name for name in accepted if name != "1"]
    if not names:
        return "a number"
    plain = "a number or " if "1" in accepted else ""
    return f"{plain}a number with a unit such as '1 {names[0]}'" + "".join(
        f" or '1 {name}'" for name in names[1:]
    )


def unit_scale(text: str) -> float:
    """Size of the unit ``text`` in internal units ("" and "1" are 1)."""
    return parse_unit("" if text == "1" else text).scale
