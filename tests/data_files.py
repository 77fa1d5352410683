"""Public data that lie beside the repository, where they are present."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("CEVNS_DATA") or ROOT.parent / "shared" / "data")


def need_data(name: str, monkeypatch: pytest.MonkeyPatch | None = None) -> Path:
    """The folder of a public data set; skip a test without it, unless CEVNS_REQUIRE_DATA=1.

    With ``monkeypatch`` the package looks for data sets there for the length of the test.
    """
    folder = DATA / name
    if not folder.is_dir():
        message = f"no {name} in the folder of public data (set CEVNS_DATA)"
        if os.environ.get("CEVNS_REQUIRE_DATA") == "1":
            pytest.fail(message)
        pytest.skip(message)
    if monkeypatch is not None:
        monkeypatch.setenv("CEVNS_DATA", str(DATA))
    return folder
