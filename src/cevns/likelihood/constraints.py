"""What is known of the parameters beforehand: Gaussian constraints, perhaps correlated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cevns.errors import InputError, Mistake
from cevns.parameters import Parameter, Theta

Array = np.ndarray[Any, np.dtype[Any]]

_ROUNDING = 1e-10


@dataclass(frozen=True, eq=False)
class Constraints:
    """χ² = (θ − c)ᵀ V⁻¹ (θ − c), by addresses.

    Attributes
    ----------
    addresses : tuple of str
    centres, widths : arrays, shape (n,)
        What is expected of each, and its standard deviation.
    precision : array, shape (n, n)
        V⁻¹ in units of the widths: the inverse of the correlation matrix.
    """

    addresses: tuple[str, ...]
    centres: Array
    widths: Array
    precision: Array

    @classmethod
    def of(
        cls,
        parameters: Mapping[str, Parameter],
        floating: Sequence[str],
        correlations: Mapping[tuple[str, str], float] | None = None,
    ) -> Constraints:
        """The priors of the floating parameters, each around its nominal value.

        Raises
        ------
        InputError
            For correlations of parameters without a prior, and a matrix that no set of
            parameters can have.
        """
        having = {address: parameters[address].prior for address in floating}
        known = [address for address, prior in having.items() if prior is not None]
        return cls(
            tuple(known),
            np.array([float(parameters[address].value) for address in known]),
            np.array([float(having[address] or 0.0) for address in known]),
            inverse(correlation_matrix(known, correlations or {})),
        )

    def pulls(self, theta: Theta) -> Array:
        """(θ − c)/σ of each, shape (n,)."""
        values = [theta.get(a, c) for a, c in zip(self.addresses, self.centres, strict=True)]
        pulls: Array = (np.array(values, dtype=float) - self.centres) / self.widths
        return pulls

    def value(self, theta: Theta) -> float:
        """χ² at θ."""
        pulls = self.pulls(theta)
        return float(pulls @ self.precision @ pulls)

    def gradient(self, theta: Theta) -> Mapping[str, float]:
        """∂χ²/∂θ by address."""
        slopes = 2.0 * (self.precision @ self.pulls(theta)) / self.widths
        return dict(zip(self.addresses, slopes.tolist(), strict=True))

    def hessian(self, floating: Sequence[str]) -> Array:
        """∂²χ²/∂θ∂θ for parameters in the order of ``floating``, shape (n, n)."""
        total = np.zeros((len(floating), len(floating)))
        known = [index for index, address in enumerate(self.addresses) if address in floating]
        places = [floating.index(self.addresses[index]) for index in known]
        curvature = 2.0 * self.precision / np.outer(self.widths, self.widths)
        total[np.ix_(places, places)] = curvature[np.ix_(known, known)]
        return total

    def around(self, centres: Mapping[str, float]) -> Constraints:
        """The same with other centres, as auxiliary measurements of a toy have."""
        moved = [centres.get(a, c) for a, c in zip(self.addresses, self.centres, strict=True)]
        return Constraints(self.addresses, np.array(moved), self.widths, self.precision)

    def draw(self, theta: Theta, generator: np.random.Generator) -> dict[str, float]:
        """Auxiliary measurements drawn around θ: the centres of a toy data set."""
        if not self.addresses:
            return {}
        true = [theta.get(a, c) for a, c in zip(self.addresses, self.centres, strict=True)]
        covariance = np.linalg.inv(self.precision) * np.outer(self.widths, self.widths)
        drawn = generator.multivariate_normal(np.array(true), covariance, method="cholesky")
        return dict(zip(self.addresses, drawn.tolist(), strict=True))


def correlation_matrix(
    known: Sequence[str], correlations: Mapping[tuple[str, str], float]
) -> Array:
    """The correlations of ``known``, shape (n, n), which all have priors.

    Raises
    ------
    InputError
        For correlations of others, and coefficients that no set of parameters can have.
    """
    matrix = np.eye(len(known))
    place = {address: index for index, address in enumerate(known)}
    for (first, second), rho in correlations.items():
        if first not in place or second not in place:
            absent = first if first not in place else second
            found = f"{absent}, which has no prior or does not float"
            raise InputError(Mistake("correlations", found, "two parameters with priors"))
        before = matrix[place[first], place[second]]
        if before not in (0.0, rho):
            found = f"{before:g} and {rho:g} between {first} and {second}"
            raise InputError(Mistake("correlations", found, "one coefficient"))
        matrix[place[first], place[second]] = matrix[place[second], place[first]] = rho
    if known and np.min(np.linalg.eigvalsh(matrix)) < -_ROUNDING:
        found = "coefficients that contradict each other"
        raise InputError(Mistake("correlations", found, "those of a positive definite matrix"))
    return matrix


def inverse(matrix: Array) -> Array:
    """Of a `correlation_matrix`.

    Raises
    ------
    InputError
        Where two numbers are one, or several have fewer freedoms than there are.
    """
    if len(matrix) and np.min(np.linalg.eigvalsh(matrix)) <= _ROUNDING:
        found = "coefficients that leave no freedom, like 1 or -1"
        expected = "a positive definite matrix; for two numbers that are one 'same_as'"
        raise InputError(Mistake("correlations", found, expected))
    inverted: Array = np.linalg.inv(matrix) if len(matrix) else matrix
    return inverted
