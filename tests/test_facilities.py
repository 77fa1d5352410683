"""Stopped-pion facilities: the numbers that are stated for them come out."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from cevns import StoppedPion
from cevns.errors import InputError
from cevns.exposure import Exposure
from cevns.parameters import NOMINAL
from cevns.sources.facilities import FACILITIES
from cevns.testing import check_source
from cevns.units import MW, cm, m, ns, s, us, year

SECOND, YEAR = Exposure(1 * s), Exposure(1 * year)


def flux(facility: str, distance: float, **changes: Any) -> float:
    """Of one flavour, in /cm²/s."""
    source = StoppedPion(facility=facility, distance=distance, **changes)
    return float(source.fluences(SECOND, NOMINAL, "source")[0] / s) * cm**2 * s


# --- kind: reference ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sns-2015", "sns-2017", "sns-2020", "sns-2021"])
def test_spallation_source(name: str) -> None:
    """4.3e7 /cm²/s of three flavours at 20 m and 1.4 MW (arXiv:1509.08792).

    Yields of later publications are within their 10 % of it.
    """
    accuracy = 1e-12 if name == "sns-2015" else 0.1
    assert 3 * flux(name, 20 * m) == pytest.approx(4.3e7, rel=accuracy, abs=0)


def test_eras_of_the_spallation_source() -> None:
    """1e7 per flavour at 20 m in 2005, 1.43 times that in 2015: the beam power, 1.4 MW for 1.

    3 %: the pions per proton were 0.08, not 0.0825.
    """
    assert flux("sns-2005-design", 20 * m) == pytest.approx(1e7, rel=1e-12, abs=0)
    assert flux("sns-2017", 20 * m, power=1 * MW) == pytest.approx(1e7, rel=0.03, abs=0)
    ratio = flux("sns-2015", 20 * m) / flux("sns-2005-design", 20 * m)
    assert ratio == pytest.approx(1.43, rel=5e-3, abs=0)


def test_daedalus() -> None:
    """4e22 per flavour and year of one cyclotron: 2.5e7 /cm²/s at 20 m (two digits: 2 %)."""
    assert flux("daedalus", 20 * m) == pytest.approx(2.5e7, rel=0.02, abs=0)
    source = StoppedPion(facility="daedalus", distance=20 * m)
    own = StoppedPion(neutrinos_per_year=4e22, distance=20 * m)
    for one in (source, own):
        check_source(one, YEAR)
    found, given = (one.fluences(YEAR, NOMINAL, "source") for one in (source, own))
    assert found == pytest.approx(given, rel=1e-15, abs=0)


def test_other_statements() -> None:
    """What is stated beside the numbers that are kept.

    Lujan: 4.74e5 /cm²/s at 20 m (arXiv:2105.14020), 1e-12. MLF: 3.8e22 protons in 5000 h (0.3 %,
    two digits: 2 %). ESS: 8.5e22 per flavour in 5000 h (2 %). CSNS: a flux 60 % below COHERENT's
    (19.3 m), at 10.5 m (10 %).
    """
    assert flux("lujan", 20 * m) == pytest.approx(4.74e5, rel=1e-12, abs=0)
    hours = 5000 * 3600 * s
    mlf, ess = FACILITIES["mlf"], FACILITIES["ess"]
    assert mlf.power is not None and mlf.proton_energy is not None
    assert mlf.power / mlf.proton_energy * hours == pytest.approx(3.8e22, rel=0.02, abs=0)
    assert ess.neutrino_rate * hours == pytest.approx(8.5e22, rel=0.02, abs=0)
    ratio = flux("csns", 10.5 * m) / flux("sns-2021", 19.3 * m)
    assert ratio == pytest.approx(0.4, rel=0.1, abs=0)


def test_duty() -> None:
    """Closed form: 60 Hz and 353 ns at the SNS; 4 % of the time at the ESS (14 Hz, 2.8 ms)."""
    duties = {name: one.duty for name, one in FACILITIES.items()}
    assert duties["sns-2021"] == pytest.approx(60 * 353e-9, rel=1e-3, abs=0)
    assert duties["ess"] == pytest.approx(0.0392, rel=1e-12, abs=0)
    assert duties["daedalus"] is None


# --- kind: unit -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FACILITIES)
def test_every_facility(name: str) -> None:
    """unit: a source of it is well formed, its numbers have addresses and a reference."""
    source = StoppedPion(facility=name, distance=20 * m)
    check_source(source, YEAR)
    numbers = {one.address: one for one in source.parameters("source")}
    for key in ("power", "proton_energy", "pions_per_proton", "neutrinos_per_year"):
        value = getattr(FACILITIES[name], key)
        assert (f"source.{key}" in numbers) == (value is not None)
        if value is not None:
            assert numbers[f"source.{key}"].source == FACILITIES[name].reference
    assert f"{FACILITIES[name].family}.flux" in set(source.norms("source"))
    timed = source.components("source")[0].timing is not None
    assert timed == (FACILITIES[name].pulse is not None)


def test_a_pulse_of_ones_own() -> None:
    """unit: where a facility has none, or another one."""
    pulse = {"shape": "gaussian", "mean": 0 * ns, "width": 30 * ns}
    for name in ("mlf", "lujan"):
        timing = StoppedPion(facility=name, distance=20 * m, pulse=pulse).components("s")[0].timing
        assert timing is not None
        assert float(timing.cdf(1 * us)) == pytest.approx(1, rel=1e-9, abs=0)


def test_protons_beside_neutrinos_per_year() -> None:
    with pytest.raises(InputError, match="power beside facility daedalus"):
        StoppedPion(facility="daedalus", distance=20 * m, power=1 * MW)
    with pytest.raises(InputError, match="a time such as"):
        source = StoppedPion(facility="daedalus", distance=20 * m)
        source.fluences(Exposure.parse("1e22 POT"), NOMINAL, "source")


def test_the_list() -> None:
    """unit: `cevns list facilities` has a row for each."""
    command = [sys.executable, "-m", "cevns", "list", "facilities", "--json"]
    rows = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    (content,) = [rows] if isinstance(rows, list) else rows.values()
    assert [row["name"] for row in content] == list(FACILITIES)
