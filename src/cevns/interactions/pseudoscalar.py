r"""A pseudoscalar boson of any mass that couples alike to neutrinos and to the quarks u and d.

.. math:: \mathcal L = -\phi\,\big(g\,\bar\nu_R\nu_L + \mathrm{h.c.}
          + g\,\bar u i\gamma_5 u + g\,\bar d i\gamma_5 d\big)

for each flavour, where ``coupling`` is :math:`g`. It acts on the spin of a nucleus along the
momentum transfer,

.. math:: \frac{d\sigma}{dT} = \frac{M T^2 Q_P^2}{8\pi E^2 (2MT + m^2)^2}, \qquad
          Q_P = g^2\, \frac{M}{m_N} \sum_N h_N s_N, \qquad
          h_N = \sum_{q=u,d,s} \frac{m_N}{m_q}\Big[g_q - \bar m \sum_{q'}\frac{g_{q'}}{m_{q'}}\Big]
          \frac{\Delta_q^N}{g}

with :math:`1/\bar m = \sum 1/m_q` (Cheng 1989; Cerdeño et al. 2016, arXiv:1604.01025) and the spins
:math:`s_N` of `cevns.spins`. The mass :math:`m_N` cancels nucleon by nucleon. With equal quark
couplings the sum nearly cancels too: 5.2 on protons, 0.6 on neutrons. Electrons have ``electron``
times :math:`g` (0 unless given). The neutrino's chirality flips: no interference with the Standard
Model.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from cevns.interactions.scalar import LightMediator, m_d, m_u
from cevns.spins import M_NUCLEON
from cevns.units import MeV

m_s = 93.4 * MeV  # PDG 2022, MS-bar at 2 GeV
SPIN_PROTON = {"u": 0.842, "d": -0.427, "s": -0.085}
"""Δ_q of the proton: HERMES 2007 (hep-ex/0609039), ±0.012, 0.013, 0.018."""


class LightPseudoscalar(LightMediator):
    """A pseudoscalar boson that couples with ``coupling`` to neutrinos, u and d quarks."""

    name: ClassVar[str] = "light-pseudoscalar"
    summary: ClassVar[str] = "pseudoscalar mediator, on spins of nuclei and electrons"
    reference: ClassVar[str] = "arXiv:1604.01025; arXiv:2211.11905"
    structure: ClassVar[str] = "P"
    sign: ClassVar[int] = -1

    def charges(self) -> Mapping[str, float]:
        """h_N, with the sign of a scalar's exchange against a vector's; the neutron's by u ↔ d."""
        masses, couplings = {"u": m_u, "d": m_d, "s": m_s}, {"u": 1.0, "d": 1.0, "s": 0.0}
        mean = 1 / sum(1 / mass for mass in masses.values())
        common = mean * sum(couplings[q] / masses[q] for q in masses)
        mirrored = {"u": "d", "d": "u", "s": "s"}

        def charge(spin: Mapping[str, str]) -> float:
            parts = {q: (couplings[q] - common) * SPIN_PROTON[spin[q]] for q in masses}
            return -sum(M_NUCLEON / masses[q] * part for q, part in parts.items())

        return {"lp": charge({q: q for q in masses}), "ln": charge(mirrored)}
