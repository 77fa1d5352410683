r"""The diffuse background of all past core-collapse supernovae.

.. math::

   \frac{d\varphi}{dE} = \frac{c}{H_0} \int_0^5 dz\,
   \frac{R_{cc}(z)\, N(E(1+z))}{\sqrt{\Omega_m (1+z)^3 + \Omega_\Lambda}}

with Fermi–Dirac spectra N. The rate of collapses follows the fiducial star formation of Horiuchi,
Beacom & Dwek, Phys. Rev. D 79 (2009) 083013 (after Yüksel et al. 2008), one collapse for
143 solar masses; temperatures are those of Beacom, Annu. Rev. Nucl. Part. Sci. 60 (2010) 439.
The rate alone is known to about 20 %, the whole to 50 %.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from cevns.beam import Component, pure_state
from cevns.constants import c
from cevns.exposure import Exposure
from cevns.flavours import NEUTRINOS
from cevns.parameters import NOMINAL, Theta
from cevns.sources.base import Source, seconds_of
from cevns.sources.thermal import (
    FERMI_DIRAC_MEAN,
    SPECIES,
    Energies,
    fermi_dirac,
    fermi_dirac_end,
    species_of,
)
from cevns.spec import Quantity
from cevns.spectra import CallableSpectrum
from cevns.tables import FloatArray
from cevns.units import MeV, erg, km, kpc, s, year

HUBBLE = 70 * km / s / (1e3 * kpc)
OMEGA_MATTER = 0.3
STAR_FORMATION = 0.0178 / year / (1e3 * kpc) ** 3  # solar masses, today
SOLAR_MASSES_PER_COLLAPSE = 143
_SLOPES, _TURNS, _SMOOTHNESS, _FARTHEST = (3.4, -0.3, -3.5), (1.0, 4.0), -10.0, 5.0


class DiffuseSupernova(Source):
    """Six species of Fermi–Dirac spectra with equal shares of the ``energy`` of a collapse.

    ``rate`` is that of collapses today; their history is the fiducial one.
    """

    summary: ClassVar[str] = "diffuse supernova background"
    reference: ClassVar[str] = "Horiuchi, Beacom & Dwek 2009, arXiv:0812.3157; Beacom 2010"

    type: Literal["diffuse-supernova"] = "diffuse-supernova"
    temperature: Energies = Field(
        default_factory=lambda: Energies(nu_e=3 * MeV, nu_e_bar=5 * MeV, nu_x=8 * MeV)
    )
    energy: Annotated[float, Quantity("erg", range="positive")] = 3e53 * erg
    rate: Annotated[float, Quantity("/kpc^3/year", range="positive")] = (
        STAR_FORMATION / SOLAR_MASSES_PER_COLLAPSE
    )

    def norms(self, address: str) -> Iterator[str]:
        """Its own, and one for each species."""
        yield f"{address}.norm"
        yield from (f"{address}.{species}.norm" for species in SPECIES)

    def components(self, address: str, theta: Theta = NOMINAL) -> Sequence[Component]:
        """Six, those of ν_x with one spectrum: its integral is that of history(z)/(1 + z)."""
        inner = f"{address}.temperature"
        spectra = {
            species: redshifted(float(self.temperature.get(species, theta, inner)))
            for species in SPECIES
        }
        return [
            Component(
                flavour,
                *pure_state(flavour),
                spectra[species_of(flavour)],
                group=species_of(flavour),
                norms=(f"{address}.norm", f"{address}.{species_of(flavour)}.norm"),
            )
            for flavour in NEUTRINOS
        ]

    def fluences(self, exposure: Exposure, theta: Theta, address: str) -> Sequence[Any]:
        """(c/H₀) times the rate today times the neutrinos of a collapse, over the exposure."""
        depth = c / HUBBLE * self.get("rate", theta, address) * seconds_of(exposure)
        share = self.get("energy", theta, address) / len(NEUTRINOS)
        inner = f"{address}.temperature"
        means = [
            FERMI_DIRAC_MEAN * self.temperature.get(species_of(flavour), theta, inner)
            for flavour in NEUTRINOS
        ]
        return [depth * share / mean for mean in means]


def star_formation(z: Any) -> Any:
    """Star formation at redshift ``z`` over that today, same shape.

    Two turns between three powers of 1 + z, Eq. (5) of Horiuchi, Beacom & Dwek.
    """
    (a, b, d), (first, second) = _SLOPES, _TURNS
    early = (1 + first) ** (1 - a / b)
    late = (1 + first) ** ((b - a) / d) * (1 + second) ** (1 - b / d)
    scales = ((1.0, a), (early, b), (late, d))
    total = sum(((1 + z) / scale) ** (slope * _SMOOTHNESS) for scale, slope in scales)
    return total ** (1 / _SMOOTHNESS)


@cache
def _history() -> tuple[FloatArray, FloatArray]:
    """Nodes 1 + z, and R_cc(z)/(R_cc(0) √…) dz at them; panels end at the turns."""
    x, weights = np.polynomial.legendre.leggauss(24)
    edges = np.array([0.0, 0.7, *_TURNS[:1], 1.4, 2.5, *_TURNS[1:], _FARTHEST])
    half = np.diff(edges)[:, None] / 2
    z = (edges[:-1, None] + half * (1 + x)).ravel()
    expansion = np.sqrt(OMEGA_MATTER * (1 + z) ** 3 + 1 - OMEGA_MATTER)
    return 1 + z, (half * weights).ravel() * star_formation(z) / expansion


def redshifted(temperature: float) -> CallableSpectrum:
    """∫ dz history(z) f(E(1 + z)) of a Fermi–Dirac spectrum f of unit integral."""
    stretch, history = _history()

    def density(energy: Any) -> Any:
        emitted = np.asarray(energy)[..., None] * stretch
        return fermi_dirac(emitted, temperature) @ history

    return CallableSpectrum(density, [0.0, fermi_dirac_end(temperature)])
