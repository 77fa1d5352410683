"""Atmospheric fluxes: the compact tables against what they were made of and each other."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from data_files import need_data

from cevns import Detector, Experiment
from cevns.binning import Binning
from cevns.errors import InputError
from cevns.exposure import Exposure
from cevns.sources import Atmospheric
from cevns.sources.atmospheric import FLAVOURS
from cevns.units import MeV, cm, keV, s, tonne

ROOT = Path(__file__).parents[1]
FLUX = 1 / (cm**2 * s)
NAMES = {"nu_e": "e", "nu_e_bar": "ebar", "nu_mu": "mu", "nu_mu_bar": "mubar"}


def build_script(name: str = "build_atmospheric") -> ModuleType:
    """A script of tools/ as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def flux(source: Atmospheric, flavour: str, energy: float) -> float:
    """Above ``energy`` [MeV], in /cm²/s."""
    part = next(one for one in source.components("source") if one.flavour == flavour)
    return float(part.spectrum.moments(np.array([energy * MeV]))[0, 0] / FLUX)


def density(source: Atmospheric, energy: Any) -> Any:
    """All flavours at ``energy`` [MeV], in /cm²/s/MeV."""
    parts = source.components("source")
    return sum(part.spectrum(np.asarray(energy) * MeV) for part in parts) / (FLUX / MeV)


# --- kind: reference ------------------------------------------------------------------------------


def test_tables_are_what_the_script_builds() -> None:
    """Reference: byte for byte, from the public tables."""
    tables = build_script().build(need_data("spectra-atmospheric"))
    folder = ROOT / "src" / "cevns" / "data" / "atmospheric"
    assert {path.name for path in folder.iterdir()} == set(tables)
    for name, text in tables.items():
        assert (folder / name).read_text("utf-8") == text, name


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_fluka_against_the_dense_table(flavour: str) -> None:
    """Reference: 1000 rows that were interpolated from the same points; totals to 0.3 %.

    1.5 % at each energy below 840 MeV, 3.5 % above: straight against logarithmic interpolation.
    """
    path = need_data("spectra-atmospheric") / "fluka" / f"AtmNu_{NAMES[flavour]}.txt"
    energy, dense = np.loadtxt(path, delimiter=",").T
    inside = energy < 944
    total = np.trapezoid(dense[inside], energy[inside])
    assert flux(Atmospheric(), flavour, 0) == pytest.approx(total, rel=3e-3, abs=0)
    part = next(one for one in Atmospheric().components("s") if one.flavour == flavour)
    ours = part.spectrum(energy * MeV) / (FLUX / MeV)
    np.testing.assert_allclose(ours[energy < 840], dense[energy < 840], rtol=0.015)
    np.testing.assert_allclose(ours[inside], dense[inside], rtol=0.035)


def test_total_of_fluka() -> None:
    """Reference: 10.546 /cm²/s in the dense table, 5.422 of it below 100 MeV.

    0.5 %: 0.15 % is above 944 MeV and left out, interpolations differ by 0.3 % of each total.
    """
    total = sum(flux(Atmospheric(), flavour, 0) for flavour in FLAVOURS)
    assert total == pytest.approx(10.546, rel=5e-3, abs=0)
    low = total - sum(flux(Atmospheric(), flavour, 100) for flavour in FLAVOURS)
    assert low == pytest.approx(5.422, rel=5e-3, abs=0)


def test_honda_against_its_blocks() -> None:
    """Reference: a mean over directions, read line by line, at 0.1 and 1 GeV; 5e-5: five digits."""
    folder = need_data("spectra-atmospheric") / "honda-gran-sasso"
    for solar, name in (("minimum", "Min"), ("maximum", "Max")):
        lines = (folder / f"AtmNu_GranSasso_Solar{name}.d").read_text().splitlines()
        for energy, key in ((100.0, " 1.0000E-01"), (1000.0, " 1.0000E+00")):
            rows = [line.split()[1:] for line in lines if line.startswith(key)]
            assert len(rows) == 240
            total = sum(float(cell) for row in rows for cell in row)
            mean = total / 240 * 4 * np.pi / 1e4 / 1e3  # sr; m² → cm²; GeV → MeV
            ours = density(Atmospheric(model="honda", solar=solar), [energy])
            assert ours == pytest.approx([mean], rel=5e-5, abs=0)


