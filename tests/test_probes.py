"""The probe set: nasty plug-ins (tests/probes.py) against brute force (tests/oracle).

Kinds: reference (the oracle; no code shared with the package) and property. The brute force sums
over pure states and final flavours, takes Dirac traces and integrates by dense quadrature. What a
whole experiment does with its detector is in test_probe_experiments.py.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from oracle import density, recoil
from probes import (
    FLUENCE,
    MIXED,
    ON_NEUTRONS,
    ON_PROTONS,
    S2W,
    AxialProbe,
    ElectronProbe,
    FlavourProbe,
    Given,
    HeavyProbe,
    WithScatterers,
    argon,
    brute_factors,
    electrons,
    flavour,
    folded,
    mixture,
    panels,
    per_kilogram,
    three_knots,
)
from reference import reference_rows

from cevns.beam import Component
from cevns.cross_sections import total_cross_section
from cevns.detector import Detector
from cevns.interactions import StandardModel
from cevns.rate import recoil_spectrum
from cevns.spectra import LineSpectrum
from cevns.targets import Target
from cevns.units import MeV, cm, day, kg

SM = StandardModel(sin2_theta_w=S2W)
SIGNS = pytest.mark.parametrize("antineutrino", [False, True], ids=["nu", "nubar"])
# Both sides work in double precision with sums of a few dozen terms.
EXACT = 1e-10


# --- (a) complex flavour-changing couplings -------------------------------------------------------


def flavour_rate(
    T: float, M: float, rho: Any, antineutrino: bool, size: float, more: float
) -> float:
    """[cm²/MeV] of the Standard Model and the probe together, on the three-knot table."""
    protons, neutrons = brute_factors(T, M)
    terms = [
        density.Term("V", np.eye(3) * (0.5 - 2 * S2W), protons),
        density.Term("V", np.eye(3) * -0.5, neutrons),
        density.Term("V", size * ON_PROTONS, protons),
        density.Term("V", more * ON_NEUTRONS, neutrons),
    ]
    square = density.contract(rho, terms, antineutrino).vector
    # Z = 0 and N = 2 make a weak charge of one
    unit = recoil.recoil_rate(T, recoil.three_knot, M, 0, 2, S2W, recoil.point_like)
    return square * float(unit)


@SIGNS
@pytest.mark.parametrize("density_", [MIXED, np.diag([0.0, 1.0, 0.0])], ids=["mixed", "pure"])
def test_flavour_probe(antineutrino: bool, density_: Any) -> None:
    """reference: complex matrices on p and n, interfering with the SM, on a mixed state."""
    experiment = argon(
        SM + FlavourProbe(size=0.7, neutrons=-0.4), mixture(three_knots(), antineutrino, density_)
    )
    M = experiment.scatterers[0].mass / MeV
    T = np.array([1e-5, 1e-3, 0.01, 0.05, 0.12, 0.144])
    ours = experiment.recoil_spectrum(T * MeV) * MeV
    truth = [flavour_rate(t, M, density_, antineutrino, 0.7, -0.4) for t in T]
    assert ours == pytest.approx(np.array(truth) * per_kilogram(), rel=EXACT, abs=0)

    edges = np.array([0.0, 0.003, 0.02, 0.2])
    ends = [float(recoil.t_max(e, M)) for e in (4.0, 20.0, 52.0)]
    nodes, weights = panels([*edges[:-1], *ends])
    rates = weights * [flavour_rate(t, M, density_, antineutrino, 0.7, -0.4) for t in nodes]
    counts = [rates[(nodes > a) & (nodes < b)].sum() for a, b in pairwise(edges)]
    # 12 nodes in each of five panels: the brute force is good to 1e-10
    expected = np.array(counts) * per_kilogram()
    assert experiment.counts(edges * MeV)[0, 0] == pytest.approx(expected, rel=1e-9, abs=0)


def test_flavour_probe_knows_neutrinos_from_antineutrinos() -> None:
    """property: ν̄ differ from ν of the same ρ; conjugating ρ too brings the rate back."""
    model = SM + FlavourProbe(size=0.7, neutrons=-0.4)
    parts = [
        mixture(three_knots(), antineutrino, rho)
        for antineutrino, rho in ((False, MIXED), (True, MIXED), (True, MIXED.conj()))
    ]
    T = np.array([0.001, 0.01, 0.1]) * MeV
    scatterer = argon(model, *parts).scatterers[0]
    nu, bar, mirrored = recoil_spectrum(T, parts, scatterer, model.terms())
    assert np.all(np.abs(bar / nu - 1) > 0.01)
    assert mirrored == pytest.approx(nu, rel=1e-13, abs=0)  # rounding


def test_couplings_are_a_polynomial() -> None:
    """property: a grid of couplings is the loop over its points (1e-13: rounding)."""
    experiment = argon(
        SM + FlavourProbe(),
        mixture(three_knots(), False),
        flavour("nu_e_bar", LineSpectrum([30 * MeV], [1.0])),
    )
    edges = np.array([0.0, 0.003, 0.02, 0.2]) * MeV
    sizes, more = np.linspace(-1, 1, 4), np.array([0.3, -0.2, 0.0])
    axes = {"probe-flavour.size": sizes[:, None], "probe-flavour.neutrons": more}
    grid = experiment.counts(edges, axes)
    assert grid.shape == (4, 3, 2, 1, 3)
    for i, size in enumerate(sizes):
        for j, other in enumerate(more):
            theta = {"probe-flavour.size": size, "probe-flavour.neutrons": other}
            one = experiment.counts(edges, theta)
            assert grid[i, j] == pytest.approx(one, rel=1e-13, abs=0)
            fresh = argon(SM + FlavourProbe(size=size, neutrons=other), *experiment.components)
            assert one == pytest.approx(fresh.counts(edges), rel=1e-13, abs=0)
    mixing = np.array([0.1, 0.2, 0.3])
    angles = experiment.counts(edges, {"sin2_theta_w": mixing})
    for k, s2 in enumerate(mixing):
        alone = experiment.counts(edges, {"sin2_theta_w": s2})
        assert angles[k] == pytest.approx(alone, rel=1e-13, abs=0)


# --- (b) electrons --------------------------------------------------------------------------------

M_E = 0.51099895  # MeV, CODATA 2018


@SIGNS
def test_electrons_of_a_pure_flavour(antineutrino: bool) -> None:
    """reference: g_V and g_A on electrons, their interference odd under ν → ν̄."""
    vector, axial = 2 * S2W + 0.5, 0.5
    component = flavour("nu_e_bar" if antineutrino else "nu_e", three_knots())
    T = np.array([1e-3, 0.1, 3.0, 19.0, 40.0, 51.7])
    probe = ElectronProbe(vector=vector, axial=axial)
    ours = recoil_spectrum(T * MeV, [component], electrons(1.0), probe.terms())[0] / (cm**2 / MeV)
    for t, value in zip(T, ours, strict=True):
        truth = folded(
            partial(
                recoil.dsigma_dT_chiral,
                T=t,
                M=M_E,
                gV=vector,
                gA=axial,
                antineutrino=antineutrino,
            ),
            recoil.three_knot,
            float(recoil.e_min(t, M_E)),
        )
        assert value == pytest.approx(truth, rel=EXACT, abs=0)


def test_electron_row_of_the_reference_table() -> None:
    """reference: nue.nue.E10.T2 of shared/reference.csv (closed form, 1e-6)."""
    (row,) = reference_rows("nue.nue.E10.T2")
    probe = ElectronProbe(vector=row.inputs["g_V"], axial=row.inputs["g_A"])
    line = flavour("nu_e", LineSpectrum([row.inputs["E_MeV"] * MeV], [1.0]))
    T = np.array([row.inputs["T_MeV"] * MeV])
    ours = recoil_spectrum(T, [line], electrons(1.0), probe.terms())[0, 0] / (cm**2 / MeV)
    assert ours == pytest.approx(row.value, rel=1e-6, abs=0)


def chiral(
    e: float, t: float, M: float, squares: density.Squares, m4: float = 0.0, trace: bool = False
) -> float:
    """[cm²/MeV] with V², A² and Re VA* of the flavours (their sign for ν̄ included)."""
    one = recoil.trace_dsigma_dT if trace else recoil.dsigma_dT_chiral
    vv, aa, plus, minus = (
        float(one(e, t, M, v, a, False, m4)) for v, a in ((1, 0), (0, 1), (1, 1), (1, -1))
    )
    return squares.vector * vv + squares.axial * aa + squares.interference * (plus - minus) / 2


@SIGNS
def test_electrons_of_a_mixed_state(antineutrino: bool) -> None:
    """reference: two vector and two axial terms with complex matrices on a mixture."""
    numbers = {"vector": 0.97, "axial": -0.5, "mixing": 0.8}
    terms = [
        density.Term("V", np.eye(3), 0.97),
        density.Term("V", ON_PROTONS, 0.8),
        density.Term("A", np.eye(3), -0.5),
        density.Term("A", ON_NEUTRONS, 0.8),
    ]
    squares = density.contract(MIXED, terms, antineutrino)
    T = np.array([0.01, 1.0, 15.0, 45.0])
    part = mixture(three_knots(), antineutrino)
    rates = recoil_spectrum(T * MeV, [part], electrons(1.0), ElectronProbe(**numbers).terms())[0]
    for t, value in zip(T, rates / (cm**2 / MeV), strict=True):
        truth = folded(
            partial(chiral, t=t, M=M_E, squares=squares),
            recoil.three_knot,
            float(recoil.e_min(t, M_E)),
        )
        assert value == pytest.approx(truth, rel=EXACT, abs=0)


@pytest.mark.parametrize("at_edges", [True, False], ids=["steps-at-edges", "steps-inside-bins"])
def test_bound_electrons(at_edges: bool) -> None:
    """reference: Z_eff(T) = Σ nᵢ Θ(T − Bᵢ); counts must know its steps (1e-6, the contract)."""
    shells = [(10.0, 0.3), (6.0, 2.5), (2.0, 11.0)]
    target = electrons(1e20 / kg, [(n, b * MeV) for n, b in shells])
    probe = ElectronProbe(vector=0.9, axial=0.5)
    source = Given(parts=(flavour("nu_e", LineSpectrum([30 * MeV], [1.0])),), fluence=FLUENCE)
    detector = Detector(target=Target("Ar40"), mass=1 * kg)
    experiment = WithScatterers(source, detector, 1 * day, probe, replaced=(target,))
    edges = np.array([0.1, 0.3, 2.5, 11.0, 29.0] if at_edges else [0.1, 1.7, 9.0, 29.0])
    ours = experiment.counts(edges * MeV)[0, 0] / (1e20 * FLUENCE * cm**2)

    nodes, weights = panels([*edges, *(b for _, b in shells)])
    number = sum(n * (nodes > b) for n, b in shells)
    sigma = [float(recoil.dsigma_dT_chiral(30.0, t, M_E, 0.9, 0.5, False)) for t in nodes]
    pieces = weights * number * sigma
    truth = [pieces[(nodes > a) & (nodes < b)].sum() for a, b in pairwise(edges)]
    assert ours == pytest.approx(np.array(truth), rel=1e-6, abs=0)


# --- (c) a massive outgoing lepton ----------------------------------------------------------------

HEAVY = 15.0  # MeV
BEAMS = {"line": recoil.LINE, "table": recoil.three_knot}


def heavy_beam(name: str, antineutrino: bool) -> Component:
    line = LineSpectrum([recoil.LINE_ENERGY * MeV], [1.0])
    return mixture(line if name == "line" else three_knots(), antineutrino)


def heavy_recoils(beam: str, M: float) -> Any:
    """Inside the range of T, next to both of its ends, and beyond."""
    low, high = (float(t) for t in recoil.t_range(BEAMS[beam].edges[-1], M, HEAVY))
    inside = [low * (1 + 1e-6), low * 2, (low * high) ** 0.5, high * 0.7, high * (1 - 1e-6)]
    return np.array([low * 0.99, *inside, high * 1.01])


@SIGNS
@pytest.mark.parametrize("beam", BEAMS)
@pytest.mark.parametrize("spin", ["0", "1/2"])
def test_heavy_lepton_spectrum(spin: str, beam: str, antineutrino: bool) -> None:
    """reference: Dirac traces with a massive lepton; V and A interfere on spin 1/2 alone."""
    probe = HeavyProbe(size=0.8, axial=-0.3, mass=HEAVY * MeV)
    part = heavy_beam(beam, antineutrino)
    scatterer = replace(argon(probe, part).scatterers[0], spin=spin)
    M = scatterer.mass / MeV
    T = heavy_recoils(beam, M)
    ours = recoil_spectrum(T * MeV, [part], scatterer, probe.terms())[0] / (cm**2 / MeV)
    assert np.all(ours >= 0)
    for t, value in zip(T, ours, strict=True):
        protons = brute_factors(t, M)[0]
        vector = density.Term("V", HeavyProbe.ROW, 0.8 * protons)
        axial = density.Term("A", HeavyProbe.ROW, -0.3 * protons)
        squares = density.contract(MIXED, [vector, axial], antineutrino)

        def sigma(e: float, t: float = t, squares: density.Squares = squares) -> float:
            if spin == "1/2":
                return chiral(e, t, M, squares, HEAVY, trace=True)
            return recoil.trace_dsigma_dT_spin0(e, t, M, 1.0, HEAVY) * squares.vector

        truth = folded(sigma, BEAMS[beam], float(recoil.e_min(t, M, HEAVY)))
        # 1e-6 off an end of the range the bracket cancels to 1e-6 of its terms
        assert value == pytest.approx(truth, rel=1e-8, abs=0)


def heavy_between(e: float, low: float, high: float, M: float, antineutrino: bool) -> float:
    """∫ dσ/dT dT from ``low`` to ``high`` [cm²], within T₋ … T₊ of the energy."""
    term = density.Term("V", HeavyProbe.ROW, 0.8)
    bottom, top = (float(t) for t in recoil.t_range(e, M, HEAVY))
    bottom, top = max(bottom, low), min(top, high)
    if top <= bottom:
        return 0.0
    T, w = panels([bottom, top])
    each = [recoil.trace_dsigma_dT_spin0(e, t, M, brute_factors(t, M)[0], HEAVY) for t in T]
    return density.contract(MIXED, [term], antineutrino).vector * float(w @ np.array(each))


def heavy_total(beam: str, low: float, high: float, M: float, antineutrino: bool) -> float:
    """The same folded with a beam: E outside, T inside."""
    inner = partial(heavy_between, low=low, high=high, M=M, antineutrino=antineutrino)
    if beam == "line":
        return inner(recoil.LINE_ENERGY)
    # Kinks where E_min passes a bin edge, and a start like √(E − threshold)
    start = HEAVY + HEAVY**2 / (2 * M)
    cuts = [20.0, *(float(recoil.e_min(t, M, HEAVY)) for t in (low, high) if t > 0)]
    knots = [start, *(start + 4.0**-k for k in range(12)), *(c for c in cuts if start < c < 52)]
    pieces = pairwise(sorted({*knots, 52.0}))
    segments = tuple(recoil.Segment(a, b, recoil.three_knot) for a, b in pieces)
    return folded(inner, recoil.Spectrum("cut", segments), start, order=12)


@pytest.mark.parametrize("beam", BEAMS)
def test_heavy_lepton_total(beam: str) -> None:
    """reference: bins and total by the experiment's own nodes; the SM beside it adds, no more."""
    part = heavy_beam(beam, True)
    probe = HeavyProbe(size=0.8, axial=-0.3, mass=HEAVY * MeV)
    experiment = argon(probe, part)
    M = experiment.scatterers[0].mass / MeV
    edges = np.array([0.0, 0.003, 0.02, 1.0])
    alone = experiment.counts(edges * MeV)[0, 0]
    truth = [heavy_total(beam, a, b, M, True) for a, b in pairwise(edges)]
    # the brute force resolves its soft start to 1e-10
    assert alone == pytest.approx(np.array(truth) * per_kilogram(), rel=1e-9, abs=0)
    both = argon(SM + probe, part).counts(edges * MeV)[0, 0]
    standard = argon(SM, part).counts(edges * MeV)[0, 0]
    # the panels differ a little: each is good to 1e-9 of its own
    assert both == pytest.approx(alone + standard, rel=1e-9, abs=0)


