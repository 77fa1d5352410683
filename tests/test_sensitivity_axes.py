"""Axes of sensitivity studies: single points, degrees of freedom, rows without a limit.

Kinds: reference (slices of a finer grid, quantiles of χ²) and unit.
"""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chi2
from studies import COUNTING, PLAIN, SCHOLBERG, design, exactly, finished

from cevns.cli.main import run
from cevns.display.plot_sensitivity import figures
from cevns.sensitivity.result import contours_text, limits_text

D, U = "nsi.eps_ee_d", "nsi.eps_ee_u"
MEDIATOR = "model: [standard-model, light-vector]\n"
MASS = "light-vector.mass: {from: 1 MeV, to: 100 MeV, points: 3, spacing: log}"
COUPLING = "light-vector.coupling: {from: %s, to: 1e-2, points: 41, spacing: log}"


def scan(*axes: str, more: str = "") -> str:
    return f"scan: {{parameters: {{{', '.join(axes)}}}{more}}}\n{COUNTING}"


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))


# --- an axis with a single point ------------------------------------------------------------------


@pytest.mark.parametrize("up", ["0.1, 0.5", "0, 0.5"])
def test_one_point_of_a_plane_is_a_line(up: str) -> None:
    """reference: the row of the plane at the start of that axis, with its intervals."""
    line = finished(design(SCHOLBERG, scan(f"{D}: [-0.5, 0.5, 41]", f"{U}: [{up}, 1]")))
    plane = finished(design(SCHOLBERG, scan(f"{D}: [-0.5, 0.5, 41]", f"{U}: [0, 0.1, 2]")))
    place = 1 if up.startswith("0.1") else 0
    assert line.surfaces[0.0][:, 0] == pytest.approx(
        plane.surfaces[0.0][:, place], rel=1e-9, abs=1e-12
    )
    assert line.lines == (D, (U,)) and line.design.dof == 1 and not line.has_plane
    ((confidence, height),) = line.design.limit_levels
    assert height == exactly(chi2.ppf(confidence, 1))
    found = rows(limits_text(line))
    assert {row[U] for row in found} == {f"{[0, 0.1][place]:g}"}
    assert figures(line) == {}  # as of a scan
    alone = f"parameters: {{{U}: {{value: 0}}}}\n{scan(f'{D}: [-0.5, 0.5, 41]')}"
    if place == 0:  # the nominal value: the same as without this axis
        expected = rows(limits_text(finished(design(SCHOLBERG, alone))))
        assert [row[f"{D} upper"] for row in found] == [row[f"{D} upper"] for row in expected]


def test_a_single_point_of_a_setting() -> None:
    text = "scan: {settings: {exposure: [100 day, 300 day, 1]}}\n" + COUNTING
    made = finished(design(PLAIN, text))
    half = made.design.study.predict().total / 2  # 100 of 200 days
    assert made.columns["total"] == exactly([half])
    assert figures(made) == {}


