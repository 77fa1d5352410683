"""``cevns sensitivity FILE``."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cevns.cli.output import print_json, with_json, with_output
from cevns.cli.scan import (
    COARSE,
    computed,
    everywhere,
    freedom,
    say_share,
    with_processes,
    with_shard,
)

if TYPE_CHECKING:
    from cevns.inference.outcome import Region
    from cevns.sensitivity.design import Design
    from cevns.sensitivity.result import Sensitivity

EPILOG = """\b
Examples:
  cevns sensitivity examples/sensitivity/nsi-neon.yaml --output output/nsi
  cevns sensitivity examples/sensitivity/threshold.yaml --json
  cevns sensitivity FILE --output DIR --processes 2   (goes on where a stopped one was)
"""

_MOST = 8  # lines about one thing
_ROWS = 12  # of a table along an axis


@click.command("sensitivity", epilog=EPILOG)
@click.argument("file", type=click.Path(path_type=Path))
@with_json
@with_output("Keep the grid, results, contours (CSV) and figures in this folder; resume from it.")
@with_processes
@with_shard
def command(
    file: Path, as_json: bool, output: Path | None, processes: int, shard: tuple[int, int]
) -> int:
    """What the experiments of FILE would learn: the data are what FILE itself predicts.

    'study' in the file says how they are compared, 'scan' on which grid: 'parameters' for regions
    and limits, 'settings' (a threshold, an exposure, ...) for what the study is repeated with.
    """
    from cevns.config.study import load
    from cevns.errors import InputError, Mistake
    from cevns.sensitivity.design import design_of
    from cevns.sensitivity.evaluate import StudyGrid

    if shard != (1, 1) and output is None:
        raise InputError(Mistake("--shard", "no folder", "--output, the folder that jobs share"))
    design = design_of(load(file))
    grid = StudyGrid(design)
    grid.try_out()
    with ExitStack() as stack:
        folder = output or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        summary = computed(grid, folder, processes, shard, output is not None)
        if summary.missing:
            say_share(summary, folder, as_json)
            return 0
        made = _merged(design, folder)
        result = _result(made)
        written = [] if output is None else _write(made, result, output)
    if as_json:
        print_json(result)
    else:
        _print(made, written)
    return 0


def _merged(design: Design, folder: Path) -> Sensitivity:
    from cevns.inference.plane import scan_folder
    from cevns.scan.merge import merge, read
    from cevns.sensitivity.result import sensitivity

    return sensitivity(design, read(merge(scan_folder(folder), folder / "scan.h5")))


def _result(made: Sensitivity) -> dict[str, Any]:
    """The object of ``--json``."""
    from cevns.config.write import versions

    return {**made.as_dict(), "versions": versions()}


def _write(made: Sensitivity, result: Mapping[str, Any], output: Path) -> list[Path]:
    """Results, resolved configuration, tables and figures."""
    from cevns.config.write import write_config, write_json
    from cevns.display import plot_sensitivity
    from cevns.display.plot_style import save
    from cevns.files import write_text

    config = write_config(made.design.file, output)
    written = [output / "results.json", config, output / "scan.h5"]
    write_json(written[0], result)
    for name, text in _texts(made):
        written.append(output / f"{name}.csv")
        write_text(written[-1], text)
    for name, figure in plot_sensitivity.figures(made).items():
        for suffix in ("png", "svg"):
            written.append(output / f"{name}.{suffix}")
            save(figure, written[-1])
    return written


def _texts(made: Sensitivity) -> Iterator[tuple[str, str]]:
    """Name and content of the tables that there are."""
    from cevns.sensitivity.result import contours_text, counts_text, limits_text

    if made.has_plane:
        yield "contours", contours_text(made)
    if made.lines is not None:
        yield "limits", limits_text(made)
    if not made.design.axes:
        yield "counts", counts_text(made)


# --- on the screen ------------------------------------------------------------------------------


def _print(made: Sensitivity, written: list[Path]) -> None:
    from cevns.display import report

    report.show(*_tables(made), *_notes(made))
    if written:
        report.show("Written: " + ", ".join(str(path) for path in written))


def _tables(made: Sensitivity) -> Iterator[Any]:
    """The axes, then regions, limits or counts."""
    from cevns.display import report

    design = made.design
    points = " × ".join(str(size) for size in made.shape)
    title = f"{design.study.name}: sensitivity on {points} points".removeprefix(": ")
    columns = ["axis", "unit", "from", "to", "points", "spacing", "nominal"]
    yield report.table(title, columns, [_axis_row(design, a) for a in design.names], numeric=2)
    if not design.axes:
        yield _counts_table(made)
    elif made.lines is not None:
        yield _limits_table(made)
    else:
        yield _levels_table(made)


def _axis_row(design: Design, name: str) -> tuple[str, ...]:
    values, (unit, scale) = design.shown(name), design.unit(name)
    spacing = "log" if name in design.logarithmic else "linear"
    nominal = f"{design.nominal[name] / scale:.6g}" if name in design.nominal else ""
    return (name, unit, f"{values[0]:.6g}", f"{values[-1]:.6g}", str(len(values)), spacing, nominal)


def _levels_table(made: Sensitivity) -> Any:
    """How much of the grid each region covers."""
    import numpy as np

    from cevns.display import report

    rows: list[tuple[str, ...]] = []
    for systematic, heights in made.surfaces.items():
        for confidence, height in made.design.levels:
            share = np.count_nonzero(heights <= height) / heights.size
            row = (f"{100 * systematic:.4g} %", f"{100 * confidence:.4g} %")
            rows.append((*row, f"{height:.3f}", f"{100 * share:.3g} %"))
    columns = ["systematic", "confidence", "level", "allowed part of the grid"]
    return report.table(f"Regions, χ² with {freedom(made.design.dof)}", columns, rows, numeric=0)


def _limits_table(made: Sensitivity) -> Any:
    """Allowed intervals, at a dozen values of what they are along."""
    from cevns.display import report
    from cevns.inference.outcome import column_title

    assert made.lines is not None
    design, (address, others) = made.design, made.lines
    unbounded = everywhere(made.failures)
    places = math.prod(len(design.shown(name)) for name in others)
    rows: list[tuple[str, ...]] = []
    for systematic, heights in made.surfaces.items():
        for confidence, height in design.limit_levels:
            shares = (f"{100 * systematic:.4g} %", f"{100 * confidence:.4g} %")
            every = list(zip(made.rows(heights, height), made.beside(heights, height), strict=True))
            for (at, found), beside in every[:: _step(len(every))]:
                shown = [_shown(region, unbounded) for region in found or ()]
                texts = " or ".join([beside, *shown] if beside else shown)
                nothing = "not computed" if found is None else "none"
                rows.append((*shares, *(f"{one:.5g}" for one in at), texts or nothing))
    along = [column_title(name, design.unit(name)[0]) for name in others]
    allowed = column_title(f"allowed {address}", design.unit(address)[0])
    title = f"Limits, χ² with {freedom(design.limit_dof)}{_left_out(places, 'limits.csv')}"
    columns = ["systematic", "confidence", *along, allowed]
    return report.table(title, columns, rows, numeric=0)


def _step(rows: int) -> int:
    """One of how many rows is shown."""
    return max(1, math.ceil(rows / _ROWS))


def _left_out(rows: int, table: str) -> str:
    """What the heading says of a table that does not show all rows."""
    step = _step(rows)
    if step == 1:
        return ""
    return f"; one row of every {step}, all {rows} are in {table} (--output)"


def _shown(region: Region, unbounded: str) -> str:
    low, high = ("" if one is None else f"{one:.4g}" for one in region)
    if low and high:
        return f"[{low}, {high}]"
    return f"< {high}" if high else f"> {low}" if low else unbounded


def _counts_table(made: Sensitivity) -> Any:
    """Expected counts along the settings; a dozen rows."""
    import numpy as np

    from cevns.display import report
    from cevns.inference.outcome import column_title
    from cevns.sensitivity.design import SIGNIFICANCE

    design, precisions = made.design, made.design.precisions
    kept = [n for n in design.columns if n == "total" or np.any(made.columns[n] > 0)]
    shown = [design.shown(name) for name in design.settings]
    rows: list[tuple[str, ...]] = []
    indices = list(np.ndindex(*made.shape))
    for index in indices[:: _step(len(indices))]:
        at = [f"{own[i]:.5g}" for own, i in zip(shown, index, strict=True)]
        values = {name: float(made.columns[name][index]) for name in kept}
        cells = [
            f"{v:.3g}" if name == SIGNIFICANCE else f"{v:.2%}" if name in precisions else _events(v)
            for name, v in values.items()
        ]
        rows.append((*at, *cells))
    titles = {SIGNIFICANCE: "significance [σ]"}
    for name, systematic in precisions.items():
        shown_too = f", systematic {100 * systematic:.4g} %" if len(precisions) > 1 else ""
        titles[name] = f"± of the signal{shown_too}"
    along = [column_title(name, design.unit(name)[0]) for name in design.settings]
    title = f"Expected events{_left_out(len(indices), 'counts.csv')}"
    return report.table(title, [*along, *(titles.get(n, n) for n in kept)], rows, numeric=0)


def _events(value: float) -> str:
    from cevns.display import report

    return report.events(value) if math.isfinite(value) else ""


_STATISTIC = {
    "counts": "χ² of the number of events",
    "spectrum": "Bins of the spectrum",
    "ratio": "χ² of the ratio of two samples",
}


def _notes(made: Sensitivity) -> Iterator[str]:
    design = made.design
    if design.axes:
        yield f"{_STATISTIC[design.observable]}, against what the nominal point predicts."
    if made.has_plane and made.lines is not None:
        yield f"Contours in the plane: χ² with {freedom(design.dof)}."
    if made.coarse:
        yield COARSE
    if design.profiled:
        yield f"Profiled: {', '.join(design.profiled)}"
    if design.constrained:
        yield f"Scanned under a prior: {', '.join(design.constrained)}"
    if design.held:
        yield f"Held, though with a prior (scan.profile): {', '.join(design.held)}"
    failed = sum(made.failures.values())
    if failed:
        yield f"Failed: {failed} of {math.prod(made.shape)} points"
    for reason, number in list(made.failures.items())[:_MOST]:
        yield f"  {number} of them: {reason}"
