"""Build src/cevns/data/solar/b8.csv, the neutrino spectrum of boron-8, from two measurements.

A published spectrum is a sum of allowed shapes over the excitation energy of beryllium-8. That
distribution is found by non-negative least squares, which continues the spectrum to where it ends,
and the sum is written in few rows. Winter et al. is transcribed below, Bahcall et al. is read from
``spectra-solar/pycevns/b8.csv`` below the folder CEVNS_DATA. Usage: ``python tools/build_solar.py
[OUTPUT]``. Same input, same table; tests/test_solar_tables.py builds it again.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

import mpmath as mp
import numpy as np
import numpy.typing as npt
from scipy.interpolate import CubicSpline
from scipy.optimize import nnls

from cevns.beta_decay import neutrino_spectrum
from cevns.units import MeV

Array = npt.NDArray[np.float64]
OUTPUT = Path(__file__).parents[1] / "src" / "cevns" / "data" / "solar" / "b8.csv"

HEADER = """\
# Neutrino spectrum of boron-8 decay, per MeV, integral 1.
# winter-2006: Winter et al., Phys. Rev. C 73 (2006) 025503, arXiv:nucl-ex/0406019, Table IV.
#   Uncertainty (theirs, 1 sigma): 0.5 % at 2 MeV, 0.1 % at 6, 0.3 % at 10, 1.8 % at 14 MeV.
# bahcall-1996: Bahcall et al., Phys. Rev. C 54 (1996) 411, arXiv:nucl-th/9601044, as carried by
#   pyCEvNS (MIT). It is 0.9 % above the other column at 5, 1.4 % below at 10, 8 % at 13 MeV, the
#   difference of two measurements of the alpha particles, which is its uncertainty.
# Method: sum of allowed shapes over the excitation energy of 8Be, from 0 to 16.957 MeV: L = 2
#   penetrability of two alpha particles (4.5 fm) times a piecewise linear strength that is constant
#   below 1.5 MeV, and a line at 16.626 MeV, fitted (non-negative) to the published spectrum. The
#   rows are those of the closest piecewise linear function, relative errors alike.
# Against the published values between 0.5 and 14 MeV: rms {rms}, in the same order.
#   Above (15.2 and 16.0 MeV are the last published) the tail is the one of the fit.
# Between the points it is linear. tools/build_solar.py.
energy [MeV],winter-2006,bahcall-1996
"""

# Winter et al. 2006, Table IV: 0.1, 0.2, ... 15.2 MeV, per GeV.
WINTER = """
0.214 0.763 1.513 2.507 3.763 5.239 6.914 8.772 10.798 12.976 15.292 17.735 20.292 22.950 25.699
28.528 31.427 34.386 37.395 40.447 43.531 46.640 49.767 52.903 56.041 59.174 62.296 65.401 68.482
71.533 74.549 77.526 80.456 83.337 86.164 88.931 91.635 94.272 96.839 99.331 101.746 104.081
106.332 108.497 110.574 112.560 114.452 116.250 117.951 119.553 121.056 122.457 123.755 124.951
126.042 127.028 127.909 128.683 129.351 129.914 130.369 130.719 130.963 131.101 131.134 131.063
130.888 130.611 130.232 129.752 129.174 128.497 127.724 126.856 125.895 124.843 123.701 122.471
121.156 119.758 118.278 116.720 115.086 113.378 111.599 109.751 107.838 105.862 103.827 101.734
99.587 97.390 95.146 92.857 90.528 88.161 85.759 83.328 80.869 78.387 75.885 73.368 70.837 68.298
65.754 63.209 60.667 58.131 55.606 53.095 50.602 48.131 45.686 43.271 40.889 38.545 36.242 33.984
31.774 29.616 27.515 25.472 23.493 21.579 19.735 17.963 16.266 14.647 13.110 11.655 10.286 9.005
7.813 6.712 5.703 4.787 3.965 3.237 2.602 2.058 1.602 1.228 0.929 0.694 0.513 0.376 0.273 0.196
0.140 0.099 0.069 0.047
"""

END = 16.957  # MeV: to the ground state of 8Be, AME2020
ALPHA_MASS, HBAR_C, COULOMB = 3727.379, 197.32698, 4 / 137.035999
THRESHOLD = 0.0918  # MeV of excitation below which 8Be does not break up
RADIUS = 4.5  # fm, the channel radius
LINE, LINE_WIDTH = 16.626, 0.05  # MeV; far below its end point only the position matters
STEP = 0.01
EXCITATION = np.arange(0.03, END, STEP)
STRENGTH_KNOTS = np.concatenate([np.arange(1.5, 6, 0.25), np.arange(6, 16.1, 0.5)])
KNOTS = np.concatenate(
    [
        [0, 0.01, 0.02, 0.05],
        np.arange(0.1, 12.95, 0.1),
        np.arange(13, 15.95, 0.06),
        np.arange(16, 16.9, 0.1),
        [END],
    ]
)


def published() -> dict[str, tuple[Array, Array]]:
    """Name → energies [MeV] and density [1/MeV]."""
    winter = np.array(WINTER.split(), dtype=float) / 1000
    file = Path(os.environ["CEVNS_DATA"]) / "spectra-solar" / "pycevns" / "b8.csv"
    energy, flux = np.loadtxt(file, delimiter=",").T
    shown = flux > 1e-6 * flux.max()  # the last rows are rounded to one digit
    return {
        "winter-2006": (0.1 * np.arange(1, len(winter) + 1), winter),
        "bahcall-1996": (energy[shown], (flux / np.trapezoid(flux, energy))[shown]),
    }


@cache
def penetrability() -> Array:
    """P of two α particles with L = 2 at `EXCITATION`: ρ / (F² + G²)."""
    energies = np.append(np.geomspace(0.03, 1, 20), np.linspace(1.2, END, 40))
    values = []
    for energy in energies + THRESHOLD:
        k = np.sqrt(ALPHA_MASS * energy) / HBAR_C  # the reduced mass is half of it
        eta = COULOMB * ALPHA_MASS / 2 / (k * HBAR_C)
        f, g = mp.coulombf(2, eta, k * RADIUS), mp.coulombg(2, eta, k * RADIUS)
        values.append(float(k * RADIUS / (f**2 + g**2)))
    logarithm: Any = CubicSpline(np.log(energies), np.log(values))
    return np.asarray(np.exp(logarithm(np.log(EXCITATION))))


def basis(energy: Array) -> Array:
    """Spectra at ``energy`` of each triangle of strength and of the line, one a column."""
    triangles = [np.interp(EXCITATION, STRENGTH_KNOTS, row) for row in np.eye(len(STRENGTH_KNOTS))]
    line = np.exp(-0.5 * ((EXCITATION - LINE) / LINE_WIDTH) ** 2) / LINE_WIDTH
    strengths = np.stack([*(penetrability() * one for one in triangles), line], axis=1)
    # The charge of the daughter is that of 8Be, negative for a positron.
    shapes = neutrino_spectrum((energy[:, None] + EXCITATION) * MeV, END * MeV, -4, 8) / MeV**4
    with np.errstate(invalid="ignore"):
        phase_space = shapes * (energy[:, None] / (energy[:, None] + EXCITATION)) ** 2
    return np.asarray(phase_space @ strengths * STEP)


def fitted(energy: Array, density: Array) -> Array:
    """Weights of `basis` that give the published spectrum to 2e-4 and to its last digit."""
    error = np.hypot(2e-4 * density, 3e-7)
    matrix = basis(energy) / error[:, None]
    size = np.linalg.norm(matrix, axis=0)
    weights, _ = nnls(matrix / size, density / error, maxiter=10000)
    return np.asarray(weights / size)


def projected(weights: Array) -> Array:
    """Values at `KNOTS` of the piecewise linear function closest to the spectrum."""
    x, w = np.polynomial.legendre.leggauss(4)
    half = np.diff(KNOTS)[:, None] / 2
    half[0] = 0  # a line from zero is no fit to E²
    energy = (KNOTS[:-1, None] + half * (1 + x)).ravel()
    exact = np.maximum(basis(energy) @ weights, 1e-16)
    hats = np.stack([np.interp(energy, KNOTS, row) for row in np.eye(len(KNOTS))[1:-1]], axis=1)
    root = np.sqrt((half * w).ravel())
    values, _ = nnls(hats / exact[:, None] * root[:, None], root, maxiter=10000)
    return np.concatenate([[0.0], values, [0.0]])


def table() -> str:
    """The file."""
    columns, deviations = [], []
    for energy, density in published().values():
        columns.append(projected(fitted(energy, density)))
        inside = (energy > 0.49) & (energy < 14.01)
        change = np.interp(energy[inside], KNOTS, columns[-1]) / density[inside] - 1
        deviations.append(f"{100 * np.sqrt(np.mean(change**2)):.2f} %")
    rows = [
        f"{energy:.10g}," + ",".join(f"{value:.6g}" for value in values)
        for energy, *values in zip(KNOTS, *columns, strict=True)
    ]
    return HEADER.format(rms=", ".join(deviations)) + "\n".join(rows) + "\n"


def main() -> None:
    """Write the table."""
    output = Path(sys.argv[1]) if len(sys.argv) > 1 else OUTPUT
    output.write_text(table(), "utf-8")


if __name__ == "__main__":
    main()
