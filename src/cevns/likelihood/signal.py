"""The signal in the cells of a data set: the package's own prediction, for any model.

Where a release holds a simulated signal, its shape can take the place of ours: ours at θ is then
multiplied in each cell with the ratio of the two in the Standard Model. The number of events there
stays our own, and how it changes with the model too.

Exact, it is folded again whenever a nuisance moves a number of the detector or the source.
Morphed, that happens once at −1, 0 and +1 σ of each, and what lies between is interpolated:
the nuisances are then in closed form, for planes of many fits.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, Protocol

import numpy as np

from cevns.declared import SIGNAL_NORM
from cevns.experiment import Experiment
from cevns.interactions import StandardModel
from cevns.likelihood.cells import Cells
from cevns.likelihood.morph import Morph
from cevns.likelihood.part import Part
from cevns.memo import Memo
from cevns.parameters import NOMINAL, Theta

Array = np.ndarray[Any, np.dtype[Any]]

SIGNAL = "cevns"
"""The name under which the signal is counted."""


class Contribution(Protocol):
    """What a data set expects from one origin."""

    def parts(self, theta: Theta, morphed: bool) -> tuple[Part, ...]:
        """Its components at θ, whose norms (and, ``morphed``, nuisances) are left open."""
        ...


@dataclass(frozen=True, eq=False)
class Fixed:
    """Components whose templates are at hand."""

    templates: tuple[Part, ...]

    def parts(self, theta: Theta, morphed: bool) -> tuple[Part, ...]:
        """The same at every θ."""
        return self.templates


class View(Mapping[str, Any]):
    """θ with some addresses set otherwise and some hidden; nothing else is read of it."""

    def __init__(self, theta: Theta, changes: Theta, hidden: Collection[str]):
        self._theta, self._changes, self._hidden = theta, changes, hidden

    def __getitem__(self, address: str) -> Any:
        if address in self._hidden:
            raise KeyError(address)
        return self._changes[address] if address in self._changes else self._theta[address]

    def __iter__(self) -> Iterator[str]:
        return (a for a in {**self._theta, **self._changes} if a not in self._hidden)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def component_norms(experiment: Experiment, more: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The norms of each component of the beam; ``more`` are those of the data set."""
    return [(SIGNAL_NORM, *more, *component.norms) for component in experiment.components]


