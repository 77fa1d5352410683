"""Mistakes in an experiment file: one line each, at its place, all of them at once."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from snippets import DETECTOR, SOURCE, refused, study, write_tables

from cevns.config.study import study_from
from cevns.errors import InputError, Mistake
from cevns.yaml_reader import read_text


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tables that the snippets name."""
    made = write_tables(tmp_path_factory.mktemp("tables"))
    (made / "large.csv").write_text("energy [keVnr],quenching\n1,0.2\n100,1.2\n", "utf-8")
    return made


# --- unit: mistakes ----------------------------------------------------------------------------

MISTAKES = [
    ("kinematic: exact", "kinematic: found the unknown key 'kinematic', expected one of the keys"),
    ("kinematic: exact", "(did you mean 'kinematics'?)"),
    (
        "detector: {target: Ar40, mass: 10}",
        "detector.mass: found 10, expected a number with a unit",
    ),
    ("detector: {target: Ar40, mass: 10 keV}", "detector.mass: found '10 keV', expected"),
    ("detector: {target: Ar40, mass: 10 kgg}", "(did you mean 'kg'?)"),
    ("detector: {mass: 1 kg}", "detector: found no 'target', expected this key, which is required"),
    ("detector: {target: Arr, mass: 1 kg}", "detector.target: found 'Arr'"),
    ("detector: 5", "detector: found 5, expected a block of keys"),
    ("detector: null", "detector: found nothing, expected a block of keys"),
    ("detector: {target: Ar40, mass: 1 kg, treshold: 1 keV}", "(did you mean 'threshold'?)"),
    (
        "detector: {target: Ar40, mass: 1 kg, threshold: 1 PE}",
        "detector.threshold: found a number in PE",
    ),
    (
        "detector: {target: Ar40, mass: 1 kg, "
        "efficiency: [{type: erf, midpoint: 1 PE, width: 1 keV}]}",
        "detector.efficiency[0].midpoint: found a number in PE",
    ),
    ("detector: {target: Ar40, mass: 1 kg, efficiency: {type: errf}}", "(did you mean 'erf'?)"),
    (
        "detector: {target: Ar40, mass: 1 kg, efficiency: {type: table, file: no.csv}}",
        "detector.efficiency.file: found table 'no.csv': no such file",
    ),
    (
        "detector: {target: Ge, mass: 1 kg, "
        "backgrounds: [{name: a, type: flat, rate: 1 / PE / kg / day}]}",
        "detector.backgrounds[0].rate: found a number in PE",
    ),
    ("source: {type: stoped-pion}", "source: found type 'stoped-pion'"),
    ("source: {type: stoped-pion}", "(did you mean 'stopped-pion'?)"),
    (
        "source: {type: stopped-pion, flux: 1e7 /cm^2/s, power: 1 MW}",
        "source: found the intensity given by flux and by power",
    ),
    (
        "source: {type: reactor, flux: 1 /cm^2/s, fuel: {U235: 0.5}}",
        "source.fuel: found fractions that sum to 0.5, expected a sum of 1",
    ),
    (
        "source: {type: reactor, flux: 1 /cm^2/s, fuel: pwrr}",
        "source.fuel: found 'pwrr', expected one of pwr, bwr, heu (did you mean 'pwr'?)",
    ),
    ("source: {type: radioactive, isotope: Cr51, activity: 5 MCi}", "source: found no distance"),
    ("exposure: 5", "exposure: found 5, expected a number with a unit"),
    ("exposure: 0 year", "exposure: found '0 year', expected a positive"),
    ("exposure: {on: 1 day, of: 2 day}", "exposure.of: found the unknown key 'of'"),
    ("exposure: {on: 1 day, off: 2}", "exposure.off: found 2, expected a number with a unit"),
    ("model: standard-model", "model: found 'standard-model', expected a list of interactions"),
    ("model: [standard]", "model[0]: found 'standard', expected an interaction"),
    ("model: [standard-model, standard-model]", "model: found 'standard-model' 2 times"),
    ("model: [{nsi: {eps_eu: 1}}]", "model[0].nsi.eps_eu: found the unknown key 'eps_eu'"),
    (
        "model: [{light-vector: {charges: {nu: 1, beta: 0}}}]",
        "model[0].light-vector.charges.beta: found the unknown key 'beta'",
    ),
    ("electron_scattering: 1", "electron_scattering: found 1, expected true or false"),
    ("electron_scattering: {w: 1}", "electron_scattering.w: found the unknown key 'w'"),
    ("form_factor: helmm", "form_factor: found 'helmm', expected one of"),
    ("form_factor: {proton: helm, neutron: y}", "form_factor.neutron: found 'y'"),
    (
        "form_factor: {I: helm}",
        "form_factor.I: found the element 'I', expected an element of the target: Ar",
    ),
    (
        "form_factor: {proton: helm, Ar: helm}",
        "form_factor.proton: found the unknown key 'proton', expected one of gaussian, helm, "
        "helm-lewin-smith, klein-nystrand, point, symmetrized-fermi, a block with a 'type', "
        "{proton, neutron} or one per element",
    ),
    (
        "form_factor: {type: point, rms_radius: 3.4 fm}",
        "form_factor.rms_radius: found '3.4 fm', expected no radius for point",
    ),
    (
        "form_factor: {Ar: {type: point, rms_radius: 3.4 fm}}",
        "form_factor.Ar.rms_radius: found '3.4 fm', expected no radius for point",
    ),
    (
        "detector: {target: Ar40, mass: 10 lbs}",
        "detector.mass: found '10 lbs', expected a number with a unit such as '1 kg'",
    ),
    (f"extends: {'x' * 5000}", "extends: found 'xxx"),
    (
        "extends: coherent-lar-2020",
        "extends: found 'coherent-lar-2020', expected a known entry of the catalogue (did you mean",
    ),
    (
        "model: [{standard-model: {scheme: radiative}}]\ncouplings: {sin2_theta_w: 0.24}",
        "couplings: found couplings beside scheme of standard-model in 'model', expected",
    ),
    (
        "correlations: [{between: [source.norm, source.norm], rho: 0.5}]",
        "correlations[0].between: found source.norm twice, expected two different parameters",
    ),
    (
        "correlations: [{between: [mass, detector.mass], rho: 0.5}]",
        "correlations[0].between: found detector.mass twice, expected two different parameters",
    ),
    ("form_factor: {Xx: helm}", "form_factor.Xx: found the unknown key 'Xx'"),
    ("binning: {from: 0 keV, to: 1 keV}", "binning: found an incomplete axis"),
    (
        "binning: {from: 2 keV, to: 1 keV, bins: 2}",
        "binning: found from 2 keV to 1 keV, expected 'from' below 'to'",
    ),
    ("binning: {start: 0 keV, to: 1 keV, bins: 2}", "binning.start: found the unknown key 'start'"),
    ("binning: {edges: [3, 2, 1], unit: keV}", "binning: found edges out of order"),
    ("binning: {edges: [1, 2, 3]}", "binning: found 1, expected a number with a unit"),
    ("binning: {edges: [1, 2, 3], unit: kV}", "binning: found '1 kV', expected"),
    (
        "binning: {from: 0 keV, to: 1 keV, bins: 1e5}",
        "binning.bins: found 100000.0, expected a whole",
    ),
    (
        "binning: {from: 0 keV, to: 1 keV, bins: 9999999}",
        "binning.bins: found 9999999, expected a number of at most",
    ),
    ("couplings: {sin2_theta_w: 1.5}", "couplings.sin2_theta_w: found 1.5, expected a"),
    ("couplings: {sin2_theta_w: .nan}", "couplings.sin2_theta_w: found nan, expected a"),
    (
        'couplings: {sin2_theta_w: "0.2"}',
        "couplings.sin2_theta_w: found '0.2', expected a number without quotes",
    ),
    (
        "parameters: {sourc.norm: {prior: 1 %}}",
        "parameters.sourc.norm: found 'sourc.norm', expected the address of a parameter",
    ),
    (
        "parameters: {source.norm: {prior: -1}}",
        "parameters.source.norm.prior: found -1, expected a positive",
    ),
    (
        "parameters: {Ar.neutron_skin: {prior: 10 %}}",
        "parameters.Ar.neutron_skin.prior: found '10 %', expected a width without %",
    ),
    ("parameters: {source.norm: {bounds: [1, 0]}}", "parameters.source.norm.bounds: found [1, 0]"),
    (
        "parameters: {source.norm: {value: 3, bounds: [0, 1]}}",
        "parameters.source.norm: found the value 3",
    ),
    (
        "parameters: {detector.mass: {value: 3}}",
        "parameters.detector.mass.value: found 3, expected a number with a unit",
    ),
    (
        "parameters: {source.norm: {same_as: source.norm}}",
        "parameters: found source.norm the same as itself",
    ),
    (
        "parameters: {source.norm: {same_as: detector.mass}}",
        "parameters: found source.norm the same as detector.mass",
    ),
    ("correlations: [{between: [source.norm], rho: 0.5}]", "correlations[0].between: found"),
    ("correlations: [{between: [source.norm, signal.nrm], rho: 2}]", "correlations[0]: found 2"),
    (
        "correlations: [{between: [source.norm, signal.nrm], rho: 0}]",
        "correlations[0].between[1]: found 'signal.nrm'",
    ),
    (
        "scan: {parameters: {sin2_theta_w: [0.4, 0.1, 20]}}",
        "scan.parameters.sin2_theta_w: found from 0.4 to 0.1",
    ),
    (
        "scan: {parameters: {sin2_theta_w: [0.1, 0.4, 2.5]}}",
        "scan.parameters.sin2_theta_w: found points 2.5",
    ),
    ("scan: {profile: some}", "scan.profile: found 'some', expected one of all, none"),
    ("study: {systematic: [0, 5 kg]}", "study.systematic[1]: found '5 kg', expected"),
    ("data: coherent-csi", "data: found 'coherent-csi', expected a data set"),
    ("data: {file: no.csv}", "data.file: found 'no.csv', which is not there"),
    ("experiments: {}", "experiments: found {}, expected a block of experiments by name"),
    ("experiments: {a.b: {}}", "experiments.a.b: found 'a.b', expected a name without a dot"),
    ("experiments: {near: {exposure: 3}}", "experiments.near.exposure: found 3"),
    (
        "experiments: {near: {couplings: {sin2: 3}}}",
        "experiments.near.couplings.sin2: found the unknown key",
    ),
    ("name: 5", "name: found 5, expected text"),
    (
        "source: {type: solar, components: [B9]}",
        "source.components[0]: found 'B9', expected one of pp, pep, hep, Be7, B8, N13, O15, F17",
    ),
    ("source: {type: solar, components: []}", "source.components: found a list that is too short"),
    (
        "detector: {target: Ar40, mass: 1 kg, threshold: -1 keV}",
        "detector.threshold: found '-1 keV', expected a non-negative number",
    ),
    (
        "detector: {target: Ar40, mass: 1 kg, quenching: {type: constant, value: 1.5}}",
        "detector.quenching.value: found 1.5, expected a number from 0 to 1",
    ),
    (
        "detector: {target: Ar40, mass: 1 kg, quenching: {type: table, file: large.csv}}",
        "detector.quenching: found a quenching of 1.2 in 'large.csv', expected fractions",
    ),
]


