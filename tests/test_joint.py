"""Several data sets in one fit: what they share, what they must not, and what is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from data_files import DATA, need_data

from cevns.analysis import Analysis, analysis_of
from cevns.config.study import study_from
from cevns.datasets import analysis as analyses
from cevns.datasets.analysis import read_analysis
from cevns.errors import InputError
from cevns.inference.minimum import Minimum, minimise
from cevns.units import keV
from cevns.yaml_reader import read_text

CSI, OLD, LAR = "coherent-csi-2021", "coherent-csi-2017", "coherent-lar-2020"
BOTH = f"experiments: {{csi: {{data: {CSI}}}, lar: {{data: {LAR}}}}}\n"
ANGLE = """
couplings: {scheme: radiative}
parameters: {sin2_theta_w: {bounds: [0.05, 0.5]}}
fit: {parameters: [sin2_theta_w]}
"""
OVERLAP = f"experiments: {{old: {{data: {OLD}}}, new: {{data: {CSI}}}}}\n"
OWN = """
  own:
    source: {type: stopped-pion, facility: sns-2021, pions_per_proton: 0.08, distance: 20 m}
    detector: {target: Ar40, mass: 10 kg}
    exposure: 3e23 POT
    binning: {from: 10 keV, to: 60 keV, bins: 5}
    data: {file: own.csv}
