"""Computations at numbers that are themselves computed, of other spins, point by point; curves.

.. code-block:: yaml

   ours:                                    # the mass [TeV] at which a Z' is seen at S/√B = 2
     type: crossing
     equals: 2
     along: {direction: {M: 1}, between: [0.5, 10]}
     of:
       type: significance
       of:
         type: where
         are: {heavy-zprime.mass: {type: variable, name: M, unit: TeV}}
         of: {type: counts, experiment: germanium-chi.yaml}
       background: {type: counts, experiment: germanium.yaml}

A name in θ that is not an address is a variable: `Variable` reads it, `Where` makes addresses of
it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache, lru_cache, reduce
from operator import add, mul
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from cevns.errors import InputError, Mistake, nearest, unknown_name
from cevns.experiment import Experiment
from cevns.nuclides import nuclide
from cevns.parameters import NOMINAL, Theta
from cevns.quantities import unit_scale
from cevns.reproductions.computations import Computation, Computed, vocabulary
from cevns.reproductions.figures import LAYERS, AnyLayer, Axis, Curve, Layer, Unit
from cevns.reproductions.lines import Along
from cevns.reproductions.workbench import Workbench
from cevns.spec import Number, mistake, relay
from cevns.spins import SimpleSpins

Array = np.ndarray[Any, np.dtype[Any]]
_ALMOST = 1e-12  # what rounding may carry sin²2θ beyond 1

# --- numbers -------------------------------------------------------------------------------------


class Amount(Computation):
    """A number, in ``unit``."""

    type: Literal["amount"] = "amount"
    number: Number
    unit: Unit = ""

    def value(self, bench: Workbench, theta: Theta = NOMINAL) -> Any:
        return self.number * unit_scale(self.unit)


class Variable(Computation):
    """The number called ``name`` in θ, a pure one that counts ``unit``."""

    type: Literal["variable"] = "variable"
    name: str
    unit: Unit = ""

    def value(self, bench: Workbench, theta: Theta = NOMINAL) -> Any:
        if self.name not in theta:
            close = nearest(self.name, theta)
            raise InputError(Mistake("variable", repr(self.name), "a number in θ", close))
        return theta[self.name] * unit_scale(self.unit)


class Named(Computation):
    """One of the computations that the paper names among its ``numbers``."""

    type: Literal["named"] = "named"
    name: str

    def value(self, bench: Workbench, theta: Theta = NOMINAL) -> Any:
        if self.name not in bench.numbers:
            raise unknown_name("name", self.name, bench.numbers, "number of the paper")
        return bench.numbers[self.name].value(bench, theta)


class Mixing(Computation):
    """The smaller \\|U\\|² with 4\\|U\\|²(1 − \\|U\\|²) = sin²2θ, where ``of`` is sin²2θ."""

    type: Literal["mixing"] = "mixing"
    of: Computed

    def value(self, bench: Workbench, theta: Theta = NOMINAL) -> Any:
        sine = np.asarray(self.of.value(bench, theta), dtype=float)
        if np.any((sine < 0) | (sine > 1 + _ALMOST)):
            raise InputError(Mistake("mixing", f"{np.max(sine):g}", "a number from 0 to 1"))
        root = np.sqrt(np.maximum(1 - sine, 0.0))
        return (0.5 * sine / (1 + root))[()]  # (1 − root)/2, without a difference


class Sum(Computation):
    """The sum of several numbers."""

    type: Literal["sum"] = "sum"
    of: Annotated[tuple[Computed, ...], Field(min_length=2)]

    def value(self, bench: Workbench, theta: Theta = NOMINAL) -> Any:
        return reduce(add, (one.value(bench, theta) for one in self.of))


class Product(Computation):
    """The product of several numbers, each to its power; 1 for all where none are given."""

    type: Literal["product"] = "product"
    of: Annotated[tuple[Computed, ...], Field(min_length=1)]
    powers: tuple[Number, ...] = ()

    @model_validator(mode="after")
    def _a_power_each(self) -> Self:
        if self.powers and len(self.powers) != len(self.of):
            raise mistake(f"{len(self.powers)} powers", f"{len(self.of)}, one for each number")
        return self

    def value(self, bench: Workbench, theta: Theta = NOMINAL) -> Any:
        powers = self.powers or (1.0,) * len(self.of)
        each = zip(self.of, powers, strict=True)
        return reduce(mul, (one.value(bench, theta) ** power for one, power in each))


class Excess(Computation):
    """By how much ``of`` exceeds ``over``, relative to it: negative for a deficit."""

    type: Literal["excess"] = "excess"
    of: Computed
    over: Computed

    def value(self, bench: Workbench, theta: Theta = NOMINAL) -> Any:
        base = self.over.value(bench, theta)
        return (self.of.value(bench, theta) - base) / base


class Significance(Computation):
    """(E − B)/√B of the counts E of ``of`` over a known ``background`` B, that of no θ."""

    type: Literal["significance"] = "significance"
    of: Computed
    background: Computed

    def value(self, bench: Workbench, theta: Theta = NOMINAL) -> Any:
        background = self.background.value(bench, NOMINAL)
        return (self.of.value(bench, theta) - background) / np.sqrt(background)


# --- the same computation elsewhere --------------------------------------------------------------


class Where(Computation):
    """``of`` where numbers ``are`` what is computed for them; of θ it sees nothing else."""

    type: Literal["where"] = "where"
    of: Computed
    are: Annotated[dict[str, Computed], Field(min_length=1)]

    def value(self, bench: Workbench, theta: Theta = NOMINAL) -> Any:
        return self.of.value(bench, {n: one.value(bench, theta) for n, one in self.are.items()})


class Pointwise(Computation):
    """``of`` for one value of the number ``over`` after the other, where θ holds an array of it.

    For numbers that shape spectra or the response. No other number is an array.
    """

    type: Literal["pointwise"] = "pointwise"
    of: Computed
    over: str

    def value(self, bench: Workbench, theta: Theta = NOMINAL) -> Any:
        points = np.asarray(theta.get(self.over, np.nan), dtype=float)
        if self.over not in theta or not points.ndim:
            return self.of.value(bench, theta)
        each = [self.of.value(bench, {**theta, self.over: float(x)}) for x in points.ravel()]
        return np.array(each, dtype=float).reshape(points.shape)


class Mean(Computation):
    """The mean of ``of`` over a line, at even steps from end to end."""

    type: Literal["mean"] = "mean"
    of: Computed
    along: Along

    def value(self, bench: Workbench, theta: Theta = NOMINAL) -> Any:
        line = bench.line(self.along)
        values = np.asarray(self.of.value(bench, line.theta(line.points, theta)), dtype=float)
        return float(np.trapezoid(np.broadcast_to(values, line.points.shape)) / (values.size - 1))


class WithSpins(Computation):
    """``of`` with spins of nuclei counted by hand: (Z₊ − Z₋, N₊ − N₋), others by the rule.

    The picture is `cevns.spins.SimpleSpins`, ``axial: simple`` of an experiment file.
    """

    type: Literal["with-spins"] = "with-spins"
    of: Computed
    counts: Annotated[dict[str, tuple[int, int]], Field(min_length=1)]

    @model_validator(mode="after")
    def _nuclides(self) -> Self:
        for name in self.counts:
            try:
                nuclide(name)
            except InputError as error:
                raise relay(error, "counts") from None
        return self

    def value(self, bench: Workbench, theta: Theta = NOMINAL) -> Any:
        return self.of.value(_with_spins(bench, tuple(self.counts.items())), theta)


class _Changed(Workbench):
    """A workbench on which the experiments have other spins."""

    def __init__(self, bench: Workbench, spins: SimpleSpins):
        super().__init__(bench.folder, bench.lines, bench.numbers)

        def changed(file: str) -> Experiment:
            return replace(bench.experiment(file), axial=spins)

        self._made = cache(changed)

    def experiment(self, file: str) -> Experiment:
        return self._made(file)


@lru_cache(maxsize=32)  # what the experiments fold is kept as long
def _with_spins(bench: Workbench, counts: tuple[tuple[str, tuple[int, int]], ...]) -> Workbench:
    return _Changed(bench, SimpleSpins(dict(counts)))


vocabulary(Amount, Variable, Named, Mixing, Sum, Product, Excess, Significance)
vocabulary(Where, Pointwise, Mean, WithSpins)

# --- curves --------------------------------------------------------------------------------------


class OverLayer(Layer):
    """A computation against the number ``over``, which is on the horizontal axis, at ``points``."""

    type: Literal["over"] = "over"
    of: Computed
    over: str
    points: Annotated[int, Field(strict=True, ge=2)] = 301

    def draw(self, bench: Workbench, x: Axis, y: Axis) -> Curve:
        across = x.steps(self.points)
        at: Mapping[str, Any] = {self.over: across * x.size}
        values = np.broadcast_to(self.of.value(bench, at), across.shape)
        return Curve(across, values / y.size)


class QuotientLayer(Layer):
    """One curve over another, at the points of the first."""

    type: Literal["quotient"] = "quotient"
    of: AnyLayer
    to: AnyLayer

    def draw(self, bench: Workbench, x: Axis, y: Axis) -> Curve:
        plain = y.model_copy(update={"unit": ""})
        over, under = (one.draw(bench, x, plain) for one in (self.of, self.to))
        below = np.interp(over.x, under.x, under.y)
        with np.errstate(all="ignore"):
            values = np.where(below > 0, over.y / below, np.nan)
        return Curve(over.x, values / y.size)


LAYERS.update({"over": OverLayer, "quotient": QuotientLayer})
