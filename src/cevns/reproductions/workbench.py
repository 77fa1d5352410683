"""The experiments of a paper, opened once and asked for events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from cevns.beam import Component
from cevns.config.settings import read_number
from cevns.config.study import Study, load
from cevns.errors import InputError, Mistake, nearest, unknown_name
from cevns.experiment import Experiment
from cevns.kinematics import maximum_recoil
from cevns.parameters import NOMINAL, Theta
from cevns.reproductions.lines import Line
from cevns.sensitivity.design import design_of
from cevns.sensitivity.evaluate import Counting

Array = np.ndarray[Any, np.dtype[Any]]


class Workbench:
    """The experiment files in the folder of a paper.

    Parameters
    ----------
    folder : Path
        What the names of files are relative to.
    lines : mapping
        The lines in θ that the paper names.
    numbers : mapping
        The computations that the paper names.
    """

    def __init__(
        self,
        folder: Path,
        lines: Mapping[str, Line] | None = None,
        numbers: Mapping[str, Any] | None = None,
    ):
        self.folder = folder
        self.lines = dict(lines or {})
        self.numbers = dict(numbers or {})
        self.planes: dict[Any, Array] = {}  # what regions were computed from
        self._study = cache(self._load)
        self.counting = cache(self._counting)

    def _load(self, file: str) -> Study:
        path = self.folder / file
        if not path.is_file():
            there = [other.name for other in self.folder.glob("*.yaml")]
            expected = "an experiment file of the paper"
            raise InputError(Mistake("experiment", repr(file), expected, nearest(file, there)))
        return load(path)

    def _counting(self, file: str) -> Counting:
        """The counting study of ``file``."""
        design = design_of(self._study(file))
        return Counting(design, design.study)

    def experiment(self, file: str) -> Experiment:
        """The single experiment of ``file``."""
        return self._study(file).experiments[""]

    def line(self, along: str | Line) -> Line:
        """A line, or the one that has this name."""
        if isinstance(along, Line):
            return along
        if along not in self.lines:
            raise unknown_name("along", along, self.lines, "line of the paper")
        return self.lines[along]

    def theta(self, file: str, given: Theta, at: Mapping[str, Any]) -> dict[str, Any]:
        """θ of the experiment: what its file sets, then ``given``, then ``at``.

        ``given`` is in internal units, ``at`` as it was written ("6e-10 mu_B").

        Raises
        ------
        InputError
            For an address that the experiment does not have.
        """
        known = self.experiment(file).parameters
        for address in (*given, *at):
            if address not in known:
                expected = f"the address of a parameter of {file}"
                raise InputError(Mistake("at", repr(address), expected, nearest(address, known)))
        written = {
            address: read_number(value, known[address], f"at.{address}")
            for address, value in at.items()
        }
        return {**self._study(file).theta(), **given, **written}

    def chosen(self, file: str, of: Sequence[str]) -> Array:
        """Which components of the beam ``of`` means: flavours and groups; all if it is empty.

        Raises
        ------
        InputError
            For a name that is neither a flavour nor a group of the source.
        """
        components = self.experiment(file).components
        names = [{component.flavour, component.group} for component in components]
        known = set().union(*names)
        for name in of:
            if name not in known:
                expected = f"one of {', '.join(sorted(known))}"
                raise InputError(Mistake("of", repr(name), expected, nearest(name, known)))
        return np.array([not of or bool(own & set(of)) for own in names])

    def components(self, file: str, of: Sequence[str]) -> list[Component]:
        """The components of the beam that ``of`` means."""
        each = self.experiment(file).components
        wanted = self.chosen(file, of)
        return [component for component, there in zip(each, wanted, strict=True) if there]

    def largest_recoils(self, file: str, of: Sequence[str] = ()) -> list[float]:
        """Where the recoil spectrum of each chosen component ends, for each nuclide."""
        experiment = self.experiment(file)
        return [
            float(maximum_recoil(one.spectrum.breaks[-1], nucleus.mass, experiment.kinematics))
            for one in self.components(file, of)
            for nucleus in experiment.scatterers
        ]

    def events(
        self,
        file: str,
        edges: Any,
        of: Sequence[str] = (),
        theta: Theta = NOMINAL,
        channel: str | None = None,
    ) -> Array:
        """Events of the chosen components between ``edges`` of the observable, shape (..., bins).

        With the leading axes of the grids in θ. ``edges`` may start and end at ∓inf; ``channel``
        is one of those of the experiment's scatterers, all of them where none is given.
        """
        experiment = self.experiment(file)
        channels = np.array([scatterer.channel for scatterer in experiment.scatterers])
        if channel is not None and channel not in channels:
            raise unknown_name("channel", channel, set(channels), "channel")
        here = np.full(len(channels), True) if channel is None else channels == channel
        counts = experiment.counts(edges, theta)[..., here, :].sum(axis=-2)
        passing = experiment.time_fractions(theta=theta).sum(axis=1) * self.chosen(file, of)
        bins: Array = np.einsum("...cb,c->...b", counts, passing)
        return bins

    def spectrum(self, file: str, recoil: Any, of: Sequence[str], theta: Theta = NOMINAL) -> Array:
        """dN/dT of the chosen components over the exposure at ``recoil``, the same shape."""
        spectra = self.experiment(file).recoil_spectra(recoil, theta).sum(axis=1)
        total: Array = spectra[self.chosen(file, of)].sum(axis=0)
        return total
