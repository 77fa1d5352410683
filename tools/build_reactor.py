"""Build the tables of src/cevns/data/reactor that are derived: capture.csv and errors.csv.

Needs the public spectra of reactors (``spectra-reactor``) below the folder CEVNS_DATA. Usage:
``python tools/build_reactor.py [FOLDER]``. Same input, same bytes; tests/test_reactor_tables.py
builds them again.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls

from cevns.beta_decay import neutrino_spectrum
from cevns.sources.fission import FUELS, ISOTOPES, density
from cevns.units import MeV

Array = npt.NDArray[np.float64]
OUTPUT = Path(__file__).parents[1] / "src" / "cevns" / "data" / "reactor"

# --- neutron capture on 238U ----------------------------------------------------------------------

CAPTURE_HEADER = """\
# Antineutrinos of neutron capture on 238U, per MeV per decay (each column integrates to 1):
#   239U -> 239Np (23.5 min) and 239Np -> 239Pu (2.36 d), both in equilibrium after some days.
# Method: allowed shapes (cevns.beta_decay); end points from Q = 1261.5 and 722.8 keV (AME2020,
#   doi:10.1088/1674-1137/abddaf) and the levels of the daughters (ENSDF, A = 239); intensities
#   fitted (non-negative, each bin of 25 keV alike) to the spectra of both by L. Perisse et al.,
#   Phys. Rev. C 108 (2023) 055501, arXiv:2304.14992, ancillary files:
{branches}
# Values just below and just above each energy: a spectrum jumps at the end point of a branch.
# Between the points it is linear (to 1e-3 of its maximum).
# Uncertainty: a few per cent; columns by tools/build_reactor.py.
"""
PARENTS = {
    "U239": (93, 1261.5, (0.0, 31.1, 74.7, 662.3, 844.1)),
    "Np239": (94, 722.8, (7.9, 285.5, 330.1, 391.6, 511.8)),
}
"""Parent → Z of the daughter, Q [keV], levels of the daughter [keV] that are fed."""

STEP = 0.02  # MeV between the points of the table
_X, _W = np.polynomial.legendre.leggauss(16)


def allowed(Z: int, end: float) -> Callable[[Array], Array]:
    """The antineutrino spectrum of an allowed branch of end point ``end`` [MeV], unit integral."""

    def shape(E: Array) -> Array:
        found: Array = neutrino_spectrum(E * MeV, end * MeV, Z, 239) / MeV**4
        return found

    area = _averages(shape, np.linspace(0, end, 401)).sum() * end / 400
    return lambda E: shape(E) / area


def _averages(function: Callable[[Array], Array], edges: Array) -> Array:
    """The mean of ``function`` in each bin."""
    half = np.diff(edges)[:, None] / 2
    found: Array = function(edges[:-1, None] + half * (1 + _X)) @ _W / 2
    return found


def intensities(folder: Path, parent: str) -> list[tuple[float, float]]:
    """(end point [MeV], intensity) of the branches of ``parent`` that are fed at all, sum 1."""
    Z, Q, levels = PARENTS[parent]
    E, measured = np.loadtxt(
        folder / "bestiole-2023" / f"bestiole_{parent.lower()}.txt", delimiter=",", unpack=True
    )
    half = (E[1] - E[0]) / 2
    edges = np.append(E - half, E[-1] + half)
    ends = [(Q - level) / 1000 for level in levels]
    columns = [_averages(allowed(Z, end), edges) for end in ends]
    found, _ = nnls(np.stack(columns, axis=1), measured)
    found = np.round(found / found.sum(), 4)
    return [(end, share) for end, share in zip(ends, found, strict=True) if share > 0]


def capture(folder: Path) -> str:
    """The text of capture.csv."""
    branches = {parent: intensities(folder, parent) for parent in PARENTS}
    ends = [end for parts in branches.values() for end, _ in parts]
    energies = np.unique(np.round([*np.arange(0, max(ends), STEP), *ends], 6))
    columns = [_one_sided(parent, branches[parent], energies) for parent in PARENTS]
    words = [
        f"#     {parent}: " + ", ".join(f"{end:.4f} MeV {share:.2%}" for end, share in parts)
        for parent, parts in branches.items()
    ]
    titles = ",".join(f"{parent} below,{parent} above" for parent in PARENTS)
    rows = np.column_stack([energies, *(side for pair in columns for side in pair)])
    header = CAPTURE_HEADER.format(branches="\n".join(words))
    return header + f"energy [MeV],{titles}\n" + _lines(rows)


def _one_sided(
    parent: str, branches: list[tuple[float, float]], energies: Array
) -> tuple[Array, Array]:
    """The spectrum just below and just above each energy; its straight lines have unit area."""
    shapes = [(share, allowed(PARENTS[parent][0], end)) for end, share in branches]
    near = 1e-9

    def spectrum(E: Array) -> Array:
        total: Array = np.sum([share * shape(E) for share, shape in shapes], axis=0)
        return total

    below, above = spectrum(energies * (1 - near)), spectrum(energies * (1 + near))
    area = np.sum((above[:-1] + below[1:]) / 2 * np.diff(energies))
    return below / area, above / area


# --- errors of Huber and of Mueller ---------------------------------------------------------------

ERRORS_HEADER = """\
# Relative changes of the spectra of Huber and Mueller when a mode moves by one standard deviation.
# Errors by class: P. Huber, Phys. Rev. C 84 (2011) 024617, arXiv:1106.0687, ancillary files: stat
#   and bias uncorrelated, Z, weak magnetism and norm correlated between bins and isotopes;
#   asymmetric ones by their quadratic mean, the sign of weak magnetism by its straight line in E.
#   238U: 8.15 %, one number for all energies (the error of its IBD yield: G. Mention et al., Phys.
#   Rev. D 83 (2011) 073006), not correlated with the others: Mueller 2011 gives errors by class
#   (1 to 13 % of data bases, 10 to 20 % of what they miss) and no matrix of correlations.
# Method: eigenvectors of the covariance of w = f S E^2 (fractions of a PWR, E^2 as the total
#   coherent cross-section), divided by w; the {modes} largest of 100.
# What is left out, of the error of a count on germanium: 0.2 % above 0.1 keV of recoil, 0.8 % above
#   0.3 keV, 8 % above 1 keV. Columns by tools/build_reactor.py.
"""
MODES = 3
_KNOTS = np.linspace(2, 8, 25)  # MeV
_U238 = 0.0815


def covariance(folder: Path) -> Array:
    """Relative covariance of the isotopes at the knots, shape (100, 100)."""
    size = len(_KNOTS)
    variances = np.zeros((len(ISOTOPES), size))
    common = np.zeros((4, len(ISOTOPES), size))
    for place, isotope in enumerate(ISOTOPES):
        if isotope == "U238":
            common[3, place] = _U238
        else:
            variances[place], common[:3, place] = _classes(folder, isotope)
    vectors = common.reshape(4, -1)
    return np.diag(variances.ravel()) + vectors.T @ vectors


def _classes(folder: Path, isotope: str) -> tuple[Array, Array]:
    """Uncorrelated variance at each knot, and the classes Z, weak magnetism, norm: (3, knots)."""
    name = f"{isotope}-anti-neutrino-flux-250keV.dat"
    rows = np.loadtxt(folder / "huber-2011" / name)
    assert np.allclose(rows[:, 0], _KNOTS)
    low, high = rows[:, 2::2].T, rows[:, 3::2].T  # of each class, negative and positive
    size = np.sqrt((low**2 + high**2) / 2)
    # What is printed are the lower and the upper one of two curves that cross near 2 MeV.
    straight = np.polyfit(_KNOTS[4:], (high - low)[3][4:], 1)
    signs = np.stack([np.sign(low + high)[2], np.sign(np.polyval(straight, _KNOTS))])
    return size[0] ** 2 + size[1] ** 2, np.stack([*(signs * size[2:4]), size[4]])


def weights() -> Array:
    """f S E² of a pressurised water reactor at the knots, times their spacing, shape (100,)."""
    spacing = np.full(len(_KNOTS), _KNOTS[1] - _KNOTS[0])
    spacing[[0, -1]] /= 2
    fractions = FUELS["pwr"].fractions
    spectra = [density(one, "huber-mueller")(_KNOTS * MeV) * MeV for one in ISOTOPES]
    parts = [fractions[one] * S for one, S in zip(ISOTOPES, spectra, strict=True)]
    found: Array = np.stack(parts) * _KNOTS**2 * spacing
    return found.ravel()


def modes(folder: Path) -> Array:
    """Relative changes, shape (modes, isotopes, knots): the largest modes, upwards in events."""
    w = weights()
    values, vectors = np.linalg.eigh(covariance(folder) * np.outer(w, w))
    largest = np.argsort(values)[::-1][:MODES]
    changes = vectors[:, largest].T * np.sqrt(values[largest])[:, None]
    upwards: Array = changes * np.sign(changes.sum(axis=1))[:, None] / w
    return upwards.reshape(MODES, len(ISOTOPES), -1)


def errors(folder: Path) -> str:
    """The text of errors.csv."""
    titles = [f"{isotope} mode{k + 1}" for k in range(MODES) for isotope in ISOTOPES]
    rows = np.column_stack([_KNOTS, *modes(folder).reshape(-1, len(_KNOTS))])
    header = ERRORS_HEADER.format(modes=MODES)
    return header + ",".join(["energy [MeV]", *titles]) + "\n" + _lines(rows)


def _lines(rows: Any) -> str:
    # Values far below one are zero: of the size of rounding they would not be the same everywhere.
    return "".join(
        ",".join(f"{value:.5g}" if abs(value) > 1e-7 else "0" for value in row) + "\n"
        for row in rows
    )


def build() -> dict[str, str]:
    """Name of each table → its text."""
    folder = Path(os.environ["CEVNS_DATA"]) / "spectra-reactor"
    return {"capture.csv": capture(folder), "errors.csv": errors(folder)}


def main() -> None:
    """Write the tables."""
    output = Path(sys.argv[1]) if len(sys.argv) > 1 else OUTPUT
    for name, text in build().items():
        (output / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
