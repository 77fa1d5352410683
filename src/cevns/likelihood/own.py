"""The user's own counts and backgrounds: reading and writing them.

A file of counts is CSV: ``#`` comments, a header row, and a row for each bin or for each event:
``energy [keVee],counts``, or ``energy [PE],time [us],counts``; without ``counts`` every row is one
event. The values say in which bin of the experiment's ``binning`` a row lies (centres of bins, or
the events themselves); several rows in one bin add up, rows outside are left out. Counts belong to
bins, so that they need a ``binning``; a bin without a row has none, and a warning says so. Events
need no ``binning``: the default bins sort them. Counts that are not whole are taken as they are, as
an Asimov data set has them. A pure number has no unit:
``energy [keVee],f90,time [us],counts``.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from cevns.backgrounds import background_norm
from cevns.errors import InputError, Mistake, nearest, show
from cevns.experiment import Experiment
from cevns.likelihood.cells import CellAxis, Cells
from cevns.likelihood.part import Part
from cevns.likelihood.signal import View
from cevns.memo import Memo
from cevns.parameters import Theta
from cevns.quantities import parse_quantity
from cevns.response import ACCEPTED

Array = np.ndarray[Any, np.dtype[Any]]
COUNTS = "counts"
ENERGIES = ("keV", "keVnr", "keVee", "PE")
LARGEST = 20_000_000  # bytes
MOST_COUNTS = 1e12  # in a row: beyond, −2 ln L is rounded to more than its units
_SHOWN = 8  # mistakes of one file that are said one by one
_TITLE = re.compile(r"\s*([A-Za-z_][\w -]*?)\s*(?:\[([^\[\]]*)\])?\s*")
_NUMBER = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*", re.ASCII)


@dataclass(frozen=True, eq=False)
class OwnBackgrounds:
    """The backgrounds of a detector, the same at all times."""

    experiment: Experiment
    cells: Cells
    _memo: Memo = field(default_factory=Memo, init=False, repr=False)

    def parts(self, theta: Theta, morphed: bool) -> tuple[Part, ...]:
        """One part for each background, its norm left open."""
        return self._memo.get("parts", theta, self._make)

    def _make(self, theta: Theta) -> tuple[Part, ...]:
        names = [background.name for background in self.experiment.detector.backgrounds]
        at = View(theta, {}, {background_norm(name) for name in names})
        shares = {"time": self._times()} if "time" in self.cells.names else {}
        return tuple(
            Part(name, self.cells.product({"energy": counts, **shares}), (background_norm(name),))
            for name, counts in self.experiment.backgrounds(at).items()
        )

    def _times(self) -> Array:
        """Share of each time bin: a rate is counted all over the time window, evenly."""
        edges = self.cells.axis("time").edges
        time = self.experiment.detector.time
        start, end = (edges[0], edges[-1]) if time is None else time.window
        shares: Array = np.diff(np.clip(edges, start, end)) / (end - start)
        return shares


def read_counts(
    path: Path, cells: Cells, observable: str = "energy", shown: str = "", binned: bool = True
) -> Array:
    """Events in each of ``cells``, shape (cells,), from the file at ``path``.

    ``observable`` is the title of the column of the observable, or (keVee, PE, ...) which energy
    the column "energy" holds where its title does not say so. ``binned`` says whether the cells are
    the user's own and not default ones.

    Raises
    ------
    InputError
        For a file that cannot be read, columns that are missing or in another unit, counts of bins
        that nobody gave, and for every row that is not of numbers or holds negative counts.
    """
    return _Reader(shown or path.name, cells, observable, binned).read(path)


def counts_text(cells: Cells, counts: Any, comments: Sequence[str] = ()) -> str:
    """The content of a file of counts: ``comments``, a header, and a row for each of ``cells``.

    ``counts``, shape (cells,), are written with all their digits; `read_counts` gives them back.
    """
    values = np.asarray(counts, dtype=float).reshape(cells.shape)
    centres = [(0.5 * (axis.shown[:-1] + axis.shown[1:])).tolist() for axis in cells.axes]
    lines = [f"# {comment}" for comment in comments]
    lines.append(_header({axis.name: axis for axis in cells.axes}))
    for place in np.ndindex(*cells.shape):
        at = [f"{own[index]:.12g}" for own, index in zip(centres, place, strict=True)]
        lines.append(",".join([*at, repr(float(values[place])).removesuffix(".0")]))
    return "\n".join(lines) + "\n"


def _header(titles: Mapping[str, CellAxis]) -> str:
    named = (f"{title} [{a.unit}]" if a.unit else title for title, a in titles.items())
    return ",".join([*named, COUNTS])


class _Reader:
    """One reading of a file of counts; every mistake names the file and the line."""

    def __init__(self, shown: str, cells: Cells, observable: str, binned: bool):
        self.shown, self.cells, self.binned = shown, cells, binned
        named = observable in ENERGIES
        self.observable, self.unit = ("energy", observable) if named else (observable, "")

    def _mistake(self, line: int | None, found: str, expected: str, close: str = "") -> Mistake:
        where = f"{self.shown!r}" + (f", line {line}" if line else "")
        return Mistake("data.file", f"{where}: {found}", expected, close or None)

    def _refuse(self, *what: Any) -> NoReturn:
        raise InputError(self._mistake(*what))

    def read(self, path: Path) -> Array:
        """The counts in the cells."""
        lines = [
            (number, line)
            for number, line in enumerate(self._text(path).splitlines(), start=1)
            if line.strip() and not line.lstrip().startswith("#")
        ]
        if len(lines) < 2:
            self._refuse(
                None, "no rows of numbers", f"a header such as {self._header()!r} and rows"
            )
        wrong: list[Mistake] = []
        titles = [_TITLE.fullmatch(title) for title in lines[0][1].split(",")]
        counted = [title is not None and title[1] == COUNTS for title in titles]
        try:
            places, scales = self._columns(*lines[0])
        except InputError as error:
            wrong.extend(error.mistakes)
        values: list[list[float]] = []
        for line in lines[1:]:
            mistakes = list(self._row_mistakes(*line, counted))
            wrong.extend(mistakes)
            values.append([] if mistakes else [float(word) for word in line[1].split(",")])
        if wrong:
            raise InputError(self._first(wrong))
        if any(counted) and not self.binned:
            self._refuse_default_bins()
        rows = np.array(values)
        weights = rows[:, counted.index(True)] if any(counted) else np.ones(len(rows))
        points = [rows[:, place] * scales[place] for place in places]
        counts = self.cells.sorted_in(points, weights)
        self._say_outside(float(np.sum(weights) - np.sum(counts)), float(np.sum(counts)))
        if any(counted):
            self._say_missing(self.cells.sorted_in(points, np.ones(len(rows))))
        return counts

    def _refuse_default_bins(self) -> NoReturn:
        """Counts of three bins would be spread over a hundred."""
        expected = "the bins that they are counts of, such as binning: {edges: [...], unit: %s}"
        found = f"none, beside counts of bins in {self.shown!r}"
        raise InputError(Mistake("binning", found, expected % self.cells.axes[0].unit))

    def _say_missing(self, rows: Array) -> None:
        """Bins of which none of the ``rows``, counted in each, speaks: no counts is a claim."""
        missing = int(np.sum(rows == 0))
        if missing:
            of = f"{missing} of {rows.size} bins have no row"
            text = f"{self.shown}: {of} and are taken to have no counts"
            warnings.warn(text, UserWarning, stacklevel=2)

    def _first(self, mistakes: list[Mistake]) -> list[Mistake]:
        """Mistakes that are told: not thousands of a file that is something else."""
        more = len(mistakes) - _SHOWN
        if more <= 0:
            return mistakes
        rest = self._mistake(None, f"{more} more mistakes", "rows of numbers below the header")
        return [*mistakes[:_SHOWN], rest]

    def _say_outside(self, outside: float, inside: float) -> None:
        """Events off the axes are left out, but not in silence."""
        if outside > 0 and not inside > 0:
            ranges = ", ".join(
                f"{a.name} {a.shown[0]:g} to {a.shown[-1]:g} {a.unit}".rstrip()
                for a in self.cells.axes
            )
            self._refuse(None, "no events inside the binning", f"events at {ranges}")
        if outside > 1e-9 * inside:
            text = f"{self.shown}: {outside:g} events outside the binning are left out"
            warnings.warn(text, UserWarning, stacklevel=2)

    def _text(self, path: Path) -> str:
        problem, text = "", ""
        try:
            if path.stat().st_size > LARGEST:
                problem = f"more than {LARGEST} bytes"
            else:
                text = path.read_text("utf-8-sig")
        except OSError as error:
            problem = (error.strerror or "an error").lower()
        except UnicodeDecodeError:
            problem = "bytes that are not UTF-8 text"
        if problem:
            self._refuse(None, problem, "a file of counts (CSV)")
        return text

    def _titles(self) -> dict[str, CellAxis]:
        """Title of the column → its axis."""
        return {self.observable if a.name == "energy" else a.name: a for a in self.cells.axes}

    def _header(self) -> str:
        return _header(self._titles())

    def _columns(self, line: int, text: str) -> tuple[list[int], list[float]]:
        """Column of each axis, and the scale of each column."""
        found: dict[str, tuple[int, str]] = {}
        for place, title in enumerate(text.split(",")):
            match = _TITLE.fullmatch(title)
            if match is None or match[1] in found:
                self._refuse(line, f"the column {show(title.strip())}", self._header())
            found[match[1]] = (place, match[2] or "")
        wanted = self._titles()
        for title in found:
            if title not in wanted and title != COUNTS:
                close = nearest(title, [*wanted, COUNTS]) or ""
                self._refuse(
                    line, f"the column {title!r}", f"the columns {self._header()!r}", close
                )
        scales = [1.0] * len(found)
        places = []
        for title, axis in wanted.items():
            if title not in found:
                self._refuse(line, f"no column {title!r}", f"the columns {self._header()!r}")
            place, unit = found[title]
            places.append(place)
            scales[place] = self._scale(line, title, unit, axis)
        return places, scales

    def _scale(self, line: int, title: str, unit: str, axis: CellAxis) -> float:
        """The unit of a column as a number; it must speak of the energy that is observed."""
        unit = unit or (self.unit if axis.name == "energy" else "")
        if not (unit or axis.unit):
            return 1.0
        accepted: Sequence[str] = ACCEPTED.get(axis.unit, (axis.unit,))
        try:
            return float(parse_quantity(f"1 {unit}", *accepted))
        except InputError:
            found = f"{title!r} in {unit}" if unit else f"{title!r} without a unit"
            self._refuse(line, found, " or ".join(f"[{one}]" for one in accepted))

    def _row_mistakes(self, line: int, text: str, counted: Sequence[bool]) -> Iterator[Mistake]:
        """What is wrong with a row, whose columns of counts are ``counted``."""
        words = text.split(",")
        if len(words) != len(counted):
            yield self._mistake(line, f"{len(words)} value(s)", f"{len(counted)} values")
            return
        for word, is_count in zip(words, counted, strict=True):
            if not _NUMBER.fullmatch(word) or not math.isfinite(float(word)):
                yield self._mistake(line, show(word.strip()), "a finite number")
            elif is_count and float(word) < 0:
                yield self._mistake(line, f"{float(word):g} counts", "counts of zero or more")
            elif is_count and float(word) > MOST_COUNTS:
                yield self._mistake(line, f"{float(word):g} counts", f"at most {MOST_COUNTS:g}")
