"""The apparatus of a public data set, as the blocks of an experiment file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cevns.datasets.analysis import Analysis, read_analysis
from cevns.datasets.release import FOLDER
from cevns.errors import InputError, Mistake, nearest, show
from cevns.exposure import KINDS
from cevns.merge import with_files
from cevns.quantities import parse_unit
from cevns.tables import Table, TableFile, read_columns

Array = np.ndarray[Any, np.dtype[Any]]
_BESIDE = 1e-9  # relative: how far outside a table it is zero


def apparatus(
    name: str, quenching: str | None = None, runs: Sequence[str] | None = None
) -> Mapping[str, Any]:
    """The blocks that describe the data set ``name``, with its tables at hand.

    Parameters
    ----------
    quenching : one of the variants of the release; its first where not given.
    runs : some of its runs; all where not given.

    Raises
    ------
    InputError
        At ``quenching`` or ``runs``, for what the release does not have.
    """
    analysis, folder = read_analysis(name), FOLDER / name
    blocks: dict[str, Any] = dict(analysis.experiment)
    if analysis.quenching:
        chosen = _variant(analysis, quenching)
        blocks["detector"] = {**blocks["detector"], "quenching": chosen}
    elif quenching is not None:
        found = f"quenching {show(quenching)} of {name}"
        raise InputError(Mistake("quenching", found, "no 'quenching': the release has no variants"))
    some = chosen_runs(name, runs)
    blocks = with_files(blocks, lambda file: str(folder / file))
    if some:
        blocks["exposure"] = _exposure(analysis, some)
    if analysis.efficiency is not None:
        curve = _efficiency(analysis, some, folder / analysis.efficiency)
        blocks["detector"] = {**blocks["detector"], "efficiency": curve}
    return blocks


def chosen_runs(name: str, runs: Sequence[str] | None) -> tuple[str, ...]:
    """``runs`` of the data set ``name``, or all that it has, which may be none.

    Raises
    ------
    InputError
        At ``runs``, for what is not a run of it, and for a run that is named twice.
    """
    known = read_analysis(name).runs
    if runs is None:
        return tuple(known)
    if not known:
        found = f"runs {show(list(runs))} of {name}"
        raise InputError(Mistake("runs", found, "no 'runs': the release has no parts"))
    for run in runs:
        if run not in known:
            expected = f"a run of {name}: {', '.join(known)}"
            raise InputError(Mistake("runs", show(run), expected, nearest(run, known)))
    if not runs or len(set(runs)) < len(runs):
        raise InputError(Mistake("runs", show(list(runs)), "each run once, and one at least"))
    return tuple(run for run in known if run in runs)


def _variant(analysis: Analysis, quenching: str | None) -> Mapping[str, Any]:
    known = analysis.quenching
    chosen = next(iter(known)) if quenching is None else quenching
    if chosen not in known:
        expected = f"a quenching of the release: {', '.join(known)}"
        raise InputError(Mistake("quenching", show(chosen), expected, nearest(chosen, known)))
    return known[chosen]


def _exposure(analysis: Analysis, runs: Sequence[str]) -> str:
    """That of the runs together, as text."""
    each = [analysis.runs[run].exposure for run in runs]
    unit = KINDS[each[0].kind]
    return f"{sum(one.amount for one in each) / parse_unit(unit).scale:.12g} {unit}"


def _efficiency(analysis: Analysis, runs: Sequence[str], file: Path) -> Mapping[str, Any]:
    """The mean efficiency for recoils, runs weighted by exposure; zero outside the table."""
    columns = [("energy", ("keVnr",)), *((run, ("1",)) for run in analysis.runs)]
    numbers = read_columns(file, columns)
    energy, curves = numbers[:, 0], dict(zip(analysis.runs, numbers[:, 1:].T, strict=True))
    exposures = np.array([analysis.runs[run].exposure.amount for run in runs])
    mean = exposures @ np.array([curves[run] for run in runs]) / np.sum(exposures)
    ends = [energy[0] * (1 - _BESIDE), energy[-1] * (1 + _BESIDE)]
    table = Table(np.concatenate([ends[:1], energy, ends[1:]]), np.pad(mean, 1), "keVnr")
    return {"type": "table", "of": "recoil", "file": TableFile(str(file), table)}
