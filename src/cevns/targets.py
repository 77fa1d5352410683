"""What a detector is made of: nuclides, each with its own number per formula unit.

A target is a nuclide ("Ar40"), a natural element ("Xe"), a compound of natural elements
("CaWO4", "Ca(OH)2") or an element enriched by mole fractions ({"Ge": {"Ge76": 0.86, ...}}).
Every nuclide counts with its own mass, radius and spin; there is no average nucleus.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NoReturn

from cevns.constants import c
from cevns.errors import InputError, Mistake, nearest, show
from cevns.nuclides import Nuclide, all_nuclides, elements, natural_isotopes, nuclide

TargetSpec = str | Mapping[str, Mapping[str, float]]

COMMON = (
    *("NaI", "CsI", "CaWO4", "Al2O3", "CaF2", "LiF", "Bi4Ge3O12", "CF4", "C2F6", "C3F8", "C4F10"),
    *("CF3I", "CH4", "H2O", "Ar40", "Ge", "Xe", "Ar", "Ne", "Si"),
)
"""Materials of existing and planned detectors, for listings and hints; any formula is accepted."""

EXPECTED = (
    "a nuclide (Ar40), a natural element (Xe), a compound (CsI, CaWO4) "
    "or one enriched element ({Ge: {Ge76: 0.86, Ge74: 0.14}})"
)


@dataclass(frozen=True, slots=True)
class Constituent:
    """A nuclide of a target: ``count`` nuclei per formula unit of the target.

    Over the isotopes of one element the counts sum to the stoichiometric number.
    """

    nuclide: Nuclide
    element: str
    count: float


@dataclass(frozen=True, init=False)
class Target:
    """A material: ``Target("CsI")``, ``Target({"Ge": {"Ge76": 0.86, "Ge74": 0.14}})``.

    Parameters
    ----------
    spec
        Name of a nuclide or element, a formula, or {element: {nuclide: mole fraction}} with one
        element. Fractions are positive and sum to one within 1e-6 (then they are normalised). A
        symbol with a number, standing alone, is a nuclide: "O2" is refused, "H2" is deuterium.
    path
        Where the value stands in an input, for messages.

    Raises
    ------
    InputError
        For anything else; one mistake for each wrong entry of a mapping.
    """

    name: str
    constituents: tuple[Constituent, ...]

    def __init__(self, spec: TargetSpec, path: str = "detector.target"):
        if isinstance(spec, str):
            name, constituents = spec, tuple(_from_name(spec, path))
        elif isinstance(spec, Mapping):
            name, constituents = _enriched(spec, path)
        else:
            raise InputError(Mistake(path, show(spec), EXPECTED))
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "constituents", constituents)

    @property
    def elements(self) -> tuple[str, ...]:
        """Symbols of the elements, in the order of the formula."""
        return tuple(dict.fromkeys(part.element for part in self.constituents))

    @property
    def nuclides(self) -> tuple[Nuclide, ...]:
        """The nuclides, element by element, each by mass number."""
        return tuple(part.nuclide for part in self.constituents)

    @property
    def formula_mass(self) -> float:
        """Mean mass of one formula unit, electrons included, as an energy."""
        return math.fsum(part.count * part.nuclide.atomic_mass for part in self.constituents)

    def nuclei_per_mass(self, constituent: Constituent) -> float:
        """Nuclei of one constituent in a unit of target mass [1/kg, say]."""
        return constituent.count / (self.formula_mass / c**2)

    @property
    def electrons_per_mass(self) -> float:
        """Electrons in a unit of target mass [1/kg, say]."""
        electrons = math.fsum(part.count * part.nuclide.Z for part in self.constituents)
        return electrons / (self.formula_mass / c**2)


def _from_name(text: str, path: str) -> Iterator[Constituent]:
    """Constituents of a nuclide, an element or a compound."""
    if re.fullmatch(r"[A-Z][a-z]?[0-9]+|[0-9]+[A-Z][a-z]?", text):
        single = nuclide(text, path)
        yield Constituent(single, single.symbol, 1.0)
        return
    for symbol, number in parse_formula(text, path).items():
        for isotope in natural_isotopes(symbol):
            yield Constituent(isotope, symbol, number * isotope.abundance)


def parse_formula(text: str, path: str = "detector.target") -> dict[str, int]:
    """Element → number of atoms, in order of first appearance; groups in round brackets.

    Raises
    ------
    InputError
        For text that is no formula, and for symbols that are no natural element.
    """
    stack: list[dict[str, int]] = [{}]
    end = 0
    for match in re.finditer(r"([A-Z][a-z]?|\))([1-9][0-9]{0,5})?|\(", text):
        if match.start() != end:
            _refuse(text, path)
        end = match.end()
        token, number = match[1], int(match[2] or 1)
        if token is None:
            stack.append({})
        elif token == ")":
            if len(stack) == 1 or not stack[-1]:
                _refuse(text, path)
            for symbol, count in stack.pop().items():
                stack[-1][symbol] = stack[-1].get(symbol, 0) + number * count
        elif token not in elements():
            _refuse(text, path, symbol=token)
        else:
            stack[-1][token] = stack[-1].get(token, 0) + number
    if end != len(text) or len(stack) != 1 or not stack[0]:
        _refuse(text, path)
    return stack[0]


def _refuse(text: str, path: str, symbol: str | None = None) -> NoReturn:
    known = {*COMMON, *elements(), *(entry.name for entry in all_nuclides())}
    # The same letters in another case are surely what was meant (csi), before any other likeness.
    same = next((name for name in sorted(known) if name.lower() == text.lower()), None)
    found = f"{show(text)}, where {symbol} is no natural element" if symbol else show(text)
    raise InputError(Mistake(path, found, EXPECTED, same or nearest(text, known)))


def _enriched(
    spec: Mapping[str, Mapping[str, float]], path: str
) -> tuple[str, tuple[Constituent, ...]]:
    """Name and constituents of {element: {nuclide: mole fraction}}."""
    symbol, fractions = next(iter(spec.items()), (None, None))
    if len(spec) != 1 or not isinstance(symbol, str) or not isinstance(fractions, Mapping):
        expected = "one element with mole fractions, as in {Ge: {Ge76: 0.86, Ge74: 0.14}}"
        raise InputError(Mistake(path, show(spec), expected))
    natural_isotopes(symbol, path)  # refuses what is no element
    mistakes: list[Mistake] = []
    amounts: dict[Nuclide, float] = {}
    for name, fraction in fractions.items():
        try:
            isotope = _isotope(symbol, name, f"{path}.{symbol}")
            if isotope in amounts:
                expected = "each nuclide once"
                raise InputError(Mistake(f"{path}.{symbol}", show(name), expected))
            amounts[isotope] = _fraction(fraction, f"{path}.{symbol}.{name}")
        except InputError as error:
            mistakes.extend(error.mistakes)
    total = math.fsum(amounts.values())
    if not mistakes and not abs(total - 1) <= 1e-6:
        expected = "mole fractions that sum to 1"
        mistakes.append(Mistake(f"{path}.{symbol}", f"a sum of {total:.9g}", expected))
    if mistakes:
        raise InputError(mistakes)
    ordered = sorted(amounts.items(), key=lambda item: item[0].A)
    shares = ", ".join(f"{isotope.name}: {fraction:g}" for isotope, fraction in ordered)
    parts = tuple(Constituent(isotope, symbol, share / total) for isotope, share in ordered)
    return f"{symbol}({shares})", parts


def _isotope(symbol: str, name: str, path: str) -> Nuclide:
    isotope = nuclide(name, path)
    if isotope.symbol != symbol:
        names = [candidate.name for candidate in natural_isotopes(symbol)]
        expected = f"an isotope of {symbol}: {', '.join(names)}"
        raise InputError(Mistake(path, show(name), expected, nearest(name, names)))
    return isotope


def _fraction(value: object, path: str) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= 1:
        return float(value)
    raise InputError(Mistake(path, show(value), "a mole fraction in (0, 1]"))
