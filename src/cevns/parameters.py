"""Parameters: every number θ has an address, declared once.

θ is a mapping from address to value that rides along every call unchanged; no object stores it.
A function reads its numbers with ``theta.get(address, nominal)``, so an empty mapping is the
nominal point. Which parameters shape a spectrum and which only scale it is seen by recording
what is read (`Recorder`), not by declaring it twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from cevns.errors import InputError, Mistake, nearest

Theta = Mapping[str, Any]
"""θ: address → value (a float, or an array of the backend in use)."""

NOMINAL: Theta = {}
"""The nominal point: every function falls back on its own declared value."""


@dataclass(frozen=True)
class Parameter:
    """One number of a model: ``value``, ``prior`` and ``bounds`` in internal units.

    ``value`` is a float, a complex number for an off-diagonal coupling, or None for a shape that
    has no default and has not been given.
    ``unit`` names the unit for showing it, ``scale`` is that unit as a float; ``prior`` is the
    width of a Gaussian constraint, None for a free parameter; ``source`` says where the nominal
    value comes from. ``range`` is what the declaration demands of a value, in the words of
    `cevns.spec.Quantity`: bounds are closed, and a "positive" number is not 0. The numbers of a
    block that are ``share`` sum to 1 in a file; where they move, only their ratios matter.
    """

    address: str
    value: Any
    unit: str = ""
    scale: float = 1.0
    prior: float | None = None
    bounds: tuple[float, float] | None = None
    latex: str = ""
    source: str = ""
    range: str = "any"
    share: bool = False
    fixed: bool = True
    same_as: str | None = None

    def with_(self, **changes: Any) -> Parameter:
        """A copy with some fields replaced."""
        return replace(self, **changes)


_NOTES = ("source", "latex", "unit", "scale")
_ROUNDING = 1e-3  # of shares as they are printed, with three digits


def sums_to_one(shares: Iterable[float]) -> bool:
    """Whether ``shares`` are those of one whole, up to the rounding of three digits."""
    return abs(sum(shares) - 1) <= _ROUNDING


class Parameters(Mapping[str, Parameter]):
    """The parameters of an experiment or of several, by address."""

    def __init__(self, parameters: Iterable[Parameter] = ()):
        self._by_address: dict[str, Parameter] = {}
        for parameter in parameters:
            self._add(parameter)

    def _add(self, parameter: Parameter) -> None:
        known = self._by_address.setdefault(parameter.address, parameter)
        # Where a value comes from and how it is written are no conflict, what it is would be.
        if known != parameter.with_(**{name: getattr(known, name) for name in _NOTES}):
            names = [f.name for f in fields(known) if f.name not in _NOTES]
            differ = [n for n in names if getattr(known, n) != getattr(parameter, n)]
            found = f"two declarations that differ in {', '.join(differ)}"
            raise InputError(Mistake(parameter.address, found, "one for a shared parameter"))

    def __getitem__(self, address: str) -> Parameter:
        return self._by_address[address]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_address)

    def __len__(self) -> int:
        return len(self._by_address)


def check_point(theta: Theta, known: Mapping[str, Parameter]) -> None:
    """Raise an `InputError` for addresses in θ that are not ``known``, and for arrays in θ."""
    grids = [address for address, value in theta.items() if getattr(value, "ndim", 0)]
    if grids:
        found = f"an array at {', '.join(grids)}"
        raise InputError(Mistake("theta", found, "single values; `counts` takes grids"))
    unknown = [address for address in theta if address not in known]
    if unknown:
        expected = "the address of a parameter"
        raise InputError(
            [Mistake("theta", repr(name), expected, nearest(name, known)) for name in unknown]
        )


class Recorder(Mapping[str, Any]):
    """A view of θ that notes which addresses are read.

    The addresses that a form factor, a profile or a response reads are its *shape* parameters:
    caches are keyed by their values alone.
    """

    def __init__(self, theta: Theta):
        self._theta = theta
        self.read: set[str] = set()

    def __getitem__(self, address: str) -> Any:
        self.read.add(address)
        return self._theta[address]

    def __iter__(self) -> Iterator[str]:
        return iter(self._theta)

    def __len__(self) -> int:
        return len(self._theta)
