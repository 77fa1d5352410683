"""What a prediction says: counts by what they come from, bins, and the recoil spectrum."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cevns import units
from cevns.beam import Component
from cevns.flavours import FLAVOURS

_ROUNDING = 1e-12
AXIS_SCALE = {"keV": units.keV, "keVee": units.keVee, "PE": units.PE}


@dataclass(frozen=True, eq=False)
class Prediction:
    """The outcome of `Experiment.predict`, in internal units.

    Attributes
    ----------
    by_flavour, by_nuclide, by_channel, by_group : mapping
        Signal events that pass everything (efficiency, threshold, time window), wherever they
        fall on the observable axis.
    edges : array, shape (bins + 1,)
        Bin edges of the observable, whose unit is ``axis``.
    counts : array, shape (bins,)
        Signal events in each bin. What falls off the axis is in ``below`` and ``above``.
    above_edges : mapping
        Group ("prompt", "delayed", or "" for a source without groups) → events above each edge.
    time_edges, counts_2d : arrays or None
        The time axis, and events by (observable, time) bin.
    backgrounds : mapping
        Name → events in each bin of the observable.
    recoil_energy, recoil_spectrum : arrays, shape (n,)
        True recoil energy and dN/dT over the whole exposure, before any response.
    recoil_by_flavour : mapping
        The same for each flavour.
    """

    name: str
    axis: str
    by_flavour: Mapping[str, float]
    by_nuclide: Mapping[str, float]
    by_channel: Mapping[str, float]
    by_group: Mapping[str, float]
    edges: Any
    counts: Any
    below: float
    above: float
    recoil_energy: Any
    recoil_spectrum: Any
    recoil_by_flavour: Mapping[str, Any] = field(default_factory=dict)
    above_edges: Mapping[str, Any] = field(default_factory=dict)
    time_edges: Any = None
    counts_2d: Any = None
    backgrounds: Mapping[str, Any] = field(default_factory=dict)

    @property
    def total(self) -> float:
        """Signal events that pass everything; no upper cut, no background."""
        return float(sum(self.by_nuclide.values()))

    @property
    def background(self) -> float:
        """Background events on the observable axis."""
        return float(sum(np.sum(counts) for counts in self.backgrounds.values()))

    def as_dict(self) -> dict[str, Any]:
        """Plain data under the names of the results contract (``--json``)."""
        counts: dict[str, Any] = {
            "total": self.total,
            "by_flavour": _numbers(self.by_flavour),
            "by_nuclide": _numbers(self.by_nuclide),
            "by_channel": _numbers(self.by_channel),
            "background": self.background,
        }
        if len(self.by_group) > 1:
            counts["by_group"] = _numbers(self.by_group)
        if self.backgrounds:
            counts["by_background"] = {k: float(np.sum(v)) for k, v in self.backgrounds.items()}
        return {
            "name": self.name,
            "counts": counts,
            "bins": self._bins(),
            "spectrum": {
                "recoil_energy_keV": _list(self.recoil_energy / units.keV),
                "per_keV": _list(self.recoil_spectrum * units.keV),
                "by_flavour": {
                    name: _list(values * units.keV)
                    for name, values in self.recoil_by_flavour.items()
                },
            },
        }

    def _bins(self) -> dict[str, Any]:
        bins: dict[str, Any] = {
            "observable": {"keV": "recoil energy", "keVee": "electron-equivalent energy"}.get(
                self.axis, "photo-electrons"
            ),
            "unit": self.axis,
            f"edges_{self.axis}": _list(self.edges / AXIS_SCALE[self.axis]),
            "counts": _list(self.counts),
            "events_above": _list(sum(self.above_edges.values())),
            "below": self.below,
            "above": self.above,
        }
        if len(self.above_edges) > 1:
            bins["events_above_by_group"] = {k: _list(v) for k, v in self.above_edges.items()}
        if self.backgrounds:
            bins["backgrounds"] = {name: _list(v) for name, v in self.backgrounds.items()}
        if self.time_edges is not None:
            bins["time"] = {
                "unit": "us",
                "edges_us": _list(self.time_edges / units.us),
                "counts": _list(np.sum(self.counts_2d, axis=0)),
            }
            bins["counts_2d"] = [_list(row) for row in self.counts_2d]
        return bins


def sums_by_name(names: Iterable[str], values: Any) -> dict[str, Any]:
    """Values added up by name."""
    total: dict[str, Any] = {}
    for name, value in zip(names, values, strict=True):
        total[name] = total.get(name, 0.0) + value
    return total


def flavours_that_arrive(
    components: Sequence[Component], total: Any, of_flavour: Callable[[int], Any]
) -> dict[str, Any]:
    """What each flavour gives at the detector.

    Parameters
    ----------
    components : sequence of Component, length C
    total : array, shape (C, ...)
    of_flavour : callable
        Place of a flavour → what each component gives by it alone, shape (C, ...).

    Returns
    -------
    mapping
        Name of a flavour → its sum; "interference" is what couplings between flavours add to those.
        Flavours that could have appeared on the way and did not are absent.
    """
    if all(component.pure for component in components):
        emitted = {part.flavour for part in components if part.factor is None}
        found = sums_by_name((part.flavour for part in components), total)
    else:
        emitted = {name for part in components if part.factor is None for name in part.flavours}
        found, rest = {}, total
        for place, flavour in enumerate(FLAVOURS):
            own = of_flavour(place)
            rest = rest - own
            names = (f"nu_{flavour}{'_bar' if part.antineutrino else ''}" for part in components)
            found |= sums_by_name(names, own)
        between = np.sum(rest, axis=0)
        if np.max(np.abs(between)) > _ROUNDING * np.max(np.abs(np.sum(total, axis=0))):
            found["interference"] = between
    return {name: value for name, value in found.items() if name in emitted or np.any(value)}


def _numbers(values: Mapping[str, float]) -> dict[str, float]:
    return {name: float(value) for name, value in values.items()}


def _list(values: Any) -> list[float]:
    return [float(value) for value in values]
