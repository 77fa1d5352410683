"""The engine against a double integral that shares no code with it, and against itself.

Kinds: reference (the oracle of tests/oracle/recoil.py, same inputs: masses, sin²θ_W, G_F, ħc,
Helm of Lewin and Smith); property (sums, zeros); unit invariance.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from oracle import recoil
from probes import Given, flavour

from cevns.amplitudes import Scatterer
from cevns.beam import Component
from cevns.detector import Detector
from cevns.experiment import Experiment
from cevns.exposure import Exposure
from cevns.form_factors import FormFactor
from cevns.interactions import StandardModel
from cevns.kinematics import maximum_recoil
from cevns.rate import recoil_spectrum
from cevns.scatterers import nucleus
from cevns.sources import StoppedPion
from cevns.spectra import CallableSpectrum, Spectrum, TabulatedSpectrum
from cevns.targets import Target
from cevns.units import MeV, cm, day, kg, s

S2W = 0.23863
FLUENCE = 1e14 / cm**2
NUCLIDES = ("Ne20", "Ar40", "Xe132")
FRACTIONS = np.array([1e-6, 1e-3, 0.1, 0.5, 0.99, 1 - 1e-3, 1 - 1e-6])
TOLERANCE = 1e-6
"""The contract's number. Seen: 2.4e-7 for a line 1e-9 below its step, where 1 − T/T_max is known
to 2e-7 in double precision; elsewhere below 1e-8."""
DALTON = 1.66053906660e-27  # kg, CODATA 2018
MODEL = StandardModel(sin2_theta_w=S2W)


def _per_mev(function: Any) -> Any:
    return lambda energy: function(energy / MeV) / MeV


def _pion() -> dict[str, Spectrum]:
    source = StoppedPion(flux=1 / cm**2 / s)
    return {part.name: part.spectrum for part in source.components("source")}


def _spectra() -> dict[str, list[tuple[str, Spectrum, recoil.Spectrum]]]:
    """Case → (flavour, the package's spectrum, the oracle's)."""
    pion = _pion()
    parts = [
        ("nu_mu", pion["nu_mu"], recoil.LINE),
        ("nu_mu_bar", pion["nu_mu_bar"], recoil.MICHEL_NUMUBAR),
        ("nu_e", pion["nu_e"], recoil.MICHEL_NUE),
    ]
    knots = np.array([4.0, 20.0, 52.0]) * MeV
    table = TabulatedSpectrum.linear(knots, np.array([1 / 32, 1 / 16, 1 / 64]) / MeV)
    edges = np.array([2.0, 10.0, 30.0, 40.0, 50.0]) * MeV
    step = TabulatedSpectrum.step(edges, np.array([1 / 16, 1 / 32, 0.0, 1 / 64]) / MeV)
    pinched = CallableSpectrum(_per_mev(recoil.pinched), [0.0, 60 * MeV])
    beta = CallableSpectrum(_per_mev(recoil.beta_like), [0.0, recoil.BETA_END * MeV])
    return {
        "stopped-pion": parts,
        **{name: [part] for name, part in zip(("line", "anti-mu", "e"), parts, strict=True)},
        "three-knot": [("nu_e_bar", table, recoil.three_knot)],
        "step": [("nu_tau", step, recoil.step)],
        "callable": [("nu_e", pinched, recoil.PINCHED)],
        "beta-like": [("nu_e_bar", beta, recoil.BETA_LIKE)],
    }


SPECTRA = _spectra()
CASES = [(name, nuclide) for name in SPECTRA for nuclide in NUCLIDES]


def _scatterer(name: str) -> Scatterer:
    target = Target(name)
    (part,) = target.constituents
    return nucleus(part, FormFactor("helm-lewin-smith"), target.nuclei_per_mass(part))


def _components(case: str) -> list[Component]:
    return [flavour(name, spectrum) for name, spectrum, _ in SPECTRA[case]]


def _top(case: str, scatterer: Scatterer) -> float:
    end = max(spectrum.breaks[-1] for _, spectrum, _ in SPECTRA[case])
    return float(maximum_recoil(end, scatterer.mass))


def _oracle_inputs(scatterer: Scatterer) -> tuple[Any, ...]:
    Z, A = scatterer.charge, scatterer.mass_number
    return scatterer.mass / MeV, Z, A - Z, S2W, recoil.helm_lewin_smith(A)


def _experiment(case: str, nuclide: str) -> Experiment:
    source = Given(parts=tuple(_components(case)), fluence=FLUENCE)
    detector = Detector(target=Target(nuclide), mass=1 * kg)
    return Experiment(source, detector, 1 * day, MODEL, form_factor="helm-lewin-smith")


def _amount(nuclide: str) -> float:
    """Nuclei in a kilogram times fluence [1/cm²]."""
    unified = Target(nuclide).nuclides[0].atomic_mass / (931.49410242 * MeV)
    return FLUENCE * cm**2 / (unified * DALTON)


@cache
def _oracle_bins(name: str, nuclide: str, edges: tuple[float, ...]) -> Any:
    """Counts of one of the oracle's spectra in bins [MeV], by brute force."""
    (spectrum,) = {o for parts in SPECTRA.values() for _, _, o in parts if o.name == name}
    M, Z, N, s2w, helm = _oracle_inputs(_scatterer(nuclide))
    # order 30: smooth panels, agrees with order 40 to 1e-13
    return recoil.events_in_bins(edges, spectrum, M, Z, N, s2w, helm, order=30) * _amount(nuclide)


