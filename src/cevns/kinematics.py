r"""Two-body kinematics and the one table of recoil coefficients.

A neutrino of energy :math:`E` hits a target of mass :math:`M` at rest, which recoils with kinetic
energy :math:`T`; a lepton of mass :math:`m_4` leaves (zero for elastic scattering). Every
cross-section of the package is, at fixed :math:`T`, a polynomial in :math:`1/E`:

.. math:: \frac{d\sigma}{dT} = G_F^2 (\hbar c)^2 \sum_{n=0}^{2} a_n(T)\, E^{-n}

The table below holds the :math:`a_n` for each pair of Lorentz structures of the amplitude and each
kind of target: the only place in the package where a recoil spectrum gets its shape. Tests derive
every row again from Dirac traces evaluated numerically.
"""

from __future__ import annotations

from collections.abc import Callable
from math import pi
from typing import Any

from cevns.errors import unknown_name
from cevns.special import namespace

KINEMATICS = ("exact", "no-T-over-E")
"""Exact two-body kinematics, or T/E dropped together with its end point (T_max = 2E²/M)."""

Coefficients = tuple[Any, Any, Any]


def check_kinematics(kinematics: str) -> None:
    """Raise `InputError` for a name that is not in `KINEMATICS`."""
    if kinematics not in KINEMATICS:
        raise unknown_name("kinematics", kinematics, KINEMATICS, "kinematics")


def minimum_energy(T: Any, M: float, m4: Any = 0.0, kinematics: str = "exact") -> Any:
    """Smallest neutrino energy that gives a recoil ``T`` > 0 [energy].

    E_min = (m₄² + 2MT) / (2(√(T² + 2MT) − T)), written so that nothing cancels; without T/E it is
    √(MT/2). Same shape as ``T``.
    """
    xp = namespace(T, m4)
    if kinematics == "exact":
        elastic = 0.5 * (T + xp.sqrt(T * (T + 2 * M)))
    else:
        elastic = xp.sqrt(0.5 * M * T)
    return elastic if _is_zero(m4) else elastic * (1 + m4**2 / (2 * M * T))


def maximum_recoil(E: Any, M: float, kinematics: str = "exact") -> Any:
    """Largest recoil energy of elastic scattering: 2E²/(M + 2E), or 2E²/M without T/E."""
    return 2 * E**2 / (M + 2 * E) if kinematics == "exact" else 2 * E**2 / M


def recoil_range(E: Any, M: float, m4: Any = 0.0, kinematics: str = "exact") -> tuple[Any, Any]:
    """Smallest and largest recoil for a neutrino of energy ``E``; both zero below threshold.

    T± = [2E²M − m₄²(M + E) ± E √((2EM − m₄²)² − 4M²m₄²)] / (2M(M + 2E)), the smaller one from
    the product T₊T₋ = m₄⁴/(4M(M + 2E)) so that it keeps its digits. Without T/E they are
    (E ± √(E² − m₄²))²/(2M), the partner of `minimum_energy`.
    """
    if _is_zero(m4):
        return 0.0 * E, maximum_recoil(E, M, kinematics)
    xp = namespace(E, m4)
    if kinematics != "exact":
        larger = E + xp.sqrt(xp.maximum(E**2 - m4**2, 0.0))
        allowed = m4 <= E
        lower, upper = (m4**2 / larger) ** 2 / (2 * M), larger**2 / (2 * M)
        return xp.where(allowed, lower, 0.0), xp.where(allowed, upper, 0.0)
    open_ = (2 * E * M - m4**2) ** 2 - 4 * M**2 * m4**2
    allowed = (m4 + m4**2 / (2 * M) <= E) & (open_ >= 0)
    root = xp.sqrt(xp.where(allowed, open_, 0.0))
    upper = (2 * E**2 * M - m4**2 * (M + E) + E * root) / (2 * M * (M + 2 * E))
    upper = xp.where(allowed, upper, 1.0)
    lower = m4**4 / (4 * M * (M + 2 * E) * upper)
    return xp.where(allowed, lower, 0.0), xp.where(allowed, upper, 0.0)


def _is_zero(m4: Any) -> bool:
    return isinstance(m4, (int, float)) and m4 == 0


def _vector_spin_0(T: Any, M: float, m4: Any) -> Coefficients:
    """Vector current on a spin-0 target (Freedman 1974; Barranco et al. 2005 for m₄ = 0)."""
    s = 2 * M * T + m4**2
    return M / pi, -s / (2 * pi), -(4 * M**2 - m4**2) * s / (16 * pi * M)


def _vector_spin_half(T: Any, M: float, m4: Any) -> Coefficients:
    """Vector current on a point-like spin-1/2 target (Scholberg 2020 Eq. 1 with G_A = 0)."""
    s = 2 * M * T + m4**2
    return M / pi, -s / (2 * pi), -(M - T) * s / (4 * pi)


def _axial_spin_half(T: Any, M: float, m4: Any) -> Coefficients:
    """Axial current on a point-like spin-1/2 target (Scholberg 2020 Eq. 1 with G_V = 0)."""
    s = 2 * M * T + m4**2
    return M / pi, -s / (2 * pi), (M + T) * s / (4 * pi)


def _vector_axial_spin_half(T: Any, M: float, m4: Any) -> Coefficients:
    """Interference, for neutrinos and a target current γ(g_V − g_A γ₅), per ordered pair."""
    return 0.0, M * T / pi, -T * (2 * M * T + m4**2) / (4 * pi)


_Row = Callable[[Any, float, Any], Coefficients]


def _without_t_over_e(pair: str, row: _Row) -> _Row:
    """The row at leading order in T/E and T/M: what "dropping T/E" leaves of it."""
    sign = {"VV": -1.0, "AA": 1.0, "AV": 0.0}[pair]

    def dropped(T: Any, M: float, m4: Any) -> Coefficients:
        a0, _, _ = row(T, M, m4)
        if not sign:  # the interference is of the order that is dropped
            return a0, 0.0, 0.0
        return a0, -(m4**2) / (2 * pi), sign * M * (2 * M * T + m4**2) / (4 * pi)

    return dropped


_TABLE: dict[tuple[str, str], _Row] = {
    ("VV", "0"): _vector_spin_0,
    ("VV", "1/2"): _vector_spin_half,
    ("AA", "1/2"): _axial_spin_half,
    ("AV", "1/2"): _vector_axial_spin_half,
}

STRUCTURES = ("V", "A")
ODD_UNDER_CONJUGATION = frozenset({"AV"})
"""Pairs whose interference has the other sign for antineutrinos."""


def pair_name(first: str, second: str) -> str:
    """The name of a pair of structures in the table; the order does not matter."""
    return "".join(sorted((first, second), key="AVSPTM".index))


def coefficients(
    pair: str, spin: str, T: Any, M: float, m4: Any = 0.0, kinematics: str = "exact"
) -> Coefficients | None:
    """(a₀, a₁, a₂) of ``pair`` on a target of ``spin`` "0" or "1/2"; None where it vanishes.

    Parameters
    ----------
    pair : str
        Two structures, as `pair_name` writes them ("VV", "AV").
    T : array
        Recoil energy [energy].
    M, m4 : float
        Masses of the target and of the outgoing lepton [energy].

    Returns
    -------
    tuple of arrays or None
        In natural units without G_F²: aₙ has the dimension energyⁿ⁺¹.
    """
    row = _TABLE.get((pair, spin))
    if row is None:
        return None
    return (row if kinematics == "exact" else _without_t_over_e(pair, row))(T, M, m4)
