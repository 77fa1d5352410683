"""The table of recoil coefficients: all pairs of Lorentz structures on targets of spin 0 and 1/2.

Kinds: reference (explicit Dirac traces of tests/oracle/traces.py; the formulas of the literature)
and property (limits, positivity). Tensors on spin 0 are a convention of the literature: they are
compared with the formula, and the traces say what a nucleus without spin really does.
"""

from __future__ import annotations

import math
from itertools import combinations, combinations_with_replacement
from typing import Any

import numpy as np
import pytest
from oracle import recoil, traces
from probes import flavour

from cevns.amplitudes import Term, blocks
from cevns.constants import G_F, alpha, hbar_c, m_e
from cevns.errors import InputError
from cevns.form_factors import FormFactor
from cevns.kinematics import (
    KINEMATICS,
    ODD_UNDER_CONJUGATION,
    STRUCTURES,
    coefficients,
    maximum_recoil,
    pair_name,
    recoil_range,
)
from cevns.rate import make_basis
from cevns.scatterers import nucleus
from cevns.spectra import LineSpectrum
from cevns.targets import Target
from cevns.units import MeV, cm

PAIRS = [pair_name(a, b) for a, b in combinations_with_replacement(STRUCTURES, 2)]
SPINS = ("0", "1/2")
# E, M, m₄ [MeV]: nuclei, a proton, an electron; also next to threshold
MASSLESS = [(30.0, 18617.73, 0.0), (50.0, 938.272, 0.0), (30.0, 0.51099895, 0.0)]
MASSIVE = [(50.0, 18617.73, 5.0), (18.0, 37215.5, 17.0), (50.0, 938.272, 20.0), (50.0, 0.511, 5.0)]
PARTS = (0.01, 0.3, 0.7, 0.97)  # of the range of recoils
# Both sides lose a digit or two where the terms cancel; the pseudoscalar's trace loses M/T.
EXACT = 1e-10

ROWS = [
    (pair, spin)
    for pair in PAIRS
    for spin in SPINS
    if coefficients(pair, spin, 1.0, 1.0) is not None and (pair, spin) != ("TT", "0")
]
ABSENT = [
    (p, s) for p in PAIRS for s in SPINS if (p, s) not in ROWS and not ("T" in p and s == "0")
]


def recoils(E: float, M: float, m4: float) -> list[float]:
    low, high = (float(t) for t in recoil.t_range(E, M, m4))
    return [low + part * (high - low) for part in PARTS]


def natural(
    pair: str, spin: str, E: Any, T: Any, M: float, m4: float = 0.0, kin: str = "exact"
) -> Any:
    """Σ aₙ E⁻ⁿ [MeV], numbers in MeV."""
    row = coefficients(pair, spin, T * MeV, M * MeV, m4 * MeV, kin)
    assert row is not None
    return sum(a * (E * MeV) ** -n for n, a in enumerate(row)) / MeV


@pytest.mark.parametrize(("E", "M", "m4"), [*MASSLESS, *MASSIVE])
@pytest.mark.parametrize(("pair", "spin"), ROWS)
def test_rows_against_traces(pair: str, spin: str, E: float, M: float, m4: float) -> None:
    """reference: explicit gamma matrices and four-momenta, for neutrinos and antineutrinos."""
    unit = (G_F * hbar_c) ** 2 * MeV / (cm**2 / MeV)
    sign = -1 if pair in ODD_UNDER_CONJUGATION else 1
    for T in recoils(E, M, m4):
        ours = natural(pair, spin, E, T, M, m4) * unit
        truth = traces.pair_dsigma_dT(pair, spin, E, T, M, m4)
        assert ours == pytest.approx(truth, rel=EXACT, abs=0)
        mirrored = traces.pair_dsigma_dT(pair, spin, E, T, M, m4, antineutrino=True)
        assert sign * ours == pytest.approx(mirrored, rel=EXACT, abs=0)


def correlation(pair: str, spin: str, E: float, T: float, M: float, m4: float) -> float:
    """The trace of a pair over the root of both squares; 0 where one of them vanishes."""
    one, first, second = (
        traces.pair_dsigma_dT(name, spin, E, T, M, m4) for name in (pair, 2 * pair[0], 2 * pair[1])
    )
    return one / math.sqrt(first * second) if first and second else one


