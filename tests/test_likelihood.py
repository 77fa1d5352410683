"""Whole likelihoods: derivatives, ties, what floats, other data, folded against interpolated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from data_files import need_data

from cevns.analysis import analysis_of, prediction_of
from cevns.config.study import study_from
from cevns.inference.fit import significance
from cevns.inference.minimum import minimise
from cevns.likelihood.joint import Likelihood
from cevns.yaml_reader import read_text

Array = np.ndarray[Any, np.dtype[Any]]
SIGNAL = "signal.norm"
CSI, LAR = "coherent-csi-2021", "coherent-lar-2020"

TWO_DETECTORS = """
source: {type: stopped-pion, flux: 1e7 /cm^2/s}
detector:
  target: Ar40
  mass: 10 kg
  quenching: {type: linear, a: 0.246, b: 0.00078 / keVnr}
  resolution: {type: gaussian, stochastic: 0.58 keVee^0.5}
  backgrounds: [{name: flat, type: flat, rate: 0.02 / keVee / kg / day}]
exposure: 1 year
binning: {from: 2 keVee, to: 30 keVee, bins: 7}
experiments: {near: {exposure: 1 year}, far: {exposure: 3 month}}
parameters:
  near.source.norm: {prior: 10 %}
  near.background.flat.norm: {prior: 20 %}
  far.background.flat.norm: {same_as: near.background.flat.norm}
  near.detector.quenching.a: {prior: 5 %}
  far.detector.quenching.a: {prior: 5 %}
