"""How far a parameter must move before the data notice."""

from __future__ import annotations

import math
from collections.abc import Callable

from cevns.parameters import Parameter

_SMALLEST, _LARGEST = 0.25, 4.0
_TRIES = 200
_FAR = 1e6  # times the first guess: how far one looks for any change at all


def natural_step(parameter: Parameter, deviance: Callable[[float], float]) -> float:
    """A step from the nominal value that changes the deviance by about one.

    Found by doubling and halving, so that a coupling of 1e-10 and one of 1 are treated alike. A
    parameter that the data do not feel at all keeps the first guess.
    """
    start = float(parameter.value)
    low, high = parameter.bounds or (-math.inf, math.inf)
    guess = 0.1 * abs(start) or parameter.scale * 0.01
    room = max(high - start, start - low)
    step = min(guess, room / 4) if math.isfinite(room) else guess
    sign = 1.0 if high - start >= start - low else -1.0
    reference, first = deviance(start), step
    factor = 2.0
    for _ in range(_TRIES):
        if step * factor > room or step <= 1e-300:
            break
        change = abs(deviance(start + sign * step) - reference)
        if _SMALLEST <= change <= _LARGEST:
            break
        if change == 0.0 and step > _FAR * first:
            return first
        better = step * (factor if change < _SMALLEST else 1 / factor)
        if better > room:
            break
        step = better
    return step
