"""``cevns sample FILE``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cevns.cli.output import print_json, with_json, with_output

if TYPE_CHECKING:
    import numpy as np

    from cevns.config.study import Study
    from cevns.likelihood.channel import Channel
    from cevns.likelihood.joint import Likelihood

EPILOG = """\b
Examples:
  cevns sample FILE --output DIR --seed 1
  cevns sample FILE --output DIR --asimov        (the expectation itself)
  cevns sample FILE --output DIR --number 100    (near-001.csv ... near-100.csv)

A file is read again with 'data: {file: near.csv}'.
"""

_MOST = 1e15  # events in a cell: beyond, a float cannot count them


@click.command("sample", epilog=EPILOG)
@click.argument("file", type=click.Path(path_type=Path))
@with_output("Write one CSV file for each experiment (and toy) into this folder.", required=True)
@click.option("--seed", type=click.IntRange(0), help="Draw the same counts again; else random.")
@click.option(
    "--number", type=click.IntRange(1, 100_000), default=1, help="How many toys.", show_default=True
)
@click.option("--asimov", is_flag=True, help="Write the expectation, do not draw from it.")
@with_json
def command(
    file: Path, output: Path, seed: int | None, number: int, asimov: bool, as_json: bool
) -> None:
    """Toy counts from the prediction of each experiment of FILE: signal and backgrounds.

    Parameters are at the values of the file. Data that it names are not looked at, but for a
    public data set, whose files hold its backgrounds.
    """
    if asimov and (seed is not None or number > 1):
        raise click.UsageError("--asimov draws nothing: it goes without --seed and --number")
    from cevns.analysis import prediction_of
    from cevns.config.study import load
    from cevns.config.write import versions

    study = load(file)
    likelihood = prediction_of(study)
    _refuse_overflow(likelihood)
    seed = None if asimov else _fresh_seed() if seed is None else seed
    written = list(_write(study, likelihood, output, seed, number))
    result: dict[str, Any] = {"name": study.name, "asimov": asimov, "files": written}
    if seed is not None:
        result["seed"] = seed
    if as_json:
        result["versions"] = versions()
        print_json(result)
    else:
        _print(result)


def _fresh_seed() -> int:
    """A seed from the operating system, short enough to be typed."""
    from numpy.random import SeedSequence

    return int(SeedSequence().generate_state(1)[0])


def _refuse_overflow(likelihood: Likelihood) -> None:
    import numpy as np

    from cevns.errors import InputError, Mistake

    for channel in likelihood.channels:
        if not np.all(np.abs(channel.observed) < _MOST):
            where = f"experiments.{channel.name}" if channel.name else "exposure"
            found = "more events in a bin than can be counted"
            raise InputError(Mistake(where, found, f"fewer than {_MOST:g}"))


def _write(
    study: Study, likelihood: Likelihood, output: Path, seed: int | None, number: int
) -> Iterator[dict[str, Any]]:
    """Write all files; of each, what it is."""
    import numpy as np

    from cevns.files import write_text
    from cevns.likelihood.own import counts_text
    from cevns.progress import progress

    names = _file_names([channel.name for channel in likelihood.channels])
    with progress("toys", number) as advance:
        for toy in range(number):
            # The toys of a seed are the same, however many there are of them.
            sequence = np.random.SeedSequence(seed or 0, spawn_key=(toy,))
            generator = np.random.default_rng(sequence)
            for channel, name in zip(likelihood.channels, names, strict=True):
                counts = _counts(channel, None if seed is None else generator)
                suffix = f"-{toy + 1:0{len(str(number))}}" if number > 1 else ""
                path = output / f"{name}{suffix}.csv"
                total = float(np.sum(counts))
                said = _comments(study, channel, seed, f"{toy + 1} of {number}", total)
                write_text(path, counts_text(channel.cells, counts, said))
                yield {"path": str(path), "experiment": channel.name, "events": total}
            advance(1)


def _counts(channel: Channel, generator: np.random.Generator | None) -> Any:
    """What is expected, or counts drawn from it; a morphed template below zero holds nothing."""
    import numpy as np

    expected = np.maximum(channel.observed, 0.0)
    return expected if generator is None else channel.statistic.draw(expected, generator)


def _comments(
    study: Study, channel: Channel, seed: int | None, toy: str, total: float
) -> list[str]:
    from cevns.config.write import versions

    drawn = "the expectation itself (Asimov)" if seed is None else f"toy {toy}, seed {seed}"
    title = " ".join(f"{study.name} {channel.name}".split())
    return [
        f"Counts of {title}: {drawn}; {total:.8g} events",
        "made with " + ", ".join(f"{name} {number}" for name, number in versions().items()),
    ]


def _file_names(names: list[str]) -> list[str]:
    """A name for each that any file system takes, and no two the same."""
    found: list[str] = []
    for name in names:
        plain = re.sub(r"[^\w.-]", "_", name) or "counts"
        while plain.casefold() in (one.casefold() for one in found):
            plain += "_"
        found.append(plain)
    return found


def _print(result: dict[str, Any]) -> None:
    from cevns.display import report

    drawn = f"seed {result['seed']}" if "seed" in result else "the expectation itself"
    rows = [(Path(one["path"]).name, f"{one['events']:.8g}") for one in result["files"][:20]]
    report.show(report.table(f"{result['name']}: {drawn}", ("file", "events"), rows))
    if len(result["files"]) > len(rows):
        report.show(f"... and {len(result['files']) - len(rows)} more")
    report.show(f"Written: {Path(result['files'][0]['path']).parent}")
