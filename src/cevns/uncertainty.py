"""How well a prediction is known: the priors of its parameters, carried to counts and bins.

Each parameter with a prior is moved by one standard deviation to both sides, all others held; half
the difference is its effect, and the effects add up with the correlations of the priors,
σ² = Σ ρ_ij d_i d_j. That is exact for what enters linearly (norms, fluxes, backgrounds) and first
order for the rest; both sides are shown, so that it can be seen where that is not enough.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cevns.detector import windows

if TYPE_CHECKING:
    from cevns.config.study import Study
    from cevns.experiment import Experiment
    from cevns.parameters import Parameter, Theta

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, eq=False)
class Effect:
    """What one standard deviation of a parameter does.

    Attributes
    ----------
    parameter : Parameter
    down, up : float
        Change of the signal events that pass everything, at −1σ and +1σ (or at a bound before).
    bins : array, shape (bins,)
        Half the difference of the signal in each bin of the observable.
    background : float
        Half the difference of the background events.
    """

    parameter: Parameter
    down: float
    up: float
    bins: Array
    background: float

    @property
    def signal(self) -> float:
        """Half the difference of the signal events."""
        return 0.5 * (self.up - self.down)


@dataclass(frozen=True, eq=False)
class Uncertainty:
    """The effects of all priors, the largest first, and their sum.

    ``total`` is the standard deviation of the signal events that pass everything, ``bins`` that of
    each bin of the observable, shape (bins,), ``background`` that of the background events.
    """

    effects: tuple[Effect, ...]
    total: float
    bins: Array
    background: float

    def as_dict(self) -> dict[str, Any]:
        """Plain data for ``--json``: priors in the unit of each parameter."""
        return {
            "total": self.total,
            "background": self.background,
            "bins": [float(value) for value in self.bins],
            "parameters": [
                {
                    "address": one.parameter.address,
                    "prior": float(f"{(one.parameter.prior or 0.0) / one.parameter.scale:.12g}"),
                    "unit": one.parameter.unit,
                    "down": one.down,
                    "up": one.up,
                    "background": one.background,
                }
                for one in self.effects
            ],
        }


def uncertainty(study: Study, name: str = "") -> Uncertainty | None:
    """How well the prediction of experiment ``name`` is known; None where nothing has a prior.

    Raises
    ------
    InputError
        What a prediction raises.
    """
    experiment = study.experiments[name]
    effects = [
        effect
        for address, parameter in study.parameters.items()
        if parameter.prior and np.isreal(parameter.value) and address not in study.ties
        for effect in [_effect(study, name, experiment, address, parameter)]
        if effect.up or effect.down or effect.background
    ]
    if not effects:
        return None
    rho = _correlations(study, [one.parameter.address for one in effects])
    bins = np.stack([one.bins for one in effects])
    return Uncertainty(
        tuple(sorted(effects, key=lambda one: -max(abs(one.signal), abs(one.background)))),
        _sum([one.signal for one in effects], rho),
        np.sqrt(np.einsum("ib,ij,jb->b", bins, rho, bins)),
        _sum([one.background for one in effects], rho),
    )


def _sum(effects: Sequence[float], rho: Array) -> float:
    return float(np.sqrt(np.asarray(effects) @ rho @ np.asarray(effects)))


def _correlations(study: Study, addresses: Sequence[str]) -> Array:
    rho = np.eye(len(addresses))
    for (one, other), value in study.correlations.items():
        if one in addresses and other in addresses:
            i, j = addresses.index(one), addresses.index(other)
            rho[i, j] = rho[j, i] = value
    return rho


def _effect(
    study: Study, name: str, experiment: Experiment, address: str, parameter: Parameter
) -> Effect:
    value, width = parameter.value, parameter.prior or 0.0
    low, high = parameter.bounds or (-np.inf, np.inf)
    nominal = _counts(experiment, study.theta(name))
    down, up = (
        _counts(experiment, _moved(study, name, address, float(np.clip(x, low, high))))
        for x in (value - width, value + width)
    )
    bins = 0.5 * (up[0] - down[0])
    total = np.sum(nominal[0])
    return Effect(
        parameter,
        down=float(np.sum(down[0]) - total),
        up=float(np.sum(up[0]) - total),
        bins=bins[1:-1],
        background=0.5 * (up[1] - down[1]),
    )


def _moved(study: Study, name: str, address: str, value: float) -> Theta:
    """The values that the file sets, with another one at ``address`` and what is tied to it."""
    known = study.experiments[name].parameters
    moved = dict(_at(study, name, address, value))
    return {**study.theta(name), **{key: x for key, x in moved.items() if key in known}}


def _at(study: Study, name: str, address: str, value: float) -> Iterator[tuple[str, float]]:
    addresses: Mapping[str, Parameter] = study.addresses(name)
    for there, own in addresses.items():
        if study.ties.get(there, there) == address:
            yield own.address, value


def _counts(experiment: Experiment, theta: Theta) -> tuple[Array, float]:
    """Signal in each bin and beyond both ends, and background events."""
    signal = experiment.binned(windows(experiment.edges), theta)
    background = experiment.backgrounds(theta)
    return signal, float(sum(np.sum(counts) for counts in background.values()))
