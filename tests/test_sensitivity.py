"""Sensitivity studies: what a file's χ² and likelihood are, by hand, and how they scale.

Kinds: reference (formulas written out here) and property (scaling with exposure, samples that
contain others, grids that are loops).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from studies import ARGON, COUNTING, PLAIN, TWO, design, exactly, finished, heights, study

from cevns.errors import InputError
from cevns.sensitivity.design import Design
from cevns.sensitivity.evaluate import Counting
from cevns.units import eV, m

U = "nsi.eps_ee_u"

NORM = "scan: {parameters: {signal.norm: [0.5, 1.5, 5]}, %s}\n"


def norm_scan(more: str = "profile: none") -> str:
    return NORM % more


def totals(text: str) -> tuple[float, float]:
    """Signal and background in the bins."""
    prediction = study(text).predict()
    background = sum(float(np.sum(one)) for one in prediction.backgrounds.values())
    return float(np.sum(prediction.counts)), background


# --- reference: one count, by hand ----------------------------------------------------------------


def test_chi2_of_a_counting_experiment() -> None:
    """(n − 1)² N²/(N + B(1 + on/off) + (sN)²), N the nominal count; off half as long as on."""
    block = "study: {statistic: chi2-counting, systematic: [0, 10 %]}\n"
    signal, background = totals(ARGON)
    for s, found in zip(
        (0.0, 0.1),
        heights(design(ARGON, norm_scan() + block), signal__norm=[0.7, 1.2]),
        strict=True,
    ):
        variance = signal + background * 3 + (s * signal) ** 2
        assert found == exactly(np.array([0.09, 0.04]) * signal**2 / variance)


def test_sigma_from_the_point_that_is_tested() -> None:
    """N in the place of N₀, as it would be observed if the point were true."""
    block = "study: {statistic: chi2-counting, systematic: 10 %, sigma_from: observed}\n"
    signal, background = totals(ARGON)
    (found,) = heights(design(ARGON, norm_scan() + block), signal__norm=[0.7, 1.2])
    n = np.array([0.7, 1.2]) * signal
    variance = n + 3 * background + (0.1 * n) ** 2
    assert found == exactly((n - signal) ** 2 / variance)


def test_everything_that_passes_counts_without_bins() -> None:
    """As the total of a prediction has it, no upper cut."""
    (found,) = heights(design(PLAIN, norm_scan() + COUNTING), signal__norm=1.1)
    assert found == exactly(0.01 * study(PLAIN).predict().total)


def test_a_prior_is_a_systematic() -> None:
    """On the flux 10 %, on the background 20 % beside what the time without the source says."""
    priors = "parameters: {source.norm: {prior: 10 %}, background.flat.norm: {prior: 20 %}}\n"
    made = design(ARGON, priors + norm_scan("profile: all") + COUNTING)
    signal, background = totals(ARGON)
    known = 1 / (1 / (0.2 * background) ** 2 + 1 / (2 * background))  # two measurements of one
    variance = signal + background + (0.1 * signal) ** 2 + known
    assert heights(made, signal__norm=1.2)[0] == exactly(0.04 * signal**2 / variance)
    held = design(ARGON, priors + norm_scan() + COUNTING)
    assert held.held == ("source.norm", "background.flat.norm")
    variance = signal + 3 * background
    assert heights(held, signal__norm=1.2)[0] == exactly(0.04 * signal**2 / variance)


EPS = "scan: {parameters: {nsi.eps_ee_u: [-0.1, 0.1, 5]}, %s}\n"


def changes(made: Design, value: float) -> tuple[Any, Any]:
    """Nominal counts of the experiments, and what ``value`` of the coupling adds."""
    counted = made.counted(made.study)
    nominal = counted.net({})
    return nominal, counted.net({U: value}) - nominal


@pytest.mark.parametrize("correlated", [False, True])
def test_systematic_of_several_experiments(correlated: bool) -> None:
    """Each its own, so that χ² adds up; or one for all: V = diag(N) + s² N Nᵀ."""
    block = f"study: {{statistic: chi2-counting, systematic: 10 %, correlated: {correlated}}}\n"
    made = design(PLAIN, TWO + EPS % "profile: none" + block.lower())
    n, d = changes(made, 0.05)
    if correlated:
        expected = d @ np.linalg.inv(np.diag(n) + 0.01 * np.outer(n, n)) @ d
    else:
        expected = np.sum(d**2 / (n + 0.01 * n**2))
    assert heights(made, nsi__eps_ee_u=0.05)[0] == exactly(float(expected))


@pytest.mark.parametrize("shared", [True, False])
def test_a_norm_for_each_experiment_or_for_all(shared: bool) -> None:
    """property: what all share is a correlated systematic, one for each is an uncorrelated one."""
    tied = "near.source.norm: {prior: 10 %}, far.source.norm: {same_as: near.source.norm}"
    priors = f"parameters: {{{tied if shared else 'source.norm: {prior: 10 %}'}}}\n"
    scan = "scan: {parameters: {nsi.eps_ee_d: [-1, 1, 5]}, profile: %s}\n"
    block = f"study: {{statistic: chi2-counting, systematic: 10 %, correlated: {shared}}}\n"
    fitted = design(PLAIN, TWO + priors + scan % "all" + COUNTING)
    assert len(fitted.profiled) == (1 if shared else 2)
    systematic = design(PLAIN, TWO + scan % "none" + block)
    point = {"nsi__eps_ee_d": [-0.2, 0.3]}
    assert heights(fitted, **point)[0] == exactly(heights(systematic, **point)[0])


@pytest.mark.parametrize("profile", ["none", "[source.norm]"])
@pytest.mark.parametrize("statistic", ["chi2-counting", "poisson"])
def test_a_prior_on_an_axis_is_a_measurement(statistic: str, profile: str) -> None:
    """reference: (θ − θ₀)²/σ² beside what is counted, for χ², likelihoods and fitted ones."""
    scan = f"scan: {{parameters: {{signal.norm: [0.5, 1.5, 5]}}, profile: {profile}}}\n"
    block = f"study: {{statistic: {statistic}}}\nbinning: {{from: 20 keV, to: 60 keV, bins: 4}}\n"
    nuisance = "source.norm: {prior: 10 %}"
    points = {"signal__norm": [0.9, 1.0, 1.2]}
    free = design(PLAIN, f"parameters: {{{nuisance}}}\n{scan}{block}")
    priors = f"parameters: {{signal.norm: {{prior: 5 %}}, {nuisance}}}\n"
    known = design(PLAIN, priors + scan + block)
    (without,), (with_prior,) = heights(free, **points), heights(known, **points)
    # The minima of two fits agree to 1e-4 of a unit of −2 ln L.
    assert with_prior - without == pytest.approx([4.0, 0.0, 16.0], rel=0, abs=2e-4)
    assert known.constrained == ("signal.norm",) and free.constrained == ()


def test_priors_on_two_axes_may_be_correlated() -> None:
    """reference: the quadratic form by hand, ρ = 0.5; nothing else tells the two norms apart."""
    text = (
        "parameters: {signal.norm: {prior: 5 %}, source.norm: {prior: 10 %}}\n"
        "correlations: [{between: [signal.norm, source.norm], rho: 0.5}]\n"
        "scan: {parameters: {signal.norm: [0.5, 1.5, 5], source.norm: [0.5, 1.5, 5]}}\n"
    )
    made = design(PLAIN, text + COUNTING)
    (found,) = heights(made, signal__norm=[1.25], source__norm=[0.8])  # the same events
    one, two = 5.0, -2.0
    assert found == exactly([(one**2 - one * two + two**2) / 0.75], 1e-7)  # 1/(1 − ρ²) = 1/0.75
    assert made.silent == ()


@pytest.mark.parametrize("rho", [-1, 0.9, 1])
def test_correlated_priors(rho: float) -> None:
    """V = diag(N) + Σ ρ_ij e_i e_jᵀ; two numbers may well be one."""
    text = (
        "parameters: {near.source.norm: {prior: 10 %}, far.source.norm: {prior: 20 %}}\n"
        f"correlations: [{{between: [near.source.norm, far.source.norm], rho: {rho}}}]\n"
    )
    made = design(PLAIN, TWO + text + EPS % "profile: all" + COUNTING)
    n, d = changes(made, 0.05)
    effects = np.diag([0.1, 0.2]) * n
    matrix = np.diag(n) + effects @ np.array([[1, rho], [rho, 1]]) @ effects.T
    expected = float(d @ np.linalg.inv(matrix) @ d)
    assert heights(made, nsi__eps_ee_u=0.05)[0] == exactly(expected)


def test_a_common_norm_cancels_in_a_ratio() -> None:
    """Prompt over delayed: R₀² (1/p + 1/d) and nothing of the 10 % on the flux."""
    priors = "model: [standard-model, nsi]\nparameters: {source.norm: {prior: 10 %}}\n"
    ratio = "study: {statistic: chi2-counting, observable: ratio, systematic: [0, 2 %]}\n"
    made = design(PLAIN, priors + EPS % "profile: all" + ratio)
    groups = study(PLAIN).predict().by_group
    p, d = groups["prompt"], groups["delayed"]
    held = design(PLAIN, priors + EPS % "profile: none" + ratio)
    profiled, fixed = (heights(one, nsi__eps_ee_u=0.05) for one in (made, held))
    assert profiled[0] == exactly(fixed[0]) and profiled[1] == exactly(fixed[1])
    theta = {U: 0.05}
    moved = study(PLAIN, "model: [standard-model, nsi]").experiments[""].predict(theta).by_group
    change = moved["prompt"] / moved["delayed"] - p / d
    for s, found in zip((0.0, 0.02), fixed, strict=True):
        assert found == exactly(change**2 / ((p / d) ** 2 * (1 / p + 1 / d + s**2)))
    counts = design(PLAIN, priors + EPS % "profile: all" + COUNTING)
    assert profiled[0] > heights(counts, nsi__eps_ee_u=0.05)[0]


def test_ratio_of_two_experiments_with_backgrounds() -> None:
    """Each with its own background, subtracted."""
    text = "experiments: {ar: {}, ne: {detector: {target: Ne20}}}\nmodel: [standard-model, nsi]\n"
    block = "study: {statistic: chi2-counting, observable: ratio, ratio: [ar, ne]}\n"
    made = design(ARGON, text + EPS % "profile: none" + block)
    (found,) = heights(made, nsi__eps_ee_u=0.05)
    (a, n), (da, dn) = (one.tolist() for one in changes(made, 0.05))
    assert a != n
    va, vn = a + 3 * totals(ARGON)[1], n + 3 * totals(ARGON)[1]
    change = (a + da) / (n + dn) - a / n
    assert found == exactly(change**2 / ((a / n) ** 2 * (va / a**2 + vn / n**2)))


# --- reference: the likelihood --------------------------------------------------------------------


def test_poisson_by_hand() -> None:
    """2 Σ [μ − n + n ln(n/μ)] over the bins, n the nominal expectation."""
    text = ARGON.replace("{on: 200 day, off: 100 day}", "200 day")
    made = design(text, norm_scan() + "study: {statistic: poisson}\n")
    prediction = study(text).predict()
    n = prediction.counts + prediction.backgrounds["flat"]
    mu = 1.2 * prediction.counts + prediction.backgrounds["flat"]
    expected = 2 * float(np.sum(mu - n + n * np.log(n / mu)))
    assert heights(made, signal__norm=1.2)[0] == exactly(expected)
    assert heights(made, signal__norm=1.0)[0] == pytest.approx(0.0, rel=0, abs=1e-9)


def test_poisson_with_a_nuisance_that_is_known() -> None:
    """A fit of a norm that cannot move gives what is had without one."""
    more = "parameters: {source.norm: {prior: 0.001 %%}}\nscan: {parameters: {%s}, profile: %s}\n"
    axes = "nsi.eps_ee_u: [-0.1, 0.1, 5]"
    text = (
        ARGON.replace("{on: 200 day, off: 100 day}", "200 day") + "model: [standard-model, nsi]\n"
    )
    fitted, plain = (
        heights(design(text, more % (axes, profile)), nsi__eps_ee_u=[-0.05, 0.1])[0]
        for profile in ("all", "none")
    )
    # It moves the counts by 1e-5 at most, which is 1e-3 of their errors.
    assert fitted == exactly(plain, 1e-3)


@pytest.mark.parametrize("correlated", ["true", "false"])
def test_poisson_with_a_systematic_is_nearly_chi2(correlated: str) -> None:
    """Of the bins of two experiments, with 1e5 events and small effects."""
    many = PLAIN.replace("200 day", "20000 day") + "binning: {from: 20 keV, to: 180 keV, bins: 4}\n"
    both = TWO.replace("50 day", "5000 day") + EPS % "profile: none"
    kinds = [
        f"study: {{statistic: {kind}, systematic: 5 %, correlated: {correlated}{more}}}\n"
        for kind, more in (("poisson", ""), ("chi2-counting", ", observable: spectrum"))
    ]
    one, two = (heights(design(many, both + kind), nsi__eps_ee_u=0.005)[0] for kind in kinds)
    # −2 ln L and χ² differ in third order, by about the change of a bin, which is 3 %.
    assert one == exactly(two, 0.05)
    assert two > 0.1


# --- property -------------------------------------------------------------------------------------

MOMENT = """
source: {type: stopped-pion, flux: 1e7 /cm^2/s}
detector: {target: Ne20, threshold: 10 keV}
exposure: 1 tonne*year
model: [standard-model, magnetic-moment]
"""
MOMENTS = "magnetic-moment.nu_mu: {from: 1e-11 mu_B, to: 1e-8 mu_B, points: 121, spacing: log}"


def test_reach_of_a_quadratic_coupling() -> None:
    """L^{1/4}: ten times as far with 10⁴ times the exposure, unless a systematic stops it."""
    exposures = "exposure: {from: 0.01 tonne*year, to: 100 tonne*year, points: 3, spacing: log}"
    scan = f"scan: {{parameters: {{{MOMENTS}}}, settings: {{{exposures}}}}}\n"
    block = "study: {statistic: chi2-counting, systematic: [0, 5 %]}\n"
    made = finished(design(MOMENT, scan + block))
    reach = {
        s: [end for _, (_, end) in made.limits(h, made.design.levels[0][1]) if end is not None]
        for s, h in made.surfaces.items()
    }
    first, middle, last = reach[0.0]
    assert first / last == exactly(10.0, 1e-6) and first / middle == exactly(10**0.5, 1e-6)
    # N₀ = 1/(0.05)² events would be as uncertain by counting: far beyond, nothing is gained.
    assert reach[0.05][1] / reach[0.05][2] == exactly(1.0, 0.02)


def test_bins_know_more_than_their_sum() -> None:
    """At every point, with the same systematics: the sum is one of the combinations of bins."""
    text = "model: [standard-model, nsi]\nparameters: {background.flat.norm: {prior: 10 %}}\n"
    axes = "scan: {parameters: {nsi.eps_ee_d: [-0.3, 0.6, 31]}, profile: all}\n"
    block = "study: {statistic: chi2-counting, systematic: 5 %, observable: %s}\n"
    bins, total = (
        finished(design(ARGON, text + axes + block.replace("%s", one))).surfaces[0.05]
        for one in ("spectrum", "counts")
    )
    assert np.all(bins >= total * (1 - 1e-9))
    assert np.max(bins[total > 0] / total[total > 0]) > 1.1


def test_what_shapes_the_fold_is_taken_one_by_one() -> None:
    """A radius cannot be a grid, a coupling can: the same numbers as predictions one by one."""
    axes = "{Ar.neutron_skin: {from: 0 fm, to: 0.6 fm, points: 3}, nsi.eps_ee_d: [-0.2, 0.2, 4]}"
    text = PLAIN + "model: [standard-model, nsi]\n"
    made = design(text, f"scan: {{parameters: {axes}}}\n{COUNTING}")
    found = finished(made).surfaces[0.0]
    experiment = made.study.experiments[""]
    nominal = experiment.predict().total
    for place in np.ndindex(3, 4):
        theta = {a: float(v[i]) for (a, v), i in zip(made.axes.items(), place, strict=True)}
        expected = (experiment.predict(theta).total - nominal) ** 2 / nominal
        assert found[place] == pytest.approx(expected, rel=1e-7, abs=1e-9)


def test_points_outside_bounds_have_no_statistic() -> None:
    axes = "scan: {parameters: {Ar.neutron_skin: {from: -3 fm, to: 3 fm, points: 7}}}\n"
    content = finished(design(PLAIN, axes + COUNTING)).as_dict()
    assert [one is None for one in content["statistic"]] == [True] + [False] * 6
    assert content["failures"] == {"Ar.neutron_skin outside its bounds [-2, 4] fm": 1}


# --- a mass and a coupling ------------------------------------------------------------------------

MEDIATOR = "model: [standard-model, light-vector]\n"
MASS = "light-vector.mass: {from: 1 MeV, to: 1 GeV, points: 7, spacing: log}"
COUPLING = "light-vector.coupling: {from: 1e-6, to: 1e-1, points: 101, spacing: log}"
WEAK = f"scan: {{parameters: {{{MASS}, {COUPLING}}}, dof: 1}}\n"


def test_limit_on_a_coupling_at_each_mass() -> None:
    """Far above every momentum the limit is on g/m: ten times the mass, ten times the coupling."""
    made = finished(design(PLAIN, MEDIATOR + WEAK + COUNTING))
    assert made.design.unset == ("light-vector.mass",)
    assert made.lines == ("light-vector.coupling", ("light-vector.mass",))
    assert made.as_dict()["best"]["parameters"] == {"light-vector.coupling": 0.0}
    limits: dict[float, float] = {}
    for (mass,), (low, high) in made.limits(made.surfaces[0.0], made.design.levels[0][1]):
        if low is None and high is not None:
            limits[mass] = high
    masses = sorted(limits)
    assert masses == pytest.approx(made.design.shown("light-vector.mass"), rel=1e-12, abs=0)
    # 2MT/m² is 1e-2 at 316 MeV and 1e-3 at 1 GeV; half of it is left in the coupling.
    assert limits[masses[-1]] / limits[masses[-2]] == exactly(10**0.5, 2e-2)
    assert limits[masses[0]] == exactly(limits[masses[1]], 5e-2)  # massless


def test_a_mass_without_a_value() -> None:
    """Where the data to be made depend on it there is none to be made."""
    coupled = MEDIATOR.replace("light-vector]", "{light-vector: {coupling: 1e-4}}]")
    with pytest.raises(InputError, match=r"no value for light-vector\.mass, on which the data"):
        design(PLAIN, coupled + f"scan: {{parameters: {{{MASS}}}}}\n" + COUNTING)


# --- a part of the axes ---------------------------------------------------------------------------

STERILE = """
source: {type: stopped-pion, flux: 1e7 /cm^2/s, distance: 20 m}
detector: {target: Ar40, mass: 100 kg, threshold: 20 keV}
exposure: 200 day
model: [standard-model, %s]
parameters: {source.norm: {prior: 5 %%}}
scan:
  parameters:
    sterile.dm2: {from: 0.1 eV^2, to: 10 eV^2, points: 3, spacing: log}
    sterile.Umu4_sq: [0, 0.2, 3]
  profile: all
