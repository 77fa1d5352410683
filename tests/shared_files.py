"""The worked experiment files that lie beside the repository, where they are present."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("CEVNS_SHARED", ROOT.parent / "shared"))
WORKED = tuple(sorted((SHARED / "examples").glob("*.yaml")))
BUNDLED = tuple(sorted((ROOT / "examples").glob("*.yaml")))


def need_worked() -> None:
    """Skip a test where the worked files are absent, unless CEVNS_REQUIRE_DATA=1."""
    if not WORKED:
        message = f"no worked experiment files in {SHARED.name}/examples (set CEVNS_SHARED)"
        if os.environ.get("CEVNS_REQUIRE_DATA") == "1":
            pytest.fail(message)
        pytest.skip(message)
