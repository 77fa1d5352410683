"""What is put in comes out: Asimov data, toys and their pulls, for every data set. Kind: reference.

The truth is known because we chose it; 200 toys know a mean to 0.07 and a width to 0.05, so the
bounds are three standard deviations of that. Where an estimate sits on its bound, or is a ratio
to a badly known rate, no pull is normal: there the interval has to hold the truth.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest
from data_files import need_data

from cevns.analysis import analysis_of
from cevns.config.study import study_from
from cevns.inference.interval import interval
from cevns.inference.minimum import ROUGH, minimise
from cevns.inference.toys import Toys, fit_toys
from cevns.likelihood.joint import Likelihood

SETS = ("coherent-csi-2017", "coherent-csi-2021", "coherent-lar-2020")
SIGNAL, DELAYED = "signal.norm", "background.delayed-beam-neutrons.norm"
TOYS = 200
MEAN, WIDTH, COVERAGE = 0.21, (0.85, 1.15), 0.10
BY_INTERVAL = {
    # The number of events over a rate known to 28 %: an average of 2000 pulls is -0.23.
    "coherent-csi-2017": (SIGNAL,),
    "coherent-csi-2021": (),
    "coherent-lar-2020": (),
}


def morphed(name: str) -> Likelihood:
    """The likelihood of a data set, the strength of its signal floating."""
    analysis = analysis_of(study_from({"data": name}))
    return analysis.likelihood.freed(analysis.interest).with_(morphed=True)


@pytest.fixture(params=SETS)
def likelihood(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Likelihood:
    need_data(request.param, monkeypatch)
    return morphed(request.param)


def test_asimov_at_the_nominal_point(likelihood: Likelihood) -> None:
    """What the fit starts from is what it finds."""
    theta = dict(zip(likelihood.floating, likelihood.start.tolist(), strict=True))
    found = minimise(likelihood.asimov(theta))
    assert found.converged
    assert found.value == pytest.approx(0, abs=1e-9)  # differences of sums of about 1e3
    assert (found.values - likelihood.start) / likelihood.steps == pytest.approx(0, abs=1e-9)
    assert found.likelihood.constraints.pulls(found.theta) == pytest.approx(0, abs=1e-9)


def test_asimov_elsewhere(likelihood: Likelihood) -> None:
    """Injected values come back to 1e-6, without pulls; small enough that no morph is negative."""
    generator = np.random.default_rng(5)
    for _ in range(4):
        shifts = generator.uniform(-0.5, 0.5, len(likelihood.floating))
        injected = likelihood.start + shifts * likelihood.steps
        theta = dict(zip(likelihood.floating, injected.tolist(), strict=True))
        data = likelihood.asimov(theta)
        found = minimise(data)
        assert found.converged
        assert found.value == pytest.approx(0, abs=1e-9)
        assert (found.values - injected) / likelihood.steps == pytest.approx(0, abs=1e-6)
        assert data.constraints.pulls(found.theta) == pytest.approx(0, abs=1e-6)


def pulls_are_normal(toys: Toys, excepted: tuple[str, ...]) -> None:
    """Mean 0 and width 1 of every pull but those of the parameters named."""
    for address, pulls in zip(toys.addresses, toys.pulls.T, strict=True):
        if address not in excepted:
            assert abs(np.mean(pulls)) < MEAN, address
            assert WIDTH[0] < np.std(pulls) < WIDTH[1], address


@pytest.mark.parametrize("name", SETS)
def test_toys(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    need_data(name, monkeypatch)
    likelihood, by_interval = morphed(name), BY_INTERVAL[name]
    toys = fit_toys(likelihood, TOYS, seed=1, intervals=by_interval)
    assert np.all(toys.converged)
    assert toys.values.shape == toys.errors.shape == (TOYS, len(likelihood.floating))
    pulls_are_normal(toys, by_interval)
    for address in by_interval:
        low, high = toys.intervals[address].T
        values = toys.values[:, toys.addresses.index(address)]
        assert np.all((low <= values) & (values <= high))
        assert abs(toys.coverage(address) - 0.6827) < COVERAGE
    # Twice the logarithm of a likelihood ratio: about one per cell that counts, and never less.
    assert np.all(toys.minima > 0)


def test_estimates_on_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fit converges there, it has no error of its own and the interval ends at the bound."""
    need_data("coherent-lar-2020", monkeypatch)
    likelihood = morphed("coherent-lar-2020")
    toys = fit_toys(likelihood, 100, seed=2, theta={DELAYED: 0.1}, intervals=(DELAYED,))
    place = toys.addresses.index(DELAYED)
    there = toys.values[:, place] == 0
    assert 20 < np.sum(there) < 60  # the truth is a third of an error from it
    assert np.all(toys.converged)
    assert np.all(np.isnan(toys.errors[there, place]))
    others = np.delete(toys.errors, place, axis=1)
    assert np.all(np.isfinite(others) & (others > 0))
    assert np.all(toys.intervals[DELAYED][there, 0] == 0)
    assert np.all(toys.intervals[DELAYED][there, 1] > 0)
    # A bound takes the misses below away: the interval holds the truth too often, never too
    # seldom.
    assert toys.coverage(DELAYED) > 0.6827 - COVERAGE


