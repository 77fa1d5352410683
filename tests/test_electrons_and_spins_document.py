"""docs/electrons-and-spins.md: numbers that the page states come out. All tests: reference."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from scipy.optimize import brentq

import cevns
from cevns.cross_sections import total_cross_section
from cevns.sources import Reactor, StoppedPion
from cevns.sources.base import Source
from cevns.spins import SimpleSpins
from cevns.units import MeV, cm, day, keV, kg, s

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "electrons-and-spins.md").read_text("utf-8")
FLUX = 1e13 / cm**2 / s
ALIGNED = SimpleSpins({"Ge72": (-2, 2)})


def equal_above(target: str, reactor: Reactor) -> float:
    """The threshold in keV above which as many electrons as nuclei recoil."""
    detector = cevns.Detector(target=target, mass=1 * kg)
    both = cevns.Experiment(reactor, detector, 1 * day, electrons="stepped")
    alone = cevns.Experiment(reactor, detector, 1 * day)

    def surplus(threshold: float) -> float:
        on_all, on_nuclei = (one.counts_above([threshold * keV])[0] for one in (both, alone))
        return float(on_all - 2 * on_nuclei)

    return float(brentq(surplus, 0.4, 4.0, xtol=1e-3))


def test_electrons_outnumber_nuclei() -> None:
    """Of ⁷²Ge and ²⁸Si, to the digits of the page, with the fuel that the page names."""
    (row,) = (line for line in PAGE.splitlines() if "electrons outnumber nuclei" in line)
    stated = [float(one) for one in re.findall(r"\d\.\d\d", row)]
    uranium = re.search(r"²³⁵U alone gives (\d\.\d\d) and (\d\.\d\d) keV", PAGE)
    assert uranium is not None
    mixed, pure = Reactor(flux=FLUX, fuel="pwr"), Reactor(flux=FLUX, fuel={"U235": 1.0})
    for reactor, expected in ((mixed, stated), (pure, [float(one) for one in uranium.groups()])):
        ours = [equal_above(target, reactor) for target in ("Ge72", "Si28")]
        assert ours == pytest.approx(expected, abs=0.0065)  # half a digit, and the root's 0.001


def added(source: Source, threshold: float) -> float:
    """Per cent that the aligned nucleons add to the events of ⁷²Ge above ``threshold`` keV."""
    detector = cevns.Detector(target="Ge72", mass=1 * kg)
    with_, without = (
        cevns.Experiment(source, detector, 1 * day, axial=axial).counts_above([threshold * keV])[0]
        for axial in (ALIGNED, "none")
    )
    return float(100 * (with_ / without - 1))


def test_what_aligned_nucleons_add() -> None:
    """The percentages of the page, in their order; half a unit of the last digit each."""
    (text,) = re.findall(r"`SimpleSpins\(.*?(?=\n\n)", PAGE, re.DOTALL)
    stated = [float(one) for one in re.findall(r"([\d.]+) %", text)]
    totals = []
    for angle in (0.23122, 0.23857):
        model = cevns.StandardModel(sin2_theta_w=angle)
        with_, without = (
            total_cross_section(1 * MeV, "Ge72", model=model, axial=axial)
            for axial in (ALIGNED, "none")
        )
        totals.append(100 * (with_ / without - 1))
    reactor, pions = Reactor(flux=FLUX, fuel="pwr"), StoppedPion(flux=FLUX)
    counted = [added(reactor, 0), added(pions, 0), added(reactor, 0.01), added(reactor, 1)]
    ours = [*totals, *counted]
    assert [round(one, 1) for one in ours[:-1]] == stated[:-1]
    assert round(ours[-1]) == stated[-1]
