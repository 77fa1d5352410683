"""The experiment file: every form of the contract is read as it is written there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from shared_files import BUNDLED, WORKED, need_worked
from snippets import EXPOSURE, PULSED, SOURCE, refused, study, write_tables

from cevns import load
from cevns.config.study import study_from
from cevns.errors import InputError
from cevns.merge import merge
from cevns.units import day, keV, kg, year
from cevns.yaml_reader import read_text


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tables that the snippets name."""
    return write_tables(tmp_path_factory.mktemp("tables"))


# --- unit: every form of the contract ----------------------------------------------------------

EE = "quenching: {type: lindhard}"
LIGHT = f"{EE}, light_yield: 13.35 PE / keVee"
DETECTORS = (
    *("target: Ar40", "target: Ar", "target: CsI", "target: CaWO4"),
    *("target: {Ge: {Ge76: 0.86, Ge74: 0.14}}", "target: {Ge: {Ge76: 86 %, Ge74: 14 %}}"),
    "target: Ar, quenching: {type: constant, value: 0.0878}",
    "target: Ar, quenching: {type: constant, value: 8.78 %}",
    "target: Ar, quenching: {type: linear, a: 0.246, b: 0.00078 / keVnr}",
    "target: CsI, quenching: {type: polynomial, unit: MeV, coefficients: [0.05, 4.3, -111, 840]}",
    "target: Ge, quenching: {type: lindhard, k: 0.157}",
    "target: Ge, quenching: {type: lindhard}",
    "target: Ge, quenching: {type: table, file: quenching.csv}",
    "target: NaI, quenching: {Na: {type: constant, value: 0.2}, I: {type: lindhard, k: 0.1}}",
    f"target: CsI, {LIGHT}",
    f"target: Ge, {EE}, resolution: {{type: gaussian, noise: 68 eVee, stochastic: 0.58 keVee^0.5, "
    "relative: 2 %}",
    f"target: Ge, {EE}, resolution: {{type: gaussian, noise: 20 eVee, fano: 0.11, pair_energy: "
    "2.96 eV}",
    f"target: CsI, {LIGHT}, resolution: {{type: gamma, shape: [1, 9.56 / keVee]}}",
    f"target: CsI, {LIGHT}, resolution: {{type: poisson}}",
    "target: Ar, efficiency: {type: constant, value: 50 %}",
    "target: Ar, efficiency: {type: step, at: 5 keV}",
    "target: Ar, efficiency: {type: step, at: 5 keVnr, of: recoil}",
    f"target: Ar, {EE}, efficiency: {{type: erf, midpoint: 120 eVee, width: 30 eVee}}",
    f"target: CsI, {LIGHT}, efficiency: {{type: sigmoid, top: 1.32, steepness: 0.286 / PE, "
    "midpoint: 10.9 PE, offset: -0.33}",
    f"target: CsI, {LIGHT}, efficiency: [{{type: table, file: light.csv, of: observable}}, "
    "{type: table, file: recoil.csv, of: recoil}]",
    *("target: Ar, threshold: 10 keV", "target: Ar, threshold: 10 keVnr"),
    f"target: CsI, {LIGHT}, threshold: 5 PE",
    f"target: Ge, {EE}, backgrounds: [{{name: flat, type: flat, rate: 10 / keV / kg / day}}, "
    "{name: lines, type: table, file: lines.csv}]",
)


@pytest.mark.parametrize("content", DETECTORS)
def test_detector_forms(content: str, folder: Path) -> None:
    assert study(folder, f"detector: {{mass: 24.4 kg, {content}}}").experiments


TIMES = (
    "{window: [0 us, 6 us]}",
    "{window: [-0.1 us, 4.9 us]}",
    "{window: [0 us, 6 us], efficiency: {type: exponential, onset: 0.52 us, rate: 0.0494 / us}}",
)


@pytest.mark.parametrize("time", TIMES)
def test_time_forms(time: str, folder: Path) -> None:
    detector = f"detector: {{target: Ar, mass: 1 kg, time: {time}}}"
    assert study(folder, PULSED, detector, "exposure: 1e23 POT").experiments


