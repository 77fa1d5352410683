"""Resolution: the distribution p(x | E) of the observable x at a given recoil.

The smearing table needs the distribution only through its partial moments
M_k(x | E) = ∫_{-∞}^x x'^k p(x' | E) dx', k = 0, 1, 2, which are closed forms. The expected
observable ("mean") is E_ee, T without quenching, or light_yield · E_ee.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import model_validator

from cevns import units
from cevns.errors import Mistake
from cevns.parameters import Parameter, Theta
from cevns.response import axis_mistakes
from cevns.spec import Quantity, Relative, Spec, Tagged, family, mistake, quantity_parameter
from cevns.special import gammainc, gammaln, namespace, normal_cdf

Moments = tuple[Any, Any, Any]
"""(M_0, M_1, M_2), each of the broadcast shape of x and the energies."""

_NEGLIGIBLE = 1e-12  # a relative width below this is none: (x - mean)/σ would lose every digit
_TINY = 1e-200  # an energy below this is zero in any units; its inverse must not overflow
_FAR = 40.0  # standard deviations beyond which a Gaussian is exactly 0 or 1 in double precision


def sharp_moments(x: Any, mean: Any) -> Moments:
    """Partial moments of an observable without fluctuations: mean^k where mean < x.

    The inequality is strict, so that differences belong to half-open bins [a, b).
    """
    inside = namespace(x, mean).where(mean < x, 1.0, 0.0)
    return inside, mean * inside, mean**2 * inside


class Resolution(Spec):
    """Base of the resolutions."""

    discrete: ClassVar[bool] = False

    def partial_moments(
        self, x: Any, electron_equivalent: Any, mean: Any, theta: Theta, address: str
    ) -> Moments:
        """M_k(x | E), k = 0, 1, 2.

        Parameters
        ----------
        x : array [observable]; ±inf allowed
        electron_equivalent : array [energy]
        mean : expected observable, array of that shape
        address : where this block is, "detector.resolution"
        """
        raise NotImplementedError

    def width(self, electron_equivalent: Any, mean: Any, theta: Theta, address: str) -> Any:
        """Standard deviation of the observable, array of the shape of ``mean``."""
        raise NotImplementedError

    def mistakes(self, observable: str, path: str) -> list[Mistake]:
        """Numbers that do not fit the observable ("keV", "keVee" or "PE")."""
        return axis_mistakes(self, observable, path)


_TERMS = ("noise", "stochastic", "relative", "fano", "pair_energy")


class GaussianResolution(Resolution):
    """σ² = noise² + stochastic² E + (relative E)² + fano · pair_energy · E.

    E is the expected observable and every unit is that of the observable. Terms that are not
    given are zero; ``stochastic`` and ``fano`` say the same thing and exclude each other.
    """

    type: Literal["gaussian"] = "gaussian"
    noise: Annotated[float, Quantity("keVee", ("keVnr", "PE"))] | None = None
    stochastic: Annotated[float, Quantity("keVee^0.5", ("keVnr^0.5", "PE^0.5"))] | None = None
    relative: Relative | None = None
    fano: Relative | None = None
    pair_energy: Annotated[float, Quantity("eVee", ("eVnr", "PE"))] | None = None

    @model_validator(mode="after")
    def _check_terms(self) -> GaussianResolution:
        if self.stochastic is not None and self.fano is not None:
            raise mistake("both 'stochastic' and 'fano'", "one of them")
        if (self.fano is None) != (self.pair_energy is None):
            given = "pair_energy" if self.fano is None else "fano"
            raise mistake(f"{given!r} alone", "'fano' and 'pair_energy' together")
        return self

    def width(self, electron_equivalent: Any, mean: Any, theta: Theta, address: str) -> Any:
        """σ at the expected observable."""
        noise, stochastic, relative, fano, pair_energy = (
            0.0 if (value := self.get(name, theta, address)) is None else value for name in _TERMS
        )
        per_energy = stochastic**2 + fano * pair_energy
        return namespace(mean).sqrt(noise**2 + per_energy * mean + (relative * mean) ** 2)

    def partial_moments(
        self, x: Any, electron_equivalent: Any, mean: Any, theta: Theta, address: str
    ) -> Moments:
        """M_0 = Φ(u), M_1 = μΦ − σφ, M_2 = (μ² + σ²)Φ − σ(x + μ)φ, with u = (x − μ)/σ."""
        xp = namespace(x, mean)
        sigma = self.width(electron_equivalent, mean, theta, address)
        smeared = sigma > _NEGLIGIBLE * mean
        sigma = xp.where(smeared, sigma, 1.0)
        # Beyond the cut Φ and φ are 0 or 1; inside it x is finite, so that no ∞·0 appears.
        u = xp.clip((x - mean) / sigma, -_FAR, _FAR)
        below = normal_cdf(u)
        density = sigma * xp.exp(-0.5 * u * u) / np.sqrt(2 * np.pi)
        first = mean * below - density
        second = (mean**2 + sigma**2) * below - (2 * mean + sigma * u) * density
        sharp = sharp_moments(x, mean)
        return (
            xp.where(smeared, below, sharp[0]),
            xp.where(smeared, first, sharp[1]),
            xp.where(smeared, second, sharp[2]),
        )


class GammaResolution(Resolution):
    """Gamma-distributed light: shape parameter s0 + s1 E_ee, mean light_yield · E_ee.

    COHERENT CsI[Na], arXiv:2110.07730, uses s0 = 1, s1 = 9.56 /keVee. The addresses are
    ``<address>.shape.0`` and ``.1``.
    """

    type: Literal["gamma"] = "gamma"
    shape: tuple[Annotated[float, Quantity("1")], Annotated[float, Quantity("/keVee")]]

    def _shape(self, electron_equivalent: Any, theta: Theta, address: str) -> Any:
        s0 = theta.get(f"{address}.shape.0", self.shape[0])
        s1 = theta.get(f"{address}.shape.1", self.shape[1])
        return s0 + s1 * electron_equivalent

    def width(self, electron_equivalent: Any, mean: Any, theta: Theta, address: str) -> Any:
        """mean / √shape."""
        xp = namespace(mean)
        shape = self._shape(electron_equivalent, theta, address)
        return mean / xp.sqrt(xp.where(shape > 0, shape, 1.0))

    def partial_moments(
        self, x: Any, electron_equivalent: Any, mean: Any, theta: Theta, address: str
    ) -> Moments:
        """M_k = s^k (a)_k P(a + k, x/s) with shape a and scale s = mean/a.

        P(a + 1, z) = P(a, z) − z^a e^{−z}/Γ(a + 1) saves two incomplete gamma functions.
        """
        xp = namespace(x, mean)
        shape = self._shape(electron_equivalent, theta, address)
        smeared = (shape > 0) & (mean > _TINY)
        a = xp.where(smeared, shape, 1.0)
        average = xp.where(smeared, mean, 1.0)
        # An x of 1e6 means is as good as infinite, and keeps z^a e^{-z} free of ∞·0.
        z = a * xp.clip(x / average, 0.0, 1e6)
        P0 = gammainc(a, z)
        log_z = xp.log(xp.where(z > 0, z, 1.0))
        step = xp.where(z > 0, xp.exp(a * log_z - z - gammaln(a + 1)), 0.0)
        P1 = xp.maximum(P0 - step, 0.0)
        P2 = xp.maximum(P1 - step * z / (a + 1), 0.0)
        sharp = sharp_moments(x, mean)
        return (
            xp.where(smeared, P0, sharp[0]),
            xp.where(smeared, average * P1, sharp[1]),
            xp.where(smeared, average**2 * (1 + 1 / a) * P2, sharp[2]),
        )

    def parameters(self, address: str) -> Iterator[Parameter]:
        """s0 and s1, by power of E_ee."""
        for power, unit in enumerate(("1", "/keVee")):
            yield quantity_parameter(f"{address}.shape.{power}", self.shape[power], Quantity(unit))

    def mistakes(self, observable: str, path: str) -> list[Mistake]:
        """None: the shape is a function of E_ee whatever the observable."""
        return []


class PoissonResolution(Resolution):
    """Poisson-distributed counts of photo-electrons: a bin [a, b) holds a ≤ n < b."""

    type: Literal["poisson"] = "poisson"
    discrete: ClassVar[bool] = True

    def probability(self, n: Any, mean: Any) -> Any:
        """Probability of ``n`` photo-electrons (whole numbers) at ``mean`` [PE]; they broadcast."""
        xp = namespace(n, mean)
        count = mean / units.PE
        log_count = xp.log(xp.where(count > 0, count, 1.0))
        p = xp.exp(n * log_count - count - gammaln(n + 1.0))
        return xp.where(count > 0, p, xp.where(n == 0, 1.0, 0.0))

    def width(self, electron_equivalent: Any, mean: Any, theta: Theta, address: str) -> Any:
        """√mean; half a photo-electron at least, where the distribution is one step."""
        return namespace(mean).sqrt(mean * units.PE + 0.25 * units.PE**2)

    def partial_moments(
        self, x: Any, electron_equivalent: Any, mean: Any, theta: Theta, address: str
    ) -> Moments:
        """Not defined by an integral over x; the table sums over whole numbers."""
        raise TypeError("a discrete observable has no partial moments; sum over whole numbers")

    def mistakes(self, observable: str, path: str) -> list[Mistake]:
        """The observable must be light."""
        if observable == "PE":
            return []
        return [Mistake(path, f"an observable in {observable}", "a light_yield, to count quanta")]


RESOLUTIONS = family(GaussianResolution, GammaResolution, PoissonResolution)
ResolutionBlock = Annotated[Resolution, Tagged(RESOLUTIONS, "resolution")]
"""Annotation of a ``resolution`` field."""
