"""What the Sun makes of ν_e: mass states, and the couplings that see the difference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from oracle import solar as oracle

from cevns import Detector, Experiment, Exposure, StandardModel
from cevns.interactions.nsi import Nsi
from cevns.msw import Msw
from cevns.sources import Solar
from cevns.sources.solar_spectra import POTENTIALS, boron_table
from cevns.units import MeV, cm, eV, keV, kg, s, year

SPECIES = Solar().species


def share(mixing: Msw, energy: float, species: str) -> Any:
    """ρ at an energy [MeV], shape (3, 3)."""
    upper = mixing.upper_share(np.array(energy) * MeV, POTENTIALS[species])
    lower_state, upper_state = mixing.densities()
    return (1 - upper) * lower_state + upper * upper_state


@pytest.mark.parametrize(
    ("species", "energy", "expected"),
    [("pp", 0.27, 0.545), ("Be7", 0.8613, 0.527), ("B8", 8, 0.341)],
)
def test_survival(species: str, energy: float, expected: float) -> None:
    """Reference: de Holanda, Liao & Smirnov 2004 with these parameters, three digits."""
    mixing = Msw(sin2_theta12=0.307, sin2_theta13=0.0218, dm21=7.5e-5 * eV**2)
    survival = float(mixing.survival(np.array(energy) * MeV, POTENTIALS[species]))
    assert survival == pytest.approx(expected, abs=6e-4)
    assert share(mixing, energy, species)[0, 0].real == pytest.approx(survival, rel=1e-14, abs=0)


def test_limits() -> None:
    """Reference: without matter c⁴(1 − ½ sin²2θ12) + s⁴, deep in matter c⁴ s12² + s⁴ (1e-12, 1e-4).

    In matter the next order is in (Δm²/2EV)², of which 1e-5 is left at 100 times the energy.
    """
    mixing = Msw()
    s12, s13 = mixing.sin2_theta12, mixing.sin2_theta13
    vacuum = (1 - s13) ** 2 * (1 - 2 * s12 * (1 - s12)) + s13**2
    dense = (1 - s13) ** 2 * s12 + s13**2
    assert mixing.survival(1 * MeV, 0.0) == pytest.approx(vacuum, rel=1e-12, abs=0)
    assert mixing.survival(1e3 * MeV, POTENTIALS["B8"]) == pytest.approx(dense, rel=1e-4, abs=0)


def test_mixing_matrix() -> None:
    """Reference: the PDG's matrix written out entry by entry, 1e-14; states are as given by it."""
    mixing = Msw(delta_cp=1.2)
    expected = oracle.mixing(
        mixing.sin2_theta12, mixing.sin2_theta13, mixing.sin2_theta23, mixing.delta_cp
    )
    np.testing.assert_allclose(mixing.mixing(), expected, rtol=0, atol=1e-14)
    for state in mixing.densities():
        assert np.trace(state).real == pytest.approx(1, rel=1e-14, abs=0)
        np.testing.assert_allclose(state, state.conj().T, rtol=0, atol=1e-15)
        assert np.linalg.eigvalsh(state).min() > -1e-15


@pytest.mark.parametrize(("dm31", "tolerance"), [(2.5, 1e-5), (2.513e-3, 4e-3)])
@pytest.mark.parametrize("energy", [0.3, 2.0, 8.0, 15.0])
def test_three_flavours(energy: float, dm31: float, tolerance: float) -> None:
    """Reference: eigenstates of the whole Hamiltonian, every entry of ρ, phase included.

    With the third state far away ours is exact up to V E/Δm²31 (1e-4 at 15 MeV, times s13²). With
    the measured Δm²31 that is what it leaves out: 4e-3, and a third of it in ρ_ee.
    """
    mixing = Msw()
    U = oracle.mixing(0.308, 0.02215, 0.470, mixing.delta_cp)
    exact = oracle.arriving(energy, POTENTIALS["B8"] / eV, U, 7.49e-5, dm31)
    ours = share(mixing, energy, "B8")
    np.testing.assert_allclose(ours, exact, rtol=0, atol=tolerance)
    assert abs(ours[0, 0] - exact[0, 0]) < tolerance / 3


