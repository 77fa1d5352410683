"""MINUIT (iminuit) for a likelihood."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from cevns.likelihood.joint import Likelihood

Array = np.ndarray[Any, np.dtype[Any]]


def minuit_of(likelihood: Likelihood, values: Array, approximate: bool, tolerance: float) -> Any:
    """A MINUIT for the likelihood; ``approximate`` gives it the approximate second derivatives."""
    from iminuit import Minuit

    minuit = Minuit(
        likelihood.__call__,  # of an object that has a method `hessian`, MINUIT uses it unasked
        values,
        grad=likelihood.gradient,
        hessian=likelihood.hessian if approximate else None,
        name=likelihood.floating,
    )
    minuit.errordef = Minuit.LEAST_SQUARES
    minuit.tol = tolerance / 0.002  # of which it aims for a 500th
    minuit.errors = likelihood.steps
    for address in likelihood.floating:
        minuit.limits[address] = likelihood.parameters[address].bounds
    return minuit


@contextmanager
def quietly(minuit: Any) -> Iterator[None]:
    """Without a word from MINUIT: what went wrong is seen in the result."""
    level = minuit.print_level  # of all that there are
    minuit.print_level = -1
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        minuit.print_level = level


def migrated(minuit: Any, calls: int | None = None) -> bool:
    """Whether MIGRAD ran: iminuit 2.33 breaks off where given second derivatives are of no use."""
    try:
        minuit.migrad(ncall=calls)
    except TypeError:
        return False
    return True
