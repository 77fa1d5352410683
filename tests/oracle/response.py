"""Detector and clock responses by dense quadrature (float64); any coherent set of units.

Times: a Gaussian pulse convolved numerically with one or two exponential decays. Observables: the
double integral over the true recoil T and the observable x of
dR/dT(T) p(x | E_ee(T)) efficiency(x), split at every bin edge, threshold and break point, and on a
ladder of kernel widths about each of them, so that narrow kernels are resolved.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
from scipy import optimize, stats

Function = Callable[[Any], Any]
ORDER = 40
SIGMAS = np.arange(-10.0, 10.5, 1.0)


@lru_cache(maxsize=8)
def _legendre(order: int) -> tuple[Any, Any]:
    x, w = np.polynomial.legendre.leggauss(order)
    return (1 + x) / 2, w / 2


def _mesh(points: Iterable[float], order: int = ORDER) -> tuple[Any, Any]:
    """Composite Gauss-Legendre nodes and weights on the sorted panels between 'points'."""
    cuts = np.unique(np.fromiter(points, dtype=float))
    x, w = _legendre(order)
    width = np.diff(cuts)[:, None]
    return (cuts[:-1, None] + width * x).ravel(), (width * w).ravel()


# --------------------------------------------------------------------------- pulse timing


def _decay(s: Any, taus: Sequence[float], cumulative: bool) -> Any:
    """Density (or cdf) at s >= 0 of the sum of one or two exponential times, by convolution."""
    s = np.asarray(s, dtype=float)
    last = taus[-1]
    if len(taus) == 1:
        return -np.expm1(-s / last) if cumulative else np.exp(-s / last) / last
    first = taus[0]
    u, w = _mesh(np.linspace(0.0, 1.0, 5))
    y = np.minimum(s, 40 * first)[:, None] * u
    rest = s[:, None] - y
    tail = -np.expm1(-rest / last) if cumulative else np.exp(-rest / last) / last
    return np.minimum(s, 40 * first) * ((np.exp(-y / first) / first * tail) @ w)


def _pulse(t: float, mu: float, sigma: float, taus: Sequence[float], cumulative: bool) -> float:
    """int dz N(z) k(t - mu - sigma z) over z < (t - mu)/sigma, k the decay density or cdf."""
    top = (t - mu) / sigma
    steep = sigma / min(taus)
    low = min(top, 0.0) - 12.0
    high = min(top, 12.0 + steep)
    panels = max(2, math.ceil((high - low) * max(1.0, steep / 8)))
    z, w = _mesh(np.linspace(low, high, panels + 1))
    kernel = _decay(sigma * (top - z), taus, cumulative)
    return float((np.exp(-z * z / 2) / math.sqrt(2 * math.pi) * kernel) @ w)


def pulse_pdf(t: Any, mu: float, sigma: float, taus: Sequence[float]) -> Any:
    """Density of Gaussian(mu, sigma) + exp(tau_1) [+ exp(tau_2)] at times t, per unit time.

    Give the shorter lifetime first.
    """
    return np.array([_pulse(float(x), mu, sigma, taus, False) for x in np.atleast_1d(t)])


def pulse_cdf(t: Any, mu: float, sigma: float, taus: Sequence[float]) -> Any:
    """Probability that Gaussian(mu, sigma) + exp(tau_1) [+ exp(tau_2)] comes before t."""
    return np.array([_pulse(float(x), mu, sigma, taus, True) for x in np.atleast_1d(t)])


# --------------------------------------------------------------------------- smearing kernels


class Kernel(Protocol):
    """p(x | e): density of the observable x given the deposited energy e > 0."""

    def pdf(self, x: Any, e: float) -> Any:
        """Density (probability for an integer x) at x."""

    def ladder(self, e: float) -> Any:
        """Observable values that split p(.|e) into smooth pieces, covering all of it."""

    def mean(self, e: float) -> float:
        """Mean observable."""

    def width(self, e: float) -> float:
        """Standard deviation of the observable."""


@dataclass(frozen=True)
class GaussianKernel:
    """Gaussian about centre(e) with standard deviation sigma(e); not truncated at zero."""

    sigma: Function
    centre: Function = field(default=lambda e: e)

    def mean(self, e: float) -> float:
        """Mean observable."""
        return float(self.centre(e))

    def width(self, e: float) -> float:
        """Standard deviation of the observable."""
        return float(self.sigma(e))

    def pdf(self, x: Any, e: float) -> Any:
        """Density (probability for quanta) at x."""
        u = (x - self.mean(e)) / self.width(e)
        return np.exp(-u * u / 2) / (math.sqrt(2 * math.pi) * self.width(e))

    def ladder(self, e: float) -> Any:
        """Steps of one sigma; 10 sigma either side (1.5e-23 left out)."""
        return self.mean(e) + self.width(e) * SIGMAS


@dataclass(frozen=True)
class GammaKernel:
    """Gamma distribution of shape(e) >= 1 and mean centre(e)."""

    shape: Function
    centre: Function = field(default=lambda e: e)

    def mean(self, e: float) -> float:
        """Mean observable."""
        return float(self.centre(e))

    def width(self, e: float) -> float:
        """Standard deviation of the observable."""
        return self.mean(e) / math.sqrt(float(self.shape(e)))

    def pdf(self, x: Any, e: float) -> Any:
        """Density (probability for quanta) at x."""
        k = float(self.shape(e))
        if k < 1:
            raise ValueError(f"the gamma oracle needs shape >= 1, got {k}")
        return stats.gamma.pdf(x, k, scale=self.mean(e) / k)

    def ladder(self, e: float) -> Any:
        """Geometric towards zero (x^(k-1) is not smooth there), linear in the upper tail."""
        mean = self.mean(e)
        tail = stats.gamma.isf(1e-22, float(self.shape(e)), scale=mean / float(self.shape(e)))
        below = mean * 0.5 ** np.arange(50)
        return np.concatenate([[0.0], below, np.linspace(mean, max(tail, 2 * mean), 12)])


@dataclass(frozen=True)
class PoissonKernel:
    """Integer quanta, Poisson with mean centre(e)."""

    centre: Function

    def mean(self, e: float) -> float:
        """Mean observable."""
        return float(self.centre(e))

    def width(self, e: float) -> float:
        """Standard deviation of the observable."""
        return math.sqrt(self.mean(e))

    def pdf(self, x: Any, e: float) -> Any:
        """Density (probability for quanta) at x."""
        return stats.poisson.pmf(x, self.mean(e))

    def ladder(self, e: float) -> Any:
        """Nothing to split: quanta are summed, not integrated."""
        return np.array([0.0])


# --------------------------------------------------------------------------- smeared counts


@dataclass(frozen=True)
class Detector:
    """Observable bins with everything that splits the integral over the observable.

    efficiency(x) is vectorised; x_breaks are its steps and kinks; below the threshold nothing is
    counted. An integer observable counts in [lo, hi) of a bin.
    """

    kernel: Kernel
    quenching: Function
    edges: tuple[float, ...]
    efficiency: Function = np.ones_like
    x_breaks: tuple[float, ...] = ()
    threshold: float = -math.inf

    def bin_probability(self, e: float) -> Any:
        """P(bin | e) for every bin, efficiency and threshold included."""
        pairs = pairwise(self.edges)
        return np.array([self._one_bin(max(a, self.threshold), b, e) for a, b in pairs])

    def _one_bin(self, lo: float, hi: float, e: float) -> float:
        if hi <= lo:
            return 0.0
        if isinstance(self.kernel, PoissonKernel):
            n = np.arange(math.ceil(lo), math.ceil(hi), dtype=float)
            return float(np.sum(self.efficiency(n) * self.kernel.pdf(n, e)))
        ladder = self.kernel.ladder(e)
        lo, hi = max(lo, float(ladder.min())), min(hi, float(ladder.max()))
        if hi <= lo:
            return 0.0
        inner = [c for c in (*self.x_breaks, *ladder) if lo < c < hi]
        x, w = _mesh([lo, hi, *inner])
        return float((self.efficiency(x) * self.kernel.pdf(x, e)) @ w)


def recoil_panels(
    detector: Detector, T_range: tuple[float, float], T_breaks: Iterable[float] = ()
) -> Any:
    """Recoil values at which the smeared integrand has to be split, ascending.

    The break points of the spectrum and of the quenching, and the recoils whose mean observable is
    an edge plus -10 ... 10 widths (the quenching must rise with T).
    """
    low, high = T_range
    marks = (*detector.edges, *detector.x_breaks, detector.threshold)
    goals = [(x, n) for x in marks if math.isfinite(x) for n in SIGMAS]
    roots = [_recoil_at(detector, x, n, low, high) for x, n in goals]
    inner = [t for t in (*T_breaks, *roots) if t is not None and low < t < high]
    return np.unique([low, *inner, high])


def _recoil_at(detector: Detector, x: float, n: float, low: float, high: float) -> float | None:
    """T at which mean(E_ee(T)) + n width = x, or None when it lies outside [low, high]."""
    kernel = detector.kernel

    def distance(T: float) -> float:
        e = float(detector.quenching(T))
        return kernel.mean(e) + n * kernel.width(e) - x

    tiny = low + 1e-12 * (high - low)
    if distance(tiny) * distance(high) >= 0:
        return None
    return float(optimize.brentq(distance, tiny, high))


def smeared_counts(
    recoil_spectrum: Function,
    detector: Detector,
    T_range: tuple[float, float],
    T_breaks: Iterable[float] = (),
    order: int = 16,
) -> Any:
    """Counts per observable bin: int dT dR/dT(T) P(bin | E_ee(T)); dR/dT vectorised in T."""
    T, w = _mesh(recoil_panels(detector, T_range, T_breaks), order)
    table = np.array([detector.bin_probability(float(e)) for e in detector.quenching(T)])
    return (w * recoil_spectrum(T)) @ table


def smeared_density(
    x: float,
    recoil_spectrum: Function,
    kernel: Kernel,
    quenching: Function,
    T_range: tuple[float, float],
    T_breaks: Iterable[float] = (),
) -> float:
    """Density of the observable at x: int dT dR/dT(T) p(x | E_ee(T))."""
    detector = Detector(kernel, quenching, (x,))
    T, w = _mesh(recoil_panels(detector, T_range, T_breaks))
    p = np.array([float(kernel.pdf(x, float(e))) for e in quenching(T)])
    return float((w * recoil_spectrum(T)) @ p)
