"""Figures of ``cevns predict --output`` and those of the documents. Kind: unit."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure

from cevns.cli.main import run
from cevns.display.plot import threshold_figure

ROOT = Path(__file__).resolve().parents[1]
TWO = """
name: Two baselines
source: {type: stopped-pion, neutrinos_per_year: 4e22}
detector: {target: Ar40, mass: 100 kg}
binning: {from: 30 keV, to: 150 keV, bins: 3}
experiments:
  near: {source: {distance: 20 m}, exposure: 1 year}
  far: {source: {distance: 40 m}, exposure: 1 year}
"""


def test_figures_of_a_file_are_named_after_it_and_their_curves_are_fine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the bins are; at their edges the curves have the counts of the prediction."""
    made: list[tuple[Any, ...]] = []

    def watched(*arguments: Any) -> Figure:
        made.append(arguments)
        return threshold_figure(*arguments)

    monkeypatch.setattr("cevns.display.plot.threshold_figure", watched)
    (tmp_path / "two.yaml").write_text(TWO, "utf-8")
    assert run(["predict", str(tmp_path / "two.yaml"), "--output", str(tmp_path / "out")]) == 0
    titles = [title for _, _, title, *_ in made]
    assert titles == [f"Two baselines, {one}: events over threshold" for one in ("near", "far")]
    thresholds, counts, _, _, prediction = made[0]
    assert prediction.name == "Two baselines, near" and len(thresholds) > 200
    step = (len(thresholds) - 1) // 3
    assert thresholds[::step] == pytest.approx(prediction.edges, rel=1e-12, abs=0)
    for group, above in prediction.above_edges.items():
        # 1e-12: the same integrals, added up in other steps
        assert counts[group][::step] == pytest.approx(above, rel=1e-12, abs=1e-12 * above[0])


FIGURES = sorted((ROOT / "docs" / "figures").iterdir())


@pytest.mark.parametrize("path", FIGURES, ids=lambda path: path.name)
def test_every_figure_of_the_documents_is_made_and_shown(path: Path) -> None:
    """One of the tools that ``make figures`` runs names it, and a page shows it."""
    recipe = (ROOT / "Makefile").read_text("utf-8").partition("\nfigures:")[2].partition("\n\n")[0]
    tools = [(ROOT / name).read_text("utf-8") for name in re.findall(r"tools/\w+\.py", recipe)]
    name = re.escape(path.stem.removeprefix("constraints-"))
    assert any(re.search(rf'["/](constraints-)?{name}[".]', text) for text in tools)
    pages = (page.read_text("utf-8") for page in (ROOT / "docs").glob("*.md"))
    assert any(f"(figures/{path.name})" in page for page in pages)
