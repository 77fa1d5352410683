"""Build src/cevns/data/spins.csv and spin_responses.csv: what the spins of odd nuclides do.

The first table is the spin that protons and neutrons carry, from calculations of the shell model
or from the magnetic moment; the second how a nucleon in an oscillator orbit responds at momentum q.

Usage: ``python tools/build_spins.py [FOLDER]`` (needs mpmath). Same bytes every time.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

from mpmath import mp

DATA = Path(__file__).parents[1] / "src" / "cevns" / "data"
mp.dps = 40
HALF = mp.mpf(1) / 2

SPINS_HEADER = """\
# Spin that the protons and neutrons of odd nuclides carry, <S_p> and <S_n> in the state M = J.
# Built by tools/build_spins.py. One-body operators: no two-body currents.
# method shell-model: Klos, Menendez, Gazit & Schwenk, Phys. Rev. D 88 (2013) 083516,
#   arXiv:1304.7684. Uncertainty: the distance to another shell model, at least 0.005: Divari et al.
#   2000 (F, Na, Si), Engel et al. 1995 (Al), Dimitrov, Engel & Pittel 1995 (Ge), Ressell & Dean
#   1997 with the Bonn A potential (I, Xe), all as compiled in hep-ph/0406218; for S_p of 127I 0.1,
#   a factor of two in the rate, by which ab initio results differ (arXiv:2109.00193).
# method compilations: the mean of two compilations, (-0.225, 0.002) of hep-ph/0406218 and (-0.318,
#   0.021), not confirmed, with half their distance (133Cs).
# method odd-group: from the magnetic moment mu [nuclear magnetons] of Stone, At. Data Nucl. Data
#   Tables 90 (2005) 75, all of it by the odd kind of nucleon: S = (mu - J)/4.586 for protons,
#   -mu/3.826 for neutrons. An estimate: its uncertainty is half the distance to a single nucleon in
#   the orbit, and 0.03 for the even kind, the size that it has in the shell model. Calculations
#   compiled in hep-ph/0406218 lie within two of these, but for 0.013 of 17O.
# method nucleon: the proton itself.
# orbit: of the odd nucleon, by spin and parity, for the response in spin_responses.csv; 21Ne and
#   23Na have three nucleons in 1d5/2.
# b: its oscillator length, b^2 = 41.467/(45 A^(-1/3) - 25 A^(-2/3)) fm^2 (Blomqvist & Molinari,
#   Nucl. Phys. A 106 (1968) 545); 0 for the proton.
"""
RESPONSES_HEADER = """\
# How the spin of a nucleon in a harmonic-oscillator orbit responds at momentum transfer q:
#   amplitude of multipole L = exp(-y) * (c0 + c1 y + c2 y^2 + ...), y = (q b/2)^2,
# over that of L = 1 at q = 0. transverse is Sigma'_L, longitudinal Sigma''_L of Donnelly & Haxton,
# At. Data Nucl. Data Tables 23 (1979) 103: diagonal elements of one orbit, odd L only.
# Built by tools/build_spins.py: Racah algebra, radial integrals in closed form.
"""

# <S_p>, its uncertainty, <S_n>, its uncertainty, method, orbit of the odd nucleon
CALCULATED = """
H1 0.5 0 0 0 nucleon 1s1/2
F19 0.478 0.005 -0.002 0.007 shell-model 2s1/2
Na23 0.224 0.024 0.024 0.005 shell-model 1d5/2
Al27 0.326 0.017 0.038 0.008 shell-model 1d5/2
Si29 0.016 0.018 0.156 0.023 shell-model 2s1/2
Ge73 0.031 0.005 0.439 0.061 shell-model 1g9/2
I127 0.342 0.1 0.031 0.044 shell-model 2d5/2
Xe129 0.01 0.018 0.329 0.03 shell-model 3s1/2
Xe131 -0.009 0.005 -0.272 0.045 shell-model 2d3/2
Cs133 -0.2715 0.0465 0.0115 0.0095 compilations 1g7/2
"""

# Magnetic moment, whether the odd nucleon is a proton, its orbit
MOMENTS = """
Li7 3.25643 p 1p3/2, B11 2.68865 p 1p3/2, C13 0.70241 n 1p1/2, O17 -1.89379 n 1d5/2,
Ne21 -0.66180 n 1d5/2, Mg25 -0.85545 n 1d5/2, P31 1.13160 p 2s1/2, Cl35 0.82187 p 1d3/2,
Cl37 0.68412 p 1d3/2, K39 0.39147 p 1d3/2, K41 0.21487 p 1d3/2, Ca43 -1.31764 n 1f7/2,
Cu63 2.2273 p 2p3/2, Cu65 2.3816 p 2p3/2, Zn67 0.87520 n 1f5/2, Ga69 2.01659 p 2p3/2,
Ga71 2.56227 p 2p3/2, As75 1.43948 p 2p3/2, Kr83 -0.97067 n 1g9/2, Mo95 -0.9142 n 2d5/2,
Mo97 -0.9335 n 2d5/2, Cd111 -0.59489 n 3s1/2, Cd113 -0.62230 n 3s1/2, Te123 -0.73695 n 3s1/2,
Te125 -0.88850 n 3s1/2, W183 0.11778 n 3p1/2, Pb207 0.59258 n 3p1/2, Bi209 4.1103 p 1h9/2
"""
LETTERS = "spdfgh"


def quantum_numbers(orbit: str) -> tuple[int, int, Any]:
    """Radial number (from 1), l and j of an orbit such as "2d5/2"."""
    return int(orbit[0]), LETTERS.index(orbit[1]), int(orbit[2:-2]) * HALF


def _odd_group() -> Iterator[str]:
    for entry in MOMENTS.replace("\n", " ").split(","):
        name, moment, kind, orbit = entry.split()
        _, ell, j = quantum_numbers(orbit)
        spin = (float(moment) - float(j)) / 4.586 if kind == "p" else -float(moment) / 3.826
        alone = 0.5 if j > ell else -float(j) / (2 * float(j) + 2)
        odd, even = f"{spin:.3f},{abs(alone - spin) / 2:.3f}", "0,0.03"
        both = f"{odd},{even}" if kind == "p" else f"{even},{odd}"
        yield f"{name},{both},odd-group,{orbit}"


def _with_length(row: str) -> str:
    A = float("".join(c for c in row.split(",")[0] if c.isdigit()))
    square = 41.467 / (45 * A ** (-1 / 3) - 25 * A ** (-2 / 3)) if A > 1 else 0.0
    return f"{row},{square**0.5:.4f}"


def spins() -> str:
    """The text of the first table."""
    calculated = [",".join(line.split()) for line in CALCULATED.split("\n") if line]
    columns = "nuclide,S_p,S_p_uncertainty,S_n,S_n_uncertainty,method,orbit,b [fm]"
    rows = [_with_length(row) for row in (*calculated, *_odd_group())]
    return SPINS_HEADER + "\n".join([columns, *rows]) + "\n"


# --- responses ------------------------------------------------------------------------------------

Polynomial = dict[int, Any]
"""Power of y → its coefficient."""


def _radial(n: int, ell: int, K: int) -> Polynomial:
    """Polynomial p(y) with ⟨nl| j_K(qr) |nl⟩ = √y^K exp(−y) p(y)."""
    k = n - 1
    weights = [mp.binomial(k + ell + HALF, k - i) * (-1) ** i / mp.factorial(i) for i in range(n)]
    norm = 2 * mp.factorial(k) / mp.gamma(k + ell + 3 * HALF) * mp.sqrt(mp.pi) / 4
    total: Polynomial = {}
    for (i, one), (j, other) in product(enumerate(weights), repeat=2):
        # ∫ r^(2l+2+2i+2j) exp(−r²) j_K(2√y r) dr, with 1F1(c − a; c; y), a polynomial
        a, c = ell + i + j + (K + 3) * HALF, K + 3 * HALF
        scale = norm * one * other * mp.gamma(a) / mp.gamma(c)
        for m in range(int(a - c) + 1):
            term = scale * mp.rf(c - a, m) / mp.rf(c, m) / mp.factorial(m)
            total[m] = total.get(m, 0) + term
    return total


def _clebsch(j1: Any, m1: Any, j2: Any, m2: Any, J: Any) -> Any:
    """⟨j₁m₁ j₂m₂ | J m₁+m₂⟩ by Racah's formula."""
    M = m1 + m2
    if not abs(j1 - j2) <= J <= j1 + j2 or abs(M) > J or abs(m1) > j1 or abs(m2) > j2:
        return mp.mpf(0)

    def f(*numbers: Any) -> Any:
        return mp.fprod(mp.factorial(number) for number in numbers)

    front = (2 * J + 1) * f(J + j1 - j2, J - j1 + j2, j1 + j2 - J) / f(j1 + j2 + J + 1)
    front *= f(J + M, J - M, j1 - m1, j1 + m1, j2 - m2, j2 + m2)
    total = mp.mpf(0)
    for k in range(int(j1 + j2 + J) + 1):
        below = (k, j1 + j2 - J - k, j1 - m1 - k, j2 + m2 - k, J - j2 + m1 + k, J - j1 - m2 + k)
        if min(below) >= 0:
            total += (-1) ** k / f(*below)
    return mp.sqrt(front) * total


