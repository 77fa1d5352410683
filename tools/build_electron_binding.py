"""Build src/cevns/data/electron_binding.csv: electrons of each element by their binding energy.

Energies are the absorption edges of xraydb (MIT), which carries the compilation of Elam,
Ravel & Sieber; how many electrons a shell has is the configuration of the free atom.

Usage: ``python tools/build_electron_binding.py [OUTPUT]`` (needs xraydb). Same input, same bytes.
"""

from __future__ import annotations

import importlib.util
import re
import sqlite3
import sys
from pathlib import Path

OUTPUT = Path(__file__).parents[1] / "src" / "cevns" / "data" / "electron_binding.csv"

HEADER = """\
# Electrons of the elements from H to U: how many have which binding energy, K shell first.
# Built by tools/build_electron_binding.py from the table xray_levels of xraydb 4.5 (MIT).
# binding [eV]: absorption edges of Elam, Ravel & Sieber, Radiat. Phys. Chem. 63 (2002) 121,
#   doi:10.1016/S0969-806X(01)00227-4, for elements as they are in nature, from the Fermi level or
#   the vacuum: uncertain by an eV or so, outermost shells by more; 0 where there is no edge.
# electrons: ground state of the free atom (Madelung's order and its exceptions), each l filled from
#   j = l - 1/2. Shells of one energy are one entry.
# One line for each element: symbol, Z, then number:energy for each shell.
symbol,Z,electrons:binding [eV]
"""
ORDER = "1s 2s 2p 3s 3p 4s 3d 4p 5s 4d 5p 6s 4f 5d 6p 7s 5f 6d".split()
# What differs from it: NIST Atomic Spectra Database, ground states.
EXCEPTIONS = {
    "Cr": {"4s": 1, "3d": 5},
    "Cu": {"4s": 1, "3d": 10},
    "Nb": {"5s": 1, "4d": 4},
    "Mo": {"5s": 1, "4d": 5},
    "Ru": {"5s": 1, "4d": 7},
    "Rh": {"5s": 1, "4d": 8},
    "Pd": {"5s": 0, "4d": 10},
    "Ag": {"5s": 1, "4d": 10},
    "La": {"4f": 0, "5d": 1},
    "Ce": {"4f": 1, "5d": 1},
    "Gd": {"4f": 7, "5d": 1},
    "Pt": {"6s": 1, "5d": 9},
    "Au": {"6s": 1, "5d": 10},
    "Ac": {"5f": 0, "6d": 1},
    "Th": {"5f": 0, "6d": 2},
    "Pa": {"5f": 2, "6d": 1},
    "U": {"5f": 3, "6d": 1},
}


def configuration(symbol: str, Z: int) -> dict[str, int]:
    """Electrons in each n l of the free atom."""
    filled, left = {}, Z
    for orbital in ORDER:
        filled[orbital] = min(left, 4 * "spdf".index(orbital[1]) + 2)
        left -= filled[orbital]
    return filled | EXCEPTIONS.get(symbol, {})


def shells(symbol: str, Z: int) -> dict[str, int]:
    """Electrons by the name of the shell: K, L1, L2, ..."""
    found = {}
    for orbital, number in configuration(symbol, Z).items():
        n, ell = int(orbital[0]), "spdf".index(orbital[1])
        inner = min(number, 2 * ell)
        for place, electrons in ((2 * ell, inner), (2 * ell + 1, number - inner)):
            if electrons:
                found["K" if n == 1 else f"{'KLMNOPQ'[n - 1]}{place}"] = electrons
    return found


def build() -> str:
    """The text of the table."""
    package = importlib.util.find_spec("xraydb")
    if package is None or package.origin is None:
        raise SystemExit("needs xraydb")
    path = Path(package.origin).parent / "xraydb.sqlite"
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as base:
        elements = base.execute("SELECT element, atomic_number FROM elements").fetchall()
        edges = {
            (element, shell): float(energy)
            for element, shell, energy in base.execute(
                "SELECT element, iupac_symbol, absorption_edge FROM xray_levels"
            )
        }
    lines = []
    for symbol, Z in sorted(elements, key=lambda row: row[1])[:92]:
        by_energy: dict[float, int] = {}
        for shell, number in shells(symbol, Z).items():
            energy = edges.get((symbol, shell), 0.0)
            by_energy[energy] = by_energy.get(energy, 0) + number
        if sum(by_energy.values()) != Z or not re.fullmatch("[A-Z][a-z]?", symbol):
            raise ValueError(f"{symbol}: {by_energy}")
        entries = [f"{number}:{energy:g}" for energy, number in sorted(by_energy.items())[::-1]]
        lines.append(f"{symbol},{Z},{' '.join(entries)}")
    return HEADER + "\n".join(lines) + "\n"


def main() -> None:
    """Write the table."""
    output = Path(sys.argv[1]) if len(sys.argv) > 1 else OUTPUT
    output.write_text(build(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
