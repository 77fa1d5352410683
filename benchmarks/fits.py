"""Speed of the likelihood of real data: one evaluation, and a plane of profile fits.

``python benchmarks/fits.py [--full]`` needs the files of the data sets (``cevns data fetch``, or
CEVNS_DATA). The reference of an evaluation is the same sum written in plain NumPy with the
templates at hand. The plane is 100 × 100 points of two NSI couplings, the joint likelihood of
COHERENT CsI 2021 and LAr 2020 with all nuisances profiled; without ``--full`` three rows of it.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from run import report, side_by_side

from cevns.analysis import analysis_of
from cevns.config.study import study_from
from cevns.inference.plane import grid_of
from cevns.likelihood.joint import Likelihood
from cevns.scan.run import run

SHAPES = ("f90", "cevns-time-mean", "neutron-energy", "neutron-time-mean", "neutron-time-width")
STUDY = {
    "experiments": {"csi": {"data": "coherent-csi-2021"}, "lar": {"data": "coherent-lar-2020"}},
    "model": ["standard-model", "nsi"],
    "parameters": {f"lar.shape.{name}": {"fixed": False} for name in SHAPES},
    "scan": {
        "parameters": {"nsi.eps_ee_d": [-1, 1, 100], "nsi.eps_mumu_d": [-1, 1, 100]},
        "profile": "all",
    },
}


def evaluation(likelihood: Likelihood) -> None:
    """One −2 ln L of the joint likelihood, morphed, everything in reach of the minimiser moved."""
    start = likelihood.start
    moved = start + 0.3 * likelihood.steps
    theta = likelihood.theta(moved)
    blocks = []
    for channel in likelihood.channels:
        local = channel.own(theta)
        parts = channel.parts(theta, morphed=True)
        blocks.append((channel.observed, [_arrays(part, local) for part in parts]))
    pulls = likelihood.constraints.pulls(theta)

    def twin() -> float:
        total = float(pulls @ pulls)
        for observed, parts in blocks:
            expected = np.zeros(observed.shape)
            for norm, nominal, alphas, odd, even in parts:
                inside = np.abs(alphas) < 1
                square = alphas**2
                bent = np.where(
                    inside, square * (15 + square * (3 * square - 10)) / 8, np.abs(alphas)
                )
                expected += norm * (nominal + alphas @ odd + bent @ even)
            counted = observed > 0
            total += 2 * np.sum(expected - observed)
            total += 2 * np.sum(observed[counted] * np.log(observed[counted] / expected[counted]))
        return total

    assert abs(twin() - likelihood(moved)) < 1e-8 * likelihood(moved), "the twin is another sum"
    report(
        "CsI 2021 + LAr 2020, one −2 ln L",
        *side_by_side(lambda: likelihood(moved), twin, number=200),
        5,
    )


def _arrays(part, local):  # type: ignore[no-untyped-def]
    """A component as plain arrays."""
    cells = len(part.nominal)
    alphas = np.array([local.get(address, 0.0) for address in part.morphs])
    odd = np.array([morph.odd for morph in part.morphs.values()]).reshape(-1, cells)
    even = np.array([morph.even for morph in part.morphs.values()]).reshape(-1, cells)
    return part.factor(local), part.nominal, alphas, odd, even


def plane(full: bool) -> None:
    """Profile fits on two processes, or a few rows on one."""
    grid = grid_of(study_from(STUDY))
    plan = grid.plan()
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        if full:
            run(plan, grid.make(), Path(folder), processes=2)
            seconds = time.perf_counter() - start
            print(f"10,000 profile fits on two processes: {seconds:.0f} s (aim 120 s)")
            return
    evaluator = grid.make()()
    rows = (0, 50, 99)
    start = time.perf_counter()
    for row in rows:
        evaluator(plan.points(plan.indices(row)), np.random.SeedSequence(row))
    each = (time.perf_counter() - start) / (len(rows) * plan.length(0))
    print(f"profile fits: {each * 1e3:.1f} ms each on one process,", end=" ")
    print(f"so {each * 5e3:.0f} s for 10,000 on two (aim 120 s)")


def main() -> None:
    """Both benchmarks."""
    evaluation(analysis_of(study_from(STUDY)).likelihood.with_(morphed=True))
    plane("--full" in sys.argv[1:])


if __name__ == "__main__":
    main()
