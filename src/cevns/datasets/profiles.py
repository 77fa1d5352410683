r"""How a background is spread over one axis, as a declaration.

Some profiles are read from the files of a release and are normalised to 1 over the cells. Those
that are functions have numbers of their own, ``background.<name>.width``, which a fit may vary;
they are normalised to 1 over all energies, so that an area does not change with a shape.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, StrictBool

from cevns.parameters import Theta
from cevns.spec import Quantity, Relative, Spec, Tagged, family
from cevns.special import normal_cdf

Array = np.ndarray[Any, np.dtype[Any]]
Time = Annotated[float, Quantity("us", range="any")]
Width = Annotated[float, Quantity("keV", ("keVee", "keVnr", "PE"), range="positive")]
Position = Annotated[float, Quantity("keV", ("keVee", "keVnr", "PE"), range="any")]


class Profile(Spec):
    """Base: how a background is spread over the bins of one axis, normalised to 1 there."""

    efficiency: StrictBool = False
    """Whether the detector's efficiency on this axis still has to be applied."""


class CountsProfile(Profile):
    """As the events of a sample are, in all cells together."""

    type: Literal["counts"] = "counts"
    sample: str


class TableProfile(Profile):
    """As the rows (centre, value) of a file say; values are per row, the rows equally wide."""

    type: Literal["table"] = "table"
    file: str


class FlatProfile(Profile):
    """The same everywhere."""

    type: Literal["flat"] = "flat"


class ExponentialProfile(Profile):
    """An exponential; its rate is fitted to a sample, in the region of energy between two times."""

    type: Literal["exponential"] = "exponential"
    sample: str
    start: Annotated[Time, Field(alias="from")]
    to: Time


class Curve(Spec):
    """Base: a function of the energy whose numbers are parameters."""

    def shares(self, edges: Array, theta: Theta, address: str) -> Array:
        """Its integral over each bin, shape (bins,); 1 over all energies.

        ``edges``, shape (bins + 1,), ascend; parameters are at ``<address>.<name>``.
        """
        raise NotImplementedError


class FallingCurve(Curve):
    """exp(−E/scale) from zero on."""

    type: Literal["falling"] = "falling"
    scale: Width

    def shares(self, edges: Array, theta: Theta, address: str) -> Array:
        """Differences of exponentials."""
        scale = self.get("scale", theta, address)
        above: Array = np.exp(-np.maximum(edges, 0.0) / scale)
        return -np.diff(above)


class Satellite(Spec):
    """A smaller peak of the same width at ``centre``; ``ratio`` is its area over the main one."""

    centre: Position
    ratio: Relative


class PeakCurve(Curve):
    """A Gaussian, with ``satellites`` that have its width; its own area is 1."""

    type: Literal["peak"] = "peak"
    centre: Position
    width: Width
    satellites: tuple[Satellite, ...] = ()

    def shares(self, edges: Array, theta: Theta, address: str) -> Array:
        """Differences of the cumulative normal distribution."""
        width = self.get("width", theta, address)
        total: Array = self._one(edges, self.get("centre", theta, address), width)
        for other in self.satellites:
            total = total + other.ratio * self._one(edges, other.centre, width)
        return total

    @staticmethod
    def _one(edges: Array, centre: float, width: float) -> Array:
        return np.diff(np.asarray(normal_cdf((edges - centre) / width)))


ProfileField = Annotated[
    Profile | Curve,
    Tagged(
        family(
            *(CountsProfile, TableProfile, FlatProfile, ExponentialProfile),
            *(FallingCurve, PeakCurve),
        ),
        "profile",
    ),
]
