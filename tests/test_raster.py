"""Limits along one axis of a scan.

Kinds: reference (heights in closed form; limits by root search of the profile), unit (what is
written, and when).
"""

from __future__ import annotations

import csv
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cevns.cli.main import run
from cevns.config.study import study_from
from cevns.inference.limits import limit_curve
from cevns.inference.outcome import Outcome, coarse
from cevns.inference.plane import grid_of, level
from cevns.inference.raster import limits_text, raster_of
from cevns.units import MeV
from cevns.yaml_reader import read_text

BASE = """
name: Argon
source: {type: stopped-pion, flux: 1e7 /cm^2/s}
exposure: 1 year
data: {file: own.csv}
detector:
  {target: Ar40, mass: 10 kg, backgrounds: [{name: flat, type: flat, rate: 0.02 / keV / kg / day}]}
binning: {from: 10 keV, to: 60 keV, bins: 5}
model: [standard-model, light-vector]
parameters: {background.flat.norm: {prior: 20 %}}
"""
ROWS = "energy [keV],counts\n15,820\n25,790\n35,760\n45,740\n55,735\n"
MASS = "light-vector.mass: {from: 10 MeV, to: 1 GeV, points: 3, spacing: log}"
COUPLING = "light-vector.coupling: {from: 1e-6, to: 1e-2, points: 81, spacing: log}"
EVEN = "light-vector.coupling: {from: 0, to: 1e-2, points: 11}"


def text(*axes: str, more: str = "confidence: [90 %, 68.27 %]") -> str:
    return f"{BASE}scan: {{parameters: {{{', '.join(axes)}}}, {more}}}\n"


def outcome(folder: Path, heights: Any, *axes: str) -> Outcome:
    """A finished scan with heights that are a function of the values of the axes in their units."""
    (folder / "own.csv").write_text(ROWS)
    grid = grid_of(study_from(read_text(text(*axes)), folder))
    table = grid.likelihood.parameters
    values = [v / table[a].scale for a, v in grid.axes.items()]
    best = {address: float(one[0]) for address, one in grid.axes.items()}
    found = np.asarray(heights(*np.meshgrid(*values, indexing="ij")))
    return Outcome(grid, found - np.nanmin(found), best, 5.0, False, {})


def valley(mass: Any, coupling: Any) -> Any:
    """A parabola of ln g around 1e-4, wider and higher up at larger masses."""
    return (np.log(coupling / 1e-4) / (0.2 + mass / 1000)) ** 2 + mass / 10


def even_valley(coupling: Any, mass: Any) -> Any:
    """A parabola of g around 4e-3, the same."""
    return ((coupling - 4e-3) / (1e-3 + mass * 1e-6)) ** 2 + mass


@pytest.mark.parametrize("log", [True, False])
def test_each_mass_by_itself(log: bool, tmp_path: Path) -> None:
    """One degree of freedom above the lowest point at that mass, not of the plane."""
    if log:
        raster = raster_of(outcome(tmp_path, valley, MASS, COUPLING))
    else:
        raster = raster_of(outcome(tmp_path, even_valley, EVEN, MASS))
    assert raster is not None and raster.along == "light-vector.mass"
    for confidence in (0.6827, 0.9):
        found = [
            (mass, ends) for mass, regions in raster.limits(confidence) for ends in regions or ()
        ]
        assert [at for at, _ in found] == pytest.approx([10, 100, 1000], rel=1e-12, abs=0)
        pulls = math.sqrt(level(confidence, 1))
        for mass, ends in found:
            if log:
                width = (0.2 + mass / 1000) * pulls
                expected = [1e-4 * math.exp(-width), 1e-4 * math.exp(width)]
            else:
                width = (1e-3 + mass * 1e-6) * pulls
                expected = [4e-3 - width, 4e-3 + width]
            # 1e-9: √ of a difference of heights of 1000
            assert list(ends) == pytest.approx(expected, rel=1e-9, abs=0)


def test_what_is_written(tmp_path: Path) -> None:
    """Failed points are gaps, a mass without any other is said, open ends are empty."""

    def heights(mass: Any, coupling: Any) -> Any:
        found = np.where(mass > 500, 0.0, valley(mass, coupling))
        return np.where(mass < 50, np.nan, found)

    raster = raster_of(outcome(tmp_path, heights, MASS, COUPLING))
    assert raster is not None
    first, *rows = limits_text(raster).splitlines()
    assert first == (
        "# Argon: -2 ln L above the lowest at each light-vector.mass, 1 dof; "
        "confidence as a fraction"
    )
    coupling = "light-vector.coupling"
    ends = f"{coupling} lower,{coupling} upper"
    assert rows[0] == f"confidence,light-vector.mass [MeV],{ends},allowed"
    assert [row.split(",")[:2] for row in rows[1:]] == [
        [confidence, mass] for confidence in ("0.6827", "0.9") for mass in ("10", "100", "1000")
    ]
    assert rows[4] == "0.9,10,,,not computed"
    assert rows[-1] == "0.9,1000,,,interval"