@pytest.mark.parametrize("axes", [f"{D}: [0.1, 1, 1]", f"{D}: [0.1, 1, 1], {U}: [0, 1, 1]"])
def test_nothing_but_single_points(
    axes: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "study.yaml"
    file.write_text(f"{SCHOLBERG}{scan(axes)}", "utf-8")
    assert run(["sensitivity", str(file), "--output", str(tmp_path / "out")]) == 0
    assert capsys.readouterr().err == ""
    content = json.loads((tmp_path / "out" / "results.json").read_text("utf-8"))
    assert np.size(content["statistic"]) == 1 and content["dof"] == 1


# --- degrees of freedom ---------------------------------------------------------------------------


@pytest.mark.parametrize("said", [None, 1, 2])
def test_degrees_of_freedom_of_contours_and_limits(
    said: int | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A region in the plane has two, a limit at each mass one; what a file says holds for both."""
    more = "" if said is None else f", dof: {said}"
    text = f"{PLAIN}{MEDIATOR}{scan(MASS, COUPLING % '1e-6', more=more)}"
    made = finished(design(text))
    region, limit = (said, said) if said else (2, 1)
    assert (made.design.dof, made.design.limit_dof) == (region, limit)
    assert [h for _, h in made.design.levels] == exactly([chi2.ppf(0.9, region)])
    assert [h for _, h in made.design.limit_levels] == exactly([chi2.ppf(0.9, limit)])
    assert f", {region} dof; " in contours_text(made).splitlines()[0]
    assert f", {limit} dof; " in limits_text(made).splitlines()[0]
    content = made.as_dict()
    assert (content["dof"], content["limits"]["dof"]) == (region, limit)
    assert content["limits"]["levels"] == exactly([chi2.ppf(0.9, limit)])
    (figure,) = figures(made).values()
    assert f"90 % C.L., {limit} dof" in figure.legends[0].get_texts()[0].get_text()
    file = tmp_path / "study.yaml"
    file.write_text(f"name: A study\n{text}", "utf-8")
    assert run(["sensitivity", str(file)]) == 0
    out = capsys.readouterr().out
    words = {1: "1 degree of freedom", 2: "2 degrees of freedom"}
    assert f"Limits, χ² with {words[limit]}" in out
    assert f"Contours in the plane: χ² with {words[region]}." in out


def test_a_limit_at_each_value_of_a_setting_has_one() -> None:
    setting = "settings: {exposure: [100 day, 300 day, 2]}"
    text = f"scan: {{parameters: {{{D}: [-0.5, 0.5, 41]}}, {setting}}}\n{COUNTING}"
    made = design(SCHOLBERG, text)
    assert (made.dof, made.limit_dof) == (1, 1)
    assert design(SCHOLBERG, scan(f"{D}: [-1, 1, 3]", f"{U}: [-1, 1, 3]")).dof == 2


# --- rows of limits.csv ---------------------------------------------------------------------------


def test_a_mass_where_nothing_is_allowed_has_a_row() -> None:
    """All couplings looked at are excluded at the lowest mass, but not those below them."""
    heavy = MASS.replace("1 MeV, to: 100 MeV", "10 MeV, to: 1 GeV")
    made = finished(design(PLAIN, MEDIATOR + scan(heavy, COUPLING % "2e-4")))
    surface = made.surfaces[0.0]
    ((_, height),) = made.design.limit_levels
    assert np.all(surface[0] > height) and np.any(surface[2] <= height)
    found = rows(limits_text(made))
    masses = [row["light-vector.mass [MeV]"] for row in found]
    assert list(dict.fromkeys(masses)) == ["10", "100", "1000"]
    none = found[0]
    assert none["allowed"] == "below the axis" and masses.count("10") == 1
    assert not none["light-vector.coupling lower"] and not none["light-vector.coupling upper"]
    assert found[-1]["allowed"] == "interval"


def test_a_row_without_any_point() -> None:
    """Where all points failed nothing is said to be excluded."""
    setting = "settings: {exposure: [100 day, 300 day, 3]}"
    text = f"scan: {{parameters: {{{D}: [-0.5, 0.5, 41]}}, {setting}}}\n{COUNTING}"
    made = finished(design(SCHOLBERG, text))
    (name,) = made.design.columns
    gaps = made.columns[name].copy()
    gaps[1] = np.nan
    found = rows(limits_text(replace(made, columns={name: gaps})))
    words = {row["exposure [day]"]: row["allowed"] for row in found}
    assert words == {"100": "interval", "200": "not computed", "300": "interval"}


def test_the_screen_says_what_the_axes_do_not_show(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A coupling that is only allowed below its axis; points too far apart for two solutions."""
    file = tmp_path / "study.yaml"
    heavy = MASS.replace("1 MeV, to: 100 MeV", "10 MeV, to: 1 GeV")
    file.write_text(f"{PLAIN}{MEDIATOR}{scan(heavy, COUPLING % '2e-4')}", "utf-8")
    assert run(["sensitivity", str(file)]) == 0
    assert "below the axis" in capsys.readouterr().out
    for points, said in ((6, True), (201, False)):
        axis = f"scan: {{parameters: {{{D}: [-0.5, 0.5, {points}]}}}}\n{COUNTING}"
        file.write_text(f"{PLAIN}model: [standard-model, nsi]\n{axis}", "utf-8")
        assert run(["sensitivity", str(file)]) == 0
        assert ("The grid is coarse" in capsys.readouterr().out) is said