"""


@pytest.fixture(autouse=True)
def _data(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (CSI, OLD, LAR):
        need_data(name, monkeypatch)


def analysis(text: str, folder: Path = Path()) -> Analysis:
    return analysis_of(study_from(read_text(text), folder))


def refused(text: str, folder: Path = Path()) -> str:
    """What is wrong with a file, which must be one line."""
    with pytest.raises(InputError) as caught:
        analysis(text, folder)
    assert len(caught.value.mistakes) == 1
    return str(caught.value)


@pytest.fixture(scope="module")
def angle() -> Minimum:
    """sin²θ_W of CsI and argon, with interpolated shapes."""
    with pytest.MonkeyPatch.context() as patch:
        for name in (CSI, LAR):
            need_data(name, patch)
        return minimise(analysis(BOTH + ANGLE).likelihood.with_(morphed=True))


# --- unit: what is shared -------------------------------------------------------------------------


def test_one_flux_for_both(angle: Minimum) -> None:
    """What has no name in front is shared; the rest belongs to one data set."""
    likelihood = angle.likelihood
    shared = {
        address for address in likelihood.floating if not address.startswith(("csi.", "lar."))
    }
    assert shared == {"sns.flux", "sin2_theta_w"}
    assert list(likelihood.constraints.addresses).count("sns.flux") == 1
    for channel in likelihood.channels:
        assert channel.names["sns.flux"] == "sns.flux"
        assert channel.names["signal.norm"] == f"{channel.name}.signal.norm"


def test_sum_of_two(angle: Minimum) -> None:
    """reference: the same θ in two likelihoods of one data set each; their sum has one constraint
    of the flux too many. 1e-9 of it: rounding of sums over a thousand cells.
    """
    theta, table = angle.theta, angle.likelihood.parameters
    total = 0.0
    for name, data in (("csi", CSI), ("lar", LAR)):
        single = analysis(f"data: {data}\n{ANGLE}").likelihood.with_(morphed=True)
        own = [theta.get(f"{name}.{a}", theta.get(a)) for a in single.floating]
        assert None not in own
        total += single(own)
    pull = (theta["sns.flux"] - 1.0) / (table["sns.flux"].prior or 0.0)
    assert total - pull**2 == pytest.approx(angle.value, rel=1e-9, abs=0)


def test_weak_mixing_angle(angle: Minimum) -> None:
    """snapshot, not truth: of today's data sets and shapes; the digits shown.

    The published one of CsI alone, 0.220 −0.026 +0.028, is a claim of its data set.
    """
    assert angle.converged
    assert angle.at("sin2_theta_w") == pytest.approx(0.222, rel=0, abs=0.001)
    assert angle.error("sin2_theta_w") == pytest.approx(0.025, rel=0, abs=0.001)


def test_strengths_are_of_each_data_set() -> None:
    """``signal.norm`` without a name in front means all of them, said or by default."""
    expected = ("csi.signal.norm", "lar.signal.norm")
    assert analysis(BOTH).interest == expected
    made = analysis(f"{BOTH}fit: {{parameters: [signal.norm]}}")
    assert made.interest == expected and set(expected) <= set(made.likelihood.floating)
    assert analysis(f"{BOTH}fit: {{parameters: [lar.signal.norm]}}").interest == expected[1:]


@pytest.mark.parametrize("fit", ["", "fit: {parameters: [signal.norm]}\n"])
def test_one_strength_for_both(fit: str) -> None:
    tie = "parameters: {lar.signal.norm: {same_as: csi.signal.norm}}\n"
    made = analysis(BOTH + tie + fit)
    assert made.interest == ("csi.signal.norm",)
    theta = made.likelihood.held({"csi.signal.norm": 0.5}).fixed
    values = made.likelihood.held(theta).start
    found = made.likelihood.held(theta).theta(values)
    assert found["lar.signal.norm"] == 0.5
    named = f"{BOTH}{tie}fit: {{parameters: [lar.signal.norm]}}"
    assert "lar.signal.norm, which is the same as csi.signal.norm" in refused(named)


def test_a_tie_acts_as_one_parameter() -> None:
    """property: −2 ln L with I tied to Cs is that with both at one value."""
    tie = "parameters: {I.neutron_skin: {same_as: Cs.neutron_skin}}\n"
    tied = analysis(f"data: {CSI}\n{tie}").likelihood
    free = analysis(f"data: {CSI}").likelihood
    skins = {"Cs.neutron_skin": 0.7, "I.neutron_skin": 0.7}
    one = tied.held({"Cs.neutron_skin": 0.7})
    assert one(one.start) == free.held(skins)(free.start)
    assert one(one.start) != free(free.start)


# --- unit: correlations of priors -----------------------------------------------------------------


def test_correlated_priors() -> None:
    """reference: χ² of two Gaussians, (a² − 2ρab + b²)/(1 − ρ²)."""
    one, two = "csi.background.steady-state.norm", "lar.signal.rate"
    pair = f"correlations: [{{between: [{one}, {two}], rho: 0.6}}]\n"
    likelihood = analysis(BOTH + pair).likelihood
    widths = [float(likelihood.parameters[a].prior or 0.0) for a in (one, two)]
    theta = {one: 1.0 + 0.7 * widths[0], two: 1.0 - 1.1 * widths[1]}
    expected = (0.7**2 + 2 * 0.6 * 0.7 * 1.1 + 1.1**2) / (1 - 0.6**2)
    assert likelihood.constraints.value(theta) == pytest.approx(expected, rel=1e-9, abs=0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("correlations: [{between: [csi.source.norm, lar.signal.rate], rho: 0.6}]", "no prior"),
        (
            "parameters: {lar.signal.rate: {same_as: csi.background.steady-state.norm}}\n"
            "correlations: [{between: [lar.signal.rate, sns.flux], rho: 0.6}]",
            "lar.signal.rate, which is the same as csi.background.steady-state.norm",
        ),
    ],
)
def test_correlations_that_would_be_ignored(text: str, message: str) -> None:
    found = refused(BOTH + text)
    assert found.startswith("correlations: found ") and message in found


# --- unit: what is refused ------------------------------------------------------------------------


@pytest.mark.parametrize("second", [CSI, OLD])
def test_overlap(second: str) -> None:
    text = f"experiments: {{one: {{data: {CSI}}}, two: {{data: {second}}}}}"
    found = refused(text)
    assert f"{CSI} in one and {second} in two, which share their exposure" in found
    assert "'allow_overlap: true' permits both" in found


@pytest.mark.parametrize(
    ("second", "refused"), [("[sr2]", False), ("[sr0, sr1]", True), ("null", True)]
)
def test_runs_of_one_data_set(second: str, refused: bool) -> None:
    """unit: different runs share no exposure."""
    names = "data: {name: xenonnt-b8-2026, runs: "
    text = f"experiments: {{first: {{{names}[sr0]}}}}, last: {{{names}{second}}}}}}}\n"
    if refused:
        with pytest.raises(InputError, match="which share their exposure"):
            analysis(text)
    else:
        assert len(analysis(text).likelihood.channels) == 2


def test_overlap_allowed() -> None:
    """The flux is one parameter then as well, constrained once; the events count twice."""
    made = analysis(f"{OVERLAP}allow_overlap: true\n").likelihood
    assert made.floating.count("sns.flux") == 1
    assert made.constraints.addresses.count("sns.flux") == 1
    singles = [analysis(f"data: {name}").likelihood for name in (OLD, CSI)]
    total = sum(one(one.start) for one in singles)
    assert made(made.start) == pytest.approx(total, rel=1e-9, abs=0)  # rounding of sums


def test_argon_beside_caesium_iodide_is_no_overlap() -> None:
    assert len(analysis(BOTH).likelihood.channels) == 2


def test_two_values_of_what_is_shared() -> None:
    text = BOTH.replace(f"data: {CSI}", f"data: {CSI}, couplings: {{sin2_theta_w: 0.23}}").replace(
        f"data: {LAR}", f"data: {LAR}, couplings: {{sin2_theta_w: 0.24}}"
    )
    expected = "experiments: found sin2_theta_w with two values (0.23 in csi, 0.24 in lar)"
    assert refused(text).startswith(expected)


def test_two_priors_of_what_is_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """One data set as it is, of the other a copy that knows the flux better."""

    def changed(name: str) -> Any:
        own = read_analysis(name)
        given = {**own.given, "sns.flux": {"prior": "7 %"}} if name == LAR else own.given
        return own.model_copy(update={"given": given})

    monkeypatch.setattr(analyses, "read_analysis", changed)
    expected = "experiments: found sns.flux with two priors (0.1 in csi, 0.07 in lar)"
    assert refused(BOTH).startswith(expected)


@pytest.mark.parametrize("address", ["plan.signal.norm", "plan.source.norm"])
def test_a_parameter_of_an_experiment_without_data(address: str) -> None:
    plan = OWN.replace("    data: {file: own.csv}\n", "").replace("own:", "plan:")
    text = f"experiments:\n  csi: {{data: {CSI}}}{plan}fit: {{parameters: [{address}]}}"
    with pytest.warns(UserWarning, match="plan: no data"):
        assert f"{address}, which no data depend on" in refused(text)


# --- unit: whose apparatus ------------------------------------------------------------------------


def test_the_defaults_of_a_detector_are_not_for_public_data(tmp_path: Path) -> None:
    """They are for the experiments that have none; physics at the top is for all."""
    counts(tmp_path)
    own = OWN.replace("    detector: {target: Ar40, mass: 10 kg}\n", "")
    text = (
        "detector: {target: Ar40, mass: 10 kg, threshold: 20 keV}\nform_factor: point\n"
        f"experiments:\n  csi: {{data: {CSI}}}{own}"
    )
    study = study_from(read_text(text), tmp_path)
    alone = study_from(read_text(f"data: {CSI}\nform_factor: point"))
    assert study.experiments["own"].detector.threshold == pytest.approx(20 * keV, rel=1e-12, abs=0)
    assert study.experiments["csi"].detector == alone.experiments[""].detector
    assert study.predict("csi").total == pytest.approx(alone.predict().total, rel=1e-12, abs=0)
    nominal = study_from(read_text(f"data: {CSI}")).predict().total
    assert study.predict("csi").total > 1.05 * nominal  # no form factor


def test_its_own_entry_is_over_what_a_data_set_brings() -> None:
    """Key by key: the mass alone is another one; twice the mass, twice the events."""
    text = f"experiments: {{csi: {{data: {CSI}, detector: {{mass: 29.2 kg}}}}}}"
    heavy = study_from(read_text(text)).predict("csi").total
    known = study_from(read_text(f"data: {CSI}")).predict().total
    assert heavy == pytest.approx(2 * known, rel=1e-12, abs=0)


# --- reference: own counts beside public data -----------------------------------------------------


def counts(folder: Path) -> None:
    rows = ["15,80", "25,50", "35,35", "45,20", "55,10"]
    (folder / "own.csv").write_text("\n".join(["energy [keV],counts", *rows]))


def test_own_counts_beside_public_ones(tmp_path: Path) -> None:
    """The sum of the two, and one flux, since both are of one facility."""
    counts(tmp_path)
    prior = "parameters: {sns.flux: {prior: 10 %}}\n"
    entries = f"experiments:\n  csi: {{data: {OLD}}}{OWN}"
    joint = analysis(entries + prior, tmp_path).likelihood
    alone = analysis(f"experiments:{OWN}{prior}", tmp_path).likelihood
    public = analysis(f"data: {OLD}\n{prior}").likelihood
    assert joint.floating.count("sns.flux") == 1 and alone.floating == ("sns.flux",)
    moved = {a: float(x) for a, x in zip(joint.floating, joint.start, strict=True)}
    moved["sns.flux"] = 1.05
    values = [moved[f"csi.{a}"] if f"csi.{a}" in moved else moved[a] for a in public.floating]
    total = public(values) + alone([1.05]) - 0.5**2  # the constraint of the flux, once
    assert joint(list(moved.values())) == pytest.approx(total, rel=1e-9, abs=0)


def test_units_do_not_matter(tmp_path: Path) -> None:
    """property: a whole fit with other base units, in a process of its own.

    The minimum is found to 1e-14 in −2 ln L or where rounding stops; 1e-6 is asked for.
    """
    counts(tmp_path)
    file = tmp_path / "joint.yaml"
    file.write_text(
        f"fit: {{parameters: [sin2_theta_w]}}\nexperiments:\n  csi: {{data: {OLD}}}{OWN}"
    )
    found = []
    for seed in ("", "7"):
        environment = {**os.environ, "CEVNS_DATA": str(DATA)}
        environment.pop("CEVNS_RANDOM_UNITS", None)
        if seed:
            environment["CEVNS_RANDOM_UNITS"] = seed
        command = [sys.executable, "-m", "cevns", "fit", str(file), "--json"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        found.append(json.loads(done.stdout))
    one, two = found
    assert one["minimum"] == pytest.approx(two["minimum"], rel=1e-6, abs=0)
    for address, parameter in one["parameters"].items():
        for key in ("value", "error", "lower", "upper"):
            expected = parameter[key]
            assert two["parameters"][address][key] == pytest.approx(expected, rel=1e-6, abs=0)
    for name, events in one["expected"].items():
        assert two["expected"][name] == pytest.approx(events, rel=1e-6, abs=0)
