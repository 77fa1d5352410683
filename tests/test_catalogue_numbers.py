"""Fluxes and rates of the catalogue beside closed forms and what the papers say.

Kind: reference.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from catalogue_entries import ROOT, entry, own, total

from cevns.exposure import Exposure
from cevns.parameters import NOMINAL
from cevns.units import cm, day, g, keV, kg, s


def flux(name: str, extra: str = "") -> float:
    """Neutrinos of all kinds at the detector, in /cm²/s."""
    detector = "detector: {target: Ge, mass: 1 kg, threshold: 1 eV}\nexposure: 1 day\n"
    source = own(f"extends: {name}\n{detector}{extra}").blocks[""].source
    parts = source if isinstance(source, tuple) else (source,)
    fluence = 0.0
    for part in parts:
        components = part.components("source")
        sizes = part.fluences(Exposure(1 * s), NOMINAL, "source")
        fluence += sum(
            float(size) * float(component.spectrum.moments(np.zeros(1))[0, 0])
            for component, size in zip(components, sizes, strict=True)
        )
    return fluence * cm**2


@pytest.mark.parametrize(
    ("name", "extra", "power", "distance"),
    [
        ("gigawatt-reactor", "", 1.0, 20.0),
        ("brokdorf", "source: {distance: 17.1 m}", 3.9, 17.1),
        ("tamu-triga", "source: {distance: 1 m}", 1e-3, 1.0),
    ],
)
def test_reactor_fluxes(name: str, extra: str, power: float, distance: float) -> None:
    """2e20 antineutrinos per second and GW (Hayes & Vogel 2016), on a sphere.

    20 %: that is six per fission, and captures on U238 add 1.2 of low energy where there is any.
    """
    expected = 2e20 * power / (4 * math.pi * (100 * distance) ** 2)
    assert flux(name, extra) == pytest.approx(expected, rel=0.2, abs=0)


def test_published_fluxes() -> None:
    """At CONUS up to 2.3e13 /cm²/s (arXiv:2401.07684), at CONUS+ 1.5e13; two digits, and 10 % for
    what each of them counts."""
    assert flux("brokdorf", "source: {distance: 17.1 m}") == pytest.approx(2.3e13, rel=0.12, abs=0)
    assert flux("leibstadt", "source: {distance: 20.7 m}") == pytest.approx(1.5e13, rel=0.12, abs=0)


def test_chromium_flux() -> None:
    """5 MCi of 3.7e10 decays per second on a sphere of 25 cm; the first second loses 3e-7 of it."""
    expected = 5e6 * 3.7e10 / (4 * math.pi * 25**2)
    assert flux("chromium-source") == pytest.approx(expected, rel=1e-6, abs=0)


def test_flux_of_two_cores() -> None:
    """The two cores of Chooz add; each goes like 1/L²: exact but for rounding."""
    alone = "source: {type: reactor, power: 4.25 GW, distance: 100 m, fuel: pwr}"
    share = (100 / 72) ** 2 + (100 / 102) ** 2
    assert flux("chooz") == pytest.approx(share * flux("chooz", alone), rel=1e-12, abs=0)


def test_recoils_of_nucleus() -> None:
    """Light nuclei recoil further: the largest T are as 2E²/(M + 2E), 8 MeV at the end.

    1 %: the lightest oxygen has a tail of its own; masses are A times 931.494 MeV.
    """
    study = entry("nucleus")
    for name, mass_number in (("tungstate", 16), ("sapphire", 16)):
        mass = mass_number * 931.494
        expected = 2 * 8.0**2 / (mass + 16.0) * 1e3
        found = study.experiments[name].largest_recoil(NOMINAL) / keV
        assert found == pytest.approx(expected, rel=0.01, abs=0)


def test_rates_of_nucleus() -> None:
    """A compound is the sum of its elements by mass: 1e-9 for the quadrature."""
    detector = "detector: {target: %s, mass: %.9g g, threshold: 20 eV}\nexposure: 1 year\n"
    weights = {"Al": 2 * 26.9815, "O": 3 * 15.999}  # standard atomic weights
    parts = [
        total(own("extends: chooz\n" + detector % (element, 4 * weight / sum(weights.values()))))
        for element, weight in weights.items()
    ]
    found = total(entry("nucleus"), "sapphire")
    # 1e-4: the digits of the weights.
    assert found == pytest.approx(sum(parts), rel=1e-4, abs=0)


def test_published_rates() -> None:
    """What others calculated for the same numbers; how far they are apart has its reason each."""
    # 5.6 /hour (Vogel & Engel 1989): 16 %, the size of the source and the cross-section of 1989.
    assert total(entry("vogel-engel-argon")) == pytest.approx(5.6, rel=0.16, abs=0)
    # 347 ± 59 of CONUS+; without noise a sixth is not smeared up above the threshold.
    assert total(entry("conus-plus")) == pytest.approx(347, abs=59)
    # 12 per kg and day on germanium above 400 eV (a separate quadrature, two digits): 5 %.
    texono = total(entry("texono-barranco"), "germanium")
    assert texono == pytest.approx(12, rel=0.05, abs=0)
    # 1e4 per kg and year of germanium above 10 eV, 4e3 above 100 eV (Dutta et al.): one digit.
    concept = total(entry("miner-concept"), "germanium")
    assert concept == pytest.approx(1e4, rel=0.25, abs=0)
    higher = total(own("extends: miner-concept\ndetector: {threshold: 100 eV}\n"), "germanium")
    assert higher == pytest.approx(4e3, rel=0.125, abs=0)


def test_darwin_and_a_supernova() -> None:
    """Forty times the recoils of a tonne of xenon above 0, 85.3 for 1e54 erg (quadrature of Helm's
    form factor with another radius and Xe132 for all isotopes: 5 %)."""
    found = total(entry("darwin-supernova"))
    assert found == pytest.approx(40 * 0.3 * 85.3, rel=0.05, abs=0)


def test_reactors_beside_a_megawatt_at_a_metre() -> None:
    """As Dutta et al. quote them: SONGS has a tenth of the flux, Kuo-Sheng a few times it."""
    concept = flux("tamu-triga", "source: {distance: 1 m}")
    # 30/400 is the ratio of power over distance squared: same fuel, so rounding only.
    assert flux("songs") == pytest.approx(30 / 400 * concept, rel=1e-12, abs=0)
    assert 1 < flux("kuo-sheng") / concept < 10


def test_exposures_are_masses_times_times() -> None:
    """kg days of the papers; the entries have them as days of a mass, with three digits."""
    for name, on, off in (
        ("connie", 2.1, 1.6),
        ("conus-plus", 327, 60),
        ("texono", 242, 357),
        ("miner-sapphire", 0.158, 0.381),
    ):
        blocks = entry(name).blocks[""]
        assert blocks.detector.mass is not None
        unit = kg * day / blocks.detector.mass
        assert blocks.exposure.amount / unit == pytest.approx(on, rel=5e-3, abs=0)
        assert blocks.exposure.off / unit == pytest.approx(off, rel=5e-3, abs=0)
    array = entry("ricochet").blocks[""].detector.mass
    assert array == pytest.approx(27 * 38 * g, rel=1e-12, abs=0)


def test_efficiency_of_xenonnt_is_the_mean_of_the_runs() -> None:
    """With their exposures as weights; four digits are written."""
    runs = np.array([1.174398, 2.342593, 3.249665])  # tonne years, as released
    released = _numbers(ROOT / "src/cevns/datasets/xenonnt-b8-2026/efficiency.csv")
    ours = _numbers(ROOT / "src/cevns/catalogue/xenonnt-efficiency.csv")
    np.testing.assert_allclose(ours[:, 0], released[:, 0], rtol=1e-12)
    np.testing.assert_allclose(ours[:, 1], released[:, 1:] @ runs / runs.sum(), rtol=5e-4)


def _numbers(path: Path) -> Any:
    lines = [line for line in path.read_text("utf-8").splitlines() if line[0] != "#"]
    return np.array([[float(cell) for cell in line.split(",")] for line in lines[1:]])