def test_the_two_models() -> None:
    """Reference: two calculations; 12 % apart at 100 MeV, 2 % at 500 MeV, as published data say.

    0.0380 and 0.0428 /cm²/s/MeV at 100 MeV, 2.81e-3 and 2.77e-3 at 500 MeV: 1 %, interpolations.
    """
    fluka, honda = Atmospheric(), Atmospheric(model="honda", solar="minimum")
    at = np.array([100 * (1 + 1e-12), 500.0])
    assert density(fluka, at) == pytest.approx([0.0380, 2.81e-3], rel=1e-2, abs=0)
    assert density(honda, at) == pytest.approx([0.0428, 2.77e-3], rel=1e-2, abs=0)


def test_against_the_joined_table() -> None:
    """Reference: the spectrum of another code (FLUKA, Honda from 0.28 GeV; norm 10.7 /cm²/s).

    It follows FLUKA to 1 % below 100 MeV and lies up to 8 % below it from 200 MeV on.
    """
    path = need_data("spectra-atmospheric") / "Atm.txt"
    energy, shape = np.loadtxt(path, delimiter=",").T
    ratio = density(Atmospheric(), energy) / (10.7 * shape)
    assert np.all(np.abs(ratio[(energy > 13.2) & (energy < 100)] - 1) < 0.01)
    assert np.all(np.abs(ratio[(energy > 200) & (energy < 800)] - 1.05) < 0.05)


# --- kind: unit -----------------------------------------------------------------------------------


def test_the_join() -> None:
    """unit: one model below, the other above, both at 100 MeV by default and anywhere allowed."""
    fluka, honda = Atmospheric(), Atmospheric(model="honda")
    for join in (100.0, 300.0, 944.0):
        both = Atmospheric(model="fluka-honda", join=join * MeV)
        below, above = np.array([20.0, 0.999 * join]), np.array([1.001 * join, 5e3])
        assert density(both, below) == pytest.approx(density(fluka, below), rel=1e-10, abs=0)
        assert density(both, above) == pytest.approx(density(honda, above), rel=1e-10, abs=0)
    moved = Atmospheric(model="fluka-honda").components("s", {"s.join": 300 * MeV})[0]
    fixed = Atmospheric(model="fluka-honda", join=300 * MeV).components("s")[0]
    assert moved.spectrum.breaks == fixed.spectrum.breaks
    addresses = [one.address for one in Atmospheric(model="fluka-honda").parameters("s")]
    assert addresses == ["s.join"] and not list(Atmospheric().parameters("s"))


def test_solar_cycle() -> None:
    """unit: fewer neutrinos at its maximum, and the mean is between."""
    low, middle, high = (
        density(Atmospheric(model="honda", solar=one), [1000.0])[0]
        for one in ("maximum", "mean", "minimum")
    )
    assert low < middle < high and middle == pytest.approx((low + high) / 2, rel=1e-12, abs=0)


def test_a_prediction() -> None:
    """unit: as a background in xenon; each flavour has its norm, all act alike at tree level."""
    detector = Detector(target="Xe", mass=1 * tonne, threshold=3 * keV)
    binning = Binning.check({"energy": {"from": "0 keV", "to": "100 keV", "bins": 10}})
    experiment = Experiment(Atmospheric(), detector, Exposure.parse("1 year"), binning=binning)
    total = experiment.predict()
    assert 0 < total.total < 0.1
    share = experiment.predict({"source.nu_mu.norm": 2.0}).total / total.total - 1
    assert share == pytest.approx(total.by_flavour["nu_mu"] / total.total, rel=1e-10, abs=0)


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ({"model": "fluca"}, "did you mean 'fluka'"),
        ({"site": "kamioka"}, "gran-sasso"),
        ({"solar": "minimum"}, "solar beside model fluka"),
        ({"join": 200 * MeV}, "join beside model fluka"),
        ({"model": "fluka-honda", "join": 50 * MeV}, "a join at 50 MeV"),
    ],
)
def test_refused(block: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        Atmospheric(**block)
