"""Interactions of the experiment-file contract whose physics has not landed yet.

Their blocks are validated, their numbers have addresses and are listed; a prediction with one of
them is refused by name. When an interaction lands it gets a file of its own and leaves this one.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import model_validator

from cevns.errors import InputError, Mistake
from cevns.interactions.base import Interaction
from cevns.interactions.mediator import Mediator
from cevns.spec import Fraction, Number, Quantity, mistake


class Announced(Interaction):
    """An interaction that can be declared but not yet computed."""

    def terms(self) -> Any:
        raise InputError(
            Mistake("model", repr(self.name), "an interaction that this version can compute")
        )


class _Mediator(Announced, Mediator):
    coupling: Number = 0.0


class LightPseudoscalar(_Mediator):
    name: ClassVar[str] = "light-pseudoscalar"
    summary: ClassVar[str] = "pseudoscalar mediator (needs the spins of nuclei)"


class LightAxial(_Mediator):
    name: ClassVar[str] = "light-axial"
    summary: ClassVar[str] = "axial-vector mediator (needs the spins of nuclei)"


class Sterile(Announced):
    name: ClassVar[str] = "sterile"
    summary: ClassVar[str] = "one sterile neutrino, 3+1 (needs oscillation on the way)"
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


ANNOUNCED: dict[str, type[Interaction]] = {
    interaction.name: interaction for interaction in (LightPseudoscalar, LightAxial, Sterile)
}
