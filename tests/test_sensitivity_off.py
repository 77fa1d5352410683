"""What time without the source says of backgrounds, beside priors on them.

Kinds: reference (likelihoods of counts with and without the source, written out here and profiled
by search; formulas by hand) and property.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize, minimize_scalar
from scipy.special import xlogy
from studies import COUNTING, design, exactly, heights, study

from cevns.sensitivity.evaluate import Counting

Array = np.ndarray[Any, np.dtype[Any]]

TAU, PRIOR = 0.5, 0.02
LONG = """
source: {type: stopped-pion, flux: 1e9 /cm^2/s}
detector:
  target: Ar40
  mass: 100 kg
  backgrounds: [{name: flat, type: flat, rate: 0.2 /keV/kg/day}]
binning: {from: 20 keV, to: 100 keV, bins: 4}
exposure: {on: 400 day, off: 200 day}
"""
KNOWN = f"parameters: {{background.flat.norm: {{prior: {PRIOR}}}}}\n"
SCAN = "scan: {parameters: {signal.norm: [0.9, 1.1, 5]}, profile: %s}\n"
BINS = COUNTING.replace("chi2-counting", "chi2-counting, observable: spectrum")
VALUE = 1.01
SKEW = 1e-2
"""Of −2 ln L: the third order, that of the change of the signal."""


def counts(text: str) -> tuple[Array, Array]:
    """Signal and background in the bins."""
    made = study(text).predict()
    (background,) = made.backgrounds.values()
    return np.asarray(made.counts), np.asarray(background)


def minus_two_log(observed: Any, expected: Any) -> float:
    """Of Poisson counts, against the saturated model."""
    found = expected - observed + xlogy(observed, observed / expected)
    return float(2 * np.sum(found))


@pytest.mark.parametrize("observed", [False, True])
@pytest.mark.parametrize("block", [COUNTING, BINS])
def test_prior_and_off_are_two_measurements(block: str, observed: bool) -> None:
    """Against counts with and without the source that share a norm of the background."""
    if observed:
        block = block.replace("chi2-counting", "chi2-counting, sigma_from: observed")
    signal, background = counts(LONG)
    if "spectrum" not in block:
        signal, background = (np.sum(one, keepdims=True) for one in (signal, background))

    def height(norm: float) -> float:
        on = minus_two_log(signal + background, VALUE * signal + norm * background)
        off = minus_two_log(TAU * background, TAU * norm * background)
        return on + off + ((norm - 1) / PRIOR) ** 2

    exact = minimize_scalar(height, bounds=(0.9, 1.1), options={"xatol": 1e-9}).fun
    made = design(LONG, KNOWN + SCAN % "all" + block)
    (found,) = heights(made, signal__norm=VALUE)
    assert found == exactly(exact, SKEW)


def test_without_a_norm_every_bin_is_subtracted() -> None:
    """Each bin has a background of its own that only the time without the source knows."""
    signal, background = counts(LONG)

    def height(norms: Array) -> float:
        on = minus_two_log(signal + background, VALUE * signal + norms * background)
        return on + minus_two_log(TAU * background, TAU * norms * background)

    exact = minimize(height, np.ones(4), method="Nelder-Mead", options={"fatol": 1e-6}).fun
    for said in (SCAN % "none", KNOWN + SCAN % "none"):
        (found,) = heights(design(LONG, said + BINS), signal__norm=VALUE)
        assert found == exactly(exact, SKEW)


def test_a_norm_that_is_scanned_is_measured_without_the_source() -> None:
    """Nothing is profiled: the same likelihood at a norm of the background that is not 1."""
    signal, background = counts(LONG)
    norm = 1.003
    on = minus_two_log(signal + background, VALUE * signal + norm * background)
    exact = on + minus_two_log(TAU * background, TAU * norm * background)
    axes = "signal.norm: [0.9, 1.1, 5], background.flat.norm: [0.9, 1.1, 5]"
    made = design(LONG, f"scan: {{parameters: {{{axes}}}}}\n" + BINS)
    (found,) = heights(made, signal__norm=VALUE, background__flat__norm=norm)
    assert found == exactly(exact, SKEW)


SECOND = "{name: bump, type: flat, rate: 0.1 /keV/kg/day}"


def test_a_norm_of_one_of_two_backgrounds() -> None:
    """The other one is only known by subtraction, which takes both away."""
    text = LONG.replace("kg/day}]", f"kg/day}}, {SECOND}]")
    profiled = design(text, KNOWN + SCAN % "[background.flat.norm]" + BINS)
    none = design(text, SCAN % "none" + BINS)
    found = [heights(made, signal__norm=VALUE)[0] for made in (profiled, none)]
    assert found[0] == exactly(found[1])


def test_one_norm_of_two_experiments() -> None:
    """What one of them measures without the source helps the other, which has no such time."""
    text = LONG.replace("exposure: {on: 400 day, off: 200 day}\n", "") + (
        "experiments: {near: {exposure: {on: 400 day, off: 200 day}}, far: {exposure: 400 day}}\n"
    )
    tied = (
        "parameters: {near.background.flat.norm: {prior: 0.02}, "
        "far.background.flat.norm: {same_as: near.background.flat.norm}}\n"
    )
    made = design(text, tied + SCAN.replace("signal", "far.signal") % "all" + COUNTING)
    signal, background = (float(np.sum(one)) for one in counts(LONG))
    # Near: n = S + νB beside the prior and the time without the source; far: n = κS + νB.
    of_norm = 1 / PRIOR**2 + TAU * background + background**2 / (signal + background)
    variance = signal + background + background**2 / of_norm
    exact = ((VALUE - 1) * signal) ** 2 / variance
    (found,) = heights(made, far__signal__norm=VALUE)
    assert found == exactly(exact)


def test_a_systematic_is_of_the_signal() -> None:
    """Of what is counted without the source it is none, whoever shares it."""
    for correlated in ("false", "true"):
        block = f"study: {{statistic: chi2-counting, systematic: 5 %, correlated: {correlated}}}\n"
        signal, background = (float(np.sum(one)) for one in counts(LONG))
        known = 1 / (1 / (PRIOR * background) ** 2 + TAU / background)
        variance = signal + background + known + (0.05 * signal) ** 2
        (found,) = heights(design(LONG, KNOWN + SCAN % "all" + block), signal__norm=VALUE)
        assert found == exactly(((VALUE - 1) * signal) ** 2 / variance)


def test_precision_knows_both() -> None:
    """± of the signal along a setting: √V/S, with prior and time without the source in V."""
    setting = "scan: {settings: {detector.mass: [100 kg, 200 kg, 2]}, profile: all}\n"
    made = design(LONG, KNOWN + setting + COUNTING)
    signal, background = (float(np.sum(one)) for one in counts(LONG))
    known = 1 / (1 / (PRIOR * background) ** 2 + TAU / background)
    exact = np.sqrt(signal + background + known) / signal
    assert Counting(made, made.study).precision(0.0) == exactly(exact)
