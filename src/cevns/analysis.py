"""From an experiment file to a likelihood: data sets, own counts, parameters that float."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from cevns.config.places import place
from cevns.config.schema import DataChoice
from cevns.config.settings import read_number
from cevns.config.study import Study, study_from
from cevns.datasets.analysis import read_analysis
from cevns.datasets.apparatus import chosen_runs
from cevns.datasets.files import cells_of
from cevns.datasets.release import read_release
from cevns.datasets.store import require
from cevns.datasets.templates import Release
from cevns.declared import SIGNAL_NORM
from cevns.errors import InputError, Mistake
from cevns.experiment import Experiment
from cevns.likelihood.channel import Channel
from cevns.likelihood.joint import Likelihood
from cevns.likelihood.own import OwnBackgrounds, read_counts
from cevns.likelihood.signal import Signal
from cevns.likelihood.statistic import Gaussian


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
    without = [name for name in study.blocks if name not in names]
    if without:
        text = f"{', '.join(without)}: no data, so not in the fit"
        warnings.warn(text, UserWarning, stacklevel=2)
    _refuse_overlap(study, names)
    channels = [channel for name in names for channel in channels_of(study, name)]
    _refuse_other_statistic(study, channels)
    likelihood = _likelihood(study, channels)
    _refuse_correlations(study, likelihood)
    interest = _interest(study, likelihood)
    asked = interest if study.together.fit is not None and study.together.fit.addresses else ()
    likelihood = likelihood.freed(asked)
    if lacking := unmeasured_backgrounds(study, names, likelihood.floating):
        text = f"exposure.off is not used by a likelihood: give {', '.join(lacking)} a prior"
        warnings.warn(text, UserWarning, stacklevel=2)
    return Analysis(study, likelihood, interest)


def prediction_of(study: Study) -> Likelihood:
    """The likelihood of all experiments with what they expect for counts, data or not."""
    theta = _set_values(study)
    channels = [channel for name in study.blocks for channel in channels_of(study, name)]
    return _likelihood(study, [one.with_observed(one.expected(theta)) for one in channels])


def _likelihood(study: Study, channels: list[Channel]) -> Likelihood:
    parameters = study.parameters
    acting = {address for channel in channels for address in channel.names.values()}
    ties = {address: other for address, other in study.ties.items() if address in acting}
    felt = acting | {*ties.values()}
    floating = tuple(
        address
        for address, parameter in parameters.items()
        if address in felt and not parameter.fixed and address not in ties
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


def unmeasured_backgrounds(
    study: Study, names: Iterable[str], floating: Collection[str]
) -> list[str]:
    """Norms for which ``exposure.off`` of the experiments ``names`` would have to be a prior.

    A likelihood knows of time without the source only through priors: these are the norms of
    backgrounds there that are not among those ``floating``, or have none.
    """
    found = []
    for name in names:
        own = study.addresses(name) if study.blocks[name].exposure.off else {}
        for address, parameter in own.items():
            end = study.ties.get(address, address)
            known = end in floating and study.parameters[end].prior is not None
            if _is_background_norm(parameter.address) and not known:
                found.append(address)
    return found


def _is_background_norm(address: str) -> bool:
    return address.startswith("background.") and address.endswith(".norm")


def acting_on_data(likelihood: Likelihood) -> set[str]:
    """Addresses that the data depend on, by themselves or through those that are the same."""
    acting = {address for one in likelihood.channels for address in one.names.values()}
    return acting | {*likelihood.ties.values()}


# --- channels --------------------------------------------------------------------------------


def channels_of(study: Study, name: str) -> tuple[Channel, ...]:
    """Experiment ``name`` as channels, one for each run; without counts where it has no data.

    Raises
    ------
    InputError
        With places in the file.
    """
    experiment = study.experiments[name]
    own = {parameter.address: address for address, parameter in study.addresses(name).items()}
    try:
        made = _released(study, name) if study.blocks[name].data_set else (_own(study, name),)
    except InputError as error:
        raise InputError([place(one, name, study.resolved) for one in error.mistakes]) from None
    title = experiment.name or name
    return tuple(
        replace(
            channel,
            name=".".join(part for part in (name, channel.run) if part),
            title=f"{title} {channel.run.upper()}".strip(),
            names=own,
            experiment=name,
        )
        for channel in made
    )


def _released(study: Study, name: str) -> tuple[Channel, ...]:
    """A public data set, run by run; of one without runs the whole."""
    choice = study.blocks[name].data
    assert choice is not None and choice.name is not None
    experiment = study.experiments[name]

    def number(value: Any, address: str) -> float:
        return float(read_number(value, experiment.parameters[address], f"data: {address}"))

    held = {own for own, parameter in study.own_parameters(name).items() if parameter.fixed}
    released = None if choice.signal is None else choice.signal == "released"
    runs = chosen_runs(choice.name, choice.runs)
    known = read_analysis(choice.name), require(choice.name), _apparatus(choice)
    releases = [Release(*known, run, runs) for run in runs or ("",)]
    return tuple(one.channel(experiment, number, released, held) for one in releases)


@cache
def _apparatus(choice: DataChoice) -> Experiment:
    """The experiment of a release, as its authors describe it."""
    data = choice.model_dump(include={"name", "quenching", "runs"}, exclude_none=True)
    (experiment,) = study_from({"data": data}).experiments.values()
    return experiment


def _own(study: Study, name: str) -> Channel:
    """The user's own counts, or none yet."""
    choice, experiment = study.blocks[name].data, study.experiments[name]
    cells = cells_of(experiment)
    observed = np.zeros(cells.size)
    if choice is not None and choice.file is not None:
        path, binned = study.directory / choice.file, experiment.binning is not None
        observed = read_counts(path, cells, choice.observable, choice.file, binned)
    contributions = (Signal(experiment, cells), OwnBackgrounds(experiment, cells))
    return Channel(name, "", cells, observed, contributions)


