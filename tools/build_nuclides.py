"""Build src/cevns/data/nuclides.csv, the table of all naturally occurring nuclides.

Masses, mole fractions and charge radii come from ``16-nuclides.csv`` of great-tables (MIT), which
carries AME2020, the 2013 representative compositions of CIAAW and Angeli & Marinova 2013. Spins
and parities are not in that file: even-even nuclides are 0+, the others stand below, from
NUBASE2020 as carried by mendeleev 1.3.0. The tantalum isomer is the one row that
great-tables lacks and is added by hand.

Usage: ``python tools/build_nuclides.py [OUTPUT]`` (needs great-tables). Same input, same bytes.
"""

from __future__ import annotations

import csv
import importlib.resources
import sys
from decimal import Decimal
from pathlib import Path

OUTPUT = Path(__file__).parents[1] / "src" / "cevns" / "data" / "nuclides.csv"

HEADER = """\
# Naturally occurring nuclides: 288 with a representative mole fraction, and the isomer 180mTa.
# Built by tools/build_nuclides.py from 16-nuclides.csv of great-tables 1.1.0 (MIT).
# mass: atomic mass, AME2020: Wang et al., Chin. Phys. C 45 (2021) 030003,
#   doi:10.1088/1674-1137/abddaf; uncertainty 1 sigma.
# fraction: representative isotopic composition (mole fraction), 2013 edition of IUPAC/CIAAW:
#   Meija et al., Pure Appl. Chem. 88 (2016) 293, doi:10.1515/pac-2015-0503 (recognised by its
#   values for Yb, Hf, Ir, which later editions changed). Where CIAAW gives an interval (H, Li, B,
#   C, N, O, Mg, Si, S, Cl, Br, Tl) the fraction is its middle and the uncertainty its half width
#   over sqrt(3); else the uncertainty is the published one (Ar: 0.003336(210), 0.000629(70),
#   0.996035(250)); empty for an element of one nuclide. The middles need not add up: the sum is
#   1 - 1.5e-6 for O, 1 + 1.0e-5 for Mg, 1 - 6.2e-5 for S. The reader normalises each element.
# radius: rms charge radius, Angeli & Marinova, At. Data Nucl. Data Tables 99 (2013) 69,
#   doi:10.1016/j.adt.2011.12.006; uncertainty 1 sigma; empty where none is measured.
# 2J, parity: ground state, NUBASE2020: Kondev et al., Chin. Phys. C 45 (2021) 030001,
#   doi:10.1088/1674-1137/abddae, as carried by mendeleev 1.3.0 (MIT); 0+ for even Z and even N.
# Ta180 is the isomer 180mTa (9-), the state found in nature: mass of the ground state plus
#   75.3(14) keV (NUBASE2020); fraction 1 - f(181Ta); no measured radius.
"""
COLUMNS = (
    "symbol,Z,A,mass [u],mass_uncertainty [u],fraction,fraction_uncertainty,"
    "radius [fm],radius_uncertainty [fm],2J,parity"
)

# NUBASE2020; odd-A and odd-odd natural nuclides, and the tantalum isomer.
SPINS = """
H1 1/2+, H2 1+, He3 1/2+, Li6 1+, Li7 3/2-, Be9 3/2-, B10 3+, B11 3/2-, C13 1/2-, N14 1+,
N15 1/2-, O17 5/2+, F19 1/2+, Ne21 3/2+, Na23 3/2+, Mg25 5/2+, Al27 5/2+, Si29 1/2+, P31 1/2+,
S33 3/2+, Cl35 3/2+, Cl37 3/2+, K39 3/2+, K40 4-, K41 3/2+, Ca43 7/2-, Sc45 7/2-, Ti47 5/2-,
Ti49 7/2-, V50 6+, V51 7/2-, Cr53 3/2-, Mn55 5/2-, Fe57 1/2-, Co59 7/2-, Ni61 3/2-, Cu63 3/2-,
Cu65 3/2-, Zn67 5/2-, Ga69 3/2-, Ga71 3/2-, Ge73 9/2+, As75 3/2-, Se77 1/2-, Br79 3/2-, Br81 3/2-,
Kr83 9/2+, Rb85 5/2-, Rb87 3/2-, Sr87 9/2+, Y89 1/2-, Zr91 5/2+, Nb93 9/2+, Mo95 5/2+, Mo97 5/2+,
Ru99 5/2+, Ru101 5/2+, Rh103 1/2-, Pd105 5/2+, Ag107 1/2-, Ag109 1/2-, Cd111 1/2+, Cd113 1/2+,
In113 9/2+, In115 9/2+, Sn115 1/2+, Sn117 1/2+, Sn119 1/2+, Sb121 5/2+, Sb123 7/2+, Te123 1/2+,
Te125 1/2+, I127 5/2+, Xe129 1/2+, Xe131 3/2+, Cs133 7/2+, Ba135 3/2+, Ba137 3/2+, La138 5+,
La139 7/2+, Pr141 5/2+, Nd143 7/2-, Nd145 7/2-, Sm147 7/2-, Sm149 7/2-, Eu151 5/2+, Eu153 5/2+,
Gd155 3/2-, Gd157 3/2-, Tb159 3/2+, Dy161 5/2+, Dy163 5/2-, Ho165 7/2-, Er167 7/2+, Tm169 1/2+,
Yb171 1/2-, Yb173 5/2-, Lu175 7/2+, Lu176 7-, Hf177 7/2-, Hf179 9/2+, Ta180 9-, Ta181 7/2+,
W183 1/2-, Re185 5/2+, Re187 5/2+, Os187 1/2-, Os189 3/2-, Ir191 3/2+, Ir193 3/2+, Pt195 1/2-,
Au197 3/2+, Hg199 1/2-, Hg201 3/2-, Tl203 1/2+, Tl205 1/2+, Pb207 1/2-, Bi209 9/2-, Pa231 3/2-,
U235 7/2-
"""

