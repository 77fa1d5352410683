"""How many neutrinos of each kind the Sun sends, by model of the Sun.

The table ``data/solar/fluxes.csv`` is read on first use; its header has the references.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal, get_args

from cevns.packaged import packaged_rows
from cevns.units import cm, s

SolarSpecies = Literal["pp", "pep", "hep", "Be7", "B8", "N13", "O15", "F17"]
SPECIES: tuple[SolarSpecies, ...] = get_args(SolarSpecies)
SolarModel = Literal["b16-gs98", "b16-agss09met", "sfii-gs98", "sfii-agss09"]


@dataclass(frozen=True)
class SolarFlux:
    """A flux at the Earth, all flavours [1/area/time], and the relative error of the model (1σ)."""

    flux: float
    relative_error: float


@cache
def solar_fluxes(model: SolarModel) -> Mapping[str, SolarFlux]:
    """The fluxes of a solar model by species ("pp", ..., "F17").

    Errors of the species are correlated; the table does not have the correlations.
    """
    return MappingProxyType(
        {
            row["component"]: SolarFlux(
                float(row["flux [/cm^2/s]"]) / cm**2 / s, float(row["relative_error"])
            )
            for row in packaged_rows("solar/fluxes.csv")
            if row["model"] == model
        }
    )
