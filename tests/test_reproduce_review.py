"""Papers on sources from the Sun to the SNS against independent numbers. kind: reference.

tests/oracle/review.py integrates in plain NumPy; it types constants and isotopes again, which equal
ours to 1e-5, so that 1e-4 is asked of integrals.
"""

from __future__ import annotations

import csv
import math
from functools import cache, partial
from typing import Any

import numpy as np
import pytest
from data_files import need_data
from oracle import review as oracle
from oracle.electrons import GERMANIUM, bound, couplings

from cevns.reproductions.computations import COMPUTATIONS
from cevns.reproductions.paper import FOLDER, read_paper
from cevns.reproductions.workbench import Workbench
from cevns.units import MeV, cm, keV

INTEGRAL = 1e-4
CLOSED = 1e-6
KN, POINT = oracle.klein_nystrand, oracle.point
YEAR, DAY, KG, TONNE = oracle.YEAR, oracle.DAY, oracle.KG, oracle.TONNE


@cache
def bench(name: str) -> Workbench:
    return read_paper(name)[1]


def value(paper: str, **content: Any) -> Any:
    """A computation of a paper."""
    return COMPUTATIONS[content["type"]].check(content).value(bench(paper))


def claimed(paper: str, claim: str) -> Any:
    """Our value of a claim, in internal units."""
    (found,) = (one for one in read_paper(paper)[0].claims if one.id == claim)
    return found.ours.value(bench(paper))


def counts(paper: str, experiment: str, **content: Any) -> Any:
    return value(paper, type="counts", experiment=f"{experiment}.yaml", **content)


# --- the review of 2020 ---------------------------------------------------------------------------


def test_flux_averages() -> None:
    """Fig. 1; the band with radii that its files round to 1e-5 fm."""
    pions = oracle.stopped_pions()
    forms = {"sns": KN, "sns-point": POINT}
    for nuclide in ("C12", "Na23", "Ar40", "Ge74", "I127", "Cs133"):
        nucleus = oracle.NUCLEI[nuclide]
        for file, form in forms.items():
            content = {"experiment": f"{file}.yaml", "target": nuclide}
            found = value("scholberg-2020", type="flux-averaged", **content) / cm**2
            exact = oracle.average(pions, nucleus, form)
            assert found == pytest.approx(exact, rel=INTEGRAL, abs=0)
        for file, factor in (("sns-smaller", 0.97), ("sns-larger", 1.03)):
            content = {"experiment": f"{file}.yaml", "target": nuclide}
            found = value("scholberg-2020", type="flux-averaged", **content) / cm**2
            exact = oracle.average(pions, nucleus, partial(KN, radius=factor))
            assert found == pytest.approx(exact, rel=INTEGRAL, abs=0)


def test_slope_with_lead() -> None:
    names = ("C12", "Na23", "Ar40", "Ge74", "Cs133")
    nuclei = [*(oracle.NUCLEI[name] for name in names), oracle.Nucleus(82, 126, 207.976652)]
    neutrons = np.log([nucleus.N for nucleus in nuclei])
    for claim, form in (("figure-1-slope-point", POINT), ("figure-1-slope", KN)):
        averages = [oracle.average(oracle.stopped_pions(), one, form) for one in nuclei]
        exact = np.polyfit(neutrons, np.log(averages), 1)[0]
        assert claimed("scholberg-2020", claim) == pytest.approx(exact, rel=INTEGRAL, abs=0)


@pytest.mark.parametrize(
    ("claim", "energy"), [("coherence-argon", 50), ("coherence-lost-argon", 100)]
)
def test_coherence(claim: str, energy: float) -> None:
    argon = oracle.NUCLEI["Ar40"]
    exact = oracle.cross_section(energy, argon, 0, KN) / oracle.cross_section(
        energy, argon, 0, POINT
    )
    assert claimed("scholberg-2020", claim) == pytest.approx(float(exact), rel=INTEGRAL, abs=0)


