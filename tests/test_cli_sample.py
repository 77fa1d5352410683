"""``cevns sample``: toy counts as files, and what a fit makes of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from data_files import need_data

from cevns.analysis import analysis_of, channels_of, prediction_of
from cevns.cli.main import run
from cevns.config.study import load
from cevns.inference.minimum import minimise
from cevns.likelihood.own import read_counts

FILE = """
source:
  type: stopped-pion
  facility: sns-2021
  pulse: {shape: gaussian, mean: 440 ns, width: 150 ns}
detector:
  target: Ar40
  mass: 100 kg
  quenching: {type: linear, a: 0.246, b: 0.00078 / keVnr}
  resolution: {type: gaussian, stochastic: 0.58 keVee^0.5}
  time: {window: [0 us, 6 us]}
  backgrounds: [{name: flat, type: flat, rate: 0.01 / keVee / kg / day}]
exposure: 1 year
binning: {energy: {from: 2 keVee, to: 30 keVee, bins: 7}, time: {edges: [0, 1, 2, 6], unit: us}}
experiments: {near: {source: {distance: 20 m}}, far/away: {source: {distance: 30 m}}}
parameters:
  signal.norm: {value: 1.3}
  background.flat.norm: {value: 0.8, prior: 25 %}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "toys.yaml"
    path.write_text(FILE, "utf-8")
    return path


