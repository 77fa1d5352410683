"""Piecewise power laws, the logarithm included."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from probes import Given

from cevns.beam import Component, pure_state
from cevns.errors import InputError
from cevns.exposure import Exposure
from cevns.power_law_spectrum import PowerLawSpectrum
from cevns.testing import check_source
from cevns.units import cm

KNOTS = np.array([1.0, 2.0, 5.0, 8.0, 20.0])


def through(index: float, knots: Any = KNOTS) -> PowerLawSpectrum:
    return PowerLawSpectrum.through(knots, 3.0 * np.asarray(knots) ** index)


# --- kind: reference ------------------------------------------------------------------------------


@pytest.mark.parametrize("index", [-3.1, -1.0, 0.0, 1.0, 1.0 + 1e-9, 2.5])
def test_one_power_law(index: float) -> None:
    """mpmath with 30 digits; index 1, 0 and −1 are the logarithms of n = 2, 1 and 0.

    1e-13: a few roundings; at index 1 + 1e-9 a difference of powers would keep seven digits.
    """
    energies = np.array([0.3, 1.0, 1.7, 5.0, 13.0, 19.999999])
    ours = through(index).moments(energies)
    with mp.workdps(30):
        for column, energy in enumerate(energies):
            for n in range(3):
                limits = [mp.mpf(float(max(energy, 1.0))), mp.mpf(20)]
                exact = mp.quad(lambda E, n=n: 3 * E ** (mp.mpf(index) - n), limits)
                # The slope of a panel is known to 1e-16 of ln(20), which moves (E/E_b)^γ.
                assert ours[n, column] == pytest.approx(float(exact), rel=1e-13, abs=0)


def test_a_table_against_quadrature() -> None:
    """mpmath, panel by panel; 1e-13: a few roundings."""
    density = np.array([2.0, 0.1, 0.1, 7.0, 0.3])
    spectrum = PowerLawSpectrum.through(KNOTS, density)
    total = [0.0, 0.0, 0.0]
    with mp.workdps(30):
        for (a, b), (low, high) in zip(pairwise(KNOTS), pairwise(density), strict=True):
            gamma = mp.log(mp.mpf(high) / low) / mp.log(mp.mpf(b) / a)
            for n in range(3):
                power = gamma - n  # low a^-γ E^(γ−n), integrated by mpmath
                share = mp.quad(lambda E, power=power: E**power, [a, b])
                total[n] += float(low * mp.mpf(a) ** -gamma * share)
    assert list(spectrum.moments(0.5)) == pytest.approx(total, rel=1e-13, abs=0)
    assert spectrum(KNOTS) == pytest.approx(density, rel=1e-14, abs=0)


# --- kind: unit and property ----------------------------------------------------------------------


def test_outside_and_jumps() -> None:
    """unit: zero outside; a jump belongs to the panel above it."""
    spectrum = PowerLawSpectrum([1, 2, 4], [1, 5], [1, 5])
    assert list(spectrum(np.array([0.9, 1.0, 1.5, 2.0, 4.0, 4.1]))) == [0, 1, 1, 5, 5, 0]
    moments = spectrum.moments(np.array([0.5, 1.0, 2.0, 3.0, 4.0, 5.0]))
    assert moments[0] == pytest.approx([11, 11, 10, 5, 0, 0], rel=1e-15, abs=0)
    assert spectrum.breaks == (1.0, 2.0, 4.0)


@settings(max_examples=40, deadline=None)
@given(
    steps=st.lists(st.floats(1.001, 10.0), min_size=1, max_size=6),
    logs=st.lists(st.floats(-12.0, 12.0), min_size=7, max_size=7),
)
def test_any_table(steps: list[float], logs: list[float]) -> None:
    """property: moments are those of the density, fall, and end with the table."""
    knots = np.cumprod([0.7, *steps])
    values = np.exp(logs[: len(knots)])
    parts = (Component("nu_e", *pure_state("nu_e"), PowerLawSpectrum.through(knots, values)),)
    check_source(Given(parts=parts, fluence=1 / cm**2), Exposure(1.0))


@pytest.mark.parametrize(
    "arguments",
    [
        ([0, 1], [1], [1]),
        ([1, 1], [1], [1]),
        ([1, 2], [0], [1]),
        ([1, 2], [1], [np.inf]),
        ([1, 2, 3], [1], [1]),
        ([1], [], []),
    ],
)
def test_refused(arguments: Any) -> None:
    """unit: a power law needs energies and densities above zero."""
    with pytest.raises(InputError):
        PowerLawSpectrum(*arguments)
