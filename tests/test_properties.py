"""What holds for every plug-in: the public checks over both registries, and that they can fail.

Kind: property. A plug-in added to a registry is tested here without another line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from probes import (
    ON_NEUTRONS,
    AxialProbe,
    ElectronProbe,
    FlavourProbe,
    Given,
    HeavyProbe,
    flavour,
)

from cevns.amplitudes import Term
from cevns.beam import Component
from cevns.exposure import Exposure
from cevns.interactions import INTERACTIONS, Interaction, StandardModel
from cevns.sources import (
    SOURCES,
    Atmospheric,
    DiffuseSupernova,
    Geoneutrino,
    Monoenergetic,
    Radioactive,
    StoppedPion,
    Supernova,
    Tabulated,
)
from cevns.spec import Number
from cevns.spectra import CallableSpectrum, LineSpectrum, Spectrum, TabulatedSpectrum
from cevns.testing import check_interaction, check_source
from cevns.units import MW, Ci, GeV, MeV, cm, day, m, s

YEAR = Exposure.parse("1 year")
POT = Exposure.parse("1e22 POT")
PION = {"type": "stopped-pion", "neutrinos_per_year": 1e22, "distance": "10 m"}
PULSE = {"shape": "gaussian", "mean": "440 ns", "width": "150 ns"}
BURST = {
    "type": "supernova",
    "distance": "10 kpc",
    "energy": "3e53 erg",
    "mean_energy": {"nu_e": "10 MeV", "nu_e_bar": "14 MeV", "nu_x": "15 MeV"},
    "pinching": {"nu_e": 3, "nu_e_bar": 3, "nu_x": 2.5},
}


# --- interactions ---------------------------------------------------------------------------------


SHAPES: dict[str, dict[str, Any]] = {
    "light-vector": {"mass": 30 * MeV},
    "heavy-zprime": {"mass": 1e6 * MeV},
    "light-scalar": {"mass": 10 * MeV},
    "light-pseudoscalar": {"mass": 10 * MeV},
    "light-axial": {"mass": 10 * MeV},
    "light-tensor": {"mass": 10 * MeV},
    "dipole-portal": {"mass": 5 * MeV},
    "sterile": {"dm2": 1e-12 * MeV**2},
}
"""What an interaction needs to act at all: a shape without a default."""


@pytest.mark.parametrize("name", sorted(INTERACTIONS))
def test_every_interaction(name: str) -> None:
    """property: as declared, without any argument but a shape that has no default."""
    assert INTERACTIONS[name].name == name
    assert INTERACTIONS[name].summary
    check_interaction(INTERACTIONS[name](**SHAPES.get(name, {})))


@settings(max_examples=15, deadline=None)  # half a second each on a slow core
@given(scheme=st.sampled_from(["tree", "radiative", "radiative-q"]), sin2=st.floats(0.0, 1.0))
def test_standard_model(scheme: Any, sin2: float) -> None:
    """property: any scheme at any mixing angle."""
    check_interaction(StandardModel(scheme=scheme, sin2_theta_w=sin2))


couplings = st.floats(-3.0, 3.0)


@settings(max_examples=8, deadline=None)
@given(a=couplings, b=couplings, c=couplings, mass=st.floats(0.0, 60.0))
def test_probes(a: float, b: float, c: float, mass: float) -> None:
    """property: the probe set is well formed; a mass above all energies is allowed."""
    check_interaction(AxialProbe(size=c))
    check_interaction(FlavourProbe(size=a, neutrons=b))
    check_interaction(ElectronProbe(vector=a, axial=b, mixing=c))
    check_interaction(HeavyProbe(size=a, axial=b, mass=mass * MeV))


class Faulty(Interaction):
    """Does what each subclass is told to."""

    name: ClassVar[str] = "faulty"
    x: Number = 0.0


def faulty(*terms: Term) -> Interaction:
    class Made(Faulty):
        def terms(self) -> Sequence[Term]:
            return terms

    return Made()


def constant(matrix: Any) -> Callable[[Any], Any]:
    return lambda theta: matrix


FAULTS: dict[str, tuple[Interaction, str]] = {
    "not zero": (faulty(Term("V", "p", constant(0.1 * np.eye(3)))), "not the Standard Model"),
    "vector": (faulty(Term("V", "p", constant(np.ones(3)))), "shape"),
    "nan": (faulty(Term("V", "p", constant(np.nan * np.eye(3)))), "not finite"),
    "not hermitian": (faulty(Term("V", "n", constant(1j * ON_NEUTRONS))), "hermitian"),
    "profile": (
        faulty(Term("V", "p", constant(np.zeros((3, 3))), lambda q2, theta: 1j * q2)),
        "not real",
    ),
    "massive neutrino": (
        faulty(Term("V", "p", constant(np.zeros((3, 3))), mass=lambda theta: 1.0)),
        "with a mass",
    ),
    "two masses": (
        faulty(
            Term("V", "p", constant(np.eye(3)), outgoing="N", mass=lambda theta: 1.0),
            Term("V", "n", constant(np.eye(3)), outgoing="N", mass=lambda theta: 2.0),
        ),
        "another mass",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_interaction_is_found(fault: str) -> None:
    """unit: each mistake is named in one line."""
    interaction, words = FAULTS[fault]
    with pytest.raises(AssertionError, match=words) as caught:
        check_interaction(interaction)
    assert "\n" not in str(caught.value)


# --- sources --------------------------------------------------------------------------------------


def tabulated(folder: Any) -> Tabulated:
    path = folder / "flux.csv"
    path.write_text("energy [MeV],flux [/cm^2/s/MeV]\n0,2e5\n3,1e6\n5,4e5\n12,0\n", "utf-8")
    context = {"file": True, "directory": folder}
    block = {"type": "tabulated", "flavour": "nu_e_bar", "file": "flux.csv"}
    return Tabulated.model_validate(block, context=context)


EXAMPLES: dict[str, Callable[[Any], list[tuple[Any, Exposure]]]] = {
    "stopped-pion": lambda folder: [
        (StoppedPion(flux=1e7 / cm**2 / s), YEAR),
        (StoppedPion(facility="sns-2020", distance=20 * m), POT),
        (StoppedPion.check({**PION, "pulse": PULSE, "components": ["delayed"]}), YEAR),
        (
            StoppedPion(power=1 * MW, proton_energy=1 * GeV, pions_per_proton=0.1, distance=5 * m),
            Exposure(7 * day),
        ),
    ],
    "monoenergetic": lambda folder: [
        (Monoenergetic(flavour="nu_e", energy=0.8613 * MeV, flux=4.4e9 / cm**2 / s), YEAR)
    ],
    "tabulated": lambda folder: [(tabulated(folder), YEAR)],
    "reactor": lambda folder: [
        (SOURCES["reactor"].check({"type": "reactor", "power": "3 GW", "distance": "20 m"}), YEAR)
    ],
    "solar": lambda folder: [(SOURCES["solar"].check({"type": "solar"}), YEAR)],
    "supernova": lambda folder: [
        (Supernova.check({**BURST, "conversion": conversion}), Exposure(1, "burst"))
        for conversion in ("none", "normal", "inverted")
    ],
    "atmospheric": lambda folder: [
        (Atmospheric(model="fluka"), YEAR),
        (Atmospheric(model="honda", solar="minimum"), YEAR),
        (Atmospheric(model="fluka-honda", join=300 * MeV), YEAR),
    ],
    "diffuse-supernova": lambda folder: [(DiffuseSupernova(), YEAR)],
    "geoneutrino": lambda folder: [(Geoneutrino(), YEAR)],
    "radioactive": lambda folder: [
        (Radioactive(isotope="Cr51", activity=5e6 * Ci, distance=25 * cm), Exposure(55 * day)),
        (
            Radioactive(
                isotope="Ar37",
                activity=1e6 * Ci,
                geometry="surrounding",
                inner_radius=10 * cm,
                outer_radius=60 * cm,
            ),
            YEAR,
        ),
    ],
}


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_every_source(name: str, tmp_path: Any) -> None:
    """property: each kind of source in its typical forms; a new one needs an example here."""
    assert SOURCES[name].summary
    for source, exposure in EXAMPLES[name](tmp_path):
        check_source(source, exposure)
        check_source(source, exposure, "source.B1")


def given_source(*parts: Component) -> Given:
    return Given(parts=parts, fluence=1e10 / cm**2)


positive = st.floats(1e-3, 1e3)
densities = st.lists(st.floats(0.0, 1e6), min_size=3, max_size=8).filter(any)


@settings(max_examples=40, deadline=None)
@given(
    start=st.one_of(st.just(0.0), positive),
    steps=st.lists(positive, min_size=8, max_size=8),
    values=densities,
    bins=st.booleans(),
)
def test_tables(start: float, steps: list[float], values: list[float], bins: bool) -> None:
    """property: any table, as points or as a histogram."""
    edges = (start + np.cumsum([0.0, *steps]))[: len(values) + bins] * MeV
    make = TabulatedSpectrum.step if bins else TabulatedSpectrum.linear
    check_source(given_source(flavour("nu_e", make(edges, np.array(values) / MeV))), YEAR)


@settings(max_examples=15, deadline=None)
@given(alpha=st.floats(1.0, 4.0), mean=st.floats(0.1, 30.0), end=st.floats(1.0, 8.0))
def test_callables(alpha: float, mean: float, end: float) -> None:
    """property: pinched spectra cut at some multiple of their mean."""

    def pinched(energy: Any) -> Any:
        x = energy / (mean * MeV)
        return x**alpha * np.exp(-(alpha + 1) * x) / MeV

    spectrum = CallableSpectrum(pinched, [0.0, end * mean * MeV])
    check_source(given_source(flavour("nu_mu_bar", spectrum)), YEAR)


@given(lines=st.lists(st.tuples(positive, st.floats(0.0, 10.0)), min_size=1, max_size=5))
def test_lines(lines: list[tuple[float, float]]) -> None:
    """property: any lines, several at one energy too."""
    energies, weights = zip(*lines, strict=True)
    spectrum = LineSpectrum([energy * MeV for energy in energies], weights)
    check_source(given_source(flavour("nu_tau", spectrum)), YEAR)


class _Wrong:
    """A spectrum whose moments are off by ``factor`` beyond the first."""

    breaks = (1.0, 3.0)

    def __init__(self, factor: float = 1.0, shift: float = 0.0):
        self._factor, self._shift = factor, shift
        self._table = TabulatedSpectrum.step(np.array([1.0, 3.0]), np.array([0.5]))

    def moments(self, energy: Any) -> Any:
        return self._table.moments(energy) * [[1.0], [self._factor], [1.0]] + self._shift

    def __call__(self, energy: Any) -> Any:
        return self._table(energy)


def wrong(spectrum: Spectrum, density: Any = None) -> Given:
    rho = np.diag([1.0, 0.0, 0.0]) if density is None else density
    return given_source(Component("nu_e", rho, False, spectrum))


UNIT = TabulatedSpectrum.step(np.array([1.0, 3.0]), np.array([0.5]))
WRONG: dict[str, tuple[Given, str]] = {
    "moments": (wrong(_Wrong(1 + 1e-6)), "not those of the density"),
    "beyond the end": (wrong(_Wrong(shift=1e-3)), "above the last break point"),
    "negative": (wrong(_Wrong(shift=-1e-3)), "a moment is negative"),
    "not positive": (wrong(UNIT, np.diag([1.0, -0.1, 0.0])), "eigenvalues"),
    "norms": (given_source(replace(flavour("nu_e", UNIT), norms=("sns.flux",))), "norms"),
    "not hermitian": (wrong(UNIT, np.eye(3) + 0.1j * np.ones((3, 3))), "hermitian"),
    "same names": (given_source(flavour("nu_e", UNIT), flavour("nu_e", UNIT)), "names"),
}


@pytest.mark.parametrize("fault", WRONG)
def test_a_faulty_source_is_found(fault: str) -> None:
    """unit: each mistake is named in one line."""
    source, words = WRONG[fault]
    with pytest.raises(AssertionError, match=words) as caught:
        check_source(source, YEAR)
    assert "\n" not in str(caught.value)
