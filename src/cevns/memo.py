"""Remembering what was made for the values of the shape parameters that went into it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from cevns.parameters import Recorder, Theta

T = TypeVar("T")


class Memo:
    """Results by key, kept for as long as what they read of θ stays the same.

    What a result depends on is seen by recording what is read while it is made: nothing has to
    declare that it is a shape parameter. ``values`` results are kept per key, the latest ones,
    and ``keys`` keys. Only results for single values are kept, not those for arrays in θ.
    """

    def __init__(self, values: int = 512, keys: int = 128):
        self._values = values
        self._keys = keys
        # key → addresses read → their values → result; what is read may depend on the values.
        self._kept: dict[Hashable, dict[tuple[str, ...], dict[Hashable, Any]]] = {}

    def get(self, key: Hashable, theta: Theta, make: Callable[[Theta], T]) -> T:
        """``make(θ)``, or what it gave before for the same values of what it reads of θ."""
        kept = self._kept.setdefault(key, {})
        for addresses, results in kept.items():
            point = tuple(map(theta.get, addresses))
            if _hashable(point) and point in results:
                return results[point]  # type: ignore[no-any-return]
        recorder = Recorder(theta)
        made = make(recorder)
        addresses = tuple(sorted(recorder.read))
        point = tuple(map(theta.get, addresses))
        if _hashable(point):
            results = kept.setdefault(addresses, {})
            results[point] = made
            if len(results) > self._values:
                results.pop(next(iter(results)))
        if len(self._kept) > self._keys:
            self._kept.pop(next(iter(self._kept)))
        return made


def _hashable(point: tuple[Any, ...]) -> bool:
    try:
        hash(point)
    except TypeError:
        return False
    return True
