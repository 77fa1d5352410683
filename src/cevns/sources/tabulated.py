"""A spectrum from a file: linear between its points, zero outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import model_validator

from cevns.beam import Component, pure_state
from cevns.exposure import Exposure
from cevns.flavours import Flavour
from cevns.parameters import NOMINAL, Theta
from cevns.sources.base import Source, seconds_of
from cevns.spec import mistake
from cevns.spectra import TabulatedSpectrum
from cevns.tables import TableColumns, TableFile


class Tabulated(Source):
    """A flux table at the detector: columns ``energy [MeV]`` and ``flux [/cm^2/s/MeV]``."""

    summary: ClassVar[str] = "a flux from a file"

    type: Literal["tabulated"] = "tabulated"
    flavour: Flavour
    file: Annotated[TableFile, TableColumns(("energy", ("MeV",)), ("flux", ("/cm^2/s/MeV",)))]

    @model_validator(mode="after")
    def _density(self) -> Self:
        table = self.file.table
        if table.x[0] < 0 or (table.y < 0).any():
            raise mistake("a negative energy or flux in the table", "numbers of at least 0")
        return self

    def components(self, address: str, theta: Theta = NOMINAL) -> Sequence[Component]:
        """The table as it stands: its spectrum is a flux [1/area/time/energy]."""
        density, antineutrino = pure_state(self.flavour)
        table = self.file.table
        spectrum = TabulatedSpectrum.linear(table.x, table.y)
        norms = tuple(self.norms(address))
        return [Component(self.flavour, density, antineutrino, spectrum, norms=norms)]

    def fluences(self, exposure: Exposure, theta: Theta, address: str) -> Sequence[Any]:
        """The live time: the spectrum already is a flux."""
        return [seconds_of(exposure)]
