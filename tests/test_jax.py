"""The arrays decide the backend: the same functions under JAX, compiled and differentiated.

Needs the extra ``jax``; skipped with a message where it is not installed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cevns
from cevns.errors import InputError
from cevns.rate import recoil_spectrum
from cevns.spectra import CallableSpectrum, LineSpectrum, Spectrum, TabulatedSpectrum
from cevns.units import cm, fm, keV, s

jax = pytest.importorskip("jax", reason="the extra 'jax' is not installed")


@pytest.fixture(autouse=True)
def _double_precision() -> Any:
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", False)


EXPERIMENT = cevns.Experiment(
    cevns.StoppedPion(flux=1 / cm**2 / s),
    cevns.Detector(target="CsI", mass=1.0),
    1 * s,
    cevns.StandardModel(scheme="radiative-q"),
)
T = np.linspace(0.1, 20, 50) * keV


def spectrum(recoil: Any, theta: dict[str, Any]) -> Any:
    caesium = EXPERIMENT.scatterers[0]
    return recoil_spectrum(recoil, EXPERIMENT.components, caesium, EXPERIMENT.terms, theta).sum(0)


def test_same_numbers_compiled() -> None:  # unit: two backends, rounding apart
    compiled = jax.jit(lambda recoil: spectrum(recoil, {}))(jax.numpy.asarray(T))
    np.testing.assert_allclose(compiled, spectrum(T, {}), rtol=1e-13)


@pytest.mark.parametrize(
    ("address", "value", "step", "tolerance"),
    [
        ("sin2_theta_w", 0.2386, 1e-5, 1e-9),  # quadratic: central differences are exact
        ("Cs.rms_radius", 4.8 * fm, 1e-3 * fm, 1e-6),  # third derivative times step squared
    ],
)
def test_gradient(address: str, value: float, step: float, tolerance: float) -> None:
    """Unit: automatic against central differences."""
    exact = jax.jacfwd(lambda x: spectrum(jax.numpy.asarray(T), {address: x}))(value)
    up, down = (spectrum(T, {address: value + sign * step}) for sign in (1, -1))
    np.testing.assert_allclose(exact, (up - down) / (2 * step), rtol=tolerance)


@pytest.mark.parametrize(
    "source",
    [
        TabulatedSpectrum.linear([5, 20, 50], [0.0, 2, 0]),
        CallableSpectrum(lambda E: E**2 * (50 - E), [0, 50]),
        LineSpectrum([30], [1]),
    ],
)
def test_moments(source: Spectrum) -> None:  # unit
    energies = np.linspace(1, 60, 30)
    moments = source.moments(jax.numpy.asarray(energies))
    np.testing.assert_allclose(moments, source.moments(energies), rtol=1e-13)


def test_single_precision_is_refused() -> None:  # unit: G_F² would be zero
    jax.config.update("jax_enable_x64", False)
    with pytest.raises(InputError, match="jax_enable_x64"):
        spectrum(jax.numpy.asarray(T), {})
