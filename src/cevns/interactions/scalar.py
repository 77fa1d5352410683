r"""A scalar boson of any mass that couples alike to neutrinos and to the quarks u and d.

.. math:: \mathcal L = -\phi\,\big(g\,\bar\nu_R\nu_L + \mathrm{h.c.}
          + g\,\bar u u + g\,\bar d d\big)

for each flavour, where ``coupling`` is :math:`g`, the root of the product of couplings that many
papers quote. A nucleus of spin 0 scatters with

.. math:: \frac{d\sigma}{dT} = \frac{M^2 Q_S^2\, T}{4\pi E^2 (2MT + m^2)^2}, \qquad
          Q_S = g^2 \Big[Z F_p \sum_{q=u,d} \frac{m_p}{m_q} f_q^p
                + N F_n \sum_{q=u,d} \frac{m_n}{m_q} f_q^n\Big]

(Cerdeño et al. 2016, arXiv:1604.01025), 17.3 :math:`g^2` a nucleon. Heavier quarks have no
coupling, electrons ``electron`` times :math:`g` (0 unless given). The neutrino's chirality flips:
no interference with the Standard Model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from cevns.amplitudes import Term
from cevns.constants import m_n, m_p
from cevns.interactions.mediator import Mediator
from cevns.interactions.standard_model import EQUAL
from cevns.parameters import Theta
from cevns.spec import Number
from cevns.units import MeV

m_u = 2.16 * MeV  # PDG 2022, MS-bar at 2 GeV
m_d = 4.67 * MeV
SCALAR_PROTON = {"u": 0.0208, "d": 0.0411}
SCALAR_NEUTRON = {"u": 0.0189, "d": 0.0451}
"""f_q^N = ⟨N|m_q q̄q|N⟩/m_N: Hoferichter et al. 2015 (arXiv:1506.04142), ±0.0015, 0.0028 on
protons, ±0.0014, 0.0027 on neutrons."""


class LightMediator(Mediator):
    """A boson of one coupling g and one mass, with charges of the nucleons or their quarks.

    ``electron`` is the charge of electrons in units of g, ``sign`` that of the exchange against
    the Lagrangian of `cevns.amplitudes.Term`.
    """

    structure: ClassVar[str]
    sign: ClassVar[int] = 1
    coupling: Number = 0.0
    electron: Number = 0.0

    def charges(self) -> Mapping[str, float]:
        """Site → what multiplies g² there."""
        raise NotImplementedError

    def terms(self) -> Sequence[Term]:
        """One term for each of these sites and one for electrons, the same for all flavours."""
        return [
            *(
                Term(self.structure, site, self._coupling(charge), self.propagator)
                for site, charge in self.charges().items()
            ),
            Term(self.structure, "e", self._on_electrons, self.propagator),
        ]

    def _coupling(self, charge: float) -> Callable[[Theta], Any]:
        """θ → g² times the charge for all flavours."""
        return lambda theta: EQUAL * charge * self.at("coupling", theta) ** 2

    def _on_electrons(self, theta: Theta) -> Any:
        charge = self.sign * self.at("electron", theta)
        return EQUAL * charge * self.at("coupling", theta) ** 2


class LightScalar(LightMediator):
    """A scalar boson that couples with ``coupling`` to neutrinos and to u and d quarks."""

    name: ClassVar[str] = "light-scalar"
    summary: ClassVar[str] = "scalar mediator"
    reference: ClassVar[str] = "arXiv:1604.01025; arXiv:1506.04142"
    structure: ClassVar[str] = "S"
    sign: ClassVar[int] = -1

    def charges(self) -> Mapping[str, float]:
        """Σ_q (m_N/m_q) f_q^N, with the sign of a scalar's exchange against a vector's."""
        masses = {"u": m_u, "d": m_d}
        nucleons = {"p": (m_p, SCALAR_PROTON), "n": (m_n, SCALAR_NEUTRON)}
        return {
            site: -sum(m_N / masses[quark] * f for quark, f in table.items())
            for site, (m_N, table) in nucleons.items()
        }
