"""Scatterers: the nuclides of a target as what the amplitudes act on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cevns.amplitudes import Scatterer
from cevns.electrons import target_electrons
from cevns.form_factors import FormFactorModel, nuclear_form_factors
from cevns.parameters import Theta
from cevns.spins import PICTURES, NoSpins
from cevns.targets import Constituent, Target


def nucleus(
    part: Constituent,
    form_factor: FormFactorModel,
    density: float,
    spins: NoSpins = PICTURES["none"],
) -> Scatterer:
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
    on_spins = spins.sites(nuclide, factors)
    return Scatterer(
        nuclide.name,
        part.element,
        "cevns",
        nuclide.mass,
        spins.label if on_spins else "0",
        density,
        sites | on_spins,
        nuclide.Z,
        nuclide.A,
    )


def target_scatterers(
    target: Target, form_factor: FormFactorModel, spins: NoSpins, electrons: str
) -> tuple[Scatterer, ...]:
    """The nuclides of ``target``, and its electrons unless these are "none"."""
    nuclei = [
        nucleus(part, form_factor, target.nuclei_per_mass(part), spins)
        for part in target.constituents
    ]
    return (*nuclei, *([] if electrons == "none" else [target_electrons(target, electrons)]))
