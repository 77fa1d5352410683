"""A sterile neutrino on the way.

Kinds: reference (rows of shared/reference.csv; evolution of four states and adaptive quadrature,
which share nothing with the split into components) and property (limits, grids).
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from probes import Given, flavour
from reference import reference_rows
from scipy.integrate import quad

from cevns.beam import Baseline, Component, pure_state
from cevns.config import study_from
from cevns.constants import hbar_c
from cevns.detector import Detector
from cevns.errors import InputError
from cevns.experiment import Experiment
from cevns.interactions import Model, StandardModel
from cevns.interactions.nsi import Nsi
from cevns.interactions.sterile import Sterile
from cevns.nodes import beam_breaks, common_steps
from cevns.sources import StoppedPion
from cevns.spectra import CallableSpectrum, LineSpectrum, Spectrum, TabulatedSpectrum
from cevns.testing import check_interaction
from cevns.units import MeV, cm, eV, keV, kg, m, year
from cevns.weighted import weighted

EV2 = eV**2
ROUNDING = 1e-11


def stopped_pion(distance: float = 20 * m, spread: float = 0.0) -> StoppedPion:
    return StoppedPion(neutrinos_per_year=4e22, distance=distance, length_spread=spread)


def argon(model: Any, source: Any = None, threshold: float = 10 * keV) -> Experiment:
    detector = Detector(target="Ar40", mass=456 * kg, threshold=threshold)
    return Experiment(source or stopped_pion(), detector, 1 * year, model)


def changed(**numbers: Any) -> Model:
    return StandardModel() + Sterile(**numbers)


# --- against four states --------------------------------------------------------------------------


def mixing(squares: tuple[float, float, float]) -> Any:
    """A unitary 4×4 matrix whose fourth column has the given |U_α4|² and is real."""
    last = np.sqrt([*squares, 1 - sum(squares)])
    basis = np.column_stack([last, np.eye(4)[:, :3]])
    unitary = np.linalg.qr(basis)[0]
    unitary[:, 0] *= np.sign(unitary[0, 0] * last[0]) or 1.0
    return np.roll(unitary, -1, axis=1)


def evolved(rho: Any, phase: float, squares: tuple[float, float, float]) -> Any:
    """The active block of U e^{-iφ} U† ρ (…)† with three states of no mass."""
    four = np.zeros((4, 4), dtype=complex)
    four[:3, :3] = rho
    U = mixing(squares)
    S = U @ np.diag([1, 1, 1, np.exp(-1j * phase)]) @ U.conj().T
    return (S @ four @ S.conj().T)[:3, :3]


@pytest.mark.parametrize("bar", [False, True])
@pytest.mark.parametrize("lepton", ["e", "mu", "tau"])
def test_four_states(lepton: str, bar: bool) -> None:
    """Rates of one line with complex flavour-changing couplings, at several baselines."""
    squares, energy, dm2 = (0.05, 0.11, 0.02), 30 * MeV, 2.3 * EV2
    numbers = dict(zip(("Ue4_sq", "Umu4_sq", "Utau4_sq"), squares, strict=True))
    nsi = Nsi(eps_ee_u=0.2, eps_emu_d=0.1 + 0.15j, eps_mutau_u=-0.08j)
    T = np.array([5.0, 20.0, 40.0]) * keV
    name = f"nu_{lepton}_bar" if bar else f"nu_{lepton}"
    rho, _ = pure_state(name)
    for distance in (3 * m, 11 * m, 25 * m):
        source = line(name, energy, distance)
        found = argon(StandardModel() + nsi + Sterile(dm2=dm2, **numbers), source)
        arrived = evolved(rho, dm2 * distance / (2 * energy * hbar_c), squares)
        expected = _rate(arrived, bar, StandardModel() + nsi, T, energy)
        # 1e-9: both are closed forms, with an eigenvector between them
        assert found.recoil_spectrum(T) == pytest.approx(expected, rel=1e-9, abs=0)


def beam(name: str, spectrum: Spectrum, distance: float) -> Given:
    baseline = Baseline(distance, 0.0, "source")
    return Given(parts=(replace(flavour(name, spectrum), baseline=baseline),), fluence=1 / cm**2)


def line(name: str, energy: float, distance: float = 1.0) -> Given:
    return beam(name, LineSpectrum([energy], [1.0]), distance)


def _rate(arrived: Any, bar: bool, model: Model, T: Any, energy: float) -> Any:
    """The recoil spectrum of a line that arrives with a given density matrix."""
    part = Component("line", arrived, bar, LineSpectrum([energy], [1.0]))
    return argon(model, Given(parts=(part,), fluence=1 / cm**2)).recoil_spectrum(T)


@pytest.mark.parametrize("spread", [0.0, 0.4])
@pytest.mark.parametrize("dm2", [0.3, 3.0, 40.0])
def test_stopped_pion(dm2: float, spread: float) -> None:
    """Spectra of all flavours: what survives, by adaptive quadrature of the closed form."""
    found = argon(changed(dm2=dm2 * EV2, Umu4_sq=0.1), stopped_pion(20 * m, spread * m))
    plain = argon(StandardModel(), stopped_pion())
    T, M = 15 * keV, found.scatterers[0].mass
    Emin = 0.5 * (T + math.sqrt(T * T + 2 * M * T))

    def lost(E: float) -> float:
        phase = dm2 * EV2 * 20 * m / (2 * E * hbar_c)
        damping = math.exp(-0.5 * (phase * spread / 20) ** 2)
        return 0.5 * (1 - damping * math.cos(phase)) * 4 * 0.1 * 0.9

    expected = 0.0
    for part, amount in zip(plain.components, plain.fluences(), strict=True):
        if part.name == "nu_e":
            share = 0.0
        elif isinstance(part.spectrum, LineSpectrum):
            share = lost(float(part.spectrum.energies[0]))
        else:
            share = _share(part, Emin, T, M, lost)
        one = plain.recoil_spectra(T)[plain.components.index(part), 0, 0]
        assert amount > 0
        expected += one * (1 - share)
    # 1e-8: that of scipy's quad on up to 40 oscillations
    assert found.recoil_spectrum(T)[0] == pytest.approx(expected, rel=1e-8, abs=0)


def _share(part: Component, Emin: float, T: float, M: float, lost: Any) -> float:
    """What is lost of a spectrum, weighted with the cross-section at T."""

    def density(E: float) -> float:
        return float(part.spectrum(E)) * (1 - T / E - M * T / (2 * E**2)) * MeV

    end = part.spectrum.breaks[-1]
    options = {"limit": 2000, "epsabs": 0, "epsrel": 1e-10}
    some = quad(lambda E: density(E) * lost(E), Emin, end, **options)[0]
    return float(some / quad(density, Emin, end, **options)[0])


def test_reference_rows() -> None:
    rows = {row.id: row for row in reference_rows("sterile.")}
    # sin²2θ = 4|U|²(1 − |U|²) = 0.1 in the convention "survival"
    square = 0.5 * (1 - math.sqrt(1 - 0.1))
    T, energy = np.array([20 * keV]), 29.792140909877446 * MeV
    sterile = Sterile(dm2=1 * EV2, Ue4_sq=square, Umu4_sq=square, convention="survival")
    models = StandardModel(), StandardModel() + sterile
    plain, seen = (argon(one, line("nu_mu", energy, 20 * m)).recoil_spectrum(T) for one in models)
    # 1e-7: digits of the constants in the phase
    wanted = rows["sterile.P.prompt.L20.dm1"].value
    assert seen[0] / plain[0] == pytest.approx(wanted, rel=1e-7, abs=0)
    box = TabulatedSpectrum.step(np.array([2.0, 8.0]) * MeV, np.array([1 / 6]) / MeV)
    detector = Detector(target="Ge72", mass=1 * kg, threshold=0.1 * keV)
    before, after = (
        Experiment(
            beam("nu_e_bar", box, 5 * m), detector, 1 * year, one, form_factor="helm-lewin-smith"
        )
        .predict()
        .total
        for one in models
    )
    # 1e-4: the contract for integrals, with this package's masses
    wanted = rows["sterile.deficit.box.L5"].value
    assert 1 - after / before == pytest.approx(wanted, rel=1e-4, abs=0)


# --- limits ---------------------------------------------------------------------------------------


def test_interaction() -> None:
    check_interaction(Sterile(dm2=1 * EV2, Ue4_sq=0.1, Umu4_sq=0.1))


def test_no_mixing() -> None:
    """Without mixing or without a phase it is the Standard Model."""
    plain = argon(StandardModel()).predict()
    mixed = argon(changed(dm2=1 * EV2)).predict()
    assert mixed.total == pytest.approx(plain.total, rel=ROUNDING, abs=0)
    assert mixed.by_flavour.keys() == plain.by_flavour.keys()
    slow = argon(changed(dm2=1e-9 * EV2, Ue4_sq=0.2, Umu4_sq=0.3)).predict()
    assert slow.total == pytest.approx(plain.total, rel=ROUNDING, abs=0)


def test_average() -> None:
    """Fast oscillations leave 1 − 2|U|²|U_s|² of a flavour; a wide spread does so, too."""
    plain = argon(StandardModel()).predict()
    for numbers in ({"dm2": 3e3 * EV2}, {"dm2": 60 * EV2}):
        source = stopped_pion(20 * m, 5 * m if numbers["dm2"] == 60 * EV2 else 0.0)
        found = argon(changed(Umu4_sq=0.1, **numbers), source).predict()
        left = found.by_flavour["nu_mu_bar"] / plain.by_flavour["nu_mu_bar"]
        # 1e-3: what is left of the oscillation at the phases 2500 and, spread, 50
        assert left == pytest.approx(1 - 2 * 0.1 * 0.9, rel=1e-3, abs=0)
        assert found.by_flavour["nu_e"] == pytest.approx(
            plain.by_flavour["nu_e"], rel=ROUNDING, abs=0
        )


def test_where_the_average_begins() -> None:
    """The weight jumps there, and the moments are those of the density on both sides."""
    top, jump, distance = 500 * math.pi, 600 * math.pi, 10 * m
    box = TabulatedSpectrum.step(np.array([1.0, 8.0]) * MeV, np.array([1 / 7]) / MeV)
    (part,) = beam("nu_e_bar", box, distance).parts
    dm2 = top * 2 * 8 * MeV * hbar_c / distance
    _, lost, *_ = Sterile(dm2=dm2, Ue4_sq=0.1).propagate(part, {})
    oscillating, even = np.linspace(top, jump, 201), np.geomspace(jump, 8 * top, 41)
    edges = 8 * MeV * top / np.unique(np.append(oscillating, even))[::-1]
    x, w = np.polynomial.legendre.leggauss(16)
    nodes = (edges[1:] + edges[:-1])[:, None] / 2 + np.diff(edges)[:, None] / 2 * x
    panels = np.diff(edges)[:, None] / 2 * w * lost.spectrum(nodes)
    expected = [np.sum(panels * nodes**-n) for n in range(3)]
    # 1e-12: sums of 4000 numbers
    found = lost.spectrum.moments(np.array([1 * MeV]))[:, 0]
    assert found == pytest.approx(expected, rel=1e-12, abs=0)


def test_what_appears() -> None:
    """Flavour-blind couplings see 1 − P_αs, whatever appears; "survival" does not count it."""
    both = {"dm2": 5 * EV2, "Ue4_sq": 0.1, "Umu4_sq": 0.2}
    active = argon(changed(**both)).predict()
    survived = argon(changed(convention="survival", **both)).predict()
    assert active.by_flavour["nu_e_bar"] > 0
    assert "nu_e_bar" not in survived.by_flavour
    assert sum(survived.by_flavour.values()) < sum(active.by_flavour.values())
    appeared = active.total - survived.total
    # P_μe = 4|U_e4|²|U_μ4|² sin² against P_μμ's part: ν̄_μ → ν̄_e by the ratio of the amplitudes
    plain = argon(StandardModel()).predict().by_flavour["nu_mu_bar"]
    lost = plain - survived.by_flavour["nu_mu_bar"]
    gained = active.by_flavour["nu_e_bar"]
    assert gained / lost == pytest.approx(0.1 * 0.2 / (0.2 * 0.8), rel=1e-9, abs=0)
    assert appeared > gained


def test_grid_of_mixings() -> None:
    """A grid is the loop over it, and what is not unitary is no number."""
    experiment = argon(changed(dm2=2 * EV2))
    values = np.array([0.0, 0.1, 0.4])
    theta = {"sterile.Umu4_sq": values[:, None], "sterile.Ue4_sq": values[None, :]}
    edges = np.array([10, 30, 60, 150]) * keV
    grid = experiment.binned(edges, theta)
    for i, j in np.ndindex(3, 3):
        one = {"sterile.Umu4_sq": values[i], "sterile.Ue4_sq": values[j]}
        assert grid[i, j] == pytest.approx(experiment.binned(edges, one), rel=ROUNDING, abs=0)
    beyond = experiment.binned(edges, {**theta, "sterile.Utau4_sq": 0.3})
    assert np.isnan(beyond[2, 2]).all() and np.isfinite(beyond[1, 2]).all()


SPECTRA: dict[str, Spectrum] = {
    "callable": CallableSpectrum(lambda E: E**2 * np.exp(-E / MeV) / MeV**3, [0, 9 * MeV]),
    "table": TabulatedSpectrum.linear(np.array([1, 4, 9]) * MeV, np.array([1, 3, 0.5])),
    "line": LineSpectrum([3 * MeV, 5 * MeV], [1.0, 2.0]),
}


@pytest.mark.parametrize("spectrum", SPECTRA)
def test_weighted_moments(spectrum: str) -> None:
    """Moments of a spectrum times an oscillating weight, by adaptive quadrature."""
    made = SPECTRA[spectrum]
    edges = 40 * MeV / np.arange(5.0, 60.0, 2.0)
    product = weighted(made, lambda E: np.sin(40 * MeV / E), edges)
    for low in (1.2, 2.9, 4.5):
        found = product.moments(np.array([low * MeV]))[:, 0]
        if isinstance(made, LineSpectrum):
            kept = [(E, w) for E, w in ((3, 1.0), (5, 2.0)) if low <= E]
            expected = [
                sum(w * math.sin(40 / E) * (E * MeV) ** -n for E, w in kept) for n in range(3)
            ]
        else:
            expected = [
                quad(
                    lambda x, n=n: float(made(x * MeV)) * math.sin(40 / x) * (x * MeV) ** -n * MeV,
                    *(low, 9),
                    points=[4] if low < 4 else None,
                    limit=500,
                    epsabs=0,
                    epsrel=1e-11,
                )[0]
                for n in range(3)
            ]
        assert found == pytest.approx(expected, rel=1e-9, abs=0)  # that of the quadrature


def test_weighted_twice() -> None:
    """A weight on a weighted spectrum is the product of both."""
    phi = SPECTRA["callable"]
    edges = [25 * MeV / np.arange(3.0, 60.0, 2.0), 40 * MeV / np.arange(5.0, 60.0, 2.0)]

    def one(E: Any) -> Any:
        return np.sin(25 * MeV / E)

    def two(E: Any) -> Any:
        return np.cos(40 * MeV / E)

    energy = np.array([0.9, 2.0, 4.5, 8.0]) * MeV
    found = weighted(weighted(phi, one, edges[0]), two, edges[1]).moments(energy)
    both = weighted(phi, lambda E: one(E) * two(E), np.union1d(*edges)).moments(energy)
    assert found == pytest.approx(both, rel=ROUNDING, abs=0)


# --- several distances ----------------------------------------------------------------------------

CORES = (18.6, 20.1, 22.3, 28.9)


def cores(*distances: float) -> Experiment:
    """Boxes of antineutrinos from several distances [m] on germanium."""
    box = TabulatedSpectrum.step(np.array([1.0, 3.0, 8.0]) * MeV, np.array([0.4, 0.04]) / MeV)
    whole = beam("nu_e_bar", box, 1.0)
    parts = [
        replace(whole.parts[0], name=str(one), baseline=Baseline(one * m, 0.0, "source"))
        for one in distances
    ]
    detector = Detector(target="Ge72", mass=1 * kg, threshold=0.1 * keV)
    source = Given(parts=tuple(parts), fluence=1 / cm**2)
    return Experiment(source, detector, 1 * year, changed(dm2=3 * EV2, Ue4_sq=0.1))


def test_several_distances() -> None:
    """Seen together they are the sum of each alone, on few more nodes than the farthest has."""
    edges = np.linspace(0.1, 1.5, 15) * keV
    together = cores(*CORES)
    alone = sum(cores(one).binned(edges) for one in CORES)
    # 1e-9: a bin of 0.1 keV with 8 nodes a step of the phase
    assert together.binned(edges) == pytest.approx(alone, rel=1e-9, abs=0)
    (scatterer,) = together.scatterers
    many, few = (
        len(beam_breaks(one.components, scatterer, one.terms, {}, "exact"))
        for one in (together, cores(max(CORES)))
    )
    # what the farthest has, and below that what the nearer ones have left of as many steps
    assert few < many < few * (max(CORES) / min(CORES)) + 2


@given(st.lists(st.floats(1.0, 30.0), min_size=1, max_size=5), st.lists(st.floats(3.0, 9.0)))
def test_common_steps(scales: list[float], tops: list[float]) -> None:
    """Between two panels' ends no ladder has more than one step, and its end is not passed."""
    ends = np.resize([*tops, 8.0], len(scales))
    ladders = [
        np.sort(end / (1 + np.arange(40) * end / scale))
        for scale, end in zip(scales, ends, strict=True)
    ]
    found = np.sort(common_steps(ladders))
    assert found[-1] == pytest.approx(max(ends), rel=ROUNDING, abs=0)
    for own in ladders:
        places = np.interp(found, own, np.arange(len(own)))
        assert np.all(np.diff(places) <= 1 + ROUNDING)


