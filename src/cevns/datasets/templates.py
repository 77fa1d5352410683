"""From the declarations of a data set and its files to the channels of a likelihood."""

from __future__ import annotations

from collections.abc import Collection

from cevns.datasets.analysis import shape
from cevns.datasets.backgrounds import Backgrounds
from cevns.datasets.files import Files
from cevns.datasets.signals import ReadNumber, signal_of
from cevns.experiment import Experiment
from cevns.likelihood import poisson
from cevns.likelihood.channel import Channel
from cevns.likelihood.statistic import Gaussian


class Release(Files):
    """A data set, or one of its runs, that can be put in a likelihood."""

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
        observed = self.sample(self.analysis.observed)
        gaussian = self.analysis.statistic == "gaussian"
        one_sided = {
            shape(key)
            for key, nuisance in self.analysis.nuisances.items()
            if nuisance.high is not None and nuisance.low is None
        }
        return Channel(
            "",
            "",
            self.cells,
            observed.binned(self.cells),
            (signal_of(self, experiment, number, released, held), *Backgrounds(self).all()),
            one_sided=frozenset(one_sided),
            statistic=Gaussian(observed.errors(self.cells)) if gaussian else poisson,
            run=self.run,
        )
