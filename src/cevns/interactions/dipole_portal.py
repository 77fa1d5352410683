r"""A transition dipole moment between the light neutrinos and one heavy lepton N.

.. math:: \mathcal L = \tfrac12\, \bar N\sigma^{\mu\nu} \big(\textstyle\sum_\ell \mu_\ell\,
          \nu_{\ell L}\big) F_{\mu\nu} + \mathrm{h.c.}

with :math:`\mu_\ell` in Bohr magnetons; :math:`d = \mu/2` in the notation of Magill et al. 2018
(arXiv:1803.03262). A neutrino scatters into N of mass :math:`m_4` where its energy is above
:math:`m_4 + m_4^2/2M` (McKeen & Pospelov 2010, arXiv:1011.3046; Miranda et al. 2021,
arXiv:2109.09545). On spin 0, with :math:`K = \pi\alpha^2\mu^2Z^2F_p^2/m_e^2`,

.. math:: \frac{d\sigma}{dT} = K\Big[\frac1T - \frac{1 + m_4^2/2MT}{E}
          - \frac{(m_4^2 - T^2)(m_4^2 + 2MT)}{8MT^2E^2}\Big],

where the papers have the form of spin 1/2. There is one N: the flavours of a mixed state add up in
the amplitude. For :math:`m_4 \to 0` a pure flavour scatters as by a magnetic moment.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, ClassVar

import numpy as np

from cevns.amplitudes import Term
from cevns.flavours import FlavourMatrix
from cevns.interactions.magnetic_moment import FlavourMoments
from cevns.parameters import Theta
from cevns.spec import Quantity

_TO_N = [FlavourMatrix(np.outer(np.eye(3)[0], flavour)) for flavour in np.eye(3)]
"""ν_e → N, ν_μ → N, ν_τ → N."""


class DipolePortal(FlavourMoments):
    """Transition moments of the flavours to one heavy lepton of some ``mass``."""

    name: ClassVar[str] = "dipole-portal"
    summary: ClassVar[str] = "transition dipole to a heavy lepton"
    reference: ClassVar[str] = "arXiv:1011.3046; arXiv:1803.03262; arXiv:2109.09545"

    mass: Annotated[float, Quantity("MeV", range="positive")] | None = None

    def terms(self) -> Sequence[Term]:
        """One on the charge of a nucleus, one on electrons."""
        return [
            Term("M", site, self._coupling(charge), outgoing=self.name, mass=self.heavy_mass)
            for site, charge in self.charges.items()
        ]

    def _coupling(self, charge: float) -> Callable[[Theta], Any]:
        """θ → the flavour matrix whose first row leads to N."""

        def coupling(theta: Theta) -> Any:
            e, mu, tau = (
                matrix * moment for matrix, moment in zip(_TO_N, self.moments(theta), strict=True)
            )
            return (e + mu + tau) * charge

        return coupling

    def heavy_mass(self, theta: Theta) -> Any:
        """m₄ at θ; an `InputError` where nothing gives it."""
        return self.required("mass", theta, "5 MeV")