@dataclass(frozen=True, eq=False)
class Signal:
    """An experiment's prediction, sorted into cells.

    Attributes
    ----------
    experiment : Experiment
    cells : Cells
        With an axis "energy", perhaps "time", perhaps others that ``sharing`` knows.
    modes : mapping
        Address of a nuisance → {address of a number of the experiment: its `Morph`}.
    sharing : mapping
        Name of a further axis → probability of its bins given the energy bin, shape
        (energy bins, bins).
    ratios : mapping
        Address of a nuisance → morph of the factor on each cell, shape (cells,).
    norms : tuple of str
        Further addresses of factors on the signal.
    arrival : mapping
        Group of beam components ("prompt") → share of each time bin, shape (time bins,); takes
        the place of the pulse and the time window.
    shape : array, shape (cells,), or None
        A template whose shape the signal of the Standard Model is to have.
    reference : Experiment, optional
        The apparatus that the template was made for, where ``experiment`` is another.
    """

    experiment: Experiment
    cells: Cells
    modes: Mapping[str, Mapping[str, Morph]] = field(default_factory=dict)
    sharing: Mapping[str, Array] = field(default_factory=dict)
    ratios: Mapping[str, Morph] = field(default_factory=dict)
    norms: tuple[str, ...] = ()
    arrival: Mapping[str, Array] = field(default_factory=dict)
    shape: Array | None = None
    reference: Experiment | None = None
    _memo: Memo = field(default_factory=Memo, init=False, repr=False)

    def parts(self, theta: Theta, morphed: bool) -> tuple[Part, ...]:
        """One part for each set of norms that the components of the beam have."""
        make = self._morphed if morphed else self._exact
        return self._memo.get(("parts", morphed), theta, make)

    def _exact(self, theta: Theta) -> tuple[Part, ...]:
        at = self._moved(theta, theta)
        energies, times = (self._memo.get(m.__name__, at, m) for m in (self._energies, self._times))
        return tuple(
            Part(SIGNAL, plane, norms, self._own(plane))
            for norms, plane in self._planes(energies, times)
        )

    def _morphed(self, theta: Theta) -> tuple[Part, ...]:
        """With every mode interpolated between the templates at −1, 0 and +1 σ."""
        # Energies and times are kept apart: a pulse that moves changes no energies.
        energies, times = (
            self._memo.get(("all", make.__name__), theta, partial(self._at_all_sides, make))
            for make in (self._energies, self._times)
        )
        nominal, *sides = (
            self._planes(energy, time) for energy, time in zip(energies, times, strict=True)
        )
        changes: list[dict[str, Morph]] = [self._own(plane) for _, plane in nominal]
        for nuisance, low, high in zip(self.modes, sides[::2], sides[1::2], strict=True):
            for index, (_, plane) in enumerate(nominal):
                changes[index][nuisance] = Morph.between(low[index][1], plane, high[index][1])
        return tuple(
            Part(SIGNAL, plane, norms, morphs)
            for (norms, plane), morphs in zip(nominal, changes, strict=True)
        )

    def _at_all_sides(self, make: Callable[[Theta], Array], theta: Theta) -> list[Array]:
        """What ``make`` gives at the nominal point and at −1 and +1 σ of each mode."""
        sides: list[Theta] = [{nuisance: s} for nuisance in self.modes for s in (-1.0, 1.0)]
        return [
            self._memo.get(make.__name__, self._moved(side, theta), make)
            for side in (NOMINAL, *sides)
        ]

    def _own(self, plane: Array) -> dict[str, Morph]:
        """The morphs by a factor on each cell, of a given plane."""
        return {nuisance: ratio.times(plane) for nuisance, ratio in self.ratios.items()}

    def _moved(self, alphas: Theta, theta: Theta) -> Theta:
        """θ without norms, with the numbers that the nuisances at ``alphas`` move."""
        moved: dict[str, Any] = {}
        for nuisance, targets in self.modes.items():
            alpha = alphas.get(nuisance, 0.0)
            if not alpha:
                continue
            for address, morph in targets.items():
                start: Any = theta.get(address, self.experiment.parameters[address].value)
                moved[address] = moved.get(address, start) + float(morph(alpha))
        return View(theta, moved, self._hidden)

    # --- templates with the norms at 1 -------------------------------------------------------

    @cached_property
    def _norms(self) -> list[tuple[str, ...]]:
        return component_norms(self.experiment, self.norms)

    @cached_property
    def _hidden(self) -> frozenset[str]:
        return frozenset(address for some in self._norms for address in some)

    def _planes(self, energies: Array, times: Array) -> list[tuple[tuple[str, ...], Array]]:
        """(norms, events in each cell), by the norms of the components."""
        correction = 1.0 if self.shape is None else self._correction
        return [(norms, plane * correction) for norms, plane in self._predicted(energies, times)]

    def _predicted(self, energies: Array, times: Array) -> list[tuple[tuple[str, ...], Array]]:
        """The same with the shape that this package predicts."""
        found = []
        for some in dict.fromkeys(self._norms):
            chosen = [index for index, own in enumerate(self._norms) if own == some]
            found.append((some, self._spread(energies[chosen].T @ times[chosen])))
        return found

    @cached_property
    def _correction(self) -> Array:
        """The released shape over our own for the Standard Model; 0 where ours has no events."""
        apparatus = self.reference or self.experiment
        standard = replace(
            apparatus,
            model=StandardModel(),
            kinematics="exact",
            form_factor="helm",
            axial="none",
            electrons="none",
        )
        planes = self._predicted(
            self._energies_of(standard, NOMINAL), self._times_of(standard, NOMINAL)
        )
        own: Array = np.sum([plane for _, plane in planes], axis=0)
        shape = np.asarray(self.shape)
        wanted = shape * (np.sum(own) / np.sum(shape))
        return np.where(own > 0, wanted / np.where(own > 0, own, 1.0), 0.0)

    def _energies(self, theta: Theta) -> Array:
        """Events of each component in the energy bins, shape (C, energy bins)."""
        return self._energies_of(self.experiment, theta)

    def _energies_of(self, experiment: Experiment, theta: Theta) -> Array:
        counts: Array = experiment.counts(self.cells.axis("energy").edges, theta).sum(axis=-2)
        return counts

    def _times(self, theta: Theta) -> Array:
        """Share of each component in the time bins, shape (C, time bins)."""
        return self._times_of(self.experiment, theta)

    def _times_of(self, experiment: Experiment, theta: Theta) -> Array:
        if self.arrival:
            return np.stack([self.arrival[part.group] for part in experiment.components])
        edges = self.cells.axis("time").edges if "time" in self.cells.names else None
        return experiment.time_fractions(edges, theta)

    def _spread(self, plane: Array) -> Array:
        """The (energy, time) plane over all cells; the energy axis is the first."""
        names = self.cells.names
        factors = {"time" if "time" in names else "energy": plane, **self.sharing}
        total: Array = np.ones(self.cells.shape)
        for other, factor in factors.items():
            sizes = zip(names, self.cells.shape, strict=True)
            total = total * factor.reshape(
                [size if name in ("energy", other) else 1 for name, size in sizes]
            )
        return total.ravel()