@pytest.mark.parametrize(("pair", "spin"), ABSENT)
def test_absent_rows_against_traces(pair: str, spin: str) -> None:
    """reference: what is not in the table vanishes by the traces (1e-15: the traces' rounding).

    With a massive lepton some of these pairs interfere: exactly those are refused.
    """
    for E, M, m4 in MASSLESS:
        assert coefficients(pair, spin, np.ones(1) * MeV, M * MeV) is None
        for T in recoils(E, M, m4):
            assert correlation(pair, spin, E, T, M, m4) == pytest.approx(0, abs=1e-15)
    for E, M, m4 in MASSIVE:
        found = [correlation(pair, spin, E, T, M, m4) for T in recoils(E, M, m4)]
        if max(np.abs(found)) < 1e-15:
            assert coefficients(pair, spin, np.ones(1) * MeV, M * MeV, m4 * MeV) is None
        else:
            with pytest.raises(InputError, match="massive outgoing lepton"):
                coefficients(pair, spin, np.ones(1) * MeV, M * MeV, m4 * MeV)


def printed(pair: str, spin: str, E: float, T: float, M: float) -> float:
    """dσ/dT over G_F² [MeV] as the literature has it (physics.md §5, §8), C = Q/(√2 G_F D)."""
    half = spin == "1/2"
    bohr = math.pi * (alpha / (m_e * G_F / MeV**-1)) ** 2 if pair == "MM" else 0.0
    forms = {
        "SS": 2 * M**2 * T * (1 + half * T / (2 * M)) / (4 * math.pi * E**2),
        "PP": 2 * M * T**2 / (8 * math.pi * E**2),
        "TT": 2 * M / math.pi * ((2 - T / E) ** 2 - M * T / E**2),
        "MM": bohr * (1 / T - 1 / E + (0 if half else T / (4 * E**2))),
        "ST": (-M * T / (math.pi * E) + M * T**2 / (2 * math.pi * E**2)),
    }
    return forms[pair]


PRINTED = [(pair, spin) for pair in ("SS", "TT", "MM") for spin in SPINS]


@pytest.mark.parametrize(("pair", "spin"), [*PRINTED, ("PP", "1/2"), ("ST", "1/2")])
def test_rows_as_printed(pair: str, spin: str) -> None:
    """reference: the formulas of physics.md §5 and §8, with G_F taken out (rounding, 1e-11).

    Its interference of scalar and tensor is that of both orders, with amplitudes a = √2 G_F C.
    """
    for E, M, _ in MASSLESS:
        for T in recoils(E, M, 0.0):
            assert natural(pair, spin, E, T, M) == pytest.approx(
                printed(pair, spin, E, T, M), rel=1e-11, abs=0
            )


def test_tensor_on_a_nucleus_without_spin() -> None:
    """reference: ⟨σ⟩ = i(Pq − qP)/M acts as a dipole, suppressed by T/M: 8T(1 − T/2E)²/π.

    So a tensor of nucleons at rest, B₀ = M/(2m_N) of them, is Q²/(8 m_N²) below "coherent", and
    the same as a dipole with C_M = −C_T Q²/(κ m_N).
    """
    unit = (G_F * hbar_c) ** 2 * MeV / (cm**2 / MeV)
    for E, M, _ in MASSLESS:
        for T in recoils(E, M, 0.0):
            truth = traces.pair_dsigma_dT("TT", "0", E, T, M) / unit
            closed = 8 * T / math.pi * (1 - T / (2 * E)) ** 2
            assert closed == pytest.approx(truth, rel=EXACT, abs=0)
            same = (2 * 2 * M * T / (traces.KAPPA * M)) ** 2  # B₀ = 1
            dipole = natural("MM", "0", E, T, M) * same
            assert dipole == pytest.approx(truth, rel=1e-7, abs=0)  # α, m_e and G_F of both
    T, M = 1e-6, 1e5
    nucleon = 938.9
    ratio = 8 * T / math.pi * (M / (2 * nucleon)) ** 2 / natural("TT", "0", 30.0, T, M)
    assert ratio == pytest.approx(2 * M * T / (8 * nucleon**2), rel=1e-4)  # MT/4E² of the bracket


