"""Interactions of the experiment-file contract whose physics has not landed yet.

Their blocks are validated, their numbers have addresses and are listed; a prediction with one of
them is refused by name. When an interaction lands it gets a file of its own and leaves this one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ValidationInfo, create_model, model_validator
from pydantic_core import core_schema

from cevns.errors import InputError, Mistake, nearest, show
from cevns.interactions.base import Interaction
from cevns.parameters import Parameter
from cevns.spec import Fraction, Number, Quantity, Spec, in_file, mistake

PAIRS = ("ee", "emu", "etau", "mumu", "mutau", "tautau")
DIAGONAL = ("ee", "mumu", "tautau")


class Announced(Interaction):
    """An interaction that can be declared but not yet computed."""

    def terms(self) -> Any:
        raise InputError(
            Mistake("model", repr(self.name), "an interaction that this version can compute")
        )


class _ComplexNumber:
    """A coupling: a number, or text such as "0.2+0.05j" (only for off-diagonal flavours)."""

    def __init__(self, real: bool):
        self.real = real

    def _validate(self, value: Any, info: ValidationInfo) -> Any:
        wanted = "a real number" if self.real else "a number or text such as '0.2+0.05j'"
        if isinstance(value, complex) and not in_file(info):
            number = value
        elif isinstance(value, str) and len(value) <= 60:
            try:
                number = complex(value.replace(" ", ""))
            except ValueError:
                raise mistake(show(value), wanted) from None
        else:
            try:
                number = complex(Quantity("1", range="any").parse(value, from_file=True))
            except InputError as error:
                raise mistake(error.mistakes[0].found, wanted) from None
        text = isinstance(value, (str, complex))
        if not abs(number) < math.inf or (self.real and text):
            raise mistake(show(value), wanted)
        return number.real if self.real else number

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.with_info_plain_validator_function(self._validate)


class _Nsi(Announced):
    name: ClassVar[str] = "nsi"
    summary: ClassVar[str] = "non-standard vector couplings to u and d quarks"

    def parameters(self, address: str) -> Iterator[Parameter]:
        for field in type(self).model_fields:
            yield Parameter(f"{address}.{field}", getattr(self, field))


_REAL = Annotated[float, _ComplexNumber(real=True)]
_COMPLEX = Annotated[complex, _ComplexNumber(real=False)]

Nsi: type[Interaction] = create_model(
    "Nsi",
    __base__=_Nsi,
    **{
        f"eps_{pair}_{quark}": (_REAL, 0.0) if pair in DIAGONAL else (_COMPLEX, 0j)
        for pair in PAIRS
        for quark in "ud"
    },
)  # type: ignore[call-overload]

Moment = Annotated[float, Quantity("mu_B", range="any")]
AreaShift = Annotated[float, Quantity("cm^2", range="any")]


class MagneticMoment(Announced):
    name: ClassVar[str] = "magnetic-moment"
    summary: ClassVar[str] = "neutrino magnetic moments, by flavour"
    nu_e: Moment = 0.0
    nu_mu: Moment = 0.0
    nu_tau: Moment = 0.0
    form_factor: Literal["proton", "none"] = "proton"


class ChargeRadius(Announced):
    name: ClassVar[str] = "charge-radius"
    summary: ClassVar[str] = "neutrino charge radii, by flavour"
    nu_e: AreaShift = 0.0
    nu_mu: AreaShift = 0.0
    nu_tau: AreaShift = 0.0


class Anapole(ChargeRadius):
    name: ClassVar[str] = "anapole"
    summary: ClassVar[str] = "neutrino anapole moments, by flavour"


class Millicharge(Announced):
    name: ClassVar[str] = "millicharge"
    summary: ClassVar[str] = "neutrino electric charges in units of e, by flavour"
    nu_e: Number = 0.0
    nu_mu: Number = 0.0
    nu_tau: Number = 0.0


VECTOR_CHARGES = (
    *("universal", "b-l", "b-3le", "b-3lmu", "b-3ltau", "lmu-ltau", "le-lmu", "sequential"),
    "e6-chi",
)


class _Explicit(Spec):
    """Charges of neutrinos, up and down quarks, and electrons."""

    nu: Number = 0.0
    u: Number = 0.0
    d: Number = 0.0
    e: Number = 0.0


class _Mixing(Spec):
    """The angle of a Z' of E6."""

    beta: Number


class _E6(Spec):
    e6: _Mixing


class _Charges:
    """Named charges, explicit ones {nu, u, d}, or {e6: {beta: angle}}."""

    def _validate(self, value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, Mapping) and value:
            kind = _E6 if "e6" in value else _Explicit
            kind.model_validate(value, context=info.context)
        elif value not in VECTOR_CHARGES:
            wanted = f"one of {', '.join(VECTOR_CHARGES)}, charges {{nu, u, d}} or {{e6: {{beta}}}}"
            raise mistake(show(value), wanted, nearest(value, VECTOR_CHARGES))
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.with_info_plain_validator_function(self._validate)


Charges = Annotated[Any, _Charges()]
MediatorMass = Annotated[float, Quantity("MeV", range="positive")]


class _Mediator(Announced):
    mass: MediatorMass | None = None
    coupling: Number = 0.0


class LightVector(_Mediator):
    name: ClassVar[str] = "light-vector"
    summary: ClassVar[str] = "vector mediator of any mass"
    charges: Charges = "universal"


class LightScalar(_Mediator):
    name: ClassVar[str] = "light-scalar"
    summary: ClassVar[str] = "scalar mediator"


class LightPseudoscalar(_Mediator):
    name: ClassVar[str] = "light-pseudoscalar"
    summary: ClassVar[str] = "pseudoscalar mediator"


class LightAxial(_Mediator):
    name: ClassVar[str] = "light-axial"
    summary: ClassVar[str] = "axial-vector mediator"


class LightTensor(_Mediator):
    name: ClassVar[str] = "light-tensor"
    summary: ClassVar[str] = "tensor mediator"
    convention: Literal["coherent", "nuclear"] = "coherent"


class HeavyZprime(Announced):
    name: ClassVar[str] = "heavy-zprime"
    summary: ClassVar[str] = "heavy Z' of a named model"
    charges: Charges = "sequential"
    mass: MediatorMass | None = None


class Sterile(Announced):
    name: ClassVar[str] = "sterile"
    summary: ClassVar[str] = "one sterile neutrino (3+1)"
    dm2: Annotated[float, Quantity("eV^2", range="positive")] | None = None
    Ue4_sq: Fraction = 0.0
    Umu4_sq: Fraction = 0.0
    Utau4_sq: Fraction = 0.0
    convention: Literal["active-deficit", "survival"] = "active-deficit"

    @model_validator(mode="after")
    def _unitary(self) -> Sterile:
        total = self.Ue4_sq + self.Umu4_sq + self.Utau4_sq
        if total > 1:
            raise mistake(f"a sum of |U_a4|^2 of {total:g}", "a sum of at most 1")
        return self


class DipolePortal(Announced):
    name: ClassVar[str] = "dipole-portal"
    summary: ClassVar[str] = "transition dipole to a heavy lepton"
    nu_e: Moment = 0.0
    nu_mu: Moment = 0.0
    nu_tau: Moment = 0.0
    mass: MediatorMass | None = None


ANNOUNCED: dict[str, type[Interaction]] = {
    interaction.name: interaction
    for interaction in (
        *(Nsi, MagneticMoment, ChargeRadius, Anapole, Millicharge, LightVector, LightScalar),
        *(LightPseudoscalar, LightAxial, LightTensor, HeavyZprime, Sterile, DipolePortal),
    )
}
