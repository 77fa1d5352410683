"""The files of examples/fits: all of them are read, a quick one is fitted.

What they give is compared with publications by the claims of each data set (`test_published`);
here it is that the files do what their first lines say.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from data_files import need_data

from cevns.analysis import Analysis, analysis_of
from cevns.config.study import Study, load
from cevns.inference.minimum import minimise
from cevns.inference.plane import grid_of
from cevns.units import fm

EXAMPLES = sorted((Path(__file__).resolve().parents[1] / "examples" / "fits").glob("*.yaml"))
SCANS = [path for path in EXAMPLES if not path.stem.startswith("signal-")]


def names(path: Path) -> str:
    return path.stem


def study(path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """The file, where its data are at hand."""
    found = load(path)
    for blocks in found.blocks.values():
        assert blocks.data_set is not None
        need_data(blocks.data_set, monkeypatch)
    return found


def analysis(path: Path, monkeypatch: pytest.MonkeyPatch) -> Analysis:
    return analysis_of(study(path, monkeypatch))


# --- unit -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", EXAMPLES, ids=names)
def test_every_example_is_a_fit(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what it is for and in which paper or with what choices."""
    made = analysis(path, monkeypatch)
    asked = made.study.together.fit
    assert asked is not None and asked.addresses
    assert set(made.interest) <= set(made.likelihood.floating)
    assert path.read_text("utf-8").startswith("# ")


@pytest.mark.parametrize("path", SCANS, ids=names)
def test_every_scan_is_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over what is fitted; every point lies within the bounds of its parameter."""
    grid = grid_of(study(path, monkeypatch))
    assert set(grid.axes) == set(grid.analysis.interest)
    assert grid.dof == len(grid.axes)
    assert set(grid.analysis.likelihood.floating) == {*grid.axes, *grid.profiled}
    for address, values in grid.axes.items():
        low, high = grid.likelihood.parameters[address].bounds or (values[0], values[-1])
        room = 1e-9 * (high - low)
        assert low - room <= values[0] < values[-1] <= high + room
        assert len(values) == 41


# --- snapshot: not truth --------------------------------------------------------------------------


def test_the_skin_of_caesium_iodide(monkeypatch: pytest.MonkeyPatch) -> None:
    """With interpolated shapes, to a tenth of the error; strengths are claims of the data sets.

    The weak mixing angle of both is in `test_joint`.
    """
    (path,) = (one for one in SCANS if one.stem == "neutron-radius-csi")
    made = analysis(path, monkeypatch)
    assert made.interest == ("Cs.neutron_skin",)
    best = minimise(made.likelihood.with_(morphed=True))
    assert best.converged
    assert best.at("Cs.neutron_skin") / fm == pytest.approx(0.63, rel=0, abs=0.04)
