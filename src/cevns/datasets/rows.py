"""Reading the numbers of a release: plain text, one row of numbers a line."""

from __future__ import annotations

from typing import Any

import numpy as np

from cevns.datasets.analysis import Rows
from cevns.datasets.store import DataFolder
from cevns.errors import InputError, Mistake
from cevns.likelihood.cells import Cells

Array = np.ndarray[Any, np.dtype[Any]]
COUNTS, ERROR = "counts", "error"


def read_numbers(folder: DataFolder, file: str, columns: int, header: bool = False) -> Array:
    """The first ``columns`` columns of ``file``, shape (rows, columns).

    Values are apart by spaces or commas; ``#`` starts a comment, and a ``header`` is left out.

    Raises
    ------
    InputError
        For a file that is missing or changed, and for a line that is not of numbers.
    """
    rows = []
    for number, line in enumerate(folder.read_bytes(file).decode("utf-8").splitlines(), start=1):
        words = line.split("#")[0].replace(",", " ").split()
        if not words or (header and number == 1):
            continue
        try:
            rows.append([float(word) for word in words[:columns]])
        except ValueError:
            rows.append([])
        if len(rows[-1]) != columns or not np.all(np.isfinite(rows[-1])):
            found = f"{file}, line {number}: {line.strip()[:60]!r}"
            raise InputError(Mistake("data", found, f"{columns} finite numbers"))
    return np.array(rows)


class Sample:
    """Rows of a file: values on the axes of some cells, and how many events each stands for."""

    def __init__(self, folder: DataFolder, rows: Rows, cells: Cells):
        numbers = read_numbers(folder, rows.file, len(rows.columns), rows.header)
        by_name = dict(zip(rows.columns, numbers.T, strict=True))
        self.file = rows.file
        self.counts: Array = rows.scale * by_name.pop(COUNTS, np.ones(len(numbers)))
        self.error: Array = rows.scale * by_name.pop(ERROR, np.zeros(len(numbers)))
        self.values = {
            name: column * (cells.axis(name).scale if name in cells.names else 1.0)
            for name, column in by_name.items()
        }

    def columns(self, cells: Cells) -> list[Array]:
        """The values on the axes of ``cells``."""
        return [self.values[name] for name in cells.names]

    def binned(self, cells: Cells) -> Array:
        """Events in each cell, shape (cells,)."""
        return cells.sorted_in(self.columns(cells), self.counts)

    def template(self, cells: Cells) -> Array:
        """The same of a file that has one row for each cell."""
        return cells.filled(self.columns(cells), self.counts, f"data: {self.file}")

    def errors(self, cells: Cells) -> Array:
        """The error of each cell, shape (cells,), from one row for each.

        Raises
        ------
        InputError
            Where one of them is not positive.
        """
        errors = cells.filled(self.columns(cells), self.error, f"data: {self.file}")
        if not np.all(errors > 0):
            found = f"{self.file} with an error of {np.min(errors):g}"
            raise InputError(Mistake("data", found, "a column of positive errors"))
        return errors
