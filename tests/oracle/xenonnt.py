"""The XENONnT data of 2026 with NumPy alone: cells, templates, −2 ln L.

Shares no code with the package: templates are read with h5py from their paths, edges from the text
of the binning files, events are put in cells by comparison with every edge. The recoil spectrum is
handed in by the caller. Energies in keV, exposures in tonne-years.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from scipy import optimize, special

Array = Any  # of NumPy, float64
Spectrum = Callable[[Array], Array]

EXPOSURES = {"sr0": 1.174398, "sr1": 2.342593, "sr2": 3.249665}
WIDTHS = {"sr0": 0.09333, "sr1": 0.05618, "sr2": 0.06}
ENERGIES = np.arange(5, 51) / 10
SIDES = (-1, 0, 1)


def edges(folder: Path, run: str) -> list[Array]:
    """Those of the four axes, from lines such as "cs2:" and "- 90.0"."""
    found: list[list[float]] = []
    for line in (folder / "binning" / f"{run}.yaml").read_text("utf-8").splitlines():
        if line.startswith("-"):
            found[-1].append(float(line[1:]))
        elif line.strip():
            found.append([])
    return [np.array(one) for one in found]


def template(folder: Path, run: str, kind: str, name: str) -> Array:
    """The 81 numbers of a file."""
    path = folder / "templates" / run / kind / f"template_XENONnT_{run}_{name}.h5"
    with h5py.File(path) as file:
        return np.array(file["templates"]["template"]).reshape(-1)


def observed(folder: Path, run: str) -> Array:
    """Events in each cell; the last bins hold their upper edges."""
    rows = np.genfromtxt(folder / "data" / f"{run}.csv", delimiter=",", skip_header=1)[:, 1:]
    cells = np.zeros((3, 3, 3, 3))
    for row in rows:
        place = []
        for value, axis in zip(row, edges(folder, run), strict=True):
            inside = [axis[i] <= value < axis[i + 1] or value == axis[-1] for i in range(3)]
            place.append(max(i for i, yes in enumerate(inside) if yes))
        cells[tuple(place)] += 1
    return cells.reshape(-1)


def weights(alpha: float) -> Array:
    """Of the templates at −1, 0, +1 σ: HistFactory's code 4p as a sum of the three."""
    x = abs(alpha)
    bent = x if x >= 1 else 15 / 8 * x**2 - 10 / 8 * x**4 + 3 / 8 * x**6
    return np.array([bent / 2 - alpha / 2, 1 - bent, bent / 2 + alpha / 2])


@dataclass(frozen=True)
class Run:
    """One run: events, backgrounds at their nominal norms, and the signal of a spectrum.

    ``accidental`` and ``electronic`` have the shape (81,), ``neutrons`` and ``signal`` (3, 3, 81):
    light yield, charge yield.
    """

    name: str
    events: Array
    accidental: Array
    electronic: Array
    neutrons: Array
    signal: Array

    @classmethod
    def read(cls, folder: Path, name: str, spectrum: Spectrum, sums: bool = False) -> Run:
        """``spectrum`` is per tonne-year and keV; ``sums`` takes it at the 46 energies alone."""
        exposure = EXPOSURES[name]
        mono = np.array([[_mono(folder, name, a, b) for b in SIDES] for a in SIDES])
        rg = [
            [template(folder, name, "rg", f"rg_cevns_tly_{a}.0_tqy_{b}.0") for b in SIDES]
            for a in SIDES
        ]
        recoils = 0.1 * spectrum(ENERGIES) if sums else hats(spectrum)
        return cls(
            name,
            observed(folder, name),
            exposure * template(folder, name, "ac", "ac_cevns"),
            exposure * template(folder, name, "er", "er_cevns"),
            exposure * np.array(rg),
            exposure * np.einsum("e,abec->abc", recoils, mono),
        )

    def expected(self, values: dict[str, float]) -> Array:
        """Events in each cell."""
        shape = np.outer(weights(values["tly"]), weights(values["tqy"]))
        morphed = values["signal"] * self.signal + values["neutrons"] * self.neutrons
        total = np.einsum("ab,abc->c", shape, morphed)
        total = total + values[f"accidental {self.name}"] * self.accidental
        return total + values["electronic"] * self.electronic


def _mono(folder: Path, run: str, a: int, b: int) -> Array:
    name = "mono_{:.3f}_cevns_tly_{}.0_tqy_{}.0"
    return np.array([template(folder, run, "mono", name.format(E, a, b)) for E in ENERGIES])


def hats(spectrum: Spectrum) -> Array:
    """∫ spectrum · h dT with the hat functions h of the energies: straight lines between them."""
    x, w = np.polynomial.legendre.leggauss(24)
    total = np.zeros(len(ENERGIES))
    for i in range(len(ENERGIES) - 1):
        rising = (1 + x) / 2
        T = ENERGIES[i] + (ENERGIES[i + 1] - ENERGIES[i]) * rising
        part = w / 2 * (ENERGIES[i + 1] - ENERGIES[i]) * spectrum(T)
        total[i] += np.sum(part * (1 - rising))
        total[i + 1] += np.sum(part * rising)
    return total


@dataclass(frozen=True)
class Model:
    """−2 ln L of some runs: norms around 1 with their widths, yields around 0 ± 1."""

    runs: Sequence[Run]
    names: tuple[str, ...] = field(init=False)
    widths: Array = field(init=False)

    def __post_init__(self) -> None:
        own = [(f"accidental {run.name}", WIDTHS[run.name]) for run in self.runs]
        rest = [("electronic", 1.0), ("neutrons", 0.5), ("tly", 1.0), ("tqy", 1.0)]
        names, widths = zip(("signal", np.inf), *own, *rest, strict=True)
        object.__setattr__(self, "names", names)
        object.__setattr__(self, "widths", np.array(widths))

    def start(self) -> Array:
        """Nominal values."""
        return np.array([0.0 if name in ("tly", "tqy") else 1.0 for name in self.names])

    def nll(self, values: Array) -> float:
        """2 Σ [μ − n + n ln(n/μ)] and the squared pulls."""
        named = dict(zip(self.names, np.asarray(values, dtype=float).tolist(), strict=True))
        total = float(np.sum(((values - self.start()) / self.widths) ** 2))
        for run in self.runs:
            expected = run.expected(named)
            logs = special.xlogy(run.events, run.events) - special.xlogy(run.events, expected)
            total += 2 * float(np.sum(expected - run.events + logs))
        return total

    def fit(self, signal: float | None = None) -> tuple[Array, float]:
        """Best values and −2 ln L there, ``signal`` held where it is given."""
        limits = [(-1.0, 1.0) if name in ("tly", "tqy") else (1e-9, 20.0) for name in self.names]
        if signal is not None:
            limits[0] = (signal, signal)
        start = np.clip(self.start(), *np.array(limits).T)
        for _ in range(3):  # again from where it stopped: its steps are differences
            found = optimize.minimize(
                self.nll,
                start,
                jac="3-point",
                method="L-BFGS-B",
                bounds=limits,
                options={"ftol": 1e-15, "gtol": 1e-7},
            )
            start = found.x
        return found.x, float(found.fun)
