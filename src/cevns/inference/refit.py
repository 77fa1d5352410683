"""Fits that find their way where nothing is expected, from anew or with something held."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from cevns.inference.bounds import bounds_of
from cevns.inference.minimum import ROUGH, Minimum, minimise
from cevns.likelihood.joint import Likelihood

Array = np.ndarray[Any, np.dtype[Any]]

_BLIND = 1e-3
"""Of the counts in a cell: where less is expected −2 ln L is far from a parabola."""


def settled(
    likelihood: Likelihood,
    start: Mapping[str, float] | None = None,
    stay: Collection[str] = (),
) -> Minimum:
    """The minimum, from wherever −2 ln L shows the way to it.

    Where hardly anything is expected of what was counted at the start, or the fit does not
    converge, it is started from the nominal point too, and from a natural step above both; of what
    has converged the lowest is taken.

    Parameters
    ----------
    start : mapping
        Address → value to start from instead of the nominal one.
    stay : collection of str
        Addresses that are started from there in each case: they stay in their valley.
    """
    nominal = dict(zip(likelihood.floating, likelihood.start.tolist(), strict=True))
    given = start or {}
    first = {address: given.get(address, value) for address, value in nominal.items()}
    found = minimise(likelihood, first)
    at = np.array(list(first.values()))
    if not len(at) or (
        found.converged and not likelihood.unexplained(likelihood.theta(at), _BLIND)
    ):
        return found
    above = np.clip(
        np.maximum(at, likelihood.start) + likelihood.steps, *bounds_of(likelihood)
    ).tolist()
    for other in (nominal, dict(zip(likelihood.floating, above, strict=True))):
        other |= {address: first[address] for address in stay if address in first}
        if other != first:
            found = _lower(found, minimise(likelihood, other))
    return found


def refitted(
    minimum: Minimum,
    held: Mapping[str, float],
    start: Mapping[str, float] | None = None,
    stay: Collection[str] = (),
) -> Minimum:
    """The minimum with ``held`` at these values, everything else fitted again from the best ones.

    A background that was fitted to nothing may be all that is left to explain the counts once a
    signal is held at zero: `settled` finds it. ``start`` and ``stay`` are as there.
    """
    best = dict(zip(minimum.likelihood.floating, minimum.values.tolist(), strict=True))
    return settled(minimum.likelihood.held(held), {**best, **(start or {})}, stay)


def _lower(first: Minimum, second: Minimum) -> Minimum:
    """The second where it is lower by more than rounding, or where it alone has converged."""
    if first.converged != second.converged:
        return first if first.converged else second
    return second if second.value < first.value - ROUGH else first
