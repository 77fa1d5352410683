"""Where −2 ln L is not smooth: a threshold that passes the edge of a bin.

A threshold takes events from the bin that it is in and none from those above. The slopes of the
counts jump where it passes an edge, and −2 ln L may be lowest on the edge itself, where no
gradient vanishes. Between two edges all is smooth.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from cevns.detector import ADDRESS
from cevns.likelihood.joint import Likelihood
from cevns.parameters import Parameters

Array = np.ndarray[Any, np.dtype[Any]]

_THRESHOLD = f"{ADDRESS}.threshold"
_NEAR = 0.05
"""Natural steps from a kink at which a minimum counts as drawn to it."""


def kinks(likelihood: Likelihood) -> dict[str, Array]:
    """Floating threshold → edges of bins within its bounds, ascending."""
    edges: dict[str, set[float]] = {}
    for channel in likelihood.channels:
        shared = channel.names.get(_THRESHOLD, "")
        address = likelihood.ties.get(shared, shared)
        if address in likelihood.floating and "energy" in channel.cells.names:
            edges.setdefault(address, set()).update(channel.cells.axis("energy").edges.tolist())
    found = {}
    for address, values in edges.items():
        low, high = likelihood.parameters[address].bounds or (-np.inf, np.inf)
        inside = sorted(value for value in values if low < value < high)
        if inside:
            found[address] = np.array(inside)
    return found


@dataclass(frozen=True, eq=False)
class Stretch:
    """A likelihood between two kinks of each parameter that has some.

    Attributes
    ----------
    whole : Likelihood
    breaks : mapping
        Address → its kinks, ascending.
    places : mapping
        Address → number of kinks below.
    """

    whole: Likelihood
    breaks: Mapping[str, Array]
    places: Mapping[str, int]

    @classmethod
    def around(cls, likelihood: Likelihood, values: Array) -> Stretch:
        """The one that holds ``values``, shape (n,); of two that meet there the upper one."""
        at = dict(zip(likelihood.floating, values.tolist(), strict=True))
        breaks = kinks(likelihood)
        below = {a: int(np.searchsorted(edges, at[a], "right")) for a, edges in breaks.items()}
        return cls(likelihood, breaks, below)

    @cached_property
    def likelihood(self) -> Likelihood:
        """The same, with bounds that keep it smooth; itself where there are no kinks."""
        if not self.breaks:
            return self.whole
        _ = self.whole.steps  # they are known to both, and those of the whole
        ends = {address: {"bounds": self._ends(address)} for address in self.breaks}
        table = self.whole.parameters.items()
        return self.whole.with_(
            parameters=Parameters(one.with_(**ends.get(address, {})) for address, one in table)
        )

    def beyond(self, values: Array) -> Iterator[tuple[Stretch, Array]]:
        """The neighbours into which −2 ln L falls from kinks that ``values`` were drawn to.

        With values to start from, shape (n,).
        """
        for address, edges in self.breaks.items():
            index = self.whole.floating.index(address)
            step = float(self.whole.steps[index])
            for side in (-1, 1):
                kink = self._ends(address)[side > 0]
                if kink not in edges or abs(values[index] - kink) > _NEAR * step:
                    continue
                places = {**self.places, address: self.places[address] + side}
                other = replace(self, places=places)
                start = values.copy()
                start[index] = kink
                if side * other.likelihood.gradient(start)[index] < 0:
                    width = float(np.ptp(other._ends(address)))
                    start[index] += side * (0.5 * width if np.isfinite(width) else step)
                    yield other, start

    def _ends(self, address: str) -> tuple[float, float]:
        low, high = self.whole.parameters[address].bounds or (-np.inf, np.inf)
        ends = [low, *self.breaks[address].tolist(), high]
        return ends[self.places[address]], ends[self.places[address] + 1]
