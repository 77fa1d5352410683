r"""Allowed beta decay: the spectrum of the neutrino from the end point and the daughter's charge.

.. math:: \varphi(E) \propto E^2\, p\, W\, F(Z, W), \qquad W = E_{\text{end}} - E + m_e,

with the Fermi function :math:`F` in the field of the daughter, whose charge counts as negative for
positrons. The recoil of the nucleus, screening, and forbidden and radiative terms are left out:
parts in a thousand for the light nuclei of the Sun.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cevns.constants import alpha, hbar_c, m_e
from cevns.units import fm

_SHIFT = 9
"""Steps by which Γ is continued to where Stirling's series has 14 digits."""
_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360)


def fermi_function(Z: int, momentum: Any, A: int) -> Any:
    """F(Z, W) of a uniform charge: what the Coulomb field does to a lepton at the nucleus.

    Behrens & Bühring 1982; with ħ = c = 1 and R = 1.2 A^{1/3} fm,
    F = 2 (1 + γ) (2pR)^{2γ − 2} e^{πη} |Γ(γ + iη)|² / Γ(2γ + 1)², γ² = 1 − (αZ)², η = αZW/p.

    Parameters
    ----------
    Z : charge of the daughter, negative for positrons
    momentum : array, positive [energy]
    A : mass number of the daughter

    Returns
    -------
    array, shape of ``momentum``
    """
    p = np.asarray(momentum, dtype=float)
    gamma = math.sqrt(1 - (alpha * Z) ** 2)
    eta = alpha * Z * np.sqrt(p**2 + m_e**2) / p
    radius = 1.2 * A ** (1 / 3) * fm / hbar_c
    constant = 2 * (1 + gamma) / math.gamma(2 * gamma + 1) ** 2
    return constant * (2 * p * radius) ** (2 * gamma - 2) * _coulomb(gamma, eta)


def _coulomb(gamma: float, eta: Any) -> Any:
    """e^{πη} |Γ(γ + iη)|², without SciPy, which takes longer to load than this to compute."""
    continued = 1.0
    for k in range(_SHIFT):
        continued = continued * ((gamma + k) ** 2 + eta**2)
    z = gamma + _SHIFT + 1j * eta
    series = sum(c / z ** (2 * k + 1) for k, c in enumerate(_STIRLING))
    logarithm = 2 * ((z - 0.5) * np.log(z) - z + series).real
    return 2 * math.pi * np.exp(math.pi * eta + logarithm) / continued


def _phase_space(momentum: Any, Z: int, A: int) -> Any:
    """p W F(Z, W)."""
    return momentum * np.sqrt(momentum**2 + m_e**2) * fermi_function(Z, momentum, A)


def neutrino_spectrum(energy: Any, end_point: float, Z: int, A: int) -> Any:
    """E² p W F(Z, W), not normalised.

    Parameters
    ----------
    energy : array [energy]
    end_point : largest energy of the neutrino [energy]
    Z : charge of the daughter, negative where a positron comes out
    A : mass number of the daughter

    Returns
    -------
    array, shape of ``energy`` [energy⁴]
        Zero from the end point on.
    """
    E = np.asarray(energy, dtype=float)
    kinetic = end_point - E
    open_ = kinetic > 0
    T = np.where(open_, kinetic, m_e)
    return np.where(open_, E**2 * _phase_space(np.sqrt(T * (T + 2 * m_e)), Z, A), 0.0)
