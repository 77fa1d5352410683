"""Scans that are stopped from outside, for real: kill -9, Ctrl-C, a parent that is gone.

The scan runs as a script (`scan_workers`) in a process group of its own. Its standard output is
inherited by every process it starts, so that the end of that stream says that all have ended.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import scan_workers as workers

from cevns.scan.interrupts import ctrl_c_waits
from cevns.scan.manifest import NAME, open_directory
from cevns.scan.merge import merge
from cevns.scan.run import Summary, run
from cevns.scan.shards import survey

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals are POSIX")

PATIENCE = 120.0  # seconds until a test gives up; nothing is measured by it
PLAN = workers.plan(chunk=1)
CHUNKS = PLAN.number  # of 20 ms each: long enough to be stopped in the middle


@contextmanager
def started(folder: Path, processes: int) -> Iterator[subprocess.Popen[str]]:
    """The slow scan as a process group; nothing of it is left at the end."""
    command = [sys.executable, workers.__file__, str(folder), str(processes)]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def wait_for(condition: Callable[[], bool]) -> None:
    """Until ``condition`` holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.002)


def is_there(folder: Path, number: int, process: subprocess.Popen[str]) -> Callable[[], bool]:
    """Whether there are so many shards, or the scan has ended."""
    return lambda: len(workers.shards(folder)) >= number or process.poll() is not None


def whole(folder: Path) -> bytes:
    """The file of a scan that nobody disturbs."""
    run(PLAN, workers.make_bowl, folder)
    return merge(folder, folder / "scan.h5").read_bytes()


@pytest.mark.parametrize("processes", [1, 2])
def test_killed_again_and_again(tmp_path: Path, processes: int) -> None:
    """property: after kill -9 at random moments every shard is valid, and none is lost.

    The moments are a random number of shards (0: while it starts) and a random part of the
    20 ms that a chunk takes, from a fixed seed. What goes on from there ends with the same file,
    bit for bit, as a scan that nobody disturbs; the processes end with their parent.
    """
    expected = whole(tmp_path / "whole")
    folder = tmp_path / "killed"
    moments = random.Random(processes)
    before = 0
    for attempt in range(6):
        with started(folder, processes) as process:
            if attempt:
                wait_for(is_there(folder, before + moments.randint(0, 3), process))
            time.sleep(moments.uniform(0.0, 0.02))
            process.kill()
            process.communicate(timeout=PATIENCE)  # also the children have left
        there = len(workers.shards(folder))
        assert there >= before
        if there:
            manifest = open_directory(PLAN, folder)
            assert len(survey(folder, manifest, range(CHUNKS))) == there
        before = there
    assert 0 < before < CHUNKS, "the moments are to be in the middle of the scan"
    assert run(PLAN, workers.make_bowl, folder) == Summary(108, 108, 0, 0)
    assert merge(folder, tmp_path / "again.h5").read_bytes() == expected
    assert not [*folder.rglob("*.part")]


@pytest.mark.parametrize("processes", [1, 2])
def test_interrupted(tmp_path: Path, processes: int) -> None:
    """unit: Ctrl-C, which reaches every process of a terminal, ends them with one line."""
    with started(tmp_path, processes) as process:
        wait_for(is_there(tmp_path, 3, process))
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    there = len(workers.shards(tmp_path))
    assert 3 <= there < CHUNKS
    text = f"{there} of {CHUNKS} chunks are done and stay, the same command goes on from there"
    assert (out, err) == ("", f"{tmp_path}: interrupted; {text}\n")
    assert process.returncode == 1
    expected = whole(tmp_path / "whole")
    run(PLAN, workers.make_bowl, tmp_path)
    assert merge(tmp_path, tmp_path / "again.h5").read_bytes() == expected


@pytest.mark.parametrize("delay", [0.0, 0.03, 0.06, 0.1, 0.15])
def test_interrupted_while_processes_start(tmp_path: Path, delay: float) -> None:
    """unit: a process that is still importing says nothing either."""
    with started(tmp_path, 2) as process:
        wait_for(lambda: (tmp_path / NAME).exists() or process.poll() is not None)
        time.sleep(delay)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out, len(err.splitlines())) == (1, "", 1)
    assert err.startswith(f"{tmp_path}: interrupted; ")


def test_ctrl_c_while_a_process_is_told_what_to_do() -> None:
    """unit: it is heard at the end of the block, whichever thread took the signal."""
    handler, reached = signal.getsignal(signal.SIGINT), []
    with pytest.raises(KeyboardInterrupt), ctrl_c_waits():
        other = threading.Thread(target=signal.raise_signal, args=(signal.SIGINT,))
        other.start()
        other.join()
        reached.append("the end")
    assert reached == ["the end"]
    assert signal.getsignal(signal.SIGINT) is handler


def test_terminated(tmp_path: Path) -> None:
    """unit: what a batch system sends at the end of the time; no process stays behind."""
    with started(tmp_path, 2) as process:
        wait_for(is_there(tmp_path, 2, process))
        process.terminate()
        process.communicate(timeout=PATIENCE)
    assert 2 <= len(workers.shards(tmp_path)) < CHUNKS
    assert run(PLAN, workers.make_bowl, tmp_path).missing == 0


def test_two_runs_in_one_folder(tmp_path: Path) -> None:
    """unit: the same scan twice at the same time, one of them killed; the other one ends well."""
    expected = whole(tmp_path / "whole")
    folder = tmp_path / "shared"
    with started(folder, 1) as first, started(folder, 1) as second:
        wait_for(is_there(folder, 5, first))
        second.kill()
        out, err = first.communicate(timeout=PATIENCE)
        second.communicate(timeout=PATIENCE)
    assert (first.returncode, out, err) == (0, "", "")
    assert merge(folder, tmp_path / "again.h5").read_bytes() == expected
