"""The same experiment file with some of its numbers changed, by address or by the path of a key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from cevns.config.settings import read_axis
from cevns.config.singles import BLOCK_KEYS
from cevns.config.study import Study, study_from
from cevns.errors import InputError, Mistake, nearest, show, split
from cevns.parameters import Parameter
from cevns.quantities import unit_scale

_QUANTITY = re.compile(r"\s*([+-]?[\d.]+(?:[eE][+-]?\d+)?)\s*(.*?)\s*", re.ASCII)

Steps = tuple[str | int, ...]


def setting_axis(value: object, path: str) -> tuple[Mapping[str, Any], str]:
    """A setting's axis as `read_axis` gives it, and its unit: the one that 'from' is written in.

    The ends are in that unit.
    """
    read_axis(value, None, path)  # the form
    ends = dict(zip(("from", "to"), value, strict=False)) if isinstance(value, list) else value
    assert isinstance(ends, Mapping)
    unit = _split(ends["from"])[1]
    try:
        scale = unit_scale(unit)
    except ValueError:
        raise InputError(Mistake(path, show(ends["from"]), "a number with a unit")) from None
    read = read_axis(value, Parameter(path, 0.0, unit, scale), path)
    for end in ("from", "to"):  # as they are written where that is possible, without rounding
        number, own = _split(ends[end])
        read[end] = float(number) if own == unit else read[end] / scale
    return read, unit


def _split(value: Any) -> tuple[Any, str]:
    """Number and unit of a quantity."""
    match = _QUANTITY.fullmatch(value) if isinstance(value, str) else None
    return (match[1], match[2]) if match else (value, "")


def written(number: float, unit: str) -> Any:
    """A number as a file holds it."""
    if unit:
        return f"{float(number)!r} {unit}"
    return int(number) if number == int(number) else float(number)


def with_settings(study: Study, settings: Mapping[str, Any]) -> Study:
    """``study`` with other values, as a file holds them, for what ``settings`` names.

    A name is the address of a parameter, or the path of a key ("exposure", "near.exposure",
    "detector.threshold"); without the name of an experiment that of all of them.

    Raises
    ------
    InputError
        For a name that is not in the file and for values that do not fit there.
    """
    content = deepcopy(dict(study.resolved))
    for name, value in settings.items():
        _set(study, content, name, value)
    try:
        changed = study_from(content, study.directory)
        _ = changed.experiments
    except InputError as error:
        path = f"scan.settings.{next(iter(settings))}" if len(settings) == 1 else "scan.settings"
        found = [Mistake(path, one.found, one.expected, one.nearest) for one in error.mistakes]
        raise InputError(list(dict.fromkeys(found))) from None
    return changed


def with_values(study: Study, values: Mapping[str, Mapping[str, Any]]) -> Study:
    """``study`` with more said about its parameters: address → {value, prior, same_as, ...}."""
    content = dict(study.resolved)
    content["parameters"] = _said(study, content, values)
    return study_from(content, study.directory)


def _said(
    study: Study, content: Mapping[str, Any], values: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """The block ``parameters`` with ``values`` in it, one entry for each address."""
    before: Mapping[str, Any] = content.get("parameters") or {}
    said: dict[str, Any] = {}
    for name, entry in before.items():
        for address in study.matching(name) or [name]:
            said[address] = {**said.get(address, {}), **entry}
    for address, entry in values.items():
        said[address] = {**said.get(address, {}), **entry}
    return said


def _set(study: Study, content: dict[str, Any], name: str, value: Any) -> None:
    addresses = study.matching(name)
    if addresses:
        changes = {address: {"value": value} for address in addresses}
        content["parameters"] = _said(study, content, changes)
        return
    places = list(_places(study, content, name))
    if not places:
        expected = "an address (see: cevns list parameters FILE) or a key of the file with a number"
        close = nearest(name, [*_all_keys(content), *study.parameters])
        raise InputError(Mistake(f"scan.settings.{name}", repr(name), expected, close))
    for steps in places:
        block: Any = content
        for step in steps[:-1]:
            block = block[step]
        block[steps[-1]] = value


def _places(study: Study, content: dict[str, Any], name: str) -> Iterator[Steps]:
    """Where in the file the key ``name`` is, for every experiment that has it.

    A key that one experiment inherits from the top level becomes its own.
    """
    own: Mapping[str, Any] = content.get("experiments") or {}
    first, _, rest = name.partition(".")
    if first in own:
        steps = _number_at(own[first], rest)
        if steps is None and _number_at(content, rest) is not None:
            steps = _number_at(content, rest)
            assert steps is not None
            _inherit(own[first], content, steps)
        if steps is not None:
            yield "experiments", first, *steps
        return
    top = _number_at(content, name)
    if top is not None:
        yield top
    for experiment, blocks in own.items():
        steps = _number_at(blocks, name)
        if steps is not None:
            yield "experiments", experiment, *steps


def _number_at(content: Mapping[str, Any], name: str) -> Steps | None:
    """The steps to the key ``name`` of an experiment's block, if it holds a single value."""
    steps, rest = split(name, content)
    if rest or not steps or steps[0] not in BLOCK_KEYS:
        return None
    value: Any = content
    for step in steps:
        value = value[step]
    return steps if isinstance(value, (str, int, float)) else None


def _inherit(block: dict[str, Any], defaults: Mapping[str, Any], steps: Steps) -> None:
    """Give ``block`` of its own what lies on the way to a key of ``defaults``."""
    own: Any = block
    source: Any = defaults
    for step in steps[:-1]:
        source = source[step]
        if step not in own or isinstance(source, list):
            own[step] = deepcopy(source)
        own = own[step]


def _all_keys(content: Mapping[str, Any]) -> Iterator[str]:
    """The paths of all keys that hold a single value, those of an experiment after its name."""
    yield from _keys({key: value for key, value in content.items() if key in BLOCK_KEYS})
    for name, blocks in (content.get("experiments") or {}).items():
        yield from (f"{name}.{path}" for path in _keys(blocks))


def _keys(block: Mapping[str, Any], before: str = "") -> Iterator[str]:
    for key, value in block.items():
        path = f"{before}{key}"
        if isinstance(value, Mapping):
            yield from _keys(value, f"{path}.")
        elif isinstance(value, (str, int, float)):
            yield path