def sampled(file: Path, capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    """The object that the command prints."""
    output = str(file.parent / "out")
    assert run(["sample", str(file), "--output", output, "--json", *options]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.count("\n") == 1
    result: dict[str, Any] = json.loads(out)
    return result


def with_data(file: Path, suffix: str = "") -> Path:
    """The same experiments with the files that were written as their data, at nominal values."""
    text = FILE.split("parameters:")[0]
    for name in ("near", "far/away"):
        written = f"out/{name.replace('/', '_')}{suffix}.csv"
        text = text.replace(f"{name}: {{", f"{name}: {{data: {{file: {written}}}, ")
    text += "parameters: {background.flat.norm: {fixed: false}}\n"
    path = file.parent / f"fit{suffix}.yaml"
    path.write_text(text, "utf-8")
    return path


# --- kind: reference (what is put in comes out) --------------------------------------------------


def test_asimov(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The fit returns what was injected, to 1e-6: the files hold all digits."""
    result = sampled(file, capsys, "--asimov")
    assert result["asimov"] and "seed" not in result
    analysis = analysis_of(load(with_data(file)))
    assert analysis.interest == ("near.signal.norm", "far/away.signal.norm")
    found = minimise(analysis.likelihood.freed(analysis.interest))
    assert found.value == pytest.approx(0, abs=1e-9)
    for address in found.likelihood.floating:
        injected = 1.3 if address.endswith("signal.norm") else 0.8
        assert found.at(address) == pytest.approx(injected, rel=1e-6, abs=0)


def test_toys(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Counts are whole and Poisson around the expectation; a fit finds the truth in 4 errors."""
    result = sampled(file, capsys, "--seed", "5", "--number", "3")
    names = [Path(one["path"]).name for one in result["files"]]
    stems = ("near", "far_away")
    assert names == [f"{stem}-{toy}.csv" for toy in (1, 2, 3) for stem in stems]
    prediction = prediction_of(load(file))
    for one in result["files"]:
        channel = next(c for c in prediction.channels if c.name == one["experiment"])
        counts = read_counts(Path(one["path"]), channel.cells)
        assert np.all(counts == np.round(counts)) and counts.sum() == one["events"]
        # 21 cells: χ² is 21 ± 6.5, and 55 has a probability of 1e-4.
        assert np.sum((counts - channel.observed) ** 2 / channel.observed) < 55
    assert len({one["events"] for one in result["files"]}) > 3
    analysis = analysis_of(load(with_data(file, "-2")))
    found = minimise(analysis.likelihood.freed(analysis.interest))
    for address in found.likelihood.floating:
        injected = 1.3 if address.endswith("signal.norm") else 0.8
        assert abs(found.at(address) - injected) < 4 * found.error(address)


# --- kind: unit ----------------------------------------------------------------------------------


def test_seeds(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A seed says what is drawn, whatever the number; one that was not given is told."""

    def content(*options: str) -> list[str]:
        files = sampled(file, capsys, *options)["files"]
        rows = [Path(one["path"]).read_text("utf-8").splitlines() for one in files]
        return ["\n".join(line for line in own if line[0] != "#") for own in rows]

    first = content("--seed", "11", "--number", "2")
    assert content("--seed", "11", "--number", "4")[:4] == first
    assert content("--seed", "11") == first[:2] != content("--seed", "12")
    told = sampled(file, capsys)
    drawn = [Path(one["path"]).read_bytes() for one in told["files"]]
    again = sampled(file, capsys, "--seed", str(told["seed"]))
    assert [Path(one["path"]).read_bytes() for one in again["files"]] == drawn


def test_header(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was drawn with what, then the columns; no name of a folder."""
    result = sampled(file, capsys, "--seed", "11", "--number", "12")
    path = file.parent / "out" / "near-01.csv"
    said, made, header, row = path.read_text("utf-8").splitlines()[:4]
    assert said.startswith("# Counts of toys near: toy 1 of 12, seed 11; ")
    assert made.startswith(f"# made with cevns {result['versions']['cevns']}, python ")
    assert header == "energy [keVee],time [us],counts"
    assert row.startswith("4,0.5,")
    assert str(file.parent) not in path.read_text("utf-8")
    assert not [one for one in path.parent.iterdir() if one.suffix != ".csv"]


def test_table(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(file.parent / "out")
    assert run(["sample", str(file), "--output", out, "--seed", "1", "--number", "20"]) == 0
    text, err = capsys.readouterr()
    assert err == "" and "seed 1" in text and "near-01.csv" in text
    assert "... and 20 more" in text
    assert run(["sample", str(file), "--output", out, "--asimov"]) == 0
    assert "the expectation itself" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--asimov", "--seed", "1"], "--asimov draws nothing"),
        (["--asimov", "--number", "2"], "--asimov draws nothing"),
        (["--seed", "-1"], "-1"),
        (["--number", "0"], "0"),
    ],
)
def test_refused(
    options: list[str], message: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = file.parent / "out"
    assert run(["sample", str(file), "--output", str(output), *options]) == 2
    out, err = capsys.readouterr()
    assert out == "" and message in err
    assert not output.exists()


def test_mistakes_of_the_file(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line on standard error, exit code 2, nothing written."""
    output = file.parent / "out"
    for old, new, message in (
        ("mass: 100 kg", "mass: 100", "detector.mass: found 100, expected a number with a unit"),
        ("exposure: 1 year", "exposure: 1e30 year", "more events in a bin than can be counted"),
    ):
        file.write_text(FILE.replace(old, new), "utf-8")
        assert run(["sample", str(file), "--output", str(output)]) == 2
        out, err = capsys.readouterr()
        assert out == "" and message in err and err.count("\n") == 1
        assert not output.exists()


def test_names_that_look_alike(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two experiments never share a file."""
    file.write_text(FILE.replace("near:", "far_away:"), "utf-8")
    names = [Path(one["path"]).name for one in sampled(file, capsys, "--asimov")["files"]]
    assert names == ["far_away.csv", "far_away_.csv"]


def test_public_data_set(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its backgrounds and all its axes; a fit to these counts has the norms of the file."""
    need_data("coherent-lar-2020", monkeypatch)
    file = tmp_path / "lar.yaml"
    file.write_text(
        "data: coherent-lar-2020\nparameters: {background.beam-neutrons.norm: {value: 1.1}}\n",
        "utf-8",
    )
    (one,) = sampled(file, capsys, "--asimov")["files"]
    study = load(file)
    (channel,) = channels_of(study, "")
    counts = read_counts(Path(one["path"]), channel.cells)
    assert channel.cells.names == ("energy", "f90", "time")
    expected = channel.expected({"background.beam-neutrons.norm": 1.1})
    assert counts == pytest.approx(expected, rel=1e-12, abs=1e-12)
    likelihood = analysis_of(study).likelihood.freed(["signal.norm"]).with_counts([counts])
    found = minimise(likelihood)
    assert found.at("signal.norm") == pytest.approx(1, rel=1e-6, abs=0)
    assert found.at("background.beam-neutrons.norm") == pytest.approx(1.1, rel=1e-6, abs=0)
