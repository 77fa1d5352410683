"""Defaults and overrides: ``extends`` and ``experiments`` merged key by key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
    return with_files(data, lambda name: str(base / name))


def with_files(data: Any, change: Callable[[str], str]) -> Any:
    """``data`` with ``change`` applied to the name of every file in it.

    Files are the values of ``file`` and, in a block ``spectrum``, those of its isotopes.
    """
    if isinstance(data, list):
        return [with_files(value, change) for value in data]
    if not isinstance(data, Mapping):
        return data
    changed = {}
    for key, value in data.items():
        if key == "file" and isinstance(value, str):
            changed[key] = change(value)
        elif key == "spectrum" and isinstance(value, Mapping):
            changed[key] = {k: change(v) if isinstance(v, str) else v for k, v in value.items()}
        else:
            changed[key] = with_files(value, change)
    return changed
