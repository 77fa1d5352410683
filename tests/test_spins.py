"""Spins of nuclei: the tables, the responses, the pictures.

Kinds: reference (sums over magnetic states and closed forms that share no code, the values of
physics.md §10, published responses of the shell model), property and unit.
"""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from oracle import recoil, traces
from oracle import spins as oracle

from cevns.amplitudes import Block, Term
from cevns.constants import G_F, hbar_c
from cevns.errors import InputError
from cevns.form_factors import FormFactor, nuclear_form_factors
from cevns.kinematics import coefficients
from cevns.nuclides import all_nuclides, nuclide
from cevns.parameters import NOMINAL, Theta
from cevns.spins import (
    AXIAL,
    PICTURES,
    ShellModelSpins,
    SimpleSpins,
    quark_spins,
    spin_table,
    spins_named,
)
from cevns.units import MeV, cm, fm

ROOT = Path(__file__).parents[1]
LETTERS = "spdfgh"
E, T = 30.0, np.array([1e-3, 5e-3, 0.01])  # MeV


def build_script() -> ModuleType:
    """tools/build_spins.py as a module."""
    path = ROOT / "tools" / "build_spins.py"
    spec = importlib.util.spec_from_file_location("build_spins", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def strengths(
    name: str, site: str, q: Any, picture: str = "shell-model", theta: Theta = NOMINAL
) -> Any:
    """What a nuclide has at a site; an orbit's shape is the same for all of its sites."""
    one = nuclide(name)
    sites = PICTURES[picture].sites(one, nuclear_form_factors(FormFactor("helm"), one))
    return sites[site](q, theta)


# --- the tables -----------------------------------------------------------------------------------


def test_tables_are_what_the_script_builds() -> None:
    """unit: byte for byte."""
    pytest.importorskip("mpmath")
    script, data = build_script(), ROOT / "src" / "cevns" / "data"
    assert script.spins() == (data / "spins.csv").read_text("utf-8")
    assert script.responses() == (data / "spin_responses.csv").read_text("utf-8")


def test_orbits_have_spin_and_parity_of_the_nuclide() -> None:
    """property: j = J, (−1)^l = parity, odd A; three nucleons in 1d5/2 may have J = 3/2."""
    for name, content in spin_table().items():
        one = nuclide(name)
        ell, j = LETTERS.index(content.orbit[1]), int(content.orbit[2:-2]) / 2
        assert one.A % 2 == 1 and (-1) ** ell == one.parity
        assert j == one.spin or (name in ("Ne21", "Na23") and (j, one.spin) == (2.5, 1.5))


def test_the_odd_kind_carries_the_spin() -> None:
    """property: with the sign of a single nucleon, or next to nothing, and at most as much."""
    for name, content in spin_table().items():
        odd, even = ("p", "n") if nuclide(name).Z % 2 else ("n", "p")
        assert abs(content.spins[odd][0]) >= abs(content.spins[even][0]), name
        alone = oracle.spin(LETTERS.index(content.orbit[1]), int(content.orbit[2:-2]) / 2)
        value, spread = content.spins[odd]
        assert value * alone > 0 or abs(value) < spread, name
        assert abs(value) < abs(alone) + 0.03, name  # exchange currents move μ by as much


def test_detectors_have_their_odd_nuclides() -> None:
    """unit: those of Si, Ge, Ar, Xe, CsI, NaI, CaWO4, Al2O3, CaF2, TeO2, Zn, Ga, As, Pb, Kr, Mo."""
    elements = "F Na Al Si Ge I Xe Cs Ca W O Te Zn Ga As Pb Kr Mo Cl Cu Bi Ne C".split()
    odd = [one.name for one in all_nuclides() if one.spin and one.symbol in elements]
    assert set(odd) <= set(spin_table())


PUBLISHED = {  # physics.md §10: F_A(0) with g_A = 1.2764, and 3F_A/Q_w² in %
    "F19": (1.50, 4.9),
    "Na23": (0.145, 0.33),
    "Al27": (0.252, 0.42),
    "Si29": (0.128, 0.19),
    "Ge73": (0.442, 0.085),
    "I127": (0.294, 0.017),
    "Xe129": (0.663, 0.038),
    "Xe131": (0.250, 0.014),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_axial_responses_at_zero_momentum(name: str) -> None:
    """reference: F_A(0) = (4/3)((J+1)/J) g_A²(⟨S_p⟩ − ⟨S_n⟩)², to the digits printed there."""
    up, down = (strengths(name, site, np.zeros(1))[:, 0] for site in ("su", "sd"))
    response = float(np.sum((up - down) ** 2))
    published, percent = PUBLISHED[name]
    assert response == pytest.approx(published, rel=5e-3, abs=0)
    one = nuclide(name)
    weak = one.N - (1 - 4 * 0.23857) * one.Z
    assert 100 * 3 * response / weak**2 == pytest.approx(percent, rel=0.04, abs=0)  # two digits


COMPILED = {  # <S_p>, <S_n>: calculations compiled in hep-ph/0406218 (and references therein)
    "Li7": (0.497, 0.004),
    "B11": (0.292, 0.008),
    "C13": (-0.009, -0.172),
    "Ne21": (0.020, 0.294),
    "Mg25": (0.040, 0.376),
    "P31": (0.181, 0.032),
    "Cl35": (-0.051, -0.0088),
    "K39": (-0.197, 0.051),
    "Te125": (-0.0008, 0.499),
    "Pb207": (-0.010, -0.149),
}


@pytest.mark.parametrize("name", COMPILED)
def test_estimates_from_moments(name: str) -> None:
    """reference: calculations lie within two of the uncertainties that the estimates are given."""
    for kind, compiled in zip("pn", COMPILED[name], strict=True):
        estimate, uncertainty = spin_table()[name].spins[kind]
        assert abs(estimate - compiled) < 2 * uncertainty


# --- the responses --------------------------------------------------------------------------------


@pytest.mark.parametrize("direction", ["transverse", "longitudinal"])
@pytest.mark.parametrize("name", ["F19", "O17", "Al27", "C13", "Ge73", "I127", "Cs133", "Bi209"])
def test_responses(name: str, direction: str) -> None:
    """reference: the sum over magnetic states (quadrature and 12 digits of the table: 1e-9).

    Where the sum is far below 1 it is the rest of terms of order 1: an absolute 1e-11 beside it.
    """
    content, one = spin_table()[name], nuclide(name)
    n, ell, j = int(content.orbit[0]), LETTERS.index(content.orbit[1]), one.spin
    site = {"transverse": "s", "longitudinal": "l"}[direction] + ("p" if one.Z % 2 else "n")
    y = np.array([0.0, 0.01, 0.3, 1.0, 4.0])
    squares = (strengths(name, site, 2 * np.sqrt(y) * hbar_c / content.length) ** 2).sum(axis=0)
    for ours, at in zip(squares / squares[0], y, strict=True):
        truth = oracle.response(n, ell, j, at, direction == "transverse")
        assert ours == pytest.approx(truth, rel=1e-9, abs=1e-11)


def test_nothing_at_even_multipoles() -> None:
    """unit: L = 0 is there and empty, so that no charge meets a spin; odd L up to 2J follow."""
    found = strengths("Cs133", "sp", np.array([0.0, 30 * MeV]))
    assert found.shape == (5, 2)
    assert not found[0].any() and found[1].all()
    assert np.all(found[2:, 0] == 0)


SHELL_MODEL = {  # Fitzpatrick et al. 2013, arXiv:1203.3542: exp(−2y) Σ c_k y^k of Σ′ for pp or nn
    "I127": (0.26, -1.6, 5.3, -8.9, 8.7, -4.9, 1.5, -0.25),
    "Xe129": (0.49, -3.3, 8.8, -12.0, 9.8, -4.5, 1.2, -0.16),
    "Xe131": (0.18, -1.6, 5.8, -9.7, 9.1, -4.9, 1.4, -0.21),
}


@pytest.mark.parametrize("name", SHELL_MODEL)
def test_responses_of_the_shell_model(name: str) -> None:
    """reference: a full shell model falls off as one orbit does, within 10 % up to 40 MeV.

    Two digits of its coefficients, and other orbits that it mixes in.
    """
    q = np.array([10.0, 20.0, 30.0, 40.0]) * MeV
    y = (q * spin_table()[name].length / (2 * hbar_c)) ** 2
    published = np.exp(-2 * y) * np.polyval(SHELL_MODEL[name][::-1], y) / SHELL_MODEL[name][0]
    site = "sp" if name == "I127" else "sn"
    ours = (strengths(name, site, q) ** 2).sum(axis=0)
    at_rest = (strengths(name, site, np.zeros(1)) ** 2).sum()
    assert ours / at_rest == pytest.approx(published, rel=0.10, abs=0)


# --- the pictures ---------------------------------------------------------------------------------


def test_one_nucleon_has_strength_one() -> None:
    """reference: (4/3)((J+1)/J) S² = 1 for S = J = 1/2; a proton in both pictures."""
    for picture in ("simple", "shell-model"):
        found = strengths("H1", "sp", np.zeros(1), picture)
        assert np.sum(found) == pytest.approx(1.0, rel=1e-15, abs=0)
    assert np.sum(strengths("H1", "sd", np.zeros(1), "simple")) == 0
    axial = np.sum(strengths("H1", "su", np.zeros(1)) - strengths("H1", "sd", np.zeros(1)))
    assert axial == pytest.approx(1.2764, rel=1e-12, abs=0)


@pytest.mark.parametrize(
    ("name", "counts"),
    [("Na23", (1, 0)), ("Xe129", (0, 1)), ("N14", (1, 1)), ("Ar40", None), ("Ge72", None)],
)
def test_counted_nucleons(name: str, counts: Any) -> None:
    """unit: +1 for an odd number, times the form factors of the vector current."""
    one, q = nuclide(name), np.array([0.0, 40 * MeV])
    factors = nuclear_form_factors(FormFactor("helm-lewin-smith"), one)
    sites = PICTURES["simple"].sites(one, factors)
    assert (counts is None) == (not sites)
    if counts is not None:
        shape = [float(recoil.helm_lewin_smith(one.A)(value)) for value in (0.0, 40.0)]
        for site, count in zip(("sp", "sn"), counts, strict=True):
            assert sites[site](q, {}) == pytest.approx(count * np.array(shape), rel=1e-7, abs=0)
            along = sites[f"l{site[1]}"](q, {}) / sites[site](q, {}) if count else 938.9 * MeV
            assert np.all(sites[site](q, {}) == 0) or along == pytest.approx(
                one.mass / (938.9187 * MeV), rel=1e-6
            )


def test_given_counts() -> None:
    """unit: those of Dutta et al. 2016 for a nucleus whose spin is zero."""
    one = nuclide("Ge72")
    factors = nuclear_form_factors(FormFactor("point"), one)
    sites = SimpleSpins({"Ge72": (-2, 2)}).sites(one, factors)
    assert [float(sites[site](np.zeros(1), {})[0]) for site in ("sp", "sn")] == [-2, 2]


def test_no_spins_of_even_nuclei() -> None:
    """unit: nor of those that the table does not have."""
    for name in ("Ar40", "Xe132", "Nd143"):
        one = nuclide(name)
        factors = nuclear_form_factors(FormFactor("helm"), one)
        assert PICTURES["shell-model"].sites(one, factors) == {}
        assert PICTURES["none"].sites(one, factors) == {}


def test_quarks() -> None:
    """reference: g_A = Δ_u − Δ_d; the neutron's by u ↔ d; HERMES has 0.842 and −0.427 (0.6 %)."""
    charges = quark_spins({})
    assert charges["u"][0] - charges["d"][0] == pytest.approx(1.2764, rel=1e-14)
    assert charges["u"] == charges["d"][::-1]
    assert charges["u"][0] == pytest.approx(0.842, rel=6e-3)
    assert charges["d"][0] == pytest.approx(-0.427, rel=1e-2)
    assert quark_spins({"axial.strange": 0.0})["s"] == (0.0, 0.0)


def test_parameters() -> None:
    """unit: each spin has an address, its spread as a prior, and moves what it says."""
    given = {one.address: one for one in ShellModelSpins().parameters([nuclide("Xe129")])}
    assert given["Xe129.S_n"].value == 0.329 and given["Xe129.S_n"].prior == 0.030
    assert {"axial.g_A", "axial.isoscalar", "axial.strange", "Xe129.S_p"} < set(given)
    points: tuple[Theta, Theta] = ({}, {"Xe129.S_n": 0.658})
    nominal, moved = (strengths("Xe129", "sn", np.zeros(1), theta=t) for t in points)
    assert moved == pytest.approx(2 * nominal, rel=1e-14, abs=0)
    assert list(ShellModelSpins().parameters([nuclide("Ar40")])) == []


def test_oscillator_lengths() -> None:
    """reference: A^{1/6} fm, the rule of thumb, within 25 % (larger on light nuclei)."""
    for name, content in spin_table().items():
        if name != "H1":
            rule = nuclide(name).A ** (1 / 6) * fm
            assert content.length == pytest.approx(rule, rel=0.25, abs=0), name


def test_names() -> None:
    """unit: an unknown picture names its nearest; a picture itself is accepted."""
    assert [spins_named(name).label for name in AXIAL] == ["0", "1/2", "J"]
    assert spins_named(PICTURES["simple"]) is PICTURES["simple"]
    with pytest.raises(InputError, match="shell-model"):
        spins_named("shell")
    assert math.isclose(oracle.spin(0, 0.5), 0.5)


# --- rows of nuclei with spin ---------------------------------------------------------------------


def test_charges_as_on_spin_0() -> None:
    """unit: the same numbers; the spins as on spin 1/2; a charge and a spin do not interfere."""
    M = 1e5 * MeV
    for pairs, spin in ((("VV", "SS", "MM", "SM"), "0"), (("PP", "TT"), "1/2")):
        for pair in pairs:
            ours, same = (coefficients(pair, label, T * MeV, M) for label in ("J", spin))
            assert ours is not None and same is not None
            for one, other in zip(ours, same, strict=True):
                assert np.array_equal(one, other)
    for pair in ("AV", "AP", "ST", "TM", "AS"):
        assert coefficients(pair, "J", T * MeV, M) is None


@pytest.mark.parametrize("m4", [0.0, 5.0])
def test_axial_row(m4: float) -> None:
    """reference: Dirac traces of a point of spin 1/2, which differ by T/M = 1e-8 here."""
    M, unit = 1e6, (G_F * hbar_c) ** 2 * MeV / (cm**2 / MeV)
    for t in (2e-4, 1e-3):
        row = coefficients("AA", "J", np.array([t]) * MeV, M * MeV, m4 * MeV)
        assert row is not None
        ours = sum(a * (E * MeV) ** -n for n, a in enumerate(row)) / MeV
        truth = traces.pair_dsigma_dT("AA", "1/2", E, t, M, m4) / unit
        assert float(ours[0]) == pytest.approx(float(truth), rel=1e-7, abs=0)


def test_multipoles_add_up() -> None:
    """unit: Σ_L of strengths of shape (L, T); a strength without multipoles is that of L = 0."""
    charge, spin = np.array([2.0, 3.0]), np.array([[0.0, 0.0], [1.0, 2.0], [4.0, 1.0]])
    terms = tuple(Term("T", site, lambda theta: np.eye(3)) for site in ("p", "sp"))
    block = Block("TT", "nu", 0.0, terms, terms, {"p": charge, "sp": spin})
    expected = [[4, 9], [0, 0], [0, 0], [17, 5]]
    object.__setattr__(block.profiles, "_places", {id(term): 0 for term in terms})
    assert block.products.tolist() == expected
