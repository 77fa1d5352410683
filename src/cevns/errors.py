"""What can go wrong on the user's side, said in one line each.

`InputError` collects every mistake of an input at once. The command line prints one line per
mistake and leaves with exit code 2; an exception of any other class is a defect of the package.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


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
        return f"{where}found {self.found}, expected {self.expected}{hint}"


class InputError(ValueError):
    """Bad input. ``mistakes`` holds one `Mistake` per line of the message."""

    def __init__(self, mistakes: Mistake | Sequence[Mistake]):
        self.mistakes = (mistakes,) if isinstance(mistakes, Mistake) else tuple(mistakes)
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))


def nearest(name: object, known: Iterable[str]) -> str | None:
    """The known name closest to ``name``, or None where nothing is close."""
    names = list(known)
    by_folded = {candidate.lower(): candidate for candidate in names}
    matches = difflib.get_close_matches(str(name).lower(), by_folded, n=1, cutoff=0.5)
    return by_folded[matches[0]] if matches else None


def show(value: object, limit: int = 60) -> str:
    """``value`` as it is quoted in a message: short, on one line."""
    text = " ".join(repr(value).split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def unknown_name(path: str, name: object, known: Iterable[str], kind: str) -> InputError:
    """The error for a name that is not in a registry: lists what is there."""
    names = sorted(known)
    expected = f"a known {kind}: {', '.join(names)}" if len(names) <= 12 else f"a known {kind}"
    return InputError(Mistake(path, show(name), expected, nearest(name, names)))