# --- what is refused ------------------------------------------------------------------------------


def test_without_a_distance() -> None:
    source = {"type": "stopped-pion", "flux": "1e7 /cm^2/s"}
    with pytest.raises(InputError, match="sterile neutrino oscillates"):
        _study(source, [{"sterile": {"dm2": "1 eV^2"}}]).experiments  # noqa: B018


def test_more_than_unity() -> None:
    experiment = argon(changed(dm2=1 * EV2))
    with pytest.raises(InputError, match=r"sum of \|U_a4\|\^2 of 1.2"):
        experiment.predict({"sterile.Ue4_sq": 0.7, "sterile.Umu4_sq": 0.5})


def test_without_a_splitting() -> None:
    with pytest.raises(InputError, match=r"sterile.dm2: found no value"):
        argon(changed(Umu4_sq=0.1)).predict()
    alone = argon(changed()).predict().total  # nothing mixes: it does not matter
    assert alone == pytest.approx(argon(StandardModel()).predict().total, rel=ROUNDING, abs=0)
    given = {"sterile.dm2": 1 * EV2}
    assert argon(changed(Umu4_sq=0.1)).predict(given).total > 0


def _study(source: dict[str, Any], model: list[Any]) -> Any:
    detector = {"target": "Ar40", "mass": "1 kg", "threshold": "10 keV"}
    return study_from(
        {"source": source, "detector": detector, "exposure": "1 year", "model": model}
    )


def test_edges() -> None:
    """Edges of the phase end bins of the observable nowhere: narrow bins add up."""
    experiment = argon(changed(dm2=80 * EV2, Umu4_sq=0.2))
    fine = np.linspace(10, 150, 141) * keV
    narrow, wide = experiment.binned(fine), experiment.binned(fine[[0, -1]])
    # 1e-7: unresolved wiggles of a phase of 140
    assert narrow.sum() == pytest.approx(wide[0], rel=1e-7, abs=0)
