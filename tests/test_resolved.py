"""The resolved configuration: run again from its own folder, it gives the same numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from snippets import DETECTOR, EXPOSURE, SOURCE, study, write_tables

from cevns import load
from cevns.config.study import study_from
from cevns.config.write import write_config
from cevns.yaml_reader import read_text

# --- integration --------------------------------------------------------------------------------

RADIATIVE = "couplings: {scheme: radiative}"
IN_MODEL = "model: [{standard-model: {scheme: radiative}}]"
SEVERAL = (
    f"experiments: {{near: {{{RADIATIVE}}}, far: {{}}}}",
    f"experiments: {{near: {{}}, far: {{{RADIATIVE}}}}}",
    f"couplings: {{scheme: radiative-q}}\nexperiments: {{near: {{{RADIATIVE}}}, far: {{}}}}",
    f"experiments: {{near: {{{IN_MODEL}}}, far: {{}}}}",
    f"experiments: {{near: {{{IN_MODEL}}}, far: {{{RADIATIVE}}}}}",
    f"{IN_MODEL}\nexperiments: {{near: {{}}, far: {{model: [standard-model]}}}}",
    "couplings: {sin2_theta_w: 24 %}\nexperiments: {near: {}, far: {form_factor: {Ar: point}}}",
)


@pytest.mark.parametrize("text", SEVERAL)
def test_several_experiments_run_again_to_the_same_numbers(text: str, tmp_path: Path) -> None:
    first = study_from(read_text(f"{SOURCE}\n{DETECTOR}\n{EXPOSURE}\n{text}"))
    again = load(write_config(first, tmp_path))
    assert list(again.experiments) == ["near", "far"]
    for name in first.experiments:
        assert again.predict(name).total == first.predict(name).total


@pytest.mark.parametrize("text", [RADIATIVE, IN_MODEL, "kinematics: exact"])
def test_one_experiment_runs_again_to_the_same_numbers(text: str, tmp_path: Path) -> None:
    first = study(tmp_path, text)
    again = load(write_config(first, tmp_path / "out"))
    assert again.predict().total == first.predict().total


# --- unit ---------------------------------------------------------------------------------------


def test_couplings_count_wherever_they_are_written(tmp_path: Path) -> None:
    tree, below, inside = (study(tmp_path, *blocks) for blocks in ((), (RADIATIVE,), (IN_MODEL,)))
    assert inside.predict().total == below.predict().total != tree.predict().total


REACTOR = "{type: reactor, power: 3 GW, distance: 20 m}"
BURST = """{type: supernova, distance: 10 kpc, energy: 3e53 erg,
  mean_energy: {nu_e: 10 MeV, nu_e_bar: 14 MeV, nu_x: 15 MeV},
  pinching: {nu_e: 3, nu_e_bar: 3, nu_x: 2.5}}"""
CHOICES: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        REACTOR,
        {
            "fuel": "pwr",
            "energy_per_fission": "kopeikin-2004",
            "spectrum": "huber-mueller",
            "interpolation": "linear",
            "join": "polynomial",
            "neutron_capture": True,
            "uncertainty": "none",
        },
    ),
    (
        "{type: reactor, power: 3 GW, distance: 20 m, fuel: heu, spectrum: {U235: fission.csv}}",
        {
            "energy_per_fission": "kopeikin-2004",  # nothing to interpolate or join in a table
            "neutron_capture": True,
            "uncertainty": "none",
        },
    ),
    (
        "{type: solar, components: [B8]}",
        {"fluxes": "b16-gs98", "oscillation": "msw", "b8_spectrum": "bahcall-1996"},
    ),
    (
        "{type: solar, fluxes: {B8: 5e6 /cm^2/s}, oscillation: {sin2_theta12: 0.3}}",
        {"components": ["B8"], "b8_spectrum": "bahcall-1996"},
    ),
    ("{type: geoneutrino}", {"site": "gran-sasso", "oscillation": "averaged"}),
    ("{type: atmospheric}", {"model": "fluka", "site": "gran-sasso"}),
    ("{type: atmospheric, model: honda}", {"site": "gran-sasso", "solar": "mean"}),
    (BURST, {"conversion": {"ordering": "none"}}),
    ("{type: monoenergetic, flavour: nu_e, energy: 30 MeV, flux: 1e7 /cm^2/s}", {}),
)


@pytest.mark.parametrize(("source", "choices"), CHOICES)
def test_choices_of_a_source_are_written_out(
    source: str, choices: dict[str, Any], tmp_path: Path
) -> None:
    exposure = "exposure: 1 burst" if source == BURST else EXPOSURE
    first = study(write_tables(tmp_path), f"source: {source}", exposure)
    file = write_config(first, tmp_path / "out")
    written = read_text(file.read_text("utf-8"))["source"]
    given = read_text(f"source: {source}")["source"]
    assert {key: value for key, value in written.items() if key not in given} == choices
    again = load(file)
    assert again.predict().total == first.predict().total
    assert list(again.parameters) == list(first.parameters)


def test_choices_of_several_sources_are_written_out(tmp_path: Path) -> None:
    sources = (
        "source: [{name: a, type: reactor, power: 3 GW, distance: 20 m, fuel: heu}, "
        "{name: b, type: solar, components: [B8], b8_spectrum: winter-2006}]"
    )
    first = study(tmp_path, sources)
    file = write_config(first, tmp_path / "out")
    reactor, sun = read_text(file.read_text("utf-8"))["source"]
    assert (reactor["fuel"], reactor["spectrum"]) == ("heu", "huber-mueller")
    assert (sun["b8_spectrum"], sun["fluxes"]) == ("winter-2006", "b16-gs98")
    assert load(file).predict().total == first.predict().total


def test_choices_of_each_experiment_are_written_out(tmp_path: Path) -> None:
    """A choice of one experiment's source is not said of the others'."""
    blocks = (
        "experiments: {near: {source: {distance: 10 m}}, far: {source: {spectrum: vogel-engel}}, "
        "sun: {source: {type: solar, components: [B8]}}, same: {}}"
    )
    first = study(tmp_path, f"source: {REACTOR}", blocks)
    file = write_config(first, tmp_path / "out")
    written = read_text(file.read_text("utf-8"))["experiments"]
    spectra = {name: entry["source"].get("spectrum") for name, entry in written.items()}
    own = "huber-mueller"
    assert spectra == {"near": own, "far": "vogel-engel", "sun": None, "same": own}
    again = load(file)
    for name in first.experiments:
        assert again.predict(name).total == first.predict(name).total


def test_defaults_are_written_out(tmp_path: Path) -> None:
    text = write_config(study(tmp_path), tmp_path / "out").read_text("utf-8")
    assert read_text(text)["couplings"] == {"scheme": "tree", "sin2_theta_w": 0.23857}
