"""The axes of a study: the parameters that are scanned, the settings it is repeated with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cevns.config.schema import ScanBlock
from cevns.config.study import Study
from cevns.errors import InputError, Mistake
from cevns.inference.plane import axis_values, spaced
from cevns.sensitivity.samples import Counted
from cevns.sensitivity.variants import setting_axis

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Setting:
    """The axis of a setting: values in its unit."""

    values: tuple[float, ...]
    unit: str


def scanned(study: Study, scan: ScanBlock) -> tuple[dict[str, Array], set[str]]:
    """Address → values of the parameters in internal units, and which of them are logarithmic.

    Raises
    ------
    InputError
        For a name that stands for several parameters, and for one that is there twice.
    """
    axes: dict[str, Array] = {}
    powers = set()
    for name, axis in scan.axes.items():
        path = f"scan.parameters.{name}"
        ends = list(dict.fromkeys(study.ties.get(a, a) for a in study.matching(name)))
        if len(ends) != 1:
            raise InputError(Mistake(path, f"{name!r} for {', '.join(ends)}", "one full address"))
        (address,) = ends
        if address in axes:
            raise InputError(Mistake(path, f"{address} for the second time", "each axis once"))
        axes[address], logarithmic = axis_values(axis, study.parameters[address], path)
        if logarithmic:
            powers.add(address)
    return axes, powers


def setting_axes(scan: ScanBlock) -> tuple[dict[str, Setting], set[str]]:
    """Name → axis of the settings, and which of them are logarithmic."""
    found = {}
    powers = set()
    for name, axis in scan.settings.items():
        read, unit = setting_axis(axis, f"scan.settings.{name}")
        found[name] = Setting(tuple(spaced(read).tolist()), unit)
        if read["spacing"] == "log":
            powers.add(name)
    return found, powers


def does_nothing(made: Counted, address: str, axes: Mapping[str, Array]) -> bool:
    """Whether nothing that is counted moves with an axis, at its ends and in its middle.

    An end where nothing can be computed says nothing about it.
    """
    values, nominal = axes[address], made.net({})
    for one in (values[0], values[len(values) // 2], values[-1]):
        try:
            moved = made.net({address: float(one)})
        except InputError:
            continue
        if not np.allclose(moved, nominal, rtol=1e-12, atol=0.0):
            return False
    return True