def test_printed_cross_section() -> None:
    """Eqs. (1) to (3) without spins: ours lacks T²/2E², which is for spin 1/2 (5.6e-8 here)."""
    E, T, nucleus = 30.0, 0.01, oracle.NUCLEI["Ar40"]
    G_V = -nucleus.charge() / 2 * KN(np.sqrt(2 * nucleus.M * T), nucleus.A)
    bracket = G_V**2 * (1 + (1 - T / E) ** 2 - nucleus.M * T / E**2)
    exact = (oracle.G_F * oracle.HBAR_C) ** 2 * nucleus.M / (2 * np.pi) * bracket
    content = {"experiment": "sns.yaml", "energy": "30 MeV", "recoil": "10 keV"}
    found = value("scholberg-2020", type="cross-section", **content) / cm**2 * MeV
    assert found == pytest.approx(exact, rel=2e-5, abs=0)  # the mass, known to 1e-5


def test_mean_recoils() -> None:
    """The step of the line costs our fixed nodes 1e-3, points of a table of fissions 2e-4."""
    for nuclide in ("Ar40", "Cs133"):
        exact = oracle.mean_recoil(oracle.stopped_pions(), oracle.NUCLEI[nuclide], KN)
        file = f"sns-{nuclide}.yaml"
        found = value("scholberg-2020", type="mean-recoil", experiment=file) / MeV
        assert found == pytest.approx(exact, rel=1e-3, abs=0)
    core = oracle.power_reactor(1, [2000], 1)
    exact = oracle.mean_recoil(core, oracle.NUCLEI["Ge74"])
    content: dict[str, Any] = {"experiment": "reactor-Ge74.yaml"}
    at = {"source.capture.norm": 0}
    found = value("scholberg-2020", type="mean-recoil", at=at, **content) / MeV
    assert found == pytest.approx(exact, rel=5e-4, abs=0)


@pytest.mark.parametrize("threshold", [0, 1, 5, 10])
def test_supernova_in_germanium(threshold: float) -> None:
    """Fig. 3; argon and xenon are in the table of reference numbers (other targets: tests)."""
    exact = oracle.counts(oracle.burst(1e54), oracle.NATURAL["Ge"], TONNE, threshold * 1e-3)
    found = counts("scholberg-2020", "supernova-germanium", threshold=f"{threshold} keV")
    assert found == pytest.approx(exact, rel=INTEGRAL, abs=0)


def test_prompt_shares() -> None:
    """Of what arrives in a microsecond: dense sums over the pulse (1e-6), two decays in a row."""
    for pulse in (400, 700):
        prompt, delayed = (
            oracle.arrived(1000, pulse, lifetimes) for lifetimes in ((26.033,), (26.033, 2196.98))
        )
        content = {"experiment": f"prompt-window-{pulse}.yaml"}
        every = value("coherent-2015", type="arriving", **content)
        exact = {"delayed": 2 * delayed, "nu_e": delayed, "prompt": prompt}
        for of, share in exact.items():
            found = value("coherent-2015", type="arriving", of=[of], **content) / every
            assert found == pytest.approx(share / (prompt + 2 * delayed), rel=INTEGRAL, abs=0)
    # events: the counts of each group without a window times its share
    groups = {of: counts("coherent-2015", "csi", of=[of]) for of in ("prompt", "delayed")}
    passing = {
        "prompt": oracle.arrived(1000, 400, (26.033,)),
        "delayed": oracle.arrived(1000, 400, (26.033, 2196.98)),
    }
    late, early = (groups[of] * passing[of] for of in ("delayed", "prompt"))
    found = claimed("coherent-2015", "contamination-events")
    assert found == pytest.approx(late / (late + early), rel=INTEGRAL, abs=0)


# --- COHERENT 2015 --------------------------------------------------------------------------------


TARGETS = {
    "csi": [(0.5, oracle.NUCLEI["Cs133"]), (0.5, oracle.NUCLEI["I127"])],
    "germanium": oracle.NATURAL["Ge"],
    "xenon": [(1.0, oracle.NUCLEI["Xe132"])],
}
SUITE = {"csi": (20, 14, 5e-3), "germanium": (22, 15, 5e-3), "xenon": (29, 100, 4e-3)}
QUENCHING = (0.07, 0.02, 0.13)


def number(name: str) -> float:
    """Events of a year; distance [m], mass [kg] and threshold [MeV] of the declarations."""
    distance, mass, threshold = SUITE[name]
    E, weights = oracle.stopped_pions()
    beam = weights * 4.3e7 * YEAR * (20 / distance) ** 2
    return oracle.counts((E, beam), TARGETS[name], mass * KG, threshold)


