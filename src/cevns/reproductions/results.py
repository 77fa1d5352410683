"""Ours beside what a paper prints: every claim computed, as rows of one table."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cevns.quantities import unit_scale
from cevns.reproductions.paper import Claim, Paper
from cevns.reproductions.workbench import Workbench

COLUMNS = (
    *("id", "where", "claim", "reading", "published", "ours", "unit", "verdict"),
    *("expected", "within", "reason", "cause"),
)


@dataclass(frozen=True)
class Row:
    """A claim and our own value, a number in the claim's unit or text."""

    claim: Claim
    ours: float | str

    @property
    def inside(self) -> bool:
        """Whether ours is where it must be."""
        return _fits(self.ours, self.claim.within)

    @property
    def verdict(self) -> str:
        """Whether ours is what is printed: "agreement", "mismatch" or "not printed".

        A number that is printed agrees if it lies where ours must lie, a range if ours is in it.
        """
        published = self.claim.published
        if published is None:
            return "not printed"
        if isinstance(published, (int, float)):
            agrees = self.inside and _fits(published, self.claim.within)
        else:
            agrees = self.inside and _fits(self.ours, published)
        return "agreement" if agrees else "mismatch"

    @property
    def why(self) -> str:
        """The cause of a mismatch, else why ours has to be where it is."""
        return self.claim.cause or self.claim.reason

    def cells(self) -> dict[str, str]:
        """The row as text."""
        claim = self.claim
        return {
            "id": claim.id,
            "where": claim.where,
            "claim": claim.claim,
            "reading": claim.reading,
            "published": "" if claim.published is None else shown(claim.published),
            "ours": shown(self.ours),
            "unit": claim.unit,
            "verdict": self.verdict,
            "expected": claim.expect,
            "within": shown(claim.within),
            "reason": claim.reason,
            "cause": claim.cause,
        }


def compute(claim: Claim, bench: Workbench) -> Row:
    """Our value of a claim.

    Raises
    ------
    InputError
        Where the declaration names what is not there.
    """
    found = claim.ours.value(bench)
    return Row(claim, found if isinstance(found, str) else float(found) / unit_scale(claim.unit))


def rows_of(paper: Paper, bench: Workbench) -> list[Row]:
    """Every claim of a paper, computed, in the paper's order."""
    return [compute(claim, bench) for claim in paper.claims]


def tally(rows: Iterable[Row]) -> dict[str, int]:
    """How many rows have each verdict."""
    return dict(Counter(row.verdict for row in rows))


def shown(value: Any) -> str:
    """A number, a range or words, for reading."""
    if isinstance(value, str):
        return value
    if not isinstance(value, (tuple, list)):
        return f"{value:,.0f}" if 1e4 <= abs(value) < 1e6 else f"{value:.4g}"
    low, high = value
    if low is None or high is None:
        return f"at most {shown(high)}" if low is None else f"at least {shown(low)}"
    ends = shown(low), shown(high)
    if low != high and ends[0] == ends[1]:  # an interval that narrow shows its digits
        ends = f"{low:.8g}", f"{high:.8g}"
    return ends[0] if low == high else " to ".join(ends)


def as_dict(row: Row) -> dict[str, Any]:
    """The row as plain data; numbers stay numbers, what is not said is absent.

    A range has "from" and "to", without the one at which it is open. A place that does not exist
    has no number.
    """
    claim = row.claim
    found = row.ours if isinstance(row.ours, str) or math.isfinite(row.ours) else None
    content = {
        "id": claim.id,
        "where": claim.where,
        "claim": claim.claim,
        "reading": claim.reading or None,
        "published": _plain(claim.published),
        "ours": found,
        "unit": claim.unit or None,
        "verdict": row.verdict,
        "expected": claim.expect,
        "within": _plain(claim.within),
        "reason": claim.reason,
        "cause": claim.cause or None,
    }
    return {key: value for key, value in content.items() if value is not None}


def table(rows: Iterable[Row]) -> str:
    """The rows as CSV with a header."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(row.cells() for row in rows)
    return stream.getvalue()


def _plain(value: Any) -> Any:
    """A number or text as it is, a range as its ends."""
    if not isinstance(value, tuple):
        return value
    ends = zip(("from", "to"), value, strict=True)
    return {name: end for name, end in ends if end is not None}


def _fits(value: Any, wanted: Any) -> bool:
    """Whether a number is in an interval, or a text is the one wanted."""
    if isinstance(wanted, str) or isinstance(value, str):
        return bool(value == wanted)
    low, high = wanted
    return bool((low is None or low <= value) and (high is None or value <= high))
