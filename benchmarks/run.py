"""Speed as ratios: this package against a plain reference in the same run.

``make bench`` prints one line per benchmark: our time, the reference's, their ratio and the ratio
aimed for. Nothing is asserted: a shared machine is no stopwatch. The references are the plain NumPy
functions of ``twins.py`` (vendored unchanged; its SHA-256 is checked) and ``import numpy``.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import twins

import cevns
from cevns.rate import recoil_spectrum
from cevns.units import MeV, cm, keV, s

HERE = Path(__file__).resolve().parent
TWINS_SHA256 = "564d7dceeea49ade1d43440f80c2d3118c1f51b06b212c37526185fe371089b8"
ROOT = HERE.parent


def side_by_side(
    ours: Callable[[], object], reference: Callable[[], object], rounds: int = 9, number: int = 1
) -> tuple[float, float]:
    """Median times of one call of each [s], taken in turns: both see the same machine."""
    times: tuple[list[float], list[float]] = ([], [])
    ours(), reference()
    for _ in range(rounds):
        for function, record in zip((ours, reference), times, strict=True):
            start = time.perf_counter()
            for _ in range(number):
                function()
            record.append((time.perf_counter() - start) / number)
    return median(times[0]), median(times[1])


def process(*arguments: str) -> Callable[[], object]:
    """A call that runs ``python`` with these arguments."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}

    def call() -> object:
        return subprocess.run(
            [sys.executable, *arguments],
            check=True,
            capture_output=True,
            cwd=ROOT,
            env=environment,
        )

    return call


def report(name: str, ours: float, reference: float, aim: float) -> None:
    """One line."""
    print(
        f"{name:46s} {ours * 1e3:9.3f} ms  {reference * 1e3:9.3f} ms  "
        f"ratio {ours / reference:5.2f}  (aim <= {aim:g})"
    )


def p1() -> None:
    """P1: the ⁴⁰Ar spectrum of a prepared stopped-pion source on 1000 energies."""
    experiment = cevns.Experiment(
        source=cevns.StoppedPion(flux=1 / cm**2 / s),
        detector=cevns.Detector(target="Ar40", mass=1.0),
        exposure=1 * s,
        model=cevns.StandardModel(sin2_theta_w=0.23863),
        form_factor="helm-lewin-smith",
    )
    (argon,) = experiment.scatterers
    components, terms = experiment.components, experiment.terms
    T = np.linspace(0.1, 149, 1000) * keV
    mass = argon.mass / MeV

    def ours() -> object:
        return recoil_spectrum(T, components, argon, terms)

    def twin() -> object:
        return twins.spectrum(T / MeV, mass, 18, 22)

    same = np.asarray(ours()).sum(axis=0) / twin() / cevns.constants.hbar_c**2 / MeV**2
    assert np.ptp(same) < 1e-9 * same.mean(), "the twin computes something else"
    report("P1 Ar-40 spectrum, 1000 energies", *side_by_side(ours, twin, number=100), 4)


def start_up() -> None:
    """Starting the program, against importing NumPy."""
    numpy = process("-c", "import numpy")
    commands = {
        "import cevns": (("-c", "import cevns"), 1.6),
        "cevns --help": (("-m", "cevns", "--help"), 3),
        **{
            f"cevns predict {name} --json": (
                ("-m", "cevns", "predict", f"examples/{name}.yaml", "--json"),
                6,
            )
            for name in ("scholberg-2006-argon", "coherent-lar-2020", "coherent-csi-2021")
        },
    }
    for name, (arguments, aim) in commands.items():
        report(name, *side_by_side(process(*arguments), numpy), aim)


def main() -> None:
    """Run all benchmarks."""
    digest = hashlib.sha256((HERE / "twins.py").read_bytes()).hexdigest()
    assert digest == TWINS_SHA256, "twins.py is not the vendored file"
    print(f"{'':46s} {'ours':>12s}  {'reference':>12s}")
    p1()
    start_up()


if __name__ == "__main__":
    main()