@pytest.mark.parametrize(
    ("name", "tolerance"), [("csi", 1e-4), ("germanium", 1e-4), ("xenon", 0.01)]
)
def test_counts_of_the_suite(name: str, tolerance: float) -> None:
    """Xenon is its most common isotope here, 0.7 % off the natural mixture."""
    assert counts("coherent-2015", name) == pytest.approx(number(name), rel=tolerance, abs=0)


def test_couplings_with_the_suite() -> None:
    """Areas on a grid of 1201 points (1 % for the rims), with Eq. (4) of Scholberg 2006.

    The flux is common to the three counts, quenching is not. ν_e above the threshold are taken
    from the package: their share of the counts.
    """
    u, d = (np.linspace(-1, 1, 1201).reshape(shape) for shape in ((1, -1), (-1, 1)))
    changes, errors = [], []
    for name, quenching in zip(SUITE, QUENCHING, strict=True):
        share = counts("coherent-2015", name, of=["nu_e"]) / counts("coherent-2015", name)
        parts = [(part * one.charge() ** 2, one) for part, one in TARGETS[name]]
        factor = sum(
            weight * (1 - 2 * (one.Z * (2 * u + d) + one.N * (u + 2 * d)) / one.charge()) ** 2
            for weight, one in parts
        ) / sum(weight for weight, _ in parts)
        changes.append(share * (factor - 1))
        errors.append(1 / number(name) + quenching**2)
    level = 2 * math.log(10)
    alone = np.mean(changes[1] ** 2 / (errors[1] + 0.1**2) < level)
    r, inverse = np.array(changes), np.linalg.inv(np.diag(errors) + 0.1**2)
    together = np.mean(np.einsum("i...,ij,j...->...", r, inverse, r) < level)
    found = claimed("coherent-2015", "couplings-germanium")
    assert found == pytest.approx(4 * alone, rel=1e-2, abs=0)
    found = claimed("coherent-2015", "couplings-suite")
    assert found == pytest.approx(together / alone, rel=2e-2, abs=0)


# --- Cabrera, Krauss & Wilczek 1985 ---------------------------------------------------------------

ATOMS = TONNE / oracle.U_G / 28.0855
FREE = [(14.0, 0.0)]


def test_solar_electrons_of_silicon() -> None:
    """pp with an allowed spectrum by mpmath (our table of it: 5e-5), two lines of beryllium."""
    E, shape = oracle.pp()
    pp = (E, shape * 6.1e10 * DAY)
    lines = (np.array([0.8613, 0.3843]), np.array([0.897, 0.103]) * 4.3e9 * DAY)
    for of, source in (("pp", pp), ("Be7", lines)):
        for threshold in (0.0, 0.05):
            exact = ATOMS * oracle.electron_counts(source, FREE, (threshold, 1.0), 0.25)
            content = {"of": [of], "channel": "electron", "threshold": f"{threshold} MeV"}
            found = counts("cabrera-1985", "solar", **content)
            assert found == pytest.approx(exact, rel=INTEGRAL, abs=0)
    nuclei = oracle.counts(pp, oracle.NATURAL["Si"], TONNE, 0, oracle.helm, 0.25)
    found = counts("cabrera-1985", "solar", of=["pp"], channel="cevns")
    assert found == pytest.approx(nuclei, rel=INTEGRAL, abs=0)


def test_printed_cross_sections_of_1985() -> None:
    """G_F²E²N²/4π, and the integral of Eq. (1) for ν_e and ν_μ at the line of beryllium."""
    exact = (oracle.G_F * oracle.HBAR_C * 10 * 14) ** 2 / (4 * np.pi)
    found = claimed("cabrera-1985", "coherent-cross-section") / cm**2
    assert found == pytest.approx(exact, rel=CLOSED, abs=0)
    each = [bound(0.8613, 0, 1, [(1, 0.0)], *couplings(name, 0.25)) for name in ("nu_e", "nu_mu")]
    found = claimed("cabrera-1985", "electron-cross-section") / cm**2
    assert found == pytest.approx(each[0], rel=1e-5, abs=0)
    found = claimed("cabrera-1985", "electron-flavours")
    assert found == pytest.approx(each[0] / each[1], rel=1e-5, abs=0)


