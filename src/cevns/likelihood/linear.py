"""The expectation as weights times templates, for everything that is in closed form.

Norms and morphs enter each component as n = Π norms · [N + Σ α S + Σ g(α) A]: with the arrays N,
S and A of all components stacked once, an expectation is one product of a few weights with a
matrix, and its derivatives are another.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cevns.likelihood.morph import bend
from cevns.likelihood.part import Part
from cevns.parameters import Theta

Array = np.ndarray[Any, np.dtype[Any]]


class Linear:
    """The components of one data set, stacked.

    Parameters
    ----------
    parts : sequence of Part
    names : mapping
        Own address → address in the likelihood.
    """

    def __init__(self, parts: Sequence[Part], names: Mapping[str, str]):
        rows: list[Array] = []
        self._blocks: list[tuple[int, list[str], list[str]]] = []
        for part in parts:
            norms = [names.get(own, own) for own in part.norms]
            morphs = [names.get(own, own) for own in part.morphs]
            self._blocks.append((len(rows), norms, morphs))
            rows.append(part.nominal)
            for morph in part.morphs.values():
                rows += [morph.odd, morph.even]
        self._matrix: Array = np.array(rows)
        self.addresses = frozenset(
            address for _, norms, morphs in self._blocks for address in (*norms, *morphs)
        )
        """What enters in closed form, by its address in the likelihood."""

    def expected(self, theta: Theta) -> Array:
        """Events in each cell at θ, shape (cells,)."""
        weights: list[float] = []
        for _, norms, morphs in self._blocks:
            factor = math.prod(theta.get(address, 1.0) for address in norms)
            weights += [factor * own for own in _own_weights(morphs, theta)]
        total: Array = np.array(weights) @ self._matrix
        return total

    def jacobian(self, theta: Theta, place: Mapping[str, int]) -> Array:
        """∂n/∂θ of the addresses in ``place``, each in its row, shape (n, cells)."""
        weights = np.zeros((len(place), len(self._matrix)))
        for start, norms, morphs in self._blocks:
            own = np.array(_own_weights(morphs, theta))
            values = [theta.get(address, 1.0) for address in norms]
            for index, address in enumerate(norms):
                if address in place:
                    others = math.prod(values[:index] + values[index + 1 :])
                    weights[place[address], start : start + len(own)] += others * own
            factor = math.prod(values)
            for index, address in enumerate(morphs):
                if address in place:
                    row = start + 1 + 2 * index
                    slope = bend(theta.get(address, 0.0))[1]
                    weights[place[address], row : row + 2] += factor, factor * slope
        slopes: Array = weights @ self._matrix
        return slopes


def _own_weights(morphs: Sequence[str], theta: Theta) -> list[float]:
    """The weights of N, S, A, S, A, ... of one component, without its norms."""
    own = [1.0]
    for address in morphs:
        alpha = theta.get(address, 0.0)
        own += [alpha, bend(alpha)[0]]
    return own
