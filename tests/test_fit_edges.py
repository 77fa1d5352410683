"""Fits with few counts: nothing expected, backgrounds fitted away, best values on bounds.

The references are brute force: −2 ln L of Poisson counts written out here, and minimised on one
parameter at a time by golden sections.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize, minimize_scalar
from scipy.special import xlogy
from scipy.stats import chi2

from cevns.analysis import Analysis, analysis_of
from cevns.cli.main import run
from cevns.config.study import study_from
from cevns.display.report_fit import fit_tables, rounded
from cevns.errors import InputError
from cevns.inference.fit import Fit, fit
from cevns.inference.goodness import Goodness
from cevns.inference.profile import impacts, profile_range
from cevns.inference.refit import refitted, settled
from cevns.inference.result import as_dict
from cevns.units import cm

Array = Any

NORM = "signal.norm"
FLAT = {"name": "flat", "type": "flat", "rate": "1e-4 /keV/kg/day"}
ARGON: dict[str, Any] = {
    "name": "argon",
    "source": {"type": "stopped-pion", "flux": "4.3e6 /cm^2/s"},
    "detector": {"target": "Ar40", "mass": "1 kg", "backgrounds": [FLAT]},
    "exposure": "1 year",
    "binning": {"from": "10 keV", "to": "110 keV", "bins": 10},
    "parameters": {"background.flat.norm": {"prior": "100 %"}},
}
FALLING = (5, 3, 2, 0, 0, 0, 0, 0, 0, 0)
EVEN = (0, 0, 1, 0, 1, 0, 0, 1, 0, 2)


def written(folder: Path, counts: tuple[float, ...], **changes: Any) -> dict[str, Any]:
    """The content of a file, with its counts beside it, changed at the top level."""
    content = {**ARGON, "data": {"file": "counts.csv"}, **changes}
    low, high = (float(content["binning"][end].split()[0]) for end in ("from", "to"))
    width = (high - low) / len(counts)
    rows = [f"{low + width * (i + 0.5)},{n}" for i, n in enumerate(counts)]
    (folder / "counts.csv").write_text("energy [keV],counts\n" + "\n".join(rows) + "\n", "utf-8")
    return content


def analysed(folder: Path, counts: tuple[float, ...], **changes: Any) -> Analysis:
    return analysis_of(study_from(written(folder, counts, **changes), folder))


def fitted(folder: Path, counts: tuple[float, ...], **changes: Any) -> Fit:
    analysis = analysed(folder, counts, **changes)
    return fit(analysis.likelihood, analysis.interest)


def shapes(likelihood: Any) -> tuple[Array, Array]:
    """Signal and background of the only channel, at norms of 1."""
    parts = likelihood.channels[0].components({})
    return parts["cevns"], parts["flat"]


# --- reference: brute force -----------------------------------------------------------------------


def deviance(counts: Array, expected: Array) -> float:
    """−2 ln(L/L_saturated); infinite where counts cannot be."""
    if np.any(expected < 0) or np.any((expected == 0) & (counts > 0)):
        return np.inf
    some = np.where(expected > 0, expected, 1.0)
    each = expected - counts + xlogy(counts, counts) - xlogy(counts, some)
    return float(2 * np.sum(each))


def profiled(counts: Array, signal: Array, flat: Array, width: float, strength: float) -> float:
    """The lowest −2 ln L over the norm of the background, which may be nothing but not less."""
    least = max(
        0.0, -strength * float(np.min(signal / flat)), -strength * float(max(signal / flat))
    )

    def height(norm: float) -> float:
        return deviance(counts, strength * signal + norm * flat) + ((norm - 1) / width) ** 2

    most = least + 10 + 2 * float(np.sum(counts) / np.sum(flat))
    options = {"xatol": 1e-9}
    found = minimize_scalar(height, bounds=(least, most), method="bounded", options=options)
    return min(float(found.fun), height(least))


def lowest(counts: Array, signal: Array, flat: Array, width: float, least: float) -> Any:
    """Strength and −2 ln L at the minimum, for strengths from ``least``."""

    def height(strength: float) -> float:
        return profiled(counts, signal, flat, width, strength)

    most = 3 * float(np.sum(counts) / np.sum(signal)) + 1
    options = {"xatol": 1e-7}
    found = minimize_scalar(height, bounds=(least, most), method="bounded", options=options)
    at_least = height(least)
    return (least, at_least) if at_least <= found.fun else (found.x, found.fun)


def test_a_background_fitted_to_nothing_comes_back(tmp_path: Path) -> None:
    """4.53 σ; −2 ln L is found to 1e-6, of which this is a root."""
    found = fitted(tmp_path, FALLING)
    assert found.minimum.at("background.flat.norm") == 0
    counts = np.array(FALLING, dtype=float)
    parts = shapes(found.likelihood)
    _, value = lowest(counts, *parts, 1.0, 0.0)
    assert found.minimum.value == pytest.approx(value, rel=1e-6, abs=0)
    root = np.sqrt(profiled(counts, *parts, 1.0, 0.0) - value)
    assert found.significances[NORM] == pytest.approx(root, rel=1e-6, abs=0)
    low, high = found.intervals[NORM]
    for end in (low, high):  # 68.27 % is 1.000 to 2e-4; MINOS aims for 1 % of an error
        rise = profiled(counts, *parts, 1.0, end) - value
        assert rise == pytest.approx(1.0, rel=0, abs=0.02)


FALLING_TABLE = {"name": "falling", "type": "table", "file": "falling.csv"}
TWO_NORMS = ("background.flat.norm", "background.falling.norm")


def best_of_starts(counts: Array, parts: Any, widths: Any, held: float | None) -> float:
    """The lowest −2 ln L of a signal and two backgrounds, by L-BFGS from a grid of starts."""

    def height(norms: Array) -> float:
        strength, *rest = norms if held is None else (held, *norms)
        expected = strength * parts[0] + rest[0] * parts[1] + rest[1] * parts[2]
        pulls = (np.array(rest) - 1) / widths
        return min(deviance(counts, expected), 1e9) + float(pulls @ pulls)

    values = (1e-3, 0.3, 1.0, 4.0)
    free = 2 if held is not None else 3
    starts = np.array(np.meshgrid(*[values] * free)).reshape(free, -1).T
    found = [
        minimize(height, one, method="L-BFGS-B", bounds=[(0, 100)] * free, tol=1e-13)
        for one in starts
    ]
    return float(min(one.fun for one in found))


@pytest.mark.parametrize("rate", ["9e-5", "8e-4"])
def test_a_bound_is_left_where_the_likelihood_falls_from_it(tmp_path: Path, rate: str) -> None:
    """Two wide backgrounds, of which one or both are fitted to nothing or to a hundredth.

    What is drawn to a bound from outside may be drawn away from it on it: a cell with counts in
    which nothing else is expected.
    """
    rows = [f"{9.9 + 10.02 * i:.2f},{1.3e-4 * 0.44**i:.6e}" for i in range(11)]
    (tmp_path / "falling.csv").write_text("energy [keV],rate [1/keV/kg/day]\n" + "\n".join(rows))
    flat = {**FLAT, "rate": f"{rate} /keV/kg/day"}
    detector = {**ARGON["detector"], "mass": "3 kg", "backgrounds": [flat, FALLING_TABLE]}
    widths = np.array([2.0, 1.0])
    priors = {a: {"prior": f"{w:%}"} for a, w in zip(TWO_NORMS, widths, strict=True)}
    analysis = analysed(tmp_path, FALLING, detector=detector, parameters=priors)
    made = analysis.likelihood.channels[0].components({})
    parts = [made[name] for name in ("cevns", "flat", "falling")]
    generator = np.random.default_rng(3)
    toys = [generator.poisson(parts[0] + parts[2]).astype(float) for _ in range(6)]
    for counts in (np.array([8.0, 10, 2, 2, 2, 1, 0, 1, 0, 0]), *toys):
        found = fit(analysis.likelihood.with_counts([counts]), analysis.interest)
        assert found.minimum.converged
        best, null = (best_of_starts(counts, parts, widths, held) for held in (None, 0.0))
        assert found.minimum.value == pytest.approx(best, rel=0, abs=1e-4)  # of L-BFGS
        root = found.significances[NORM] ** 2
        assert root == pytest.approx(null - best, rel=1e-4, abs=2e-4)


def test_bounds_of_a_tiny_number(tmp_path: Path) -> None:
    """A radius of 1e-31 cm² has the interval of one without bounds; cut off it ends on its profile.

    −2 ln L is 1.000 above the minimum at an end that is no bound.
    """
    changes: dict[str, Any] = {
        "model": ["standard-model", "charge-radius"],
        "fit": {"parameters": ["charge-radius.nu_mu"]},
    }
    counts, address = (30.0, 12, 9, 5, 4, 3, 2, 1, 0, 1), "charge-radius.nu_mu"
    free = fitted(tmp_path, counts, **changes)
    low, high = free.intervals[address]
    value, error = free.minimum.at(address), free.minimum.error(address)

    def bounded(*ends: float) -> Fit:
        cut = {address: {"value": f"{ends[0]} cm^2", "bounds": [f"{end} cm^2" for end in ends]}}
        known = {**ARGON["parameters"], **cut}
        return fitted(tmp_path, counts, **changes, parameters=known)

    wide = bounded((value - 6 * error) / cm**2, (value + 6 * error) / cm**2)
    # MINOS aims for 1 % of an error.
    assert wide.intervals[address] == pytest.approx((low, high), rel=0, abs=0.02 * error)
    above = bounded((value + 0.5 * error) / cm**2, (value + 6 * error) / cm**2)
    assert above.minimum.on_bounds == (address,)
    end = above.intervals[address][1]
    rise = refitted(above.minimum, {address: end}).value - above.minimum.value
    assert rise == pytest.approx(1.0, rel=0, abs=1e-3)  # 68.27 % is 1.000 to 2e-4


@pytest.mark.parametrize("scale", [0.02, 0.3, 1.0, 10.0])
def test_significances_of_toys(tmp_path: Path, scale: float) -> None:
    """``scale`` times the expectation, with a wide prior: many backgrounds are fitted to zero."""
    analysis = analysed(tmp_path, FALLING)
    signal, flat = shapes(analysis.likelihood)
    generator = np.random.default_rng(20)
    for _ in range(12):
        strength = generator.uniform(0.0, 3.0)
        counts = generator.poisson(scale * (strength * signal + flat)).astype(float)
        found = fit(analysis.likelihood.with_counts([counts]), analysis.interest)
        assert found.minimum.converged
        _, value = lowest(counts, signal, flat, 1.0, 0.0)
        assert found.minimum.value == pytest.approx(value, rel=0, abs=1e-5)
        q = profiled(counts, signal, flat, 1.0, 0.0) - value
        # Two minimisations to 1e-5; where there is no signal their difference is rounding.
        assert found.significances[NORM] ** 2 == pytest.approx(max(q, 0.0), rel=0, abs=3e-5)


def test_a_fit_finds_its_way_from_nothing(tmp_path: Path) -> None:
    """No signal, and nominally no background: from zero to whatever the counts are."""
    prior = {"background.flat.norm": {"value": 0, "prior": 1}}
    likelihood = analysed(tmp_path, FALLING, parameters=prior).likelihood.held({NORM: 0.0})
    flat = likelihood.channels[0].components({"background.flat.norm": 1.0})["flat"]
    generator = np.random.default_rng(3)
    for mean in (0.1, 1.0, 5.0, 40.0) * 5:
        counts = generator.poisson(np.full(10, mean)).astype(float)
        n, sum_flat = float(np.sum(counts)), float(np.sum(flat))
        # ∂/∂c of 2 (c Σb − n ln c) + c² vanishes at a root of c² + c Σb − n.
        best = 0.5 * (np.sqrt(sum_flat**2 + 4 * n) - sum_flat)
        found = settled(likelihood.with_counts([counts]))
        assert found.converged
        value = deviance(counts, best * flat) + best**2
        assert found.value == pytest.approx(value, rel=1e-6, abs=1e-6)


def test_a_mean_of_counts_is_not_negative(tmp_path: Path) -> None:
    """Strengths of either sign stop where the first cell expects nothing.

    The barrier gives way by 1e-4 events of 7 that the signal has in all; −2 ln L by that times its
    slope there.
    """
    bounds = {**ARGON["parameters"], NORM: {"bounds": [-5, 5]}}
    found = fitted(tmp_path, EVEN, parameters=bounds)
    counts = np.array(EVEN, dtype=float)
    parts = shapes(found.likelihood)
    strength, value = lowest(counts, *parts, 1.0, -2.0)
    assert -0.25 < strength < -0.15
    assert found.minimum.at(NORM) == pytest.approx(strength, rel=0, abs=5e-4)
    assert found.minimum.value == pytest.approx(value, rel=0, abs=2e-3)
    assert found.minimum.converged and found.minimum.at_limit
    low, high = found.intervals[NORM]
    assert low < strength < high
    for end in (low, high):
        rise = profiled(counts, *parts, 1.0, end) - value
        assert rise == pytest.approx(1.0, rel=0, abs=5e-3)
    assert "error" not in as_dict(found)["parameters"][NORM]
    assert any("expectation of a cell is zero" in str(one) for one in fit_tables(found, "", {}))


# --- reference: toys and χ² -----------------------------------------------------------------------


def test_many_counts_are_judged_as_chi2(tmp_path: Path) -> None:
    """Ten cells of 200 with one free strength: χ² with nine, for many counts; 1/200 is left."""
    bare = {**ARGON["detector"], "backgrounds": []}
    analysis = analysed(tmp_path, FALLING, detector=bare, parameters={})
    (channel,) = analysis.likelihood.channels
    counts = channel.expected({}) / np.min(channel.expected({})) * 200
    found = fit(analysis.likelihood.with_counts([counts]), analysis.interest).goodness
    assert found.dof == 9
    for value in (4.0, 9.0, 16.9, 25.87, 33.0):
        moved = Goodness(value, 0.0, 10, found.dof, found.mean, found.spread)
        assert moved.p_value == pytest.approx(chi2.sf(value, 9), rel=0.03, abs=0)


@pytest.mark.parametrize("rate", ["1e-3 /keV/kg/day", "3e-2 /keV/kg/day"])
def test_goodness_of_toys(tmp_path: Path, rate: str) -> None:
    """Mean, spread and tails of −2 ln L, constraints among it, over 200 fits to drawn counts.

    The mean of toys is known to a fourteenth of the spread, three of which are allowed; the spread
    to 6 % (χ² with nine degrees), of which 18 %; tails to 3 standard deviations of a share.
    """
    detector = {**ARGON["detector"], "mass": "3 kg", "backgrounds": [{**FLAT, "rate": rate}]}
    parameters = {"background.flat.norm": {"prior": "20 %"}, "source.norm": {"prior": "10 %"}}
    analysis = analysed(tmp_path, FALLING, detector=detector, parameters=parameters)
    likelihood = analysis.likelihood.freed(analysis.interest)
    generator, number = np.random.default_rng(5), 200
    fits = [fit(likelihood.toy({}, generator), analysis.interest).goodness for _ in range(number)]
    totals = np.array([one.total for one in fits])
    mean, spread = (float(np.mean([getattr(one, k) for one in fits])) for k in ("mean", "spread"))
    assert abs(np.mean(totals) - mean) < 3 * spread / np.sqrt(number)
    assert np.std(totals) == pytest.approx(spread, rel=0.18, abs=0)
    values = np.array([one.p_value for one in fits])
    for share in (0.1, 0.3, 0.5):
        width = np.sqrt(share * (1 - share) / number)
        assert abs(np.mean(values < share) - share) < 3 * width
    assert fits[0].total == pytest.approx(fits[0].deviance + fits[0].penalty, rel=1e-12, abs=0)


# --- unit: what is said ---------------------------------------------------------------------------


def said(folder: Path, capsys: pytest.CaptureFixture[str], *more: str) -> str:
    assert run(["fit", str(folder / "own.yaml"), *more]) == 0
    return capsys.readouterr().out


def saved(folder: Path, counts: tuple[float, ...], **changes: Any) -> None:
    import json

    content = written(folder, counts, **changes)
    (folder / "own.yaml").write_text(json.dumps(content), "utf-8")  # which is YAML as well


def test_only_the_signal_explains_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bare = {**ARGON["detector"], "backgrounds": []}
    one_bin = {"from": "10 keV", "to": "110 keV", "bins": 1}
    saved(tmp_path, (9,), detector=bare, parameters={}, binning=one_bin)
    text = said(tmp_path, capsys)
    assert "infinite, counts where nothing is expected without signal" in text
    assert "no degrees of freedom are left" in text and "p =" not in text
    assert '"significance": null' in said(tmp_path, capsys, "--json")
    found = fitted(tmp_path, (9,), detector=bare, parameters={}, binning=one_bin)
    assert found.significances[NORM] == np.inf == found.significance_with_systematics(NORM)
    assert "p_value" not in as_dict(found)["goodness"]


@pytest.mark.parametrize("counts", [EVEN, (0,) * 10, (0, 0, 0, 0, 0, 0, 1, 2, 5, 9)])
def test_best_on_a_bound(
    counts: tuple[int, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No signal fits best: the tables come without an error, and say why."""
    saved(tmp_path, counts)
    text = said(tmp_path, capsys)
    assert "Best on the bound, where there is no error: signal.norm (0)" in text
    assert "Flux-averaged cross-section" in text
    found = fitted(tmp_path, counts)
    points = profile_range(found.minimum, NORM, ends=found.intervals[NORM])
    assert points[0] == 0 and points[-1] > found.intervals[NORM][1] > 0


