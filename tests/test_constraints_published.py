"""NSI from the first data of CsI beside what others released (arXiv:2008.06062). kind: reference.

The published numbers stand in tools/compare_nsi_csi_2017.py; docs/constraints-published.csv is a
snapshot of what it computes, and docs/constraints.md shows it.
"""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from data_files import need_data

ROOT = Path(__file__).resolve().parents[1]


@cache
def tool() -> ModuleType:
    """tools/compare_nsi_csi_2017.py as a module."""
    path = ROOT / "tools" / "compare_nsi_csi_2017.py"
    spec = importlib.util.spec_from_file_location("compare_nsi_csi_2017", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["compare_nsi_csi_2017"] = module  # where its dataclasses look for themselves
    spec.loader.exec_module(module)
    return module


CASES = tool().CASES
every_case = pytest.mark.parametrize("case", CASES, ids=[case.pair for case in CASES])


@pytest.fixture
def data(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package looks where the tests look."""
    need_data("coherent-csi-2017", monkeypatch)


def ends(regions: Any) -> np.ndarray[Any, Any]:
    return np.array(regions, dtype=float).ravel()


@every_case
def test_published_limits_come_out_in_their_cells(case: Any, data: None) -> None:
    """0.015: 0.011 for a signal larger by 10 % than theirs, 0.002 for steps of 0.02 of theirs."""
    found = ends(tool().regions(tool().two_cells(case)))
    assert found == pytest.approx(ends(case.regions), rel=0, abs=0.015)


@every_case
def test_a_smaller_signal_is_closer(case: Any, data: None) -> None:
    """With 10 % less, to 0.010: 10 % is a round number, and form factors differ with energy."""
    cells = tool().two_cells(case)
    smaller = replace(cells, signal=0.9 * cells.signal)
    assert ends(tool().regions(smaller)) == pytest.approx(ends(case.regions), rel=0, abs=0.010)


def test_the_steady_state_decides_on_electron_neutrinos(data: None) -> None:
    """Ours in place of theirs takes ε_ee = 0 out of the interval: other numbers would be seen."""
    case = CASES[0]
    ((lower, _),) = tool().regions(tool().two_cells(case, own_steady=True))
    assert lower > 0.0 > case.regions[0][0]
    cells, own = tool().two_cells(case), tool().two_cells(case, own_steady=True)
    assert own.steady[0] / cells.steady[0] == pytest.approx(78 / 97, rel=0.01, abs=0)  # as shown


def test_the_signal_is_a_parabola_of_the_coupling(data: None) -> None:
    """property: the coefficients, from −1, 0 and 1, give the channel's signal elsewhere.

    1e-9 of it: the amplitude is linear in the coupling; the rest is rounding.
    """
    case = CASES[1]
    cells = tool().two_cells(case)
    (channel,) = tool().grid(case).likelihood.channels
    tied = {case.address: 0.3, case.address.removesuffix("u") + "d": 0.3}
    events = channel.components(tied)["cevns"]
    # The same prediction summed in another order; couplings differ in the last digits.
    assert np.sum(cells.expected(0.3)[0]) == pytest.approx(float(np.sum(events)), rel=1e-9, abs=0)


@every_case
def test_the_table_of_today(case: Any, data: None) -> None:
    """snapshot: three digits are shown, and the last may be rounded otherwise."""
    shown = [row for row in tool().written() if row["parameter"] == case.address]
    now = list(tool().rows(case))
    assert [row["what"] for row in shown] == [row["what"] for row in now]
    for one, two in zip(shown, now, strict=True):
        for end in ("lower", "upper"):
            # One and a half of the last digit: both are rounded.
            assert float(one[end]) == pytest.approx(float(two[end]), rel=0, abs=1.5e-3)


def test_the_page_shows_the_table() -> None:
    text = (ROOT / "docs" / "constraints.md").read_text("utf-8")
    assert text == tool().page(text, tool().written())
    assert {row["parameter"] for row in tool().written()} == {case.address for case in CASES}


# --- kind: unit -----------------------------------------------------------------------------------


def test_ends_lie_on_a_line_between_two_released_numbers() -> None:
    case = tool().Published(
        "ee", "", 0.0, ((-2.0, 4 * tool().RISE, -1.0, 0.0), (1.0, 0.0, 2.0, 4 * tool().RISE))
    )
    # A straight line through exact numbers: rounding.
    assert ends(case.regions) == pytest.approx([-1.25, 1.25], rel=1e-12, abs=0)
    once = replace(case, steps=case.steps[1:])
    assert ends(once.regions) == pytest.approx([-1.25, 1.25], rel=1e-12, abs=0)


def test_regions_of_a_profile_with_two_valleys() -> None:
    """Of a quartic with minima at ±0.3; ends in closed form."""
    steep = 1e4
    found = ends(tool().regions(lambda x: steep * (x**2 - 0.09) ** 2))
    root = np.sqrt(tool().RISE / steep)
    expected = [
        -np.sqrt(0.09 + root),
        -np.sqrt(0.09 - root),
        np.sqrt(0.09 - root),
        np.sqrt(0.09 + root),
    ]
    assert found == pytest.approx(expected, rel=1e-9, abs=0)
