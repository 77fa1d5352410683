r"""Electromagnetic properties of neutrinos that keep the helicity and add to the amplitude.

A photon couples to the charge of the target, so protons and electrons see them with opposite signs
and neutrons not at all. Left-handed neutrinos of flavour :math:`\ell` with electric charge
:math:`q` (in units of :math:`e`), charge radius and anapole moment (Giunti & Studenikin 2015,
arXiv:1403.6344; Cadeddu et al. 2018, arXiv:1810.05606) give

.. math::
    \Delta g_V^p = -\Delta g_V^e = \frac{2\sqrt2\,\pi\alpha}{G_F}
        \Big[\frac{q_\ell}{Q^2} - \frac{\langle r_\ell^2\rangle - 6 a_\ell}{6}\Big],
    \qquad Q^2 = 2MT .

A positive :math:`q` is repelled by protons, as in the Lagrangian of a vector boson with these
charges. The fine-structure constant is the one at zero momentum, which is what :math:`\alpha` means
at these :math:`Q`.

Those between two flavours, ``nu_e_mu`` and so on, are the entries of a symmetric matrix: they
change the flavour, and their squares add to what the diagonal gives.

A charge radius is the shift from the Standard Model's where that one is in the nucleon couplings
already (``radiative`` and ``radiative-q`` of `cevns.interactions.StandardModel`), and the whole of
it with couplings at tree level.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import pi, sqrt
from typing import Annotated, Any, ClassVar

from cevns.amplitudes import Term
from cevns.constants import G_F, alpha, hbar_c
from cevns.interactions.base import Interaction, Model
from cevns.interactions.standard_model import StandardModel, between, diagonal
from cevns.parameters import Theta
from cevns.spec import Number, Quantity

PHOTON = 2 * sqrt(2) * pi * alpha / G_F
"""e²/(√2 G_F) [energy²]: over Q² it is the exchange of a photon, in units of the weak amplitude."""

CHARGES = {"p": 1.0, "e": -1.0}
"""Electric charges of the sites in units of e; a neutron has none."""

AreaShift = Annotated[float, Quantity("cm^2", range="any")]


_FIELDS = ("nu_e", "nu_mu", "nu_tau")
_BETWEEN = ("nu_e_mu", "nu_e_tau", "nu_mu_tau")


class _Flavours(Interaction):
    """Numbers of each flavour and pair, times a factor and a profile, on electric charges."""

    factor: ClassVar[float]

    def terms(self) -> Sequence[Term]:
        """A vector term on protons and its opposite on electrons."""
        return [
            Term("V", site, self._coupling(charge * self.factor), self._profile())
            for site, charge in CHARGES.items()
        ]

    def _profile(self) -> Callable[[Any, Theta], Any] | None:
        return None

    def _coupling(self, factor: float) -> Callable[[Theta], Any]:
        """θ → factor times the matrix of the numbers."""

        def matrix(theta: Theta) -> Any:
            own = diagonal(self.at(field, theta) for field in _FIELDS)
            return (own + between(self.at(field, theta) for field in _BETWEEN)) * factor

        return matrix


class _Radii(_Flavours):
    """What acts as a charge radius [area]."""

    nu_e: AreaShift = 0.0
    nu_mu: AreaShift = 0.0
    nu_tau: AreaShift = 0.0
    nu_e_mu: AreaShift = 0.0
    nu_e_tau: AreaShift = 0.0
    nu_mu_tau: AreaShift = 0.0

    def doubts(self, model: Model) -> Iterator[str]:
        """Radiative couplings hold the Standard Model's charge radius already."""
        for part in model.interactions:
            if isinstance(part, StandardModel) and part.scheme != "tree":
                yield (
                    f"{self.name} beside {part.scheme} couplings, which hold the Standard Model's "
                    "charge radius: the value given is a shift from it, not the whole"
                )


class ChargeRadius(_Radii):
    """⟨r²⟩ of each flavour [area]."""

    name: ClassVar[str] = "charge-radius"
    summary: ClassVar[str] = "neutrino charge radii, by flavour"
    reference: ClassVar[str] = "arXiv:1403.6344; arXiv:1810.05606"
    factor: ClassVar[float] = -PHOTON / (6 * hbar_c**2)


class Anapole(_Radii):
    """Anapole moment of each flavour [area]: −6 a acts as a charge radius does."""

    name: ClassVar[str] = "anapole"
    summary: ClassVar[str] = "neutrino anapole moments, by flavour"
    reference: ClassVar[str] = "arXiv:1403.6344; arXiv:1810.05606"
    factor: ClassVar[float] = PHOTON / hbar_c**2


class Millicharge(_Flavours):
    """Electric charge of each flavour in units of e."""

    name: ClassVar[str] = "millicharge"
    summary: ClassVar[str] = "neutrino electric charges in units of e, by flavour"
    reference: ClassVar[str] = "arXiv:1403.6344; arXiv:2005.01645"
    factor: ClassVar[float] = 1.0

    nu_e: Number = 0.0
    nu_mu: Number = 0.0
    nu_tau: Number = 0.0
    nu_e_mu: Number = 0.0
    nu_e_tau: Number = 0.0
    nu_mu_tau: Number = 0.0

    def _profile(self) -> Callable[[Any, Theta], Any]:
        return lambda q_squared, theta: PHOTON / q_squared
