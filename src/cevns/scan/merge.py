"""One labelled file from the shards of a scan, and back.

The file is HDF5 as netCDF-4 has it: every axis is a dimension with its coordinate, every column a
dataset over all axes. ``xarray.open_dataset(path, engine="h5netcdf")`` shows it with its labels;
`read` needs h5py alone. Nothing in it depends on when, where or in which order it was computed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cevns.errors import InputError, Mistake
from cevns.files import write_bytes
from cevns.scan.manifest import Manifest, read_manifest
from cevns.scan.plan import STATUS, Array, Plan
from cevns.scan.shards import read_failures, read_shard, write_failures

OK, FAILED, MISSING = 0, 1, 2
_MEANINGS = "ok failed missing"


@dataclass(frozen=True, eq=False)
class Result:
    """A scan as its file holds it, in the units of the file.

    ``axes`` maps each address to its values, ``columns`` each name to an array over all axes, in
    their order; ``units`` has both. ``status``, of the same shape, is 0 (ok), 1 (failed) or 2
    (missing). ``failures`` maps points, as indices into the flattened grid, to one line each.
    """

    axes: Mapping[str, Array]
    columns: Mapping[str, Array]
    units: Mapping[str, str]
    status: NDArray[np.int8]
    failures: Mapping[int, str]
    attributes: Mapping[str, str]


def merge(directory: Path, path: Path, partial: bool = False) -> Path:
    """Write the scan in ``directory`` as the one file ``path``.

    With ``partial``, points that are not computed yet are NaN with the status "missing".

    Raises
    ------
    InputError
        If the folder is none of a scan, or if chunks are missing and ``partial`` is not set.
    OSError
        If the file cannot be written.
    """
    manifest = read_manifest(directory)
    result, made_with = _collect(directory, manifest)
    missing = int(np.count_nonzero(result.status == MISSING))
    if missing and not partial:
        found = f"{missing} of {manifest.plan.size} points missing"
        expected = "all of them: the scan, started again, adds the rest; or ask for a partial file"
        raise InputError(Mistake(str(directory), found, expected))
    write_bytes(path, _image(manifest.plan, result, made_with))
    return path


def read(path: Path) -> Result:
    """The scan in a file that `merge` wrote.

    Raises
    ------
    InputError
        If the file is not there or is no such file.
    """
    import h5py

    try:
        with h5py.File(path, "r", locking=False) as file:
            return _content(file)
    except (OSError, KeyError, AttributeError, ValueError, TypeError, RuntimeError):
        found = "no result of a scan that can be read"
        raise InputError(Mistake(str(path), found, "the file of a merged scan")) from None


def _collect(directory: Path, manifest: Manifest) -> tuple[Result, str]:
    """The shards put together, and what they were made with."""
    plan = manifest.plan
    columns = {column.name: np.full(plan.size, np.nan) for column in plan.columns}
    status = np.full(plan.size, MISSING, dtype=np.int8)
    failures: dict[int, str] = {}
    made_with = set()
    for chunk in range(plan.number):
        shard = read_shard(directory, manifest, chunk)
        if shard is None:
            continue
        part = slice(chunk * plan.chunk, chunk * plan.chunk + plan.length(chunk))
        for name, values in shard.columns.items():
            columns[name][part] = values
        status[part] = OK
        failures.update(shard.failures)
        made_with.add(shard.versions)
    status[sorted(failures)] = FAILED
    units = {axis.address: axis.unit for axis in plan.axes}
    result = Result(
        {axis.address: axis.shown for axis in plan.axes},
        {name: values.reshape(plan.shape) for name, values in columns.items()},
        units | {column.name: column.unit for column in plan.columns},
        status.reshape(plan.shape),
        failures,
        plan.attributes,
    )
    return result, "; ".join(sorted(made_with))


def _image(plan: Plan, result: Result, made_with: str) -> bytes:
    """The content of the file."""
    import h5py

    image = BytesIO()
    with h5py.File(image, "w", track_order=True) as file:
        own = {"title": "scan", "fingerprint": plan.fingerprint, "versions": made_with}
        for name, text in {**own, "seed": str(plan.seed), **plan.attributes}.items():
            file.attrs[name] = text
        for axis in plan.axes:
            _scale(file, axis.address, axis.shown, axis.unit)
        addresses = [axis.address for axis in plan.axes]
        for column in plan.columns:
            dataset = _labelled(file, column.name, result.columns[column.name], addresses)
            dataset.attrs["units"] = column.unit or "1"
            dataset.attrs["long_name"] = column.long_name or column.name
        status = _labelled(file, STATUS, result.status, addresses)
        status.attrs["flag_values"] = np.array([OK, FAILED, MISSING], dtype=np.int8)
        status.attrs["flag_meanings"] = _MEANINGS
        _failures(file, result.failures)
    return image.getvalue()


def _scale(file: Any, address: str, values: Array, unit: str) -> None:
    file[address] = values
    file[address].make_scale(address)
    file[address].attrs["units"] = unit or "1"
    file[address].attrs["long_name"] = address


def _labelled(file: Any, name: str, values: NDArray[Any], dimensions: list[str]) -> Any:
    """A dataset over dimensions that are there already."""
    file[name] = values
    for number, dimension in enumerate(dimensions):
        file[name].dims[number].attach_scale(file[dimension])
    return file[name]


def _failures(file: Any, failures: Mapping[int, str]) -> None:
    """The table of failures over a dimension of its own."""
    if not failures:
        return
    write_failures(file, failures)
    file["failure"] = np.arange(len(failures))
    file["failure"].make_scale("failure")
    for name in ("failure_point", "failure_text"):
        file[name].dims[0].attach_scale(file["failure"])
    file["failure_point"].attrs["long_name"] = "index into the flattened grid, last axis fastest"


def _content(file: Any) -> Result:
    status = file[STATUS]
    addresses = [dimension[0].name.lstrip("/") for dimension in status.dims]
    own = {STATUS, "failure", "failure_point", "failure_text"}
    names = [name for name in file if name not in own and name not in addresses]
    units = {name: str(file[name].attrs["units"]) for name in [*addresses, *names]}
    return Result(
        {address: file[address][()] for address in addresses},
        {name: file[name][()] for name in names},
        {name: "" if unit == "1" else unit for name, unit in units.items()},
        status[()],
        read_failures(file),
        {name: str(text) for name, text in file.attrs.items()},
    )
