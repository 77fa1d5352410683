"""Plug-in files: Python of the user's own, named on the command line and nowhere else.

``cevns predict FILE --plugin mine.py`` runs ``mine.py``; interactions and sources that it defines
can then be named in FILE. An experiment file never names code. The files are kept in the
environment variable ``CEVNS_PLUGINS``, so that the processes of a scan have them too.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

from cevns.errors import InputError, Mistake, printable

VARIABLE = "CEVNS_PLUGINS"


def named() -> tuple[str, ...]:
    """The plug-in files of this process and of those it starts."""
    return tuple(part for part in os.environ.get(VARIABLE, "").split(os.pathsep) if part)


def add(paths: Iterable[Path]) -> None:
    """Load plug-in files, and name them for the processes that this one starts.

    Raises
    ------
    InputError
        For a file that is not there or cannot be run.
    """
    for path in paths:
        whole = str(path.resolve())
        load(whole)
        if whole not in named():
            os.environ[VARIABLE] = os.pathsep.join((*named(), whole))


@cache
def load(path: str) -> ModuleType:
    """The module of a plug-in file, run once."""
    file = Path(path)
    spec = importlib.util.spec_from_file_location(f"cevns_plugin_{file.stem}", file)
    if not file.is_file() or spec is None or spec.loader is None:
        found = "a file that is not Python" if file.is_file() else "no such file"
        raise InputError(Mistake("--plugin", f"{file.name}: {found}", "a Python file (.py)"))
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        found = f"{file.name}: {type(error).__name__}: {printable(str(error))[:200]}"
        raise InputError(Mistake("--plugin", found, "a Python file that runs")) from None
    return module


def classes(files: Iterable[str]) -> Iterator[type]:
    """The classes that plug-in files define themselves."""
    for path in files:
        module = load(path)
        for value in vars(module).values():
            if isinstance(value, type) and value.__module__ == module.__name__:
                yield value
