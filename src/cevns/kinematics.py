r"""Two-body kinematics and the one table of recoil coefficients.

A neutrino of energy :math:`E` hits a target of mass :math:`M` at rest, which recoils with kinetic
energy :math:`T`; a lepton of mass :math:`m_4` leaves (zero for elastic scattering). Every
cross-section of the package is, at fixed :math:`T`, a polynomial in :math:`1/E`:

.. math:: \frac{d\sigma}{dT} = G_F^2 (\hbar c)^2 \sum_{n=0}^{2} a_n(T)\, E^{-n}

The table below holds the :math:`a_n` for each pair of Lorentz structures of the amplitude and each
kind of target: the only place in the package where a recoil spectrum gets its shape. Tests derive
every row again from Dirac traces evaluated numerically.

A structure X with amplitude :math:`C_X` means, on a target of spin 1/2, the effective Lagrangian
:math:`-\sqrt2 G_F C_X \times`

==  ===============================================================================================
V   :math:`(\bar\nu\gamma^\mu P_L\nu)(\bar N\gamma_\mu N)`
A   :math:`-(\bar\nu\gamma^\mu P_L\nu)(\bar N\gamma_\mu\gamma_5 N)`
S   :math:`(\bar\nu P_L\nu)(\bar N N)`
P   :math:`(\bar\nu P_L\nu)(\bar N i\gamma_5 N)`
T   :math:`(\bar\nu\sigma^{\mu\nu}P_L\nu)(\bar N\sigma_{\mu\nu}N)`
M   :math:`(\kappa/q^2)\,(\bar\nu\, i\sigma^{\mu\nu}q_\nu P_L\nu)(\bar N\gamma_\mu N)`, with
    :math:`q = k_\nu - k'_\nu` and :math:`\kappa = \sqrt2\pi\alpha/(m_e G_F)`: one photon between a
    magnetic moment of :math:`C_M` Bohr magnetons and a unit charge
==  ===============================================================================================

plus the hermitian conjugate where the neutrino's chirality flips (S, P, T, M). So a mediator with
:math:`\mathcal L_{\rm eff} = -(Q_X/D)(\ldots)` has :math:`C_X = Q_X/(\sqrt2 G_F D)`, whatever X.
On spin 0 :math:`\bar N\gamma_\mu N \to (p+p')_\mu` and :math:`\bar N N \to 2M`; A and P vanish;
T stands for the convention of the literature, the form of spin 1/2 on any nucleus, and interferes
with nothing there.

Spin "J" is a nucleus whose nucleons carry spin, not polarised and of any J. Its charges (V, S and
M) scatter as on spin 0; its spins (A, P and T) as on spin 1/2, the axial one without T/M; the two
are different multipoles and do not interfere.

V and A lead to a left-handed neutrino, S, P, T and M to a right-handed one: for a massless one
nothing interferes across. Rows are per ordered pair.
"""

from __future__ import annotations

from collections.abc import Callable
from math import pi, sqrt
from typing import Any

from cevns.constants import G_F, alpha, m_e
from cevns.errors import InputError, Mistake, unknown_name
from cevns.special import namespace

KINEMATICS = ("exact", "no-T-over-E")
"""Exact two-body kinematics, or T/E dropped together with its end point (T_max = 2E²/M)."""

Coefficients = tuple[Any, Any, Any]

DIPOLE = sqrt(2) * pi * alpha / (m_e * G_F)
"""κ [energy]: the strength of a Bohr magneton against G_F; πα²/(m_e² G_F²) is κ²/(2π)."""


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


def _axial_nucleus(T: Any, M: float, m4: Any) -> Coefficients:
    """(M/π)[1 − T/E + MT/2E²] for m₄ = 0 (Hoferichter et al. 2020, arXiv:2007.08529, F_A = 4)."""
    s = 2 * M * T + m4**2
    return M / pi, -s / (2 * pi), M * s / (4 * pi)


def _scalar_spin_0(T: Any, M: float, m4: Any) -> Coefficients:
    """M²T/(2πE²) for m₄ = 0 (Cerdeño et al. 2016, arXiv:1604.01025)."""
    return 0.0, 0.0, M * (2 * M * T + m4**2) / (4 * pi)


