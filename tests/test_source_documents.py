"""The files in docs/sources of natural and artificial sources: their examples run.

Kind: snapshot of the documents, not truth: what they print is what the package gives.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cevns import Detector, Experiment, StandardModel
from cevns.config import study_from
from cevns.exposure import Exposure
from cevns.interactions.nsi import Nsi
from cevns.sources import Geoneutrino, Supernova
from cevns.sources.facilities import FACILITIES
from cevns.units import GeV, MeV, cm, keV, s, tonne
from cevns.yaml_reader import read_text

FOLDER = Path(__file__).parents[1] / "docs" / "sources"
NAMES = ("supernova", "radioactive", "atmospheric", "facilities")


def blocks(name: str) -> list[str]:
    text = (FOLDER / f"{name}.md").read_text("utf-8")
    return re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)


def rows(name: str, first: str) -> list[list[str]]:
    """Cells of the table whose header starts with ``first``."""
    text = (FOLDER / f"{name}.md").read_text("utf-8")
    table = text[text.index(f"| {first} |") :].split("\n\n")[0].splitlines()
    return [[cell.strip() for cell in line.strip("| ").split("|")] for line in table[2:]]


def experiment(text: str, target: str = "Xe") -> Experiment:
    detector = f"detector: {{target: {target}, mass: 1 tonne}}\n"
    binning = "binning: {energy: {from: 0 keV, to: 1 MeV, bins: 10}}\n"
    study: Any = study_from(read_text(text + detector + binning), FOLDER)
    built: Experiment = study.blocks[""].build()
    return built


@pytest.mark.parametrize(
    ("name", "text"), [(name, text) for name in NAMES for text in blocks(name)]
)
def test_examples(name: str, text: str) -> None:
    """Each predicts something."""
    assert experiment(text).counts_above(np.array([0.0]))[0] > 0


def test_events_with_couplings_between_flavours() -> None:
    """Two decimals of a burst, one of the Earth, as they stand in the text."""
    nsi = StandardModel() + Nsi(eps_mutau_u=0.2)
    detector = Detector(target="Ar40", mass=1 * tonne)
    text = (FOLDER / "supernova.md").read_text("utf-8")
    numbers = re.findall(r"(\d+\.\d\d) (?:events )?(?:without|with) (?:`?(\w+))", text)
    burst = read_text(blocks("supernova")[0])["source"]
    for number, word in numbers:
        ordering = {"conversion": "none"}.get(word, word)
        source = Supernova.check({**burst, "conversion": ordering})
        found = Experiment(source, detector, Exposure(1, "burst"), model=nsi).predict().total
        assert f"{found:.2f}" == number
    assert [word for _, word in numbers] == ["conversion", "normal", "inverted"]
    text = (FOLDER / "radioactive.md").read_text("utf-8")
    of = {"model": nsi, "form_factor": "point"}, {"form_factor": "point"}
    for more in of:
        earth = Experiment(Geoneutrino(), detector, Exposure.parse("1 year"), **more)
        assert f" {earth.predict().total:.1f}" in text


def test_events_of_a_burst() -> None:
    """Two decimals."""
    levels = np.array([0.0, 1, 5, 10]) * keV
    for target, *numbers in rows("supernova", "above"):
        found = experiment(blocks("supernova")[0], target).counts_above(levels)
        assert [f"{value:.2f}" for value in found] == numbers


def test_fluxes_of_the_atmosphere() -> None:
    """Three decimals."""
    for label, *numbers in rows("atmospheric", "flux [/cm²/s]"):
        model = label.split("`")[1]
        start = 100 * MeV if "above" in label else 0.0
        made = experiment(blocks("atmospheric")[0].replace("fluka", model))
        fluxes = [float(part.spectrum.moments(np.array([start]))[0, 0]) for part in made.components]
        assert [f"{flux * cm**2 * s:.3f}" for flux in fluxes] == numbers


def test_facilities() -> None:
    """The table holds what the package does."""
    listed = {}
    for name, power, protons, pions, pulses, *_ in rows("facilities", "name"):
        listed[name.strip("`")] = (power, protons, pions, pulses)
    assert set(listed) == set(FACILITIES)
    for name, (power, protons, pions, pulses) in listed.items():
        one = FACILITIES[name]
        assert bool(power) == (one.power is not None)
        assert protons == (f"{one.proton_energy / GeV:g} GeV" if one.proton_energy else "")
        assert pions == (f"{one.pions_per_proton:.3g}" if one.pions_per_proton else "")
        assert pulses == (f"{one.repetition * s:g} Hz" if one.repetition else "")
