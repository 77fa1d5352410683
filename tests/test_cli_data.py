"""``cevns data``: exit codes, what goes where, one JSON object. All unit tests, with a toy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from loopback import DEEP, FILES, FIRST, PLUS, Toy, block, declare, files, sha256, toy_below, tree

from cevns.cli.main import run

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Toy]:
    with toy_below(tmp_path, monkeypatch) as made:
        yield made


def printed(capsys: Captured) -> Any:
    """The one object on standard output; nothing is on standard error."""
    out, err = capsys.readouterr()
    assert err == ""
    assert out.count("\n") == 1
    return json.loads(out)


@pytest.mark.parametrize("arguments", [["data"], ["data", "--help"], ["data", "-h"]])
def test_help(arguments: list[str], capsys: Captured) -> None:
    assert run(arguments) == 0
    out, err = capsys.readouterr()
    assert err == ""
    for word in ("list", "fetch", "verify", "CEVNS_DATA"):
        assert word in out


def test_help_is_light() -> None:
    """Neither the list of verbs nor the help of this one loads what the work needs."""
    code = (
        "import cevns.cli.main as cli, sys\n"
        "codes = cli.run(['--help']), cli.run(['data']), cli.run(['data', 'fetch', '--help'])\n"
        "heavy = {'numpy', 'pydantic', 'pooch', 'requests', 'rich'} & sys.modules.keys()\n"
        "sys.exit(f'{codes} {heavy}' if any(codes) or heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "data" in done.stdout


def test_list(toy: Toy, capsys: Captured) -> None:
    licence = {"name": "CC-BY-4.0", "confirmed": False}
    declare(toy.declared, "other", block({"x": bytes(2_000_000)}, licence=licence))
    toy.place(pdf=None)
    assert run(["data", "list", "--json"]) == 0
    rows = {row["name"]: row for row in printed(capsys)["datasets"]}
    assert list(rows) == ["other", "toy"]
    assert (rows["other"]["state"], rows["toy"]["state"]) == ("absent", "partial")
    assert rows["toy"]["files"] == len(FILES)
    assert rows["toy"]["bytes"] == sum(len(content) for content in FILES.values())
    assert rows["toy"]["folder"] == str(toy.target)
    assert rows["other"]["licence"] == licence
    assert run(["data", "list"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    for words in ("toy", "A toy", "partial", "CC-BY-4.0 (not confirmed)", "2.0 MB", "2 kB"):
        assert words in out
    for state, content in (("complete", FILES[PLUS]), ("changed", b"other")):
        toy.place(pdf=content)
        assert run(["data", "list", "--json"]) == 0
        assert printed(capsys)["datasets"][1]["state"] == state


def test_fetch(toy: Toy, capsys: Captured) -> None:
    assert run(["data", "fetch", "toy"]) == 0
    out, err = capsys.readouterr()
    assert err == ""  # not a terminal: no bar
    assert "3 of 3 files" in out
    assert "Nobody, Nowhere 1 (2026)" in out
    assert files(toy.target) == FILES
    assert run(["data", "fetch", "toy", "toy", "--json"]) == 0
    result = printed(capsys)
    assert result["fetched"] is True
    assert list(result["datasets"]) == ["toy"]
    assert result["datasets"]["toy"]["present"] == len(FILES)
    assert result["datasets"]["toy"]["problems"] == []


def test_fetch_everything(toy: Toy, capsys: Captured) -> None:
    """A data set that fails does not stop the next one."""
    declare(toy.declared, "a-first", block({"absent": b"x"}, toy.server.url))
    assert run(["data", "fetch", "--all"]) == 1
    out, err = capsys.readouterr()
    assert "toy: 3 of 3 files" in out
    assert "a-first: 0 of 1 files" in out
    assert err.count("\n") == 1
    assert "a-first/absent: " in err
    assert "HTTP status 404" in err
    assert set(tree(toy.target.parent)) == {"toy", *(f"toy/{name}" for name in tree(toy.target))}


def test_fetch_says_both_hashes(toy: Toy, capsys: Captured) -> None:
    """Of a local file that was changed, and of a download; in text and in JSON."""
    toy.place(counts=b"mine", pdf=None)
    toy.server.files[PLUS] = b"theirs"
    hashes = [sha256(content) for content in (b"mine", FILES[FIRST], b"theirs", FILES[PLUS])]
    for extra in ([], ["--json"]):
        assert run(["data", "fetch", "toy", *extra]) == 1
        out, err = capsys.readouterr()
        said = out if extra else err
        assert all(one in said for one in hashes)
    problems = json.loads(out)["datasets"]["toy"]["problems"]
    assert [one["problem"] for one in problems] == ["refused", "failed"]
    assert files(toy.target) == {FIRST: b"mine", DEEP: FILES[DEEP]}
    toy.server.files[PLUS] = FILES[PLUS]
    assert run(["data", "fetch", "toy", "--force"]) == 0
    assert files(toy.target) == FILES


def test_fetch_offline(toy: Toy, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    for environment, extra in (("", ["--offline"]), ("1", [])):
        monkeypatch.setenv("CEVNS_OFFLINE", environment)
        assert run(["data", "fetch", "toy", *extra]) == 1
        _, err = capsys.readouterr()
        assert [line.split(":")[0] for line in err.splitlines()] == [f"toy/{n}" for n in FILES]
        assert "offline" in err
    assert toy.server.asked == []
    assert not toy.target.parent.exists()


def test_verify(toy: Toy, capsys: Captured) -> None:
    toy.place()
    for names in ([], ["toy", "toy"]):
        assert run(["data", "verify", *names]) == 0
        assert capsys.readouterr().out.count("toy: 3 of 3 files right") == 1
    toy.place(counts=b"other")
    (toy.target / DEEP).unlink()
    assert run(["data", "verify", "toy"]) == 1
    out, err = capsys.readouterr()
    assert "1 of 3 files right" in out
    first, second = err.splitlines()
    assert first.startswith(f"toy/{FIRST}: ")
    assert sha256(b"other") in first
    assert sha256(FILES[FIRST]) in first
    assert first.endswith("(cevns data fetch toy --force)")
    assert second.startswith(f"toy/{DEEP}: ")
    assert run(["data", "verify", "--json"]) == 1
    result = printed(capsys)
    assert result["verified"] is False
    assert result["datasets"]["toy"]["ok"] == 1
    wrong, absent = result["datasets"]["toy"]["problems"]
    assert wrong["problem"] == "wrong size"
    assert wrong["found"] == {"bytes": 5, "sha256": sha256(b"other")}
    assert wrong["expected"] == {"bytes": len(FILES[FIRST]), "sha256": sha256(FILES[FIRST])}
    assert (absent["problem"], absent["found"]) == ("missing", {"bytes": None, "sha256": None})


def test_many_problems_are_summed_up(toy: Toy, capsys: Captured) -> None:
    declare(toy.declared, "many", block({f"file-{i}": b"" for i in range(30)}))
    assert run(["data", "verify", "many"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) < 10
    assert lines[-1] == f"many: and {30 - (len(lines) - 1)} files more"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["fetch"], "found no name, expected names of data sets, or --all"),
        (["fetch", "toy", "--all"], "found names and --all"),
        (["fetch", "toyy"], "did you mean 'toy'?"),
        (["fetch", "toy", "toyy"], "did you mean 'toy'?"),
        (["verify", "toyy"], "did you mean 'toy'?"),
        (["fetsch"], "did you mean 'fetch'?"),
        (["list", "toy"], "unexpected extra argument"),
        (["fetch", "toy", "--ofline"], "--offline"),
    ],
)
def test_mistakes(arguments: list[str], said: str, toy: Toy, capsys: Captured) -> None:
    """Exit code 2, one line, nothing done."""
    assert run(["data", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert err.count("\n") == 1
    assert toy.server.asked == []
    assert not toy.target.parent.exists()


def test_all_mistakes_at_once(toy: Toy, capsys: Captured) -> None:
    assert run(["data", "verify", "one", "toy", "two"]) == 2
    assert capsys.readouterr().err.count("a known data set") == 2


def test_folder_that_cannot_be_made(toy: Toy, capsys: Captured) -> None:
    """What the disk refuses is no defect: one line with the place, exit code 1."""
    toy.target.parent.write_bytes(b"a file")
    assert run(["data", "fetch", "toy"]) == 1
    err = capsys.readouterr().err
    assert str(toy.target) in err
    assert "internal error" not in err


@pytest.mark.skipif(os.name == "nt", reason="pseudo-terminals of POSIX")
def test_bar_on_a_terminal(toy: Toy, capfd: pytest.CaptureFixture[str]) -> None:
    """Somebody who watches sees a bar, and the JSON stays clean."""
    import pty

    code = (
        "import sys; from pathlib import Path; from cevns.datasets import release\n"
        "release.FOLDER = Path(sys.argv[1])\n"
        "from cevns.cli.main import run; sys.exit(run(['data', 'fetch', 'toy', '--json']))"
    )
    watched, terminal = pty.openpty()
    command = [sys.executable, "-c", code, str(toy.declared)]
    environment = {**os.environ, "TERM": "xterm"}
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=terminal, env=environment)
    os.close(terminal)
    seen = os.read(watched, 100_000).decode()
    os.close(watched)
    assert done.returncode == 0
    assert "toy" in seen
    assert json.loads(done.stdout)["fetched"] is True