def argon(model: Any, **source: Any) -> Experiment:
    return Experiment(
        Solar(species=("B8",), **source),
        Detector(target="Ar40", mass=1 * kg),
        Exposure(1 * year),
        model=model,
        form_factor="point",
    )


@pytest.mark.parametrize("couplings", [{"eps_ee_u": 0.2}, {"eps_emu_d": 0.1 + 0.05j}])
def test_flavoured_couplings(couplings: dict[str, complex]) -> None:
    """Reference: ∫ φ Tr[C ρ(E) C†] over dense energies, ρ from three flavours (third far away).

    3e-4: φ times its share is a straight line between the rows of the table, here it is a product.
    """
    T = np.array([0.3, 3.0, 6.0]) * keV
    ours = argon(StandardModel() + Nsi(**couplings)).recoil_spectrum(T)
    plain = argon(StandardModel()).recoil_spectrum(T)
    Z, N, s2w, M = 18, 22, 0.23857, argon(StandardModel()).scatterers[0].mass / MeV
    C = (Z * (0.5 - 2 * s2w) - N / 2) * np.eye(3, dtype=complex)
    for name, value in couplings.items():
        pair, quark = name.split("_")[1:]
        number = {"u": 2 * Z + N, "d": Z + 2 * N}[quark] * value
        i, j = (0, 0) if pair == "ee" else (0, 1)
        C[i, j] += number
        C[j, i] += np.conj(number) if i != j else 0
    E = np.linspace(1e-3, 16.9, 8001)
    table, density = boron_table("bahcall-1996")
    phi = np.interp(E, table / MeV, density * MeV)
    U = oracle.mixing(0.308, 0.02215, 0.470, Msw().delta_cp)
    seen = (
        np.array(
            [
                np.trace(
                    C @ oracle.arriving(one, POTENTIALS["B8"] / eV, U, 7.49e-5, 2.5) @ C.conj().T
                )
                for one in E
            ]
        ).real
        / C[2, 2].real ** 2
    )
    for recoil, ratio in zip(T / MeV, ours / plain, strict=True):
        kernel = phi * np.maximum(1 - recoil / E - M * recoil / (2 * E**2), 0)
        assert ratio == pytest.approx((kernel @ seen) / kernel.sum(), rel=3e-4, abs=0)


def test_the_standard_model_does_not_see_it() -> None:
    """Property: at tree level every species counts alike with and without mixing, 1e-12."""
    levels = np.array([0.0, 1e-3, 0.1, 1.0]) * keV
    for species in SPECIES:
        mixed, pure = (
            Experiment(
                Solar(species=(species,), oscillation=oscillation),
                Detector(target="Ge"),
                Exposure(1 * kg * year, "mass-time"),
            ).counts_above(levels)
            for oscillation in ("msw", "none")
        )
        np.testing.assert_allclose(mixed, pure, rtol=1e-12, atol=1e-12 * pure.max())


def test_radiative_couplings_do() -> None:
    """Unit: they differ between flavours, so mixing changes the counts, by some parts in 1e3."""
    model = StandardModel(scheme="radiative")
    mixed, pure = (
        argon(model, oscillation=one).counts_above(np.array([1.0]) * keV)[0]
        for one in ("msw", "none")
    )
    assert 1e-3 < abs(mixed / pure - 1) < 3e-2


def test_mixing_is_a_parameter() -> None:
    """Unit: its numbers have addresses, from the word too, and move flavoured counts only."""
    experiment = argon(StandardModel() + Nsi(eps_ee_u=0.2))
    address = "source.oscillation.sin2_theta12"
    assert experiment.parameters[address].value == 0.308
    level = np.array([1.0]) * keV
    more = experiment.counts_above(level, {address: 0.35})
    assert abs(more / experiment.counts_above(level) - 1)[0] > 1e-3
    same = argon(StandardModel() + Nsi(eps_ee_u=0.2), oscillation=Msw(sin2_theta12=0.35))
    assert more == pytest.approx(same.counts_above(level), rel=1e-12, abs=0)
    plain = argon(StandardModel(), fluxes={"B8": 5.46e6 / cm**2 / s})
    assert plain.counts_above(level, {address: 0.35}) == pytest.approx(
        plain.counts_above(level), rel=1e-12, abs=0
    )
