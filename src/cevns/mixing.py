r"""Mixing of three neutrinos, and what arrives where nothing is left of the phases.

With :math:`\nu_\alpha = \sum_i U_{\alpha i} \nu_i` for the fields, the mass state
:math:`|\nu_i\rangle` has the density matrix :math:`(\rho_i)_{\alpha\beta} = U_{\alpha i}
U_{\beta i}^*` in flavour; that of the antineutrino is its complex conjugate.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import numpy as np

from cevns.parameters import NOMINAL, Parameter, Theta
from cevns.spec import Fraction, Quantity, Spec


class Mixing(Spec):
    """The angles and the phase (in radians) of the mixing matrix.

    NuFIT 6.0 (Esteban et al., JHEP 12 (2024) 216, arXiv:2410.05380), normal ordering, with the
    atmospheric data of Super-Kamiokande: 0.308(12), 0.02215(58), 0.470(17), 212(41)°.
    """

    sin2_theta12: Fraction = 0.308
    sin2_theta13: Fraction = 0.02215
    sin2_theta23: Fraction = 0.470
    delta_cp: Annotated[float, Quantity("1", range="any")] = 3.7001

    def parameters(self, address: str) -> Iterator[Parameter]:
        """Its numbers; those that were not given say where they are from."""
        for one in super().parameters(address):
            given = one.address.rpartition(".")[2] in self.model_fields_set
            yield one.with_(source="" if given else "NuFIT 6.0")

    def mixing(self, theta: Theta = NOMINAL, address: str = "") -> Any:
        """The matrix U with ν_α = Σ_i U_αi ν_i, shape (3, 3), in the order of the PDG."""
        s12, s13, s23 = (
            np.sqrt(self.get(f"sin2_theta{pair}", theta, address)) for pair in ("12", "13", "23")
        )
        c12, c13, c23 = (np.sqrt(1 - s**2) for s in (s12, s13, s23))
        phase = np.exp(1j * self.get("delta_cp", theta, address))
        first = np.array([[c12, s12, 0], [-s12, c12, 0], [0, 0, 1]])
        second = np.array([[c13, 0, s13 / phase], [0, 1, 0], [-s13 * phase, 0, c13]])
        third = np.array([[1, 0, 0], [0, c23, s23], [0, -s23, c23]])
        return third @ second @ first

    def mass_states(
        self, theta: Theta = NOMINAL, address: str = "", *, antineutrino: bool = False
    ) -> Any:
        """ρ of each mass state, shape (3, 3, 3), the first axis that of the states."""
        states = self.mixing(theta, address).T  # a row for each mass state
        pure = np.einsum("ia,ib->iab", states, states.conj())
        return pure.conj() if antineutrino else pure

    def averaged(
        self, theta: Theta = NOMINAL, address: str = "", *, antineutrino: bool = False
    ) -> Any:
        """ρ = Σ_i |U_ei|² ρ_i, what is left of ν_e after many lengths of oscillation, (3, 3)."""
        pure = self.mass_states(theta, address, antineutrino=antineutrino)
        return np.einsum("i,iab->ab", pure[:, 0, 0].real, pure)