def _worst(ours: Any, truth: Any) -> float:
    """Largest relative deviation; where the truth is zero ours must be, too."""
    ours, truth = np.asarray(ours, dtype=float), np.asarray(truth, dtype=float)
    assert np.all(ours >= 0)
    assert np.all(ours[truth == 0] == 0)
    kept = truth > 0
    return float(np.max(np.abs(ours[kept] / truth[kept] - 1), initial=0.0))


@pytest.mark.parametrize(("case", "nuclide"), CASES)
def test_recoil_spectrum(case: str, nuclide: str) -> None:
    """reference: dR/dT at seven fractions of T_max and 1e-9 either side of each line's step."""
    scatterer = _scatterer(nuclide)
    inputs = _oracle_inputs(scatterer)
    lines = [e * MeV for _, _, o in SPECTRA[case] for e, _ in o.lines]
    steps = [maximum_recoil(e, scatterer.mass) * (1 + d) for e in lines for d in (-1e-9, 1e-9)]
    T = np.array([*(_top(case, scatterer) * FRACTIONS), *steps])
    rates = recoil_spectrum(T, _components(case), scatterer, MODEL.terms()) / (cm**2 / MeV)
    each = np.array(
        [
            [float(recoil.recoil_rate(t, oracle, *inputs)) for t in T / MeV]
            for _, _, oracle in SPECTRA[case]
        ]
    )
    assert _worst(rates, each) < TOLERANCE  # each component alone, no cancellation between them
    assert _worst(rates.sum(axis=0), each.sum(axis=0)) < TOLERANCE


def _thresholds(top: float) -> Any:
    """Fifty of them, crowded at both ends."""
    near_end = 1 - 10.0 ** -np.arange(1, 7)
    return top * np.concatenate([[0.0], np.geomspace(1e-6, 0.85, 43), near_end])


def _bins(top: float) -> Any:
    """Edges of 150 bins: a hundred even ones, cut again by a logarithmic axis."""
    return np.unique(
        np.concatenate([np.linspace(0, top, 101), top * np.geomspace(1e-5, 0.975, 50)])
    )


@pytest.mark.parametrize(("case", "nuclide"), CASES)
def test_counts_above_threshold(case: str, nuclide: str) -> None:
    """reference: N(>T) at 50 thresholds up to 1 − 1e-6 of T_max."""
    thresholds = _thresholds(_top(case, _scatterer(nuclide)))
    ours = _experiment(case, nuclide).counts_above(thresholds)
    edges = (*(thresholds / MeV), math.inf)
    bins = sum(_oracle_bins(o.name, nuclide, edges) for _, _, o in SPECTRA[case])
    assert len(thresholds) == 50
    assert _worst(ours, np.cumsum(bins[::-1])[::-1]) < TOLERANCE


