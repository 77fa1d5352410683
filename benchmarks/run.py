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
from typing import Any

import numpy as np
import twins

import cevns
from cevns.interactions.nsi import Nsi
from cevns.interactions.vector_mediator import LightVector
from cevns.nodes import beam_breaks, panel_nodes
from cevns.rate import recoil_spectrum
from cevns.sources.fission import FUELS, density
from cevns.sources.reactor import Reactor, SpectrumFiles
from cevns.sources.solar import Solar
from cevns.sources.solar_spectra import boron_table
from cevns.tables import Table, TableFile
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


def p2() -> None:
    """P2: event totals on 200 x 200 NSI couplings, of a prepared experiment."""
    experiment = cevns.Experiment(
        source=cevns.StoppedPion(flux=1 / cm**2 / s),
        detector=cevns.Detector(target="Ar40", mass=1.0),
        exposure=1 * s,
        model=cevns.StandardModel(sin2_theta_w=0.23863) + Nsi(),
        form_factor="helm-lewin-smith",
    )
    everything = np.array([-np.inf, np.inf])
    u, d = np.linspace(-0.5, 0.5, 200), np.linspace(-0.4, 0.6, 200)
    theta = {"nsi.eps_ee_u": u[:, None], "nsi.eps_ee_d": d}
    ((T, weights, mass, _),) = nodes(experiment, everything)

    def ours() -> Any:
        return experiment.binned(everything, theta)[..., 0]

    def twin() -> Any:
        return twins.nsi_grid(T, weights[0], mass, 18, 22, u, d)

    check(ours(), twin())
    report("P2 NSI totals, 200 x 200 couplings", *side_by_side(ours, twin, number=20), 4)


def p3() -> None:
    """P3: 20 bins of CsI on 50 masses x 50 couplings of a vector mediator, nothing known of it."""
    experiment = cevns.Experiment(
        source=cevns.StoppedPion(flux=1 / cm**2 / s),
        detector=cevns.Detector.check(CSI),
        exposure=1 * s,
        model=cevns.StandardModel(sin2_theta_w=0.23863) + LightVector(),
        form_factor="helm-lewin-smith",
    )
    edges = np.linspace(5, 60, 21)
    masses, couplings = np.geomspace(1, 1000, 50) * MeV, np.geomspace(1e-6, 1e-3, 50)
    theta = {"light-vector.mass": masses[:, None], "light-vector.coupling": couplings}
    charges = ((55, 78), (53, 74))
    nuclides = list(zip(nodes(experiment, edges, masses[0]), charges, strict=True))

    def ours() -> Any:
        return experiment.binned(edges, theta)

    def twin() -> Any:
        return sum(
            density * twins.mediator_grid(T, weights, mass, Z, N, masses / MeV, couplings)
            for (T, weights, mass, density), (Z, N) in nuclides
        )

    check(ours(), twin())
    report("P3 CsI bins, 50 x 50 (mass, coupling)", *side_by_side(ours, twin, number=5), 4)


def p4() -> None:
    """P4: natural germanium in the spectra of four fissioning isotopes on 1000 energies.

    Once from tables, as the twin has them, once with exponentials of polynomials.
    """
    energies = np.geomspace(0.01, 8, 60)
    fractions = FUELS["pwr"].fractions
    tables = {one: density(one, "huber-mueller")(energies * MeV) * MeV for one in fractions}
    files = SpectrumFiles(
        **{one: TableFile(one, Table(energies * MeV, y / MeV)) for one, y in tables.items()}
    )
    T = np.linspace(0.001, 1.5, 1000) * keV
    t = T / MeV

    def experiment(**spectrum: Any) -> cevns.Experiment:
        return cevns.Experiment(
            source=Reactor(flux=1 / cm**2 / s, fuel="pwr", neutron_capture=False, **spectrum),
            detector=cevns.Detector(target="Ge", mass=1.0),
            exposure=1 * s,
            model=cevns.StandardModel(sin2_theta_w=0.23863),
            form_factor="helm-lewin-smith",
        )

    tabulated, fitted = experiment(spectrum=files), experiment()
    nuclides = [(one.mass / MeV, one.density, int(one.name[2:]) - 32) for one in fitted.scatterers]

    def twin() -> Any:
        total = 0.0
        for M, number, N in nuclides:
            e = twins.e_min(t, M)
            J = sum(
                share * twins.tabulated_moments(energies, table, e)
                for share, table in zip(fractions.values(), tables.values(), strict=True)
            )
            Q = 32 * (0.5 - 2 * 0.23863) - 0.5 * N
            shape = J[0] - t * J[1] - 0.5 * M * t * J[2]
            total += number * M * Q**2 * twins.helm_squared(t, M, 32 + N) * shape
        return total

    check(tabulated.recoil_spectrum(T), twin())
    for name, made in (("tables", tabulated), ("polynomials", fitted)):

        def ours(made: cevns.Experiment = made) -> object:
            return made.recoil_spectrum(T)

        report(f"P4 Ge, 4 isotopes, {name}", *side_by_side(ours, twin, number=20), 4)


