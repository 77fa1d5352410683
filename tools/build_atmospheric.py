"""Build src/cevns/data/atmospheric/*.csv, the compact tables of atmospheric fluxes.

They are facts read off the public tables in the folder ``spectra-atmospheric`` below CEVNS_DATA:
FLUKA at 20 energies per decade, and Honda averaged over the 240 directions.

Usage: ``python tools/build_atmospheric.py [OUTPUT FOLDER]``. Same input, same bytes.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt

OUTPUT = Path(__file__).parents[1] / "src" / "cevns" / "data" / "atmospheric"
SOURCE = Path(os.environ.get("CEVNS_DATA", "")) / "spectra-atmospheric"
COLUMNS = (
    "energy [MeV],nu_e [/cm^2/s/MeV],nu_e_bar [/cm^2/s/MeV],"
    "nu_mu [/cm^2/s/MeV],nu_mu_bar [/cm^2/s/MeV]"
)
FLUKA = """\
# Atmospheric neutrino fluxes below 1 GeV at Gran Sasso, integrated over the sphere.
# G. Battistoni, A. Ferrari, T. Montaruli, P. Sala, Astropart. Phys. 23 (2005) 526 (FLUKA).
# Built by tools/build_atmospheric.py from the interpolation that cajohare/NeutrinoFog (MIT) makes
#   of the paper's table, read at 20 energies per decade again, where the paper has its points;
#   the first energy is where that interpolation starts. Its values above the last, 944 MeV, are an
#   extrapolation and left out. Power laws between the points; against the interpolation they
#   differ by up to 3 % above 840 MeV and 1.5 % below; integrals by 0.3 %.
# Uncertainty: 25 % below 100 MeV (normalisation; the ratios of flavours are better known).
"""
HONDA = """\
# Atmospheric neutrino fluxes from 0.1 to 10 GeV at Gran Sasso, integrated over the sphere, at the
# {solar} of the solar cycle.
# M. Honda, M. Sajjad Athar, T. Kajita, K. Kasahara, S. Midorikawa, Phys. Rev. D 92 (2015) 023004,
#   arXiv:1502.03916.
# Built by tools/build_atmospheric.py: mean over the 20 zenith and 12 azimuth bins, which are of
#   equal size, times 4 pi. Power laws between the points.
# Uncertainty: about 25 % at 0.1 GeV, below 10 % at 1 GeV.
"""
Array = npt.NDArray[np.float64]


def _text(header: str, energies: Array, fluxes: Array) -> str:
    rows = [
        ",".join([f"{energy:.6g}", *(f"{value:.5g}" for value in row)])
        for energy, row in zip(energies, fluxes, strict=True)
    ]
    return "\n".join([header + COLUMNS, *rows]) + "\n"


def fluka(source: Path) -> str:
    """The text of the FLUKA table."""
    tables = [
        np.loadtxt(source / "fluka" / f"AtmNu_{name}.txt", delimiter=",").T
        for name in ("e", "ebar", "mu", "mubar")
    ]
    first = tables[0][0][0]
    energies = np.append(first, 10 ** (1.175 + 0.05 * np.arange(37)))
    logs = [np.interp(np.log(energies), np.log(x), np.log(y)) for x, y in tables]
    return _text(FLUKA, energies, np.exp(logs).T)


def honda(source: Path, solar: str) -> str:
    """The text of one of Honda's tables; ``solar`` is "minimum" or "maximum"."""
    path = source / "honda-gran-sasso" / f"AtmNu_GranSasso_Solar{solar[:3].capitalize()}.d"
    rows = [
        [float(cell) for cell in line.split()]
        for line in path.read_text("utf-8").splitlines()
        if not line.startswith("average") and "Enu" not in line and line.strip()
    ]
    blocks = np.array(rows).reshape(240, -1, 5)
    kept = blocks[0, :, 0] <= 10.0
    mean = blocks[:, kept].mean(axis=0)
    per_gev_m2 = 4 * np.pi * 1e-3 * 1e-4  # per GeV, m2 and sr → per MeV and cm2
    order = [3, 4, 1, 2]  # the file has the muon flavour first
    return _text(HONDA.format(solar=solar), 1e3 * mean[:, 0], mean[:, order] * per_gev_m2)


def build(source: Path = SOURCE) -> dict[str, str]:
    """The texts of the tables by file name."""
    extremes = ("minimum", "maximum")
    tables = {f"honda-gran-sasso-{solar}.csv": honda(source, solar) for solar in extremes}
    return {"fluka.csv": fluka(source), **tables}


def main() -> None:
    """Write the tables."""
    output = Path(sys.argv[1]) if len(sys.argv) > 1 else OUTPUT
    for name, text in build().items():
        (output / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
