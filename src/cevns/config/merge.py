"""Defaults and overrides: ``extends`` and ``experiments`` merged key by key."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cevns.config.reader import read_file
from cevns.errors import InputError, Mistake, show

DEEPEST_CHAIN = 8


def merge(defaults: Any, override: Any) -> Any:
    """``override`` on top of ``defaults``; a block of another ``type`` replaces the whole block."""
    if not (isinstance(defaults, Mapping) and isinstance(override, Mapping)):
        return override
    for tag in ("type", "shape"):
        if tag in override and override[tag] != defaults.get(tag, override[tag]):
            return dict(override)
    merged = dict(defaults)
    for key, value in override.items():
        merged[key] = merge(defaults[key], value) if key in defaults else value
    return merged


def extended(raw: Mapping[str, Any], directory: Path, seen: tuple[Path, ...] = ()) -> Any:
    """``raw`` with what it extends underneath, and the folder of every table beside it.

    Raises
    ------
    InputError
        If a file extends itself, or one that cannot be read.
    """
    if "extends" not in raw:
        return dict(raw)
    name = raw["extends"]
    if not isinstance(name, str) or not name.strip() or "\0" in name:
        raise InputError(Mistake("extends", show(name), "the name of an experiment file"))
    path = (directory / name).resolve()
    if path in seen or len(seen) >= DEEPEST_CHAIN:
        raise InputError(Mistake("extends", show(name), "a file that does not extend itself"))
    try:
        base = extended(read_file(path), path.parent, (*seen, path))
    except InputError as error:
        found = [f"{name}: {m.path}: {m.found}" for m in error.mistakes]
        problems = [
            Mistake("extends", text, one.expected, one.nearest)
            for text, one in zip(found, error.mistakes, strict=True)
        ]
        raise InputError(problems) from None
    own = {key: value for key, value in raw.items() if key != "extends"}
    return merge(_rebased(base, path.parent, directory), own)


def _rebased(data: Any, base: Path, directory: Path) -> Any:
    """``data`` of a file in ``base`` with its table files named as seen from ``directory``."""
    if base == directory.resolve():
        return data
    if isinstance(data, Mapping):
        return {
            key: str(base / value)
            if key == "file" and isinstance(value, str)
            else _rebased(value, base, directory)
            for key, value in data.items()
        }
    if isinstance(data, list):
        return [_rebased(value, base, directory) for value in data]
    return data
