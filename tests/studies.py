"""Sensitivity studies from text, in memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cevns.config.study import Study, study_from
from cevns.scan.merge import OK, Result
from cevns.sensitivity.design import Design, design_of
from cevns.sensitivity.evaluate import evaluator_of
from cevns.sensitivity.result import Sensitivity, sensitivity
from cevns.yaml_reader import read_text

ROUNDING = 1e-9  # the same contraction on both sides, differences of counts squared

ARGON = """
source: {type: stopped-pion, flux: 1e7 /cm^2/s}
detector:
  target: Ar40
  mass: 100 kg
  threshold: 20 keV
  backgrounds: [{name: flat, type: flat, rate: 2e-3 /keV/kg/day}]
binning: {from: 20 keV, to: 180 keV, bins: 8}
exposure: {on: 200 day, off: 100 day}
"""
PLAIN = """
source: {type: stopped-pion, flux: 1e7 /cm^2/s}
detector: {target: Ar40, mass: 100 kg, threshold: 20 keV}
exposure: 200 day
"""
SCHOLBERG = """
source: {type: stopped-pion, flux: 1e7 / cm^2 / s, components: [delayed]}
detector: {target: Ne20, mass: 100 kg, threshold: 10 keV}
exposure: 1 year
model: [standard-model, nsi]
couplings: {scheme: tree, sin2_theta_w: 0.2312}
kinematics: no-T-over-E
form_factor: helm-lewin-smith
"""
TWO = "experiments: {near: {}, far: {exposure: 50 day}}\nmodel: [standard-model, nsi]\n"
COUNTING = "study: {statistic: chi2-counting}\n"


def exactly(value: Any, tolerance: float = ROUNDING) -> Any:
    """A purely relative comparison."""
    return pytest.approx(value, rel=tolerance, abs=0)


def study(text: str, more: str = "") -> Study:
    """The file with this text."""
    return study_from(read_text(f"name: A study\n{text}{more}"))


def design(text: str, more: str = "") -> Design:
    """What it asks for."""
    return design_of(study(text, more))


def heights(made: Design, **points: Any) -> list[Any]:
    """The statistic of each systematic at single points, shape (n,); "__" for a dot."""
    arrays = {name.replace("__", "."): np.atleast_1d(x).astype(float) for name, x in points.items()}
    found = evaluator_of(made)(arrays, np.random.SeedSequence(0))
    assert set(found["status"]) == {""}
    return [found[name] for name in made.columns]


def finished(made: Design) -> Sensitivity:
    """The whole grid."""
    plan = made.plan()
    found = evaluator_of(made)(plan.points(np.arange(plan.size)), plan.seeds())
    columns = {name: np.asarray(found[name]).reshape(plan.shape) for name in made.columns}
    failures = {i: text for i, text in enumerate(found["status"]) if text}
    status = np.full(plan.size, OK)
    status[list(failures)] = 1
    shaped = status.astype(np.int8).reshape(plan.shape)
    return sensitivity(made, Result({}, columns, {}, shaped, failures, {}))
