r"""The burst of a core-collapse supernova.

Pinched spectra (`cevns.sources.thermal`) or a table of emission. The fluence of a species that
carries the energy :math:`\varepsilon` is
:math:`\varepsilon/(4\pi d^2 \langle E\rangle)`. Conversion in the star, adiabatic: a neutrino that
is emitted as ν_e arrives as ν_e with the probability p, and what is emitted as ν_x fills up what is
missing. For the normal ordering :math:`p = s_{13}^2` and
:math:`\bar p = c_{12}^2 c_{13}^2`, for the inverted one :math:`p = s_{12}^2 c_{13}^2` and
:math:`\bar p = s_{13}^2` (Dighe & Smirnov, Phys. Rev. D 62 (2000) 033007). Neither matter in the
Earth nor collective conversion is in it.
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
from cevns.parameters import NOMINAL, Parameter, Theta
from cevns.sources.base import Source, sphere
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


class Sharing(Spec):
    """The share of the energy that each species carries; ν_x are four species together."""

    nu_e: Fraction = 1 / 6
    nu_e_bar: Fraction = 1 / 6
    nu_x: Fraction = 4 / 6

    @model_validator(mode="after")
    def _whole(self) -> Self:
        total = self.nu_e + self.nu_e_bar + self.nu_x
        if abs(total - 1) > 1e-3:
            raise mistake(f"shares that sum to {total:g}", "a sum of 1 (nu_x: all four together)")
        return self


class Conversion(Spec):
    """Flavour conversion in the star; a word alone is the ordering."""

    ordering: Literal["none", "normal", "inverted"] = "none"
    sin2_theta12: Fraction = 0.307
    sin2_theta13: Fraction = 0.0218

    @classmethod
    def normalised(cls, data: Any) -> Any:
        """``normal`` is {ordering: normal}."""
        return {"ordering": data} if isinstance(data, str) else data

    def parameters(self, address: str) -> Iterator[Parameter]:
        """The mixing angles, where they do something."""
        if self.ordering != "none":
            yield from super().parameters(address)

    def survival(self, theta: Theta, address: str) -> tuple[Any, Any]:
        """Probabilities (p, p̄) that ν_e and ν̄_e arrive as such."""
        s12 = self.get("sin2_theta12", theta, address)
        s13 = self.get("sin2_theta13", theta, address)
        if self.ordering == "none":
            return 1.0, 1.0
        if self.ordering == "normal":
            return s13, (1 - s12) * (1 - s13)
        return s12 * (1 - s13), s13


class _Arrival(NamedTuple):
    """Neutrinos that were emitted as ``species`` in one slice of time and arrive as ``flavour``."""

    species: str
    flavour: str
    part: int


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
        """Each flavour that arrives, by the species as which it was emitted.

        Spectra have unit integral, or hold what is emitted in an interval of time.
        """
        emitted = {species: self._spectra(species, address, theta) for species in SPECIES}
        timings = self._timings(address)
        baseline = Baseline(self.distance, 0.0, address)
        made = []
        for species, flavour, part in self._arrivals():
            density, antineutrino = pure_state(flavour)
            name = flavour if species == species_of(flavour) else f"{flavour} from {species}"
            made.append(
                Component(
                    name if self.file is None else f"{name} {part + 1}",
                    density,
                    antineutrino,
                    emitted[species][part],
                    timings[part],
                    baseline,
                    species,
                    (f"{address}.norm", f"{address}.{species}.norm"),
                )
            )
        return made

    def fluences(self, exposure: Exposure, theta: Theta, address: str) -> Sequence[Any]:
        """Neutrinos that arrive of each component, per area."""
        if exposure.kind != "burst":
            expected = "a number of bursts such as '1 burst' for a supernova"
            raise InputError(Mistake("exposure", repr(exposure), expected))
        area = sphere(self.get("distance", theta, address))
        survival = self.conversion.survival(theta, f"{address}.conversion")
        return [
            exposure.amount
            * self._number(species, theta, address)
            * _probability(species, flavour, survival)
            / area
            for species, flavour, _ in self._arrivals()
        ]

    def _arrivals(self) -> Iterator[_Arrival]:
        """Every way from a species to a flavour, for every interval of time."""
        parts = 1 if self.file is None else self.file.times.size - 1
        for part in range(parts):
            for flavour in NEUTRINOS:
                own = species_of(flavour)
                yield _Arrival(own, flavour, part)
                if self.conversion.ordering != "none":
                    electron = "nu_e_bar" if flavour.endswith("_bar") else "nu_e"
                    yield _Arrival("nu_x" if own != "nu_x" else electron, flavour, part)

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
        share = self.sharing.get(species, theta, f"{address}.sharing")
        mean = self.mean_energy.get(species, theta, f"{address}.mean_energy")
        return self.get("energy", theta, address) * share / (MULTIPLICITY[species] * mean)


def _probability(species: str, flavour: str, survival: tuple[Any, Any]) -> Any:
    """Neutrinos of ``flavour`` that arrive per one emitted of ``species``.

    ``species`` ν_x is one ν_μ-like neutrino; two of them share what replaces the ν_e.
    """
    p = survival[flavour.endswith("_bar")]
    electron = flavour.startswith("nu_e")
    if species == "nu_x":
        return 1 - p if electron else (1 + p) / 2
    return p if electron else (1 - p) / 2
