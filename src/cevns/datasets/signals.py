"""The signal of a data set: what this package predicts, in the cells of the release."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np

from cevns.datasets.analysis import SIGNAL_RATE, Nuisance, RecoilResponse, shape
from cevns.datasets.files import Files
from cevns.datasets.rows import read_numbers
from cevns.errors import InputError, Mistake
from cevns.experiment import Experiment
from cevns.likelihood.cells import Cells
from cevns.likelihood.morph import Morph
from cevns.likelihood.recoils import RecoilSignal
from cevns.likelihood.signal import SIGNAL, Contribution, Signal
from cevns.units import keV

Array = np.ndarray[Any, np.dtype[Any]]
ReadNumber = Callable[[Any, str], float]
"""(text or number, address) → the value in internal units."""


def signal_of(
    files: Files,
    experiment: Experiment,
    number: ReadNumber,
    released: bool | None,
    held: Collection[str],
) -> Contribution:
    """The signal of ``experiment`` in the cells of ``files``; the rest as in `Release.channel`."""
    declared = files.analysis.signal
    norms = (SIGNAL_RATE,) if declared.rate is not None else ()
    if declared.response is not None:
        return _recoils(files, experiment, declared.response, norms)
    moving, ratios = {}, {}
    for key, nuisance in files.analysis.nuisances.items():
        if nuisance.varies == SIGNAL:
            ratios[shape(key)] = _ratio(files, nuisance)
        elif nuisance.moves is not None:
            missing = [a for a in nuisance.moves if a not in experiment.parameters]
            if not missing:
                moving[shape(key)] = _moves(experiment, nuisance.moves, number)
            elif shape(key) not in held:
                text = f"shape.{key} moves {missing[0]}, which the detector does not have now"
                expected = f"the detector of the data set, or shape.{key}: {{fixed: true}}"
                raise InputError(Mistake("data", text, expected))
    if released is None:
        released = declared.template is not None
    return Signal(
        experiment,
        files.cells,
        modes=moving,
        sharing=_sharing(files),
        ratios=ratios,
        norms=norms,
        arrival=_arrival(files),
        shape=_template(files) if released else None,
        reference=files.apparatus,
    )


def _recoils(
    files: Files, experiment: Experiment, declared: RecoilResponse, norms: tuple[str, ...]
) -> RecoilSignal:
    """The recoils of ``experiment`` through the templates of mono-energetic ones."""
    own, known = experiment.detector, files.apparatus.detector
    for key in type(own).model_fields:
        if key not in ("target", "mass") and getattr(own, key) != getattr(known, key):
            found = f"{key!r} beside a data set whose response is in its templates"
            raise InputError(Mistake(f"detector.{key}", found, "that of the data set"))
    energies = np.linspace(declared.energy.start, declared.energy.to, declared.energy.points)
    response = [files.grid(declared.file, energy=one / keV) for one in energies.tolist()]
    return RecoilSignal(
        experiment,
        energies,
        np.stack(response, axis=1),
        files.nuisances(declared.file),
        files.share,
        norms,
    )


def _arrival(files: Files) -> dict[str, Array]:
    """Share of each time bin by group of components, as the release gives it."""
    found = {}
    for group, file in files.analysis.signal.arrival.items():
        axis = files.cells.axis("time")
        centres, values = read_numbers(files.folder, file, 2).T
        found[group] = Cells((axis,)).sorted_in([centres * axis.scale], values)
    return found


def _template(files: Files) -> Array:
    rows = files.analysis.signal.template
    if rows is None:
        raise InputError(Mistake("data", "no template of the signal", "'signal.template'"))
    return files.read(rows).template(files.cells)


def _ratio(files: Files, nuisance: Nuisance) -> Morph:
    """The factor on each cell: the released variation over the released template."""
    nominal = _template(files)
    morph = files.variation(nominal, nuisance)
    there = nominal > 0
    return morph.times(np.where(there, 1.0 / np.where(there, nominal, 1.0), 0.0))


def _sharing(files: Files) -> dict[str, Array]:
    """Probability of the bins of the further axes, given the energy bin.

    Above the energies that the released template covers it is taken as in its last bin.
    """
    found, cells = {}, files.cells
    for name in files.analysis.axes:
        places = (cells.names.index("energy"), cells.names.index(name))
        others = tuple(i for i in range(len(cells.axes)) if i not in places)
        joint = _template(files).reshape(cells.shape).sum(axis=others)
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
