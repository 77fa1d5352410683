"""``cevns scan``: what it prints and writes, and real processes that are killed, shared, stopped.

The processes run as a user runs them. What they compute is quick: coarse bins, own counts.
"""

from __future__ import annotations

import json
import math
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cevns.cli.main import run
from cevns.config.study import load
from cevns.inference.outcome import Outcome, below, regions
from cevns.inference.plane import grid_of
from cevns.scan.merge import read
from cevns.scan.shards import FOLDER

BASE = """
source: {type: stopped-pion, flux: 1e7 /cm^2/s}
exposure: 1 year
data: {file: own.csv}
detector:
  {target: Ar40, mass: 10 kg, backgrounds: [{name: flat, type: flat, rate: 0.02 / keV / kg / day}]}
binning: {from: 10 keV, to: 60 keV, bins: 5}
parameters: {background.flat.norm: {prior: 20 %}}
"""
LINE = "sin2_theta_w: [0.1, 0.45, 8]"
PLANE = "sin2_theta_w: [0.1, 0.45, 6], Ar.neutron_skin: {from: -1 fm, to: 3 fm, points: 4}"
LONG = "sin2_theta_w: [0.1, 0.45, 30], Ar.neutron_skin: {from: -1 fm, to: 3 fm, points: 30}"
KEYS = {"axes", "statistic", "levels", "dof", "best"}


def scan_file(folder: Path, axes: str = LINE, more: str = "", name: str = "own") -> Path:
    """An experiment file with its counts."""
    rows = ["15,820", "25,790", "35,760", "45,740", "55,735"]
    (folder / "own.csv").write_text("\n".join(["energy [keV],counts", *rows]))
    file = folder / f"{name}.yaml"
    block = f"scan: {{parameters: {{{axes}}}, profile: all{more}}}\n"
    file.write_text(f"name: Argon{BASE}{block}", "utf-8")
    return file


