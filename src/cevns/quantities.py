"""The door for quantities: ``number unit`` text in, a float in internal units out.

The number and the shape of the unit are matched by our own expressions; pint sees only a checked
product of unit names with small exponents (it evaluates what it parses, and ``9**9**9 keV`` would
never return). The registry is our own: no pounds, no short tons, and labelled energies (``keVee``,
``keVnr``) and photo-electrons have dimensions of their own, so that a threshold in PE is not taken
for one in keV.
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

# Base units of the registry and what they are inside the package.
_BASE = {
    "electron_volt": units.eV,
    "electron_volt_ee": units.eV,
    "electron_volt_nr": units.eV,
    "meter": units.m,
    "second": units.s,
    "photoelectron": units.PE,
    "proton_on_target": units.POT,
    "burst": units.burst,
    "bohr_magneton": 1.0,
    "elementary_charge": 1.0,
}
_KIND = {"electron_volt_ee": "keVee", "electron_volt_nr": "keVnr"}

_DEFINITIONS = """
femto- = 1e-15 = f-
pico- = 1e-12 = p-
nano- = 1e-9 = n-
micro- = 1e-6 = u-
milli- = 1e-3 = m-
centi- = 1e-2 = c-
kilo- = 1e3 = k-
mega- = 1e6 = M-
giga- = 1e9 = G-
tera- = 1e12 = T-
electron_volt = [energy] = eV
electron_volt_ee = [energy_ee] = eVee
electron_volt_nr = [energy_nr] = eVnr
meter = [length] = m
second = [time] = s
photoelectron = [light] = PE
proton_on_target = [protons] = POT
burst = [bursts]
bohr_magneton = [magnetic_moment] = mu_B
elementary_charge = [charge] = e
joule = electron_volt / 1.602176634e-19 = J
erg = 1e-7 joule
watt = joule / second = W
gram = 1e-3 joule * second ** 2 / meter ** 2 = g
tonne = 1e6 gram
barn = 1e-28 meter ** 2 = b
minute = 60 second
hour = 3600 second
day = 86400 second
year = 31557600 second
curie = 3.7e10 / second = Ci
becquerel = 1 / second = Bq
kpc = 3.0856775814913673e19 meter
percent = 0.01 = percent
"""

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
    "percent",
    "%",
]


@cache
def _registry() -> Any:
    import pint

    registry = pint.UnitRegistry(None)
    for line in _DEFINITIONS.strip().splitlines():
        registry.define(line)
    return registry


@dataclass(frozen=True)
class Unit:
    """A unit: its size in internal units, its dimension, and the scale it names (keVee, ...)."""

    scale: float
    dimension: tuple[tuple[str, float], ...]
    kinds: frozenset[str]


def _factors(text: str) -> dict[str, float]:
    """Unit names and exponents of ``text``; raises ValueError on anything but a plain product."""
    rest = text.strip()
    if rest.startswith("1/") or rest.startswith("1 /"):
        rest = rest[1:].lstrip()
    powers: dict[str, float] = {}
    position = 0
    while position < len(rest):
        match = _FACTOR.match(rest, position)
        if match is None or (position > 0 and not match[1] and rest[position - 1] != " "):
            raise ValueError(rest[position : position + 20])
        sign = -1.0 if match[1] == "/" else 1.0
        name = "percent" if match[2] == "%" else match[2]
        powers[name] = powers.get(name, 0.0) + sign * float(match[3] or 1)
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
    registry = _registry()
    scale, base = 1.0, {}
    for name, power in _factors(text).items():
        if name not in registry:
            raise ValueError(name)
        factor, root = registry.get_root_units(name)
        scale *= float(factor) ** power
        for unit, exponent in root._units.items():
            base[unit] = base.get(unit, 0.0) + float(exponent) * power
    for unit, exponent in base.items():
        scale *= _BASE[unit] ** exponent
    kinds = frozenset(_KIND[unit] for unit, power in base.items() if unit in _KIND and power)
    return Unit(scale, _dimension(base), kinds)


def _dimension(base: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    """Exponents of the base units, the labelled energies counted as energies."""
    merged: dict[str, float] = {}
    for unit, exponent in base.items():
        name = "electron_volt" if unit in _KIND else unit
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
        raise _refuse(value, wanted, nearest(str(error), KNOWN_UNITS)) from None
    if not any(_fits(unit, parse_unit(name if name != "1" else "")) for name in accepted):
        raise _refuse(value, wanted)
    number = float(match[1]) * unit.scale
    if not math.isfinite(number) or (number == 0.0 and float(match[1]) != 0.0):
        raise _refuse(value, wanted + " of a size that a float holds")
    kind = next(iter(unit.kinds), "PE" if unit.dimension == (("photoelectron", 1.0),) else "")
    return Labelled(number, match[2], kind)


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
