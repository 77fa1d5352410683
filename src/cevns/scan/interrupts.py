"""Ctrl-C at moments of our choice."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType


@contextmanager
def ctrl_c_waits() -> Iterator[None]:
    """A Ctrl-C in this block is heard at its end: what is done there is done wholly, or not at all.

    Blocking the signal would not do. A thread blocks it for itself alone; another one (of a
    library for linear algebra, say) may take it, and Python then runs the handler in the main
    thread all the same.
    """
    handler = signal.getsignal(signal.SIGINT)
    here = threading.current_thread() is threading.main_thread()
    if not here or not callable(handler):  # nothing would be raised in this thread
        yield
        return
    heard: list[FrameType | None] = []
    signal.signal(signal.SIGINT, lambda _, frame: heard.append(frame))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if heard:
            handler(signal.SIGINT, heard[-1])
