"""What the experiments of a study count: signal and background in cells, at any θ."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from cevns.backgrounds import background_norm
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
    described : bool
        Whether the norm of every background is scanned or profiled, so that what is counted
        without the source measures these. Where it is not, that is subtracted cell by cell.
    """

    experiment: Experiment
    names: Mapping[str, str]
    values: Theta
    binned: bool
    groups: tuple[str, ...]
    off_over_on: float
    described: bool

    @property
    def subtracts(self) -> bool:
        """Whether what is counted without the source takes the place of any background at θ."""
        return math.isfinite(self.off_over_on) and not self.described

    @property
    def measures(self) -> bool:
        """Whether what is counted without the source is compared with the background at θ."""
        return math.isfinite(self.off_over_on) and self.described

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

    A ratio is x = a/b; everything else is the events themselves, backgrounds subtracted. Behind
    them are the cells without the source of samples whose backgrounds are described: the same
    backgrounds measured for themselves, as events in the time with the source.
    """

    samples: tuple[Sample, ...]
    pairs: tuple[tuple[int, int], ...] = ()

    @cached_property
    def backgrounds(self) -> Array:
        """Nominal background in each cell of all samples, shape (n,)."""
        return np.concatenate([sample.background({}) for sample in self.samples])

    @cached_property
    def fewest(self) -> float:
        """The smallest number of events expected in a cell, of those where there are any."""
        events = self.net({}) + self.backgrounds
        return float(np.min(events[events > 0], initial=np.inf))

    @cached_property
    def _added(self) -> Array:
        """What a background adds to a variance: its own, and that of what is subtracted for it."""
        shares = [
            np.full(len(sample.background({})), 1.0 + 1.0 / sample.off_over_on)
            if sample.subtracts
            else np.ones(len(sample.background({})))
            for sample in self.samples
        ]
        added: Array = self.backgrounds * np.concatenate(shares)
        return added

    def net(self, theta: Theta) -> Array:
        """Events beyond the nominal background in each cell, shape (..., n)."""
        signals = [sample.signal(theta) for sample in self.samples]
        grid = np.broadcast_shapes(*(one.shape[:-1] for one in signals))
        signals = [np.broadcast_to(one, (*grid, one.shape[-1])) for one in signals]
        moved = [one.background({} if one.subtracts else theta) for one in self.samples]
        excess = np.concatenate(moved) - self.backgrounds
        found: Array = np.concatenate(signals, axis=-1) + excess
        return found

    def measured(self, theta: Theta) -> tuple[Array, Array]:
        """x and its variance from counting, both of shape (..., m)."""
        net = self.net(theta)
        values, variances = net, net + self._added
        if self.pairs:
            over, under = (list(side) for side in zip(*self.pairs, strict=True))
            a, b = ((net[..., own], variances[..., own]) for own in (over, under))
            values, variances = a[0] / b[0], ratio_variance(a[0], b[0], a[1], b[1])
        return self._with_off(values, self._off(theta)), self._with_off(variances, self._off_errors)

    def _off(self, theta: Theta) -> Array:
        """Events beyond the nominal ones in the cells without the source, shape (k,)."""
        return _joined(
            one.background(theta) - one.background({}) for one in self.samples if one.measures
        )

    @cached_property
    def _off_errors(self) -> Array:
        """Their variances from counting, shape (k,)."""
        return _joined(one.background({}) / one.off_over_on for one in self.samples if one.measures)

    def _with_off(self, numbers: Array, off: Array) -> Array:
        behind = np.broadcast_to(off, (*numbers.shape[:-1], len(off)))
        return np.concatenate([numbers, behind], axis=-1)

    @cached_property
    def owners(self) -> Array:
        """The number of the sample whose signal each x has, −1 for one without, shape (m,)."""
        sizes = [len(sample.background({})) for sample in self.samples]
        own = np.repeat(np.arange(len(sizes)), sizes)
        if self.pairs:
            own = np.arange(len(self.pairs))
        return np.concatenate([own, np.full(len(self._off_errors), -1)])

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


def _joined(arrays: Iterable[Array]) -> Array:
    return np.concatenate([np.zeros(0), *arrays])


def counted(
    study: Study,
    observable: str,
    ratio: tuple[str, ...],
    open_ones: Collection[str] = (),
    off: bool = True,
) -> Counted:
    """What the experiments of ``study`` count for an observable.

    Parameters
    ----------
    study : Study
    observable : str
    ratio : tuple of str
        The two samples of a ratio.
    open_ones : collection of str
        Addresses that are scanned or profiled.
    off : bool
        Whether what is counted without the source is used.

    Raises
    ------
    InputError
        For samples of a ratio that are not there, and where nothing is expected.
    """
    made = _counted(study, observable, ratio)
    if not off:
        made = replace(made, samples=tuple(replace(s, off_over_on=np.inf) for s in made.samples))
    elif open_ones:
        made = replace(made, samples=tuple(_described(s, open_ones) for s in made.samples))
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


def _described(sample: Sample, open_ones: Collection[str]) -> Sample:
    """The same, knowing whether the norms of its backgrounds are among ``open_ones``."""
    backgrounds = sample.experiment.detector.backgrounds
    norms = [sample.names[background_norm(one.name)] for one in backgrounds]
    return replace(sample, described=all(norm in open_ones for norm in norms))


def _sample(study: Study, name: str, binned: bool = False, groups: tuple[str, ...] = ()) -> Sample:
    own = study.addresses(name)
    names = {one.address: study.ties.get(address, address) for address, one in own.items()}
    values = {names[address]: value for address, value in study.theta(name).items()}
    exposure = study.blocks[name].exposure
    ratio = exposure.off / exposure.amount if exposure.off else np.inf
    return Sample(study.experiments[name], names, values, binned, groups, ratio, False)


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
