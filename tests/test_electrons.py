"""Neutrinos on electrons: the Standard Model, bound electrons, experiments.

Kinds: reference (rows of shared/reference.csv, closed forms of tests/oracle/electrons.py, edges of
the X-ray Data Booklet), property (limits, signs, sums) and unit.
"""

from __future__ import annotations

import importlib.util
import json
import math
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from oracle import electrons as oracle
from oracle import recoil
from probes import Given, flavour
from reference import reference_rows

import cevns
from cevns.cli import main as cli
from cevns.config.study import load
from cevns.cross_sections import differential_cross_section, total_cross_section
from cevns.divergence import diverging
from cevns.electrons import shells, target_electrons, target_shells
from cevns.errors import InputError
from cevns.interactions import StandardModel
from cevns.interactions.electromagnetic import ChargeRadius
from cevns.interactions.magnetic_moment import MagneticMoment
from cevns.kinematics import KINEMATICS
from cevns.nuclides import all_nuclides
from cevns.spectra import LineSpectrum
from cevns.targets import Target
from cevns.units import MeV, cm, day, eV, keV, kg

ROOT = Path(__file__).parents[1]
S2W = 0.23857
NEUTRINOS = [f"nu_{lepton}{bar}" for lepton in ("e", "mu", "tau") for bar in ("", "_bar")]
ROUNDING = 1e-12
INPUTS = 1e-9  # the last digits of ħc
FLUENCE = 1e14 / cm**2


def exactly(value: Any, tolerance: float = ROUNDING) -> Any:
    """A purely relative comparison: the default abs=1e-12 would hide any cm²."""
    return pytest.approx(value, rel=tolerance, abs=0)


def sigma(energy: float, T: Any, name: str, **options: Any) -> Any:
    """dσ/dT [cm²/MeV] on a free electron; MeV."""
    model = StandardModel(sin2_theta_w=options.pop("s2w", S2W), **options)
    values = differential_cross_section(
        energy * MeV, np.asarray(T) * MeV, "electron", flavour=name, model=model
    )
    return values / (cm**2 / MeV)


# --- the Standard Model ---------------------------------------------------------------------------


def test_rows() -> None:
    """reference: nue.* of the table, closed forms (1e-6)."""
    for row in reference_rows("nue."):
        given = row.inputs
        if "T_MeV" in given:
            ours = sigma(given["E_MeV"], given["T_MeV"], "nu_e", s2w=given["s2w"])
        else:
            model = StandardModel(sin2_theta_w=given["s2w"])
            energy = given["E_MeV"] * MeV
            ours = total_cross_section(energy, "electron", flavour="nu_mu", model=model) / cm**2
        assert ours == exactly(row.value, 1e-6)


@pytest.mark.parametrize("name", NEUTRINOS)
def test_cross_sections(name: str) -> None:
    """reference: Eq. 1 of Scholberg 2020 with g_V, g_A of 't Hooft (claims C1, C2, C7)."""
    gV, gA = oracle.couplings(name, S2W)
    for E, parts in ((0.3, (0.01, 0.5, 0.99)), (30.0, (1e-6, 0.3, 0.999))):
        top = 2 * E**2 / (oracle.M_E + 2 * E)
        for T in (part * top for part in parts):
            truth = recoil.dsigma_dT_chiral(E, T, oracle.M_E, gV, gA, False)
            assert sigma(E, T, name) == exactly(float(truth), INPUTS)


@pytest.mark.parametrize("name", NEUTRINOS)
@pytest.mark.parametrize("w", [True, False])
def test_total_cross_sections(name: str, w: bool) -> None:
    """reference: the integral over T in closed form, also above a threshold."""
    gV, gA = oracle.couplings(name, S2W, w)
    model = StandardModel(sin2_theta_w=S2W, w_exchange=w)
    for E, threshold in ((0.1, 0.0), (0.75, 0.2), (52.0, 0.0), (52.0, 10.0)):
        ours = total_cross_section(
            E * MeV, "electron", flavour=name, model=model, threshold=threshold * MeV
        )
        assert ours / cm**2 == exactly(oracle.between(E, threshold, math.inf, gV, gA), INPUTS)


