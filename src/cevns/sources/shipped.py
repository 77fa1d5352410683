"""Tables that ship with the package, in the format of users' tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from cevns.tables import Column, FloatArray, read_columns


@cache
def shipped(name: str, columns: Sequence[Column]) -> Mapping[str, FloatArray]:
    """The columns of ``data/<name>`` by name, in internal units; read on first use."""
    import importlib.resources

    resource = importlib.resources.files("cevns") / "data" / name
    with importlib.resources.as_file(resource) as file:
        values = read_columns(file, columns, name=name)
    return {title: values[:, i] for i, (title, _) in enumerate(columns)}
