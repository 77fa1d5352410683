"""Chunks evaluated here or in processes of our own.

The processes are started afresh (spawn), with one thread each for linear algebra, and are
deaf to Ctrl-C: the parent decides. A pipe that only the parent holds the other end of ties their
lives to its own. It closes when the parent gives up and when the parent is killed, and so none
is left behind.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, NoReturn

from cevns.errors import InputError, Mistake
from cevns.scan.evaluate import Evaluator, Make, evaluate
from cevns.scan.interrupts import ctrl_c_waits
from cevns.scan.plan import Plan
from cevns.scan.shards import Shard

if TYPE_CHECKING:
    from concurrent.futures import Future
    from multiprocessing.connection import Connection

_THREADS = ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM")
_WAITING = 2  # chunks handed out per process, so that none waits for work


def in_series(plan: Plan, make: Make, chunks: Sequence[int]) -> Iterator[tuple[int, Shard]]:
    """Each of ``chunks`` with its shard, evaluated in this process and in this order."""
    evaluator = make() if chunks else None
    for chunk in chunks:
        assert evaluator is not None
        yield chunk, evaluate(plan, evaluator, chunk)


def in_processes(
    plan: Plan, make: Make, chunks: Sequence[int], processes: int
) -> Iterator[tuple[int, Shard]]:
    """The same from several processes, in the order in which they are done.

    Closing the iterator stops the processes at once; what they were at is lost.

    Raises
    ------
    InputError
        As raised by ``make``.
    BrokenProcessPool
        If a process dies.
    """
    from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
    from multiprocessing import get_context

    context = get_context("spawn")
    reader, lifeline = context.Pipe(duplex=False)
    executor = ProcessPoolExecutor(
        min(processes, len(chunks)), context, _begin, (reader, plan, make)
    )
    todo = iter(chunks)
    running: dict[Future[Shard | Sequence[Mistake]], int] = {}
    try:
        while True:
            for chunk in islice(todo, _WAITING * processes - len(running)):
                with ctrl_c_waits(), _for_children():  # wholly started, or not at all
                    running[executor.submit(_compute, chunk)] = chunk
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                made = future.result()
                if not isinstance(made, Shard):
                    raise InputError(made)
                yield running.pop(future), made
    except BaseException:
        lifeline.close()
        raise
    finally:
        executor.shutdown(cancel_futures=True)
        lifeline.close()
        reader.close()


@contextmanager
def _for_children() -> Iterator[None]:
    """What a process started in this block inherits: one thread, and no Ctrl-C.

    Both must be so before its first import: NumPy's libraries read the number of threads when
    they are loaded, and Ctrl-C on the way would end in a traceback.
    """
    names = [f"{library}_NUM_THREADS" for library in _THREADS]
    before = {name: os.environ.get(name) for name in names}
    masks = hasattr(signal, "pthread_sigmask")
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if masks else None
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        if mask is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)


# --- in the processes -----------------------------------------------------------------------------

_own: dict[str, Any] = {}


def _begin(reader: Connection, plan: Plan, make: Make) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, args=(reader,), daemon=True).start()
    _own.update(plan=plan, make=make)


def _leave_with_parent(reader: Connection) -> NoReturn:
    """Wait for the pipe to close, then leave without finishing anything."""
    try:
        reader.poll(None)
    finally:
        os._exit(1)


def _compute(chunk: int) -> Shard | Sequence[Mistake]:
    """The shard of a chunk, or why there is no evaluator."""
    try:
        evaluator: Evaluator = _own.get("evaluator") or _own["make"]()
    except InputError as error:
        return error.mistakes  # the exception itself loses them when it is pickled
    _own["evaluator"] = evaluator
    return evaluate(_own["plan"], evaluator, chunk)
