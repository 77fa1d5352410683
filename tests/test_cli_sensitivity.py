"""``cevns sensitivity``: what it prints and writes, and what it says about mistakes. Kind: unit.

Some run as a user runs them, as processes.
"""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cevns.cli.main import run

BASE = """
name: Neon
source: {type: stopped-pion, flux: 1e7 / cm^2 / s}
detector: {target: Ne20, mass: 100 kg, threshold: 10 keV}
exposure: 1 year
model: [standard-model, nsi]
"""
STUDY = "study: {statistic: chi2-counting, systematic: [0, 10 %]}\n"
PLANE = "scan: {parameters: {nsi.eps_ee_d: [-1, 1, 21], nsi.eps_ee_u: [-1, 1, 11]}}\n"
LINE = "scan: {parameters: {nsi.eps_ee_d: [-0.2, 0.2, 41]}, confidence: [68.27 %, 90 %]}\n"
COUNTS = "scan: {settings: {detector.threshold: [10 keV, 30 keV, 3]}}\n"
SKIN = "{from: -1 fm, to: 3 fm, points: 40}"
LONG = (
    "parameters: {source.norm: {prior: 10 %}}\nstudy: {statistic: poisson}\n"
    f"scan: {{parameters: {{Ne.neutron_skin: {SKIN}, nsi.eps_ee_d: [-1, 1, 200]}}, profile: all}}\n"
)


def file_of(folder: Path, *more: str) -> Path:
    file = folder / "study.yaml"
    file.write_text("".join((BASE, *more)), "utf-8")
    return file