def test_degrees_of_freedom_that_the_file_says(tmp_path: Path) -> None:
    """Hold for limits as well as for regions; by default it is one for each mass."""
    (tmp_path / "own.csv").write_text(ROWS)
    file = text(MASS, COUPLING, more="dof: 2")
    made = outcome(tmp_path, valley, MASS, COUPLING)
    two = replace(made, grid=grid_of(study_from(read_text(file), tmp_path)))
    one, said = raster_of(made), raster_of(two)
    assert one is not None and said is not None and (one.dof, said.dof) == (1, 2)
    assert ", 2 dof; " in limits_text(said).splitlines()[0]
    widths = []
    for found in (one, said):
        _, regions = next(found.limits(0.9))
        assert regions is not None and regions[0][1] is not None
        widths.append(math.log(regions[0][1] / 1e-4))
    expected = math.sqrt(level(0.9, 2) / level(0.9, 1))
    assert widths[1] / widths[0] == pytest.approx(expected, rel=1e-9, abs=0)


ALONE = COUPLING.replace("points: 81", "points: 1")


@pytest.mark.parametrize("axes", [(MASS,), (EVEN, MASS.replace("log", "linear")), (MASS, ALONE)])
def test_where_there_is_none(axes: tuple[str, ...], tmp_path: Path) -> None:
    """One parameter, none with a logarithmic axis, or a single point of what is to be limited."""
    made = outcome(tmp_path, lambda *values: sum(values), *axes)
    assert raster_of(made) is None


