"""Scalar, pseudoscalar and tensor mediators.

Kinds: reference (formulas of the literature, nucleon couplings, double integrals of tests/oracle)
and property (limits, interference, zero couplings).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pytest
from oracle import folding, recoil
from probes import (
    argon,
    brute_factors,
    electrons,
    flavour,
    per_kilogram,
    three_knots,
)

from cevns.amplitudes import Scatterer
from cevns.constants import G_F
from cevns.errors import InputError
from cevns.interactions import Interaction, Model, StandardModel
from cevns.interactions.magnetic_moment import MagneticMoment
from cevns.interactions.scalar import LightMediator, LightScalar
from cevns.interactions.tensor import LightTensor
from cevns.rate import recoil_spectrum
from cevns.spectra import LineSpectrum
from cevns.testing import check_interaction
from cevns.units import MeV, cm

COUNTS = 1e-6  # the contract for counts; the brute force is good to 1e-9
ROUNDING = 1e-12
HBARC = recoil.HBARC_MEV_FM / 1e13  # MeV cm
T = np.array([1e-3, 0.01, 0.04])  # MeV
G, MASS = 3e-4, 12.0


class PseudoscalarProbe(LightMediator):
    """A pseudoscalar boson with nucleon charges of the test's making."""

    name: ClassVar[str] = "pseudoscalar-probe"
    structure: ClassVar[str] = "P"

    def charges(self) -> dict[str, float]:
        return dict(zip("pn", PSEUDOSCALAR, strict=True))


PSEUDOSCALAR = (5.2, 0.6)
MEDIATORS: dict[str, type[LightMediator]] = {
    "scalar": LightScalar,
    "pseudoscalar": PseudoscalarProbe,
    "tensor": LightTensor,
}


def exactly(value: Any, tolerance: float) -> Any:
    """A purely relative comparison: the default abs=1e-12 would hide any cm²."""
    return pytest.approx(value, rel=tolerance, abs=0)


def target(spin: str) -> Scatterer:
    """40Ar with the radii of `brute_factors`, or what it would be with a spin."""
    beam = flavour("nu_e", LineSpectrum([30 * MeV], [1.0]))
    return replace(argon(StandardModel(), beam).scatterers[0], spin=spin)


M = target("0").mass / MeV


def spectrum(model: Interaction | Model, spin: str = "0", name: str = "nu_mu", **theta: Any) -> Any:
    """[cm²/MeV] at `T` on the oracle's table; ``theta`` is by field of ``model``."""
    at = {f"{model.name}.{k}": v for k, v in theta.items()} if theta else {}  # type: ignore[union-attr]
    beam = flavour(name, three_knots())
    return recoil_spectrum(T * MeV, [beam], target(spin), model.terms(), at)[0] / (cm**2 / MeV)


# --- nucleons -------------------------------------------------------------------------------------


def test_scalar_charges() -> None:
    """reference: 17.3 g² a nucleon for u and d alike (physics.md §5, three digits)."""
    charges = LightScalar().charges()
    proton = 938.27208816 * (0.0208 / 2.16 + 0.0411 / 4.67)
    neutron = 939.56542052 * (0.0189 / 2.16 + 0.0451 / 4.67)
    assert charges["p"] == exactly(-proton, 1e-14)
    assert charges["n"] == exactly(-neutron, 1e-14)
    assert -charges["p"] == pytest.approx(17.3, abs=0.05)
    assert -charges["n"] == pytest.approx(17.3, abs=0.05)


def test_tensor_charges() -> None:
    """reference: δ_u + δ_d = 0.784 − 0.204 on protons and on neutrons (arXiv:1808.07597)."""
    assert LightTensor().charges() == {"p": exactly(0.58, 1e-14), "n": exactly(0.58, 1e-14)}


# --- the formulas of the literature ---------------------------------------------------------------


def charge(kind: str) -> Callable[[Any], Any]:
    """Q/g² at a recoil, from the numbers of the literature."""
    protons, neutrons = {
        "scalar": (
            938.27208816 * (0.0208 / 2.16 + 0.0411 / 4.67),
            939.56542052 * (0.0189 / 2.16 + 0.0451 / 4.67),
        ),
        "tensor": (0.58, 0.58),
        "pseudoscalar": PSEUDOSCALAR,
    }[kind]

    def total(t: float) -> float:
        Z, N = brute_factors(t, M)
        return protons * Z + neutrons * N

    return np.vectorize(total)


