"""The signal of a data set whose response is known as templates of mono-energetic recoils.

Each template says how probable it is that a recoil of one energy is counted in each cell, whatever
the cells are. Between the energies the probabilities are linear, outside them zero; with that
response the recoil spectrum of any model is integrated, on panels that end at every energy and
wherever the spectrum is not smooth.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from cevns.errors import InputError, Mistake
from cevns.experiment import Experiment
from cevns.likelihood.morph import grid_weights
from cevns.likelihood.part import Part
from cevns.likelihood.signal import SIGNAL, View, component_norms
from cevns.memo import Memo
from cevns.nodes import beam_breaks, panel_nodes
from cevns.parameters import Theta

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, eq=False)
class GridTemplates:
    """A component whose templates are known at −1, 0 and +1 σ of some nuisances.

    Attributes
    ----------
    name : str
    templates : array, shape (3**n, cells)
        One for each of `cevns.likelihood.morph.combinations`.
    nuisances : tuple of str
        Their n addresses.
    norms : tuple of str
    """

    name: str
    templates: Array
    nuisances: tuple[str, ...]
    norms: tuple[str, ...]

    def parts(self, theta: Theta, morphed: bool) -> tuple[Part, ...]:
        """One part, interpolated between the templates."""
        weights = grid_weights(self.nuisances, theta)
        return (Part(self.name, weights @ self.templates, self.norms),)


@dataclass(frozen=True, eq=False)
class RecoilSignal:
    """An experiment's recoil spectrum through a response of templates.

    Attributes
    ----------
    experiment : Experiment
        Of its detector only the target counts: the response is that of the templates.
    energies : array, shape (n,)
        Recoil energies of the templates, ascending.
    response : array, shape (3**k, n, cells)
        Probability that a recoil is counted in each cell, at all combinations of −1, 0 and +1 σ
        of k ``nuisances``.
    share : float
        Of the experiment's exposure.

    Raises
    ------
    InputError
        Where something else than nuclei scatters: the response is not that of electrons.
    """

    experiment: Experiment
    energies: Array
    response: Array
    nuisances: tuple[str, ...] = ()
    share: float = 1.0
    norms: tuple[str, ...] = ()
    _memo: Memo = field(default_factory=Memo, init=False, repr=False)

    def __post_init__(self) -> None:
        others = {one.channel for one in self.experiment.scatterers} - {"cevns"}
        if others:
            found = f"scattering on {', '.join(sorted(others))}s"
            expected = "nuclei alone: the response of the data set is that of nuclear recoils"
            raise InputError(Mistake("electron_scattering", found, expected))

    def parts(self, theta: Theta, morphed: bool) -> tuple[Part, ...]:
        """One part for each set of norms that the components of the beam have."""
        weights = grid_weights(self.nuisances, theta)
        at = View(theta, {}, frozenset(address for some in self._norms for address in some))
        return tuple(
            Part(SIGNAL, weights @ templates, norms)
            for norms, templates in self._memo.get("templates", at, self._templates)
        )

    @cached_property
    def _norms(self) -> list[tuple[str, ...]]:
        return component_norms(self.experiment, self.norms)

    def _templates(self, theta: Theta) -> list[tuple[tuple[str, ...], Array]]:
        """(norms, events at each combination of the nuisances, shape (3**k, cells))."""
        weighted = self._weighted(theta)
        found = []
        for some in dict.fromkeys(self._norms):
            chosen = [index for index, own in enumerate(self._norms) if own == some]
            recoils = self.share * weighted[chosen].sum(axis=0)
            found.append((some, np.einsum("e,kec->kc", recoils, self.response)))
        return found

    def _weighted(self, theta: Theta) -> Array:
        """Recoils that each template stands for, shape (C, n): ∫ dN/dT h dT, h its hat function."""
        experiment = self.experiment
        components = experiment.components_at(theta)
        breaks = [
            beam_breaks(components, one, experiment.terms, theta, experiment.kinematics)
            for one in experiment.scatterers
        ]
        T, weights = panel_nodes(np.unique(np.concatenate(breaks)), self.energies)
        hats = np.stack(
            [
                np.interp(T, self.energies, one, left=0.0, right=0.0)
                for one in np.eye(len(self.energies))
            ]
        )
        spectra = experiment.recoil_spectra(T, theta).sum(axis=1)
        recoils: Array = (spectra * weights) @ hats.T
        return recoils
