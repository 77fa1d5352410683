"""What a source is: a declaration that hands on beam components and their fluences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import pi
from typing import Any, ClassVar, Self

from pydantic import model_validator

from cevns.beam import Component
from cevns.errors import InputError, Mistake
from cevns.exposure import Exposure
from cevns.parameters import NOMINAL, Parameter, Theta, sums_to_one
from cevns.spec import Spec, mistake

ONLY_RATIOS = "only the ratios of these matter"
"""What is said of a share where it is listed."""


class Shares(Spec):
    """A block of fractions of one whole.

    In a file they sum to 1; at θ each is divided by the sum of all, so that one of them can move
    alone.
    """

    whole: ClassVar[str] = "a sum of 1"

    @model_validator(mode="after")
    def _sum(self) -> Self:
        shares = [getattr(self, name) for name in type(self).model_fields]
        if not sums_to_one(shares):
            raise mistake(f"fractions that sum to {sum(shares):g}", self.whole)
        return self

    def parameters(self, address: str) -> Iterator[Parameter]:
        """Every fraction, marked as the share that it is."""
        for one in super().parameters(address):
            yield one.with_(share=True, source=ONLY_RATIOS)

    def share(self, name: str, theta: Theta, address: str) -> Any:
        """The fraction ``name`` of the whole at θ."""
        return self.get(name, theta, address) / sum(
            self.get(one, theta, address) for one in type(self).model_fields
        )


class Source(Spec):
    """Base of all sources.

    A subclass sets ``type`` as a literal field (as it is written in a file), ``summary`` and
    ``reference``, and implements `components` and `fluences`. Numbers are declared as annotated
    fields and read with ``self.get(name, theta, address)``.
    """

    summary: ClassVar[str] = ""
    reference: ClassVar[str] = ""
    steady: ClassVar[bool] = True
    """Whether twice the exposure is twice the fluence; of a source that decays it is less."""

    name: str | None = None

    def norms(self, address: str) -> Iterator[str]:
        """Addresses of the normalisations of this source, nominally 1."""
        yield f"{address}.norm"

    def components(self, address: str, theta: Theta = NOMINAL) -> Sequence[Component]:
        """The populations of neutrinos, their spectra with unit integral or per unit emitted.

        ``address`` is where the source stands ("source", "source.B1"): addresses of its
        parameters start with it. θ is for what shapes a spectrum (the energy of a line); norms and
        baselines are read later.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say what it emits")

    def fluences(self, exposure: Exposure, theta: Theta, address: str) -> Sequence[Any]:
        """Fluence that multiplies each component's spectrum over the exposure [1/area]."""
        raise NotImplementedError(f"{type(self).__name__} does not say how much it emits")

    def alternatives(self) -> Iterator[tuple[str, str, Source]]:
        """Choice, what it becomes, and the source with that changed; for `cevns.budget`."""
        yield from ()


def sphere(distance: Any) -> Any:
    """Area over which a source at ``distance`` spreads its neutrinos."""
    return 4 * pi * distance**2


def seconds_of(exposure: Exposure, path: str = "exposure") -> float:
    """The live time of an exposure; an `InputError` where it has none."""
    if exposure.live_time is None:
        raise InputError(
            Mistake(path, repr(exposure), "a time such as '1 year' for a source given as a rate")
        )
    return exposure.live_time