@pytest.mark.parametrize(("case", "nuclide"), CASES)
def test_counts_in_bins(case: str, nuclide: str) -> None:
    """reference: 150 bins, and each component's share in them."""
    edges = _bins(_top(case, _scatterer(nuclide)))
    assert len(edges) == 151
    ours = _experiment(case, nuclide).counts(edges)[:, 0, :]
    inner = tuple(edges / MeV)
    truth = np.array([_oracle_bins(o.name, nuclide, inner) for _, _, o in SPECTRA[case]])
    assert _worst(ours, truth) < TOLERANCE


@pytest.mark.parametrize("case", SPECTRA)
def test_nothing_above_the_end_point(case: str) -> None:
    """property: exactly zero above T_max, never negative on the way there."""
    scatterer = _scatterer("Ar40")
    top = _top(case, scatterer)
    T = top * np.concatenate(
        [1 - np.geomspace(1e-15, 1, 200)[:-1], 1 + np.geomspace(1e-12, 10, 50)]
    )
    rates = recoil_spectrum(T, _components(case), scatterer, MODEL.terms())
    assert np.all(rates >= 0)
    assert np.all(np.isfinite(rates))
    assert not rates[:, top * (1 + 1e-13) < T].any()
    experiment = _experiment(case, "Ar40")
    assert not experiment.counts(top * np.array([1 + 1e-12, 2.0, np.inf])).any()


def test_the_parts_add_up() -> None:
    """property: flavours, nuclides, groups and bins sum to one total (1e-13: rounding)."""
    source = StoppedPion(flux=1e7 / cm**2 / s)
    detector = Detector(target=Target("CsI"), mass=1 * kg)
    prediction = Experiment(source, detector, 1 * day).predict()
    total = prediction.total
    binned = prediction.counts.sum() + prediction.below + prediction.above
    sums = [
        *(sum(parts.values()) for parts in (prediction.by_flavour, prediction.by_group)),
        *(sum(parts.values()) for parts in (prediction.by_nuclide, prediction.by_channel)),
        binned,
    ]
    assert sums == pytest.approx([total] * 5, rel=1e-13, abs=0)
    assert set(prediction.by_flavour) == {"nu_mu", "nu_mu_bar", "nu_e"}
    spectrum = sum(prediction.recoil_by_flavour.values())
    assert spectrum == pytest.approx(prediction.recoil_spectrum, rel=1e-13, abs=0)


# --- units ----------------------------------------------------------------------------------------

RANDOM_UNITS = """
import json
from cevns.binning import Binning
from cevns.detector import Detector
from cevns.experiment import Experiment
from cevns.exposure import Exposure
from cevns.interactions import StandardModel
from cevns.sources import StoppedPion

blocks = json.loads(input())
for block in blocks:
    print(json.dumps(Experiment(
        StoppedPion.check(block["source"]), Detector.check(block["detector"]),
        Exposure.parse(block["exposure"]), StandardModel(scheme=block["scheme"]),
        kinematics=block["kinematics"], binning=Binning.check(block["binning"]),
    ).predict().as_dict()))
"""

