"""Flavour contraction by summing over initial pure states and final flavours, one by one.

Convention. The operator is nubar_alpha gamma^mu P_L C_{alpha beta} nu_beta, so a neutrino goes
beta -> alpha with amplitude C_{alpha beta}. In the same operator nubar_alpha destroys an
antineutrino alpha and nu_beta creates an antineutrino beta: antineutrinos go alpha -> beta with
C_{alpha beta}, i.e. beta -> alpha with C_{beta alpha} = conj(C_{alpha beta}), C being Hermitian.
The density matrix of either is rho = sum_i p_i |i><i| with |i> expanded in flavour states of that
same particle, (rho)_{ab} = sum_i p_i i_a conj(i_b); the trace of rho is the total flux.

The antineutrino current is right-handed, which flips the sign of V-A interference and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np


class Term(NamedTuple):
    """One amplitude: structure 'V' or 'A', flavour matrix C (3x3, Hermitian), real weight f."""

    structure: str
    matrix: Any
    weight: float


class Squares(NamedTuple):
    """Sum over final flavours of |V|^2, |A|^2 and Re(V A*) (sign flipped for antineutrinos)."""

    vector: float
    axial: float
    interference: float


def pure_states(rho: Any) -> list[tuple[float, Any]]:
    """[(p_i, |i>)] with rho = sum p_i |i><i|, from the eigenvectors of a Hermitian rho."""
    matrix = np.asarray(rho, dtype=complex)
    if not np.allclose(matrix, matrix.conj().T, rtol=0, atol=1e-12 * np.abs(matrix).max()):
        raise ValueError("a density matrix is Hermitian")
    values, vectors = np.linalg.eigh(matrix)
    return [(float(p), vectors[:, i]) for i, p in enumerate(values)]


def amplitude(terms: Sequence[Term], structure: str, state: Any, final: int, bar: bool) -> complex:
    """sum_k f_k sum_beta (C_k)_{final beta} state_beta, C_k conjugated for antineutrinos."""
    total = 0j
    for kind, matrix, weight in terms:
        if kind != structure:
            continue
        for beta in range(3):
            c = complex(np.asarray(matrix)[final, beta])
            total += weight * (c.conjugate() if bar else c) * complex(state[beta])
    return total


def contract(rho: Any, terms: Sequence[Term], antineutrino: bool = False) -> Squares:
    """Squares and interference of all terms for the flavour density matrix rho."""
    vector = axial = mixed = 0.0
    for p, state in pure_states(rho):
        for final in range(3):
            v = amplitude(terms, "V", state, final, antineutrino)
            a = amplitude(terms, "A", state, final, antineutrino)
            vector += p * abs(v) ** 2
            axial += p * abs(a) ** 2
            mixed += p * (v * a.conjugate()).real
    return Squares(vector, axial, -mixed if antineutrino else mixed)
