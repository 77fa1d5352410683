"""Reading YAML that nobody vouches for: YAML 1.2, plain data, nothing evaluated.

Anchors, aliases and tags are refused (an alias can blow a small file up without bound), as are
nesting beyond 20 levels, files beyond 1 MB, keys that are not text and keys given twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cevns.errors import InputError, Mistake, show

MAXIMUM_BYTES = 1_000_000
MAXIMUM_DEPTH = 20


def read_file(path: Path) -> dict[str, Any]:
    """The content of the YAML file at ``path``, a block of keys.

    Raises
    ------
    InputError
        If it cannot be read, is too large, or is not plain YAML.
    """
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise _unreadable(path, "something that is not a file")
        if size > MAXIMUM_BYTES:
            raise _unreadable(path, f"a file of {size} bytes", "at most 1 MB")
        raw = path.read_bytes()
    except OSError as error:
        raise _unreadable(path, (error.strerror or "an error").lower()) from None
    try:
        return read_text(raw.decode("utf-8"))
    except UnicodeDecodeError:
        raise _unreadable(path, "bytes that are not UTF-8") from None


def _unreadable(path: Path, found: str, expected: str = "a readable experiment file") -> InputError:
    return InputError(Mistake(str(path), found, expected))


def read_text(text: str) -> dict[str, Any]:
    """The same for text that is at hand."""
    if len(text) > MAXIMUM_BYTES:
        raise InputError(Mistake("", f"{len(text)} characters of YAML", "at most 1 MB"))
    _refuse_all_but_plain(text)
    data = _load(text)
    if not isinstance(data, Mapping):
        raise InputError(Mistake("", show(data), "a block of keys (source, detector, exposure)"))
    _check_keys(data, "")
    return dict(data)


def _yaml() -> Any:
    from ruamel.yaml import YAML

    return YAML(typ="safe", pure=True)


def _refuse_all_but_plain(text: str) -> None:
    """Walk the events of the parser, which builds nothing, and stop at the first offence."""
    from ruamel.yaml.error import YAMLError
    from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, NodeEvent

    depth = 0
    try:
        for event in _yaml().parse(text):
            if isinstance(event, CollectionStartEvent):
                depth += 1
            elif isinstance(event, CollectionEndEvent):
                depth -= 1
            line = f"line {event.start_mark.line + 1}"
            if depth > MAXIMUM_DEPTH:
                raise InputError(Mistake(line, "nesting beyond 20 levels", "a flatter file"))
            if isinstance(event, AliasEvent):
                raise InputError(Mistake(line, "an alias (*)", "the value written out"))
            if isinstance(event, NodeEvent) and event.anchor is not None:
                raise InputError(Mistake(line, "an anchor (&)", "plain YAML"))
            if getattr(event, "tag", None) is not None:
                raise InputError(Mistake(line, f"the tag {event.tag}", "plain YAML"))
    except YAMLError as error:
        raise _syntax(error) from None
    except (ValueError, RecursionError, AssertionError, IndexError, TypeError):
        raise InputError(Mistake("line 1", "text that is not YAML", "YAML 1.2")) from None


def _load(text: str) -> Any:
    from ruamel.yaml.error import YAMLError

    try:
        return _yaml().load(text)
    except YAMLError as error:
        raise _syntax(error) from None
    except (ValueError, RecursionError, OverflowError, AssertionError, IndexError, TypeError):
        # a number of thousands of digits, a date that does not exist, an unhashable key
        raise InputError(Mistake("line 1", "a value that is not data", "plain YAML 1.2")) from None


def _syntax(error: Any) -> InputError:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line = f"line {mark.line + 1}" if mark is not None else "line 1"
    problem = " ".join(str(getattr(error, "problem", None) or "a syntax error").split())
    duplicate = "duplicate key" in problem
    found = "a key given twice" if duplicate else f"broken YAML ({problem[:80]})"
    return InputError(Mistake(line, found, "each key once" if duplicate else "valid YAML 1.2"))


def _check_keys(data: Any, path: str) -> None:
    """Every key is text."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            if not isinstance(key, str):
                raise InputError(Mistake(path, f"the key {show(key)}", "keys that are text"))
            _check_keys(value, f"{path}.{key}" if path else key)
    elif isinstance(data, list):
        for index, value in enumerate(data):
            _check_keys(value, f"{path}[{index}]")
