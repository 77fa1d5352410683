"""The table of independently computed numbers, for tests of kind *reference*."""

from __future__ import annotations

import csv
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Row:
    """One number: the ``inputs`` it was computed from, its ``value`` and ``unit``."""

    id: str
    description: str
    inputs: dict[str, Any]
    value: float
    unit: str


def reference_file() -> Path:
    """Where the table is looked for: CEVNS_SHARED, else ``shared`` beside the checkout."""
    shared = os.environ.get("CEVNS_SHARED")
    folder = Path(shared) if shared else Path(__file__).resolve().parents[2] / "shared"
    return folder / "reference.csv"


def reference_rows(prefix: str = "") -> list[Row]:
    """Rows whose id starts with ``prefix``. Skips the test where the table is missing.

    With CEVNS_REQUIRE_DATA=1 a missing table fails the test.
    """
    path = reference_file()
    if not path.is_file():
        message = "reference.csv not found: set CEVNS_SHARED to the folder that holds it"
        if os.environ.get("CEVNS_REQUIRE_DATA") == "1":
            pytest.fail(message)
        pytest.skip(message)
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.startswith("#")]
    rows = [
        Row(
            row["id"],
            row["description"],
            json.loads(row["inputs"]),
            float(row["value"]),
            row["unit"],
        )
        for row in csv.DictReader(lines)
    ]
    found = [row for row in rows if row.id.startswith(prefix)]
    assert found, f"no row starts with {prefix!r}"
    return found