def literature(kind: str, spin: str, g: float, mass: float) -> folding.Sigma:
    """dσ/dT [cm²/MeV], physics.md §5 and §8."""
    strength = charge(kind)

    def sigma(E: Any, t: Any) -> Any:
        amplitude = g**2 * strength(t) / (2 * M * t + mass**2)
        shape = {
            "scalar": M**2 * t / (4 * math.pi * E**2) * (1 + (spin == "1/2") * t / (2 * M)),
            "pseudoscalar": M * t**2 / (8 * math.pi * E**2),
            "tensor": M / math.pi * ((2 - t / E) ** 2 - M * t / E**2),
        }[kind]
        return amplitude**2 * shape * HBARC**2

    return sigma


CASES = [("scalar", "0"), ("scalar", "1/2"), ("pseudoscalar", "1/2"), ("tensor", "0")]


@pytest.mark.parametrize(("kind", "spin"), [*CASES, ("tensor", "1/2")])
def test_cross_sections(kind: str, spin: str) -> None:
    """reference: dσ/dT at one energy (1e-9: the last digits of ħc)."""
    E = 40.0
    model = MEDIATORS[kind](coupling=G, mass=MASS * MeV)
    beam = flavour("nu_tau_bar", LineSpectrum([E * MeV], [1.0]))
    ours = recoil_spectrum(T * MeV, [beam], target(spin), model.terms())[0] / (cm**2 / MeV)
    assert ours == exactly(literature(kind, spin, G, MASS)(E, T), 1e-9)


@pytest.mark.parametrize("mass", [0.05, 12.0, 900.0])
@pytest.mark.parametrize(("kind", "spin"), CASES)
def test_counts(kind: str, spin: str, mass: float) -> None:
    """reference: double integrals over a table of neutrinos, for light and heavy mediators."""
    model = MEDIATORS[kind](coupling=G, mass=mass * MeV)
    edges = np.array([1e-3, 0.01, 0.05, 0.2])
    experiment = argon(model, flavour("nu_mu", three_knots()))
    if spin != "0":  # the same nucleus with a spin, by the fold of the experiment
        object.__setattr__(
            experiment, "scatterers", (replace(experiment.scatterers[0], spin=spin),)
        )
    ours = experiment.counts(edges * MeV)[0, 0]
    sigma = literature(kind, spin, G, mass)
    truth = folding.counts(sigma, recoil.three_knot, M, edges, order=24)
    assert ours == exactly(truth * per_kilogram(), COUNTS)


# --- limits ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "spin"), CASES)
def test_heavy_mediators(kind: str, spin: str) -> None:
    """property: only g²/m² is left above Q; Q²/m² = 3e-5 at 10 GeV and 1e-10 at 5 TeV."""
    heavy, heavier = (
        spectrum(MEDIATORS[kind](coupling=1e-4 * m, mass=m * MeV), spin) for m in (1e4, 5e6)
    )
    assert heavy == exactly(heavier, 1e-4)
    contact = MEDIATORS[kind](coupling=1e-4 * 5e6, mass=5e6 * MeV)
    expected = 1e-8 / MeV**2 / (math.sqrt(2) * G_F)
    sites = {term.site: term for term in contact.terms()}
    for site, size in contact.charges().items():
        profile = sites[site].profile
        assert profile is not None
        amplitude = np.asarray(sites[site].coupling({}))[0, 0] * profile(T * MeV**2, {})[0]
        assert amplitude == exactly(expected * size, 1e-9)


@pytest.mark.parametrize(("kind", "spin"), CASES)
def test_light_mediators(kind: str, spin: str) -> None:
    """property: below Q the mass does not matter, m²/Q² = 1e-12 here."""
    light, massless = (
        spectrum(MEDIATORS[kind](coupling=G), spin, mass=m * MeV) for m in (1e-5, 0.0)
    )
    assert light == exactly(massless, 1e-11)


@pytest.mark.parametrize("name", ["nu_e", "nu_mu_bar"])
@pytest.mark.parametrize(("kind", "spin"), CASES)
def test_no_interference_with_the_standard_model(kind: str, spin: str, name: str) -> None:
    """property: the chirality flips: spectra add, with the electromagnetic part beside them."""
    standard, model = StandardModel(), MEDIATORS[kind](coupling=3 * G, mass=MASS * MeV)
    both, one, other = (spectrum(m, spin, name) for m in (standard + model, standard, model))
    assert both == exactly(one + other, ROUNDING)
    assert np.all(other > 0)


