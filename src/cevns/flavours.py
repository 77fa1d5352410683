"""Flavours, and matrices in flavour space that are sums of constant ones times numbers.

Such a number may be a grid of any shape, and no grid ever meets a 3×3 matrix: traces are taken of
the constant matrices, once for each product of two numbers, whatever the size of the grid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, get_args

import numpy as np

if TYPE_CHECKING:
    from cevns.parameters import Theta

FLAVOURS = ("e", "mu", "tau")
"""Order of the rows and columns of every flavour matrix."""

Flavour = Literal["nu_e", "nu_mu", "nu_tau", "nu_e_bar", "nu_mu_bar", "nu_tau_bar"]
"""A pure state by name."""

NEUTRINOS: tuple[str, ...] = get_args(Flavour)
"""Names of the six pure states."""

Traces = Mapping[tuple[int, int], Any]
"""Places i ≤ j of two numbers → what their product multiplies."""


class Coupled(Protocol):
    """Whatever has a flavour matrix: a term of an amplitude."""

    @property
    def coupling(self) -> Callable[[Theta], Any]:
        """θ → a `FlavourMatrix`, or an array of shape (..., 3, 3)."""
        ...


@dataclass(frozen=True, eq=False)
class FlavourMatrix:
    """M₀ + Σ xᵢ Mᵢ with constant 3×3 matrices Mᵢ and real numbers xᵢ, each an array of any shape.

    It is made from a constant matrix and multiplied with numbers or added to others:
    ``FlavourMatrix(np.eye(3)) * g`` is g·1 on all flavours. Grids are kept as they are given: a
    (200, 1) and a (1, 200) one meet only in what is counted. `numpy.asarray` gives the matrices
    themselves, shape (..., 3, 3).
    """

    constant: Any
    parts: tuple[tuple[Any, Any], ...] = ()

    __array_ufunc__ = None  # an array times a flavour matrix is the business of __rmul__

    @classmethod
    def of(cls, value: Any) -> FlavourMatrix:
        """``value`` itself, or an array of matrices, shape (..., 3, 3), entry by entry."""
        if isinstance(value, cls):
            return value
        if isinstance(value, np.ndarray) and value.ndim == 2:
            return cls(value)
        units = np.eye(9).reshape(3, 3, 3, 3)
        # The first entry is kept where it is zero, too: it has the shape of the grid.
        total: FlavourMatrix = cls(units[0, 0]) * value[..., 0, 0]
        for i, j in list(np.ndindex(3, 3))[1:]:
            entry = value[..., i, j]
            if not isinstance(entry, np.ndarray) or entry.any():
                total = total + cls(units[i, j]) * entry
        return total

    def __mul__(self, number: Any) -> FlavourMatrix:
        if _is_single(number):
            return FlavourMatrix(
                self.constant * number, tuple((x, matrix * number) for x, matrix in self.parts)
            )
        if np.iscomplexobj(number):
            turned: FlavourMatrix = self * 1j
            return FlavourMatrix.__add__(self * number.real, turned * number.imag)
        parts = [(number * x, matrix) for x, matrix in self.parts]
        return FlavourMatrix(np.zeros((3, 3)), ((number, self.constant), *parts))

    __rmul__ = __mul__

    def __add__(self, other: Any) -> FlavourMatrix:
        other = FlavourMatrix.of(other)
        return FlavourMatrix(self.constant + other.constant, (*self.parts, *other.parts))

    __radd__ = __add__

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        total = self.constant
        for x, matrix in self.parts:
            total = total + np.asarray(x)[..., None, None] * matrix
        return np.array(total, dtype=dtype)


def _is_single(number: Any) -> bool:
    """A plain number, in contrast to a grid and to anything of another backend."""
    return isinstance(number, (int, float, complex, np.generic)) or (
        isinstance(number, np.ndarray) and not number.ndim
    )


class Couplings:
    """The flavour matrices of ``terms`` at θ, over one list of the numbers that are in them.

    Attributes
    ----------
    numbers : list
        1, and the different grids.
    grid : tuple of int
        The shape to which all grids broadcast.
    """

    def __init__(self, terms: Sequence[Coupled], theta: Theta):
        self.numbers: list[Any] = [1.0]
        self._traces: dict[Any, Traces] = {}
        pieces = [FlavourMatrix.of(term.coupling(theta)) for term in terms]
        entries = [
            [(0, piece.constant), *((self._place(x), matrix) for x, matrix in piece.parts)]
            for piece in pieces
        ]
        self.grid = np.broadcast_shapes(*(np.shape(x) for x in self.numbers))
        self.numbers = [compact(x) for x in self.numbers]
        self._matrices: dict[int, Any] = {}
        for term, entry in zip(terms, entries, strict=True):
            stack = np.zeros((len(self.numbers), 3, 3), dtype=complex)
            for place, matrix in entry:
                stack[place] += matrix
            self._matrices[id(term)] = stack

    def _place(self, number: Any) -> int:
        """Where ``number`` is in the list, at its end if it is new."""
        for place, known in enumerate(self.numbers):
            if known is number or _equal(known, number):
                return place
        self.numbers.append(number)
        return len(self.numbers) - 1

    def product(self, first: int, second: int) -> Any:
        """x_i x_j; 1 for the place 0."""
        return self.numbers[first] * self.numbers[second]

    def traces(self, first: Sequence[Coupled], second: Sequence[Coupled], states: Any) -> Traces:
        """Re Tr[M_ki ρ_c M_lj†] of each pair of terms, by the numbers i ≤ j that multiply it.

        ``states`` are the ρ of the components, shape (C, 3, 3). Those that vanish are left out.
        """
        key = (tuple(map(id, first)), tuple(map(id, second)), states.tobytes())
        if key not in self._traces:
            self._traces[key] = dict(self._traced(first, second, states))
        return self._traces[key]

    def _traced(
        self, first: Sequence[Coupled], second: Sequence[Coupled], states: Any
    ) -> Iterator[Any]:
        left, right = (np.stack([self._matrices[id(t)] for t in ts], 1) for ts in (first, second))
        size = len(self.numbers)
        moved = left.reshape(1, -1, 3, 3) @ states[:, None]  # M_ki ρ_c
        trace = moved.reshape(len(states), -1, 9) @ right.reshape(-1, 9).conj().T
        trace = trace.real.reshape(len(states), size, len(first), size, len(second))
        for i in range(size):
            for j in range(i, size):
                both = trace[:, i, :, j] + trace[:, j, :, i] if j > i else trace[:, i, :, i]
                if both.any():
                    yield (i, j), both.reshape(len(states), -1)


def _equal(one: Any, other: Any) -> bool:
    """Whether two numbers are the same grid."""
    if not (isinstance(one, np.ndarray) and isinstance(other, np.ndarray)):
        return False
    return one.shape == other.shape and np.array_equal(one, other)


def compact(grid: Any) -> Any:
    """A grid with the axes along which it does not change shortened to 1: a dense mesh undone."""
    if isinstance(grid, np.ndarray):
        for axis, size in enumerate(grid.shape):
            if size > 1:
                one, two = grid.take([0], axis), grid.take([1], axis)
                # most grids that change do so from the first point to the second
                if np.array_equal(one, two) and np.all(grid == one):
                    grid = one
    return grid
