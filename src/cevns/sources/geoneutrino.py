"""Antineutrinos of the uranium, thorium and potassium in the Earth.

Spectra of the decay chains: S. Enomoto (2006), compacted to bins of 25 keV. Fluxes at a site:
Huang et al., Geochem. Geophys. Geosyst. 14 (2013) 2003, before oscillation. Oscillations average
out over the Earth: each arrives as an incoherent mixture of mass states (`cevns.mixing`). The
0.04 MeV ν_e of ⁴⁰K's captures and the 5 % of ²³⁵U among uranium's decays are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from cevns.beam import Component, pure_state
from cevns.exposure import Exposure
from cevns.mixing import Mixing
from cevns.parameters import NOMINAL, Parameter, Theta
from cevns.sources.base import Source, seconds_of
from cevns.sources.shipped import shipped
from cevns.spec import BLOCK, WORD, WORD_OR_BLOCK, Flux, Spec
from cevns.spectra import TabulatedSpectrum
from cevns.units import cm, s

ELEMENTS = ("U", "Th", "K")
_COLUMNS = (("energy", ("MeV",)), *((element, ("/MeV",)) for element in ELEMENTS))


class Fluxes(Spec):
    """Flux of each element's antineutrinos, all flavours; as at Gran Sasso by default."""

    U: Flux = 4.34e6 / cm**2 / s
    Th: Flux = 4.23e6 / cm**2 / s
    K: Flux = 20.54e6 / cm**2 / s


class Geoneutrino(Source):
    """Uranium, thorium and potassium; for another site give its ``fluxes``.

    ``oscillation`` is ``averaged``, a block of the mixing's parameters, or ``none``.
    """

    summary: ClassVar[str] = "antineutrinos of the Earth's radioactivity"
    reference: ClassVar[str] = "Enomoto 2006; Huang et al. 2013, arXiv:1301.0365"

    type: Literal["geoneutrino"] = "geoneutrino"
    site: Literal["gran-sasso"] = "gran-sasso"
    fluxes: Fluxes = Field(default_factory=Fluxes)
    oscillation: Annotated[
        Annotated[Literal["averaged", "none"], WORD] | Annotated[Mixing, BLOCK], WORD_OR_BLOCK
    ] = "averaged"

    @property
    def _mixing(self) -> Mixing | None:
        if self.oscillation == "none":
            return None
        return self.oscillation if isinstance(self.oscillation, Mixing) else Mixing()

    def parameters(self, address: str) -> Iterator[Parameter]:
        """The fluxes, and the numbers of the mixing."""
        yield from self.fluxes.parameters(f"{address}.fluxes")
        if self._mixing:
            yield from self._mixing.parameters(f"{address}.oscillation")

    def norms(self, address: str) -> Iterator[str]:
        """Its own, and one for each element."""
        yield f"{address}.norm"
        yield from (f"{address}.{element}.norm" for element in ELEMENTS)

    def components(self, address: str, theta: Theta = NOMINAL) -> Sequence[Component]:
        """One for each element, of unit integral, a mixture of flavours of trace 1."""
        density = self._density(theta, address)
        return [
            Component(
                element,
                density,
                True,
                spectrum(element),
                group=element,
                norms=(f"{address}.norm", f"{address}.{element}.norm"),
            )
            for element in ELEMENTS
        ]

    def _density(self, theta: Theta, address: str) -> Any:
        """The density matrix of what arrives."""
        if self._mixing is None:
            return pure_state("nu_e_bar")[0]
        return self._mixing.averaged(theta, f"{address}.oscillation", antineutrino=True)

    def fluences(self, exposure: Exposure, theta: Theta, address: str) -> Sequence[float]:
        """Flux times live time, of all flavours [1/area]."""
        seconds = seconds_of(exposure)
        inner = f"{address}.fluxes"
        return [self.fluxes.get(element, theta, inner) * seconds for element in ELEMENTS]


def per_decay(element: str) -> TabulatedSpectrum:
    """Antineutrinos per decay of the head of the chain, a histogram [1/energy]."""
    table = shipped("geoneutrino/spectra.csv", _COLUMNS)
    filled = int(np.flatnonzero(table[element])[-1]) + 1
    return TabulatedSpectrum.step(table["energy"][: filled + 1], table[element][:filled])


def spectrum(element: str) -> TabulatedSpectrum:
    """The same with unit integral."""
    raw = per_decay(element)
    total = float(raw.moments(np.zeros(1))[0, 0])
    return TabulatedSpectrum.step(raw.edges, raw.lower / total)