def printed(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert run(["sensitivity", *map(str, arguments)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def as_json(capsys: pytest.CaptureFixture[str], *arguments: object) -> Any:
    return json.loads(printed(capsys, *arguments, "--json"))


def rows(path: Path) -> list[dict[str, str]]:
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines))


# --- results --------------------------------------------------------------------------------------


def test_json_of_a_plane(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = as_json(capsys, file_of(tmp_path, STUDY, PLANE))
    assert found["asimov"] is True
    assert list(found["axes"]) == ["nsi.eps_ee_d", "nsi.eps_ee_u"]
    statistic = np.array(found["statistic"])
    assert statistic.shape == (21, 11) and np.all(statistic >= 0) and statistic[10, 5] == 0
    assert f"{found['levels'][0]:.4f}" == "4.6052" and found["dof"] == 2
    assert found["best"]["parameters"] == {"nsi.eps_ee_d": 0.0, "nsi.eps_ee_u": 0.0}
    both = found["by_systematic"]
    assert [one["systematic"] for one in both] == [0.0, 0.1]
    assert both[0]["statistic"] == found["statistic"]
    assert np.all(np.array(both[1]["statistic"]) <= statistic)
    assert found["study"]["observable"] == "counts" and "limits" not in found


def test_json_of_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The intervals of each level, as a scan has them."""
    found = as_json(capsys, file_of(tmp_path, STUDY, LINE))
    inner, outer = found["intervals"]
    assert outer[0]["lower"] < inner[0]["lower"] < 0 < inner[0]["upper"] < outer[0]["upper"]
    assert found["dof"] == 1 and len(found["levels"]) == 2


def test_json_of_settings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = as_json(capsys, file_of(tmp_path, COUNTS))
    assert found["axes"] == {"detector.threshold": [10.0, 20.0, 30.0]}
    assert found["units"] == {"detector.threshold": "keV"}
    assert run(["predict", str(tmp_path / "study.yaml"), "--json"]) == 0
    total = json.loads(capsys.readouterr().out)["counts"]["total"]
    assert found["counts"]["total"][0] == pytest.approx(total, rel=1e-9, abs=0)
    assert "statistic" not in found and "significance" not in found  # no background


def test_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = printed(capsys, file_of(tmp_path, STUDY, LINE))
    for text in (
        "Neon: sensitivity on 41 points",
        "Limits, χ² with 1 degree of freedom",
        "χ² of the number of events, against what the nominal point predicts.",
    ):
        assert text in out
    assert re.search(r"10 % +68\.27 % +\[-0\.0\d+, 0\.0\d+\]", out)
    out = printed(capsys, file_of(tmp_path, STUDY, PLANE))
    assert "Regions, χ² with 2 degrees of freedom" in out
    out = printed(capsys, file_of(tmp_path, COUNTS))
    assert "Expected events" in out and "significance" not in out


def test_what_is_held_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prior = "parameters: {source.norm: {prior: 10 %}}\n"
    out = printed(capsys, file_of(tmp_path, STUDY, LINE, prior))
    assert "Held, though with a prior (scan.profile): source.norm" in out
    profiled = LINE.replace("]}, conf", "]}, profile: all, conf")
    assert "Profiled: source.norm" in printed(capsys, file_of(tmp_path, STUDY, profiled, prior))


def test_folder_of_a_plane(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Contours with their level; the folder's configuration is the same study."""
    output = tmp_path / "out"
    first = printed(capsys, file_of(tmp_path, STUDY, PLANE), "--json", "--output", output)
    names = {path.name for path in output.iterdir()}
    tables = {"contours.csv", "contours.png", "contours.svg"}
    assert names == {"results.json", "config.yaml", "scan.h5", "scan"} | tables
    found = rows(output / "contours.csv")
    assert list(found[0]) == [
        *("systematic", "confidence", "contour", "nsi.eps_ee_d", "nsi.eps_ee_u"),
    ]
    assert {row["systematic"] for row in found} == {"0", "0.1"}
    shards = {path: path.stat().st_mtime_ns for path in (output / "scan").rglob("*.h5")}
    again = printed(capsys, output / "config.yaml", "--json", "--output", output)
    assert again == first
    assert {path: path.stat().st_mtime_ns for path in shards} == shards


MEDIATOR = "light-vector.mass: {from: 1 MeV, to: 100 MeV, points: 3, spacing: log}"
SMALL = "light-vector.coupling: {from: 1e-6, to: 1e-2, points: 41, spacing: log}"
AGAIN = {
    "a ratio that is extended and not used": (
        "study: {statistic: chi2-counting, observable: ratio, ratio: [delayed, prompt]}\n" + LINE,
        "study: {observable: counts}\n",
    ),
    "and a mass that only the scan gives": (
        "model: [standard-model, light-vector]\n"
        "study: {statistic: chi2-counting, observable: ratio, ratio: [delayed, prompt]}\n",
        f"study: {{observable: counts}}\nscan: {{parameters: {{{MEDIATOR}, {SMALL}}}}}\n",
    ),
    "a ratio that is used": (
        "study: {statistic: chi2-counting, ratio: [delayed, prompt], observable: ratio}\n",
        LINE,
    ),
}


@pytest.mark.parametrize("case", AGAIN)
@pytest.mark.parametrize("verb", ["sensitivity", "predict"])
def test_a_written_configuration_runs_again(
    verb: str, case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever is extended, and whichever command wrote it: the same numbers, also of a resumed."""
    base, more = AGAIN[case]
    (tmp_path / "base.yaml").write_text(BASE.replace("model: [standard-model, nsi]\n", "") + base)
    model = "" if "model:" in base else "model: [standard-model, nsi]\n"
    file, output = tmp_path / "study.yaml", tmp_path / "out"
    file.write_text(f"extends: base.yaml\n{model}{more}")
    first = printed(capsys, file, "--json", "--output", output)
    config = output / "config.yaml"
    if verb == "predict" and "mass" not in case:
        config = tmp_path / "predicted" / "config.yaml"
        assert run(["predict", str(file), "--output", str(config.parent)]) == 0
        capsys.readouterr()
    assert printed(capsys, config, "--json", "--output", output) == first
    assert printed(capsys, config, "--json", "--output", tmp_path / "other") == first
    written = (tmp_path / "other" / "config.yaml").read_text("utf-8")
    assert written == (output / "config.yaml").read_text("utf-8")


def test_folder_of_limits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A row for each interval at each mass, an end that is not reached left empty."""
    model = BASE.replace("nsi]", "light-vector]")
    mass = "light-vector.mass: {from: 1 MeV, to: 100 MeV, points: 3, spacing: log}"
    coupling = "light-vector.coupling: {from: 1e-6, to: 1e-2, points: 41, spacing: log}"
    file = tmp_path / "study.yaml"
    file.write_text(f"{model}{STUDY}scan: {{parameters: {{{mass}, {coupling}}}}}\n")
    found = as_json(capsys, file, "--output", tmp_path / "out")
    table = rows(tmp_path / "out" / "limits.csv")
    assert list(table[0])[2:] == [
        *("light-vector.mass [MeV]", "light-vector.coupling lower", "light-vector.coupling upper"),
        "allowed",
    ]
    assert table[0]["light-vector.coupling lower"] == ""
    upper = float(table[0]["light-vector.coupling upper"])
    region = found["limits"]["regions"][0][0]
    assert region["upper"] == pytest.approx(upper, rel=1e-6, abs=0) and "lower" not in region
    assert found["limits"]["along"] == ["light-vector.mass"]
    assert "light-vector.mass" not in found["best"]["parameters"]


def test_folder_of_settings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = as_json(capsys, file_of(tmp_path, COUNTS), "--output", tmp_path / "out")
    table = rows(tmp_path / "out" / "counts.csv")
    assert [float(row["detector.threshold [keV]"]) for row in table] == [10, 20, 30]
    for row, total in zip(table, found["counts"]["total"], strict=True):
        assert float(row["total"]) == pytest.approx(total, rel=1e-6, abs=0)
        assert row["significance"] == ""


# --- mistakes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("", "scan: found no axes"),
        ("study: {statistic: guess}\n" + LINE, "study.statistic: found 'guess'"),
        ("scan: {settings: {mass: [1 kg, 2 kg, 2]}}\n", ""),
        ("scan: {settings: {exposre: [1 day, 2 day, 2]}}\n", "did you mean 'exposure'"),
        ("data: {file: own.csv}\n" + LINE, "cevns scan"),
        ("scan: {parameters: {nsi.eps_ee_x: [0, 1, 2]}}\n", "did you mean 'nsi.eps_ee_"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_written(
    more: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "own.csv").write_text("energy [keV],counts\n30,5\n")
    output = tmp_path / "out"
    code = run(["sensitivity", str(file_of(tmp_path, more)), "--output", str(output)])
    out, err = capsys.readouterr()
    if not message:  # a short last part of an address is one
        assert code == 0
        return
    assert (code, out, err.count("\n")) == (2, "", 1) and message in err
    assert not output.exists()


MOMENT = """
source: {type: reactor, power: 3 GW, distance: 20 m, fuel: pwr}
detector: {target: Ge, mass: 1 kg}
exposure: 1 year
model: [standard-model, magnetic-moment]
study: {statistic: chi2-counting}
scan: {parameters: {magnetic-moment.nu_e: [0 mu_B, 1e-9 mu_B, 11]}}
"""
NORMS = "scan: {parameters: {signal.norm: [%s, 1.5, %d]}}\n"


def test_a_grid_that_mostly_fails_is_no_limit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A spectrum like 1/T without a threshold: only the nominal point has a number of events."""
    file, output = tmp_path / "moment.yaml", tmp_path / "out"
    file.write_text(MOMENT)
    assert run(["sensitivity", str(file), "--output", str(output)]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1
    assert err.startswith("scan: found 10 of 11 points that could not be computed, expected ")
    assert "magnetic-moment (a spectrum like 1/T) where vanishing" in err
    assert [path.name for path in output.iterdir()] == ["scan"]  # the shards


@pytest.mark.parametrize(
    ("low", "points", "code"),
    [
        ("-1.5", 7, 0),  # three of seven below the bound at 0
        ("-2.1", 7, 2),  # four of seven
        ("-0.5", 3, 2),  # one of three: two points are left
    ],
)
def test_how_many_points_may_fail(
    low: str, points: int, code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sensitivity", str(file_of(tmp_path, STUDY, NORMS % (low, points)))]) == code
    out, err = capsys.readouterr()
    assert "signal.norm outside its bounds [0, inf]" in (err if code else out)
    assert bool(out) == (code == 0)


def test_no_end_is_claimed_where_points_failed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Allowed at all points that there are, beside some that failed: not all of the grid."""
    file = file_of(tmp_path, STUDY, NORMS % ("-0.5", 9))
    file.write_text(file.read_text("utf-8").replace("100 kg", "1 g"), "utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        assert run(["sensitivity", str(file)]) == 0
    out, err = capsys.readouterr()
    assert err.startswith("warning: a sample with 0.0091 expected events, fewer than 10: a χ² ")
    assert len(err.splitlines()) == 1
    assert "no end among the points computed" in out and "all of the grid" not in out


def test_tables_say_what_they_leave_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    many = COUNTS.replace("30 keV, 3", "30 keV, 30")
    out = printed(capsys, file_of(tmp_path, STUDY, many))
    assert "one row of every 3, all 30 are in counts.csv (--output)" in out
    assert "detector.threshold [keV]" in out and "± of the signal, systematic 10 %" in out
    assert "one row of" not in printed(capsys, file_of(tmp_path, COUNTS))
    both = "parameters: {nsi.eps_ee_d: [-0.2, 0.2, 41]}"
    setting = "settings: {exposure: {from: 1 year, to: 100 year, points: 25, spacing: log}}"
    out = printed(capsys, file_of(tmp_path, f"scan: {{{both}, {setting}}}\n", STUDY))
    assert "one row of every 3, all 25 are in limits.csv (--output)" in out
    assert "exposure [year]" in out


def test_a_prior_on_an_axis_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prior = "parameters: {signal.norm: {prior: 1 %}}\n"
    out = printed(capsys, file_of(tmp_path, STUDY, NORMS % ("0.5", 11), prior))
    assert "Scanned under a prior: signal.norm" in out


def test_a_folder_of_another_study(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "out"
    printed(capsys, file_of(tmp_path, STUDY, PLANE), "--output", output)
    file = file_of(tmp_path, STUDY.replace("10 %", "20 %"), PLANE)
    assert run(["sensitivity", str(file), "--output", str(output)]) == 2
    assert "a scan with study.systematic" in capsys.readouterr().err


def test_a_share_needs_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = file_of(tmp_path, STUDY, PLANE)
    assert run(["sensitivity", str(file), "--shard", "1/2"]) == 2
    assert "expected --output" in capsys.readouterr().err
    out = printed(capsys, file, "--shard", "1/2", "--output", tmp_path / "out")
    assert "run the other shares" in out


# --- processes ------------------------------------------------------------------------------------


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "cevns", "sensitivity", *map(str, arguments)]


def test_as_a_process(tmp_path: Path) -> None:
    """Two processes give what one gives."""
    file = file_of(tmp_path, STUDY, PLANE)
    found = [
        subprocess.run(command(file, "--json", *more), capture_output=True, text=True, check=True)
        for more in ((), ("--processes", "2"))
    ]
    assert [one.stderr for one in found] == ["", ""]
    assert found[0].stdout == found[1].stdout
    assert json.loads(found[0].stdout)["asimov"] is True


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX")
def test_ctrl_c(tmp_path: Path) -> None:
    """One line that says what stays, exit code 1."""
    output = tmp_path / "out"
    with subprocess.Popen(
        command(file_of(tmp_path, LONG), "--output", output),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        deadline = time.monotonic() + 100.0  # until the test gives up; nothing is measured by it
        while len([*output.rglob("chunk-*.h5")]) < 1 and process.poll() is None:
            assert time.monotonic() < deadline, "nothing happened"
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=100)
    assert (process.returncode, out, err.count("\n")) == (1, "", 1)
    assert re.search(r"interrupted; \d+ of \d+ chunks are done and stay", err)
