"""What verbs print with ``--json`` and where they write: the same rules for all of them.

Kind: unit.
"""

from __future__ import annotations

import errno
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest

import cevns
from cevns.cli.main import VERBS, run

FILE = """
source: {type: stopped-pion, flux: 1e7 /cm^2/s}
exposure: 1 year
detector:
  target: Ar40
  mass: 10 kg
  backgrounds: [{name: flat, type: flat, rate: 0.02 / keV / kg / day}]
binning: {from: 10 keV, to: 60 keV, bins: 5}
"""
PLAIN = "parameters: {source.norm: {prior: 10 %}}\n"
# Two factors of one signal: their errors, intervals and correlations are none.
DEGENERATE = "data: {file: counts.csv}\nfit: {parameters: [signal.norm, source.norm]}\n"
AXIS = "scan: {parameters: {source.norm: [0.5, 1.5, 5]}}\n"
STUDY = f"{AXIS}study: {{statistic: chi2-counting, systematic: 5 %}}\n"
CALLS: dict[str, list[tuple[str, list[str]]]] = {
    "predict": [(PLAIN, ["FILE", "--budget"])],
    "fit": [(DEGENERATE, ["FILE"])],
    "scan": [("data: {file: counts.csv}\n" + AXIS, ["FILE"])],
    "sensitivity": [(STUDY, ["FILE"])],
    "sample": [("", ["FILE", "--output", "out"])],
    "cross-section": [("", ["Ar40", "--energy", "30 MeV", "--source", "stopped-pion"])],
    "reproduce": [("", []), ("", ["vogel-engel-1989"])],
    "list": [
        *(("", [what]) for what in ("sources", "interactions", "targets", "form-factors")),
        *(("", [what]) for what in ("facilities", "units", "catalogue")),
        (PLAIN, ["parameters", "FILE"]),
    ],
    "data": [("", ["list"])],
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with counts in it."""
    monkeypatch.chdir(tmp_path)
    rows = [f"{15 + 10 * i},{n}" for i, n in enumerate((790, 770, 760, 750, 740))]
    Path("counts.csv").write_text("energy [keV],counts\n" + "\n".join(rows), "utf-8")
    return tmp_path


def strict(text: str) -> Any:
    """JSON as its standard has it: no NaN, no Infinity."""

    def refuse(name: str) -> None:
        raise ValueError(name)

    return json.loads(text, parse_constant=refuse)


def test_every_verb_is_called() -> None:
    assert set(CALLS) == set(VERBS)


@pytest.mark.parametrize(
    ("verb", "more", "arguments"),
    [(verb, more, arguments) for verb, calls in CALLS.items() for more, arguments in calls],
)
def test_json_is_strict(
    verb: str, more: str, arguments: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One object that every reader takes, also where a number is not known or has no bound."""
    Path("FILE").write_text(FILE + more, "utf-8")
    assert run([verb, *arguments, "--json"]) == 0
    assert isinstance(strict(capsys.readouterr().out), dict)


def test_json_is_made_in_one_place() -> None:
    """No verb writes JSON by itself."""
    sources = Path(cevns.__file__).parent.joinpath("cli").glob("*.py")
    assert [one.name for one in sources if "json.dumps" in one.read_text("utf-8")] == []


# --- a folder to write to -------------------------------------------------------------------------

WRITING = {
    **{verb: ["FILE"] for verb in ("predict", "fit", "scan", "sensitivity", "sample")},
    "reproduce": ["vogel-engel-1989"],
}


@pytest.fixture
def nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """What would be read first breaks."""

    def fail(*_: object) -> None:
        raise AssertionError("something was begun")

    monkeypatch.setattr("cevns.config.study.load", fail)
    monkeypatch.setattr("cevns.reproductions.paper.read_paper", fail)


@pytest.mark.usefixtures("nothing_starts")
@pytest.mark.parametrize("verb", WRITING)
@pytest.mark.parametrize(
    ("output", "problem"),
    [
        ("counts.csv", "is a file"),
        ("counts.csv/below/it", "counts.csv is a file"),
        ("broken", "is a file"),
        ("x" * 300, "file name too long"),
    ],
)
def test_an_unusable_folder(
    verb: str, output: str, problem: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line and exit code 2, before anything is read."""
    Path("broken").symlink_to("nowhere")
    before = sorted(folder.iterdir())
    assert run([verb, *WRITING[verb], "--output", output]) == 2
    out, err = capsys.readouterr()
    expected = "expected a folder that can be written to"
    assert (out, err) == ("", f"--output: found {output!r}: {problem}, {expected}\n")
    assert sorted(folder.iterdir()) == before


@pytest.mark.usefixtures("nothing_starts")
@pytest.mark.parametrize("verb", WRITING)
def test_a_folder_that_can_only_be_read(
    verb: str, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), "somewhere")

    monkeypatch.setattr(tempfile, "TemporaryFile", fail)
    assert run([verb, *WRITING[verb], "--output", "new/folder"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("--output: found 'new/folder': read-only file system, expected a folder")


@pytest.mark.usefixtures("nothing_starts")
@pytest.mark.parametrize(
    ("path", "problem"), [(".", "is a folder"), ("counts.csv/x.json", "counts.csv is a file")]
)
def test_an_unusable_workspace(
    path: str, problem: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["fit", "FILE", "--pyhf", path]) == 2
    expected = "expected a file that can be written"
    assert capsys.readouterr().err == f"--pyhf: found {path!r}: {problem}, {expected}\n"


def test_results_of_an_earlier_run_are_replaced(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that was changed is run again into the folder that it had."""
    for mass in ("10 kg", "20 kg"):
        Path("FILE").write_text(FILE.replace("10 kg", mass), "utf-8")
        assert run(["predict", "FILE", "--output", "deep/er", "--json"]) == 0
        now = capsys.readouterr().out
        assert json.loads(Path("deep/er/results.json").read_text("utf-8")) == json.loads(now)
