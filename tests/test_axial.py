"""Axial currents, pseudoscalars and tensors on nuclei with spin.

Kinds: reference (rows of shared/reference.csv, closed forms written out here, the formulas of
physics.md §5 and §8), property (limits, signs, zeros) and unit.
"""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from oracle import recoil, traces
from probes import Given, flavour, three_knots
from reference import Row, reference_rows

import cevns
from cevns.amplitudes import Scatterer
from cevns.beam import Component
from cevns.cross_sections import differential_cross_section, total_cross_section
from cevns.form_factors import FormFactor
from cevns.interactions import Interaction, Model, StandardModel
from cevns.interactions.axial import LightAxial
from cevns.interactions.magnetic_moment import MagneticMoment
from cevns.interactions.pseudoscalar import LightPseudoscalar
from cevns.interactions.tensor import LightTensor
from cevns.interactions.vector_mediator import HeavyZprime
from cevns.parameters import NOMINAL, Theta
from cevns.rate import recoil_spectrum
from cevns.scatterers import nucleus
from cevns.spectra import CallableSpectrum, LineSpectrum
from cevns.spins import M_NUCLEON, PICTURES, NoSpins, SimpleSpins, spin_table
from cevns.targets import Target
from cevns.testing import check_interaction
from cevns.units import GeV, MeV, TeV, cm, day, eV, keV, kg

ROUNDING = 1e-12
SAME_INPUTS = 1e-6  # the table's own number for closed forms
HBARC = recoil.HBARC_MEV_FM / 1e13  # MeV cm
E, T = 30.0, np.array([1e-3, 5e-3, 0.01])  # MeV
SPINS = ("F19", "Na23", "Ge73", "I127", "Xe129", "Cs133")
SHAPES = {"mass": 10 * MeV}


def exactly(value: Any, tolerance: float = ROUNDING) -> Any:
    """A purely relative comparison: the default abs=1e-12 would hide any cm²."""
    return pytest.approx(value, rel=tolerance, abs=0)


def target(name: str, spins: NoSpins | str = "shell-model", kind: str = "point") -> Scatterer:
    picture = PICTURES[spins] if isinstance(spins, str) else spins
    return nucleus(Target(name).constituents[0], FormFactor(kind), 1.0, picture)


def spectrum(
    model: Interaction | Model,
    scatterer: Scatterer,
    name: str = "nu_e",
    at: Any = T,
    theta: Theta = NOMINAL,
) -> Any:
    """dσ/dT [cm²/MeV] of one energy."""
    beam = [flavour(name, LineSpectrum([E * MeV], [1.0]))]
    values = recoil_spectrum(at * MeV, beam, scatterer, model.terms(), theta)[0]
    return values / (cm**2 / MeV)


# --- the rows of the table ------------------------------------------------------------------------


def on_row(row: Row, model: Interaction | Model, kind: str) -> float:
    """dσ/dT [cm²/keV] with the mass of the row."""
    one = replace(target(row.inputs["nucleus"], "simple", kind), mass=row.inputs["M_MeV"] * MeV)
    return float(spectrum(model, one, at=np.array([row.inputs["T_keV"] / 1e3]))[0]) / 1e3


def test_row_of_the_simple_picture() -> None:
    """reference: axial.dsdT.23Na.tree, Eqs. 1–3 of the review with ±1/2 for a nucleon."""
    (row,) = reference_rows("axial.dsdT.23Na")
    model = StandardModel(sin2_theta_w=row.inputs["s2w"])
    assert on_row(row, model, "helm-lewin-smith") == exactly(row.value, SAME_INPUTS)
    public = differential_cross_section(
        *(E * MeV, 10 * keV, "Na23"), model=model, form_factor="helm-lewin-smith", axial="simple"
    )
    assert public / (cm**2 / keV) == exactly(row.value, 1e-5)  # own masses


def test_row_of_the_axial_boson() -> None:
    """reference: em.axial.133Cs, one unit of charge for each nucleon's spin."""
    (row,) = reference_rows("em.axial.")
    boson = LightAxial(coupling=math.sqrt(row.inputs["g2"]), mass=row.inputs["m_MeV"] * MeV)
    model = StandardModel(sin2_theta_w=row.inputs["s2w"]) + boson
    assert on_row(row, model, "point") == exactly(row.value, SAME_INPUTS)


XI = 1e-4  # the table's number for integrals


