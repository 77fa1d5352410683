"""``cevns scan FILE``."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cevns.cli.output import print_json, with_json, with_output

if TYPE_CHECKING:
    from cevns.config.study import Study
    from cevns.errors import InputError
    from cevns.inference.outcome import Outcome
    from cevns.inference.plane import Grid
    from cevns.scan.plan import Plan
    from cevns.scan.run import Summary
    from cevns.sensitivity.evaluate import StudyGrid

EPILOG = """\b
Examples:
  cevns scan examples/fits/weak-mixing-angle.yaml --output output/s2w --processes 2
  cevns scan FILE --output DIR --shard 3/8      (one of eight jobs that share DIR)
  cevns scan FILE --output DIR                  (goes on where a stopped scan was)
"""

COARSE = (
    "The grid is coarse: where −2 Δ ln L is low it changes by more than two standard deviations "
    "from one point to the next. Ends may be off, and a solution between two points is not seen: "
    "take more points."
)
_MOST = 8  # lines about one thing
_FEWEST = 3  # points that a result stands on, where others failed


class Share(click.ParamType):  # type: ignore[type-arg]
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


with_processes = click.option(
    "--processes", type=click.IntRange(1, 1024), default=1, help="How many work side by side."
)
with_shard = click.option(
    "--shard",
    type=Share(),
    default=(1, 1),
    show_default="1/1",
    help="Compute one of N shares only; several jobs may share the folder.",
)


@click.command("scan", epilog=EPILOG)
@click.argument("file", type=click.Path(path_type=Path))
@with_json
@with_output(
    "Keep shards, the merged grid, results, limits, figures in this folder; resume from it."
)
@with_processes
@with_shard
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
    """Likelihood on a grid of parameters for the experiment file FILE.

    'scan: {parameters: {sin2_theta_w: [0.1, 0.4, 61]}, profile: all}' in the file names the axes,
    and what is fitted again at each point. A point that fails is a result too, and said.
    """
    from cevns.config.study import load
    from cevns.errors import InputError, Mistake
    from cevns.inference.plane import grid_of

    if shard != (1, 1) and output is None:
        raise InputError(Mistake("--shard", "no folder", "--output, the folder that jobs share"))
    study = load(file)
    grid = grid_of(study, exact)
    with ExitStack() as stack:
        folder = output or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        summary = computed(grid, folder, processes, shard, output is not None)
        if summary.missing:
            say_share(summary, folder, as_json)
            return 0
        outcome = _merged(grid, folder)
        result = _result(outcome)
        written = [] if output is None else _write(study, outcome, result, output)
    if as_json:
        print_json(result)
    else:
        _print(outcome, written)
    return 0


# --- the points -------------------------------------------------------------------------------


def computed(
    grid: Grid | StudyGrid, folder: Path, processes: int, shard: tuple[int, int], kept: bool
) -> Summary:
    """What is missing of the share, computed; Ctrl-C leaves what is done.

    Raises
    ------
    InputError
        Where most points of a finished scan failed: their limits would be none.
    """
    from cevns.inference.plane import scan_folder
    from cevns.progress import progress
    from cevns.scan.run import Interrupted, run

    plan, place = grid.plan(), scan_folder(folder)
    _check_folder(plan, place)
    try:
        with progress("scan", plan.count(shard)) as advance:
            summary = run(plan, grid.make(), place, processes, shard, advance)
    except Interrupted as stop:
        text = str(stop) if kept else "interrupted; nothing is kept without --output"
        raise click.ClickException(text) from None
    good = summary.points - summary.failed
    if summary.failed and not summary.missing and good < max(_FEWEST, summary.failed):
        raise _too_few(summary, place)
    return summary


def _too_few(summary: Summary, folder: Path) -> InputError:
    """How many points failed, and why most of them."""
    from collections import Counter

    from cevns.errors import InputError, Mistake
    from cevns.scan.manifest import read_manifest
    from cevns.scan.shards import read_shard

    manifest = read_manifest(folder)
    shards = (read_shard(folder, manifest, chunk) for chunk in range(manifest.plan.number))
    texts = Counter(text for one in shards if one for text in one.failures.values())
    ((reason, number),) = texts.most_common(1)
    found = f"{summary.failed} of {summary.points} points that could not be computed"
    expected = f"a grid that mostly can be; the reason of {number}: {reason}"
    return InputError(Mistake("scan", found, expected))


def _check_folder(plan: Plan, folder: Path) -> None:
    """Refuse a folder whose scan was made of something else, and say what."""
    from cevns.errors import InputError, Mistake
    from cevns.scan.manifest import NAME, read_manifest

    if not (folder / NAME).exists():
        return
    there = read_manifest(folder).plan
    if there.fingerprint == plan.fingerprint:
        return
    made, now = (json.loads(one.attributes.get("settings", "{}")) for one in (there, plan))
    mistakes = [
        Mistake(str(folder), f"a scan with {path}: {found}", f"{expected}, or another folder")
        for path, found, expected in _differences(made, now)
    ]
    if mistakes and made and now:
        raise InputError(mistakes[:_MOST])


def _differences(one: Any, two: Any, path: str = "") -> Iterator[tuple[str, str, str]]:
    """Place, value in ``one`` and value in ``two`` of what differs in plain data."""
    from cevns.errors import show

    if isinstance(one, Mapping) and isinstance(two, Mapping):
        for key in dict.fromkeys((*one, *two)):
            inner = f"{path}.{key}" if path else str(key)
            yield from _differences(one.get(key), two.get(key), inner)
    elif one != two:
        yield path, show(one), show(two)


def say_share(summary: Summary, folder: Path, as_json: bool) -> None:
    """A share is done and others are not: nothing to merge yet."""
    content = {"points": summary.points, "done": summary.done, "missing": summary.missing}
    if as_json:
        print_json(content)
        return
    there = f"{summary.done} of {summary.points} points are in {folder}"
    click.echo(f"{there}; run the other shares, or the same command without --shard.")


def _merged(grid: Grid, folder: Path) -> Outcome:
    from cevns.inference.outcome import outcome
    from cevns.inference.plane import scan_folder
    from cevns.scan.merge import merge, read

    return outcome(grid, read(merge(scan_folder(folder), folder / "scan.h5")))


# --- results ----------------------------------------------------------------------------------


def _result(outcome: Outcome) -> dict[str, Any]:
    """The object of ``--json``."""
    from cevns.config.write import versions

    return {**outcome.as_dict(), "versions": versions()}


def _write(study: Study, outcome: Outcome, result: Mapping[str, Any], output: Path) -> list[Path]:
    """Results, resolved configuration, limits along a mass and figure."""
    from cevns.config.write import write_config, write_json
    from cevns.display import plot_scan
    from cevns.display.plot_style import save
    from cevns.files import write_text
    from cevns.inference.raster import limits_text, raster_of

    written = [output / "results.json", write_config(study, output), output / "scan.h5"]
    write_json(written[0], result)
    raster = raster_of(outcome)
    if raster is not None:
        written.append(output / "limits.csv")
        write_text(written[-1], limits_text(raster))
    for name, figure in plot_scan.figures(outcome).items():
        for suffix in ("png", "svg"):
            written.append(output / f"{name}.{suffix}")
            save(figure, written[-1])
    return written


def _print(outcome: Outcome, written: list[Path]) -> None:
    from cevns.display import report

    report.show(*_tables(outcome), *_notes(outcome))
    if written:
        report.show("Written: " + ", ".join(str(path) for path in written))


def _tables(outcome: Outcome) -> Iterator[Any]:
    """Axes with the best point, then the levels with the intervals of a single parameter."""
    from cevns.display import report

    grid = outcome.grid
    points = " × ".join(str(size) for size in outcome.heights.shape)
    title = f"{grid.analysis.study.name}: scan of {points} points".removeprefix(": ")
    columns = ["parameter", "unit", "from", "to", "points", "spacing", "best"]
    yield report.table(title, columns, [_axis_row(outcome, a) for a in grid.axes], numeric=2)
    single = grid.line is not None
    rows = []
    for confidence, height in grid.levels:
        row = [f"{100 * confidence:.4g} %", f"{height:.3f}"]
        rows.append([*row, _shown_regions(outcome, height)] if single else row)
    what = f" of {grid.line}" if single else ""
    columns = ["confidence", "−2 Δ ln L", *(["interval"] if single else [])]
    yield report.table(f"Levels{what}, χ² with {freedom(grid.dof)}", columns, rows, numeric=0)


def _axis_row(outcome: Outcome, address: str) -> tuple[str, ...]:
    grid, parameter = outcome.grid, outcome.grid.likelihood.parameters[address]
    values = grid.axes[address] / parameter.scale
    best = outcome.best[address] / parameter.scale
    spacing = "log" if address in grid.logarithmic else "linear"
    ends = (f"{values[0]:.6g}", f"{values[-1]:.6g}", str(len(values)))
    return (address, parameter.unit, *ends, spacing, _digits(outcome, address, best))


def _digits(outcome: Outcome, address: str, value: float) -> str:
    """A value with three digits of the distance between points there."""
    import numpy as np

    from cevns.display.report_fit import rounded

    values = outcome.grid.axes[address] / outcome.grid.likelihood.parameters[address].scale
    if len(values) < 2:
        return rounded(value, 0.0)
    place = int(np.clip(np.searchsorted(values, value), 1, len(values) - 1))
    return rounded(value, float(values[place] - values[place - 1]))


def _shown_regions(outcome: Outcome, height: float) -> str:
    """The intervals at one level; an end that the scan does not reach is left open."""
    from cevns.inference.outcome import BELOW, below_the_axis, regions

    address = outcome.grid.line
    assert address is not None
    texts = [BELOW] if below_the_axis(outcome, height) else []
    for low, high in regions(outcome, height):
        ends = ["" if one is None else _digits(outcome, address, one) for one in (low, high)]
        if all(ends):
            texts.append(f"[{ends[0]}, {ends[1]}]")
        else:
            unbounded = everywhere(outcome.failures)
            texts.append(f"< {ends[1]}" if ends[1] else f"> {ends[0]}" if ends[0] else unbounded)
    return " or ".join(texts) or "none"


def freedom(dof: int) -> str:
    """Degrees of freedom, in words."""
    return f"{dof} degree{'s' if dof > 1 else ''} of freedom"


def everywhere(failures: Mapping[str, int]) -> str:
    """An interval without ends, in words: where points failed it may have had some."""
    return "no end among the points computed" if failures else "all of the grid"


def _notes(outcome: Outcome) -> Iterator[str]:
    from cevns.inference.outcome import coarse_line
    from cevns.inference.raster import raster_of

    grid = outcome.grid
    minimum = f"−2 ln(L/L_saturated) = {outcome.minimum:.3f} at the best point"
    if outcome.fitted:
        yield f"{minimum}, which is from a fit."
    elif outcome.without:
        yield f"{minimum}, at zero, which is lower than all of the logarithmic axis."
    else:
        yield f"{minimum}, the lowest of the grid; a fit would end at its edge, or did not succeed."
    if grid.profiled:
        kind = "" if grid.morphed else ", the signal folded again at every step"
        yield f"Profiled at each point{kind}: {', '.join(grid.profiled)}"
    else:
        yield "Nothing is profiled: all other parameters are held."
    raster = raster_of(outcome)
    if raster is not None:
        where = f"{raster.address} at each {raster.along} (limits.csv)"
        best = "the lowest point there" if outcome.at_zero is None else "the lowest point or zero"
        yield f"Limits on {where}: χ² with {freedom(raster.dof)}, above {best}."
        if raster.edges:
            rows = f"{raster.edges} of {len(grid.axes[raster.along])} values of {raster.along}"
            yield f"At {rows} the lowest point is at an edge of the axis: better ones may follow."
    if coarse_line(outcome) or (raster is not None and raster.coarse):
        yield COARSE
    failed, points = sum(outcome.failures.values()), math.prod(outcome.heights.shape)
    if failed:
        yield f"Failed: {failed} of {points} points"
    reasons = list(outcome.failures.items())
    for reason, number in reasons[:_MOST]:
        yield f"  {number} of them: {reason}"
    if reasons[_MOST:]:
        yield f"  {len(reasons) - _MOST} more reasons are in scan.h5 and in --json"