@pytest.mark.parametrize(("block", "line"), MISTAKES)
def test_a_mistake_is_one_line_at_its_place(block: str, line: str, folder: Path) -> None:
    lines = refused(folder, block)
    assert len(lines) == 1, lines
    assert lines[0].startswith(line) or lines[0].endswith(line), lines[0]


def test_all_mistakes_come_at_once(folder: Path) -> None:
    lines = refused(
        folder,
        "kinematics: exactly",
        "detector: {target: Ar40, mass: 1, threshold: 2 PEE, mas: 3}",
        "model: [{nsi: {eps_ee_u: x}}, nope]",
        "experimentss: {}",
    )
    assert [line.partition(": found")[0] for line in lines] == [
        *("experimentss", "detector.mas", "detector.mass", "detector.threshold"),
        *("model[0].nsi.eps_ee_u", "model[1]", "kinematics"),
    ] or len(lines) == 7


SETTINGS = (
    "parameters: {sourc.norm: {prior: 1 %}, source.norm: {prior: -1}}",
    "correlations: [{between: [source.norm, nothing.here], rho: 0.5}]",
    "scan: {parameters: {sin2_theta_w: [0.4, 0.1, 20]}}",
)
PLACES_OF_SETTINGS = {
    "parameters.sourc.norm",
    "parameters.source.norm.prior",
    "correlations[0].between[1]",
    "scan.parameters.sin2_theta_w",
}


