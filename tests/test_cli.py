"""The command line: exit codes, what goes where, and that nothing is written on a mistake."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from snippets import DETECTOR, EXPOSURE, SOURCE

from cevns import __version__
from cevns.cli.main import VERBS, run


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A small experiment file."""
    file = tmp_path / "good.yaml"
    file.write_text("\n".join((SOURCE, DETECTOR, EXPOSURE)), "utf-8")
    return file


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    """One with two mistakes."""
    file = tmp_path / "bad.yaml"
    file.write_text("\n".join((SOURCE, DETECTOR, "exposure: 5", "axail: none")), "utf-8")
    return file


# --- unit --------------------------------------------------------------------------------------


def test_predict_prints_one_object(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["predict", str(good), "--json"]) == 0
    out, err = capsys.readouterr()
    result = json.loads(out)
    assert err == ""
    assert result["name"] == "good"
    assert result["counts"]["total"] > 0
    assert "bins" in result


def test_predict_prints_a_table(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["predict", str(good)]) == 0
    out, err = capsys.readouterr()
    assert "signal" in out
    assert err == ""


def test_results_can_be_run_again(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = good.parent / "out"
    assert run(["predict", str(good), "--output", str(output), "--json"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert json.loads((output / "results.json").read_text("utf-8")) == first
    assert run(["predict", str(output / "config.yaml"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["counts"] == first["counts"]


@pytest.mark.parametrize("verb", [["predict"], ["list", "parameters"]])
def test_mistakes_go_to_standard_error(
    verb: list[str], bad: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*verb, str(bad), "--json"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.partition(":")[0] for line in err.splitlines()] == ["axail", "exposure"]


def test_nothing_is_written_on_a_mistake(bad: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(bad.parent.iterdir())
    assert run(["predict", str(bad), "--output", str(bad.parent / "out")]) == 2
    bad.write_text(
        f"{SOURCE}\n{DETECTOR}\n{EXPOSURE}\nparameters: {{signal.norm: {{value: 1e308}}}}"
    )
    assert run(["predict", str(bad), "--output", str(bad.parent / "out")]) == 2
    assert sorted(bad.parent.iterdir()) == before
    assert "(top level): found numbers so large" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["predict", "nowhere.yaml"], "nowhere.yaml: found no such file or directory"),
        (["predict", "."], ".: found something that is not a file"),
        (["predikt", "x"], "found 'predikt', expected a command"),
        (["list", "sorces"], "found 'sorces', expected a known list"),
        (["list", "parameters"], "parameters: found no file"),
        (["predict"], "found no FILE, expected an experiment file, or --experiment NAME"),
        (["predict", "x", "--jsn"], "No such option"),
        (["cross-section", "Ar40"], "found neither --energy nor --source"),
        (["cross-section", "Ar40", "--energy", "30"], "--energy: found '30', expected a number"),
    ],
)
def test_bad_calls(arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(line), err


def test_parameters_are_listed(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list", "parameters", str(good), "--json"]) == 0
    rows = {row["address"]: row for row in json.loads(capsys.readouterr().out)["parameters"]}
    assert rows["detector.mass"] == {
        "address": "detector.mass",
        "value": 1.0,
        "unit": "kg",
        "bounds": [0.0, None],
    }
    assert run(["list", "parameters", str(good)]) == 0
    assert "sin2_theta_w" in capsys.readouterr().out


@pytest.mark.parametrize("what", ["sources", "interactions", "targets", "units", "facilities"])
def test_lists(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list", what, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[what]


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"cevns {__version__}\n"
    for verb in VERBS:
        assert run([verb, "--help"]) == 0
        assert "Examples:" in capsys.readouterr().out


def test_a_defect_is_called_an_internal_error(
    good: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.delenv("CEVNS_DEBUG", raising=False)
    monkeypatch.setattr("cevns.config.study.load", fail)
    assert run(["predict", str(good)]) == 1
    assert capsys.readouterr().err.startswith("internal error: RuntimeError: broken")


def test_a_reader_that_goes_away_is_no_error(good: Path) -> None:
    command = f"{sys.executable} -m cevns predict {good} --json | head -c 1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