KEV_PER_U = 931494.10242  # CODATA 2018
TANTALUM_ISOMER = (75.3, 1.4)  # excitation energy and its uncertainty [keV], NUBASE2020


def _spins() -> dict[str, tuple[int, int]]:
    """Nuclide → (2J, parity) of the nuclides that are not even-even."""
    spins = {}
    for entry in SPINS.replace("\n", " ").split(","):
        name, state = entry.split()
        spin, parity = state[:-1], int(state[-1] + "1")
        numerator, _, half = spin.partition("/")
        spins[name] = (int(numerator) if half else 2 * int(numerator), parity)
    return spins


def _short(text: str) -> str:
    """A number without the dust of binary fractions (0.9998798999999999 → 0.9998799)."""
    return f"{float(text):.9g}" if text else ""


def _micro(text: str) -> str:
    """Micro-u to u, digit for digit."""
    return f"{Decimal(text).scaleb(-6):f}"


def _tantalum(ground: dict[str, str], partner: dict[str, str]) -> dict[str, str]:
    """180mTa from the row of the ground state and of 181Ta, in the columns of great-tables."""
    energy, error = TANTALUM_ISOMER
    mass = float(ground["atomic_mass"]) + energy / KEV_PER_U * 1e6
    uncertainty = (float(ground["atomic_mass_uncert"]) ** 2 + (error / KEV_PER_U * 1e6) ** 2) ** 0.5
    return ground | {
        "atomic_mass": f"{mass:.3f}",
        "atomic_mass_uncert": f"{uncertainty:.3f}",
        "abundance": _short(str(1 - float(partner["abundance"]))),
        "abundance_uncert": partner["abundance_uncert"],
    }


def _natural_rows() -> list[dict[str, str]]:
    source = importlib.resources.files("great_tables") / "data" / "16-nuclides.csv"
    with source.open(encoding="utf-8") as stream:
        rows = {(int(row["z"]), int(row["n"])): row for row in csv.DictReader(stream)}
    rows[73, 107] = _tantalum(rows[73, 107], rows[73, 108])
    natural = {key: row for key, row in rows.items() if float(row["abundance"] or 0) > 0}
    return [row for _, row in sorted(natural.items())]


def build() -> str:
    """The text of the table."""
    spins = _spins()
    lines = [COLUMNS]
    for row in _natural_rows():
        Z, N, symbol = int(row["z"]), int(row["n"]), row["element"]
        even = Z % 2 == 0 and N % 2 == 0
        twice_spin, parity = (0, 1) if even else spins.pop(f"{symbol}{Z + N}")
        cells = (
            symbol,
            str(Z),
            str(Z + N),
            _micro(row["atomic_mass"]),
            _short(_micro(row["atomic_mass_uncert"])),
            _short(row["abundance"]),
            _short(row["abundance_uncert"]),
            row["radius"],
            row["radius_uncert"],
            str(twice_spin),
            f"{parity:+d}",
        )
        lines.append(",".join(cells))
    if spins:
        raise ValueError(f"spins without a nuclide: {sorted(spins)}")
    return HEADER + "\n".join(lines) + "\n"


def main() -> None:
    """Write the table."""
    output = Path(sys.argv[1]) if len(sys.argv) > 1 else OUTPUT
    output.write_text(build(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
