r"""Neutral-current scattering in the Standard Model.

The vector coupling to a nucleus is :math:`Q_V = g_V^p Z F_p + g_V^n N F_n`, with one of three sets
of nucleon couplings:

- ``tree``: :math:`g_V^p = \tfrac12 - 2\sin^2\theta_W`, :math:`g_V^n = -\tfrac12`.
- ``radiative``: with radiative corrections at :math:`Q^2 = 0`, which tell the flavours apart
  (Erler & Su 2013; Atzori Corona et al. 2023, arXiv:2303.09360; the set of arXiv:2411.03122). A
  fitted :math:`\sin^2\theta_W` moves :math:`g_V^p` by :math:`-2\,\delta\sin^2\theta_W`.
- ``radiative-q``: the same with the charge-radius logarithm at the momentum transfer of the
  recoil (arXiv:2402.16709), which matters for :math:`\nu_e` only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from math import comb, pi
from typing import Any, ClassVar, Literal

import numpy as np

from cevns.amplitudes import Term
from cevns.constants import alpha, m_e, m_mu, m_tau
from cevns.flavours import FlavourMatrix
from cevns.interactions.base import Interaction
from cevns.parameters import Parameter, Theta
from cevns.spec import Fraction
from cevns.special import namespace

SIN2_THETA_W = 0.23857
"""Low-energy MS-bar value, PDG 2020 (±0.00005); the contract's default."""

SIN2_OF_TABLE = 0.23857
RADIATIVE_PROTON = (0.0382, 0.0300, 0.0256)
"""g_V^p for ν_e, ν_μ, ν_τ at Q² = 0 and sin²θ_W = 0.23857 (arXiv:2411.03122)."""
RADIATIVE_NEUTRON = -0.5117

SCHEMES = ("tree", "radiative", "radiative-q")


class StandardModel(Interaction):
    """The Standard Model, with the nucleon couplings of ``scheme``."""

    name: ClassVar[str] = "standard-model"
    summary: ClassVar[str] = "neutral current: tree, radiative, or radiative at Q"
    reference: ClassVar[str] = "Freedman 1974; arXiv:2303.09360; arXiv:2411.03122"

    scheme: Literal["tree", "radiative", "radiative-q"] = "tree"
    sin2_theta_w: Fraction = SIN2_THETA_W

    def numbers(self) -> Iterator[Parameter]:
        """sin²θ_W, whose address is bare: every experiment shares it."""
        for parameter in self.parameters(""):
            yield replace(
                parameter,
                address="sin2_theta_w",
                latex=r"\sin^2\theta_W",
                source="PDG 2020" if self.sin2_theta_w == SIN2_THETA_W else "",
            )

    def proton_couplings(self, theta: Theta) -> Any:
        """g_V^p of ν_e, ν_μ, ν_τ at Q² = 0, shape (..., 3)."""
        return np.diagonal(np.asarray(self._on_protons(theta)), axis1=-2, axis2=-1)

    def _on_protons(self, theta: Theta) -> Any:
        """The same as a flavour matrix."""
        s2 = theta.get("sin2_theta_w", self.sin2_theta_w)
        if self.scheme == "tree":
            return EQUAL * (0.5 - 2 * s2)
        return _RADIATIVE + EQUAL * (-2 * (s2 - SIN2_OF_TABLE))

    def neutron_coupling(self) -> float:
        """g_V^n, the same for all flavours."""
        return -0.5 if self.scheme == "tree" else RADIATIVE_NEUTRON

    def terms(self) -> Sequence[Term]:
        proton = Term("V", "p", self._on_protons)
        neutron = Term("V", "n", lambda theta: EQUAL * self.neutron_coupling())
        if self.scheme != "radiative-q":
            return (proton, neutron)
        leptons = enumerate((m_e, m_mu, m_tau))
        running = [Term("V", "p", _only(i), _charge_radius_shift(mass)) for i, mass in leptons]
        return (proton, neutron, *running)


EQUAL = FlavourMatrix(np.eye(3))
"""All flavours alike."""
_RADIATIVE = FlavourMatrix(np.diag(RADIATIVE_PROTON))


def diagonal(values: Iterable[Any]) -> FlavourMatrix:
    """The three ``values``, which may be grids, on the diagonal."""
    total = FlavourMatrix(np.zeros((3, 3)))
    for projector, value in zip(_PROJECTORS, values, strict=True):
        total += FlavourMatrix(projector) * value
    return total


_PROJECTORS = [np.diag(row) for row in np.eye(3)]


def _only(flavour: int) -> Callable[[Theta], Any]:
    return lambda theta: _PROJECTORS[flavour]


def _charge_radius_shift(lepton_mass: float) -> Callable[[Any, Theta], Any]:
    def shift(q_squared: Any, theta: Theta) -> Any:
        return -alpha / (3 * pi) * vacuum_polarisation(q_squared / lepton_mass**2)

    return shift


_POLARISATION_SERIES = tuple(
    -((-1) ** k) * k * comb(2 * k + 2, k + 1) * (2 * k + 3) / 6 for k in range(1, 9)
)
"""k / (6 B(k+2, k+2)) with alternating signs: 5, −140/3, 315, −1848, ..."""


def vacuum_polarisation(r: Any) -> Any:
    r"""6∫₀¹ x(1−x) ln[1 + x(1−x) r] dx for r = Q²/m² ≥ 0: L(0) − L(Q) of arXiv:2402.16709.

    Closed form −5/3 + 4/r + (1 − 2/r) β ln[(β+1)/(β−1)] with β = √(1 + 4/r), and where that
    cancels its expansion −6 Σ (−r)ᵏ/k B(k+2, k+2).
    """
    xp = namespace(r)
    small = r < 0.05
    safe = xp.where(small, 1.0, r)
    beta = xp.sqrt(1 + 4 / safe)
    # (beta + 1)/(beta - 1) = (beta + 1)^2 r/4: nothing cancels for large r
    closed = -5 / 3 + 4 / safe + (1 - 2 / safe) * beta * xp.log((beta + 1) ** 2 * safe / 4)
    x = xp.where(small, r, 0.0)
    series = 0.0
    for inverse in reversed(_POLARISATION_SERIES):
        series = (series + 1 / inverse) * x
    return xp.where(small, series, closed)
