"""The files that come with sensitivity studies, and the numbers of docs/sensitivity.md.

Kinds: unit (they can be studied) and snapshot (digits as printed, not truth).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shared_files import SHARED, need_worked
from studies import SCHOLBERG, design, finished

from cevns.config.study import load, study_from
from cevns.sensitivity.design import design_of
from cevns.sensitivity.evaluate import StudyGrid
from cevns.sensitivity.result import Sensitivity

ROOT = Path(__file__).resolve().parents[1]
SYSTEMATICS = "{statistic: chi2-counting, systematic: [0, 5 %, 10 %]}"


@pytest.mark.parametrize("name", ["06-supernova-argon", "08-daedalus-sterile", "09-scholberg-fig7"])
def test_worked_files_can_be_studied(name: str) -> None:  # unit
    need_worked()
    made = design_of(load(SHARED / "examples" / f"{name}.yaml"))
    StudyGrid(made).try_out()


@pytest.mark.parametrize(
    "path", sorted((ROOT / "examples" / "sensitivity").glob("*.yaml")), ids=lambda path: path.stem
)
def test_examples_can_be_studied(path: Path) -> None:  # unit
    made = design_of(load(path))
    StudyGrid(made).try_out()


# --- docs/sensitivity.md --------------------------------------------------------------------------


def documented(name: str) -> str:
    text = (ROOT / "docs" / "sensitivity.md").read_text("utf-8")
    (row,) = (line for line in text.splitlines() if line.startswith(f"| `{name}` |"))
    return row


def example(name: str, **changes: Any) -> Sensitivity:
    """The file of that name, with some of its blocks merged over."""
    folder = ROOT / "examples" / "sensitivity"
    content: dict[str, Any] = {"extends": f"{name}.yaml", **changes}
    return finished(design_of(study_from(content, folder)))


def ends(made: Sensitivity, systematic: float) -> list[Any]:
    """All regions at the first level."""
    found = made.limits(made.surfaces[systematic], made.design.levels[0][1])
    return [region for _, region in found]


def test_documented_intervals_of_neon() -> None:  # snapshot: digits as printed, not truth
    line = {"parameters": {"nsi.eps_ee_u": [-0.2, 0.6, 801]}, "dof": 2}
    made = finished(design(SCHOLBERG, f"study: {SYSTEMATICS}\nscan: {line}\n"))
    for systematic in (0.0, 0.05, 0.1):
        low, high = ends(made, systematic)[0]
        assert f"[{low:.4f}, {high:.4f}]" in documented("nsi-neon")


def test_documented_parts_of_the_plane() -> None:  # snapshot
    for name, systematic in (("nsi-neon-xenon", 0.1), ("nsi-neon", 0.1)):
        made = example(name)
        heights = made.surfaces[systematic]
        share = np.count_nonzero(heights <= made.design.levels[0][1]) / heights.size
        assert f"{100 * share:.3g} %" in documented("nsi-neon-xenon")


def test_documented_ratio() -> None:  # snapshot; property: it beats the counts
    ratio, counts = (
        ends(example("prompt-delayed", study={"observable": one}), 0.02)[0]
        for one in ("ratio", "counts")
    )
    for low, high in (ratio, counts):
        assert f"[{low:.4f}, {high:.4f}]" in documented("prompt-delayed")
    assert counts[0] < ratio[0] < 0 < ratio[1] < counts[1]


def test_documented_reaches() -> None:  # snapshot
    row, made = documented("threshold"), example("threshold")
    for place in (0, 6):
        threshold = made.design.shown("detector.threshold")[place]
        significance = made.columns["significance"][place]
        assert f"{significance:.3g} σ at {threshold:g} keV" in row
    row, made = documented("exposure"), example("exposure")
    for place in (0, -1):
        assert f"{ends(made, 0.0)[place][1]:.3e}" in row
    assert f"{ends(made, 0.05)[-1][1]:.2e}" in row
    row, made = documented("mediator"), example("mediator")
    for place in (0, -1):
        assert f"{ends(made, 0.0)[place][1]:.2e}" in row
