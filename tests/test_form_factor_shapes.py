"""Shapes of form factors: high-precision twins, expansions, limits, densities."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import reference_rows

from cevns.constants import hbar_c
from cevns.form_factor_shapes import (
    gaussian,
    helm,
    helm_lewin_smith,
    klein_nystrand,
    klein_nystrand_radius,
    klein_nystrand_rms,
    lewin_smith_half_density_radius,
    lewin_smith_rms_radius,
    point,
    symmetrized_fermi,
    symmetrized_fermi_rms,
)
from cevns.nuclides import nuclide
from cevns.units import MeV, fm

mpmath: Any = pytest.importorskip("mpmath")
mpmath.mp.dps = 40

Shape = Callable[[Any, Any], Any]
BY_RMS: dict[str, Shape] = {
    "helm": helm,
    "klein-nystrand": klein_nystrand_rms,
    "symmetrized-fermi": symmetrized_fermi_rms,
    "gaussian": gaussian,
}
# Momentum transfers times lengths around every switch between series and closed form, and beyond.
Q = np.concatenate([[0.0], np.geomspace(1e-8, 1e3, 221)]) * MeV
RADII = [1.8, 2.6, 3.448, 4.0, 4.821, 5.9]  # fm

# --- kind: reference (high-precision twins) ------------------------------------------------------


def sphere(x: Any) -> Any:
    """3 j₁(x)/x in 40 digits."""
    if x < mpmath.mpf("1e-3"):
        return sum(
            (-1) ** k * 6 * (k + 1) * x ** (2 * k) / mpmath.factorial(2 * k + 3) for k in range(8)
        )
    return 3 * (mpmath.sin(x) - x * mpmath.cos(x)) / x**3


def exact_helm(k: Any, R: Any) -> Any:
    s = mpmath.mpf("0.9")
    R0 = mpmath.sqrt(5 * (R**2 - 3 * s**2) / 3)
    return sphere(k * R0) * mpmath.exp(-((k * s) ** 2) / 2)


def exact_klein_nystrand(k: Any, R: Any) -> Any:
    a = mpmath.mpf("0.7")
    return sphere(k * mpmath.sqrt(5 * R**2 / 3 - 10 * a**2)) / (1 + (k * a) ** 2)


def exact_symmetrized_fermi(k: Any, R: Any) -> Any:
    """Piekarewicz et al. 2016, as printed; 40 digits carry the cancellation."""
    a = mpmath.mpf("0.52")
    c = mpmath.sqrt(5 * R**2 / 3 - 7 * (mpmath.pi * a) ** 2 / 3)
    x, y = k * c, mpmath.pi * k * a
    bracket = y / mpmath.tanh(y) * mpmath.sin(x) - x * mpmath.cos(x)
    return 3 / (x * (x**2 + y**2)) * y / mpmath.sinh(y) * bracket


def exact_gaussian(k: Any, R: Any) -> Any:
    return mpmath.exp(-((k * R) ** 2) / 6)


EXACT: dict[str, Shape] = {
    "helm": exact_helm,
    "klein-nystrand": exact_klein_nystrand,
    "symmetrized-fermi": exact_symmetrized_fermi,
    "gaussian": exact_gaussian,
}


@pytest.mark.parametrize("kind", BY_RMS)
@pytest.mark.parametrize("R", RADII)
def test_closed_forms(kind: str, R: float) -> None:
    """Tolerance 1e-14 of F(0) for x < 1, else 1e-13: sin(x) of a rounded x of up to 40."""
    if kind == "symmetrized-fermi" and R < 1.94:
        R = 2.0  # below it is a Gaussian
    ours = BY_RMS[kind](Q, R * fm)
    waves = [mpmath.mpf(float(q)) / mpmath.mpf(hbar_c / fm) for q in Q]
    exact = [1.0, *(float(EXACT[kind](k, mpmath.mpf(R))) for k in waves[1:])]
    error = np.abs(ours - exact)
    assert np.all(error < np.where(20 * MeV > Q, 1e-14, 1e-13))


@pytest.mark.parametrize(("c", "a"), [(3.6, 0.52), (5.68, 0.52), (4.6, 0.3), (1.5, 0.8)])
@pytest.mark.parametrize("q", [1.0, 50.0, 100.0, 200.0])
def test_symmetrized_fermi_is_the_transform_of_its_density(c: float, a: float, q: float) -> None:
    """∫ρ sin(kr)/(kr) r²dr / ∫ρ r²dr with ρ = sinh(c/a)/(cosh(r/a) + cosh(c/a)), by quadrature.

    Tolerance 1e-13: double precision on our side.
    """
    k = mpmath.mpf(q) / mpmath.mpf(hbar_c / (MeV * fm))

    def density(r: Any) -> Any:
        return mpmath.sinh(c / a) / (mpmath.cosh(r / a) + mpmath.cosh(c / a))

    edges = [0, c / 2, c, c + 4 * a, c + 12 * a, c + 40 * a, c + 80 * a]
    with mpmath.workdps(25):
        top = mpmath.quad(lambda r: density(r) * mpmath.sin(k * r) * r / k, edges)
        bottom = mpmath.quad(lambda r: density(r) * r**2, edges)
    assert symmetrized_fermi(q * MeV, c * fm, a * fm) == pytest.approx(
        float(top / bottom), abs=1e-13
    )


def test_helm_rows() -> None:
    """Tolerance 1e-6: what the table grants closed forms; ours differ by 1e-9 (ħc)."""
    for row in reference_rows("ff.helm_ls"):
        ours = helm_lewin_smith(row.inputs["q_MeV"] * MeV, row.inputs["A"])
        assert float(ours) == pytest.approx(row.value, rel=1e-6)


def test_symmetrized_fermi_rows() -> None:
    """Tolerance 1e-6, as above. The table takes c of Lewin & Smith."""
    for row in reference_rows("ff.sym_fermi"):
        c, a = row.inputs["c_fm"] * fm, row.inputs["a_fm"] * fm
        ours = symmetrized_fermi(row.inputs["q_MeV"] * MeV, c, a)
        assert float(ours) == pytest.approx(row.value, rel=1e-6)
        A = nuclide(row.inputs["nucleus"]).A
        assert lewin_smith_half_density_radius(A) == pytest.approx(c, rel=1e-12)


# --- kind: unit and limits -----------------------------------------------------------------------


@pytest.mark.parametrize("kind", BY_RMS)
@pytest.mark.parametrize("R", [0.6, 1.0, *RADII])
def test_expansion(kind: str, R: float) -> None:
    """1 − F = q²R²/6 to second order, whatever the shape, its Gaussian stand-in included.

    The next term is of relative size x² = 1e-6; tolerance 3e-6 and rounding of 1 − F (1e-9).
    """
    q = 1e-3 * hbar_c / (R * fm)
    assert float(1 - BY_RMS[kind](q, R * fm)) == pytest.approx(1e-6 / 6, rel=3e-6)


def test_expansion_of_forms_by_mass_number() -> None:
    """The same for the radius of Lewin & Smith, (3/5)R₀² + 3s², and (3/5)R_A² + 6a²."""
    q = 1e-3 * hbar_c / fm
    for A in (7, 40, 133):
        R0 = (
            (lewin_smith_half_density_radius(A) / fm) ** 2
            + 7 / 3 * (math.pi * 0.52) ** 2
            - 5 * 0.81
        )
        for ours, square in [
            (helm_lewin_smith(q, A), 0.6 * R0 + 3 * 0.81),
            (klein_nystrand(q, klein_nystrand_radius(A)), 0.6 * 1.44 * A ** (2 / 3) + 6 * 0.49),
        ]:
            # Tolerance: the next order, x² < 3e-5, and rounding of 1 − F.
            assert float(1 - ours) == pytest.approx(1e-6 * square / 6, rel=3e-5)


def test_helm_turns_into_its_gaussian() -> None:
    """At R² = 3s² the sphere has no radius. Tolerance: first order in the step, times q²."""
    edge = math.sqrt(3) * 0.9 * fm
    above, below = helm(Q, edge * (1 + 1e-9)), helm(Q, edge * (1 - 1e-9))
    assert np.allclose(above, below, rtol=0, atol=1e-8)


def test_symmetrized_fermi_limits() -> None:
    """No diffuseness: a sphere. Tolerance: order (πqa)²/6 with a = 1e-6 fm."""
    q = np.linspace(0, 300, 50) * MeV
    assert np.allclose(
        symmetrized_fermi(q, 4 * fm, 1e-6 * fm), klein_nystrand(q, 4 * fm, 0.0), rtol=0, atol=1e-10
    )


def test_forms_agree_where_nuclei_are_probed() -> None:
    """Same rms radius: equal to 1 % up to 50 MeV on caesium (a sanity bound, not a theorem)."""
    q = np.linspace(0, 50, 20) * MeV
    forms = [
        BY_RMS[kind](q, 4.821 * fm) for kind in ("helm", "klein-nystrand", "symmetrized-fermi")
    ]
    assert np.ptp(forms, axis=0).max() < 0.01


def test_nothing_overflows() -> None:
    """No warning (they are errors here), no nan, at zero and far beyond any nucleus."""
    q = np.array([0.0, 1e-300, 1e-12, 1e4, 1e6, 1e9]) * MeV
    for shape in BY_RMS.values():
        values = shape(q, 4.0 * fm)
        assert np.all(np.isfinite(values)) and np.all(values[:3] == 1)
        assert abs(values[-1]) < 1e-12
    assert np.all(point(q) == 1) and point(q).shape == q.shape


def test_shapes_of_arrays() -> None:
    """Scalars, lists and broadcasting radii."""
    for shape in BY_RMS.values():
        assert np.shape(shape(50 * MeV, 4 * fm)) == ()
        assert np.shape(shape([1.0 * MeV, 2.0 * MeV], 4 * fm)) == (2,)
        radii = np.array([[1.0], [4.0], [5.0]]) * fm
        grid = shape(Q, radii)
        assert grid.shape == (3, Q.size)
        for row, radius in zip(grid, radii[:, 0], strict=True):
            assert np.array_equal(row, shape(Q, radius))


def test_lewin_smith_radius() -> None:
    """The Helm shape of that radius has R₀² = c² + (7/3)π²a² − 5s². Tolerance: rounding."""
    for A in (1, 4, 40, 132, 238):
        c = lewin_smith_half_density_radius(A) / fm
        R0_squared = c**2 + 7 / 3 * (math.pi * 0.52) ** 2 - 5 * 0.9**2
        rms_squared = (lewin_smith_rms_radius(A) / fm) ** 2
        assert rms_squared == pytest.approx(0.6 * R0_squared + 3 * 0.81, rel=1e-13)


# --- kind: property ------------------------------------------------------------------------------


@given(
    q=st.floats(0, 2000),
    R=st.floats(0.1, 12),
    kind=st.sampled_from(sorted(BY_RMS)),
)
def test_bounded(q: float, R: float, kind: str) -> None:
    """|F| ≤ 1 and F(0) = 1: a density that is nowhere negative. Tolerance: rounding."""
    assert abs(float(BY_RMS[kind](q * MeV, R * fm))) <= 1 + 1e-15
    assert float(BY_RMS[kind](0.0, R * fm)) == 1


@pytest.mark.parametrize("kind", BY_RMS)
def test_slope_in_q(kind: str) -> None:
    """dF/dq under JAX: zero at q = 0, no nan at a switch, equal to finite differences elsewhere."""
    jax = pytest.importorskip("jax")
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    try:
        q = jax.numpy.asarray([0.0, 1e-6, 1.0, 30.0, 100.0, 1e4]) * MeV
        step = 1e-5 * MeV
        slope = jax.vmap(jax.grad(lambda q: BY_RMS[kind](q, 4.8 * fm)))(q)
        rise = BY_RMS[kind](q + step, 4.8 * fm) - BY_RMS[kind](abs(q - step), 4.8 * fm)
        # Tolerance: rounding over the step, and its square.
        assert np.allclose(slope * step, rise / 2, rtol=1e-6, atol=1e-15)
        assert slope[0] == 0
    finally:
        jax.config.update("jax_enable_x64", before)
