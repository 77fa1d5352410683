r"""Neutrinos from the Sun: eight species, as mass states.

What is made as :math:`\nu_e` arrives as an incoherent mixture of mass states whose shares depend
on the energy (`cevns.msw`). A species is therefore two components, one for each matter eigenstate
it is made in: a constant density matrix each, and spectra that add up to the whole. Couplings that
tell flavours apart, or mix them, then see the right state; the Standard Model at tree level does
not notice. Annual means by day: the distance of the Sun (±3.3 % in flux) and the night are left
out, and so are the electron captures of N13, O15 and F17 (below 0.1 % of their fluxes).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, Self, get_args

from pydantic import Field, model_validator

from cevns.beam import Component, pure_state
from cevns.exposure import Exposure
from cevns.msw import Msw
from cevns.parameters import NOMINAL, Parameter, Theta
from cevns.sources.base import Source, seconds_of
from cevns.sources.solar_fluxes import SPECIES, SolarModel, SolarSpecies, solar_fluxes
from cevns.sources.solar_spectra import POTENTIALS, Boron, Share, solar_spectrum
from cevns.spec import BLOCK, WORD, WORD_OR_BLOCK, Flux, Spec, mistake


class SolarTotals(Spec):
    """Fluxes given one by one, all flavours [1/area/time]."""

    pp: Flux | None = None
    pep: Flux | None = None
    hep: Flux | None = None
    Be7: Flux | None = None
    B8: Flux | None = None
    N13: Flux | None = None
    O15: Flux | None = None
    F17: Flux | None = None


class Solar(Source):
    """Solar neutrinos of the chosen ``components``.

    ``fluxes`` is a solar model or a block of totals, ``{B8: 5.1e6 /cm^2/s}``; each species has a
    norm of its own, ``source.B8.norm``. ``oscillation`` is ``msw``, a block of its parameters, or
    ``none``; ``b8_spectrum`` the measurement that the shape of boron-8 comes from.
    """

    summary: ClassVar[str] = "solar neutrinos, eight species, with the MSW effect"
    reference: ClassVar[str] = "Vinyoles et al. 2017, arXiv:1611.09867; de Holanda et al. 2004"

    type: Literal["solar"] = "solar"
    fluxes: Annotated[
        Annotated[SolarModel, WORD] | Annotated[SolarTotals, BLOCK], WORD_OR_BLOCK
    ] = "b16-gs98"
    species: Annotated[tuple[SolarSpecies, ...], Field(alias="components", min_length=1)] = SPECIES
    oscillation: Annotated[
        Annotated[Literal["msw", "none"], WORD] | Annotated[Msw, BLOCK], WORD_OR_BLOCK
    ] = "msw"
    b8_spectrum: Boron = "bahcall-1996"

    @classmethod
    def normalised(cls, data: Any) -> Any:
        """Fluxes given one by one say which components there are."""
        if not isinstance(data, Mapping) or {"components", "species"} & data.keys():
            return data
        fluxes = data.get("fluxes")
        given = fluxes.model_dump(exclude_none=True) if isinstance(fluxes, Spec) else fluxes
        if not isinstance(given, Mapping):
            return data
        return {**data, "components": [one for one in SPECIES if one in given] or list(SPECIES)}

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        """Refuse a species that is named twice, and one without a flux."""
        twice = [one for one in SPECIES if self.species.count(one) > 1]
        if twice:
            raise mistake(f"{twice[0]} twice among the components", "each of them once")
        if isinstance(self.fluxes, SolarTotals):
            absent = [one for one in self.species if getattr(self.fluxes, one) is None]
            if absent:
                raise mistake(f"no flux of {absent[0]}", f"'{absent[0]}' among the fluxes")
        return self

    @property
    def _msw(self) -> Msw | None:
        if self.oscillation == "none":
            return None
        return self.oscillation if isinstance(self.oscillation, Msw) else Msw()

    def parameters(self, address: str) -> Iterator[Parameter]:
        """Fluxes where they were given, and the numbers of the mixing."""
        if isinstance(self.fluxes, SolarTotals):
            yield from self.fluxes.parameters(f"{address}.fluxes")
        if self._msw:
            yield from self._msw.parameters(f"{address}.oscillation")

    def norms(self, address: str) -> Iterator[str]:
        """That of the Sun, and one for each species."""
        yield f"{address}.norm"
        yield from (f"{address}.{species}.norm" for species in self.species)

    def components(self, address: str, theta: Theta = NOMINAL) -> Sequence[Component]:
        """Two components for each species, one for each matter eigenstate, or one of ν_e.

        A species is their ``group``. Their spectra add up to unit integral.
        """
        made = []
        for species in self.species:
            norms = (f"{address}.norm", f"{address}.{species}.norm")
            for name, density, share in self._states(species, address, theta):
                spectrum = solar_spectrum(species, share, self.b8_spectrum)
                made.append(Component(name, density, False, spectrum, group=species, norms=norms))
        return made

    def _states(self, species: str, address: str, theta: Theta) -> Iterator[tuple[str, Any, Share]]:
        """Name, density matrix and share (a function of the energy) of each component."""
        if self._msw is None:
            yield species, pure_state("nu_e")[0], lambda energy: 1.0
            return
        mixing, inner = self._msw, f"{address}.oscillation"
        lower, upper = mixing.densities(theta, inner)

        def share(energy: Any) -> Any:
            return mixing.upper_share(energy, POTENTIALS[species], theta, inner)

        yield f"{species}.1", lower, lambda energy: 1 - share(energy)
        yield f"{species}.2", upper, share

    def fluences(self, exposure: Exposure, theta: Theta, address: str) -> Sequence[Any]:
        """Flux times live time [1/area], once for each component of a species."""
        time = seconds_of(exposure)
        parts = 2 if self._msw else 1
        return [
            self._flux(species, theta, address) * time
            for species in self.species
            for _ in range(parts)
        ]

    def alternatives(self) -> Iterator[tuple[str, str, Self]]:
        """The other models of the Sun, and the other spectrum of boron-8."""
        if isinstance(self.fluxes, str):
            for model in get_args(SolarModel):
                if model != self.fluxes:
                    yield "solar fluxes", model, self.model_copy(update={"fluxes": model})
        if "B8" in self.species:
            for name in get_args(Boron):
                if name != self.b8_spectrum:
                    yield "B8 spectrum", name, self.model_copy(update={"b8_spectrum": name})

    def _flux(self, species: str, theta: Theta, address: str) -> Any:
        if isinstance(self.fluxes, SolarTotals):
            return self.fluxes.get(species, theta, f"{address}.fluxes")
        return solar_fluxes(self.fluxes)[species].flux