@pytest.mark.parametrize(
    ("text", "kind", "amount"),
    [
        ("1 year", "time", year),
        ("7.48 GW*hour", "beam energy", None),
        ("3.198e23 POT", "protons", 3.198e23),
        ("3.51 tonne*year", "mass-time", 3510 * kg * year),
        ("{on: 119 day, off: 27 day}", "time", 119 * day),
        ("{on: 119 day}", "time", 119 * day),
        ("1 burst", "burst", None),
    ],
)
def test_exposure_forms(text: str, kind: str, amount: float | None, folder: Path) -> None:
    blocks: Any = study(folder, f"exposure: {text}").blocks[""]
    assert blocks.exposure.kind == kind
    if amount is not None:
        assert blocks.exposure.amount == pytest.approx(amount, rel=1e-12, abs=0)


TOP_BLOCKS = (
    "model: [standard-model]",
    *("couplings: {scheme: tree}", "couplings: {scheme: radiative, sin2_theta_w: 0.23857}"),
    *("couplings: {scheme: radiative-q}", "kinematics: exact", "kinematics: no-T-over-E"),
    *("form_factor: helm", "form_factor: helm-lewin-smith", "form_factor: klein-nystrand"),
    *("form_factor: symmetrized-fermi", "form_factor: point"),
    "form_factor: {type: klein-nystrand, rms_radius: 3.4 fm}",
    "form_factor: {proton: helm, neutron: {type: helm, rms_radius: 3.6 fm}}",
    "form_factor: {Ar: {type: helm, rms_radius: 5.0 fm}}",
    "form_factor: {Ar: {proton: helm, neutron: point}}",
    *("electron_scattering: false", "electron_scattering: true"),
    *("electron_scattering: {w_exchange: false}",),
    *("axial: none", "axial: simple", "axial: shell-model"),
    "binning: {from: 0 keV, to: 100 keV, bins: 100, spacing: linear}",
    "binning: {from: 1 keV, to: 100 keV, bins: 100, spacing: log}",
    "binning: {edges: [0, 8, 12], unit: keV}",
    "binning: {edges: [0 keV, 8 keV, 12 keV]}",
    "binning: {energy: {from: 0 keV, to: 9 keV, bins: 3}}",
    "fit: {parameters: [sin2_theta_w], statistic: poisson}",
    "study: {statistic: chi2-counting, systematic: [0, 5 %, 10 %], sigma_from: expected}",
    "study: {statistic: poisson, systematic: 5 %, sigma_from: observed}",
    "scan: {parameters: {sin2_theta_w: [0.1, 0.4, 200]}, profile: all, confidence: [90 %], dof: 2}",
    "scan: {parameters: {sin2_theta_w: {from: 0.1, to: 0.4, points: 60, spacing: log}}, "
    "profile: [source.norm]}",
    "scan: {settings: {detector.mass: {from: 1 kg, to: 2 kg, points: 4}}, profile: none}",
)


@pytest.mark.parametrize("block", TOP_BLOCKS)
def test_top_level_forms(block: str, folder: Path) -> None:
    assert study(folder, block).blocks


INTERACTIONS = (
    '{nsi: {eps_ee_u: 0.1, eps_ee_d: 0, eps_etau_d: "0.2+0.05j"}}',
    "{magnetic-moment: {nu_e: 1e-10 mu_B, nu_mu: 6e-10 mu_B, form_factor: none}}",
    *("{charge-radius: {nu_mu: 1e-32 cm^2}}", "{millicharge: {nu_e: 1e-12}}"),
    *(
        f"{{light-vector: {{mass: 30 MeV, coupling: 1e-4, charges: {charges}}}}}"
        for charges in (
            *("universal", "b-l", "lmu-ltau", "{nu: 1, u: 1, d: 1}", "b-3le", "b-3lmu"),
            *("b-3ltau", "le-lmu", "sequential", "{e6: {beta: 0}}"),
        )
    ),
    *("{light-scalar: {mass: 10 MeV, coupling: 1e-5}}", "{light-pseudoscalar: {mass: 1 MeV}}"),
    *("{light-axial: {mass: 1 GeV}}", "{light-tensor: {mass: 1 MeV, convention: coherent}}"),
    *("{light-tensor: {mass: 1 MeV, convention: nuclear}}", "{anapole: {nu_e: 1e-33 cm^2}}"),
    "{sterile: {dm2: 1 eV^2, Ue4_sq: 0.02, Umu4_sq: 0.01, convention: active-deficit}}",
    "{sterile: {dm2: 1 eV^2, convention: survival}}",
    *("{heavy-zprime: {charges: e6-chi, mass: 1 TeV}}", "nsi", "magnetic-moment"),
    "{dipole-portal: {nu_mu: 1e-9 mu_B, mass: 5 MeV}}",
)


