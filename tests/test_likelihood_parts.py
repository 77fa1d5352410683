"""The pieces of a likelihood: morphs, Poisson terms, constraints, cells, views of θ."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cevns.errors import InputError
from cevns.likelihood import poisson
from cevns.likelihood.cells import CellAxis, Cells
from cevns.likelihood.channel import Local
from cevns.likelihood.constraints import Constraints
from cevns.likelihood.linear import Linear
from cevns.likelihood.morph import Morph, bend
from cevns.likelihood.part import Part
from cevns.likelihood.signal import View
from cevns.likelihood.steps import natural_step
from cevns.parameters import Parameter

Array = np.ndarray[Any, np.dtype[Any]]

# --- morphs ----------------------------------------------------------------------------------

LOW, NOMINAL, HIGH = np.array([[8.0, 3.0, 0.5], [10.0, 4.0, 1.0], [13.0, 4.5, 0.0]])
ALPHAS = (-3.0, -1.0, -0.7, -1e-3, 0.0, 0.3, 0.999, 1.0, 1.001, 2.5)


def test_morph_is_pyhfs_interpolation() -> None:
    """reference: "code4p" of pyhf, evaluated by it; rounding of numbers of order ten."""
    pytest.importorskip("pyhf", reason="the extra 'hep' is not installed")
    from pyhf.interpolators.code4p import code4p

    interpolated = code4p([[[LOW, NOMINAL, HIGH]]])(np.array([ALPHAS]))[0][0]
    morph = Morph.between(LOW, NOMINAL, HIGH)
    for alpha, change in zip(ALPHAS, np.asarray(interpolated), strict=True):
        assert morph(alpha) == pytest.approx(change, rel=0, abs=1e-12)


def test_morph_reaches_its_templates() -> None:
    """unit: at −1, 0 and +1, also of plain numbers and after a factor."""
    morph = Morph.between(LOW, NOMINAL, HIGH)
    for alpha, array in ((-1.0, LOW), (0.0, NOMINAL), (1.0, HIGH)):
        assert NOMINAL + morph(alpha) == pytest.approx(array, rel=1e-15, abs=1e-15)
        assert morph.times(3.0)(alpha) == pytest.approx(3 * morph(alpha), rel=1e-15, abs=0)
    assert float(Morph.between(1.0, 2.0, 5.0)(-1.0)) == -1.0
    line = Morph.one_sided(NOMINAL, HIGH)
    for alpha in ALPHAS:
        assert line(alpha) == pytest.approx(alpha * (HIGH - NOMINAL), rel=1e-15, abs=0)


@given(st.floats(-4, 4))
def test_morph_is_smooth(alpha: float) -> None:
    """property: the slope is the derivative everywhere, also where the polynomial ends."""
    morph, step = Morph.between(LOW, NOMINAL, HIGH), 1e-5
    difference = (morph(alpha + step) - morph(alpha - step)) / (2 * step)
    # The second derivative is continuous and the third below 60: 60 step²/6, and rounding.
    slope = morph.odd + bend(alpha)[1] * morph.even
    assert slope == pytest.approx(difference, rel=0, abs=2e-8)
    assert bend(-alpha)[0] == bend(alpha)[0]


# --- one component -------------------------------------------------------------------------------


def test_part() -> None:
    """unit: norms multiply, morphs add; the parts that make it up say the same, stacked."""
    morph = Morph.between(LOW, NOMINAL, HIGH)
    part = Part("cevns", NOMINAL, ("a", "b"), {"s": morph})
    assert part.expected({}) == pytest.approx(NOMINAL, rel=1e-15, abs=0)
    assert part.expected({"a": 1.5, "b": 0.0, "s": 0.4}).tolist() == [0, 0, 0]
    theta = {"a": 1.5, "b": 2.0, "s": 0.4}
    assert part.expected(theta) == pytest.approx(3.0 * (NOMINAL + morph(0.4)), rel=1e-15, abs=0)


def test_stacked_components() -> None:
    """reference: sums of the components by hand; derivatives by differences, at a zero norm too."""
    morph = Morph.between(LOW, NOMINAL, HIGH)
    parts = [
        Part("cevns", NOMINAL, ("norm", "flux"), {"shape": morph}),
        Part("flat", np.ones(3), ("other",), {"shape": Morph.one_sided(np.ones(3), HIGH)}),
        Part("fixed", np.full(3, 0.5)),
    ]
    names = {"norm": "near.norm", "other": "near.other", "shape": "near.shape"}
    stacked = Linear(parts, names)
    assert stacked.addresses == {"near.norm", "flux", "near.other", "near.shape"}
    place = {"flux": 0, "near.shape": 1, "near.norm": 2, "elsewhere": 3}
    for norm in (0.0, 1.3):
        theta = {"near.norm": norm, "flux": 0.9, "near.shape": -0.6, "near.other": 2.0}
        own = {name: theta.get(names.get(name, name), 1.0) for name in (*names, "flux")}
        by_hand = sum(part.expected(own) for part in parts)
        assert stacked.expected(theta) == pytest.approx(by_hand, rel=1e-14, abs=0)
        jacobian = stacked.jacobian(theta, place)
        assert jacobian.shape == (4, 3) and jacobian[3].tolist() == [0, 0, 0]
        for address in ("flux", "near.shape", "near.norm"):
            ends = [
                stacked.expected({**theta, address: theta[address] + side})
                for side in (-1e-6, 1e-6)
            ]
            slope = (ends[1] - ends[0]) / 2e-6  # rounding of numbers of order 30
            assert jacobian[place[address]] == pytest.approx(slope, rel=0, abs=1e-7)


# --- Poisson terms -------------------------------------------------------------------------------


def test_deviance_is_a_likelihood_ratio() -> None:
    """reference: probabilities of SciPy; the logarithms of numbers of order 100."""
    from scipy.stats import poisson as reference

    observed = np.array([0, 1, 3, 12, 250, 0])
    expected = np.array([0.5, 1.0, 7.25, 9.0, 240.0, 1e-5])
    best = reference.logpmf(observed, np.where(observed, observed, 1e-300))
    ratio = -2 * float(np.sum(reference.logpmf(observed, expected) - best))
    assert poisson.deviance(observed, expected) == pytest.approx(ratio, rel=1e-12, abs=0)
    assert poisson.deviance(observed[1:5], observed[1:5]) == pytest.approx(0, abs=1e-12)


@given(st.floats(0, 1e4), st.floats(1e-3, 1e4))
def test_deviance_of_a_cell(count: float, expectation: float) -> None:
    """property: never negative, and slope and curvature are its derivatives."""
    n, mu = np.array([count]), np.array([expectation])
    value = poisson.deviance(n, mu)
    assert value >= -1e-10  # rounding of numbers of order 1e5
    slope = 2 * (1 - count / expectation)
    assert float(poisson.slope(n, mu)[0]) == pytest.approx(slope, rel=1e-12, abs=1e-12)
    curvature = 2 * count / expectation**2
    assert float(poisson.curvature(n, mu)[0]) == pytest.approx(curvature, rel=1e-12, abs=0)


def test_deviance_where_nothing_is_expected() -> None:
    """unit: finite, convex and continuous at zero and below; zero events cost what is expected."""
    one, floor = np.array([1.0]), poisson.FLOOR
    points = [np.array([x]) for x in (-1.0, -floor, 0.0, floor, 2 * floor, 1e-3, 1.0)]
    values = [poisson.deviance(one, x) for x in points]
    assert np.all(np.isfinite(values)) and np.all(np.diff(values) < 0)
    slopes = [float(poisson.slope(one, x)[0]) for x in points]
    assert np.all(np.diff(slopes) >= 0)
    assert float(poisson.curvature(one, np.array([0.5 * floor]))[0]) == 0
    at, above = (poisson.deviance(one, np.array([floor * f])) for f in (1.0, 1 + 1e-6))
    assert at == pytest.approx(above, rel=0, abs=1e-5)
    assert poisson.deviance(np.zeros(2), np.array([0.0, 0.25])) == pytest.approx(0.5)


@given(st.floats(-1e3, 0.0))
def test_counts_below_nothing_are_no_reward(expectation: float) -> None:
    """property: without a count −2 ln L falls by (`BELOW` events)² at most, and rises steeply."""
    none, mu, below = np.zeros(1), np.array([expectation]), poisson.BELOW
    value = poisson.deviance(none, mu)
    assert value >= -(below**2) * (1 + 1e-12)
    assert value == pytest.approx(2 * expectation + (expectation / below) ** 2, rel=1e-12, abs=0)
    slope = 2 + 2 * expectation / below**2
    assert float(poisson.slope(none, mu)[0]) == pytest.approx(slope, rel=1e-12, abs=1e-12)
    inside = 2 / below**2 if expectation < 0 else 0.0
    assert float(poisson.curvature(none, mu)[0]) == pytest.approx(inside, rel=1e-12, abs=0)


def test_typical_deviance() -> None:
    """reference: 40000 toys know the mean to 0.5 % of the spread of a toy."""
    expected = np.array([0.02, 0.3, 1.0, 4.0, 30.0])
    mean, variance = poisson.typical_deviance(expected)
    generator, number = np.random.default_rng(12), 40_000
    counts = generator.poisson(expected, (number, len(expected)))
    drawn = np.array([poisson.deviance(row, expected) for row in counts])
    # Three standard deviations of a mean, and of a variance of something like χ² with 4.
    assert abs(mean - drawn.mean()) < 3 * np.sqrt(variance / number)
    assert variance == pytest.approx(float(np.var(drawn)), rel=3 * np.sqrt(6 / number), abs=0)


def test_typical_deviance_of_many() -> None:
    """reference: χ² with as many degrees of freedom as cells; corrections are 1/(6 μ) each."""
    mean, variance = poisson.typical_deviance(np.full(7, 2000.0))
    assert mean == pytest.approx(7, rel=2e-4, abs=0)
    assert variance == pytest.approx(14, rel=1e-3, abs=0)


# --- constraints ---------------------------------------------------------------------------------

CENTRES, WIDTHS, RHO = np.array([1.0, -2.0, 0.0]), np.array([0.1, 3.0, 1.0]), {("a", "c"): -0.6}


def constraints() -> Constraints:
    """Three Gaussians, two of them correlated."""
    parameters = {
        address: Parameter(address, float(centre), prior=float(width))
        for address, centre, width in zip("abc", CENTRES, WIDTHS, strict=True)
    }
    parameters["free"] = Parameter("free", 5.0)
    return Constraints.of(parameters, ("a", "free", "b", "c"), RHO)


def covariance() -> Array:
    matrix = np.diag(WIDTHS**2)
    matrix[0, 2] = matrix[2, 0] = -0.6 * WIDTHS[0] * WIDTHS[2]
    return matrix


def test_constraints_are_a_gaussian() -> None:
    """reference: twice the logarithm of SciPy's density, less that at its top."""
    from scipy.stats import multivariate_normal

    reference, made = multivariate_normal(CENTRES, covariance()), constraints()
    for point in ([1.0, -2.0, 0.0], [1.1, 1.0, 2.0], [0.7, -9.0, -0.5]):
        theta = dict(zip("abc", point, strict=True))
        chi2 = 2 * (reference.logpdf(CENTRES) - reference.logpdf(point))
        assert made.value(theta) == pytest.approx(chi2, rel=1e-12, abs=1e-12)
    assert made.value({}) == 0


