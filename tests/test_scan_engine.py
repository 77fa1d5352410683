"""Scans: grids, chunks, shards and the one file made of them.

The paraboloid of `scan_workers` is known in closed form, so every value of a result is compared
with the grid evaluated at once. Comparisons are exact: the same operations on the same numbers.
"""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scan_workers as workers
from hypothesis import given, settings
from hypothesis import strategies as st

from cevns.errors import InputError
from cevns.scan.evaluate import evaluate
from cevns.scan.merge import FAILED, OK, merge, read
from cevns.scan.plan import Array, Axis, Column, Plan, fingerprint
from cevns.scan.run import Summary, run
from cevns.scan.shards import FOLDER

# --- kind: property (plans) -----------------------------------------------------------------------

sizes = st.lists(st.integers(1, 5), min_size=1, max_size=3)


@given(sizes, st.integers(1, 70), st.integers(1, 9))
def test_shares_are_a_partition(shape: list[int], chunk: int, parts: int) -> None:
    """property: every point is in one chunk of one share, and chunks are runs of neighbours."""
    axes = tuple(Axis(f"p{i}", "", 1.0, np.arange(n)) for i, n in enumerate(shape))
    plan = Plan(axes, (Column("c"),), chunk)
    shares = [[*plan.chunks((part + 1, parts))] for part in range(parts)]
    assert sorted(itertools.chain(*shares)) == [*range(plan.number)]
    indices = np.concatenate([plan.indices(k) for k in range(plan.number)])
    assert indices.tolist() == [*range(math.prod(shape))]
    assert sum(plan.count((part + 1, parts)) for part in range(parts)) == plan.size
    points = zip(*(plan.points(indices)[axis.address] for axis in axes), strict=True)
    assert [*points] == [*itertools.product(*(range(n) for n in shape))]  # row-major


def test_seeds_are_the_children_of_the_plans() -> None:
    """unit: chunk k has the k-th spawned seed, whoever computes it."""
    plan = workers.plan(seed=42)
    children = np.random.SeedSequence(42).spawn(plan.number)
    for chunk, child in enumerate(children):
        assert plan.seeds(chunk).generate_state(4).tolist() == child.generate_state(4).tolist()


@pytest.mark.parametrize(
    ("axis", "message"),
    [
        (("a/b", "", 1.0, [1.0]), "found the name 'a/b', expected an address"),
        (("..", "", 1.0, [1.0]), "found the name '..', expected an address"),
        (("a", "", 1.0, []), "a: found values [], expected a list of finite numbers"),
        (("a", "", 1.0, [1.0, 1.0]), "a: found values [1.0, 1.0], expected a list of"),
        (("a", "", 1.0, [1.0, math.nan]), "a: found values [1.0, nan], expected a list of"),
        (("a", "", 0.0, [1.0]), "a: found the scale 0.0, expected a positive number"),
    ],
)
def test_mistakes_of_an_axis(axis: tuple[str, str, float, list[float]], message: str) -> None:
    """unit: refused when it is made."""
    with pytest.raises(InputError) as error:
        Axis(*axis)
    assert str(error.value).startswith(message)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"columns": (Column("eps"),)}, "eps: found this name twice"),
        ({"columns": (Column("status"),)}, "status: found this name twice or as one of our own"),
        ({"columns": ()}, "found no axis or no column"),
        ({"chunk": 0}, "found chunks of 0 points"),
        ({"seed": -1}, "found the seed -1"),
    ],
)
def test_mistakes_of_a_plan(changes: Mapping[str, Any], message: str) -> None:
    """unit: refused when it is made."""
    with pytest.raises(InputError) as error:
        workers.plan(**changes)
    assert str(error.value).startswith(message)


@pytest.mark.parametrize("shard", [(0, 2), (3, 2), (1, 0)])
def test_mistakes_of_a_share(tmp_path: Path, shard: tuple[int, int]) -> None:
    """unit: refused before anything is written."""
    with pytest.raises(InputError, match=r"shard: found .*, expected i/N with i from 1 to N"):
        run(workers.plan(), workers.make_bowl, tmp_path / "scan", shard=shard)
    assert not (tmp_path / "scan").exists()


