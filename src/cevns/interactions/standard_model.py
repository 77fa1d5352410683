r"""Neutral-current scattering in the Standard Model.

The vector coupling to a nucleus is :math:`Q_V = g_V^p Z F_p + g_V^n N F_n`, with one of three sets
of nucleon couplings:

- ``tree``: :math:`g_V^p = \tfrac12 - 2\sin^2\theta_W`, :math:`g_V^n = -\tfrac12`.
- ``radiative``: with radiative corrections at :math:`Q^2 = 0`, which tell the flavours apart
  (Erler & Su 2013; Atzori Corona et al. 2023, arXiv:2303.09360; the set of arXiv:2411.03122). A
  fitted :math:`\sin^2\theta_W` moves :math:`g_V^p` by :math:`-2\,\delta\sin^2\theta_W`.
- ``radiative-q``: the same with the charge-radius logarithm at the momentum transfer of the
  recoil (arXiv:2402.16709), which matters for :math:`\nu_e` only.

On electrons :math:`g_V = 2\sin^2\theta_W - \tfrac12` and :math:`g_A = -\tfrac12` from the Z, and 1
more in both for :math:`\nu_e` from the W, in the *s* channel for antineutrinos ('t Hooft 1971;
``w_exchange``). With radiative corrections the charge radii of the neutrinos are in them with the
opposite sign. The spins of nuclei are reached through the axial charges :math:`\pm\tfrac12` of u
and d quarks; that of s quarks is left out unless ``strange`` (Hoferichter et al. 2020,
arXiv:2007.08529, have it).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from math import comb, pi
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import StrictBool

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
RADIATIVE_ELECTRON = (-0.0479, -0.0397, -0.0353)
"""g_V of the Z on electrons for ν_e, ν_μ, ν_τ, the same set: 0.9521 − 1, ..."""
RADIATIVE_ELECTRON_AXIAL = -0.5062

SCHEMES = ("tree", "radiative", "radiative-q")


class StandardModel(Interaction):
    """The Standard Model, with the nucleon couplings of ``scheme``."""

    name: ClassVar[str] = "standard-model"
    summary: ClassVar[str] = "neutral current: tree, radiative, or radiative at Q"
    reference: ClassVar[str] = "Freedman 1974; arXiv:2303.09360; arXiv:2411.03122"

    scheme: Literal["tree", "radiative", "radiative-q"] = "tree"
    sin2_theta_w: Fraction = SIN2_THETA_W
    w_exchange: StrictBool = True
    strange: StrictBool = False

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

    def electron_couplings(self, theta: Theta) -> tuple[Any, Any]:
        """g_V and g_A on electrons as flavour matrices, at Q² = 0."""
        s2 = theta.get("sin2_theta_w", self.sin2_theta_w)
        if self.scheme == "tree":
            vector, axial = EQUAL * (2 * s2 - 0.5), EQUAL * -0.5
        else:
            vector = diagonal(RADIATIVE_ELECTRON) + EQUAL * (2 * (s2 - SIN2_OF_TABLE))
            axial = EQUAL * RADIATIVE_ELECTRON_AXIAL
        charged = _FROM_W * float(self.w_exchange)
        return vector + charged, axial + charged

    def terms(self) -> Sequence[Term]:
        """Vector terms on nucleons and electrons, axial ones on electrons and spins."""
        found = [
            Term("V", "p", self._on_protons),
            Term("V", "n", lambda theta: EQUAL * self.neutron_coupling()),
            Term("V", "e", lambda theta: self.electron_couplings(theta)[0]),
            Term("A", "e", lambda theta: self.electron_couplings(theta)[1]),
            Term("A", "su", lambda theta: EQUAL * 0.5),
            Term("A", "sd", lambda theta: EQUAL * -0.5),
        ]
        if self.strange:
            found.append(Term("A", "ss", lambda theta: EQUAL * -0.5))
        if self.scheme == "radiative-q":
            for flavour, mass in enumerate((m_e, m_mu, m_tau)):
                for site, charge in (("p", 1), ("e", -1)):
                    shift = _charge_radius_shift(mass, charge)
                    found.append(Term("V", site, _only(flavour), shift))
        return found


EQUAL = FlavourMatrix(np.eye(3))
"""All flavours alike."""
_RADIATIVE = FlavourMatrix(np.diag(RADIATIVE_PROTON))


def diagonal(values: Iterable[Any]) -> FlavourMatrix:
    """The three ``values``, which may be grids, on the diagonal."""
    total = FlavourMatrix(np.zeros((3, 3)))
    for projector, value in zip(_PROJECTORS, values, strict=True):
        total += FlavourMatrix(projector) * value
    return total


def between(values: Iterable[Any]) -> FlavourMatrix:
    """The three ``values``, which may be grids, off the diagonal: e–μ, e–τ, μ–τ, symmetric."""
    total = FlavourMatrix(np.zeros((3, 3)))
    for pair, value in zip(_PAIRS, values, strict=True):
        if np.ndim(value) or value:
            total += FlavourMatrix(pair) * value
    return total


_PROJECTORS = [np.diag(row) for row in np.eye(3)]
_PAIRS = [np.abs(np.outer(i, j) + np.outer(j, i)) for i, j in combinations(np.eye(3), 2)]
_FROM_W = FlavourMatrix(_PROJECTORS[0])


def _only(flavour: int) -> Callable[[Theta], Any]:
    return lambda theta: _PROJECTORS[flavour]


def _charge_radius_shift(lepton_mass: float, charge: int) -> Callable[[Any, Theta], Any]:
    def shift(q_squared: Any, theta: Theta) -> Any:
        return -charge * alpha / (3 * pi) * vacuum_polarisation(q_squared / lepton_mass**2)

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
