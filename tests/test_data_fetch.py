"""Fetching public data sets: unit tests with a server on the loopback interface.

Whatever the web does, there are the right files in the right place afterwards, or none.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from loopback import (
    DEEP,
    FILES,
    FIRST,
    HANG,
    PLUS,
    TRUNCATE,
    Toy,
    block,
    files,
    sha256,
    toy_below,
    tree,
)

from cevns.datasets import store
from cevns.datasets.store import Outcome, fetch, require, summary, verify
from cevns.errors import InputError


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Toy]:
    with toy_below(tmp_path, monkeypatch) as made:
        yield made


def actions(outcomes: list[Outcome]) -> list[str]:
    return [one.action for one in outcomes]


def test_fetch(toy: Toy, tmp_path: Path) -> None:
    """Every file is there, readable as any new file is, and nothing else is anywhere."""
    before = tree(tmp_path)
    told: list[Outcome] = []
    outcomes = fetch("toy", report=told.append)
    assert actions(outcomes) == ["fetched"] * 3
    assert told == outcomes
    assert files(toy.target) == FILES
    new = set(tree(tmp_path)) - set(before)
    assert new == {"data", "data/toy", *(f"data/toy/{name}" for name in tree(toy.target))}
    (tmp_path / "new").touch()
    assert (toy.target / FIRST).stat().st_mode == (tmp_path / "new").stat().st_mode
    assert "/pdf%2B1sig.txt" in toy.server.asked  # a bare "+" means a space to some servers
    assert {one["Accept-Encoding"] for one in toy.server.headers} == {"identity"}


def test_what_is_right_is_not_fetched_again(toy: Toy) -> None:
    toy.place(pdf=None)
    assert actions(fetch("toy")) == ["present", "fetched", "present"]
    assert toy.server.asked == ["/pdf%2B1sig.txt"]
    assert actions(fetch("toy")) == ["present"] * 3
    assert len(toy.server.asked) == 1


def test_remote_name(toy: Toy) -> None:
    """A file that the mirror calls otherwise."""
    entries = block(FILES)["files"]
    entries[0]["remote"] = "docs/README.md"
    toy.server.files["docs/README.md"] = FILES[FIRST]
    toy.declare(files=entries[:1])
    assert actions(fetch("toy")) == ["fetched"]
    assert toy.server.asked == ["/docs/README.md"]
    assert files(toy.target) == {FIRST: FILES[FIRST]}


@pytest.mark.parametrize("faults", [[503, 503], [429], [TRUNCATE], [500, TRUNCATE, 503]])
def test_what_may_pass_is_tried_again(toy: Toy, faults: list[Any]) -> None:
    tries = len(faults) + 1
    toy.server.faults[FIRST] = faults
    assert actions(fetch("toy")) == ["fetched"] * 3
    assert toy.server.asked.count(f"/{FIRST}") == tries
    assert files(toy.target) == FILES


@pytest.mark.parametrize("fault", [503, TRUNCATE])
def test_failure_leaves_nothing(toy: Toy, fault: Any, tmp_path: Path) -> None:
    """Nor does it stop the other files."""
    entry = block(FILES)["files"]
    toy.server.faults[FIRST] = [fault] * 50
    toy.declare(files=entry[:1])
    (outcome,) = fetch("toy")
    assert outcome.action == "failed"
    assert f"{toy.server.url}{FIRST}" in outcome.reason
    assert "https://example.org/record" in outcome.reason
    assert len(toy.server.asked) == store.RETRIES + 1
    assert tree(tmp_path / "data") == {}
    toy.declare()
    assert actions(fetch("toy")) == ["failed", "fetched", "fetched"]
    assert set(files(tmp_path / "data/toy")) == {PLUS, DEEP}


@pytest.mark.parametrize(
    "content", [FILES[FIRST][::-1], FILES[FIRST] + b"more", b"", b"<html>no such thing</html>"]
)
def test_wrong_content_is_refused(toy: Toy, content: bytes) -> None:
    """With both hashes, at the first try, and nothing of it stays."""
    toy.server.files[FIRST] = content
    outcome = fetch("toy")[0]
    assert outcome.action == "failed"
    assert sha256(content) in outcome.reason
    assert sha256(FILES[FIRST]) in outcome.reason
    assert toy.server.asked.count(f"/{FIRST}") == 1
    assert set(files(toy.target)) == {PLUS, DEEP}


def test_endless_content_is_cut(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_SLACK", 10)
    toy.server.files[FIRST] = FILES[FIRST] + bytes(11)
    outcome = fetch("toy")[0]
    assert outcome.action == "failed"
    assert "found more than" in outcome.reason
    assert set(files(toy.target)) == {PLUS, DEEP}


def test_mirrors_in_order(toy: Toy) -> None:
    """The next one is asked where one has no such file or another one."""
    for name, content in FILES.items():
        toy.server.files[f"good/{name}"] = content
        toy.server.files[f"bad/{name}"] = content + b"!"
    toy.declare(f"{toy.server.url}none", f"{toy.server.url}bad/", f"{toy.server.url}good/")
    assert actions(fetch("toy")) == ["fetched"] * 3
    assert toy.server.asked[:3] == [f"/{base}/{FIRST}" for base in ("none", "bad", "good")]
    assert files(toy.target) == FILES


def test_dead_mirror_is_given_up(toy: Toy) -> None:
    """After a few files in a row: a thousand files do not wait for it one by one."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        toy.declare(dead)
        outcomes = fetch("toy")
        assert actions(outcomes) == ["failed"] * 3
        assert "no connection" in outcomes[1].reason
        assert "given up" in outcomes[2].reason
        toy.declare(dead, toy.server.url)
        assert actions(fetch("toy")) == ["fetched"] * 3