@pytest.mark.parametrize("interaction", INTERACTIONS)
def test_interaction_forms(interaction: str, folder: Path) -> None:
    assert len(study(folder, f"model: [standard-model, {interaction}]").blocks[""].model) == 2


SOURCES = (
    "type: stopped-pion, power: 1.4 MW, proton_energy: 1 GeV, pions_per_proton: 0.08, "
    "distance: 20 m",
    "type: stopped-pion, facility: sns-2021, distance: 19.3 m, pulse: {shape: gaussian, "
    "mean: 440 ns, width: 150 ns}, components: [prompt, delayed], length_spread: 25 cm",
    "type: stopped-pion, neutrinos_per_year: 4e22, distance: 20 m",
    *(
        f"type: reactor, power: 3.9 GW, distance: 17.1 m, fuel: {fuel}"
        for fuel in ("pwr", "bwr", "heu", "{U235: 0.58, Pu239: 0.42}")
    ),
    *(
        f"type: reactor, flux: 1e13 /cm^2/s, fuel: {{U235: 1.0}}, spectrum: {spectrum}, "
        "neutron_capture: true"
        for spectrum in ("huber-mueller", "vogel-engel", "{U235: fission.csv}")
    ),
    *(
        f"type: solar, fluxes: {fluxes}, components: [pp, pep, hep, Be7, B8, N13, O15, F17]"
        for fluxes in ("b16-gs98", "b16-agss09met", "sfii-gs98", "sfii-agss09")
    ),
    "type: supernova, distance: 10 kpc, energy: 3e53 erg, mean_energy: {nu_e: 10 MeV, nu_e_bar: "
    "14 MeV, nu_x: 15 MeV}, pinching: {nu_e: 3, nu_e_bar: 3, nu_x: 2.5}",
    *("type: atmospheric, model: fluka, site: gran-sasso", "type: diffuse-supernova"),
    *("type: geoneutrino", "type: radioactive, isotope: Cr51, activity: 5 MCi, distance: 25 cm"),
    "type: radioactive, isotope: Cr51, activity: 5 MCi, geometry: surrounding",
    "type: monoenergetic, flavour: nu_e, energy: 0.8613 MeV, flux: 4.4e9 /cm^2/s",
    "type: tabulated, file: spectrum.csv, flavour: nu_e_bar",
)


@pytest.mark.parametrize("source", SOURCES)
def test_source_forms(source: str, folder: Path) -> None:
    made: Any = study(folder, f"source: {{{source}}}").blocks[""]
    assert source.startswith(f"type: {made.source.type}")


def test_several_sources_have_names(folder: Path) -> None:
    line = "type: monoenergetic, flavour: nu_e, energy: 1 MeV, flux: 1 /cm^2/s"
    two = f"source: [{{name: a, {line}}}, {{name: b, {line}}}]"
    assert "source.b.norm" in study(folder, two).parameters
    nameless = f"source: [{{name: a, {line}}}, {{{line}}}]"
    assert refused(folder, nameless)[0].startswith("source: found")


def test_defaults(folder: Path) -> None:
    blocks: Any = study(folder).blocks[""]
    assert [part.name for part in blocks.model] == ["standard-model"]
    assert (blocks.couplings.scheme, blocks.couplings.sin2_theta_w) == ("tree", 0.23857)
    assert (blocks.kinematics, blocks.axial, blocks.electron_scattering) == ("exact", "none", False)
    assert blocks.form_factor.kind == "helm"
    assert blocks.detector.threshold is None


def test_numbers_arrive_in_internal_units(folder: Path) -> None:
    made: Any = study(folder, "detector: {target: Ar, mass: 24.4 kg, threshold: 10 keV}").blocks[""]
    assert made.detector.mass == pytest.approx(24.4 * kg, rel=1e-12, abs=0)
    assert made.detector.threshold == pytest.approx(10 * keV, rel=1e-12, abs=0)
    binned: Any = study(folder, "binning: {edges: [0, 8, 12], unit: keV}").blocks[""]
    assert binned.binning.energy.edges == pytest.approx([0, 8 * keV, 12 * keV], rel=1e-12, abs=0)


