"""Tables in files: efficiency and quenching curves, spectra, background rates.

A table is CSV: ``#`` comments, one header row ``name [unit],name [unit]``, then numbers, the
first column ascending. Between the points it is linear; the first and the last value are held.
What is wrong with a file is a mistake of the place in the experiment file that names it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
from pydantic import ValidationInfo
from pydantic_core import core_schema

from cevns.errors import InputError, Mistake, nearest, show
from cevns.quantities import parse_quantity
from cevns.spec import mistake
from cevns.special import namespace

FloatArray = npt.NDArray[np.float64]
Column = tuple[str, tuple[str, ...]]
"""Name of a column and the units it is accepted in ("1" for a pure number)."""

LARGEST = 1_000_000  # bytes
_TITLE = re.compile(r"\s*([^\[\],]+?)\s*(?:\[([^\[\]]*)\])?\s*")
_NUMBER = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*", re.ASCII)


@dataclass(frozen=True, eq=False)
class Table:
    """A curve y(x): linear between the points, the first and the last value held.

    Attributes
    ----------
    x, y : (n,) arrays, internal units; ``x`` ascends strictly. Both are read-only copies.
    kind : which energy ``x`` is: "keVee", "keVnr", "PE", or "" for a plain quantity.
    """

    x: FloatArray
    y: FloatArray
    kind: str = ""

    def __post_init__(self) -> None:
        for name in ("x", "y"):
            values = np.array(getattr(self, name), dtype=float)
            values.setflags(write=False)
            object.__setattr__(self, name, values)
        if self.x.shape != self.y.shape or self.x.ndim != 1 or not np.all(np.diff(self.x) > 0):
            raise ValueError("a table needs two columns of one length, the first ascending")

    def __call__(self, x: Any) -> Any:
        """The curve at ``x``, same shape."""
        return namespace(x).interp(x, self.x, self.y)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Table):
            return NotImplemented
        same = np.array_equal(self.x, other.x) and np.array_equal(self.y, other.y)
        return same and self.kind == other.kind

    def __hash__(self) -> int:
        return hash((self.x.tobytes(), self.y.tobytes(), self.kind))


@dataclass(frozen=True)
class TableFile:
    """A table and the text that names its file; the text is what is written out again."""

    text: str
    table: Table


@dataclass(frozen=True)
class TableColumns:
    """Annotation of a field that names a table file: the two columns it must hold.

    ``file: Annotated[TableFile, TableColumns(("energy", ("keV",)), ("efficiency", ("1",)))]``.
    A relative path is relative to ``context["directory"]`` of the validation, the folder of the
    experiment file; in Python, to the working folder.
    """

    x: Column
    y: Column

    def _validate(self, value: Any, info: ValidationInfo) -> TableFile:
        if isinstance(value, TableFile):
            return value
        if not isinstance(value, (str, Path)) or not str(value).strip():
            raise mistake(show(value), "the name of a table file (CSV)")
        folder = Path((info.context or {}).get("directory") or ".")
        try:
            table = read_table(folder / str(value), (self.x, self.y), "", str(value))
        except InputError as error:
            first = error.mistakes[0]
            raise mistake(first.found, first.expected, first.nearest) from None
        return TableFile(str(value), table)

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        as_text = core_schema.plain_serializer_function_ser_schema(lambda value: value.text)
        return core_schema.with_info_plain_validator_function(self._validate, serialization=as_text)


def read_table(
    file: Path, columns: Sequence[Column], path: str = "", name: str | None = None
) -> Table:
    """Read the two-column table in ``file``.

    Parameters
    ----------
    file : where it is.
    columns : name and accepted units of the first and of the second column.
    path : the place in the experiment file that names it, for messages.
    name : the file as the user wrote it, for messages; its last part where not given.

    Raises
    ------
    InputError
        For a file that is missing, not a plain file, too large or not text, and for the first
        line that is not as it should be (file, line, what was found, what was expected).
    """
    shown = repr(name if name is not None else file.name)
    with _placed(path):
        return _parse(_read_text(file, shown), columns, shown)


def read_columns(
    file: Path, columns: Sequence[Column], path: str = "", name: str | None = None
) -> FloatArray:
    """Read a table of several columns whose rows are in any order, shape (rows, columns).

    Parameters and errors are those of `read_table`; numbers are in internal units.
    """
    shown = repr(name if name is not None else file.name)
    with _placed(path):
        rows, scales, _ = _numbers(_read_text(file, shown), columns, shown)
        return np.array([row for _, row in rows]) * scales


@contextmanager
def _placed(path: str) -> Iterator[None]:
    """Say of a mistake in a table that it is at ``path`` of the experiment file."""
    try:
        yield
    except InputError as error:
        first = error.mistakes[0]
        placed = Mistake(path, first.found, first.expected, first.nearest)
        raise InputError(placed) from None


def _refuse(
    shown: str, line: int | None, found: str, expected: str, close: str | None = None
) -> NoReturn:
    where = f"table {shown}" + (f", line {line}" if line else "")
    raise InputError(Mistake("", f"{where}: {found}", expected, close))


def _read_text(file: Path, shown: str) -> str:
    """The text of ``file``: a plain file of at most 1 MB in UTF-8."""
    content, size, problem = b"", 0, ""
    try:
        regular = file.is_file()
        size = file.stat().st_size if regular else 0
        content = file.read_bytes() if regular and size <= LARGEST else b""
        problem = "" if regular else "a folder or device" if file.exists() else "no such file"
    except OSError as error:
        problem = (error.strerror or "an error").lower()
    if problem:
        _refuse(shown, None, problem, "a table file (CSV)", _neighbour(file))
    if size > LARGEST:
        _refuse(shown, None, f"{size} bytes", "at most 1 MB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        _refuse(shown, None, "bytes that are not UTF-8 text", "a CSV text file")


def _neighbour(file: Path) -> str | None:
    """The CSV file beside a missing one whose name is close."""
    try:
        return nearest(file.name, [other.name for other in file.parent.glob("*.csv")])
    except OSError:
        return None


def _parse(text: str, columns: Sequence[Column], shown: str) -> Table:
    rows, scales, kind = _numbers(text, columns, shown)
    for (_, before), (number, after) in pairwise(rows):
        if not after[0] > before[0]:
            found = f"{after[0]!r} after {before[0]!r}"
            _refuse(shown, number, found, f"an ascending first column ({columns[0][0]!r})")
    values = np.array([row for _, row in rows]) * scales
    return Table(values[:, 0], values[:, 1], kind)


def _numbers(
    text: str, columns: Sequence[Column], shown: str
) -> tuple[list[tuple[int, tuple[float, ...]]], FloatArray, str]:
    """The rows with their lines, the scale of each column and the kind of the first."""
    lines = [
        (number, line)
        for number, line in enumerate(text.splitlines(), start=1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if not lines:
        _refuse(shown, None, "no header row", f"a header row {_header(columns)!r}")
    scales, kind = _read_header(lines[0], columns, shown)
    rows = [(number, _read_row(number, line, len(columns), shown)) for number, line in lines[1:]]
    if len(rows) < 2:
        _refuse(shown, None, f"{len(rows)} row(s) of numbers", "at least 2 rows")
    return rows, scales, kind


def _header(columns: Sequence[Column]) -> str:
    """The header row as it should be, with the first of the accepted units."""
    return ",".join(
        name if accepted[0] == "1" else f"{name} [{accepted[0]}]" for name, accepted in columns
    )


def _read_header(line: tuple[int, str], columns: Sequence[Column], shown: str) -> Any:
    """Scale of each column and the kind of the first."""
    number, text = line
    titles = text.split(",")
    if len(titles) != len(columns):
        found = f"{len(titles)} column(s) in the header {show(text)}"
        _refuse(shown, number, found, f"the columns {_header(columns)!r}")
    units = [
        _read_title(title, column, number, shown)
        for title, column in zip(titles, columns, strict=True)
    ]
    return np.array([float(unit) for unit in units]), units[0].kind


def _read_title(title: str, column: Column, line: int, shown: str) -> Any:
    """The unit of one column as a `Labelled` number of size one unit."""
    name, accepted = column
    match = _TITLE.fullmatch(title)
    if match is None or match[1] != name:
        found = f"the column {show(title.strip())}"
        close = nearest(match[1], [name]) if match else None
        _refuse(shown, line, found, f"the column {_header([column])!r}", close)
    try:
        return parse_quantity(f"1 {match[2] or ''}", *accepted)
    except InputError as error:
        wanted = " or ".join("no unit" if unit == "1" else f"[{unit}]" for unit in accepted)
        found = f"the unit {match[2]!r}" if match[2] else "no unit"
        close = error.mistakes[0].nearest
        _refuse(shown, line, f"{found} of {name!r}", wanted, close)


def _read_row(line: int, text: str, length: int, shown: str) -> tuple[float, ...]:
    cells = text.split(",")
    if len(cells) != length:
        _refuse(shown, line, f"{len(cells)} value(s)", f"{length} values")
    for cell in cells:
        # NaN and infinities fail here too: they are not written as digits.
        if not _NUMBER.fullmatch(cell) or not math.isfinite(float(cell)):
            _refuse(shown, line, show(cell.strip()), "a finite number")
    return tuple(float(cell) for cell in cells)
