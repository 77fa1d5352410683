"""Cumulative moments of spectra."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import reference_rows

import cevns
from cevns.constants import m_mu
from cevns.errors import InputError
from cevns.spectra import CallableSpectrum, LineSpectrum, MichelSpectrum, TabulatedSpectrum
from cevns.units import MeV, cm, s

END = m_mu / 2


def nu_e(E: Any) -> Any:
    return 192 * E**2 / m_mu**3 * (0.5 - E / m_mu)


def nu_mu_bar(E: Any) -> Any:
    return 64 * E**2 / m_mu**3 * (0.75 - E / m_mu)


DENSITIES: dict[str, Callable[[Any], Any]] = {"nu_e": nu_e, "nu_mu_bar": nu_mu_bar}


@pytest.mark.parametrize("flavour", DENSITIES)
def test_michel_spectrum(flavour: str) -> None:
    """Reference: rows pidar.f.* (closed form, so 1e-12; the muon mass is the same)."""
    row = next(r for r in reference_rows("pidar.f.") if flavour.replace("_", "")[:4] in r.id)
    spectrum = MichelSpectrum(flavour, m_mu)
    density = spectrum(np.array(row.inputs["E_MeV"]) * MeV) * MeV
    assert density == pytest.approx(row.value, rel=1e-12, abs=0)
    assert spectrum.moments(np.zeros(1))[0, 0] == pytest.approx(1.0, rel=1e-14, abs=0)


def test_flavours_by_mean_energy() -> None:
    """Reference: ⟨E⟩ = 3m_μ/10 for ν_e and 7m_μ/20 for ν̄_μ, closed form (so 1e-10).

    Two files swapped move the ν_e share of the events by tens of per cent: told by mean energy.
    The mean is ∫ G_0 dE; the polynomial needs three Gauss nodes, 20 are taken.
    """
    x, w = np.polynomial.legendre.leggauss(20)
    energies, weights = END * 0.5 * (x + 1), END * 0.5 * w
    for flavour, mean in {"nu_e": 0.3 * m_mu, "nu_mu_bar": 0.35 * m_mu}.items():
        moments = MichelSpectrum(flavour, m_mu).moments(energies)
        assert moments[0] @ weights == pytest.approx(mean, rel=1e-10, abs=0)
    for component in cevns.StoppedPion(flux=1 / cm**2 / s).components("source"):
        if component.group == "delayed":
            expected = {"nu_e": 31.70, "nu_mu_bar": 36.98}[component.flavour] * MeV
            mean = component.spectrum.moments(energies)[0] @ weights
            assert mean == pytest.approx(expected, rel=2e-4, abs=0)  # four digits


@pytest.mark.parametrize("flavour", DENSITIES)
@pytest.mark.parametrize("below", [1.0, 0.3, 1e-2, 1e-5, 1e-8])
def test_michel_moments_near_the_end(flavour: str, below: float) -> None:
    """Reference: mpmath integral with 40 digits; relative 1e-12 although G → 0 at the end.

    The energy is END (1 − below) as a float, whose rounding moves G by 1e-16/below: allowed for
    by integrating from that very float.
    """
    energy = float(END / MeV * (1 - below))
    end = mp.mpf(float(END / MeV))
    with mp.workdps(40):
        mass = 2 * end
        shapes = {
            "nu_e": lambda E: 192 * E**2 / mass**3 * (mp.mpf(1) / 2 - E / mass),
            "nu_mu_bar": lambda E: 64 * E**2 / mass**3 * (mp.mpf(3) / 4 - E / mass),
        }
        exact = [
            float(mp.quad(lambda E, n=n: shapes[flavour](E) / E**n, [mp.mpf(energy), end]))
            for n in range(3)
        ]
    ours = MichelSpectrum(flavour, m_mu).moments(np.array([energy * MeV]))[:, 0]
    scaled = ours * MeV ** np.arange(3)
    tolerance = 1e-12 + 1e-15 / below  # END (1 - below) is known to a relative 1e-16
    assert list(scaled) == [pytest.approx(value, rel=tolerance, abs=0) for value in exact]


@pytest.mark.parametrize("flavour", DENSITIES)
def test_callable_reaches_closed_form(flavour: str) -> None:
    """Reference: the closed form, down to 1e-6 of the end point, where G_0 ~ 1e-12.

    1e-10: E_end − E, to which the density is proportional, is known to 1e-16/1e-6 there.
    """
    spectrum = CallableSpectrum(DENSITIES[flavour], [0, END])
    energies = END * np.concatenate([np.geomspace(1e-6, 1, 50)[:-1], 1 - np.geomspace(1e-6, 0.5)])
    exact = MichelSpectrum(flavour, m_mu).moments(energies)
    np.testing.assert_allclose(spectrum.moments(energies), exact, rtol=1e-10)


def test_table_against_callable() -> None:  # unit: two routines that share nothing
    table = TabulatedSpectrum.linear([5, 20, 50], [0.0, 2, 0])
    spectrum = CallableSpectrum(table, [5, 20, 50])
    energies = np.concatenate([np.linspace(1, 49, 97), 50 * (1 - np.geomspace(1e-7, 1e-2))])
    np.testing.assert_allclose(spectrum.moments(energies), table.moments(energies), rtol=1e-8)


@settings(max_examples=50, deadline=None)
@given(
    knots=st.lists(st.floats(1.0, 100.0), min_size=3, max_size=8, unique=True),
    values=st.lists(st.floats(0.0, 10.0), min_size=8, max_size=8),
)
def test_moments_fall_and_end_at_zero(knots: list[float], values: list[float]) -> None:  # property
    edges = np.sort(knots)
    if np.any(np.diff(edges) < 1e-3):
        return
    spectrum = TabulatedSpectrum.linear(edges, values[: len(edges)])
    moments = spectrum.moments(np.linspace(0.5, 120, 200))
    assert np.all(moments >= 0)
    assert np.all(np.diff(moments, axis=1) <= 1e-12 * moments[:, :1] + 1e-300)
    assert np.all(spectrum.moments(np.array([edges[-1], 101.0])) == 0)


def test_lines() -> None:  # unit
    spectrum = LineSpectrum([10, 20], [1, 3])
    moments = spectrum.moments(np.array([5.0, 10.0, 10.5, 20.0, 20.5]))
    np.testing.assert_allclose(moments[0], [4, 4, 3, 3, 0])
    np.testing.assert_allclose(moments[2], [0.0175, 0.0175, 0.0075, 0.0075, 0])


@pytest.mark.parametrize(
    "make",
    [
        lambda: TabulatedSpectrum.linear([1, 2, 2], [1, 1, 1]),
        lambda: TabulatedSpectrum.linear([1, 2], [1, -1]),
        lambda: LineSpectrum([0], [1]),
        lambda: CallableSpectrum(lambda E: E - 3, [1, 5]),
        lambda: CallableSpectrum(lambda E: E, [5, 1]),
        lambda: CallableSpectrum(lambda E: E * np.nan, [1, 5]),
    ],
)
def test_refused(make: Callable[[], object]) -> None:  # unit
    with pytest.raises(InputError):
        make()
