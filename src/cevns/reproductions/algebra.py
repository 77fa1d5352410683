"""Numbers made of other numbers: ratios, crossings, minima, slopes, areas, orders."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from cevns.parameters import NOMINAL, Theta
from cevns.reproductions.computations import Computation, Computed, vocabulary
from cevns.reproductions.lines import Along, Ends
from cevns.reproductions.workbench import Workbench
from cevns.spec import BLOCK, WORD, WORD_OR_BLOCK, Fraction, Number, Relative, Spec

Array = np.ndarray[Any, np.dtype[Any]]


class Level(Spec):
    """The height of a contour: a confidence level with its degrees of freedom."""

    confidence: Fraction
    dof: Annotated[int, Field(strict=True, ge=1)]

    @property
    def height(self) -> float:
        """The quantile of χ²."""
        from cevns.inference.plane import level

        return level(self.confidence, self.dof)


Height = Annotated[Annotated[Number, WORD] | Annotated[Level, BLOCK], WORD_OR_BLOCK]
_SIDE = 401  # points on a side of the grid for an area


def height_of(height: float | Level) -> float:
    """A height as a number."""
    return height.height if isinstance(height, Level) else height


class Ratio(Computation):
    """``of`` over ``to``."""

    type: Literal["ratio"] = "ratio"
    of: Computed
    to: Computed

    def value(self, bench: Workbench, theta: Theta = NOMINAL) -> Any:
        return self.of.value(bench, theta) / self.to.value(bench, theta)


class Difference(Computation):
    """``of`` without ``less``."""

    type: Literal["difference"] = "difference"
    of: Computed
    less: Computed

    def value(self, bench: Workbench, theta: Theta = NOMINAL) -> Any:
        return self.of.value(bench, theta) - self.less.value(bench, theta)


class _OnLine(Computation):
    """What is looked for on a line."""

    of: Computed
    along: Along

    def _curve(self, bench: Workbench, theta: Theta) -> tuple[Array, Callable[[Any], Any]]:
        """Points on the line, and ``of`` as a function of them."""
        line = bench.line(self.along)
        return line.points, lambda t: self.of.value(bench, line.theta(t, theta))


class Crossing(_OnLine):
    """Where on the line ``of`` passes a height: the ``which``-th place from its start.

    The height is ``equals``, or what ``of`` is at the nominal point where none is given. NaN where
    there are fewer places.
    """

    type: Literal["crossing"] = "crossing"
    equals: Height | None = None
    which: Annotated[int, Field(strict=True, ge=1)] = 1

    def value(self, bench: Workbench, theta: Theta = NOMINAL) -> Any:
        places = self.places(bench, theta)
        return places[self.which - 1] if len(places) >= self.which else float("nan")

    def places(self, bench: Workbench, theta: Theta = NOMINAL) -> list[float]:
        """All places, from the start of the line on."""
        from scipy.optimize import brentq

        (t, curve), height = self._curve(bench, theta), self._height(bench)
        above = curve(t) - height > 0
        changes = np.flatnonzero(above[1:] != above[:-1])
        return [
            float(brentq(lambda x: float(curve(x)) - height, t[i], t[i + 1], xtol=1e-14))
            for i in changes
        ]

    def _height(self, bench: Workbench) -> float:
        if self.equals is None:
            return float(self.of.value(bench, NOMINAL))
        return height_of(self.equals)


class Intervals(_OnLine):
    """How many intervals of the line have ``of`` below a height."""

    type: Literal["intervals"] = "intervals"
    below: Height

    def value(self, bench: Workbench, theta: Theta = NOMINAL) -> Any:
        t, curve = self._curve(bench, theta)
        inside = curve(t) < height_of(self.below)
        return float(np.sum(np.diff(inside.astype(int), prepend=0) > 0))


class Minimum(_OnLine):
    """The smallest value on the line, or the place where it is."""

    type: Literal["minimum"] = "minimum"
    report: Literal["value", "place"] = "value"

    def value(self, bench: Workbench, theta: Theta = NOMINAL) -> Any:
        from scipy.optimize import minimize_scalar

        t, curve = self._curve(bench, theta)
        i = int(np.argmin(curve(t)))
        near = (t[max(i - 1, 0)], t[min(i + 1, len(t) - 1)])
        options = {"xatol": 1e-12}
        found = minimize_scalar(
            lambda x: float(curve(x)), bounds=near, method="bounded", options=options
        )
        return float(found.x if self.report == "place" else found.fun)


class Slope(Computation):
    """The slope of ``of`` between two values of the number ``over``."""

    type: Literal["slope"] = "slope"
    of: Computed
    over: str
    between: Ends

    def value(self, bench: Workbench, theta: Theta = NOMINAL) -> Any:
        low, high = (self.of.value(bench, {**theta, self.over: x}) for x in self.between)
        return (high - low) / (self.between[1] - self.between[0])


class PropagatedError(Computation):
    """The relative error of ``parameter`` that a relative error of ``of`` means, to first order.

    The derivative is a central difference, exact where ``of`` is quadratic in the parameter.
    """

    type: Literal["propagated-error"] = "propagated-error"
    of: Computed
    parameter: str
    nominal: Number
    error: Relative

    def value(self, bench: Workbench, theta: Theta = NOMINAL) -> Any:
        step = 1e-3 * self.nominal
        at = [{**theta, self.parameter: self.nominal + shift} for shift in (-step, 0.0, step)]
        low, here, high = (self.of.value(bench, one) for one in at)
        slope = (high - low) / (2 * step) * self.nominal / here
        return float(self.error / abs(slope))


class ExposuresFor(Computation):
    """How many exposures of an experiment make the statistical error of ``of`` a given one."""

    type: Literal["exposures-for"] = "exposures-for"
    of: Computed
    error: Relative

    def value(self, bench: Workbench, theta: Theta = NOMINAL) -> Any:
        return 1 / (self.error**2 * self.of.value(bench, theta))


class Spread(Computation):
    """By how much the largest of several numbers exceeds the smallest, relative to it."""

    type: Literal["spread"] = "spread"
    of: Annotated[tuple[Computed, ...], Field(min_length=2)]

    def value(self, bench: Workbench, theta: Theta = NOMINAL) -> Any:
        each = [float(one.value(bench, theta)) for one in self.of]
        return max(each) / min(each) - 1


class PowerLaw(Computation):
    """The power of ``x`` that ``of`` grows with: the slope of a straight line through the logs."""

    type: Literal["power-law"] = "power-law"
    x: tuple[Number, ...]
    of: tuple[Computed, ...]

    def value(self, bench: Workbench, theta: Theta = NOMINAL) -> Any:
        y = [float(one.value(bench, theta)) for one in self.of]
        slope, _ = np.polyfit(np.log(self.x), np.log(y), 1)
        return float(slope)


class Area(Computation):
    """The area of the part of a plane where ``of`` is below a height, inside its outline.

    The outline is made of straight pieces on a fine grid.
    """

    type: Literal["area"] = "area"
    of: Computed
    below: Height
    plane: Annotated[dict[str, Ends], Field(min_length=2, max_length=2)]

    def value(self, bench: Workbench, theta: Theta = NOMINAL) -> Any:
        from contourpy import contour_generator

        x, y = plane_grid(self.plane, _SIDE)
        values = plane_values(self.of, bench, self.plane, (x, y), theta)
        lowest, height = float(np.min(values)), height_of(self.below)
        if height <= lowest:
            return 0.0
        outlines = contour_generator(x, y, values.T, fill_type="OuterOffset")
        filled: Any = outlines.filled(lowest - 1.0, height)
        return sum(_inside(points, ends) for points, ends in zip(*filled, strict=True))


def _inside(points: Array, ends: Array) -> float:
    """The area of a polygon without its holes: rings that turn the other way."""
    rings = [points[start:stop] for start, stop in pairwise(ends)]
    return abs(sum(float(np.sum(r[:-1, 0] * r[1:, 1] - r[1:, 0] * r[:-1, 1])) for r in rings)) / 2


def plane_grid(plane: dict[str, Any], points: int) -> tuple[Array, Array]:
    """Even steps on both axes of a plane."""
    x, y = (np.linspace(low, high, points) for low, high in plane.values())
    return x, y


def plane_values(
    of: Computation,
    bench: Workbench,
    plane: dict[str, Any],
    axes: tuple[Array, Array],
    theta: Theta = NOMINAL,
) -> Array:
    """``of`` on the grid of a plane, shape (x, y)."""
    across, up = plane
    grid = {across: axes[0][:, None], up: axes[1][None, :]}
    shape = len(axes[0]), len(axes[1])
    return np.broadcast_to(of.value(bench, {**theta, **grid}), shape)


class Order(Computation):
    """Names in descending order of their numbers, as text: "Xe > Ge > Ar"."""

    type: Literal["order"] = "order"
    of: Annotated[dict[str, Computed], Field(min_length=2)]

    def value(self, bench: Workbench, theta: Theta = NOMINAL) -> Any:
        each = {name: float(one.value(bench, theta)) for name, one in self.of.items()}
        return " > ".join(sorted(each, key=lambda name: -each[name]))


vocabulary(Ratio, Difference, Crossing, Intervals, Minimum, Slope, PropagatedError)
vocabulary(ExposuresFor, Spread, PowerLaw, Area, Order)