@pytest.mark.parametrize(
    ("block", "place"),
    [
        ("exposure: 3", "exposure"),
        ("binning: {from: 0 keV, to: 1 keV}", "binning"),
        ("kinematics: exactly", "kinematics"),
        ("study: {systematic: [0, 5 kg]}", "study.systematic[1]"),
        ("nonsense: 1", "nonsense"),
    ],
)
def test_settings_are_checked_beside_other_mistakes(block: str, place: str, folder: Path) -> None:
    lines = refused(folder, block, *SETTINGS)
    assert {line.partition(": found")[0] for line in lines} == {place, *PLACES_OF_SETTINGS}


def test_settings_are_checked_against_the_experiments_that_can_be_read(folder: Path) -> None:
    text = (
        f"{SOURCE}\n{DETECTOR}\nexperiments: "
        "{a: {exposure: 1 year}, b: {exposure: 1 year, detector: {target: Arr}}}\n"
        "parameters: {a.source.norm: {prior: -1}, b.source.norm: {prior: 1 %}}"
    )
    with pytest.raises(InputError) as error:
        study_from(read_text(text), folder)
    assert [one.path for one in error.value.mistakes] == [
        "experiments.b.detector.target",
        "parameters.a.source.norm.prior",
    ]


def test_a_shared_form_factor_may_name_elements_of_any_target(folder: Path) -> None:
    text = (
        f"{SOURCE}\nexposure: 1 year\nform_factor: {{Ar: point, I: point, Ge: point}}\n"
        "experiments: {a: {detector: {target: Ar, mass: 1 kg}}, "
        "b: {detector: {target: CsI, mass: 1 kg}, form_factor: {Si: helm}}}"
    )
    with pytest.raises(InputError) as error:
        study_from(read_text(text), folder)
    assert {one.path for one in error.value.mistakes} == {
        "form_factor.Ge",
        "experiments.b.form_factor.Si",
    }


