"""Tables of text and numbers that ship inside the package, read on first use."""

from __future__ import annotations

from collections.abc import Iterator


def packaged_rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of ``data/<name>``, a CSV file with ``#`` comments, by the titles of the columns."""
    import csv  # only where a table is read: the package must be quick to import
    import importlib.resources

    text = (importlib.resources.files("cevns") / "data" / name).read_text("utf-8")
    yield from csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
