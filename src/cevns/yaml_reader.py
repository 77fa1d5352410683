"""Reading YAML that nobody vouches for: YAML 1.2, plain data, nothing evaluated.

One pass over the parser's events checks each of them and builds the data from it, so that no
constructor of the YAML library ever runs: plain words are text, numbers, ``true``, ``false`` or
nothing, as in the core schema of YAML 1.2, and dates, binary and merge keys do not exist.

Refused are anchors, aliases and tags (an alias can blow a small file up without bound), nesting
beyond 20 levels, files beyond 1 MB or 10 000 values, blocks of more than 500 keys, keys that are
not text or stand twice, and control characters. The limits lie far beyond any experiment; they
are there because the parser takes ten seconds for a file of 1 MB full of values, and a list of
thousands of mistakes helps nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from cevns.errors import InputError, Mistake, join, show

MAXIMUM_BYTES = 1_000_000
MAXIMUM_DEPTH = 20
MAXIMUM_VALUES = 10_000
MAXIMUM_KEYS = 500

_DECIMAL = re.compile(r"[-+]?[0-9]+", re.ASCII)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
_OTHER_BASE = re.compile(r"0o([0-7]+)|0x([0-9a-fA-F]+)", re.ASCII)
_SPECIAL = re.compile(r"([-+]?)\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
_DIGITS = 300  # of a whole number; with more it is read as a float, where it may overflow to inf


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
    except InputError:
        raise
    except OSError as error:
        raise _unreadable(path, (error.strerror or "an error").lower()) from None
    except ValueError:  # a null character in the name
        raise _unreadable(path, "a name that no file can have") from None
    try:
        return read_text(raw.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise _unreadable(path, "bytes that are not UTF-8") from None


def _unreadable(path: Path, found: str, expected: str = "a readable experiment file") -> InputError:
    return InputError(Mistake(str(path), found, expected))


def read_text(text: str) -> dict[str, Any]:
    """The same for text that is at hand."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    if len(text) > MAXIMUM_BYTES:
        raise InputError(Mistake("line 1", f"{len(text)} characters of YAML", "at most 1 MB"))
    try:
        return _Reading(YAML(typ="safe", pure=True).parse(text)).document()
    except YAMLError as error:
        raise _syntax(error, text) from None
    except InputError:
        raise
    except (ValueError, RecursionError, AssertionError, LookupError, TypeError, AttributeError):
        # what the parser raises on a few kinds of nonsense
        raise InputError(Mistake("line 1", "text that is not YAML", "YAML 1.2")) from None


class _Reading:
    """The events of one text, and the data they stand for.

    What breaks the structure is raised at once; keys that stand twice and the like are
    collected, so that all of them are reported.
    """

    def __init__(self, events: Iterator[Any]):
        self._events = events
        self._mistakes: list[Mistake] = []
        self._values = 0

    def document(self) -> dict[str, Any]:
        """The only document of the text, which must be a block of keys."""
        from ruamel.yaml.events import DocumentStartEvent

        data, number = None, 0
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                number += 1
                if number > 1:
                    self._refuse(event, "a second document (---)", "one document per file")
                data = self._value(next(self._events), ())
        if self._mistakes:
            raise InputError(self._mistakes)
        if not isinstance(data, dict):
            found = "an empty file" if data is None else show(data)
            expected = "a block of keys (source, detector, exposure)"
            raise InputError(Mistake("line 1", found, expected))
        return data

    def _value(self, event: Any, where: tuple[str | int, ...]) -> Any:
        from ruamel.yaml.events import MappingStartEvent, SequenceStartEvent

        self._check(event, len(where))
        if isinstance(event, MappingStartEvent):
            return self._block(where)
        if isinstance(event, SequenceStartEvent):
            return self._list(where)
        if event.implicit[0]:
            return _scalar(event.value)
        return event.value

    def _check(self, event: Any, depth: int) -> None:
        """Refuse what is not plain, too deep or too much."""
        from ruamel.yaml.events import AliasEvent, CollectionStartEvent

        self._values += 1
        if isinstance(event, AliasEvent):
            self._refuse(event, "an alias (*)", "the value written out")
        if event.anchor is not None:
            self._refuse(event, "an anchor (&)", "plain YAML")
        if event.tag is not None:
            self._refuse(event, f"the tag {show(str(event.tag))}", "plain YAML")
        if isinstance(event, CollectionStartEvent) and depth >= MAXIMUM_DEPTH:
            self._refuse(event, f"nesting beyond {MAXIMUM_DEPTH} levels", "a flatter file")
        if self._values > MAXIMUM_VALUES:
            expected = "a shorter file; long tables go into CSV files"
            self._refuse(event, f"more than {MAXIMUM_VALUES} values", expected)
        if _UNPRINTABLE.search(getattr(event, "value", "")):
            self._refuse(event, "a control character in text", "printable text")

    def _block(self, where: tuple[str | int, ...]) -> dict[str, Any]:
        from ruamel.yaml.events import MappingEndEvent, ScalarEvent

        block: dict[str, Any] = {}
        for event in self._events:
            if isinstance(event, MappingEndEvent):
                break
            self._check(event, len(where) + 1)
            if not isinstance(event, ScalarEvent):
                self._refuse(event, "a key that is a block or a list", "keys that are text")
            key = _scalar(event.value) if event.implicit[0] else event.value
            if not isinstance(key, str):
                place = join("", where) or f"line {event.start_mark.line + 1}"
                self._add(place, f"the key {show(key)}", "keys that are text")
                key = event.value
            value = self._value(next(self._events), (*where, key))
            if key in block:
                self._add(join("", (*where, key)), "this key twice", "each key once")
            block[key] = value
            if len(block) > MAXIMUM_KEYS:
                self._refuse(event, f"a block of more than {MAXIMUM_KEYS} keys", "fewer")
        return block

    def _list(self, where: tuple[str | int, ...]) -> list[Any]:
        from ruamel.yaml.events import SequenceEndEvent

        values: list[Any] = []
        for event in self._events:
            if isinstance(event, SequenceEndEvent):
                break
            values.append(self._value(event, (*where, len(values))))
        return values

    def _add(self, path: str, found: str, expected: str) -> None:
        self._mistakes.append(Mistake(path, found, expected))

    def _refuse(self, event: Any, found: str, expected: str) -> NoReturn:
        line = f"line {event.start_mark.line + 1}"
        raise InputError([*self._mistakes, Mistake(line, found, expected)])


def _scalar(text: str) -> Any:
    """What a plain word means in the core schema of YAML 1.2."""
    if text in _WORDS:
        return _WORDS[text]
    if _DECIMAL.fullmatch(text):
        return int(text) if len(text) <= _DIGITS else float(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if match := _OTHER_BASE.fullmatch(text):
        digits = match[1] or match[2]
        whole = int(digits, 8 if match[1] else 16)
        return whole if len(digits) <= _DIGITS // 2 else float("inf")
    if match := _SPECIAL.fullmatch(text):
        return float(f"{match[1] or ''}{match[2] or match[3]}")
    return text


def _syntax(error: Any, text: str) -> InputError:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is not None:
        number = mark.line + 1
    else:  # a character that YAML does not allow at all
        number = text.count("\n", 0, getattr(error, "position", None) or 0) + 1
    reason = getattr(error, "problem", None) or getattr(error, "reason", None) or "a syntax error"
    problem = " ".join(str(reason).split())
    return InputError(Mistake(f"line {number}", f"broken YAML ({problem[:80]})", "valid YAML 1.2"))
