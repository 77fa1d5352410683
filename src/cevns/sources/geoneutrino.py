"""Antineutrinos of the uranium, thorium and potassium in the Earth.

Spectra of the decay chains: S. Enomoto (2006), compacted to bins of 25 keV. Fluxes at a site:
Huang et al., Geochem. Geophys. Geosyst. 14 (2013) 2003, before oscillation. Oscillations average
out: of all, the share ``survival`` arrives as ν̄_e and the rest in equal parts as ν̄_μ and ν̄_τ. The
0.04 MeV ν_e of ⁴⁰K's captures and the 5 % of ²³⁵U among uranium's decays are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from cevns.beam import Component
from cevns.exposure import Exposure
from cevns.parameters import NOMINAL, Theta
from cevns.sources.base import Source, seconds_of
from cevns.sources.shipped import shipped
from cevns.spec import Flux, Fraction, Spec
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
    """Uranium, thorium and potassium; for another site give its ``fluxes``."""

    summary: ClassVar[str] = "antineutrinos of the Earth's radioactivity"
    reference: ClassVar[str] = "Enomoto 2006; Huang et al. 2013, arXiv:1301.0365"

    type: Literal["geoneutrino"] = "geoneutrino"
    site: Literal["gran-sasso"] = "gran-sasso"
    fluxes: Fluxes = Field(default_factory=Fluxes)
    survival: Fraction = 0.55

    def norms(self, address: str) -> Iterator[str]:
        """Its own, and one for each element."""
        yield f"{address}.norm"
        yield from (f"{address}.{element}.norm" for element in ELEMENTS)

    def components(self, address: str, theta: Theta = NOMINAL) -> Sequence[Component]:
        """One for each element, of unit integral, a mixture of flavours of trace 1."""
        kept = self.get("survival", theta, address)
        density = np.diag([kept, (1 - kept) / 2, (1 - kept) / 2])
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
