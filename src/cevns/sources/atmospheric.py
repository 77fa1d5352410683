"""Atmospheric neutrinos: compact tables of two calculations.

FLUKA: 13 to 944 MeV, Battistoni, Ferrari, Montaruli & Sala, Astropart. Phys. 23 (2005) 526.
Honda: 0.1 to 10 GeV, Honda et al., Phys. Rev. D 92 (2015) 023004, at the minimum and at the maximum
of the solar cycle. Fluxes are integrated over the sphere and are power laws between the points.
There is nothing below 13 MeV. Both are known to about 25 %.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import model_validator

from cevns.beam import Component, pure_state
from cevns.exposure import Exposure
from cevns.parameters import NOMINAL, Parameter, Theta
from cevns.power_law_spectrum import PowerLawSpectrum
from cevns.sources.base import Source, seconds_of
from cevns.sources.shipped import shipped
from cevns.spec import Quantity, mistake
from cevns.tables import FloatArray
from cevns.units import MeV

FLAVOURS = ("nu_e", "nu_e_bar", "nu_mu", "nu_mu_bar")
_COLUMNS = (("energy", ("MeV",)), *((name, ("/cm^2/s/MeV",)) for name in FLAVOURS))
Points = tuple[FloatArray, FloatArray]


class Atmospheric(Source):
    """Fluxes of ν_e, ν_μ and their antineutrinos; for the coherent rate only the sum matters.

    ``fluka-honda`` takes FLUKA below ``join`` and Honda above, with the step that is between them.
    ``solar`` chooses Honda's table; ``mean`` is the mean of both.
    """

    summary: ClassVar[str] = "atmospheric neutrinos, 13 MeV to 10 GeV"
    reference: ClassVar[str] = "Battistoni et al. 2005; Honda et al. 2015, arXiv:1502.03916"

    type: Literal["atmospheric"] = "atmospheric"
    model: Literal["fluka", "honda", "fluka-honda"] = "fluka"
    site: Literal["gran-sasso"] = "gran-sasso"
    solar: Literal["minimum", "maximum", "mean"] = "mean"
    join: Annotated[float, Quantity("MeV", range="positive")] = 100 * MeV

    @model_validator(mode="after")
    def _what_is_used(self) -> Self:
        """Refuse a choice that would do nothing, and a join outside of either table."""
        given = self.model_fields_set
        if "solar" in given and self.model == "fluka":
            raise mistake("solar beside model fluka", "no solar: its table is one for all times")
        if "join" in given and self.model != "fluka-honda":
            raise mistake(f"join beside model {self.model}", "'model: fluka-honda'")
        if not 100 - 1e-9 <= self.join / MeV <= 944 + 1e-9:
            raise mistake(f"a join at {self.join / MeV:g} MeV", "one from 100 MeV to 944 MeV")
        return self

    def norms(self, address: str) -> Iterator[str]:
        """Its own, and one for each flavour."""
        yield f"{address}.norm"
        yield from (f"{address}.{flavour}.norm" for flavour in FLAVOURS)

    def parameters(self, address: str) -> Iterator[Parameter]:
        """The energy of the join, where there is one."""
        if self.model == "fluka-honda":
            yield from super().parameters(address)

    def components(self, address: str, theta: Theta = NOMINAL) -> Sequence[Component]:
        """One for each flavour; spectra are fluxes [1/area/time/energy]."""
        return [
            Component(
                flavour,
                *pure_state(flavour),
                self._spectrum(flavour, theta, address),
                norms=(f"{address}.norm", f"{address}.{flavour}.norm"),
            )
            for flavour in FLAVOURS
        ]

    def fluences(self, exposure: Exposure, theta: Theta, address: str) -> Sequence[Any]:
        """The live time: the spectra already are fluxes."""
        return [seconds_of(exposure)] * len(FLAVOURS)

    def _spectrum(self, flavour: str, theta: Theta, address: str) -> PowerLawSpectrum:
        if self.model == "fluka":
            return PowerLawSpectrum.through(*_fluka(flavour))
        if self.model == "honda":
            return PowerLawSpectrum.through(*_honda(flavour, self.solar))
        join = float(self.get("join", theta, address))
        return joined(_fluka(flavour), _honda(flavour, self.solar), join)


def _fluka(flavour: str) -> Points:
    table = shipped("atmospheric/fluka.csv", _COLUMNS)
    return table["energy"], table[flavour]


def _honda(flavour: str, solar: str) -> Points:
    extremes = ("minimum", "maximum") if solar == "mean" else (solar,)
    tables = [shipped(f"atmospheric/honda-gran-sasso-{one}.csv", _COLUMNS) for one in extremes]
    return tables[0]["energy"], np.mean([table[flavour] for table in tables], axis=0)


def joined(below: Points, above: Points, join: float) -> PowerLawSpectrum:
    """The points of ``below`` up to the energy ``join`` and those of ``above`` from there on."""
    join = min(max(join, above[0][0]), below[0][-1])
    at_join = [float(PowerLawSpectrum.through(*points)(join)) for points in (below, above)]
    first, last = below[0] < join * (1 - 1e-9), above[0] > join * (1 + 1e-9)
    left, right = below[1][first], above[1][last]
    return PowerLawSpectrum(
        np.concatenate([below[0][first], [join], above[0][last]]),
        np.concatenate([left, [at_join[1]], right[:-1]]),
        np.concatenate([left[1:], [at_join[0]], right]),
    )
