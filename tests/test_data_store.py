"""The files of public data sets on disk: where they lie and whether they are right."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from loopback import DEEP, FILES, FIRST, PLUS, Toy, sha256, toy_below

from cevns.datasets import store
from cevns.datasets.release import dataset_names, read_release
from cevns.datasets.store import data_folder, require, summary, verify
from cevns.errors import InputError


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Toy]:
    with toy_below(tmp_path, monkeypatch) as made:
        yield made


# --- unit: what is on disk ------------------------------------------------------------------------


def test_where_files_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CEVNS_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("CEVNS_CACHE", str(tmp_path / "cache"))
    assert data_folder("toy") == tmp_path / "data" / "toy"
    monkeypatch.setenv("CEVNS_DATA", "")
    assert data_folder("toy") == tmp_path / "cache" / "toy"
    monkeypatch.delenv("CEVNS_CACHE")
    monkeypatch.setattr("pooch.os_cache", lambda name: str(tmp_path / "user" / name))
    assert data_folder("toy") == tmp_path / "user" / "cevns" / "toy"


def test_verify(toy: Toy) -> None:
    assert summary(verify("toy")) == "absent"
    toy.place(counts=None)
    assert summary(verify("toy")) == "partial"
    assert [one.state for one in verify("toy")] == ["missing", "ok", "ok"]
    (toy.target / FIRST).mkdir()
    replace(toy, target=toy.target / "elsewhere").place(
        counts=FILES[FIRST][::-1], template=b"short"
    )
    assert [one.state for one in verify("toy")] == ["changed", "ok", "ok"]
    states = verify("toy", toy.target / "elsewhere")
    assert [one.state for one in states] == ["changed", "ok", "wrong size"]
    assert summary(states) == "changed"
    for one in (states[0], states[2]):
        said = str(one.mistake("toy", "cure"))
        assert f"{one.sha256}" in said
        assert one.file.sha256 in said
        assert one.sha256 != one.file.sha256
    (toy.target / FIRST).rmdir()
    toy.place()
    assert summary(verify("toy")) == "complete"


def test_require(toy: Toy) -> None:
    with pytest.raises(InputError, match=r"no such folder.*cevns data fetch toy.*CEVNS_DATA"):
        require("toy")
    toy.place(template=None, pdf=b"other")
    folder = require("toy")
    assert folder.read_bytes(FIRST) == FILES[FIRST]
    assert folder.read_text(FIRST) == FILES[FIRST].decode()
    assert folder.path(FIRST) == toy.target / FIRST
    for read in (folder.read_bytes, folder.path):
        with pytest.raises(InputError, match=r"no such file.*cevns data fetch toy"):
            read(DEEP)
        with pytest.raises(InputError, match=f"{sha256(b'other')}.*{sha256(FILES[PLUS])}.*--force"):
            read(PLUS)
        with pytest.raises(InputError, match=r"did you mean 'counts.txt'"):
            read("count.txt")
        with pytest.raises(InputError, match="a known file of toy"):
            read("../toy/counts.txt")
    toy.place()
    with pytest.raises(InputError, match="UTF-8"):
        folder.read_text(DEEP)


def test_file_that_is_exchanged_while_it_is_read(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only bytes with the right SHA-256 come out, even if the file was right a moment ago."""
    toy.place()
    look = store._look

    def exchange(*arguments: Any) -> Any:
        found = look(*arguments)
        (toy.target / FIRST).write_bytes(b"other")
        return found

    monkeypatch.setattr(store, "_look", exchange)
    with pytest.raises(InputError, match=sha256(b"other")):
        require("toy").read_bytes(FIRST)


# --- the data sets that are declared --------------------------------------------------------------

DECLARED = {
    "coherent-csi-2017": 8,
    "coherent-csi-2021": 8,
    "coherent-lar-2020": 21,
    "dresden-ii-2022": 2,
    "xenonnt-b8-2026": 1408,
}
"""Data set → number of files."""

SHARED = Path(os.environ.get("CEVNS_DATA") or Path(__file__).resolve().parents[2] / "shared/data")


def test_declared_names() -> None:
    """unit"""
    assert set(dataset_names()) >= set(DECLARED)


@pytest.mark.parametrize("name", DECLARED)
def test_declared_release(name: str) -> None:
    """unit: complete, over a secure connection, and overlaps are mutual."""
    made = read_release(name)
    assert len(made.files) == DECLARED[name]
    assert made.mirrors
    assert all(url.startswith("https://") for url in (*made.mirrors, made.record.url))
    assert all(url.endswith("/") for url in made.mirrors)
    for other in made.overlaps:
        assert name in read_release(other).overlaps


def test_shared_exposure() -> None:
    """unit: the data of 2021 hold those of 2017."""
    assert read_release("coherent-csi-2021").overlaps == ("coherent-csi-2017",)


@pytest.mark.parametrize("name", DECLARED)
def test_files_of_the_release(name: str) -> None:
    """reference: the files as they were obtained, and the SHA-256 written down with them."""
    folder = SHARED / name
    if not folder.is_dir():
        message = f"no {name} in the folder of public data (set CEVNS_DATA)"
        if os.environ.get("CEVNS_REQUIRE_DATA") == "1":
            pytest.fail(message)
        pytest.skip(message)
    assert {one.state for one in verify(name, folder)} == {"ok"}
    sums = folder / "SHA256SUMS"
    if sums.is_file():
        lines = [f"{one.sha256}  {one.name}" for one in read_release(name).files]
        assert sorted(sums.read_text("utf-8").splitlines()) == sorted(lines)
