"""``cevns scan FILE``."""

from __future__ import annotations

import json
import math
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from cevns.config.study import Study
    from cevns.inference.plane import Grid, Outcome
    from cevns.scan.run import Summary

EPILOG = """\b
Examples:
  cevns scan examples/weak-mixing-angle.yaml --output output/s2w --processes 2
  cevns scan FILE --output DIR --shard 3/8      (one of eight jobs that share DIR)
  cevns scan FILE --output DIR                  (goes on where a stopped scan was)
"""


class _Share(click.ParamType):  # type: ignore[type-arg]
    """i/N: which of N runs this is."""

    name = "i/N"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[int, int]:
        if isinstance(value, tuple):
            return value
        first, _, second = str(value).partition("/")
        if not (first.isascii() and first.isdigit() and second.isascii() and second.isdigit()):
            self.fail(f"{value!r}, expected i/N such as 3/8", param, ctx)
        share = int(first), int(second)
        if not 1 <= share[0] <= share[1]:
            self.fail(f"{value!r}, expected i/N with i from 1 to N", param, ctx)
        return share


@click.command("scan", epilog=EPILOG)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep shards, the merged grid, results and figures in this folder; resume from it.",
)
@click.option(
    "--processes", type=click.IntRange(1, 1024), default=1, help="How many work side by side."
)
@click.option(
    "--shard",
    type=_Share(),
    default=(1, 1),
    show_default="1/1",
    help="Compute one of N shares only; several jobs may share the folder.",
)
@click.option(
    "--exact", is_flag=True, help="Fold the signal again at every step instead of morphing it."
)
def command(
    file: Path,
    as_json: bool,
    output: Path | None,
    processes: int,
    shard: tuple[int, int],
    exact: bool,
) -> int:
    """Likelihood on a grid of parameters for the experiment file FILE."""
    from cevns.config.study import load
    from cevns.errors import InputError, Mistake
    from cevns.inference.plane import grid_of

    if shard != (1, 1) and output is None:
        raise InputError(Mistake("--shard", "no folder", "--output, the folder that jobs share"))
    study = load(file)
    grid = grid_of(study, exact)
    with ExitStack() as stack:
        folder = output or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        summary = _run(grid, folder, processes, shard)
        if summary.missing:
            _say_share(summary, folder, as_json)
            return 0
        outcome = _merged(grid, folder)
        written = [] if output is None else _write(study, outcome, output)
    result = _result(outcome)
    if as_json:
        click.echo(json.dumps(result, allow_nan=False, ensure_ascii=False))
    else:
        _print(outcome, written)
    return 0


def _run(grid: Grid, folder: Path, processes: int, shard: tuple[int, int]) -> Summary:
    """What is missing of the share, computed; Ctrl-C leaves what is done."""
    from cevns.inference.plane import scan_folder
    from cevns.progress import progress
    from cevns.scan.run import Interrupted, run

    plan = grid.plan()
    try:
        with progress("scan", plan.count(shard)) as advance:
            return run(plan, grid.make(), scan_folder(folder), processes, shard, advance)
    except Interrupted as stop:
        raise click.ClickException(str(stop)) from None


def _say_share(summary: Summary, folder: Path, as_json: bool) -> None:
    """A share is done and others are not: nothing to merge yet."""
    content = {"points": summary.points, "done": summary.done, "missing": summary.missing}
    if as_json:
        click.echo(json.dumps(content))
        return
    there = f"{summary.done} of {summary.points} points are in {folder}"
    click.echo(f"{there}; run the other shares, or the same command without --shard.")


def _merged(grid: Grid, folder: Path) -> Outcome:
    from cevns.inference.plane import outcome, scan_folder
    from cevns.scan.merge import merge, read

    return outcome(grid, read(merge(scan_folder(folder), folder / "scan.h5")))


def _result(outcome: Outcome) -> dict[str, Any]:
    from cevns.config.write import versions

    return {**outcome.as_dict(), "versions": versions()}


def _write(study: Study, outcome: Outcome, output: Path) -> list[Path]:
    """Results, resolved configuration and figure."""
    from cevns import plot_scan
    from cevns.config.write import write_config, write_json
    from cevns.plot_style import save

    written = [output / "results.json", write_config(study, output), output / "scan.h5"]
    write_json(written[0], _result(outcome))
    for name, figure in plot_scan.figures(outcome).items():
        for suffix in ("png", "svg"):
            written.append(output / f"{name}.{suffix}")
            save(figure, written[-1])
    return written


def _print(outcome: Outcome, written: list[Path]) -> None:
    from cevns import report

    table = outcome.grid.likelihood.parameters
    rows = [
        f"{address}: best {outcome.best[address] / table[address].scale:.5g} "
        f"{table[address].unit}".rstrip()
        for address in outcome.grid.axes
    ]
    points = math.prod(outcome.heights.shape)
    report.show(f"{outcome.grid.analysis.study.name}: {points} points", *rows)
    if written:
        report.show("Written: " + ", ".join(str(path) for path in written))
