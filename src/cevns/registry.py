"""Registries of plug-ins: a plain dictionary, and what others add to it.

A package outside adds to a registry with an entry point (group ``cevns.interactions`` or
``cevns.sources``), a file of the user's own by being named on the command line
(`cevns.plugins`); nothing is imported before a name is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from importlib import import_module
from typing import Generic, TypeVar

from cevns import plugins

T = TypeVar("T")


class Registry(Mapping[str, T], Generic[T]):
    """Names of one kind of plug-in and what they stand for; the built-in ones win.

    ``builtin`` has for each of these where it is, "cevns.sources.solar:Solar": it is imported when
    it is asked for. ``name_of`` says under which name a class of a plug-in file is known, None if
    it is of another kind.
    """

    def __init__(
        self,
        kind: str,
        group: str,
        builtin: Mapping[str, str],
        name_of: Callable[[type], str | None] = lambda _: None,
    ):
        self.kind = kind
        self._group = group
        self._builtin = dict(builtin)
        self._loaded: dict[str, T] = {}
        self._name_of = name_of
        self._from_files: dict[tuple[str, ...], dict[str, T]] = {}

    @cached_property
    def _packages(self) -> dict[str, T]:
        from importlib.metadata import entry_points

        found = {entry.name: entry for entry in entry_points(group=self._group)}
        return {name: entry.load() for name, entry in found.items() if name not in self._builtin}

    @property
    def _installed(self) -> dict[str, T]:
        """What packages and plug-in files add."""
        files = plugins.named()
        if files not in self._from_files:
            own = {self._name_of(one): one for one in plugins.classes(files)}
            added = {n: one for n, one in own.items() if n and n not in self._builtin}
            self._from_files[files] = {**self._packages, **added}  # type: ignore[dict-item]
        return self._from_files[files]

    def __getitem__(self, name: str) -> T:
        if name not in self._builtin:
            return self._installed[name]
        if name not in self._loaded:
            module, _, attribute = self._builtin[name].partition(":")
            self._loaded[name] = getattr(import_module(module), attribute)
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        yield from self._builtin
        yield from self._installed

    def __len__(self) -> int:
        return len(self._builtin) + len(self._installed)
