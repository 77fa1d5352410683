"""Interactions of the experiment-file contract whose physics has not landed yet.

Their blocks are validated, their numbers have addresses and are listed; a prediction with one of
them is refused by name. When an interaction lands it gets a file of its own and leaves this one.
"""

from __future__ import annotations

from typing import Any, ClassVar

from cevns.errors import InputError, Mistake
from cevns.interactions.base import Interaction
from cevns.interactions.mediator import Mediator
from cevns.spec import Number


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


ANNOUNCED: dict[str, type[Interaction]] = {
    interaction.name: interaction for interaction in (LightPseudoscalar, LightAxial)
}