def p5() -> None:
    """P5: natural xenon in the spectrum of boron-8 on 1000 energies.

    Once as electron neutrinos, as the twin has them, once as the mass states that arrive.
    """
    energies, density = boron_table("bahcall-1996")
    T = np.linspace(0.001, 4, 1000) * keV
    t, knots, table = T / MeV, energies[1:] / MeV, density[1:] * MeV  # the twin knows no zero

    def experiment(oscillation: str) -> cevns.Experiment:
        return cevns.Experiment(
            source=Solar(fluxes={"B8": 1 / cm**2 / s}, oscillation=oscillation),
            detector=cevns.Detector(target="Xe", mass=1.0),
            exposure=1 * s,
            model=cevns.StandardModel(sin2_theta_w=0.23863),
            form_factor="helm-lewin-smith",
        )

    pure, mixed = experiment("none"), experiment("msw")
    nuclides = [(one.mass / MeV, one.density, int(one.name[2:]) - 54) for one in pure.scatterers]

    def twin() -> Any:
        total = 0.0
        for M, number, N in nuclides:
            J = twins.tabulated_moments(knots, table, twins.e_min(t, M))
            QV = 54 * (0.5 - 2 * 0.23863) - 0.5 * N
            rate = twins.GF**2 * M / np.pi * QV**2 * twins.helm_squared(t, M, 54 + N)
            total = total + number * rate * (J[0] - t * J[1] - 0.5 * M * t * J[2])
        return total

    for name, made in (("one of nu_e", pure), ("two mass states", mixed)):

        def ours(made: cevns.Experiment = made) -> object:
            return made.recoil_spectrum(T)

        check(ours(), twin())
        report(f"P5 Xe, B8, {name}", *side_by_side(ours, twin, number=10), 4)


CSI = {
    "target": "CsI",
    "mass": "1 kg",
    "quenching": {
        "type": "polynomial",
        "unit": "MeV",
        "coefficients": [0.0554628, 4.30681, -111.707, 840.384],
    },
    "light_yield": "13.35 PE / keVee",
    "resolution": {"type": "gamma", "shape": [1, "9.56 / keVee"]},
    "efficiency": {
        "type": "sigmoid",
        "top": 1.32045,
        "steepness": "0.285979 / PE",
        "midpoint": "10.8646 PE",
        "offset": -0.333322,
    },
}


def nodes(experiment: cevns.Experiment, edges: Any, mass: float = 1.0) -> Any:
    """Of each nuclide: nodes [MeV], their weights in each bin, mass [MeV], number per mass."""
    terms, kinematics = experiment.terms, experiment.kinematics
    for nuclide in experiment.scatterers:
        theta = {"light-vector.mass": mass}
        breaks = beam_breaks(experiment.components, nuclide, terms, theta, kinematics)
        T, weights = panel_nodes(
            breaks, experiment.detector.breaks(edges, breaks[-1], nuclide, theta)
        )
        accepted = experiment.detector.acceptance(T, edges, nuclide, theta) * weights
        yield T / MeV, accepted / MeV, nuclide.mass / MeV, nuclide.density


def check(ours: Any, twin: Any) -> None:
    """The same numbers but for a unit."""
    ratio = ours / twin
    assert np.ptp(ratio) < 1e-9 * ratio.mean(), "the twin computes something else"


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
    for grid in (p1, p2, p3, p4, p5):
        grid()
    start_up()


if __name__ == "__main__":
    main()
