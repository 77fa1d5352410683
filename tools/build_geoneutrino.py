"""Build src/cevns/data/geoneutrino/spectra.csv, the compact spectra of geoneutrinos.

They are bin means of the public tables in the folder ``spectra-geoneutrino`` below CEVNS_DATA.

Usage: ``python tools/build_geoneutrino.py [OUTPUT]``. Same input, same bytes.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np

OUTPUT = Path(__file__).parents[1] / "src" / "cevns" / "data" / "geoneutrino" / "spectra.csv"
SOURCE = Path(os.environ.get("CEVNS_DATA", "")) / "spectra-geoneutrino"
WIDTH = 25  # keV
CHAINS = {"U": "238U", "Th": "232Th", "K": "40K"}
HEADER = """\
# Antineutrinos per decay and MeV of the chains of 238U and 232Th and of 40K: a histogram, each row
# from its energy to the next one.
# S. Enomoto, Antineutrino Spectrum from Natural Radioactive Nuclei (2006), Tohoku University.
# Built by tools/build_geoneutrino.py: means over bins of 25 keV of that table (1 keV): integrals
#   are kept. Per decay 6.01, 3.97 and 0.893 antineutrinos (6, 4 and 0.893 from the decay schemes).
energy [MeV],U [/MeV],Th [/MeV],K [/MeV]
"""


def build(source: Path = SOURCE) -> str:
    """The text of the table."""
    columns = []
    for chain in CHAINS.values():
        energy, density = np.loadtxt(source / f"AntineutrinoSpectrum_{chain}.txt").T
        used = density[energy < 4500].reshape(-1, WIDTH)
        columns.append(1e3 * used.mean(axis=1))  # per keV → per MeV
    rows = [
        ",".join([f"{1e-3 * WIDTH * i:.3f}", *(f"{value:.5g}" for value in row)])
        for i, row in enumerate(np.array(columns).T)
    ]
    return HEADER + "\n".join([*rows, "4.500,0,0,0"]) + "\n"


def main() -> None:
    """Write the table."""
    output = Path(sys.argv[1]) if len(sys.argv) > 1 else OUTPUT
    output.write_text(build(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