def test_heavy_lepton_mass_is_a_shape_parameter() -> None:
    """property: another mass by θ is a fresh experiment with that mass, and back again."""
    edges = np.array([0.0, 0.003, 0.02, 1.0]) * MeV
    part = heavy_beam("table", False)
    experiment = argon(SM + HeavyProbe(size=0.8, mass=HEAVY * MeV), part)
    nominal = experiment.counts(edges)
    moved = experiment.counts(edges, {"probe-heavy.mass": 22 * MeV})
    fresh = argon(SM + HeavyProbe(size=0.8, mass=22 * MeV), part)
    assert np.array_equal(moved, fresh.counts(edges))
    assert not np.array_equal(moved, nominal)
    assert np.array_equal(experiment.counts(edges), nominal)


@pytest.mark.parametrize("axial", [0.0, 0.5])
def test_heavy_lepton_threshold(axial: float) -> None:
    """property: nothing at all below E = m₄ + m₄²/2M, something right above it."""
    M = float(argon(SM, heavy_beam("line", False)).scatterers[0].mass)
    threshold = HEAVY * MeV + (HEAVY * MeV) ** 2 / (2 * M)
    for factor, opened in ((1 - 1e-6, False), (1 + 1e-6, True)):
        line = flavour("nu_mu", LineSpectrum([threshold * factor], [1.0]))
        probe = HeavyProbe(size=1.0, axial=axial, mass=HEAVY * MeV)
        counts = argon(probe, line).counts(np.array([0.0, np.inf]))
        assert counts.shape == (1, 1, 1)
        assert bool(counts[0, 0, 0] > 0) is opened


