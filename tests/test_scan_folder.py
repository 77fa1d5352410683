"""Folders of scans, the shards in them, and the one labelled file made of them."""

from __future__ import annotations

import errno
import itertools
import json
import os
import random
import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scan_workers as workers

from cevns.errors import InputError
from cevns.scan.manifest import NAME, open_directory
from cevns.scan.merge import MISSING, OK, merge, read
from cevns.scan.plan import Axis, Column, fingerprint
from cevns.scan.run import run
from cevns.scan.shards import FOLDER, read_shard, shard_name

# --- kind: unit (folders) -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "found", "expected"),
    [
        ({"chunk": 8}, "a scan in chunks of 7 points", "of 8"),
        ({"seed": 1}, "a scan with the seed 0", "1"),
        ({"fingerprint": "b"}, "a scan with other settings (fingerprint )", "b"),
        (
            {"columns": (Column("statistic"), Column("draw", "keV"))},
            "a scan of the columns statistic [], draw []",
            "statistic [], draw [keV]",
        ),
        (
            {"axes": (Axis("eps", "", 1.0, [1.0]),)},
            "a scan over eps, mass",
            "eps",
        ),
        (
            {"axes": (workers.plan().axes[0], Axis("mass", "keV", 1.0, [1.0, 2.0]))},
            "a scan with mass at 9 values 0.1 … 10 keV",
            "2 values 1 … 2 keV",
        ),
    ],
)
def test_the_folder_of_another_plan(
    tmp_path: Path, changes: Mapping[str, Any], found: str, expected: str
) -> None:
    """unit: refused with what differs; nothing is touched."""
    run(workers.plan(), workers.make_bowl, tmp_path, shard=(1, 4))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*")}
    with pytest.raises(InputError) as error:
        run(workers.plan(**changes), workers.make_bowl, tmp_path)
    message = f"{tmp_path}: found {found}, expected {expected}, or another folder"
    assert str(error.value) == message
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*")} == before


def _edit(folder: Path, **changes: Any) -> None:
    content = json.loads((folder / NAME).read_text("utf-8"))
    (folder / NAME).write_text(json.dumps({**content, **changes}), "utf-8")


def test_results_of_another_version_are_not_mixed_in(tmp_path: Path) -> None:
    """unit: a result says one version."""
    run(workers.plan(), workers.make_bowl, tmp_path, shard=(1, 4))
    _edit(tmp_path, versions={"cevns": "0.0.1"})
    with pytest.raises(InputError, match=r"found a scan made with cevns 0\.0\.1, expected"):
        run(workers.plan(), workers.make_bowl, tmp_path)


def test_last_digits_of_an_axis_do_not_matter(tmp_path: Path) -> None:
    """unit: another processor's logarithm is no other plan."""
    run(workers.plan(), workers.make_bowl, tmp_path, shard=(1, 2))
    axes = [
        Axis(axis.address, axis.unit, axis.scale, np.nextafter(np.asarray(axis.values), 9.0))
        for axis in workers.plan().axes
    ]
    assert run(workers.plan(axes=axes), workers.make_bowl, tmp_path).missing == 0


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format": "other"}', "\x00\xff", "null"])
def test_a_manifest_that_cannot_be_read(tmp_path: Path, text: str) -> None:
    """unit: it is neither believed nor overwritten."""
    (tmp_path / NAME).write_text(text, "utf-8")
    for attempt in (
        lambda: run(workers.plan(), workers.make_bowl, tmp_path),
        lambda: merge(tmp_path, tmp_path / "scan.h5"),
    ):
        with pytest.raises(InputError, match=r"manifest\.json: found a file that cannot be read"):
            attempt()
    assert (tmp_path / NAME).read_text("utf-8") == text


