"""Neutrinos of mixed flavours by brute force: amplitudes of states, phases summed one by one.

A coupling eps_ab (nubar_a nu_b) takes a neutrino b to a, and an antineutrino a to b. What starts as
flavour a is the sum of mass states with the conjugates of U_ai, an antineutrino with U_ai. Nothing
here is a density matrix.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

Array = Any


def charge(Z: int, N: int, s2w: float, up: Array) -> Array:
    """Weak charge between flavours, with ``up`` a Hermitian matrix of couplings to up quarks."""
    return (Z * (0.5 - 2 * s2w) - 0.5 * N) * np.eye(3) + (2 * Z + N) * np.asarray(up)


def scattered(Q: Array, state: Array, antineutrino: bool) -> float:
    """Sum over the flavours that leave of the squares of amplitudes for a ``state``, a vector."""
    matrix = Q.T if antineutrino else Q
    return float(sum(abs(sum(row[b] * state[b] for b in range(3))) ** 2 for row in matrix))


def mass_state(U: Array, number: int, antineutrino: bool) -> Array:
    """The amplitudes of flavours in mass state ``number`` (1, 2 or 3)."""
    column = U[:, number - 1]
    return column.conj() if antineutrino else column


def averaged(Q: Array, U: Array, antineutrino: bool, steps: int = 8) -> float:
    """`scattered` of what started as nu_e, the mean over phases of the second and third state."""
    made = U[0] if antineutrino else U[0].conj()
    total = 0.0
    for second, third in product(range(steps), repeat=2):
        phases = np.exp(2j * np.pi * np.array([0, second, third]) / steps)
        state = sum(made[i] * phases[i] * mass_state(U, i + 1, antineutrino) for i in range(3))
        total += scattered(Q, state, antineutrino)
    return total / steps**2
