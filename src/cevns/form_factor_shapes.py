"""Shapes of nuclear form factors: pure functions of arrays, normalised to F(0) = 1.

q ≥ 0 is the momentum transfer as an energy, √(2MT); lengths are lengths; both in the units of
`cevns.units`. Every shape is smooth and accurate to 1e-14 down to q = 0, gradients included: what
cancels there is written as a series.

An rms radius too small for its surface (Helm below 1.56 fm, Klein-Nystrand below 1.71 fm,
symmetrised Fermi below 1.93 fm: only the lightest nuclei) takes a Gaussian of that radius instead.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from cevns.constants import hbar_c
from cevns.special import namespace
from cevns.units import fm

HELM_SKIN = 0.9 * fm  # Lewin & Smith 1996
KLEIN_NYSTRAND_RANGE = 0.7 * fm
DIFFUSENESS = 0.52 * fm  # Lewin & Smith 1996

# --- functions whose closed form cancels at zero -------------------------------------------------

_SPHERE = (1, -1 / 10, 1 / 280, -1 / 15120, 1 / 1330560, -1 / 172972800, 1 / 31135104000)
_SINC = (1, -1 / 6, 1 / 120, -1 / 5040, 1 / 362880)
_CSCH = (1, -1 / 6, 7 / 360, -31 / 15120, 127 / 604800)
# 3 B_{2k} 2^{2k}/(2k)! with the Bernoulli numbers B
_COTH = (
    *(1, -1 / 15, 2 / 315, -1 / 1575, 2 / 31185, -1382 / 212837625, 4 / 6081075),
    *(-3617 / 54273594375, 87734 / 12993098493375),
)


def _even(
    x: Any, limit: float, series: tuple[float, ...], closed: Callable[[Any, Any], Any]
) -> Any:
    """``closed(xp, x)``, and below ``limit`` its series in x².

    Both branches see harmless arguments, so neither a value nor a gradient of the branch not taken
    can be infinite.
    """
    xp = namespace(x)
    small = x < limit
    square = xp.where(small, x, 0.0) ** 2
    value = 0.0
    for coefficient in reversed(series):
        value = value * square + coefficient
    return xp.where(small, value, closed(xp, xp.where(small, 1.0, x)))


def _sphere(x: Any) -> Any:
    """3 j₁(x)/x, the form factor of a homogeneous sphere."""
    return _even(x, 0.5, _SPHERE, lambda xp, x: 3 * (xp.sin(x) / x - xp.cos(x)) / x**2)


def _sinc(x: Any) -> Any:
    """sin(x)/x."""
    return _even(x, 0.05, _SINC, lambda xp, x: xp.sin(x) / x)


def _csch(y: Any) -> Any:
    """y/sinh(y), written so that it cannot overflow."""
    return _even(y, 0.05, _CSCH, lambda xp, y: -2 * y * xp.exp(-y) / xp.expm1(-2 * y))


def _coth(y: Any) -> Any:
    """3 (y coth(y) − 1)/y²."""
    return _even(y, 0.4, _COTH, lambda xp, y: 3 * (y / xp.tanh(y) - 1) / y**2)


# --- shapes --------------------------------------------------------------------------------------


def _wave_number(q: Any, *others: Any) -> tuple[Any, Any]:
    """The array namespace of the arguments, and q as an inverse length."""
    xp = namespace(q, *others)
    return xp, xp.asarray(q) / hbar_c


def point(q: Any) -> Any:
    """F = 1, in the shape of q."""
    xp, k = _wave_number(q)
    return xp.ones_like(k)


def gaussian(q: Any, rms_radius: Any) -> Any:
    """exp(−q²R²/6), the form factor of a Gaussian density of that rms radius.

    Parameters
    ----------
    q : array
        Momentum transfer [energy].
    rms_radius : float or array broadcasting with q
        rms radius [length].
    """
    xp, k = _wave_number(q, rms_radius)
    return xp.exp(-((k * rms_radius) ** 2) / 6)


def _or_gaussian(q: Any, rms_radius: Any, radius_squared: Any, shape: Callable[[Any], Any]) -> Any:
    """``shape(√radius_squared)``, or a Gaussian where the square is not positive."""
    if isinstance(radius_squared, float):  # one number: one branch is enough
        return shape(math.sqrt(radius_squared)) if radius_squared > 0 else gaussian(q, rms_radius)
    xp = namespace(q, rms_radius, radius_squared)
    exists = radius_squared > 0
    # The inner `where` keeps the gradient of the root finite in the branch not taken.
    radius = xp.where(exists, radius_squared, 1.0 * fm**2) ** 0.5
    return xp.where(exists, shape(radius), gaussian(q, rms_radius))


def _helm_shape(q: Any, diffraction_radius: Any, skin_thickness: Any) -> Any:
    xp, k = _wave_number(q, diffraction_radius, skin_thickness)
    return _sphere(k * diffraction_radius) * xp.exp(-((k * skin_thickness) ** 2) / 2)


def helm(q: Any, rms_radius: Any, skin_thickness: Any = HELM_SKIN) -> Any:
    """Helm: 3 j₁(qR₀)/(qR₀) exp(−q²s²/2), with R₀² = (5/3)(R² − 3s²).

    A sphere of radius R₀ folded with a Gaussian of width s. R. H. Helm, Phys. Rev. 104 (1956)
    1466, doi:10.1103/PhysRev.104.1466; Lewin & Smith, Astropart. Phys. 6 (1996) 87, Eq. (4.7),
    doi:10.1016/S0927-6505(96)00047-3. As R → √3 s it becomes the Gaussian it is replaced by below.

    Parameters
    ----------
    q : array
        Momentum transfer [energy].
    rms_radius, skin_thickness : float or array broadcasting with q
        rms radius R and surface thickness s [length].
    """
    radius_squared = 5 / 3 * (rms_radius**2 - 3 * skin_thickness**2)
    return _or_gaussian(
        q, rms_radius, radius_squared, lambda radius: _helm_shape(q, radius, skin_thickness)
    )


def helm_lewin_smith(q: Any, A: int) -> Any:
    """Helm with R₀² = c² + (7/3)π²a² − 5s², c = (1.23 A^{1/3} − 0.60) fm, a = 0.52, s = 0.9 fm.

    Lewin & Smith, Astropart. Phys. 6 (1996) 87, Eqs. (4.7) to (4.11),
    doi:10.1016/S0927-6505(96)00047-3. It is the Helm shape of `lewin_smith_rms_radius`.
    """
    return helm(q, lewin_smith_rms_radius(A))


def klein_nystrand(q: Any, radius: Any, range_: Any = KLEIN_NYSTRAND_RANGE) -> Any:
    """Klein-Nystrand: 3 j₁(qR_A)/(qR_A) · 1/(1 + q²a_k²).

    A sphere of radius R_A folded with a Yukawa potential of range a_k. Klein & Nystrand, Phys. Rev.
    C 60 (1999) 014903, doi:10.1103/PhysRevC.60.014903.

    Parameters
    ----------
    q : array
        Momentum transfer [energy].
    radius, range_ : float or array broadcasting with q
        R_A and a_k [length].
    """
    _, k = _wave_number(q, radius, range_)
    return _sphere(k * radius) / (1 + (k * range_) ** 2)


def klein_nystrand_rms(q: Any, rms_radius: Any, range_: Any = KLEIN_NYSTRAND_RANGE) -> Any:
    """Klein-Nystrand of a given rms radius: R_A² = (5/3)R² − 10a_k²."""
    radius_squared = 5 / 3 * rms_radius**2 - 10 * range_**2
    return _or_gaussian(
        q, rms_radius, radius_squared, lambda radius: klein_nystrand(q, radius, range_)
    )


def symmetrized_fermi(q: Any, half_density_radius: Any, diffuseness: Any = DIFFUSENESS) -> Any:
    """Symmetrised Fermi, density ∝ sinh(c/a)/(cosh(r/a) + cosh(c/a)), in closed form.

    Sprung & Martorell, J. Phys. A 30 (1997) 6525, doi:10.1088/0305-4470/30/18/026; Piekarewicz,
    Linero, Giuliani & Chicken, Phys. Rev. C 94 (2016) 034316, arXiv:1604.07799. With x = qc and
    y = πqa their form is 3/(x(x² + y²)) · y/sinh y · (y coth y sin x − x cos x); here its bracket
    is split into terms of one sign at small q, none of which cancels.

    Parameters
    ----------
    q : array
        Momentum transfer [energy].
    half_density_radius, diffuseness : float or array broadcasting with q
        c and a [length].
    """
    _, k = _wave_number(q, half_density_radius, diffuseness)
    width = math.pi * diffuseness
    x, y = k * half_density_radius, k * width
    share = half_density_radius**2 / (half_density_radius**2 + width**2)
    return _csch(y) * (share * _sphere(x) + (1 - share) * _coth(y) * _sinc(x))


def symmetrized_fermi_rms(q: Any, rms_radius: Any, diffuseness: Any = DIFFUSENESS) -> Any:
    """Symmetrised Fermi of a given rms radius: c² = (5/3)R² − (7/3)(πa)²."""
    radius_squared = 5 / 3 * rms_radius**2 - 7 / 3 * (math.pi * diffuseness) ** 2
    return _or_gaussian(
        q, rms_radius, radius_squared, lambda c: symmetrized_fermi(q, c, diffuseness)
    )


# --- radii from the mass number alone ------------------------------------------------------------


def klein_nystrand_radius(A: int) -> float:
    """R_A = 1.2 A^{1/3} fm, the radius of COHERENT's Klein-Nystrand form factor."""
    return 1.2 * fm * math.cbrt(A)


def lewin_smith_half_density_radius(A: int) -> float:
    """c = (1.23 A^{1/3} − 0.60) fm. Lewin & Smith 1996, Sect. 4."""
    return (1.23 * math.cbrt(A) - 0.60) * fm


def lewin_smith_rms_radius(A: int) -> float:
    """√((3/5)c² + (7/5)(πa)²), the rms radius of Lewin & Smith's Fermi distribution.

    Their Helm radius is chosen to have it: (3/5)R₀² + 3s² is the same number.
    """
    c = lewin_smith_half_density_radius(A)
    return math.sqrt(3 / 5 * c**2 + 7 / 5 * (math.pi * DIFFUSENESS) ** 2)
