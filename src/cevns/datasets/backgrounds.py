"""The backgrounds of a data set, from their declarations and its files."""

from __future__ import annotations

from typing import Any

import numpy as np

from cevns.datasets.analysis import BackgroundTemplate, curve_address, shape
from cevns.datasets.files import Files
from cevns.datasets.profiles import (
    CountsProfile,
    Curve,
    ExponentialProfile,
    Profile,
    TableProfile,
)
from cevns.datasets.rows import read_numbers
from cevns.errors import InputError, Mistake
from cevns.likelihood.cells import CellAxis, Cells
from cevns.likelihood.curves import CurveBackground
from cevns.likelihood.part import Part
from cevns.likelihood.recoils import GridTemplates
from cevns.likelihood.signal import Contribution, Fixed
from cevns.parameters import NOMINAL

Array = np.ndarray[Any, np.dtype[Any]]


class Backgrounds:
    """What is declared of the backgrounds, made with ``files``."""

    def __init__(self, files: Files):
        self.files, self.cells = files, files.cells
        self.declared = files.analysis.backgrounds

    def all(self) -> tuple[Contribution, ...]:
        """One contribution for each."""
        return tuple(self._one(name, declared) for name, declared in self.declared.items())

    def _one(self, name: str, declared: BackgroundTemplate) -> Contribution:
        norms = self._norms(name, declared)
        if declared.histogram is not None:
            file, per = declared.histogram.file, declared.histogram.per
            scale = 1.0 if per is None else self.files.exposure / per.amount
            grid = scale * self.files.grid(file)
            return GridTemplates(name, grid, self.files.nuisances(file), norms)
        if isinstance(declared.energy, Curve):
            amount, others = self._amount(declared), self._profiles(time=declared.time)
            address = curve_address(name)
            curve = declared.energy
            return CurveBackground(name, address, curve, amount, self.cells, norms, others)
        nominal = self._nominal(declared)
        morphs = {
            shape(key): self.files.variation(nominal, nuisance)
            for key, nuisance in self.files.analysis.nuisances.items()
            if nuisance.varies == name
        }
        return Fixed((Part(name, nominal, norms, morphs),))

    def _norms(self, name: str, declared: BackgroundTemplate) -> tuple[str, ...]:
        """Its own, and that of the background it is in a ratio to."""
        own = tuple(norm for norm, _ in declared.norms(name, [self.files.run]))
        if declared.ratio is None:
            return own
        other = declared.ratio[0]
        return (*own, *self._norms(other, self.declared[other]))

    def _amount(self, declared: BackgroundTemplate) -> float:
        """Its events, by itself or by the ratio to another background."""
        if declared.ratio is None:
            assert declared.events is not None
            return declared.events
        other, ratio = declared.ratio
        return ratio * self._amount(self.declared[other])

    def _nominal(self, declared: BackgroundTemplate) -> Array:
        if declared.cells is not None:
            cells = self.files.read(declared.cells).template(self.cells)
            return cells if declared.events is None else cells * (declared.events / np.sum(cells))
        profiles = self._profiles(energy=declared.energy, time=declared.time)
        return self._amount(declared) * self.cells.product(profiles)

    # --- profiles ----------------------------------------------------------------------------

    def _profiles(self, **each: Profile | Curve | None) -> dict[str, Array]:
        """The shares of the bins of each axis that has a profile."""
        return {
            name: self._profile(profile, self.cells.axis(name))
            for name, profile in each.items()
            if isinstance(profile, Profile)
        }

    def _profile(self, profile: Profile, axis: CellAxis) -> Array:
        """The share of each bin of one axis, shape (bins,)."""
        if isinstance(profile, CountsProfile):
            counts = self.files.sample(profile.sample).binned(self.cells)
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
        centres, values = read_numbers(self.files.folder, profile.file, 2).T
        centres = centres * axis.scale
        if profile.efficiency:
            values = values * self._efficiency(centres, axis)
        return Cells((axis,)).sorted_in([centres], values)

    def _efficiency(self, points: Array, axis: CellAxis) -> Array:
        """The detector's efficiency at points of the energy or of the time axis."""
        detector = self.files.apparatus.detector
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
        window = self.files.apparatus.detector.time
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

        sample = self.files.sample(profile.sample)
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
