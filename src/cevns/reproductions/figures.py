"""The vocabulary of figures: panels of layers, and what each layer computes.

A layer is drawn data: curves, regions of a plane and bands, in the units of its panel. How they
look (lines, colours, fills) is said beside them; `cevns.display.plot_reproduction` draws them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import AfterValidator, Field, model_validator

from cevns.errors import show, unknown_name
from cevns.kinematics import maximum_recoil
from cevns.overlays import Shape, overlay_names, read_overlay
from cevns.quantities import unit_scale
from cevns.reproductions.algebra import Height, height_of, plane_values
from cevns.reproductions.computations import (
    Computation,
    Computed,
    CrossSection,
    NeutrinoEnergy,
)
from cevns.reproductions.lines import Along, Line
from cevns.reproductions.workbench import Workbench
from cevns.spec import Number, Spec, Tagged, mistake

Array = np.ndarray[Any, np.dtype[Any]]
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_STEPS = 301  # points of a curve
_SIDE = 301  # points of a side of a plane
_BESIDE = 1e-9  # relative distance from where a curve ends or jumps


def _check_unit(text: str) -> str:
    try:
        unit_scale(text)
    except ValueError as error:
        raise mistake(f"the unit {show(str(error))}", "a product of known units") from None
    return text


def _check_id(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise mistake(show(text), "lower-case words with hyphens")
    return text


Unit = Annotated[str, AfterValidator(_check_unit)]
Id = Annotated[str, AfterValidator(_check_id)]


class Axis(Spec):
    """One axis of a panel: its label, its range in ``unit``, linear or logarithmic."""

    label: str
    unit: Unit = ""
    start: Annotated[Number, Field(alias="from")]
    to: Number
    scale: Literal["linear", "log"] = "linear"

    @model_validator(mode="after")
    def _a_range(self) -> Self:
        if not self.start < self.to or (self.scale == "log" and self.start <= 0):
            found = f"from {self.start:g} to {self.to:g}"
            raise mistake(found, "'from' below 'to', on a log scale above 0")
        return self

    @property
    def size(self) -> float:
        """Its unit in internal units."""
        return unit_scale(self.unit)

    def steps(self, number: int) -> Array:
        """Even steps from end to end, in its unit."""
        make = np.geomspace if self.scale == "log" else np.linspace
        return make(self.start, self.to, number)


@dataclass(frozen=True, eq=False)
class Curve:
    """Points of a line; NaN breaks it."""

    x: Array
    y: Array


@dataclass(frozen=True, eq=False)
class Region:
    """Part of a plane: where ``values``, shape (x, y), lie between two heights."""

    x: Array
    y: Array
    values: Array
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Band:
    """What is allowed on the horizontal axis: intervals in its unit."""

    intervals: tuple[tuple[float, float], ...]


Drawn = Curve | Region | Band


Strong = Literal["black", "blue", "green", "grey", "orange", "purple", "sky", "vermilion"]
Colour = Strong | Literal["light", "medium", "dark"]
"""Colours by name; the last three are the greys of filled regions."""


class Look(Spec):
    """How a layer looks; without ``fill`` a region is its outline."""

    line: Literal["solid", "dashed", "dotted", "dash-dot", "none"] = "solid"
    marker: Literal["none", "circle", "square", "diamond"] = "none"
    colour: str = "black"
    width: Number = 1.3
    fill: bool = False


class Layer(Spec):
    """Something drawn in a panel, ``label`` is its text in the legend."""

    label: str = ""
    look: Look = Look()

    def draw(self, bench: Workbench, x: Axis, y: Axis) -> Drawn:
        """Its data in the units of the axes."""
        raise NotImplementedError


class _OfExperiment(Layer):
    experiment: str
    of: tuple[str, ...] = ()
    at: dict[str, Any] = Field(default_factory=dict)


class FluxLayer(_OfExperiment):
    """The spectrum of neutrinos, of unit integral for each component; a line is a spike."""

    type: Literal["flux"] = "flux"

    def draw(self, bench: Workbench, x: Axis, y: Axis) -> Drawn:
        spectra = [one.spectrum for one in bench.components(self.experiment, self.of)]
        energy = _around(x.steps(_STEPS) * x.size, [s.breaks[-1] for s in spectra])
        values = np.array(sum(np.asarray(spectrum(energy)) for spectrum in spectra))
        lines = [line for s in spectra if not np.any(s(energy)) for line in s.breaks]
        if lines:  # a line has no density: it is drawn as high as the panel
            energy = np.concatenate([[line, line, np.nan] for line in lines])
            values = np.tile([y.start * y.size, y.to * y.size, np.nan], len(lines))
        return Curve(energy / x.size, values / y.size)


class SpectrumLayer(_OfExperiment):
    """dN/dT against the recoil energy."""

    type: Literal["spectrum"] = "spectrum"

    def draw(self, bench: Workbench, x: Axis, y: Axis) -> Drawn:
        recoil = x.steps(_STEPS) * x.size
        recoil = _around(recoil[recoil > 0], bench.largest_recoils(self.experiment))
        theta = bench.theta(self.experiment, {}, self.at)
        values = bench.spectrum(self.experiment, recoil, self.of, theta)
        return Curve(recoil / x.size, values / y.size)


class ThresholdLayer(_OfExperiment):
    """Events over threshold against the threshold, in one ``channel`` where one is given."""

    type: Literal["over-threshold"] = "over-threshold"
    channel: str | None = None

    def draw(self, bench: Workbench, x: Axis, y: Axis) -> Drawn:
        levels = x.steps(_STEPS) * x.size
        theta = bench.theta(self.experiment, {}, self.at)
        edges = np.append(levels, np.inf)
        events = bench.events(self.experiment, edges, self.of, theta, self.channel)
        above = np.cumsum(events[::-1])[::-1]
        return Curve(levels / x.size, above / y.size)


class CrossSectionLayer(_OfExperiment):
    """dσ/dT against the recoil energy, for neutrinos of one energy."""

    type: Literal["cross-section"] = "cross-section"
    energy: NeutrinoEnergy

    def draw(self, bench: Workbench, x: Axis, y: Axis) -> Drawn:
        computed = CrossSection(
            experiment=self.experiment, of=self.of, at=self.at, energy=self.energy
        )
        experiment = bench.experiment(self.experiment)
        ends = [
            float(maximum_recoil(self.energy, nucleus.mass, experiment.kinematics))
            for nucleus in experiment.scatterers
        ]
        recoil = x.steps(_STEPS) * x.size
        recoil = _around(recoil[recoil > 0], ends)
        return Curve(recoil / x.size, computed.differential(bench, recoil) / y.size)


class CurveLayer(Layer):
    """A computation along a line in θ; the horizontal axis is the line's own t."""

    type: Literal["curve"] = "curve"
    of: Computed
    along: Along

    def draw(self, bench: Workbench, x: Axis, y: Axis) -> Drawn:
        t, values = _on_line(self.of, self.along, bench)
        return Curve(t / x.size, values / y.size)


