"""What was released: the ``release`` block of a public data set's ``dataset.yaml``.

A data set is a folder beside this file. Its declaration says what was published, by whom, under
which licence, where the official record is, and the size and SHA-256 of every file. The files
themselves are never part of the package; `cevns.datasets.store` fetches and checks them.

.. code-block:: yaml

   schema: 1
   release:
     title: COHERENT CsI[Na], full data set, 2021
     summary: event lists, PDFs of the backgrounds
     citation: [{text: "D. Akimov et al., Phys. Rev. Lett. 129, 081801 (2022)"}]
     licence: {name: not stated, confirmed: false}
     record: {url: "https://arxiv.org/abs/2110.07730v2"}
     mirrors: ["https://example.org/csi/"]
     hashed: the copy of the mirror; not compared with the record
     files: [{name: brnPE.txt, bytes: 4081, sha256: "0000b0…"}]

Where there are many files, ``files`` names a CSV beside the declaration, with the header
``name,bytes,sha256`` or ``name,bytes,sha256,remote``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from cevns.errors import InputError, Mistake, show, unknown_name
from cevns.spec import Spec, mistake

FOLDER = Path(__file__).parent
"""Where the declarations lie, one folder each."""

SCHEMA = 1
"""The version of the layout of ``dataset.yaml`` that is read here."""

DECLARATION = "dataset.yaml"
_COLUMNS = ("name", "bytes", "sha256", "remote")
_REQUIRED = 3  # of these columns
# Letters that mean the same on every system and need no care in a shell; no part of a name starts
# with a dot or a hyphen, so that a name can neither climb out of its folder nor hide in it.
_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*(/[A-Za-z0-9_][A-Za-z0-9_.+-]*)*", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_DOI = re.compile(r"10\.[0-9]{4,9}/[!-~]+", re.ASCII)
_ARXIV = re.compile(r"[0-9]{4}\.[0-9]{4,5}(v[0-9]+)?", re.ASCII)


def _matching(pattern: re.Pattern[str], expected: str) -> AfterValidator:
    """Annotation of text that must match as a whole."""

    def check(text: str) -> str:
        if not pattern.fullmatch(text):
            raise mistake(show(text), expected)
        return text

    return AfterValidator(check)


def _check_url(text: str) -> str:
    """A web address that names a place and nothing else: no password, no query."""
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
        extra = parts.username is not None or parts.query or parts.fragment
    except ValueError:
        good, extra = False, ""
    if not good or extra or not text.isascii() or not text.isprintable() or " " in text:
        raise mistake(show(text), "a web address, http:// or https://")
    return text


Line = Annotated[str, _matching(re.compile(r"\S(.*\S)?"), "one line of text")]
FileName = Annotated[
    str, _matching(_FILE_NAME, "a file name inside the folder: letters, digits and _ . + - /")
]
Sha256 = Annotated[str, _matching(_SHA256, "a SHA-256: 64 digits 0 to 9, a to f")]
Doi = Annotated[str, _matching(_DOI, "a DOI (10.5281/zenodo.1228631)")]
Arxiv = Annotated[str, _matching(_ARXIV, "an arXiv number in quotes ('2110.07730')")]
Url = Annotated[str, AfterValidator(_check_url)]
Size = Annotated[int, Field(strict=True, ge=0)]


class Citation(Spec):
    """One reference to cite."""

    text: Line
    doi: Doi | None = None
    arxiv: Arxiv | None = None


class Licence(Spec):
    """The licence of the data; ``confirmed`` where it was read in the release itself."""

    name: Line
    confirmed: bool
    note: Line | None = None


class Record(Spec):
    """The official place of the release."""

    url: Url
    doi: Doi | None = None


class DataFile(Spec):
    """One file: its name here, size, SHA-256, and its name on the mirrors where that differs."""

    name: FileName
    bytes: Size
    sha256: Sha256
    remote: FileName | None = None


def _check_files(files: tuple[DataFile, ...]) -> tuple[DataFile, ...]:
    """Every file has a place of its own, also where capitals do not count."""
    seen: set[str] = set()
    for file in files:
        folded = file.name.lower()
        if folded in seen:
            raise mistake(f"{show(file.name)} twice (capitals do not count)", "each file once")
        seen.add(folded)
    for file in files:
        inside = [str(folder) for folder in PurePosixPath(file.name.lower()).parents]
        if not seen.isdisjoint(inside):
            raise mistake(f"{show(file.name)} in a folder that is a file", "a folder or a file")
    return files


class Release(Spec):
    """What was released.

    Attributes
    ----------
    title, summary : one line each.
    citation : what to cite.
    licence, record : of the data, as far as known.
    mirrors : base addresses below which files of exactly these bytes lie, best first.
    hashed : whose bytes the SHA-256 are of.
    files : every file.
    not_included : what the official release holds beyond ``files``.
    overlaps : data sets that share exposure with this one and are not independent of it.
    """

    title: Line
    summary: Line
    citation: Annotated[tuple[Citation, ...], Field(min_length=1)]
    licence: Licence
    record: Record
    mirrors: tuple[Url, ...] = ()
    hashed: Line
    files: Annotated[tuple[DataFile, ...], Field(min_length=1), AfterValidator(_check_files)]
    not_included: tuple[Line, ...] = ()
    overlaps: tuple[Line, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(file.bytes for file in self.files)


def dataset_names() -> tuple[str, ...]:
    """The data sets that are declared, in alphabetical order."""
    return tuple(sorted(path.parent.name for path in FOLDER.glob(f"*/{DECLARATION}")))


def read_declaration(name: str) -> dict[str, Any]:
    """The whole declaration of the data set ``name``, as plain data; only its schema is checked.

    Raises
    ------
    InputError
        If there is no such data set, or its declaration is of another schema or no plain YAML.
    """
    from cevns.yaml_reader import read_file

    if name not in dataset_names():
        raise unknown_name("", name, dataset_names(), "data set")
    data = read_file(FOLDER / name / DECLARATION)
    schema = data.get("schema")
    if isinstance(schema, bool) or schema != SCHEMA:
        found = "no 'schema'" if schema is None else f"schema {show(schema)}"
        where = f"{name}/{DECLARATION}"
        raise InputError(Mistake(where, found, f"schema {SCHEMA}, the one this version reads"))
    return data


def read_release(name: str) -> Release:
    """What the data set ``name`` released.

    Raises
    ------
    InputError
        With every mistake of the block, or the nearest name if there is no such data set.
    """
    data = read_declaration(name)
    where = f"{name}.release"
    block = data.get("release")
    if not isinstance(block, Mapping):
        found = "no 'release'" if block is None else show(block)
        raise InputError(Mistake(name, found, "a block 'release'"))
    files = block.get("files")
    if isinstance(files, str):
        block = {**block, "files": _read_files(name, files, f"{where}.files")}
    return Release.check(block, where)


def _read_files(name: str, file: str, where: str) -> list[dict[str, Any]]:
    """The rows of the CSV ``file`` beside the declaration, to be validated as a list would be."""
    import csv

    if not _FILE_NAME.fullmatch(file) or "/" in file:
        raise InputError(Mistake(where, show(file), f"a CSV file beside {DECLARATION}"))
    try:
        text = (FOLDER / name / file).read_text("utf-8")
        header, *rows = csv.reader(text.splitlines(), strict=True)
    except FileNotFoundError:
        raise InputError(Mistake(where, f"{show(file)}, which is not there", "a file")) from None
    except (UnicodeDecodeError, csv.Error, ValueError):
        raise InputError(Mistake(where, f"{show(file)}, which is no CSV", "a CSV file")) from None
    if tuple(header) not in (_COLUMNS, _COLUMNS[:_REQUIRED]):
        found = f"the header {show(','.join(header))}"
        raise InputError(Mistake(where, found, ",".join(_COLUMNS)))
    return [_row(header, row, f"{where} row {i}") for i, row in enumerate(rows, 1)]


def _row(header: Sequence[str], row: Sequence[str], where: str) -> dict[str, Any]:
    if len(row) != len(header):
        raise InputError(Mistake(where, f"{len(row)} columns", f"{len(header)} columns"))
    entry: dict[str, Any] = {key: value for key, value in zip(header, row, strict=True) if value}
    if re.fullmatch("[0-9]{1,18}", entry.get("bytes", ""), re.ASCII):
        entry["bytes"] = int(entry["bytes"])
    return entry