@settings(max_examples=20, deadline=None)
@given(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), max_size=4))
def test_fingerprints(content: dict[str, Any]) -> None:
    """property: the order of keys does not count, the content does."""
    assert fingerprint(dict(reversed(content.items()))) == fingerprint(content)
    assert fingerprint({**content, "longer key": 1}) != fingerprint(content)


# --- kind: reference (results: closed form, exact) ------------------------------------------------


@pytest.mark.parametrize("chunk", [1, 7, 9, 50, 108, 1000])
def test_result_is_the_grid(tmp_path: Path, chunk: int) -> None:
    """reference: every value at its place, whatever the chunks."""
    result = workers.scan(tmp_path, chunk=chunk)
    assert np.array_equal(result.columns["statistic"], workers.expected_statistic())
    assert [*result.axes] == ["eps", "mass"]
    # 1e-3 in and out again: one rounding each
    assert result.axes["mass"] == pytest.approx(np.geomspace(0.1, 10.0, 9), rel=4e-16, abs=0)
    assert result.units == {"eps": "", "mass": "keV", "statistic": "", "draw": ""}
    assert np.all(result.status == OK) and not result.failures


def test_random_numbers_are_those_of_the_chunk(tmp_path: Path) -> None:
    """reference: the generator of NumPy, seeded by hand."""
    draws = workers.scan(tmp_path, chunk=7, seed=5).columns["draw"].ravel()
    third = np.random.default_rng(np.random.SeedSequence(5).spawn(16)[2]).random(7)
    assert draws[14:21].tolist() == third.tolist()


def test_columns_are_kept_in_their_unit(tmp_path: Path) -> None:
    """unit: internal over scale."""
    columns = (Column("statistic", "keV", scale=1e-3), Column("draw"))
    result = workers.scan(tmp_path, columns=columns)
    assert np.array_equal(result.columns["statistic"], workers.expected_statistic() / 1e-3)
    assert result.units["statistic"] == "keV"


@pytest.mark.parametrize(("eps", "mass"), [(1, 1), (5, 1), (1, 5)])
def test_axes_of_one_point(tmp_path: Path, eps: int, mass: int) -> None:
    """unit: they stay axes."""
    axes = (
        Axis("eps", "", 1.0, np.linspace(0.1, 0.2, eps)),
        Axis("mass", "", 1.0, np.linspace(0.1, 0.2, mass)),
    )
    assert workers.scan(tmp_path, axes=axes).columns["statistic"].shape == (eps, mass)


def _line(points: Mapping[str, Array], seeds: np.random.SeedSequence) -> dict[str, Array]:
    return {"double": 2 * points["only"]}


def test_one_axis(tmp_path: Path) -> None:
    """unit: a profile is a scan too."""
    plan = Plan((Axis("only", "", 1.0, np.arange(10.0)),), (Column("double"),), 4)
    run(plan, lambda: _line, tmp_path)
    assert read(merge(tmp_path, tmp_path / "a.h5")).columns["double"].tolist() == [*range(0, 20, 2)]


def test_a_million_points(tmp_path: Path) -> None:
    """unit: the largest scan that is planned for."""
    axes = (
        Axis("eps", "", 1.0, np.linspace(-1, 1, 1000)),
        Axis("mass", "", 1.0, np.linspace(-1, 1, 1000)),
    )
    plan = workers.plan(axes=axes, chunk=50_000)
    assert run(plan, workers.make_bowl, tmp_path) == Summary(10**6, 10**6, 0, 0)
    result = read(merge(tmp_path, tmp_path / "scan.h5"))
    eps, mass = np.linspace(-1, 1, 1000)[:, None], np.linspace(-1, 1, 1000)
    assert np.array_equal(result.columns["statistic"], eps**2 + (mass / 1e-3 - 1.0) ** 2)


# --- kind: property (who computes does not matter) ------------------------------------------------