PULSE = {"shape": "gaussian", "mean": "440 ns", "width": "150 ns"}
CSI = {
    "scheme": "tree",
    "kinematics": "exact",
    "source": {
        "type": "stopped-pion",
        "pions_per_proton": 0.0848,
        "distance": "19.3 m",
        "pulse": PULSE,
    },
    "detector": {
        "target": "CsI",
        "mass": "14.6 kg",
        "quenching": {
            "type": "polynomial",
            "unit": "MeV",
            "coefficients": [0.0554628, 4.30681, -111.707, 840.384],
        },
        "light_yield": "13.35 PE / keVee",
        "resolution": {"type": "gamma", "shape": [1, "9.56 / keVee"]},
        "efficiency": {
            "type": "sigmoid",
            "top": 1.32045,
            "steepness": "0.285979 / PE",
            "midpoint": "10.8646 PE",
            "offset": -0.333322,
        },
        "time": {
            "window": ["0 us", "6 us"],
            "efficiency": {"type": "exponential", "onset": "0.52 us", "rate": "0.0494 / us"},
        },
    },
    "exposure": "3.198e23 POT",
    "binning": {
        "energy": {"edges": [0, 8, 12, 16, 20, 24, 32, 40, 50, 60], "unit": "PE"},
        "time": {"edges": [0, 0.125, 0.25, 0.5, 1, 2, 4, 6], "unit": "us"},
    },
}
ARGON = {
    "scheme": "radiative-q",
    "kinematics": "no-T-over-E",
    "source": {"type": "stopped-pion", "facility": "sns-2020", "distance": "27.5 m"},
    "detector": {
        "target": "Ar",
        "mass": "24.4 kg",
        "quenching": {"type": "linear", "a": 0.246, "b": "0.00078 / keVnr"},
        "resolution": {"type": "gaussian", "stochastic": "0.58 keVee^0.5", "noise": "0.1 keVee"},
        "efficiency": [
            {"type": "erf", "midpoint": "5 keVee", "width": "2 keVee"},
            {"type": "step", "at": "10 keVnr", "of": "recoil", "top": 0.9},
        ],
        "threshold": "1 keVee",
        "time": {"window": ["-0.1 us", "4.9 us"]},
        "backgrounds": [{"name": "flat", "type": "flat", "rate": "3 /keVee/kg/day"}],
    },
    "exposure": "400 day",
    "binning": {
        "energy": {"from": "0 keVee", "to": "120 keVee", "bins": 12},
        "time": {"from": "-0.1 us", "to": "4.9 us", "bins": 10},
    },
}


def _predict(seed: str) -> list[dict[str, Any]]:
    """Both predictions in a fresh process whose base units are scaled at random."""
    root = Path(__file__).resolve().parents[1]
    path = os.pathsep.join([str(root / "src"), os.environ.get("PYTHONPATH", "")])
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", RANDOM_UNITS],
        input=json.dumps([CSI, ARGON]),
        env={**os.environ, "CEVNS_RANDOM_UNITS": seed, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Lists of numbers and single leaves of nested plain data, by path."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{path}.{key}")
    else:
        yield path, value


@pytest.fixture(scope="module")
def plain() -> list[dict[str, Any]]:
    return _predict("")


@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_units_do_not_matter(seed: str, plain: list[dict[str, Any]]) -> None:
    """property: a prediction with randomised base units is the same, to 1e-9."""
    for usual, scaled in zip(plain, _predict(seed), strict=True):
        assert usual["counts"]["total"] > 50
        expected, got = dict(_flat(usual)), dict(_flat(scaled))
        assert expected.keys() == got.keys()
        for path, value in expected.items():
            if isinstance(value, str):
                assert got[path] == value
                continue
            # Rounding of the largest entry of a list is all that its smallest may feel.
            floor = 1e-15 * float(np.max(np.abs(np.asarray(value))))
            assert np.asarray(got[path]) == pytest.approx(np.asarray(value), rel=1e-9, abs=floor), (
                path
            )


def test_an_exposure_in_mass_and_time() -> None:
    """unit: one tonne-year is a tonne for a year."""
    source = StoppedPion(flux=1e7 / cm**2 / s)
    by_both = Experiment(source, Detector(target=Target("Ar40")), Exposure.parse("1 tonne*year"))
    apart = Detector(target=Target("Ar40"), mass=1000 * kg)
    by_time = Experiment(source, apart, Exposure.parse("1 year"))
    assert by_both.predict().total == pytest.approx(by_time.predict().total, rel=1e-12, abs=0)