def test_row_of_dutta() -> None:
    """reference: dutta.xi.E6chi.axial, the ratio of ratios with the paper's spins of ⁷²Ge."""
    (row,) = reference_rows("dutta.xi.E6chi.axial")

    def reactor(energy: Any) -> Any:
        x = energy / MeV
        return np.exp(0.870 - 0.160 * x - 0.0910 * x**2) / MeV

    beam = [flavour("nu_e_bar", CallableSpectrum(reactor, (0.0, 10 * MeV)))]
    standard, boson = (
        StandardModel(sin2_theta_w=row.inputs["s2w"]),
        HeavyZprime(charges="e6-chi", mass=300 * TeV, sin2_theta_w=row.inputs["s2w"]),
    )
    spins = SimpleSpins({"Ge72": (-2, 2)})

    def per_background(name: str) -> float:
        source = Given(parts=tuple(beam), fluence=1 / cm**2)
        detector = cevns.Detector(target=name, mass=1 * kg, threshold=10 * eV)
        counts = [
            cevns.Experiment(source, detector, 1 * day, m, form_factor="point", axial=spins)
            .counts([10 * eV, np.inf])
            .sum()
            for m in (standard, standard + boson)
        ]
        return float(
            counts[1] / counts[0] - 1
        )  # (m_Z/300 TeV)² = 9e-8 of the linear term beside it

    assert per_background("Ge72") / per_background("Si28") == exactly(row.value, XI)


# --- the Standard Model ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", SPINS)
def test_shell_model(name: str) -> None:
    """reference: (G_F²M/4π) F_A [1 − T/E + MT/2E²] beside the vector part (HMS 2020).

    F_A(q) from the spins of the table and multipoles summed here; 1e-9: the last digits of ħc.
    """
    one = target(name)
    M, q = one.mass / MeV, np.sqrt(2 * one.mass * T * MeV)
    content = spin_table()[name]
    J = Target(name).nuclides[0].spin
    F_A = 4 / 3 * (J + 1) / J * 1.2764**2 * (content.spins["p"][0] - content.spins["n"][0]) ** 2
    shape = (one.sites["sp"](q, {}) ** 2).sum(axis=0) / (one.sites["sp"](0 * q, {}) ** 2).sum(
        axis=0
    )
    closed = recoil.G_F**2 * M / (4 * math.pi) * F_A * shape * HBARC**2
    closed = closed * (1 - T / E + M * T / (2 * E**2))
    vector = spectrum(StandardModel(), target(name, "none"))
    for neutrino in ("nu_e", "nu_mu_bar"):
        ours = spectrum(StandardModel(), one, neutrino)
        # the axial part is down to 2e-4 of the sum: so many digits are lost
        assert ours - vector == pytest.approx(closed, rel=1e-9, abs=1e-14 * vector.max())


@pytest.mark.parametrize(
    ("name", "percent"),
    [
        *(("F19", 4.9), ("Na23", 0.33), ("Al27", 0.42), ("Si29", 0.19), ("Ge73", 0.085)),
        *(("I127", 0.017), ("Xe129", 0.038), ("Xe131", 0.014)),
    ],
)
def test_axial_share_of_the_total(name: str, percent: float) -> None:
    """reference: 3F_A/Q_w² of the vector rate at low energy, to the digits of physics.md §10."""
    with_, without = (
        total_cross_section(0.5 * MeV, name, axial=a) for a in ("shell-model", "none")
    )
    assert 100 * (with_ / without - 1) == pytest.approx(percent, rel=0.04, abs=0)


def test_boost_of_germanium() -> None:
    """reference: 3q_A²/q_V² with q_A = 2 is 3.40 % on ⁷²Ge (the paper: "about 3.5 %")."""
    spins = SimpleSpins({"Ge72": (-2, 2)})
    model = StandardModel(sin2_theta_w=0.23122)
    with_, without = (
        total_cross_section(1 * MeV, "Ge72", model=model, form_factor="point", axial=a)
        for a in (spins, "none")
    )
    assert 100 * (with_ / without - 1) == pytest.approx(3.40, abs=0.02)  # T/E: 1e-4


@pytest.mark.parametrize("name", ["F19", "Na23", "Xe129"])
def test_interference_of_the_simple_picture(name: str) -> None:
    """reference: σ(ν) − σ(ν̄) = (G_F²M/2π) 4 G_V G_A [1 − (1 − T/E)²], G_A = ±1/2."""
    one = target(name, "simple")
    M, nuclide = one.mass / MeV, Target(name).nuclides[0]
    charge = nuclide.Z * (0.5 - 2 * 0.23857) - nuclide.N / 2
    axial = 0.5 if nuclide.Z % 2 else -0.5
    strength = recoil.G_F**2 * M / (2 * math.pi) * HBARC**2
    closed = strength * 4 * charge * axial * (1 - (1 - T / E) ** 2)
    nu, anti = (spectrum(StandardModel(), one, n) for n in ("nu_mu", "nu_mu_bar"))
    assert nu - anti == pytest.approx(closed, rel=1e-9, abs=1e-14 * nu.max())


