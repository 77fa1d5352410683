"""Scatterers: the nuclides of a target as what the amplitudes act on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cevns.amplitudes import Scatterer
from cevns.form_factors import FormFactorModel, nuclear_form_factors
from cevns.parameters import Theta
from cevns.targets import Constituent


def nucleus(part: Constituent, form_factor: FormFactorModel, density: float) -> Scatterer:
    """The scatterer that a nuclide of a target is; ``density`` is nuclei per mass."""
    nuclide = part.nuclide
    factors = nuclear_form_factors(form_factor, nuclide)

    def protons(q: Any, theta: Theta) -> Any:
        return nuclide.Z * factors.proton(q, theta)

    def neutrons(q: Any, theta: Theta) -> Any:
        return nuclide.N * factors.neutron(q, theta)

    def charge(q: Any, theta: Theta) -> Any:
        return nuclide.Z + 0.0 * q

    sites: dict[str, Callable[[Any, Theta], Any]] = {"p": protons, "n": neutrons, "Z": charge}
    return Scatterer(
        nuclide.name, part.element, "cevns", nuclide.mass, "0", density, sites, nuclide.Z, nuclide.A
    )