def test_constraints_derivatives() -> None:
    """reference: of a quadratic form, differences are exact but for rounding."""
    made, theta = constraints(), {"a": 1.2, "b": 0.5, "c": -1.0, "free": 3.0}
    slopes, order = made.gradient(theta), ("c", "free", "a", "b")
    for address, slope in slopes.items():
        ends = [made.value({**theta, address: theta[address] + s}) for s in (-1e-4, 1e-4)]
        assert slope == pytest.approx((ends[1] - ends[0]) / 2e-4, rel=1e-8, abs=1e-8)
    inverse = np.linalg.inv(covariance())
    expected = np.zeros((4, 4))
    places = [order.index(address) for address in "abc"]
    expected[np.ix_(places, places)] = 2 * inverse
    assert made.hessian(order) == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_auxiliary_measurements() -> None:
    """reference: 20000 draws have the covariance of the constraint, to three of its errors."""
    made, generator, number = constraints(), np.random.default_rng(3), 20_000
    true = {"a": 1.05, "b": 0.0, "free": 7.0}
    drawn = [made.draw(true, generator) for _ in range(number)]
    sample = np.array([[one[address] for address in "abc"] for one in drawn])
    assert abs(sample.mean(axis=0) - [1.05, 0.0, 0.0]) / WIDTHS == pytest.approx(0, abs=0.0213)
    found = np.corrcoef(sample.T)[0, 2], sample.std(axis=0) / WIDTHS
    assert found[0] == pytest.approx(-0.6, rel=0, abs=0.014)
    assert found[1] == pytest.approx(1, rel=0, abs=0.015)
    moved = made.around({"b": 4.0})
    assert moved.pulls({"a": 1.2, "b": 4.0}).tolist() == pytest.approx([2, 0, 0], abs=1e-12)
    assert Constraints.of({}, ()).draw({}, generator) == {}


