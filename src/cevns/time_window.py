"""The time window of a detector, and how much of a beam component passes it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import model_validator

from cevns.parameters import NOMINAL, Theta
from cevns.spec import Duration, Quantity, Spec, Tagged, family, mistake
from cevns.special import namespace
from cevns.tables import FloatArray
from cevns.timing import TimeProfile


class ExponentialTimeEfficiency(Spec):
    """1 before ``onset``, e^{−rate (t − onset)} after; CsI: 0.52 µs, 0.0494 /µs."""

    type: Literal["exponential"] = "exponential"
    onset: Duration
    rate: Annotated[float, Quantity("/us")]

    def at(self, theta: Theta, address: str) -> tuple[float, float]:
        """Onset and rate at θ."""
        return float(self.get("onset", theta, address)), float(self.get("rate", theta, address))

    def evaluate(self, t: Any, theta: Theta, address: str) -> Any:
        """The fraction kept at ``t`` [time], shape of ``t``."""
        onset, rate = self.at(theta, address)
        xp = namespace(t)
        return xp.exp(-rate * xp.maximum(t - onset, 0.0))


TimeEfficiency = Annotated[
    ExponentialTimeEfficiency, Tagged(family(ExponentialTimeEfficiency), "time efficiency")
]


class DetectorTime(Spec):
    """The time window of a detector and the fraction kept in it."""

    window: tuple[Duration, Duration]
    efficiency: TimeEfficiency | None = None

    @model_validator(mode="after")
    def _check_window(self) -> DetectorTime:
        if not self.window[1] > self.window[0]:
            raise mistake("a window that ends before it starts", "[start, end], ascending")
        return self

    def passing(self, t: Any, theta: Theta = NOMINAL, address: str = "detector.time") -> Any:
        """Fraction kept of what happens at times ``t``, same shape; the window is not looked at."""
        if self.efficiency is None:
            return np.ones_like(t)
        return self.efficiency.evaluate(t, theta, f"{address}.efficiency")

    def kept(self, edges: Any, theta: Theta = NOMINAL, address: str = "detector.time") -> Any:
        """∫ of it over each bin of ``edges`` [time]: what is left of something constant."""
        if self.efficiency is None:
            return np.diff(edges)
        onset, rate = self.efficiency.at(theta, f"{address}.efficiency")
        late = np.maximum(edges - onset, 0.0)
        decayed = late if rate == 0 else -np.expm1(-rate * late) / rate
        return np.diff(np.minimum(edges, onset) + decayed)


def fractions_of(
    profiles: Sequence[TimeProfile | None],
    edges: Any,
    time: DetectorTime | None,
    theta: Theta = NOMINAL,
    address: str = "detector.time",
) -> FloatArray:
    """`time_fractions` of several profiles, shape (n, bins); 1 for None: all times alike."""
    rows: dict[TimeProfile | None, FloatArray] = {None: np.ones(1)}  # several share a profile
    for profile in profiles:
        if profile is not None and profile not in rows:
            rows[profile] = time_fractions(profile, edges, time, theta, address)
    return np.stack([rows[profile] for profile in profiles])


def time_fractions(
    profile: TimeProfile,
    edges: Any,
    time: DetectorTime | None,
    theta: Theta = NOMINAL,
    address: str = "detector.time",
) -> FloatArray:
    """∫ ε_t(t) p(t) dt over each time bin, cut to the window of the detector.

    Parameters
    ----------
    edges : (bins + 1,) ascending [time]; None for the window (or all times) as one bin
    time : the detector's time block, None for all times and no losses
    address : where that block is

    Returns
    -------
    (bins,) array. Closed forms, at rounding; where the exponential efficiency meets a box pulse
    (or would overflow), Gauss-Legendre panels, at 1e-10.
    """
    window = (-math.inf, math.inf) if time is None else time.window
    limits = np.asarray(window if edges is None else edges, dtype=float)
    limits = np.clip(limits, *window)
    if time is None or time.efficiency is None:
        return np.diff(np.asarray(profile.cdf(limits, theta)))
    onset, rate = time.efficiency.at(theta, f"{address}.efficiency")
    early = np.diff(np.asarray(profile.cdf(np.minimum(limits, onset), theta)))
    late = np.maximum(limits, onset)
    # Differences of rounded numbers may be -1e-17; counts may not.
    return np.maximum(early + _decaying_part(profile, late, onset, rate, theta), 0.0)


def _decaying_part(
    profile: TimeProfile, limits: FloatArray, onset: float, rate: float, theta: Theta
) -> FloatArray:
    """∫ e^{−rate (t − onset)} p(t) dt between ``limits``, in closed form where there is one."""
    if rate == 0:
        return np.diff(np.asarray(profile.cdf(limits, theta)))
    tilted = profile.tilted(rate, onset, theta)
    if tilted is None:
        return _decaying_panels(profile, limits, onset, rate, theta)
    mass, shifted = tilted
    return mass * np.diff(np.asarray(shifted.cdf(limits)))


def _decaying_panels(
    profile: TimeProfile, limits: FloatArray, onset: float, rate: float, theta: Theta
) -> FloatArray:
    """∫ e^{−rate (t − onset)} p(t) dt between ``limits``, by Gauss-Legendre panels."""
    kinks = profile.pulse.kinks(theta, profile.address)
    scales = np.array([*profile.lifetimes, 1 / rate])[:, None]
    # After each kink p relaxes exponentially: panels that double in length, to e^{−32}.
    doubling = scales * np.array([0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0])
    ends = (np.append(kinks, onset)[:, None] + doubling.ravel()).ravel()
    # Beyond the last of them nothing is left, so an infinite limit may be moved there.
    limits = np.clip(limits, ends.min(), ends.max())
    cuts = np.unique(np.concatenate([limits, np.clip(ends, limits[0], limits[-1])]))
    nodes, weights = np.polynomial.legendre.leggauss(20)
    half, middle = 0.5 * np.diff(cuts), 0.5 * (cuts[1:] + cuts[:-1])
    t = middle[:, None] + half[:, None] * nodes
    panels = half * ((np.asarray(profile.pdf(t, theta)) * np.exp(-rate * (t - onset))) @ weights)
    summed = np.concatenate([[0.0], np.cumsum(panels)])
    return np.diff(summed[np.searchsorted(cuts, limits)])