correlations: [{between: [near.detector.quenching.a, far.detector.quenching.a], rho: 0.7}]
""".replace("3 month", "0.25 year")


def data_set(name: str, monkeypatch: pytest.MonkeyPatch, morphed: bool = False) -> Likelihood:
    need_data(name, monkeypatch)
    likelihood = analysis_of(study_from({"data": name})).likelihood
    return likelihood.freed([SIGNAL]).with_(morphed=morphed)


@pytest.fixture
def own() -> Likelihood:
    """Two detectors with what they expect for counts, priors, a tie and a correlation."""
    return prediction_of(study_from(read_text(TWO_DETECTORS), Path()))


def near(likelihood: Likelihood, seed: int) -> Array:
    """A point within a third of a natural step of the start, so that morphs stay positive."""
    shifts = np.random.default_rng(seed).uniform(-0.3, 0.3, len(likelihood.floating))
    return likelihood.start + shifts * likelihood.steps


def differences(likelihood: Likelihood, point: Array, width: float) -> Array:
    """Central differences of −2 ln L in natural steps."""
    slopes = []
    for index, step in enumerate(likelihood.steps):
        ends = [point.copy(), point.copy()]
        ends[0][index] -= width * step
        ends[1][index] += width * step
        slopes.append((likelihood(ends[1]) - likelihood(ends[0])) / (2 * width))
    return np.array(slopes)


# Kind: reference. The gradient takes central differences of the expectation over 1 % of a step:
# 1e-4 of the slope of single cells; of norms and morphs it is exact.
@pytest.mark.parametrize("morphed", [True, False])
@pytest.mark.parametrize("name", [CSI, LAR, "coherent-csi-2017"])
def test_gradient(name: str, morphed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    likelihood = data_set(name, monkeypatch, morphed)
    point = near(likelihood, 1)
    slopes = differences(likelihood, point, 1e-3)
    found = likelihood.gradient(point) * likelihood.steps
    assert found == pytest.approx(slopes, rel=1e-4, abs=1e-3)


# Kind: reference.
def test_gradient_of_ties_and_correlations(own: Likelihood) -> None:
    assert set(own.floating) == {
        "near.source.norm",
        "near.background.flat.norm",
        "near.detector.quenching.a",
        "far.detector.quenching.a",
    }
    point = near(own, 2)
    found = own.gradient(point) * own.steps
    assert found == pytest.approx(differences(own, point, 1e-3), rel=1e-4, abs=1e-3)


# Kind: reference. Where counts are as expected the second derivatives of the expectations have no
# weight, and the approximate ones are exact.
def test_hessian_of_an_asimov_data_set(own: Likelihood) -> None:
    point = own.start
    found = own.hessian(point) * np.outer(own.steps, own.steps)
    rows = []
    for index, step in enumerate(own.steps):
        ends = [point.copy(), point.copy()]
        ends[0][index] -= 1e-2 * step
        ends[1][index] += 1e-2 * step
        slopes = [own.gradient(end) * own.steps for end in ends]
        rows.append((slopes[1] - slopes[0]) / 2e-2)
    assert found == pytest.approx(np.array(rows), rel=1e-3, abs=1e-3 * np.max(found))
    assert np.min(np.linalg.eigvalsh(found)) > 0


# Kind: unit.
def test_ties(own: Likelihood) -> None:
    """A tied number has the value of the other in both experiments."""
    values = own.start.copy()
    values[own.floating.index("near.background.flat.norm")] = 2.0
    theta = own.theta(values)
    assert theta["far.background.flat.norm"] == theta["near.background.flat.norm"] == 2.0
    for channel in own.channels:
        twice, once = channel.components(theta)["flat"], channel.components({})["flat"]
        assert twice == pytest.approx(2 * once, rel=1e-12, abs=0)
    # The signal of one only knows its own norm.
    signals = [channel.components({"near.source.norm": 3.0})["cevns"] for channel in own.channels]
    before = [channel.components({})["cevns"] for channel in own.channels]
    assert signals[0] == pytest.approx(3 * before[0], rel=1e-12, abs=0)
    assert signals[1].tolist() == before[1].tolist()


# Kind: unit.
def test_held_and_freed(own: Likelihood) -> None:
    held = own.held({"near.source.norm": 1.2, "near.background.flat.norm": 0.9})
    assert set(held.floating) == {"near.detector.quenching.a", "far.detector.quenching.a"}
    assert held.theta(held.start)["far.background.flat.norm"] == 0.9  # the tie follows
    values = own.start.copy()
    for address, value in (("near.source.norm", 1.2), ("near.background.flat.norm", 0.9)):
        values[own.floating.index(address)] = value
    # Held, a parameter keeps its prior, as a profile needs it.
    assert held(held.start) == pytest.approx(own(values), rel=1e-12, abs=0)
    found = minimise(own.held({"near.source.norm": 1.2}))
    assert found.at("near.source.norm") == 1.2 and found.converged
    free = own.freed(["near.signal.norm", "near.source.norm"])
    assert free.floating == ("near.signal.norm", *own.floating)


# Kind: reference. A correlated prior pulls the partner along: by ρ, for a partner without data.
def test_correlation_acts(own: Likelihood) -> None:
    addresses = ("near.detector.quenching.a", "far.detector.quenching.a")
    empty = own.with_counts([np.zeros(channel.cells.size) for channel in own.channels])
    pulls = empty.constraints.pulls(
        {a: empty.parameters[a].value * f for a, f in zip(addresses, (1.05, 1.0), strict=True)}
    )
    assert sorted(np.abs(pulls)) == pytest.approx([0, 0, 0, 1], abs=1e-9)
    moved = dict.fromkeys(addresses, 0.0) | {
        a: empty.parameters[a].value * (1 + 0.05 * pull)
        for a, pull in zip(addresses, (1.0, 0.7), strict=True)
    }
    assert empty.constraints.value(moved) == pytest.approx(1, rel=1e-9, abs=0)


# Kind: unit.
def test_other_data(own: Likelihood) -> None:
    theta = {"near.source.norm": 1.3, "near.detector.quenching.a": 0.25}
    asimov = own.asimov(theta)
    values = [theta.get(address, x) for address, x in zip(own.floating, own.start, strict=True)]
    assert asimov(values) == pytest.approx(0, abs=1e-9)
    toys = [own.toy(theta, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    first, again, other = (toy.channels[0].observed.tolist() for toy in toys)
    assert first == again != other
    assert all(float(count).is_integer() for count in first)
    assert set(toys[0].aux) == set(own.constraints.addresses)
    assert own.with_counts([c.observed for c in own.channels]).aux == {}
    # An expectation may be less than nothing, as of a morph far out: no count is.
    assert np.min(own.asimov({"near.source.norm": -1e3}).channels[0].observed) == 0


# --- folded and interpolated: kind reference -----------------------------------------------------

POINTS = (
    {"shape.quenching-0": 1.0},
    {"shape.quenching-1": -1.0, "source.pulse.mean": None},
    {"shape.efficiency": 1.0, SIGNAL: 1.4},
)


def test_interpolation_is_exact_at_its_templates(monkeypatch: pytest.MonkeyPatch) -> None:
    """One nuisance at ±1 σ is a template that was folded: rounding is all that differs."""
    exact = data_set(CSI, monkeypatch)
    for point in POINTS:
        theta = {address: value for address, value in point.items() if value is not None}
        channel = exact.channels[0]
        interpolated = channel.expected(theta, morphed=True)
        assert interpolated == pytest.approx(channel.expected(theta), rel=1e-9, abs=1e-9)


def test_interpolation_between_templates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measured for CsI 2021: 0.0125 in −2 ln L, 2 % of an error in the signal, 0.7 % in its error.

    Two nuisances at once are where it is worst: with quenching and efficiency at 1 σ together,
    0.13 events in a cell of 16 and 1.2 of 388 events.
    """
    exact, morphed = (data_set(CSI, monkeypatch, morphed) for morphed in (False, True))
    folded, found = minimise(exact), minimise(morphed)
    assert abs(folded.value - found.value) < 0.02
    assert abs(folded.at(SIGNAL) - found.at(SIGNAL)) < 0.03 * folded.error(SIGNAL)
    assert folded.error(SIGNAL) == pytest.approx(found.error(SIGNAL), rel=0.015, abs=0)
    both = {"shape.quenching-0": 1.0, "shape.efficiency": 1.0}
    channel = exact.channels[0]
    apart = channel.expected(both) - channel.expected(both, morphed=True)
    assert 0 < np.max(np.abs(apart)) < 0.2
    assert abs(np.sum(apart)) < 2


def test_argon_needs_no_interpolation(monkeypatch: pytest.MonkeyPatch) -> None:
    """LAr 2020 has templates for its shapes: folded and interpolated are the same."""
    exact, morphed = (data_set(LAR, monkeypatch, morphed) for morphed in (False, True))
    point = near(exact, 3)
    assert exact(point) == pytest.approx(morphed(point), rel=1e-13, abs=0)
    assert significance(minimise(exact), SIGNAL) == pytest.approx(
        significance(minimise(morphed), SIGNAL), rel=1e-9, abs=0
    )
