"""``cevns``: the entry point. Verbs are loaded when they are called."""

from __future__ import annotations

import gc
import importlib
import os
import sys
import warnings
from typing import Any

import click

VERBS = {
    "predict": "Expected counts, spectrum and figure from an experiment file.",
    "fit": "Parameters, their errors and the significance from data.",
    "scan": "Likelihood of data on a grid of parameters, resumable.",
    "sensitivity": "What an experiment would learn: regions, limits, reach against a setting.",
    "sample": "Toy counts drawn from a prediction, to be fitted.",
    "cross-section": "Differential, total and flux-averaged cross-sections.",
    "reproduce": "The numbers and figures of a paper, published and ours.",
    "list": "What there is: sources, interactions, targets, ..., parameters FILE.",
    "data": "Public data sets: list, fetch and verify their files.",
}

HELP = """Coherent elastic neutrino-nucleus scattering.

Predict what a detector sees from an experiment file, fit it to data, or ask for a cross-section.

\b
Examples:
  cevns predict examples/scholberg-2006-argon.yaml
  cevns predict examples/coherent-csi-2021.yaml --output output/csi
  cevns fit examples/fits/signal-csi-2021.yaml
  cevns cross-section Ar40 --energy "30 MeV"
  cevns list parameters examples/coherent-csi-2021.yaml
"""


def _load_plugins(_: click.Context, __: click.Parameter, files: tuple[str, ...]) -> None:
    if files:
        from pathlib import Path

        from cevns import plugins

        plugins.add(map(Path, files))


_PLUGIN = click.Option(
    ["--plugin"],
    multiple=True,
    is_eager=True,
    expose_value=False,
    callback=_load_plugins,
    metavar="FILE.py",
    help="Run this Python file first: its interactions and sources can be named.",
)
_WITHOUT_PLUGINS = ("cross-section", "reproduce", "data")
"""Verbs that name no interaction and no source of a user; all others have ``_PLUGIN``."""


class Verbs(click.Group):
    """A group whose commands live in modules of their own."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in VERBS:
            return None
        module = importlib.import_module(f"cevns.cli.{name.replace('-', '_')}")
        command: click.Command = module.command
        if name not in _WITHOUT_PLUGINS and _PLUGIN not in command.params:
            command.params.append(_PLUGIN)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of verbs, without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        name = args[0] if args else ""
        if name and not name.startswith("-") and name not in VERBS:
            from cevns.errors import InputError, Mistake, nearest

            expected = f"a command: {', '.join(VERBS)}"
            raise InputError(Mistake("", repr(name), expected, nearest(name, VERBS)))
        return super().resolve_command(ctx, args)


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from cevns import __version__

        click.echo(f"cevns {__version__}")
        ctx.exit()


@click.group(
    cls=Verbs,
    help=HELP,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Show the version and leave.",
)
@click.pass_context
def cli(context: click.Context) -> None:
    """Without a verb: the help."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def run(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code: 0, 1 (failed) or 2 (bad input).

    Mistakes of the user go to standard error, one line each. Anything else that is raised is a
    defect of the package and is called an internal error.
    """
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _warn
            result = cli.main(args=arguments, prog_name="cevns", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.UsageError as error:
        _say(error.format_message())
        return 2
    except click.ClickException as error:
        _say(error.format_message())
        return 1
    except (click.Abort, KeyboardInterrupt):
        _say("interrupted")
        return 1
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123 - for the interpreter's last flush
        return 1
    except Exception as error:
        return _failure(error)


def _warn(message: Warning | str, *_: Any, **__: Any) -> None:
    """A doubt about the input, as one line on standard error."""
    _say(f"warning: {message}")


def _failure(error: Exception) -> int:
    from cevns.errors import InputError

    if isinstance(error, InputError):
        for mistake in error.mistakes:
            _say(str(mistake))
        return 2
    if isinstance(error, OSError):
        what = error.filename or "a file"
        _say(f"{what}: {(error.strerror or 'cannot be used').lower()}")
        return 1
    if isinstance(error, MemoryError):
        _say("out of memory: the experiment has too many bins")
        return 1
    if os.environ.get("CEVNS_DEBUG"):
        raise error
    text = " ".join(str(error).split())[:200]
    _say(f"internal error: {type(error).__name__}: {text} (CEVNS_DEBUG=1 shows where)")
    return 1


def _say(text: str) -> None:
    from cevns.errors import printable

    click.echo(printable(" ".join(text.split("\n"))), err=True)


def main() -> None:
    """The console script."""
    # Imports make many objects that stay: looking for cycles among them every 700 objects
    # would take 7 % of a prediction.
    gc.set_threshold(100_000)
    sys.exit(run())
