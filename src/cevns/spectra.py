r"""Neutrino energy spectra and their cumulative moments

.. math:: G_n(E) = \int_E^\infty \varphi(E')\, E'^{-n}\, dE', \qquad n = 0, 1, 2,

made once per spectrum: everything the recoil side ever asks of a flux. Each kind of spectrum sums
from the top, so that the moments keep their *relative* accuracy up to the end point, where the
three terms of a cross-section cancel.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.polynomial import chebyshev

from cevns.errors import InputError, Mistake
from cevns.special import namespace

Array = np.ndarray[Any, np.dtype[Any]]
ORDERS = np.array([0, 1, 2])
_LOWEST = 1e-9  # moments below this fraction of the end point are those at it


class Spectrum(Protocol):
    """What the engine needs to know of a flux.

    One that swings may have ``swings`` as well, energies between which it turns by a step or so
    (`cevns.weighted`): panels of recoils follow them.
    """

    @property
    def breaks(self) -> tuple[float, ...]:
        """Energies, ascending, where the spectrum is not smooth, both ends included."""

    def moments(self, energy: Any) -> Any:
        """G_n(energy), shape (3, \\*energy.shape)."""

    def __call__(self, energy: Any) -> Any:
        """The density φ at ``energy`` (zero for lines), same shape."""


class LineSpectrum:
    """Lines of given ``weights`` at ``energies``; below zero only if they are ``signed``."""

    def __init__(self, energies: Any, weights: Any, signed: bool = False):
        self.energies = np.asarray(energies, dtype=float)
        self.weights = np.asarray(weights, dtype=float)
        _require_positive(self.energies, np.abs(self.weights) if signed else self.weights)
        self._terms = self.weights * self.energies ** -ORDERS[:, None]

    @property
    def breaks(self) -> tuple[float, ...]:
        return tuple(np.unique(self.energies))

    def moments(self, energy: Any) -> Any:
        xp = namespace(energy)
        open_ = xp.asarray(energy)[..., None] <= xp.asarray(self.energies)
        return xp.stack([xp.sum(xp.where(open_, term, 0.0), axis=-1) for term in self._terms])

    def __call__(self, energy: Any) -> Any:
        return 0.0 * energy


class MichelSpectrum:
    r"""Neutrinos of muon decay at rest, unit integral, in closed form.

    With :math:`t = 1 - 2E/m_\mu`: :math:`\nu_e \propto (1-t)^2 t` and
    :math:`\bar\nu_\mu \propto (1-t)^2 (1+2t)` (Michel 1950; the electron mass neglected). The
    moments are polynomials in :math:`t`, whose lowest power carries the zero at the end point.
    """

    # Ascending powers of t: E_end^n G_n for n = 0, 1, 2, and E_end * density / (1 - t)^2.
    _POLYNOMIALS: ClassVar = {
        "nu_e": ((0, 0, 6, -8, 3), (0, 0, 6, -4), (0, 0, 6), (0, 12)),
        "nu_mu_bar": ((0, 2, 0, -2, 1), (0, 2, 1, -4 / 3), (0, 2, 2), (2, 4)),
    }

    def __init__(self, flavour: str, muon_mass: float):
        self.end = muon_mass / 2
        *self._moments, self._density = self._POLYNOMIALS[flavour]

    @property
    def breaks(self) -> tuple[float, ...]:
        return (0.0, self.end)

    def _t(self, energy: Any) -> Any:
        xp = namespace(energy)
        return xp.clip((self.end - energy) / self.end, 0.0, 1.0)

    def moments(self, energy: Any) -> Any:
        t = self._t(energy)
        rows = [_horner(row, t) / self.end**n for n, row in enumerate(self._moments)]
        return namespace(t).stack(rows)

    def __call__(self, energy: Any) -> Any:
        t = self._t(energy)
        inside = (energy >= 0) & (energy <= self.end)
        density = (1 - t) ** 2 * _horner(self._density, t) / self.end
        return namespace(t).where(inside, density, 0.0)


def _horner(coefficients: Sequence[float], x: Any) -> Any:
    value: Any = coefficients[-1]
    for coefficient in coefficients[-2::-1]:
        value = value * x + coefficient if coefficient else value * x
    return value


class TabulatedSpectrum:
    """A spectrum that is linear between knots, with jumps allowed; zero outside the table.

    ``lower`` and ``upper`` are the densities at both ends of each of the panels between
    ``edges``. Use `linear` for a table of points and `step` for a histogram of densities.
    """

    def __init__(self, edges: Any, lower: Any, upper: Any):
        self.edges = np.asarray(edges, dtype=float)
        self.lower = np.asarray(lower, dtype=float)
        self.upper = np.asarray(upper, dtype=float)
        _require_table(self.edges, self.lower, self.upper)
        # phi(u) = upper + slope * u with u = 1 - E/E_top of the panel
        self._top = self.edges[1:]
        self._slope = (self.lower - self.upper) / (1 - self.edges[:-1] / self._top)
        lowest = np.maximum(self.edges[:-1], _LOWEST * self.edges[-1])
        panels = self._partial(lowest, np.arange(len(self._top)))
        above = np.cumsum(panels[:, ::-1], axis=1)[:, ::-1]
        self._above = np.concatenate([above[:, 1:], np.zeros((3, 1))], axis=1)
        self._lowest = float(lowest[0])

    @classmethod
    def linear(cls, energies: Any, density: Any) -> TabulatedSpectrum:
        """Points joined by straight lines."""
        values = np.asarray(density, dtype=float)
        return cls(energies, values[:-1], values[1:])

    @classmethod
    def step(cls, edges: Any, density: Any) -> TabulatedSpectrum:
        """A constant density in each bin."""
        return cls(edges, density, density)

    @property
    def breaks(self) -> tuple[float, ...]:
        return tuple(self.edges)

    def _partial(self, energy: Any, panel: Any) -> Any:
        """∫ φ E'⁻ⁿ dE' from ``energy`` to the top of ``panel``, in closed form."""
        xp = namespace(energy)
        top, upper, slope = (xp.asarray(a)[panel] for a in (self._top, self.upper, self._slope))
        t, rest = (top - energy) / top, energy / top
        curved = _log_excess(t, rest)
        return xp.stack(
            [
                top * (upper * t + slope * t**2 / 2),
                upper * (curved + t) + slope * curved,
                (upper * t / rest + slope * (t**2 / rest - curved)) / top,
            ]
        )

    def moments(self, energy: Any) -> Any:
        xp = namespace(energy)
        inside = xp.clip(energy, self._lowest, self.edges[-1])
        edges = xp.asarray(self.edges)
        panel = xp.searchsorted(edges, inside, side="right") - 1
        panel = xp.clip(panel, 0, len(self._top) - 1)
        return xp.asarray(self._above)[:, panel] + self._partial(inside, panel)

    def __call__(self, energy: Any) -> Any:
        xp = namespace(energy)
        edges = xp.asarray(self.edges)
        panel = xp.clip(xp.searchsorted(edges, energy, side="right") - 1, 0, len(self._top) - 1)
        top, upper, slope = (xp.asarray(a)[panel] for a in (self._top, self.upper, self._slope))
        inside = (energy >= self.edges[0]) & (energy <= self.edges[-1])
        return xp.where(inside, upper + slope * (1 - energy / top), 0.0)


def _log_excess(t: Any, rest: Any) -> Any:
    """−ln(1 − t) − t to full relative accuracy, with ``rest`` = 1 − t."""
    xp = namespace(t)
    small = t < 0.05
    series = t**2 * _horner([1 / k for k in range(2, 15)], xp.where(small, t, 0.0))
    return xp.where(small, series, -xp.log(rest) - t)


class CallableSpectrum:
    """Any function φ(E) between ``breaks`` (ascending; where it is not smooth, and both ends).

    On each panel φ E⁻ⁿ is interpolated at Chebyshev points and the interpolant integrated in
    closed form. Panels are halved until the interpolant is good to 1e-13 of the panel's largest
    value and are graded towards the upper end, so that the moments keep their relative accuracy
    where the spectrum runs out.

    Raises
    ------
    InputError
        If the function is negative or not finite somewhere between the breaks.
    """

    _DEGREE = 15
    _TOLERANCE = 1e-13
    _GRADED = 45

    def __init__(self, function: Callable[[Any], Any], breaks: Sequence[float]):
        self._function = function
        self._given = np.asarray(breaks, dtype=float)
        if len(self._given) < 2 or np.any(np.diff(self._given) <= 0) or self._given[0] < 0:
            found = f"break points {list(breaks)}"
            raise InputError(Mistake("spectrum", found, "at least two, ascending from 0 or more"))
        self._build()

    def _build(self) -> None:
        low, high = self._first_edges()
        done_low, done_coefficients = [], []
        while len(low):
            coefficients, good = self._interpolate(low, high)
            good |= (high - low) < 1e-9 * (self._given[-1] - self._given[0])
            done_low.append(low[good])
            done_coefficients.append(coefficients[:, :, good])
            middle = 0.5 * (low[~good] + high[~good])
            low = np.concatenate([low[~good], middle])
            high = np.concatenate([middle, high[~good]])
        starts = np.concatenate(done_low)
        order = np.argsort(starts)
        self._edges = np.append(starts[order], self._given[-1])
        self._half = np.diff(self._edges) / 2
        self._antiderivative = chebyshev.chebint(
            np.concatenate(done_coefficients, axis=2)[:, :, order]
        )
        top = chebyshev.chebval(1.0, self._antiderivative)
        panels = (top - chebyshev.chebval(-1.0, self._antiderivative)) * self._half
        above = np.cumsum(panels[:, ::-1], axis=1)[:, ::-1]
        self._upto = np.concatenate([above[:, 1:], np.zeros((3, 1))], axis=1) + top * self._half

    def _first_edges(self) -> tuple[Array, Array]:
        """Panels between the breaks, halving towards both ends of the spectrum."""
        bottom, end = self._given[0], self._given[-1]
        edges = [self._given]
        last = self._given[-2]
        edges.append(end - (end - last) * 0.5 ** np.arange(1, self._GRADED))
        if bottom < _LOWEST * end:
            bottom = _LOWEST * end
            second = self._given[1]
            edges.append(second * 0.5 ** np.arange(1, np.log2(second / bottom)))
        else:  # 1/E² has to be smooth on a panel
            edges.append(bottom * 2.0 ** np.arange(1, np.log2(end / bottom)))
        merged = np.unique(np.concatenate(edges))
        merged = np.append(bottom, merged[merged > bottom * (1 + 1e-12)])
        return merged[:-1], merged[1:]

    def _interpolate(self, low: Array, high: Array) -> tuple[Array, Array]:
        """Chebyshev coefficients (degree, order, panel) of φ E⁻ⁿ, and which are good enough."""
        points = np.cos(np.pi * (np.arange(self._DEGREE + 1) + 0.5) / (self._DEGREE + 1))
        energies = 0.5 * (low + high) + 0.5 * (high - low) * points[:, None]
        values = np.asarray(self._function(energies), dtype=float) + 0.0 * energies
        wrong = ~(np.isfinite(values) & (values >= 0))
        if wrong.any():
            found = f"{values[wrong][0]} at E = {energies[wrong][0]:.6g}"
            raise InputError(Mistake("spectrum", found, "a finite density that is not negative"))
        samples = values[:, None, :] * energies[:, None, :] ** -ORDERS[:, None]
        transform = chebyshev.chebvander(points, self._DEGREE).T * (2 / (self._DEGREE + 1))
        transform[0] /= 2
        coefficients = np.tensordot(transform, samples, axes=1)
        tail = np.abs(coefficients[-2:]).max(axis=0)
        # A function of E_end − E carries the rounding of that difference.
        end = self._given[-1]
        tolerance = self._TOLERANCE + 4 * np.finfo(float).eps * end / (end - low)
        good = np.all(tail <= tolerance * np.abs(samples).max(axis=0) + 1e-300, axis=0)
        return coefficients, good

    @property
    def breaks(self) -> tuple[float, ...]:
        wide = self._edges[:-1][2 * self._half > 1e-3 * self._edges[-1]]
        return tuple(np.unique(np.concatenate([self._given, wide])))

    def moments(self, energy: Any) -> Any:
        xp = namespace(energy)
        edges = xp.asarray(self._edges)
        inside = xp.clip(energy, self._edges[0], self._edges[-1])
        panel = xp.clip(xp.searchsorted(edges, inside, side="right") - 1, 0, len(self._half) - 1)
        half = xp.asarray(self._half)[panel]
        x = (inside - edges[panel]) / half - 1
        antiderivative = xp.asarray(self._antiderivative)[:, :, panel]
        value = clenshaw(antiderivative, x)
        result = xp.asarray(self._upto)[:, panel] - value * half
        return xp.where(inside >= self._edges[-1], 0.0, xp.maximum(result, 0.0))

    def __call__(self, energy: Any) -> Any:
        xp = namespace(energy)
        inside = (energy >= self._given[0]) & (energy <= self._given[-1])
        safe = xp.clip(energy, self._given[0], self._given[-1])
        return xp.where(inside, self._function(safe), 0.0)


def clenshaw(coefficients: Any, x: Any) -> Any:
    """Chebyshev series with coefficients (degree, ..., \\*x.shape) at x."""
    b1: Any = 0.0
    b2: Any = 0.0
    for row in coefficients[:0:-1]:
        b1, b2 = row + 2 * x * b1 - b2, b1
    return coefficients[0] + x * b1 - b2


def _require_positive(energies: Array, weights: Array) -> None:
    if not (np.all(energies > 0) and np.all(weights >= 0) and np.all(np.isfinite(weights))):
        raise InputError(
            Mistake("spectrum", "a line", "positive energies and weights that are not negative")
        )


def _require_table(edges: Array, lower: Array, upper: Array) -> None:
    if not (edges.ndim == 1 and len(edges) == len(lower) + 1 == len(upper) + 1 >= 2):
        raise InputError(Mistake("spectrum", f"{edges.shape} energies", "two energies or more"))
    if edges[0] < 0 or np.any(np.diff(edges) <= 0):
        raise InputError(Mistake("spectrum", "energies out of order", "ascending, from 0 or more"))
    values = np.concatenate([lower, upper])
    if not np.all(np.isfinite(values) & (values >= 0)):
        raise InputError(
            Mistake("spectrum", "a density below zero", "finite densities of at least 0")
        )