@pytest.mark.parametrize("name", NEUTRINOS)
def test_vanishing_recoil(name: str) -> None:
    """reference: T → 0 is (G_F² m_e/π)(g_V² + g_A²), for any energy; nothing above T_max."""
    gV, gA = oracle.couplings(name, S2W)
    closed = oracle.G_F**2 * oracle.M_E / math.pi * (gV**2 + gA**2) * oracle.HBARC**2
    assert sigma(10.0, 1e-9, name) == exactly(closed, 1e-8)  # T/E
    top = 2 * 10.0**2 / (oracle.M_E + 20.0)
    assert sigma(10.0, top * (1 + 1e-12), name) == 0 < sigma(10.0, top * (1 - 1e-9), name)


def test_electron_neutrinos_scatter_six_times_more() -> None:
    """reference: σ(ν_e)/σ(ν_μ) = 6.1 for E ≫ m_e at sin²θ_W = 0.231, less at pp energies (C2)."""
    model = StandardModel(sin2_theta_w=0.231)
    ratios = [
        total_cross_section(E * MeV, "electron", model=model)
        / total_cross_section(E * MeV, "electron", model=model, flavour="nu_mu")
        for E in (1e4, 0.3)
    ]
    assert ratios[0] == pytest.approx(6.1, abs=0.05)
    assert ratios[1] < 4


def test_without_the_w() -> None:
    """reference: ν̄_e without s-channel W are ν̄_μ (the option of claim C7, X16)."""
    T = np.array([0.01, 0.5, 2.0])
    for bar in ("", "_bar"):
        ours = sigma(5.0, T, f"nu_e{bar}", w_exchange=False)
        assert np.array_equal(ours, sigma(5.0, T, f"nu_mu{bar}"))
        assert np.all(ours < sigma(5.0, T, f"nu_e{bar}"))


PUBLISHED = {"nu_e": (0.9521, 0.4938), "nu_mu": (-0.0397, -0.5062), "nu_tau": (-0.0353, -0.5062)}


@pytest.mark.parametrize("name", PUBLISHED)
def test_radiative_couplings(name: str) -> None:
    """reference: g_V and g_A of physics.md §5 at s² = 0.23857; sin²θ_W moves g_V by 2 δs²."""
    for shift in (0.0, 0.01):
        gV, gA = PUBLISHED[name]
        ours = sigma(8.0, 0.7, name, s2w=S2W + shift, scheme="radiative")
        truth = recoil.dsigma_dT_chiral(8.0, 0.7, oracle.M_E, gV + 2 * shift, gA, False)
        assert ours == exactly(float(truth), INPUTS)


def test_running_charge_radius() -> None:
    """reference: at Q the radius of ν_e acts on electrons as on protons with the other sign.

    L(Q, m_e) − L(0, m_e) = −Q²/5m_e² + … for small Q, a radius of −(α/5π)/(√2πα/G_F) /m_e² · 3.
    """
    T = 1e-4  # MeV: Q² = 2 m_e T, so that Q²/m_e² = 4e-4
    running, fixed = (sigma(5.0, T, "nu_e", scheme=s) for s in ("radiative-q", "radiative"))
    loop = 2 * T / oracle.M_E / 5  # 6∫x²(1−x)² Q²/m²
    shift = 1 / 137.036 / (3 * math.pi) * loop
    gV, gA = PUBLISHED["nu_e"]
    moved, plain = (
        float(recoil.dsigma_dT_chiral(5.0, T, oracle.M_E, g, gA, False)) for g in (gV + shift, gV)
    )
    assert running - fixed == pytest.approx(moved - plain, rel=1e-3, abs=0)  # the next power
    assert running > fixed


