"""What verbs share of their output: one JSON object, and a folder that is known to be usable."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

with_json = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object and nothing else."
)


def print_json(content: Mapping[str, Any]) -> None:
    """Plain data as one line on standard output."""
    from cevns.files import json_text

    click.echo(json_text(content))


def with_output(text: str, required: bool = False) -> Callable[[Any], Any]:
    """The option ``--output FOLDER``; files of an earlier run in the folder are replaced."""
    return click.option(
        "--output",
        metavar="DIRECTORY",
        type=click.Path(path_type=Path),
        callback=_usable_folder,
        required=required,
        help=text,
    )


def usable_file(_: click.Context, option: click.Parameter, path: Path | None) -> Path | None:
    """Refuse a file that could not be written, before anything is computed."""
    if path is not None:
        _refuse(option, path, _obstacle(path.parent, path), "a file that can be written")
    return path


def _usable_folder(_: click.Context, option: click.Parameter, folder: Path | None) -> Path | None:
    """The same for a folder."""
    if folder is not None:
        _refuse(option, folder, _obstacle(folder), "a folder that can be written to")
    return folder


def _refuse(option: click.Parameter, path: Path, reason: str, expected: str) -> None:
    from cevns.errors import InputError, Mistake

    if reason:
        raise InputError(Mistake(option.opts[0], f"{str(path)!r}: {reason}", expected))


def _obstacle(folder: Path, file: Path | None = None) -> str:
    """Why nothing, or not ``file``, can be written into ``folder``; "" where it can.

    Something is written and removed in what of the path is there: permissions do not tell of a
    file system that can be read only.
    """
    from tempfile import TemporaryFile

    try:
        if file is not None and file.is_dir():
            return "is a folder"
        there = _existing(folder)
        if not there.is_dir():
            return "is a file" if there == (file or folder) else f"{there} is a file"
        with TemporaryFile(dir=there):
            return ""
    except OSError as error:
        return (error.strerror or "cannot be used").lower()


def _existing(folder: Path) -> Path:
    """``folder``, or the nearest one above it that is there."""
    for one in (folder, *folder.parents):
        with suppress(FileNotFoundError, NotADirectoryError):
            os.lstat(one)
            return one
    return folder