def printed(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert run(["scan", *map(str, arguments)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


# --- unit: what is printed ----------------------------------------------------------------------


def test_json_has_the_keys_of_the_contract(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And nothing else is on standard output."""
    content = json.loads(printed(capsys, scan_file(tmp_path, PLANE), "--json"))
    assert set(content) >= KEYS
    axes, statistic = content["axes"], np.array(content["statistic"])
    assert list(axes) == ["sin2_theta_w", "Ar.neutron_skin"]
    assert axes["Ar.neutron_skin"] == pytest.approx([-1, 1 / 3, 5 / 3, 3], rel=1e-12, abs=0)
    assert statistic.shape == (6, 4) and np.all(statistic >= 0)
    assert f"{content['levels'][0]:.2f}" == "4.61" and content["dof"] == 2
    assert content["units"] == {"Ar.neutron_skin": "fm"}
    assert set(content["best"]["parameters"]) == set(axes)
    assert content["best"]["from"] in ("fit", "grid")
    assert "intervals" not in content


def test_tables_show_it_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    axis = "Ar.neutron_skin: {from: -3 fm, to: 3 fm, points: 7}"
    file = scan_file(tmp_path, axis, ", confidence: [68.27 %, 90 %]")
    out = printed(capsys, file, "--output", tmp_path / "out")
    result = json.loads((tmp_path / "out" / "results.json").read_text("utf-8"))
    for text in (
        "Argon: scan of 7 points",
        "Levels of Ar.neutron_skin, χ² with 1 degree of freedom",
        "68.27 %       1.000",
        "90 %       2.706",
        f"= {result['best']['minimum']:.3f} at the best point",
        "Profiled at each point: background.flat.norm",
        "Failed: 1 of 7 points",
        "1 of them: Ar.neutron_skin outside its bounds [-2, 4] fm",
        "Written: ",
        str(tmp_path / "out" / "scan.h5"),
    ):
        assert text in out, text
    assert re.search(r"Ar\.neutron_skin +fm +-3 +3 +7 +linear", out)
    assert result["statistic"][0] is None and result["failed"] == 1


def test_an_axis_with_one_point_and_limits_at_each_mass(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is said of degrees of freedom: one of an interval and of a limit, two of a region."""
    held = "Ar.neutron_skin: {from: 1 fm, to: 2 fm, points: 1}"
    out = printed(capsys, scan_file(tmp_path, f"{held}, {LINE}"), "--output", tmp_path / "out")
    assert "scan of 1 × 8 points" in out
    assert "Levels of sin2_theta_w, χ² with 1 degree of freedom" in out and "limits" not in out
    assert not [*(tmp_path / "out").glob("*.png")]
    mass = "light-vector.mass: {from: 10 MeV, to: 90 MeV, points: 2, spacing: log}"
    coupling = "light-vector.coupling: {from: 0, to: 1e-3, points: 5}"
    file = scan_file(tmp_path, f"{mass}, {coupling}")
    file.write_text(f"{file.read_text('utf-8')}model: [standard-model, light-vector]\n", "utf-8")
    out = " ".join(printed(capsys, file).split())
    assert "Levels, χ² with 2 degrees of freedom" in out
    assert "at each light-vector.mass (limits.csv): χ² with 1 degree of freedom, above" in out


def test_three_axes_and_nothing_profiled(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    axes = f"{PLANE}, signal.norm: [0.5, 1.5, 3]"
    file = scan_file(tmp_path, axes)
    file.write_text(file.read_text().replace("profile: all", "profile: none"))
    out = printed(capsys, file, "--output", tmp_path / "out")
    assert "scan of 6 × 4 × 3 points" in out and "χ² with 3 degrees of freedom" in out
    assert "Nothing is profiled" in out
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"results.json", "config.yaml", "scan.h5", "scan", "tables"}
    result = json.loads((tmp_path / "out" / "results.json").read_text("utf-8"))
    assert np.array(result["statistic"]).shape == (6, 4, 3)


def test_the_folder_can_be_run_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its configuration is the same scan: nothing is computed a second time."""
    output = tmp_path / "out"
    first = printed(capsys, scan_file(tmp_path), "--json", "--output", output)
    shards = {path: path.stat().st_mtime_ns for path in (output / "scan" / FOLDER).iterdir()}
    again = printed(capsys, output / "config.yaml", "--json", "--output", output)
    assert again == first
    assert {path: path.stat().st_mtime_ns for path in shards} == shards


def test_other_settings_are_refused_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, output = scan_file(tmp_path), tmp_path / "out"
    printed(capsys, file, "--output", output)
    before = {path: path.read_bytes() for path in output.rglob("*") if path.is_file()}
    text = file.read_text("utf-8")
    changes = {
        ("1 year", "2 year"): "a scan with exposure: '1 year', expected '2 year', or another",
        ("mass: 10 kg", "mass: 9 kg"): "a scan with detector.mass: '10 kg', expected '9 kg'",
        ("0.45, 8", "0.45, 9"): "a scan with sin2_theta_w at 8 values 0.1 … 0.45, expected 9",
    }
    for (old, new), message in changes.items():
        file.write_text(text.replace(old, new), "utf-8")
        assert run(["scan", str(file), "--output", str(output)]) == 2
        out, err = capsys.readouterr()
        assert out == "" and message in err
    file.write_text(text, "utf-8")
    counts = file.with_name("own.csv")
    counts.write_text(counts.read_text().replace("820", "821"))
    assert run(["scan", str(file), "--output", str(output)]) == 2
    assert "a scan with data.file: " in capsys.readouterr().err
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize("share", ["0/2", "3/2", "1", "a/b", "1/2/3"])
def test_a_share_that_is_none(
    share: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = scan_file(tmp_path)
    assert run(["scan", str(file), "--shard", share, "--output", str(tmp_path / "out")]) == 2
    out, err = capsys.readouterr()
    assert out == "" and "--shard" in err and err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_grid_that_mostly_fails_is_no_limit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line with the reason; the points stay, nothing is made of them."""
    output = tmp_path / "out"
    file = scan_file(tmp_path, "sin2_theta_w: [-1.5, 0.9, 9]")
    assert run(["scan", str(file), "--output", str(output)]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1
    assert err.startswith("scan: found 5 of 9 points that could not be computed, expected ")
    assert err.endswith("the reason of 5: sin2_theta_w outside its bounds [0, 1]\n")
    assert [path.name for path in output.iterdir()] == ["scan"]


def test_a_share_needs_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scan", str(scan_file(tmp_path)), "--shard", "1/2"]) == 2
    assert "--shard: found no folder, expected --output" in capsys.readouterr().err


# --- reference: intervals by interpolation --------------------------------------------------------


def test_intervals_of_a_parabola_are_exact() -> None:
    """√ of it is linear; nodes at both sides of the minimum and at it."""
    nodes = np.array([-3.0, -1.0, 0.2, 1.0, 4.0])
    ((low, high),) = below(nodes, np.abs(nodes - 0.2) / 0.7, math.sqrt(2.71))
    assert low == pytest.approx(0.2 - 0.7 * math.sqrt(2.71), rel=1e-12, abs=0)
    assert high == pytest.approx(0.2 + 0.7 * math.sqrt(2.71), rel=1e-12, abs=0)


def test_ends_that_the_grid_does_not_have() -> None:
    """Beyond its edges, beside points that failed, several regions, none."""
    nodes = np.arange(7.0)
    roots = np.array([0.0, 2.0, np.nan, 0.5, 2.0, 2.0, 0.0])
    assert below(nodes, roots, 1.0) == [(None, 0.5), (None, pytest.approx(3 + 1 / 3)), (5.5, None)]
    assert below(nodes, np.full(7, 2.0), 1.0) == []
    assert below(nodes, np.zeros(7), 1.0) == [(None, None)]


@pytest.mark.parametrize("spacing", ["linear", "log"])
def test_regions_are_in_the_unit_of_the_axis(spacing: str, tmp_path: Path) -> None:
    """A parabola of the parameter, or of its logarithm; its minimum is between two points."""
    axis = f"{{from: 0.5 fm, to: 3.5 fm, points: 7, spacing: {spacing}}}"
    grid = grid_of(load(scan_file(tmp_path, f"Ar.neutron_skin: {axis}")))
    (address, values), *_ = grid.axes.items()
    scale = grid.likelihood.parameters[address].scale
    along = np.log if spacing == "log" else np.asarray
    heights = ((along(values / scale) - along(1.7)) / 0.2) ** 2
    found = Outcome(grid, heights, {address: 1.7 * scale}, 5.0, True, {})
    for height in (0.25, 2.25):  # on both sides of the nearest points of the grid
        (ends,) = regions(found, height)
        expected = [along(1.7) + side * 0.2 * math.sqrt(height) for side in (-1, 1)]
        assert [along(end) for end in map(float, filter(None, ends))] == pytest.approx(
            expected, rel=1e-12, abs=0
        )
    # The lower of the two has no end on the side where the grid has no point below it.
    assert regions(replace(found, fitted=False), 0.25) != regions(found, 0.25)


def test_intervals_agree_with_those_of_a_fit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two ways to the same ends; 2 % of a width: eight points, fits that stop at 1e-4."""
    file = scan_file(tmp_path, "signal.norm: [0.1, 3.3, 11]", ", confidence: [68.27 %]")
    ((region,),) = json.loads(printed(capsys, file, "--json"))["intervals"]
    assert run(["fit", str(file), "--json"]) == 0
    fitted = json.loads(capsys.readouterr().out)["parameters"]["signal.norm"]
    width = fitted["upper"] - fitted["lower"]
    for side in ("lower", "upper"):
        assert region[side] == pytest.approx(fitted[side], rel=0, abs=0.02 * width)


# --- real processes -------------------------------------------------------------------------------

PATIENCE = 120.0  # seconds until a test gives up; nothing is measured by it
posix = pytest.mark.skipif(os.name != "posix", reason="signals are POSIX")


@contextmanager
def started(*arguments: object) -> Iterator[subprocess.Popen[str]]:
    """``cevns scan`` as a process group of its own; nothing of it is left at the end."""
    with subprocess.Popen(
        [sys.executable, "-m", "cevns", "scan", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def finished(*arguments: object) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a run."""
    with started(*arguments) as process:
        out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out, err


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition() and process.poll() is None:
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.005)


def shards(output: Path) -> dict[str, Any]:
    """Name → content and time of change of the shards in a folder."""
    found = sorted((output / "scan" / FOLDER).glob("*.h5"))
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in found}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """A file with many points, and its scan by a run that nobody disturbs."""
    folder = tmp_path_factory.mktemp("whole")
    file = scan_file(folder, LONG)
    assert finished(file, "--output", folder / "out")[0] == 0
    return file, (folder / "out" / "scan.h5").read_bytes()


@posix
@pytest.mark.parametrize("processes", [1, 2])
def test_killed_and_run_again(processes: int, whole: tuple[Path, bytes], tmp_path: Path) -> None:
    """property: kill -9 costs the chunks in flight, and the file comes out bit for bit the same."""
    file, expected = whole
    output = tmp_path / "out"
    with started(file, "--output", output, "--processes", processes) as process:
        wait_for(lambda: len(shards(output)) >= 3, process)
        process.kill()
        process.communicate(timeout=PATIENCE)
    before = shards(output)
    assert len(before) >= 3 and not (output / "scan.h5").exists()
    code, _, err = finished(file, "--output", output, "--processes", processes)
    assert (code, err) == (0, "")
    after = shards(output)
    assert {name: after[name] for name in before} == before, "what was done is not done again"
    assert len(after) > len(before), "it was to be killed in the middle"
    assert (output / "scan.h5").read_bytes() == expected
    assert np.all(read(output / "scan.h5").status == 0)


@posix
def test_two_shares_beside_each_other(whole: tuple[Path, bytes], tmp_path: Path) -> None:
    """unit: a plain run then merges without computing anything."""
    file, expected = whole
    output = tmp_path / "out"
    with (
        started(file, "--output", output, "--shard", "1/2") as one,
        started(file, "--output", output, "--shard", "2/2", "--json") as two,
    ):
        texts = [process.communicate(timeout=PATIENCE) for process in (one, two)]
        assert (one.returncode, two.returncode) == (0, 0)
    assert [err for _, err in texts] == ["", ""]
    done = shards(output)
    code, out, err = finished(file, "--output", output)
    assert (code, err) == (0, "") and "scan of 30 × 30 points" in out
    assert shards(output) == done
    assert (output / "scan.h5").read_bytes() == expected


def test_one_share_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """unit: what it says while others are to be done."""
    file, output = scan_file(tmp_path), tmp_path / "out"
    out = printed(capsys, file, "--output", output, "--shard", "1/2")
    assert out.startswith(f"4 of 8 points are in {output}; run the other shares")
    again = json.loads(printed(capsys, file, "--output", output, "--shard", "1/2", "--json"))
    assert again == {"points": 8, "done": 4, "missing": 4}
    assert not (output / "scan.h5").exists()


@posix
@pytest.mark.parametrize("kept", [True, False])
def test_ctrl_c(kept: bool, whole: tuple[Path, bytes], tmp_path: Path) -> None:
    """unit: one line that says what stays, exit code 1."""
    file, _ = whole
    output = tmp_path / "out"
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    arguments = ("--output", output) if kept else ()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(temporary))
        with started(file, *arguments) as process:
            place = output if kept else temporary
            wait_for(lambda: len([*place.rglob("chunk-*.h5")]) >= 2, process)
            os.killpg(process.pid, signal.SIGINT)
            out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out, err.count("\n")) == (1, "", 1)
    if kept:
        there = len(shards(output))
        assert re.search(rf"interrupted; {there} of \d+ chunks are done and stay", err)
    else:
        assert err == "interrupted; nothing is kept without --output\n"
        assert not [*temporary.iterdir()]
