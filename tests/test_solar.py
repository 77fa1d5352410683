"""The solar source: declarations, amounts, and counts against dense sums."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from data_files import need_data
from oracle.solar import per_tonne_year
from reference import reference_rows
from shared_files import SHARED, need_worked

import cevns
from cevns import Detector, Experiment, Exposure, InputError, StandardModel
from cevns.budget import budget
from cevns.msw import Msw
from cevns.sources import Solar
from cevns.sources.solar_fluxes import SPECIES, SolarModel, solar_fluxes
from cevns.testing import check_source
from cevns.units import MeV, cm, eV, keV, s, tonne, year

TONNE_YEAR = Exposure(tonne * year, "mass-time")
GIVEN = {"B8": 5.1e6 / cm**2 / s}


def above(levels: list[float], target: str, source: Solar, **experiment: Any) -> Any:
    """Events per tonne-year above recoils [keV]."""
    made = Experiment(source, Detector(target=target), TONNE_YEAR, **experiment)
    return made.counts_above(np.array(levels) * keV)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"oscillation": "none"},
        {"oscillation": Msw(sin2_theta12=0.2, dm21=1e-4 * eV**2), "species": ("B8", "Be7")},
        {"fluxes": "sfii-agss09", "b8_spectrum": "bahcall-1996"},
        {"fluxes": GIVEN},
    ],
)
def test_contract(changes: dict[str, Any]) -> None:
    """Property: what holds for every source, under two addresses."""
    for address in ("source", "source.sun"):
        check_source(Solar(**changes), Exposure(3 * year), address)


def test_components() -> None:
    """Unit: two mass states of a species that share its flux and its norms."""
    source = Solar(species=("B8", "pep"))
    parts = source.components("source.sun")
    assert [part.name for part in parts] == ["B8.1", "B8.2", "pep.1", "pep.2"]
    assert [part.group for part in parts] == ["B8", "B8", "pep", "pep"]
    assert parts[0].norms == ("source.sun.norm", "source.sun.B8.norm")
    assert {part.flavour for part in parts} == {"B8", "pep"}
    fluences = source.fluences(Exposure(2 * s), {}, "source.sun")
    assert np.array(fluences) * cm**2 == pytest.approx(
        [2 * 5.46e6] * 2 + [2 * 1.44e8] * 2, rel=1e-12, abs=0
    )
    (pure,) = Solar(species=("B8",), oscillation="none").components("source")
    assert (pure.name, pure.flavour, pure.group) == ("B8", "nu_e", "B8")


def test_norms_and_totals() -> None:
    """Unit: a norm moves its species alone; a flux that was given has an address."""
    experiment = Experiment(Solar(species=("B8", "hep")), Detector(target="Ge"), TONNE_YEAR)
    nominal = experiment.predict().by_group
    moved = experiment.predict({"source.B8.norm": 1.5}).by_group
    assert moved["B8"] == pytest.approx(1.5 * nominal["B8"], rel=1e-12, abs=0)
    assert moved["hep"] == pytest.approx(nominal["hep"], rel=1e-12, abs=0)
    given = Experiment(Solar(fluxes=GIVEN), Detector(target="Ge"), TONNE_YEAR)
    assert given.parameters["source.fluxes.B8"].value == GIVEN["B8"]
    assert given.predict().total == pytest.approx(nominal["B8"] * 5.1 / 5.46, rel=1e-12, abs=0)
    other = given.predict({"source.fluxes.B8": 5.46e6 / cm**2 / s}).total
    assert other == pytest.approx(nominal["B8"], rel=1e-12, abs=0)


@pytest.mark.parametrize(
    ("block", "found"),
    [
        ({"fluxes": "b16-gs89"}, "fluxes: found 'b16-gs89'"),
        ({"components": ["B8", "be7"]}, "components[1]: found 'be7'"),
        ({"components": []}, "components: found a list that is too short"),
        ({"components": ["B8", "B8"]}, "B8 twice among the components"),
        ({"fluxes": {"B8": "5e6 /cm^2/s"}, "components": ["B8", "pp"]}, "no flux of pp"),
        ({"fluxes": {}}, "no flux of pp"),
        ({"fluxes": {"B9": "5e6 /cm^2/s"}}, "the unknown key 'B9'"),
        ({"fluxes": {"B8": "-5e6 /cm^2/s"}}, "fluxes.B8: found '-5e6 /cm^2/s'"),
        ({"oscillation": "vacuum"}, "oscillation: found 'vacuum'"),
        ({"oscillation": {"sin2_theta12": 1.3}}, "oscillation.sin2_theta12: found 1.3"),
        ({"b8_spectrum": "ortiz"}, "b8_spectrum: found 'ortiz'"),
    ],
)
def test_mistakes(block: dict[str, Any], found: str) -> None:
    """Unit: each is one line that names its place."""
    with pytest.raises(InputError) as caught:
        Solar.check({"type": "solar", **block})
    assert any(found in line for line in str(caught.value).splitlines())


def test_beam_energy_is_no_exposure() -> None:
    """Unit: a rate wants a time, and a mixing parameter single values."""
    with pytest.raises(InputError, match="a time such as"):
        Experiment(Solar(), Detector(target="Ge", mass=1.0), Exposure(1.0, "protons"))
    experiment = Experiment(Solar(species=("B8",)), Detector(target="Ge"), TONNE_YEAR)
    with pytest.raises(InputError, match="single values"):
        experiment.counts_above([keV], {"source.oscillation.sin2_theta12": np.array([0.3, 0.31])})


def test_beryllium_row() -> None:
    """Reference: row solar.7Be of the table, a dense quadrature; 1e-4 (its atomic mass unit)."""
    (row,) = reference_rows("solar.7Be")
    ours = above([0.0], "Xe132", Solar(species=("Be7",)), form_factor="helm-lewin-smith")
    assert ours[0] == pytest.approx(row.value, rel=1e-4, abs=0)


@pytest.mark.parametrize(("target", "Z"), [("Ge74", 32), ("Xe132", 54), ("Ar40", 18)])
@pytest.mark.parametrize("threshold", [0.0, 0.1, 1.0])
def test_boron_counts(target: str, Z: int, threshold: float) -> None:
    """Reference: dense sums over Bahcall's own table with independent formulas.

    5e-4: the rows of our table (straight lines over 0.1 MeV), against 0.02 MeV of theirs.
    """
    file = need_data("spectra-solar") / "pycevns" / "b8.csv"
    energy, flux = np.loadtxt(file, delimiter=",").T
    E = np.linspace(energy[0], energy[-1], 8001)
    phi = np.interp(E, energy, flux) / np.trapezoid(flux, energy) * 5.46e6
    nuclide = cevns.nuclide(target)
    nucleus = (nuclide.atomic_mass / (931.49410242 * MeV), nuclide.mass / MeV, Z, nuclide.N)
    exact = per_tonne_year(E, phi, nucleus, threshold * 1e-3, 0.23857)
    source = Solar(species=("B8",), b8_spectrum="bahcall-1996")
    model = StandardModel(sin2_theta_w=0.23857)
    ours = above([threshold], target, source, model=model, form_factor="helm-lewin-smith")
    assert ours[0] == pytest.approx(exact, rel=5e-4, abs=0)


def test_worked_example() -> None:
    """Snapshot: 10.29 events (1e-3), by flavour as they arrive; bins and the rest add up."""
    need_worked()
    prediction = cevns.load(SHARED / "examples" / "05-b8-xenon.yaml").experiments[""].predict()
    inside = prediction.counts.sum() + prediction.below + prediction.above
    assert inside == pytest.approx(prediction.total, rel=1e-9, abs=0)
    assert set(prediction.by_flavour) == {"nu_e", "nu_mu", "nu_tau"}
    assert sum(prediction.by_flavour.values()) == pytest.approx(prediction.total, rel=1e-9, abs=0)
    share = prediction.by_flavour["nu_e"] / prediction.total
    assert 0.3 < share < 0.36  # the survival probability at 8 to 15 MeV
    assert prediction.total == pytest.approx(10.286, rel=1e-3, abs=0)


def test_choices_are_in_the_budget() -> None:
    """Unit: solar models and shapes of boron-8 are among what is changed one at a time."""
    experiment = Experiment(Solar(species=("B8",)), Detector(target="Xe"), TONNE_YEAR)
    found = {(one.choice, one.becomes): one.change for one in budget(experiment)}
    assert found["solar fluxes", "b16-agss09met"] == pytest.approx(4.50 / 5.46 - 1, rel=1e-9, abs=0)
    assert 0.005 < found["B8 spectrum", "winter-2006"] < 0.02


def document() -> str:
    return (Path(__file__).parents[1] / "docs" / "sources" / "solar.md").read_text("utf-8")


def table(title: str) -> list[list[str]]:
    """The rows of the table that stands below ``title``."""
    lines = document().split(title)[1].splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("|---"))
    rows = []
    for line in lines[start + 1 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def number(cell: str) -> float:
    """A number of a table, with "5.98e10" and "12 %"."""
    match = re.match(r"\s*[-−+]?[\d.]+(e-?\d+)?", cell)
    assert match is not None, cell
    return float(match[0].replace("−", "-")) / (100 if "%" in cell else 1)


def test_fluxes_of_the_document() -> None:
    """Snapshot: the table of docs/sources/solar.md is the one that ships."""
    for species, *cells in table("## Fluxes"):
        for model, cell in zip(get_args(SolarModel), cells, strict=True):
            flux, error = cell.split("±")
            one = solar_fluxes(model)[species]
            assert one.flux * cm**2 * s == pytest.approx(number(flux), rel=1e-12, abs=0)
            assert one.relative_error == pytest.approx(number(error), rel=1e-12, abs=0)


def test_counts_of_the_document() -> None:
    """Snapshot: the counts of docs/sources/solar.md come out, to their last digit (0.6 of it)."""
    rows = table("## Counts")
    assert [row[0] for row in rows] == [*SPECIES, "all", "error of the model"]
    columns = [("Ge", 0.0), ("Ge", 0.1), ("Xe", 0.0), ("Xe", 1.0)]
    for column, (target, level) in enumerate(columns, start=1):
        found: dict[str, Any] = {
            species: above([level], target, Solar(species=(species,)))[0] for species in SPECIES
        }
        errors = [found[one] * solar_fluxes("b16-gs98")[one].relative_error for one in SPECIES]
        found["all"] = sum(found.values())
        found["error of the model"] = float(np.hypot.reduce(errors)) / found["all"]
        for name, *cells in rows:
            cell = cells[column - 1]
            digits = len(cell.split()[0].partition(".")[2]) + (2 if "%" in cell else 0)
            assert found[name] == pytest.approx(number(cell), rel=0, abs=0.6 * 10.0**-digits), name
