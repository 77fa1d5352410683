r"""Magnetic moments of neutrinos.

.. math:: \frac{d\sigma}{dT} = \frac{\pi\alpha^2}{m_e^2}\,\mu_\ell^2\, Z^2 F_p^2(Q)
          \Big(\frac1T - \frac1E + \frac{T}{4E^2}\Big)

on a nucleus of spin 0, with :math:`\mu_\ell` in Bohr magnetons (Vogel & Engel 1989, who give the
first two terms; :math:`T/4E^2` is absent on spin 1/2). The same acts on every electron with
:math:`Z F_p \to 1`. The neutrino's helicity flips, so nothing interferes with the Standard Model.

``nu_e_mu`` and so on are transition moments, symmetric in the flavours: each adds its square to the
two effective ones, which is all there is of Majorana neutrinos.

The numbers are the effective moments :math:`\mu_\ell^2 = \sum_k|\sum_j U^*_{\ell j}\mu_{jk}|^2` of
the flavours that arrive: they depend on the source where neutrinos oscillate on the way. Neutrinos
and antineutrinos have the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, ClassVar, Literal

from cevns.amplitudes import Term
from cevns.interactions.base import Interaction
from cevns.interactions.standard_model import between, diagonal
from cevns.parameters import Theta
from cevns.spec import Quantity

Moment = Annotated[float, Quantity("mu_B", range="any")]
FORM_FACTORS = {"proton": "p", "none": "Z"}
"""What a moment acts on in a nucleus, by the name of the form factor."""


class FlavourMoments(Interaction):
    """A moment for each flavour, on the charges of electrons and of nuclei.

    ``form_factor`` "none" leaves a nucleus without the form factor of its protons.
    """

    nu_e: Moment = 0.0
    nu_mu: Moment = 0.0
    nu_tau: Moment = 0.0
    form_factor: Literal["proton", "none"] = "proton"

    @property
    def charges(self) -> dict[str, float]:
        """Site → electric charge of what a photon acts on there."""
        return {FORM_FACTORS[self.form_factor]: 1.0, "e": -1.0}

    def moments(self, theta: Theta) -> list[Any]:
        """The moments of ν_e, ν_μ, ν_τ in Bohr magnetons."""
        return [self.at(name, theta) for name in ("nu_e", "nu_mu", "nu_tau")]


class MagneticMoment(FlavourMoments):
    """Effective magnetic moments of the flavours, and transition moments between them."""

    name: ClassVar[str] = "magnetic-moment"
    summary: ClassVar[str] = "neutrino magnetic moments, by flavour"
    reference: ClassVar[str] = "Vogel & Engel 1989"

    nu_e_mu: Moment = 0.0
    nu_e_tau: Moment = 0.0
    nu_mu_tau: Moment = 0.0

    def terms(self) -> Sequence[Term]:
        """One on the charge of a nucleus, one on electrons."""
        return [Term("M", site, self._coupling(charge)) for site, charge in self.charges.items()]

    def _coupling(self, charge: float) -> Callable[[Theta], Any]:
        pairs = ("nu_e_mu", "nu_e_tau", "nu_mu_tau")

        def matrix(theta: Theta) -> Any:
            transitions = between(self.at(name, theta) for name in pairs)
            return (diagonal(self.moments(theta)) + transitions) * charge

        return matrix
