r"""The burst of a core-collapse supernova.

Pinched spectra (`cevns.sources.thermal`) or a table of emission. The fluence of a species that
carries the energy :math:`\varepsilon` is
:math:`\varepsilon/(4\pi d^2 \langle E\rangle)`. Conversion in the star is adiabatic: each species
leaves it as a mass state and arrives without a phase between them. For the normal ordering ν_e
becomes ν_3 and ν̄_e becomes ν̄_1, for the inverted one ν_2 and ν̄_3; what is emitted as ν_x are the
other two (Dighe & Smirnov, Phys. Rev. D 62 (2000) 033007). What is emitted as ν_e is seen as ν_e
with the probability :math:`p = s_{13}^2`, ν̄_e with :math:`\bar p = c_{12}^2 c_{13}^2`; inverted
:math:`p = s_{12}^2 c_{13}^2` and :math:`\bar p = s_{13}^2`. Neither matter in the Earth nor
collective conversion is in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from cevns.beam import Baseline, Component, pure_state
from cevns.errors import InputError, Mistake
from cevns.exposure import Exposure
from cevns.flavours import NEUTRINOS
from cevns.mixing import Mixing
from cevns.parameters import NOMINAL, Parameter, Theta
from cevns.sources.base import Shares, Source, sphere
from cevns.sources.burst_table import BurstFile
from cevns.sources.thermal import MULTIPLICITY, SPECIES, Energies, pinched, species_of
from cevns.spec import Fraction, Quantity, Spec, mistake
from cevns.spectra import Spectrum, TabulatedSpectrum
from cevns.timing import BoxPulse, Pulse, TimeProfile

_Pinching = Annotated[float, Quantity("1", range="positive")]


class Pinchings(Spec):
    """The pinching parameter α of each species."""

    nu_e: _Pinching
    nu_e_bar: _Pinching
    nu_x: _Pinching


class Sharing(Shares):
    """The share of the energy that each species carries; ν_x are four species together."""

    whole: ClassVar[str] = "a sum of 1 (nu_x: all four together)"

    nu_e: Fraction = 1 / 6
    nu_e_bar: Fraction = 1 / 6
    nu_x: Fraction = 4 / 6


class _Arrival(NamedTuple):
    """Neutrinos that were emitted as ``species`` and arrive in the state ``density``."""

    species: str
    name: str
    density: Any
    antineutrino: bool


class Conversion(Mixing):
    """Flavour conversion in the star; a word alone is the ordering."""

    ordering: Literal["none", "normal", "inverted"] = "none"

    @classmethod
    def normalised(cls, data: Any) -> Any:
        """``normal`` is {ordering: normal}."""
        return {"ordering": data} if isinstance(data, str) else data

    def parameters(self, address: str) -> Iterator[Parameter]:
        """The numbers of the mixing, where they do something."""
        if self.ordering != "none":
            yield from super().parameters(address)

    def arrivals(self, theta: Theta, address: str) -> Iterator[_Arrival]:
        """What arrives: the six flavours, or three mass states and their antineutrinos."""
        if self.ordering == "none":
            for flavour in NEUTRINOS:
                yield _Arrival(species_of(flavour), flavour, *pure_state(flavour))
            return
        for antineutrino, bar in ((False, ""), (True, "_bar")):
            densities = self.mass_states(theta, address, antineutrino=antineutrino)
            electron = _FROM_ELECTRON[self.ordering, antineutrino]
            for number, density in enumerate(densities, start=1):
                species = f"nu_e{bar}" if number == electron else "nu_x"
                yield _Arrival(species, f"nu_{number}{bar}", density, antineutrino)


_FROM_ELECTRON = {
    ("normal", False): 3,
    ("normal", True): 1,
    ("inverted", False): 2,
    ("inverted", True): 3,
}
"""Ordering, and whether of antineutrinos: the mass state as which ν_e leaves the star."""


class Supernova(Source):
    """A burst at a ``distance``; its exposure is counted in bursts.

    Either ``energy`` [of all six species together], ``mean_energy`` and ``pinching``, or a
    ``file`` of what is emitted (`cevns.sources.burst_table`), in which each interval of time is a
    component of its own.
    """

    summary: ClassVar[str] = "the burst of a core-collapse supernova"
    reference: ClassVar[str] = "Keil, Raffelt & Janka 2003, astro-ph/0208035"

    type: Literal["supernova"] = "supernova"
    distance: Annotated[float, Quantity("kpc", range="positive")]
    energy: Annotated[float, Quantity("erg", range="positive")] | None = None
    mean_energy: Energies | None = None
    pinching: Pinchings | None = None
    sharing: Sharing = Field(default_factory=Sharing)
    file: BurstFile | None = None
    conversion: Conversion = Field(default_factory=Conversion)
    pulse: Pulse | None = None

    @model_validator(mode="after")
    def _one_emission(self) -> Self:
        """Refuse spectra beside a table, and neither."""
        keys = ("energy", "mean_energy", "pinching")
        given = [key for key in keys if getattr(self, key) is not None]
        if self.file is not None:
            given += ["pulse"] if self.pulse is not None else []
            given += ["sharing"] if "sharing" in self.model_fields_set else []
            if given:
                raise mistake(f"{', '.join(given)} beside a file", "one of the two")
        elif len(given) < len(keys):
            missing = ", ".join(repr(key) for key in keys if key not in given)
            raise mistake(f"no {missing}", f"{', '.join(keys)}, or a 'file' of the emission")
        return self

    def norms(self, address: str) -> Iterator[str]:
        """Its own, and one for what is emitted of each species."""
        yield f"{address}.norm"
        yield from (f"{address}.{species}.norm" for species in SPECIES)

    def parameters(self, address: str) -> Iterator[Parameter]:
        """Its numbers; a table has its own shares of the energy."""
        unused = f"{address}.sharing." if self.file is not None else None
        for one in super().parameters(address):
            if unused is None or not one.address.startswith(unused):
                yield one

    def components(self, address: str, theta: Theta = NOMINAL) -> Sequence[Component]:
        """Each state that arrives, in every interval of time; its group is what was emitted.

        Spectra have unit integral, or hold what is emitted in an interval of time.
        """
        emitted = {species: self._spectra(species, address, theta) for species in SPECIES}
        arrivals = list(self.conversion.arrivals(theta, f"{address}.conversion"))
        baseline = Baseline(self.distance, 0.0, address)
        return [
            Component(
                name if self.file is None else f"{name} {part + 1}",
                density,
                antineutrino,
                emitted[species][part],
                timing,
                baseline,
                species,
                (f"{address}.norm", f"{address}.{species}.norm"),
            )
            for part, timing in enumerate(self._timings(address))
            for species, name, density, antineutrino in arrivals
        ]

    def fluences(self, exposure: Exposure, theta: Theta, address: str) -> Sequence[Any]:
        """Neutrinos that arrive of each component, per area."""
        if exposure.kind != "burst":
            expected = "a number of bursts such as '1 burst' for a supernova"
            raise InputError(Mistake("exposure", repr(exposure), expected))
        area = sphere(self.get("distance", theta, address))
        arrivals = self.conversion.arrivals(theta, f"{address}.conversion")
        each = [
            exposure.amount * self._number(one.species, theta, address) / area for one in arrivals
        ]
        return each * len(self._timings(address))

    def _spectra(self, species: str, address: str, theta: Theta) -> Sequence[Spectrum]:
        """The spectrum of one neutrino species in every interval of time."""
        if self.file is not None:
            energies = self.file.energies
            return [TabulatedSpectrum.linear(energies, row) for row in self.file.emitted(species)]
        assert self.mean_energy is not None and self.pinching is not None
        mean = self.mean_energy.get(species, theta, f"{address}.mean_energy")
        pinching = self.pinching.get(species, theta, f"{address}.pinching")
        return [pinched(mean, pinching)]

    def _timings(self, address: str) -> Sequence[TimeProfile | None]:
        """When each part arrives: the pulse, or constant over an interval of the table."""
        if self.file is None:
            return [TimeProfile(self.pulse, (), f"{address}.pulse") if self.pulse else None]
        times = self.file.times
        return [
            TimeProfile(BoxPulse(start=start, width=end - start), (), f"{address}.file")
            for start, end in pairwise(times)
        ]

    def _number(self, species: str, theta: Theta, address: str) -> Any:
        """What multiplies the spectrum: neutrinos emitted of one species, of four ν_x each."""
        if self.file is not None:
            return 1.0
        assert self.mean_energy is not None
        share = self.sharing.share(species, theta, f"{address}.sharing")
        mean = self.mean_energy.get(species, theta, f"{address}.mean_energy")
        return self.get("energy", theta, address) * share / (MULTIPLICITY[species] * mean)
