"""One line of one flavour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

from cevns.beam import Component, pure_state
from cevns.exposure import Exposure
from cevns.flavours import Flavour
from cevns.parameters import NOMINAL, Theta
from cevns.sources.base import Source, seconds_of
from cevns.spec import Flux, Quantity
from cevns.spectra import LineSpectrum


class Monoenergetic(Source):
    """Neutrinos of one ``energy`` and one ``flavour`` with a given ``flux`` at the detector."""

    summary: ClassVar[str] = "one line of one flavour"

    type: Literal["monoenergetic"] = "monoenergetic"
    flavour: Flavour
    energy: Annotated[float, Quantity("MeV", range="positive")]
    flux: Flux

    def components(self, address: str, theta: Theta = NOMINAL) -> Sequence[Component]:
        """One line of unit weight."""
        density, antineutrino = pure_state(self.flavour)
        spectrum = LineSpectrum([self.get("energy", theta, address)], [1.0])
        norms = (f"{address}.norm",)
        return [Component(self.flavour, density, antineutrino, spectrum, norms=norms)]

    def fluences(self, exposure: Exposure, theta: Theta, address: str) -> Sequence[Any]:
        """Flux times live time [1/area]."""
        return [self.get("flux", theta, address) * seconds_of(exposure)]