@pytest.mark.parametrize(
    ("rho", "message"),
    [
        ({("a", "free"): 0.5}, "free, which has no prior or does not float"),
        ({("a", "other"): 0.5}, "other, which has no prior or does not float"),
        ({("a", "b"): 0.9, ("b", "c"): 0.9, ("a", "c"): -0.9}, "contradict each other"),
        ({("a", "b"): 1.0}, "leave no freedom"),
    ],
)
def test_correlations_that_cannot_be(rho: Any, message: str) -> None:
    """unit: one line each."""
    parameters = {address: Parameter(address, 1.0, prior=1.0) for address in "abc"}
    parameters["free"] = Parameter("free", 1.0)
    with pytest.raises(InputError, match=message):
        Constraints.of(parameters, ("a", "b", "c", "free"), rho)


# --- cells ---------------------------------------------------------------------------------------

EDGES = np.array([-0.1, 0.4, 0.9, 1.4])
CELLS = Cells((CellAxis("energy", np.array([0.0, 2.0, 8.0]), "keVee"), CellAxis("time", EDGES)))


def test_bins_are_half_open() -> None:
    """unit: [a, b), the end of the last one outside; an event on an edge but for rounding is on it.

    0.9 is not -0.1 + 0.5 + 0.5 in binary: a billionth of the axis is the same place.
    """
    axis = CELLS.axis("time")
    assert axis.locate([-0.1, 0.4, 0.9, 1.4]).tolist() == [0, 1, 2, -1]
    assert axis.locate([0.4 - 1e-12, 0.9 - 1e-12, -0.1 - 1e-12]).tolist() == [1, 2, 0]
    assert axis.locate([0.4 - 1e-6, 1.4 - 1e-6, -0.2, 9.0, np.inf]).tolist() == [0, 2, -1, -1, -1]
    assert (CELLS.shape, CELLS.size, CELLS.names) == ((2, 3), 6, ("energy", "time"))
    assert CellAxis("t", EDGES * 1e-6, "us", 1e-6).shown == pytest.approx(EDGES, rel=1e-15, abs=0)


