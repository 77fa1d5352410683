"""Dresden-II 2022: values with Gaussian errors, backgrounds that are functions, three quenchings.

`oracle.dresden` reads the same files with NumPy alone and shares no code with the package.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from data_files import DATA, need_data
from oracle import dresden as twin
from scipy.stats import chi2

from cevns.analysis import analysis_of
from cevns.config.study import study_from
from cevns.errors import InputError
from cevns.inference.export import workspace
from cevns.inference.fit import Fit, fit
from cevns.inference.minimum import minimise
from cevns.inference.toys import fit_toys
from cevns.likelihood.joint import Likelihood
from cevns.likelihood.statistic import Gaussian
from cevns.units import keV

Array = np.ndarray[Any, np.dtype[Any]]
ROOT = Path(__file__).resolve().parents[1]
NAME, SIGNAL = "dresden-ii-2022", "signal.norm"
KINDS = ("fef", "ybe", "lindhard")
AREAS = {"constant": 150_000 / 130, "exponential": 400_000, "L": 150_000, "M": 0.16}
FREE = {
    "signal": SIGNAL,
    "constant": "background.constant.norm",
    "exponential": "background.epithermal-neutrons.norm",
    "scale": "background.epithermal-neutrons.scale",
    "L": "background.L-shells.norm",
    "centre": "background.L-shells.centre",
    "width": "background.L-shells.width",
    "M": "background.M-shell.norm",
}


@pytest.fixture(autouse=True)
def _data(monkeypatch: pytest.MonkeyPatch) -> None:
    need_data(NAME, monkeypatch)


@cache
def likelihood(kind: str) -> Likelihood:
    analysis = analysis_of(study_from({"data": {"name": NAME, "quenching": kind}}))
    return analysis.likelihood.freed(analysis.interest)


@cache
def fitted(kind: str) -> Fit:
    return fit(likelihood(kind), (SIGNAL,))


def signal(kind: str) -> Array:
    """Our prediction of the signal, shape (130,)."""
    return likelihood(kind).channels[0].components({})["cevns"]


@cache
def model(kind: str) -> twin.Model:
    """The twin, handed our signal."""
    return twin.Model(*twin.counts(DATA / NAME), signal(kind))


def ours(kind: str, values: Array) -> dict[str, float]:
    """A point of the twin as our θ: areas over ours, energies in internal units."""
    named = dict(zip(twin.NAMES, values.tolist(), strict=True))
    scales = {"scale": keV, "centre": keV, "width": keV, "signal": 1.0}
    scales |= {name: 1 / area for name, area in AREAS.items()}
    return {FREE[name]: value * scales[name] for name, value in named.items()}


POINTS = np.array(
    [
        [1.0, 1100.0, 4.0e5, 0.25, 1.45e5, 1.297, 0.070, 0.16],
        [0.0, 1400.0, 3.3e5, 0.27, 1.40e5, 1.290, 0.068, 0.10],
        [3.2, 900.0, 4.5e5, 0.21, 1.50e5, 1.310, 0.075, 0.25],
    ]
)

# --- kind: reference ------------------------------------------------------------------------------


def test_floating_parameters_are_those_of_the_twin() -> None:
    assert set(likelihood("fef").floating) == set(FREE.values())


@pytest.mark.parametrize("point", POINTS)
def test_backgrounds(point: Array) -> None:
    """Error functions against the normal distribution function: rounding, 1e-10 of the largest."""
    found = likelihood("fef").channels[0].components(ours("fef", point))
    names = ("constant", "epithermal-neutrons", "L-shells", "M-shell")
    for name, wanted in zip(names, model("fef").backgrounds(point).values(), strict=True):
        assert found[name] == pytest.approx(wanted, rel=1e-8, abs=1e-10 * np.max(wanted))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("point", POINTS)
def test_objective(kind: str, point: Array) -> None:
    """Of the same numbers: rounding of sums of 130 cells."""
    theta = ours(kind, point)
    made = likelihood(kind)
    found = made([theta[address] for address in made.floating])
    assert found == pytest.approx(model(kind).chi2(point), rel=1e-9, abs=0)


@pytest.mark.parametrize("kind", KINDS)
def test_signal(kind: str) -> None:
    """The smeared spectrum against a dense sum.

    The released quenching tables are thinned here to 2e-5, 1e-4 of the factor itself: on the
    falling spectrum up to 1e-3 of a bin. For Lindhard's formula both integrals are good to 1e-7.
    """
    (experiment,) = study_from({"data": {"name": NAME, "quenching": kind}}).experiments.values()

    def spectrum(T: Array) -> Array:
        return experiment.recoil_spectrum(T * keV) * keV

    wanted = twin.smeared(spectrum, twin.quenched(DATA / NAME, kind))
    close = 1e-7 if kind == "lindhard" else 1e-3
    assert signal(kind)[:40] == pytest.approx(wanted[:40], rel=close, abs=0)
    assert np.sum(signal(kind)) == pytest.approx(np.sum(wanted), rel=close, abs=0)


@pytest.mark.parametrize("kind", KINDS)
def test_minimum_and_preference(kind: str) -> None:
    """Least squares of SciPy against MINUIT: both stop within 1e-4 of an error."""
    found, best = fitted(kind), model(kind).fit()
    assert found.minimum.value == pytest.approx(best.chi2, rel=1e-6, abs=0)
    for name, address in FREE.items():
        near = 1e-3 * found.minimum.error(address)
        wanted = ours(kind, np.array([best.values[one] for one in twin.NAMES]))[address]
        assert found.minimum.at(address) == pytest.approx(wanted, rel=0, abs=near), name
    preferred = model(kind).fit(0.0).chi2 - best.chi2
    assert found.significances[SIGNAL] == pytest.approx(np.sqrt(preferred), rel=1e-3, abs=0)


def test_no_preference_with_the_reactor_off() -> None:
    """25 days: the best strength is zero, and that of the Standard Model 4 σ away."""
    values, errors = twin.counts(DATA / NAME, off=True)
    scale = twin.DAYS_OFF / twin.DAYS
    best = replace(model("fef"), data=values, errors=errors, signal=scale * signal("fef"))
    assert best.fit().values["signal"] == pytest.approx(0.0, rel=0, abs=1e-6)
    assert best.fit(1.0).chi2 - best.fit().chi2 == pytest.approx(16.4, rel=0.01, abs=0)


def test_captures_are_part_of_the_flux() -> None:
    """1.2 antineutrinos of 7.2 per fission, too soft for recoils above the threshold."""
    whole = {"data": {"name": NAME, "quenching": "lindhard"}}
    bare = {**whole, "source": {"neutron_capture": False}}
    counts = [np.sum(study_from(one).predict().counts) for one in (whole, bare)]
    # 1 + 1.2/5.6 and the spread of what evaluations have below 2 MeV
    assert counts[1] / counts[0] == pytest.approx(1.21, rel=0.02, abs=0)


def test_tables_are_thinned_from_the_release() -> None:
    """All 451 points of the release within what the table says of itself, and its fifth digit."""
    rows = np.loadtxt(DATA / NAME / "QF_Fef_YBe.txt")
    for column, kind in ((1, "fef"), (2, "ybe")):
        blocks = study_from({"data": {"name": NAME, "quenching": kind}}).blocks[""]
        table = blocks.detector.quenching.file.table  # type: ignore[union-attr]
        assert table(rows[:, 0] * keV) == pytest.approx(rows[:, column], rel=0, abs=2.6e-5)
        assert len(table.x) < 200


# --- kind: property -------------------------------------------------------------------------------


def test_gradient() -> None:
    """Curves are differenced over 1 % of a step, 1e-4 of the slope of a cell; norms are exact."""
    made = likelihood("fef")
    theta = ours("fef", POINTS[1] + [0.4, 0, 0, 0, 0, 0, 0, 0.03])
    point = np.array([theta[address] for address in made.floating])
    for index, step in enumerate(made.steps):
        ends = [point.copy(), point.copy()]
        ends[0][index] -= 1e-3 * step
        ends[1][index] += 1e-3 * step
        slope = (made(ends[1]) - made(ends[0])) / 2e-3
        found = made.gradient(point)[index] * step
        assert found == pytest.approx(slope, rel=1e-3, abs=1e-2), made.floating[index]


def test_toys_are_drawn_with_the_errors_of_the_data() -> None:
    """Pulls of 40 toys, shapes held: mean and width to 4 σ of their own."""
    best = fitted("fef").minimum
    made = likelihood("fef").held({a: best.at(a) for a in FREE.values() if a != SIGNAL})
    toys = fit_toys(made, 40, seed=8, theta={**made.fixed, SIGNAL: 1.0})
    assert np.all(toys.converged)
    assert abs(np.mean(toys.pulls)) < 4 / np.sqrt(40)
    assert abs(np.std(toys.pulls) - 1) < 4 / np.sqrt(80)
    # χ² of 130 cells and one parameter, and the pull of the ratio, which is drawn as well
    assert np.mean(toys.minima) == pytest.approx(130, rel=0, abs=4 * np.sqrt(260 / 40))


# --- kind: unit -----------------------------------------------------------------------------------


def test_goodness_is_that_of_chi2() -> None:
    """103.6 for 130 cells and 7 free parameters beyond the constrained one."""
    goodness = fitted("fef").goodness
    assert goodness.mean == 123 and goodness.spread == pytest.approx(np.sqrt(246), rel=1e-12, abs=0)
    assert goodness.p_value == pytest.approx(chi2.sf(goodness.total, 123), rel=1e-12, abs=0)
    assert goodness.deviance == pytest.approx(103.64, rel=1e-3, abs=0)


def test_asimov_data_are_fitted_exactly() -> None:
    made = likelihood("ybe")
    best = minimise(made.asimov(made.theta(made.start)))
    assert best.value == pytest.approx(0.0, rel=0, abs=1e-8)
    assert best.at(SIGNAL) == pytest.approx(1.0, rel=1e-4, abs=0)


def test_gaussian_derivatives() -> None:
    """By hand: ((3 − 1)/2)² + ((0 − 1)/0.5)² = 5."""
    two = Gaussian(np.array([2.0, 0.5]))
    data, expected = np.array([3.0, 0.0]), np.array([1.0, 1.0])
    assert two.deviance(data, expected) == pytest.approx(5.0, rel=1e-15, abs=0)
    assert two.slope(data, expected) == pytest.approx([-1.0, 8.0], rel=1e-15, abs=0)
    assert two.curvature(data, expected) == pytest.approx([0.5, 8.0], rel=1e-15, abs=0)
    assert two.saturated(data) == 0.0 and two.typical_deviance(expected) == (2.0, 4.0)


def test_default_is_what_the_collaboration_prefers() -> None:
    """The first of the variants that are declared."""
    detectors = [study_from({"data": one}).blocks[""].detector for one in (NAME, variant("fef"))]
    assert detectors[0] == detectors[1]


def variant(kind: str) -> dict[str, str]:
    return {"name": NAME, "quenching": kind}


def test_own_quenching_takes_the_place_of_the_variants() -> None:
    own = {"detector": {"quenching": {"type": "lindhard", "k": 0.162}}}
    experiment = study_from({"data": NAME, **own}).experiments[""]
    assert float(experiment.parameters["detector.quenching.k"].value) == 0.162


def test_the_page_shows_these_numbers() -> None:
    """docs/fits.md: χ² without a signal less that with it, significance, χ²; to the last digit."""
    page = (ROOT / "docs" / "fits.md").read_text("utf-8")
    for kind in KINDS:
        (row,) = (line for line in page.splitlines() if line.startswith(f"| `{kind}`, "))
        *_, preferred, strength, chi2 = (cell.strip() for cell in row.strip("|").split("|"))
        found = fitted(kind)
        assert float(strength) == pytest.approx(found.significances[SIGNAL], rel=0, abs=0.011)
        square = found.significances[SIGNAL] ** 2
        assert float(preferred) == pytest.approx(square, rel=0, abs=0.011)
        assert float(chi2) == pytest.approx(found.minimum.value, rel=0, abs=0.11)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"data": variant("feff")}, r"data\.quenching: .*'feff'.*fef, ybe, lindhard.*mean 'fef'"),
    ({"data": {"name": NAME, "runs": ["on"]}}, r"data\.runs: .*no 'runs': the release has no"),
    ({"data": {"name": "coherent-csi-2021", "quenching": "fef"}}, r"data\.quenching: .*variants"),
    ({"data": {"name": NAME, "quenching": 3}}, r"data\.quenching: found 3, expected text"),
]


@pytest.mark.parametrize(("content", "message"), REFUSED)
def test_choices_that_the_release_does_not_offer(content: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        study_from(content)


def test_statistic_is_that_of_the_data() -> None:
    """Another is refused in one line; to name the right one is no mistake."""
    asked = {"data": NAME, "fit": {"parameters": [SIGNAL], "statistic": "chi2"}}
    assert analysis_of(study_from(asked)).interest == (SIGNAL,)
    asked["fit"] = {"parameters": [SIGNAL], "statistic": "poisson"}
    with pytest.raises(InputError, match=r"fit\.statistic: found 'poisson', expected 'chi2'"):
        analysis_of(study_from(asked))


def test_histfactory_has_no_form_for_it() -> None:
    with pytest.raises(InputError, match="HistFactory: found Dresden-II 2022, values with errors"):
        workspace(likelihood("fef"), SIGNAL)
