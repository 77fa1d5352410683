"""What a scan computes: the points of a grid, in chunks, and the columns of its result.

A plan is data. The same plan has the same points in the same chunks with the same seeds on every
machine, whoever computes them and in which order.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cevns.errors import InputError, Mistake, show

Array = NDArray[np.float64]

STATUS = "status"
"""The column that says how each point went; see `cevns.scan.merge`."""

RESERVED = (STATUS, "failure", "failure_point", "failure_text")
"""Names that belong to the file of the result."""


@dataclass(frozen=True, eq=False)
class Axis:
    """One scanned parameter.

    ``values``, shape (n,), are in internal units, finite and without repetition; files hold
    ``values / scale`` in ``unit``.

    Raises
    ------
    InputError
        For values or a name that cannot be an axis.
    """

    address: str
    unit: str
    scale: float
    values: ArrayLike

    def __post_init__(self) -> None:
        _check_name(self.address, "an address")
        values = np.array(self.values, dtype=float)
        usable = values.ndim == 1 and values.size > 0 and bool(np.all(np.isfinite(values)))
        if not usable or len(np.unique(values)) < len(values):
            found = f"values {show(values.tolist())}"
            expected = "a list of finite numbers, each of them once"
            raise InputError(Mistake(self.address, found, expected))
        _check_scale(self.address, self.scale)
        values.flags.writeable = False
        object.__setattr__(self, "values", values)

    @property
    def shown(self) -> Array:
        """The values in ``unit``."""
        return np.asarray(self.values) / self.scale

    def __len__(self) -> int:
        return len(np.asarray(self.values))


@dataclass(frozen=True)
class Column:
    """One number per point: workers return it in internal units, files hold it in ``unit``."""

    name: str
    unit: str = ""
    scale: float = 1.0
    long_name: str = ""

    def __post_init__(self) -> None:
        _check_name(self.name, "the name of a column")
        _check_scale(self.name, self.scale)


@dataclass(frozen=True, eq=False)
class Plan:
    """A grid of points in row-major order (the last axis runs fastest), cut into chunks.

    Chunk k holds the points k·chunk … (k+1)·chunk - 1: neighbours along the last axis, so that a
    worker can start each from the one before. A chunk longer than the last axis holds several
    of its rows. ``fingerprint`` stands for everything else that the result depends on (see
    `fingerprint`), ``attributes`` go into the file of the result as they are.

    Raises
    ------
    InputError
        Where a name is there twice, the grid has no axis or a chunk no point.
    """

    axes: tuple[Axis, ...]
    columns: tuple[Column, ...]
    chunk: int
    fingerprint: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("axes", "columns"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        object.__setattr__(self, "attributes", dict(self.attributes))  # to be pickled
        names = [axis.address for axis in self.axes] + [column.name for column in self.columns]
        mistakes = [
            Mistake(name, "this name twice or as one of our own", "another name")
            for name in dict.fromkeys(names)
            if names.count(name) > 1 or name in RESERVED
        ]
        if not self.axes or not self.columns:
            mistakes.append(Mistake("", "no axis or no column", "at least one of each"))
        if self.chunk < 1:
            mistakes.append(Mistake("", f"chunks of {self.chunk} points", "at least one point"))
        if self.seed < 0:
            mistakes.append(Mistake("", f"the seed {self.seed}", "a whole number from 0 on"))
        if mistakes:
            raise InputError(mistakes)

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of points along each axis."""
        return tuple(len(axis) for axis in self.axes)

    @property
    def size(self) -> int:
        """Number of points."""
        return math.prod(self.shape)

    @property
    def number(self) -> int:
        """Number of chunks."""
        return -(-self.size // self.chunk)

    def chunks(self, shard: tuple[int, int] = (1, 1)) -> range:
        """The chunks that are the share ``shard`` = (i, N) of this run: index % N == i - 1.

        Empty where there are fewer chunks than shares.

        Raises
        ------
        InputError
            Unless 1 ≤ i ≤ N.
        """
        part, parts = shard
        if not 1 <= part <= parts:
            expected = "i/N with i from 1 to N"
            raise InputError(Mistake("shard", f"{part}/{parts}", expected))
        return range(part - 1, self.number, parts)

    def length(self, chunk: int) -> int:
        """Number of points in a chunk; the last one may be shorter."""
        return min(self.chunk, self.size - chunk * self.chunk)

    def count(self, shard: tuple[int, int] = (1, 1)) -> int:
        """Number of points in a share: what its progress is measured by."""
        return sum(self.length(chunk) for chunk in self.chunks(shard))

    def indices(self, chunk: int) -> NDArray[np.int64]:
        """The points of a chunk as indices into the flattened grid, shape (n,)."""
        start = chunk * self.chunk
        return np.arange(start, start + self.length(chunk), dtype=np.int64)

    def points(self, indices: ArrayLike) -> dict[str, Array]:
        """Address → values at the points ``indices``, in internal units and of their shape."""
        places = np.unravel_index(np.asarray(indices), self.shape)
        return {
            axis.address: np.asarray(axis.values)[place]
            for axis, place in zip(self.axes, places, strict=True)
        }

    def seeds(self, *key: int) -> np.random.SeedSequence:
        """The seeds of chunk k, ``seeds(k)``: the k-th child that the plan's seed spawns."""
        return np.random.SeedSequence(self.seed, spawn_key=key)


def fingerprint(content: Mapping[str, Any]) -> str:
    """A short name for plain data (JSON types): the same for the same content."""
    text = json.dumps(content, sort_keys=True, allow_nan=False, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _check_name(name: str, expected: str) -> None:
    # "/" and a lone "." are paths inside an HDF5 file.
    usable = name and name == name.strip() and name.isprintable() and "/" not in name
    if not usable or not name.strip("."):
        raise InputError(Mistake("", f"the name {show(name)}", expected))


def _check_scale(name: str, scale: float) -> None:
    if not 0 < scale < math.inf:
        raise InputError(Mistake(name, f"the scale {scale}", "a positive number"))
