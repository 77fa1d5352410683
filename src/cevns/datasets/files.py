"""The files of a data set, or of one of its runs, as numbers in cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import Formatter
from typing import Any

import numpy as np

from cevns.datasets.analysis import Analysis, Nuisance, Rows, shape
from cevns.datasets.histograms import contents_in, histogram_cells, read_template
from cevns.datasets.rows import Sample
from cevns.datasets.store import DataFolder
from cevns.experiment import Experiment
from cevns.likelihood.cells import CellAxis, Cells
from cevns.likelihood.morph import Morph, combinations
from cevns.prediction import AXIS_SCALE
from cevns.units import us

Array = np.ndarray[Any, np.dtype[Any]]


def cells_of(experiment: Experiment, extra: Mapping[str, Any] | None = None) -> Cells:
    """The cells of an experiment: its energy axis, further axes, its time axis."""
    scale = float(AXIS_SCALE[experiment.detector.axis])
    axes = [CellAxis("energy", experiment.edges, experiment.detector.axis, scale)]
    for name, axis in (extra or {}).items():
        axes.append(CellAxis(name, np.linspace(axis.start, axis.to, axis.bins + 1)))
    binning = experiment.binning
    if binning is not None and binning.time is not None:
        axes.append(CellAxis("time", binning.time.edges, "us", us))
    return Cells(tuple(axes))


class Files:
    """A data set, or one of its runs, with its files at hand.

    ``apparatus`` is the experiment of the release, for which its templates are made; of a ``run``
    it is that of all the chosen ``runs`` together.
    """

    def __init__(
        self,
        analysis: Analysis,
        folder: DataFolder,
        apparatus: Experiment,
        run: str = "",
        runs: Sequence[str] = (),
    ):
        self.analysis, self.folder, self.apparatus = analysis, folder, apparatus
        self.run, self.runs = run, runs
        self.cells = self._cells()
        self._samples: dict[str, Sample] = {}

    def _cells(self) -> Cells:
        declared = self.analysis.cells
        if declared is None:
            return cells_of(self.apparatus, self.analysis.axes)
        return histogram_cells(
            read_template(self.folder, self._named(declared.file)), declared.axes
        )

    def _named(self, pattern: str, **values: float) -> str:
        """The file that a name with places in it stands for."""
        return pattern.format(run=self.run, **values)

    @property
    def exposure(self) -> float:
        """That of the run."""
        return self.analysis.runs[self.run].exposure.amount

    @property
    def share(self) -> float:
        """The exposure of the run over that of the apparatus."""
        return self.exposure / sum(self.analysis.runs[run].exposure.amount for run in self.runs)

    # --- rows --------------------------------------------------------------------------------

    def sample(self, name: str) -> Sample:
        """The events or counts called ``name``."""
        if name not in self._samples:
            self._samples[name] = self.read(self.analysis.samples[name])
        return self._samples[name]

    def read(self, rows: Rows) -> Sample:
        """The rows of a file."""
        named = rows.model_copy(update={"file": self._named(rows.file)})
        return Sample(self.folder, named, self.cells)

    def variation(self, nominal: Array, nuisance: Nuisance) -> Morph:
        """What a nuisance adds to a template, its variations normalised to the nominal one."""
        assert nuisance.high is not None
        high = self._normalised(nuisance.high, nominal)
        if nuisance.low is None:
            return Morph.one_sided(nominal, high)
        return Morph.between(self._normalised(nuisance.low, nominal), nominal, high)

    def _normalised(self, rows: Rows, nominal: Array) -> Array:
        template = self.read(rows).template(self.cells)
        scaled: Array = template * (np.sum(nominal) / np.sum(template))
        return scaled

    # --- histograms --------------------------------------------------------------------------

    def nuisances(self, pattern: str) -> tuple[str, ...]:
        """The addresses of the nuisances whose values are part of the name of a file."""
        return tuple(shape(name) for name in self._in_name(pattern))

    def grid(self, pattern: str, **values: float) -> Array:
        """Templates at all combinations of those nuisances, shape (3**n, cells)."""
        names = self._in_name(pattern)
        return np.array(
            [
                self._contents(pattern, **values, **dict(zip(names, point, strict=True)))
                for point in combinations(len(names))
            ]
        )

    def _in_name(self, pattern: str) -> list[str]:
        fields = [name for _, name, _, _ in Formatter().parse(pattern) if name]
        return [name for name in self.analysis.nuisances if name in fields]

    def _contents(self, pattern: str, **values: float) -> Array:
        file = self._named(pattern, **values)
        return contents_in(read_template(self.folder, file), self.cells, file)
