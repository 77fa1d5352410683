"""``cevns fit FILE``."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cevns.cli.output import print_json, usable_file, with_json, with_output

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from cevns.analysis import Analysis
    from cevns.inference.cross_section import MeasuredCrossSection
    from cevns.inference.fit import Fit

    Found = dict[str, MeasuredCrossSection]
    """Data set → its cross-section, for those that have one."""

EPILOG = """\b
Examples:
  echo "data: coherent-csi-2021" > csi.yaml
  cevns fit csi.yaml
  cevns fit csi.yaml --json
  cevns fit csi.yaml --output output/csi
"""


@click.command("fit", epilog=EPILOG)
@click.argument("file", type=click.Path(path_type=Path))
@with_json
@with_output(
    "Write results, resolved configuration and figures into this folder, over earlier ones."
)
@click.option(
    "--pyhf",
    "pyhf_path",
    type=click.Path(path_type=Path),
    metavar="FILE",
    callback=usable_file,
    help="Also write the likelihood as a HistFactory workspace (JSON), as pyhf reads it.",
)
def command(file: Path, as_json: bool, output: Path | None, pyhf_path: Path | None) -> int:
    """Fit the data of the experiment file FILE: parameters, components, significance.

    'data' in the file is a public data set ('cevns data list') or a file of counts;
    'fit: {parameters: [...]}' is what to fit, the strength of the signal where it is absent.
    Leaves with exit code 1 where the minimum was not found.
    """
    from cevns.analysis import analysis_of
    from cevns.config.study import load
    from cevns.inference.fit import fit

    analysis = analysis_of(load(file))
    with _working("fitting"):
        found = fit(analysis.likelihood, analysis.interest)
    cross_sections = _cross_sections(analysis, found)
    result = _result(analysis, found, cross_sections)
    written = _write(analysis, found, result, output) if output is not None else []
    if pyhf_path is not None:
        written.append(_export(found, pyhf_path))
    if as_json:
        print_json(result)
    else:
        _print(analysis, found, cross_sections, written)
    for text in _doubts(found):
        click.echo(f"warning: {text}", err=True)
    if not found.minimum.converged:
        text = "warning: the fit did not converge; its numbers are where it stopped"
        click.echo(text, err=True)
        return 1
    return 0


def _doubts(found: Fit) -> Iterator[str]:
    """What a reader of the result should know."""
    parameters = found.likelihood.parameters
    for other in found.others:
        values = ", ".join(
            f"{a} = {other.at(a) / parameters[a].scale:.4g} {parameters[a].unit}".rstrip()
            for a in found.interest
        )
        above = max(other.value - found.minimum.value, 0.0)
        yield f"another minimum at {values}, {above:.2g} higher in −2 ln L"
    minimum = found.minimum
    if minimum.converged and minimum.degenerate:
        yield _not_told_apart(minimum.degenerate)
    for address in minimum.on_kinks:
        value = f"{minimum.at(address) / parameters[address].scale:.6g} {parameters[address].unit}"
        where = f"{address} is best on the edge of a bin, {value}".rstrip()
        yield f"{where}, where −2 ln L has a kink: no error is given"
    yield from _relative(found)


def _not_told_apart(degenerate: Mapping[str, float]) -> str:
    """Which parameters are degenerate; of two, what their correlation is."""
    names = list(degenerate)
    if len(names) == 1:
        return f"the data do not tell {names[0]}: no errors are given"
    first, *rest = degenerate.values()
    correlation = f"{math.copysign(1, first * rest[0]):+g}" if len(names) == 2 else "±1"
    apart = f"the data cannot tell {', '.join(names)} apart"
    return f"{apart} (correlation {correlation.replace('-', '−')}): no errors are given"


def _relative(found: Fit) -> Iterator[str]:
    """What a share is that was fitted, where the others did not move with it."""
    parameters, minimum = found.likelihood.parameters, found.minimum
    for address in found.interest:
        if parameters[address].share:
            block = address.rpartition(".")[0]
            others = [a for a, p in parameters.items() if p.share and a.rpartition(".")[0] == block]
            total = sum(minimum.at(one) for one in others)
            share = f"{minimum.at(address) / total:.4g}"
            yield f"{address} is relative: of the sum {total:.4g} of its block it is {share}"


def _export(found: Fit, path: Path) -> Path:
    """The workspace; says what HistFactory has no form for."""
    from cevns.inference.export import write_workspace

    parameters = found.likelihood.parameters
    for address, value in write_workspace(path, found.minimum, found.interest[0]).items():
        shown = f"{value / parameters[address].scale:.6g} {parameters[address].unit}".rstrip()
        click.echo(f"{address} is held at its best value, {shown}, in {path}", err=True)
    return path


def _working(text: str) -> Any:
    """Something that moves on standard error while somebody watches."""
    from rich.console import Console

    return Console(stderr=True).status(text)


def _cross_sections(analysis: Analysis, found: Fit) -> Found:
    from cevns.inference.cross_section import measured_cross_section

    experiments = analysis.study.experiments
    first = {one.experiment: one for one in reversed(found.likelihood.channels)}
    each = {
        name: measured_cross_section(found, channel, experiments[name])
        for name, channel in first.items()
    }
    return {name: one for name, one in each.items() if one is not None}


def _result(analysis: Analysis, found: Fit, cross_sections: Found) -> dict[str, Any]:
    """The object of ``--json``."""
    from cevns.config.write import versions
    from cevns.inference.result import as_dict

    result = as_dict(found, analysis.study.name)
    for name, one in cross_sections.items():
        inside = name and "experiments" in result
        place = result["experiments"].setdefault(name, {}) if inside else result
        place["cross_section"] = one.as_dict()
    return {**result, "versions": versions()}


def _print(analysis: Analysis, found: Fit, cross_sections: Found, written: list[Path]) -> None:
    from cevns.display import report
    from cevns.display.report_fit import fit_tables

    titles = {name: one.name for name, one in analysis.study.experiments.items()}
    shown = {titles[name] or name or "counts": one for name, one in cross_sections.items()}
    report.show(*fit_tables(found, analysis.study.name, shown))
    if written:
        report.show("Written: " + ", ".join(str(path) for path in written))


def _write(analysis: Analysis, found: Fit, result: dict[str, Any], output: Path) -> list[Path]:
    """Results and resolved configuration first: figures may take longer than the fit."""
    from cevns.config.write import write_config, write_json
    from cevns.display.plot_style import save

    output.mkdir(parents=True, exist_ok=True)
    written = [output / "results.json", write_config(analysis.study, output)]
    write_json(written[0], result)
    for name, figure in _figures(found):
        for suffix in ("png", "svg"):
            written.append(output / f"{name}.{suffix}")
            save(figure, written[-1])
    return written


def _figures(found: Fit) -> Iterator[tuple[str, Figure]]:
    """File name and figure, of everything that a fit has to show."""
    from cevns.display import plot_fit

    for channel in found.likelihood.channels:
        yield _file_name("data", channel.name), plot_fit.data_figure(channel, found)
    if len(found.likelihood.floating) > 2:
        yield "correlation", plot_fit.correlation_figure(found)
    yield from _profiles(found)


def _profiles(found: Fit) -> Iterator[tuple[str, Figure]]:
    """The profile and the impacts of every parameter of interest, with interpolated shapes."""
    import numpy as np

    from cevns.display import plot_fit
    from cevns.inference.minimum import minimise
    from cevns.inference.profile import impacts, profile, profile_range
    from cevns.progress import progress

    likelihood = found.likelihood.with_(morphed=True)
    start = dict(zip(likelihood.floating, found.minimum.values.tolist(), strict=True))
    minimum = minimise(likelihood, start)
    interpolated = _interpolates(found)
    with progress("profiles and impacts", 2 * len(found.interest)) as advance:
        for address in found.interest:
            points = profile_range(minimum, address, ends=found.intervals[address])
            if np.all(np.isfinite(points)) and points[-1] > points[0]:
                curve = profile(minimum, address, points.tolist())
                drawn = plot_fit.profile_figure(curve, found, interpolated)
                yield _file_name("profile", address), drawn
            advance(1)
            moved = impacts(minimum, address)
            if moved or found.variations:
                drawn = plot_fit.impact_figure(address, moved, found, interpolated)
                yield _file_name("impacts", address), drawn
            advance(1)


def _interpolates(found: Fit) -> bool:
    """Whether interpolated shapes differ from folded ones: a nuisance moves the apparatus."""
    contributions = (one for c in found.likelihood.channels for one in c.contributions)
    return any(getattr(one, "modes", None) for one in contributions)


def _file_name(kind: str, name: str) -> str:
    """A name that any file system takes, for a name of the user's."""
    return re.sub(r"[^\w.-]", "_", f"{kind}-{name}" if name else kind)