def test_broad_line_is_a_gaussian() -> None:
    """The shipped table: 1 keV full width at half maximum, 4.3e9 /cm²/s (six digits written)."""
    text = (FOLDER / "cabrera-1985" / "beryllium-line.csv").read_text("utf-8").splitlines()
    header, *rows = csv.reader(line for line in text if not line.startswith("#"))
    assert header == ["energy [keV]", "flux [/cm^2/s/keV]"]
    energy, flux = np.array(rows, dtype=float).T
    exact = 4.3e9 * np.sqrt(4 * np.log(2) / np.pi) * 2.0 ** (-((2 * (energy - 861.3)) ** 2))
    np.testing.assert_allclose(flux, exact, rtol=1e-5)


def test_supernova_and_reactor_in_silicon() -> None:
    far = oracle.counts(oracle.burst(3e53, 25), oracle.NATURAL["Si"], 10 * TONNE, 1e-3, s2=0.25)
    assert claimed("cabrera-1985", "supernova") == pytest.approx(far, rel=INTEGRAL, abs=0)
    core = oracle.power_reactor(3, [2000], DAY)
    rate = oracle.counts(core, oracle.NATURAL["Si"], 100 * KG, 1e-4, s2=0.25)
    assert claimed("cabrera-1985", "reactor-rate") == pytest.approx(rate, rel=INTEGRAL, abs=0)


@pytest.mark.parametrize(
    ("claim", "dm2"), [("reactor-oscillation-small", 0.1), ("reactor-oscillation", 1.0)]
)
def test_sterile_limits(claim: str, dm2: float) -> None:
    """Ten bins and 5 % on the norm, the loss weighting each neutrino (1e-3: fixed nodes)."""
    core = oracle.power_reactor(3, [2000], YEAR)
    phase = 1.266932679815373 * dm2 * 20
    edges = np.linspace(0.1e-3, 1.6e-3, 11).tolist()
    setup = (core, oracle.NATURAL["Si"], 100 * KG, edges, phase, 0.05, 2.7055434540954)
    found = claimed("cabrera-1985", claim)
    assert found == pytest.approx(oracle.sterile_limit(*setup, 0.25), rel=1e-3, abs=0)


# --- Billard et al. 2015 --------------------------------------------------------------------------


def test_boron_in_germanium() -> None:
    """A public table of Bahcall's spectrum, which ends at 16.02 MeV (ours is fitted to 5e-4)."""
    path = need_data("spectra-solar") / "pycevns" / "b8.csv"
    energy, flux = np.loadtxt(path, delimiter=",").T
    weights = flux * (energy[1] - energy[0]) * YEAR  # sums to 5.58e6 /cm²/s
    exact = oracle.counts((energy, weights), oracle.NATURAL["Ge"], TONNE, 1e-4)
    assert claimed("billard-2015", "boron-events") == pytest.approx(exact, rel=1e-3, abs=0)


def test_pp_in_germanium() -> None:
    """Bound electrons; survival by energy from our own share, checked in tests/test_solar.py."""
    E, shape = oracle.pp()
    atoms = TONNE / oracle.U_G / sum(share * one.atomic for share, one in oracle.NATURAL["Ge"])
    shells = [(4, 0.0), *((number, binding * 1e-6) for number, binding in GERMANIUM)]
    content = {"experiment": "electrons.yaml", "of": ["pp"]}
    survival = [
        value("billard-2015", type="flavour-share", energy=f"{e} MeV", **content) for e in E[::12]
    ]
    at_each = np.interp(E, E[::12], survival)
    beam, exact = shape * 5.98e10 * YEAR, 0.0
    for name, share in (("nu_e", at_each), ("nu_mu", 1 - at_each)):
        each = [bound(float(e), 1e-4, 0.1, shells, *couplings(name, oracle.S2)) for e in E]
        exact += atoms * float((beam * share) @ np.array(each))
    assert claimed("billard-2015", "pp-events") == pytest.approx(exact, rel=1e-3, abs=0)


def test_form_factor_and_flavours_of_2015() -> None:
    nucleus = oracle.NUCLEI["Ge74"]
    exact = float(oracle.helm(np.sqrt(2 * nucleus.M * 0.01), nucleus.A)) ** 2
    assert claimed("billard-2015", "coherence") == pytest.approx(exact, rel=2e-5, abs=0)
    for claim, energy in (("electron-flavours", 10.0), ("electron-flavours-pp", 0.3)):
        each = [
            bound(energy, 0, 20, [(1, 0.0)], *couplings(one, oracle.S2)) for one in ("nu_e", "x")
        ]
        found = claimed("billard-2015", claim)
        assert found == pytest.approx(each[0] / each[1], rel=1e-5, abs=0)