def test_against_root_search(tmp_path: Path) -> None:
    """`cevns scan --output` of own counts, against the profile with its roots searched for."""
    (tmp_path / "own.csv").write_text(ROWS)
    file = tmp_path / "file.yaml"
    masses, fine = MASS.replace("points: 3", "points: 2"), "from: 4e-6, to: 4e-3, points: 201"
    axes = masses, COUPLING.replace("from: 1e-6, to: 1e-2, points: 81", fine)
    file.write_text(text(*axes, more="profile: all"), "utf-8")
    assert run(["scan", str(file), "--output", str(tmp_path / "out")]) == 0
    with (tmp_path / "out" / "limits.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(line for line in stream if not line.startswith("#")))
    grid = grid_of(study_from(read_text(file.read_text("utf-8")), tmp_path))
    ends = [10 * MeV, 1000 * MeV]
    curve = limit_curve(grid.likelihood, "light-vector.mass", ends, "light-vector.coupling", 0.90)
    for mass, allowed in zip(ends, curve, strict=True):
        at = [r for r in rows if float(r["light-vector.mass [MeV]"]) * MeV == pytest.approx(mass)]
        found = [float(r["light-vector.coupling upper"]) for r in at]
        expected = [high for _, high in allowed.regions]
        assert len(expected) == 2  # near zero, and where the sign of the amplitude is turned
        # a factor from one point to the next
        assert found == pytest.approx(expected, rel=1000 ** (1 / 200) - 1, abs=0)


# --- where the axis ends --------------------------------------------------------------------------

FAINT = "light-vector.coupling: {from: %s, to: 3e-3, points: 41, spacing: log}"


def scanned(folder: Path, low: str) -> tuple[Any, list[dict[str, str]]]:
    """A scan of counts that are as the Standard Model has them, with its table of limits."""
    file = folder / "file.yaml"
    plain = text(MASS, FAINT % low, more="profile: none, confidence: [90 %]")
    standard = BASE.replace("data: {file: own.csv}\n", "").replace(", light-vector]", "]")
    counts = study_from(read_text(standard)).predict()
    total = counts.counts + sum(counts.backgrounds.values())
    rows = zip(range(15, 65, 10), np.asarray(total).tolist(), strict=True)
    lines = ["energy [keV],counts", *(f"{at},{number!r}" for at, number in rows)]
    (folder / "own.csv").write_text("\n".join(lines) + "\n")
    file.write_text(plain, "utf-8")
    assert run(["scan", str(file), "--output", str(folder / low)]) == 0
    with (folder / low / "limits.csv").open(encoding="utf-8") as stream:
        found = list(csv.DictReader(line for line in stream if not line.startswith("#")))
    return grid_of(study_from(read_text(plain), folder)), found


@pytest.mark.parametrize("low", ["1e-6", "1e-5", "3e-5"])
def test_a_coupling_of_zero_is_a_reference(low: str, tmp_path: Path) -> None:
    """Limits are those of root search from zero on; below the axis there is none to be had."""
    grid, rows = scanned(tmp_path, low)
    ends = [float(one) for one in grid.axes["light-vector.mass"]]
    curve = limit_curve(grid.likelihood, "light-vector.mass", ends, "light-vector.coupling", 0.90)
    assert ("below the axis" in {row["allowed"] for row in rows}) is (low == "3e-5")
    for mass, allowed in zip(ends, curve, strict=True):
        at = [r for r in rows if float(r["light-vector.mass [MeV]"]) * MeV == pytest.approx(mass)]
        limit = allowed.regions[0][1]
        assert limit is not None and at[0]["light-vector.coupling lower"] == ""
        if limit < float(low):
            assert at[0]["allowed"] == "below the axis"
            assert at[0]["light-vector.coupling upper"] == ""
        else:
            assert at[0]["allowed"] == "interval"
            # Linear in ln g between points that are a factor of up to 1.22 apart, of what is g².
            found = float(at[0]["light-vector.coupling upper"])
            assert found == pytest.approx(limit, rel=0.02, abs=0)


def test_the_edge_of_an_axis_is_said(tmp_path: Path) -> None:
    """A row whose lowest point is at the last coupling; one inside, one at zero."""

    def heights(coupling: Any, mass: Any) -> Any:
        falling = np.where(mass > 500, -coupling / 1e-2, (coupling - 5e-3) ** 2 * 1e6)
        return np.where(mass < 50, coupling / 1e-2, 10 * falling)

    raster = raster_of(outcome(tmp_path, heights, EVEN, MASS))
    assert raster is not None and raster.edges == 1
    rows = limits_text(raster).splitlines()[2:]
    words = {row.split(",")[1]: row.rsplit(",", 1)[1] for row in rows}
    # 10 MeV is lowest at a coupling of 0, beyond which there is nothing else.
    assert words == {"10": "interval", "100": "interval", "1000": "interval from the edge"}


def test_the_best_coupling_of_a_line_may_be_zero(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """At one mass, from 3e-5 on: everything on the axis is excluded, zero is not."""
    scanned(tmp_path, "1e-6")
    capsys.readouterr()
    file = tmp_path / "file.yaml"
    line = FAINT % "3e-5"
    model = BASE.replace("light-vector]", "{light-vector: {mass: 10 MeV}}]")
    file.write_text(f"{model}scan: {{parameters: {{{line}}}, confidence: [90 %]}}\n", "utf-8")
    assert run(["scan", str(file)]) == 0
    out = capsys.readouterr().out
    assert "below the axis" in out and "at zero, which is lower than all" in out
    assert run(["scan", str(file), "--json"]) == 0
    best = json.loads(capsys.readouterr().out)["best"]
    assert (best["from"], best["parameters"]) == ("zero", {"light-vector.coupling": 0.0})


# --- how far its points are apart -----------------------------------------------------------------


def test_coarse() -> None:
    """A parabola with points one standard deviation apart is fine, two valleys between five not."""
    fine = np.arange(-5.3, 5.0, 1.0) ** 2
    assert not coarse(fine, level(0.9, 1))
    assert coarse((np.arange(-6.7, 7.0, 2.5)) ** 2, level(0.9, 1))
    # −2 Δ ln L of a coupling with a solution between the points at −0.1 and 0.1, and one found.
    heights = np.array([68.5, 45.2, 9.6, 10.5, 4.9, 0.0, 15.8, 50.3, 71.4])
    assert coarse(heights, level(0.6827, 1)) and coarse(heights, level(0.99, 1))
    lost = np.array([400.0, 300.0, 20.0, 21.0, 300.0, 400.0])
    assert coarse(lost, level(0.9, 1))
    assert not coarse(np.array([400.0, 390.0, 380.0, 390.0, 400.0]), level(0.9, 1))


def test_a_coarse_scan_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "own.csv").write_text(ROWS)
    file = tmp_path / "file.yaml"
    for points, said in ((5, True), (81, False)):
        axis = f"signal.norm: [0, 4, {points}]"
        file.write_text(text(axis).replace(", light-vector", ""), "utf-8")
        assert run(["scan", str(file)]) == 0
        assert ("The grid is coarse" in capsys.readouterr().out) is said
        assert run(["scan", str(file), "--json"]) == 0
        assert json.loads(capsys.readouterr().out).get("coarse", False) is said
