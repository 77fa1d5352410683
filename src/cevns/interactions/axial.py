r"""An axial-vector boson of any mass, alike for neutrinos and the quarks u and d.

.. math:: \mathcal L = -g\, Z'_\mu \Big[\bar\nu_L\gamma^\mu\nu_L
          + \sum_{q=u,d}\bar q\gamma^\mu\gamma_5 q\Big]

for each flavour, where ``coupling`` is :math:`g`. On the spin of a nucleus it shifts the axial
coupling of the Standard Model,

.. math:: a_N = \pm\frac{g_A}{2} - \frac{g^2\,(\Delta_u^N + \Delta_d^N)}{\sqrt2\,G_F(2MT + m^2)}

(Hoferichter, Menéndez & Schwenk 2020, arXiv:2007.08529; De Romeri et al. 2023, arXiv:2211.11905);
electrons have ``electron`` times :math:`g` (0 unless given), and there it interferes with the
vector current, with the other sign for antineutrinos. It needs ``axial: simple`` or
``shell-model``, or electron scattering: a nucleus without spin does not see it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from cevns.interactions.scalar import LightMediator


class LightAxial(LightMediator):
    """An axial-vector boson that couples with ``coupling`` to neutrinos, u and d quarks."""

    name: ClassVar[str] = "light-axial"
    summary: ClassVar[str] = "axial-vector mediator, on spins of nuclei and electrons"
    reference: ClassVar[str] = "arXiv:2007.08529; arXiv:2211.11905"
    structure: ClassVar[str] = "A"
    sign: ClassVar[int] = -1

    def charges(self) -> Mapping[str, float]:
        """−1 for the spins of u and d quarks: an axial term multiplies −γ₅."""
        return {"su": -1.0, "sd": -1.0}