@pytest.mark.parametrize("kin", KINEMATICS)
@pytest.mark.parametrize(("pair", "spin"), [*ROWS, ("TT", "0")])
def test_a_light_lepton_is_a_massless_one(pair: str, spin: str, kin: str) -> None:
    """property: m₄ → 0 is continuous (m₄²/2MT = 3e-12 here, and the terms cancel twofold)."""
    E, M = 30.0, 18617.73
    T = np.array([0.02, 0.05, 0.09])
    if coefficients(pair, spin, T, M, 0.0, kin) is not None:
        light = natural(pair, spin, E, T, M, 5e-5, kin)
        assert light == pytest.approx(natural(pair, spin, E, T, M, 0.0, kin), rel=1e-10, abs=0)


@pytest.mark.parametrize("m4", [0.0, 10.0])
@pytest.mark.parametrize(("pair", "spin"), [*ROWS, ("TT", "0")])
def test_leading_order(pair: str, spin: str, m4: float) -> None:
    """property: a very heavy target scatters as without T/E (E/M = 3e-8, the terms cancel).

    The squares and scalar–dipole are left; the other interferences are of the order that is
    dropped.
    """
    E, M = 30.0, 1e9
    low, high = recoil_range(E * MeV, M * MeV, m4 * MeV, "no-T-over-E")
    T = np.array([low + part * (high - low) for part in (0.2, 0.5, 0.8)]) / MeV
    exact = natural(pair, spin, E, T, M, m4)
    if coefficients(pair, spin, T * MeV, M * MeV, m4 * MeV, "no-T-over-E") is not None:
        leading = natural(pair, spin, E, T, M, m4, "no-T-over-E")
        assert leading == pytest.approx(exact, rel=1e-6, abs=0)
    else:
        squares = [natural(2 * one, spin, E, T, M, m4) for one in pair]
        assert np.all(np.abs(exact) < 1e-6 * np.sqrt(squares[0] * squares[1]))


@pytest.mark.parametrize("kin", KINEMATICS)
@pytest.mark.parametrize("spin", SPINS)
def test_no_amplitude_gives_a_negative_rate(spin: str, kin: str) -> None:
    """property: at each (E, T) the table is a positive matrix over the six structures."""
    for E, M, _ in MASSLESS[:2]:
        for part in (1e-6, 0.1, 0.5, 0.9, 1 - 1e-6):
            T = part * maximum_recoil(E * MeV, M * MeV, kin) / MeV
            gram = np.zeros((6, 6))
            for i, one in enumerate(STRUCTURES):
                for j, other in enumerate(STRUCTURES):
                    pair = pair_name(one, other)
                    if coefficients(pair, spin, T * MeV, M * MeV, 0.0, kin) is not None:
                        gram[i, j] = natural(pair, spin, E, T, M, 0.0, kin)
            sizes = np.sqrt(np.where(np.diag(gram) > 0, np.diag(gram), 1.0))
            assert np.linalg.eigvalsh(gram / np.outer(sizes, sizes))[0] > -1e-12


def test_pairs_have_one_name() -> None:
    """unit: whatever the order; the chiralities meet in no row."""
    for one, other in combinations(STRUCTURES, 2):
        assert pair_name(one, other) == pair_name(other, one)
        if (one in "VA") != (other in "VA"):
            assert all(coefficients(pair_name(one, other), s, 1.0, 1.0) is None for s in SPINS)


def test_one_massive_lepton_of_two_chiralities_is_refused() -> None:
    """unit: V and S to one heavy lepton interfere, which the rate must not leave out silently."""

    def heavy(structure: str) -> Term:
        return Term(
            structure, "p", lambda theta: np.eye(3), outgoing="N", mass=lambda theta: 5 * MeV
        )

    argon = nucleus(Target("Ar40").constituents[0], FormFactor("helm"), 1.0)
    beam = flavour("nu_e", LineSpectrum([30 * MeV], [1.0]))
    T = np.array([1e-3]) * MeV
    assert len(list(blocks([heavy("V"), heavy("S")], argon, T, {}))) == 3
    with pytest.raises(InputError, match="massive outgoing lepton"):
        make_basis(T, [beam], argon, [heavy("V"), heavy("S")])