def test_without_spins_nothing_changes() -> None:
    """property: ``none`` everywhere, and every picture of a nucleus without spin, bit for bit."""
    plain = spectrum(StandardModel(), target("Xe129", "none"))
    beam = [flavour("nu_e", LineSpectrum([E * MeV], [1.0]))]
    vector = [term for term in StandardModel().terms() if term.site in ("p", "n")]
    alone = recoil_spectrum(T * MeV, beam, target("Xe129"), vector)[0] / (cm**2 / MeV)
    assert np.array_equal(plain, alone)
    for picture in ("simple", "shell-model"):
        pair = [spectrum(StandardModel(), target("Xe132", p)) for p in (picture, "none")]
        assert np.array_equal(*pair)


def test_strange_quarks() -> None:
    """reference: a_N = ±g_A/2 − Δ_s/2: +13.8 % on a proton of ¹⁹F alone, Δ_s = −0.085."""
    theta = {"F19.S_n": 0.0}
    vector = spectrum(StandardModel(), target("F19", "none"))
    plain, strange = (
        spectrum(StandardModel(strange=s), target("F19"), theta=theta) - vector
        for s in (False, True)
    )
    assert strange / plain == exactly((1 + 0.085 / 1.2764) ** 2, 1e-9)


def test_spins_are_parameters() -> None:
    """unit: their addresses move counts; grids of them are refused like any shape."""
    source = cevns.StoppedPion(flux=1e7 / cm**2 / cevns.units.s)
    detector = cevns.Detector(target="Xe129", mass=1 * kg)
    experiment = cevns.Experiment(source, detector, 1 * day, axial="shell-model")
    assert experiment.parameters["Xe129.S_n"].prior == 0.030
    edges = np.array([1.0, 10.0]) * keV
    none, nominal, double = (
        experiment.counts(edges, {"Xe129.S_p": p, "Xe129.S_n": n}).sum()
        for p, n in ((0.0, 0.0), (0.01, 0.329), (0.02, 0.658))
    )
    assert experiment.counts(edges).sum() == exactly(nominal)
    assert double - none == exactly(4 * (nominal - none), 1e-9)
    with pytest.raises(cevns.InputError, match="array at Xe129"):
        experiment.counts(edges, {"Xe129.S_n": np.array([0.1, 0.2])})


# --- bosons ---------------------------------------------------------------------------------------


def size(name: str, protons: float, neutrons: float) -> float:
    """(4/3)((J+1)/J)(Σ a_N ⟨S_N⟩)², the square of what a nucleus has for the spin of a nucleon."""
    content, J = spin_table()[name], Target(name).nuclides[0].spin
    total = protons * content.spins["p"][0] + neutrons * content.spins["n"][0]
    return 4 / 3 * (J + 1) / J * total**2


SLOW = np.array([1e-6, 5e-6])  # MeV: q < 1.2 MeV, where responses are 1 to 1e-3


@pytest.mark.parametrize("name", SPINS)
def test_axial_boson(name: str) -> None:
    """reference: a_N = ±g_A/2 − g²(Δ_u + Δ_d)/(√2 G_F(2MT + m²)) in (G_F²M/4π) F_A (physics.md).

    F_A(0) = (16/3)((J+1)/J)(Σ a_N⟨S_N⟩)²; responses fall off by q²b²/3, 1e-4 here.
    """
    g, m, one = 2e-5, 12.0, target(name)
    M = one.mass / MeV
    shift = g**2 * 0.415 / (math.sqrt(2) * recoil.G_F * (2 * M * SLOW + m**2))
    F_A = np.array([4 * size(name, 0.6382 - s, -0.6382 - s) for s in shift])
    bracket = 1 - SLOW / E + M * SLOW / (2 * E**2)
    closed = recoil.G_F**2 * M / (4 * math.pi) * F_A * bracket * HBARC**2
    standard, model = StandardModel(), StandardModel() + LightAxial(coupling=g, mass=m * MeV)
    ours = spectrum(model, one, at=SLOW) - spectrum(standard, target(name, "none"), at=SLOW)
    assert ours == pytest.approx(closed, rel=2e-3, abs=1e-13 * ours.max())


