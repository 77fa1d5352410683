"""What can go wrong on the user's side, said in one line each.

`InputError` collects every mistake of an input at once. The command line prints one line per
mistake and leaves with exit code 2; an exception of any other class is a defect of the package.

A mistake says where it is by a path in the file, ``source[1].distance``.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

TOP = "(top level)"
"""The place of what concerns the file as a whole."""

_INDEX = re.compile(r"\[?([0-9]{1,9})(?:\]\.?|\.|(?=\[)|$)")
_LONGEST_NAME = 60  # of a name that is compared with the known ones


@dataclass(frozen=True)
class Mistake:
    """One mistake: where it is, what was found, what was expected, the nearest valid name."""

    path: str
    found: str
    expected: str
    nearest: str | None = None

    def __str__(self) -> str:
        hint = f" (did you mean {self.nearest!r}?)" if self.nearest else ""
        where = f"{self.path}: " if self.path else ""
        return printable(f"{where}found {self.found}, expected {self.expected}{hint}")


class InputError(ValueError):
    """Bad input. ``mistakes`` holds one `Mistake` per line of the message."""

    def __init__(self, mistakes: Mistake | Sequence[Mistake]):
        self.mistakes = (mistakes,) if isinstance(mistakes, Mistake) else tuple(mistakes)
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))

    def __reduce__(self) -> tuple[type[InputError], tuple[tuple[Mistake, ...]]]:
        """As it travels between processes: the mistakes, not the text made of them."""
        return type(self), (self.mistakes,)


def nearest(name: object, known: Iterable[str], cutoff: float = 0.5) -> str | None:
    """The known name closest to ``name``, or None where nothing is close or it is known itself."""
    if not isinstance(name, str) or len(name) > _LONGEST_NAME:
        return None
    by_folded = {candidate.lower(): candidate for candidate in known}
    matches = difflib.get_close_matches(name.lower(), by_folded, n=1, cutoff=cutoff)
    close = by_folded[matches[0]] if matches else None
    return close if close != name else None


def show(value: object, limit: int = 60) -> str:
    """``value`` as it is quoted in a message: short, on one line, in the words of a file."""
    words = {True: "true", False: "false", None: "nothing"}
    if value is None or isinstance(value, bool):
        return words[value]
    try:
        text = " ".join(repr(value).split())
    except ValueError:  # Python refuses to write out whole numbers of thousands of digits
        text = "a number of thousands of digits"
    return text if len(text) <= limit else text[: limit - 1] + "…"


def unknown_name(path: str, name: object, known: Iterable[str], kind: str) -> InputError:
    """The error for a name that is not in a registry: lists what is there."""
    names = sorted(known)
    expected = f"a known {kind}: {', '.join(names)}" if len(names) <= 12 else f"a known {kind}"
    return InputError(Mistake(path, show(name), expected, nearest(name, names)))


def join(path: str, location: Iterable[str | int]) -> str:
    """``path`` and the steps below it as it is shown: ``source[1].distance``."""
    for step in location:
        dot = "." if path else ""
        path += f"[{step}]" if isinstance(step, int) else f"{dot}{step}"
    return path


def split(path: str, data: Any) -> tuple[tuple[str | int, ...], str]:
    """The steps of ``path`` that exist in ``data``, and what is left of the path.

    Keys may hold dots (``parameters.source.norm.prior``): the longest key that fits is taken.
    """
    rest = path
    steps: list[str | int] = []
    while rest:
        step, after = _first_step(rest, data)
        if step is None:
            break
        data, rest = data[step], after
        steps.append(step)
    return tuple(steps), rest


def _first_step(path: str, data: Any) -> tuple[Any, str]:
    """The first step of ``path`` in ``data`` and the rest of the path; None where there is none."""
    if isinstance(data, (list, tuple)):
        match = _INDEX.match(path)
        if match and int(match[1]) < len(data):
            return int(match[1]), path[match.end() :]
    if isinstance(data, Mapping):
        ends = ("", ".", "[")
        keys = [key for key in data if path.startswith(key) and path[len(key) :][:1] in ends]
        if keys:
            key = max(keys, key=len)
            return key, path[len(key) :].removeprefix(".")
    return None, path


def printable(text: str) -> str:
    """``text`` on one line, whatever it quotes: nothing reaches the terminal that moves it."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
