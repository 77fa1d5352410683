"""What a source is: a declaration that hands on beam components and their fluences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import pi
from typing import Any, ClassVar

from cevns.beam import Component
from cevns.errors import InputError, Mistake
from cevns.exposure import Exposure
from cevns.parameters import NOMINAL, Theta
from cevns.spec import Spec


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