def _scalar_spin_half(T: Any, M: float, m4: Any) -> Coefficients:
    """That of spin 0 times 1 + T/(2M)."""
    return 0.0, 0.0, (M + 0.5 * T) * (2 * M * T + m4**2) / (4 * pi)


def _pseudoscalar_spin_half(T: Any, M: float, m4: Any) -> Coefficients:
    """MT²/(4πE²) for m₄ = 0 (Lindner, Rodejohann & Xu 2017, arXiv:1612.04150)."""
    return 0.0, 0.0, T * (2 * M * T + m4**2) / (8 * pi)


def _tensor(T: Any, M: float, m4: Any) -> Coefficients:
    """(2M/π)[(2 − T/E)² − MT/E²] for m₄ = 0 (Lindner, Rodejohann & Xu 2017, arXiv:1612.04150)."""
    s = 2 * M * T + m4**2
    return 8 * M / pi, -4 * s / pi, -(M - T) * s / pi


def _scalar_tensor(T: Any, M: float, m4: Any) -> Coefficients:
    """Interference on spin 1/2, per ordered pair (arXiv:1612.04150 for m₄ = 0)."""
    return 0.0, -M * T / pi, T * (2 * M * T + m4**2) / (4 * pi)


def _dipole_spin_0(T: Any, M: float, m4: Any) -> Coefficients:
    """(κ²/2π)(1 − T/2E)²/T for m₄ = 0 (Vogel & Engel 1989 keep its first terms)."""
    s = 2 * M * T + m4**2
    strength = DIPOLE**2 / (2 * pi)
    last = (T - m4) * (T + m4) * s / (8 * M * T**2)
    return strength / T, -strength * s / (2 * M * T), strength * last


def _dipole_spin_half(T: Any, M: float, m4: Any) -> Coefficients:
    """(κ²/2π)(1/T − 1/E) for m₄ = 0 (Vogel & Engel 1989; McKeen & Pospelov 2010 for m₄)."""
    s = 2 * M * T + m4**2
    strength = DIPOLE**2 / (2 * pi)
    last = -(m4**2) * (M - T) * s / (8 * M**2 * T**2)
    return strength / T, -strength * s / (2 * M * T), strength * last


def _scalar_dipole(T: Any, M: float, m4: Any) -> Coefficients:
    """Interference per ordered pair, on any spin: for m₄ = 0 the root of both squares of spin 0."""
    s = 2 * M * T + m4**2
    return 0.0, -DIPOLE * M / (2 * pi), DIPOLE * s / (8 * pi)


def _tensor_dipole(T: Any, M: float, m4: Any) -> Coefficients:
    """Interference on spin 1/2, per ordered pair."""
    s = 2 * M * T + m4**2
    return 0.0, 0.0, DIPOLE * s * (M * T - m4**2) / (4 * pi * M * T)


_Row = Callable[[Any, float, Any], Coefficients]

_EXACT: dict[tuple[str, str], _Row] = {
    ("VV", "0"): _vector_spin_0,
    ("VV", "1/2"): _vector_spin_half,
    ("AA", "1/2"): _axial_spin_half,
    ("AV", "1/2"): _vector_axial_spin_half,
    ("SS", "0"): _scalar_spin_0,
    ("SS", "1/2"): _scalar_spin_half,
    ("PP", "1/2"): _pseudoscalar_spin_half,
    ("TT", "0"): _tensor,
    ("TT", "1/2"): _tensor,
    ("ST", "1/2"): _scalar_tensor,
    ("MM", "0"): _dipole_spin_0,
    ("MM", "1/2"): _dipole_spin_half,
    ("SM", "0"): _scalar_dipole,
    ("SM", "1/2"): _scalar_dipole,
    ("TM", "1/2"): _tensor_dipole,
}
_CHARGES = ("VV", "SS", "MM", "SM")


