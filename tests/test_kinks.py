"""Thresholds that are fitted: −2 ln L between the edges of bins, and on one.

Kind: unit and reference.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cevns.analysis import analysis_of
from cevns.cli.main import run
from cevns.config.study import study_from
from cevns.inference.fit import fit
from cevns.inference.kinks import Stretch, kinks
from cevns.inference.minimum import minimise
from cevns.likelihood.joint import Likelihood
from cevns.units import keV

THRESHOLD = "detector.threshold"
EDGES = [0, 2, 4, 6, 8]
RATE = 1000.0  # events in a bin of 2 keV: background alone, flat


def content(threshold: float, *more: str) -> dict[str, Any]:
    """A kilogram that sees next to nothing but a flat background, known to be ``RATE``."""
    rate = f"{RATE / 2 / 10!r} /keV/kg/day"
    flat = {"name": "flat", "type": "flat", "rate": rate}
    return {
        "source": {
            "type": "monoenergetic",
            "flavour": "nu_e",
            "energy": "10 MeV",
            "flux": "1 /cm^2/s",
        },
        "detector": {
            "target": "Ge74",
            "mass": "1 kg",
            "threshold": f"{threshold} keV",
            "backgrounds": [flat],
        },
        "exposure": "10 day",
        "binning": {"energy": {"edges": EDGES, "unit": "keV"}},
        "data": {"file": "counts.csv"},
        "fit": {"parameters": [THRESHOLD, *more]},
    }


def likelihood(folder: Path, threshold: float, counts: list[float], *more: str) -> Likelihood:
    rows = [f"{1 + 2 * i},{n}" for i, n in enumerate(counts)]
    (folder / "counts.csv").write_text("energy [keV],counts\n" + "\n".join(rows) + "\n", "utf-8")
    return analysis_of(study_from(content(threshold, *more), folder)).likelihood


def test_edges_are_kinks(tmp_path: Path) -> None:
    """unit: those within the bounds, of a threshold that floats."""
    own = likelihood(tmp_path, 3, [0, 500, 1000, 1000])
    assert kinks(own)[THRESHOLD] / keV == pytest.approx([2, 4, 6, 8], rel=1e-12, abs=0)
    assert not kinks(own.held({THRESHOLD: 3 * keV}))
    inside = Stretch.around(own, np.array([4 * keV])).likelihood
    bounds = np.array(inside.parameters[THRESHOLD].bounds) / keV
    assert bounds == pytest.approx([4, 6], rel=1e-12, abs=0)
    assert not kinks(inside)


@pytest.mark.parametrize("start", [1.0, 3.0, 4.0, 6.5])
def test_within_a_bin(start: float, tmp_path: Path) -> None:
    """reference: 400 of 1000 events are left above 3.2 keV, from wherever the fit starts.

    1e-5: MIGRAD's 1e-3 of an error, which is 1 % of the value.
    """
    own = likelihood(tmp_path, start, [0, 400, 1000, 1000])
    found = fit(own, [THRESHOLD])
    assert found.minimum.converged and not found.minimum.on_kinks
    assert found.minimum.at(THRESHOLD) / keV == pytest.approx(3.2, rel=1e-5, abs=0)
    # Poisson: √400 events of 500 per keV; 1 %: differences with steps of a tenth of it.
    assert found.minimum.error(THRESHOLD) / keV == pytest.approx(0.04, rel=1e-2, abs=0)


@pytest.mark.parametrize("start", [3.0, 4.0, 5.0, 7.0])
def test_on_an_edge(start: float, tmp_path: Path) -> None:
    """reference: below 4 keV every event counts 2, above it the deviance of a full bin begins.

    With x keV below: 2·500·x = 1 at the lower end. Above, 2(n(1 − y) − n + n ln 1/(1 − y)) = 1 of
    n = 1000 events at y = 0.0313, or 0.0627 keV.
    """
    found = fit(likelihood(tmp_path, start, [0, 0, 1000, 1000]), [THRESHOLD])
    assert found.minimum.converged
    assert found.minimum.on_kinks == (THRESHOLD,)
    assert found.minimum.at(THRESHOLD) / keV == pytest.approx(4, rel=1e-12, abs=0)
    assert np.isnan(found.minimum.error(THRESHOLD))
    low, high = (end / keV for end in found.intervals[THRESHOLD])
    # 1e-4 of the value: 0.6827 is no more than four digits of one σ, the signal is not quite zero.
    assert (low, high) == pytest.approx((3.999, 4.0626), rel=1e-4, abs=0)


def test_beside_another_parameter(tmp_path: Path) -> None:
    """reference: on the edge, a background 10 % up in the bins above; its error is Poisson's.

    √(2·1100) events of 2·1000; 1e-3: differences with steps of a tenth of it.
    """
    norm = "background.flat.norm"
    found = minimise(likelihood(tmp_path, 5, [0, 0, 1100, 1100], norm))
    assert found.converged and found.on_kinks == (THRESHOLD,)
    assert found.at(norm) == pytest.approx(1.1, rel=1e-5, abs=0)
    assert found.error(norm) == pytest.approx(np.sqrt(2200) / 2000, rel=1e-3, abs=0)


def test_it_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """unit: one line, exit code 0, and no error in the result."""
    likelihood(tmp_path, 5, [0, 0, 1000, 1000])
    file = tmp_path / "edge.yaml"
    file.write_text(json.dumps(content(5)), "utf-8")  # JSON is YAML
    assert run(["fit", str(file), "--json"]) == 0
    out, err = capsys.readouterr()
    assert "error" not in json.loads(out)["parameters"][THRESHOLD]
    where = "warning: detector.threshold is best on the edge of a bin, 4 keV, where"
    assert err == f"{where} −2 ln L has a kink: no error is given\n"
