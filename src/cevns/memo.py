"""Remembering what was made for the values of the shape parameters that went into it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from cevns.parameters import Recorder, Theta

T = TypeVar("T")


class Memo:
    """Results by key, kept for as long as what they read of θ stays the same.

    What a result depends on is seen by recording what is read while it is made: nothing has to
    declare that it is a shape parameter. ``values`` results are kept per key, and ``keys`` keys.
    """

    def __init__(self, values: int = 16, keys: int = 128):
        self._values = values
        self._keys = keys
        self._kept: dict[Hashable, list[tuple[dict[str, Any], Any]]] = {}

    def get(self, key: Hashable, theta: Theta, make: Callable[[Theta], T]) -> T:
        """``make(θ)``, or what it gave before for the same values of what it reads of θ."""
        kept = self._kept.setdefault(key, [])
        for values, result in kept:
            if all(theta.get(address) == value for address, value in values.items()):
                return result  # type: ignore[no-any-return]
        recorder = Recorder(theta)
        made = make(recorder)
        kept.append(({address: theta.get(address) for address in recorder.read}, made))
        del kept[: -self._values]
        if len(self._kept) > self._keys:
            self._kept.pop(next(iter(self._kept)))
        return made
