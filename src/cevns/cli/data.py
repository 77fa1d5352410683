"""``cevns data``: which public data sets there are, and their files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from cevns.cli.output import print_json, with_json

if TYPE_CHECKING:
    from cevns.datasets.release import Release
    from cevns.datasets.store import Outcome

EPILOG = """\b
Examples:
  cevns data list
  cevns data fetch coherent-csi-2021
  cevns data fetch --all --offline
  cevns data verify coherent-csi-2021 --json

\b
CEVNS_DATA=FOLDER   the files lie in FOLDER/NAME, and nowhere else
CEVNS_CACHE=FOLDER  another place for what is fetched than the user's cache
CEVNS_OFFLINE=1     attempt no connection
"""
_SHOWN = 5  # problems of one data set that are said one by one


class Commands(click.Group):
    """A group that names the nearest command where it does not know one."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        name = args[0] if args else ""
        if name and not name.startswith("-") and name not in self.commands:
            from cevns.errors import unknown_name

            raise unknown_name("data", name, self.commands, "command")
        return super().resolve_command(ctx, args)


@click.group("data", cls=Commands, epilog=EPILOG, invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """Public data sets: list them, fetch their files, verify them.

    No file of a data set is part of the package. Every file is declared with its SHA-256 and is
    checked against it whenever it is read.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@command.command("list")
@with_json
def list_(as_json: bool) -> None:
    """The data sets, and what of them is here."""
    from cevns.datasets.release import dataset_names, read_release

    rows = [_row(name, read_release(name)) for name in dataset_names()]
    if as_json:
        print_json({"datasets": rows})
        return
    from cevns.display import report

    columns = ["name", "here", "title", "licence", "files", "size"]
    body = [
        [
            *(row["name"], row["state"], row["title"]),
            *(_licence(**row["licence"]), row["files"], _size(row["bytes"])),
        ]
        for row in rows
    ]
    report.show(report.table("Public data sets", columns, body, numeric=4))


def _row(name: str, release: Release) -> dict[str, Any]:
    """One data set as plain data."""
    from cevns.datasets.store import data_folder, summary, verify

    return {
        "name": name,
        "title": release.title,
        "summary": release.summary,
        "files": len(release.files),
        "bytes": release.size,
        "state": summary(verify(name)),
        "folder": str(data_folder(name)),
        "citation": [one.model_dump(exclude_none=True) for one in release.citation],
        "licence": release.licence.model_dump(exclude_none=True),
        "record": release.record.model_dump(exclude_none=True),
        "hashed": release.hashed,
        "not_included": list(release.not_included),
        "overlaps": list(release.overlaps),
    }


def _licence(name: str, confirmed: bool, **_: object) -> str:
    return name if confirmed else f"{name} (not confirmed)"


def _size(number: int) -> str:
    return f"{number / 1e6:.1f} MB" if number >= 1e6 else f"{number / 1e3:.0f} kB"


@command.command("fetch")
@click.argument("names", metavar="NAME...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every data set.")
@click.option("--offline", is_flag=True, help="Attempt no connection: say what is missing.")
@click.option("--force", is_flag=True, help="Replace files that are there with other content.")
@with_json
def fetch(
    names: tuple[str, ...], everything: bool, offline: bool, force: bool, as_json: bool
) -> int:
    """Download the files of data sets.

    Each is checked against its SHA-256 before it is put into its place. What is right already is
    left alone; what is there with other content is refused.
    """
    from cevns.datasets import store
    from cevns.datasets.release import dataset_names, read_release
    from cevns.errors import InputError, Mistake

    if everything == bool(names):
        found = "names and --all" if everything else "no name"
        raise InputError(Mistake("data fetch", found, "names of data sets, or --all"))
    releases = {name: read_release(name) for name in _checked(names or dataset_names())}
    results = {}
    for name, release in releases.items():
        with _progress(name, release) as tell:
            results[name] = store.fetch(name, offline=offline or None, force=force, report=tell)
    good = all(one.good for outcomes in results.values() for one in outcomes)
    if as_json:
        sets = {name: _fetched(name, outcomes) for name, outcomes in results.items()}
        print_json({"fetched": good, "datasets": sets})
    else:
        for name, outcomes in results.items():
            _say_fetched(_fetched(name, outcomes), releases[name])
    return 0 if good else 1


@contextmanager
def _progress(name: str, release: Release) -> Iterator[Callable[[Outcome], None]]:
    """A bar on standard error where somebody watches it."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    hidden = not console.is_terminal
    with Progress(console=console, transient=True, disable=hidden) as bar:
        task = bar.add_task(name, total=release.size)
        yield lambda outcome: bar.advance(task, outcome.file.bytes)


def _fetched(name: str, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """What a fetch did, as plain data."""
    from cevns.datasets.store import data_folder

    actions = [one.action for one in outcomes]
    counts = {action: actions.count(action) for action in ("present", "fetched")}
    problems = [
        {"file": one.file.name, "problem": one.action, "text": one.reason}
        for one in outcomes
        if not one.good
    ]
    there = {"name": name, "folder": str(data_folder(name)), "files": len(outcomes)}
    return {**there, **counts, "problems": problems}


def _say_fetched(result: dict[str, Any], release: Release) -> None:
    from cevns.display import report

    name, here = result["name"], result["present"] + result["fetched"]
    text = f"{name}: {here} of {result['files']} files in {result['folder']}"
    report.show(f"{text} ({result['fetched']} fetched, {result['present']} there already)")
    if not result["problems"]:
        licence = _licence(release.licence.name, release.licence.confirmed)
        report.show(f"  cite {'; '.join(one.text for one in release.citation)}")
        report.show(f"  licence {licence}; SHA-256 of {release.hashed}")
    _say_problems(result)


@command.command("verify")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@with_json
def verify(names: tuple[str, ...], as_json: bool) -> int:
    """Compare files with their SHA-256.

    Without NAME, those of every data set. Leaves with exit code 1 if a file is missing or changed.
    """
    from cevns.datasets.release import dataset_names

    results = [_verified(name) for name in _checked(names or dataset_names())]
    good = not any(result["problems"] for result in results)
    if as_json:
        print_json({"verified": good, "datasets": {one["name"]: one for one in results}})
        return 0 if good else 1
    from cevns.display import report

    for result in results:
        text = f"{result['ok']} of {result['files']} files right in {result['folder']}"
        report.show(f"{result['name']}: {text}")
        _say_problems(result)
    return 0 if good else 1


def _verified(name: str) -> dict[str, Any]:
    """What a check found, as plain data."""
    from cevns.datasets.store import data_folder, verify

    states = verify(name)
    again = f"cevns data fetch {name}"
    problems = [
        {
            "file": one.file.name,
            "problem": one.state,
            "text": str(one.mistake("", again if one.state == "missing" else f"{again} --force")),
            "found": {"bytes": one.bytes, "sha256": one.sha256},
            "expected": {"bytes": one.file.bytes, "sha256": one.file.sha256},
        }
        for one in states
        if one.state != "ok"
    ]
    there = {"name": name, "folder": str(data_folder(name)), "files": len(states)}
    return {**there, "ok": len(states) - len(problems), "problems": problems}


def _checked(names: Sequence[str]) -> list[str]:
    """The names, each once; every unknown one is told at once."""
    from cevns.datasets.release import dataset_names
    from cevns.errors import InputError, unknown_name

    known = dataset_names()
    wrong = [unknown_name("", name, known, "data set") for name in names if name not in known]
    if wrong:
        raise InputError([mistake for error in wrong for mistake in error.mistakes])
    return list(dict.fromkeys(names))


def _say_problems(result: dict[str, Any]) -> None:
    """The problems of one data set on standard error, one line each, not hundreds."""
    from cevns.errors import printable

    problems = result["problems"]
    for one in problems[:_SHOWN]:
        click.echo(printable(f"{result['name']}/{one['file']}: {one['text']}"), err=True)
    if len(problems) > _SHOWN:
        click.echo(f"{result['name']}: and {len(problems) - _SHOWN} files more", err=True)