class RegionLayer(Layer):
    """Where a computation lies below a height, or between two, in the plane of two numbers.

    ``points`` on each side of the plane; several heights of one computation share its values.
    """

    type: Literal["region"] = "region"
    of: Computed
    x: str
    y: str
    above: Height | None = None
    below: Height
    points: Annotated[int, Field(strict=True, ge=2)] = _SIDE

    def draw(self, bench: Workbench, x: Axis, y: Axis) -> Drawn:
        across, up = (axis.steps(self.points) * axis.size for axis in (x, y))
        key = (repr(self.of), self.x, self.y, across.tobytes(), up.tobytes())
        if key not in bench.planes:
            plane = {self.x: across, self.y: up}
            bench.planes[key] = plane_values(self.of, bench, plane, (across, up))
        values = bench.planes[key]
        low = -np.inf if self.above is None else height_of(self.above)
        return Region(across / x.size, up / y.size, values, low, height_of(self.below))


class BandLayer(Layer):
    """Where a computation along a line lies below a height: bands of the horizontal axis."""

    type: Literal["band"] = "band"
    of: Computed
    along: Along
    below: Height

    def draw(self, bench: Workbench, x: Axis, y: Axis) -> Drawn:
        t, values = _on_line(self.of, self.along, bench)
        inside = np.concatenate([[False], values < height_of(self.below), [False]])
        edges = np.flatnonzero(inside[1:] != inside[:-1]).reshape(-1, 2)
        return Band(tuple((t[i] / x.size, t[j - 1] / x.size) for i, j in edges))


class LevelLayer(Layer):
    """A horizontal line at a height."""

    type: Literal["level"] = "level"
    at: Height

    def draw(self, bench: Workbench, x: Axis, y: Axis) -> Drawn:
        return Curve(np.array([x.start, x.to]), np.full(2, height_of(self.at) / y.size))


class OverlayLayer(Layer):
    """The outline of a limit from elsewhere, one of `cevns.overlays`, in a plane."""

    type: Literal["overlay"] = "overlay"
    name: str
    x: str
    y: str

    def draw(self, bench: Workbench, x: Axis, y: Axis) -> Drawn:
        if self.name not in overlay_names():
            raise unknown_name("overlay", self.name, overlay_names(), "overlay")
        outlines = [
            self._outline(shape, (x.start, x.to))
            for shape in read_overlay(self.name).on((self.x, self.y))
            if len(shape.parameters) > 1
        ]
        gap = np.array([np.nan])
        across, up = (np.concatenate([p for o in outlines for p in (o[i], gap)]) for i in (0, 1))
        return Curve(across[:-1], up[:-1])

    def _outline(self, shape: Shape, ends: tuple[float, float]) -> tuple[Array, Array]:
        first, second = shape.curve(ends)
        return (first, second) if shape.parameters[0] == self.x else (second, first)


def _on_line(of: Computation, along: str | Line, bench: Workbench) -> tuple[Array, Array]:
    """The points of a line and what a computation is there."""
    line = bench.line(along)
    return line.points, np.broadcast_to(of.value(bench, line.theta(line.points)), line.points.shape)


def _around(points: Array, ends: Sequence[float]) -> Array:
    """``points`` with one on each side of every end between them."""
    beside = [end * side for end in ends for side in (1 - _BESIDE, 1 + _BESIDE)]
    inside = [p for p in beside if points[0] < p < points[-1]]
    return np.union1d(points, inside)


LAYERS: dict[str, type[Layer]] = {
    layer.model_fields["type"].default: layer
    for layer in (
        *(FluxLayer, SpectrumLayer, ThresholdLayer, CrossSectionLayer),
        *(CurveLayer, RegionLayer, BandLayer, LevelLayer, OverlayLayer),
    )
}
"""``type`` → class of every layer."""

AnyLayer = Annotated[Any, Tagged(lambda: LAYERS, "layer")]


class Panel(Spec):
    """One pair of axes with a line of ``text`` above; ``legend`` is where its legend goes."""

    x: Axis
    y: Axis
    text: str = ""
    legend: Literal["upper left", "upper right", "lower left", "lower right", "below"]
    layers: Annotated[tuple[AnyLayer, ...], Field(min_length=1)]


class FigureSpec(Spec):
    """A figure of a paper: panels from the top down, and what its caption says in our words."""

    id: Id
    title: str
    note: str = ""
    panels: Annotated[tuple[Panel, ...], Field(min_length=1)]
