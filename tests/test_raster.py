"""Limits along one axis of a scan.

Kinds: reference (heights in closed form; limits by root search of the profile), unit (what is
written, and when).
"""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cevns.cli.main import run
from cevns.config.study import study_from
from cevns.inference.limits import limit_curve
from cevns.inference.outcome import Outcome
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
        found = list(raster.limits(confidence))
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
    """Failed points are gaps, a mass without any is left out, open ends are empty."""

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
    assert rows[0] == f"confidence,light-vector.mass [MeV],{coupling} lower,{coupling} upper"
    assert [row.split(",")[:2] for row in rows[1:]] == [
        ["0.6827", "100"],
        ["0.6827", "1000"],
        ["0.9", "100"],
        ["0.9", "1000"],
    ]
    assert rows[-1] == "0.9,1000,,"


@pytest.mark.parametrize("axes", [(MASS,), (EVEN, MASS.replace("log", "linear"))])
def test_where_there_is_none(axes: tuple[str, ...], tmp_path: Path) -> None:
    """One parameter, or none with a logarithmic axis."""
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
