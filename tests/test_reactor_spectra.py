"""Antineutrinos of fission and capture: densities, moments, tables, and what others have."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import mpmath as mp
import numpy as np
import pytest
from data_files import DATA, need_data
from oracle import reactor as oracle
from reference import reference_rows

from cevns.sources.fission import (
    ENERGY_PER_FISSION,
    FUELS,
    ISOTOPES,
    MODES,
    Isotope,
    capture_spectrum,
    density,
    distortion,
    fission_spectrum,
    number,
)
from cevns.units import MeV

ROOT = Path(__file__).resolve().parents[1]
TABLES = ROOT / "src" / "cevns" / "data" / "reactor"
NONE = np.zeros(1)


def build_script() -> Any:
    """tools/build_reactor.py as a module."""
    path = ROOT / "tools" / "build_reactor.py"
    spec = importlib.util.spec_from_file_location("build_reactor", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def exactly(value: float, tolerance: float = 1e-12) -> Any:
    return pytest.approx(value, rel=tolerance, abs=0)


# --- kind: reference ------------------------------------------------------------------------------


def test_density_of_huber() -> None:
    """reference: the row of the table (the same arithmetic, so 1e-12)."""
    (row,) = reference_rows("reactor.huber.235U")
    S = density("U235", "huber-mueller")(row.inputs["E_MeV"] * MeV) * MeV
    assert float(S) == exactly(row.value)


@pytest.mark.parametrize("isotope", ISOTOPES)
@pytest.mark.parametrize("energy", [0.0, 0.02, 0.9, 1.8, 2.0, 2.5, 6.0, 7.99, 7.99999])
def test_moments(isotope: Isotope, energy: float) -> None:
    """reference: adaptive quadrature with 30 digits; 1e-10, and what E_end − E is rounded to."""
    ours = fission_spectrum(isotope, "huber-mueller").moments(np.array([energy * MeV]))[:, 0]
    with mp.workdps(30):
        exact = [float(oracle.moment(isotope, energy, n)) for n in range(3)]
    tolerance = 1e-10 + 1e-14 / (8 - energy)
    for n in range(3):
        assert ours[n] * MeV**n == exactly(exact[n], tolerance)


@pytest.mark.parametrize(
    ("isotope", "quoted"), [("U235", 5.72), ("Pu239", 5.11), ("U238", 6.74), ("Pu241", 5.90)]
)
def test_antineutrinos_per_fission(isotope: Isotope, quoted: float) -> None:
    """reference: the numbers that go with these parts, in three digits; required is 0.5 %."""
    assert number(fission_spectrum(isotope, "huber-mueller")) == exactly(quoted, 5e-3)


def test_a_power_reactor() -> None:
    """reference: 5.6 per fission of a PWR, 6.8 with captures (two digits each)."""
    fractions = FUELS["pwr"].fractions
    spectra = {one: fission_spectrum(one, "huber-mueller") for one in fractions}
    fission = sum(share * number(spectra[one]) for one, share in fractions.items())
    assert fission == exactly(5.6, 1e-2)
    assert fission + 0.6 * number(capture_spectrum()) == exactly(6.8, 1e-2)


@pytest.mark.parametrize(
    ("isotope", "published"), [("U235", 6.69), ("U238", 10.10), ("Pu239", 4.40), ("Pu241", 6.03)]
)
def test_inverse_beta_yields(isotope: Isotope, published: float) -> None:
    """reference: yields of inverse beta decay, 1e-43 cm² per fission (Giunti 2017, 1704.02276).

    Without terms of order 1/M (−1 to −3 % here) and cut at 8 MeV (−0.1 to −1 %) ours has to be 0 to
    4 % higher. The oracle has the same cross-section, the spectrum is that of the package.
    """
    x, w = np.polynomial.legendre.leggauss(60)
    E = 1.804 + (8 - 1.804) * (x + 1) / 2
    m_e, E_e = 0.51099895, E - 1.29333
    shape = E_e * np.sqrt(E_e**2 - m_e**2)
    with mp.workdps(20):
        scale = float(oracle.inverse_beta_scale())
    S = density(isotope, "huber-mueller")(E * MeV) * MeV
    found = scale * (S * shape) @ w * (8 - 1.804) / 2
    # The oracle has the polynomial down to the threshold, not the straight line below 2 MeV.
    assert found == exactly(float(oracle.inverse_beta_yield(isotope)), 1e-3)
    assert 1.0 < found / (published * 1e-43) < 1.04


def test_heat_per_fission() -> None:
    """reference: Ma et al. lie above Kopeikin by 0.2 to 0.6 %, as they say in their abstract."""
    for isotope in ISOTOPES:
        ratio = (
            ENERGY_PER_FISSION["ma-2013"][isotope] / ENERGY_PER_FISSION["kopeikin-2004"][isotope]
        )
        assert 1.002 < ratio < 1.006


# --- kind: reference (a second table) -------------------------------------------------------------


def column(name: str, **how: Any) -> Any:
    return np.loadtxt(need_data("spectra-reactor") / name, unpack=True, **how)


@pytest.mark.parametrize("isotope", ["U235", "Pu239", "Pu241"])
def test_points_of_huber(isotope: Isotope) -> None:
    """Huber's points: the polynomials are smooth through them.

    The integrals agree to 1 %; each point up to 6 MeV to three of its own errors.
    """
    rows = column(f"huber-2011/{isotope}-anti-neutrino-flux-250keV.dat")
    E, S, error = rows[0], rows[1], rows[1] * rows[-1]
    ours = density(isotope, "huber-mueller")(E * MeV) * MeV
    assert np.trapezoid(ours, E) == exactly(np.trapezoid(S, E), 1e-2)
    low = E <= 6
    assert np.all(np.abs(ours - S)[low] < 3 * error[low])


def test_points_of_mueller() -> None:
    """²³⁸U from 2 to 8 MeV: the fit is good to 10 %, its integral to 3 % (three digits a point)."""
    E, S = column("mueller-2011/mueller_u238.txt", delimiter=",")
    inside = (E >= 2) & (E <= 8)
    E, S = E[inside], S[inside]
    ours = density("U238", "huber-mueller")(E * MeV) * MeV
    np.testing.assert_allclose(ours[E < 7], S[E < 7], rtol=0.1)
    assert np.trapezoid(ours, E) == exactly(np.trapezoid(S, E), 3e-2)


@pytest.mark.parametrize("isotope", ISOTOPES)
def test_table_of_vogel_and_engel(isotope: Isotope) -> None:
    """The printed points, digit by digit (1e-12: they are the knots)."""
    E, S = column(f"vogel-engel-mueller/spectraMeV{isotope}.txt")
    low = E < 2
    for interpolation in ("linear", "log"):
        ours = density(isotope, "huber-mueller", interpolation)(E[low] * MeV) * MeV
        np.testing.assert_allclose(ours, S[low], rtol=1e-12)


@pytest.mark.parametrize("isotope", ISOTOPES)
def test_summation_has_more(isotope: Isotope) -> None:
    """BESTIOLE 2023: 5 to 8 % more in number, nearly all below 1 MeV; above, E² S to 12 %."""
    E, S = column(f"bestiole-2023/bestiole_{isotope.lower()}.txt", delimiter=",")
    ours = number(fission_spectrum(isotope, "huber-mueller"))
    assert 1.05 < S.sum() * 0.025 / ours < 1.08
    inside = (E > 1) & (E < 8)
    density_ours = density(isotope, "huber-mueller")(E[inside] * MeV) * MeV
    weighted = (S[inside] * E[inside] ** 2).sum() / (density_ours * E[inside] ** 2).sum()
    assert weighted == pytest.approx(1, abs=0.12)


@pytest.mark.parametrize(
    ("name", "power", "per_row"),
    [("research-reactors/breeding_U239_Np239.dat", 1e3, True), ("bestiole", 1.0, False)],
)
def test_capture(name: str, power: float, per_row: bool) -> None:
    """²³⁹U and ²³⁹Np: mean energy of the two antineutrinos together, to 3 %.

    Once against the capture spectrum of a research reactor, which is another calculation, once
    against the sum that the branches were fitted to.
    """
    if per_row:
        E, S = column(name)[:2]
        mean = (E * power * S).sum() / S.sum()
    else:
        parts = [
            column(f"bestiole-2023/bestiole_{one}.txt", delimiter=",") for one in ("u239", "np239")
        ]
        mean = sum((E * S).sum() for E, S in parts) / sum(S.sum() for _, S in parts)
    spectrum = capture_spectrum()
    assert number(spectrum) == exactly(2, 1e-4)  # five digits in the table
    x, w = np.polynomial.legendre.leggauss(400)
    end = spectrum.breaks[-1]
    E_ours, weights = end * (x + 1) / 2, end * w / 2
    ours = (spectrum(E_ours) * E_ours) @ weights / 2 / MeV
    assert ours == exactly(mean, 3e-2)
    assert 1.2 * MeV < end < 1.3 * MeV


# --- kind: unit -----------------------------------------------------------------------------------


def test_tables_are_built(monkeypatch: pytest.MonkeyPatch) -> None:
    """unit: tools/build_reactor.py makes the shipped tables, to rounding in their last digit."""
    need_data("spectra-reactor", monkeypatch)
    tool = build_script()
    for name, text in tool.build().items():
        shipped = (TABLES / name).read_text("utf-8")
        comments = [line for line in shipped.splitlines() if line.startswith("#")]
        assert comments == [line for line in text.splitlines() if line.startswith("#")]
        ours, built = (
            np.genfromtxt(t.splitlines()[len(comments) + 1 :], delimiter=",")
            for t in (shipped, text)
        )
        np.testing.assert_allclose(ours, built, rtol=2e-4, atol=1e-6)
    full = tool.covariance(DATA / "spectra-reactor")
    rows = np.loadtxt(DATA / "spectra-reactor/huber-2011/U235-anti-neutrino-flux-250keV.dat")
    total = (rows[:, -2] ** 2 + rows[:, -1] ** 2) / 2
    np.testing.assert_allclose(np.diag(full)[:25], total, rtol=2e-5)  # classes make the total


def test_modes_are_the_covariance() -> None:
    """reference: the error of a count by the modes, against the whole covariance.

    Events of coherent scattering above T are ∫ S (1 − MT/2E²)² E² dE. What errors.csv says is left
    out on germanium: 0.2 % above 0.1 keV, 0.8 % above 0.3 keV, 8 % above 1 keV; that of the last
    digit more.
    """
    full = build_script().covariance(need_data("spectra-reactor"))
    E, spacing = np.linspace(2, 8, 25), np.r_[0.125, np.full(23, 0.25), 0.125]
    for fuel in FUELS.values():
        for T, kept in ((1e-4, 0.9975), (3e-4, 0.9915), (1e-3, 0.92)):
            share = np.clip(1 - 67.6e3 * T / 2 / E**2, 0, None) ** 2 * E**2 * spacing
            weights = np.stack(
                [
                    fuel.fractions.get(one, 0.0) * share * density(one, "huber-mueller")(E * MeV)
                    for one in ISOTOPES
                ]
            )
            exact = np.sqrt(weights.ravel() @ full @ weights.ravel())
            shifts = [
                sum(
                    weights[i] @ np.log(distortion(one, np.eye(MODES)[k])(E * MeV))
                    for i, one in enumerate(ISOTOPES)
                )
                for k in range(MODES)
            ]
            assert kept < np.linalg.norm(shifts) / exact < 1


def yield_weights(isotope: Isotope) -> Any:
    """What each knot of the errors adds to the yield of inverse beta decay, of sum 1."""
    E, spacing = np.linspace(2, 8, 25), np.r_[0.125, np.full(23, 0.25), 0.125]
    positron = E - 1.293
    cross_section = positron * np.sqrt(positron**2 - 0.511**2)
    weights = density(isotope, "huber-mueller")(E * MeV) * cross_section * spacing
    return weights / weights.sum()


def test_correlations_of_yields() -> None:
    """reference: those of the yields in GLoBESfit, source/glf_rate_aux.h (the inverse of V_inv_HM).

    0.01: its weights and steps in energy are others.
    """
    full = build_script().covariance(need_data("spectra-reactor"))
    weights = np.zeros((len(ISOTOPES), full.shape[0]))
    for place, isotope in enumerate(ISOTOPES):
        weights[place, 25 * place : 25 * (place + 1)] = yield_weights(isotope)
    found = weights @ full @ weights.T
    sizes = np.sqrt(np.diag(found))
    theirs = np.eye(len(ISOTOPES))
    theirs[[0, 2, 0, 3, 2, 3], [2, 0, 3, 0, 3, 2]] = np.repeat((0.935, 0.965, 0.917), 2)
    np.testing.assert_allclose(found / np.outer(sizes, sizes), theirs, rtol=0, atol=0.01)


def test_the_error_of_u238() -> None:
    """reference: between what Mueller's largest class gives for the yield at either extreme.

    What the data bases miss: 10 % below 5.5 MeV, 15 % below 7 MeV, 20 % above (as tabulated in
    Beola0/juno-reactor-antinu-analysis, data/spectra). If the points move alone it is 2.5 % of the
    yield, if they move together 11 %.
    """
    E, weights = np.linspace(2, 8, 25), yield_weights("U238")
    missing = np.select([E < 5.4, E < 6.9], [0.10, 0.15], 0.20)
    alone, together = float(np.linalg.norm(weights * missing)), float(weights @ missing)
    assert (round(alone, 3), round(together, 2)) == (0.025, 0.11)
    assert alone < np.log(distortion("U238", np.eye(MODES)[1])(4 * MeV)) < together


def test_choices_of_the_low_part() -> None:
    """unit: where each acts, and nowhere else."""
    plain, log, printed = (
        density("Pu239", "huber-mueller", *how) for how in ((), ("log",), ("linear", "table"))
    )
    low, join, high = np.array([1.2, 1.75, 2.3]) * MeV
    assert log(low) < plain(low)  # a convex curve in between
    assert (log(high), printed(high)) == (plain(high), plain(high))
    assert printed(low) == plain(low)  # below the last two points the join does nothing
    assert printed(join) != plain(join)
    below, at = plain(2 * MeV * (1 - 1e-12)), plain(2 * MeV)
    assert below == exactly(at, 1e-10)  # continuous
    assert printed(2 * MeV * (1 - 1e-12)) * MeV == exactly(1.08, 1e-10)
    assert plain(0.0078 * MeV) == 0


def test_the_end() -> None:
    """unit: nothing above the end, and the part below the old one stays."""
    short, wide = (fission_spectrum("U235", "huber-mueller", end=e * MeV) for e in (8, 10))
    assert (short(8.1 * MeV), wide(8.1 * MeV) > 0) == (0, True)
    assert short.moments(np.array([8 * MeV]))[0, 0] == 0
    more = wide.moments(np.array([8 * MeV]))[0, 0]
    assert number(wide) == exactly(number(short) + more)
    assert number(fission_spectrum("U235", "huber-mueller", end=1 * MeV)) < number(short)


def test_modes() -> None:
    """unit: zero is the nominal spectrum itself; a mode raises it by what the table says."""
    nominal = fission_spectrum("Pu239", "huber-mueller")
    same = fission_spectrum("Pu239", "huber-mueller", modes=(0.0,) * MODES)
    energies = np.linspace(0, 8, 33) * MeV
    assert np.array_equal(same.moments(energies), nominal.moments(energies))
    up = fission_spectrum("Pu239", "huber-mueller", modes=(1.0, 0.0, 0.0))
    assert up(2 * MeV) / nominal(2 * MeV) == exactly(np.exp(0.017933), 1e-5)  # of the table
    assert up(1 * MeV) / nominal(1 * MeV) == exactly(np.exp(0.017933), 1e-5)  # held
    opposite = fission_spectrum("U238", "huber-mueller", modes=(0.0, -40.0, 0.0))
    assert np.all(opposite.moments(energies[:-1]) > 0)  # never negative, however far
    assert up(8 * MeV) > nominal(8 * MeV)
