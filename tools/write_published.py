"""Write docs/published.csv and docs/published.md: ours beside every published number.

Computes the claims of all data sets (src/cevns/datasets/*/claims.yaml), so it needs their files
(``cevns data fetch``, or CEVNS_DATA). Tests compare both files with what is computed then. Usage:
``python tools/write_published.py``.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from cevns.datasets.claims import all_claims
from cevns.datasets.release import read_release
from cevns.published import compute, table

DOCS = Path(__file__).parents[1] / "docs"

HEAD = """# Published and ours

Every number that a data set of this package has published and that is computed here, made by
`tools/write_published.py` from [published.csv](published.csv); `tests/test_published.py` computes
each again. *Ours must lie in* is what the test asks for, with the reason; *why not the same* is the
likely cause of a difference. Nothing is tuned to agree.
"""


def page(content: str) -> str:
    """The page that shows the table ``content`` (CSV), one section for each data set."""
    rows = list(csv.DictReader(io.StringIO(content)))
    lines = [HEAD.strip(), ""]
    for dataset in dict.fromkeys(row["dataset"] for row in rows):
        lines += [f"## {read_release(dataset).title}", ""]
        lines += ["| quantity | published | ours | difference | ours must lie in | reference |"]
        lines += ["|---|---|---|---|---|---|"]
        own = [row for row in rows if row["dataset"] == dataset]
        lines += [_row(row) for row in own]
        reasons = [f"- *{row['title']}*: {_why(row)}" for row in own if row["cause"]]
        if reasons:
            lines += ["", "Why not the same:", "", *reasons]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _row(row: dict[str, str]) -> str:
    unit = f" {row['unit']}" if row["unit"] else ""
    published = f"{row['published']}{_error(row)}{unit}"
    within = row["within_low"]
    if row["within_high"] != within:
        within = f"{within} to {row['within_high']}"
    difference = "" if float(row["difference_percent"]) == 0 else f"{row['difference_percent']} %"
    cells = (
        *(row["title"], published, f"{row['ours']}{unit}", difference),
        *(f"{within} ({row['reason']})", row["reference"]),
    )
    return "| " + " | ".join(cells) + " |"


def _error(row: dict[str, str]) -> str:
    down, up = row["error_down"], row["error_up"]
    if not down:
        return ""
    return f" ± {up}" if float(up) == -float(down) else f" +{up} {down}"


def _why(row: dict[str, str]) -> str:
    return row["cause"] if row["cause"].endswith(".") else f"{row['cause']}."


def main() -> None:
    """Compute and write both files."""
    content = table(compute(dataset, claim) for dataset, claim in all_claims())
    (DOCS / "published.csv").write_text(content, "utf-8")
    (DOCS / "published.md").write_text(page(content), "utf-8")


if __name__ == "__main__":
    main()
