"""Which choice matters here: the total of an experiment with one choice changed at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from cevns.experiment import Experiment
from cevns.form_factor_spec import parse_form_factor
from cevns.form_factors import FormFactor, parameters_of
from cevns.interactions import Model, StandardModel
from cevns.interactions.standard_model import SCHEMES
from cevns.kinematics import KINEMATICS
from cevns.parameters import NOMINAL, Theta
from cevns.sources.base import Source
from cevns.units import fm

SKIN = 0.1 * fm
"""Shift of the neutron skin whose effect is shown."""

_FORM_FACTORS = ("helm", "helm-lewin-smith", "klein-nystrand", "symmetrized-fermi", "point")


@dataclass(frozen=True)
class Alternative:
    """One change: which choice, what it becomes, and the signal events it gives."""

    choice: str
    becomes: str
    total: float
    change: float
    """Relative to the total as asked for."""


def budget(experiment: Experiment, theta: Theta = NOMINAL) -> list[Alternative]:
    """How the total number of signal events moves when one choice changes.

    Form factor, couplings, kinematics, what the sources leave open, radii (charge radii by their
    uncertainty, neutron skins by `SKIN`) and the time cuts are changed one at a time, all else as
    in ``experiment``. Raises what a prediction raises.
    """
    nominal = signal_events(experiment, theta)
    found = []
    for choice, becomes, changed, at, base in _alternatives(experiment, theta):
        reference = nominal if base is theta else signal_events(experiment, base)
        change = signal_events(changed, at) / reference - 1 if reference else 0.0
        found.append(Alternative(choice, becomes, nominal * (1 + change), change))
    return found


def signal_events(experiment: Experiment, theta: Theta) -> float:
    """Signal events that pass everything."""
    return float(experiment.counts_above([-np.inf], theta)[0])


Change = tuple[str, str, Experiment, Theta, Theta]
"""Choice, what it becomes, the changed experiment, its θ, and the θ to compare with."""


def _alternatives(experiment: Experiment, theta: Theta) -> Iterator[Change]:
    present = parse_form_factor(experiment.form_factor)
    for name in _FORM_FACTORS:
        if present != FormFactor(name):
            yield "form factor", name, replace(experiment, form_factor=name), theta, theta
    yield from _couplings(experiment, theta)
    for name in KINEMATICS:
        if name != experiment.kinematics:
            yield "kinematics", name, replace(experiment, kinematics=name), theta, theta
    yield from _sources(experiment, theta)
    yield from _radii(experiment, theta)
    yield from _times(experiment, theta)


def _couplings(experiment: Experiment, theta: Theta) -> Iterator[Change]:
    """The other sets of Standard Model couplings."""
    model = experiment.model if isinstance(experiment.model, Model) else Model((experiment.model,))
    for part in model.interactions:
        if not isinstance(part, StandardModel):
            continue
        for scheme in SCHEMES:
            if scheme != part.scheme:
                other = part.model_copy(update={"scheme": scheme})
                parts = [other if each is part else each for each in model.interactions]
                yield "couplings", scheme, replace(experiment, model=Model(parts)), theta, theta


def _sources(experiment: Experiment, theta: Theta) -> Iterator[Change]:
    """The choices of the sources; several cores change together."""
    changes: dict[tuple[str, str], dict[str, Source]] = {}
    for address, source in experiment.sources:
        for choice, becomes, other in source.alternatives():
            changes.setdefault((choice, becomes), {})[address] = other
    for (choice, becomes), others in changes.items():
        each = [others.get(address, source) for address, source in experiment.sources]
        changed = others.get("source", each)  # one source that has no name, or a list
        yield choice, becomes, replace(experiment, source=changed), theta, theta


def _radii(experiment: Experiment, theta: Theta) -> Iterator[Change]:
    """Each element's charge radius by its uncertainty, and its neutron skin."""
    nuclides = experiment.detector.target.nuclides
    declared = parameters_of(parse_form_factor(experiment.form_factor), nuclides)
    addresses = {parameter.address: parameter for parameter in declared}
    for element in experiment.detector.target.elements:
        errors = [n.charge_radius_uncertainty for n in nuclides if n.symbol == element]
        error = max((e for e in errors if e), default=None)
        radius, skin = f"{element}.rms_radius", f"{element}.neutron_skin"
        for choice, address, step, unit in (
            ("charge radius", radius, error, f"+{(error or 0) / fm:.4f} fm (one sigma)"),
            ("neutron skin", skin, SKIN, f"+{SKIN / fm:.1f} fm"),
        ):
            if step and address in addresses:
                # θ speaks of the element: compare with all its isotopes at the value shown
                base = {**theta, address: theta.get(address, addresses[address].value)}
                moved = {**base, address: base[address] + step}
                yield choice, f"{element} {unit}", experiment, moved, base


def _times(experiment: Experiment, theta: Theta) -> Iterator[Change]:
    """Without the time efficiency, and without any time cut."""
    time = experiment.detector.time
    if time is None:
        return
    if time.efficiency is not None:
        kept = time.model_copy(update={"efficiency": None})
        detector = experiment.detector.model_copy(update={"time": kept})
        yield "time", "no time efficiency", replace(experiment, detector=detector), theta, theta
    detector = experiment.detector.model_copy(update={"time": None})
    yield "time", "no time cuts", replace(experiment, detector=detector), theta, theta
