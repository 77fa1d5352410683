r"""A neutral vector boson of any mass and its named charges.

.. math::
    \mathcal L = -g\, Z'_\mu \Big[ Q_\nu\, \bar\nu_L\gamma^\mu\nu_L
        + \sum_f \bar f\gamma^\mu (Q_f - Q^A_f \gamma_5) f \Big]

with vector charges :math:`Q_f = (Q_{f_L} + Q_{f_R})/2`, half the sum of the chiral ones. A nucleon
:math:`N` then has

.. math:: \Delta g_V^N = \frac{g^2\, Q_\nu Q_N}{\sqrt2\, G_F (Q^2 + m^2)}, \qquad
          Q_p = 2Q_u + Q_d, \quad Q_n = Q_u + 2Q_d, \quad Q^2 = 2MT,

and an electron the same with :math:`Q_e`, in :math:`g_A` with :math:`Q^A_e`. Axial charges of
quarks act on the spins of nuclei (`cevns.spins`).

Charges (the electron last):

- ``universal``: 1 for all. ``b-l``: −1 for neutrinos and electrons, 1/3 for quarks. ``b-3le``,
  ``b-3lmu``, ``b-3ltau``: −3 for the leptons of one flavour (arXiv:2008.05022, arXiv:2202.11002).
- ``lmu-ltau``, ``le-lmu``: leptons only, 1 for the first and −1 for the second flavour. Nuclei are
  reached through the loop of these leptons and a photon: a charge :math:`(2\alpha/\pi) I(Q)` on
  protons (`mixing_loop`; arXiv:2202.11002), and its opposite on electrons where they have none
  themselves.
- ``e6-chi`` and ``{e6: {beta: β}}``: cos β Q^χ + sin β Q^ψ of E₆; ψ is β = π/2 and purely axial
  (Langacker 2009, arXiv:0801.1345; Table II of Dutta et al. 2016, arXiv:1508.07981).
- ``sequential``: those of the Z, its coupling included, so that :math:`g = 1` is a heavier copy of
  the Z: :math:`Q_V \to Q_V (1 + g^2 m_Z^2/(Q^2 + m^2))` with couplings at tree level.
- ``{nu: 1, u: 1, d: 1, e: 1}``: given, the same for all neutrinos. Kinetic mixing alone gives
  neutrinos no charge, and so no effect.

`LightVector` and `HeavyZprime` differ in one thing only: the second has the coupling of a model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import pi, sqrt
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import ValidationInfo, model_validator
from pydantic_core import core_schema

from cevns.amplitudes import Term
from cevns.constants import G_F, alpha, m_e, m_mu, m_tau, m_Z
from cevns.errors import nearest, show
from cevns.flavours import FlavourMatrix
from cevns.interactions.base import Model
from cevns.interactions.mediator import Mediator
from cevns.interactions.standard_model import SIN2_THETA_W, vacuum_polarisation
from cevns.parameters import NOMINAL, Parameter, Theta
from cevns.spec import Fraction, Number, Spec, mistake
from cevns.special import namespace

Z_COUPLING = 2 * m_Z * sqrt(sqrt(2) * G_F)
"""g/cos θ_W of the Z at tree level, from √2 G_F = (g/cos θ_W)²/(4 m_Z²)."""


@dataclass(frozen=True)
class Charges:
    """Charges of the fermions; the vector ones unless ``axial``.

    ``flavours`` multiplies ``nu``. ``loop`` holds the masses of the two charged leptons, +1 and −1,
    through which the boson mixes with the photon.
    """

    nu: Any
    u: Any = 0.0
    d: Any = 0.0
    e: Any = 0.0
    axial_e: Any = 0.0
    axial_u: Any = 0.0
    axial_d: Any = 0.0
    flavours: tuple[float, float, float] = (1.0, 1.0, 1.0)
    loop: tuple[float, float] | None = None


def _baryons_and(flavour: int) -> Charges:
    """B − 3L of one flavour."""
    only = np.eye(3)[flavour]
    return Charges(-3.0, 1 / 3, 1 / 3, -3.0 * only[0], flavours=tuple(only.tolist()))


NAMED = {
    "universal": Charges(1.0, 1.0, 1.0, 1.0),
    "b-l": Charges(-1.0, 1 / 3, 1 / 3, -1.0),
    "b-3le": _baryons_and(0),
    "b-3lmu": _baryons_and(1),
    "b-3ltau": _baryons_and(2),
    "lmu-ltau": Charges(1.0, flavours=(0.0, 1.0, -1.0), loop=(m_mu, m_tau)),
    "le-lmu": Charges(1.0, e=1.0, flavours=(1.0, -1.0, 0.0), loop=(m_e, m_mu)),
}
NAMES = (*NAMED, "sequential", "e6-chi")
OF_A_MODEL = ("sequential", "e6-chi")
"""Charges that come with the size of their coupling."""


def sequential(sin2_theta_w: Any) -> Charges:
    """Those of the Z: g/cos θ_W times T₃/2 − Q sin²θ_W, axial T₃/2."""
    u, d, e = (
        Z_COUPLING * (isospin / 2 - charge * sin2_theta_w)
        for isospin, charge in ((0.5, 2 / 3), (-0.5, -1 / 3), (-0.5, -1.0))
    )
    axial = Z_COUPLING / 4
    return Charges(Z_COUPLING / 2, u, d, e, -axial, axial, -axial)


def e6(beta: Any) -> Charges:
    """cos β Q^χ + sin β Q^ψ: √40 Q^χ = 3, 3, 1 and √24 Q^ψ = 1, 1, −1 for ν_L, e_L, e_R.

    For u and d quarks −1, −1 (left) and 1, −3 (right); 1 and −1.
    """
    xp = namespace(beta)
    chi, psi = xp.cos(beta) / sqrt(40), xp.sin(beta) / sqrt(24)
    return Charges(3 * chi + psi, 0.0 * chi, -2 * chi, 2 * chi, chi + psi, psi - chi, psi + chi)


def mixing_loop(q_squared: Any, first: float, second: float) -> Any:
    r"""∫₀¹ x(1−x) ln[(m₂² + x(1−x)Q²)/(m₁² + x(1−x)Q²)] dx, same shape as ``q_squared``.

    In closed form [ln(m₂²/m₁²) + Π(Q²/m₂²) − Π(Q²/m₁²)]/6 with the vacuum polarisation Π.
    """
    static = 2 * np.log(second / first)
    running = vacuum_polarisation(q_squared / second**2) - vacuum_polarisation(q_squared / first**2)
    return (static + running) / 6


# --- what a file says -----------------------------------------------------------------------------


class ExplicitCharges(Spec):
    """Vector charges of neutrinos, up and down quarks, and electrons."""

    nu: Number = 0.0
    u: Number = 0.0
    d: Number = 0.0
    e: Number = 0.0


class MixingAngle(Spec):
    """The angle β of a Z′ of E₆."""

    beta: Number


class E6Charges(Spec):
    """``{e6: {beta: β}}``."""

    e6: MixingAngle


class _ChargesField:
    """Annotation: a name, {nu, u, d, e}, or {e6: {beta: angle}}; ``fixed`` has no {nu, u, d, e}."""

    def __init__(self, fixed: bool):
        self.names = OF_A_MODEL if fixed else NAMES
        given = "" if fixed else "charges {nu, u, d}, "
        self.wanted = f"one of {', '.join(self.names)}, {given}or {{e6: {{beta}}}}"
        if fixed:
            self.wanted += "; light-vector takes others, with a coupling"
        self.fixed = fixed

    def _validate(self, value: Any, info: ValidationInfo) -> Any:
        kinds = (E6Charges,) if self.fixed else (E6Charges, ExplicitCharges)
        if isinstance(value, kinds):
            return value
        if isinstance(value, Mapping) and "e6" in value:
            return E6Charges.model_validate(value, context=info.context)
        if isinstance(value, Mapping) and value and not self.fixed:
            return ExplicitCharges.model_validate(value, context=info.context)
        if not isinstance(value, str) or value not in self.names:
            raise mistake(show(value), self.wanted, nearest(value, self.names))
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.with_info_plain_validator_function(self._validate)


# --- the interactions -----------------------------------------------------------------------------


class _VectorMediator(Mediator):
    """Terms of a vector boson; subclasses have the fields ``charges`` and ``mass``."""

    charges: Any
    sin2_theta_w: Fraction = SIN2_THETA_W

    def strength(self, theta: Theta) -> Any:
        """g² at θ."""
        raise NotImplementedError

    def _mixes(self) -> bool:
        """Whether sin²θ_W matters."""
        return bool(self.charges == "sequential")

    @model_validator(mode="after")
    def _has_the_angle(self) -> _VectorMediator:
        if "sin2_theta_w" in self.model_fields_set and not self._mixes():
            raise mistake("'sin2_theta_w'", "only mass, charges and coupling for these charges")
        return self

    def numbers(self) -> Iterator[Parameter]:
        """Its own, and sin²θ_W at its shared address where it matters."""
        for parameter in super().numbers():
            if parameter.address != f"{self.name}.sin2_theta_w":
                yield parameter
            elif self._mixes():
                yield replace(parameter, address="sin2_theta_w", latex=r"\sin^2\theta_W")

    def sin2_at(self, theta: Theta) -> Any:
        """sin²θ_W at θ."""
        return theta.get("sin2_theta_w", self.sin2_theta_w)

    def charges_at(self, theta: Theta) -> Charges:
        """The charges at θ; their numbers may be arrays."""
        choice, address = self.charges, f"{self.name}.charges"
        if isinstance(choice, ExplicitCharges):
            return Charges(*(choice.get(name, theta, address) for name in ("nu", "u", "d", "e")))
        if isinstance(choice, E6Charges):
            return e6(choice.e6.get("beta", theta, f"{address}.e6"))
        if choice == "e6-chi":
            return e6(0.0)
        return sequential(self.sin2_at(theta)) if choice == "sequential" else NAMED[choice]

    def terms(self) -> Sequence[Term]:
        """Vector terms on protons, neutrons and electrons, axial ones for chiral charges."""
        charges = self.charges_at(NOMINAL)
        if charges.loop is not None:
            own = self._term("e", lambda q: q.e) if charges.e else self._loop("e", -1, charges.loop)
            return [self._loop("p", 1, charges.loop), own]
        vector = [
            self._term("p", lambda q: 2 * q.u + q.d),
            self._term("n", lambda q: q.u + 2 * q.d),
            self._term("e", lambda q: q.e),
        ]
        chiral = self.charges in OF_A_MODEL or isinstance(self.charges, E6Charges)
        axial = [
            self._term("e", lambda q: q.axial_e, "A"),
            self._term("su", lambda q: q.axial_u, "A"),
            self._term("sd", lambda q: q.axial_d, "A"),
        ]
        return [*vector, *axial] if chiral else vector

    def _term(self, site: str, charge: Callable[[Charges], Any], structure: str = "V") -> Term:
        """A term with g² Q_ν Q_site in its coupling and the propagator as its profile."""

        def coupling(theta: Theta) -> Any:
            charges = self.charges_at(theta)
            flavours = FlavourMatrix(np.diag(charges.flavours))
            return flavours * self.strength(theta) * charges.nu * charge(charges)

        return Term(structure, site, coupling, self.propagator)

    def _loop(self, site: str, sign: int, leptons: tuple[float, float]) -> Term:
        """A term through the mixing with the photon; ``sign`` is the electric charge."""

        def profile(q_squared: Any, theta: Theta) -> Any:
            mixing = 2 * alpha / pi * mixing_loop(q_squared, *leptons)
            return mixing * self.propagator(q_squared, theta)

        return replace(self._term(site, lambda charges: sign), profile=profile)

    def doubts(self, model: Model) -> Iterator[str]:
        """The Z itself is in the Standard Model."""
        close = self.mass is not None and abs(self.mass / m_Z - 1) < 0.01
        if self.charges == "sequential" and close:
            yield f"{self.name}: sequential charges at the mass of the Z, which acts already"


class LightVector(_VectorMediator):
    """A vector boson with the coupling g of the Lagrangian above."""

    name: ClassVar[str] = "light-vector"
    summary: ClassVar[str] = "vector mediator of any mass"
    reference: ClassVar[str] = "arXiv:2008.05022; arXiv:2202.11002"

    coupling: Number = 0.0
    charges: Annotated[Any, _ChargesField(fixed=False)] = "universal"

    def strength(self, theta: Theta) -> Any:
        """g² at θ."""
        return self.at("coupling", theta) ** 2


class HeavyZprime(_VectorMediator):
    """A Z′ with the coupling of its model: that of the Z, or g′ = √(5/3) g tan θ_W of E₆."""

    name: ClassVar[str] = "heavy-zprime"
    summary: ClassVar[str] = "heavy Z' of a named model"
    reference: ClassVar[str] = "arXiv:0801.1345; arXiv:1508.07981"

    charges: Annotated[Any, _ChargesField(fixed=True)] = "sequential"

    def _mixes(self) -> bool:
        return True

    def strength(self, theta: Theta) -> Any:
        """g² at θ: 1 for the couplings of the Z, (5/3)(g/cos θ_W)² sin²θ_W for E₆."""
        if self.charges == "sequential":
            return 1.0
        return 5 / 3 * Z_COUPLING**2 * self.sin2_at(theta)
