"""What is known beforehand of what a study scans and profiles: priors, perhaps correlated.

A prior is a measurement that found the nominal value. What is held is at its nominal value, as in a
scan of data: the statistic is that of the joint prior there, and a correlation with it narrows the
priors of the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from cevns.config.study import Study
from cevns.errors import InputError, Mistake
from cevns.likelihood.constraints import correlation_matrix, inverse
from cevns.parameters import Theta

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, eq=False)
class Priors:
    r"""The priors of axes and nuisances, all else that has one being nominal.

    With C the covariance of all their pulls then, p those of the axes and ν those of the nuisances,
    the priors add :math:`p^T C_{pp}^{-1} p` and leave ν with the mean
    :math:`C_{\nu p} C_{pp}^{-1} p` and the covariance
    :math:`C_{\nu\nu} - C_{\nu p} C_{pp}^{-1} C_{p\nu}`. No inverse of that is needed: nuisances may
    be one, with a coefficient of ±1.

    Attributes
    ----------
    axes : tuple of str
        Those with a prior.
    centres, widths : arrays, shape (a,)
        Of the axes.
    precision : array, shape (a, a)
        Of their pulls.
    nuisances : tuple of str
        What is profiled and has a prior.
    slopes : array, shape (p, a)
        How the pulls of the nuisances follow those of the axes.
    covariance : array, shape (p, p)
        Of the pulls of the nuisances where the axes are known.
    """

    axes: tuple[str, ...]
    centres: Array
    widths: Array
    precision: Array
    nuisances: tuple[str, ...]
    slopes: Array
    covariance: Array

    @classmethod
    def of(cls, study: Study, axes: Iterable[str], profiled: Iterable[str]) -> Priors:
        """Those of the file, as a likelihood counts them: not what is fixed or tied.

        Raises
        ------
        InputError
            For correlations of what has no prior, that contradict each other, or that leave
            what is not profiled no freedom.
        """
        _refuse_correlations(study)
        table = study.parameters
        known = [
            address
            for address, one in table.items()
            if one.prior is not None
            and not one.fixed
            and address not in study.ties
            and not isinstance(one.value, complex)
        ]
        pairs = {pair: rho for pair, rho in study.correlations.items() if set(pair) <= set(known)}
        own, nuisances = (tuple(a for a in some if a in known) for some in (axes, profiled))
        others = [address for address in known if address not in (*own, *nuisances)]
        _, joint = _known(correlation_matrix([*others, *own, *nuisances], pairs), len(others))
        slopes, covariance = _known(joint, len(own))
        return cls(
            own,
            np.array([float(table[address].value) for address in own]),
            np.array([float(table[address].prior or 0.0) for address in own]),
            inverse(joint[: len(own), : len(own)]),
            nuisances,
            slopes,
            covariance,
        )

    def height(self, theta: Theta) -> Array:
        """What they add where the nuisances are as they are `expected`, shape (...)."""
        pulls = self._pulls(theta)
        return np.asarray(np.einsum("...i,ij,...j->...", pulls, self.precision, pulls))

    def expected(self, theta: Theta) -> Array:
        """The pulls of the nuisances that are most probable where the axes are, shape (..., p)."""
        return np.asarray(self._pulls(theta) @ self.slopes.T)

    def _pulls(self, theta: Theta) -> Array:
        """Of the axes, shape (..., a); those that are not in θ are nominal."""
        own = zip(self.axes, self.centres.tolist(), strict=True)
        values = np.broadcast_arrays(*(np.asarray(theta.get(a, c), dtype=float) for a, c in own))
        if not values:
            return np.zeros(0)
        return np.asarray((np.stack(values, axis=-1) - self.centres) / self.widths)


def _known(covariance: Array, number: int) -> tuple[Array, Array]:
    """How the rest follows the first ``number`` pulls, and its covariance where they are known."""
    rest = covariance[number:, number:]
    across = covariance[number:, :number]
    slopes = across @ inverse(covariance[:number, :number])
    return slopes, rest - slopes @ across.T


def _refuse_correlations(study: Study) -> None:
    """A correlation of what has no prior would be ignored without a word."""
    for address in (address for pair in study.correlations for address in pair):
        tied = study.ties.get(address)
        if tied is not None or study.parameters[address].prior is None:
            why = "has no prior" if tied is None else f"is the same as {tied}"
            found = f"{address}, which {why}"
            raise InputError(Mistake("correlations", found, "two parameters with priors"))
