"""The likelihood of one data set or of several, as a function of the parameters that float."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from cevns.likelihood.channel import Channel
from cevns.likelihood.constraints import Constraints
from cevns.likelihood.linear import Linear
from cevns.likelihood.steps import natural_step
from cevns.parameters import Parameters, Theta

Array = np.ndarray[Any, np.dtype[Any]]

_AtPoint = tuple[dict[str, Any], list[tuple[Array, Array]]]
"""θ, and the expectation with its derivatives in each channel."""

_KEPT = 32
"""Stacks of templates kept: those of a point, and of the differences around it."""

_DIFFERENCE = 1e-2
"""Step of the central differences of expectations, in natural steps: 1e-4 of the slope."""


@dataclass(frozen=True, eq=False)
class Likelihood:
    """−2 ln(L/L_saturated): the terms of all cells, Poisson's or Gaussian, and the constraints.

    Attributes
    ----------
    channels : tuple of Channel
    parameters : Parameters
        By address, those of single data sets with their names in front.
    ties : mapping
        Address → the address whose value it always has.
    floating : tuple of str
        What is varied; the rest stays at its nominal value.
    correlations : mapping
        Pair of addresses → correlation of their priors.
    morphed : bool
        Interpolate shapes between templates instead of folding them again.
    fixed : mapping
        θ of what does not float, where it is not nominal.
    aux : mapping
        Where a prior is centred, if not at the nominal value: the auxiliary data of a toy.
    counted : tuple of str
        What is held but did float, so that its prior is part of the likelihood.
    """

    channels: tuple[Channel, ...]
    parameters: Parameters
    ties: Mapping[str, str] = field(default_factory=dict)
    floating: tuple[str, ...] = ()
    correlations: Mapping[tuple[str, str], float] = field(default_factory=dict)
    morphed: bool = False
    fixed: Mapping[str, Any] = field(default_factory=dict)
    aux: Mapping[str, float] = field(default_factory=dict)
    counted: tuple[str, ...] = ()
    # Found once for a likelihood and everything derived from it: they need not be exact.
    _known_steps: dict[str, float] = field(default_factory=dict, repr=False)
    _last: dict[bytes, _AtPoint] = field(default_factory=dict, init=False, repr=False)
    _made: dict[tuple[float, ...], Linear] = field(default_factory=dict, init=False, repr=False)

    # --- which parameters float --------------------------------------------------------------

    def with_(self, **changes: Any) -> Likelihood:
        """A copy with some attributes replaced."""
        return replace(self, **changes)

    def freed(self, addresses: Iterable[str]) -> Likelihood:
        """With these floating as well."""
        more = [address for address in addresses if address not in self.floating]
        return self.with_(floating=(*more, *self.floating))

    def held(self, values: Mapping[str, Any]) -> Likelihood:
        """With these no longer floating but at the values given.

        The priors of those that floated still count, as in a profile.
        """
        rest = tuple(address for address in self.floating if address not in values)
        known = tuple(a for a in self.floating if a in values and self.parameters[a].prior)
        return self.with_(
            floating=rest, fixed={**self.fixed, **values}, counted=(*self.counted, *known)
        )

    @cached_property
    def constraints(self) -> Constraints:
        """The priors of what floats, around the auxiliary measurements where those differ."""
        known = (*self.floating, *self.counted)
        pairs = {pair: rho for pair, rho in self.correlations.items() if set(pair) <= set(known)}
        return Constraints.of(self.parameters, known, pairs).around(self.aux)

    @cached_property
    def start(self) -> Array:
        """Nominal values of what floats, shape (n,)."""
        return np.array([float(self.parameters[a].value) for a in self.floating])

    @cached_property
    def steps(self) -> Array:
        """How far each must move to be felt: its prior, or what changes D by about one."""
        for address in self.floating:
            if address not in self._known_steps:
                self._known_steps[address] = self._step(address)
        return np.array([self._known_steps[address] for address in self.floating])

    def _step(self, address: str) -> float:
        parameter = self.parameters[address]
        if parameter.prior is not None:
            return float(parameter.prior)
        return natural_step(parameter, lambda value: self.deviance({**self.fixed, address: value}))

    @property
    def unfelt(self) -> tuple[str, ...]:
        """Floating parameters that no data depend on, neither a step up nor a step down."""
        here = self._expected(self.start)
        found = []
        for index, address in enumerate(self.floating):
            if self.parameters[address].prior is not None:
                continue
            low, high = self.parameters[address].bounds or (-np.inf, np.inf)
            moved = [self.start.copy(), self.start.copy()]
            for one, side in zip(moved, (-1.0, 1.0), strict=True):
                one[index] = np.clip(one[index] + side * self.steps[index], low, high)
            if all(np.array_equal(here, self._expected(one)) for one in moved):
                found.append(address)
        return tuple(found)

    def _expected(self, values: Array) -> Array:
        theta = self.theta(values)
        each = [self._stack(i, values, theta).expected(theta) for i in range(len(self.channels))]
        return np.concatenate(each)

    # --- its value ---------------------------------------------------------------------------

    def theta(self, values: Any) -> dict[str, Any]:
        """Every parameter that is not nominal, for the floating ones at ``values``, shape (n,)."""
        given = {**self.fixed, **dict(zip(self.floating, np.asarray(values).tolist(), strict=True))}
        for address, other in self.ties.items():
            if other in given:
                given[address] = given[other]
        return given

    def deviance(self, theta: Theta) -> float:
        """The terms of the cells alone, at θ."""
        return sum(
            channel.deviance(channel.expected(theta, self.morphed)) for channel in self.channels
        )

    def unexplained(self, theta: Theta, share: float = 0.0) -> bool:
        """Whether there are counts where nothing is expected at θ, or no more than a ``share``."""
        return any(
            one.unexplained(one.expected(theta, self.morphed), share) for one in self.channels
        )

    def impossible(self, theta: Theta) -> bool:
        """Whether θ asks for a mean of counts below zero."""
        return any(one.impossible(one.expected(theta, self.morphed)) for one in self.channels)

    def __call__(self, values: Any) -> float:
        """−2 ln(L/L_saturated) with the floating parameters at ``values``, shape (n,)."""
        values = np.asarray(values, dtype=float)
        theta = self.theta(values)
        total = sum(
            channel.deviance(self._stack(number, values, theta).expected(theta))
            for number, channel in enumerate(self.channels)
        )
        return total + self.constraints.value(theta)

    def gradient(self, values: Any) -> Array:
        """Its derivatives by the floating parameters, shape (n,).

        In closed form for norms and morphed shapes; for what is folded again, central
        differences of the expectations (not of the likelihood) by a hundredth of a step.
        """
        values = np.asarray(values, dtype=float)
        theta, linear = self._linearised(values)
        pulls = self.constraints.gradient(theta)
        total = np.array([pulls.get(address, 0.0) for address in self.floating])
        for channel, (expected, jacobian) in zip(self.channels, linear, strict=True):
            total += jacobian @ channel.slope(expected)
        return total

    def hessian(self, values: Any) -> Array:
        """Its second derivatives but for those of the expectations, shape (n, n).

        What is left out is weighted with the residuals and small near the minimum: good for
        finding it, not for errors.
        """
        values = np.asarray(values, dtype=float)
        _, linear = self._linearised(values)
        total = self.constraints.hessian(self.floating)
        for channel, (expected, jacobian) in zip(self.channels, linear, strict=True):
            total += (jacobian * channel.curvature(expected)) @ jacobian.T
        return total

    def _linearised(self, values: Array) -> _AtPoint:
        """θ, and for each channel the expectation and its derivatives, shape (n, cells).

        Those of the last point are kept: gradient and second derivatives are asked for in turn.
        """
        key = values.tobytes()
        if key not in self._last:
            self._last.clear()
            self._last[key] = self._linear_at(values)
        return self._last[key]

    def _linear_at(self, values: Array) -> _AtPoint:
        theta = self.theta(values)
        place = {address: index for index, address in enumerate(self.floating)}
        linear = []
        for number in range(len(self.channels)):
            stack = self._stack(number, values, theta)
            jacobian = stack.jacobian(theta, place)
            for index in self._open[number]:
                jacobian[index] = self._by_difference(number, index, values)
            linear.append((stack.expected(theta), jacobian))
        return theta, linear

    @cached_property
    def _open(self) -> list[tuple[int, ...]]:
        """Places of the floating parameters that enter each channel through the fold.

        What is in closed form somewhere is so everywhere.
        """
        theta = self.theta(self.start)
        closed = {a for channel in self.channels for a in self._made_at(channel, theta).addresses}
        return [
            tuple(
                index
                for index, address in enumerate(self.floating)
                if address not in closed and address in self._felt_in(channel)
            )
            for channel in self.channels
        ]

    def _stack(self, number: int, values: Array, theta: Theta) -> Linear:
        """The components of one channel, made again only where something open has moved."""
        key = (number, *(values[index] for index in self._open[number]))
        if key not in self._made:
            if len(self._made) >= _KEPT:
                self._made.pop(next(iter(self._made)))
            self._made[key] = self._made_at(self.channels[number], theta)
        return self._made[key]

    def _made_at(self, channel: Channel, theta: Theta) -> Linear:
        names = {own: self.ties.get(shared, shared) for own, shared in channel.names.items()}
        return Linear(channel.parts(theta, self.morphed), names)

    def _felt_in(self, channel: Channel) -> set[str]:
        """Addresses that act in a channel, the ends of ties among them."""
        acting = set(channel.names.values())
        return acting | {self.ties[address] for address in acting if address in self.ties}

    def _by_difference(self, number: int, place: int, values: Array) -> Array:
        """∂μ/∂θ in one channel, of an address that enters it through the fold."""
        half = _DIFFERENCE * self.steps[place]
        low, high = self.parameters[self.floating[place]].bounds or (-np.inf, np.inf)
        points = np.clip(values[place] + np.array([-half, half]), low, high)
        sides = []
        for point in points:
            moved = values.copy()
            moved[place] = point
            theta = self.theta(moved)
            sides.append(self._stack(number, moved, theta).expected(theta))
        slope: Array = (sides[1] - sides[0]) / (points[1] - points[0])
        return slope

    # --- other data --------------------------------------------------------------------------

    def with_counts(
        self, counts: Sequence[Any], aux: Mapping[str, float] | None = None
    ) -> Likelihood:
        """The same with other counts, one array per channel, and other auxiliary measurements."""
        channels = tuple(
            channel.with_observed(observed)
            for channel, observed in zip(self.channels, counts, strict=True)
        )
        return self.with_(channels=channels, aux={} if aux is None else dict(aux))

    def asimov(self, theta: Theta) -> Likelihood:
        """With the expectation at θ for counts: every estimate comes out at θ.

        Where a morphed template is below zero, no count can be: there it is zero.
        """
        counts = [
            np.maximum(channel.expected(theta, self.morphed), 0.0) for channel in self.channels
        ]
        centres = {a: theta[a] for a in self.constraints.addresses if a in theta}
        return self.with_counts(counts, centres)

    def toy(self, theta: Theta, generator: np.random.Generator) -> Likelihood:
        """With counts and auxiliary measurements drawn at θ."""
        counts = [
            channel.statistic.draw(channel.expected(theta, self.morphed), generator)
            for channel in self.channels
        ]
        return self.with_counts(counts, self.constraints.draw(theta, generator))
