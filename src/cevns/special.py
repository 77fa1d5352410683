"""Array functions that are not in the array-API standard, and the choice of the backend.

The arrays decide the backend: functions take their namespace from their arguments
(`namespace`), so one code path serves NumPy and JAX. SciPy is loaded on first use.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cevns.errors import InputError, Mistake


def namespace(*arrays: Any) -> Any:
    """The array namespace of the arguments: NumPy unless one of them is a foreign array.

    Raises
    ------
    InputError
        For JAX arrays while ``jax_enable_x64`` is off: G_F² (ħc)² is zero in single precision.
    """
    for array in arrays:
        if not isinstance(array, (np.ndarray, np.generic, float, int, complex)):
            return _foreign_namespace(array)
    return np


def _foreign_namespace(array: Any) -> Any:
    if isinstance(array, (list, tuple)):
        return np
    from array_api_compat import array_namespace, is_jax_namespace

    xp = array_namespace(array)
    if is_jax_namespace(xp):
        import jax

        if not jax.config.jax_enable_x64:
            raise InputError(
                Mistake(
                    "jax",
                    "single-precision arrays",
                    "jax.config.update('jax_enable_x64', True) before the first array",
                )
            )
    return xp


def _special(xp: Any) -> Any:
    if xp is np:
        import scipy.special

        return scipy.special
    import jax.scipy.special

    return jax.scipy.special


def erf(x: Any) -> Any:
    """Error function."""
    return _special(namespace(x)).erf(x)


def normal_cdf(x: Any) -> Any:
    """Φ(x), the standard normal distribution function, accurate in the lower tail."""
    return _special(namespace(x)).ndtr(x)


def erfcx(x: Any) -> Any:
    """Scaled complementary error function exp(x²) erfc(x)."""
    return _special(namespace(x)).erfcx(x)


def gammainc(a: Any, x: Any) -> Any:
    """Regularised lower incomplete gamma function P(a, x)."""
    return _special(namespace(a, x)).gammainc(a, x)


def gammaln(x: Any) -> Any:
    """ln |Γ(x)|."""
    return _special(namespace(x)).gammaln(x)
