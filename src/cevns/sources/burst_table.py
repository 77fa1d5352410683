"""The emission of a burst as a table: time, energy and neutrinos of each species.

CSV in long form, one row per time and energy on a full grid, in any order of rows:
``time [s],energy [MeV],nu_e [/MeV/s],nu_e_bar [/MeV/s],nu_x [/MeV/s]``. What is tabulated is what
the star emits; ν_x is each of its four species.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import ValidationInfo
from pydantic_core import core_schema

from cevns.errors import InputError, Mistake, show
from cevns.sources.thermal import SPECIES
from cevns.spec import mistake
from cevns.tables import Column, FloatArray, read_columns

_COLUMNS: tuple[Column, ...] = (
    ("time", ("s",)),
    ("energy", ("MeV",)),
    *((species, ("/MeV/s",)) for species in SPECIES),
)


@dataclass(frozen=True, eq=False)
class BurstTable:
    """The rates of emission on a grid, and the text that names their file.

    Attributes
    ----------
    times, energies : arrays, shapes (n,) and (m,), ascending
    rates : species → array, shape (n, m) [1/energy/time]
    """

    text: str
    times: FloatArray
    energies: FloatArray
    rates: Mapping[str, FloatArray]

    def emitted(self, species: str) -> FloatArray:
        """Neutrinos per energy between one time and the next, shape (n − 1, m) [1/energy].

        Rates are linear in time between the rows.
        """
        rate = self.rates[species]
        slices: FloatArray = 0.5 * (rate[1:] + rate[:-1]) * np.diff(self.times)[:, None]
        return slices


def read_burst(file: Path, text: str) -> BurstTable:
    """The table in ``file``, which the user calls ``text``.

    Raises
    ------
    InputError
        For what `cevns.tables.read_columns` refuses, rows that are no full grid, and rates or
        energies below zero.
    """
    values = read_columns(file, _COLUMNS, name=text)
    times, energies = np.unique(values[:, 0]), np.unique(values[:, 1])
    order = np.lexsort((values[:, 1], values[:, 0]))
    size = (times.size, energies.size)
    full = order.size == times.size * energies.size and min(size) > 1
    if not full or len(np.unique(values[:, :2], axis=0)) != order.size:
        found = f"table {text!r}: {order.size} rows for {size[0]} times and {size[1]} energies"
        raise InputError(Mistake("", found, "one row for each time and energy, two of each"))
    if energies[0] < 0 or (values[:, 2:] < 0).any():
        found = f"table {text!r}: an energy or a rate below zero"
        raise InputError(Mistake("", found, "numbers of at least 0"))
    grids = values[order, 2:].T.reshape(len(SPECIES), *size)
    return BurstTable(text, times, energies, dict(zip(SPECIES, grids, strict=True)))


class _BurstFile:
    """Annotation of a field that names such a file."""

    def _validate(self, value: Any, info: ValidationInfo) -> BurstTable:
        if isinstance(value, BurstTable):
            return value
        if not isinstance(value, (str, Path)) or not str(value).strip():
            raise mistake(show(value), "the name of a table file (CSV)")
        folder = Path((info.context or {}).get("directory") or ".")
        try:
            return read_burst(folder / str(value), str(value))
        except InputError as error:
            first = error.mistakes[0]
            raise mistake(first.found, first.expected, first.nearest) from None

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        as_text = core_schema.plain_serializer_function_ser_schema(lambda value: value.text)
        return core_schema.with_info_plain_validator_function(self._validate, serialization=as_text)


BurstFile = Annotated[BurstTable, _BurstFile()]
