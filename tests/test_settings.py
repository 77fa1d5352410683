"""Parameters of an experiment file: addresses, values, priors, bounds, ties, correlations."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from snippets import SOURCE, refused, study, write_tables

from cevns.cli.main import run
from cevns.config.study import Study, study_from
from cevns.units import fm, kg
from cevns.yaml_reader import read_text


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tables that the snippets name."""
    return write_tables(tmp_path_factory.mktemp("tables"))


# --- unit: parameters --------------------------------------------------------------------------

TWO = """
detector: {target: CsI, mass: 10 kg}
experiments:
  near: {source: {type: stopped-pion, flux: 1e7 /cm^2/s}, exposure: 1 year}
  far: {source: {type: stopped-pion, flux: 1e6 /cm^2/s}, exposure: 4 year}
"""


def two(*blocks: str) -> Study:
    return study_from(read_text(TWO + "\n".join(blocks)))


def test_addresses_carry_the_experiment_in_front() -> None:
    found = set(two().parameters)
    assert {"near.source.norm", "far.source.norm", "near.detector.mass", "sin2_theta_w"} <= found
    assert "Cs.neutron_skin" in found
    assert not {"source.norm", "near.sin2_theta_w"} & found


def test_what_a_file_says_about_a_parameter() -> None:
    made = two(
        "parameters:",
        "  near.source.norm: {value: 1.2, prior: 10 %}",
        "  far.source.norm: {prior: 0.3}",
        "  detector.mass: {prior: 5 %, bounds: [1 kg, 20 kg]}",
        "  Cs.neutron_skin: {value: 0.2 fm, bounds: [-0.5 fm, 1 fm]}",
        "  I.neutron_skin: {same_as: Cs.neutron_skin}",
        "  sin2_theta_w: {fixed: true}",
        "correlations: [{between: [near.source.norm, far.source.norm], rho: 0.9}]",
    ).parameters
    assert (made["near.source.norm"].value, made["near.source.norm"].prior) == (1.2, 0.12)
    assert (made["far.source.norm"].value, made["far.source.norm"].prior) == (1.0, 0.3)
    for name in ("near", "far"):  # without a name in front: all of them
        mass = made[f"{name}.detector.mass"]
        assert mass.prior == pytest.approx(0.5 * kg, rel=1e-12, abs=0)
        assert mass.bounds == pytest.approx((1 * kg, 20 * kg), rel=1e-12, abs=0)
    assert made["I.neutron_skin"].value == made["Cs.neutron_skin"].value
    assert made["Cs.neutron_skin"].value == pytest.approx(0.2 * fm, rel=1e-12, abs=0)
    assert made["I.neutron_skin"].same_as == "Cs.neutron_skin"
    assert made["sin2_theta_w"].fixed


def test_an_address_of_what_is_not_in_the_model(folder: Path) -> None:
    lines = refused(folder, "parameters: {nsi.eps_ee_u: {value: 0.1}}")
    assert lines == [
        "parameters.nsi.eps_ee_u: found 'nsi.eps_ee_u', but nsi is not in the model, expected it "
        "in the model, [standard-model, nsi]"
    ]
    (line,) = refused(
        folder, "model: [standard-model, nsi]\nparameters: {nsi.eps_ee: {value: 0.1}}"
    )
    assert "did you mean 'nsi.eps_ee_u'?" in line or "did you mean 'nsi.eps_ee_d'?" in line


def test_the_short_last_part_is_enough_where_it_is_unique(folder: Path) -> None:
    made = study(folder, "parameters: {mass: {value: 2 kg}}").parameters
    assert made["detector.mass"].value == pytest.approx(2 * kg, rel=1e-12, abs=0)
    lines = refused(folder, "parameters: {norm: {value: 2}}")
    assert lines[0].startswith("parameters.norm: found 'norm', which fits")


def test_predictions_use_the_values_of_the_file() -> None:
    plain, set_ = (
        two(),
        two("parameters: {near.signal.norm: {value: 3}, detector.mass: {value: 5 kg}}"),
    )
    for name, factor in (("near", 1.5), ("far", 0.5)):
        expected = factor * plain.predict(name).total
        assert set_.predict(name).total == pytest.approx(expected, rel=1e-12, abs=0)


def test_a_value_acts_like_the_block_it_stands_for(folder: Path) -> None:
    by_parameter = study(folder, "parameters: {sin2_theta_w: {value: 0.25}}")
    by_block = study(folder, "couplings: {sin2_theta_w: 0.25}")
    assert by_parameter.theta() == {"sin2_theta_w": 0.25}
    assert by_parameter.predict().total == pytest.approx(by_block.predict().total, rel=1e-12, abs=0)


