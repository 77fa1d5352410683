"""What an interaction is, and how several act together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, ClassVar

from cevns.amplitudes import Term
from cevns.beam import Component
from cevns.errors import InputError, Mistake
from cevns.parameters import Parameter, Theta
from cevns.spec import Spec, quantity_of, undetermined_parameter


class Interaction(Spec):
    """Base of all interactions: a declaration of numbers that hands on amplitude terms.

    A subclass sets ``name`` (as it is written in ``model:``), ``summary`` and ``reference``, and
    declares its numbers as annotated fields with defaults (couplings 0); the number ``x`` has the
    address ``<name>.x`` and is read with ``self.at("x", theta)``. It knows no nucleus.
    """

    name: ClassVar[str]
    summary: ClassVar[str] = ""
    reference: ClassVar[str] = ""

    def terms(self) -> Sequence[Term]:
        """The terms it adds to the amplitude."""
        raise NotImplementedError(f"{type(self).__name__} does not say what terms it has")

    def propagate(self, component: Component, theta: Theta) -> Sequence[Component]:
        """What arrives of a component of the beam: itself, where nothing happens on the way.

        Its trace and its products with couplings add up, so that a change may be a component of
        its own, with a ``factor`` of either sign. How many there are does not depend on θ.
        """
        return (component,)

    def doubts(self, model: Model) -> Iterator[str]:
        """What is likely a mistake in ``model``, of which this is a part: one line each."""
        yield from ()

    def at(self, field: str, theta: Theta) -> Any:
        """The number ``field`` at θ."""
        return self.get(field, theta, self.name)

    def required(self, field: str, theta: Theta, example: str) -> Any:
        """The same for a number without a default; an `InputError` where nothing gives it."""
        value = self.at(field, theta)
        if value is None:
            expected = f"a {field} such as {example!r}, here or in parameters"
            raise InputError(Mistake(f"{self.name}.{field}", "no value", expected))
        return value

    def numbers(self) -> Iterator[Parameter]:
        """Its parameters, with their addresses; one without a default has no value yet."""
        yield from self.parameters(self.name)
        for name, field in type(self).model_fields.items():
            quantity = quantity_of(field)
            if quantity is not None and getattr(self, name) is None:
                yield undetermined_parameter(f"{self.name}.{name}", quantity)

    def __add__(self, other: Interaction | Model) -> Model:
        return Model((self,)) + other


class Model:
    """Several interactions acting together: their terms, before anything is squared."""

    def __init__(self, interactions: Sequence[Interaction]):
        self.interactions = tuple(interactions)

    def __add__(self, other: Interaction | Model) -> Model:
        more = other.interactions if isinstance(other, Model) else (other,)
        return Model((*self.interactions, *more))

    def __repr__(self) -> str:
        return " + ".join(interaction.name for interaction in self.interactions)

    def doubts(self) -> list[str]:
        """What is likely a mistake in this sum, one line each."""
        return [text for part in self.interactions for text in part.doubts(self)]

    def idle(self, sites: AbstractSet[str]) -> list[str]:
        """Which of them act on nothing, where a target has these ``sites``: one line each."""
        found = []
        for part in self.interactions:
            wanted = {term.site for term in part.terms()}
            if wanted and not wanted & sites:
                found.append(
                    f"{part.name} acts on nothing in this target: spins of nuclei come with "
                    "'axial', electrons with 'electron_scattering'"
                )
        return found

    def propagate(self, component: Component, theta: Theta) -> list[Component]:
        """What all of them make of a component on its way, one after the other."""
        arriving = [component]
        for part in self.interactions:
            arriving = [one for some in arriving for one in part.propagate(some, theta)]
        return arriving

    def terms(self) -> tuple[Term, ...]:
        """All terms."""
        return tuple(term for part in self.interactions for term in part.terms())

    def numbers(self) -> Iterator[Parameter]:
        """All parameters."""
        for interaction in self.interactions:
            yield from interaction.numbers()
