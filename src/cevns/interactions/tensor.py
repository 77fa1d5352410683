r"""A tensor interaction of any range, alike for neutrinos and the quarks u and d.

.. math:: \mathcal L = -\frac{g^2}{Q^2 + m^2}\,
          \big(\bar\nu\sigma^{\mu\nu}P_L\nu\big) \sum_{q=u,d}\bar q\sigma_{\mu\nu}q + \mathrm{h.c.}

for each flavour, where ``coupling`` is :math:`g`. Conventions:

- ``coherent``, that of the literature: nucleons add up, and the nucleus scatters as one particle of
  spin 1/2,

  .. math:: \frac{d\sigma}{dT} = \frac{M Q_T^2}{\pi(2MT + m^2)^2}
            \Big[\Big(2 - \frac TE\Big)^2 - \frac{MT}{E^2}\Big], \qquad
            Q_T = g^2 \Big[Z F_p \sum_q \delta_q^p + N F_n \sum_q \delta_q^n\Big]

  (the form of Lindner, Rodejohann & Xu 2017, arXiv:1612.04150; papers on light mediators print half
  of it, so that their :math:`g^2` is √2 larger).
- ``nuclear``: the operator is the spin of a nucleon, so that the odd nuclides scatter by the spins
  that `cevns.spins` has for them,

  .. math:: Q_T = g^2 \sum_N s_N \sum_q \delta_q^N, \qquad
            s_N(0) = \sqrt{\tfrac43 \tfrac{J+1}{J}}\, \langle S_N\rangle .

  All nucleons together do so only by what σ has of their charge in motion,
  :math:`\sigma^{0i} \to -i q^i/2m_N`: the same as a magnetic moment of the neutrino of
  :math:`C_T Q^2/(\kappa m_N)` Bohr magnetons (`cevns.kinematics`), :math:`Q^2/8m_N^2` of
  ``coherent`` on a nucleus of spin 0.

Electrons have ``electron`` times :math:`g` (0 unless given), in the form of spin 1/2.
The neutrino's chirality flips: no interference with the Standard Model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from cevns.amplitudes import Term
from cevns.interactions.scalar import LightMediator
from cevns.kinematics import DIPOLE
from cevns.parameters import Theta
from cevns.spins import M_NUCLEON

TENSOR_PROTON = {"u": 0.784, "d": -0.204}
TENSOR_NEUTRON = {"u": -0.204, "d": 0.784}
"""δ_q^N: Gupta et al. 2018 (arXiv:1808.07597); the neutron's by u ↔ d."""


class LightTensor(LightMediator):
    """A tensor interaction with ``coupling`` for neutrinos and for u and d quarks."""

    name: ClassVar[str] = "light-tensor"
    summary: ClassVar[str] = "tensor mediator"
    reference: ClassVar[str] = "arXiv:1612.04150; arXiv:1808.07597"
    structure: ClassVar[str] = "T"

    convention: Literal["coherent", "nuclear"] = "coherent"

    def charges(self) -> Mapping[str, float]:
        """Σ_q δ_q^N, 0.58 for both nucleons."""
        return {"p": sum(TENSOR_PROTON.values()), "n": sum(TENSOR_NEUTRON.values())}

    def terms(self) -> Sequence[Term]:
        """One term for each nucleon and for electrons; two for each nucleon's spin and charge."""
        coherent = super().terms()
        if self.convention == "coherent":
            return coherent
        on_electrons = [term for term in coherent if term.site == "e"]
        spins = [
            Term("T", f"s{site}", self._coupling(charge), self.propagator)
            for site, charge in self.charges().items()
        ]
        in_motion = [
            Term("M", site, self._coupling(charge), self._dipole)
            for site, charge in self.charges().items()
        ]
        return [*spins, *in_motion, *on_electrons]

    def _dipole(self, q_squared: Any, theta: Theta) -> Any:
        """The propagator times Q²/(κ m_N): what a nucleon at rest has of σ^{0i}."""
        return q_squared / (DIPOLE * M_NUCLEON) * self.propagator(q_squared, theta)
