"""Layers of figures that draw a computation against one of its own keys."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from cevns.errors import nearest, show
from cevns.reproductions.computations import Computation, Computed
from cevns.reproductions.figures import LAYERS, Axis, Curve, Drawn, Layer
from cevns.reproductions.workbench import Workbench
from cevns.spec import Number, mistake, quantity_of

Array = np.ndarray[Any, np.dtype[Any]]
_STEPS = 301  # points of a curve


def _check_key(of: Computation, key: str, kind: str, number: bool) -> None:
    """Refuse a ``key`` that is none of the numbers, or none of the texts, of a computation."""
    fields = type(of).model_fields
    known = [name for name, one in fields.items() if (quantity_of(one) is not None) == number]
    if key not in known:
        raise mistake(show(key), f"a {kind} of {show(of.type)}", nearest(key, known))  # type: ignore[attr-defined]


class AgainstLayer(Layer):
    """A computation against one of its own numbers, ``key``, on the horizontal axis.

    The value that the declaration gives to the key is not used.
    """

    type: Literal["against"] = "against"
    of: Computed
    key: str = "energy"

    @model_validator(mode="after")
    def _a_number(self) -> Self:
        _check_key(self.of, self.key, "number", number=True)
        return self

    def draw(self, bench: Workbench, x: Axis, y: Axis) -> Drawn:
        points = x.steps(_STEPS)
        each = [
            self.of.model_copy(update={self.key: float(point * x.size)}).value(bench)
            for point in points
        ]
        return Curve(points, np.array(each, dtype=float) / y.size)


class _Series(Layer):
    """Computations for several ``values`` of a text among their keys, at the places ``at``."""

    key: str = "target"
    values: tuple[str, ...]
    at: Annotated[tuple[Number, ...], Field(min_length=2)]

    @model_validator(mode="after")
    def _as_many(self) -> Self:
        if len(self.values) != len(self.at):
            found = f"{len(self.values)} values at {len(self.at)} places"
            raise mistake(found, "as many places as values")
        for of in self._computed():
            _check_key(of, self.key, "text", number=False)
        return self

    def _computed(self) -> tuple[Computation, ...]:
        raise NotImplementedError

    def _points(self, of: Computation, bench: Workbench, y: Axis) -> Array:
        each = [of.model_copy(update={self.key: one}).value(bench) for one in self.values]
        return np.array(each, dtype=float) / y.size


class SeriesLayer(_Series):
    """A computation for several values of one of its keys, as points or joined by a line."""

    type: Literal["series"] = "series"
    of: Computed

    def _computed(self) -> tuple[Computation, ...]:
        return (self.of,)

    def draw(self, bench: Workbench, x: Axis, y: Axis) -> Drawn:
        return Curve(np.array(self.at), self._points(self.of, bench, y))


class SeriesBandLayer(_Series):
    """What lies between two such series; it is filled where the look says so."""

    type: Literal["series-band"] = "series-band"
    low: Computed
    high: Computed

    def _computed(self) -> tuple[Computation, ...]:
        return self.low, self.high

    def draw(self, bench: Workbench, x: Axis, y: Axis) -> Drawn:
        low, high = (self._points(of, bench, y) for of in self._computed())
        there = np.array(self.at)
        return Curve(np.append(there, there[::-1]), np.append(low, high[::-1]))


LAYERS.update(
    {
        layer.model_fields["type"].default: layer
        for layer in (AgainstLayer, SeriesLayer, SeriesBandLayer)
    }
)
