"""Any two Lorentz structures against each other, from explicit gamma matrices and four-momenta.

The amplitude of structure X is sqrt(2) G_F [u4bar Gamma_i P_L u1] [ubar G_i u], summed over i:

    V: gamma^mu | gamma_mu           A: gamma^mu | -gamma_mu gamma5
    S: 1 | 1                         P: 1 | i gamma5
    T: sigma^{mu nu} | sigma_{mu nu}
    M: i sigma^{mu nu} q_nu kappa/q^2 | gamma_mu,   q = k1 - k4 = p' - p

On spin 0 the target gives (p + p')_mu for gamma_mu, 2M for 1, nothing for gamma5, and
i (P_mu q_nu - q_mu P_nu)/M, P = p + p', for sigma_{mu nu}. Antineutrinos take the hermitian
conjugate of the lepton's part: v1bar P_R Gamma_i v4 (P_L for V and A), with the same q.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from oracle import recoil

Matrix = Any  # a 4x4 array of clongdouble

ALPHA = 1 / 137.035999084  # CODATA 2018
M_E = 0.51099895  # MeV, CODATA 2018
# mu_B e = 2 pi alpha/m_e, over the sqrt(2) G_F of the amplitude [MeV]
KAPPA = math.sqrt(2) * math.pi * ALPHA / (M_E * recoil.G_F)

_SIGNS = (1, -1, -1, -1)
_RANGE = range(4)


class Collision(NamedTuple):
    """Momenta in the lab, with the masses they belong to."""

    k1: Any
    p: Any
    k4: Any
    p_out: Any
    M: float
    m4: float

    @property
    def q(self) -> Any:
        """Momentum given to the target."""
        return self.p_out - self.p


class Piece(NamedTuple):
    """One Gamma_i with what the target has for it: a matrix, and a number on spin 0."""

    lepton: Matrix
    target: Matrix
    current: Any


def _dot(a: Any, b: Any) -> Any:
    return sum(sign * a[i] * b[i] for i, sign in enumerate(_SIGNS))


def _sigma(mu: int, nu: int) -> Matrix:
    gamma, _ = recoil._gamma()
    return 0.5j * (gamma[mu] @ gamma[nu] - gamma[nu] @ gamma[mu])


def _unit() -> Matrix:
    return np.eye(4, dtype=np.clongdouble)


def _vector(at: Collision) -> list[Piece]:
    gamma, _ = recoil._gamma()
    total = at.p + at.p_out
    return [Piece(gamma[i], s * gamma[i], s * total[i]) for i, s in enumerate(_SIGNS)]


def _axial(at: Collision) -> list[Piece]:
    gamma, gamma5 = recoil._gamma()
    return [Piece(gamma[i], -s * gamma[i] @ gamma5, 0) for i, s in enumerate(_SIGNS)]


def _scalar(at: Collision) -> list[Piece]:
    return [Piece(_unit(), _unit(), 2 * np.longdouble(at.M))]


def _pseudoscalar(at: Collision) -> list[Piece]:
    return [Piece(_unit(), 1j * recoil._gamma()[1], 0)]


def _tensor(at: Collision) -> list[Piece]:
    total, q = at.p + at.p_out, at.q
    pieces = []
    for mu in _RANGE:
        for nu in _RANGE:
            sign = _SIGNS[mu] * _SIGNS[nu]
            orbital = 1j * (total[mu] * q[nu] - q[mu] * total[nu]) / np.longdouble(at.M)
            pieces.append(Piece(_sigma(mu, nu), sign * _sigma(mu, nu), sign * orbital))
    return pieces


def _dipole(at: Collision) -> list[Piece]:
    q = at.q
    strength = np.longdouble(KAPPA) / _dot(q, q)
    pieces = []
    for piece, mu in zip(_vector(at), _RANGE, strict=True):
        moment = sum(1j * _SIGNS[nu] * q[nu] * _sigma(mu, nu) for nu in _RANGE)
        pieces.append(Piece(strength * moment, piece.target, piece.current))
    return pieces


STRUCTURES: dict[str, Callable[[Collision], list[Piece]]] = {
    "V": _vector,
    "A": _axial,
    "S": _scalar,
    "P": _pseudoscalar,
    "T": _tensor,
    "M": _dipole,
}
_KEEPS_CHIRALITY = ("V", "A")


def _lepton_vertices(structure: str, pieces: list[Piece], antineutrino: bool) -> list[Matrix]:
    """Gamma_i P_L between u4bar and u1, or its conjugate between v1bar and v4."""
    _, gamma5 = recoil._gamma()
    left, right = (_unit() - gamma5) / 2, (_unit() + gamma5) / 2
    if not antineutrino:
        return [piece.lepton @ left for piece in pieces]
    projector = left if structure in _KEEPS_CHIRALITY else right
    return [piece.lepton @ projector for piece in pieces]


def _trace(end: Matrix, vertex: Matrix, start: Matrix, other: Matrix) -> Any:
    return np.trace(end @ vertex @ start @ recoil._bar(other))


def amplitude_product(
    first: str, second: str, spin: str, at: Collision, antineutrino: bool = False
) -> complex:
    """Sum over spins (average over the target's) of M_X conj(M_Y), without sqrt(2) G_F."""
    pieces, others = (STRUCTURES[name](at) for name in (first, second))
    vertices = _lepton_vertices(first, pieces, antineutrino)
    conjugates = _lepton_vertices(second, others, antineutrino)
    incoming, outgoing = recoil._slash(at.k1), recoil._slash(at.k4)
    mass = np.longdouble(at.m4) * _unit()
    start, end = (outgoing - mass, incoming) if antineutrino else (incoming, outgoing + mass)
    body = np.longdouble(at.M) * _unit()
    before, after = recoil._slash(at.p) + body, recoil._slash(at.p_out) + body
    total = np.clongdouble(0)
    for piece, vertex in zip(pieces, vertices, strict=True):
        for other, conjugate in zip(others, conjugates, strict=True):
            if spin == "0":
                target = piece.current * np.conj(other.current)
            else:
                target = _trace(after, piece.target, before, other.target) / 2
            if target:
                total += target * _trace(end, vertex, start, conjugate)
    return total  # type: ignore[return-value]


def mean_amplitude_product(
    first: str, second: str, at: Collision, antineutrino: bool = False
) -> complex:
    """M_X conj(M_Y) of a target at rest whose spin is averaged over in the amplitudes themselves.

    That is what all nucleons of a nucleus without spin do together: their current is
    Tr[(p'slash + M) Gamma (1 + gamma^0)/2].
    """
    gamma, _ = recoil._gamma()
    after = recoil._slash(at.p_out) + np.longdouble(at.M) * _unit()
    incoming, outgoing = recoil._slash(at.k1), recoil._slash(at.k4)
    start, end = (outgoing, incoming) if antineutrino else (incoming, outgoing)
    pieces, others = (
        [
            (vertex, np.trace(after @ piece.target @ (_unit() + gamma[0])) / 2)
            for piece in STRUCTURES[name](at)
            for vertex in _lepton_vertices(name, [piece], antineutrino)
        ]
        for name in (first, second)
    )
    total = np.clongdouble(0)
    for vertex, current in pieces:
        for conjugate, other in others:
            total += current * np.conj(other) * _trace(end, vertex, start, conjugate)
    return total  # type: ignore[return-value]


def collision(E: float, T: float, M: float, m4: float = 0.0) -> Collision:
    """The momenta of a neutrino of energy E on a target at rest that recoils with T [MeV]."""
    return Collision(*recoil.lab_momenta(E, T, M, m4), M, m4)


def pair_dsigma_dT(
    pair: str,
    spin: str,
    E: float,
    T: float,
    M: float,
    m4: float = 0.0,
    antineutrino: bool = False,
) -> float:
    """dsigma/dT [cm^2/MeV] of one ordered pair of structures with unit amplitudes; real part."""
    at = collision(E, T, M, m4)
    product = amplitude_product(pair[0], pair[1], spin, at, antineutrino)
    # recoil's factor has (G_F/sqrt2)^2 for currents of 1 - gamma5, here it is 2 G_F^2 for P_L
    return float(4 * np.real(product) * recoil._flux_factor(E, M))
