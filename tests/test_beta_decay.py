"""Allowed beta spectra."""

from __future__ import annotations

import numpy as np
import pytest
from oracle.solar import fermi

from cevns.beta_decay import fermi_function, neutrino_spectrum
from cevns.constants import alpha, m_e
from cevns.units import MeV

MOMENTA = np.array([1e-3, 0.02, 0.3, 1.0, 20.0])


@pytest.mark.parametrize(("Z", "A"), [(-1, 2), (-4, 8), (-8, 17), (6, 14), (55, 137), (94, 239)])
def test_fermi_function(Z: int, A: int) -> None:
    """Reference: mpmath; 1e-11, since at 1 keV the exponents are of the order of 1e3."""
    ours = fermi_function(Z, MOMENTA * MeV, A)
    assert ours == pytest.approx([float(fermi(Z, p, A)) for p in MOMENTA], rel=1e-11, abs=0)


@pytest.mark.parametrize("Z", [1, 8, 40])
def test_electron_and_positron(Z: int) -> None:
    """Property: F(Z)/F(−Z) = e^{2πη}, of which nothing else in F depends on the sign (1e-12)."""
    p = np.array([0.1, 1.0, 10.0]) * MeV
    eta = alpha * Z * np.hypot(p, m_e) / p
    ratio = fermi_function(Z, p, 2 * Z) / fermi_function(-Z, p, 2 * Z)
    assert ratio == pytest.approx(np.exp(2 * np.pi * eta), rel=1e-12, abs=0)


def test_without_charge() -> None:
    """Unit: E² p W and nothing else (1e-13: rounding)."""
    E, end = np.array([0.1, 1.0, 1.9]) * MeV, 2 * MeV
    W = end - E + m_e
    expected = E**2 * W * np.sqrt(W**2 - m_e**2)
    assert neutrino_spectrum(E, end, 0, 2) == pytest.approx(expected, rel=1e-13, abs=0)


def test_ends() -> None:
    """Unit: nothing at zero energy, at the end point and above; something between."""
    E = np.array([0.0, 0.5, 1.0, 1.5]) * MeV
    spectrum = neutrino_spectrum(E, 1 * MeV, -6, 13)
    assert list(spectrum > 0) == [False, True, False, False]
