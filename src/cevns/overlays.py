"""Limits from elsewhere that are drawn beside a result: small tables with their references.

``scan: {overlays: [charm-2003]}`` names them; each is a file in ``data/overlays``. A row is a
shape over one parameter or over two:

========== ================================ ====================================================
kind       numbers                          allowed
========== ================================ ====================================================
band       lower, upper                     lower < x < upper, all others zero
chiral     L lower, L upper, R lower, ...   the same of ε^V = ε^L + ε^R where ε^A = 0
ellipse    x, y, semi-axis x, semi-axis y   inside
parabola   c0, c1, c2                       y above c0 + c1 x + c2 x²
========== ================================ ====================================================
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from cevns.errors import nearest, show
from cevns.spec import mistake

Array = np.ndarray[Any, np.dtype[Any]]

NUMBERS: Mapping[str, int] = {"band": 2, "chiral": 4, "ellipse": 4, "parabola": 3}
"""Kind of a shape → how many numbers it has."""

_POINTS = 361


@dataclass(frozen=True)
class Shape:
    """One limit: the parameters it is about (one or two addresses), its kind and its numbers."""

    label: str
    parameters: tuple[str, ...]
    kind: str
    numbers: tuple[float, ...]

    @property
    def interval(self) -> tuple[float, float]:
        """The ends of a band.

        For left- and right-handed limits those on the vector coupling: where the axial one is
        zero, ε^L = ε^R = ε^V/2, and both limits hold.
        """
        if self.kind == "band":
            return self.numbers[0], self.numbers[1]
        left, right = self.numbers[:2], self.numbers[2:]
        return 2.0 * max(left[0], right[0]), 2.0 * min(left[1], right[1])

    def curve(self, x_range: Sequence[float]) -> tuple[Array, Array]:
        """The boundary of an ellipse or a parabola, as x and y.

        ``x_range`` holds the ends of the axis of the first parameter.
        """
        if self.kind == "ellipse":
            angle = np.linspace(0.0, 2.0 * np.pi, _POINTS)
            x0, y0, a, b = self.numbers
            return x0 + a * np.cos(angle), y0 + b * np.sin(angle)
        x = np.linspace(x_range[0], x_range[1], _POINTS)
        return x, np.polynomial.polynomial.polyval(x, self.numbers)


@dataclass(frozen=True)
class Overlay:
    """Limits with one reference."""

    name: str
    reference: str
    shapes: tuple[Shape, ...]

    def on(self, axes: Sequence[str]) -> list[Shape]:
        """The shapes whose parameters are all among ``axes``, which are addresses."""
        return [shape for shape in self.shapes if set(shape.parameters) <= set(axes)]


@cache
def overlay_names() -> tuple[str, ...]:
    """The names of all overlays."""
    found = (files("cevns") / "data" / "overlays").iterdir()
    return tuple(sorted(one.name.removesuffix(".csv") for one in found))


def known_overlay(name: str) -> str:
    """``name`` itself where it is one, for a block of the experiment file."""
    if name not in overlay_names():
        expected = f"one of the overlays {', '.join(overlay_names())}"
        raise mistake(show(name), expected, nearest(name, overlay_names()))
    return name


def read_overlay(name: str) -> Overlay:
    """The overlay called ``name``, one of `overlay_names`."""
    text = (files("cevns") / "data" / "overlays" / f"{name}.csv").read_text("utf-8")
    lines = text.splitlines()
    head = dict(line[1:].strip().split(": ", 1) for line in lines if line.startswith("#"))
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    return Overlay(name, head["reference"], tuple(_shape(row) for row in rows))


def _shape(row: Mapping[str, str]) -> Shape:
    numbers = tuple(float(word) for word in row["numbers"].split())
    assert len(numbers) == NUMBERS[row["kind"]]
    return Shape(row["label"], tuple(row["parameters"].split()), row["kind"], numbers)
