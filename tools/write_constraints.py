"""Write docs/constraints.csv, docs/constraints-mediators.csv, and tables and figures of the page.

What the data of COHERENT allow of new physics, computed from examples/constraints; needs the files
of the data sets (``cevns data fetch``, or CEVNS_DATA) and ten minutes. Tests compare a part of the
tables with what is computed then, and the page with the tables. Usage:
``python tools/write_constraints.py``; with ``--page`` only docs/constraints.md, from the tables;
with ``--figures`` only the figures, that of the mediators from its table, in three minutes.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from cevns.config.study import Study, load, study_from
from cevns.display.plot_scan import figures
from cevns.display.plot_style import (
    BLACK,
    BLUE,
    GREEN,
    ORANGE,
    VERMILION,
    finish,
    new_figure,
    save,
    style,
)
from cevns.inference.limits import Allowed, allowed, limit_curve
from cevns.inference.minimum import minimise
from cevns.inference.outcome import Outcome, outcome
from cevns.inference.plane import Grid, grid_of
from cevns.scan.merge import merge, read
from cevns.scan.run import run
from cevns.units import MeV
from cevns.yaml_reader import read_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROOT = Path(__file__).parents[1]
DOCS, EXAMPLES = ROOT / "docs", ROOT / "examples" / "constraints"

CONFIDENCE = 0.90
BOTH, CSI, ARGON = "CsI and argon", "coherent-csi-2021", "coherent-lar-2020"
DATA = (BOTH, CSI, ARGON)
MASSES = np.geomspace(1 * MeV, 1e4 * MeV, 17)
SHOWN_MASSES = (1.0, 10.0, 100.0, 1e3, 1e4)  # MeV
MEDIATORS = {
    "vector-universal": "universal vector",
    "vector-b-l": "B−L",
    "vector-lmu-ltau": "L_μ−L_τ",
    "scalar": "scalar",
    "tensor": "tensor",
}
SYMBOLS = {"vector-b-l": "$B-L$", "vector-lmu-ltau": r"$L_\mu-L_\tau$"}
"""Mediators with a name of more than letters, as a figure shows it."""
PLANES = ("nsi-plane-up", "nsi-degenerate-lines", "charge-radii-plane")
COLUMNS = ("parameter", "data", "lower", "upper", "dof", "best", "standard_model", "unit", "file")
CURVE_COLUMNS = ("file", "mass_MeV", "lower", "upper", "dof", "best")
FREE = {"dof": "1"}
"""Both tables: intervals of one parameter, also at each mass (`cevns.inference.limits`)."""


@dataclass(frozen=True)
class Coupling:
    """One line of the table: an address, the example that scans it or its like, how it is shown."""

    address: str
    file: str
    title: str
    factor: float = 1.0


def _couplings() -> Iterator[Coupling]:
    for quark in "ud":
        for pair, shown in (("ee", "ee"), ("mumu", "μμ")):
            yield Coupling(f"nsi.eps_{pair}_{quark}", "nsi-diagonal", f"ε_{shown}^{quark}")
    for quark in "ud":
        for pair, shown in (("emu", "eμ"), ("etau", "eτ"), ("mutau", "μτ")):
            yield Coupling(f"nsi.eps_{pair}_{quark}", "nsi-off-diagonal", f"ε_{shown}^{quark}")
    kinds = {
        "magnetic-moment": ("μ({}) [1e-10 μ_B]", 1e-10),
        "charge-radius": ("⟨r²⟩({}) [1e-32 cm²]", 1e-32),
        "millicharge": ("q({}) [1e-8 e]", 1e-8),
    }
    for kind, (title, factor) in kinds.items():
        for flavour, shown in (("nu_e", "ν_e"), ("nu_mu", "ν_μ")):
            yield Coupling(f"{kind}.{flavour}", kind, title.format(shown), factor)


COUPLINGS = tuple(_couplings())


# --- one coupling at a time -----------------------------------------------------------------------


def study_of(coupling: Coupling, data: str) -> Study:
    """The example with another coupling on its axis, and one of its data sets alone."""
    content: dict[str, Any] = read_text((EXAMPLES / f"{coupling.file}.yaml").read_text("utf-8"))
    content.pop("fit", None)
    ((_, values),) = content["scan"]["parameters"].items()
    content["scan"]["parameters"] = {coupling.address: values}
    if data != BOTH:
        del content["experiments"]
        content["data"] = data
    return study_from(content)


def interval(coupling: Coupling, data: str) -> list[dict[str, str]]:
    """Rows of the table: one for each interval that is allowed."""
    grid = grid_of(study_of(coupling, data))
    ((address, values),) = grid.axes.items()
    found = allowed(grid.likelihood, address, values, CONFIDENCE)
    without = minimise(grid.likelihood.held({address: 0.0})).value
    standard = max(without - found.minimum, 0.0)  # best at zero: rounding of two fits
    parameter = grid.likelihood.parameters[address]
    rows = []
    for lower, upper in found.regions:
        numbers = {"lower": lower, "upper": upper, "best": found.best}
        rows.append(
            {
                "parameter": coupling.address,
                "data": data,
                **{name: _written(one, parameter.scale) for name, one in numbers.items()},
                **FREE,
                "standard_model": f"{standard:.2f}",
                "unit": parameter.unit,
                "file": f"{coupling.file}.yaml",
            }
        )
    return rows


def _written(value: float | None, scale: float) -> str:
    return "" if value is None else f"{value / scale:.4g}"


# --- mediators ------------------------------------------------------------------------------------


def curve(file: str, masses: Sequence[float]) -> list[dict[str, str]]:
    """Rows of the curves: the allowed couplings at each mass (internal units)."""
    grid = grid_of(load(EXAMPLES / f"{file}.yaml"))
    mass, coupling = grid.axes
    found = limit_curve(grid.likelihood, mass, masses, coupling, CONFIDENCE)
    return [row for at, one in zip(masses, found, strict=True) for row in _points(file, at, one)]


def _points(file: str, mass: float, found: Allowed) -> Iterator[dict[str, str]]:
    for lower, upper in found.regions:
        yield {
            "file": f"{file}.yaml",
            "mass_MeV": f"{mass / MeV:.4g}",
            "lower": _written(lower, 1.0),
            "upper": _written(upper, 1.0),
            **FREE,
            "best": _written(found.best, 1.0),
        }


@style()
def draw_curves(rows: Iterable[dict[str, str]], path: Path) -> None:
    """Limits against mass, and the second solutions as bands."""
    figure = new_figure(height=4.8, width=5.8)
    axes = figure.add_subplot()
    colours = (BLUE, GREEN, ORANGE, BLACK, VERMILION)
    own = list(rows)
    for (file, title), colour in zip(MEDIATORS.items(), colours, strict=True):
        lines = [row for row in own if row["file"] == f"{file}.yaml"]
        _draw(axes, lines, SYMBOLS.get(file, title), colour)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("Mass [MeV]")
    axes.set_ylabel("Coupling")
    figure.legend(loc="outside lower center", ncols=3)
    title = "CsI and argon: largest couplings at 90 % C.L. (1 dof), and second solutions (bands)"
    save(finish(figure, title), path)


def _draw(axes: Axes, rows: Sequence[dict[str, str]], title: str, colour: str) -> None:
    limits = [row for row in rows if not row["lower"]]
    masses, ends = ([float(row[name]) for row in limits] for name in ("mass_MeV", "upper"))
    axes.plot(masses, ends, color=colour, label=title)
    bands = [row for row in rows if row["lower"]]
    if bands:
        names = ("mass_MeV", "lower", "upper")
        x, low, high = ([float(row[name]) for row in bands] for name in names)
        axes.fill_between(x, low, high, color=colour, alpha=0.5, linewidth=0.8)


# --- planes ---------------------------------------------------------------------------------------


def scanned(grid: Grid, processes: int = 1) -> Outcome:
    """What ``cevns scan`` computes."""
    with TemporaryDirectory() as folder:
        shards, merged = Path(folder) / "scan", Path(folder) / "scan.h5"
        run(grid.plan(), grid.make(), shards, processes)
        return outcome(grid, read(merge(shards, merged)))


# --- tables and page ------------------------------------------------------------------------------


def table(columns: Sequence[str], rows: Iterable[dict[str, str]]) -> str:
    """The rows as CSV with a header."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def rows_of(name: str) -> list[dict[str, str]]:
    """A table of the documents."""
    return list(csv.DictReader(io.StringIO((DOCS / name).read_text("utf-8"))))


