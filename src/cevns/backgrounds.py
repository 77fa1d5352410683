"""Backgrounds of a detector, stated on the observable axis after all cuts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import field_validator

from cevns.parameters import Theta
from cevns.spec import Quantity, Spec, Tagged, family, mistake
from cevns.tables import TableColumns, TableFile

_RATE = ("/keV/kg/day", "/keVee/kg/day", "/keVnr/kg/day", "/PE/kg/day")


class Background(Spec):
    """Base of the backgrounds: a rate per observable, detector mass and live time.

    The rate is what is counted: neither resolution nor efficiency acts on it, the threshold does.
    """

    name: str

    def integrals(self, edges: Any, theta: Theta, address: str) -> Any:
        """∫ rate dx over each bin, shape (bins,) [1/mass/time]; ``edges`` are finite."""
        raise NotImplementedError


class FlatBackground(Background):
    """The same rate everywhere."""

    type: Literal["flat"] = "flat"
    rate: Annotated[float, Quantity(_RATE[0], _RATE[1:])]

    def integrals(self, edges: Any, theta: Theta, address: str) -> Any:
        return self.get("rate", theta, address) * np.diff(edges)


class TableBackground(Background):
    """A rate from a file: linear between the points, the first and last value held."""

    type: Literal["table"] = "table"
    file: Annotated[
        TableFile,
        TableColumns(("energy", ("keV", "keVee", "keVnr", "PE")), ("rate", _RATE)),
    ]

    @field_validator("file")
    @classmethod
    def _refuse_negative(cls, file: TableFile) -> TableFile:
        wrong = np.flatnonzero(file.table.y < 0)
        if wrong.size:
            found = f"table {file.text!r}: a negative rate in row {wrong[0] + 1} of its numbers"
            raise mistake(found, "rates of zero or more")
        return file

    def integrals(self, edges: Any, theta: Theta, address: str) -> Any:
        table = self.file.table
        inside = table.x[(table.x > edges[0]) & (table.x < edges[-1])]
        x = np.unique(np.concatenate([edges, inside]))
        areas = 0.5 * (table(x[1:]) + table(x[:-1])) * np.diff(x)
        upto = np.concatenate([[0.0], np.cumsum(areas)])
        return np.diff(upto[np.searchsorted(x, edges)])


def background_events(
    backgrounds: Sequence[Background], edges: Any, amount: Any, theta: Theta, address: str
) -> dict[str, Any]:
    """Events in each bin by name: rates times ``amount`` [mass times time] and their norms."""
    return {
        part.name: theta.get(background_norm(part.name), 1.0)
        * amount
        * part.integrals(edges, theta, f"{address}.{part.name}")
        for part in backgrounds
    }


def background_norm(name: str) -> str:
    """Address of the factor on a background."""
    return f"background.{name}.norm"


BackgroundField = Annotated[
    Background, Tagged(family(FlatBackground, TableBackground), "background")
]
