"""A second code for every interaction: three numbers each, without a line of the package.

For each case of second_code_list.py: (a) dσ/dT of one neutrino at one recoil (where neutrinos
oscillate, events per keV of the line), (b) events per keV at one recoil and (c) events above a
threshold, for a tonne and a year beside stopped pions of 1e7 /cm²/s per flavour. The three
neutrinos are folded one energy at a time, with panels of Gauss and Legendre in E and in ln T.
``python -m oracle.second_code`` in ``tests`` writes tests/tables/second_code.csv.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np

from oracle.second_code_cases import Case
from oracle.second_code_targets import HBAR_C_SQUARED, M_MU, M_PION

TABLE = Path(__file__).resolve().parents[1] / "tables" / "second_code.csv"
HEADER = """\
# Checked numbers: what each interaction gives on one target, by a code that is not the package.
# Written by tests/oracle/second_code.py, which shares neither code nor constants with it.
# model, settings: as in an experiment file; electrons: recoils that no nucleus reaches.
# sigma: dsigma/dT of one flavour at one energy and recoil. rate, prompt: events per keV at a
# recoil, of all neutrinos or of the line alone; count: events above a recoil; for 1 tonne and
# 365.25 days at 20 m from stopped pions, 1e7 /cm^2/s per flavour.
# Uncertainty: 1e-10 of the quadratures, 1e-8 of the constants.
"""
COLUMNS = (
    "case,target,electrons,model,settings,quantity,flavour,energy [MeV],recoil [keV],value,unit"
)
FLUX_TIME = 1e7 * 86400 * 365.25  # cm⁻² per flavour
KEV = 1e-3
LINE = (M_PION**2 - M_MU**2) / (2 * M_PION)
END = M_MU / 2
ORDER = 12


@dataclass(frozen=True)
class Points:
    """Where a target is looked at: energy [MeV] and recoils [keV]."""

    energy: str
    recoil: str
    rate: str
    threshold: str


POINTS = {
    "Ar40": Points("30", "20", "15", "10"),
    "Cs133": Points("40", "10", "8", "5"),
    "Xe131": Points("40", "10", "8", "5"),
    "Ge73": Points("40", "15", "12", "8"),
    "electron": Points("30", "5000", "1000", "200"),
}


def points(case: Case) -> Points:
    """Those of the nucleus, or of electrons: above all binding energies of argon."""
    return POINTS["electron" if case.electrons else case.target]


@cache
def gauss_legendre(order: int) -> list[tuple[float, float]]:
    """Nodes and weights on (−1, 1)."""
    nodes, weights = np.polynomial.legendre.leggauss(order)
    return list(zip(nodes.tolist(), weights.tolist(), strict=True))


def integral(f: Callable[[float], float], low: float, high: float, order: int = ORDER) -> float:
    """∫f between two ends, one panel."""
    middle, half = (low + high) / 2, (high - low) / 2
    return half * sum(w * f(middle + half * x) for x, w in gauss_legendre(order))


def electron_michel(E: float) -> float:
    """ν_e of μ⁺ → e⁺ν_eν̄_μ, per MeV."""
    return 192 * E**2 / M_MU**3 * (1.0 / 2 - E / M_MU)


def muon_michel(E: float) -> float:
    """ν̄_μ of μ⁺ → e⁺ν_eν̄_μ, per MeV."""
    return 64 * E**2 / M_MU**3 * (3.0 / 4 - E / M_MU)


def arriving(case: Case, E: float, T: float, flavour: str, bar: bool) -> float:
    """dσ/dT [MeV⁻³] times the probability of each flavour to arrive."""
    if case.survival is None:
        return case.sigma(E, T, flavour, bar)
    shares = case.survival(E, flavour)
    return sum(share * case.sigma(E, T, name, bar) for name, share in shares.items())


def lowest_energy(M: float, T: float, m4: float) -> float:
    """E_min: the root of E² + p² − 2Ep = (E − T)² − m₄², forward scattering."""
    momentum = math.sqrt(T**2 + 2 * M * T)
    return (momentum**2 - T**2 + m4**2) / (2 * (momentum - T))


def largest_recoil(M: float, E: float) -> float:
    """Backward scattering of a massless neutrino: T of Newton's collision, made relativistic."""
    return 2 * E**2 / (M + 2 * E)


