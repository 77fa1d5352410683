"""A plan and evaluators for the tests of scans, importable by processes that start afresh.

As a script it runs a slow scan: ``python scan_workers.py FOLDER PROCESSES``.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from cevns.errors import InputError, Mistake
from cevns.scan.evaluate import Evaluator, Make
from cevns.scan.merge import Result, merge, read
from cevns.scan.plan import Array, Axis, Column, Plan
from cevns.scan.run import Interrupted, run
from cevns.scan.shards import FOLDER

SIZE = 108
"""Points of `plan`."""

Points = Mapping[str, Array]
Seeds = np.random.SeedSequence


def plan(chunk: int = 7, **changes: Any) -> Plan:
    """12 × 9 points over two parameters, one of them in a unit that is not the internal one."""
    axes = (
        Axis("eps", "", 1.0, np.linspace(-1.0, 1.0, 12)),
        Axis("mass", "keV", 1e-3, 1e-3 * np.geomspace(0.1, 10.0, 9)),
    )
    columns = (Column("statistic", long_name="twice the log-likelihood ratio"), Column("draw"))
    return Plan(**{"axes": axes, "columns": columns, "chunk": chunk, **changes})


def bowl(points: Points, seeds: Seeds) -> dict[str, Array]:
    """A paraboloid, and a random number per point."""
    statistic = points["eps"] ** 2 + (points["mass"] / 1e-3 - 1.0) ** 2
    return {"statistic": statistic, "draw": np.random.default_rng(seeds).random(len(statistic))}


def make_bowl() -> Evaluator:
    """The paraboloid as it is."""
    return bowl


def _slow(seconds: float, points: Points, seeds: Seeds) -> dict[str, Array]:
    time.sleep(seconds)
    return bowl(points, seeds)


def make_slow(seconds: float) -> Evaluator:
    """The paraboloid, so many seconds per chunk."""
    return partial(_slow, seconds)


def _raising(limit: float, bad_input: bool, points: Points, seeds: Seeds) -> dict[str, Array]:
    if np.any(points["eps"] > limit):
        if bad_input:
            raise InputError(Mistake("eps", "a coupling beyond the limit", "a smaller one"))
        raise ArithmeticError("no minimum\nfound")
    return bowl(points, seeds)


def make_raising(limit: float, bad_input: bool = False) -> Evaluator:
    """Raises for a chunk with any eps above ``limit``."""
    return partial(_raising, limit, bad_input)


def refuse() -> Evaluator:
    """No evaluator: the input is bad."""
    raise InputError([Mistake("data", "no such set", "another"), Mistake("eps", "1", "2")])


def _dying(points: Points, seeds: Seeds) -> dict[str, Array]:
    if np.any(points["eps"] > 0.5):
        os._exit(3)
    return bowl(points, seeds)


def make_dying() -> Evaluator:
    """The process is gone where eps is above 0.5."""
    return _dying


def _surroundings(points: Points, seeds: Seeds) -> dict[str, Array]:
    ones = np.ones(len(points["eps"]))
    threads = float(os.environ.get("OPENBLAS_NUM_THREADS", "0"))
    return {"statistic": threads * ones, "draw": float(os.getpid()) * ones}


def make_surroundings() -> Evaluator:
    """Number of threads that the environment asks for, and the process."""
    return _surroundings


def scan(folder: Path, make: Make = make_bowl, **changes: Any) -> Result:
    """The plan of `scan_workers`, computed in this process and merged."""
    run(plan(**changes), make, folder)
    return read(merge(folder, folder / "scan.h5"))


def shards(folder: Path) -> list[Path]:
    """The shards of a folder, in order."""
    return sorted((folder / FOLDER).glob("*.h5"))


def expected_statistic() -> Array:
    """The paraboloid on the whole grid, from its axes as the file shows them."""
    eps, mass = np.linspace(-1.0, 1.0, 12)[:, None], np.geomspace(0.1, 10.0, 9)
    result: Array = eps**2 + (1e-3 * mass / 1e-3 - 1.0) ** 2
    return result


if __name__ == "__main__":
    _folder, _processes = sys.argv[1:]
    try:
        run(plan(chunk=1), partial(make_slow, 0.02), Path(_folder), int(_processes))
    except Interrupted as _stop:
        sys.exit(str(_stop))
