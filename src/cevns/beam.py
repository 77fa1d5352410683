"""A beam is a list of components: what a source hands on to the rest of the package.

A component is one population of neutrinos: a flavour state (a 3×3 density matrix), neutrino or
antineutrino, an energy spectrum, an arrival-time profile and a baseline. The nuclide and the
outgoing mass enter only later, through the energy at which the moments are read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from cevns.errors import unknown_name
from cevns.flavours import FLAVOURS, NEUTRINOS
from cevns.parameters import Theta
from cevns.spectra import Spectrum
from cevns.timing import TimeProfile


@dataclass(frozen=True)
class Baseline:
    """Distance from source to detector and its Gaussian spread, both lengths.

    At θ they are what stands at ``<address>.distance`` and ``<address>.length_spread``.
    """

    distance: float
    spread: float = 0.0
    address: str = "source"

    def at(self, theta: Theta) -> tuple[Any, Any]:
        """(distance, spread) at θ."""
        return (
            theta.get(f"{self.address}.distance", self.distance),
            theta.get(f"{self.address}.length_spread", self.spread),
        )


@dataclass(frozen=True, eq=False)
class Component:
    """One population of a beam.

    Attributes
    ----------
    name : str
        Unique within the beam ("nu_mu").
    density : array, shape (3, 3)
        Flavour density matrix ρ in the order e, μ, τ; its trace is the number of active
        neutrinos per unit of the spectrum (1 for a pure state).
    antineutrino : bool
        Couplings act as their complex conjugates, and V–A interference changes sign.
    spectrum : Spectrum
        φ(E) and its moments; the source's fluence multiplies it.
    group : str
        The part of the source it belongs to ("prompt", "delayed"), for choosing and for tables.
    norms : tuple of str
        Addresses of the parameters that multiply this component (nominally 1).
    factor : callable, optional
        θ → what else multiplies it, of either sign: of a component that is what happens to
        another one on its way (`cevns.interactions.Interaction.propagate`).
    """

    name: str
    density: Any
    antineutrino: bool
    spectrum: Spectrum
    timing: TimeProfile | None = None
    baseline: Baseline | None = None
    group: str = ""
    norms: tuple[str, ...] = field(default=())
    factor: Callable[[Theta], Any] | None = None

    @property
    def flavours(self) -> tuple[str, ...]:
        """The names of the flavours that it has some of ("nu_mu_bar")."""
        bar = "_bar" if self.antineutrino else ""
        present = np.flatnonzero(np.diagonal(self.density))
        return tuple(f"nu_{FLAVOURS[one]}{bar}" for one in present)

    @property
    def pure(self) -> bool:
        """Whether it is of one flavour."""
        off = np.asarray(self.density) - np.diag(np.diagonal(self.density))
        return len(self.flavours) == 1 and not off.any()

    @property
    def flavour(self) -> str:
        """The name of the pure state; of a mixture that of its group, or its own."""
        return self.flavours[0] if self.pure else self.group or self.name

    def change(self, density: Any, spectrum: Spectrum, factor: Callable[[Theta], Any]) -> Component:
        """A component that is added to this one, of the same origin, times ``factor``."""
        before = self.factor
        both = factor if before is None else lambda theta: before(theta) * factor(theta)
        return replace(self, density=density, spectrum=spectrum, factor=both)

    def norm(self, theta: Theta) -> Any:
        """Product of the normalisation parameters, and of the factor, at θ."""
        product: Any = 1.0 if self.factor is None else self.factor(theta)
        for address in self.norms:
            product = product * theta.get(address, 1.0)
        return product


def pure_state(name: str) -> tuple[Any, bool]:
    """(ρ, antineutrino) of a pure flavour state: ``pure_state("nu_mu_bar")``."""
    if name not in NEUTRINOS:
        raise unknown_name("flavour", name, NEUTRINOS, "neutrino")
    flavour = name.removeprefix("nu_").removesuffix("_bar")
    density = np.zeros((3, 3))
    index = FLAVOURS.index(flavour)
    density[index, index] = 1.0
    return density, name.endswith("_bar")
