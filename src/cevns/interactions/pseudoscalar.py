r"""A pseudoscalar boson of any mass that couples alike to neutrinos and to the quarks u and d.

.. math:: \mathcal L = -\phi\,\big(g\,\bar\nu_R\nu_L + \mathrm{h.c.}
          + g\,\bar u i\gamma_5 u + g\,\bar d i\gamma_5 d\big)

for each flavour, where ``coupling`` is :math:`g`. A nucleus of spin 0 does not scatter at all. A
nucleon, a target of spin 1/2, has (Lindner, Rodejohann & Xu 2017, arXiv:1612.04150)

.. math:: \frac{d\sigma}{dT} = \frac{Q_P^2\, M T^2}{8\pi E^2 (2MT + m^2)^2}, \qquad
          Q_P = g^2 \sum_{q=u,d,s} \frac{m_N}{m_q}
          \Big[g_q - \bar m \sum_{q'=u,d} \frac{1}{m_{q'}}\Big]\Delta_q^N

with :math:`g_{u,d} = 1`, :math:`g_s = 0` and :math:`1/\bar m = \sum_{u,d,s} 1/m_q` (Dienes, Kumar,
Thomas & Yaylali 2014, arXiv:1312.7772). The spins of odd nuclides are not on board: every nuclide
counts as spin 0 here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from cevns.constants import m_n, m_p
from cevns.interactions.scalar import LightMediator, m_d, m_u
from cevns.units import MeV

m_s = 93.4 * MeV  # PDG 2022, MS-bar at 2 GeV
SPIN_PROTON = {"u": 0.842, "d": -0.427, "s": -0.085}
SPIN_NEUTRON = {"u": -0.427, "d": 0.842, "s": -0.085}
"""Δ_q^N: HERMES 2007 (hep-ex/0609039); the neutron's by u ↔ d."""


class LightPseudoscalar(LightMediator):
    """A pseudoscalar boson that couples with ``coupling`` to neutrinos and to u and d quarks."""

    name: ClassVar[str] = "light-pseudoscalar"
    summary: ClassVar[str] = "pseudoscalar mediator"
    reference: ClassVar[str] = "arXiv:1612.04150; arXiv:1312.7772"
    structure: ClassVar[str] = "P"

    def charges(self) -> Mapping[str, float]:
        """What a nucleon has of u and d quarks alike, with the sign of a scalar's exchange."""
        masses = {"u": m_u, "d": m_d, "s": m_s}
        light = 1 / m_u + 1 / m_d
        mixing = light / (light + 1 / m_s)
        shares = {"u": 1 - mixing, "d": 1 - mixing, "s": -mixing}
        nucleons = {"p": (m_p, SPIN_PROTON), "n": (m_n, SPIN_NEUTRON)}
        return {
            site: -sum(m_N / masses[quark] * shares[quark] * spin for quark, spin in table.items())
            for site, (m_N, table) in nucleons.items()
        }