def test_events_in_cells() -> None:
    """unit: the last axis runs fastest; what lies outside is left out, weights add up."""
    energies, times = [1.0, 2.0, 7.9, 8.0, 1.0, -1.0], [0.0, 0.5, 1.0, 1.0, 0.0, 0.0]
    assert CELLS.sorted_in([energies, times]).tolist() == [2, 0, 0, 0, 1, 1]
    weights = [0.5, 2.0, 3.0, 9.0, 0.25, 9.0]
    assert CELLS.sorted_in([energies, times], weights).tolist() == [0.75, 0, 0, 0, 2, 3]
    assert CELLS.projection([1, 2, 3, 4, 5, 6], "time").tolist() == [5, 7, 9]
    assert CELLS.projection([1, 2, 3, 4, 5, 6], "energy").tolist() == [6, 15]
    profiles = {"energy": [1.0, 10.0], "time": [1.0, 2.0, 3.0]}
    assert CELLS.product(profiles).tolist() == [1, 2, 3, 10, 20, 30]


def test_one_row_per_cell() -> None:
    """unit: in any order; a cell without a row or with two is a mistake."""
    energies, times = np.array([1.0, 1, 1, 5, 5, 5]), np.array([1.0, 0, 0.5, 1, 0, 0.5])
    filled = CELLS.filled([energies, times], [3, 1, 2, 6, 4, 5], "data: x.txt")
    assert filled.tolist() == [1, 2, 3, 4, 5, 6]
    times[0] = 0
    with pytest.raises(InputError, match=r"data: x\.txt: found 1 cells without a row, 1 with more"):
        CELLS.filled([energies, times], [3, 1, 2, 6, 4, 5], "data: x.txt")


# --- views of θ ----------------------------------------------------------------------------------


def test_local_addresses() -> None:
    """unit: a data set sees its own names for what it knows, and nothing else."""
    theta = {"near.source.norm": 1.1, "far.source.norm": 0.9, "sin2_theta_w": 0.2}
    names = {"source.norm": "far.source.norm", "sin2_theta_w": "sin2_theta_w", "other": "absent"}
    local = Local(theta, names)
    assert dict(local) == {"source.norm": 0.9, "sin2_theta_w": 0.2} and len(local) == 2
    assert local.get("other", 5) == 5 and "near.source.norm" not in local


def test_view() -> None:
    """unit: changes come first, hidden addresses are not there, the rest shows through."""
    view = View({"a": 1, "b": 2, "c": 3}, {"b": 20, "d": 40}, {"c"})
    assert dict(view) == {"a": 1, "b": 20, "d": 40} and len(view) == 3
    assert view.get("c", "nominal") == "nominal"


# --- steps ---------------------------------------------------------------------------------------


@given(st.floats(-250, 250), st.sampled_from([0.0, 1.0]))
@settings(max_examples=50)
def test_natural_steps(exponent: float, start: float) -> None:
    """property: a parabola of any width is felt after one step, within the factor it says."""
    width = 10.0 ** (exponent / 10)
    found = natural_step(Parameter("p", start), lambda value: ((value - start) / width) ** 2)
    if width > 1e-12 or start == 0:  # else no number near 1 is so close to it
        assert 0.25 <= (found / width) ** 2 <= 4


def test_natural_steps_within_bounds() -> None:
    """unit: a step stays inside, and without any effect it is the first guess."""
    bounded = Parameter("p", 0.5, bounds=(0.0, 0.6))
    assert 0 < natural_step(bounded, lambda value: 0.0) <= 0.5
    assert natural_step(Parameter("p", 3.0), lambda value: 0.0) > 0
