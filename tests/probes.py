"""Nasty plug-ins for tests only: what future interactions, sources and targets will ask for.

The engine must carry each of them without knowing it. None is physics anyone proposes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal

import numpy as np

from cevns.amplitudes import Scatterer, Term
from cevns.beam import Component, pure_state
from cevns.constants import m_e
from cevns.experiment import Experiment
from cevns.exposure import Exposure
from cevns.interactions import Interaction
from cevns.parameters import Theta
from cevns.sources import Source
from cevns.spec import Number, Quantity
from cevns.spectra import Spectrum

MIXED = np.array(
    [[0.5, 0.2 + 0.1j, 0.05j], [0.2 - 0.1j, 0.3, -0.1 + 0.05j], [-0.05j, -0.1 - 0.05j, 0.2]]
)
"""A density matrix of trace one, neither pure nor diagonal nor real."""

ON_PROTONS = np.array(
    [[0.3, 0.4 - 0.2j, 0.1j], [0.4 + 0.2j, -0.2, 0.15 + 0.3j], [-0.1j, 0.15 - 0.3j, 0.25]]
)
ON_NEUTRONS = np.array(
    [[-0.1, 0.1 + 0.5j, 0.2], [0.1 - 0.5j, 0.4, -0.3j], [0.2, 0.3j, 0.1]], dtype=complex
)


class Given(Source):
    """The components it is given, each with the same fluence."""

    type: Literal["given"] = "given"
    summary: ClassVar[str] = "test only"
    parts: tuple[Any, ...]
    fluence: Annotated[float, Quantity("/cm^2", range="positive")]

    def components(self, address: str) -> Sequence[Component]:
        """As they are."""
        return self.parts

    def fluences(self, exposure: Exposure, theta: Theta, address: str) -> Sequence[Any]:
        """The fluence, whatever the exposure."""
        return [self.get("fluence", theta, address)] * len(self.parts)


def flavour(name: str, spectrum: Spectrum) -> Component:
    """A component of a pure flavour."""
    density, antineutrino = pure_state(name)
    return Component(name, density, antineutrino, spectrum)


def mixture(spectrum: Spectrum, antineutrino: bool, density: Any = MIXED) -> Component:
    """A component in a mixed state."""
    return Component("mixture", density, antineutrino, spectrum)


class _Probe(Interaction):
    """Numbers of a probe are read by field name."""

    def number(self, field: str, theta: Theta) -> Any:
        return self.at(field, theta)

    def scaled(self, field: str, matrix: Any) -> Callable[[Theta], Any]:
        """θ → the number times a flavour matrix, with the leading axes of the number."""
        return lambda theta: np.asarray(self.number(field, theta))[..., None, None] * matrix


class FlavourProbe(_Probe):
    """Complex flavour-changing vector couplings, different on protons and neutrons."""

    name: ClassVar[str] = "probe-flavour"
    size: Number = 0.0
    neutrons: Number = 0.0

    def terms(self) -> Sequence[Term]:
        """One on protons and one, with a profile in Q², on neutrons."""
        return (
            Term("V", "p", self.scaled("size", ON_PROTONS)),
            Term("V", "n", self.scaled("neutrons", ON_NEUTRONS)),
        )


class ElectronProbe(_Probe):
    """Vector and axial couplings on electrons; with ``mixing`` not diagonal in flavour."""

    name: ClassVar[str] = "probe-electron"
    vector: Number = 0.0
    axial: Number = 0.0
    mixing: Number = 0.0

    def terms(self) -> Sequence[Term]:
        """Two vector terms and two axial ones, all with the same outgoing neutrino."""
        return (
            Term("V", "e", self.scaled("vector", np.eye(3))),
            Term("V", "e", self.scaled("mixing", ON_PROTONS)),
            Term("A", "e", self.scaled("axial", np.eye(3))),
            Term("A", "e", self.scaled("mixing", ON_NEUTRONS)),
        )


class HeavyProbe(_Probe):
    """Up-scattering of ν_μ (and a little ν_e) to a lepton of some mass, by a vector current."""

    name: ClassVar[str] = "probe-heavy"
    ROW: ClassVar[Any] = np.array([[0.3j, 1.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    size: Number = 0.0
    axial: Number = 0.0
    mass: Annotated[float, Quantity("MeV")] = 0.0

    def terms(self) -> Sequence[Term]:
        """A vector and an axial term on protons, which interfere with nothing else."""

        def mass(theta: Theta) -> Any:
            return self.number("mass", theta)

        return (
            Term("V", "p", self.scaled("size", self.ROW), outgoing="N", mass=mass),
            Term("A", "p", self.scaled("axial", self.ROW), outgoing="N", mass=mass),
        )


def _one(q: Any, theta: Theta) -> Any:
    return 1.0 + 0.0 * q


def electrons(
    density: float, shells: Sequence[tuple[float, float]] = (), mass: float = m_e
) -> Scatterer:
    """Electrons of a target; ``shells`` are (number, binding energy), empty for free ones."""

    def bound(T: Any, theta: Theta) -> Any:
        return sum(np.where(T >= binding, number, 0.0) for number, binding in shells)

    multiplicity = bound if shells else None
    return Scatterer(
        "e", "", "electron", mass, "1/2", density, {"e": _one}, multiplicity=multiplicity
    )


@dataclass(frozen=True, eq=False)
class WithScatterers(Experiment):
    """An experiment whose target is ``replaced`` by scatterers of the test's making."""

    replaced: tuple[Scatterer, ...] = ()

    @cached_property
    def scatterers(self) -> tuple[Scatterer, ...]:
        """Those given."""
        return self.replaced
