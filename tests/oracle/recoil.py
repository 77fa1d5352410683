"""Recoil spectra by brute force: MeV, fm, cm, s.

Two arithmetics are used. Differential quantities (``dsigma_dT``, ``recoil_rate``) are evaluated
with mpmath at ``DPS`` digits, because the kinematic bracket cancels near the end point. Counts
(``events_above``, ``events_in_bins``) are true double integrals in extended precision (NumPy
``longdouble``), Gauss-Legendre in E and T with panels at every edge; ``events_between_mp`` does the
same integral in the other order with mpmath and is the check of the check. Where longdouble is
plain double, counts next to the end point (1 - T/T_max = 1e-6) fall from 1e-13 to about 1e-10.

Sources of the formulas: Freedman 1974 and Drukier & Stodolsky 1984 (spin-0 vector), Vogel & Engel
1989 and Scholberg 2020 Eq. 1 (spin-1/2 V and A), Lewin & Smith 1996 (Helm), the textbook muon decay
spectra (Michel). The massive-lepton cases are derived here twice: from invariants and from traces.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

import mpmath as mp
import numpy as np

Number = Any  # float, mpf or an array of np.longdouble: every formula below takes all three
FormFactor = Callable[[Number], Number]

DPS = 32
HBARC_MEV_FM = 197.3269804  # CODATA 2018
G_F = 1.1663787e-11  # MeV^-2, CODATA 2018
M_MU = 105.6583755  # MeV
LINE_ENERGY = 29.792140909877446  # MeV, (m_pi^2 - m_mu^2)/(2 m_pi) with m_pi = 139.57039


def _mpf(value: Number) -> Any:
    """An exact mpf of a float (or of anything mpmath takes)."""
    return mp.mpf(value) if not isinstance(value, np.longdouble) else mp.mpf(_digits(value))


def _digits(value: np.longdouble) -> str:
    return np.format_float_scientific(value, unique=True)


def _long(value: Number) -> Any:
    """A longdouble scalar that keeps the extra digits of an mpf."""
    return np.longdouble(mp.nstr(value, 30)) if isinstance(value, mp.mpf) else np.longdouble(value)


def _exp(x: Number) -> Number:
    return mp.exp(x) if isinstance(x, mp.mpf) else np.exp(x)


def _sqrt(x: Number) -> Number:
    return mp.sqrt(x) if isinstance(x, mp.mpf) else np.sqrt(x)


# --------------------------------------------------------------------------- form factors


def point_like(q: Number) -> Number:
    """F = 1; q [MeV]."""
    return q * 0 + 1


def _ball_series(x: Number) -> Number:
    """3 j1(x)/x from its Taylor series, to be used for |x| <= 1."""
    term = x * 0 + 1
    total = term
    for k in range(14):
        term = -term * x * x / ((2 * k + 2) * (2 * k + 5))
        total = total + term
    return total


def ball(x: Number) -> Number:
    """3 j1(x)/x = 3 (sin x - x cos x)/x^3, safe at x -> 0."""
    if isinstance(x, mp.mpf):
        return _ball_series(x) if x < 1 else 3 * (mp.sin(x) - x * mp.cos(x)) / x**3
    x = np.asarray(x)
    far = np.maximum(x, 1)
    closed = 3 * (np.sin(far) - far * np.cos(far)) / far**3
    return np.where(x < 1, _ball_series(np.minimum(x, 1)), closed)


@dataclass(frozen=True)
class Helm:
    """Helm form factor F(q), q [MeV], with R0^2 [fm^2] and surface thickness s [fm]."""

    r0_squared: Any
    s: float = 0.9

    def __call__(self, q: Number) -> Number:
        """F at q [MeV]: 3 j1(qR0)/(qR0) exp(-q^2 s^2/2)."""
        big = isinstance(q, mp.mpf)
        r0 = mp.sqrt(self.r0_squared) if big else _long(mp.sqrt(self.r0_squared))
        k = q / (mp.mpf(HBARC_MEV_FM) if big else np.longdouble(HBARC_MEV_FM))
        s = mp.mpf(self.s) if big else np.longdouble(self.s)
        return ball(k * r0) * _exp(-((k * s) ** 2) / 2)


def helm_lewin_smith(A: int) -> Helm:
    """Helm with R0^2 = c^2 + (7/3) pi^2 a^2 - 5 s^2, c = 1.23 A^(1/3) - 0.60 fm (1996)."""
    with mp.workdps(DPS):
        c = mp.mpf("1.23") * mp.cbrt(A) - mp.mpf("0.6")
        a, s = mp.mpf("0.52"), mp.mpf("0.9")
        return Helm(c**2 + mp.mpf(7) / 3 * mp.pi**2 * a**2 - 5 * s**2)


def helm_rms(r_rms: float, s: float = 0.9) -> Helm:
    """Helm with R0^2 = (5/3)(R_rms^2 - 3 s^2), radii in fm."""
    with mp.workdps(DPS):
        return Helm(mp.mpf(5) / 3 * (mp.mpf(r_rms) ** 2 - 3 * mp.mpf(s) ** 2), s)


def symmetrised_fermi(q: float, c: float, a: float) -> float:
    """F(q) of rho ~ sinh(c/a)/(cosh(r/a)+cosh(c/a)) by a numerical Fourier-Bessel integral."""
    with mp.workdps(25):
        k = mp.mpf(q) / mp.mpf(HBARC_MEV_FM)

        def rho(r: Any) -> Any:
            return r * r / (mp.cosh(r / a) + mp.cosh(mp.mpf(c) / a))

        cuts = sorted([0, c / 2, c, 2 * c, 4 * c, c + 60 * a])
        top = mp.quad(lambda r: rho(r) * mp.sinc(k * r), cuts)
        return float(top / mp.quad(rho, cuts))


# --------------------------------------------------------------------------- spin-0 cross-section


def e_min(T: Number, M: Number, m4: Number = 0) -> Number:
    """Smallest neutrino energy for a recoil T [MeV] and an outgoing lepton of mass m4."""
    p = _sqrt(T * T + 2 * M * T)
    if m4 == 0:
        return (T + p) / 2
    return (m4 * m4 + 2 * M * T) / (2 * (p - T))


def t_max(E: Number, M: Number) -> Number:
    """Largest recoil [MeV] of a massless neutrino of energy E [MeV]: 2E^2/(M+2E)."""
    return 2 * E * E / (M + 2 * E)


def _bracket(E: Number, T: Number, M: Number, kin: str) -> Number:
    """1 - T/E - MT/(2E^2) ('exact'); 'no_t_over_e' and 'approximate' drop the middle term."""
    soft = M * T / (2 * E * E)
    return 1 - soft if kin in ("no_t_over_e", "approximate") else 1 - T / E - soft


def _e_min_kin(T: Number, M: Number, kin: str) -> Number:
    """Lower limit in E; 'approximate' has its own pair E_min = sqrt(MT/2), T_max = 2E^2/M."""
    return _sqrt(M * T / 2) if kin == "approximate" else e_min(T, M)


def _t_max_kin(E: Number, M: Number, kin: str) -> Number:
    return 2 * E * E / M if kin == "approximate" else t_max(E, M)


def weak_charge(Z: int, N: int, s2w: Number) -> Number:
    """Tree-level Q_V = Z (1/2 - 2 s^2) - N/2."""
    return Z * (_half(s2w) - 2 * s2w) - N * _half(s2w)


def _half(like: Number) -> Number:
    return like * 0 + 0.5


def _strength(T: Number, M: Number, Z: int, N: int, s2w: Number, form_factor: FormFactor) -> Number:
    """(G_F^2 M/pi) Q_V^2 F^2(sqrt(2MT)) in cm^2/MeV."""
    pi = mp.pi if isinstance(T, mp.mpf) else _long(mp.mpf(mp.pi))
    amplitude = weak_charge(Z, N, s2w) * form_factor(_sqrt(2 * M * T)) * G_F * HBARC_MEV_FM
    return amplitude**2 * M / pi / 10**26


def dsigma_dT(
    E: Number,
    T: Number,
    M: float,
    Z: int,
    N: int,
    s2w: float,
    form_factor: FormFactor,
    kin: str = "exact",
) -> Any:
    """Spin-0 vector dsigma/dT [cm^2/MeV] at tree level, mpf; zero above T_max.

    (G_F^2 M/pi) Q_V^2 F^2 [1 - T/E - MT/(2E^2)] (Freedman 1974; Drukier & Stodolsky 1984).
    """
    with mp.workdps(DPS):
        e, t, m = _mpf(E), _mpf(T), _mpf(M)
        if t > _t_max_kin(e, m, kin):
            return mp.mpf(0)
        return _strength(t, m, Z, N, mp.mpf(s2w), form_factor) * _bracket(e, t, m, kin)


def sigma_total_point(E: float, M: float, Z: int, N: int, s2w: float) -> Any:
    """Total cross-section [cm^2], F = 1: (G^2 M/pi) Q^2 T_max/2, the bracket being 1 - T/T_max."""
    with mp.workdps(DPS):
        e, m = mp.mpf(E), mp.mpf(M)
        return _strength(m * 0, m, Z, N, mp.mpf(s2w), point_like) * t_max(e, m) / 2


# --------------------------------------------------------------------------- spin 1/2, invariants


def t_range(E: Number, M: Number, m4: Number = 0) -> tuple[Any, Any]:
    """(T_-, T_+) [MeV] for an outgoing lepton of mass m4; (inf, -inf) below threshold."""
    with mp.workdps(DPS):
        e, m, mass = _mpf(E), _mpf(M), _mpf(m4)
        square = (2 * e * m - mass**2) ** 2 - 4 * m**2 * mass**2
        if square < 0 or 2 * e * m < mass**2:
            return mp.inf, -mp.inf
        middle, span = 2 * e**2 * m - mass**2 * (m + e), e * mp.sqrt(square)
        return (middle - span) / (2 * m * (m + 2 * e)), (middle + span) / (2 * m * (m + 2 * e))


def dsigma_dT_chiral(
    E: Number, T: Number, M: float, gV: float, gA: float, antineutrino: bool, m4: float = 0
) -> Any:
    """Spin-1/2 fermion target with V and A couplings: dsigma/dT [cm^2/MeV], mpf.

    |M|^2 ~ (gV+gA)^2 (k1.p)(k4.p') + (gV-gA)^2 (k1.p')(k4.p) - (gV^2-gA^2) M^2 (k1.k4); with
    mu = m4^2/(2M): k1.p = ME, k4.p' = M(E-mu), k1.p' = M(E-T-mu), k4.p = M(E-T),
    k1.k4 = M(T+mu). gA -> -gA for antineutrinos. m4 = 0 is Scholberg 2020 Eq. 1.
    """
    with mp.workdps(DPS):
        e, t, m = _mpf(E), _mpf(T), _mpf(M)
        low, high = t_range(e, m, m4)
        if not low <= t <= high:
            return mp.mpf(0)
        v, a = mp.mpf(gV), -mp.mpf(gA) if antineutrino else mp.mpf(gA)
        mu = mp.mpf(m4) ** 2 / (2 * m)
        left, right = (v + a) ** 2 * e * (e - mu), (v - a) ** 2 * (e - t - mu) * (e - t)
        bracket = (left + right - (v**2 - a**2) * m * (t + mu)) / e**2
        return mp.mpf(G_F) ** 2 * m / (2 * mp.pi) * bracket * _cm2()


def _cm2() -> Any:
    return (mp.mpf(HBARC_MEV_FM) / 10**13) ** 2


# --------------------------------------------------------------------------- explicit Dirac traces

_METRIC = (1, -1, -1, -1)


@lru_cache(maxsize=1)
def _gamma() -> tuple[tuple[Any, ...], Any]:
    """Dirac-basis gamma^mu and gamma5, as clongdouble 4x4 matrices."""
    zero, one = np.zeros((2, 2)), np.eye(2)
    pauli = ([[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]])
    blocks = [np.block([[one, zero], [zero, -one]])]
    blocks += [np.block([[zero, np.array(s)], [-np.array(s), zero]]) for s in pauli]
    gamma = tuple(np.asarray(b, dtype=np.clongdouble) for b in blocks)
    return gamma, 1j * (gamma[0] @ gamma[1] @ gamma[2] @ gamma[3])


def _slash(p: Any) -> Any:
    gamma, _ = _gamma()
    return sum(g * p[i] * gamma[i] for i, g in enumerate(_METRIC))


def _bar(vertex: Any) -> Any:
    """gamma0 V^dagger gamma0."""
    gamma, _ = _gamma()
    return gamma[0] @ vertex.conj().T @ gamma[0]


def lab_momenta(E: Number, T: Number, M: float, m4: float = 0) -> tuple[Any, Any, Any, Any]:
    """(k1, p, k4, p') in the lab: k1 along z, target at rest, recoil in the xz plane."""
    e, t, m = np.longdouble(E), np.longdouble(T), np.longdouble(M)
    size = np.sqrt(t * t + 2 * m * t)
    cosine = (np.longdouble(m4) ** 2 + 2 * m * t + 2 * e * t) / (2 * e * size)
    if abs(cosine) > 1:
        raise ValueError(f"recoil T = {T} MeV is outside the kinematic range")
    k1, p = np.array([e, 0, 0, e]), np.array([m, 0, 0, 0])
    p_out = np.array([m + t, size * np.sqrt(1 - cosine**2), 0 * t, size * cosine])
    return k1, p, k1 + p - p_out, p_out


def _tensor(vertices: Sequence[Any], start: Any, end: Any) -> Any:
    """H^{mu nu} = Tr[end V^mu start bar(V^nu)] for spin-sum matrices 'start' and 'end'."""
    return np.array([[np.trace(end @ v @ start @ _bar(w)) for w in vertices] for v in vertices])


def _lepton_tensor(k1: Any, k4: Any, m4: float, antineutrino: bool) -> Any:
    """L^{mu nu} of u4bar gamma^mu (1-gamma5) nu, or of vbar_nu gamma^mu (1-gamma5) v4."""
    gamma, gamma5 = _gamma()
    vertices = [g @ (np.eye(4) - gamma5) for g in gamma]
    if antineutrino:
        return _tensor(vertices, _slash(k4) - m4 * np.eye(4), _slash(k1))
    return _tensor(vertices, _slash(k1), _slash(k4) + m4 * np.eye(4))


def _contract(lepton: Any, hadron: Any) -> Any:
    signs = np.outer(_METRIC, _METRIC)
    return np.sum(signs * lepton * hadron).real


def _flux_factor(E: Number, M: float) -> Any:
    """dsigma/dT = |M|^2 (hbar c)^2/(32 pi M E^2), with the (G_F/sqrt2)^2 of the amplitude."""
    return float(_cm2()) * np.longdouble(G_F) ** 2 / 2 / (32 * math.pi * M * np.longdouble(E) ** 2)


def trace_dsigma_dT(
    E: Number, T: Number, M: float, gV: float, gA: float, antineutrino: bool, m4: float = 0
) -> float:
    """Spin-1/2 dsigma/dT [cm^2/MeV] from explicit gamma matrices and four-momenta.

    Amplitude (G_F/sqrt2)[u4bar gamma^mu (1-gamma5) nu][ubar gamma_mu (gV - gA gamma5) u], target
    spins averaged; for antineutrinos the lepton current is vbar_nu gamma^mu (1-gamma5) v4.
    """
    k1, p, k4, p_out = lab_momenta(E, T, M, m4)
    gamma, gamma5 = _gamma()
    vertices = [g @ (gV * np.eye(4) - gA * gamma5) for g in gamma]
    target = _tensor(vertices, _slash(p) + M * np.eye(4), _slash(p_out) + M * np.eye(4)) / 2
    lepton = _lepton_tensor(k1, k4, m4, antineutrino)
    return float(_contract(lepton, target) * _flux_factor(E, M))


def trace_dsigma_dT_spin0(
    E: Number, T: Number, M: float, QV: float, m4: float = 0, antineutrino: bool = False
) -> float:
    """Spin-0 dsigma/dT [cm^2/MeV]: the target current is QV (p + p')^mu."""
    k1, p, k4, p_out = lab_momenta(E, T, M, m4)
    current = QV * (p + p_out)
    lepton = _lepton_tensor(k1, k4, m4, antineutrino)
    return float(_contract(lepton, np.outer(current, current)) * _flux_factor(E, M))


# --------------------------------------------------------------------------- spectra


class Segment(NamedTuple):
    """phi(E) = density(E) on lo <= E < hi [MeV]; density takes mpf and arrays."""

    lo: float
    hi: float
    density: Callable[[Number], Number]


@dataclass(frozen=True)
class Polynomial:
    """c0 + c1 E + c2 E^2 + ... ; E [MeV]."""

    coefficients: tuple[float, ...]

    def __call__(self, E: Number) -> Number:
        """Value at E [MeV], by Horner's rule."""
        total = E * 0
        for c in reversed(self.coefficients):
            total = total * E + c
        return total


@dataclass(frozen=True)
class Spectrum:
    """Smooth segments plus lines (energy, weight); density per MeV, E in MeV."""

    name: str
    segments: tuple[Segment, ...] = ()
    lines: tuple[tuple[float, float], ...] = ()

    def __call__(self, E: Any) -> Any:
        """Density at E (float64, vectorised), without the lines; upper edges are excluded."""
        energy = np.asarray(E, dtype=float)
        total = np.zeros_like(energy)
        for lo, hi, density in self.segments:
            inside = (energy >= lo) & (energy < hi)
            total = np.where(inside, density(np.where(inside, energy, lo)), total)
        return total

    @property
    def edges(self) -> tuple[float, ...]:
        """Every break point and line energy, ascending [MeV]."""
        cuts = {s.lo for s in self.segments} | {s.hi for s in self.segments}
        return tuple(sorted(cuts | {e for e, _ in self.lines}))


def michel_nue(E: Number) -> Number:
    """nu_e of muon decay at rest, 1/MeV: (192 E^2/m^3)(1/2 - E/m)."""
    x = E / (E * 0 + M_MU)
    return 192 * x * x * (0.5 - x) / M_MU


def michel_numubar(E: Number) -> Number:
    """anti-nu_mu of muon decay at rest, 1/MeV: (64 E^2/m^3)(3/4 - E/m)."""
    x = E / (E * 0 + M_MU)
    return 64 * x * x * (0.75 - x) / M_MU


def pinched(E: Number) -> Number:
    """(E/15)^2.5 exp(-3.5 E/15)/15: a supernova shape, <E> = 15 MeV, not normalised."""
    x = E / (E * 0 + 15)
    return x**2.5 * _exp(-3.5 * x) / 15


BETA_END = 12.0


def beta_like(E: Number) -> Number:
    """30 E^2 (E0 - E)^2/E0^5, E0 = 12 MeV: unit area, zero with zero slope at the end point."""
    return 30 * (E * (BETA_END - E)) ** 2 / BETA_END**5


MICHEL_NUE = Spectrum("michel_nue", (Segment(0.0, M_MU / 2, michel_nue),))
MICHEL_NUMUBAR = Spectrum("michel_numubar", (Segment(0.0, M_MU / 2, michel_numubar),))
LINE = Spectrum("line", lines=((LINE_ENERGY, 1.0),))
# Linear through (4, 1/32), (20, 1/16), (52, 1/64): all slopes are exact in binary. Cut at 52 MeV.
three_knot = Spectrum(
    "three_knot",
    (
        Segment(4.0, 20.0, Polynomial((3 / 128, 1 / 512))),
        Segment(20.0, 52.0, Polynomial((47 / 512, -3 / 2048))),
    ),
)
# A histogram with a gap between 30 and 40 MeV.
step = Spectrum(
    "step",
    (
        Segment(2.0, 10.0, Polynomial((1 / 16,))),
        Segment(10.0, 30.0, Polynomial((1 / 32,))),
        Segment(40.0, 50.0, Polynomial((1 / 64,))),
    ),
)
PINCHED = Spectrum("pinched", (Segment(0.0, 60.0, pinched),))
BETA_LIKE = Spectrum("beta_like", (Segment(0.0, BETA_END, beta_like),))
SPECTRA = {
    s.name: s for s in (MICHEL_NUE, MICHEL_NUMUBAR, LINE, three_knot, step, PINCHED, BETA_LIKE)
}


# --------------------------------------------------------------------------- differential rate


def _ladder(lo: Any, hi: Any, ratio: int = 8) -> list[Any]:
    """Points from lo to hi, no interval spanning more than the ratio (1/E^2 stays smooth)."""
    points = [lo]
    while lo > 0 and points[-1] * ratio < hi:
        points.append(points[-1] * ratio)
    return [*points, hi]


def _quad(f: Callable[[Any], Any], points: Sequence[Any]) -> Any:
    """mp.quad (Gauss-Legendre) that refuses to return an unconverged number."""
    value, error = mp.quad(f, points, error=True, method="gauss-legendre")
    if error > abs(value) * mp.mpf("1e-15") and value != 0:
        raise ArithmeticError(f"oracle quadrature did not converge: {value} +- {error}")
    return value


def _product(density: Callable[[Any], Any], T: Any, M: Any, kin: str) -> Callable[[Any], Any]:
    return lambda e: density(e) * _bracket(e, T, M, kin)


def _inverse_moments(T: Any, spectrum: Spectrum, M: Any, kin: str) -> Any:
    """int phi(E) [1 - T/E - MT/(2E^2)] dE over E >= E_min(T), lines included; mpf."""
    start = _e_min_kin(T, M, kin)
    total = mp.mpf(0)
    for lo, hi, density in spectrum.segments:
        if hi > start:
            points = _ladder(max(mp.mpf(lo), start), mp.mpf(hi))
            total += _quad(_product(density, T, M, kin), points)
    for energy, weight in spectrum.lines:
        if energy >= start:
            total += mp.mpf(weight) * _bracket(mp.mpf(energy), T, M, kin)
    return total


def recoil_rate(
    T: Number,
    spectrum: Spectrum,
    M: float,
    Z: int,
    N: int,
    s2w: float,
    form_factor: FormFactor,
    kin: str = "exact",
) -> Any:
    """int phi dsigma/dT dE [cm^2/MeV per unit of the spectrum], mpf; T [MeV] is taken exactly."""
    with mp.workdps(DPS):
        t, m = _mpf(T), _mpf(M)
        strength = _strength(t, m, Z, N, mp.mpf(s2w), form_factor)
        return strength * _inverse_moments(t, spectrum, m, kin)


# --------------------------------------------------------------------------- counts


@lru_cache(maxsize=8)
def gauss_legendre(order: int) -> tuple[Any, Any]:
    """Nodes and weights on [0, 1] in longdouble, by Newton steps with mpmath."""
    with mp.workdps(DPS):
        pairs = [_legendre_root(order, x) for x in np.polynomial.legendre.leggauss(order)[0]]
        nodes = np.array([_long((1 + x) / 2) for x, _ in pairs])
        return nodes, np.array([_long(w / 2) for _, w in pairs])


def _legendre_root(order: int, guess: float) -> tuple[Any, Any]:
    x = mp.mpf(float(guess))
    for _ in range(3):
        p, previous = x, mp.mpf(1)
        for k in range(1, order):
            p, previous = ((2 * k + 1) * x * p - k * previous) / (k + 1), p
        slope = order * (x * p - previous) / (x * x - 1)
        x -= p / slope
    return x, 2 / ((1 - x * x) * slope**2)


class Target(NamedTuple):
    """What the recoil needs: M [MeV], Z, N, sin^2(theta_W), F(q [MeV]), kinematics."""

    M: float
    Z: int
    N: int
    s2w: float
    form_factor: FormFactor
    kin: str = "exact"


def _sigma_between(E: Any, T1: Any, T2: Any, target: Target, order: int) -> Any:
    """int dT dsigma/dT [cm^2] from T1 to min(T2, T_max(E)) for an array E; longdouble."""
    x, w = gauss_legendre(order)
    mass = np.longdouble(target.M)
    span = np.minimum(_t_max_kin(E, mass, target.kin), T2) - T1
    T = T1 + span[:, None] * x
    flat = np.maximum(T, 0)
    s2w = np.longdouble(target.s2w)
    strength = _strength(flat, mass, target.Z, target.N, s2w, target.form_factor)
    return span * ((strength * _bracket(E[:, None], flat, mass, target.kin)) @ w)


def _panels(spectrum: Spectrum, cuts: Sequence[Any]) -> Iterator[tuple[Any, Any, Segment]]:
    """(a, b, segment): the segments above cuts[0], split at the other cuts and by ratio."""
    for segment in spectrum.segments:
        lo, hi = max(_long(segment.lo), cuts[0]), _long(segment.hi)
        if hi <= lo:
            continue
        inner = [c for c in cuts[1:] if lo < c < hi]
        points = [lo, *inner, hi]
        for a, b in pairwise(points):
            ladder = _ladder(a, b)
            yield from ((p, q, segment) for p, q in pairwise(ladder))


def _energy_cuts(T1: float, T2: float, target: Target) -> list[Any]:
    with mp.workdps(DPS):
        limits = [t for t in (T1, T2) if math.isfinite(t)]
        return [_long(_e_min_kin(mp.mpf(t), mp.mpf(target.M), target.kin)) for t in limits]


def events_between(
    T1: float, T2: float, spectrum: Spectrum, target: Target, order: int = 40
) -> float:
    """int_T1^T2 dT int dE phi dsigma/dT [cm^2 per unit of the spectrum]; T in MeV, T2 may be inf.

    E outside, T inside: at fixed E the integrand is entire in T, and the inner integral is smooth
    in E between E_min(T1), E_min(T2) and the break points of the flux. So Gauss-Legendre converges
    spectrally on those panels.
    """
    x, w = gauss_legendre(order)
    lower, upper = np.longdouble(T1), np.longdouble(T2)
    cuts = _energy_cuts(T1, T2, target)
    total = np.longdouble(0)
    for a, b, segment in _panels(spectrum, cuts):
        E = a + (b - a) * x
        total += (b - a) * (
            (segment.density(E) * _sigma_between(E, lower, upper, target, order)) @ w
        )
    for energy, weight in spectrum.lines:
        if energy > cuts[0]:
            E = np.array([np.longdouble(energy)])
            total += weight * _sigma_between(E, lower, upper, target, order)[0]
    return float(total)


def events_above(
    threshold: float,
    spectrum: Spectrum,
    M: float,
    Z: int,
    N: int,
    s2w: float,
    form_factor: FormFactor,
    kin: str = "exact",
    order: int = 40,
) -> float:
    """Flux-averaged cross-section above a recoil threshold [MeV], in cm^2 per unit of spectrum."""
    target = Target(M, Z, N, s2w, form_factor, kin)
    return events_between(threshold, math.inf, spectrum, target, order)


def events_in_bins(
    edges: Sequence[float],
    spectrum: Spectrum,
    M: float,
    Z: int,
    N: int,
    s2w: float,
    form_factor: FormFactor,
    kin: str = "exact",
    order: int = 40,
) -> Any:
    """Flux-averaged cross-section in each recoil bin [MeV], cm^2: every bin its own integral."""
    target = Target(M, Z, N, s2w, form_factor, kin)
    pairs = pairwise(edges)
    return np.array([events_between(a, b, spectrum, target, order) for a, b in pairs])


def events_between_mp(T1: float, T2: float, spectrum: Spectrum, target: Target) -> float:
    """The same double integral the other way round, T outside in sqrt(T), all in mpmath (slow)."""
    M, Z, N, s2w, form_factor, kin = target
    with mp.workdps(DPS):
        ends = [_t_max_kin(mp.mpf(e), mp.mpf(M), kin) for e in spectrum.edges]
        top = min(mp.mpf(T2), max(ends))
        cuts = [mp.mpf(T1), *(t for t in ends if T1 < t < top), top]
        roots = [mp.sqrt(t) for t in cuts]
        points = [r for a, b in pairwise(roots) for r in _ladder(a, b)[:-1]]

        def slice_(root: Any) -> Any:
            return 2 * root * recoil_rate(root**2, spectrum, M, Z, N, s2w, form_factor, kin)

        return float(_fixed(slice_, [*points, roots[-1]]))


def _fixed(f: Callable[[Any], Any], points: Sequence[Any], order: int = 24) -> Any:
    """Composite Gauss-Legendre in mpmath with the longdouble nodes (1e-19) of this module."""
    x, w = ([_mpf(v) for v in column] for column in gauss_legendre(order))
    total = mp.mpf(0)
    for a, b in pairwise(points):
        total += (b - a) * mp.fsum(wi * f(a + (b - a) * xi) for xi, wi in zip(x, w, strict=True))
    return total