def test_nothing_moves_what_is_on_its_bound(tmp_path: Path) -> None:
    from cevns.display.plot_fit import impact_figure

    found = fitted(tmp_path, EVEN)
    figure: Any = impact_figure(NORM, impacts(found.minimum, NORM), found)
    assert [one.get_text() for one in figure.axes[1].texts] == [
        "Nothing moves it from its best value"
    ]


def test_nothing_is_not_negative() -> None:
    assert rounded(-1e-9, 0.01) == "0.0000" and rounded(-1e-22, 1e-12) == "0"


def test_a_mass_among_the_parameters(tmp_path: Path) -> None:
    """A coupling is fitted with the mass that ``parameters`` gives, as with one in the model."""
    asked = {"parameters": ["light-vector.coupling"]}
    there = {**ARGON["parameters"], "light-vector.mass": {"value": "10 MeV"}}
    many = (40, 20, 10, 4, 2, 0, 0, 0, 0, 0)
    without = ["standard-model", "light-vector"]
    apart = fitted(tmp_path, many, model=without, parameters=there, fit=asked)
    within = ["standard-model", {"light-vector": {"mass": "10 MeV"}}]
    whole = fitted(tmp_path, many, model=within, fit=asked)
    assert apart.minimum.value == pytest.approx(whole.minimum.value, rel=1e-9, abs=0)
    values = [one.minimum.at("light-vector.coupling") for one in (apart, whole)]
    assert values[0] == pytest.approx(values[1], rel=1e-6, abs=0) and values[0] > 0
    (mirror,) = (other.at("light-vector.coupling") for other in apart.others)
    assert mirror == pytest.approx(-values[0], rel=1e-4, abs=0)  # that of two minimisations
    assert 0 <= as_dict(apart)["other_minima"][0]["above"] < 1e-6


def test_a_rate_below_nothing(tmp_path: Path) -> None:
    (tmp_path / "rate.csv").write_text("energy [keV],rate [/keV/kg/day]\n10,1\n50,-1\n110,1\n")
    table = {"name": "flat", "type": "table", "file": "rate.csv"}
    with pytest.raises(InputError, match=r"negative rate in row 2.*rates of zero or more"):
        analysed(tmp_path, FALLING, detector={**ARGON["detector"], "backgrounds": [table]})


def test_time_without_the_source_is_not_used_in_silence(tmp_path: Path) -> None:
    """All backgrounds of an experiment that have no prior are named, and only those."""
    flats = [{**FLAT, "name": name} for name in ("a", "b", "c")]
    content = {
        "detector": {**ARGON["detector"], "backgrounds": flats},
        "parameters": {"background.b.norm": {"prior": "10 %"}},
    }
    off = {"on": "1 year", "off": "1 year"}
    with pytest.warns(UserWarning, match=r"give background\.a\.norm, background\.c\.norm a prior"):
        analysed(tmp_path, FALLING, exposure=off, **content)
    analysed(tmp_path, FALLING, **content)
