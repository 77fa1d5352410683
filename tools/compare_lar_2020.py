"""Compare the bundled CENNS-10 prediction with the signal template of the data release.

Reads ``coherent-lar-2020/cevnspdf.txt`` (arXiv:2006.12659) from the folder CEVNS_DATA and draws
the projections on energy and time: ``docs/figures/coherent-lar-2020.png``. The template itself is
never committed.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np

import cevns
from cevns.display.plot import ComparisonPanel, comparison_figure
from cevns.display.plot_style import save

ROOT = Path(__file__).resolve().parents[1]
SHAPE = (12, 8, 10)  # energy, F90, time


def released_plane(data: Path) -> np.ndarray:
    """The released template summed over F90: events by (energy, time) bin."""
    rows = np.loadtxt(data / "coherent-lar-2020" / "cevnspdf.txt")
    return rows[:, 3].reshape(SHAPE).sum(axis=1)


def main() -> None:
    """Draw the figure and print both totals."""
    data = Path(os.environ.get("CEVNS_DATA", ROOT.parent / "shared" / "data"))
    if not data.is_dir():
        sys.exit("no data: set CEVNS_DATA to the folder that holds coherent-lar-2020")
    released = released_plane(data)
    study = cevns.load(ROOT / "examples" / "coherent-lar-2020.yaml")
    ours = study.experiments[""].predict()
    panels = [
        ComparisonPanel(
            ours.edges / cevns.units.keVee,
            ours.counts,
            released.sum(axis=1),
            "Electron-equivalent energy",
            "keVee",
        ),
        ComparisonPanel(
            ours.time_edges / cevns.units.us,
            ours.counts_2d.sum(axis=0),
            released.sum(axis=0),
            "Time",
            "µs",
        ),
    ]
    figure = comparison_figure(panels, "CENNS-10: prediction and released CEvNS template")
    path = ROOT / "docs" / "figures" / "coherent-lar-2020.png"
    save(figure, path)
    print(f"ours {ours.total:.2f}, released {released.sum():.2f}: {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