@cache
def _angular(ell: int, j: Any, K: int, L: int) -> Any:
    """⟨(l½)j || [Y_K σ]_L || (l½)j⟩ but for what all K and L share: from the state m = j."""
    total = mp.mpf(0)
    for s, t in product((-HALF, HALF), repeat=2):  # spins after and before
        mu = s - t
        sigma = 2 * t if mu == 0 else -mp.sqrt(2) * mu  # σ₀, and σ₊₁ = −√2 σ₊, σ₋₁ = √2 σ₋
        total += (
            sigma
            * _clebsch(ell, j - s, HALF, s, j)
            * _clebsch(ell, j - t, HALF, t, j)
            * _clebsch(K, -mu, 1, mu, L)
            * _clebsch(ell, j - t, K, -mu, ell)
        )
    return total * mp.sqrt(2 * K + 1) * _clebsch(ell, 0, K, 0, ell) / _clebsch(j, j, L, 0, j)


def response(orbit: str, L: int, longitudinal: bool) -> list[float]:
    """Coefficients of one multipole."""
    n, ell, j = quantum_numbers(orbit)
    upper, lower = mp.sqrt(mp.mpf(L + 1) / (2 * L + 1)), mp.sqrt(mp.mpf(L) / (2 * L + 1))
    ahead, behind = (upper, lower) if longitudinal else (-lower, upper)
    start = mp.sqrt(mp.mpf(1 if longitudinal else 2) / 3) * _angular(ell, j, 0, 1)
    total: Polynomial = {}
    for factor, K in ((ahead, L + 1), (behind, L - 1)):
        angular = _angular(ell, j, K, L) if 2 * ell >= K else 0
        for power, weight in _radial(n, ell, K).items() if angular else ():
            place = power + K // 2
            total[place] = total.get(place, 0) + factor * angular * weight / start
    return [float(total.get(power, 0)) for power in range(max(total) + 1)]


def responses() -> str:
    """The text of the second table."""
    rows = csv.DictReader(line for line in spins().splitlines() if not line.startswith("#"))
    lines = ["orbit,direction,L,coefficients"]
    for orbit in sorted({row["orbit"] for row in rows}):
        _, _, j = quantum_numbers(orbit)
        for direction in ("transverse", "longitudinal"):
            for L in range(1, int(2 * j) + 1, 2):
                given = response(orbit, L, direction == "longitudinal")
                numbers = " ".join(f"{value:.12g}" for value in given)
                lines.append(f"{orbit},{direction},{L},{numbers}")
    return RESPONSES_HEADER + "\n".join(lines) + "\n"


def main() -> None:
    """Write both tables."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DATA
    for name, text in (("spins.csv", spins()), ("spin_responses.csv", responses())):
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
