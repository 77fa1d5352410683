"""Constraints on new physics: `cevns.inference.limits`, the examples, and what is documented.

The search for limits is compared with closed forms; the limits from the data with symmetries, with
heavy and light limits, and with what fits and scans say. The tables of docs/constraints.md are
snapshots.
"""

from __future__ import annotations

import importlib.util
import math
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from data_files import DATA, need_data
from scipy.optimize import brentq
from scipy.stats import chi2

from cevns.analysis import analysis_of
from cevns.config.study import load, study_from
from cevns.constants import G_F
from cevns.errors import InputError
from cevns.inference.fit import fit
from cevns.inference.interval import interval
from cevns.inference.limits import Allowed, allowed, limit_curve, natural_values
from cevns.inference.minimum import ROUGH, minimise
from cevns.inference.outcome import regions
from cevns.inference.plane import Grid, grid_of, level
from cevns.units import MeV, cm
from cevns.yaml_reader import read_text

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = sorted((ROOT / "examples" / "constraints").glob("*.yaml"))
# What the examples of charge radii mean by one, and say when they are read.
pytestmark = pytest.mark.filterwarnings("ignore:charge-radius beside radiative:UserWarning")
RISE = float(chi2.ppf(0.90, 1))
BOTH = "CsI and argon"


@cache
def tool() -> ModuleType:
    """tools/write_constraints.py as a module."""
    path = ROOT / "tools" / "write_constraints.py"
    spec = importlib.util.spec_from_file_location("write_constraints", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["write_constraints"] = module  # where its dataclasses look for themselves
    spec.loader.exec_module(module)
    return module


# --- reference: closed forms, one count ----------------------------------------------------------

ONE = """
source: {type: stopped-pion, flux: 1e7 /cm^2/s}
exposure: 1 year
data: {file: own.csv}
detector:
  {target: Ar40, mass: 10 kg, backgrounds: [{name: flat, type: flat, rate: 0.02 / keV / kg / day}]}
binning: {from: 10 keV, to: 60 keV, bins: 1}
"""
MOMENT = "magnetic-moment.nu_mu"


def one_bin(folder: Path, count: float, text: str, years: int = 1) -> Grid:
    """An experiment that counted ``count`` in its only bin; nothing is profiled."""
    (folder / "own.csv").write_text(f"energy [keV],counts\n35,{count:.0f}\n", "utf-8")
    whole = ONE.replace("1 year", f"{years} year") + text
    return grid_of(study_from(read_text(whole), folder))


def with_moment(folder: Path, count: float) -> tuple[Grid, Callable[[float], float]]:
    """The experiment, and its expectation against the moment in 1e-9 Bohr magnetons."""
    axis = f"{{{MOMENT}: {{from: -1e-8 mu_B, to: 1e-8 mu_B, points: 5}}}}"
    model = "model: [standard-model, magnetic-moment]\n"
    made = one_bin(folder, count, f"{model}scan: {{parameters: {axis}}}")
    (channel,) = made.likelihood.channels
    without, unit = (float(np.sum(channel.expected({MOMENT: moment}))) for moment in (0.0, 1e-9))
    return made, lambda moment: without + (unit - without) * moment**2


def poisson(expected: float, count: float) -> float:
    """−2 ln L of one count, up to a constant."""
    return 2.0 * (expected - count * math.log(expected))


def found_moment(made: Grid, values: Sequence[float]) -> Allowed:
    return allowed(made.likelihood, MOMENT, np.array(values) * 1e-9)


def in_units(end: float | None) -> float:
    assert end is not None
    return end / 1e-9


@pytest.mark.parametrize("values", [[-40, -10, 0, 10, 40], [-33, -3, -1, 2, 5, 37]])
def test_a_squared_coupling_with_too_few_counts(values: list[float], tmp_path: Path) -> None:
    """Best at zero, where the slope is zero too; the limit is where −2 ln L has risen from there.

    1e-4: ends are found to 1e-5. The values do not matter, and need not hold zero.
    """
    made, expected = with_moment(tmp_path, 3000)
    assert expected(0.0) > 3000
    limit = poisson(expected(0.0), 3000) + RISE
    end = brentq(lambda moment: poisson(expected(moment), 3000) - limit, 0.0, 50.0)
    found = found_moment(made, values)
    ((lower, upper),) = found.regions
    assert abs(in_units(found.best)) < 0.02 * end  # a floor is as flat as it is deep
    assert in_units(upper) == pytest.approx(end, rel=1e-4, abs=0)
    assert in_units(lower) == pytest.approx(-end, rel=1e-4, abs=0)
    assert found.upper == upper and found.confidence == 0.90


def test_a_squared_coupling_with_too_many_counts(tmp_path: Path) -> None:
    """Two minima of equal height, zero excluded between them."""
    made, expected = with_moment(tmp_path, 4500)
    limit = poisson(4500, 4500) + RISE
    best = math.sqrt((4500 - expected(0.0)) / (expected(1.0) - expected(0.0)))
    inner, outer = (
        brentq(lambda moment: poisson(expected(moment), 4500) - limit, *ends)
        for ends in ((0.0, best), (best, 50.0))
    )
    found = found_moment(made, [-45, -20, -8, 0, 8, 20, 45])
    ends = [in_units(end) for region in found.regions for end in region]
    assert ends == pytest.approx([-outer, -inner, inner, outer], rel=1e-4, abs=0)
    assert found.minimum == pytest.approx(0.0, rel=0, abs=1e-4)  # saturated: a fit's accuracy


def test_an_end_beyond_the_values_is_open(tmp_path: Path) -> None:
    """unit: from zero there is no lower end; where all is allowed, there is none at all."""
    made, _ = with_moment(tmp_path, 3000)
    ((lower, upper),) = found_moment(made, [0, 10, 50]).regions
    assert lower is None and upper is not None
    ((lower, upper),) = found_moment(made, [0, 0.1, 0.2]).regions
    assert (lower, upper) == (None, None)


def test_natural_values(tmp_path: Path) -> None:
    """unit: from what the data do not feel to what they exclude; the limit is the same."""
    made, expected = with_moment(tmp_path, 3000)
    values = natural_values(made.likelihood, MOMENT)
    rises = [poisson(expected(in_units(v)), 3000) - poisson(expected(0.0), 3000) for v in values]
    assert values[0] == 0.0 and np.all(np.diff(values) > 0)
    assert rises[1] < 0.05 < 50 < rises[-1]
    limit = allowed(made.likelihood, MOMENT, values).upper
    again = found_moment(made, [0, 10, 50]).upper
    assert limit == pytest.approx(again, rel=1e-4, abs=0)


def test_the_second_solution_of_an_interfering_coupling(tmp_path: Path) -> None:
    """Z g_p + N g_n + (A+Z) ε enters squared: intervals are mirrored at its zero.

    Point nucleus, so that protons and neutrons have one form factor; 1e-4: ends to 1e-5.
    """
    axis = "{nsi.eps_ee_u: [-1, 1, 25]}"
    sin2, Z, N = 0.2312, 18, 22
    text = (
        "model: [standard-model, nsi]\nform_factor: point\n"
        f"couplings: {{sin2_theta_w: {sin2}}}\nscan: {{parameters: {axis}}}"
    )
    (channel,) = one_bin(tmp_path, 1, text, years=100).likelihood.channels
    made = one_bin(tmp_path, float(np.sum(channel.expected({}))), text, years=100)
    ((address, values),) = made.axes.items()
    zero = -(Z * (0.5 - 2 * sin2) - 0.5 * N) / (2 * Z + N)
    found = allowed(made.likelihood, address, values)
    (first, second), (third, fourth) = found.regions
    assert first is not None and second is not None and third is not None and fourth is not None
    assert first < 0.0 < second < zero < third < 2 * zero < fourth
    assert (first + fourth, second + third) == pytest.approx((2 * zero,) * 2, rel=1e-4, abs=0)


def test_mistakes(tmp_path: Path) -> None:
    """unit"""
    made, _ = with_moment(tmp_path, 3000)
    for values in ([0, 1], [0, 2, 1], [0, 1, 1]):
        with pytest.raises(InputError, match="expected three or more that ascend"):
            found_moment(made, values)
    text = "model: [standard-model, magnetic-moment]\nscan: {parameters: {signal.norm: [0, 1, 3]}}"
    (tmp_path / "own.csv").write_text("energy [keV],counts\n35,3000\n", "utf-8")
    made = grid_of(
        study_from(read_text(ONE.replace("from: 10 keV", "from: 0 keV") + text), tmp_path)
    )
    with pytest.raises(InputError, match="no value that can be predicted"):
        found_moment(made, [1, 2, 3])


# --- property: what the data must say -------------------------------------------------------------


@pytest.fixture
def data(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package looks where the tests look."""
    for name in ("coherent-csi-2021", "coherent-lar-2020"):
        need_data(name)
    monkeypatch.setenv("CEVNS_DATA", str(DATA))


def example(stem: str) -> Grid:
    return grid_of(load(ROOT / "examples" / "constraints" / f"{stem}.yaml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_a_scan(path: Path, data: None) -> None:
    """Of both data sets with radiative couplings; it says what it is, and every axis is felt."""
    grid = grid_of(load(path))
    assert path.read_text("utf-8").startswith("# ")
    assert {channel.name for channel in grid.likelihood.channels} == {"csi", "lar"}
    assert set(grid.profiled) >= {"sns.flux", "csi.shape.quenching-0", "lar.signal.rate"}
    assert grid.confidence[-1] == 0.90
    standard = dict(grid.likelihood.fixed)  # a mass that only the scan gives is in its middle
    beside = standard | {address: float(values[-2]) for address, values in grid.axes.items()}
    assert abs(grid.likelihood.deviance(beside) - grid.likelihood.deviance(standard)) > 1e-3


def test_the_same_limit_by_fit_and_by_scan(data: None) -> None:
    """The interval of a fit, root search, and interpolation of the scan's points: 1e-3.

    Points of the scan lie a tenth of the limit apart.
    """
    coupling = next(c for c in tool().COUPLINGS if c.address == MOMENT)
    grid = grid_of(tool().study_of(coupling, BOTH))
    ((address, values),) = grid.axes.items()
    searched = allowed(grid.likelihood, address, values).upper
    analysis = analysis_of(load(ROOT / "examples" / "constraints" / "magnetic-moment.yaml"))
    found = fit(analysis.likelihood.with_(morphed=True), analysis.interest)
    assert interval(found.minimum, address, 0.90)[1] == pytest.approx(searched, rel=1e-3, abs=0)
    ((_, interpolated),) = regions(tool().scanned(grid), level(0.90, 1))
    assert interpolated is not None
    assert interpolated == pytest.approx(searched, rel=1e-3, abs=0)


def test_degenerate_bands(data: None) -> None:
    """Two intervals of ε_ee^u, mirrored at the zero of the weak amplitude of ν_e on Cs and I.

    5 %: caesium and iodine differ by 1 %, and so do F_p and F_n where recoils are seen.
    """
    coupling = next(c for c in tool().COUPLINGS if c.address == "nsi.eps_ee_u")
    first, second = tool().interval(coupling, tool().CSI)
    g_p, g_n = 0.0382, -0.5117  # of ν_e, radiative (Atzori Corona et al., arXiv:2405.09416)
    mirrors = [-2 * (Z * g_p + N * g_n) / (2 * Z + N) for Z, N in ((55, 78), (53, 74))]
    for outer, inner in (("lower", "upper"), ("upper", "lower")):
        total = float(first[outer]) + float(second[inner])
        assert total == pytest.approx(float(np.mean(mirrors)), rel=0.05, abs=0)


def test_degenerate_lines(data: None) -> None:
    """Along (A+Z) ε_u + (A+N) ε_d = 0 and the line of the other sign little changes, across much.

    One slope stands for all nuclei: 1.07 for argon, 1.12 for caesium.
    """
    likelihood = example("nsi-degenerate-lines").likelihood

    def height(up: float, down: float) -> float:
        held = {"nsi.eps_ee_u": up, "nsi.eps_ee_d": down}
        return minimise(likelihood.held(held), tolerance=ROUGH).value

    here, slope, second = height(0.0, 0.0), 1.11, 0.40
    for down in (-0.4, 0.4):
        for offset in (0.0, second):
            assert abs(height(offset - slope * down, down) - here) < level(0.90, 2)
        for offset in (-0.3, second + 0.3):
            assert height(offset - slope * down, down) - here > 20


@pytest.mark.parametrize("stem", ["nsi-plane-up", "charge-radii-plane"])
def test_the_standard_model_is_inside(stem: str, data: None) -> None:
    """Of the contour of 90 %, two degrees of freedom; the best point is sought in each corner."""
    grid = example(stem)
    axes = list(grid.axes)
    here = minimise(grid.likelihood.held(dict.fromkeys(axes, 0.0))).value
    far = -50e-32 * cm**2 if "charge" in stem else 0.4
    corners = [(x, y) for x in (0.0, far) for y in (0.0, far)]
    starts = [dict(zip(axes, corner, strict=True)) for corner in corners]
    best = min(minimise(grid.free, start, ROUGH).value for start in starts)
    assert 0.0 < here - best < level(0.90, 2)


def test_nothing_is_known_of_tau(data: None) -> None:
    """No ν_τ arrives: a coupling of its own is refused, not limited."""
    study = {"data": "coherent-lar-2020", "model": ["standard-model", "nsi"]}
    for name in ("nsi.eps_tautau_u", "nsi.eps_tautau_d"):
        analysis = analysis_of(study_from({**study, "fit": {"parameters": [name]}}))
        with pytest.raises(InputError, match="which no data depend on here"):
            fit(analysis.likelihood, analysis.interest)


def test_heavy_and_light_mediators(data: None) -> None:
    """Limits grow with the mass above all momenta and do not depend on it below.

    Q² is at most (53 MeV)²: 3e-4 of (3 GeV)², so that g/m is the same to 3e-4; below a tenth of
    the least Q, about 30 MeV, to 1 %.
    """
    grid = example("vector-b-l")
    mass, coupling = grid.axes
    curve = limit_curve(grid.likelihood, mass, np.array([0.3, 3.0, 3e3, 1e4]) * MeV, coupling)
    limits = [in_units(one.upper) for one in curve]
    assert all(one.regions[0][0] is None for one in curve)
    assert limits[1] == pytest.approx(limits[0], rel=0.01, abs=0)
    assert limits[3] == pytest.approx(limits[2] * 1e4 / 3e3, rel=5e-4, abs=0)


def test_a_heavy_mediator_is_an_nsi(data: None) -> None:
    """The deviance of B−L at 10 GeV is that of ε = −g²/(3√2 G_F m²): Q²/m² is 3e-5."""
    grid = example("vector-b-l")
    mass, coupling = grid.axes
    heavy = grid.likelihood.deviance({mass: 1e4 * MeV, coupling: 0.01})
    epsilon = -(0.01**2) / (3 * math.sqrt(2) * G_F * (1e4 * MeV) ** 2)
    nsi = example("nsi-plane-up").likelihood
    theta = {f"nsi.eps_{pair}_{q}": epsilon for pair in ("ee", "mumu") for q in "ud"}
    without = nsi.deviance({})
    assert nsi.deviance(theta) - without > 10
    assert heavy - without == pytest.approx(nsi.deviance(theta) - without, rel=3e-4, abs=0)


def test_the_full_data_improve_on_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """reference: "by more than a factor of two", of ν_μ (Khan, arXiv:2201.10578, abstract).

    Part of it is chance: data as expected give less (snapshot, to the digit shown).
    """
    limits, expected = [], []
    for name in ("coherent-csi-2017", "coherent-csi-2021"):
        need_data(name, monkeypatch)
        coupling = next(c for c in tool().COUPLINGS if c.address == MOMENT)
        grid = grid_of(tool().study_of(coupling, name))
        ((address, values),) = grid.axes.items()
        own = grid.likelihood
        limits.append(in_units(allowed(own, address, values).upper))
        typical = own.asimov(own.theta(own.start))
        expected.append(in_units(allowed(typical, address, values).upper))
    assert limits[0] / limits[1] > 2.0
    assert expected[0] / expected[1] == pytest.approx(1.4, rel=0, abs=0.05)


# --- snapshot: not truth --------------------------------------------------------------------------

QUICK = (
    ("nsi.eps_mumu_d", BOTH),
    ("nsi.eps_etau_u", "coherent-lar-2020"),
    ("charge-radius.nu_e", "coherent-csi-2021"),
    ("millicharge.nu_mu", "coherent-lar-2020"),
)


@pytest.mark.parametrize(("address", "data_set"), QUICK)
def test_a_part_of_the_table(address: str, data_set: str, data: None) -> None:
    """Ends to 1 % of the interval, which another library version may find otherwise."""
    coupling = next(c for c in tool().COUPLINGS if c.address == address)
    shown = [
        row
        for row in tool().rows_of("constraints.csv")
        if (row["parameter"], row["data"]) == (address, data_set)
    ]
    now = tool().interval(coupling, data_set)
    assert len(shown) == len(now)
    for one, two in zip(shown, now, strict=True):
        size = float(two["upper"]) - float(two["lower"])
        for end in ("lower", "upper"):
            assert float(one[end]) == pytest.approx(float(two[end]), rel=0, abs=0.01 * size)
        assert all(one[name] == two[name] for name in ("dof", "unit", "file"))


def test_a_part_of_the_curves(data: None) -> None:
    """The universal vector at 1 GeV: a limit, and its second solution."""
    now = tool().curve("vector-universal", [1e3 * MeV])
    shown = [
        row
        for row in tool().rows_of("constraints-mediators.csv")
        if (row["file"], row["mass_MeV"]) == ("vector-universal.yaml", "1000")
    ]
    assert len(shown) == len(now) == 2
    for one, two in zip(shown, now, strict=True):
        assert float(one["upper"]) == pytest.approx(float(two["upper"]), rel=1e-3, abs=0)
        assert one["lower"] == two["lower"] == "" or float(one["lower"]) == pytest.approx(
            float(two["lower"]), rel=1e-3, abs=0
        )


def test_the_page_shows_the_tables() -> None:
    text = (ROOT / "docs" / "constraints.md").read_text("utf-8")
    tables = (tool().rows_of("constraints.csv"), tool().rows_of("constraints-mediators.csv"))
    assert text == tool().page(text, *tables)
    assert {row["parameter"] for row in tables[0]} == {c.address for c in tool().COUPLINGS}


def test_what_changes_flavour() -> None:
    """property of the table: ε_eμ acts on ν_e and ν_μ, ε_μτ on ν_μ, ε_eτ on ν_e only."""
    rows = tool().rows_of("constraints.csv")
    for quark in "ud":
        limits = {
            pair: float(row["upper"])
            for pair in ("emu", "mutau", "etau")
            for row in rows
            if (row["parameter"], row["data"]) == (f"nsi.eps_{pair}_{quark}", BOTH)
        }
        assert limits["emu"] < limits["mutau"] < limits["etau"]
