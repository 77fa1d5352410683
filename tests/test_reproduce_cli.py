"""``cevns reproduce``: what is printed, what is written, and what is refused. kind: unit."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from cevns.cli.main import run
from cevns.reproductions.paper import names, read_paper

NAME = "scholberg-2006"


def test_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["reproduce"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert all(name in out for name in names())


def test_the_list_as_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["reproduce", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["reproductions"]
    assert [one["name"] for one in listed] == names()


def test_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    """Every reading is there, with its verdict; nothing is cut."""
    assert run(["reproduce", NAME]) == 0
    out, err = capsys.readouterr()
    assert err == "" and "…" not in out
    paper, _ = read_paper(NAME)
    words = " ".join(out.split())
    assert f"{len(paper.claims)} statements" in words
    assert "differs" in words and "agrees" in words and "Table I" in words
    assert max(map(len, out.splitlines())) < 260  # lines of what is not in a table may be long


def test_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["reproduce", NAME, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    paper, _ = read_paper(NAME)
    assert [one["id"] for one in result["claims"]] == [one.id for one in paper.claims]
    assert sum(result["tally"].values()) == len(paper.claims)
    assert all("cause" in one for one in result["claims"] if one["verdict"] == "mismatch")


def test_what_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Results, tables and every figure in three files."""
    folder = tmp_path / "out"
    assert run(["reproduce", NAME, "--output", str(folder), "--figures", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    paper, _ = read_paper(NAME)
    figures = {f"{spec.id}.{kind}" for spec in paper.figures for kind in ("png", "svg", "csv")}
    tables = {f"{spec.id}.csv" for spec in paper.tables}
    written = {path.name for path in folder.iterdir()}
    assert written == figures | tables | {"results.json", "claims.csv"}
    assert json.loads((folder / "results.json").read_text("utf-8")) == result
    rows = list(csv.DictReader((folder / "claims.csv").read_text("utf-8").splitlines()))
    assert [row["id"] for row in rows] == [claim.id for claim in paper.claims]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["scholbrg-2006"], "did you mean 'scholberg-2006'"),
        (["nonsense"], "expected a known reproduction"),
        (["../scholberg-2006"], "expected a known reproduction"),
        ([NAME, "--figures"], "--output, the folder they go to"),
    ],
)
def test_refused(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line on standard error, nothing on standard output, nothing written."""
    output = [] if "--figures" in arguments else ["--output", str(tmp_path / "out")]
    assert run(["reproduce", *arguments, *output]) == 2
    out, err = capsys.readouterr()
    assert out == "" and message in err and len(err.splitlines()) == 1
    assert not list(tmp_path.iterdir())
