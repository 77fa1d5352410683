r"""Neutrinos from inside the Sun: how much of which mass state arrives.

Two matter eigenstates of the 1–2 system are populated where a :math:`\nu_e` is made, follow the
falling density adiabatically, leave the Sun as :math:`\nu_1` and :math:`\nu_2` and arrive without a
phase between them. With :math:`x = 2 E V c_{13}^2/\Delta m^2_{21}`,

.. math::

   \sin^2\theta_m = \tfrac12\Big[1 - \frac{\cos 2\theta_{12} - x}
      {\sqrt{(\cos 2\theta_{12} - x)^2 + \sin^2 2\theta_{12}}}\Big], \qquad
   \rho(E) = \cos^2\theta_m\, \rho_1 + \sin^2\theta_m\, \rho_2, \qquad
   \rho_i = c_{13}^2 |\nu_i\rangle\langle\nu_i| + s_{13}^2 |\nu_3\rangle\langle\nu_3| .

:math:`\rho_{ee}` is the survival probability by day of de Holanda, Liao & Smirnov, Nucl. Phys. B
702 (2004) 307, arXiv:hep-ph/0404042. Left out: regeneration in the Earth (the night), matter in the
1–3 mixing, new interactions on the way.
"""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from cevns.mixing import Mixing
from cevns.parameters import NOMINAL, Theta
from cevns.spec import Quantity
from cevns.units import eV


class Msw(Mixing):
    """Mixing of three neutrinos, in the Sun and on the way; Δm²21 = 7.49(19)e-5 eV²: NuFIT 6.0."""

    dm21: Annotated[float, Quantity("eV^2", range="positive")] = 7.49e-5 * eV**2

    def densities(self, theta: Theta = NOMINAL, address: str = "") -> Any:
        """ρ_1 and ρ_2, what arrives of the two matter eigenstates, shape (2, 3, 3); traces 1."""
        pure = self.mass_states(theta, address)
        s13 = self.get("sin2_theta13", theta, address)
        return (1 - s13) * pure[:2] + s13 * pure[2]

    def upper_share(
        self, energy: Any, potential: float, theta: Theta = NOMINAL, address: str = ""
    ) -> Any:
        """sin²θ_m, the share of the upper matter eigenstate (that leaves as ν_2).

        ``energy`` is an array; ``potential`` √2 G_F n_e where the neutrino is made, an average over
        that region [energy].
        """
        s12 = self.get("sin2_theta12", theta, address)
        c13 = 1 - self.get("sin2_theta13", theta, address)
        cos2, sin2 = 1 - 2 * s12, 2 * np.sqrt(s12 * (1 - s12))
        difference = cos2 - 2 * energy * potential * c13 / self.get("dm21", theta, address)
        return 0.5 * (1 - difference / np.hypot(difference, sin2))

    def survival(
        self, energy: Any, potential: float, theta: Theta = NOMINAL, address: str = ""
    ) -> Any:
        """P(ν_e → ν_e) by day, shape of ``energy``."""
        share = self.upper_share(energy, potential, theta, address)
        lower, upper = self.densities(theta, address)[:, 0, 0].real
        return (1 - share) * lower + share * upper
