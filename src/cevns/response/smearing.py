"""The smearing table S[bin, node] = ∫_{bin, x ≥ threshold} ε(x) p(x | E_node) dx.

Nothing is integrated numerically: between the knots of the efficiency ε is a parabola, and a
parabola times p is a combination of the partial moments of `cevns.response.resolution`. What
smears off the axis is lost unless the outermost edges are infinite. The table is a function of
the expected observable alone; which recoil leads there is the business of the quenching.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cevns import units
from cevns.errors import InputError, Mistake
from cevns.parameters import Theta
from cevns.response.efficiency import EfficiencyProduct
from cevns.response.resolution import PoissonResolution, Resolution
from cevns.tables import FloatArray

_NODE = math.sqrt(0.6)  # Gauss-Legendre nodes of order 3: −_NODE, 0, _NODE; all interior
_ROUNDING = 1e-9  # an edge this close to a whole number of photo-electrons is that number
_BLOCK = 2048  # whole numbers of photo-electrons treated at once
_MOST_QUANTA = 1e5  # summed over one by one; beyond, a Gaussian says the same


def response_table(
    edges: Any,
    electron_equivalent: Any,
    mean: Any,
    resolution: Resolution | None,
    efficiency: EfficiencyProduct,
    threshold: float | None,
    theta: Theta,
    address: str = "detector",
) -> FloatArray:
    """Probability that an event of expected observable ``mean`` is counted in each bin.

    Parameters
    ----------
    edges : (bins + 1,) ascending [observable]; the outermost may be ∓inf. Bins are half-open.
    electron_equivalent : (nodes,) E_ee [energy]
    mean : (nodes,) expected observable: E_ee, T, or light_yield · E_ee
    resolution : None for an observable without fluctuations
    efficiency : its curves ``of: observable`` act here
    threshold : a hard cut on the observable at its value at θ, or None
    address : of the detector block; parameters are at "<address>.resolution" and ".efficiency"

    Returns
    -------
    (bins, nodes) array, 0 to 1. Exact to rounding where the efficiency is piecewise linear. Where
    it is curved, 1e-7 once the resolution (or an integral over nodes) spans a tenth of its width,
    2e-6 at a single node with a sharper resolution.
    """
    edges = np.asarray(edges, dtype=float)
    energy = np.asarray(electron_equivalent, dtype=float)
    mean = np.asarray(mean, dtype=float)
    lowest = -math.inf if threshold is None else float(threshold)
    if resolution is None:
        return _sharp_table(edges, mean, efficiency, lowest, theta, address)
    if isinstance(resolution, PoissonResolution):
        return _poisson_table(edges, mean, resolution, efficiency, lowest, theta, address)
    return _smeared_table(edges, energy, mean, resolution, efficiency, lowest, theta, address)


def _bin_matrix(edges: FloatArray, x: FloatArray, weights: FloatArray) -> FloatArray:
    """(bins, points) matrix with the weight of each point in the row of its bin [a, b)."""
    bins = np.arange(edges.size - 1)[:, None]
    return np.where(np.searchsorted(edges, x, side="right") - 1 == bins, weights, 0.0)


def _sharp_table(
    edges: FloatArray,
    mean: FloatArray,
    efficiency: EfficiencyProduct,
    lowest: float,
    theta: Theta,
    address: str,
) -> FloatArray:
    kept = efficiency.evaluate(mean, theta, f"{address}.efficiency")
    return _bin_matrix(edges, mean, np.where(mean >= lowest, kept, 0.0))


def _smeared_table(
    edges: FloatArray,
    energy: FloatArray,
    mean: FloatArray,
    resolution: Resolution,
    efficiency: EfficiencyProduct,
    lowest: float,
    theta: Theta,
    address: str,
) -> FloatArray:
    first, last = max(edges[0], lowest), edges[-1]
    if first >= last:
        return np.zeros((edges.size - 1, mean.size))
    knots = efficiency.knots(first, last, theta, f"{address}.efficiency")
    cuts = np.unique(np.concatenate([[first, last], edges[edges > first], knots]))
    parabolas = _parabolas(cuts, efficiency, theta, f"{address}.efficiency")
    moments = resolution.partial_moments(
        cuts[:, None], energy[None, :], mean[None, :], theta, f"{address}.resolution"
    )
    pieces = np.zeros((cuts.size - 1, mean.size))
    for coefficient, moment in zip(parabolas, moments, strict=True):
        pieces += coefficient[:, None] * np.diff(moment, axis=0)
    # A piece lies in the bin in which it starts. Rounding may leave −1e-17 in an empty bin.
    members = _bin_matrix(edges, cuts[:-1], np.ones(cuts.size - 1))
    table: FloatArray = np.maximum(members @ pieces, 0.0)
    return table


def _parabolas(
    cuts: FloatArray, efficiency: EfficiencyProduct, theta: Theta, address: str
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """c_0, c_1, c_2 of ε(x) ≈ c_0 + c_1 x + c_2 x² on each piece between ``cuts``.

    The parabola goes through the values at the three Gauss-Legendre nodes of the piece: they are
    interior, so that a jump at its ends does no harm. Unbounded pieces are constant: the knots
    reach to where the curve does not change any more.
    """
    low, high = _bounded(cuts)
    middle, half = 0.5 * (low + high), 0.5 * (high - low)
    nodes = middle + half * np.array([[-_NODE], [0.0], [_NODE]])
    below, at, above = efficiency.evaluate(nodes, theta, address)
    bounded = np.isfinite(cuts[:-1]) & np.isfinite(cuts[1:])
    slope = np.where(bounded, (above - below) / (2 * _NODE), 0.0) / half
    curvature = np.where(bounded, (above + below - 2 * at) / (2 * 0.6), 0.0) / half**2
    constant = at - slope * middle + curvature * middle**2
    return constant, slope - 2 * curvature * middle, curvature


def _bounded(cuts: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Ends of each piece, an unbounded one replaced by one of finite length."""
    finite = cuts[np.isfinite(cuts)]
    length = max(np.ptp(finite), np.abs(finite).max()) if finite.size else 0.0
    length = length or 1.0  # the curve is constant there, so any will do
    low, high = cuts[:-1].copy(), cuts[1:].copy()
    endless = finite.size == 0
    low[np.isneginf(low)] = -length if endless else finite[0] - length
    high[np.isposinf(high)] = length if endless else finite[-1] + length
    return low, high


