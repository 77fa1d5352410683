"""What a case of the second code is: a model in the words of a file, and its cross-section.

``model`` is what a user writes; ``sigma`` is what it means, in the closed forms of
second_code_formulas.py. Couplings are large, so that each term and each interference is a sizeable
part of what is compared.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from oracle.second_code_targets import AR40, CS133, GE73, HBAR_C, M_E, XE131, Nucleus

FLAVOURS = ("e", "mu", "tau")
NUCLEI = {"Ar40": AR40, "Cs133": CS133, "Ge73": GE73, "Xe131": XE131}
Sigma = Callable[[float, float, str, bool], float]
Matrix = Mapping[tuple[str, str], complex]

CM2 = 1 / (HBAR_C * 1e-13) ** 2  # MeV⁻²
MASS, COUPLING = 10.0, 1e-4  # of the mediators, MeV
SM = "standard-model"
MEDIATOR = {"mass": "10 MeV", "coupling": COUPLING}
EVERY = dict.fromkeys(FLAVOURS, 1.0)

RADII = {"nu_e": "2e-31 cm^2", "nu_mu": "-3e-31 cm^2"}
RADII_OFF = {"nu_e": "1e-31 cm^2", "nu_e_mu": "4e-31 cm^2", "nu_mu_tau": "-3e-31 cm^2"}
CHI = 1 / math.sqrt(40)  # of E6: Table II of 1508.07981 has chiral charges over sqrt(40)
ZPRIME_MODEL = [SM, {"heavy-zprime": {"charges": "e6-chi", "mass": "150 GeV"}}]


@dataclass(frozen=True)
class Case:
    """One model on one target; ``electrons`` looks at recoils that only electrons have."""

    name: str
    target: str
    model: Sequence[Any]
    sigma: Sigma
    flavour: str = "nu_mu"
    electrons: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)
    m4: float = 0.0  # of the outgoing lepton, MeV
    survival: Callable[[float, str], Mapping[str, float]] | None = None

    @property
    def nucleus(self) -> Nucleus:
        """Whose nucleus, or whose electrons."""
        return NUCLEI[self.target]

    @property
    def mass(self) -> float:
        """Of what recoils [MeV]."""
        return M_E if self.electrons else self.nucleus.mass


def hermitian(**entries: complex) -> Matrix:
    """A flavour matrix from its upper half: ``e_tau=...`` also sets (tau, e)."""
    matrix = {}
    for name, value in entries.items():
        left, right = name.split("_")
        matrix[left, right] = complex(value)
        matrix[right, left] = complex(value).conjugate()
    return matrix


def added(first: Sigma, second: Sigma) -> Sigma:
    """Without interference."""
    return lambda E, T, f, bar: first(E, T, f, bar) + second(E, T, f, bar)


def is_open(E: float, T: float, M: float, m4: float) -> bool:
    """Whether a neutrino of E can give T beside a lepton of mass m₄: a real scattering angle."""
    momentum, out = math.sqrt(T**2 + 2 * M * T), (E - T) ** 2 - m4**2
    return bool(m4 <= E - T and abs(E**2 + momentum**2 - out) <= 2 * E * momentum)


def propagator(T: float, M: float) -> float:
    """D = 2MT + m²."""
    return 2 * M * T + MASS**2


def times(factor: int, matrix: Matrix) -> Matrix:
    """Every element."""
    return {key: factor * value for key, value in matrix.items()}


def light_vector(**numbers: Any) -> list[Any]:
    """As in a file."""
    return [SM, {"light-vector": {**MEDIATOR, **numbers}}]


RADIUS = hermitian(e_e=2e-31, mu_mu=-3e-31)
RADIUS_OFF = hermitian(e_e=1e-31, e_mu=4e-31, mu_tau=-3e-31)
