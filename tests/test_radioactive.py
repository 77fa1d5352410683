"""Electron-capture sources: lines, decay over the exposure, geometry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from snippets import study

from cevns import Detector, Experiment
from cevns.errors import InputError
from cevns.exposure import Exposure
from cevns.interactions import StandardModel
from cevns.interactions.sterile import Sterile
from cevns.parameters import NOMINAL
from cevns.sources import Radioactive
from cevns.sources.radioactive import ISOTOPES
from cevns.units import Bq, Ci, cm, day, eV, keV, kg, m, s

HALF_LIFE = {"Cr51": 27.704 * day, "Ar37": 35.011 * day}
YEAR = Exposure.parse("1 year")


def source(**changes: Any) -> Radioactive:
    given: dict[str, Any] = {"isotope": "Cr51", "activity": 5e6 * Ci, "distance": 25 * cm}
    return Radioactive(**{**given, **changes})


def fluence(one: Radioactive, exposure: Exposure, theta: Any = NOMINAL) -> float:
    return float(one.fluences(exposure, theta, "source")[0])


# --- kind: reference ------------------------------------------------------------------------------


def test_flux_of_the_review() -> None:
    """Arithmetic on Fig. 2 of the TAUP review: 5 MCi at 25 cm, 2.4e13 /cm²/s (two digits)."""
    flux = fluence(source(), Exposure(1 * s)) / s
    assert flux * cm**2 * s == pytest.approx(2.4e13, rel=0.03, abs=0)
    exact = 5e6 * 3.7e10 / (4 * np.pi * 25**2)  # 1e-7: the decay within a second
    assert flux * cm**2 * s == pytest.approx(exact, rel=2e-7, abs=0)


def test_against_a_power_reactor() -> None:
    """Vogel & Engel: the 600 kCi of GALLEX are about ten times weaker than a reactor.

    A mean over the 50 cm of argon around it against 1e13 /cm²/s at 28 m: within a factor of 2.
    """
    around = source(
        activity=6e5 * Ci,
        distance=None,
        geometry="surrounding",
        inner_radius=20 * cm,
        outer_radius=70 * cm,
    )
    ratio = 1e13 / (fluence(around, Exposure(1 * s)) * cm**2)
    assert 5 < ratio < 20


@pytest.mark.parametrize("isotope", ISOTOPES)
@pytest.mark.parametrize("days", [1e-6, 0.5, 55.0, 4000.0])
def test_decays(isotope: str, days: float) -> None:
    """∫ 2^(−t/T½) dt with mpmath; 1e-13: closed form."""
    half = HALF_LIFE[isotope] / day
    with mp.workdps(30):
        exact = float(mp.quad(lambda t: mp.mpf(2) ** (-t / half), [0, min(days, 100), days]))
    one = source(isotope=isotope, activity=7 * Bq, distance=1 * m)
    decays = fluence(one, Exposure(days * day)) * 4 * np.pi * (1 * m) ** 2
    assert decays / (7 * Bq * day) == pytest.approx(exact, rel=1e-13, abs=0)


@settings(max_examples=25, deadline=None)
@given(inner=st.floats(0.0, 3.0), thickness=st.floats(0.01, 5.0))
def test_surrounding(inner: float, thickness: float) -> None:
    """The mean of 1/(4π r²) over the shell by quadrature; 1e-11: Gauss, and rounding."""
    outer = inner + thickness
    x, w = np.polynomial.legendre.leggauss(20)
    r = inner + thickness * (x + 1) / 2
    volume = 4 * np.pi * w @ r**2
    mean = w @ (4 * np.pi * r**2 / (4 * np.pi * r**2)) / volume
    around = source(
        distance=None,
        geometry="surrounding",
        inner_radius=inner * m,
        outer_radius=outer * m,
        activity=1 * Bq,
    )
    here = source(distance=1 * m, activity=1 * Bq)
    ratio = fluence(around, YEAR) / fluence(here, YEAR)
    assert ratio == pytest.approx(4 * np.pi * mean, rel=1e-11, abs=0)


def test_lines() -> None:
    """Closed form: one neutrino per decay, mean energies by hand.

    747·0.8163 + 427·0.0895 + 752·0.0849 + 432·0.0093 and 811·0.902 + 813·0.098 keV; 1e-5: the
    step of the sum.
    """
    for isotope, mean in (("Cr51", 715.855), ("Ar37", 811.196)):
        (part,) = source(isotope=isotope).components("source")
        counted = part.spectrum.moments(np.zeros(1))[0, 0]
        assert counted == pytest.approx(1, rel=1e-12, abs=0)
        energies = np.linspace(0, 1000, 100001) * keV  # the mean is ∫ G_0 dE
        steps = part.spectrum.moments(energies + 5e-3 * keV)[0].sum() * 0.01 * keV
        assert steps / keV == pytest.approx(mean, rel=1e-5, abs=0)
        assert part.flavour == "nu_e"


def test_counts_are_those_of_lines() -> None:
    """Reference: monoenergetic sources of the same fluence, one for each line; 1e-10: rounding."""
    from cevns import Monoenergetic

    detector = Detector(target="Ge", mass=10 * kg, threshold=8 * eV)
    run = Exposure(55 * day)
    whole = Experiment(source(), detector, run).predict().total
    amount = fluence(source(), run)
    parts = [
        Monoenergetic(flavour="nu_e", energy=energy, flux=share * amount / (55 * day), name=f"l{i}")
        for i, (energy, share) in enumerate(ISOTOPES["Cr51"].lines)
    ]
    summed = Experiment(tuple(parts), detector, run).predict().total
    assert whole == pytest.approx(summed, rel=1e-10, abs=0)


# --- kind: unit -----------------------------------------------------------------------------------


def test_numbers_at_other_values() -> None:
    """unit: activity and distance are parameters; the on time counts."""
    theta = {"source.activity": 1e6 * Ci, "source.distance": 50 * cm}
    ratio = fluence(source(), YEAR, theta) / fluence(source(), YEAR)
    assert ratio == pytest.approx(1 / 20, rel=1e-12, abs=0)
    on = Exposure.parse({"on": "10 day", "off": "5 day"})
    ten = fluence(source(), Exposure(10 * day))
    assert fluence(source(), on) == pytest.approx(ten, rel=1e-14, abs=0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"distance": None}, "no distance"),
        ({"geometry": "surrounding"}, "a distance and a geometry around"),
        ({"inner_radius": 1 * m}, "inner_radius of a point"),
        (
            {
                "distance": None,
                "geometry": "surrounding",
                "inner_radius": 1 * m,
                "outer_radius": 1 * m,
            },
            "not below",
        ),
        ({"isotope": "Cr50"}, "Cr51"),
        ({"distance": None, "geometry": "surrounding", "length_spread": 1 * cm}, "all around"),
    ],
)
def test_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        source(**change)


def test_a_shell_without_a_size() -> None:
    """unit: it can be declared; a prediction says which key is missing."""
    around = source(distance=None, geometry="surrounding")
    with pytest.raises(InputError, match="without an outer_radius"):
        Experiment(around, Detector(target="Ge", mass=1 * kg), YEAR)
    with pytest.raises(InputError, match="a time such as"):
        Experiment(source(), Detector(target="Ge", mass=1 * kg), Exposure(1, "burst"))


@pytest.mark.parametrize("spread", [0.0, 5.0])
def test_sterile_lines(spread: float) -> None:
    """reference: 1 − 2|U|²(1 − |U|²)(1 − D cos φ), D = e^(−(σφ/L)²/2), of each line by hand."""
    length, splitting, mixing = 25.0, 5.0, 0.1  # cm, eV²
    at = source(length_spread=spread * cm)
    detector = Detector(target="Ge72", mass=1 * kg, threshold=1 * eV)
    T = 5 * eV
    sterile = StandardModel() + Sterile(dm2=splitting * eV**2, Ue4_sq=mixing)
    plain, found = (
        Experiment(at, detector, YEAR, model).recoil_spectrum(np.array([T]))[0]
        for model in (StandardModel(), sterile)
    )
    M = 71.922 * 931.494e6  # eV, to 1e-6
    seen = kept = 0.0
    for energy, weight in ISOTOPES["Cr51"].lines:
        E = energy / eV
        line = weight * max(1 - 5 / E - M * 5 / (2 * E**2), 0.0)
        phase = splitting * length * 1e-2 / (2 * E * 1.973269804e-7)
        damping = np.exp(-((phase * spread / length) ** 2) / 2)
        seen += line
        kept += line * (1 - 2 * mixing * (1 - mixing) * (1 - damping * np.cos(phase)))
    assert found / plain == pytest.approx(kept / seen, rel=1e-5, abs=0)  # the mass


def test_a_sterile_neutrino_needs_one_distance(tmp_path: Path) -> None:
    shell = "geometry: surrounding, inner_radius: 20 cm, outer_radius: 70 cm"
    made = study(
        tmp_path,
        f"source: {{type: radioactive, isotope: Cr51, activity: 5 MCi, {shell}}}",
        "model: [standard-model, {sterile: {dm2: 1 eV^2, Ue4_sq: 0.1}}]",
    )
    with pytest.raises(InputError) as error:
        made.predict()
    assert str(error.value) == (
        "source: found a source without one distance, on which the sterile neutrino oscillates, "
        "expected a source that has a 'distance' (radioactive: with 'geometry: point')"
    )