@pytest.mark.parametrize("name", SPINS)
def test_pseudoscalar_boson(name: str) -> None:
    """reference: Q_P² M T²/(8πE²(2MT + m²)²), Q_P² = (M/m_N)²(4/3)((J+1)/J)(Σ h_N⟨S_N⟩)²."""
    g, m, one = 1e-3, 12.0, target(name)
    M = one.mass / MeV
    charges = LightPseudoscalar().charges()
    square = (one.mass / M_NUCLEON) ** 2 * size(name, charges["lp"], charges["ln"]) * g**4
    closed = square * M * SLOW**2 / (8 * math.pi * E**2 * (2 * M * SLOW + m**2) ** 2) * HBARC**2
    ours = spectrum(LightPseudoscalar(coupling=g, mass=m * MeV), one, at=SLOW)
    assert ours == exactly(closed, 2e-3)  # the response, as above


def test_pseudoscalar_charges() -> None:
    """reference: Σ (m_N/m_q)(g_q − m̄ Σ g/m) Δ_q written out: 5.2 on protons, 0.6 on neutrons."""
    charges = LightPseudoscalar().charges()
    u, d, s = 2.16, 4.67, 93.4
    rest = (1 / u + 1 / d) / (1 / u + 1 / d + 1 / s)
    for site, up, down in (("lp", 0.842, -0.427), ("ln", -0.427, 0.842)):
        expected = 938.91875 * ((1 - rest) * (up / u + down / d) - rest * -0.085 / s)
        assert -charges[site] == exactly(expected, 1e-6)
    assert [round(-charges[site], 1) for site in ("lp", "ln")] == [5.2, 0.6]


@pytest.mark.parametrize("name", SPINS)
def test_nuclear_tensor(name: str) -> None:
    """reference: (M Q_T²/π)/(2MT + m²)² [(2 − T/E)² − MT/E²], Q_T² = (4/3)((J+1)/J)(Σ δ_N⟨S_N⟩)².

    What all nucleons have by their motion is beside it: 1e-3 of it at most at these recoils.
    """
    g, m, one = 1e-3, 12.0, target(name)
    M = one.mass / MeV
    D = 2 * M * SLOW + m**2
    shape = (2 - SLOW / E) ** 2 - M * SLOW / E**2
    closed = M * g**4 * size(name, 0.58, 0.58) / (math.pi * D**2) * shape * HBARC**2
    model = LightTensor(coupling=g, mass=m * MeV, convention="nuclear")
    spins = [term for term in model.terms() if term.structure == "T"]
    beam = [flavour("nu_e", LineSpectrum([E * MeV], [1.0]))]
    ours = recoil_spectrum(SLOW * MeV, beam, one, spins)[0] / (cm**2 / MeV)
    assert ours == exactly(closed, 2e-3)
    assert spectrum(model, one, at=SLOW) == exactly(
        ours + spectrum(model, target(name, "none"), at=SLOW), 1e-12
    )


def test_nuclear_tensor_without_spin() -> None:
    """reference: Q²/8m_N² of ``coherent`` at small T (physics.md §8), 8T(1 − T/2E)² in full."""
    one, g, m = target("Xe132", "none"), 1e-3, 12.0
    M = one.mass / MeV
    nuclear = spectrum(LightTensor(coupling=g, mass=m * MeV, convention="nuclear"), one)
    D, A = 2 * M * T + m**2, 132
    amplitude = g**2 * 0.58 * A * M / (2 * M_NUCLEON / MeV) / D  # B₀ of σ = iB₀(Pq − qP)/M
    closed = amplitude**2 * 4 * T * (1 - T / (2 * E)) ** 2 / math.pi * HBARC**2
    assert nuclear == exactly(closed, 1e-7)  # κ and its inverse hold α, m_e and G_F
    coherent = spectrum(LightTensor(coupling=g, mass=m * MeV), one)
    suppressed = 2 * M * T / (8 * (M_NUCLEON / MeV) ** 2) / (1 - M * T / (4 * E**2))
    assert nuclear / coherent == exactly(suppressed, 1e-3)  # T/E


