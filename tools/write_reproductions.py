"""Write docs/reproductions/NAME.csv and NAME.md: published and ours for every paper done again.

Computes the claims in src/cevns/reproductions. Tests compare both files with what is computed
then. Usage: ``python tools/write_reproductions.py``.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from cevns.reproductions.paper import Paper, names, read_paper
from cevns.reproductions.results import rows_of, table

DOCS = Path(__file__).parents[1] / "docs" / "reproductions"

HEAD = """# {title}

{reference}. {summary}

Made by `tools/write_reproductions.py`; the tests compute every line again. *Agrees*: ours is what
is printed; *differs*: it is not, and why follows; –: there is only a figure or a formula, and ours
is where it must be for the reason given. See [reproductions](../reproductions.md).
"""

MARKS = {"agreement": "agrees", "mismatch": "**differs**", "not printed": "–"}


def page(paper: Paper, content: str) -> str:
    """The page that shows the table ``content`` (CSV) of a paper."""
    rows = list(csv.DictReader(io.StringIO(content)))
    head = HEAD.format(title=paper.title, reference=paper.reference, summary=paper.summary.strip())
    lines = [head.strip(), ""]
    lines += ["| where | claim | published | ours | | why |", "|---|---|---|---|---|---|"]
    lines += [_line(row) for row in rows]
    lines += ["", "## Figures", ""]
    lines += [f"- {spec.title}. {spec.note}".rstrip(". ") + "." for spec in paper.figures]
    tables = [f"- {spec.title}." for spec in paper.tables]
    absent = [f"- {text.strip()}" for text in paper.not_here]
    for heading, texts in (("Tables", tables), ("Not here", absent)):
        lines += ["", f"## {heading}", "", *texts] if texts else []
    return "\n".join(lines) + "\n"


def _line(row: dict[str, str]) -> str:
    unit = f" {row['unit']}" if row["unit"] else ""
    claim = row["claim"] + (f" *({row['reading']})*" if row["reading"] else "")
    published = f"{row['published']}{unit}" if row["published"] else ""
    why = row["cause"] or f"{row['reason']}; {row['within']}"
    cells = (row["where"], claim, published, f"{row['ours']}{unit}", MARKS[row["verdict"]], why)
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def main() -> None:
    """Compute and write the files of every paper."""
    DOCS.mkdir(exist_ok=True)
    for name in names():
        paper, bench = read_paper(name)
        content = table(rows_of(paper, bench))
        (DOCS / f"{name}.csv").write_text(content, "utf-8")
        (DOCS / f"{name}.md").write_text(page(paper, content), "utf-8")


if __name__ == "__main__":
    main()
