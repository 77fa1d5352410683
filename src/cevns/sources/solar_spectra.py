"""The spectra of solar neutrinos where they are made, each of unit integral.

Positron emitters have allowed shapes (`cevns.beta_decay`), electron capture gives lines, and
boron-8, which decays to a broad state, has the table ``data/solar/b8.csv``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass
from functools import cache
from typing import Any, Literal

import numpy as np

from cevns.beta_decay import neutrino_spectrum
from cevns.packaged import packaged_rows
from cevns.spectra import CallableSpectrum, LineSpectrum, Spectrum, TabulatedSpectrum
from cevns.units import MeV

Boron = Literal["bahcall-1996", "winter-2006"]


@dataclass(frozen=True)
class PositronEmitter:
    """End point of the neutrino [energy], charge and mass number of the daughter."""

    end_point: float
    Z: int
    A: int


EMITTERS = {
    "pp": PositronEmitter(0.4234 * MeV, 1, 2),
    "hep": PositronEmitter(18.784 * MeV, 2, 4),
    "N13": PositronEmitter(1.1985 * MeV, 6, 13),
    "O15": PositronEmitter(1.7322 * MeV, 7, 15),
    "F17": PositronEmitter(1.7385 * MeV, 8, 17),
}
"""Q − 2 m_e with Q of AME2020 (N13 2220.5, O15 2754.2, F17 2760.5 keV); pp and hep with the mean
thermal energy of the pair (3.2 and 10.7 keV: Bahcall, Phys. Rev. C 56 (1997) 3391)."""

LINES = {
    "pep": ((1.442 * MeV,), (1.0,)),
    "Be7": ((0.3843 * MeV, 0.8613 * MeV), (0.103, 0.897)),
}
"""Energies and shares of the lines. Their width, of the order of 1 keV, and their thermal shift are
left out (Bahcall, Phys. Rev. D 49 (1994) 3923)."""

_PEV = 1e-18 * MeV
POTENTIALS = {
    "pp": 4.68 * _PEV,
    "pep": 5.13 * _PEV,
    "hep": 3.96 * _PEV,
    "Be7": 6.16 * _PEV,
    "B8": 6.81 * _PEV,
    "N13": 6.22 * _PEV,
    "O15": 6.69 * _PEV,
    "F17": 6.74 * _PEV,
}
"""√2 G_F n_e averaged over where each species is made [energy]: de Holanda, Liao & Smirnov 2004,
arXiv:hep-ph/0404042, Table 1."""

_LAST = 1 - 1e-6
"""Of the end point. The field of the nucleus leaves next to no positrons so slow: above it there is
less than 1e-15 of the spectrum, which would take half of the panels."""

Share = Callable[[Any], Any]
"""A smooth function of the energy between 0 and 1."""


def solar_spectrum(species: str, share: Share, boron: Boron) -> Spectrum:
    """The spectrum of a species times ``share``; of unit integral where that is 1.

    Between the points of the table of boron-8 both together are straight lines.
    """
    if species in LINES:
        energies, weights = (np.array(values) for values in LINES[species])
        return LineSpectrum(energies, weights * share(energies))
    if species == "B8":
        energies, density = boron_table(boron)
        return TabulatedSpectrum.linear(energies, density * share(energies))
    return _emitted(species, lambda energy: share(energy) / _integral(species))


def _emitted(species: str, share: Share) -> CallableSpectrum:
    """The spectrum of a positron emitter as its formula has it, times ``share``."""
    end, Z, A = astuple(EMITTERS[species])
    return CallableSpectrum(
        lambda energy: neutrino_spectrum(energy, end, -Z, A) * share(energy), (0.0, end * _LAST)
    )


@cache
def _integral(species: str) -> float:
    return float(_emitted(species, lambda energy: 1.0).moments(np.zeros(1))[0, 0])


@cache
def boron_table(boron: Boron) -> tuple[Any, Any]:
    """Energies and density [1/energy] of boron-8; the trapezoid sum is 1."""
    rows = list(packaged_rows("solar/b8.csv"))
    energy = np.array([float(row["energy [MeV]"]) for row in rows]) * MeV
    density = np.array([float(row[boron]) for row in rows])
    return energy, density / (np.diff(energy) @ (density[1:] + density[:-1]) / 2)