def test_damaged_shards_are_missing(tmp_path: Path) -> None:
    """property: cut short anywhere, emptied, of another chunk or of another plan; computed again.

    A shard is cut at 60 random lengths; the whole one is the check that it was the cut.
    """
    plan = workers.plan(fingerprint="a")
    run(plan, workers.make_bowl, tmp_path / "other")
    run(workers.plan(), workers.make_bowl, tmp_path / "ours")
    ours = tmp_path / "ours"
    content = merge(ours, tmp_path / "whole.h5").read_bytes()
    manifest = open_directory(workers.plan(), ours)
    first, second, third = workers.shards(ours)[:3]
    whole = first.read_bytes()
    lengths = [0, 1, len(whole) - 1, *random.Random(1).sample(range(len(whole)), 60)]
    assert read_shard(ours, manifest, 0) is not None
    for length in lengths:
        first.write_bytes(whole[:length])
        assert read_shard(ours, manifest, 0) is None
    shutil.copyfile(workers.shards(ours)[5], second)
    shutil.copyfile(tmp_path / "other" / FOLDER / third.name, third)
    with pytest.raises(InputError, match="found 21 of 108 points missing"):
        merge(ours, tmp_path / "again.h5")
    steps: list[int] = []
    run(workers.plan(), workers.make_bowl, ours, progress=steps.append)
    assert steps == [workers.SIZE - 21, 7, 7, 7]
    assert merge(ours, tmp_path / "again.h5").read_bytes() == content


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """unit: the shards before it stay, there is no half one, the error names the file."""
    bring_to_disk, calls = os.fsync, itertools.count()

    def full(descriptor: int) -> None:
        if next(calls) >= 4:  # the manifest and three shards
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        bring_to_disk(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left on device") as error:
            run(workers.plan(), workers.make_bowl, tmp_path)
    assert error.value.filename == str(tmp_path / FOLDER / shard_name(3))
    there = sorted(path.name for path in (tmp_path / FOLDER).iterdir())
    assert there == [shard_name(chunk) for chunk in range(3)]
    assert run(workers.plan(), workers.make_bowl, tmp_path).missing == 0


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    """unit: an OSError that names the manifest."""
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(OSError) as error:
        run(workers.plan(), workers.make_bowl, tmp_path / "file")
    assert error.value.filename == str(tmp_path / "file" / NAME)


@pytest.mark.skipif(os.geteuid() == 0, reason="everything may be written by root")
def test_a_read_only_folder(tmp_path: Path) -> None:
    """unit: the same where writing is forbidden."""
    tmp_path.chmod(0o555)
    with pytest.raises(PermissionError) as error:
        run(workers.plan(), workers.make_bowl, tmp_path)
    assert error.value.filename == str(tmp_path / NAME)


# --- kind: unit (the file) ------------------------------------------------------------------------


def test_merging_what_is_not_complete(tmp_path: Path) -> None:
    """unit: refused with numbers; as a partial file the rest is missing."""
    run(workers.plan(), workers.make_bowl, tmp_path, shard=(1, 2))
    with pytest.raises(InputError, match="found 52 of 108 points missing, expected all of them"):
        merge(tmp_path, tmp_path / "scan.h5")
    assert not (tmp_path / "scan.h5").exists()
    result = read(merge(tmp_path, tmp_path / "scan.h5", partial=True))
    done = np.arange(workers.SIZE).reshape(12, 9) // 7 % 2 == 0
    assert np.array_equal(result.status, np.where(done, OK, MISSING))
    values = np.where(done, workers.expected_statistic(), np.nan)
    assert np.array_equal(result.columns["statistic"], values, equal_nan=True)


def test_merging_what_is_no_scan(tmp_path: Path) -> None:
    """unit: refused."""
    with pytest.raises(InputError, match=r"found no manifest\.json, expected the folder of a scan"):
        merge(tmp_path, tmp_path / "scan.h5")


@pytest.mark.parametrize("content", [b"", b"text", None])
def test_reading_what_is_no_result(tmp_path: Path, content: bytes | None) -> None:
    """unit: refused, and so is a shard."""
    path = tmp_path / "scan.h5"
    if content is not None:
        path.write_bytes(content)
    run(workers.plan(), workers.make_bowl, tmp_path, shard=(1, 16))
    for wrong in (path, workers.shards(tmp_path)[0]):
        with pytest.raises(InputError, match="found no result of a scan that can be read"):
            read(wrong)


def test_xarray_opens_the_file_with_labels(tmp_path: Path) -> None:
    """reference: an independent reader of netCDF-4."""
    import xarray

    attributes = {"title": "a scan", "experiment": "é" * 70_000}  # more than an HDF5 header holds
    attributes |= {f"note {number}": "x" for number in range(10)}
    make = partial(workers.make_raising, 0.5)
    result = workers.scan(tmp_path, make, attributes=attributes, fingerprint=fingerprint({"a": 1}))
    with xarray.open_dataset(tmp_path / "scan.h5", engine="h5netcdf") as data:
        statistic = data["statistic"]
        assert statistic.dims == ("eps", "mass") and statistic.dtype == np.float64
        # eps = -3/11 is the fifth of its axis, mass = 1 keV the fifth of its own
        nearest = statistic.sel(eps=-0.3, mass=1.05, method="nearest")
        assert float(nearest) == workers.expected_statistic()[4, 4]
        assert data["mass"].attrs == {"units": "keV", "long_name": "mass"}
        assert statistic.attrs == {"units": "1", "long_name": "twice the log-likelihood ratio"}
        assert data["status"].dtype == np.int8
        assert data["status"].attrs["flag_values"].tolist() == [0, 1, 2]
        assert data["status"].attrs["flag_meanings"] == "ok failed missing"
        assert data["failure_point"].values.tolist() == sorted(result.failures)
        assert set(data["failure_text"].values) == {"ArithmeticError: no minimum found"}
        assert attributes.items() <= data.attrs.items()
        assert data.attrs["fingerprint"] == fingerprint({"a": 1})
        assert "cevns " in data.attrs["versions"]
    assert attributes.items() <= result.attributes.items()
