r"""Pions decaying at rest: :math:`\pi^+ \to \mu^+\nu_\mu`, :math:`\mu^+ \to e^+\nu_e\bar\nu_\mu`.

The prompt :math:`\nu_\mu` is a line at :math:`(m_\pi^2 - m_\mu^2)/2m_\pi` = 29.79 MeV; the delayed
pair has the Michel spectra up to :math:`m_\mu/2`. Per flavour at a distance L:
:math:`r N_{POT}/(4\pi L^2)`. Decay in flight and muon capture are neglected (below 1 % at the SNS).
Scholberg, Phys. Rev. D 73 (2006) 033005; COHERENT, arXiv:1509.08702.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from cevns.beam import Baseline, Component, pure_state
from cevns.constants import m_mu, m_pi, tau_mu, tau_pi
from cevns.errors import InputError, Mistake, nearest, show
from cevns.exposure import Exposure
from cevns.parameters import NOMINAL, Parameter, Theta
from cevns.sources.base import Source, seconds_of, sphere
from cevns.sources.facilities import FACILITIES, Facility
from cevns.spec import (
    Flux,
    Length,
    Power,
    Quantity,
    mistake,
    quantity_of,
    quantity_parameter,
)
from cevns.spectra import LineSpectrum, MichelSpectrum
from cevns.timing import Pulse, TimeProfile
from cevns.units import year

LINE_ENERGY = (m_pi**2 - m_mu**2) / (2 * m_pi)
"""Energy of the prompt ν_μ."""

_GROUPS = {"nu_mu": "prompt", "nu_mu_bar": "delayed", "nu_e": "delayed"}
_PER_PROTON = Annotated[float, Quantity("1", range="positive")]


class StoppedPion(Source):
    """A stopped-pion source, its intensity given in one of four ways.

    ``flux`` per flavour at the detector; ``power``, ``proton_energy``, ``pions_per_proton`` and
    ``distance``; ``pions_per_proton`` and ``distance`` for an exposure in protons (or, with
    ``proton_energy``, in beam energy); ``neutrinos_per_year`` per flavour and ``distance``. A
    ``facility`` fills in what is not given.
    """

    summary: ClassVar[str] = "pion decay at rest: prompt nu_mu line, delayed nu_mu_bar and nu_e"
    reference: ClassVar[str] = "Scholberg 2006, hep-ex/0511042; COHERENT, arXiv:1509.08702"

    type: Literal["stopped-pion"] = "stopped-pion"
    flux: Flux | None = None
    power: Power | None = None
    proton_energy: Annotated[float, Quantity("GeV", range="positive")] | None = None
    pions_per_proton: _PER_PROTON | None = None
    neutrinos_per_year: _PER_PROTON | None = None
    distance: Length | None = None
    length_spread: Annotated[float, Quantity("m")] = 0.0
    facility: str | None = None
    pulse: Pulse | None = None
    parts: Annotated[tuple[Literal["prompt", "delayed"], ...], Field(alias="components")] = (
        "prompt",
        "delayed",
    )

    @model_validator(mode="after")
    def _one_intensity(self) -> Self:
        """Refuse an unknown facility, and more or fewer than one way of giving the intensity."""
        if self.facility is not None and self.facility not in FACILITIES:
            close = nearest(self.facility, FACILITIES)
            raise mistake(
                f"facility {show(self.facility)}", f"one of {', '.join(FACILITIES)}", close
            )
        by_protons = [
            key
            for key in ("power", "proton_energy", "pions_per_proton", "facility")
            if getattr(self, key) is not None
        ]
        ways = [
            way
            for way, given in (
                ("flux", self.flux is not None),
                ("neutrinos_per_year", self.neutrinos_per_year is not None),
                (" and ".join(by_protons), bool(by_protons)),
            )
            if given
        ]
        if len(ways) != 1:
            raise mistake(
                f"the intensity given by {' and by '.join(ways) or 'nothing'}",
                "one of flux, neutrinos_per_year, or pions_per_proton (with power and "
                "proton_energy for an exposure in time) or a facility",
            )
        if self._preset and self._preset.neutrinos_per_year and len(by_protons) > 1:
            found = f"{by_protons[0]} beside facility {self.facility}"
            raise mistake(found, "no numbers of protons: it states neutrinos per year")
        if self.flux is None and self.distance is None:
            raise mistake("no distance", "a 'distance' such as '20 m'")
        return self

    @property
    def _preset(self) -> Facility | None:
        return FACILITIES[self.facility] if self.facility else None

    def _number(self, name: str, theta: Theta, address: str) -> Any:
        """A number of the beam at θ: from the file or from the facility."""
        own = getattr(self, name)
        preset = getattr(self._preset, name) if own is None and self._preset else own
        return theta.get(f"{address}.{name}", preset)

    def norms(self, address: str) -> Iterator[str]:
        """Its own normalisation, and the flux that all data sets of the facility share."""
        yield f"{address}.norm"
        if self._preset:
            yield f"{self._preset.family}.flux"

    def parameters(self, address: str) -> Iterator[Parameter]:
        """Its own numbers, and those that the facility fills in."""
        own = list(super().parameters(address))
        yield from own
        if self._preset is None:
            return
        known = {parameter.address for parameter in own}
        for name in ("power", "proton_energy", "pions_per_proton", "neutrinos_per_year"):
            value = getattr(self._preset, name)
            if f"{address}.{name}" not in known and value is not None:
                quantity = quantity_of(type(self).model_fields[name])
                assert quantity is not None
                parameter = quantity_parameter(f"{address}.{name}", value, quantity)
                yield parameter.with_(source=self._preset.reference)
        if self.pulse is None and self._preset.pulse is not None:
            yield from self._preset.pulse.parameters(f"{address}.pulse")

    def components(self, address: str, theta: Theta = NOMINAL) -> Sequence[Component]:
        """ν_μ, ν̄_μ and ν_e, each of unit integral, those of the chosen ``components``."""
        pulse = self.pulse or (self._preset.pulse if self._preset else None)
        baseline = Baseline(self.distance, self.length_spread, address) if self.distance else None
        norms = tuple(self.norms(address))
        lifetimes = {"prompt": (tau_pi,), "delayed": (tau_pi, tau_mu)}
        made = []
        for name, group in _GROUPS.items():
            if group not in self.parts:
                continue
            density, antineutrino = pure_state(name)
            spectrum = (
                LineSpectrum([LINE_ENERGY], [1.0])
                if group == "prompt"
                else MichelSpectrum(name, m_mu)
            )
            timing = TimeProfile(pulse, lifetimes[group], f"{address}.pulse") if pulse else None
            made.append(
                Component(name, density, antineutrino, spectrum, timing, baseline, group, norms)
            )
        return made

    def fluences(self, exposure: Exposure, theta: Theta, address: str) -> Sequence[Any]:
        """The same fluence for each flavour [1/area]."""
        if self.flux is not None:
            fluence = self.get("flux", theta, address) * seconds_of(exposure)
        else:
            fluence = self._emitted(exposure, theta, address) / sphere(
                self.get("distance", theta, address)
            )
        return [fluence for group in _GROUPS.values() if group in self.parts]

    def _emitted(self, exposure: Exposure, theta: Theta, address: str) -> Any:
        """Neutrinos of each flavour over the exposure."""
        per_year = self._number("neutrinos_per_year", theta, address)
        if per_year is not None:
            return per_year * seconds_of(exposure) / year
        pions = self._required("pions_per_proton", theta, address)
        return pions * self._protons(exposure, theta, address)

    def _protons(self, exposure: Exposure, theta: Theta, address: str) -> Any:
        """Protons on target over the exposure."""
        if exposure.kind == "protons":
            return exposure.amount
        if exposure.kind == "beam energy":
            return exposure.amount / self._required("proton_energy", theta, address)
        power = self._required("power", theta, address)
        return power * seconds_of(exposure) / self._required("proton_energy", theta, address)

    def _required(self, name: str, theta: Theta, address: str) -> Any:
        value = self._number(name, theta, address)
        if value is None:
            raise InputError(Mistake(address, f"no {name}", f"the key {name!r} for this exposure"))
        return value