def test_a_tied_value_acts(folder: Path) -> None:
    detector = "detector: {target: CsI, mass: 10 kg}"
    tied = study(
        folder,
        detector,
        "parameters: {Cs.neutron_skin: {value: 0.3 fm}, "
        "I.neutron_skin: {same_as: Cs.neutron_skin}}",
    )
    each = study(
        folder,
        detector,
        "parameters: {Cs.neutron_skin: {value: 0.3 fm}, I.neutron_skin: {value: 0.3 fm}}",
    )
    assert tied.predict().total == each.predict().total
    assert tied.predict().total < study(folder, detector).predict().total


def test_a_shape_without_default_must_come_from_somewhere(folder: Path) -> None:
    model = "model: [standard-model, sterile]"
    assert refused(folder, model) == [
        "model: found no value for sterile.dm2, expected one in the model, 'parameters' or 'scan'"
    ]
    for block in (
        "parameters: {sterile.dm2: {value: 1 eV^2}}",
        "scan: {parameters: {sterile.dm2: {from: 0.1 eV^2, to: 9 eV^2, points: 9, spacing: log}}}",
    ):
        assert study(folder, model, block).parameters


def test_off_diagonal_couplings_are_complex_and_others_are_not(folder: Path) -> None:
    model = "model: [standard-model, nsi]"
    made = study(folder, model, 'parameters: {nsi.eps_emu_u: {value: "0.2+0.1j"}}').parameters
    assert made["nsi.eps_emu_u"].value == 0.2 + 0.1j
    for name in ("nsi.eps_ee_u", "sin2_theta_w"):
        line = refused(folder, model, f'parameters: {{{name}: {{value: "0.2+0.1j"}}}}')[0]
        assert line.startswith(f"parameters.{name}.value: found '0.2+0.1j', expected")


def test_correlations_are_listed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = folder / "correlated.yaml"
    block = "correlations: [{between: [near.source.norm, far.source.norm], rho: 0.9}]"
    file.write_text(TWO + block, "utf-8")
    assert run(["list", "parameters", str(file), "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert listed["correlations"] == [
        {"between": ["near.source.norm", "far.source.norm"], "rho": 0.9}
    ]
    assert run(["list", "parameters", str(file)]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["near.source.norm", "far.source.norm", "0.9"] in rows
    file.write_text(TWO, "utf-8")
    assert run(["list", "parameters", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["correlations"] == []


# --- unit: what a block demands -----------------------------------------------------------------

REACTOR = "source: {type: reactor, power: 3 GW, distance: 20 m}"
BURST = """source: {type: supernova, distance: 10 kpc, energy: 3e53 erg,
  mean_energy: {nu_e: 10 MeV, nu_e_bar: 14 MeV, nu_x: 15 MeV},
  pinching: {nu_e: 3, nu_e_bar: 3, nu_x: 2.5}}"""


@pytest.mark.parametrize(
    ("source", "address", "value", "line"),
    [
        (REACTOR, "source.distance", "0 m", ".value: found '0 m', expected a positive number"),
        (REACTOR, "source.distance", "-1 m", ".value: found '-1 m', expected a positive number"),
        (
            REACTOR,
            "source.maximum_energy",
            "0 MeV",
            ".value: found '0 MeV', expected a positive number",
        ),
        (
            REACTOR,
            "source.maximum_energy",
            "100 MeV",
            ": found the value 100 MeV, expected a value within its bounds [0.007813, 20] MeV",
        ),
        (BURST, "source.pinching.nu_e", "0", ".value: found 0, expected a positive number"),
        (
            SOURCE,
            "detector.threshold",
            "-1 keV",
            ".value: found '-1 keV', expected a non-negative number",
        ),
    ],
)
def test_a_value_is_what_its_block_demands(
    source: str, address: str, value: str, line: str, folder: Path
) -> None:
    detector = "detector: {target: Ar40, mass: 1 kg, threshold: 1 keV}"
    exposure = "exposure: 1 burst" if source == BURST else "exposure: 1 year"
    settings = f"parameters: {{{address}: {{value: {value}}}}}"
    assert refused(folder, source, detector, exposure, settings) == [f"parameters.{address}{line}"]


def test_bounds_do_not_widen_what_a_block_demands(folder: Path) -> None:
    settings = "parameters: {source.distance: {value: 0 m, bounds: [0 m, 40 m]}}"
    assert refused(folder, REACTOR, settings) == [
        "parameters.source.distance.value: found '0 m', expected a positive number"
    ]