@pytest.mark.parametrize("path", [*WORKED, *BUNDLED], ids=lambda path: path.name)
def test_real_files_are_read(path: Path) -> None:
    assert load(path).parameters


def test_all_ten_worked_files_are_there() -> None:
    need_worked()
    assert len(WORKED) == 10


# --- unit: data, extends, experiments ----------------------------------------------------------


@pytest.mark.parametrize(
    "data", ["coherent-lar-2020", "{name: coherent-lar-2020, signal: predicted}"]
)
def test_data_forms(data: str, folder: Path) -> None:
    assert study_from(read_text(f"data: {data}"), folder).blocks[""].data_set == "coherent-lar-2020"


def test_a_data_set_without_a_likelihood_is_refused_by_name(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is released but has no analysis: every one has for now, so it is taken away."""
    monkeypatch.setattr("cevns.datasets.analysis.analysed", lambda: ("coherent-csi-2021",))
    with pytest.raises(InputError, match=r"'dresden-ii-2022', expected a data set that .* fit"):
        study_from(read_text("data: dresden-ii-2022"), folder)


def test_an_experiment_may_share_exposure(folder: Path) -> None:
    text = "allow_overlap: true\nexperiments: {csi: {data: coherent-csi-2021}}"
    assert study_from(read_text(text), folder).together.allow_overlap


def test_extends_takes_tables_from_beside_the_extended_file(tmp_path: Path) -> None:
    base = tmp_path / "base"
    base.mkdir()
    (base / "eff.csv").write_text("energy [keV],efficiency\n1,0\n100,1\n", "utf-8")
    detector = "detector: {target: Ar40, mass: 1 kg, efficiency: {type: table, file: eff.csv}}"
    (base / "base.yaml").write_text(f"{SOURCE}\n{detector}\n{EXPOSURE}\n", "utf-8")
    (tmp_path / "own.yaml").write_text("extends: base/base.yaml\ndetector: {mass: 2 kg}\n", "utf-8")
    own, extended = load(tmp_path / "own.yaml"), load(base / "base.yaml")
    assert own.predict().total == pytest.approx(2 * extended.predict().total, rel=1e-12, abs=0)


def test_extends_that_runs_in_a_circle_is_refused(tmp_path: Path) -> None:
    for name, other in (("a", "b"), ("b", "a")):
        (tmp_path / f"{name}.yaml").write_text(f"extends: {other}.yaml\n", "utf-8")
    with pytest.raises(InputError, match=r"^extends: found .*a file that does not extend itself"):
        load(tmp_path / "a.yaml")


def test_a_mistake_of_the_extended_file_is_placed_at_extends(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(f"{SOURCE}\n{EXPOSURE}\ndetector: {{target: Arr}}", "utf-8")
    (tmp_path / "own.yaml").write_text("extends: base.yaml\n", "utf-8")
    with pytest.raises(InputError, match=r"^extends: found base\.yaml: detector\.target: 'Arr'"):
        load(tmp_path / "own.yaml")


def test_a_missing_extended_file_is_named_once(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("extends: base.yaml\n", "utf-8")
    with pytest.raises(InputError, match=r"^extends: found base\.yaml: no such file or directory,"):
        load(tmp_path / "own.yaml")


@pytest.mark.parametrize(
    ("defaults", "override", "merged"),
    [
        ({"a": 1, "b": 2}, {"b": 3}, {"a": 1, "b": 3}),
        ({"a": {"x": 1}}, {"a": {"y": 2}}, {"a": {"x": 1, "y": 2}}),
        ({"type": "erf", "width": 1}, {"type": "step", "at": 2}, {"type": "step", "at": 2}),
        ({"type": "gamma", "shape": [1, 2]}, {"shape": [3, 4]}, {"type": "gamma", "shape": [3, 4]}),
        (
            {"shape": "gaussian", "mean": 1},
            {"shape": "box", "start": 0},
            {"shape": "box", "start": 0},
        ),
        ({"from": 0, "to": 1, "bins": 2}, {"edges": [0, 1]}, {"edges": [0, 1]}),
        (
            {"target": {"Ge": {"Ge76": 1}}},
            {"target": {"Si": {"Si28": 1}}},
            {"target": {"Si": {"Si28": 1}}},
        ),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
    ],
)
def test_merge(defaults: Any, override: Any, merged: Any) -> None:
    assert merge(defaults, override) == merged
