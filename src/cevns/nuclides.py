"""The naturally occurring nuclides: masses, mole fractions, charge radii, spins.

The table ``data/nuclides.csv`` is read on first use; its header names the evaluations and how it
was made. Mole fractions are normalised here: the representative values are rounded, or the middle
of an interval, and miss one by up to 6e-5 (S).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from cevns.constants import atomic_mass_unit, m_e
from cevns.errors import InputError, Mistake, nearest, show, unknown_name
from cevns.packaged import packaged_rows
from cevns.units import eV, fm


@dataclass(frozen=True, slots=True)
class Nuclide:
    """One nuclide. Masses are energies, radii lengths, both in the units of `cevns.units`.

    ``abundance`` is the mole fraction in the natural element (sums to one), with its 1σ
    ``abundance_uncertainty`` (0 for an element of one nuclide). ``charge_radius`` is the measured
    rms charge radius, None where there is none. ``spin`` is J and ``parity`` ±1 of the state found
    in nature: the ground state, but for Ta180, which stands for the isomer.
    """

    symbol: str
    Z: int
    A: int
    atomic_mass: float
    atomic_mass_uncertainty: float
    abundance: float
    abundance_uncertainty: float
    charge_radius: float | None
    charge_radius_uncertainty: float | None
    spin: float
    parity: int

    @property
    def N(self) -> int:
        """Number of neutrons."""
        return self.A - self.Z

    @property
    def name(self) -> str:
        """Symbol and mass number, as in ``Ar40``."""
        return f"{self.symbol}{self.A}"

    @property
    def mass(self) -> float:
        """Nuclear mass: the atom without its electrons and their binding energy."""
        return self.atomic_mass - self.Z * m_e + electron_binding(self.Z)

    @property
    def is_spinless(self) -> bool:
        """Whether J = 0."""
        return self.spin == 0


def electron_binding(Z: int) -> float:
    """Total binding energy of the Z electrons of a neutral atom, as an energy.

    Lunney, Pearson & Thibault, Rev. Mod. Phys. 75 (2003) 1021, Eq. (A4),
    doi:10.1103/RevModPhys.75.1021: a fit to atomic calculations, good to about 150 eV.
    """
    return (14.4381 * math.pow(Z, 2.39) + 1.55468e-6 * math.pow(Z, 5.35)) * eV


def _read_rows() -> Iterator[Nuclide]:
    """The rows of the table as they stand, fractions not yet normalised."""
    for row in packaged_rows("nuclides.csv"):
        radius, radius_error = row["radius [fm]"], row["radius_uncertainty [fm]"]
        yield Nuclide(
            symbol=row["symbol"],
            Z=int(row["Z"]),
            A=int(row["A"]),
            atomic_mass=float(row["mass [u]"]) * atomic_mass_unit,
            atomic_mass_uncertainty=float(row["mass_uncertainty [u]"]) * atomic_mass_unit,
            abundance=float(row["fraction"]),
            abundance_uncertainty=float(row["fraction_uncertainty"] or 0),
            charge_radius=float(radius) * fm if radius else None,
            charge_radius_uncertainty=float(radius_error) * fm if radius_error else None,
            spin=int(row["2J"]) / 2,
            parity=int(row["parity"]),
        )


@cache
def _by_element() -> dict[str, tuple[Nuclide, ...]]:
    isotopes: dict[str, list[Nuclide]] = {}
    for row in _read_rows():
        isotopes.setdefault(row.symbol, []).append(row)
    return {symbol: tuple(_normalised(rows)) for symbol, rows in isotopes.items()}


def _normalised(isotopes: list[Nuclide]) -> Iterator[Nuclide]:
    total = math.fsum(isotope.abundance for isotope in isotopes)
    for isotope in isotopes:
        yield replace(isotope, abundance=isotope.abundance / total)


@cache
def _by_name() -> dict[str, Nuclide]:
    return {entry.name: entry for isotopes in _by_element().values() for entry in isotopes}


def all_nuclides() -> tuple[Nuclide, ...]:
    """Every naturally occurring nuclide, by Z and A."""
    return tuple(_by_name().values())


def elements() -> tuple[str, ...]:
    """Symbols of the elements with a natural composition, by Z."""
    return tuple(_by_element())


def nuclide(name: str, path: str = "nuclide") -> Nuclide:
    """The nuclide called ``Ar40`` or ``40Ar``.

    Raises
    ------
    InputError
        For a name that is no naturally occurring nuclide. Case matters: Co is cobalt.
    """
    # Mass number last, whichever way it was written: the form of the table, and of the hint.
    written = re.fullmatch(r"(\d+)([A-Za-z]+)", name) if isinstance(name, str) else None
    key = f"{written[2]}{written[1]}" if written else name
    known = _by_name()
    if isinstance(key, str) and key in known:
        return known[key]
    symbol = re.sub(r"\d+$", "", key) if isinstance(key, str) else ""
    isotopes = [isotope.name for isotope in _by_element().get(symbol, ())]
    among = f"one of {', '.join(isotopes)}" if isotopes else "one written as Ar40"
    expected = f"a naturally occurring nuclide, {among}"
    raise InputError(Mistake(path, show(name), expected, nearest(key, isotopes or known)))


def natural_isotopes(symbol: str, path: str = "element") -> tuple[Nuclide, ...]:
    """The isotopes of the natural element, by A; their ``abundance`` sums to one.

    Raises
    ------
    InputError
        For a symbol without a natural composition.
    """
    known = _by_element()
    if symbol not in known:
        raise unknown_name(path, symbol, known, "element")
    return known[symbol]
