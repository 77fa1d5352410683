"""The manifest of a folder: which plan its shards belong to.

It is written before the first shard. A run whose plan differs is refused, with what differs;
every shard carries the identity of the plan, so that one from elsewhere is not taken for ours.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cevns.errors import InputError, Mistake, show
from cevns.files import write_text
from cevns.scan.plan import Axis, Column, Plan, fingerprint

NAME = "manifest.json"
FORMAT = "cevns scan 1"

# Two processors may disagree on the last digits of a logarithmic axis; that is no other plan.
_SAME = 1e-12
_DIGITS = ".12g"


@dataclass(frozen=True, eq=False)
class Manifest:
    """A plan as a folder holds it: its axes and columns have scale 1, in the units shown."""

    plan: Plan
    identity: str
    versions: Mapping[str, str]


def versions() -> dict[str, str]:
    """Versions of what computes the points and writes the files."""
    from importlib.metadata import version

    from cevns import __version__

    others = {name: version(name) for name in ("numpy", "scipy", "h5py")}
    return {"cevns": __version__, "python": platform.python_version(), **others}


def open_directory(plan: Plan, directory: Path) -> Manifest:
    """The manifest of ``directory``, written if there is none yet.

    Raises
    ------
    InputError
        If the folder belongs to another plan or another version of the package: what differs.
    OSError
        If it cannot be written.
    """
    path = directory / NAME
    if not path.exists():
        write_text(path, json.dumps(_as_plain(plan), indent=1, allow_nan=False) + "\n")
    # Also what we wrote is read: of two runs that start at once, both go by the one that stays.
    manifest = read_manifest(directory)
    mistakes = [
        Mistake(str(directory), f"a scan {found}", f"{expected}, or another folder")
        for found, expected in _differences(manifest, plan)
    ]
    if mistakes:
        raise InputError(mistakes)
    return manifest


def read_manifest(directory: Path) -> Manifest:
    """The manifest of ``directory``.

    Raises
    ------
    InputError
        If there is none, or none that can be read.
    """
    path = directory / NAME
    try:
        content = json.loads(path.read_bytes())
        if content["format"] != FORMAT:
            raise ValueError(f"the format {show(content['format'])}")
        return _from_plain(content)
    except FileNotFoundError:
        raise InputError(Mistake(str(directory), f"no {NAME}", "the folder of a scan")) from None
    except (InputError, KeyError, TypeError, ValueError) as error:
        found = f"a file that cannot be read ({' '.join(str(error).split())[:80]})"
        raise InputError(Mistake(str(path), found, f"what a scan writes, {FORMAT!r}")) from None


def _identity(plan: Plan) -> dict[str, Any]:
    """What makes two plans the same."""
    return {
        "fingerprint": plan.fingerprint,
        "seed": plan.seed,
        "chunk": plan.chunk,
        "axes": [
            [axis.address, axis.unit, [format(v, _DIGITS) for v in axis.shown.tolist()]]
            for axis in plan.axes
        ],
        "columns": [[column.name, column.unit] for column in plan.columns],
    }


def _as_plain(plan: Plan) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "identity": fingerprint(_identity(plan)),
        "fingerprint": plan.fingerprint,
        "versions": versions(),
        "attributes": dict(plan.attributes),
        "seed": plan.seed,
        "points": plan.size,
        "chunk": plan.chunk,
        "chunks": plan.number,
        "columns": [
            {"name": one.name, "unit": one.unit, "long_name": one.long_name} for one in plan.columns
        ],
        "axes": [
            {"address": one.address, "unit": one.unit, "values": one.shown.tolist()}
            for one in plan.axes
        ],
    }


def _from_plain(content: Mapping[str, Any]) -> Manifest:
    axes = [Axis(one["address"], one["unit"], 1.0, one["values"]) for one in content["axes"]]
    columns = [
        Column(one["name"], one["unit"], long_name=one["long_name"]) for one in content["columns"]
    ]
    plan = Plan(
        tuple(axes),
        tuple(columns),
        content["chunk"],
        content["fingerprint"],
        content["attributes"],
        content["seed"],
    )
    return Manifest(plan, content["identity"], content["versions"])


def _differences(manifest: Manifest, plan: Plan) -> Iterator[tuple[str, str]]:
    """What differs between a folder and a plan, as (found, expected)."""
    there = manifest.plan
    addresses = [axis.address for axis in there.axes]
    wanted = [axis.address for axis in plan.axes]
    if addresses != wanted:
        yield f"over {', '.join(addresses)}", ", ".join(wanted)
    else:
        for old, new in zip(there.axes, plan.axes, strict=True):
            if not _same_axis(old, new):
                yield f"with {old.address} at {_range(old)}", _range(new)
    names = [f"{column.name} [{column.unit}]" for column in there.columns]
    columns = [f"{column.name} [{column.unit}]" for column in plan.columns]
    if names != columns:
        yield f"of the columns {', '.join(names)}", ", ".join(columns)
    if there.chunk != plan.chunk:
        yield f"in chunks of {there.chunk} points", f"of {plan.chunk}"
    if there.seed != plan.seed:
        yield f"with the seed {there.seed}", str(plan.seed)
    if there.fingerprint != plan.fingerprint:
        yield f"with other settings (fingerprint {there.fingerprint})", plan.fingerprint
    made, now = manifest.versions.get("cevns"), versions()["cevns"]
    if made != now:
        yield f"made with cevns {made}", now


def _same_axis(old: Axis, new: Axis) -> bool:
    return (
        old.unit == new.unit
        and len(old) == len(new)
        and bool(np.allclose(old.shown, new.shown, rtol=_SAME, atol=0.0))
    )


def _range(axis: Axis) -> str:
    ends = f"{axis.shown[0]:.6g} … {axis.shown[-1]:.6g} {axis.unit}".rstrip()
    return f"{len(axis)} values {ends}"
