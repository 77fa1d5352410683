"""Shards: one small HDF5 file per finished chunk, there whole or not at all.

Which chunks are done is what the folder holds: there is no list to keep in step and no lock. Runs
that share a folder, on one machine or on many, meet only in whole files; where two compute the
same chunk, the same content replaces itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from cevns.errors import Mistake
from cevns.files import write_bytes
from cevns.scan.manifest import Manifest
from cevns.scan.plan import Array

FOLDER = "shards"

# What reading a file that is cut short, or not ours, may raise.
_UNREADABLE = (OSError, KeyError, ValueError, TypeError, RuntimeError)


@dataclass(frozen=True, eq=False)
class Shard:
    """The result of one chunk of n points.

    ``columns`` maps each column to its values, shape (n,), in the unit of the file;
    ``failures`` maps the points that failed, as indices into the flattened grid, to one line
    each. ``refusal`` holds the mistakes where every point is refused as bad input. ``versions``
    is what a shard was made with, as text.
    """

    columns: Mapping[str, Array]
    failures: Mapping[int, str]
    refusal: tuple[Mistake, ...] = ()
    versions: str = ""


def shard_name(chunk: int) -> str:
    """``chunk-000123.h5``."""
    return f"chunk-{chunk:06d}.h5"


def write_shard(directory: Path, manifest: Manifest, chunk: int, shard: Shard) -> None:
    """Put the shard of ``chunk`` into the folder.

    Raises
    ------
    OSError
        If it cannot be written; there is no half shard then.
    """
    import h5py

    image = BytesIO()
    with h5py.File(image, "w") as file:
        file.attrs["identity"] = manifest.identity
        file.attrs["chunk"] = chunk
        file.attrs["versions"] = shard.versions
        for name, values in shard.columns.items():
            file[name] = values
        write_failures(file, shard.failures)
    write_bytes(directory / FOLDER / shard_name(chunk), image.getvalue())


def read_shard(directory: Path, manifest: Manifest, chunk: int) -> Shard | None:
    """The shard of ``chunk``; None where it is not there, cut short or of another plan."""
    try:
        with _open(directory, manifest, chunk) as file:
            columns = {one.name: file[one.name][()] for one in manifest.plan.columns}
            return Shard(columns, read_failures(file), versions=str(file.attrs["versions"]))
    except _UNREADABLE:
        return None


def survey(directory: Path, manifest: Manifest, chunks: Iterable[int]) -> dict[int, int]:
    """Those of ``chunks`` that have a valid shard, with the number of points that failed."""
    folder = directory / FOLDER
    there = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    found = {}
    for chunk in chunks:
        if shard_name(chunk) in there:
            failed = _failed(directory, manifest, chunk)
            if failed is not None:
                found[chunk] = failed
    return found


def write_failures(file: Any, failures: Mapping[int, str]) -> None:
    """The table of points that failed, where there are any; points ascend."""
    import h5py

    if failures:
        points = sorted(failures)
        file["failure_point"] = np.array(points, dtype=np.int64)
        texts = [failures[point] for point in points]
        file.create_dataset("failure_text", data=texts, dtype=h5py.string_dtype("utf-8"))


def read_failures(file: Any) -> dict[int, str]:
    """The same table, read: index of the point → one line."""
    if "failure_point" not in file:
        return {}
    points = file["failure_point"][()].tolist()
    return dict(zip(points, file["failure_text"].asstr()[()].tolist(), strict=True))


def _open(directory: Path, manifest: Manifest, chunk: int) -> Any:
    """The open file of a shard.

    Raises
    ------
    OSError, ValueError, KeyError
        If it is not there, not whole or not of this plan.
    """
    import h5py

    # Without HDF5's own locks, which some network file systems refuse: shards do not change.
    file = h5py.File(directory / FOLDER / shard_name(chunk), "r", locking=False)
    try:
        ours = file.attrs["identity"] == manifest.identity and file.attrs["chunk"] == chunk
        shape = (manifest.plan.length(chunk),)
        if not ours or any(file[one.name].shape != shape for one in manifest.plan.columns):
            raise ValueError("the shard of another plan")
    except BaseException:
        file.close()
        raise
    return file


def _failed(directory: Path, manifest: Manifest, chunk: int) -> int | None:
    try:
        with _open(directory, manifest, chunk) as file:
            return file["failure_point"].size if "failure_point" in file else 0
    except _UNREADABLE:
        return None
