"""The oracle against independent numbers, closed forms, explicit traces and itself.

Kind: reference (shared/reference.csv, closed forms) and self-consistency at two precisions. The
package under test is not imported here.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import mpmath as mp
import numpy as np
import pytest
from oracle import density, recoil, response
from reference import reference_rows
from scipy import stats

N_AVOGADRO = 6.02214076e23  # SI 2019
M_E = 0.51099895  # MeV, CODATA 2018
YEAR = 365.25 * 86400.0  # s
KEV = 1e-3  # MeV
MASS_TABLE_ROWS = {"133Cs": "em.axial.133Cs.g21e-7.m10", "127I": "pidar.sigavg.127I"}


@lru_cache(maxsize=1)
def _rows() -> dict[str, tuple[dict[str, Any], float]]:
    """{id: (inputs, value)} of the reference table."""
    return {row.id: (row.inputs, row.value) for row in reference_rows()}


def relative(value: Any, tolerance: float) -> Any:
    """A purely relative comparison: approx(rel=...) alone keeps abs=1e-12, which hides any cm^2."""
    return pytest.approx(value, rel=tolerance, abs=0.0)


def _nucleus(inputs: dict[str, Any]) -> tuple[float, int, int]:
    return inputs["M_MeV"], inputs["Z"], inputs["N"]


def _helm(inputs: dict[str, Any]) -> recoil.Helm:
    return recoil.helm_lewin_smith(inputs["Z"] + inputs["N"])


def _line(energy: float) -> recoil.Spectrum:
    return recoil.Spectrum("mono", lines=((energy, 1.0),))


def _flux_averaged(inputs: dict[str, Any], threshold: float = 0.0) -> float:
    """Mean over the three stopped-pion components of sigma(T > threshold) [cm^2]."""
    three = (recoil.LINE, recoil.MICHEL_NUE, recoil.MICHEL_NUMUBAR)
    args = (*_nucleus(inputs), 0.23857, _helm(inputs))
    return sum(recoil.events_above(threshold, s, *args) for s in three) / 3


# ------------------------------------------------------------------ reference table


def test_kinematic_limits_match_the_reference_table() -> None:
    for name in ("20Ne", "132Xe"):
        inputs, value = _rows()[f"kin.Tmax.{name}.prompt"]
        top = recoil.t_max(inputs["E_MeV"], inputs["M_MeV"])
        assert top / KEV == relative(value, 1e-13)
        inputs, value = _rows()[f"kin.Emin.{name}.T10keV"]
        low = recoil.e_min(mp.mpf(inputs["T_keV"]) * KEV, mp.mpf(inputs["M_MeV"]))
        assert float(low) == relative(value, 1e-13)


def test_form_factors_match_the_reference_table() -> None:
    for key, (inputs, value) in _rows().items():
        if key.startswith("ff.helm_ls"):
            helm = recoil.helm_lewin_smith(inputs["A"])
            for q in (mp.mpf(inputs["q_MeV"]), np.longdouble(inputs["q_MeV"])):
                assert float(helm(q)) == relative(value, 1e-12)
        elif key.startswith("ff.sym_fermi"):
            numeric = recoil.symmetrised_fermi(inputs["q_MeV"], inputs["c_fm"], inputs["a_fm"])
            assert numeric == relative(value, 1e-10)


@pytest.mark.parametrize(
    "key",
    [
        "sm.dsdT.20Ne.E30.T10",
        "sm.dsdT.40Ar.E50.T50",
        "sm.dsdT.132Xe.E30.T5",
        "sm.dsdT.72Ge.E3.T0.1",
    ],
)
def test_differential_cross_section_matches_the_reference_table(key: str) -> None:
    inputs, value = _rows()[key]
    T = inputs["T_keV"] * KEV
    result = recoil.dsigma_dT(inputs["E_MeV"], T, *_nucleus(inputs), inputs["s2w"], _helm(inputs))
    assert float(result) * KEV == relative(value, 1e-11)


def test_total_cross_sections_match_the_reference_table() -> None:
    inputs, value = _rows()["sm.sigtot.F1.40Ar.E10"]
    args = (*_nucleus(inputs), inputs["s2w"])
    line = _line(inputs["E_MeV"])
    closed = recoil.sigma_total_point(inputs["E_MeV"], *args)
    assert float(closed) == relative(value, 1e-12)
    assert recoil.events_above(0.0, line, *args, recoil.point_like) == relative(
        float(closed), 1e-14
    )
    inputs, value = _rows()["sm.sigtot.helm.76Ge.E30"]
    args = (*_nucleus(inputs), inputs["s2w"])
    helm = recoil.events_above(0.0, _line(inputs["E_MeV"]), *args, _helm(inputs))
    assert helm == relative(value, 1e-12)


def test_stopped_pion_source_matches_the_reference_table() -> None:
    inputs, value = _rows()["pidar.Eprompt"]
    energy = (inputs["m_pi"] ** 2 - inputs["m_mu"] ** 2) / (2 * inputs["m_pi"])
    assert energy == relative(value, 1e-14)
    assert value == recoil.LINE_ENERGY
    for key, spectrum in (("nue", recoil.MICHEL_NUE), ("numubar", recoil.MICHEL_NUMUBAR)):
        value = _rows()[f"pidar.f.{key}.E30"][1]
        assert float(spectrum(30.0)) == relative(value, 1e-14)


def test_flux_averaged_cross_sections_match_the_reference_table() -> None:
    iodine, value = _rows()["pidar.sigavg.127I"]
    average = _flux_averaged(iodine)
    assert average == relative(value, 1e-11)
    caesium = _rows()[MASS_TABLE_ROWS["133Cs"]][0]
    value = _rows()["pidar.sigavg.CsI"][1]
    assert (average + _flux_averaged(caesium)) / 2 == relative(value, 1e-11)


def test_caesium_iodide_counts_match_the_reference_table() -> None:
    inputs, value = _rows()["mix.CsI.pidar.Tth5"]
    nuclei = [_rows()[row][0] for row in MASS_TABLE_ROWS.values()]
    pairs = 1000 * N_AVOGADRO / sum(n["atomic_mass_u"] for n in nuclei)
    threshold = inputs["Tth_keV"] * KEV
    sigma = 3 * sum(_flux_averaged(n, threshold) for n in nuclei)
    counts = pairs * inputs["flux_per_flavour"] * inputs["year_s"] * sigma
    assert counts == relative(value, 1e-11)


@pytest.mark.parametrize("name", ["20Ne", "40Ar", "76Ge", "132Xe"])
@pytest.mark.parametrize("part", ["prompt", "delayed"])
def test_sns_yields_match_the_reference_table(name: str, part: str) -> None:
    inputs, value = _rows()[f"sns.dNdT.{name}.{part}.T10"]
    delayed = (recoil.MICHEL_NUE, recoil.MICHEL_NUMUBAR)
    parts = (recoil.LINE,) if part == "prompt" else delayed
    args = (*_nucleus(inputs), inputs["s2w"], _helm(inputs), "no_t_over_e")
    T = mp.mpf(inputs["T_keV"]) * mp.mpf("1e-3")
    rate = float(sum(recoil.recoil_rate(T, s, *args) for s in parts))
    atoms = 1e6 * N_AVOGADRO / inputs["atomic_mass_u"]
    counts = atoms * inputs["flux_per_flavour_cm-2s-1"] * YEAR * rate * KEV
    assert counts == relative(value, 1e-10)


def test_box_spectrum_counts_match_the_reference_table() -> None:
    inputs, value = _rows()["reactor.box2_8.rate.72Ge.Tth0.05"]
    segment = recoil.Segment(2.0, 8.0, recoil.Polynomial((1 / 6,)))
    args = (*_nucleus(inputs), inputs["s2w"], _helm(inputs))
    threshold = inputs["Tth_keV"] * KEV
    sigma = recoil.events_above(threshold, recoil.Spectrum("box", (segment,)), *args)
    atoms = 1000 * N_AVOGADRO / inputs["atomic_mass_u"]
    counts = atoms * inputs["flux_cm-2s-1"] * 86400 * sigma
    assert counts == relative(value, 1e-11)


def test_electron_scattering_matches_the_reference_table() -> None:
    inputs, value = _rows()["nue.nue.E10.T2"]
    args = (inputs["E_MeV"], inputs["T_MeV"], M_E, inputs["g_V"], inputs["g_A"])
    result = float(recoil.dsigma_dT_chiral(*args, antineutrino=False))
    assert result == relative(value, 1e-8)  # digits of the electron mass
    inputs, value = _rows()["nue.tot.numu.E10"]
    E, v, a = inputs["E_MeV"], inputs["g_V"], inputs["g_A"]
    nodes, weights = recoil.gauss_legendre(8)
    top = recoil.t_max(E, M_E)
    curve = [float(recoil.dsigma_dT_chiral(E, top * x, M_E, v, a, False)) for x in nodes]
    assert top * float(np.dot(weights, curve)) == relative(value, 1e-8)


def test_smeared_exponential_matches_the_reference_table() -> None:
    inputs, value = _rows()["smear.expo.x0.5"]
    mean, sigma = inputs["T0_keV"], inputs["sigma_keV"]
    result = response.smeared_density(
        inputs["x_keV"],
        lambda T: np.exp(-T / mean) / mean,
        response.GaussianKernel(lambda e: sigma),
        lambda T: T,
        (0.0, 50 * mean),
    )
    assert result == relative(value, 1e-12)


# ------------------------------------------------------------------ kinematics and traces

# (E, T fraction of the allowed range, M, m4) [MeV]: electron, light and heavy nuclei, heavy leptons
POINTS = [
    (10.0, 0.3, M_E, 0.0),
    (10.0, 0.7, M_E, 1.5),
    (30.0, 0.4, 18617.73, 0.0),
    (30.0, 0.4, 18617.73, 12.0),
    (50.0, 0.9, 122840.35, 49.0),
    (5.0, 0.1, 3.0, 2.0),
    (200.0, 0.6, 100.0, 120.0),
]


def _table(structure: str, E: float, T: float, M: float, m4: float) -> float:
    """sum_n a_n/E^n in units of G_F^2, couplings one; 'VA' is the coefficient of 2 gV gA."""
    k, pi = 2 * M * T + m4**2, math.pi
    a1 = -k / (2 * pi)
    table = {
        "V0": (M / pi, a1, -(4 * M**2 - m4**2) * k / (16 * pi * M)),
        "V": (M / pi, a1, -(M - T) * k / (4 * pi)),
        "A": (M / pi, a1, (M + T) * k / (4 * pi)),
        "VA": (0.0, M * T / pi, -(M * T**2 + T * m4**2 / 2) / (2 * pi)),
    }
    return float(sum(a / E**n for n, a in enumerate(table[structure])))


@pytest.mark.parametrize(("E", "fraction", "M", "m4"), POINTS)
def test_massive_lepton_coefficients_follow_from_traces(
    E: float, fraction: float, M: float, m4: float
) -> None:
    low, high = (float(t) for t in recoil.t_range(E, M, m4))
    T = low + fraction * (high - low)
    unit = (recoil.G_F * recoil.HBARC_MEV_FM * 1e-13) ** 2

    def trace(v: float, a: float, bar: bool = False) -> float:
        return recoil.trace_dsigma_dT(E, T, M, v, a, bar, m4) / unit

    vector, axial = trace(1, 0), trace(0, 1)
    scale = vector + axial
    cross = _table("VA", E, T, M, m4)
    assert vector == relative(_table("V", E, T, M, m4), 1e-11)
    assert axial == relative(_table("A", E, T, M, m4), 1e-11)
    assert trace(1, 1) - scale == pytest.approx(2 * cross, abs=1e-12 * scale)
    assert trace(1, 1, True) - scale == pytest.approx(-2 * cross, abs=1e-12 * scale)
    spin0 = recoil.trace_dsigma_dT_spin0(E, T, M, 1, m4) / unit
    assert spin0 == relative(_table("V0", E, T, M, m4), 1e-11)
    for bar in (False, True):
        closed = recoil.dsigma_dT_chiral(E, T, M, 0.7, -0.3, bar, m4)
        assert trace(0.7, -0.3, bar) == relative(float(closed) / unit, 1e-11)


@pytest.mark.parametrize(("E", "fraction", "M", "m4"), POINTS)
def test_recoil_limits_and_minimum_energy_are_inverse(
    E: float, fraction: float, M: float, m4: float
) -> None:
    with mp.workdps(recoil.DPS):
        for T in recoil.t_range(E, M, m4):
            if T > 0:
                assert float(recoil.e_min(T, mp.mpf(M), mp.mpf(m4)) / E - 1) == pytest.approx(
                    0.0, abs=1e-20
                )


def test_spin_zero_trace_is_the_standard_formula() -> None:
    E, T, M = 40.0, 0.02, 37215.5
    trace = recoil.trace_dsigma_dT_spin0(E, T, M, recoil.weak_charge(18, 22, 0.23857))
    closed = recoil.dsigma_dT(E, T, M, 18, 22, 0.23857, recoil.point_like)
    assert trace == relative(float(closed), 1e-11)


def test_cross_section_ends_at_t_max() -> None:
    E, M = 40.0, 37215.5
    top = float(recoil.t_max(E, M))
    args = (M, 18, 22, 0.23857, recoil.point_like)
    below = recoil.dsigma_dT(E, top * (1 - 1e-6), *args)
    start = recoil.dsigma_dT(E, 0.0, *args)
    assert float(below / start) == relative(1e-6, 1e-9)  # the bracket is 1 - T/T_max
    assert recoil.dsigma_dT(E, top * (1 + 1e-12), *args) == 0


# ------------------------------------------------------------------ spectra and counts


@pytest.mark.parametrize("name", ["michel_nue", "michel_numubar", "beta_like", "three_knot"])
def test_spectra_have_their_area(name: str) -> None:
    area = mp.mpf(0)
    for lo, hi, f in recoil.SPECTRA[name].segments:
        area += mp.quad(f, [lo, hi])
    expected = {"three_knot": 16 * 3 / 64 + 32 * 5 / 128}.get(name, 1.0)
    assert float(area) == relative(expected, 1e-14)


def test_spectra_are_callable_arrays() -> None:
    knots = np.interp([4.0, 10.0, 20.0, 33.0], [4, 20, 52], [1 / 32, 1 / 16, 1 / 64])
    assert recoil.three_knot([4.0, 10.0, 20.0, 33.0]) == relative(knots, 1e-15)
    assert recoil.step([1.9, 2.0, 10.0, 35.0, 49.9, 50.0]).tolist() == [
        0.0,
        0.0625,
        0.03125,
        0.0,
        0.015625,
        0.0,
    ]


ARGON = (37215.52621572881, 18, 22, 0.23857)


@pytest.mark.parametrize("spectrum", recoil.SPECTRA.values(), ids=recoil.SPECTRA)
@pytest.mark.parametrize("fraction", [1e-4, 0.3, 1 - 1e-6])
def test_counts_do_not_depend_on_order_or_arithmetic(
    spectrum: recoil.Spectrum, fraction: float
) -> None:
    helm = recoil.helm_lewin_smith(40)
    T = fraction * float(recoil.t_max(spectrum.edges[-1], ARGON[0]))
    fine = recoil.events_above(T, spectrum, *ARGON, helm, order=56)
    assert recoil.events_above(T, spectrum, *ARGON, helm) == relative(fine, 1e-11)
    other_way = recoil.events_between_mp(T, math.inf, spectrum, recoil.Target(*ARGON, helm))
    assert fine == relative(other_way, 1e-11)


@pytest.mark.parametrize("kin", ["exact", "no_t_over_e", "approximate"])
def test_bins_add_up(kin: str) -> None:
    helm = recoil.helm_lewin_smith(40)
    edges = np.geomspace(1e-3, 0.2, 12).tolist()
    for spectrum in recoil.SPECTRA.values():
        bins = recoil.events_in_bins(edges, spectrum, *ARGON, helm, kin)
        above = recoil.events_above(edges[0], spectrum, *ARGON, helm, kin)
        assert bins.sum() == relative(above, 1e-13)


def test_rate_near_the_end_point_does_not_depend_on_the_precision(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    helm = recoil.helm_lewin_smith(40)
    for spectrum in recoil.SPECTRA.values():
        T = (1 - 1e-6) * float(recoil.t_max(spectrum.edges[-1], ARGON[0]))
        first = recoil.recoil_rate(T, spectrum, *ARGON, helm)
        monkeypatch.setattr(recoil, "DPS", 45)
        again = recoil.recoil_rate(T, spectrum, *ARGON, helm)
        monkeypatch.undo()
        assert float(first / again - 1) == pytest.approx(0.0, abs=1e-14)


# ------------------------------------------------------------------ flavour


def _hermitian(seed: int, positive: bool = False) -> Any:
    rng = np.random.default_rng(seed)
    m = rng.normal(size=(3, 3)) + 1j * rng.normal(size=(3, 3))
    return m @ m.conj().T if positive else m + m.conj().T


@pytest.mark.parametrize("bar", [False, True])
def test_flavour_sum_is_a_trace(bar: bool) -> None:
    rho, v, a = _hermitian(1, positive=True), _hermitian(2), _hermitian(3)
    terms = [
        density.Term("V", v, 0.7),
        density.Term("V", np.eye(3), -1.3),
        density.Term("A", a, 0.4),
    ]
    result = density.contract(rho, terms, bar)
    vector, axial = 0.7 * v - 1.3 * np.eye(3), 0.4 * a
    if bar:
        vector, axial = vector.conj(), axial.conj()
    sign = -1 if bar else 1
    expected = [
        np.trace(vector @ rho @ vector.conj().T).real,
        np.trace(axial @ rho @ axial.conj().T).real,
        sign * np.trace(vector @ rho @ axial.conj().T).real,
    ]
    assert list(result) == relative(expected, 1e-12)


def test_one_flavour_sums_over_final_flavours() -> None:
    c = np.array([[0.1, 0.2j, 0.3], [-0.2j, 0.5, 0], [0.3, 0, 0.7]])
    result = density.contract(np.diag([0.0, 2.0, 0.0]), [density.Term("V", c, 1.0)])
    assert result.vector == relative(2 * (0.2**2 + 0.5**2), 1e-14)


# ------------------------------------------------------------------ time and smearing


@pytest.mark.parametrize("sigma", [30.0, 150.0, 600.0])
def test_pulse_shapes_match_closed_forms(sigma: float) -> None:
    mu, pion, muon = 500.0, 26.03, 2197.0
    t = mu + np.array([-3 * sigma, 0.0, sigma, 4 * sigma, 9 * sigma + 5000.0])

    def cdf(tau: float) -> Any:
        """Exponentially modified Gaussian, e^{-(t-mu)/tau + s^2/2tau^2} Phi(u - s/tau), mpmath."""
        shift = sigma / tau
        tail = [
            mp.exp(-(x - mu) / tau + shift**2 / 2) * mp.ncdf((x - mu) / sigma - shift) for x in t
        ]
        return stats.norm.cdf(t, mu, sigma) - np.array([float(y) for y in tail])

    def pdf(tau: float) -> Any:
        return (stats.norm.cdf(t, mu, sigma) - cdf(tau)) / tau

    both = (muon * cdf(muon) - pion * cdf(pion)) / (muon - pion)
    slope = (muon * pdf(muon) - pion * pdf(pion)) / (muon - pion)
    assert response.pulse_cdf(t, mu, sigma, [pion]) == pytest.approx(
        cdf(pion), rel=1e-12, abs=1e-14
    )
    assert response.pulse_cdf(t, mu, sigma, [pion, muon]) == pytest.approx(both, abs=1e-13)
    assert response.pulse_pdf(t, mu, sigma, [pion, muon]) == pytest.approx(slope, abs=1e-15)
    known = stats.exponnorm.pdf(t, pion / sigma, mu, sigma)
    assert response.pulse_pdf(t, mu, sigma, [pion]) == pytest.approx(known, rel=1e-10, abs=1e-18)


def _efficiency(x: Any) -> Any:
    return np.where(x < 0.55, 0.3, 1 / (1 + np.exp(-(x - 0.5) / 0.1)))


def _quenching(T: Any) -> Any:
    return T * (0.1 + 0.01 * T / (1 + T))


def _spectrum(T: Any) -> Any:
    return 100 * np.exp(-T / 8)


KERNELS = {
    "gaussian": response.GaussianKernel(lambda e: 0.05 * np.sqrt(e) + 0.01),
    "narrow": response.GaussianKernel(lambda e: 1e-3),
    "gamma": response.GammaKernel(lambda e: 1 + 50 * e),
}


@pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS)
def test_smeared_counts_do_not_depend_on_the_order(kernel: response.Kernel) -> None:
    edges = (0.0, 0.4, 0.6, 1.0, 2.0)
    detector = response.Detector(kernel, _quenching, edges, _efficiency, (0.55,), 0.2)
    coarse = response.smeared_counts(_spectrum, detector, (0.0, 40.0), order=8)
    fine = response.smeared_counts(_spectrum, detector, (0.0, 40.0), order=12)
    assert coarse == relative(fine, 1e-9)


def test_smeared_counts_match_a_double_closed_form() -> None:
    """Exponential recoils, linear quenching, constant sigma: an exponnorm distribution in x."""
    mean, slope, sigma = 8.0, 0.1, 0.07
    edges = (0.0, 0.4, 0.6, 1.0, 2.0)
    kernel = response.GaussianKernel(lambda e: sigma)
    detector = response.Detector(kernel, lambda T: slope * T, edges, threshold=0.2)
    counts = response.smeared_counts(_spectrum, detector, (0.0, 50 * mean))
    law = stats.exponnorm(slope * mean / sigma, 0.0, sigma)
    expected = 100 * mean * np.diff(law.cdf([0.2, 0.4, 0.6, 1.0, 2.0]))
    assert counts == relative(expected, 1e-11)


def test_no_smearing_limit_is_the_quenched_spectrum() -> None:
    kernel = response.GaussianKernel(lambda e: 1e-7)
    detector = response.Detector(kernel, lambda T: 0.1 * T, (0.4, 0.6, 1.0))
    counts = response.smeared_counts(_spectrum, detector, (0.0, 40.0))
    expected = -800 * np.diff(np.exp(-np.array([4.0, 6.0, 10.0]) / 8))
    assert counts == relative(expected, 1e-10)


def test_poisson_counts_match_a_geometric_distribution() -> None:
    """An exponential distribution of means makes Poisson counts geometric."""
    rate = 13.3 * 0.1 * 8
    detector = response.Detector(
        response.PoissonKernel(lambda e: 13.3 * e), lambda T: 0.1 * T, (0.0, 5.0, 10.0, 20.0)
    )
    counts = response.smeared_counts(_spectrum, detector, (0.0, 400.0))
    p = rate / (1 + rate)
    expected = 800 * -np.diff(p ** np.array([0.0, 5.0, 10.0, 20.0]))
    assert counts == relative(expected, 1e-12)
