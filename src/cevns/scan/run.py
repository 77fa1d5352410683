"""Run a scan: find what is missing in a folder, compute it, put it there."""

from __future__ import annotations

import errno
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cevns.errors import InputError, Mistake
from cevns.files import remove_leftovers
from cevns.scan.evaluate import Make
from cevns.scan.interrupts import ctrl_c_waits
from cevns.scan.manifest import Manifest, open_directory, versions
from cevns.scan.plan import Plan
from cevns.scan.pool import in_processes, in_series
from cevns.scan.shards import FOLDER, Shard, survey, write_shard


@dataclass(frozen=True)
class Summary:
    """How far a folder is, in points of the whole plan, whoever computed them.

    ``done`` counts the points that have a result; ``failed`` those of them that failed, which
    is a result too; ``missing`` those that no run has come to.
    """

    points: int
    done: int
    failed: int
    missing: int


class Interrupted(KeyboardInterrupt):
    """Ctrl-C during a scan: what is there stays; the message says so and how to go on."""


def run(
    plan: Plan,
    make: Make,
    directory: Path,
    processes: int = 1,
    shard: tuple[int, int] = (1, 1),
    progress: Callable[[int], None] | None = None,
) -> Summary:
    """Compute those chunks of ``plan`` that ``directory`` does not have.

    Parameters
    ----------
    plan
        The points.
    make
        Makes the evaluator (see `cevns.scan.evaluate`); pickled if there are several processes.
    directory
        Holds the manifest and the shards. Several runs may share it at the same time.
    processes
        1 evaluates in this process.
    shard
        (i, N): only the chunks with index % N == i - 1, for N runs beside each other.
    progress
        Called with the number of points that were added, at first with those found done; they
        sum up to ``plan.count(shard)``.

    Raises
    ------
    InputError
        If the folder belongs to another plan; as raised by ``make``; and if the first chunk of a
        scan consists of points that are all refused as bad input.
    Interrupted
        For Ctrl-C; finished chunks stay.
    OSError
        If a file cannot be written (the chunks before stay), or if a process dies.
    """
    if processes < 1:
        raise InputError(Mistake("processes", str(processes), "a number from 1 on"))
    share = plan.chunks(shard)
    known: dict[int, int] = {}
    try:
        manifest = open_directory(plan, directory)
        _clear(directory)
        known |= survey(directory, manifest, range(plan.number))
        todo = [chunk for chunk in share if chunk not in known]
        advance = progress or _no_progress
        advance(sum(plan.length(chunk) for chunk in share if chunk in known))
        _compute(plan, make, directory, manifest, todo, processes, known, advance)
        others = [chunk for chunk in range(plan.number) if chunk not in known]
        known |= survey(directory, manifest, others)
    except KeyboardInterrupt:
        raise Interrupted(f"{directory}: interrupted; {_so_far(plan, known)}") from None
    except BrokenExecutor:
        what = "a process died, perhaps for want of memory (fewer processes need less)"
        text = f"{what}; {_so_far(plan, known)}"
        raise ChildProcessError(errno.ECHILD, text, str(directory)) from None
    done = sum(plan.length(chunk) for chunk in known)
    return Summary(plan.size, done, sum(known.values()), plan.size - done)


def _compute(
    plan: Plan,
    make: Make,
    directory: Path,
    manifest: Manifest,
    todo: Sequence[int],
    processes: int,
    known: dict[int, int],
    advance: Callable[[int], None],
) -> None:
    """Evaluate and write the chunks ``todo``; each goes into ``known`` once it is written."""
    alone = min(processes, len(todo)) <= 1
    made_with = ", ".join(f"{name} {number}" for name, number in versions().items())
    outcomes: Any = (
        in_series(plan, make, todo) if alone else in_processes(plan, make, todo, processes)
    )
    with closing(outcomes):
        for chunk, made in outcomes:
            if made.refusal and not known:
                # Nothing has worked so far: the input is wrong, not the corner of a grid.
                raise InputError(made.refusal)
            whole = Shard(made.columns, made.failures, versions=made_with)
            with ctrl_c_waits():  # written and counted, or neither
                write_shard(directory, manifest, chunk, whole)
                known[chunk] = len(made.failures)
            advance(plan.length(chunk))


def _clear(directory: Path) -> None:
    """Remove what killed runs left behind."""
    for folder in (directory, directory / FOLDER):
        remove_leftovers(folder)


def _so_far(plan: Plan, known: dict[int, int]) -> str:
    there = f"{len(known)} of {plan.number} chunks are done and stay"
    return f"{there}, the same command goes on from there"


def _no_progress(points: int) -> None:
    """For those who do not watch."""
