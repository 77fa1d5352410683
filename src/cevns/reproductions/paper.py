"""What a paper says: its claims, each with how it is computed, and its figures.

The folder of a paper holds ``paper.yaml`` (what it is, its tables), ``claims.yaml`` and
``figures.yaml``, beside experiment files and small tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from cevns.errors import InputError, show, unknown_name
from cevns.reproductions import (  # noqa: F401 - they add to the vocabulary
    algebra,
    changes,
    neutrinos,
    precision,
    series,
    studies,
)
from cevns.reproductions.computations import Computed
from cevns.reproductions.figures import FigureSpec, Id, Unit
from cevns.reproductions.lines import Line
from cevns.reproductions.workbench import Workbench
from cevns.spec import (
    BLOCK,
    WORD,
    WORD_OR_BLOCK,
    ExistingFile,
    Number,
    Spec,
    mistake,
    mistakes_of,
)
from cevns.yaml_reader import read_file

FOLDER = Path(__file__).parent
"""Where the papers lie, one folder each."""

DECLARATION = "paper.yaml"
PARTS = (DECLARATION, "claims.yaml", "figures.yaml")
Verdict = Literal["agreement", "mismatch", "not printed"]


Interval = Annotated[tuple[Number | None, ...], Field(min_length=2, max_length=2)]
"""[lowest, highest]; an end that is absent (null) is open."""
Printed = Annotated[Annotated[Number | str, WORD] | Annotated[Interval, BLOCK], WORD_OR_BLOCK]
"""A number, a range, or words."""


class Claim(Spec):
    """One statement of a paper.

    Attributes
    ----------
    where : str
        Section, equation, figure or footnote.
    claim : str
        What it says, in our words.
    reading : str
        Which reading of an ambiguous statement this is.
    published : number, [low, high] or text, optional
        What is printed, in ``unit``; absent where there is only a figure.
    ours : computation
    within : [low, high] or text
        Where ours must lie, for the ``reason`` given; the text that ours must be.
    expect : {"agreement", "mismatch", "not printed"}
        Whether ours is what is printed; a mismatch has a ``cause``.
    """

    id: Id
    where: str
    claim: str
    reading: str = ""
    published: Printed | None = None
    unit: Unit = ""
    ours: Computed
    within: Printed
    reason: str
    expect: Verdict = "agreement"
    cause: str = ""

    @model_validator(mode="after")
    def _explained(self) -> Self:
        if (self.published is None) != (self.expect == "not printed"):
            raise mistake(f"expect {self.expect!r}", "'not printed' exactly where nothing is")
        if (self.expect == "mismatch") != bool(self.cause):
            raise mistake(f"expect {self.expect!r}", "a 'cause' exactly for a mismatch")
        if isinstance(self.within, (int, float)):
            raise mistake(show(self.within), "[lowest, highest], or text")
        return self


class TableSpec(Spec):
    """A table of the paper that is data: a CSV file of its own."""

    id: Id
    title: str
    file: ExistingFile


class Paper(Spec):
    """The content of the declarations in a folder."""

    title: str
    reference: str
    summary: str
    not_here: tuple[str, ...] = ()
    lines: dict[str, Line] = Field(default_factory=dict)
    numbers: dict[str, Computed] = Field(default_factory=dict)
    claims: tuple[Claim, ...]
    tables: tuple[TableSpec, ...] = ()
    figures: tuple[FigureSpec, ...]

    @model_validator(mode="after")
    def _names_once(self) -> Self:
        for kind in (self.claims, self.tables, self.figures):
            ids = [one.id for one in kind]
            twice = sorted({name for name in ids if ids.count(name) > 1})
            if twice:
                raise mistake(f"{twice[0]!r} twice", "each id once")
        return self


def names() -> list[str]:
    """The papers there are."""
    return sorted(path.parent.name for path in FOLDER.glob(f"*/{DECLARATION}"))


def read_paper(name: str) -> tuple[Paper, Workbench]:
    """The declarations of the paper ``name`` and its experiments.

    Raises
    ------
    InputError
        If there is no such paper, or where its declaration is not as it should be.
    """
    if name not in names():
        raise unknown_name("", name, names(), "reproduction")
    folder = FOLDER / name
    content: dict[str, Any] = {}
    for part in PARTS:
        content.update(read_file(folder / part))
    paper = _validated(content, folder, name)
    return paper, Workbench(folder, paper.lines, paper.numbers)


def _validated(content: Mapping[str, Any], folder: Path, shown: str) -> Paper:
    try:
        return Paper.model_validate(content, context={"file": True, "directory": folder})
    except ValidationError as error:
        raise InputError(mistakes_of(error, shown, content)) from None