def test_scalar_and_tensor_interfere_on_spin_half() -> None:
    """reference: −MTa_Sa_T/π E⁻¹ + MT²a_Sa_T/2π E⁻², odd under ν ↔ ν̄, none on a 0⁺ nucleus.

    The exchange of a scalar has the other sign than the Lagrangian of the tensor.
    """
    E = 40.0
    scalar, tensor = (MEDIATORS[k](coupling=G, mass=MASS * MeV) for k in ("scalar", "tensor"))
    D = 2 * M * T + MASS**2
    amplitudes = -(G**4) * charge("scalar")(T) * charge("tensor")(T) / D**2
    closed = amplitudes * (-M * T / (math.pi * E) + M * T**2 / (2 * math.pi * E**2)) * HBARC**2
    for name, sign in (("nu_e", 1), ("nu_e_bar", -1)):
        beam = flavour(name, LineSpectrum([E * MeV], [1.0]))
        for spin, expected in (("1/2", sign * closed), ("0", 0.0 * closed)):
            both, one, other = (
                recoil_spectrum(T * MeV, [beam], target(spin), m.terms())[0] / (cm**2 / MeV)
                for m in (scalar + tensor, scalar, tensor)
            )
            # the interference is down to 1e-4 of the sum: so many digits are lost
            noise = 1e-14 * both.max()
            assert both - one - other == pytest.approx(expected, rel=1e-8, abs=noise)


def test_a_scalar_interferes_with_a_magnetic_moment() -> None:
    """property: on spin 0 both are ν̄_R ν_L: the amplitudes add, with the other sign for ν̄."""
    scalar, moment = LightScalar(coupling=1e-5, mass=MASS * MeV), MagneticMoment(nu_mu=1e-9)
    for name, sign in (("nu_mu", 1), ("nu_mu_bar", -1)):
        beam = flavour(name, LineSpectrum([40 * MeV], [1.0]))
        both, one, other = (
            recoil_spectrum(T * MeV, [beam], target("0"), m.terms())[0]
            for m in (scalar + moment, scalar, moment)
        )
        root = np.sqrt(one) + sign * np.sqrt(other)
        assert both == exactly(root**2, 1e-10)  # the difference of the roots loses a digit


# --- what is absent or refused --------------------------------------------------------------------


def test_a_pseudoscalar_does_not_see_spin_0() -> None:
    """property: exactly nothing."""
    model = PseudoscalarProbe(coupling=1.0, mass=1 * MeV)
    assert np.all(spectrum(model) == 0)
    assert np.all(spectrum(StandardModel() + model) == spectrum(StandardModel()))


def test_electrons_have_no_coupling() -> None:
    """unit: the Lagrangians have quarks only, unless ``electron`` is given."""
    for kind in MEDIATORS.values():
        model = kind(coupling=1.0, mass=1 * MeV)
        beam = flavour("nu_e", three_knots())
        assert np.all(recoil_spectrum(T * MeV, [beam], electrons(1.0), model.terms()) == 0)


@pytest.mark.parametrize("kind", MEDIATORS)
def test_a_mass_is_needed(kind: str) -> None:
    """unit: without one the address is named; θ may give it."""
    model = MEDIATORS[kind](coupling=G)
    with pytest.raises(InputError, match=rf"{model.name}\.mass"):
        spectrum(model, "1/2")
    fixed = MEDIATORS[kind](coupling=G, mass=MASS * MeV)
    assert spectrum(model, "1/2", mass=MASS * MeV) == exactly(spectrum(fixed, "1/2"), ROUNDING)


@pytest.mark.parametrize("kind", MEDIATORS)
@pytest.mark.parametrize("mass", [0.01, 10.0, 1e5])
def test_what_holds_for_every_interaction(kind: str, mass: float) -> None:
    """property: the public checks; a coupling of zero is the Standard Model exactly."""
    check_interaction(MEDIATORS[kind](coupling=1e-4, mass=mass * MeV))
    check_interaction(MEDIATORS[kind](coupling=-2.0, mass=mass * MeV))
