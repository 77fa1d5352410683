"""The Dresden-II data of 2022 with NumPy alone: background, response and χ².

Shares no code with the package: the files are read with `numpy.loadtxt`, the background is written
out as densities whose integrals over the bins are error functions, the smeared signal is a dense
sum over recoil energies. The recoil spectrum is handed in by the caller. Energies in keV, counts
are those of 96.4 days (25 with the reactor off).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import optimize, special

Array = Any  # of NumPy, float64

EDGES = np.linspace(0.2, 1.5, 131)
DAYS, DAYS_OFF = 96.4, 25.0
NOISE, FANO, PAIR = 0.0685, 0.11, 0.00296  # keV
NAMES = ("signal", "constant", "exponential", "scale", "L", "centre", "width", "M")


def counts(folder: Path, off: bool = False) -> tuple[Array, Array]:
    """Counts and errors of the 130 bins."""
    rows = np.loadtxt(folder / "data_release.txt")
    first, days = (3, DAYS_OFF) if off else (1, DAYS)
    return days * rows[:, first], days * rows[:, first + 1]


def quenched(folder: Path, kind: str) -> Callable[[Array], Array]:
    """Electron-equivalent energy of a recoil: the released tables, or Lindhard's formula."""
    if kind == "lindhard":
        return lindhard
    table = np.loadtxt(folder / "QF_Fef_YBe.txt")
    column = {"fef": 1, "ybe": 2}[kind]
    return lambda T: T * np.interp(T, table[:, 0], table[:, column])


def lindhard(T: Array, k: float = 0.157) -> Array:
    """E = T k g/(1 + k g) in germanium."""
    e = 11.5 * 32 ** (-7 / 3) * T
    g = 3 * e**0.15 + 0.7 * e**0.6 + e
    return T * k * g / (1 + k * g)


def smeared(spectrum: Callable[[Array], Array], energy: Callable[[Array], Array]) -> Array:
    """Counts per bin of a recoil spectrum [1/keV], trapezoidal in ln T."""
    T = np.geomspace(1e-9, 6.0, 40_001)
    mean = energy(T)
    sigma = np.sqrt(NOISE**2 + FANO * PAIR * mean)
    below = special.ndtr((EDGES[:, None] - mean) / sigma)
    return np.trapezoid(np.diff(below, axis=0) * spectrum(T) * T, np.log(T), axis=1)


def peak(centre: float, width: float) -> Array:
    """Share of a Gaussian in each bin."""
    half = special.erf((EDGES - centre) / (np.sqrt(2) * width)) / 2
    return half[1:] - half[:-1]


@dataclass(frozen=True)
class Fit:
    """Best values by name, and χ² with its pull."""

    values: dict[str, float]
    chi2: float


@dataclass(frozen=True)
class Model:
    """χ² of one spectrum; ``signal`` is its expectation, ``ratio`` M over L and its error."""

    data: Array
    errors: Array
    signal: Array
    ratio: tuple[float, float] = (0.16, 0.03)

    def backgrounds(self, values: Array) -> dict[str, Array]:
        """Counts per bin of each background.

        ``values`` are in the order of `NAMES`: areas (of the constant: per bin), keV, and the
        ratio of M to L.
        """
        _, flat, area, scale, main, centre, width, ratio = values
        fall = np.exp(-EDGES / scale)
        return {
            "constant": np.full(len(EDGES) - 1, flat),
            "exponential": area * (fall[:-1] - fall[1:]),
            "L": main * (peak(centre, width) + 0.008 * peak(1.142, width)),
            "M": ratio * main * peak(0.158, NOISE),
        }

    def residuals(self, values: Array) -> Array:
        """Of the cells, and the pull of the ratio."""
        expected = values[0] * self.signal + sum(self.backgrounds(values).values())
        pull = (values[-1] - self.ratio[0]) / self.ratio[1]
        return np.append((self.data - expected) / self.errors, pull)

    def chi2(self, values: Array) -> float:
        """Cells and pull."""
        return float(np.sum(self.residuals(np.asarray(values, dtype=float)) ** 2))

    def fit(self, signal: float | None = None) -> Fit:
        """Least squares, ``signal`` held there where it is given."""
        start = np.array([1.0, 1000.0, 4e5, 0.25, 1.4e5, 1.3, 0.07, 0.16])
        free = np.ones(8, dtype=bool)
        if signal is not None:
            start[0], free[0] = signal, False

        def residuals(some: Array) -> Array:
            values = start.copy()
            values[free] = some
            return self.residuals(values)

        low = np.zeros(8)
        low[3], low[6] = 1e-3, 1e-3
        found = optimize.least_squares(
            residuals,
            start[free],
            bounds=(low[free], np.inf),
            x_scale=np.where(start > 0, start, 1.0)[free],
            xtol=1e-12,
            ftol=1e-14,
            gtol=1e-12,
        )
        best = start.copy()
        best[free] = found.x
        return Fit(dict(zip(NAMES, best.tolist(), strict=True)), 2 * float(found.cost))
