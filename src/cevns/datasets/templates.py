"""From the declarations of a data set and its files to the channel of a likelihood."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np

from cevns.datasets.analysis import (
    SIGNAL_RATE,
    Analysis,
    BackgroundTemplate,
    CountsProfile,
    ExponentialProfile,
    Nuisance,
    Profile,
    Rows,
    TableProfile,
    shape,
)
from cevns.datasets.rows import Sample, read_numbers
from cevns.datasets.store import DataFolder
from cevns.declared import background_norm
from cevns.errors import InputError, Mistake
from cevns.experiment import Experiment
from cevns.likelihood.cells import CellAxis, Cells
from cevns.likelihood.channel import Channel
from cevns.likelihood.morph import Morph
from cevns.likelihood.part import Part
from cevns.likelihood.signal import SIGNAL, Fixed, Signal
from cevns.parameters import NOMINAL
from cevns.prediction import AXIS_SCALE
from cevns.units import us

Array = np.ndarray[Any, np.dtype[Any]]
ReadNumber = Callable[[Any, str], float]
"""(text or number, address) → the value in internal units."""


def cells_of(experiment: Experiment, extra: Mapping[str, Any] | None = None) -> Cells:
    """The cells of an experiment: its energy axis, further axes, its time axis."""
    axes = [CellAxis("energy", experiment.edges, experiment.detector.axis, _scale(experiment))]
    for name, axis in (extra or {}).items():
        axes.append(CellAxis(name, np.linspace(axis.start, axis.to, axis.bins + 1)))
    binning = experiment.binning
    if binning is not None and binning.time is not None:
        axes.append(CellAxis("time", binning.time.edges, "us", us))
    return Cells(tuple(axes))


def _scale(experiment: Experiment) -> float:
    return float(AXIS_SCALE[experiment.detector.axis])


class Release:
    """A data set with its files at hand.

    ``apparatus`` is the experiment of the release, for which its templates are made.
    """

    def __init__(self, analysis: Analysis, folder: DataFolder, apparatus: Experiment):
        self.analysis, self.folder, self.apparatus = analysis, folder, apparatus
        self.cells = cells_of(apparatus, analysis.axes)
        self._samples: dict[str, Sample] = {}

    def channel(
        self,
        experiment: Experiment,
        number: ReadNumber,
        released: bool | None = None,
        held: Collection[str] = (),
    ) -> Channel:
        """The channel, its signal that of ``experiment``.

        ``number`` reads the values that nuisances move parameters to; those in ``held`` may move
        what ``experiment`` does not have. The signal has the ``released`` shape, by default where
        the release has one.
        """
        observed = self.sample(self.analysis.observed).binned(self.cells)
        backgrounds = tuple(
            self._background(kind, template) for kind, template in self.analysis.backgrounds.items()
        )
        if released is None:
            released = self.analysis.signal.template is not None
        signal = self._signal(experiment, number, released, held)
        one_sided = {
            shape(key)
            for key, nuisance in self.analysis.nuisances.items()
            if nuisance.high is not None and nuisance.low is None
        }
        return Channel(
            "",
            "",
            self.cells,
            observed,
            (signal, Fixed(backgrounds)),
            one_sided=frozenset(one_sided),
        )

    def sample(self, name: str) -> Sample:
        """The events or counts called ``name``."""
        if name not in self._samples:
            self._samples[name] = self._read(self.analysis.samples[name])
        return self._samples[name]

    def _read(self, rows: Rows) -> Sample:
        return Sample(self.folder, rows, self.cells)

    # --- backgrounds -------------------------------------------------------------------------

    def _background(self, name: str, template: BackgroundTemplate) -> Part:
        nominal = self._nominal(template)
        morphs = {
            shape(key): self._variation(nominal, nuisance)
            for key, nuisance in self.analysis.nuisances.items()
            if nuisance.varies == name
        }
        return Part(name, nominal, (background_norm(name),), morphs)

    def _nominal(self, template: BackgroundTemplate) -> Array:
        if template.cells is not None:
            cells = self._read(template.cells).template(self.cells)
            return cells if template.events is None else cells * (template.events / np.sum(cells))
        assert template.energy is not None and template.time is not None
        profiles = {
            name: self._profile(profile, self.cells.axis(name))
            for name, profile in (("energy", template.energy), ("time", template.time))
        }
        assert template.events is not None
        return template.events * self.cells.product(profiles)

    def _variation(self, nominal: Array, nuisance: Nuisance) -> Morph:
        """What a nuisance adds to a template, its variations normalised to the nominal one."""
        assert nuisance.high is not None
        high = self._normalised(nuisance.high, nominal)
        if nuisance.low is None:
            return Morph.one_sided(nominal, high)
        return Morph.between(self._normalised(nuisance.low, nominal), nominal, high)

    def _normalised(self, rows: Rows, nominal: Array) -> Array:
        template = self._read(rows).template(self.cells)
        scaled: Array = template * (np.sum(nominal) / np.sum(template))
        return scaled

    # --- profiles ----------------------------------------------------------------------------

    def _profile(self, profile: Profile, axis: CellAxis) -> Array:
        """The share of each bin of one axis, shape (bins,)."""
        if isinstance(profile, CountsProfile):
            counts = self.sample(profile.sample).binned(self.cells)
            shares = self.cells.projection(counts, axis.name)
        elif isinstance(profile, TableProfile):
            shares = self._tabulated(profile, axis)
        elif isinstance(profile, ExponentialProfile):
            rate = self._fitted_rate(profile)
            shares = -np.diff(np.exp(-rate * axis.edges))
        else:
            shares = self._passing(axis) if profile.efficiency else np.diff(axis.edges)
        normalised: Array = shares / np.sum(shares)
        return normalised

    def _tabulated(self, profile: TableProfile, axis: CellAxis) -> Array:
        centres, values = read_numbers(self.folder, profile.file, 2).T
        centres = centres * axis.scale
        if profile.efficiency:
            values = values * self._efficiency(centres, axis)
        return Cells((axis,)).sorted_in([centres], values)

    def _efficiency(self, points: Array, axis: CellAxis) -> Array:
        """The detector's efficiency at points of the energy or of the time axis."""
        detector = self.apparatus.detector
        if axis.name == "energy":
            found = detector.efficiency.evaluate(
                points, NOMINAL, "detector.efficiency", of="observable"
            )
        else:
            assert detector.time is not None
            found = detector.time.passing(points)
        return np.asarray(found, dtype=float)

    def _passing(self, axis: CellAxis) -> Array:
        """What is left of something constant in time, in each bin."""
        window = self.apparatus.detector.time
        if axis.name != "time" or window is None:
            found = f"an efficiency on the axis {axis.name!r}"
            raise InputError(Mistake("data", found, "a detector with a time window"))
        return np.asarray(window.kept(axis.edges))

    def _fitted_rate(self, profile: ExponentialProfile) -> float:
        """The rate of an exponential, most likely for the times of a sample.

        The rows are bins of equal width: their probabilities are then proportional to the
        exponential at their centres, and the mean time is all that the likelihood knows.
        """
        from scipy.optimize import brentq

        sample = self.sample(profile.sample)
        others = [axis for axis in self.cells.axes if axis.name != "time"]
        inside = np.all([axis.locate(sample.values[axis.name]) >= 0 for axis in others], axis=0)
        times = sample.values["time"]
        inside &= (times >= profile.start) & (times <= profile.to)
        centres = np.unique(times[(times >= profile.start) & (times <= profile.to)])
        mean = np.average(times[inside], weights=sample.counts[inside])
        width = centres[-1] - centres[0]

        def excess(slope: float) -> float:
            weights = np.exp(-slope * (centres - centres[0]) / width)
            return float(np.average(centres, weights=weights) - mean)

        return float(brentq(excess, -50.0, 50.0)) / float(width)

    # --- signal ------------------------------------------------------------------------------

    def _signal(
        self, experiment: Experiment, number: ReadNumber, released: bool, held: Collection[str]
    ) -> Signal:
        moving, ratios = {}, {}
        for key, nuisance in self.analysis.nuisances.items():
            if nuisance.varies == SIGNAL:
                ratios[shape(key)] = self._ratio(nuisance)
            elif nuisance.moves is not None:
                missing = [a for a in nuisance.moves if a not in experiment.parameters]
                if not missing:
                    moving[shape(key)] = _moves(experiment, nuisance.moves, number)
                elif shape(key) not in held:
                    text = f"shape.{key} moves {missing[0]}, which the detector does not have now"
                    expected = f"the detector of the data set, or shape.{key}: {{fixed: true}}"
                    raise InputError(Mistake("data", text, expected))
        return Signal(
            experiment,
            self.cells,
            modes=moving,
            sharing=self._sharing(),
            ratios=ratios,
            norms=(SIGNAL_RATE,) if self.analysis.signal.rate is not None else (),
            arrival=self._arrival(),
            shape=self._signal_template() if released else None,
            reference=self.apparatus,
        )

    def _arrival(self) -> dict[str, Array]:
        """Share of each time bin by group of components, as the release gives it."""
        found = {}
        for group, file in self.analysis.signal.arrival.items():
            axis = self.cells.axis("time")
            centres, values = read_numbers(self.folder, file, 2).T
            found[group] = Cells((axis,)).sorted_in([centres * axis.scale], values)
        return found

    def _signal_template(self) -> Array:
        rows = self.analysis.signal.template
        if rows is None:
            raise InputError(Mistake("data", "no template of the signal", "'signal.template'"))
        return self._read(rows).template(self.cells)

    def _ratio(self, nuisance: Nuisance) -> Morph:
        """The factor on each cell: the released variation over the released template."""
        nominal = self._signal_template()
        morph = self._variation(nominal, nuisance)
        there = nominal > 0
        return morph.times(np.where(there, 1.0 / np.where(there, nominal, 1.0), 0.0))

    def _sharing(self) -> dict[str, Array]:
        """Probability of the bins of the further axes, given the energy bin.

        Above the energies that the released template covers it is taken as in its last bin.
        """
        found = {}
        for name in self.analysis.axes:
            places = (self.cells.names.index("energy"), self.cells.names.index(name))
            others = tuple(i for i in range(len(self.cells.axes)) if i not in places)
            joint = self._signal_template().reshape(self.cells.shape).sum(axis=others)
            totals = joint.sum(axis=1)
            last = np.maximum.accumulate(np.where(totals > 0, np.arange(len(totals)), 0))
            found[name] = joint[last] / totals[last][:, None]
        return found


def _moves(
    experiment: Experiment, moves: Mapping[str, tuple[Any, Any]], number: ReadNumber
) -> dict[str, Morph]:
    """The numbers of the apparatus that a nuisance moves, as morphs of their values."""
    found = {}
    for address, (low, high) in moves.items():
        nominal = float(experiment.parameters[address].value)
        found[address] = Morph.between(number(low, address), nominal, number(high, address))
    return found
