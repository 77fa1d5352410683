"""Build the small tables of public data sets that an experiment file needs without their releases.

- src/cevns/datasets/dresden-ii-2022/{fef,ybe}.csv: the two quenching curves of germanium, thinned;
- src/cevns/datasets/xenonnt-b8-2026/efficiency.csv: how probable it is that a recoil is counted,
  the sum of each nominal template of mono-energetic recoils over its cells.

Needs the files of both data sets (``cevns data fetch``, or CEVNS_DATA). A test builds the tables
again. Usage: ``python tools/build_dataset_tables.py``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from cevns.datasets.histograms import read_template
from cevns.datasets.release import FOLDER
from cevns.datasets.rows import read_numbers
from cevns.datasets.store import require

DRESDEN, XENON = "dresden-ii-2022", "xenonnt-b8-2026"
CLOSE = 2e-5  # of the quenching factor: how far the thinned curve may be from the release's
RUNS = ("sr0", "sr1", "sr2")

Array = np.ndarray[Any, np.dtype[Any]]


def thinned(x: Array, y: Array, close: float) -> list[int]:
    """Rows whose straight connection is nowhere further than ``close`` from all the others."""
    kept, last = [0], 0
    for end in range(2, len(x)):
        inner = slice(last, end + 1)
        line = np.interp(x[inner], x[[last, end]], y[[last, end]])
        if np.max(np.abs(line - y[inner])) > close:
            last = end - 1
            kept.append(last)
    return [*kept, len(x) - 1]


def quenching(column: int, title: str) -> str:
    """The table of one curve."""
    numbers = read_numbers(require(DRESDEN), "QF_Fef_YBe.txt", 3)
    x, y = numbers[:, 0], numbers[:, column]
    rows = [f"{x[i]:g},{y[i]:.5f}" for i in thinned(x, y, CLOSE)]
    head = [
        f"# Quenching factor of germanium, {title}.",
        "# Reference: Collar, Kavner and Lewis, Phys. Rev. D 103 (2021) 122003 (arXiv:2102.10089),",
        "# as released with Phys. Rev. Lett. 129 (2022) 211802 (arXiv:2202.09672).",
        "# Method: tools/build_dataset_tables.py; points of the release between which a straight",
        f"# line is within {CLOSE:g} of all others. Uncertainty: none released.",
        "energy [keVnr],quenching",
    ]
    return "\n".join([*head, *rows]) + "\n"


def efficiency() -> str:
    """The table of the efficiencies."""
    folder = require(XENON)
    energies = np.linspace(0.5, 5.0, 46)
    name = "templates/{run}/mono/template_XENONnT_{run}_mono_{E:.3f}_cevns_tly_0.0_tqy_0.0.h5"
    rows = []
    for E in energies:
        sums = [
            float(np.sum(read_template(folder, name.format(run=run, E=E)).contents)) for run in RUNS
        ]
        rows.append(",".join([f"{E:.1f}", *(f"{one:.7g}" for one in sums)]))
    head = [
        "# Probability that a nuclear recoil in XENONnT is counted, by science run.",
        "# Reference: XENON Collaboration, doi 10.5281/zenodo.20576156 (CC-BY-4.0),",
        "# arXiv:2604.06002.",
        "# Method: tools/build_dataset_tables.py; sums of the nominal mono-energetic templates",
        "# over their cells. Uncertainty: light and charge yields, each 15 to 25 % on boron-8.",
        f"energy [keVnr],{','.join(RUNS)}",
    ]
    return "\n".join([*head, *rows]) + "\n"


def tables() -> dict[Path, str]:
    """Path of each table and its content."""
    return {
        FOLDER / DRESDEN / "fef.csv": quenching(1, "with iron-filtered neutrons"),
        FOLDER / DRESDEN / "ybe.csv": quenching(2, "with photo-neutrons of an Y-88/Be source"),
        FOLDER / XENON / "efficiency.csv": efficiency(),
    }


if __name__ == "__main__":
    for path, text in tables().items():
        path.write_text(text, "utf-8")
