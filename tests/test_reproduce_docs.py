"""The pages of docs/reproductions against what is computed now. kind: reference."""

from __future__ import annotations

import csv
import importlib.util
import io
from pathlib import Path
from types import ModuleType

import pytest

from cevns.reproductions.paper import names, read_paper
from cevns.reproductions.results import Row, rows_of

ROOT = Path(__file__).resolve().parents[1]
PAGES = ROOT / "docs" / "reproductions"


def script() -> ModuleType:
    """tools/write_reproductions.py as a module."""
    path = ROOT / "tools" / "write_reproductions.py"
    spec = importlib.util.spec_from_file_location("write_reproductions", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _same(text: str, row: Row) -> bool:
    """Whether a written value is today's.

    0.2 %: the digits shown, which another library version may round otherwise. What must vanish,
    and does to rounding, has no digits to compare.
    """
    if isinstance(row.ours, str) or isinstance(row.claim.within, str):
        return text == row.ours
    low, _ = row.claim.within  # type: ignore[misc]
    vanishes = low is None or low <= 0 <= abs(row.ours) < 1e-6
    written = float(text.replace(",", ""))
    return written == pytest.approx(row.ours, rel=2e-3, abs=1e-6 if vanishes else 0)


@pytest.mark.parametrize("name", names())
def test_the_table_is_that_of_today(name: str) -> None:
    written = list(csv.DictReader(io.StringIO((PAGES / f"{name}.csv").read_text("utf-8"))))
    rows = rows_of(*read_paper(name))
    assert len(written) == len(rows)
    for there, row in zip(written, rows, strict=True):
        assert _same(there.pop("ours"), row), row.claim.id
        now = row.cells()
        del now["ours"]
        assert there == now


@pytest.mark.parametrize("name", names())
def test_the_page_is_made_from_the_table(name: str) -> None:
    paper, _ = read_paper(name)
    content = (PAGES / f"{name}.csv").read_text("utf-8")
    assert (PAGES / f"{name}.md").read_text("utf-8") == script().page(paper, content)


def test_every_paper_has_its_page() -> None:
    """unit: and no page is left of a paper that is gone."""
    assert sorted(path.stem for path in PAGES.glob("*.md")) == names()