def test_signal_with_its_rate_held(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the strength of CsI 2017 is a number of events, and its pulls are normal."""
    need_data("coherent-csi-2017", monkeypatch)
    likelihood = morphed("coherent-csi-2017").held({"signal.rate": 1.0, "sns.flux": 1.0})
    pulls_are_normal(fit_toys(likelihood, TOYS, seed=1), ())


def test_toys_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Toys of another truth are drawn there: a signal three times as strong."""
    need_data("coherent-lar-2020", monkeypatch)
    toys = fit_toys(morphed("coherent-lar-2020"), 100, seed=4, theta={SIGNAL: 3.0})
    assert toys.truth[toys.addresses.index(SIGNAL)] == 3.0
    # 0.3: three standard deviations of a mean of 100
    assert np.abs(np.mean(toys.pulls, axis=0)) == pytest.approx(0, abs=0.3)


# Kind: property. Seeds, and nothing else, say what a toy is.
def test_toys_are_reproducible(monkeypatch: pytest.MonkeyPatch) -> None:
    need_data("coherent-lar-2020", monkeypatch)
    likelihood = morphed("coherent-lar-2020")
    first, longer = (fit_toys(likelihood, number, seed=7) for number in (3, 5))
    assert longer.values[:3].tolist() == first.values.tolist()
    assert fit_toys(likelihood, 3, seed=8).values.tolist() != first.values.tolist()
    spread = fit_toys(partial(morphed, "coherent-lar-2020"), 5, seed=7, processes=2)
    assert spread.values.tolist() == longer.values.tolist()
    assert spread.errors.tolist() == longer.errors.tolist()
    with pytest.raises(TypeError, match="a function that makes the likelihood"):
        fit_toys(likelihood, 2, seed=7, processes=2)


def test_no_false_minimum(monkeypatch: pytest.MonkeyPatch) -> None:
    """A toy from which a first step of MIGRAD leads to a flux of 0 and a signal of 5e10."""
    need_data("coherent-lar-2020", monkeypatch)
    likelihood = morphed("coherent-lar-2020")
    generator = np.random.default_rng(np.random.SeedSequence(11, spawn_key=(1619,)))
    toy = likelihood.toy({}, generator)
    found = minimise(toy)
    assert found.converged
    assert found.at(SIGNAL) == 0
    others = minimise(toy.held({SIGNAL: 0.0}))
    assert found.value == pytest.approx(others.value, rel=0, abs=1e-9)


# Kind: reference. A rough fit of a grid is 1e-4 from the minimum by its own estimate.
def test_rough_fits(likelihood: Likelihood) -> None:
    exact, rough = minimise(likelihood), minimise(likelihood, tolerance=ROUGH)
    assert exact.value - 1e-9 <= rough.value < exact.value + ROUGH
    assert rough.calls <= exact.calls


# Kind: reference. The ends of an interval are where the profile is 1 above its minimum.
def test_intervals_are_crossings(likelihood: Likelihood) -> None:
    found = minimise(likelihood)
    for address in (SIGNAL, "sns.flux"):
        for end in interval(found, address):
            assert math.isfinite(end)
            height = minimise(likelihood.held({address: end})).value - found.value
            # MINOS aims for 1 % of an error, which is 2 % of the height.
            assert height == pytest.approx(1, abs=0.02)