def test_charge_radii_of_the_radiative_couplings() -> None:
    """reference: (−0.83, −0.48, −0.30)e-32 cm² split g_V of the Z on electrons, too.

    Two decimals of each radius are 1.2e-4 of g_V, four decimals of each coupling 1e-4: 2.2e-4.
    """
    area = 1e-32 * cm**2
    radii = ChargeRadius(nu_e=-0.83 * area, nu_mu=-0.48 * area, nu_tau=-0.30 * area)
    (term,) = [one for one in radii.terms() if one.site == "e"]
    vector, _ = StandardModel(scheme="radiative", w_exchange=False).electron_couplings({})
    ours, published = (np.diagonal(np.asarray(one)) for one in (vector, term.coupling({})))
    assert np.diff(ours) == pytest.approx(np.diff(published), abs=2.2e-4)


# --- bound electrons ------------------------------------------------------------------------------


def build_script() -> ModuleType:
    """tools/build_electron_binding.py as a module."""
    path = ROOT / "tools" / "build_electron_binding.py"
    spec = importlib.util.spec_from_file_location("build_electron_binding", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_table_is_what_the_script_builds() -> None:
    """unit: byte for byte."""
    if importlib.util.find_spec("xraydb") is None:
        pytest.skip("needs xraydb")
    shipped = (ROOT / "src" / "cevns" / "data" / "electron_binding.csv").read_text("utf-8")
    assert build_script().build() == shipped


def test_every_element() -> None:
    """property: Z electrons, two in the K shell, which is the deepest and grows with Z."""
    deepest = 0.0
    for one in {n.Z: n for n in all_nuclides()}.values():
        found = shells(one.symbol)
        assert sum(number for _, number in found) == one.Z
        assert found[-1][1] == min(one.Z, 2)
        assert found[-1][0] > deepest
        deepest = found[-1][0]
        assert 0 <= found[0][0] < 30 * eV


BOOKLET = {"Ge": oracle.GERMANIUM, "Xe": oracle.XENON, "I": oracle.IODINE}


@pytest.mark.parametrize("symbol", BOOKLET)
def test_edges(symbol: str) -> None:
    """reference: Table 1-1 of the X-ray Data Booklet, which rounds some edges (1e-4)."""
    ours = [shell for shell in shells(symbol) if shell[0] > 10 * eV]
    expected = sorted((energy, number) for number, energy in BOOKLET[symbol])
    expected = [one for one in expected if one[0] > 10]
    if symbol == "I":  # 5s: not in the booklet
        ours = [shell for shell in ours if shell[0] / eV != pytest.approx(14.0)]
    assert [number for _, number in ours] == [number for _, number in expected]
    energies = [energy / eV for energy, _ in ours]
    assert energies == pytest.approx([energy for energy, _ in expected], rel=1e-4)


def test_effective_number() -> None:
    """reference: Z_eff of germanium between its edges (arXiv:1411.0574; the sums by hand)."""
    electrons = target_electrons(Target("Ge"))
    assert electrons.multiplicity is not None
    T = np.array([2.0, 4.0, 10.0, 29.5, 100.0, 122.0, 150.0, 200.0, 1230.0, 1300.0, 2000.0, 12e3])
    number = 32 * electrons.multiplicity(T * eV, {})
    assert number == pytest.approx([0, 2, 4, 10, 14, 18, 20, 22, 26, 28, 30, 32], rel=1e-12)


def test_compound() -> None:
    """property: CsI has its electrons in the ratio 55 to 53; all take part in the end."""
    found = dict(target_shells(Target("CsI")))
    assert sum(found.values()) == exactly(1.0)
    assert found[35985 * eV] == exactly(2 / 108)
    electrons, free = (target_electrons(Target("CsI"), b) for b in ("stepped", "free"))
    assert electrons.density == free.density == Target("CsI").electrons_per_mass
    assert electrons.multiplicity is not None and free.multiplicity is None
    assert electrons.multiplicity(np.array([1.0]) * MeV, {}) == exactly(1.0)
    assert 33169 * eV in electrons.breaks and 0.0 not in electrons.breaks


# --- experiments ----------------------------------------------------------------------------------


def experiment(target: str = "Ge", energy: float = 0.5, **options: Any) -> cevns.Experiment:
    """A kilogram in a line of ν̄_e."""
    detector = options.pop("detector", {})
    beam = flavour("nu_e_bar", LineSpectrum([energy * MeV], [1.0]))
    source = Given(parts=(beam,), fluence=FLUENCE)
    made = cevns.Detector(target=target, mass=1 * kg, **detector)
    options = {"electrons": "stepped", **options}
    return cevns.Experiment(source, made, 1 * day, **options)


def test_steps_inside_bins() -> None:
    """reference: Σ nᵢ ∫ from each binding energy on, in closed form; bins ignore the edges.

    4 valence electrons of the table, which the booklet does not have, are added by hand. 1e-6 is
    the contract; the edges of the booklet agree with the table's to 1e-4 and only shift what is
    between them, 1e-7 of a bin.
    """
    edges = np.array([0.01, 0.1, 0.5, 1.3, 5.0, 50.0, 300.0])
    ours = experiment().counts(edges * keV)[0, -1]
    gV, gA = oracle.couplings("nu_e_bar", S2W)
    given = [(n, energy * 1e-6) for n, energy in (*oracle.GERMANIUM, (4, 4.0))]
    atoms = 1.0 / (Target("Ge").formula_mass / (931.49410242 * MeV)) / 1.66053906660e-27
    per_atom = [oracle.bound(0.5, a / 1e3, b / 1e3, given, gV, gA) for a, b in pairwise(edges)]
    assert ours == exactly(np.array(per_atom) * atoms * 1e14, 2e-6)


def test_channels() -> None:
    """property: nuclei as without electrons; the parts add up; electrons have a name."""
    with_, without = experiment(), experiment(electrons="none")
    one, other = with_.predict(), without.predict()
    assert one.by_channel["cevns"] == exactly(other.by_channel["cevns"])
    assert set(one.by_channel) == {"cevns", "electron"}
    assert one.by_nuclide["electrons"] == one.by_channel["electron"]
    assert np.array_equal(one.edges, other.edges)
    total = sum(one.by_channel.values())
    assert total == exactly(one.below + one.counts.sum() + one.above)
    assert with_.largest_recoil() == without.largest_recoil()


def test_free_electrons() -> None:
    """reference: Z of them for each atom, however small the recoil (closed form, 1e-6)."""
    edges = np.array([1e-3, 1.0, 100.0])
    ours = experiment(electrons="free").counts(edges * keV)[0, -1]
    gV, gA = oracle.couplings("nu_e_bar", S2W)
    atoms = 1.0 / (Target("Ge").formula_mass / (931.49410242 * MeV)) / 1.66053906660e-27
    per_electron = [oracle.between(0.5, a / 1e3, b / 1e3, gV, gA) for a, b in pairwise(edges)]
    assert ours == exactly(32 * np.array(per_electron) * atoms * 1e14, 2e-6)


def test_electrons_are_not_quenched() -> None:
    """unit: E_ee is T; curves over the recoil are those of nuclei where there is quenching."""
    curve = {"type": "step", "of": "recoil", "at": 50 * keV}
    quenching = {"type": "constant", "value": 0.2}
    edges = np.array([5.0, 20.0]) * keV
    plain = experiment().counts(edges)[0]
    quenched = experiment(detector={"quenching": quenching}).counts(edges)[0]
    assert quenched[-1] == exactly(plain[-1])
    nuclear = {"quenching": quenching, "efficiency": curve}
    assert experiment(detector=nuclear).counts(edges)[0, -1] == exactly(plain[-1])
    assert experiment(detector={"efficiency": curve}).counts(edges)[0, -1] == 0
    light = {"light_yield": 10.0 / keV}
    assert experiment(detector=light).counts(np.array([50.0, 200.0]))[0, -1] == exactly(plain[-1])


def test_kinematics_of_electrons() -> None:
    """property: T/E is never dropped for them."""
    edges = np.array([1e-3, 0.1, 400.0]) * keV
    exact, leading = (experiment(kinematics=k).counts(edges)[0] for k in KINEMATICS)
    assert np.array_equal(exact[-1], leading[-1])
    assert exact[0, 0] != leading[0, 0]
    some = [
        total_cross_section(1 * MeV, "electron", kinematics=kinematics) for kinematics in KINEMATICS
    ]
    assert some[0] == some[1]


def test_bound_electrons_do_not_diverge() -> None:
    """property: 1/T of a magnetic moment on free ones; nothing below the outermost edge."""
    beam = [flavour("nu_e", LineSpectrum([0.5 * MeV], [1.0]))]
    moment = MagneticMoment(nu_e=1e-11)
    for binding, expected in (("free", (moment,)), ("stepped", ())):
        target = target_electrons(Target("Ge"), binding)
        assert diverging([moment], beam, target, {}, "exact", 0.3 * MeV) == expected


def test_unknown_binding() -> None:
    """unit: the nearest name."""
    with pytest.raises(InputError, match="stepped"):
        experiment(electrons="step")


# --- files ----------------------------------------------------------------------------------------

FILE = """\
source: {type: monoenergetic, flavour: nu_e, energy: 0.75 MeV, flux: 1e10 /cm^2/s}
detector: {target: Ge, mass: 1 kg, threshold: 1 keV}
exposure: 1 day
electron_scattering: %s
axial: %s
"""


@pytest.mark.parametrize(
    ("choice", "electrons", "w"),
    [
        *(("false", "none", True), ("true", "stepped", True)),
        *(("{w_exchange: false}", "stepped", False), ("{binding: free}", "free", True)),
    ],
)
def test_files(choice: str, electrons: str, w: bool, tmp_path: Path) -> None:
    """unit: each form of the block."""
    path = tmp_path / "one.yaml"
    path.write_text(FILE % (choice, "shell-model"))
    made = next(iter(load(path).blocks.values())).build()
    assert (made.electrons, made.axial) == (electrons, "shell-model")
    standard = made.model.interactions[0]  # type: ignore[union-attr]
    assert isinstance(standard, StandardModel) and standard.w_exchange == w


def test_predict_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """unit: counts by channel; a nuclide's spin among the parameters."""
    path = tmp_path / "one.yaml"
    path.write_text(FILE % ("true", "shell-model"))
    assert cli.run(["predict", str(path), "--json"]) == 0
    counts = json.loads(capsys.readouterr().out)["counts"]
    assert set(counts["by_channel"]) == {"cevns", "electron"}
    gV, gA = oracle.couplings("nu_e", S2W)
    atoms = 1.0 / (Target("Ge").formula_mass / (931.49410242 * MeV)) / 1.66053906660e-27
    given = [(n, energy * 1e-6) for n, energy in (*oracle.GERMANIUM, (4, 4.0))]
    expected = oracle.bound(0.75, 1e-3, math.inf, given, gV, gA) * atoms * 1e10 * 86400
    assert counts["by_channel"]["electron"] == exactly(expected, 2e-6)
    assert cli.run(["list", "parameters", str(path), "--json"]) == 0
    assert "Ge73.S_n" in capsys.readouterr().out


def test_cross_section_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    """unit: the target "electron"."""
    line = ["cross-section", "electron", "--energy", "10 MeV", "--flavour", "nu_mu", "--json"]
    assert cli.run(line) == 0
    found = json.loads(capsys.readouterr().out)
    gV, gA = oracle.couplings("nu_mu", S2W)
    assert found["total_cm2"] == exactly(oracle.between(10.0, 0.0, math.inf, gV, gA), INPUTS)
    assert found["maximum_recoil_keV"] == exactly(2e5 / (0.51099895 + 20), 1e-9)
