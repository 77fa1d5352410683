r"""Spectra of a collapsing core, each with unit integral, and the species they belong to.

Pinched: :math:`f = \frac{\beta^{\alpha+1}}{\Gamma(\alpha+1)} E^\alpha e^{-\beta E}`,
:math:`\beta = (\alpha+1)/\langle E\rangle` (Keil, Raffelt & Janka, Astrophys. J. 590 (2003) 971).
Fermi–Dirac without chemical potential:
:math:`f = \frac{2}{3\zeta(3) T^3} \frac{E^2}{e^{E/T}+1}`, of mean
:math:`\frac{7\pi^4}{180\zeta(3)} T = 3.151\, T`.
"""

from __future__ import annotations

import math
from typing import Annotated, Any

import numpy as np

from cevns.spec import Quantity, Spec
from cevns.spectra import CallableSpectrum

SPECIES = ("nu_e", "nu_e_bar", "nu_x")
"""What is emitted alike: ν_x is each of ν_μ, ν_τ and their antineutrinos."""
MULTIPLICITY = {"nu_e": 1, "nu_e_bar": 1, "nu_x": 4}

ZETA_3 = 1.2020569031595942
FERMI_DIRAC_MEAN = 7 * math.pi**4 / (180 * ZETA_3)
"""Mean energy of a Fermi–Dirac spectrum in units of its temperature."""
_NOTHING = 36.0  # −ln of the share of neutrinos above the end of a spectrum: 2e-16, rounding


def species_of(flavour: str) -> str:
    """``nu_e``, ``nu_e_bar`` or ``nu_x``."""
    return flavour if flavour in SPECIES else "nu_x"


class Energies(Spec):
    """An energy for each species: a mean or a temperature."""

    nu_e: Annotated[float, Quantity("MeV", range="positive")]
    nu_e_bar: Annotated[float, Quantity("MeV", range="positive")]
    nu_x: Annotated[float, Quantity("MeV", range="positive")]


def pinched(mean: float, pinching: float) -> CallableSpectrum:
    """The pinched spectrum of mean energy ``mean`` and pinching α > 0, unit integral."""
    beta = (pinching + 1) / mean
    log_norm = math.log(beta) - math.lgamma(pinching + 1)

    def density(energy: Any) -> Any:
        x = beta * energy
        with np.errstate(divide="ignore"):  # nothing at E = 0
            return np.exp(log_norm + pinching * np.log(x) - x)

    # The share above x is about x^α e^(−x)/Γ(α + 1); this converges since x > α.
    end = _NOTHING + pinching
    for _ in range(50):
        end = _NOTHING + pinching * math.log(end) - math.lgamma(pinching + 1)
        end = max(end, pinching + 1.0)
    return CallableSpectrum(density, [0.0, end / beta])


def fermi_dirac(energy: Any, temperature: float) -> Any:
    """The density of the Fermi–Dirac spectrum at ``energy`` [1/energy], same shape."""
    x = energy / temperature
    return 2 / (3 * ZETA_3 * temperature) * x**2 * np.exp(-x) / (1 + np.exp(-x))


def fermi_dirac_end(temperature: float) -> float:
    """Where the Fermi–Dirac spectrum runs out: x² e^(−x) has fallen to rounding."""
    end = _NOTHING
    for _ in range(20):
        end = _NOTHING + 2 * math.log(end)
    return end * temperature
