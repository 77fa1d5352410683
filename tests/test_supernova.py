"""The burst of a supernova: spectra, amounts, conversion, tables of emission."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import collapse
from probes import Given
from reference import reference_rows

from cevns import Detector, Experiment, Target
from cevns.beam import Component, pure_state
from cevns.binning import Binning
from cevns.config import study_from
from cevns.errors import InputError
from cevns.exposure import Exposure
from cevns.interactions import INTERACTIONS, StandardModel
from cevns.parameters import NOMINAL
from cevns.sources import Supernova
from cevns.sources.thermal import SPECIES, pinched
from cevns.spectra import CallableSpectrum
from cevns.testing import check_source
from cevns.units import MeV, cm, erg, keV, kpc, ms, s, tonne

MEAN = {"nu_e": 10 * MeV, "nu_e_bar": 14 * MeV, "nu_x": 15 * MeV}
PINCHING = {"nu_e": 3.0, "nu_e_bar": 3.0, "nu_x": 2.5}
SPECTRA: dict[str, Any] = {"energy": 3e53 * erg, "mean_energy": MEAN, "pinching": PINCHING}
BURST = Exposure(1, "burst")
FLAVOURS = ("nu_e", "nu_mu", "nu_tau", "nu_e_bar", "nu_mu_bar", "nu_tau_bar")
TABLE = """\
# two species only, in disorder
time [s],energy [MeV],nu_e [/MeV/s],nu_e_bar [/MeV/s],nu_x [/MeV/s]
0.2,10,3e56,1e56,0
0.1,10,1e56,1e56,0
0.1,30,0,1e56,0
0.2,30,1e56,1e56,0
0.5,30,1e56,1e56,0
0.5,10,0,1e56,0
"""


def burst(**changes: Any) -> Supernova:
    return Supernova(**{"distance": 10 * kpc, **SPECTRA, **changes})


def seen(source: Supernova, target: str, threshold: float, **more: Any) -> Experiment:
    detector = Detector(target=target, mass=1 * tonne, threshold=threshold)
    binning = Binning.check({"energy": {"from": "0 keV", "to": "1 MeV", "bins": 20}})
    return Experiment(source, detector, BURST, binning=binning, **more)


def arriving(source: Supernova, energies: Any) -> dict[str, Any]:
    """Fluence per energy of each flavour at ``energies``."""
    total = dict.fromkeys(FLAVOURS, 0.0 * energies)
    fluences = source.fluences(BURST, NOMINAL, "source")
    for part, fluence in zip(source.components("source"), fluences, strict=True):
        for name, share in zip(FLAVOURS[:3], np.diagonal(part.density).real, strict=True):
            flavour = f"{name}_bar" if part.antineutrino else name
            total[flavour] = total[flavour] + share * fluence * part.spectrum(energies)
    return total


# --- kind: reference ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mean", "alpha"), [(10.0, 3.0), (15.0, 2.5), (12.0, 0.4), (9.0, 1.0), (11.0, 12.0)]
)
def test_moments(mean: float, alpha: float) -> None:
    """Incomplete gamma functions with mpmath; 1e-13 (interpolants), and 1e-15 of all.

    So much of the neutrinos is above the end of the spectrum, where nothing is counted any more.
    """
    spectrum = pinched(mean * MeV, alpha)
    energies = np.array([1e-3, 0.1, 1.0, 5.0, 12.0, 30.0, 50.0])
    ours = spectrum.moments(energies * MeV) * (MeV ** np.arange(3))[:, None]
    for n, (i, energy) in product(range(3), enumerate(energies)):
        exact = float(collapse.pinched_moment(energy, n, mean, alpha))
        everything = float(collapse.pinched_moment(energies[0], n, mean, alpha))
        assert ours[n, i] == pytest.approx(exact, rel=1e-13, abs=1e-15 * everything)


def test_mean_and_width() -> None:
    """Closed form: ⟨E⟩ as given and ⟨E²⟩ = ⟨E⟩² (2 + α)/(1 + α).

    1e-10: the sum converges as a power, E^2.5 being no polynomial at zero.
    """
    x, w = np.polynomial.legendre.leggauss(200)
    for species in SPECIES:
        mean, alpha = MEAN[species], PINCHING[species]
        spectrum = pinched(mean, alpha)
        end = spectrum.breaks[-1]
        E = end * (x + 1) / 2
        powers = [end / 2 * w @ (spectrum(E) * E**k) for k in range(3)]
        expected = [1, mean, mean**2 * (2 + alpha) / (1 + alpha)]
        assert powers == pytest.approx(expected, rel=1e-10, abs=0)


def test_fluences() -> None:
    """ε/(4π d² ⟨E⟩) with mpmath, of an equal share of the energy; 1e-13: closed form."""
    source = burst()
    found = source.fluences(Exposure(3, "burst"), NOMINAL, "source")
    for part, fluence in zip(source.components("source"), found, strict=True):
        exact = collapse.fluence(mp.mpf(5) * 10**52, MEAN[part.group] / MeV, 10)
        assert fluence * cm**2 == pytest.approx(3 * float(exact), rel=1e-13, abs=0)


@pytest.mark.parametrize("name", ["Ar", "Xe"])
def test_reference_rows(name: str) -> None:
    """Rows sn.*: 1e-5, for integrals from the same inputs (constants and nuclear masses differ)."""
    (row,) = reference_rows(f"sn.{name}.")
    experiment = seen(
        burst(),
        name,
        row.inputs["Tth_keV"] * keV,
        model=StandardModel(sin2_theta_w=row.inputs["s2w"]),
        form_factor="helm-lewin-smith",
    )
    assert experiment.predict().total == pytest.approx(row.value, rel=1e-5, abs=0)


@pytest.mark.parametrize(
    ("target", "counts"),
    [
        ("Ar", (7.05, 6.03, 3.6, 2.1)),
        ("Ge", (14.58, 10.92, 4.44, 1.80)),
        ("Xe", (25.6, 15.5, 3.6, 0.87)),
    ],
)
def test_the_review(target: str, counts: tuple[float, ...]) -> None:
    """Arithmetic on the parameters of Fig. 3 of the TAUP review (10 kpc, 3e53 erg in all).

    At 0, 1, 5 and 10 keV; it used another mixing angle (0.23122) and radius: 8 %, most at the end.
    """
    experiment = seen(burst(), target, 0.0, form_factor="helm-lewin-smith")
    found = experiment.counts_above(np.array([0.0, 1, 5, 10]) * keV)
    assert list(found) == pytest.approx(list(counts), rel=0.08, abs=0)


def test_the_reading_of_the_luminosity() -> None:
    """Closed form: 1e53 erg/s for 10 s is 10/3 of 3e53 erg, whatever else."""
    usual, review = (seen(burst(energy=e * erg), "Xe", 1 * keV) for e in (3e53, 1e53 * 10))
    ratio = review.predict().total / usual.predict().total
    assert ratio == pytest.approx(10 / 3, rel=1e-12, abs=0)


def test_inverse_square() -> None:
    """Closed form: ∝ 1/d², at θ as in the declaration; 1e-12: rounding."""
    experiment = seen(burst(), "Si", 0.1 * keV)
    near = experiment.predict({"source.distance": 5 * kpc}).total
    assert near / experiment.predict().total == pytest.approx(4, rel=1e-12, abs=0)
    other = seen(burst(distance=5 * kpc), "Si", 0.1 * keV).predict().total
    assert near == pytest.approx(other, rel=1e-12, abs=0)


# --- kind: unit and property ----------------------------------------------------------------------


def test_numbers_at_other_values() -> None:
    """unit: what θ says is what another declaration says; 1e-12: rounding."""
    theta = {
        "source.mean_energy.nu_x": 18 * MeV,
        "source.pinching.nu_e": 4.0,
        "source.sharing.nu_e_bar": 0.3,
        "source.energy": 2e53 * erg,
    }
    sharing = {"nu_e": 1 / 6, "nu_e_bar": 0.3, "nu_x": 1 - 0.3 - 1 / 6}
    there = burst(
        energy=2e53 * erg,
        mean_energy={**MEAN, "nu_x": 18 * MeV},
        pinching={**PINCHING, "nu_e": 4.0},
        sharing=sharing,
    )
    more = theta | {"source.sharing.nu_x": sharing["nu_x"]}
    ours = seen(burst(), "Ar40", 5 * keV).predict(more).total
    assert ours == pytest.approx(seen(there, "Ar40", 5 * keV).predict().total, rel=1e-12, abs=0)


@settings(max_examples=10, deadline=None)
@given(mean=st.floats(3.0, 30.0), alpha=st.floats(0.2, 15.0))
def test_any_pinched_spectrum(mean: float, alpha: float) -> None:
    """property: moments are those of the density."""
    parts = (Component("nu_e", *pure_state("nu_e"), pinched(mean * MeV, alpha)),)
    check_source(Given(parts=parts, fluence=1 / cm**2), BURST)


@pytest.mark.parametrize("ordering", ["normal", "inverted"])
def test_conversion(ordering: str) -> None:
    """unit: the mixing of two spectra, from the formulas in the words of Dighe & Smirnov.

    What is not ν_e is shared by ν_μ and ν_τ as their mass states are (tests/test_mixing.py).
    """
    E = np.linspace(1, 60, 30) * MeV
    before, after = arriving(burst(), E), arriving(burst(conversion=ordering), E)
    s12, s13 = 0.308, 0.02215
    particle, anti = {
        "normal": (s13, (1 - s12) * (1 - s13)),
        "inverted": (s12 * (1 - s13), s13),
    }[ordering]
    for bar, p in (("", particle), ("_bar", anti)):
        electron, other = before[f"nu_e{bar}"], before[f"nu_mu{bar}"]
        expected = p * electron + (1 - p) * other
        np.testing.assert_allclose(after[f"nu_e{bar}"], expected, rtol=1e-13)
        rest = electron + 2 * other - expected  # none are lost
        found = after[f"nu_mu{bar}"] + after[f"nu_tau{bar}"]
        np.testing.assert_allclose(found, rest, rtol=1e-13)


def test_conversion_is_seen_by_flavours_only() -> None:
    """unit: coherent scattering at tree level does not see it, flavoured couplings do."""
    plain, converted = (
        seen(burst(conversion=one), "Ar40", 5 * keV) for one in ("none", "inverted")
    )
    total = plain.predict().total
    assert converted.predict().total == pytest.approx(total, rel=1e-12, abs=0)
    assert set(converted.predict().by_flavour) == set(FLAVOURS)
    nsi = StandardModel() + INTERACTIONS["nsi"].model_validate({"eps_ee_u": 0.2})
    changed = [
        seen(burst(conversion=one), "Ar40", 5 * keV, model=nsi).predict().total
        for one in ("none", "inverted")
    ]
    assert abs(changed[1] / changed[0] - 1) > 0.01


def test_mixing_angles_are_parameters_of_a_conversion() -> None:
    """unit: they have addresses where they do something, and act."""
    plain = {one.address for one in burst().parameters("source")}
    assert not any("theta" in address for address in plain)
    source = burst(conversion="normal")
    assert "source.conversion.sin2_theta13" in {p.address for p in source.parameters("source")}
    moved = source.components("source", {"source.conversion.sin2_theta13": 1.0})
    electron = {part.name: part.density[0, 0].real for part in moved if not part.antineutrino}
    expected = {"nu_1": 0, "nu_2": 0, "nu_3": 1}  # all ν_e are ν_3 there; 1e-15: rounding
    assert electron == pytest.approx(expected, rel=1e-15, abs=1e-15)
    assert [part.name for part in moved if part.group == "nu_e"] == ["nu_3"]


def test_a_pulse() -> None:
    """unit: a burst with a duration can be cut in time."""
    source = burst(pulse={"shape": "box", "width": 10 * s})
    timing = source.components("source")[0].timing
    assert timing is not None
    assert timing.cdf(np.array([5 * s])) == pytest.approx(0.5, rel=1e-12, abs=0)


# --- kind: unit (tables of emission) --------------------------------------------------------------


def table(folder: Path, text: str = TABLE, **more: Any) -> Supernova:
    (folder / "burst.csv").write_text(text, "utf-8")
    block = {"type": "supernova", "distance": "10 kpc", "file": "burst.csv", **more}
    return Supernova.model_validate(block, context={"file": True, "directory": folder})


def test_table(tmp_path: Path) -> None:
    """unit: integrals of the table by hand: linear in time and in energy."""
    source = table(tmp_path)
    check_source(source, BURST)
    area = 4 * np.pi * (10 * kpc) ** 2
    numbers: dict[str, float] = {}
    fluences = source.fluences(BURST, NOMINAL, "source")
    for part, fluence in zip(source.components("source"), fluences, strict=True):
        moment = float(part.spectrum.moments(np.zeros(1))[0, 0])
        numbers[part.name] = moment * fluence * area
    # ν̄_e: 1e56 per MeV and s for 20 MeV and 0.1 s, then 0.3 s.
    assert numbers["nu_e_bar 1"] == pytest.approx(2e56, rel=1e-12, abs=0)
    assert numbers["nu_e_bar 2"] == pytest.approx(6e56, rel=1e-12, abs=0)
    # ν_e: at 10 MeV (1e56 + 3e56)/2 · 0.1, at 30 MeV 1e56/2 · 0.1, the mean times 20 MeV.
    assert numbers["nu_e 1"] == pytest.approx((2e55 + 0.5e55) / 2 * 20, rel=1e-12, abs=0)
    assert numbers["nu_e 2"] == pytest.approx((4.5e55 + 3e55) / 2 * 20, rel=1e-12, abs=0)
    assert numbers["nu_mu 1"] == 0


def test_table_against_spectra(tmp_path: Path) -> None:
    """unit: a burst constant for 10 s as a table is the burst of its formulas.

    5e-4: straight lines between points 0.25 MeV apart, which lie above what is convex.
    """
    energies = np.arange(0, 130.1, 0.25)
    share = 5e52 * erg / (10 * s)
    columns = [
        share / MEAN[one] * pinched(MEAN[one], PINCHING[one])(energies * MeV) * MeV * s
        for one in SPECIES
    ]
    rows = "".join(
        f"{t},{e},{a:.10e},{b:.10e},{c:.10e}\n"
        for t in (0, 4, 10)
        for e, a, b, c in zip(energies, *columns, strict=True)
    )
    header = "time [s],energy [MeV],nu_e [/MeV/s],nu_e_bar [/MeV/s],nu_x [/MeV/s]\n"
    tabulated = seen(table(tmp_path, header + rows), "Ar40", 5 * keV)
    formulas = seen(burst(), "Ar40", 5 * keV)
    assert tabulated.predict().by_flavour == pytest.approx(
        formulas.predict().by_flavour, rel=5e-4, abs=0
    )
    converted = seen(table(tmp_path, header + rows, conversion="normal"), "Ar40", 5 * keV)
    assert converted.predict().total == pytest.approx(tabulated.predict().total, rel=1e-12, abs=0)


def test_times_of_a_table(tmp_path: Path) -> None:
    """unit: a cut in time keeps the neutrinos of its part of the table."""
    header = "time [s],energy [MeV],nu_e [/MeV/s],nu_e_bar [/MeV/s],nu_x [/MeV/s]\n"
    rows = "".join(f"{t},{e},1e56,1e56,1e56\n" for t in (0, 0.1, 0.4) for e in (10, 30))
    source = table(tmp_path, header + rows)
    whole = Detector(target=Target("Ar40"), mass=1 * tonne)
    window = {"window": [50 * ms, 200 * ms]}
    cut = Detector(target=Target("Ar40"), mass=1 * tonne, time=window)
    totals = [Experiment(source, detector, BURST).predict().total for detector in (whole, cut)]
    assert totals[1] / totals[0] == pytest.approx(0.15 / 0.4, rel=1e-10, abs=0)


# --- kind: unit (mistakes) ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"energy": None}, "no 'energy'"),
        ({"mean_energy": None, "pinching": None}, "no 'mean_energy', 'pinching'"),
        ({"sharing": {"nu_e": 0.5, "nu_e_bar": 0.4, "nu_x": 0.2}}, "sum to 1.1"),
        ({"conversion": "norma"}, "'norma'"),
        ({"distance": 0.0}, "positive"),
        ({"pinching": {**PINCHING, "nu_x": -1}}, "positive"),
    ],
)
def test_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        burst(**change)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (TABLE.replace("0.1,30,0,1e56,0\n", ""), "5 rows for 3 times and 2 energies"),
        (TABLE.replace("0.1,30,0", "0.1,10,0"), "6 rows for 3 times and 2 energies"),
        (TABLE.replace("3e56", "-3e56"), "below zero"),
        (TABLE.replace("nu_x [/MeV/s]", "nu_x [/MeV]"), "unit"),
        (TABLE.replace(",nu_x [/MeV/s]", ""), "columns"),
    ],
)
def test_bad_tables(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "burst.csv").write_text(text, "utf-8")
    raw = {
        "source": {"type": "supernova", "distance": "10 kpc", "file": "burst.csv"},
        "detector": {"target": "Ar", "mass": "1 kg"},
        "exposure": "1 burst",
    }
    with pytest.raises(InputError, match=words) as caught:
        study_from(raw, tmp_path)
    assert str(caught.value).startswith("source.file: found table 'burst.csv'")


def test_a_table_and_spectra(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="beside a file"):
        table(tmp_path, energy="3e53 erg")


def test_exposure_is_in_bursts() -> None:
    with pytest.raises(InputError, match="'1 burst'"):
        Experiment(burst(), Detector(target="Ar", mass=1 * tonne), Exposure.parse("1 year"))


def test_the_end_of_a_spectrum() -> None:
    """unit: it is past the neutrinos: less than 1e-15 of them are above."""
    for alpha in (0.3, 2.0, 10.0):
        spectrum = pinched(12 * MeV, alpha)
        assert isinstance(spectrum, CallableSpectrum)
        above = collapse.pinched_moment(spectrum.breaks[-1] / MeV, 0, 12.0, alpha)
        assert float(above) < 1e-15
