"""Files that are written whole or not at all, and the progress of long work."""

from __future__ import annotations

import errno
import io
import json
import math
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from cevns.files import json_text, remove_leftovers, write_bytes, write_text
from cevns.progress import progress

# --- kind: unit (writing) -------------------------------------------------------------------------


def test_writing_and_writing_again(tmp_path: Path) -> None:
    """unit: folders are made, content is replaced, nothing else is left."""
    path = tmp_path / "a" / "b" / "text.txt"
    write_text(path, "νe\r\n")
    assert path.read_bytes() == b"\xce\xbde\r\n"  # no translation of line ends
    write_bytes(path, b"\x00")
    assert path.read_bytes() == b"\x00"
    assert [*path.parent.iterdir()] == [path]
    assert path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize("problem", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt()])
def test_what_was_there_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, problem: BaseException
) -> None:
    """unit: whatever happens on the way; the error names the file and nothing is left over."""

    def fail(*_: object) -> None:
        raise problem

    path = tmp_path / "file"
    write_bytes(path, b"old")
    monkeypatch.setattr(os, step, fail)
    with pytest.raises(type(problem)) as error:
        write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert [*tmp_path.iterdir()] == [path]
    if isinstance(error.value, OSError):
        assert (error.value.errno, error.value.filename) == (errno.ENOSPC, str(path))


LIMITED = """
import resource, sys
from pathlib import Path
from cevns.files import write_bytes
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
write_bytes(Path(sys.argv[1]), bytes(9_000))
try:
    write_bytes(Path(sys.argv[1]), bytes(1_000_000))
except OSError as error:
    sys.exit(f"{error.filename}: {error.strerror}")
"""


@pytest.mark.skipif(os.name != "posix", reason="limits of processes are POSIX")
def test_a_write_that_stops_half_way(tmp_path: Path) -> None:
    """unit: a real one, by the limit of the size of files."""
    path = tmp_path / "file"
    command = [sys.executable, "-c", LIMITED, str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr.strip()) == (1, f"{path}: {os.strerror(errno.EFBIG)}")
    assert path.read_bytes() == bytes(9_000)
    assert [*tmp_path.iterdir()] == [path]


def _part(folder: Path, host: str, process: int, age: float = 0.0) -> Path:
    """A temporary file of so many seconds."""
    path = folder / f".chunk-000001.h5.{host}.{process}.abc_123.part"
    path.write_bytes(b"")
    os.utime(path, (time.time() - age,) * 2)
    return path


@pytest.mark.skipif(os.name != "posix", reason="processes are asked for on POSIX only")
def test_json_is_strict() -> None:
    """What is not a finite number is null, however deep; the rest is as it was."""
    content = {"a": [1.5, math.inf, (-math.inf, "μ")], "b": {"c": np.float64("nan"), "d": True}}
    text = json_text(content)
    assert text == '{"a": [1.5, null, [null, "μ"]], "b": {"c": null, "d": true}}'
    assert json.loads(json_text(content, indent=2)) == json.loads(text)


def test_leftovers(tmp_path: Path) -> None:
    """unit: those of dead writers go, those that somebody may be writing stay."""
    with subprocess.Popen([sys.executable, "-c", ""]) as dead:
        dead.wait()
    here, elsewhere, day = platform.node(), "elsewhere", 86400.0
    gone = [
        _part(tmp_path, here, dead.pid),
        _part(tmp_path, here, 10**30),
        _part(tmp_path, elsewhere, 1, age=1.01 * day),
    ]
    stay = [
        _part(tmp_path, here, os.getpid(), age=0.99 * day),
        _part(tmp_path, elsewhere, dead.pid, age=0.99 * day),
        tmp_path / "results.part",
    ]
    stay[-1].write_bytes(b"")
    os.utime(stay[-1], (0, 0))
    remove_leftovers(tmp_path)
    assert not any(path.exists() for path in gone)
    assert sorted(tmp_path.iterdir()) == sorted(stay)
    remove_leftovers(tmp_path / "not there")


# --- kind: unit (progress) ------------------------------------------------------------------------


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_lines_come_now_and_then() -> None:
    """unit: at most one in ten seconds, so that quick work is silent."""
    stream, seconds = io.StringIO(), iter([0.0, 3.0, 9.9, 10.0, 10.0, 15.0, 90.0, 90.0])
    with progress("scan", 200, stream, lambda: next(seconds)) as advance:
        for steps in (10, 10, 30, 0, 150):
            advance(steps)
    assert stream.getvalue() == "scan: 50 of 200 (25%)\nscan: 200 of 200 (100%)\n"


def test_nothing_to_do() -> None:
    """unit: no division by it."""
    stream, seconds = io.StringIO(), iter([0.0, 20.0, 20.0])
    with progress("scan", 0, stream, lambda: next(seconds)) as advance:
        advance(0)
    assert stream.getvalue() == "scan: 0 of 0\n"


def test_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """unit: with the description as it is and the numbers."""
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    with progress("scan [red]", 200, stream) as advance:
        advance(150)
        advance(50)
    assert "scan [red]" in stream.getvalue() and "200/200" in stream.getvalue()


def test_standard_output_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """unit: it is for results."""
    seconds = iter([0.0, 20.0, 20.0])
    with progress("scan", 2, clock=lambda: next(seconds)) as advance:
        advance(2)
    assert capsys.readouterr() == ("", "scan: 2 of 2 (100%)\n")


def test_errors_pass_through() -> None:
    """unit: a bar does not swallow them."""
    for stream in (io.StringIO(), Terminal()):
        with pytest.raises(KeyboardInterrupt), progress("scan", 2, stream):
            raise KeyboardInterrupt
