"""When neutrinos arrive: a beam pulse convolved with the decays that follow it.

Closed forms of docs/physics.md. A pulse ⊗ exp(τ_π) is the prompt profile, ⊗ exp(τ_π) ⊗ exp(τ_μ)
the delayed one. With partial fractions every chain of different lifetimes is a weighted sum of
single exponentials, each convolved with the pulse:

    exp(τ_1) ⊗ … ⊗ exp(τ_n) = Σ_j w_j exp(τ_j),  w_j = Π_{k≠j} τ_j/(τ_j − τ_k).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import ValidationInfo

from cevns.errors import nearest, show
from cevns.parameters import NOMINAL, Theta
from cevns.spec import Duration, Quantity, Spec, Tagged, mistake
from cevns.special import erfcx, namespace, normal_cdf
from cevns.tables import FloatArray

PositiveDuration = Annotated[float, Quantity("us", range="positive")]


def _scaled_tail(u: Any, ratio: Any) -> Any:
    """e^{−r u + r²/2} Φ(u − r): τ times the density of a Gaussian ⊗ exp(τ), with r = σ/τ.

    For u < r it is written ½ e^{−u²/2} erfcx((r − u)/√2); beyond, erfcx would overflow.
    """
    xp = namespace(u)
    below = u < ratio
    gap = xp.where(below, ratio - u, 0.0)
    left = 0.5 * xp.exp(-0.5 * u * u) * erfcx(gap / math.sqrt(2))
    # On the branch in use the exponent is at most −r²/2; elsewhere it must not overflow.
    right = xp.exp(xp.minimum(-ratio * (u - 0.5 * ratio), 0.0)) * normal_cdf(u - ratio)
    return xp.where(below, left, right)


def gaussian_exponential_cdf(u: Any, ratio: Any) -> Any:
    """Distribution function of a standard Gaussian ⊗ an exponential of mean 1/ratio, at u.

    Below the mean both terms share e^{−u²/2}, and their difference is taken after it: the
    lower tail keeps its relative accuracy. Array of the shape of ``u``; ±inf allowed.
    """
    xp = namespace(u)
    depth = xp.maximum(-u, 0.0)
    difference = erfcx(depth / math.sqrt(2)) - erfcx((ratio + depth) / math.sqrt(2))
    lower = 0.5 * xp.exp(-0.5 * depth * depth) * difference
    upper = normal_cdf(u) - _scaled_tail(u, ratio)
    return xp.where(u < 0, lower, upper)


def _ramp(y: Any) -> Any:
    """y − 1 + e^{−y} for y ≥ 0, without cancellation where y is small."""
    xp = namespace(y)
    small = xp.minimum(y, 0.1)
    # Terms to y^10 leave 1e-18 of the first at y = 0.1.
    series = 0.0 * small
    for order in range(10, 1, -1):
        series = (series + (-1.0) ** order / math.factorial(order)) * small
    series = series * small
    return xp.where(y < 0.1, series, y + xp.expm1(-y))


class PulseShape(Spec):
    """Base of the beam pulses; ``lifetime`` None is the pulse itself."""

    def cdf(self, t: Any, lifetime: float | None, theta: Theta, address: str) -> Any:
        """Fraction of pulse ⊗ exp(lifetime) before ``t`` [time], shape of ``t``."""
        raise NotImplementedError

    def pdf(self, t: Any, lifetime: float | None, theta: Theta, address: str) -> Any:
        """Density of pulse ⊗ exp(lifetime) at ``t`` [1/time], shape of ``t``."""
        raise NotImplementedError

    def kinks(self, theta: Theta, address: str) -> FloatArray:
        """Times that an integration over the profile should stop at."""
        raise NotImplementedError

    def tilted(
        self, rate: float, origin: float, theta: Theta, address: str
    ) -> tuple[float, PulseShape] | None:
        """e^{−rate (t − origin)} times the pulse, as (mass, normalised pulse).

        None where that is no pulse of the same shape.
        """
        return None


class GaussianPulse(PulseShape):
    """A Gaussian of standard deviation ``width`` around ``mean``."""

    shape: Literal["gaussian"] = "gaussian"
    mean: Duration
    width: PositiveDuration

    def _at(self, theta: Theta, address: str) -> tuple[Any, Any]:
        return self.get("mean", theta, address), self.get("width", theta, address)

    def cdf(self, t: Any, lifetime: float | None, theta: Theta, address: str) -> Any:
        """h_τ(t) of docs/physics.md."""
        mean, width = self._at(theta, address)
        u = (t - mean) / width
        return normal_cdf(u) if lifetime is None else gaussian_exponential_cdf(u, width / lifetime)

    def pdf(self, t: Any, lifetime: float | None, theta: Theta, address: str) -> Any:
        """The exponentially modified Gaussian."""
        mean, width = self._at(theta, address)
        u = (t - mean) / width
        if lifetime is None:
            return namespace(u).exp(-0.5 * u * u) / (math.sqrt(2 * math.pi) * width)
        return _scaled_tail(u, width / lifetime) / lifetime

    def kinks(self, theta: Theta, address: str) -> FloatArray:
        """The mean and a few widths around it."""
        mean, width = self._at(theta, address)
        return np.asarray(mean + width * np.array([-8, -5, -3, -1.5, 0, 1.5, 3, 5, 8.0]))

    def tilted(
        self, rate: float, origin: float, theta: Theta, address: str
    ) -> tuple[float, PulseShape] | None:
        """A Gaussian moved by −rate · width². None where its mass would swamp the result."""
        mean, width = (float(value) for value in self._at(theta, address))
        log_mass = -rate * (mean - origin) + 0.5 * (rate * width) ** 2
        # A large mass multiplies a small difference of distribution functions: digits are lost.
        if log_mass > 3.0:
            return None
        return math.exp(log_mass), GaussianPulse(mean=mean - rate * width**2, width=width)


class BoxPulse(PulseShape):
    """Constant from ``start`` for the time ``width``."""

    shape: Literal["box"] = "box"
    start: Duration = 0.0
    width: PositiveDuration

    def _parts(self, t: Any, theta: Theta, address: str) -> tuple[Any, Any, Any]:
        """Times since the start and since the end (zero before), and the width."""
        start, width = self.get("start", theta, address), self.get("width", theta, address)
        xp = namespace(t)
        return xp.maximum(t - start, 0.0), xp.maximum(t - start - width, 0.0), width

    def cdf(self, t: Any, lifetime: float | None, theta: Theta, address: str) -> Any:
        """[g(t) − g(t − w)]/w, g(z) = z − τ (1 − e^{−z/τ})."""
        since, after, width = self._parts(t, theta, address)
        xp = namespace(since)
        within = xp.minimum(since, width)
        if lifetime is None:
            return within / width
        # After the end: 1 − (τ/w)(1 − e^{−w/τ}) e^{−(t − end)/τ}, without large numbers.
        lost = -xp.expm1(-within / lifetime) * xp.exp(-after / lifetime) * lifetime / width
        return xp.where(after > 0, 1.0 - lost, _ramp(within / lifetime) * lifetime / width)

    def pdf(self, t: Any, lifetime: float | None, theta: Theta, address: str) -> Any:
        """Density: rises like 1 − e^{−z/τ} in the pulse, decays after it."""
        since, after, width = self._parts(t, theta, address)
        xp = namespace(since)
        if lifetime is None:
            return xp.where((since > 0) & (after == 0), 1.0, 0.0) / width
        within = xp.minimum(since, width)
        return -xp.expm1(-within / lifetime) * xp.exp(-after / lifetime) / width

    def kinks(self, theta: Theta, address: str) -> FloatArray:
        """Start and end."""
        start = float(self.get("start", theta, address))
        return np.array([start, start + float(self.get("width", theta, address))])


class DeltaPulse(PulseShape):
    """Everything at one moment."""

    shape: Literal["delta"] = "delta"
    at: Duration = 0.0

    def cdf(self, t: Any, lifetime: float | None, theta: Theta, address: str) -> Any:
        """1 − e^{−(t − at)/τ}; without a lifetime a step that counts times strictly before t."""
        xp = namespace(t)
        since = t - self.get("at", theta, address)
        if lifetime is None:
            return xp.where(since > 0, 1.0, 0.0)
        return -xp.expm1(-xp.maximum(since, 0.0) / lifetime)

    def pdf(self, t: Any, lifetime: float | None, theta: Theta, address: str) -> Any:
        """e^{−(t − at)/τ}/τ; without a lifetime infinite at the moment and zero elsewhere."""
        xp = namespace(t)
        since = t - self.get("at", theta, address)
        if lifetime is None:
            return xp.where(since == 0, math.inf, 0.0)
        density = xp.exp(-xp.maximum(since, 0.0) / lifetime) / lifetime
        return xp.where(since >= 0, density, 0.0)

    def kinks(self, theta: Theta, address: str) -> FloatArray:
        """The moment."""
        return np.array([float(self.get("at", theta, address))])

    def tilted(
        self, rate: float, origin: float, theta: Theta, address: str
    ) -> tuple[float, PulseShape] | None:
        """The same moment, weighted."""
        at = float(self.get("at", theta, address))
        log_mass = -rate * (at - origin)
        return None if log_mass > 3.0 else (math.exp(log_mass), DeltaPulse(at=at))


PULSES: dict[str, type[PulseShape]] = {
    "gaussian": GaussianPulse,
    "box": BoxPulse,
    "delta": DeltaPulse,
}


class _PulseBlock(Tagged):
    """A pulse is told by its ``shape``, not by a ``type``."""

    def _validate(self, value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, PulseShape):
            return value
        names = ", ".join(PULSES)
        if not isinstance(value, Mapping):
            raise mistake(show(value), f"a block with a 'shape' ({names})")
        name = value.get("shape")
        if not isinstance(name, str) or name not in PULSES:
            found = "no 'shape'" if name is None else f"shape {show(name)}"
            close = None if name is None else nearest(name, PULSES)
            raise mistake(found, f"a pulse shape: {names}", close)
        return PULSES[name].model_validate(value, context=info.context)


Pulse = Annotated[PulseShape, _PulseBlock(lambda: PULSES, "pulse")]
"""Annotation of a ``pulse`` field."""


def decay_weights(lifetimes: tuple[float, ...]) -> tuple[float, ...]:
    """w_j = Π_{k≠j} τ_j/(τ_j − τ_k): a chain of decays as a sum of exponentials."""
    if len(set(lifetimes)) < len(lifetimes):
        raise ValueError("the lifetimes of a chain must differ")
    return tuple(
        math.prod(own / (own - other) for other in lifetimes if other != own) for own in lifetimes
    )


@dataclass(frozen=True)
class TimeProfile:
    """Arrival times of one beam component: ``pulse`` ⊗ exp(lifetime) ⊗ …

    ``lifetimes`` is () for the pulse itself, (τ_π,) for the prompt and (τ_π, τ_μ) for the
    delayed component; ``address`` is where the pulse's numbers are ("source.pulse").
    """

    pulse: PulseShape
    lifetimes: tuple[float, ...] = ()
    address: str = "source.pulse"

    def cdf(self, t: Any, theta: Theta = NOMINAL) -> Any:
        """Fraction that has arrived before ``t`` [time], shape of ``t``, 0 to 1."""
        total = self._sum(self.pulse.cdf, t, theta)
        return namespace(total).clip(total, 0.0, 1.0)

    def pdf(self, t: Any, theta: Theta = NOMINAL) -> Any:
        """Density at ``t`` [1/time], shape of ``t``."""
        total = self._sum(self.pulse.pdf, t, theta)
        return namespace(total).maximum(total, 0.0)

    def _sum(self, function: Callable[..., Any], t: Any, theta: Theta) -> Any:
        if isinstance(t, (list, tuple)):
            t = np.asarray(t, dtype=float)
        if not self.lifetimes:
            return function(t, None, theta, self.address)
        total: Any = 0.0
        for weight, lifetime in zip(decay_weights(self.lifetimes), self.lifetimes, strict=True):
            total = total + weight * function(t, lifetime, theta, self.address)
        return total

    def tilted(self, rate: float, origin: float, theta: Theta) -> tuple[float, TimeProfile] | None:
        """e^{−rate (t − origin)} times this profile, as (mass, profile at the nominal θ).

        An exponential factor passes through convolutions: it tilts the pulse and shortens each
        lifetime to 1/(1/τ + rate).
        """
        pulse = self.pulse.tilted(rate, origin, theta, self.address)
        if pulse is None:
            return None
        shorter = tuple(1 / (1 / lifetime + rate) for lifetime in self.lifetimes)
        parts = [new / old for new, old in zip(shorter, self.lifetimes, strict=True)]
        return pulse[0] * math.prod(parts), TimeProfile(pulse[1], shorter, self.address)
