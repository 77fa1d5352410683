"""Reading templates from HDF5: contents of cells, and their edges.

A file has a group ``bins`` with the edges of each axis, named by its number, and a data set
``templates/template`` with what is expected in each cell (not densities).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cevns.datasets.store import DataFolder
from cevns.errors import InputError, Mistake
from cevns.likelihood.cells import CellAxis, Cells
from cevns.quantities import unit_scale

Array = np.ndarray[Any, np.dtype[Any]]
_CONTENTS, _EDGES = "templates/template", "bins/{}"
_SAME = 1e-9  # relative: edges that differ by less are the same


@dataclass(frozen=True, eq=False)
class Template:
    """What a file holds: ``contents``, and the ``edges`` of each of its axes."""

    edges: tuple[Array, ...]
    contents: Array


def read_template(folder: DataFolder, file: str) -> Template:
    """The template in ``file``.

    Raises
    ------
    InputError
        For a file that is missing or changed, or that is no such HDF5 file.
    """
    import io

    import h5py

    content = io.BytesIO(folder.read_bytes(file))  # the bytes whose SHA-256 was checked
    try:
        with h5py.File(content, "r") as read:
            contents = np.asarray(read[_CONTENTS], dtype=float)
            edges = [np.asarray(read[_EDGES.format(i)], float) for i in range(contents.ndim)]
    except (OSError, KeyError, TypeError, ValueError):
        expected = f"an HDF5 file with {_CONTENTS} and the edges of its axes"
        raise InputError(Mistake("data", f"{file}, which is something else", expected)) from None
    if contents.shape != tuple(len(one) - 1 for one in edges):
        found = f"{file} with {contents.shape} cells between other edges"
        raise InputError(Mistake("data", found, "edges of all its cells"))
    return Template(tuple(edges), contents)


def histogram_cells(template: Template, units: Mapping[str, str]) -> Cells:
    """The cells of a template, name and unit of its axes in ``units``.

    The last bin of each axis holds its upper edge.
    """
    if len(units) != len(template.edges):
        found = f"{len(units)} names for {len(template.edges)} axes"
        raise InputError(Mistake("data", found, "a name for each axis"))
    axes = []
    for (name, unit), edges in zip(units.items(), template.edges, strict=True):
        shown, scale = ("", 1.0) if unit == "1" else (unit, unit_scale(unit))
        axes.append(CellAxis(name, edges * scale, shown, scale, closed=True))
    return Cells(tuple(axes))


def contents_in(template: Template, cells: Cells, file: str) -> Array:
    """The contents of a template that has the edges of ``cells``, shape (cells,).

    Raises
    ------
    InputError
        Where its edges are others.
    """
    same = len(template.edges) == len(cells.axes) and all(
        len(own) == axis.bins + 1 and np.allclose(own, axis.shown, rtol=_SAME, atol=0)
        for own, axis in zip(template.edges, cells.axes, strict=True)
    )
    if not same:
        raise InputError(Mistake("data", f"{file} with other edges", "those of the data's cells"))
    return template.contents.ravel()
