"""Registries of plug-ins: a plain dictionary, and what installed packages add to it.

A package outside adds to a registry with an entry point (group ``cevns.interactions`` or
``cevns.sources``); nothing is imported before a name is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Generic, TypeVar

T = TypeVar("T")


class Registry(Mapping[str, T], Generic[T]):
    """Names of one kind of plug-in and what they stand for; the built-in ones win."""

    def __init__(self, kind: str, group: str, builtin: Mapping[str, T]):
        self.kind = kind
        self._group = group
        self._builtin = dict(builtin)

    @cached_property
    def _installed(self) -> dict[str, T]:
        from importlib.metadata import entry_points

        found = {entry.name: entry for entry in entry_points(group=self._group)}
        return {name: entry.load() for name, entry in found.items() if name not in self._builtin}

    def __getitem__(self, name: str) -> T:
        if name in self._builtin:
            return self._builtin[name]
        return self._installed[name]

    def __iter__(self) -> Iterator[str]:
        yield from self._builtin
        yield from self._installed

    def __len__(self) -> int:
        return len(self._builtin) + len(self._installed)