# --- what is asked for -----------------------------------------------------------------------


def _interest(study: Study, likelihood: Likelihood) -> tuple[str, ...]:
    """The parameters that the file wants to know; the strength of the signal by default.

    Of a name that stands for several, those that act on data, and of what is tied the end.
    """
    asked = study.together.fit.addresses if study.together.fit is not None else ()
    felt = acting_on_data(likelihood)
    found: list[str] = []
    for name in asked or (SIGNAL_NORM,):
        matches = study.matching(name)
        acting = [address for address in matches if address in felt]
        if not acting:
            wrong = f"{name}, which no data depend on"
            raise InputError(Mistake("fit.parameters", wrong, "a parameter that acts on data"))
        found.extend(_fittable(study, a) for a in acting if study.ties.get(a) not in matches)
    return tuple(dict.fromkeys(found))


def _fittable(study: Study, address: str) -> str:
    parameter = study.parameters[address]
    if address in study.ties:
        found = f"{address}, which is the same as {study.ties[address]}"
        raise InputError(Mistake("fit.parameters", found, study.ties[address]))
    if parameter.value is None or isinstance(parameter.value, complex):
        found = f"{address}, which has {'no value' if parameter.value is None else 'a phase'}"
        raise InputError(Mistake("fit.parameters", found, "a real parameter with a value"))
    return address


def _refuse_other_statistic(study: Study, channels: list[Channel]) -> None:
    """Which statistic it is the data say; to ignore another wish would be worse."""
    block = study.together.fit
    if block is None or "statistic" not in block.model_fields_set:
        return
    for channel in channels:
        own = "chi2" if isinstance(channel.statistic, Gaussian) else "poisson"
        if block.statistic != own:
            expected = f"{own!r}, the statistic of {channel.title or 'the counts'}"
            raise InputError(Mistake("fit.statistic", repr(block.statistic), expected))


def _refuse_correlations(study: Study, likelihood: Likelihood) -> None:
    """A correlation of what has no prior would be ignored without a word."""
    felt = acting_on_data(likelihood)
    for address in (address for pair in study.correlations for address in pair):
        if address not in felt:
            continue
        tied = study.ties.get(address)
        if tied is not None or study.parameters[address].prior is None:
            why = "has no prior" if tied is None else f"is the same as {tied}"
            found = f"{address}, which {why}"
            raise InputError(Mistake("correlations", found, "two parameters with priors"))


def _runs_apart(study: Study, one: str, other: str) -> bool:
    """Whether two experiments on one data set name runs that are different ones."""
    chosen = [data.runs for name in (one, other) if (data := study.blocks[name].data)]
    return all(chosen) and not set(chosen[0] or ()) & set(chosen[1] or ())


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
            if two in shared and not (one == two and _runs_apart(study, name, other)):
                found = f"{two} in {other} and {one} in {name}, which share their exposure"
                expected = "one of them ('allow_overlap: true' permits both)"
                mistakes.append(Mistake("experiments", found, expected))
    if mistakes:
        raise InputError(mistakes)
