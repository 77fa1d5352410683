"""Sources of the experiment-file contract whose physics has not landed yet.

Their blocks are validated and listed; a prediction with one of them is refused by name. When a
source lands it gets a file of its own and leaves this one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, StrictBool, model_validator

from cevns.beam import Component
from cevns.errors import InputError, Mistake
from cevns.parameters import NOMINAL, Theta
from cevns.sources.base import Source
from cevns.spec import (
    BLOCK,
    WORD,
    WORD_OR_BLOCK,
    ExistingFile,
    Flux,
    Fraction,
    Length,
    Power,
    Quantity,
    Spec,
    mistake,
)

MeanEnergy = Annotated[float, Quantity("MeV", range="positive")]
Pinching = Annotated[float, Quantity("1", range="positive")]


class AnnouncedSource(Source):
    """A source that can be declared but not yet computed."""

    def components(self, address: str, theta: Theta = NOMINAL) -> Sequence[Component]:
        kind = type(self).model_fields["type"].default
        raise InputError(
            Mistake(address, f"a source of type {kind!r}", "a source that this version can compute")
        )


Core = Literal["pwr", "bwr", "heu"]
Evaluation = Literal["huber-mueller", "vogel-engel"]


class Fuel(Spec):
    """Fission fractions."""

    U235: Fraction = 0.0
    U238: Fraction = 0.0
    Pu239: Fraction = 0.0
    Pu241: Fraction = 0.0

    @model_validator(mode="after")
    def _sum(self) -> Self:
        total = self.U235 + self.U238 + self.Pu239 + self.Pu241
        if abs(total - 1) > 1e-3:
            raise mistake(f"fractions that sum to {total:g}", "a sum of 1")
        return self


class SpectrumFiles(Spec):
    """A table per isotope."""

    U235: ExistingFile | None = None
    U238: ExistingFile | None = None
    Pu239: ExistingFile | None = None
    Pu241: ExistingFile | None = None


class Reactor(AnnouncedSource):
    type: Literal["reactor"] = "reactor"
    summary: ClassVar[str] = "fission antineutrinos of a reactor core"
    power: Power | None = None
    distance: Length | None = None
    flux: Flux | None = None
    fuel: Annotated[Annotated[Core, WORD] | Annotated[Fuel, BLOCK], WORD_OR_BLOCK] = "pwr"
    spectrum: Annotated[
        Annotated[Evaluation, WORD] | Annotated[SpectrumFiles, BLOCK], WORD_OR_BLOCK
    ] = "huber-mueller"
    neutron_capture: StrictBool = True

    @model_validator(mode="after")
    def _one_intensity(self) -> Self:
        if (self.flux is None) == (self.power is None):
            found = "neither flux nor power" if self.flux is None else "both flux and power"
            raise mistake(found, "one of 'flux' and 'power'")
        if self.power is not None and self.distance is None:
            raise mistake("no distance", "a 'distance' such as '20 m'")
        return self


Species = Literal["pp", "pep", "hep", "Be7", "B8", "N13", "O15", "F17"]
SOLAR: tuple[Species, ...] = ("pp", "pep", "hep", "Be7", "B8", "N13", "O15", "F17")


class Solar(AnnouncedSource):
    type: Literal["solar"] = "solar"
    summary: ClassVar[str] = "solar neutrinos"
    fluxes: Literal["b16-gs98", "b16-agss09met", "sfii-gs98", "sfii-agss09"] = "b16-gs98"
    species: Annotated[tuple[Species, ...], Field(alias="components")] = SOLAR

    def norms(self, address: str) -> Iterator[str]:
        """One normalisation per species."""
        yield f"{address}.norm"
        yield from (f"{address}.{species}.norm" for species in self.species)


class MeanEnergies(Spec):
    nu_e: MeanEnergy
    nu_e_bar: MeanEnergy
    nu_x: MeanEnergy


class Pinchings(Spec):
    nu_e: Pinching
    nu_e_bar: Pinching
    nu_x: Pinching


class Supernova(AnnouncedSource):
    type: Literal["supernova"] = "supernova"
    summary: ClassVar[str] = "the burst of a core-collapse supernova"
    distance: Annotated[float, Quantity("kpc", range="positive")]
    energy: Annotated[float, Quantity("erg", range="positive")]
    mean_energy: MeanEnergies
    pinching: Pinchings


class Atmospheric(AnnouncedSource):
    type: Literal["atmospheric"] = "atmospheric"
    summary: ClassVar[str] = "atmospheric neutrinos"
    model: Literal["fluka", "honda"] = "fluka"
    site: str = "gran-sasso"


class DiffuseSupernova(AnnouncedSource):
    type: Literal["diffuse-supernova"] = "diffuse-supernova"
    summary: ClassVar[str] = "diffuse supernova background"


class Geoneutrino(AnnouncedSource):
    type: Literal["geoneutrino"] = "geoneutrino"
    summary: ClassVar[str] = "antineutrinos of the Earth's radioactivity"
    site: str = "gran-sasso"


class Radioactive(AnnouncedSource):
    type: Literal["radioactive"] = "radioactive"
    summary: ClassVar[str] = "electron-capture source"
    isotope: Literal["Cr51", "Ar37"]
    activity: Annotated[float, Quantity("Bq", range="positive")]
    distance: Length | None = None
    geometry: Literal["point", "surrounding"] = "point"

    @model_validator(mode="after")
    def _placed(self) -> Self:
        if (self.distance is None) == (self.geometry == "point"):
            found = "no distance" if self.distance is None else "a distance and a geometry around"
            raise mistake(found, "a 'distance' such as '25 cm', or 'geometry: surrounding'")
        return self


ANNOUNCED: dict[str, type[Source]] = {
    source.model_fields["type"].default: source
    for source in (
        *(Reactor, Solar, Supernova, Atmospheric, DiffuseSupernova, Geoneutrino, Radioactive),
    )
}