def page(text: str, intervals: Sequence[dict[str, str]], curves: Sequence[dict[str, str]]) -> str:
    """The page with the two tables put between the marks that are there for them."""
    tables = {"couplings": _coupling_lines(intervals), "mediators": _mediator_lines(curves)}
    for name, lines in tables.items():
        before, mark, rest = text.partition(f"<!-- table: {name} -->\n")
        _, end, after = rest.partition("<!-- end of the table -->\n")
        assert mark and end, f"docs/constraints.md has no place for the table {name}"
        text = "".join((before, mark, "\n", *(f"{line}\n" for line in lines), "\n", end, after))
    return text


def _coupling_lines(rows: Sequence[dict[str, str]]) -> Iterator[str]:
    yield "| | CsI and argon | best | SM | CsI | argon |"
    yield "|---|---|---|---|---|---|"
    for coupling in COUPLINGS:
        own = {
            data: [r for r in rows if (r["parameter"], r["data"]) == (coupling.address, data)]
            for data in DATA
        }
        shown = {data: _shown_regions(own[data], coupling.factor) for data in DATA}
        first = own[BOTH][0]
        best = _shown(first["best"], coupling.factor)
        cells = (coupling.title, shown[BOTH], best, first["standard_model"], shown[CSI])
        yield f"| {' | '.join((*cells, shown[ARGON]))} |"


