"""Checks that every plug-in must pass, for the tests of whoever writes one.

>>> from cevns.interactions import StandardModel
>>> from cevns.testing import check_interaction
>>> check_interaction(StandardModel())

A failed check is an `AssertionError` that says in one line what was expected.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from cevns.amplitudes import Scatterer, Term, by_lepton
from cevns.beam import Component, pure_state
from cevns.electrons import free_electron
from cevns.exposure import Exposure
from cevns.flavours import NEUTRINOS
from cevns.form_factors import FormFactor
from cevns.interactions import Interaction, Model, StandardModel
from cevns.kinematics import recoil_range
from cevns.parameters import NOMINAL, Parameter, Recorder
from cevns.rate import make_basis
from cevns.scatterers import nucleus
from cevns.sources import Source
from cevns.spectra import Spectrum, TabulatedSpectrum
from cevns.spins import PICTURES
from cevns.targets import Target
from cevns.units import MeV

Theory = Interaction | Model
_MIXED = np.array([[0.5, 0.2 + 0.1j, 0.05j], [0.2 - 0.1j, 0.3, 0.1j], [-0.05j, -0.1j, 0.2]])
_TABLE = TabulatedSpectrum.linear(np.array([1, 20, 50]) * MeV, np.array([0.5, 1, 0.3]) / MeV)
_PURE = [Component(name, *pure_state(name), _TABLE) for name in NEUTRINOS]
_MIRRORED = [Component("nu", _MIXED, False, _TABLE), Component("", _MIXED.conj(), True, _TABLE)]


def _require(condition: Any, where: str, message: str) -> None:
    """Explicit, so that it also holds under ``python -O``."""
    if not np.all(condition):
        raise AssertionError(f"{where}: {message}")


def _check_parameters(parameters: Iterable[Parameter], own: str) -> None:
    """Addresses are unique and below ``own`` (or bare: shared physics); values and bounds fit."""
    seen: set[str] = set()
    for one in parameters:
        where, value = one.address, one.value
        _require(where not in seen, where, "declared twice")
        seen.add(where)
        inside = where.startswith(f"{own}.") or "." not in where
        _require(inside, where, f"expected to start with '{own}.'")
        _require(value is not None and np.isfinite(value), where, f"the nominal value is {value}")
        low, high = one.bounds or (-np.inf, np.inf)
        bounded = np.iscomplexobj(value) or low <= value <= high
        _require(low < high and bounded, where, f"bounds {one.bounds} around {value}")


def check_interaction(interaction: Interaction) -> None:
    """Check an interaction on nuclei of spin 0, 1/2 and more, and on electrons.

    Its parameters and terms are well formed; with the Standard Model beside it rates are finite,
    not negative and zero above the largest recoil; ν with ρ and ν̄ with ρ* agree but on spin 1/2;
    a grid of a coupling is the loop over its values; and where its numbers are zero by default the
    sum is the Standard Model exactly.

    Parameters
    ----------
    interaction : Interaction
        An instance, best with couplings that are not zero.
    """
    name, numbers, standard = interaction.name, list(interaction.numbers()), StandardModel()
    _check_parameters(numbers, name)
    _check_terms(name, interaction.terms())
    model = interaction if isinstance(interaction, StandardModel) else standard + interaction
    fields, addresses = type(interaction).model_fields, [one.address for one in numbers]
    zero_by_default = [f"{name}.{field}" for field, info in fields.items() if info.default == 0]
    off = {address: 0.0 for address in zero_by_default if address in addresses}
    nuclear = nucleus(Target("Ar40").constituents[0], FormFactor("helm"), 1.0)
    with_spin = [
        nucleus(Target(one).constituents[0], FormFactor("helm"), 1.0, PICTURES[axial])
        for one, axial in (("F19", "simple"), ("Cs133", "shell-model"))
    ]
    for scatterer in (nuclear, replace(nuclear, spin="1/2"), *with_spin, free_electron()):
        T = _recoils(model, scatterer)
        _check_rates(f"{name} on {scatterer.name} of spin {scatterer.spin}", model, scatterer, T)
        _check_grids(model, scatterer, T, numbers)
        zero = make_basis(T, _PURE, scatterer, model.terms(), off).spectrum(off)
        alone = make_basis(T, _PURE, scatterer, standard.terms()).spectrum()
        _require(not off or zero == alone, name, "not the Standard Model where its numbers are 0")


def _recoils(model: Theory, scatterer: Scatterer) -> Any:
    """From far below the largest recoil to beyond it; the last three must be empty."""
    masses = (0.0, *(m4 for m4, _ in by_lepton(model.terms(), scatterer)))
    top = max(recoil_range(_TABLE.breaks[-1], scatterer.mass, m4)[1] for m4 in masses)
    return top * np.concatenate([np.geomspace(1e-6, 1 - 1e-9, 60), [1 + 1e-9, 1.1, 10.0]])


def _check_terms(name: str, terms: Iterable[Term]) -> None:
    q_squared = np.geomspace(1e-6, 1e4, 30) * MeV**2
    masses: dict[str, Any] = {}
    for term in terms:
        where = f"{name}: term {term.structure} on {term.site}"
        C, mass = np.asarray(term.coupling(NOMINAL)), float(term.mass(NOMINAL))
        _require(C.shape[-2:] == (3, 3), where, f"a coupling of shape {C.shape}, not (..., 3, 3)")
        _require(np.isfinite(C), where, "the coupling is not finite")
        _require(0 <= mass < np.inf, where, f"the outgoing mass is {mass}")
        same = masses.setdefault(term.outgoing, mass) == mass
        _require(same, where, f"another mass of '{term.outgoing}' than in an earlier term")
        light = term.outgoing == "nu"
        _require(not (light and mass), where, "a light neutrino with a mass")
        hermitian = np.allclose(C, C.conj().swapaxes(-1, -2), rtol=1e-12, atol=0)
        _require(hermitian or not light, where, "the coupling is not hermitian in flavour")
        f = np.ones(30) if term.profile is None else np.asarray(term.profile(q_squared, NOMINAL))
        real = np.isrealobj(f) and f.shape == (30,) and np.isfinite(f)
        _require(real, where, "the profile is not real, finite and of the shape of Q²")


def _check_rates(where: str, model: Theory, scatterer: Scatterer, T: Any) -> None:
    basis = make_basis(T, [*_PURE, *_MIRRORED], scatterer, model.terms())
    given = np.asarray(basis.spectrum())
    rates = given + np.zeros((len(_PURE) + 2, T.size))
    finite = given.dtype == np.float64 and np.isfinite(rates)
    _require(finite, where, f"rates of type {given.dtype}, expected finite ones in float64")
    # A square: what is below zero is rounding where the terms cancel at the end point.
    rounding = 1e-12 * rates.max()
    _require(rates >= -rounding, where, f"a negative rate {rates.min():.3g}")
    _require(rates[:, -3:] == 0, where, "a rate above the largest recoil")
    mirrored = scatterer.spin == "1/2" or np.ptp(rates[-2:], axis=0) <= rounding
    _require(mirrored, where, "ν with ρ and ν̄ with its conjugate differ")


def _check_grids(model: Theory, scatterer: Scatterer, T: Any, numbers: list[Parameter]) -> None:
    """Numbers that no basis reads are couplings, and may be arrays."""
    recorder = Recorder(NOMINAL)
    basis = make_basis(T, _PURE, scatterer, model.terms(), recorder)
    for one in numbers if basis.parts else ():
        if one.address not in recorder.read:
            values = np.clip(one.value + np.array([0, 0.1, 0.2]), *(one.bounds or (None, None)))
            loop = np.stack([basis.spectrum({one.address: value}) for value in values])
            grid = basis.spectrum({one.address: values})
            same = np.allclose(grid, loop, rtol=1e-12, atol=1e-12 * np.abs(loop).max())
            _require(same, one.address, "a grid of values is not the loop over them")


def check_source(source: Source, exposure: Exposure, address: str = "source") -> None:
    """Check the components of a source and their fluences.

    Density matrices are hermitian and positive; the moments of each spectrum are those of its
    density (1e-8), decrease with energy and end with the last break point; fluences are one per
    component, not negative, and in proportion to the exposure (`Source.steady`); names are unique.

    Parameters
    ----------
    source : Source
    exposure : Exposure
        One that it can use.
    address : str
        Where the source stands.
    """
    _check_parameters(source.parameters(address), address)
    components = source.components(address)
    names = [part.name for part in components]
    _require(names and len(set(names)) == len(names), address, f"the names {names}")
    for part in components:
        where, rho = f"{address}, {part.name}", np.asarray(part.density)
        _require(rho.shape == (3, 3), where, f"a density matrix of shape {rho.shape}")
        _require(np.allclose(rho, rho.conj().T, rtol=0, atol=1e-14), where, "ρ is not hermitian")
        low, _, high = np.linalg.eigvalsh(rho)
        _require(low >= -1e-14 and high > 0, where, f"ρ has eigenvalues from {low} to {high}")
        _require(set(part.norms) <= set(source.norms(address)), where, f"norms {part.norms}")
        _check_spectrum(where, part.spectrum)
    double = Exposure(2 * exposure.amount, exposure.kind)
    once, twice = (np.array(source.fluences(e, NOMINAL, address)) for e in (exposure, double))
    valid = once.shape == (len(names),) and (once >= 0) & np.isfinite(once)
    _require(valid, address, f"the fluences {once} for {names}")
    linear = np.isclose(twice, 2 * once, rtol=1e-12, atol=0)
    fading = (once <= twice) & (twice <= 2 * once)
    _require(linear if source.steady else fading, address, "not linear in exposure")


def _check_spectrum(where: str, spectrum: Spectrum) -> None:
    """The moments against what they must be, and against Gauss–Legendre sums of the density."""
    breaks = np.asarray(spectrum.breaks, dtype=float)
    ascending = breaks.size and breaks[0] >= 0 and np.all(np.diff(breaks) > 0)
    _require(ascending and np.isfinite(breaks[-1]), where, f"break points {breaks}")
    # Panels that shrink towards both ends: a beta spectrum ends like a root.
    shares = np.concatenate([np.geomspace(1e-8, 1, 300), 1 - 0.5 ** np.arange(1, 40)])
    E = np.unique(np.concatenate([breaks, breaks[-1] * shares]))
    G = np.asarray(spectrum.moments(E))
    _require(G.shape == (3, E.size), where, f"moments of shape {G.shape}, not {(3, E.size)}")
    _require(np.isfinite(G) & (G >= 0), where, "a moment is negative or not finite")
    _require(np.diff(G, axis=1) <= 1e-14 * G[:, :1], where, "a moment grows with energy")
    above = np.asarray(spectrum.moments(breaks[-1] * np.array([1 + 1e-12, 2.0])))
    _require(above == 0, where, "neutrinos above the last break point")
    x, w = np.polynomial.legendre.leggauss(12)
    nodes = (E[1:] + E[:-1])[:, None] / 2 + np.diff(E)[:, None] / 2 * x
    integrands = np.asarray(spectrum(nodes)) * nodes ** -np.arange(3.0)[:, None, None]
    panels = integrands @ w * np.diff(E) / 2
    sums = np.cumsum(panels[:, ::-1], axis=1)[:, ::-1]
    close = np.abs(sums - G[:, :-1]) <= 1e-8 * G[:, :-1] + 1e-12 * G[:, :1]
    same = not sums.any() or close[:, E[:-1] > 0]  # lines have no density
    _require(same, where, "moments that are not those of the density")
