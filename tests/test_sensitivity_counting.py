"""The χ² of counting studies and the significance of a signal.

Kinds: reference (closed forms by hand, a brute-force profile, toys) and unit.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize

from cevns.sensitivity.counting import chi_squared, covariance, ratio_variance, significance

ROUNDING = 1e-12  # a few operations on both sides


def exactly(value: Any, tolerance: float = ROUNDING) -> Any:
    return pytest.approx(value, rel=tolerance, abs=0)


# --- reference: χ² --------------------------------------------------------------------------------


def test_one_count() -> None:
    """(N − N₀)²/(N₀ + (σN₀)²)."""
    n, n0, s = 130.0, 100.0, 0.1
    matrix = covariance([n0], [[s * n0]], np.eye(1))
    assert chi_squared([n - n0], matrix) == exactly(30.0**2 / (100.0 + 10.0**2))


def test_two_counts_that_share_a_norm() -> None:
    """By the inverse of a 2×2 matrix, written out."""
    r, v, e = np.array([3.0, -1.0]), np.array([4.0, 9.0]), np.array([1.5, 2.0])
    determinant = (v[0] + e[0] ** 2) * (v[1] + e[1] ** 2) - (e[0] * e[1]) ** 2
    by_hand = (
        r[0] ** 2 * (v[1] + e[1] ** 2)
        + r[1] ** 2 * (v[0] + e[0] ** 2)
        - 2 * r[0] * r[1] * e[0] * e[1]
    ) / determinant
    assert chi_squared(r, covariance(v, e[None], np.eye(1))) == exactly(by_hand)


def test_covariance_is_the_profile() -> None:
    """What minimising over the pulls gives, correlated priors included."""
    r, v = np.array([3.0, -1.0, 2.0]), np.array([4.0, 9.0, 2.0])
    effects, rho = np.array([[1.0, 2.0, 0.5], [0.3, -1.0, 1.5]]), np.array([[1.0, 0.6], [0.6, 1.0]])
    prior = np.linalg.inv(rho)

    def height(pulls: Any) -> float:
        rest = r - pulls @ effects
        return float(np.sum(rest**2 / v) + pulls @ prior @ pulls)

    best = minimize(height, np.zeros(2), method="BFGS", options={"gtol": 1e-10})
    # The minimum of a parabola that is found to 1e-8 of its steps is off by their square.
    assert chi_squared(r, covariance(v, effects, rho)) == exactly(float(best.fun), 1e-9)


def test_grids_are_loops() -> None:
    generator = np.random.default_rng(1)
    residuals = generator.normal(size=(4, 5, 3))
    variances = generator.uniform(1, 2, size=(4, 5, 3))
    effects = generator.normal(size=(4, 5, 2, 3))
    matrices = covariance(variances, effects, np.eye(2))
    whole = chi_squared(residuals, matrices)
    assert whole.shape == (4, 5)
    for place in np.ndindex(4, 5):
        one = covariance(variances[place], effects[place], np.eye(2))
        assert whole[place] == exactly(float(chi_squared(residuals[place], one)))
    fixed = chi_squared(residuals, matrices[0, 0])
    assert fixed[2, 3] == exactly(float(chi_squared(residuals[2, 3], matrices[0, 0])))


def test_no_uncertainty_is_no_number() -> None:  # unit
    assert np.isnan(chi_squared([1.0], np.zeros((1, 1))))
    found = chi_squared([[1.0], [1.0]], [[[0.0]], [[4.0]]])
    assert np.isnan(found[0]) and found[1] == 0.25


# --- reference: ratios ----------------------------------------------------------------------------


def test_variance_of_a_ratio() -> None:
    """√(1/a + 1/b) for counts, and toys around it."""
    a, b = 4e4, 9e4
    variance = float(ratio_variance(a, b, a, b))
    assert math.sqrt(variance) / (a / b) == exactly(math.sqrt(1 / a + 1 / b))
    generator = np.random.default_rng(2)
    toys = generator.poisson(a, 20_000) / generator.poisson(b, 20_000)
    # The variance of 20 000 toys is known to 1 %: three times that.
    assert np.var(toys) == exactly(variance, 0.03)


# --- reference: significance ----------------------------------------------------------------------


def test_significance_over_a_known_background() -> None:
    """Cowan et al. 2011, Eq. 97; s/√b for a faint signal."""
    s, b = 10.0, 30.0
    by_hand = math.sqrt(2 * ((s + b) * math.log(1 + s / b) - s))
    assert significance([s], [b]) == exactly(by_hand)
    # The next order is s/(6b), here 1.7e-5.
    assert significance([1.0], [1e4]) == exactly(0.01, 2e-5)


def test_significance_over_a_measured_background() -> None:
    """Li & Ma 1983, Eq. 17, as printed; without end off, the known background."""
    s, b, tau = 10.0, 30.0, 2.0
    on, off, alpha = s + b, tau * b, 1 / tau
    first = on * math.log((1 + alpha) / alpha * on / (on + off))
    second = off * math.log((1 + alpha) * off / (on + off))
    assert significance([s], [b], tau) == exactly(math.sqrt(2 * (first + second)))
    # The first correction in 1/τ, at 1e-7, is of that size.
    assert significance([s], [b], 1e7) == exactly(float(significance([s], [b])), 1e-6)


def test_bins_add_in_quadrature() -> None:
    each = [float(significance([s], [b])) for s, b in ((3.0, 5.0), (1.0, 8.0))]
    assert significance([3.0, 1.0], [5.0, 8.0]) == exactly(math.hypot(*each))
    assert np.isnan(significance([1.0, 1.0], [5.0, 0.0]))
