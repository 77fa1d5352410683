"""Amounts by hand: fluences, exposures, backgrounds, what falls off the axis."""

from __future__ import annotations

from math import pi
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cevns
from cevns.config import study_from
from cevns.errors import InputError
from cevns.exposure import Exposure
from cevns.sources.facilities import FACILITIES
from cevns.units import MW, GeV, J, MeV, cm, day, keV, kg, m, s, year

AREA = 4 * pi * (2000 * cm) ** 2


def fluence(exposure: str, **fields: Any) -> float:
    """Neutrinos of each flavour per cm² at 20 m."""
    source = cevns.StoppedPion(distance=20 * m, **fields)
    (first, *others) = source.fluences(Exposure.parse(exposure), {}, "source")
    assert all(other == first for other in others)
    return float(first / (1 / cm**2))


def exactly(value: float) -> Any:
    """By hand with the same constants: rounding only."""
    return pytest.approx(value, rel=1e-12, abs=0)


def test_neutrinos_per_year() -> None:  # unit
    half = fluence("182.625 day", neutrinos_per_year=4e22)
    assert half == exactly(2e22 / (AREA / cm**2))


def test_protons_on_target() -> None:  # unit
    assert fluence("1e23 POT", pions_per_proton=0.09) == exactly(9e21 / (AREA / cm**2))


def test_beam_energy() -> None:  # unit: 1 GW h is 3.6e12 J
    protons = 3.6e12 / (1.1 * float(GeV / J))
    value = fluence("1 GW*hour", pions_per_proton=0.09, proton_energy=1.1 * GeV)
    assert value == exactly(0.09 * protons / (AREA / cm**2))


def test_power() -> None:  # unit
    protons = 1.4e6 / (1.1 * float(GeV / J)) * 86400
    given = {"power": 1.4 * MW, "proton_energy": 1.1 * GeV, "pions_per_proton": 0.08}
    assert fluence("1 day", **given) == exactly(0.08 * protons / (AREA / cm**2))


@pytest.mark.parametrize(("name", "pions"), [("2017", 0.08), ("2020", 0.09), ("2021", 0.0848)])
def test_sns(name: str, pions: float) -> None:
    """Reference: neutrinos per flavour and proton of the three releases."""
    assert FACILITIES[f"sns-{name}"].pions_per_proton == pions
    assert fluence("1e23 POT", facility=f"sns-{name}") == exactly(pions * 1e23 / (AREA / cm**2))


def detector(folder: Path, **more: Any) -> cevns.Experiment:
    (folder / "peak.csv").write_text(
        "energy [keV],rate [/keV/kg/day]\n0,0\n5,10\n10,0\n", encoding="utf-8"
    )
    content: dict[str, Any] = {
        "source": {"type": "stopped-pion", "flux": "1e7 /cm^2/s"},
        "detector": {
            "target": "Ar40",
            "mass": "2 kg",
            "backgrounds": [
                {"name": "flat", "type": "flat", "rate": "3 /keV/kg/day"},
                {"name": "peak", "type": "table", "file": "peak.csv"},
            ],
            **more,
        },
        "exposure": "10 day",
        "binning": {"edges": [2, 8, 20], "unit": "keV"},
    }
    return study_from(content, folder).experiments[""]


def test_backgrounds(tmp_path: Path) -> None:
    """Unit: areas by hand. The peak is a triangle: 2 to 5 is 21, 5 to 8 the same, 8 to 10 is 4."""
    found = detector(tmp_path).predict().backgrounds
    assert list(found["flat"]) == [exactly(3 * 6 * 20), exactly(3 * 12 * 20)]
    assert list(found["peak"]) == [exactly(42 * 20), exactly(4 * 20)]


def test_backgrounds_end_at_the_threshold(tmp_path: Path) -> None:
    """Unit: from 5 to 8 the triangle has 21, the flat one 9."""
    prediction = detector(tmp_path, threshold="5 keV").predict()
    assert list(prediction.backgrounds["flat"]) == [exactly(9 * 20), exactly(36 * 20)]
    assert list(prediction.backgrounds["peak"]) == [exactly(21 * 20), exactly(4 * 20)]
    assert prediction.background == exactly((9 + 36 + 21 + 4) * 20)


def line() -> cevns.Experiment:
    """A line on argon with a recoil spectrum that is known in closed form (point-like)."""
    return cevns.Experiment(
        cevns.Monoenergetic(flavour="nu_mu", energy=30 * MeV, flux=1e7 / cm**2 / s),
        cevns.Detector(target="Ar40", mass=1 * kg),
        1 * year,
        form_factor="point",
        binning=cevns.Binning.check({"edges": [5, 10, 20, 30], "unit": "keV"}),
    )


def share_above(T: Any) -> Any:
    """∫_T (1 − T/E − MT/2E²) over the whole: the bracket is 1 − T/T_max, so (1 − T/T_max)²."""
    mass = cevns.nuclide("Ar40").mass
    top = 2 * (30 * MeV) ** 2 / (mass + 60 * MeV)
    return (1 - np.asarray(T) * keV / top) ** 2


def test_what_falls_off_the_axis() -> None:
    """Reference: closed form, 1e-12 for the quadrature of a parabola."""
    prediction = line().predict()
    content = prediction.as_dict()["bins"]
    total = prediction.total
    assert content["below"] == exactly(total * (1 - share_above(5)))
    assert content["above"] == exactly(total * share_above(30))
    above = total * share_above([5, 10, 20, 30])
    assert content["events_above"] == [exactly(value) for value in above]
    assert content["counts"] == [exactly(value) for value in -np.diff(above)]


def test_counts_above_in_any_order() -> None:  # unit
    made = line()
    levels = np.array([10.0, 5.0, 10.0, 20.0]) * keV
    expected = made.predict().total * share_above(levels / keV)
    assert list(made.counts_above(levels)) == [exactly(value) for value in expected]


def test_total_cross_section_above_a_threshold() -> None:
    """Reference: the same closed form; so does a flux-averaged one of a line."""
    point: dict[str, Any] = {"form_factor": "point"}
    whole = cevns.total_cross_section(30 * MeV, "Ar40", **point)
    cut = cevns.total_cross_section(30 * MeV, "Ar40", threshold=10 * keV, **point)
    assert cut / whole == exactly(float(share_above(10)))
    source = line().source
    assert isinstance(source, cevns.Monoenergetic)
    average = cevns.flux_averaged_cross_section(source, "Ar40", threshold=10 * keV, **point)
    assert average == exactly(cut)


def test_python_mistakes_are_input_errors() -> None:  # unit
    for make in (
        lambda: cevns.Detector(mas=1),  # type: ignore[call-arg]
        lambda: cevns.StoppedPion(flux=-1),
        lambda: cevns.total_cross_section(30 * MeV, "Ar40", flavour="nue"),
        lambda: line().predict({"sin2_theta_w": np.array([0.2, 0.3])}),
        lambda: line().predict({"sin2_thetaw": 0.2}),
        lambda: Exposure.parse("1 yr"),
        lambda: Exposure(1 * day) and cevns.load("nowhere.yaml"),
    ):
        with pytest.raises(InputError):
            make()
    assert line().recoil_spectrum(5 * keV).shape == (1,)
