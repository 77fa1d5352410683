"""Spectra that go like 1/T: a count of them without a threshold is infinite."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cevns.amplitudes import Scatterer
from cevns.beam import Component
from cevns.errors import InputError, Mistake
from cevns.interactions import Interaction
from cevns.parameters import Theta
from cevns.rate import make_basis

SMALL = np.array([1e-12, 1e-10])
"""Fractions of the largest recoil at which the growth towards zero is read."""


def diverging(
    interactions: Sequence[Interaction],
    components: Sequence[Component],
    scatterer: Scatterer,
    theta: Theta,
    kinematics: str,
    largest: float,
) -> tuple[Interaction, ...]:
    """The interactions whose spectrum on ``scatterer`` grows like 1/T or faster towards zero.

    Told from the spectrum itself, whatever the couplings; an interaction declares nothing.
    """
    T = SMALL * largest
    found = []
    for interaction in interactions:
        basis = make_basis(T, components, scatterer, interaction.terms(), theta, kinematics)
        for block, kernel in basis.parts:
            size = np.abs(block.flat_products).sum(axis=0) * np.abs(kernel).sum(axis=0) * T
            if size[0] > 0.5 * size[1] > 0 and interaction not in found:
                found.append(interaction)
    return tuple(found)


def refuse_diverging(interactions: Sequence[Interaction], theta: Theta) -> None:
    """Raise an `InputError` naming those of ``interactions`` that act at θ."""
    acting = [
        interaction.name
        for interaction in interactions
        if any(_any(term.coupling(theta)) for term in interaction.terms())
    ]
    if acting:
        found = f"{', '.join(acting)} (a spectrum like 1/T) where vanishing recoils are counted"
        # A resolution smears what has no recoil to speak of above a threshold of the observable.
        expected = "a 'threshold' above 0 (and above any noise, or an 'efficiency' of the recoil)"
        raise InputError(Mistake("detector", found, expected))


def _any(coupling: Any) -> bool:
    return bool(np.any(np.asarray(coupling) != 0))
