r"""The electrons of a target as what neutrinos scatter on.

An atom has its electrons bound in shells. At a recoil :math:`T` those take part that are bound by
less, as if they were free and at rest:

.. math:: Z_\text{eff}(T) = \sum_i n_i\, \Theta(T - B_i),

the stepping approximation (Kouzakov, Studenikin & Voloshin 2011, arXiv:1105.5543; Chen et al. 2017,
arXiv:1610.04177). Recoil energies are those given to the atom, what is seen of its de-excitation
included. The energies are in ``data/electron_binding.csv``, whose header says where they are from.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from cevns.amplitudes import Scatterer
from cevns.constants import m_e
from cevns.errors import unknown_name
from cevns.packaged import packaged_rows
from cevns.parameters import Theta
from cevns.special import namespace
from cevns.targets import Target
from cevns.units import eV

BINDING = ("none", "stepped", "free")
"""No scattering on electrons, on bound ones, or on all as if they were free."""

CHANNEL = "electron"
"""What their recoils are called beside "cevns"."""

Shells = tuple[tuple[float, float], ...]
"""(binding energy, number of electrons) of each shell, ascending."""


def check_binding(binding: str) -> None:
    """Raise an `InputError` for a name that is not in `BINDING`."""
    if binding not in BINDING:
        raise unknown_name("electrons", binding, BINDING, "treatment of electrons")


@cache
def _table() -> dict[str, Shells]:
    """Symbol of an element → its shells."""
    return {
        row["symbol"]: tuple(sorted(_entries(row["electrons:binding [eV]"])))
        for row in packaged_rows("electron_binding.csv")
    }


def _entries(text: str) -> Iterator[tuple[float, float]]:
    for entry in text.split():
        number, energy = entry.split(":")
        yield float(energy) * eV, float(number)


def shells(symbol: str) -> Shells:
    """The shells of an element: binding energies [energy], ascending, with their electrons."""
    return _table()[symbol]


def target_shells(target: Target) -> Shells:
    """Those of all atoms of a target, the electrons as shares of all its electrons."""
    found: dict[float, float] = {}
    for part in target.constituents:
        for energy, number in shells(part.element):
            found[energy] = found.get(energy, 0.0) + part.count * number
    total = sum(found.values())
    return tuple((energy, found[energy] / total) for energy in sorted(found))


def target_electrons(target: Target, binding: str = "stepped") -> Scatterer:
    """The electrons of ``target``, all of them as one scatterer.

    Parameters
    ----------
    target : Target
    binding : {"stepped", "free"}
        Whether those that are bound by more than the recoil are left out.
    """
    density = target.electrons_per_mass
    if binding == "free":
        return free_electron(density)
    energies, shares = np.array(target_shells(target)).T
    below = np.concatenate([[0.0], np.cumsum(shares)])

    def taking_part(T: Any, theta: Theta) -> Any:
        xp = namespace(T)
        return xp.asarray(below)[xp.searchsorted(xp.asarray(energies), T)]

    steps = tuple(energies[energies > 0].tolist())
    return free_electron(density, multiplicity=taking_part, breaks=steps)


def free_electron(density: float = 1.0, **more: Any) -> Scatterer:
    """Electrons at rest, ``density`` of them per unit of mass."""
    sites = {"e": lambda q, theta: 1.0 + 0.0 * q}
    return Scatterer("electrons", "", CHANNEL, m_e, "1/2", density, sites, **more)
