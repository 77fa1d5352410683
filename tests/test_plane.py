"""Grids of likelihoods: axes, what is fitted again, levels, failed points, the best point."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import chi2

from cevns.config.study import study_from
from cevns.errors import InputError
from cevns.inference import plane
from cevns.inference.minimum import ROUGH, Minimum, minimise
from cevns.inference.outcome import Outcome, outcome, regions
from cevns.inference.plane import HEIGHT, Grid, grid_of, height_at, level
from cevns.likelihood.joint import Likelihood
from cevns.scan.merge import merge, read
from cevns.scan.run import run
from cevns.units import MeV, fm
from cevns.yaml_reader import read_text

BASE = """
name: own
source: {type: stopped-pion, flux: 1e7 /cm^2/s}
exposure: 1 year
data: {file: own.csv}
detector:
  {target: Ar40, mass: 10 kg, backgrounds: [{name: flat, type: flat, rate: 0.02 / keV / kg / day}]}
"""
ONE = BASE + "binning: {from: 10 keV, to: 60 keV, bins: 1}\n"
FIVE = BASE + "binning: {from: 10 keV, to: 60 keV, bins: 5}\n"
PRIOR = "parameters: {background.flat.norm: {prior: 20 %}}\n"
BACKGROUND = 0.02 * 50 * 10 * 365.25  # per keV, kg and day, times what there is of each
COUNT = 4100


def grid(text: str, folder: Path, exact: bool = False) -> Grid:
    """The grid of an experiment with counts of its own: 4100 in one bin, 3960 in five."""
    one = "bins: 1}" in text
    rows = [f"35,{COUNT}"] if one else ["15,850", "25,830", "35,780", "45,760", "55,740"]
    (folder / "own.csv").write_text("\n".join(["energy [keV],counts", *rows]))
    return grid_of(study_from(read_text(text), folder), exact)


def computed(made: Grid, folder: Path) -> Outcome:
    """The scan, run here."""
    run(made.plan(), made.make(), folder / "scan")
    return outcome(made, read(merge(folder / "scan", folder / "scan.h5")))


def scanned(text: str, folder: Path) -> Outcome:
    return computed(grid(text, folder), folder)


def signal(made: Grid) -> float:
    """Predicted events of the only bin."""
    return float(np.sum(made.analysis.study.predict().counts))


def poisson(expected: float) -> float:
    """−2 ln(L/L_saturated) of the count in one bin."""
    return 2.0 * (expected - COUNT + COUNT * math.log(COUNT / expected))


# --- reference: closed forms ----------------------------------------------------------------------


def test_nothing_profiled(tmp_path: Path) -> None:
    """Also without a word about it: that is the default. 1e-9: rounding of sums of 1e4."""
    found = scanned(f"{ONE}scan: {{parameters: {{signal.norm: [0.5, 1.5, 5]}}}}", tmp_path)
    events = signal(found.grid)
    values = np.linspace(0.5, 1.5, 5)
    expected = [poisson(events * norm + BACKGROUND) for norm in values]
    assert found.heights + found.minimum == pytest.approx(expected, rel=1e-9, abs=0)
    assert found.grid.profiled == ()


def test_the_prior_of_an_axis_counts_once(tmp_path: Path) -> None:
    """Also in the fit of the best point, whose distance to the minimum is below `ROUGH`."""
    text = f"{ONE}{PRIOR}scan: {{parameters: {{background.flat.norm: [0.8, 1.2, 9]}}}}"
    found = scanned(text, tmp_path)
    events = signal(found.grid)
    values = np.linspace(0.8, 1.2, 9)

    def height(norm: float) -> float:
        return poisson(events + BACKGROUND * norm) + ((norm - 1.0) / 0.2) ** 2

    expected = [height(norm) for norm in values]
    assert found.heights + found.minimum == pytest.approx(expected, rel=1e-9, abs=0)
    assert found.fitted
    best = found.best["background.flat.norm"]
    assert height(best) == pytest.approx(found.minimum, rel=1e-9, abs=0)
    slope = brentq(lambda norm: height(norm + 1e-5) - height(norm - 1e-5), 0.9, 1.1)
    assert found.minimum == pytest.approx(height(slope), rel=0, abs=ROUGH)


@pytest.mark.parametrize("profile", ["all", "[background.flat.norm]", "[flat.norm]"])
def test_profiled(profile: str, tmp_path: Path) -> None:
    """Against the root of the derivative; both fits stop within `ROUGH` of the minimum."""
    scan = f"scan: {{parameters: {{signal.norm: [0.5, 1.5, 5]}}, profile: {profile}}}"
    found = scanned(ONE + PRIOR + scan, tmp_path)
    events = signal(found.grid)
    expected = []
    for norm in np.linspace(0.5, 1.5, 5):

        def slope(flat: float, norm: float = norm) -> float:
            mean = events * norm + BACKGROUND * flat
            return BACKGROUND * (1 - COUNT / mean) + (flat - 1.0) / 0.2**2

        flat = float(brentq(slope, 0.2, 3.0, xtol=1e-12))
        expected.append(poisson(events * norm + BACKGROUND * flat) + ((flat - 1.0) / 0.2) ** 2)
    assert found.heights + found.minimum == pytest.approx(expected, rel=0, abs=2 * ROUGH)
    assert found.grid.profiled == ("background.flat.norm",)


@pytest.mark.parametrize(("confidence", "dof"), [(0.9, 1), (0.9, 2), (0.6827, 2), (0.9545, 3)])
def test_levels(confidence: float, dof: int) -> None:
    """χ² quantiles, of another implementation and as every paper has them."""
    assert level(confidence, dof) == pytest.approx(chi2.ppf(confidence, dof), rel=1e-12, abs=0)
    shown = {(0.9, 1): "2.71", (0.9, 2): "4.61", (0.6827, 2): "2.30", (0.9545, 3): "8.02"}
    assert f"{level(confidence, dof):.2f}" == shown[confidence, dof]


# --- unit: axes -----------------------------------------------------------------------------------


def test_degrees_of_freedom_are_those_of_the_axes(tmp_path: Path) -> None:
    """Unless the file says otherwise; levels ascend, in whatever order they are asked for."""
    axes = "sin2_theta_w: [0.1, 0.4, 3]"
    one = grid(f"{FIVE}scan: {{parameters: {{{axes}}}}}", tmp_path)
    two = f"{axes}, signal.norm: [0.5, 1.5, 3]"
    assert one.dof == 1
    assert grid(f"{FIVE}scan: {{parameters: {{{two}}}}}", tmp_path).dof == 2
    said = f"{FIVE}scan: {{parameters: {{{two}}}, dof: 1, confidence: [95 %, 68.27 %]}}"
    assert grid(said, tmp_path).dof == 1
    confidences = [confidence for confidence, _ in grid(said, tmp_path).levels]
    assert confidences == pytest.approx([0.6827, 0.95], rel=1e-12, abs=0)


def test_an_axis_with_one_point_is_held_there(tmp_path: Path) -> None:
    """At its start: best point, interval and degrees of freedom are those of the others."""
    line = "signal.norm: [0.2, 7.2, 15]"
    skin = "Ar.neutron_skin: {from: 1 fm, to: 2 fm, points: 1}"
    priors = "parameters: {%sbackground.flat.norm: {prior: 20 %%}}\n"
    rest = "scan: {parameters: {%s}, profile: all}"
    held = scanned(FIVE + priors % "" + rest % f"{skin}, {line}", tmp_path)
    value = "Ar.neutron_skin: {value: 1 fm}, "
    (tmp_path / "alone").mkdir()
    alone = scanned(FIVE + priors % value + rest % line, tmp_path / "alone")
    assert held.heights.shape == (1, 15) and held.grid.dof == alone.grid.dof == 1
    assert held.grid.line == "signal.norm" and held.fitted and alone.fitted
    # The same fits, but for the steps that MINUIT starts with.
    assert held.minimum == pytest.approx(alone.minimum, rel=0, abs=2 * ROUGH)
    ((low, high),) = regions(held, held.grid.levels[0][1])
    ((below, above),) = regions(alone, alone.grid.levels[0][1])
    assert low is not None and high is not None and below is not None and above is not None
    assert held.best["Ar.neutron_skin"] == pytest.approx(1 * fm, rel=1e-12, abs=0)
    # 2 * ROUGH of −2 ln L is a hundredth of a standard deviation.
    assert [low, high] == pytest.approx([below, above], rel=0, abs=(above - below) / 100)
    assert held.as_dict()["intervals"] == [[{"lower": low, "upper": high}]]


def test_a_single_point(tmp_path: Path) -> None:
    found = scanned(f"{FIVE}scan: {{parameters: {{signal.norm: [0.5, 1.5, 1]}}}}", tmp_path)
    assert found.heights.tolist() == [0.0] and not found.fitted and found.grid.dof == 1
    assert found.as_dict()["intervals"] == [[{}]]


def test_units_and_spacing(tmp_path: Path) -> None:
    axis = "{from: 1 MeV, to: 1 GeV, points: 4, spacing: log}"
    model = "model: [standard-model, {light-vector: {coupling: 1e-5}}]\n"
    text = f"{FIVE}{model}scan: {{parameters: {{light-vector.mass: {axis}}}}}"
    made = grid(text, tmp_path)
    expected = np.array([1.0, 10.0, 100.0, 1000.0]) * MeV
    assert made.axes["light-vector.mass"] == pytest.approx(expected, rel=1e-12, abs=0)
    assert made.logarithmic == {"light-vector.mass"}
    (shown,) = computed(made, tmp_path).as_dict()["axes"].values()
    assert shown == pytest.approx([1, 10, 100, 1000], rel=1e-12, abs=0)


@pytest.mark.parametrize("part", ["light-vector", "nsi"])
def test_axes_without_a_real_nominal_value(part: str, tmp_path: Path) -> None:
    """A mass that only the scan gives, and an off-diagonal coupling, which could be complex."""
    axes = {
        "light-vector": "light-vector.mass: {from: 30 MeV, to: 90 MeV, points: 5},"
        " light-vector.coupling: [1e-6, 1e-4, 5]",
        "nsi": "nsi.eps_emu_u: [-0.9, 0.8, 5], nsi.eps_ee_d: [-0.5, 0.8, 5]",
    }[part]
    model = f"model: [standard-model, {part}]\n"
    found = scanned(f"{FIVE}{model}{PRIOR}scan: {{parameters: {{{axes}}}, profile: all}}", tmp_path)
    assert np.all(np.isfinite(found.heights)) and np.ptp(found.heights) > 1.0
    again = found.grid.likelihood.held(found.best)
    assert minimise(again).value == pytest.approx(found.minimum, rel=0, abs=2 * ROUGH)


def test_a_tied_axis_is_what_it_is_tied_to(tmp_path: Path) -> None:
    both = "experiments: {near: {}, far: {exposure: 2 year}}\n"
    tie = "parameters: {far.signal.norm: {same_as: near.signal.norm}}\n"
    text = "scan: {parameters: {far.signal.norm: [0.5, 1.5, 3]}}"
    made = grid(FIVE + both + tie + text, tmp_path)
    assert list(made.axes) == ["near.signal.norm"]
    theta = made.likelihood.held({"near.signal.norm": 0.7}).theta([])
    assert theta["far.signal.norm"] == 0.7


def test_an_axis_that_is_fitted_too(tmp_path: Path) -> None:
    """It is an axis, and not profiled beside."""
    fit = "fit: {parameters: [sin2_theta_w, signal.norm]}\n"
    scan = "scan: {parameters: {sin2_theta_w: [0.1, 0.4, 3]}, profile: all}"
    made = grid(FIVE + PRIOR + fit + scan, tmp_path)
    assert set(made.profiled) == {"signal.norm", "background.flat.norm"}
    assert set(made.likelihood.floating) == set(made.profiled)


PLAIN = "sin2_theta_w: [0.1, 0.4, 3]"
TWO = "experiments: {near: {}, far: {exposure: 2 year}}\n"
MISTAKES = {
    "": "scan: found no axes, expected a block 'scan'",
    "scan: {parameters: {}}": "scan: found no axes",
    "scan: {parameters: {sin2_theta_w: [0.1, 0.4, 3], couplings.sin2_theta_w: [0, 1, 3]}}": (
        "scan.parameters.couplings.sin2_theta_w"
    ),
    f"{TWO}scan: {{parameters: {{signal.norm: [0.5, 1.5, 3]}}}}": (
        "scan.parameters.signal.norm: found 'signal.norm' for near.signal.norm, far.signal.norm"
    ),
    f"{TWO}parameters: {{far.signal.norm: {{same_as: near.signal.norm}}}}\n"
    "scan: {parameters: {near.signal.norm: [0.5, 1.5, 3], far.signal.norm: [1, 2, 3]}}": (
        "scan.parameters.far.signal.norm: found near.signal.norm for the second time"
    ),
    f"scan: {{parameters: {{{PLAIN}}}, profile: [signal.norm]}}": (
        "scan.profile: found 'signal.norm', which has no prior and is not in 'fit'"
    ),
    f"fit: {{parameters: [sin2_theta_w]}}\nscan: {{parameters: {{{PLAIN}}},"
    " profile: [sin2_theta_w]}": "scan.profile: found 'sin2_theta_w', which is an axis",
    f"scan: {{parameters: {{{PLAIN}}}, settings: {{exposure: [1 day, 9 day, 3]}}}}": "settings",
    "model: [standard-model, {light-vector: {coupling: 1e-5}}]\n"
    "parameters: {light-vector.mass: {prior: 1 MeV}}\n"
    "scan: {parameters: {light-vector.mass: {from: 1 MeV, to: 9 MeV, points: 3}}}": (
        "found a prior on light-vector.mass, which has no value"
    ),
}


@pytest.mark.parametrize("text", MISTAKES)
def test_mistakes(text: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        grid(FIVE + text, tmp_path)
    assert MISTAKES[text] in str(caught.value)
    assert len(caught.value.mistakes) == 1


def test_an_axis_of_an_experiment_without_data(tmp_path: Path) -> None:
    parts = FIVE.replace("data: {file: own.csv}\n", "")
    both = "experiments: {near: {data: {file: own.csv}}, far: {}}\n"
    with (
        pytest.warns(UserWarning, match="far: no data"),
        pytest.raises(InputError, match=r"'far\.signal\.norm', which no data depend on"),
    ):
        grid(f"{parts}{both}scan: {{parameters: {{far.signal.norm: [0, 1, 3]}}}}", tmp_path)
    with pytest.warns(UserWarning, match="far: no data"):
        made = grid(f"{parts}{both}scan: {{parameters: {{signal.norm: [0, 1, 3]}}}}", tmp_path)
    assert list(made.axes) == ["near.signal.norm"]


# --- unit: points that fail -----------------------------------------------------------------------

SKIN = "Ar.neutron_skin: {from: -3 fm, to: 3 fm, points: 7}"


def test_points_outside_bounds_are_failed_ones(tmp_path: Path) -> None:
    """Also the first of the scan: a corner without physics is no reason to stop."""
    found = scanned(f"{FIVE}{PRIOR}scan: {{parameters: {{{SKIN}}}, profile: all}}", tmp_path)
    content = found.as_dict()
    assert [one is None for one in content["statistic"]] == [True] + [False] * 6
    assert content["failures"] == {"Ar.neutron_skin outside its bounds [-2, 4] fm": 1}
    assert content["failed"] == 1


@pytest.mark.filterwarnings("ignore:own.csv. 1 of 5 bins:UserWarning")
def test_what_the_prediction_refuses_is_a_failed_point(tmp_path: Path) -> None:
    """A magnetic moment makes infinitely many events without a threshold; without one, none."""
    text = FIVE.replace("from: 10 keV", "from: 0 keV")
    model = "model: [standard-model, magnetic-moment]\n"
    axis = "{from: 0 mu_B, to: 1e-9 mu_B, points: 3}"
    scan = f"scan: {{parameters: {{magnetic-moment.nu_mu: {axis}}}, profile: all}}"
    found = scanned(text + model + PRIOR + scan, tmp_path)
    assert np.isnan(found.heights).tolist() == [False, True, True]
    (reason,) = found.failures
    assert "magnetic-moment" in reason and "expected a 'threshold' above 0" in reason


def test_no_point_at_all(tmp_path: Path) -> None:
    text = f"{FIVE}scan: {{parameters: {{{SKIN.replace('to: 3', 'to: -2.5')}}}}}"
    with pytest.raises(InputError, match=r"no point that succeeded \(Ar.neutron_skin outside"):
        scanned(text, tmp_path)


def test_a_neighbour_on_a_bound_is_no_trap(tmp_path: Path) -> None:
    """unit: far from the data the background is fitted as zero, where MINUIT sees no slope.

    A point after such a one has the height that it has by itself, in any order.
    """
    scan = "scan: {parameters: {signal.norm: [1, 50, 2]}, profile: all}"
    made = grid(FIVE + PRIOR + scan, tmp_path)
    evaluator = made.make()()

    def heights(*norms: float) -> Mapping[str, Any]:
        return evaluator({"signal.norm": np.array(norms)}, np.random.SeedSequence(0))

    after, before = heights(50.0, 1.0), heights(1.0, 50.0)
    assert after["background.flat.norm"][0] < 1e-6 < before["background.flat.norm"][0]
    assert after[HEIGHT] == pytest.approx(before[HEIGHT][::-1], rel=1e-9, abs=2 * ROUGH)
    assert after["status"] == ["", ""]


def test_a_neighbour_that_leads_astray(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """unit: a fit that does not converge from there is made again from the nominal point."""
    scan = "scan: {parameters: {signal.norm: [0.5, 1.5, 3]}, profile: all}"
    likelihood = grid(FIVE + PRIOR + scan, tmp_path).likelihood
    values, away = {"signal.norm": 1.0}, {"background.flat.norm": 30.0}
    height, _, _ = height_at(likelihood, values, {})

    def lost(held: Likelihood, start: Mapping[str, float]) -> Minimum:
        at = np.array([start[address] for address in held.floating])
        return Minimum(held, at, held(at), converged=False)

    monkeypatch.setattr(plane, "roughly", lost)
    found, best, status = height_at(likelihood, values, away)
    assert status == "" and found == pytest.approx(height, rel=0, abs=2 * ROUGH)
    assert best["background.flat.norm"] < 2


# --- unit: the best point -------------------------------------------------------------------------


def test_best_point_inside_is_fitted(tmp_path: Path) -> None:
    """Within `ROUGH` of the fit of everything; what is lowest then is not a point of the grid."""
    scan = "scan: {parameters: {signal.norm: [0.2, 3, 5]}, profile: all}"
    found = scanned(FIVE + PRIOR + scan, tmp_path)
    free = minimise(found.grid.free)
    assert found.fitted and found.as_dict()["best"]["from"] == "fit"
    assert found.minimum == pytest.approx(free.value, rel=0, abs=ROUGH)
    # A distance of 1e-4 in −2 ln L is a hundredth of a standard deviation.
    error = free.error("signal.norm")
    assert found.best["signal.norm"] == pytest.approx(free.at("signal.norm"), rel=0, abs=error / 50)
    assert np.nanmin(found.heights) > ROUGH


@pytest.mark.parametrize(
    "axis",
    ["Ar.neutron_skin: {from: -1 fm, to: 3 fm, points: 5}", SKIN, "signal.norm: [0.5, 0.9, 2]"],
)
def test_best_point_at_the_edge_is_the_lowest(axis: str, tmp_path: Path) -> None:
    """The edge of the grid, the edge of physics, and a grid without inside: nothing is fitted."""
    found = scanned(f"{FIVE}{PRIOR}scan: {{parameters: {{{axis}}}, profile: all}}", tmp_path)
    ((address, values),) = found.grid.axes.items()
    assert not found.fitted and found.as_dict()["best"]["from"] == "grid"
    assert found.best[address] == values[np.nanargmin(found.heights)]
    assert np.nanmin(found.heights) == 0.0
    if "skin" in address:
        assert found.best[address] <= -1.0 * fm + 1e-9 * fm


# --- unit: what a scan is made of -----------------------------------------------------------------

SCAN = "scan: {parameters: {sin2_theta_w: [0.1, 0.4, 3]}, profile: all, confidence: [90 %]}"


def fingerprint(text: str, folder: Path) -> str:
    return grid(text, folder).plan().fingerprint


def test_what_a_point_depends_on(tmp_path: Path) -> None:
    """Settings and the content of files do; names, levels and where a file lies do not."""
    text = FIVE + PRIOR + SCAN
    known = fingerprint(text, tmp_path)
    for same in (
        text.replace("name: own", "name: other"),
        text.replace("[90 %]", "[68 %, 95 %]"),
    ):
        assert fingerprint(same, tmp_path) == known
    moved = tmp_path / "moved"
    moved.mkdir()
    assert fingerprint(text, moved) == known
    for other in (
        text.replace("1 year", "2 year"),
        text.replace("20 %", "10 %"),
        text.replace("profile: all", "profile: none"),
    ):
        assert fingerprint(other, tmp_path) != known
    assert grid(text, tmp_path, exact=True).plan().fingerprint != known
    counts = tmp_path / "own.csv"
    counts.write_text(counts.read_text().replace("850", "851"))
    study = study_from(read_text(text), tmp_path)
    assert grid_of(study).plan().fingerprint != known


@pytest.mark.parametrize(("points", "chunk"), [((41,), 2), ((5, 5), 1), ((41, 41), 41)])
def test_chunks_are_even_shares_of_a_row(
    points: tuple[int, ...], chunk: int, tmp_path: Path
) -> None:
    names = ("sin2_theta_w: [0.1, 0.4, {}]", "signal.norm: [0.5, 1.5, {}]")
    axes = ", ".join(name.format(size) for name, size in zip(names, points, strict=False))
    assert grid(f"{FIVE}scan: {{parameters: {{{axes}}}}}", tmp_path).plan().chunk == chunk