def _poisson_table(
    edges: FloatArray,
    mean: FloatArray,
    resolution: PoissonResolution,
    efficiency: EfficiencyProduct,
    lowest: float,
    theta: Theta,
    address: str,
) -> FloatArray:
    """Sum over whole numbers n of photo-electrons; the efficiency is taken at n."""
    steps = edges / units.PE - _ROUNDING
    largest = mean.max(initial=0.0) / units.PE
    if not largest <= _MOST_QUANTA:
        found = f"poisson for up to {largest:.3g} photo-electrons"
        expected = f"at most {_MOST_QUANTA:g}; beyond, a gaussian resolution"
        raise InputError(Mistake(f"{address}.resolution", found, expected))
    tail = math.ceil(largest + 12 * math.sqrt(largest) + 40)  # 1e-16 is left beyond
    first = math.ceil(max(steps[0], lowest / units.PE - _ROUNDING, 0.0))
    last = math.ceil(min(steps[-1], tail))
    table = np.zeros((edges.size - 1, mean.size))
    for start in range(first, last, _BLOCK):
        n = np.arange(start, min(start + _BLOCK, last), dtype=float)
        # Just above n: a step at n must keep n, whatever the rounding of its unit.
        x = n * units.PE * (1 + 1e-12)
        kept = efficiency.evaluate(x, theta, f"{address}.efficiency")
        table += _bin_matrix(steps, n, kept) @ resolution.probability(n[:, None], mean[None, :])
    return table


def smearing_breaks(
    edges: Any,
    light_yield: float | None,
    resolution: Resolution | None,
    efficiency: EfficiencyProduct,
    threshold: float | None,
    theta: Theta,
    address: str = "detector",
) -> FloatArray:
    """Expected observables at which S bends: where to end the panels of an integral over T.

    Without resolution these are the edges, the threshold and the knots of the efficiency, where
    S jumps or has a kink. With it they are the same points and 2 and 5 σ on either side, thinned
    to one per σ: S is smooth on that scale.

    Parameters
    ----------
    light_yield : observable per E_ee [PE/energy], None where the observable is an energy

    Returns
    -------
    (n,) array, ascending, positive and finite [observable].
    """
    edges = np.asarray(edges, dtype=float)
    lowest = edges[0] if threshold is None else max(edges[0], float(threshold))
    knots = efficiency.knots(lowest, edges[-1], theta, f"{address}.efficiency", spacing=1.0)
    cuts = np.concatenate([edges, [lowest], knots])
    cuts = np.unique(cuts[np.isfinite(cuts) & (cuts > 0)])
    if resolution is None or cuts.size == 0:
        return cuts

    def width(mean: FloatArray) -> FloatArray:
        energy = mean if light_yield is None else mean / light_yield
        return np.asarray(resolution.width(energy, mean, theta, f"{address}.resolution"))

    spread = np.array([-5.0, -2.0, 0.0, 2.0, 5.0])[:, None]
    around = (cuts + spread * width(cuts)).ravel()
    # Far below the first cut S dies like e^{-cut/mean}: halve the way down a few times.
    points = np.unique(np.concatenate([around, cuts[0] * 0.5 ** np.arange(1.0, 4.0)]))
    points = points[points > 0]
    return _thinned(points, width(points))


def _thinned(points: FloatArray, distance: FloatArray) -> FloatArray:
    """Ascending ``points`` without those closer to the last one kept than ``distance``."""
    kept: list[int] = []
    for number, point in enumerate(points):
        if not kept or point - points[kept[-1]] >= distance[number]:
            kept.append(number)
    return points[kept]