# --- reactors: Barranco et al. 2005, CONUS, NUCLEUS -----------------------------------------------


@pytest.mark.parametrize(
    ("claim", "target", "threshold"),
    [
        ("events-germanium", "Ge", 0.4e-3),
        ("events-germanium-100-ev", "Ge", 0.1e-3),
        ("events-silicon", "Si", 0.4e-3),
    ],
)
def test_uranium_235(claim: str, target: str, threshold: float) -> None:
    E, weights = oracle.fission("U235")
    source = (E, weights / np.sum(weights) * 1e13 * DAY)
    exact = oracle.counts(source, oracle.NATURAL[target], KG, threshold)
    assert claimed("barranco-2005", claim) == pytest.approx(exact, rel=INTEGRAL, abs=0)


def test_limits_on_the_down_quark() -> None:
    """Where the loss of counts reaches 1.645 σ, isotope by isotope (form factors: 1e-3)."""
    germanium = oracle.NATURAL["Ge"]
    number = claimed("barranco-2005", "events-germanium") * 365.25

    def change(d: float) -> float:
        squares = [
            (share * one.charge() ** 2, (1 - 2 * d * (one.Z + 2 * one.N) / one.charge()) ** 2)
            for share, one in germanium
        ]
        return float(1 - sum(w * s for w, s in squares) / sum(w for w, _ in squares))

    for claim, systematic in (("down-quark", 0.0), ("down-quark-systematic", 0.05)):
        height = math.sqrt(2.7055434540954 * (1 / number + systematic**2))
        found = claimed("barranco-2005", claim)
        assert change(found) == pytest.approx(height, rel=1e-3, abs=0)


def test_recoils_at_brokdorf() -> None:
    """Above 300 eV, and above what ionises 210 eV: Lindhard's formula for germanium, inverted."""
    core = oracle.power_reactor(3.9, [1710], DAY)

    def ionised(T: float) -> float:
        e = 11.5 * 32 ** (-7 / 3) * T
        g = 3 * e**0.15 + 0.7 * e**0.6 + e
        return float(T * 0.162 * g / (1 + 0.162 * g))

    T = np.linspace(0.5, 8, 75001)
    ends = [float(np.interp(e, [ionised(float(t)) for t in T[::50]], T[::50])) for e in (0.21, 1.0)]
    low, high = (
        oracle.counts(core, oracle.NATURAL["Ge"], KG, one * 1e-3) for one in (ends[0], ends[1])
    )
    content = {"threshold": "210 eVee", "below": "1 keVee"}
    found = counts("conus-2021", "no-resolution", **content)
    assert found == pytest.approx(low - high, rel=1e-3, abs=0)  # linear between steps of 5 eV
    exact = oracle.counts(core, oracle.NATURAL["Ge"], KG, 0.3e-3)
    found = counts("conus-2021", "recoils", threshold="300 eV", at={"source.capture.norm": 0})
    assert found == pytest.approx(exact, rel=5e-4, abs=0)  # Helm radii of two kinds


@pytest.mark.parametrize(("file", "target"), [("tungstate", "CaWO4"), ("sapphire", "Al2O3")])
@pytest.mark.parametrize("threshold", [10, 20])
def test_calorimeters_at_chooz(file: str, target: str, threshold: float) -> None:
    """Fissions alone; Helm radii of two kinds and abundances differ by 5e-4."""
    cores = oracle.power_reactor(4.25, [7200, 10200], DAY)
    exact = oracle.counts(cores, oracle.NATURAL[target], KG, threshold * 1e-6)
    at = {f"source.{core}.capture.norm": 0 for core in ("B1", "B2")}
    found = counts("nucleus-2019", file, threshold=f"{threshold} eV", at=at)
    assert found == pytest.approx(exact, rel=5e-4, abs=0)


def test_recoils_of_the_slide() -> None:
    """The least energy for the printed recoils gives them as the largest (closed form)."""
    for claim, nuclide, recoil in (
        ("caesium-recoil", "Cs133", 6.5),
        ("tungsten-largest", "W184", 0.06),
        ("aluminium-largest", "Al27", 0.41),
    ):
        E, M = claimed("nucleus-2019", claim) / MeV, oracle.NUCLEI[nuclide].M
        found = 2 * E**2 / (M + 2 * E) * MeV / keV
        assert found == pytest.approx(recoil, rel=2e-5, abs=0)  # the mass, known to 1e-5
