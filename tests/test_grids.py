"""Grids of numbers in θ: what comes out in one call is what a loop over the points gives.

Kinds: property (grids are loops; dense, sparse and flat grids agree; the two ways of handing on a
flavour matrix agree) and unit (flavour matrices, what is made again, what is refused).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any, ClassVar

import numpy as np
import pytest
from probes import (
    MIXED,
    ON_NEUTRONS,
    ON_PROTONS,
    ElectronProbe,
    FlavourProbe,
    Given,
    electrons,
    flavour,
    mixture,
    three_knots,
)

from cevns.amplitudes import Term
from cevns.detector import Detector
from cevns.errors import InputError
from cevns.experiment import Experiment
from cevns.flavours import Couplings, FlavourMatrix
from cevns.interactions import StandardModel
from cevns.interactions.electromagnetic import Millicharge
from cevns.interactions.nsi import Nsi
from cevns.interactions.scalar import LightScalar
from cevns.interactions.vector_mediator import LightVector
from cevns.parameters import Theta
from cevns.rate import recoil_spectrum
from cevns.units import MeV, cm, day, keV, kg

EDGES = np.array([1.0, 3.0, 8.0, 20.0]) * keV
ROUNDING = 1e-12
"""Of what is compared: sums are done in another order, and terms cancel a few times at most."""

MASS, COUPLING = "light-vector.mass", "light-vector.coupling"


class FlavourProbeInParts(FlavourProbe):
    """`FlavourProbe` whose terms hand on flavour matrices instead of arrays."""

    name: ClassVar[str] = "probe-flavour"

    def terms(self) -> Sequence[Term]:
        """The same two."""
        on_protons, on_neutrons = FlavourMatrix(ON_PROTONS), FlavourMatrix(ON_NEUTRONS)
        return (
            Term("V", "p", lambda theta: on_protons * self.number("size", theta)),
            Term("V", "n", lambda theta: self.number("neutrons", theta) * on_neutrons),
        )


def experiment(*interactions: Any, **detector: Any) -> Experiment:
    """Caesium iodide with quenching in a beam of three components, one of them mixed."""
    parts = (
        flavour("nu_e", three_knots()),
        flavour("nu_mu_bar", three_knots()),
        mixture(three_knots(), True, MIXED),
    )
    model = StandardModel() + interactions[0]
    for other in interactions[1:]:
        model = model + other
    linear = {"type": "linear", "a": 0.1, "b": 0.0}
    mine = {"target": "CsI", "mass": 1 * kg, "quenching": linear, **detector}
    return Experiment(Given(parts=parts, fluence=1e14 / cm**2), Detector(**mine), 1 * day, model)


def looped(count: Callable[[Theta], Any], grids: dict[str, Any]) -> Any:
    """``count`` at each point of the grids, which broadcast."""
    dense = np.broadcast_arrays(*grids.values())
    points = [dict(zip(grids, values, strict=True)) for values in zip(*map(np.ravel, dense))]  # noqa: B905
    each = np.array([count({key: value.item() for key, value in at.items()}) for at in points])
    return each.reshape(*dense[0].shape, *each.shape[1:])


def close(one: Any, other: Any) -> None:
    """Of one shape and the same to rounding of the largest."""
    assert one.shape == other.shape
    np.testing.assert_allclose(one, other, rtol=0, atol=ROUNDING * np.abs(other).max())


def test_mass_coupling_and_intensity() -> None:
    """property: a 3-D grid through counts, their sum and what is above a threshold."""
    made = experiment(LightVector(charges="b-3lmu"))
    grids = {
        MASS: np.array([1.0, 30.0, 1000.0, 30.0])[:, None, None] * MeV,
        COUPLING: np.array([0.0, 1e-5, 3e-4])[:, None],
        "source.fluence": np.array([1e13, 2e14]) / cm**2,
    }
    full = made.counts(EDGES, grids)
    assert full.shape == (4, 3, 2, 3, 2, 3)  # grid, components, nuclides, bins
    close(full, looped(lambda at: made.counts(EDGES, at), grids))
    binned = made.binned(EDGES, grids)
    close(binned, full.sum(axis=(-3, -2)))
    levels = [8 * keV, 1 * keV]
    assert np.all(np.diff(full, axis=1).any(axis=(2, 3, 4, 5)))  # nothing is flat in the coupling
    close(made.counts_above(levels, grids), looped(lambda at: made.counts_above(levels, at), grids))
    at_one = {MASS: grids[MASS], COUPLING: grids[COUPLING]}
    close(made.binned(EDGES, at_one), looped(lambda at: made.binned(EDGES, at), at_one))


def test_the_mass_of_the_detector() -> None:
    """property: it only multiplies."""
    made = experiment(Nsi(eps_ee_u=0.1))
    grids = {"detector.mass": np.array([1.0, 2.0, 5.0]) * kg}
    close(made.counts(EDGES, grids), looped(lambda at: made.counts(EDGES, at), grids))
    close(made.binned(EDGES, grids), looped(lambda at: made.binned(EDGES, at), grids))


def test_profiles_of_several_interactions() -> None:
    """property: two masses, running couplings, and a millicharge with a profile of its own."""
    models = (LightVector(charges="lmu-ltau"), LightScalar(), Millicharge(nu_e=1e-9))
    made = experiment(*models, threshold=0.1 * keV)
    grids = {
        MASS: np.array([3.0, 60.0]) * MeV,
        COUPLING: np.array([1e-4, 1e-3])[:, None],
        "light-scalar.mass": np.array([1.0, 20.0, 500.0])[:, None, None] * MeV,
        "light-scalar.coupling": np.array([1e-6, 1e-4]),
        "millicharge.nu_mu": np.array([-1e-8, 1e-8])[:, None],
    }
    close(made.counts(EDGES / 10, grids), looped(lambda at: made.counts(EDGES / 10, at), grids))
    close(made.binned(EDGES / 10, grids), looped(lambda at: made.binned(EDGES / 10, at), grids))


@pytest.mark.parametrize("how", ["dense", "flat", "one by one"])
def test_however_the_grid_is_given(how: str) -> None:
    """property: a dense mesh, a list of points and points one after the other are one grid."""
    made = experiment(LightVector(), Nsi())
    sparse = {
        MASS: np.array([2.0, 20.0])[:, None] * MeV,
        COUPLING: np.array([1e-5, 1e-4, 1e-3]),
        "nsi.eps_emu_d": 0.1 * np.exp(1j * np.array([0.5, 1.0]))[:, None],
    }
    expected = made.binned(EDGES, sparse)
    dense = dict(zip(sparse, np.broadcast_arrays(*sparse.values()), strict=True))
    if how == "dense":
        found = made.binned(EDGES, {key: value.copy() for key, value in dense.items()})
    elif how == "flat":
        found = made.binned(EDGES, {key: value.ravel() for key, value in dense.items()})
    else:
        found = looped(lambda at: made.binned(EDGES, at), sparse)
    close(found.reshape(expected.shape), expected)


def test_shapes_are_those_of_the_grids() -> None:
    """unit: also where a number acts on nothing, or all its values are the same."""
    made = experiment(LightVector(coupling=0.0), Nsi())
    for address, value in (
        ("nsi.eps_tautau_u", 0.1),  # no tau neutrinos of the first two components
        (MASS, 5 * MeV),  # without a coupling
        ("nsi.eps_ee_u", 0.1),
    ):
        theta = {MASS: 5 * MeV, address: np.full((4, 1), value)}
        single = made.counts(EDGES, {MASS: 5 * MeV, address: value})
        grid = made.counts(EDGES, theta)
        assert grid.shape == (4, 1, *single.shape)
        close(grid, np.broadcast_to(single, grid.shape))
        assert made.binned(EDGES, theta).shape == (4, 1, 3)
    nothing = {"probe-flavour.size": np.zeros((2, 1)), "probe-flavour.neutrons": np.zeros(5)}
    for probe in (FlavourProbe, FlavourProbeInParts):
        assert experiment(probe()).binned(EDGES, nothing).shape == (2, 5, 3)
    assert made.binned(EDGES, {"nsi.eps_ee_u": np.empty((0, 2)), MASS: 5 * MeV}).shape == (0, 2, 3)


@pytest.mark.parametrize("probe", [FlavourProbe, FlavourProbeInParts])
def test_two_ways_to_hand_on_a_flavour_matrix(probe: type[FlavourProbe]) -> None:
    """property: arrays, entry by entry, and flavour matrices, for any flavour state."""
    made = experiment(probe(size=0.3, neutrons=-0.2))
    other = experiment(FlavourProbe(size=0.3, neutrons=-0.2))
    grids = {
        "probe-flavour.size": np.linspace(-1, 1, 3)[:, None],
        "probe-flavour.neutrons": np.linspace(-0.5, 0.5, 4),
    }
    close(made.counts(EDGES), other.counts(EDGES))
    close(made.counts(EDGES, grids), looped(lambda at: other.counts(EDGES, at), grids))


def test_recoil_spectra_too() -> None:
    """property: before any detector, with a mass and a coupling."""
    made = experiment(LightVector(), Nsi(eps_emu_u=0.1j))
    T, nuclide = np.array([1.0, 5.0, 20.0]) * keV, made.scatterers[1]
    grids = {MASS: np.array([3.0, 60.0])[:, None] * MeV, COUPLING: np.array([1e-5, 1e-4, 3e-4])}

    def spectrum(theta: Theta) -> Any:
        return recoil_spectrum(T, made.components, nuclide, made.terms, theta)

    assert spectrum(grids).shape == (2, 3, 3, 3)  # mass, coupling, component, recoil
    close(spectrum(grids), looped(spectrum, grids))


def test_structures_that_interfere() -> None:
    """property: vector and axial numbers on electrons, in a mixed state of either kind."""
    terms, target = (StandardModel() + ElectronProbe(vector=0.2)).terms(), electrons(1.0)
    beam = [mixture(three_knots(), False), mixture(three_knots(), True, MIXED)]
    T = np.array([0.1, 3.0, 20.0]) * MeV
    grids = {
        "probe-electron.vector": np.array([0.3, -0.4])[:, None, None],
        "probe-electron.axial": np.array([0.5, 0.2, -0.1])[:, None],
        "probe-electron.mixing": np.array([0.0, 0.7]),
    }

    def spectrum(theta: Theta) -> Any:
        return recoil_spectrum(T, beam, target, terms, theta)

    close(spectrum(grids), looped(spectrum, grids))


# --- flavour matrices -----------------------------------------------------------------------------


def test_flavour_matrices_are_their_arrays() -> None:
    """unit: sums and products, numbers before and behind, of any shape, complex ones too."""
    real, phase = np.array([0.5, -2.0])[:, None], np.exp(1j * np.array([0.1, 0.2, 0.3]))
    one, two = FlavourMatrix(ON_PROTONS), FlavourMatrix(ON_NEUTRONS)
    p, n = ON_PROTONS, ON_NEUTRONS
    wide, thin = real[..., None, None], phase[..., None, None]
    pairs = [
        (one, p),
        (one * 2 + two, 2 * p + n),
        (2j * one, 2j * p),
        (real * one, wide * p),
        (one * real + two * phase, wide * p + thin * n),
        ((one + two * real) * phase * 3, (p + n * wide) * thin * 3),
        (p + one * phase, p + p * thin),
    ]
    for matrix, array in pairs:
        np.testing.assert_allclose(np.asarray(matrix), array, rtol=1e-15, atol=1e-16)
        again = np.asarray(FlavourMatrix.of(np.asarray(array)))
        np.testing.assert_allclose(again, array, rtol=1e-15, atol=1e-16)
    assert np.asarray(FlavourMatrix(np.eye(3)) * real).dtype == np.float64


def test_the_numbers_stay_few() -> None:
    """unit: a number in several terms is one number, and nothing has the size of the grid."""
    u, d = np.linspace(-1, 1, 5)[:, None], np.linspace(-1, 1, 7)
    terms = (StandardModel() + Nsi() + LightVector(mass=1 * MeV)).terms()
    theta = {"nsi.eps_ee_u": u, "nsi.eps_mumu_d": d, "nsi.eps_ee_d": u.copy(), COUPLING: d}
    found = Couplings(terms, theta)
    assert [np.shape(number) for number in found.numbers] == [(), (5, 1), (7,), (7,)]
    assert found.grid == (5, 7)
    mesh = {"nsi.eps_ee_u": np.broadcast_to(u, (5, 7)).copy()}
    assert [np.shape(number) for number in Couplings(terms, mesh).numbers] == [(), (5, 1)]


# --- what is made again, and what is refused ------------------------------------------------------


def test_a_mass_does_not_fold_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """unit: the acceptance is asked for anew for a number of the detector only."""
    calls: list[Any] = []
    original = Detector.acceptance

    def counted(self: Detector, *arguments: Any) -> Any:
        calls.append(arguments)
        return original(self, *arguments)

    monkeypatch.setattr(Detector, "acceptance", counted)
    made = experiment(LightVector(coupling=1e-4))
    made.counts(EDGES, {MASS: 1 * MeV})
    first = len(calls)
    assert first > 0
    moved = [made.counts(EDGES, {MASS: mass * MeV}) for mass in (2.0, 3.0)]
    assert np.all(moved[0][..., 0] != moved[1][..., 0])
    made.binned(EDGES, {MASS: np.linspace(1, 2, 5) * MeV})
    assert len(calls) == first
    made.counts(EDGES, {MASS: 1 * MeV, "detector.quenching.a": 0.11})
    assert len(calls) == 2 * first


def test_a_grid_of_what_shapes_the_response_is_refused() -> None:
    """unit: by its address, instead of an error about shapes."""
    made = experiment(Nsi())
    for address in ("detector.quenching.a", "Cs.rms_radius"):
        with pytest.raises(InputError, match=f"{address}.*expected single values"):
            made.counts(EDGES, {address: np.array([0.1, 0.2])})


def test_a_grid_that_diverges_somewhere_is_refused() -> None:
    """unit: one mass of 0 among others, without a threshold; and no other grid."""
    made, edges = experiment(LightVector(coupling=1e-5)), np.array([-np.inf, np.inf])
    masses = np.array([5.0, 30.0]) * MeV
    assert np.all(made.binned(edges, {MASS: masses}) > 0)
    with pytest.raises(InputError, match=r"light-vector .*threshold"):
        made.binned(edges, {MASS: np.array([5.0, 0.0]) * MeV})


def test_a_grid_is_worth_a_loop_of_every_pair() -> None:
    """property: all pairs of couplings of one interaction, those that interfere among them."""
    made = experiment(Nsi())
    names = ("eps_ee_u", "eps_emu_d", "eps_mumu_d")
    for one, other in product(names, names):
        grids = {f"nsi.{one}": np.array([0.1, -0.4])[:, None]}
        grids[f"nsi.{other}"] = np.array([0.3, 0.2, -0.1])
        close(made.counts(EDGES, grids), looped(lambda at: made.counts(EDGES, at), grids))