def test_heavy_lepton_total_cross_section() -> None:
    """reference: the public function integrates from T₋ to T₊, too (1e-6, the contract)."""
    probe = HeavyProbe(size=0.8, mass=HEAVY * MeV)
    M = float(argon(SM, heavy_beam("line", False)).scatterers[0].mass) / MeV
    T, w = panels(float(t) for t in recoil.t_range(20.0, M, HEAVY))
    helm = recoil.helm_lewin_smith(40)
    each = [
        recoil.trace_dsigma_dT_spin0(20.0, t, M, 0.8 * 18 * float(helm((2 * M * t) ** 0.5)), HEAVY)
        for t in T
    ]
    ours = total_cross_section(
        20 * MeV, "Ar40", flavour="nu_mu", model=probe, form_factor="helm-lewin-smith"
    )
    assert ours / cm**2 == pytest.approx(float(w @ np.array(each)), rel=1e-6, abs=0)


# --- terms that find nothing to act on ------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:probe-electron acts on nothing")
@pytest.mark.parametrize(
    "probe", [ElectronProbe(vector=1.0), AxialProbe(size=1.0)], ids=["electrons", "axial"]
)
def test_terms_that_do_not_act(probe: Any) -> None:
    """property: electron terms on nuclei and axial terms on spin 0 add zero, in the right shape."""
    parts = (flavour("nu_mu", three_knots()), flavour("nu_e", three_knots()))
    T, edges = np.array([0.001, 0.01]) * MeV, np.array([0.0, 0.01, 0.1]) * MeV
    experiment = argon(probe, *parts)
    assert np.array_equal(experiment.recoil_spectra(T), np.zeros((2, 1, 2)))
    assert np.array_equal(experiment.counts(edges), np.zeros((2, 1, 2)))
    beside = argon(SM + probe, *parts).counts(edges)
    assert np.array_equal(beside, argon(SM, *parts).counts(edges))
