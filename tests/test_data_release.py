"""Declarations of public data sets: what is read, what is refused."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from loopback import FILES, PLUS, Toy, block, declare, toy_below

from cevns.datasets.release import Release, read_release
from cevns.datasets.store import fetch, require, verify
from cevns.errors import InputError


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Toy]:
    with toy_below(tmp_path, monkeypatch) as made:
        yield made


# --- unit: declarations ---------------------------------------------------------------------------


def test_unknown_data_set(toy: Toy) -> None:
    for use in (read_release, verify, require, fetch):
        with pytest.raises(InputError, match=r"'toyy'.*a known data set: toy.*did you mean 'toy'"):
            use("toyy")
    for name in ("../toy", "toy/", ".", "", "toy\0"):
        with pytest.raises(InputError, match="a known data set"):
            read_release(name)


@pytest.mark.parametrize("schema", [2, 0, True, "1", None, [1], 1.5])
def test_other_schema(toy: Toy, schema: object) -> None:
    declare(toy.declared, "toy", block(FILES), schema)
    with pytest.raises(InputError, match=r"toy/dataset.yaml: found .*schema.*, expected schema 1"):
        read_release("toy")


CLIMBING = ("../x", "a/../x", "/x", "./x", "x/.", "..", "a//x", "x/", "C:x", "a\\x", "~x", "%2e/x")
AWKWARD = (".x", "a/.x", "-x", "a/-x", "x\0", "x\n", " x", "x ", "", "x*", "x?", "é", "con|x")


@pytest.mark.parametrize("name", CLIMBING + AWKWARD)
@pytest.mark.parametrize("key", ["name", "remote"])
def test_names_that_are_refused(name: str, key: str) -> None:
    content = block({"x": b"1"})
    content["files"][0][key] = name
    with pytest.raises(InputError, match="a file name inside the folder") as caught:
        Release.check(content, "toy.release")
    assert caught.value.mistakes[0].path == f"toy.release.files[0].{key}"


@given(st.text("aA1._-+/\\~:% \0é", min_size=1, max_size=8))
def test_accepted_names_stay_inside(name: str) -> None:
    """property: whatever passes the schema is a place below the folder, and visible."""
    try:
        accepted = Release.check(block({name: b""}), "").files[0].name
    except InputError:
        return
    folder = Path("/data/toy")
    place = Path(os.path.normpath(folder / accepted))
    assert place != folder
    assert place.is_relative_to(folder)
    assert place.relative_to(folder).as_posix() == accepted
    assert not any(part.startswith(".") for part in accepted.split("/"))


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("mirrors", ["ftp://example.org/"], "a web address"),
        ("mirrors", ["file:///etc/"], "a web address"),
        ("mirrors", ["https://"], "a web address"),
        ("mirrors", ["https://me:secret@example.org/"], "a web address"),
        ("mirrors", ["https://example.org/?a=1"], "a web address"),
        ("mirrors", ["https://example.org/a b"], "a web address"),
        ("mirrors", ["https://[::1"], "a web address"),
        ("record", {"url": "doi:10.1/x"}, "a web address"),
        ("record", {"url": "https://example.org", "doi": "zenodo.1"}, "a DOI"),
        ("citation", [], "one entry more"),
        ("citation", [{"text": "A", "arxiv": 2110.0773}], "text"),
        ("citation", [{"text": "A", "arxiv": "hep-ph"}], "an arXiv number"),
        ("files", [], "one entry more"),
        ("files", 5, "a list"),
        ("licence", {"name": "CC0-1.0"}, "'confirmed'"),
        ("title", "", "one line of text"),
        ("title", "two\nlines", "one line of text"),
        ("extra", 1, "the unknown key 'extra'"),
    ],
)
def test_mistakes_in_a_release(key: str, value: object, said: str) -> None:
    with pytest.raises(InputError, match=said):
        Release.check(block(FILES) | {key: value}, "toy.release")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"bytes": -1}, "at least 0"),
        ({"bytes": "12"}, "a whole number"),
        ({"bytes": True}, "a whole number"),
        ({"sha256": "A" * 64}, "a SHA-256"),
        ({"sha256": "a" * 63}, "a SHA-256"),
        ({"name": PLUS.upper()}, "each file once"),
        ({"name": f"{PLUS}/x"}, "a folder that is a file"),
    ],
)
def test_mistakes_in_a_file(changes: dict[str, Any], said: str) -> None:
    content = block(FILES)
    content["files"][0] |= changes
    with pytest.raises(InputError, match=said):
        Release.check(content, "toy.release")


def test_no_release(toy: Toy) -> None:
    declare(toy.declared, "toy", None)
    with pytest.raises(InputError, match="toy: found no 'release'"):
        read_release("toy")


def test_files_in_a_table(toy: Toy) -> None:
    """A CSV beside the declaration says the same as a list."""
    content = block(FILES)
    declare(toy.declared, "list", content)
    declare(toy.declared, "table", content | {"files": "files.csv"})
    rows = [f"{one['name']},{one['bytes']},{one['sha256']}" for one in content["files"]]
    table = toy.declared / "table" / "files.csv"
    table.write_text("\n".join(["name,bytes,sha256", *rows, ""]), "utf-8")
    assert read_release("table") == read_release("list")
    table.write_text(
        "\n".join(["name,bytes,sha256,remote", *(f"{row},a/b" for row in rows)]), "utf-8"
    )
    assert [one.remote for one in read_release("table").files] == ["a/b"] * 3


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("files.csv", None, "which is not there"),
        ("../files.csv", "", "a CSV file beside"),
        ("sub/files.csv", "", "a CSV file beside"),
        ("files.csv", "", "which is no CSV"),
        ("files.csv", "name,size\n", "the header 'name,size'"),
        ("files.csv", 'name,bytes,sha256\n"x', "which is no CSV"),
        ("files.csv", "name,bytes,sha256\nx,1\n", "row 1: found 2 columns, expected 3"),
        ("files.csv", "name,bytes,sha256\nx,1.0,0\n", r"files\[0\].bytes: .*a whole number"),
        ("files.csv", "name,bytes,sha256\nx,,0\n", "no 'bytes'"),
        ("files.csv", "name,bytes,sha256\n", "one entry more"),
    ],
)
def test_mistakes_in_a_table(toy: Toy, name: str, text: str | None, said: str) -> None:
    declare(toy.declared, "toy", block(FILES, files=name))
    if text is not None:
        (toy.declared / "toy" / "files.csv").write_text(text, "utf-8")
    with pytest.raises(InputError, match=said):
        read_release("toy")
