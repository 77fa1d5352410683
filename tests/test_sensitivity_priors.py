"""Correlated priors on what is scanned: scans of data and every kind of study have one rule.

Kinds: reference (quadratic forms by hand, minima of χ² by search) and unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from studies import COUNTING, PLAIN, design, exactly, heights

from cevns.config.study import study_from
from cevns.errors import InputError
from cevns.inference.plane import HEIGHT, grid_of
from cevns.yaml_reader import read_text

RHO = 0.5
BLOCKS = """
source: {type: stopped-pion, flux: 1e7 /cm^2/s}
detector:
  target: Ar40
  mass: 100 kg
  threshold: 20 keV
  backgrounds: [{name: flat, type: flat, rate: 2e-3 /keV/kg/day}]
binning: {from: 20 keV, to: 180 keV, bins: 4}
exposure: 200 day
"""
ROWS = "energy [keV],counts\n40,700\n80,350\n120,320\n160,320\n"
PRIORS = "parameters: {signal.norm: {prior: 5 %%%s}, source.norm: {prior: 10 %%}%s}\n"
CORRELATED = f"correlations: [{{between: [signal.norm, source.norm], rho: {RHO}}}]\n"
ROUTES: Mapping[str, tuple[str, str]] = {
    "scan": ("none", ""),
    "scan, fitted": ("[background.flat.norm]", ""),
    "likelihood": ("none", "study: {statistic: poisson}\n"),
    "likelihood, fitted": ("[background.flat.norm]", "study: {statistic: poisson}\n"),
    "chi2": ("none", COUNTING),
    "chi2, profiled": ("[background.flat.norm]", COUNTING),
}


def statistic(route: str, said: str, folder: Path, value: float = 1.25) -> float:
    """What a scan of own counts or a study has at a strength of the signal."""
    profile, block = ROUTES[route]
    axes = f"scan: {{parameters: {{signal.norm: [0.5, 1.5, 5]}}, profile: {profile}}}\n"
    text = f"{BLOCKS}{said}{axes}{block}"
    if not route.startswith("scan"):
        return float(heights(design(text), signal__norm=value)[0][0])
    (folder / "own.csv").write_text(ROWS)
    grid = grid_of(study_from(read_text(f"{text}data: {{file: own.csv}}\n"), folder))
    found = grid.make()()({"signal.norm": np.array([value])}, np.random.SeedSequence(0))
    assert found["status"] == [""]
    return float(found[HEIGHT][0])


FREE = "parameters: {background.flat.norm: {prior: 5 %}}\n"
FLAT = ", background.flat.norm: {prior: 5 %}"


@pytest.mark.parametrize("route", ROUTES)
def test_a_correlation_with_what_is_held(route: str, tmp_path: Path) -> None:
    """reference: the joint prior where the held one is nominal, p²/(1 − ρ²), p = 0.25/0.05."""
    without = statistic(route, FREE, tmp_path)
    known = statistic(route, PRIORS % ("", FLAT) + CORRELATED, tmp_path)
    # The minima of two fits agree to 1e-4 of a unit of −2 ln L.
    assert known - without == pytest.approx(25 / (1 - RHO**2), rel=0, abs=2e-4)


@pytest.mark.parametrize("route", ROUTES)
def test_what_is_fixed_has_no_prior(route: str, tmp_path: Path) -> None:
    """unit: neither it nor its correlations count, on an axis or beside one."""
    without = statistic(route, FREE, tmp_path)
    known = statistic(route, PRIORS % (", fixed: true", FLAT) + CORRELATED, tmp_path)
    assert known == pytest.approx(without, rel=0, abs=2e-4)


def by_search(expected: bool, value: float, total: float) -> float:
    """χ² of one count with a nuisance of 10 % on it, as the smallest over that nuisance."""
    precision = np.linalg.inv([[1, RHO], [RHO, 1]])
    pull = (value - 1) / 0.05
    effect = 0.1 * total * (1 if expected else value)
    variance = total * (1 if expected else value)

    def height(nuisance: float) -> float:
        pulls = np.array([pull, nuisance])
        residual = total * (value - 1) + effect * nuisance
        return float(residual**2 / variance + pulls @ precision @ pulls)

    return float(minimize_scalar(height, bounds=(-20, 20), method="bounded").fun)


SCAN = "scan: {parameters: {signal.norm: [0.5, 1.5, 5]}, profile: [source.norm]}\n"


@pytest.mark.parametrize("expected", [True, False])
def test_a_correlation_with_what_is_profiled(expected: bool) -> None:
    """reference: the nuisance fitted by a search, with variances of either kind."""
    kind = "expected" if expected else "observed"
    block = f"study: {{statistic: chi2-counting, sigma_from: {kind}}}\n"
    made = design(PLAIN, PRIORS % ("", "") + CORRELATED + SCAN + block)
    total = made.study.predict().total
    values = np.array([0.8, 1.0, 1.1])
    (found,) = heights(made, signal__norm=values)
    # 1e-9: a parabola near its minimum, found to 1e-5 of a pull.
    search = [by_search(expected, value, total) for value in values.tolist()]
    assert found == pytest.approx(search, rel=1e-9, abs=1e-9)
    plain = design(PLAIN, PRIORS % ("", "") + SCAN + block)
    assert abs(heights(plain, signal__norm=0.8)[0][0] - found[0]) > 1.0


def test_chi2_and_the_likelihood_agree() -> None:
    """reference: of many counts and small changes the two are the same but for third orders."""
    many = PLAIN.replace("200 day", "20000 day") + "binning: {from: 20 keV, to: 180 keV, bins: 1}\n"
    each = [
        heights(
            design(many, PRIORS % ("", "") + CORRELATED + SCAN + f"study: {{statistic: {kind}}}\n"),
            signal__norm=1.02,
        )[0][0]
        for kind in ("chi2-counting", "poisson")
    ]
    # A nuisance multiplies the moved signal in one and the nominal one in the other: 2 %.
    assert each[0] == exactly(each[1], 0.03)


MISTAKES = {
    "parameters: {source.norm: {prior: 10 %}}\n" + CORRELATED + SCAN: (
        "correlations: found signal.norm, which has no prior"
    ),
    "parameters: {signal.norm: {prior: 5 %}, source.norm: {prior: 10 %}}\n"
    + CORRELATED.replace("0.5", "1")
    + "scan: {parameters: {detector.mass: [50 kg, 150 kg, 3]}}\n": (
        "correlations: found coefficients that leave no freedom, like 1 or -1, expected a positive "
        "definite matrix; for two numbers that are one 'same_as'"
    ),
    "model: [standard-model, light-vector]\nparameters: {light-vector.mass: {prior: 1 MeV}}\n"
    "scan: {parameters: {light-vector.mass: {from: 1 MeV, to: 9 MeV, points: 3}}}\n": (
        "scan.parameters.light-vector.mass: found a prior on light-vector.mass, which has no value"
    ),
    "model: [standard-model, nsi]\nparameters: {nsi.eps_emu_u: {prior: 0.1}}\n"
    "scan: {parameters: {nsi.eps_emu_u: [-1, 1, 3]}}\n": (
        "found a prior on nsi.eps_emu_u, which may have a phase, expected a prior on a parameter"
    ),
}


@pytest.mark.parametrize("text", MISTAKES)
@pytest.mark.parametrize("block", [COUNTING, "study: {statistic: poisson}\n"])
def test_mistakes(block: str, text: str) -> None:
    with pytest.raises(InputError) as caught:
        design(PLAIN, text + block)
    assert MISTAKES[text] in str(caught.value)
    assert len(caught.value.mistakes) == 1
