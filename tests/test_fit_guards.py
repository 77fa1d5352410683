"""What a fit must not do in silence: other cells, lost priors, second minima, edges, no effect."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from data_files import need_data

from cevns.analysis import analysis_of
from cevns.config.study import Study, study_from
from cevns.errors import InputError
from cevns.inference.fit import Fit, fit
from cevns.inference.interval import interval
from cevns.inference.minimum import minimise
from cevns.inference.result import as_dict
from cevns.likelihood.own import OwnBackgrounds
from cevns.likelihood.poisson import typical_deviance

OWN: dict[str, Any] = {
    "name": "germanium",
    "source": {
        "type": "stopped-pion",
        "flux": "1e7 /cm^2/s",
        "pulse": {"shape": "gaussian", "mean": "440 ns", "width": "150 ns"},
    },
    "detector": {
        "target": "Ge",
        "mass": "10 kg",
        "backgrounds": [{"name": "flat", "type": "flat", "rate": "0.001 /keV/kg/day"}],
    },
    "exposure": "1 year",
    "binning": {"energy": {"from": "1 keV", "to": "20 keV", "bins": 19}},
}
COUNTS = [30, 28, 27, 25, 24, 22, 21, 20, 19, 18, 17, 16, 16, 15, 14, 14, 13, 12, 12]


def own(folder: Path, counts: list[int] | None = None, **changes: Any) -> Study:
    """Germanium with counts in its 19 bins, its file changed at the top level."""
    rows = [f"{1.5 + i},{n}" for i, n in enumerate(COUNTS if counts is None else counts)]
    (folder / "counts.csv").write_text("energy [keV],counts\n" + "\n".join(rows) + "\n", "utf-8")
    return study_from({**OWN, "data": {"file": "counts.csv"}, **changes}, folder)


def fitted(study: Study) -> Fit:
    analysis = analysis_of(study)
    return fit(analysis.likelihood, analysis.interest)


# --- kind: unit (what is refused) ----------------------------------------------------------------

NAME = "coherent-csi-2017"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"data": NAME, "binning": {"from": "6 PE", "to": "20 PE", "bins": 7}}, "binning: found"),
        (
            {"experiments": {"a": {"data": NAME, "detector": {"backgrounds": []}}}},
            "experiments.a.detector.backgrounds: found",
        ),
        ({"data": "csi.csv"}, "own counts are {file: counts.csv}"),
        (
            {"data": NAME, "fit": {"parameters": ["signal.norm"]},
             "parameters": {"signal.norm": {"fixed": True}}},
            "parameters.signal.norm.fixed: found",
        ),
        (
            {"data": NAME, "parameters": {"signal.rate": {"same_as": "sns.flux", "prior": "1 %"}}},
            "parameters.signal.rate.prior: found '1 %', expected one of sns.flux",
        ),
        (
            {"data": NAME, "scan": {"parameters": {"sns.flux": [0.5, 1.5, 9]},
                                    "confidence": ["100 %"]}},
            "scan.confidence",
        ),
        (
            {"data": NAME, "scan": {"parameters": {"sns.flux": [0.5, 1.5, 5000],
                                                   "signal.norm": [0, 2, 5000]}}},
            "scan: found 25000000 points of all axes together, expected at most 1000000",
        ),
    ],
)  # fmt: skip
def test_refused_with_the_file(content: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        study_from(content)
    assert message in str(caught.value)


def test_two_coefficients_for_one_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    need_data(NAME, monkeypatch)
    pair = ["signal.rate", "sns.flux"]
    both = [{"between": pair, "rho": 0.5}, {"between": pair[::-1], "rho": -0.5}]
    with pytest.raises(InputError, match=r"found 0\.5 and -0\.5 between"):
        fitted(study_from({"data": NAME, "correlations": both}))


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"parameters": {"source.pulse.mean": {"fixed": False}}}, "parameters"),
        ({"fit": {"parameters": ["source.pulse.mean"]}}, "fit.parameters"),
    ],
)
def test_a_parameter_without_effect(
    changes: dict[str, Any], place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The times of CsI 2017 are those of its release: the pulse moves nothing."""
    need_data(NAME, monkeypatch)
    message = f"^{place}: found source.pulse.mean, which no data depend on here"
    with pytest.raises(InputError, match=message):
        fitted(study_from({"data": NAME, **changes}))


