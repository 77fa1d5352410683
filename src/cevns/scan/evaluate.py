"""One chunk evaluated: columns, and a line for each point that failed.

A point that fails is a value of the scan like any other. An exception costs its own point only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cevns.errors import InputError, Mistake, printable
from cevns.scan.plan import STATUS, Array, Column, Plan
from cevns.scan.shards import Shard

Evaluator = Callable[[Mapping[str, Array], np.random.SeedSequence], Mapping[str, Any]]
"""Points (address → internal values, shape (n,)) and seeds in; columns of shape (n,) out.

It may also return ``status``, one per point: a line of text (or a number other than 0) for a point
that failed, ``""`` (or 0) for the others. Without it, a point with a NaN has failed. What it
returns depends on the points and seeds of the call alone, not on earlier calls.
"""

Make = Callable[[], Evaluator]
"""Makes the evaluator, once per process. It is pickled: a function of a module, or a `partial`."""

_LONGEST = 200  # characters of a line about a failure


def evaluate(plan: Plan, evaluator: Evaluator, chunk: int) -> Shard:
    """The shard of ``chunk``.

    Where the evaluator raises an exception, the points are evaluated one by one; those that
    still do are NaN with one line about it.

    Raises
    ------
    ValueError
        If the evaluator does not return the columns of the plan: a defect, not a failed point.
    """
    return _evaluate(plan, evaluator, plan.indices(chunk), (chunk,))


def _evaluate(
    plan: Plan, evaluator: Evaluator, indices: NDArray[np.int64], key: tuple[int, ...]
) -> Shard:
    try:
        found = evaluator(plan.points(indices), plan.seeds(*key))
    except Exception as error:
        if len(indices) == 1:
            return _failure(plan.columns, int(indices[0]), error)
        return _join(
            [_evaluate(plan, evaluator, indices[i : i + 1], (*key, i)) for i in range(len(indices))]
        )
    return _shard(plan.columns, indices, found)


def _failure(columns: Sequence[Column], point: int, error: Exception) -> Shard:
    mistakes = error.mistakes if isinstance(error, InputError) else ()
    text = str(mistakes[0]) if mistakes else f"{type(error).__name__}: {error}"
    values = {column.name: np.full(1, np.nan) for column in columns}
    return Shard(values, {point: _line(text)}, mistakes)


def _join(parts: Sequence[Shard]) -> Shard:
    columns = {
        name: np.concatenate([part.columns[name] for part in parts]) for name in parts[0].columns
    }
    failures = {point: text for part in parts for point, text in part.failures.items()}
    refusal: tuple[Mistake, ...] = ()
    if all(part.refusal for part in parts):
        refusal = tuple(dict.fromkeys(one for part in parts for one in part.refusal))
    return Shard(columns, failures, refusal)


def _shard(
    columns: Sequence[Column], indices: NDArray[np.int64], found: Mapping[str, Any]
) -> Shard:
    expected = [column.name for column in columns]
    if sorted(set(found) - {STATUS}) != sorted(expected):
        raise ValueError(f"the evaluator returned {sorted(found)}, the plan has {expected}")
    values = {one.name: _column(one, found[one.name], len(indices)) for one in columns}
    if STATUS in found:
        lines = [_status(one) for one in np.asarray(found[STATUS], dtype=object).tolist()]
    else:
        lines = _not_numbers(values, len(indices))
    if len(lines) != len(indices):
        raise ValueError(f"the evaluator returned {len(lines)} statuses for {len(indices)} points")
    points = indices.tolist()
    return Shard(values, {point: line for point, line in zip(points, lines, strict=True) if line})


def _column(column: Column, found: Any, number: int) -> Array:
    values = np.asarray(found)
    if values.shape != (number,) or values.dtype.kind not in "biuf":
        what = f"{values.dtype} of shape {values.shape}, not as real numbers of shape ({number},)"
        raise ValueError(f"the evaluator returned {column.name!r} as {what}")
    return np.asarray(values, dtype=np.float64) / column.scale


def _status(status: Any) -> str:
    """One line for a point that failed, nothing for another."""
    if isinstance(status, str):
        return "" if status == "ok" else _line(status.removeprefix("failed: "))
    return f"status {status}" if status else ""


def _not_numbers(values: Mapping[str, Array], number: int) -> list[str]:
    names: list[list[str]] = [[] for _ in range(number)]
    for name, column in values.items():
        for place in np.flatnonzero(np.isnan(column)):
            names[place].append(name)
    return [f"not a number: {', '.join(those)}" if those else "" for those in names]


def _line(text: str) -> str:
    line = printable(" ".join(text.split()))
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