def test_a_conflict_names_address_values_and_experiments(folder: Path) -> None:
    text = (
        f"{SOURCE}\n{DETECTOR}\nexposure: 1 year\n"
        "experiments: {near: {}, far: {couplings: {sin2_theta_w: 0.3}}}"
    )
    with pytest.raises(InputError) as error:
        study_from(read_text(text), folder)
    assert str(error.value) == (
        "experiments: found sin2_theta_w with two values (0.23857 in near, 0.3 in far), "
        "expected one value of what the experiments share"
    )


def test_an_exposure_is_quoted_as_it_was_written(folder: Path) -> None:
    for text in ("3e23 POT", "{on: 119 day, off: 27 day}", "1 tonne*year"):
        made = study(folder, "detector: {target: Ar40}" * ("tonne" in text), f"exposure: {text}")
        blocks = made.blocks[""]
        written = read_text(f"exposure: {text}")["exposure"]
        assert repr(blocks.exposure) == repr(written)


def test_missing_keys_name_their_block(folder: Path) -> None:
    with pytest.raises(InputError) as error:
        study_from(read_text("experiments: {near: {source: {}}}\ndetector: {}"), folder)
    assert str(error.value).splitlines() == [
        "experiments.near.source: found no 'type', expected a type of source: stopped-pion, "
        "monoenergetic, tabulated, reactor, solar, supernova, atmospheric, diffuse-supernova, "
        "geoneutrino, radioactive",
        "detector: found no 'target', expected this key, which is required",
        "experiments.near: found no 'exposure', expected this key, which is required",
    ]
    with pytest.raises(InputError, match=r"\(top level\): found no 'exposure'"):
        study_from(read_text(f"{SOURCE}\n{DETECTOR}"), folder)


EXTREMES = (
    *("detector: {target: Ar40, mass: 1e-300 kg}", "detector: {target: Ar40, mass: 1e300 kg}"),
    *("exposure: 1e-300 year", "exposure: 1e280 year"),
    "source: {type: stopped-pion, neutrinos_per_year: 4e22, distance: 1e-30 m}",
    "source: {type: stopped-pion, neutrinos_per_year: 4e22, distance: 1e-170 m}",
    *(
        "binning: {edges: [1e-300, 2e-300], unit: keV}",
        "binning: {from: 0 keV, to: 9 keV, bins: 2000}",
    ),
    "binning: {from: 1e-300 keV, to: 1e300 keV, bins: 10, spacing: log}",
    "detector: {target: Ar40, mass: 1 kg, threshold: 1 TeV}",
    "detector: {target: Ar40, mass: 1 kg, efficiency: {type: constant, value: 0}}",
    "detector: {target: Ar40, mass: 1 kg, resolution: {type: gaussian, noise: 1e-300 keV}}",
    "detector: {target: Ar40, mass: 1 kg, resolution: {type: gaussian, noise: 1e200 keV}}",
    "source: {type: monoenergetic, flavour: nu_e, energy: 1e-30 eV, flux: 1 /cm^2/s}",
    "source: {type: monoenergetic, flavour: nu_e, energy: 1e200 TeV, flux: 1 /cm^2/s}",
    "parameters: {signal.norm: {value: 1e308}}",
    "parameters: {detector.mass: {value: 0 kg}}",
)


@pytest.mark.parametrize("block", EXTREMES)
def test_extremes_give_finite_numbers_or_are_refused(block: str, folder: Path) -> None:
    try:
        total = study(folder, block).predict().total
    except InputError as error:
        assert ": found " in str(error)
    else:
        assert 0 <= total < float("inf")


def test_mistakes_travel_between_processes() -> None:
    """unit: an error raised in a worker arrives with its mistakes."""
    error = InputError([Mistake("a", "1", "2"), Mistake("b", "3", "4", "c")])
    assert pickle.loads(pickle.dumps(error)).mistakes == error.mistakes