def test_a_nuisance_that_is_held_needs_no_detector(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another quenching model has no coefficients that the released modes could move."""
    need_data("coherent-csi-2021", monkeypatch)
    detector = {"quenching": {"type": "constant", "value": 0.0878}}
    study = study_from({"data": "coherent-csi-2021", "detector": detector})
    with pytest.raises(InputError, match=r"shape.quenching-0: \{fixed: true\}"):
        analysis_of(study)
    held = {f"shape.quenching-{i}": {"fixed": True} for i in (0, 1)}
    other = study_from({"data": "coherent-csi-2021", "detector": detector, "parameters": held})
    assert "shape.quenching-0" not in analysis_of(other).likelihood.floating


# --- kind: reference (against a closed form or a second way) --------------------------------------


def test_the_released_shape_is_that_of_the_release(monkeypatch: pytest.MonkeyPatch) -> None:
    """A number of the apparatus is the same in its block and under ``parameters``: one float."""
    need_data("coherent-lar-2020", monkeypatch)
    block = {"detector": {"quenching": {"a": 0.3}}}
    address = {"parameters": {"detector.quenching.a": {"value": 0.3}}}
    planes = []
    for changes in (block, address):
        likelihood = analysis_of(study_from({"data": "coherent-lar-2020", **changes})).likelihood
        (channel,) = likelihood.channels
        planes.append(channel.components(likelihood.theta(likelihood.start))["cevns"])
    assert planes[0] == pytest.approx(planes[1], rel=1e-12, abs=0)
    nominal = analysis_of(study_from({"data": "coherent-lar-2020"})).likelihood
    (channel,) = nominal.channels
    before = channel.components({})["cevns"]
    assert not np.allclose(planes[0] / planes[0].sum(), before / before.sum(), rtol=1e-3)


def test_backgrounds_fill_the_time_window(tmp_path: Path) -> None:
    """By hand: a third of a window of 6 µs lies in bins from 0 to 2 µs."""
    detector = {**OWN["detector"], "time": {"window": ["0 us", "6 us"]}}
    binning = {**OWN["binning"], "time": {"from": "0 us", "to": "2 us", "bins": 4}}
    study = study_from({**OWN, "detector": detector, "binning": binning}, tmp_path)
    experiment = study.experiments[""]
    from cevns.datasets.files import cells_of

    (part,) = OwnBackgrounds(experiment, cells_of(experiment)).parts({}, False)
    whole = float(np.sum(experiment.backgrounds()["flat"]))
    assert float(np.sum(part.nominal)) == pytest.approx(whole / 3, rel=1e-12, abs=0)


def test_no_counts_at_all(tmp_path: Path) -> None:
    """L = e^{−sμ}: s = 0, and 2sμ = 0.99986 (68.27 % of one parameter) ends the interval."""
    found = fitted(own(tmp_path, [0] * 19))
    (channel,) = found.likelihood.channels
    expected = float(np.sum(channel.components({"signal.norm": 1.0})["cevns"]))
    low, high = found.intervals["signal.norm"]
    assert found.minimum.at("signal.norm") == 0 == low
    # The height of 68.27 % is 1.000 to 2e-4, and the root is found to 1e-6 of itself.
    assert 2 * high * expected == pytest.approx(1.0, rel=5e-4, abs=0)
    assert found.significances == {"signal.norm": 0.0}
    result = as_dict(found)
    assert "error" not in result["parameters"]["signal.norm"]
    bare = {**OWN["detector"], "backgrounds": []}
    empty = fitted(own(tmp_path, [0] * 19, detector=bare))
    assert empty.goodness.p_value == 1.0  # nothing expected, nothing seen


def test_a_prior_on_the_strength_leaves_no_significance(tmp_path: Path) -> None:
    """Unit: q₀ would hold the prior as well."""
    prior = {"signal.norm": {"prior": "10 %"}}
    assert fitted(own(tmp_path, parameters=prior)).significances == {}


def test_norms_do_not_weaken_the_case_against_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """CsI 2017 with its flux held: it is varied, and the significance is the same."""
    need_data(NAME, monkeypatch)
    found = fitted(study_from({"data": NAME, "parameters": {"sns.flux": {"fixed": True}}}))
    assert found.systematic("signal.norm") > 0.05  # 10 % of 0.8
    bare = found.significances["signal.norm"]
    assert found.significance_with_systematics("signal.norm") == pytest.approx(bare, rel=1e-12)


def test_a_coupling_that_enters_squared(tmp_path: Path) -> None:
    """Asimov counts at g = 2e-4 are found from g = 0, where the likelihood is flat."""
    model = ["standard-model", {"light-vector": {"mass": "30 MeV", "coupling": 2e-4}}]
    made = own(tmp_path, model=model)
    likelihood = analysis_of(made).likelihood
    (channel,) = likelihood.channels
    counts = channel.expected(likelihood.theta(likelihood.start))
    start = ["standard-model", {"light-vector": {"mass": "30 MeV", "coupling": 0}}]
    study = own(tmp_path, model=start, fit={"parameters": ["light-vector.coupling"]})
    analysis = analysis_of(study)
    found = fit(analysis.likelihood.with_counts([counts]), analysis.interest)
    # MIGRAD stops at 1e-3 of an error, the error is 0.1 % of the coupling.
    assert found.minimum.at("light-vector.coupling") == pytest.approx(2e-4, rel=1e-5, abs=0)
    assert [abs(other.at("light-vector.coupling")) for other in found.others] == [
        pytest.approx(2e-4, rel=1e-5, abs=0)
    ]
    assert as_dict(found)["other_minima"][0]["above"] < 1e-6


def test_a_solution_beyond_a_barrier(tmp_path: Path) -> None:
    """A coupling that turns the sign of the weak amplitude fits as well as none.

    Reference: with one nuclide and flat backgrounds the mirror of ε is
    −2(Z g_p + N g_n)/(A + Z) − ε in every bin, at one form factor of protons and neutrons.
    """
    detector = {**OWN["detector"], "target": "Ge74", "backgrounds": []}
    source = {"type": "monoenergetic", "flavour": "nu_e", "energy": "30 MeV", "flux": "1e8 /cm^2/s"}
    fit_of = {"parameters": ["nsi.eps_ee_u"]}
    model = ["standard-model", "nsi"]
    study = own(tmp_path, detector=detector, source=source, model=model, fit=fit_of)
    found = fitted(study)
    near, far = sorted((found.minimum, *found.others), key=lambda one: one.at("nsi.eps_ee_u"))
    mirror = -2 * (32 * (0.5 - 2 * 0.23857) - 0.5 * 42) / (74 + 32)
    both = near.at("nsi.eps_ee_u") + far.at("nsi.eps_ee_u")
    assert both == pytest.approx(mirror, rel=1e-4, abs=0)  # that of two minimisations
    assert far.value == pytest.approx(near.value, rel=0, abs=1e-3)
    assert len(found.others) == 1


def test_what_data_cannot_tell_apart(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Two factors of one signal: no errors, no ends and no second minima, and MINUIT is silent.

    The fit stays where it began, with both at the same value; their product is what fits alone.
    """
    both = ["signal.norm", "source.norm"]
    found = fitted(own(tmp_path, fit={"parameters": both}))
    minimum = found.minimum
    assert minimum.converged
    first, second = minimum.degenerate.values()
    assert list(minimum.degenerate) == both and first * second < 0
    assert np.isnan(minimum.errors).all() and np.isnan(list(found.intervals.values())).all()
    assert not found.others
    assert minimum.determined == 1
    single = fitted(own(tmp_path, fit={"parameters": both[:1]}))
    product = minimum.at(both[0]) * minimum.at(both[1])
    # MIGRAD stops at 1e-3 of an error, that of the signal is a tenth of it
    assert product == pytest.approx(single.minimum.at(both[0]), rel=1e-4, abs=0)
    assert minimum.at(both[0]) == pytest.approx(minimum.at(both[1]), rel=1e-4, abs=0)
    assert found.goodness.mean == pytest.approx(single.goodness.mean, rel=1e-6, abs=0)
    assert capfd.readouterr() == ("", "")


def test_a_prior_tells_them_apart(tmp_path: Path) -> None:
    """With the flux known to 10 % the strength has an error; the flux that of its prior."""
    priors = {"source.norm": {"prior": "10 %"}}
    minimum = fitted(own(tmp_path, parameters=priors)).minimum
    assert not minimum.degenerate
    assert minimum.error("source.norm") == pytest.approx(0.1, rel=1e-3, abs=0)  # differences


def test_held_parameters_keep_their_priors_in_a_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the data say nothing, the profile of a flux is its prior: 1 at one width."""
    need_data(NAME, monkeypatch)
    likelihood = analysis_of(study_from({"data": NAME})).likelihood.freed(["signal.norm"])
    best = minimise(likelihood)
    moved = minimise(likelihood.held({"sns.flux": 1.1}))
    assert moved.value - best.value == pytest.approx(1.0, rel=1e-6, abs=0)
    # MINOS aims for 1 % of an error.
    assert interval(best, "sns.flux") == pytest.approx((0.9, 1.1), rel=0, abs=2e-3)


@pytest.mark.parametrize("mu", [250.0, 300.0, 350.0])
def test_moments_of_the_deviance_join(mu: float) -> None:
    """The sums and their expansion, on both sides of where one takes over: 1/μ² to be left."""
    mean, variance = typical_deviance(np.array([mu]))
    assert mean == pytest.approx(1 + 1 / (6 * mu), rel=0, abs=5e-6)
    assert variance == pytest.approx(2 + 2 / (3 * mu), rel=0, abs=4e-5)
