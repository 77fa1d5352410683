"""Quadrature nodes in the recoil energy, from the break points of everything that meets there.

A recoil spectrum has a step or a kink wherever the beam has one, and a binned count wherever the
detector has one. Panels between all of these and Gauss–Legendre nodes in √T (the natural variable:
E_min ∝ √T) make the integral converge spectrally. Panels that know the flux alone miss 20 % in
single bins at any order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import numpy as np

from cevns.amplitudes import Scatterer, Term, by_lepton
from cevns.beam import Component
from cevns.kinematics import maximum_recoil, recoil_range
from cevns.parameters import Theta
from cevns.units import keV

Array = np.ndarray[Any, np.dtype[Any]]

_IN_TAIL = 100  # points that show the tail of a spectrum

ORDER = 8
"""Nodes per panel."""

_UNIFORM = 16  # panels across the range, for form factors and spectra without break points
_GRADED = 10  # halvings of √T towards zero, for what varies on small recoils


@cache
def _rule(order: int) -> tuple[Array, Array]:
    x, w = np.polynomial.legendre.leggauss(order)
    return 0.5 * (x + 1), 0.5 * w


def beam_breaks(
    components: Sequence[Component],
    scatterer: Scatterer,
    terms: Sequence[Term],
    theta: Theta,
    kinematics: str,
) -> Array:
    """Recoil energies between which the spectrum on ``scatterer`` is smooth, ascending from 0.

    Where the beam oscillates on its way, some that are a step of its phase apart are among them.
    """
    spectra = {id(c.spectrum): c.spectrum for c in components}.values()  # several share one
    sharp = np.concatenate([np.asarray(one.breaks) for one in spectra])
    swings = [np.asarray(getattr(one, "swings", ())) for one in spectra]
    energies = np.union1d(sharp, common_steps([one for one in swings if one.size]))
    energies = energies[energies > 0]
    edges = [np.zeros(1)]
    for m4, _ in by_lepton(terms, scatterer, theta):
        edges.extend(recoil_range(energies, scatterer.mass, m4, kinematics))
    found = np.unique(np.concatenate(edges))
    inside = [T for T in scatterer.breaks if found[-1] > T]
    return np.union1d(found, inside)


def common_steps(swings: Sequence[Array]) -> Array:
    """Few energies between which none of ``swings``, ladders of them, has more than one step.

    A step may begin anywhere: nothing is sharp at a rung.
    """
    if not swings:
        return np.empty(0)
    # What adds up downwards is the share of a step in the ladder that is the finest there.
    rungs = np.unique(np.concatenate(swings))
    steps = [np.diff(np.interp(rungs, own, np.arange(len(own)))) for own in swings]
    total = np.append(np.cumsum(np.max(steps, axis=0)[::-1])[::-1], 0.0)
    found: Array = np.interp(np.arange(np.ceil(total[0]) + 1), total[::-1], rungs[::-1])
    return found


def panel_nodes(breaks: Array, more: Iterable[float] = (), order: int = ORDER) -> Any:
    """Nodes and weights on [0, max(breaks)] with panels between ``breaks`` and ``more``.

    Returns
    -------
    (nodes, weights) : arrays, shape (panels * order,)
        ``weights @ f(nodes)`` is ∫ f dT. All nodes are positive and none is a break point. No
        nodes at all where the range is empty (below the threshold of a massive lepton).
    """
    if breaks[-1] <= 0:
        return np.empty(0), np.empty(0)
    top = np.sqrt(breaks[-1])
    inner = np.sqrt(np.concatenate([breaks, np.clip(list(more), 0.0, breaks[-1])]))
    uniform = top * np.arange(1, _UNIFORM + 1) / _UNIFORM
    graded = top * 0.5 ** np.arange(1, _GRADED)
    edges = np.unique(np.concatenate([[0.0], inner, uniform, graded]))
    # Edges that differ by rounding alone would make panels without any width.
    edges = _within_octaves(edges[np.append(True, np.diff(edges) > 1e-13 * top)])
    x, w = _rule(order)
    width = np.diff(edges)[:, None]
    root = edges[:-1, None] + width * x
    return (root**2).ravel(), (2 * root * width * w).ravel()


def _within_octaves(edges: Array) -> Array:
    """``edges``, ascending from 0, and more where one is over twice the one before it.

    A threshold may be far below all else: no polynomial follows 1/T² from there upwards.
    """
    octaves = np.ceil(np.log2(edges[2:] / edges[1:-1]) - 1e-9)
    wide = np.flatnonzero(octaves > 1)
    if not wide.size:
        return edges
    more = [
        np.geomspace(edges[place + 1], edges[place + 2], int(octaves[place]) + 1)[1:-1]
        for place in wide
    ]
    return np.union1d(edges, np.concatenate(more))


def shown_recoils(
    components: Sequence[Component],
    scatterers: Sequence[Scatterer],
    kinematics: str,
    bulk: float,
    top: float,
) -> Array:
    """Recoil energies for showing a spectrum: evenly to ``bulk``, by factors to ``top``.

    On both sides of where a part ends.
    """
    ends = [
        maximum_recoil(component.spectrum.breaks[-1], scatterer.mass, kinematics)
        for component in components
        for scatterer in scatterers
    ]
    beside = [end * side for end in ends for side in (1 - 1e-9, 1 + 1e-9)]
    even = spectrum_grid(bulk)
    points = [even, np.asarray(beside)]
    if even[-1] < top:
        points.append(np.geomspace(even[-1], top, _IN_TAIL))
    return np.unique(np.concatenate(points))


def spectrum_grid(top: float) -> Array:
    """Recoil energies for showing a spectrum: round steps up to ``top``, finer near zero."""
    step = top / 300
    power = 10.0 ** np.floor(np.log10(step / keV)) * keV
    step = next(power * m for m in (1, 2, 5, 10) if power * m >= step)
    fine = step * np.geomspace(1e-3, 1, 31)[:-1]
    return np.concatenate([fine, step * np.arange(1, int(top / step) + 2)])
