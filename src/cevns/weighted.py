"""A spectrum times a smooth weight: what oscillations make of a beam on its way.

A weight may change its sign, so that a spectrum can be written as a sum in which every oscillation
amplitude stands outside: φ(E) (1 − cos) and φ(E) sin are such terms.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.polynomial import chebyshev

from cevns.special import namespace
from cevns.spectra import ORDERS, LineSpectrum, Spectrum, clenshaw

Array = np.ndarray[Any, np.dtype[Any]]

_DEGREE = 15
_LOWEST = 1e-6  # of the end point: what is below it is left out of the moments
_GRADED = 24  # halvings towards the end point
_RESOLVED = 30  # edges at which recoil spectra get panels of their own


def weighted(spectrum: Spectrum, weight: Callable[[Any], Any], edges: Any = ()) -> Spectrum:
    """``spectrum`` times ``weight(E)``, which is smooth between ``edges`` [energy].

    Smooth is what a polynomial of degree 15 follows between two edges.
    """
    if isinstance(spectrum, LineSpectrum):
        weights = spectrum.weights * np.asarray(weight(spectrum.energies), dtype=float)
        return LineSpectrum(spectrum.energies, weights, signed=True)
    return WeightedSpectrum(spectrum, weight, edges)


class WeightedSpectrum:
    """φ(E) w(E) with its moments from one Chebyshev interpolant a panel.

    Panels end at the break points of φ, at ``edges`` and at a geometric grid on which E⁻² is
    smooth, finer towards the end point; nothing is computed before it is asked for.
    """

    def __init__(self, spectrum: Spectrum, weight: Callable[[Any], Any], edges: Sequence[float]):
        self._spectrum = spectrum
        self._weight = weight
        inner = spectrum._more if isinstance(spectrum, WeightedSpectrum) else ()
        self._more: Array = np.union1d(np.asarray(edges, dtype=float), inner)

    @cached_property
    def breaks(self) -> tuple[float, ...]:
        """Those of φ: nothing is sharp at an edge."""
        return tuple(self._spectrum.breaks)

    @cached_property
    def swings(self) -> Array:
        """The upper ones of the edges and the end of φ, ascending: what recoils have to resolve.

        Further down wiggles average out.
        """
        low, end = self.breaks[0], self.breaks[-1]
        inside = self._more[(self._more > low) & (self._more < end)]
        return np.append(inside[-_RESOLVED:], end)

    def __call__(self, energy: Any) -> Any:
        return self._spectrum(energy) * self._weight(energy)

    @cached_property
    def _edges(self) -> Array:
        given = np.asarray(self._spectrum.breaks, dtype=float)
        end = given[-1]
        bottom = max(given[0], _LOWEST * end)
        doubling = end * 2.0 ** -np.arange(0.0, np.log2(end / bottom), 0.5)
        closing = end - (end - given[-2]) * 0.5 ** np.arange(1, _GRADED)
        edges = np.unique(np.concatenate([given, doubling, closing, self._more]))
        edges = edges[(edges > bottom) & (edges <= end)]
        # Panels narrower than rounding have nothing in them.
        kept = np.append(np.diff(edges) > 1e-13 * end, True)
        return np.append(bottom, edges[kept])

    @cached_property
    def _interpolant(self) -> tuple[Array, Array]:
        """Antiderivatives (degree, order, panel), and the moments above each panel's middle."""
        edges = self._edges
        half = np.diff(edges) / 2
        points = np.cos(np.pi * (np.arange(_DEGREE + 1) + 0.5) / (_DEGREE + 1))
        energies = edges[:-1] + half + half * points[:, None]
        samples = np.asarray(self(energies))[:, None, :] * energies[:, None, :] ** -ORDERS[:, None]
        transform = chebyshev.chebvander(points, _DEGREE).T * (2 / (_DEGREE + 1))
        transform[0] /= 2
        antiderivative = chebyshev.chebint(np.tensordot(transform, samples, axes=1))
        top = chebyshev.chebval(1.0, antiderivative)
        panels = (top - chebyshev.chebval(-1.0, antiderivative)) * half
        above = np.cumsum(panels[:, ::-1], axis=1)[:, ::-1]
        return antiderivative, np.append(above[:, 1:], np.zeros((3, 1)), axis=1) + top * half

    def moments(self, energy: Any) -> Any:
        """G_n(energy), shape (3, \\*energy.shape); of either sign."""
        xp = namespace(energy)
        antiderivative, upto = self._interpolant
        edges, half = xp.asarray(self._edges), np.diff(self._edges) / 2
        inside = xp.clip(energy, edges[0], edges[-1])
        panel = xp.clip(xp.searchsorted(edges, inside, side="right") - 1, 0, len(half) - 1)
        width = xp.asarray(half)[panel]
        value = clenshaw(
            xp.asarray(antiderivative)[:, :, panel], (inside - edges[panel]) / width - 1
        )
        return xp.where(inside >= edges[-1], 0.0, xp.asarray(upto)[:, panel] - value * width)
