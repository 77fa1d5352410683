"""How far a long piece of work is: a bar on a terminal, a line now and then elsewhere.

It goes to standard error, so that standard output holds results alone.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

Advance = Callable[[int], None]
"""Called with the number of steps done since the last call."""

_PAUSE = 10.0  # seconds between two lines: quick work is silent, a night's log stays short


@contextmanager
def progress(
    description: str,
    total: int,
    stream: TextIO | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Advance]:
    """Show ``description`` and the part of ``total`` steps that is done.

    ``stream`` is standard error by default; ``clock`` returns seconds.

    >>> with progress("fits", 3) as advance:
    ...     for _ in range(3):
    ...         advance(1)
    """
    target = sys.stderr if stream is None else stream
    shown = _bar(description, total, target) if target.isatty() else None
    if shown is None:
        yield _lines(description, total, target, clock)
    else:
        with shown as advance:
            yield advance


@contextmanager
def _bar(description: str, total: int, stream: TextIO) -> Iterator[Advance]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as TimeLeft

    # The name is plain text, whatever brackets it has.
    text = TextColumn("{task.description}", markup=False)
    columns = (text, BarColumn(), MofNCompleteColumn(), TimeLeft())
    with Progress(*columns, console=Console(file=stream)) as bar:
        task = bar.add_task(description, total=total)
        yield lambda steps: bar.update(task, advance=steps)


def _lines(description: str, total: int, stream: TextIO, clock: Callable[[], float]) -> Advance:
    done = 0
    last = clock()

    def advance(steps: int) -> None:
        nonlocal done, last
        done += steps
        if clock() - last >= _PAUSE:
            last = clock()
            share = f" ({done / total:.0%})" if total else ""
            stream.write(f"{description}: {done} of {total}{share}\n")
            stream.flush()

    return advance
