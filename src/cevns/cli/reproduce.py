"""``cevns reproduce [NAME]``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cevns.cli.output import print_json, with_json, with_output

if TYPE_CHECKING:
    from cevns.reproductions.paper import Paper, TableSpec
    from cevns.reproductions.results import Row
    from cevns.reproductions.workbench import Workbench

EPILOG = """\b
Examples:
  cevns reproduce
  cevns reproduce scholberg-2006
  cevns reproduce scholberg-2006 --output output/scholberg --figures
  cevns reproduce scholberg-2006 --json
"""

_WIDE = 180  # characters of the table where nobody's window says how many
_NARROWEST = 110  # in a narrower window the lines of the table are broken
_MARKS = {"agreement": "agrees", "mismatch": "differs", "not printed": "–"}


@click.command("reproduce", epilog=EPILOG)
@click.argument("name", required=False)
@with_json
@with_output("Write the tables into this folder, and the figures with --figures.")
@click.option(
    "--figures",
    "with_figures",
    is_flag=True,
    help="Draw the figures too (PNG, SVG, their points as CSV).",
)
def command(name: str | None, as_json: bool, output: Path | None, with_figures: bool) -> None:
    """The numbers and figures of a paper, published and ours; without NAME the papers there are."""
    from cevns.errors import InputError, Mistake

    if name is None:
        _list(as_json)
        return
    if with_figures and output is None:
        raise InputError(Mistake("--figures", "no folder", "--output, the folder they go to"))
    from cevns.reproductions.paper import read_paper
    from cevns.reproductions.results import rows_of

    paper, bench = read_paper(name)
    rows = rows_of(paper, bench)
    result = _result(name, paper, rows)
    written = [] if output is None else _write(paper, bench, rows, result, output, with_figures)
    if as_json:
        print_json(result)
    else:
        _print(paper, bench, rows, written)


def _list(as_json: bool) -> None:
    from cevns.display import report
    from cevns.reproductions.paper import names, read_paper

    papers = {name: read_paper(name)[0] for name in names()}
    if as_json:
        content = [
            {"name": name, "title": paper.title, "reference": paper.reference}
            for name, paper in papers.items()
        ]
        print_json({"reproductions": content})
        return
    rows = [
        (name, paper.reference, len(paper.claims), len(paper.figures))
        for name, paper in papers.items()
    ]
    columns = ["name", "reference", "claims", "figures"]
    report.show(report.table("Reproductions", columns, rows, numeric=2))


def _result(name: str, paper: Paper, rows: list[Row]) -> dict[str, Any]:
    """The object of ``--json``."""
    from cevns.config.write import versions
    from cevns.reproductions.results import as_dict, tally

    return {
        "name": name,
        "title": paper.title,
        "reference": paper.reference,
        "claims": [as_dict(row) for row in rows],
        "tally": tally(rows),
        "not_here": list(paper.not_here),
        "versions": versions(),
    }


def _print(paper: Paper, bench: Workbench, rows: list[Row], written: list[Path]) -> None:
    from cevns.display import report
    from cevns.reproductions.results import shown, tally

    body = [
        (
            row.claim.where,
            f"{row.claim.claim}{f' [{row.claim.reading}]' if row.claim.reading else ''}",
            "" if row.claim.published is None else shown(row.claim.published),
            shown(row.ours),
            row.claim.unit,
            _MARKS[row.verdict],
            row.why,
        )
        for row in rows
    ]
    columns = ["where", "claim", "published", "ours", "unit", "", "why"]
    made = report.table(paper.reference, columns, body, numeric=len(columns))
    for column in made.columns:
        column.no_wrap = column.header.plain == "ours"
    made.columns[1].ratio, made.columns[-1].ratio, made.expand = 5, 4, True
    _show(made)
    for spec in paper.tables:
        header, *lines = _table_rows(bench.folder, spec)
        _show(report.table(spec.title, header, lines, numeric=len(header)))
    counts = ", ".join(f"{number} {verdict}" for verdict, number in tally(rows).items())
    report.show(f"{len(rows)} statements: {counts}.")
    report.show(*(f"Not here: {one}" for one in paper.not_here))
    if written:
        report.show(f"Written: {len(written)} files in {written[0].parent}")


def _show(made: Any) -> None:
    """A table in the width of the window; wide where there is none."""
    import sys

    from rich.console import Console

    window = Console().width if sys.stdout.isatty() else _WIDE
    Console(highlight=False, width=max(window, _NARROWEST)).print(made)


def _table_rows(folder: Path, spec: TableSpec) -> list[list[str]]:
    import csv

    lines = (folder / spec.file).read_text("utf-8").splitlines()
    return list(csv.reader(line for line in lines if not line.startswith("#")))


def _write(
    paper: Paper,
    bench: Workbench,
    rows: list[Row],
    result: dict[str, Any],
    output: Path,
    with_figures: bool,
) -> list[Path]:
    """Results, tables and figures; returns what was written."""
    from cevns.config.write import write_json
    from cevns.files import write_text
    from cevns.reproductions.results import table

    output.mkdir(parents=True, exist_ok=True)
    written = [output / "results.json", output / "claims.csv"]
    write_json(written[0], result)
    write_text(written[1], table(rows))
    for spec in paper.tables:
        written.append(output / f"{spec.id}.csv")
        write_text(written[-1], (bench.folder / spec.file).read_text("utf-8"))
    if with_figures:
        written.extend(_write_figures(paper, bench, output))
    return written


def _write_figures(paper: Paper, bench: Workbench, output: Path) -> list[Path]:
    from cevns.display.plot_reproduction import drawn, points, reproduction_figure
    from cevns.display.plot_style import save
    from cevns.files import write_text

    written = []
    for spec in paper.figures:
        panels = drawn(spec, bench)
        figure = reproduction_figure(spec, panels, spec.title)
        for suffix in ("png", "svg"):
            written.append(output / f"{spec.id}.{suffix}")
            save(figure, written[-1])
        written.append(output / f"{spec.id}.csv")
        write_text(written[-1], points(spec, panels))
    return written
