"""From an experiment file to a likelihood: data sets, own counts, parameters that float."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cevns.config.places import place
from cevns.config.settings import read_number
from cevns.config.study import Study
from cevns.datasets.analysis import read_analysis
from cevns.datasets.release import read_release
from cevns.datasets.store import require
from cevns.datasets.templates import Release, cells_of
from cevns.declared import SIGNAL_NORM
from cevns.errors import InputError, Mistake
from cevns.likelihood.channel import Channel
from cevns.likelihood.joint import Likelihood
from cevns.likelihood.own import OwnBackgrounds, read_counts
from cevns.likelihood.signal import Signal


@dataclass(frozen=True, eq=False)
class Analysis:
    """A study with its data: the likelihood, and what of it is asked for.

    Attributes
    ----------
    likelihood : Likelihood
        What has a prior or is freed floats, and what the file's ``fit`` block names.
    interest : tuple of str
        The parameters that a fit is for, in the addresses of the likelihood: those of the
        ``fit`` block, or the strength of the signal.
    """

    study: Study
    likelihood: Likelihood
    interest: tuple[str, ...]


def analysis_of(study: Study) -> Analysis:
    """The likelihood of all experiments of ``study`` that have data.

    Raises
    ------
    InputError
        Where no experiment has data, where two share an exposure, where files are missing, and
        where a parameter cannot be fitted.
    """
    names = [name for name, blocks in study.blocks.items() if blocks.data is not None]
    if not names:
        expected = "'data' in the file or in one of its experiments: a data set or a file of counts"
        raise InputError(Mistake("data", "no data", expected))
    _refuse_other_statistics(study)
    _refuse_overlap(study, names)
    likelihood = _likelihood(study, [channel_of(study, name) for name in names])
    interest = _interest(study, names)
    asked = interest if study.together.fit is not None and study.together.fit.addresses else ()
    return Analysis(study, likelihood.freed(asked), interest)


def prediction_of(study: Study) -> Likelihood:
    """The likelihood of all experiments with what they expect for counts, data or not."""
    channels = []
    for name in study.blocks:
        channel = channel_of(study, name)
        channels.append(channel.with_observed(channel.expected(_set_values(study))))
    return _likelihood(study, channels)


def _likelihood(study: Study, channels: list[Channel]) -> Likelihood:
    parameters = study.parameters
    acting = {address for channel in channels for address in channel.names.values()}
    ties = {address: other for address, other in study.ties.items() if address in acting}
    floating = tuple(
        address
        for address, parameter in parameters.items()
        if address in acting and not parameter.fixed and address not in ties
    )
    return Likelihood(
        tuple(channels),
        parameters,
        ties,
        floating,
        study.correlations,
        fixed=_set_values(study),
    )


def _set_values(study: Study) -> dict[str, Any]:
    """Values that the file sets, by the addresses of the file."""
    return {address: study.parameters[address].value for address in study.set_addresses}


# --- channels --------------------------------------------------------------------------------


def channel_of(study: Study, name: str) -> Channel:
    """Experiment ``name`` as a channel; without counts where the file names none.

    Raises
    ------
    InputError
        With places in the file.
    """
    experiment = study.experiments[name]
    own = {parameter.address: address for address, parameter in study.addresses(name).items()}
    try:
        channel = _released(study, name) if study.blocks[name].data_set else _own(study, name)
    except InputError as error:
        raise InputError([place(one, name, study.resolved) for one in error.mistakes]) from None
    return replace(channel, name=name, title=experiment.name or name, names=own)


def _released(study: Study, name: str) -> Channel:
    """A public data set."""
    choice = study.blocks[name].data
    assert choice is not None and choice.name is not None
    experiment = study.experiments[name]

    def number(value: Any, address: str) -> float:
        return float(read_number(value, experiment.parameters[address], f"data: {address}"))

    release = Release(read_analysis(choice.name), require(choice.name), experiment)
    released = None if choice.signal is None else choice.signal == "released"
    return release.channel(name, "", number, released)


def _own(study: Study, name: str) -> Channel:
    """The user's own counts, or none yet."""
    choice, experiment = study.blocks[name].data, study.experiments[name]
    cells = cells_of(experiment)
    observed = np.zeros(cells.size)
    if choice is not None and choice.file is not None:
        observed = read_counts(study.directory / choice.file, cells, choice.observable, choice.file)
    contributions = (Signal(experiment, cells), OwnBackgrounds(experiment, cells))
    return Channel(name, "", cells, observed, contributions)


# --- what is asked for -----------------------------------------------------------------------


def _interest(study: Study, names: list[str]) -> tuple[str, ...]:
    """The parameters that the file wants to know; the strength of the signal by default."""
    asked = study.together.fit.addresses if study.together.fit is not None else ()
    found: list[str] = []
    for name in asked or (SIGNAL_NORM,):
        found.extend(_fittable(study, address) for address in study.matching(name))
    with_data = {f"{name}.{SIGNAL_NORM}".lstrip(".") for name in names}
    counted = [a for a in found if not a.endswith(SIGNAL_NORM) or a in with_data]
    return tuple(dict.fromkeys(counted))


def _fittable(study: Study, address: str) -> str:
    parameter = study.parameters[address]
    if address in study.ties:
        found = f"{address}, which is the same as {study.ties[address]}"
        raise InputError(Mistake("fit.parameters", found, study.ties[address]))
    if parameter.value is None or isinstance(parameter.value, complex):
        found = f"{address}, which has {'no value' if parameter.value is None else 'a phase'}"
        raise InputError(Mistake("fit.parameters", found, "a real parameter with a value"))
    return address


def _refuse_other_statistics(study: Study) -> None:
    """The likelihood is Poisson's; to ignore another wish would be worse."""
    block = study.together.fit
    if block is not None and block.statistic != "poisson":
        expected = "'poisson', the statistic of fits in this version"
        raise InputError(Mistake("fit.statistic", repr(block.statistic), expected))


def _refuse_overlap(study: Study, names: list[str]) -> None:
    """Two data sets that share exposure are no independent measurements."""
    if study.together.allow_overlap:
        return
    mistakes = []
    sets = [(name, study.blocks[name].data_set) for name in names]
    for index, (name, one) in enumerate(sets):
        if one is None:
            continue
        shared = (one, *read_release(one).overlaps)
        for other, two in sets[:index]:
            if two in shared:
                found = f"{two} in {other} and {one} in {name}, which share their exposure"
                expected = "one of them ('allow_overlap: true' permits both)"
                mistakes.append(Mistake("experiments", found, expected))
    if mistakes:
        raise InputError(mistakes)