def folded(case: Case, T: float) -> float:
    """Σ over the three neutrinos of ∫φ dσ/dT dE [MeV⁻³]; panels end where a lepton's mass opens."""

    def michel(E: float) -> float:
        electron = electron_michel(E) * arriving(case, E, T, "e", False)
        return electron + muon_michel(E) * arriving(case, E, T, "mu", True)

    lowest, opening = (lowest_energy(case.mass, T, m4) for m4 in (0.0, case.m4))
    total = arriving(case, LINE, T, "mu", False) if lowest < LINE else 0.0
    ends = {lowest, min(opening, END), END}
    if case.survival:
        ends.update(lowest * 2**k for k in range(1, 8))  # a phase that goes like 1/E
    for low, high in pairwise(sorted(end for end in ends if end <= END)):
        total += integral(michel, low, high, 40 if case.survival else ORDER)
    return total


def counted(case: Case, threshold: float) -> float:
    """∫ above the threshold, in ln T, with panels that end where a neutrino leaves off."""
    ends = [threshold, *sorted(recoil_ends(case, threshold))]
    total = 0.0
    for low, high in pairwise(ends):
        steps = [math.log(low * (high / low) ** (k / 3)) for k in range(4)]
        for left, right in pairwise(steps):
            total += integral(lambda u: math.exp(u) * folded(case, math.exp(u)), left, right, ORDER)
    return total


def recoil_ends(case: Case, threshold: float) -> Iterator[float]:
    """Recoils above the threshold where the line or the Michel spectra end."""
    for energy in (LINE, END):
        yield largest_recoil(case.mass, energy)
        if case.m4:
            yield from massive_ends(case.mass, case.m4, energy, threshold)


def massive_ends(M: float, m4: float, E: float, threshold: float) -> Iterator[float]:
    """Roots of E_min(T; m₄) = E above the threshold: a quadratic in T."""
    # (2MT + m₄²) + 2ET = 2E √(T² + 2MT), squared
    a, b, c = (M + E) ** 2 - E**2, m4**2 * (M + E) - 2 * E**2 * M, m4**4 / 4
    root = math.sqrt(b**2 - 4 * a * c)
    yield from (T for T in ((-b - root) / (2 * a), (-b + root) / (2 * a)) if threshold < T)


def prompt(case: Case, T: float) -> float:
    """That of the line alone."""
    return arriving(case, LINE, T, "mu", False)


def rows(case: Case) -> Iterator[list[str]]:
    """Those of the table."""
    where = points(case)
    targets = case.nucleus.per_tonne * (case.nucleus.Z if case.electrons else 1)
    events = HBAR_C_SQUARED * FLUX_TIME * targets
    recoil, rate, threshold = (
        float(text) * KEV for text in (where.recoil, where.rate, where.threshold)
    )
    if case.survival is None:
        bar = case.flavour.endswith("_bar")
        name = case.flavour.removeprefix("nu_").removesuffix("_bar")
        sigma = case.sigma(float(where.energy), recoil, name, bar) * HBAR_C_SQUARED * KEV
        one = ("sigma", case.flavour, where.energy, where.recoil, sigma, "cm^2/keV")
    else:
        value = prompt(case, recoil) * events * KEV
        one = ("prompt", "", "", where.recoil, value, "events/keV")
    many = folded(case, rate) * events * KEV
    total = counted(case, threshold) * events
    for quantity, flavour, energy, at, value, unit in (
        one,
        ("rate", "", "", where.rate, many, "events/keV"),
        ("count", "", "", where.threshold, total, "events"),
    ):
        model, settings = json.dumps(case.model), json.dumps(case.settings)
        who = "yes" if case.electrons else "no"
        start = [case.name, case.target, who, model, settings, quantity, flavour, energy, at]
        yield [*start, f"{value:.12g}", unit]


def main() -> None:
    """Write the table."""
    from oracle.second_code_list import CASES

    with TABLE.open("w", encoding="utf-8", newline="") as file:
        file.write(HEADER)
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS.split(","))
        for case in CASES:
            table.writerows(rows(case))


if __name__ == "__main__":
    main()