def test_processes_and_shares_make_the_same_file(tmp_path: Path) -> None:
    """property: bit for bit, in one process, in two, and in three shares one after the other."""
    for folder, processes, parts in (("one", 1, 1), ("two", 2, 1), ("shares", 1, 3)):
        for part in range(parts):
            shard = (parts - part, parts)  # the last one first
            run(workers.plan(), workers.make_bowl, tmp_path / folder, processes, shard)
        merge(tmp_path / folder, tmp_path / f"{folder}.h5")
    content = (tmp_path / "one.h5").read_bytes()
    assert (tmp_path / "two.h5").read_bytes() == content
    assert (tmp_path / "shares.h5").read_bytes() == content


def test_a_share_may_be_empty(tmp_path: Path) -> None:
    """unit: more shares than chunks."""
    plan = workers.plan(chunk=100)
    done = run(plan, workers.make_bowl, tmp_path, processes=2, shard=(5, 5))
    assert done == Summary(workers.SIZE, 0, 0, workers.SIZE)
    assert run(plan, workers.make_bowl, tmp_path, shard=(2, 5)) == Summary(workers.SIZE, 8, 0, 100)


def test_nothing_is_computed_twice(tmp_path: Path) -> None:
    """unit: a complete scan does not call its evaluator, and progress starts where it stopped."""
    plan = workers.plan()
    steps: list[int] = []
    run(plan, workers.make_bowl, tmp_path, shard=(1, 2), progress=steps.append)
    assert steps == [0] + [7] * 8 and sum(steps) == plan.count((1, 2))
    before = {path.name: path.stat().st_mtime_ns for path in workers.shards(tmp_path)}
    steps.clear()
    run(plan, workers.make_bowl, tmp_path, progress=steps.append)
    assert steps == [56] + [7] * 7 + [3] and sum(steps) == plan.count()
    assert {n: (tmp_path / FOLDER / n).stat().st_mtime_ns for n in before} == before
    assert run(plan, workers.refuse, tmp_path) == Summary(workers.SIZE, workers.SIZE, 0, 0)


def test_processes_have_one_thread_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """unit: they do not fight over the cores, and our own environment is as it was."""
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    before = dict(os.environ)
    run(workers.plan(), workers.make_surroundings, tmp_path, processes=2)
    result = read(merge(tmp_path, tmp_path / "scan.h5"))
    assert np.all(result.columns["statistic"] == 1.0)
    assert os.getpid() not in result.columns["draw"]
    assert dict(os.environ) == before


@pytest.mark.parametrize("processes", [0, -1])
def test_mistakes_in_the_number_of_processes(tmp_path: Path, processes: int) -> None:
    """unit: refused."""
    with pytest.raises(InputError, match=r"processes: found .*, expected a number from 1 on"):
        run(workers.plan(), workers.make_bowl, tmp_path, processes)


# --- kind: unit (points that fail) ----------------------------------------------------------------


@pytest.mark.parametrize("bad_input", [False, True])
def test_an_exception_costs_its_own_points(tmp_path: Path, bad_input: bool) -> None:
    """unit: the others of the chunk are there; the last three rows (eps > 0.5) failed."""
    make = partial(workers.make_raising, 0.5, bad_input)
    assert run(workers.plan(), make, tmp_path) == Summary(workers.SIZE, workers.SIZE, 27, 0)
    result = read(merge(tmp_path, tmp_path / "scan.h5"))
    failed = np.linspace(-1.0, 1.0, 12) > 0.5
    assert np.array_equal(result.status, np.where(failed[:, None], FAILED, OK) * np.ones((1, 9)))
    values = np.where(failed[:, None], np.nan, workers.expected_statistic())
    assert np.array_equal(result.columns["statistic"], values, equal_nan=True)
    assert sorted(result.failures) == [*range(81, 108)]
    text = "eps: found a coupling beyond the limit, expected a smaller one"
    expected = text if bad_input else "ArithmeticError: no minimum found"
    assert set(result.failures.values()) == {expected}
    # The twelfth chunk was evaluated point by point, each with seeds of its own.
    seeds = [np.random.SeedSequence(0, spawn_key=(11, i)) for i in range(4)]
    draws = [np.random.default_rng(seed).random() for seed in seeds]
    assert result.columns["draw"].ravel()[77:81].tolist() == draws