def _shown_regions(rows: Sequence[dict[str, str]], factor: float) -> str:
    texts = []
    for row in rows:
        lower, upper = (_shown(row[end], factor) for end in ("lower", "upper"))
        both = lower and upper
        texts.append(f"[{lower}, {upper}]" if both else f"< {upper}" if upper else f"> {lower}")
    return " or ".join(texts).replace("-", "−")


def _shown(number: str, factor: float) -> str:
    """Three digits in multiples of ``factor``, with a true minus."""
    return f"{float(number) / factor:.3g}".replace("-", "−") if number else ""


def _mediator_lines(rows: Sequence[dict[str, str]]) -> Iterator[str]:
    yield f"| | {' | '.join(f'{mass:g} MeV' for mass in SHOWN_MASSES)} |"
    yield f"|---|{'---|' * len(SHOWN_MASSES)}"
    for file, title in MEDIATORS.items():
        cells = []
        for mass in SHOWN_MASSES:
            here = [r for r in rows if (r["file"], float(r["mass_MeV"])) == (f"{file}.yaml", mass)]
            cells.append(_shown_regions(here, 1.0))
        yield f"| {title} | {' | '.join(cells)} |"


def write_tables() -> None:
    """Compute and write both."""
    singles = [row for one in COUPLINGS for data in DATA for row in interval(one, data)]
    (DOCS / "constraints.csv").write_text(table(COLUMNS, singles), "utf-8")
    curves = [row for file in MEDIATORS for row in curve(file, MASSES.tolist())]
    (DOCS / "constraints-mediators.csv").write_text(table(CURVE_COLUMNS, curves), "utf-8")


def draw_figures() -> None:
    """The curves from their table; the planes are scanned."""
    curves = rows_of("constraints-mediators.csv")
    draw_curves(curves, DOCS / "figures" / "constraints-mediators.png")
    for name in PLANES:
        drawn = figures(scanned(grid_of(load(EXAMPLES / f"{name}.yaml")), 2))
        save(drawn["scan"], DOCS / "figures" / f"constraints-{name}.png")


def main() -> None:
    """Tables, figures and page, or one kind of these."""
    chosen = sys.argv[1:]
    if not chosen:
        write_tables()
    if not chosen or "--figures" in chosen:
        draw_figures()
    if not chosen or "--page" in chosen:
        path = DOCS / "constraints.md"
        tables = (rows_of("constraints.csv"), rows_of("constraints-mediators.csv"))
        path.write_text(page(path.read_text("utf-8"), *tables), "utf-8")


if __name__ == "__main__":
    main()
