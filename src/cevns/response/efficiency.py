"""Efficiency: the fraction kept at a given observable, or at a given true recoil energy.

Every curve is clipped to [0, 1]; a list multiplies. Besides its value a curve offers *knots*:
between two of them a parabola through three interior points follows it closely enough for
integrals at 1e-7, so that the smearing table can use closed forms piece by piece.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import TypeAdapter, ValidationInfo, model_serializer

from cevns.errors import Mistake
from cevns.parameters import Parameter, Theta
from cevns.response import axis_mistakes
from cevns.spec import Fraction, Number, Quantity, Spec, Tagged, family, mistake
from cevns.special import erf, namespace
from cevns.tables import FloatArray, TableColumns, TableFile

Of = Literal["observable", "recoil"]
Position = Annotated[float, Quantity("keV", ("keVee", "keVnr", "PE"), range="any")]
Width = Annotated[float, Quantity("keV", ("keVee", "keVnr", "PE"), range="positive")]
Steepness = Annotated[float, Quantity("/keV", ("/keVee", "/keVnr", "/PE"), range="any")]

SPACING = 0.1
"""Distance of knots in units of a curve's own width. The error of the parabola is then at most
1.4e-6 at the ends of a piece and of alternating sign, so it cancels in every integral."""

_NOWHERE: FloatArray = np.empty(0)


class Efficiency(Spec):
    """Base of the efficiency curves."""

    of: Of = "observable"

    def evaluate(self, x: Any, theta: Theta, address: str) -> Any:
        """The fraction kept at ``x``.

        Parameters
        ----------
        x : array, the observable or (``of: recoil``) the true recoil energy

        Returns
        -------
        array of the shape of ``x``, 0 to 1.
        """
        value = self._curve(x, theta, address)
        return namespace(value).clip(value, 0.0, 1.0)

    def knots(
        self, lo: float, hi: float, theta: Theta, address: str, spacing: float = SPACING
    ) -> FloatArray:
        """Points strictly inside (lo, hi) between which the curve is close to a parabola.

        Every point where the curve is not smooth is among them (jumps, points of a table, where
        it is clipped). ``spacing`` sets their distance on smooth parts. Outside the outermost of
        the knots on (−∞, ∞) the curve is constant to 1e-9. (n,) array, ascending.
        """
        points = np.unique(self._knots(theta, address, spacing))
        return points[(points > lo) & (points < hi)]

    def mistakes(self, observable: str, path: str) -> list[Mistake]:
        """Numbers that do not fit the axis the curve is a function of."""
        return axis_mistakes(self, "keV" if self.of == "recoil" else observable, path)

    def _curve(self, x: Any, theta: Theta, address: str) -> Any:
        raise NotImplementedError

    def _knots(self, theta: Theta, address: str, spacing: float) -> FloatArray:
        return _NOWHERE


class ConstantEfficiency(Efficiency):
    """The same fraction everywhere."""

    type: Literal["constant"] = "constant"
    value: Fraction

    def _curve(self, x: Any, theta: Theta, address: str) -> Any:
        return namespace(x).where(x == x, self.get("value", theta, address), 0.0)


class StepEfficiency(Efficiency):
    """``top`` from ``at`` on, nothing below."""

    type: Literal["step"] = "step"
    at: Position
    top: Fraction = 1.0

    def _curve(self, x: Any, theta: Theta, address: str) -> Any:
        reached = x >= self.get("at", theta, address)
        return namespace(x).where(reached, self.get("top", theta, address), 0.0)

    def _knots(self, theta: Theta, address: str, spacing: float) -> FloatArray:
        return np.array([float(self.get("at", theta, address))])


class ErfEfficiency(Efficiency):
    """½ (1 + erf((x − midpoint)/(√2 width)))."""

    type: Literal["erf"] = "erf"
    midpoint: Position
    width: Width

    def _curve(self, x: Any, theta: Theta, address: str) -> Any:
        width = self.get("width", theta, address)
        u = (x - self.get("midpoint", theta, address)) / width
        return 0.5 * (1 + erf(u / math.sqrt(2)))

    def _knots(self, theta: Theta, address: str, spacing: float) -> FloatArray:
        reach = 6.2  # widths; Φ(−6.2) = 3e-10
        u = np.linspace(-reach, reach, 2 * math.ceil(reach / spacing) + 1)
        midpoint = float(self.get("midpoint", theta, address))
        return midpoint + u * float(self.get("width", theta, address))


class SigmoidEfficiency(Efficiency):
    """top/(1 + exp(−steepness (x − midpoint))) + offset."""

    type: Literal["sigmoid"] = "sigmoid"
    top: Number = 1.0
    steepness: Steepness
    midpoint: Position
    offset: Number = 0.0

    def _curve(self, x: Any, theta: Theta, address: str) -> Any:
        xp = namespace(x)
        steepness = self.get("steepness", theta, address)
        # exp(700) is still finite; the curve ended long before.
        u = xp.clip(steepness * (x - self.get("midpoint", theta, address)), -700.0, 700.0)
        top, offset = self.get("top", theta, address), self.get("offset", theta, address)
        return top / (1 + xp.exp(-u)) + offset

    def _knots(self, theta: Theta, address: str, spacing: float) -> FloatArray:
        steepness = float(self.get("steepness", theta, address))
        if abs(steepness) < 1e-200:  # flat, in any units; 1/steepness must not overflow
            return _NOWHERE
        top = float(self.get("top", theta, address))
        offset = float(self.get("offset", theta, address))
        clips = [_sigmoid_argument(top, level - offset) for level in (0.0, 1.0)]
        grid = _sigmoid_grid(spacing)
        height = top / (1 + np.exp(-grid)) + offset
        unclipped = grid[(height > 0) & (height < 1)]
        u = np.array([*unclipped, *(value for value in clips if value is not None)])
        return float(self.get("midpoint", theta, address)) + u / steepness


def _sigmoid_argument(top: float, level: float) -> float | None:
    """u at which top/(1 + e^{−u}) = level, None where it never is."""
    ratio = top / level - 1 if level else 0.0
    return -math.log(ratio) if ratio > 0 else None


def _sigmoid_grid(spacing: float) -> FloatArray:
    """Knots in units of 1/steepness: even in the middle, wider as the third derivative dies.

    The error of a parabola goes like h³ times the third derivative, and that like e^{−|u|}:
    h ∝ e^{|u|/3} would keep it the same in every piece. With e^{|u|/4} it dies out where pieces
    get wider than a resolution and errors do not cancel. At the ends, |u| = 23, 1e-10 is left.
    """
    edge, end, growth = 2.0, 23.0, 4.0
    middle = np.linspace(-edge, edge, 2 * math.ceil(edge / spacing) + 1)
    # s = ∫ e^{−(u − edge)/growth} du is the coordinate in which the tail's knots are even.
    last = growth * (1 - math.exp(-(end - edge) / growth))
    even = np.linspace(0.0, last, math.ceil(last / spacing) + 1)[1:]
    tail = edge - growth * np.log1p(-even / growth)
    return np.concatenate([-tail[::-1], middle, tail])


class TableEfficiency(Efficiency):
    """A table ``energy [keVee],efficiency``."""

    type: Literal["table"] = "table"
    file: Annotated[
        TableFile,
        TableColumns(("energy", ("keV", "keVee", "keVnr", "PE")), ("efficiency", ("1",))),
    ]

    def _curve(self, x: Any, theta: Theta, address: str) -> Any:
        return self.file.table(x)

    def _knots(self, theta: Theta, address: str, spacing: float) -> FloatArray:
        x, y = self.file.table.x, self.file.table.y
        points = [x]
        for level in (0.0, 1.0):
            crossed = np.flatnonzero((y[:-1] - level) * (y[1:] - level) < 0)
            part = (level - y[crossed]) / (y[crossed + 1] - y[crossed])
            points.append(x[crossed] + part * (x[crossed + 1] - x[crossed]))
        return np.concatenate(points)


CURVES = family(
    ConstantEfficiency, StepEfficiency, ErfEfficiency, SigmoidEfficiency, TableEfficiency
)
_TAG = Tagged(CURVES, "efficiency")


class EfficiencyProduct(Spec):
    """One curve or a list of them, which multiply; none is an efficiency of one.

    A single block has the addresses ``<address>.midpoint``; in a list the number of the block
    comes between, ``<address>.0.midpoint``.
    """

    factors: tuple[Annotated[Efficiency, _TAG], ...] = ()
    listed: bool = False

    def _members(self, of: Of, address: str) -> Iterator[tuple[Efficiency, str]]:
        for number, factor in enumerate(self.factors):
            if factor.of == of:
                yield factor, f"{address}.{number}" if self.listed else address

    def evaluate(self, x: Any, theta: Theta, address: str, of: Of = "observable") -> Any:
        """Product of the curves of one axis at ``x``, array of the shape of ``x``."""
        value = namespace(x).where(x == x, 1.0, 1.0)
        for factor, inner in self._members(of, address):
            value = value * factor.evaluate(x, theta, inner)
        return value

    def knots(
        self,
        lo: float,
        hi: float,
        theta: Theta,
        address: str,
        spacing: float = SPACING,
        of: Of = "observable",
    ) -> FloatArray:
        """The knots of all curves of one axis inside (lo, hi), ascending."""
        members = list(self._members(of, address))
        found = [factor.knots(lo, hi, theta, inner, spacing) for factor, inner in members]
        points = np.unique(np.concatenate([_NOWHERE, *found]))
        # Two straight pieces multiply to a parabola exactly; more need shorter pieces.
        if sum(isinstance(factor, TableEfficiency) for factor, _ in members) > 2:
            points = _subdivided(points, 16)
        return points

    def parameters(self, address: str) -> Iterator[Parameter]:
        """Those of every curve."""
        for number, factor in enumerate(self.factors):
            yield from factor.parameters(f"{address}.{number}" if self.listed else address)

    def mistakes(self, observable: str, path: str) -> list[Mistake]:
        """Numbers that do not fit the observable ("keV", "keVee" or "PE")."""
        found: list[Mistake] = []
        for number, factor in enumerate(self.factors):
            found += factor.mistakes(observable, f"{path}[{number}]" if self.listed else path)
        return found

    @model_serializer
    def _dump(self) -> Any:
        """As it is written in a file."""
        blocks = [factor.model_dump() for factor in self.factors]
        return blocks if self.listed or not blocks else blocks[0]


def _subdivided(points: FloatArray, parts: int) -> FloatArray:
    """Each interval between ``points`` cut into ``parts``."""
    if points.size < 2:
        return points
    steps = np.arange(parts) / parts
    inner = points[:-1, None] + steps * np.diff(points)[:, None]
    return np.append(inner.ravel(), points[-1])


_LIST: TypeAdapter[Any] = TypeAdapter(list[Annotated[Any, _TAG]])


class _EfficiencyBlock(Tagged):
    """One efficiency block, or a list of them."""

    def _validate(self, value: Any, info: ValidationInfo) -> EfficiencyProduct:
        if isinstance(value, EfficiencyProduct):
            return value
        if isinstance(value, (list, tuple)):
            factors = _LIST.validate_python(list(value), context=info.context)
            return EfficiencyProduct(factors=tuple(factors), listed=True)
        if not isinstance(value, (Mapping, Efficiency)):
            raise mistake(repr(value)[:60], "an efficiency block or a list of them")
        return EfficiencyProduct(factors=(super()._validate(value, info),))


EfficiencyField = Annotated[EfficiencyProduct, _EfficiencyBlock(CURVES, "efficiency")]
"""Annotation of an ``efficiency`` field; its default is ``EfficiencyProduct()``."""

NO_EFFICIENCY = EfficiencyProduct()
