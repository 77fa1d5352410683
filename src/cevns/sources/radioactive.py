r"""Electron-capture sources: a few lines of ν_e, and an activity that decays while one looks.

Over a time t from the start, :math:`A_0 \tau (1 - e^{-t/\tau})` decays. Every decay gives one ν_e.
At a distance d they spread over :math:`4\pi d^2`; a detector that fills the shell between two radii
around the source sees the mean of :math:`1/r^2` over its volume,
:math:`3/(R_1^2 + R_1 R_2 + R_2^2)`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import model_validator

from cevns.beam import Baseline, Component, pure_state
from cevns.errors import InputError, Mistake
from cevns.exposure import Exposure
from cevns.parameters import NOMINAL, Theta
from cevns.sources.base import Source, seconds_of, sphere
from cevns.spec import Length, Quantity, mistake
from cevns.spectra import LineSpectrum
from cevns.units import day, keV


@dataclass(frozen=True)
class Isotope:
    """Half-life, and the energies of the lines with their neutrinos per decay."""

    half_life: float
    lines: tuple[tuple[float, float], ...]


# Half-lives: NUBASE2020, Kondev et al., Chin. Phys. C 45 (2021) 030001: 27.704(4), 35.011(19) d.
# Cr51: captures from K and L to the ground state and to 320 keV; J. N. Bahcall, Phys. Rev. C 56
# (1997) 3391, with the branching ratios of GALLEX, Phys. Lett. B 420 (1998) 114.
# Ar37: SAGE, Phys. Rev. C 73 (2006) 045805.
ISOTOPES = {
    "Cr51": Isotope(
        27.704 * day,
        ((747 * keV, 0.8163), (427 * keV, 0.0895), (752 * keV, 0.0849), (432 * keV, 0.0093)),
    ),
    "Ar37": Isotope(35.011 * day, ((811 * keV, 0.902), (813 * keV, 0.098))),
}


class Radioactive(Source):
    """ν_e of an ``isotope`` whose ``activity`` is that at the start of the exposure.

    At a point at ``distance`` (which also holds for a detector in the middle of a spherical shell
    of the isotope), with the Gaussian width ``length_spread`` of that length for oscillations; or
    with ``geometry: surrounding`` inside a detector that fills the shell from ``inner_radius`` (0
    by default) to ``outer_radius``.
    """

    summary: ClassVar[str] = "electron-capture source: lines of nu_e, decaying over the exposure"
    reference: ClassVar[str] = "Bahcall 1997, hep-ph/9710491; SAGE 2006, nucl-ex/0512041"
    steady: ClassVar[bool] = False

    type: Literal["radioactive"] = "radioactive"
    isotope: Literal["Cr51", "Ar37"]
    activity: Annotated[float, Quantity("Bq", range="positive")]
    distance: Length | None = None
    length_spread: Annotated[float, Quantity("m")] = 0.0
    geometry: Literal["point", "surrounding"] = "point"
    inner_radius: Annotated[float, Quantity("m")] | None = None
    outer_radius: Length | None = None

    @model_validator(mode="after")
    def _placed(self) -> Self:
        """Refuse what belongs to the other geometry, and a shell that is inside out."""
        radii = [key for key in ("inner_radius", "outer_radius") if getattr(self, key) is not None]
        if (self.distance is None) == (self.geometry == "point"):
            found = "no distance" if self.distance is None else "a distance and a geometry around"
            raise mistake(found, "a 'distance' such as '25 cm', or 'geometry: surrounding'")
        if self.length_spread and self.geometry != "point":
            raise mistake("a length_spread of a source all around", "'geometry: point'")
        if radii and self.geometry == "point":
            raise mistake(f"{radii[0]} of a point", "'geometry: surrounding' for a shell")
        if self.outer_radius is not None and (self.inner_radius or 0.0) >= self.outer_radius:
            raise mistake("an inner_radius that is not below the outer_radius", "a shell")
        return self

    def components(self, address: str, theta: Theta = NOMINAL) -> Sequence[Component]:
        """All lines as one component, one neutrino per decay."""
        density, antineutrino = pure_state("nu_e")
        energies, weights = zip(*ISOTOPES[self.isotope].lines, strict=True)
        spectrum = LineSpectrum(energies, weights)
        baseline = Baseline(self.distance, self.length_spread, address) if self.distance else None
        norms = tuple(self.norms(address))
        return [Component("nu_e", density, antineutrino, spectrum, baseline=baseline, norms=norms)]

    def fluences(self, exposure: Exposure, theta: Theta, address: str) -> Sequence[Any]:
        """Decays over the exposure, spread over the sphere at the detector [1/area]."""
        mean_life = ISOTOPES[self.isotope].half_life / math.log(2)
        share = -math.expm1(-seconds_of(exposure) / mean_life)
        decays = self.get("activity", theta, address) * mean_life * share
        return [decays / self._area(theta, address)]

    def _area(self, theta: Theta, address: str) -> Any:
        """1/⟨1/(4π r²)⟩ over the detector."""
        if self.geometry == "point":
            return sphere(self.get("distance", theta, address))
        if self.outer_radius is None:
            found = "geometry: surrounding without an outer_radius"
            expected = "'outer_radius' (and 'inner_radius') of the shell that the detector fills"
            raise InputError(Mistake(address, found, expected))
        outer = self.get("outer_radius", theta, address)
        inner = 0.0 if self.inner_radius is None else self.get("inner_radius", theta, address)
        return sphere(1.0) * (inner**2 + inner * outer + outer**2) / 3