@pytest.mark.parametrize("processes", [1, 2])
def test_bad_input_from_the_start_is_an_error(tmp_path: Path, processes: int) -> None:
    """unit: where no point of the first chunk is accepted, nothing is recorded."""
    make = partial(workers.make_raising, -2.0, True)
    with pytest.raises(InputError, match=r"^eps: found a coupling beyond the limit, expected"):
        run(workers.plan(), make, tmp_path, processes)
    assert not workers.shards(tmp_path)


def test_other_exceptions_from_the_start_are_recorded(tmp_path: Path) -> None:
    """unit: the first corner of a grid may well fail."""
    summary = run(workers.plan(), partial(workers.make_raising, -2.0), tmp_path)
    assert summary == Summary(workers.SIZE, workers.SIZE, workers.SIZE, 0)


@pytest.mark.parametrize("processes", [1, 2])
def test_no_evaluator(tmp_path: Path, processes: int) -> None:
    """unit: all mistakes arrive, also from another process."""
    with pytest.raises(InputError) as error:
        run(workers.plan(), workers.refuse, tmp_path, processes)
    assert str(error.value) == "data: found no such set, expected another\neps: found 1, expected 2"


def statuses(status: Any, draw: Any = (0.0, 1.0, 2.0)) -> Mapping[int, str]:
    """The failures of a chunk of three points whose evaluator returns ``status``."""
    plan = workers.plan(chunk=3)
    values = {"statistic": np.ones(3), "draw": np.array(draw)}
    own = {} if status is None else {"status": status}
    return evaluate(plan, lambda points, seeds: {**values, **own}, 2).failures


def test_statuses() -> None:
    """unit: texts, numbers, or what the values say."""
    assert statuses(None) == {}
    assert statuses(None, (0.0, math.nan, math.inf)) == {7: "not a number: draw"}
    assert statuses(["", "ok", "no\tminimum\n\x1b"]) == {8: "no minimum \\x1b"}
    assert statuses(np.array(["failed: limit", "ok", "ok"])) == {6: "limit"}
    assert statuses(np.array([0, 3, 0])) == {7: "status 3"}
    assert statuses([""] * 3, (0.0, math.nan, 0.0)) == {}  # the evaluator knows better
    assert len(statuses(["x" * 5000, "", ""])[6]) == 200


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ({"statistic": np.ones(7)}, "the evaluator returned .'statistic'., the plan has"),
        ({"draw": np.ones(7), "statistic": np.ones(6)}, "'statistic' as float64 of shape .6,."),
        ({"draw": np.ones(7), "statistic": np.ones(7) * 1j}, "'statistic' as complex128"),
        ({"draw": np.ones(7), "statistic": np.ones(7), "status": [0]}, "1 statuses for 7 points"),
    ],
)
def test_a_wrong_evaluator_is_a_defect(
    tmp_path: Path, found: Mapping[str, Any], message: str
) -> None:
    """unit: it stops the scan instead of filling it with failures."""
    with pytest.raises(ValueError, match=message):
        run(workers.plan(), lambda: lambda points, seeds: found, tmp_path)
    assert not workers.shards(tmp_path)


def test_a_process_that_dies(tmp_path: Path) -> None:
    """unit: one line that says so; what was done before stays and is gone on from."""
    with pytest.raises(ChildProcessError) as error:
        run(workers.plan(), workers.make_dying, tmp_path, processes=2)
    there = len(workers.shards(tmp_path))
    assert "a process died, perhaps for want of memory" in str(error.value)
    assert f"{there} of 16 chunks are done and stay" in str(error.value)
    assert error.value.filename == str(tmp_path)
    assert run(workers.plan(), workers.make_bowl, tmp_path).missing == 0