@pytest.mark.parametrize("antineutrino", [False, True])
def test_tensor_on_charge_in_motion(antineutrino: bool) -> None:
    """reference: traces of a nucleon whose spin is averaged over: T is Q²/(κ m) times M there."""
    M = M_NUCLEON / MeV
    for E, share in ((5.0, 0.9), (20.0, 0.5), (40.0, 0.05)):
        at = traces.collision(E, share * 2 * E**2 / (M + 2 * E), M)
        both, moment = (
            traces.mean_amplitude_product(one, "M", at, antineutrino) for one in ("T", "M")
        )
        q_squared = float(-(at.q[0] ** 2 - np.sum(at.q[1:] ** 2)))
        assert complex(both / moment) == exactly(q_squared / (traces.KAPPA * M), 1e-9)  # 80 bits


@pytest.mark.parametrize("name", ["nu_mu", "nu_mu_bar"])
def test_nuclear_tensor_beside_a_magnetic_moment(name: str) -> None:
    """property: the two amplitudes add on a nucleus without spin, by the sign above."""
    one = target("Xe132", "none")
    tensor = LightTensor(coupling=1e-3, mass=12 * MeV, convention="nuclear")
    moment = MagneticMoment(nu_mu=1e-9)
    each = [spectrum(model, one, name) for model in (tensor, moment)]
    together = spectrum(tensor + moment, one, name)
    assert together == exactly(sum(np.sqrt(part) for part in each) ** 2, 1e-9)


@pytest.mark.parametrize("boson", [LightAxial, LightPseudoscalar, LightTensor])
def test_heavy_bosons(boson: Any) -> None:
    """property: only g²/m² is left above Q (Q²/m² = 1e-5 at 10 GeV)."""
    options = {"convention": "nuclear"} if boson is LightTensor else {}
    some = [
        spectrum(boson(coupling=1e-4 * m, mass=m * GeV, **options), target("Cs133"))
        for m in (10.0, 5000.0)
    ]
    assert some[0] == exactly(some[1], 1e-4)


@pytest.mark.parametrize("boson", [LightAxial, LightPseudoscalar, LightTensor])
def test_no_spin_no_effect(boson: Any) -> None:
    """property: exactly the Standard Model on ¹³²Xe, but for the tensor's charge in motion."""
    model = boson(coupling=1e-3, mass=10 * MeV)
    standard = spectrum(StandardModel(), target("Xe132"))
    both = spectrum(StandardModel() + model, target("Xe132"))
    assert np.array_equal(both, standard) == (boson is not LightTensor)


def test_idle_interactions_are_said() -> None:
    """unit: a spin that nothing has is worth a word."""
    source = cevns.StoppedPion(flux=1e7 / cm**2 / cevns.units.s)
    model = StandardModel() + LightAxial(coupling=1e-4, mass=10 * MeV)
    for name, axial in (("Xe", "none"), ("Ar40", "shell-model")):
        detector = cevns.Detector(target=name, mass=1 * kg)
        with pytest.warns(UserWarning, match="light-axial acts on nothing"):
            cevns.Experiment(source, detector, 1 * day, model, axial=axial)
    detector = cevns.Detector(target="Xe", mass=1 * kg)
    experiment = cevns.Experiment(source, detector, 1 * day, model, axial="shell-model")
    assert {term.site for term in experiment.terms} == {"p", "n", "su", "sd"}


@pytest.mark.parametrize("mass", [0.01, 10.0, 1e5])
def test_what_holds_for_every_interaction(mass: float) -> None:
    """property: the public checks, electrons and spins included."""
    for boson in (LightAxial, LightPseudoscalar):
        check_interaction(boson(coupling=1e-3, electron=-0.4, mass=mass * MeV))
    check_interaction(LightTensor(coupling=1e-3, electron=2, mass=mass * MeV, convention="nuclear"))
    check_interaction(StandardModel(strange=True, w_exchange=False))


def test_counts_are_integrals() -> None:
    """property: the fold of an experiment is the integral of its own spectrum (1e-6)."""
    model = StandardModel() + LightAxial(coupling=3e-5, mass=8 * MeV)
    beam: Component = flavour("nu_mu", three_knots())
    source = Given(parts=(beam,), fluence=1e14 / cm**2)
    detector = cevns.Detector(target="F19", mass=1 * kg)
    experiment = cevns.Experiment(source, detector, 1 * day, model, axial="shell-model")
    edges = np.array([5.0, 60.0, 150.0]) * keV
    ours = experiment.counts(edges)[0, 0]
    x, w = np.polynomial.legendre.leggauss(200)
    truth = []
    for low, high in pairwise(edges):
        nodes = low + (high - low) * (x + 1) / 2
        truth.append((high - low) / 2 * w @ experiment.recoil_spectra(nodes)[0, 0])
    assert ours == exactly(np.array(truth), 1e-6)
