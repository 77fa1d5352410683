"""A fit: best values, errors, significance, goodness, and what each component contributes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cevns.declared import SIGNAL_NORM
from cevns.errors import InputError, Mistake
from cevns.inference.goodness import Goodness, goodness
from cevns.inference.interval import interval
from cevns.inference.minimum import ROUGH, Minimum, minimise
from cevns.inference.refit import refitted, settled
from cevns.likelihood.channel import Channel
from cevns.likelihood.joint import Likelihood
from cevns.likelihood.signal import SIGNAL
from cevns.likelihood.steps import natural_step
from cevns.parameters import Parameter

Array = np.ndarray[Any, np.dtype[Any]]

_ASIDE = 3.0
"""Natural steps from the nominal point at which a fit is started again."""

_SAME = 0.1
"""Natural steps by which two minima must differ."""

_ALIKE = 1e-6
"""Difference of −2 ln L that is rounding of two minima."""

_FAR = np.geomspace(1.0, 1e4, 50)
"""Errors at which a likelihood is looked at for valleys beyond a barrier."""

Events = dict[str, tuple[float, float]]
"""Component → (fitted events, error)."""


@dataclass(frozen=True)
class Variation:
    """How a parameter of interest moves when a nuisance that is held is put to −1 and +1 σ.

    ``down`` is None where only one side is known.
    """

    down: float | None
    up: float

    @property
    def size(self) -> float:
        """The mean of the shifts, without sign."""
        return abs(self.up) if self.down is None else 0.5 * (abs(self.down) + abs(self.up))


@dataclass(frozen=True, eq=False)
class Fit:
    """The outcome of `fit`, in internal units.

    Attributes
    ----------
    minimum : Minimum
    interest : tuple of str
        The parameters that the fit is for.
    intervals : mapping
        Address → ends of its 68.27 % profile-likelihood interval.
    significances : mapping
        Address of a strength of the signal → √q₀ of no signal at all; infinite where there are
        counts that nothing else explains.
    events : mapping
        Channel → component → (events, error).
    goodness : Goodness
    variations : mapping
        Address of a nuisance that is held → address of interest → its shift.
    others : tuple of Minimum
        Minima elsewhere that are less than one higher.
    """

    minimum: Minimum
    interest: tuple[str, ...]
    intervals: Mapping[str, tuple[float, float]]
    significances: Mapping[str, float]
    events: Mapping[str, Events]
    goodness: Goodness
    variations: Mapping[str, Mapping[str, Variation]]
    others: tuple[Minimum, ...] = ()

    @property
    def likelihood(self) -> Likelihood:
        """What was minimised."""
        return self.minimum.likelihood

    @property
    def ndof(self) -> int:
        """Cells and constraints less floating parameters."""
        likelihood = self.likelihood
        cells = sum(channel.cells.size for channel in likelihood.channels)
        return cells + len(likelihood.constraints.addresses) - len(likelihood.floating)

    @property
    def pulls(self) -> dict[str, tuple[float, float]]:
        """Nuisance → (θ − nominal)/σ, and its fitted error in σ."""
        constraints = self.likelihood.constraints
        pulls = constraints.pulls(self.minimum.theta).tolist()
        return {
            address: (pull, self.minimum.error(address) / width)
            for address, pull, width in zip(
                constraints.addresses, pulls, constraints.widths.tolist(), strict=True
            )
        }

    def systematic(self, address: str) -> float:
        """The quadratic sum of the variations of a parameter of interest."""
        return math.sqrt(sum(moved[address].size ** 2 for moved in self.variations.values()))

    def significance_with_systematics(self, address: str) -> float:
        """Value over the quadratic sum of its statistical width, value/√q₀, and the variations.

        Those that only multiply the signal are left out: they cannot weaken the case against none.
        """
        value, bare = self.minimum.at(address), self.significances[address]
        if value <= 0 or bare <= 0:
            return 0.0
        norms = _signal_norms(self.likelihood)
        shapes = [moved[address].size for one, moved in self.variations.items() if one not in norms]
        width = math.hypot(value / bare, *shapes)
        return value / width if width > 0 else math.inf


def fit(likelihood: Likelihood, interest: Sequence[str]) -> Fit:
    """Fit ``likelihood``, the parameters of ``interest`` floating in it too.

    Raises
    ------
    InputError
        For a parameter that no data depend on.
    """
    likelihood = likelihood.freed(interest)
    _refuse_unfelt(likelihood, interest)
    minimum, *others = _minima(likelihood, interest)
    norms = [
        address
        for address in interest
        if (address == SIGNAL_NORM or address.endswith(f".{SIGNAL_NORM}"))
        and likelihood.parameters[address].prior is None  # else q₀ would hold the prior as well
    ]
    return Fit(
        minimum,
        tuple(interest),
        {address: interval(minimum, address) for address in interest},
        {address: significance(minimum, address) for address in norms},
        {c.name: _events(minimum, c) for c in likelihood.channels},
        goodness(minimum),
        _variations(minimum, interest),
        tuple(others),
    )


def _refuse_unfelt(likelihood: Likelihood, interest: Sequence[str]) -> None:
    mistakes = [
        Mistake(
            "fit.parameters" if address in interest else "parameters",
            f"{address}, which no data depend on here",
            "a parameter that acts on data",
        )
        for address in likelihood.unfelt
    ]
    if mistakes:
        raise InputError(mistakes)


def _minima(likelihood: Likelihood, interest: Sequence[str]) -> list[Minimum]:
    """The lowest minimum, and others that are less than one higher.

    A coupling often enters squared: at zero the likelihood is then flat whatever the data say, and
    there may be a minimum on either side. Each parameter of interest without a prior, strengths of
    the signal apart, is started from both sides of its nominal value and of zero too.
    """
    nominal = dict(zip(likelihood.floating, likelihood.start.tolist(), strict=True))
    found = [settled(likelihood)]
    for address in interest:
        parameter = likelihood.parameters[address]
        if parameter.prior is None and not address.endswith(SIGNAL_NORM):
            starts = _starts(likelihood, parameter)
            found += [minimise(likelihood, {**nominal, address: start}) for start in starts]
            lowest = min(found, key=lambda one: (not one.converged, one.value))
            starts = _valleys(lowest, parameter)
            found += [minimise(likelihood, {**nominal, address: start}) for start in starts]
    from_nominal = found[0]
    # Of two that are the same, as of a coupling and its negative, the positive one.
    found.sort(key=lambda one: (not one.converged, one.value))
    lowest = found[0]
    alike = [
        one
        for one in found
        if one.converged == lowest.converged and one.value < lowest.value + _ALIKE
    ]
    best = max(alike, key=lambda one: [one.at(address) for address in interest])
    if best.degenerate:  # all places of one valley
        found = [one for one in found if one.value > best.value + ROUGH]
        near = from_nominal.converged and from_nominal.value <= best.value + ROUGH
        best = from_nominal if near else best
    distinct = [best]
    for one in found:
        near = any(
            np.all(np.abs(one.values - other.values) < _SAME * likelihood.steps)
            for other in distinct
        )
        if one.converged and one.value < best.value + 1.0 and not near and _bottom(one, interest):
            distinct.append(one)
    return distinct


def _bottom(found: Minimum, interest: Sequence[str]) -> bool:
    """Whether it goes up on both sides: where a coupling enters squared, zero may be a summit."""
    for address in interest:
        index = found.likelihood.floating.index(address)
        step = _ASIDE * _SAME * found.likelihood.steps[index]
        low, high = found.likelihood.parameters[address].bounds or (-math.inf, math.inf)
        for side in (-step, step):
            moved = found.values.copy()
            moved[index] = min(max(moved[index] + side, low), high)
            if found.likelihood(moved) < found.value - ROUGH:
                return False
    return True


def _valleys(found: Minimum, parameter: Parameter) -> list[float]:
    """Where the likelihood has a valley far from ``found``, the rest as fitted: a barrier away.

    What interferes with the weak amplitude fits twice, near zero and where it turns its sign.
    """
    likelihood, index = found.likelihood, found.likelihood.floating.index(parameter.address)
    low, high = parameter.bounds or (-math.inf, math.inf)

    def height(value: float) -> float:
        moved = found.values.copy()
        moved[index] = value
        return float(likelihood(moved))

    centre, error = float(found.values[index]), float(found.errors[index])
    if not math.isfinite(error):  # held at a bound
        return []
    starts = []
    for side in (-1.0, 1.0):
        values = [x for x in (centre + side * error * _FAR).tolist() if low <= x <= high]
        heights = np.array([height(value) for value in values])
        inside = (heights[1:-1] < heights[:-2]) & (heights[1:-1] <= heights[2:])
        starts += [values[place + 1] for place in np.flatnonzero(inside)]
    return starts


def _starts(likelihood: Likelihood, parameter: Parameter) -> list[float]:
    """Values beside the nominal one, and beside zero, within the bounds."""
    low, high = parameter.bounds or (-math.inf, math.inf)

    def height(value: float) -> float:
        return likelihood.deviance({**likelihood.fixed, parameter.address: value})

    starts = []
    for centre in dict.fromkeys((float(parameter.value), 0.0)):
        if low <= centre <= high:
            own = parameter.with_(value=centre)
            step = natural_step(own, height)
            starts += [min(max(centre + side * step, low), high) for side in (-_ASIDE, _ASIDE)]
    return starts


def significance(minimum: Minimum, address: str) -> float:
    """√q₀: from the likelihood without that signal, everything else fitted again.

    Zero where the best strength is not positive (Cowan et al., EPJ C 71 (2011) 1554, eq. 12), and
    infinite where there are counts that only the signal explains.
    """
    if minimum.at(address) <= 0:
        return 0.0
    without = refitted(minimum, {address: 0.0})
    if without.likelihood.unexplained(without.theta):
        return math.inf
    return math.sqrt(max(without.value - minimum.value, 0.0))


def _events(minimum: Minimum, channel: Channel) -> Events:
    """Fitted events of each component, with errors from the covariance of all parameters."""
    likelihood = minimum.likelihood

    def totals(values: Array) -> dict[str, float]:
        components = channel.components(likelihood.theta(values), likelihood.morphed)
        return {name: float(np.sum(events)) for name, events in components.items()}

    best = totals(minimum.values)
    if minimum.degenerate or minimum.at_limit:
        return {name: (events, math.nan) for name, events in best.items()}
    slopes = np.zeros((len(minimum.values), len(best)))
    for index, error in enumerate(minimum.errors.tolist()):
        if not math.isfinite(error) or error == 0:
            continue
        bounds = likelihood.parameters[likelihood.floating[index]].bounds or (-np.inf, np.inf)
        ends = np.clip(minimum.values[index] + 0.05 * error * np.array([-1.0, 1.0]), *bounds)
        sides = []
        for end in ends:
            moved = minimum.values.copy()
            moved[index] = end
            sides.append(np.array(list(totals(moved).values())))
        slopes[index] = (sides[1] - sides[0]) / (ends[1] - ends[0])
    variances = np.einsum("ic,ij,jc->c", slopes, np.nan_to_num(minimum.covariance), slopes)
    errors = np.sqrt(np.maximum(variances, 0.0)).tolist()
    return {name: (best[name], error) for name, error in zip(best, errors, strict=True)}


def _variations(minimum: Minimum, interest: Sequence[str]) -> dict[str, dict[str, Variation]]:
    """Refits with each nuisance that has a prior but is held, at −1 and +1 σ."""
    likelihood = minimum.likelihood
    acting = {address for channel in likelihood.channels for address in channel.names.values()}
    one_sided = {channel.names[own] for channel in likelihood.channels for own in channel.one_sided}
    found = {}
    for address, parameter in likelihood.parameters.items():
        held = address in acting and address not in likelihood.floating
        if not held or parameter.prior is None or address in likelihood.ties:
            continue
        low, high = parameter.bounds or (-math.inf, math.inf)
        ends = [
            min(max(parameter.value + side * parameter.prior, low), high) for side in (-1.0, 1.0)
        ]
        sides = [refitted(minimum, {address: end}, stay=interest) for end in ends]
        shifts = {one: [side.at(one) - minimum.at(one) for side in sides] for one in interest}
        found[address] = {
            one: Variation(None if address in one_sided else down, up)
            for one, (down, up) in shifts.items()
        }
    return found


def _signal_norms(likelihood: Likelihood) -> set[str]:
    """Addresses of what only multiplies a signal."""
    found: set[str] = set()
    for channel in likelihood.channels:
        for part in channel.parts({}, likelihood.morphed):
            if part.name == SIGNAL:
                found.update(channel.names.get(own, own) for own in part.norms)
    return found
