"""Defaults and overrides: ``extends`` and ``experiments`` merged key by key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from cevns.catalogue import entry_file
from cevns.errors import InputError, Mistake, show
from cevns.yaml_reader import read_file

DEEPEST_CHAIN = 8


_WHOLE = ("target", "fuel")
"""Mixtures: half of one and half of another would be neither."""


_FORMED = ("binning", "form_factor", "quenching")
"""Blocks that can be written in several forms, which share no keys."""


def merge(defaults: Any, override: Any, block: str = "") -> Any:
    """``override`` on top of ``defaults``, key by key; a block of another kind replaces it all.

    ``block`` is which of the blocks with several forms this is in.
    """
    if not (isinstance(defaults, Mapping) and isinstance(override, Mapping)):
        return override
    if _other_kind(defaults, override) or (block and _form(defaults) != _form(override)):
        return dict(override)
    merged = dict(defaults)
    for key, value in override.items():
        known = key in defaults and key not in _WHOLE
        inner = key if key in _FORMED else block
        merged[key] = merge(defaults[key], value, inner) if known else value
    return merged


def _form(block: Mapping[str, Any]) -> str:
    """In which of its forms one of `_FORMED` is written.

    Elements are the only keys with a capital; what is neither is options of a single one.
    """
    keys = {str(key) for key in block}
    if any(key[:1].isupper() for key in keys):
        return "per element"
    if keys & {"proton", "neutron"}:
        return "per nucleon"
    return "per axis" if keys & {"energy", "time"} else "single"


def _other_kind(defaults: Mapping[str, Any], override: Mapping[str, Any]) -> bool:
    """Whether two blocks say different things: another type, edges instead of a range."""
    tag = "type" if "type" in defaults else "shape"
    if tag in defaults and override.get(tag, defaults[tag]) != defaults[tag]:
        return True
    ways = ({"edges", "unit"}, {"from", "to", "bins", "spacing"})
    return any(set(defaults) & one and set(override) & other for one, other in (ways, ways[::-1]))


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
        expected = "an experiment file, or the name of an entry of the catalogue"
        raise InputError(Mistake("extends", show(name), expected))
    try:
        path = (directory / name).resolve()
        named = not path.suffix and not path.exists()
    except (OSError, RuntimeError):  # a loop of links
        raise InputError(Mistake("extends", show(name), "a file that can be read")) from None
    if named:
        path = entry_file(name, "extends")
    if path in seen or len(seen) >= DEEPEST_CHAIN:
        raise InputError(Mistake("extends", show(name), "a file that does not extend itself"))
    try:
        base = extended(read_file(path), path.parent, (*seen, path))
    except InputError as error:
        raise InputError([_in_base(name, str(path), one) for one in error.mistakes]) from None
    own = {key: value for key, value in raw.items() if key != "extends"}
    whole = merge(_in_experiments(_rebased(base, path.parent, directory), own), own)
    return whole if seen else _without_leftovers(whole, own)


def _without_leftovers(whole: Mapping[str, Any], own: Mapping[str, Any]) -> Mapping[str, Any]:
    """``whole`` without the two samples of a ratio where it is not a ratio that is compared.

    In one file that is a mistake. What only an extended one names goes with its observable: the
    content is then the same whether it is extended or written out.
    """
    study, said = whole.get("study"), own.get("study")
    if not isinstance(study, Mapping) or study.get("observable") == "ratio":
        return whole
    if isinstance(said, Mapping) and "ratio" in said:
        return whole
    return {**whole, "study": {key: value for key, value in study.items() if key != "ratio"}}


def _in_experiments(base: Mapping[str, Any], own: Mapping[str, Any]) -> Mapping[str, Any]:
    """``base`` with what ``own`` says for all of its experiments in those that say it themselves.

    Blocks at the top level are defaults for experiments of the same file; of a file that is
    extended they change what is there.
    """
    experiments = base.get("experiments")
    if not isinstance(experiments, Mapping):
        return base
    changed = {
        name: {
            key: merge(value, own[key], key) if key in own else value for key, value in one.items()
        }
        if isinstance(one, Mapping)
        else one
        for name, one in experiments.items()
    }
    return {**base, "experiments": changed}


def _in_base(name: str, path: str, one: Mistake) -> Mistake:
    """A mistake of the file that is extended, at the key that names it."""
    inner = "" if one.path == path else f"{one.path}: "
    return replace(one, path="extends", found=f"{name}: {inner}{one.found}")


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
    changed: dict[str, Any] = {}
    for key, value in data.items():
        if key == "file" and isinstance(value, str):
            changed[key] = change(value)
        elif key == "spectrum" and isinstance(value, Mapping):
            changed[key] = {k: change(v) if isinstance(v, str) else v for k, v in value.items()}
        else:
            changed[key] = with_files(value, change)
    return changed
