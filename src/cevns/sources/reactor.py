r"""Electron antineutrinos of a reactor core.

.. math:: \phi(E) = \frac{P}{\sum_i f_i e_i}\,\frac{\sum_i f_i S_i(E) + c\,S_c(E)}{4\pi L^2}

with the fission fractions :math:`f_i`, the heat per fission :math:`e_i` and :math:`c` neutron
captures on ²³⁸U per fission. Only the ratios of the fractions matter. Spectra are for a core in
equilibrium; what spent fuel adds is neglected. The spectra: `cevns.sources.fission`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import StrictBool, model_validator

from cevns.beam import Baseline, Component, pure_state
from cevns.errors import InputError, Mistake
from cevns.exposure import Exposure
from cevns.parameters import NOMINAL, Parameter, Theta
from cevns.sources.base import ONLY_RATIOS, Shares, Source, seconds_of, sphere
from cevns.sources.fission import (
    CAPTURES,
    END,
    ENERGY_PER_FISSION,
    FUELS,
    HIGHEST,
    ISOTOPES,
    LOWEST,
    MODES,
    Evaluation,
    Interpolation,
    Isotope,
    Join,
    capture_spectrum,
    fission_spectrum,
    number,
)
from cevns.spec import (
    BLOCK,
    WORD,
    WORD_OR_BLOCK,
    Flux,
    Fraction,
    Length,
    Power,
    Quantity,
    Relative,
    Spec,
    mistake,
    quantity_of,
    quantity_parameter,
)
from cevns.spectra import CallableSpectrum, TabulatedSpectrum
from cevns.tables import Table, TableColumns, TableFile
from cevns.units import MeV, keV

_Shape = CallableSpectrum | TabulatedSpectrum
_Table = Annotated[
    TableFile, TableColumns(("energy", ("MeV",)), ("antineutrinos", ("/MeV/fission",)))
]


class Fuel(Shares):
    """Fission fractions."""

    U235: Fraction = 0.0
    U238: Fraction = 0.0
    Pu239: Fraction = 0.0
    Pu241: Fraction = 0.0


class SpectrumFiles(Spec):
    """A table per isotope: columns ``energy [MeV]`` and ``antineutrinos [/MeV/fission]``."""

    U235: _Table | None = None
    U238: _Table | None = None
    Pu239: _Table | None = None
    Pu241: _Table | None = None

    @model_validator(mode="after")
    def _densities(self) -> Self:
        for isotope in ISOTOPES:
            file = getattr(self, isotope)
            if file is not None and (file.table.x[0] < 0 or (file.table.y < 0).any()):
                found = f"a negative energy or density in the table of {isotope}"
                raise mistake(found, "numbers of at least 0")
        return self


class Reactor(Source):
    """A core, its intensity given in one of two ways.

    ``power`` (thermal) and ``distance``, of which an exposure in energy ('7.48 GW*hour') needs the
    distance only; or ``flux``, that of all antineutrinos at the detector, captures included, from
    the lowest energies to the highest ones of the spectrum.

    ``fuel`` is a kind of reactor or fission fractions, ``spectrum`` an evaluation or a table for
    each isotope. Below 2 MeV the evaluations have one and the same table, whose ``interpolation``
    and ``join`` to the part above are choices; ``maximum_energy``, where the spectrum is cut, is
    8 MeV, or the end of the tables. ``neutron_capture`` adds what ²³⁹U and ²³⁹Np emit, where there
    is ²³⁸U. With ``uncertainty: huber-mueller`` the errors of these spectra are parameters
    ``spectrum.mode1`` … of unit width, nominally zero.
    """

    summary: ClassVar[str] = "fission antineutrinos of a reactor core"
    reference: ClassVar[str] = (
        "Huber 2011, arXiv:1106.0687; Mueller 2011, arXiv:1101.2663; Vogel & Engel 1989"
    )

    type: Literal["reactor"] = "reactor"
    power: Power | None = None
    distance: Length | None = None
    length_spread: Annotated[float, Quantity("m")] = 0.0
    flux: Flux | None = None
    fuel: Annotated[
        Annotated[Literal["pwr", "bwr", "heu"], WORD] | Annotated[Fuel, BLOCK], WORD_OR_BLOCK
    ] = "pwr"
    energy_per_fission: Literal["kopeikin-2004", "ma-2013"] = "kopeikin-2004"
    spectrum: Annotated[
        Annotated[Evaluation, WORD] | Annotated[SpectrumFiles, BLOCK], WORD_OR_BLOCK
    ] = "huber-mueller"
    interpolation: Interpolation = "linear"
    join: Join = "polynomial"
    maximum_energy: Annotated[float, Quantity("MeV", range="positive")] | None = None
    neutron_capture: StrictBool = True
    captures_per_fission: Relative = CAPTURES
    uncertainty: Literal["none", "huber-mueller"] = "none"

    @model_validator(mode="after")
    def _one_intensity(self) -> Self:
        """Refuse more or fewer than one way of giving the intensity."""
        if self.flux is not None and self.power is not None:
            raise mistake("both flux and power", "one of 'flux' and 'power'")
        if self.flux is None and self.distance is None:
            if self.power is None:
                raise mistake("neither flux nor power", "one of 'flux' and 'power'")
            raise mistake("no distance", "a 'distance' such as '20 m'")
        return self

    @model_validator(mode="after")
    def _spectra_there(self) -> Self:
        """Refuse an isotope without a table, and choices that the spectra do not have."""
        if not self._captures and "captures_per_fission" in self.model_fields_set:
            raise mistake("captures_per_fission without captures", "U238 in a fuel that captures")
        if isinstance(self.spectrum, str):
            if not LOWEST < self._end <= HIGHEST:
                expected = f"more than {LOWEST / keV:.3g} keV and at most {HIGHEST / MeV:g} MeV"
                raise mistake(f"a maximum_energy of {self._end / MeV:g} MeV", expected)
            return self
        missing = [one for one in self._fractions if getattr(self.spectrum, one) is None]
        if missing:
            found = f"no table in 'spectrum' for {', '.join(missing)}"
            raise mistake(found, "one for each isotope of the fuel")
        for key in ("interpolation", "join"):
            if key in self.model_fields_set:
                raise mistake(f"{key!r} beside tables", f"{key!r} with an evaluation only")
        return self

    @model_validator(mode="after")
    def _errors_there(self) -> Self:
        """Refuse errors of other spectra."""
        if self.uncertainty != "none" and self.spectrum != "huber-mueller":
            found = f"uncertainty: {self.uncertainty} with other spectra"
            raise mistake(found, "spectrum: huber-mueller, or uncertainty: none")
        return self

    # --- its numbers ---------------------------------------------------------------------------

    @property
    def _fractions(self) -> dict[Isotope, float]:
        """The isotopes that fission at all, and their fractions."""
        if isinstance(self.fuel, str):
            return dict(FUELS[self.fuel].fractions)
        given: dict[Isotope, float] = {one: getattr(self.fuel, one) for one in ISOTOPES}
        return {isotope: fraction for isotope, fraction in given.items() if fraction}

    @property
    def _captures(self) -> bool:
        """Whether neutrons are captured: without ²³⁸U there is nothing to capture them."""
        return self.neutron_capture and "U238" in self._fractions

    @property
    def _end(self) -> float:
        """The highest energy of the spectrum."""
        if self.maximum_energy is not None:
            return self.maximum_energy
        if isinstance(self.spectrum, str):
            return END
        return float(max(getattr(self.spectrum, one).table.x[-1] for one in self._fractions))

    def norms(self, address: str) -> Iterator[str]:
        """Its own normalisation, and one for each component."""
        yield f"{address}.norm"
        yield from (f"{address}.{name}.norm" for name in self._names)

    @property
    def _names(self) -> tuple[str, ...]:
        """The names of the components."""
        return (*self._fractions, *(("capture",) if self._captures else ()))

    def parameters(self, address: str) -> Iterator[Parameter]:
        """Its own numbers, those of the kind of fuel, and the modes of the spectra."""
        silent = [f"{address}.fuel.", f"{address}.maximum_energy"]
        silent += [] if self._captures else [f"{address}.captures"]
        for one in super().parameters(address):
            if not one.address.startswith(tuple(silent)):
                yield one
        yield self._cut_off(address)
        reference = f"{FUELS[self.fuel].reference}; " if isinstance(self.fuel, str) else ""
        share = Parameter("", 0.0, bounds=(0.0, 1.0), source=reference + ONLY_RATIOS, share=True)
        for isotope, fraction in self._fractions.items():
            yield share.with_(address=f"{address}.fuel.{isotope}", value=fraction)
        for where in self._modes(address):
            yield Parameter(where, 0.0, prior=1.0, source="Huber 2011, arXiv:1106.0687")

    def _cut_off(self, address: str) -> Parameter:
        """The highest energy, given or not, within what the evaluations cover."""
        quantity = quantity_of(type(self).model_fields["maximum_energy"])
        assert quantity is not None
        one = quantity_parameter(f"{address}.maximum_energy", self._end, quantity)
        return one.with_(bounds=(LOWEST, HIGHEST)) if isinstance(self.spectrum, str) else one

    def _modes(self, address: str) -> list[str]:
        """The addresses of the modes of the spectra."""
        count = MODES if self.uncertainty == "huber-mueller" else 0
        return [f"{address}.spectrum.mode{k + 1}" for k in range(count)]

    # --- what it emits ---------------------------------------------------------------------------

    def _spectra(self, theta: Theta, address: str) -> list[_Shape]:
        """The spectrum of each component, per fission or per capture."""
        end = float(theta.get(f"{address}.maximum_energy", self._end))
        modes = tuple(float(theta.get(where, 0.0)) for where in self._modes(address))
        made: list[_Shape] = []
        for isotope in self._fractions:
            if isinstance(self.spectrum, str):
                choices = (self.spectrum, self.interpolation, self.join)
                made.append(fission_spectrum(isotope, *choices, end, modes))
            else:
                made.append(_cut(getattr(self.spectrum, isotope).table, end))
        return [*made, capture_spectrum()] if self._captures else made

    def _numbers(self, theta: Theta, address: str) -> tuple[list[Any], Any]:
        """Of each component how often it happens per fission, and the heat of that."""
        fractions = {
            isotope: theta.get(f"{address}.fuel.{isotope}", fraction)
            for isotope, fraction in self._fractions.items()
        }
        energies = ENERGY_PER_FISSION[self.energy_per_fission]
        heat = sum(fraction * energies[isotope] for isotope, fraction in fractions.items())
        often = list(fractions.values())
        if self._captures:
            often.append(self.get("captures_per_fission", theta, address) * sum(often))
        return often, heat

    def components(self, address: str, theta: Theta = NOMINAL) -> Sequence[Component]:
        """One for each isotope, per fission, and one for the captures, per capture."""
        density, antineutrino = pure_state("nu_e_bar")
        baseline = Baseline(self.distance, self.length_spread, address) if self.distance else None
        return [
            Component(
                *(name, density, antineutrino, spectrum, None, baseline, name),
                norms=(f"{address}.norm", f"{address}.{name}.norm"),
            )
            for name, spectrum in zip(self._names, self._spectra(theta, address), strict=True)
        ]

    def fluences(self, exposure: Exposure, theta: Theta, address: str) -> Sequence[Any]:
        """Fissions and captures over the exposure and the sphere around the core [1/area]."""
        often, heat = self._numbers(theta, address)
        if self.flux is not None:
            spectra = self._spectra(theta, address)
            emitted = sum(n * number(shape) for n, shape in zip(often, spectra, strict=True))
            scale = self.get("flux", theta, address) * seconds_of(exposure) / emitted
        else:
            area = sphere(self.get("distance", theta, address))
            scale = self._energy(exposure, theta, address) / (heat * area)
        return [scale * n for n in often]

    def _energy(self, exposure: Exposure, theta: Theta, address: str) -> Any:
        """Heat over the exposure."""
        if exposure.kind == "beam energy":
            return exposure.amount
        if self.power is None:
            expected = "the key 'power', or an exposure in energy such as '7.48 GW*hour'"
            raise InputError(Mistake(address, "no power", expected))
        return self.get("power", theta, address) * seconds_of(exposure)

    def alternatives(self) -> Iterator[tuple[str, str, Self]]:
        """The other choices of the spectrum and of the heat per fission, one at a time."""

        def other(choice: str, becomes: str, **changes: Any) -> tuple[str, str, Self]:
            return f"reactor {choice}", becomes, self.model_copy(update=changes)

        if isinstance(self.spectrum, str):
            for evaluation in ("huber-mueller", "vogel-engel"):
                if evaluation != self.spectrum:
                    plain = {"spectrum": evaluation, "uncertainty": "none"}
                    yield other("spectrum", evaluation, **plain)
            for name in ("linear", "log"):
                if name != self.interpolation:
                    yield other("interpolation", name, interpolation=name)
            for name in ("polynomial", "table"):
                if name != self.join:
                    yield other("join at 2 MeV", name, join=name)
            for end in (8 * MeV, 10 * MeV):
                if end != self._end:
                    yield other("end", f"{end / MeV:g} MeV", maximum_energy=end)
        if self._captures:
            yield other("captures", "none", neutron_capture=False)
        for name in ENERGY_PER_FISSION:
            if name != self.energy_per_fission and self.flux is None:
                yield other("heat per fission", name, energy_per_fission=name)


@lru_cache(maxsize=128)
def _cut(table: Table, end: float) -> TabulatedSpectrum:
    """The table, cut at ``end`` where it goes on."""
    inside = table.x < end
    if inside.all():
        return TabulatedSpectrum.linear(table.x, table.y)
    energies, values = np.append(table.x[inside], end), np.append(table.y[inside], table(end))
    return TabulatedSpectrum.linear(energies, values)