"""


def at(made: Design, **points: Any) -> Any:
    """χ² at points that name some of the axes only; "__" for a dot."""
    arrays = {name.replace("__", "."): np.atleast_1d(x) for name, x in points.items()}
    size = max(len(one) for one in arrays.values())
    found, status = Counting(made, made.study).columns(arrays, size)
    assert not any(status)
    return found[made.columns[0]]


def test_axes_left_out_are_nominal() -> None:
    made = design(STERILE % "{sterile: {dm2: 2 eV^2}}", COUNTING)
    mixings = np.array([0.05, 0.1])
    both = at(made, sterile__Umu4_sq=mixings, sterile__dm2=np.full(2, 2.0) * eV**2)
    assert np.all(both > 0)
    assert at(made, sterile__Umu4_sq=mixings) == exactly(both)


def test_axes_without_a_value_are_not_left_out() -> None:
    made = design(STERILE % "sterile", COUNTING)
    given = at(made, sterile__Umu4_sq=np.array([0.1, 0.2]), sterile__dm2=np.full(2, 2.0) * eV**2)
    # a deficit with the same error: ∝ (|U|²(1 − |U|²))²
    assert given[1] / given[0] == exactly((0.2 * 0.8 / (0.1 * 0.9)) ** 2)
    with pytest.raises(InputError, match=r"sterile\.dm2: found no value"):
        at(made, sterile__Umu4_sq=0.1)
    with pytest.raises(InputError, match=r"did you mean 'sterile\.dm2'"):
        at(made, sterile__dm=0.1)


def test_points_beside_the_axes() -> None:
    """A parameter that is no axis, and that shapes the spectrum, is taken value by value."""
    made = design(STERILE % "{sterile: {dm2: 2 eV^2, Umu4_sq: 0.1}}", COUNTING)
    distances = np.array([10.0, 30.0]) * m
    found = at(made, source__distance=distances)
    each = [at(made, source__distance=one)[0] for one in distances]
    assert found == exactly(each) and found[0] != found[1]
