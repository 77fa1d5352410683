"""What the experiments of a study count: signal and background in cells, at any θ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from cevns.config.study import Study
from cevns.datasets.files import cells_of
from cevns.errors import InputError, Mistake, nearest
from cevns.experiment import Experiment
from cevns.likelihood.channel import Local
from cevns.likelihood.own import OwnBackgrounds
from cevns.parameters import Theta
from cevns.sensitivity.counting import ratio_variance

Array = np.ndarray[Any, np.dtype[Any]]

COUNTS, SPECTRUM, RATIO = "counts", "spectrum", "ratio"
_SAME = 1e-9  # of a count: the same in one call or in several


@dataclass(frozen=True, eq=False)
class Sample:
    """The events of one experiment.

    Attributes
    ----------
    experiment : Experiment
    names : mapping
        Own address → address in the study, ties followed.
    values : mapping
        θ of the experiment as the file sets it, at the addresses of the study.
    binned : bool
        In every bin of its axes, or all together: what lies on the axes of its ``binning``, or,
        where it has none, all that passes.
    groups : tuple of str
        Only these groups of components, each by itself; all together where it is empty.
    off_over_on : float
        Time without the source over time with it; infinite where the background is known.
    """

    experiment: Experiment
    names: Mapping[str, str]
    values: Theta
    binned: bool
    groups: tuple[str, ...]
    off_over_on: float

    def _own(self, theta: Theta) -> Theta:
        return Local({**self.values, **theta}, self.names)

    def signal(self, theta: Theta) -> Array:
        """Signal events in each cell, shape (..., n), for single values and grids in θ."""
        own = self._own(theta)
        if self._times is None and not self.groups:
            binned: Array = self.experiment.binned(self._energies, own)
            return binned
        each = self.experiment.counts(self._energies, own).sum(axis=-2)
        fractions = self.experiment.time_fractions(self._times, own)
        if not self.groups:
            plane = np.einsum("...cb,ct->...bt", each, fractions)
            cells: Array = plane.reshape(*plane.shape[:-2], -1)
            return cells
        passing = each.sum(axis=-1) * fractions.sum(axis=-1)
        own_groups = [component.group for component in self.experiment.components]
        members = np.array([[one == name for one in own_groups] for name in self.groups])
        chosen: Array = passing @ members.T.astype(float)
        return chosen

    def background(self, theta: Theta) -> Array:
        """Background events in each cell, shape (n,); θ of single values."""
        own = self._own(theta)
        total = np.zeros(self._backgrounds.cells.size)
        for part in self._backgrounds.parts(own, morphed=False):
            total = total + part.expected(own)
        if self.binned:
            return total
        return np.full(max(1, len(self.groups)), np.sum(total))

    @cached_property
    def _backgrounds(self) -> OwnBackgrounds:
        return OwnBackgrounds(self.experiment, cells_of(self.experiment))

    @cached_property
    def _energies(self) -> Array:
        if self.binned:
            return np.asarray(self.experiment.edges)
        whole = self.experiment.binning is None
        return np.array([-np.inf, np.inf]) if whole else self.experiment.edges[[0, -1]]

    @cached_property
    def _times(self) -> Array | None:
        binning = self.experiment.binning
        if binning is None or binning.time is None:
            return None
        edges: Array = binning.time.edges
        return edges if self.binned else edges[[0, -1]]


@dataclass(frozen=True, eq=False)
class Counted:
    """What a study compares: numbers x with the variance that counting them has.

    A ratio is x = a/b; everything else is the events themselves, backgrounds subtracted.
    """

    samples: tuple[Sample, ...]
    pairs: tuple[tuple[int, int], ...] = ()

    @cached_property
    def backgrounds(self) -> Array:
        """Nominal background in each cell of all samples, shape (n,)."""
        return np.concatenate([sample.background({}) for sample in self.samples])

    @cached_property
    def _subtracted(self) -> Array:
        """What a background adds to a variance: its own, and that of what is subtracted for it."""
        shares = [
            np.full(len(sample.background({})), 1.0 + 1.0 / sample.off_over_on)
            for sample in self.samples
        ]
        added: Array = self.backgrounds * np.concatenate(shares)
        return added

    def net(self, theta: Theta) -> Array:
        """Events beyond the nominal background in each cell, shape (..., n)."""
        signals = [sample.signal(theta) for sample in self.samples]
        grid = np.broadcast_shapes(*(one.shape[:-1] for one in signals))
        signals = [np.broadcast_to(one, (*grid, one.shape[-1])) for one in signals]
        moved = np.concatenate([sample.background(theta) for sample in self.samples])
        found: Array = np.concatenate(signals, axis=-1) + (moved - self.backgrounds)
        return found

    def values(self, net: Array) -> Array:
        """x of the events ``net``, shape (..., m)."""
        if not self.pairs:
            return net
        over, under = (net[..., list(side)] for side in zip(*self.pairs, strict=True))
        return np.asarray(over / under)

    def variances(self, net: Array) -> Array:
        """The variance of each x from counting, shape (..., m)."""
        counting = net + self._subtracted
        if not self.pairs:
            return counting
        over, under = (list(side) for side in zip(*self.pairs, strict=True))
        return ratio_variance(
            net[..., over], net[..., under], counting[..., over], counting[..., under]
        )

    @cached_property
    def owners(self) -> Array:
        """The number of the sample that each x belongs to, shape (m,)."""
        if self.pairs:
            return np.arange(len(self.pairs))
        sizes = [len(sample.background({})) for sample in self.samples]
        return np.repeat(np.arange(len(sizes)), sizes)

    def takes_grids(self, address: str, values: Array) -> bool:
        """Whether an array at ``address`` gives in one call what its values give one by one.

        Couplings, norms and masses of mediators can be arrays, what shapes the spectrum of the
        source or the response cannot: that is tried, with the ends of ``values``.
        """
        ends = np.array([values[0], values[-1]], dtype=float)
        try:
            singly = np.stack([self.net({address: float(end)}) for end in ends])
            together = self.net({address: ends})
        except (InputError, ValueError, TypeError, IndexError):
            return False
        if together.shape not in (singly.shape, singly[0].shape):
            return False
        together = np.broadcast_to(together, singly.shape)
        return bool(np.allclose(together, singly, rtol=_SAME, atol=0.0))


def counted(study: Study, observable: str, ratio: tuple[str, ...]) -> Counted:
    """What the experiments of ``study`` count for an observable.

    Raises
    ------
    InputError
        For samples of a ratio that are not there, and where nothing is expected.
    """
    made = _counted(study, observable, ratio)
    nominal = made.net({})
    wanting = nominal <= 0 if made.pairs else nominal + made.backgrounds <= 0
    if np.any(wanting) if made.pairs else np.all(wanting):
        found = "nothing expected where it counts"
        raise InputError(Mistake("study", found, "a threshold below the largest recoil"))
    return made


def _counted(study: Study, observable: str, ratio: tuple[str, ...]) -> Counted:
    names = list(study.experiments)
    if observable != RATIO:
        return Counted(tuple(_sample(study, name, observable == SPECTRUM) for name in names))
    if ratio[0] == ratio[1]:
        raise InputError(Mistake("study.ratio", f"{ratio[0]!r} twice", "two samples"))
    if set(ratio) <= set(names):
        return Counted(tuple(_sample(study, name) for name in ratio), ((0, 1),))
    for name in names:
        _refuse_groups(study, name, ratio)
    samples = tuple(_sample(study, name, groups=ratio) for name in names)
    return Counted(samples, tuple((2 * i, 2 * i + 1) for i in range(len(names))))


def _sample(study: Study, name: str, binned: bool = False, groups: tuple[str, ...] = ()) -> Sample:
    own = study.addresses(name)
    names = {one.address: study.ties.get(address, address) for address, one in own.items()}
    values = {names[address]: value for address, value in study.theta(name).items()}
    exposure = study.blocks[name].exposure
    ratio = exposure.off / exposure.amount if exposure.off else np.inf
    return Sample(study.experiments[name], names, values, binned, groups, ratio)


def _refuse_groups(study: Study, name: str, ratio: tuple[str, ...]) -> None:
    """Groups of components are told apart by their name alone, which no background has."""
    experiment = study.experiments[name]
    groups = list(dict.fromkeys(component.group for component in experiment.components))
    for one in ratio:
        if one not in groups:
            known = [*(group for group in groups if group), *study.blocks]
            expected = f"two of {', '.join(filter(None, known)) or 'the experiments'}"
            close = nearest(one, known)
            raise InputError(Mistake("study.ratio", repr(one), expected, close))
    if experiment.detector.backgrounds:
        found = "groups of a source beside a background, which belongs to neither"
        expected = "two experiments, each with its time window"
        raise InputError(Mistake("study.ratio", found, expected))
