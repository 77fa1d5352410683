"""Experiment files gone wrong: plain data, mutated and written as YAML, for the fuzz test."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st


class Raw(str):
    """A scalar that is written into the file as it stands, not as quoted text."""


SCALARS = (
    *("null", "~", "true", "false", "0", "-1", "1", "-0.0", "1e400", "-1e400", ".inf", "-.inf"),
    *(".nan", "1e-320", "1e308", "9" * 400, "0x" + "f" * 400, "2021-01-01", "12:30:45", "1_000"),
    *("''", "' '", '"\\0"', '"\\e[31m"', '"\\ud800"', '"é✓"', "=", "<<"),
    *("!!binary aGk=", "!!set {}"),
    *("!!python/object/apply:os.system [ls]", "&a 1", "*a", "[]", "{}", "[[]]", "[null]", "{a: 1}"),
    *("[1, 2, 3]", "x" * 300, "'\"'", "'a: b'", "'[0]'", "'.'", "'..'", "'../../etc/passwd'"),
)
QUANTITIES = (
    *("9**9**9 keV", "1 keV^99", "1 kpc^99", "1 /kpc^99", "1e999 keV", "1e-999 keV", "1e308 TeV"),
    *("1e-320 eV", "-5 keV", "0 keV", "1 keVee", "1 keVnr", "1 PE", "1 m", "nan keV", "inf keV"),
    *("1 keV keV", "1 keV/", "/ keV", "1 1/keV", "keV", "1", "5 %", "150 %", "-5 %", "0x10 keV"),
    *("1,5 keV", "1 kEV", "1 lb", "1 ton", "１ keV", "1 µs", "1 keV" + " " * 200),
    *("1" * 200 + " keV",),
    *("1e300 kg", "1e-300 kg", "1e300 year", "1e-300 year", "1e-30 m", "1e30 m", "1e300 keV"),
    *("1e-300 keV", "1 year", "1 POT", "1 GW*hour", "1 burst", "1 tonne*year", "1e300 PE/keVee"),
)
JUNK = ("[" * 10_000, "{" * 50, "\t", "---\n", "...", "? ", "- ", ": ", "&", "\0")
NAMES = ("type", "name", "file", "of", "unit", "value", "[0]", "a.b", "", " ", "é", "source.norm")


def steps_of(data: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in plain data."""
    yield at
    if isinstance(data, (dict, list)):
        for step, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield from steps_of(value, (*at, step))


def _get(data: Any, steps: tuple[Any, ...]) -> Any:
    for step in steps:
        data = data[step]
    return data


@st.composite
def mutated(draw: st.DrawFn, documents: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    """One of ``documents`` with one to four things changed."""
    data: dict[str, Any] = copy.deepcopy(draw(st.sampled_from(documents)))
    for _ in range(draw(st.integers(1, 4))):
        places = [steps for steps in steps_of(data) if steps]
        if not places:
            break
        *above, last = draw(st.sampled_from(places))
        _change(draw, _get(data, tuple(above)), last, documents)
    return data


def _change(draw: st.DrawFn, parent: Any, step: Any, documents: tuple[dict[str, Any], ...]) -> None:
    """Change, drop, rename or replace what is at ``step`` of ``parent``."""
    kind = draw(st.sampled_from(("scalar", "quantity", "drop", "rename", "graft", "text", "list")))
    if kind == "drop":
        del parent[step]
    elif kind == "rename" and isinstance(parent, dict):
        name = draw(st.sampled_from(NAMES) | st.text(max_size=8) | st.just(f"{step}s"))
        parent[name] = parent.pop(step)
    elif kind == "graft":
        other = draw(st.sampled_from(documents))
        parent[step] = copy.deepcopy(_get(other, draw(st.sampled_from(list(steps_of(other))))))
    elif kind == "text":
        parent[step] = draw(st.text(max_size=12))
    elif kind == "list":
        parent[step] = [parent[step]] * draw(st.sampled_from((1, 2, 3, 300)))
    else:
        parent[step] = Raw(draw(st.sampled_from(SCALARS if kind == "scalar" else QUANTITIES)))


def as_yaml(data: Any) -> str:
    """Plain data in the flow style of YAML, with raw scalars as they are."""
    if isinstance(data, dict):
        return "{" + ", ".join(f"{_quoted(k)}: {as_yaml(v)}" for k, v in data.items()) + "}"
    if isinstance(data, list):
        return "[" + ", ".join(map(as_yaml, data)) + "]"
    if isinstance(data, Raw):
        return str(data)
    return _quoted(data) if isinstance(data, str) else json.dumps(data)


def _quoted(text: str) -> str:
    return json.dumps(text)


@st.composite
def garbled(draw: st.DrawFn, texts: tuple[str, ...]) -> str:
    """The text of a file with pieces cut out, doubled or strewn in."""
    text = draw(st.sampled_from(texts))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        stop = min(len(text), start + draw(st.integers(0, 40)))
        piece = draw(st.sampled_from(JUNK) | st.text(max_size=10) | st.just(text[start:stop] * 2))
        text = text[:start] + piece + text[stop:]
    return text