def _with_nuclei(rows: dict[tuple[str, str], _Row], axial: _Row) -> dict[tuple[str, str], _Row]:
    """``rows`` and those of spin "J": charges as on spin 0, spins as on spin 1/2."""
    charges = {(pair, "J"): rows[pair, "0"] for pair in _CHARGES}
    spins = {(pair, "J"): rows[pair, "1/2"] for pair in ("PP", "TT")}
    return {**rows, **charges, **spins, ("AA", "J"): axial}


# --- without T/E ----------------------------------------------------------------------------------
# Each row at leading order in T/E and T/M. The interferences A–V, S–T and T–M are as a whole of
# the order that is dropped: they are absent.


def _vector_leading(T: Any, M: float, m4: Any) -> Coefficients:
    return M / pi, -(m4**2) / (2 * pi), -M * (2 * M * T + m4**2) / (4 * pi)


def _axial_leading(T: Any, M: float, m4: Any) -> Coefficients:
    return M / pi, -(m4**2) / (2 * pi), M * (2 * M * T + m4**2) / (4 * pi)


def _tensor_leading(T: Any, M: float, m4: Any) -> Coefficients:
    return 8 * M / pi, -4 * m4**2 / pi, -M * (2 * M * T + m4**2) / pi


def _dipole_leading(T: Any, M: float, m4: Any) -> Coefficients:
    strength = DIPOLE**2 / (2 * pi)
    last = -(m4**2) * (2 * M * T + m4**2) / (8 * M * T**2)
    return strength / T, -strength * m4**2 / (2 * M * T), strength * last


def _scalar_dipole_leading(T: Any, M: float, m4: Any) -> Coefficients:
    return 0.0, -DIPOLE * M / (2 * pi), DIPOLE * m4**2 / (8 * pi)


_LEADING: dict[tuple[str, str], _Row] = {
    ("VV", "0"): _vector_leading,
    ("VV", "1/2"): _vector_leading,
    ("AA", "1/2"): _axial_leading,
    ("SS", "0"): _scalar_spin_0,
    ("SS", "1/2"): _scalar_spin_0,
    ("PP", "1/2"): _pseudoscalar_spin_half,
    ("TT", "0"): _tensor_leading,
    ("TT", "1/2"): _tensor_leading,
    ("MM", "0"): _dipole_leading,
    ("MM", "1/2"): _dipole_leading,
    ("SM", "0"): _scalar_dipole_leading,
    ("SM", "1/2"): _scalar_dipole_leading,
}

STRUCTURES = ("V", "A", "S", "P", "T", "M")
ODD_UNDER_CONJUGATION = frozenset({"AV", "ST", "SM"})
"""Pairs whose interference has the other sign for antineutrinos."""

_TABLES = {
    "exact": _with_nuclei(_EXACT, _axial_nucleus),
    "no-T-over-E": _with_nuclei(_LEADING, _axial_leading),
}

_ONLY_MASSIVE = frozenset(
    {("VS", "0"), ("VT", "0"), ("VM", "0"), ("VS", "J"), ("VM", "J"), ("AT", "J")}
    | {(pair, "1/2") for pair in ("VS", "VT", "VM", "AT", "AM")}
)
"""What interferes in proportion to m₄: such rows do not exist, one would have to add them."""


def pair_name(first: str, second: str) -> str:
    """The name of a pair of structures in the table; the order does not matter."""
    return "".join(sorted((first, second), key="AVSPTM".index))


def coefficients(
    pair: str, spin: str, T: Any, M: float, m4: Any = 0.0, kinematics: str = "exact"
) -> Coefficients | None:
    """(a₀, a₁, a₂) of ``pair`` on a target of ``spin`` "0", "1/2" or "J"; None where it vanishes.

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

    Raises
    ------
    InputError
        Where one *massive* lepton leaves by terms that keep and by terms that flip chirality:
        those interfere in proportion to its mass, which the table does not have.
    """
    row = _TABLES[kinematics].get((pair, spin))
    if row is None:
        if not _is_zero(m4) and (pair, spin) in _ONLY_MASSIVE:
            found = f"terms {pair[0]} and {pair[1]} with one massive outgoing lepton"
            raise InputError(Mistake("model", found, "different names for different leptons"))
        return None
    return row(T, M, m4)