def test_no_mirror(toy: Toy) -> None:
    toy.declare(mirrors=[])
    assert "no mirror is known" in fetch("toy")[0].reason


@pytest.mark.parametrize("by", ["argument", "environment"])
def test_offline(toy: Toy, by: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No connection is attempted, not even with --force; what is missing is told."""

    def refuse(*_: object) -> None:
        pytest.fail("a connection offline")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    if by == "environment":
        monkeypatch.setenv("CEVNS_OFFLINE", "1")
    offline = True if by == "argument" else None
    assert actions(fetch("toy", offline=offline)) == ["missing"] * 3
    assert not (tmp_path / "data").exists()
    toy.place(pdf=None, counts=b"other")
    outcomes = fetch("toy", offline=offline, force=True)
    assert actions(outcomes) == ["missing", "missing", "present"]
    assert (toy.target / FIRST).read_bytes() == b"other"
    toy.place()
    assert actions(fetch("toy", offline=offline)) == ["present"] * 3


def test_changed_file_is_kept(toy: Toy) -> None:
    """Unless told otherwise, and then until the right one has arrived."""
    toy.place(counts=b"mine")
    outcome = fetch("toy")[0]
    assert outcome.action == "refused"
    assert sha256(b"mine") in outcome.reason
    assert sha256(FILES[FIRST]) in outcome.reason
    assert (toy.server.asked, (toy.target / FIRST).read_bytes()) == ([], b"mine")
    toy.server.files[FIRST] = b"wrong"
    assert fetch("toy", force=True)[0].action == "failed"
    assert (toy.target / FIRST).read_bytes() == b"mine"
    toy.server.files[FIRST] = FILES[FIRST]
    assert actions(fetch("toy", force=True)) == ["fetched", "present", "present"]
    assert files(toy.target) == FILES


def test_complete_folder_is_left_alone(toy: Toy) -> None:
    """A read-only one serves; also for root, who may write: not even a folder's time changes."""
    toy.place()
    folders = [toy.target, *(path for path in toy.target.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    times = [folder.stat().st_mtime_ns for folder in folders]
    try:
        assert actions(fetch("toy")) == ["present"] * 3
        assert actions(fetch("toy", force=True)) == ["present"] * 3
        assert summary(verify("toy")) == "complete"
        assert require("toy").read_bytes(FIRST) == FILES[FIRST]
        assert [folder.stat().st_mtime_ns for folder in folders] == times
    finally:
        for folder in folders:
            folder.chmod(0o755)


def test_folder_that_cannot_be_made(toy: Toy, tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"a file")
    with pytest.raises(OSError, match="data"):
        fetch("toy")
    assert (tmp_path / "data").read_bytes() == b"a file"


def test_link_that_leads_out(toy: Toy, tmp_path: Path) -> None:
    """Nothing is written outside the folder of the data set."""
    toy.target.mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (toy.target / "runs").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    with pytest.raises(InputError, match="a link that leads out of it"):
        fetch("toy")
    assert (toy.server.asked, tree(tmp_path / "elsewhere")) == ([], {})


CHILD = """
import signal, sys
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)
from cevns.datasets import release
release.FOLDER = Path(sys.argv[1])
from cevns.cli.main import run
sys.exit(run(["data", "fetch", "toy"]))
"""


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_interrupted_fetch(toy: Toy, how: signal.Signals, tmp_path: Path) -> None:
    """In the middle of a file: no part of it is there, and the next run goes on from there."""
    toy.server.faults[PLUS] = [HANG]
    command = [sys.executable, "-c", CHILD, str(tmp_path / "declared")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert toy.server.halfway.wait(120)
        child.send_signal(how)
        _, said = child.communicate()
    visible = {name for name in files(toy.target) if not name.startswith(".")}
    assert visible == {FIRST}
    assert [one.state for one in verify("toy")] == ["ok", "missing", "missing"]
    if how == signal.SIGINT:
        assert (child.returncode, said.strip()) == (1, b"interrupted")
        assert set(tree(toy.target)) == {FIRST}
    for left in toy.target.glob(".*"):  # of a killed run, as it is hours later
        os.utime(left, (0, 0))
    toy.server.asked.clear()
    assert actions(fetch("toy")) == ["present", "fetched", "fetched"]
    assert len(toy.server.asked) == 2
    assert files(toy.target) == FILES
    assert not list(toy.target.glob(".*"))


def test_other_run_is_left_alone(toy: Toy) -> None:
    """The hidden folder of a run that may still be going."""
    (toy.target / ".fetch-other").mkdir(parents=True)
    (toy.target / ".fetch-other" / "part").write_bytes(b"half")
    assert actions(fetch("toy")) == ["fetched"] * 3
    assert (toy.target / ".fetch-other" / "part").read_bytes() == b"half"
