r"""Antineutrinos of fission, isotope by isotope, and of neutron capture on ²³⁸U.

From 2 MeV on :math:`S(E) = \exp\sum_p \alpha_p E^{p-1}` per MeV and fission, below it the table of
Vogel & Engel (1989): the two parts disagree by −7 … +5 % at 2 MeV, so that how the table is
interpolated and where it ends are choices, each with a name.

Huber, Phys. Rev. C 84 (2011) 024617; Mueller et al., Phys. Rev. C 83 (2011) 054615; Vogel & Engel,
Phys. Rev. D 39 (1989) 3378.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from cevns.spectra import CallableSpectrum, TabulatedSpectrum
from cevns.units import MeV

Array = npt.NDArray[np.float64]
Isotope = Literal["U235", "U238", "Pu239", "Pu241"]
Evaluation = Literal["huber-mueller", "vogel-engel"]
Interpolation = Literal["linear", "log"]
Join = Literal["polynomial", "table"]

ISOTOPES: tuple[Isotope, ...] = ("U235", "U238", "Pu239", "Pu241")
"""What fissions in a reactor."""

JOIN = 2 * MeV
"""Where the table ends and the polynomials begin."""

LOWEST, HIGHEST = 7.813e-3 * MeV, 20 * MeV
"""Where the table begins, and beyond which no fission product reaches."""

END = 8 * MeV
"""Where the polynomials end: what was measured and what they were fitted to."""

CAPTURES = 0.6
"""Neutron captures on ²³⁸U per fission in a power reactor: TEXONO, hep-ex/0605006."""


@dataclass(frozen=True)
class Composition:
    """Fission fractions of a kind of reactor, averaged over a cycle, and who states them."""

    fractions: Mapping[Isotope, float]
    reference: str


FUELS: dict[str, Composition] = {
    "pwr": Composition(
        {"U235": 0.561, "U238": 0.076, "Pu239": 0.307, "Pu241": 0.056},
        "pressurised water: mean of Daya Bay, arXiv:1607.05378",
    ),
    "bwr": Composition(
        {"U235": 0.55, "U238": 0.07, "Pu239": 0.32, "Pu241": 0.06},
        "boiling water: Kuo-Sheng, TEXONO, hep-ex/0605006 and arXiv:2402.06416",
    ),
    "heu": Composition({"U235": 1.0}, "highly enriched uranium: above 99 % in research reactors"),
}

ENERGY_PER_FISSION: dict[str, dict[Isotope, float]] = {
    # Phys. At. Nucl. 67 (2004) 1892, hep-ph/0410100: ±0.46, 0.96, 0.60, 0.65 MeV
    "kopeikin-2004": {
        "U235": 201.92 * MeV,
        "U238": 205.52 * MeV,
        "Pu239": 209.99 * MeV,
        "Pu241": 213.60 * MeV,
    },
    # Phys. Rev. C 88 (2013) 014605, arXiv:1212.6625: ±0.26, 0.52, 0.34, 0.33 MeV
    "ma-2013": {
        "U235": 202.36 * MeV,
        "U238": 205.99 * MeV,
        "Pu239": 211.12 * MeV,
        "Pu241": 214.26 * MeV,
    },
}
"""Heat in the core per fission, captures included and antineutrinos not."""

_POLYNOMIALS: dict[Evaluation, dict[Isotope, tuple[float, ...]]] = {
    "huber-mueller": {
        "U235": (4.367, -4.577, 2.100, -0.5294, 0.06186, -0.002777),
        "U238": (0.4833, 0.1927, -0.1283, -0.006762, 0.002233, -0.0001536),
        "Pu239": (4.757, -5.392, 2.563, -0.6596, 0.07820, -0.003536),
        "Pu241": (2.990, -2.882, 1.278, -0.3343, 0.03905, -0.001754),
    },
    "vogel-engel": {
        "U235": (0.870, -0.160, -0.0910),
        "U238": (0.976, -0.162, -0.0790),
        "Pu239": (0.896, -0.239, -0.0981),
        "Pu241": (0.793, -0.080, -0.1085),
    },
}
"""α₁, α₂, … of ln S for E in MeV."""


@cache
def _table(name: str) -> dict[str, Array]:
    """The columns of a table of ``data/reactor`` by title."""
    import csv  # only where a reactor is used: the package must be quick to import
    import importlib.resources

    path = importlib.resources.files("cevns") / "data" / "reactor" / f"{name}.csv"
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.startswith("#")]
    titles, *rows = csv.reader(lines)
    columns = np.array(rows, dtype=float).T
    return dict(zip(titles, columns, strict=True))


def density(
    isotope: Isotope,
    evaluation: Evaluation,
    interpolation: Interpolation = "linear",
    join: Join = "polynomial",
) -> Callable[[Any], Any]:
    """Antineutrinos per fission and energy, as a function of the energy.

    Parameters
    ----------
    isotope : one of `ISOTOPES`
    evaluation : {"huber-mueller", "vogel-engel"}
        The polynomials from 2 MeV on, as far up as they are asked for.
    interpolation : {"linear", "log"}
        Between the points of the table below 2 MeV: straight lines in (E, S) or in (ln E, ln S).
        Zero below its first point (7.8 keV).
    join : {"polynomial", "table"}
        The last point of the table, at 2 MeV: the polynomial's value there, which makes the
        spectrum continuous, or the printed one.
    """
    table = _table("vogel-engel-1989")
    energies, values = table["energy [MeV]"] * MeV, table[isotope].copy()
    coefficients = _POLYNOMIALS[evaluation][isotope][::-1]

    def above(E: Any) -> Any:
        return np.exp(np.polyval(coefficients, E / MeV))

    if join == "polynomial":
        values[-1] = above(JOIN)

    def below(E: Any) -> Any:
        if interpolation == "linear":
            return np.interp(E, energies, values)
        return np.exp(np.interp(np.log(E), np.log(energies), np.log(values)))

    def S(E: Any) -> Any:
        E = np.asarray(E, dtype=float)
        low = below(np.clip(E, energies[0], JOIN))
        per_MeV = np.where(E >= JOIN, above(np.maximum(E, JOIN)), low)
        return np.where(energies[0] <= E, per_MeV, 0.0) / MeV

    return S


MODES = 3
"""Independent ways in which the spectra of Huber and Mueller may be wrong."""


def distortion(isotope: Isotope, modes: Sequence[float]) -> Callable[[Any], Any]:
    """What the density of ``isotope`` is multiplied by where the ``modes`` are not zero.

    exp Σ mₖ δₖ(E): to first order the relative changes δₖ of `data/reactor/errors.csv`, one
    standard deviation each, and never negative. The errors are those of 2 … 8 MeV; below and above
    the nearest one is held, which for the table below 2 MeV is too small.
    """
    table = _table("errors")
    changes = [table[f"{isotope} mode{k + 1}"] * size for k, size in enumerate(modes)]
    return lambda E: np.exp(np.interp(E / MeV, table["energy [MeV]"], np.sum(changes, axis=0)))


@lru_cache(maxsize=128)  # two cores have the same spectra
def fission_spectrum(
    isotope: Isotope,
    evaluation: Evaluation,
    interpolation: Interpolation = "linear",
    join: Join = "polynomial",
    end: float = END,
    modes: tuple[float, ...] = (),
) -> CallableSpectrum:
    """The spectrum of `density` up to ``end``, its integral the number per fission.

    With ``modes``, all of which are zero for the nominal one, times their `distortion`.
    """
    S = density(isotope, evaluation, interpolation, join)
    knots = _table("vogel-engel-1989")["energy [MeV]"]
    if not any(modes):
        function = S
    else:
        factor = distortion(isotope, modes)
        knots = np.union1d(knots, _table("errors")["energy [MeV]"])

        def function(E: Any) -> Any:
            return S(E) * factor(E)

    return CallableSpectrum(function, [*(knot for knot in knots * MeV if knot < end), end])


@cache
def capture_spectrum() -> TabulatedSpectrum:
    """The two antineutrinos of a capture on ²³⁸U, of ²³⁹U and of ²³⁹Np, in equilibrium."""
    table = _table("capture")
    above, below = (
        (table[f"U239 {side}"] + table[f"Np239 {side}"]) / MeV for side in ("above", "below")
    )
    return TabulatedSpectrum(table["energy [MeV]"] * MeV, above[:-1], below[1:])


@lru_cache(maxsize=128)
def number(spectrum: CallableSpectrum | TabulatedSpectrum) -> float:
    """Antineutrinos of all energies: the integral of ``spectrum``."""
    return float(spectrum.moments(np.zeros(1))[0, 0])
